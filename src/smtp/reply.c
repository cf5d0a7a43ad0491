#include <string.h>

#include "smtp/reply.h"

/* R-5321-34 */
enum {
	LINE_LIMIT = 64 * 1024,
	LINES_LIMIT = 1000,
	REPLY_LIMIT = 256 * 1024
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void
begin(struct reply *r)
{
	r->code = 0;
	r->enhanced[0] = '\0';
	buf_clear(&r->text);
	buf_clear(&r->line);
	r->nline = 0;
	r->size = 0;
	r->why = NULL;
	r->contradicts = false;
	r->over = false;
}

static enum reply_state
bad(struct reply *r, const char *why)
{
	r->why = why;
	r->over = true;
	return REPLY_BAD;
}

/* The length of the line at the head of in with its LF, or the limit if it is
 * longer, or 0 if its end is not there yet. */
static size_t
line_length(struct reply *r, const struct buf *in)
{
	const char *p = buf_head(in), *lf;
	size_t len = buf_len(in) < LINE_LIMIT ? buf_len(in) : LINE_LIMIT;

	if (r->searched > len)
		r->searched = 0;
	lf = memchr(p + r->searched, '\n', len - r->searched);
	r->searched = len;
	if (lf)
		return (size_t)(lf - p) + 1;
	return len == LINE_LIMIT ? len : 0;
}

/* Moves n octets from in to r->line; what is wrong with their amount. */
static const char *
take_line(struct reply *r, struct buf *in, size_t n)
{
	const char *p = buf_head(in);
	bool ended = p[n - 1] == '\n';
	size_t len = ended ? n - 1 : n;

	while (ended && len && p[len - 1] == '\r')
		len--;
	buf_clear(&r->line);
	buf_add(&r->line, p, len);
	buf_take(in, n);
	r->searched = 0;
	r->size += n;
	r->nline++;
	if (!ended)
		return "a line of more than 64 KiB";
	if (r->nline > LINES_LIMIT)
		return "a reply of more than 1000 lines";
	if (r->size > REPLY_LIMIT)
		return "a reply of more than 256 KiB";
	return NULL;
}

/* What is wrong with the form of a line. Any second digit will do: a client
 * can act by the first (F-059). */
static const char *
flaw(const char *p, size_t len)
{
	if (len == 0)
		return "an empty line for a reply";
	if (len < 3 || !is_digit(p[0]) || !is_digit(p[1]) || !is_digit(p[2]))
		return "no reply code of three digits";
	if (p[0] < '2' || p[0] > '5')
		return "a reply code out of range";
	if (len > 3 && p[3] != ' ' && p[3] != '-')
		return "neither space nor hyphen after the reply code";
	return NULL;
}

/* The worst class is what counts if the lines disagree, with its enhanced code
 * (D-06). */
static void
judge(struct reply *r, int code)
{
	if (r->code && code != r->code)
		r->contradicts = true;
	if (code / 100 > r->code / 100) {
		r->code = code;
		r->enhanced[0] = '\0';
	}
}

/* The length of the enhanced code at p that fits the class, or 0 (R-3463-01).
 */
static size_t
enhanced_length(const char *p, size_t len, int class)
{
	size_t i = 1;
	int part, n;

	if (len == 0 || p[0] != '0' + class || class == 3)
		return 0;
	for (part = 0; part < 2; part++) {
		if (i == len || p[i++] != '.')
			return 0;
		for (n = 0; n < 3 && i < len && is_digit(p[i]); n++)
			i++;
		if (n == 0)
			return 0;
	}
	return i == len || p[i] == ' ' ? i : 0;
}

/* R-3463-03: the code is shown once; another one stays in the text. */
static void
add_text(struct reply *r, const char *p, size_t len)
{
	size_t n = enhanced_length(p, len, reply_class(r));

	if (n && r->enhanced[0] == '\0') {
		memcpy(r->enhanced, p, n);
		r->enhanced[n] = '\0';
	}
	if (n && n == strlen(r->enhanced) && memcmp(p, r->enhanced, n) == 0) {
		n += n < len; /* the space */
		p += n;
		len -= n;
	}
	if (r->nline > 1)
		buf_adds(&r->text, "\n");
	buf_add(&r->text, p, len);
}

enum reply_state
reply_take(struct reply *r, struct buf *in)
{
	const char *p, *why;
	size_t n, len;

	if (r->over)
		begin(r);
	n = line_length(r, in);
	if (n == 0)
		return REPLY_MORE;
	why = take_line(r, in, n);
	p = buf_head(&r->line);
	len = buf_len(&r->line);
	if (why == NULL)
		why = flaw(p, len);
	if (why) {
		r->contradicts = false;
		return bad(r, why);
	}
	judge(r, (p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0'));
	n = len > 3 ? 4 : 3;
	add_text(r, p + n, len - n);
	if (len > 3 && p[3] == '-')
		return REPLY_LINE;
	if (r->contradicts)
		return bad(r, "lines with different reply codes");
	r->over = true;
	return REPLY_WHOLE;
}

bool
reply_begun(const struct reply *r, const struct buf *in)
{
	return (r->nline && !r->over) || buf_len(in);
}

int
reply_class(const struct reply *r)
{
	return r->code / 100;
}

void
reply_free(struct reply *r)
{
	begin(r);
	buf_free(&r->text);
	buf_free(&r->line);
	r->searched = 0;
}
