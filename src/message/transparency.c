#include <string.h>

#include "message/transparency.h"

static const char *
find(const char *p, const char *end, char c)
{
	const char *found = memchr(p, c, (size_t)(end - p));

	return found ? found : end;
}

struct piece
piece_begin(bool after_cr, const char *p, size_t n)
{
	struct piece s = { .at = p, .end = p + n };

	if (after_cr && n && *p == '\n') /* CRLF, split in the middle */
		s.at++;
	return s;
}

const char *
piece_line_end(struct piece *s)
{
	if (s->lf == NULL || s->lf < s->at)
		s->lf = find(s->at, s->end, '\n');
	if (s->cr == NULL || s->cr < s->at)
		s->cr = find(s->at, s->end, '\r');
	return s->lf < s->cr ? s->lf : s->cr;
}

void
piece_pass(struct piece *s, const char *p)
{
	s->at = p + 1;
	if (*p == '\r' && s->at < s->end && *s->at == '\n')
		s->at++;
}

uint64_t
transparency_add(
    struct transparency *t, struct buf *out, const char *p, size_t n)
{
	struct piece s;
	const char *end;
	char *start, *to;
	uint64_t dots = 0;

	if (n == 0)
		return 0;
	start = to = buf_room(out, 2 * n);
	s = piece_begin(t->after_cr, p, n);
	while (s.at < s.end) {
		end = piece_line_end(&s);
		if (!t->inside && *s.at == '.' && !t->plain) {
			*to++ = '.';
			dots++;
		}
		memcpy(to, s.at, (size_t)(end - s.at));
		to += end - s.at;
		t->inside = end == s.end;
		if (t->inside)
			break;
		*to++ = '\r';
		*to++ = '\n';
		piece_pass(&s, end);
	}
	t->after_cr = p[n - 1] == '\r';
	buf_added(out, (size_t)(to - start));
	return (uint64_t)(to - start) - dots;
}

uint64_t
transparency_end(struct transparency *t, struct buf *out)
{
	if (!t->inside)
		return 0;
	t->inside = false;
	buf_add(out, "\r\n", 2);
	return 2;
}
