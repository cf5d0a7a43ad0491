#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "check.h"
#include "smtp/reply.h"

#define REPLIES(s) s, sizeof(s) - 1

#define EMPTY "bad 0: an empty line for a reply; "
#define CODE "bad 0: no reply code of three digits; "
#define RANGE "bad 0: a reply code out of range; "
#define GLUED "neither space nor hyphen after the reply code; "
#define DIFFER ": lines with different reply codes; "

/* What the server says, and what is heard: "code enhanced [text]; " for a
 * reply, "bad code: why; " otherwise, "..." for what is not finished. */
static const struct {
	const char *said;
	size_t len;
	const char *heard;
} corpus[] = {
	/* the grammar, R-5321-30 and F-030 to F-032 */
	{ REPLIES(""), "" },
	{ REPLIES("250 ok\r\n"), "250  [ok]; " },
	{ REPLIES("250\r\n"), "250  []; " },
	{ REPLIES("250\n"), "250  []; " },
	{ REPLIES("250 \r\n"), "250  []; " },
	{ REPLIES("250  two \r\n"), "250  [ two ]; " },
	{ REPLIES("250 ok\n"), "250  [ok]; " },
	{ REPLIES("250 ok \r\r\r\n"), "250  [ok ]; " }, /* F-052 */
	{ REPLIES("250 a\rb\r\n"), "250  [a\\x0Db]; " },
	{ REPLIES("250 ok\r"), "..." },
	{ REPLIES("250 ok"), "..." },
	{ REPLIES("2"), "..." },
	{ REPLIES("250 a\r\n354 b\r\n221 c\r\n"),
	    "250  [a]; 354  [b]; 221  [c]; " },

	/* many lines, R-5321-33 and F-050 */
	{ REPLIES("250-a\r\n250-b\r\n250 c\r\n"), "250  [a\\x0Ab\\x0Ac]; " },
	{ REPLIES("250-\r\n250-\r\n250\r\n"), "250  [\\x0A\\x0A]; " },
	{ REPLIES("250-a\r\n250\r\n"), "250  [a\\x0A]; " },
	{ REPLIES("250-a\r\n"), "..." },
	{ REPLIES("250-a\r\n250 b"), "..." },
	{ REPLIES("250 a\r\n250-b\r\n"), "250  [a]; ..." },

	/* codes, R-5321-31, R-5321-32, F-036 to F-039, F-056 to F-059 */
	{ REPLIES("299 x\r\n"), "299  [x]; " },
	{ REPLIES("260 ok\r\n"), "260  [ok]; " },
	{ REPLIES("599 no\r\n"), "599  [no]; " },
	{ REPLIES("200\r\n"), "200  []; " },
	{ REPLIES("150 wait\r\n"), RANGE },
	{ REPLIES("199 x\r\n"), RANGE },
	{ REPLIES("650 x\r\n"), RANGE },
	{ REPLIES("999 x\r\n"), RANGE },
	{ REPLIES("000 x\r\n"), RANGE },
	{ REPLIES("25 ok\r\n"), CODE },
	{ REPLIES("25\r\n"), CODE },
	{ REPLIES("2\n"), CODE },
	{ REPLIES(" 250 ok\r\n"), CODE },
	{ REPLIES("+25 ok\r\n"), CODE },
	{ REPLIES("2 5 ok\r\n"), CODE },
	{ REPLIES("\xef\xbc\x92\xef\xbc\x95\xef\xbc\x90 ok\r\n"), CODE },
	{ REPLIES("ok\r\n"), CODE },
	{ REPLIES("2500 ok\r\n"), "bad 0: " GLUED },
	{ REPLIES("250ok\r\n"), "bad 0: " GLUED },
	{ REPLIES("250\tok\r\n"), "bad 0: " GLUED },
	{ REPLIES("250\0ok\r\n"), "bad 0: " GLUED },
	{ REPLIES("25\0 ok\r\n"), CODE },
	{ REPLIES("\r\n"), EMPTY },
	{ REPLIES("\n"), EMPTY },
	{ REPLIES("\r\n250 ok\r\n"), EMPTY "250  [ok]; " },
	{ REPLIES("250 a\n\n"), "250  [a]; " EMPTY }, /* F-051 */
	{ REPLIES("250-a\r\n250b\r\n250 c\r\n"),
	    "bad 250: " GLUED "250  [c]; " }, /* F-049 */
	{ REPLIES("250-a\r\n\r\n"), "bad 250: an empty line for a reply; " },

	/* contradictions, D-06, F-047, F-048: all lines are waited for */
	{ REPLIES("250-a\r\n550 b\r\n"), "differ 550" DIFFER },
	{ REPLIES("550-a\r\n250 b\r\n250 next\r\n"),
	    "differ 550" DIFFER "250  [next]; " },
	{ REPLIES("250-a\r\n451-b\r\n354-c\r\n250 d\r\n"),
	    "differ 451" DIFFER },
	{ REPLIES("250-a\r\n354 b\r\n"), "differ 354" DIFFER },
	{ REPLIES("250-a\r\n251 b\r\n"), "differ 250" DIFFER },
	{ REPLIES("550-a\r\n250-b\r\n"), "..." },
	{ REPLIES("250-a\r\n550-b\r\n25\r\n"),
	    "bad 550: no reply code of three digits; " },

	/* enhanced codes, R-3463-01 to -03, F-067 to F-069 */
	{ REPLIES("250 2.1.5 ok\r\n"), "250 2.1.5 [ok]; " },
	{ REPLIES("250 2.1.5\r\n"), "250 2.1.5 []; " },
	{ REPLIES("250 2.1.5 \r\n"), "250 2.1.5 []; " },
	{ REPLIES("250 2.1.5  ok\r\n"), "250 2.1.5 [ ok]; " },
	{ REPLIES("550 5.123.456 x\r\n"), "550 5.123.456 [x]; " },
	{ REPLIES("451 4.0.0 x\r\n"), "451 4.0.0 [x]; " },
	{ REPLIES("550 5\r\n"), "550  [5]; " },
	{ REPLIES("550 5.\r\n"), "550  [5.]; " },
	{ REPLIES("550 5.1\r\n"), "550  [5.1]; " },
	{ REPLIES("550 5.1.\r\n"), "550  [5.1.]; " },
	{ REPLIES("550 5..1 x\r\n"), "550  [5..1 x]; " },
	{ REPLIES("550 5.1.1000 x\r\n"), "550  [5.1.1000 x]; " },
	{ REPLIES("550 5.1000.1 x\r\n"), "550  [5.1000.1 x]; " },
	{ REPLIES("550 55.1.1 x\r\n"), "550  [55.1.1 x]; " },
	{ REPLIES("550 5.1.1x\r\n"), "550  [5.1.1x]; " },
	{ REPLIES("550 5.1.1\0x\r\n"), "550  [5.1.1\\x00x]; " },
	{ REPLIES("550  5.1.1 x\r\n"), "550  [ 5.1.1 x]; " },
	{ REPLIES("550 2.1.1 x\r\n"), "550  [2.1.1 x]; " },
	{ REPLIES("250 5.0.0 ok\r\n"), "250  [5.0.0 ok]; " },
	{ REPLIES("354 3.0.0 go\r\n"), "354  [3.0.0 go]; " },
	{ REPLIES("250 2.1.0.0.0 x\r\n"), "250  [2.1.0.0.0 x]; " },
	{ REPLIES("250\r\n250 2.1.5\r\n250\r\n"),
	    "250  []; 250 2.1.5 []; 250  []; " },
	{ REPLIES("550-5.1.1 a\r\n550 5.1.1 b\r\n"), "550 5.1.1 [a\\x0Ab]; " },
	{ REPLIES("550-5.1.1\r\n550 5.1.1\r\n"), "550 5.1.1 [\\x0A]; " },
	{ REPLIES("550-a\r\n550 5.1.1 b\r\n"), "550 5.1.1 [a\\x0Ab]; " },
	{ REPLIES("550-5.1.1 a\r\n550 5.7.1 b\r\n"),
	    "550 5.1.1 [a\\x0A5.7.1 b]; " },

	/* text is octets, S-33 and F-066 */
	{ REPLIES("250 o\0k\r\n"), "250  [o\\x00k]; " },
	{ REPLIES("250-\0\r\n250 \0\0\r\n"), "250  [\\x00\\x0A\\x00\\x00]; " },
	{ REPLIES("250 \xe9\xc0\xaf\r\n"), "250  [\\xE9\\xC0\\xAF]; " },
};

/* Memory of exactly the size of its content, so that a sanitizer sees every
 * step behind it. */
static struct buf
exact(const char *p, size_t len)
{
	struct buf b = { 0 };

	if (len) {
		b.data = malloc(len);
		memcpy(b.data, p, len);
		b.tail = b.cap = len;
	}
	return b;
}

static void
hear(struct reply *r, struct buf *in, struct buf *heard)
{
	enum reply_state state;

	while ((state = reply_take(r, in)) != REPLY_MORE) {
		if (state == REPLY_WHOLE) {
			buf_addf(heard, "%d %s [", r->code, r->enhanced);
			text_show(heard, buf_head(&r->text), buf_len(&r->text));
			buf_adds(heard, "]; ");
			CHECK(r->why == NULL && !r->contradicts);
		} else if (state == REPLY_BAD) {
			buf_addf(heard, "%s %d: %s; ",
			    r->contradicts ? "differ" : "bad", r->code, r->why);
		}
	}
}

static void
end(struct reply *r, struct buf *in, struct buf *heard)
{
	if (reply_begun(r, in))
		buf_adds(heard, "...");
	reply_free(r);
	buf_free(in);
}

/* Cut at one place: the rest comes after the first part was looked at. */
static void
halves(const char *p, size_t len, size_t at, struct buf *heard)
{
	struct reply r = { 0 };
	struct buf in = exact(p, at);

	hear(&r, &in, heard);
	buf_add(&in, p + at, len - at);
	hear(&r, &in, heard);
	end(&r, &in, heard);
}

static void
octets(const char *p, size_t len, struct buf *heard)
{
	struct reply r = { 0 };
	struct buf in = { 0 };
	size_t i;

	for (i = 0; i < len; i++) {
		buf_add(&in, p + i, 1);
		hear(&r, &in, heard);
	}
	end(&r, &in, heard);
}

static void
every_reply_however_it_is_cut(void)
{
	struct buf heard = { 0 };
	size_t i, at;

	for (i = 0; i < sizeof(corpus) / sizeof(corpus[0]); i++) {
		for (at = 0; at <= corpus[i].len; at++) {
			buf_clear(&heard);
			halves(corpus[i].said, corpus[i].len, at, &heard);
			CHECK_STR(
			    buf_str(&heard), corpus[i].heard, corpus[i].said);
		}
		buf_clear(&heard);
		octets(corpus[i].said, corpus[i].len, &heard);
		CHECK_STR(buf_str(&heard), corpus[i].heard, corpus[i].said);
	}
	buf_free(&heard);
}

/* A stream that ends early says a part of what the whole says, nothing else. */
static void
every_prefix(void)
{
	struct reply r = { 0 };
	struct buf in, heard = { 0 };
	size_t i, len;

	for (i = 0; i < sizeof(corpus) / sizeof(corpus[0]); i++) {
		for (len = 0; len <= corpus[i].len; len++) {
			in = exact(corpus[i].said, len);
			buf_clear(&heard);
			hear(&r, &in, &heard);
			CHECK(strncmp(buf_str(&heard), corpus[i].heard,
				  buf_len(&heard)) == 0);
			if (len && corpus[i].said[len - 1] != '\n')
				CHECK(reply_begun(&r, &in));
			buf_free(&in);
			reply_free(&r);
		}
	}
	buf_free(&heard);
}

static void
fields_of_a_reply(void)
{
	struct reply r = { 0 };
	struct buf in = { 0 };

	buf_adds(&in, "550-5.1.1 a \r\n550 5.1.1 b\r\r\n250 ");
	CHECK_INT(reply_take(&r, &in), REPLY_LINE, "first line");
	CHECK_INT(r.code, 550, "code");
	CHECK_INT(reply_class(&r), 5, "class");
	CHECK_STR(r.enhanced, "5.1.1", "enhanced");
	CHECK_STR(buf_str(&r.line), "550-5.1.1 a ", "line");
	CHECK_INT(reply_take(&r, &in), REPLY_WHOLE, "second line");
	CHECK_STR(buf_str(&r.line), "550 5.1.1 b", "line");
	CHECK_STR(buf_str(&r.text), "a \nb", "text");
	CHECK_INT(r.nline, 2, "lines");
	CHECK_INT(r.size, 28, "size");
	CHECK_INT(reply_take(&r, &in), REPLY_MORE, "a new reply");
	CHECK_INT(r.code, 0, "code");
	CHECK_INT(r.nline, 0, "lines");
	CHECK_INT(buf_len(&r.text), 0, "text");
	CHECK(reply_begun(&r, &in));
	buf_free(&in);
	CHECK(!reply_begun(&r, &in));
	reply_free(&r);
}

/* The enhanced code is that of the lines that decide. */
static void
the_worst_line_and_its_enhanced_code(void)
{
	static const struct {
		const char *said, *enhanced;
		int code;
	} rows[] = {
		{ "250-2.1.5 a\n550 5.1.1 b\n", "5.1.1", 550 },
		{ "250-2.1.5 a\n550 b\n", "", 550 },
		{ "550-5.1.1 a\n250 2.1.5 b\n", "5.1.1", 550 },
		{ "550-a\n250 2.1.5 b\n", "", 550 },
		{ "450-4.1.1 a\n354-b\n552-5.2.2 c\n250 2.0.0 d\n", "5.2.2",
		    552 },
	};
	struct reply r = { 0 };
	struct buf in = { 0 };
	enum reply_state state;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_adds(&in, rows[i].said);
		do
			state = reply_take(&r, &in);
		while (state == REPLY_LINE);
		CHECK_INT(state, REPLY_BAD, rows[i].said);
		CHECK(r.contradicts);
		CHECK_INT(r.code, rows[i].code, rows[i].said);
		CHECK_STR(r.enhanced, rows[i].enhanced, rows[i].said);
	}
	buf_free(&in);
	reply_free(&r);
}

/* n lines of size octets, the last one ends the reply */
static enum reply_state
lines(struct reply *r, size_t n, size_t size)
{
	struct buf in = { 0 };
	enum reply_state state = REPLY_LINE;
	size_t i;

	for (i = 1; i <= n && state == REPLY_LINE; i++) {
		buf_adds(&in, i < n ? "250-" : "250 ");
		memset(buf_room(&in, size), 'x', size);
		buf_added(&in, size - 6);
		buf_adds(&in, "\r\n");
		state = reply_take(r, &in);
	}
	buf_free(&in);
	return state;
}

/* R-5321-34, F-040, F-042, F-046 */
static void
limits(void)
{
	static const struct {
		const char *name;
		size_t n, size;
		const char *why; /* NULL: a good reply */
	} rows[] = {
		{ "999 lines", 999, 10, NULL },
		{ "1000 lines", 1000, 10, NULL },
		{ "1001 lines", 1001, 10, "a reply of more than 1000 lines" },
		{ "endless lines", 100000, 10,
		    "a reply of more than 1000 lines" },
		{ "a line of 64 KiB", 1, 65536, NULL },
		{ "a line of more", 1, 65537, "a line of more than 64 KiB" },
		{ "256 KiB", 4, 65536, NULL },
		{ "256 KiB of small lines", 512, 512, NULL },
		{ "more than 256 KiB", 513, 512,
		    "a reply of more than 256 KiB" },
		{ "5 long lines", 5, 65536, "a reply of more than 256 KiB" },
	};
	struct reply r = { 0 };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_INT(lines(&r, rows[i].n, rows[i].size),
		    rows[i].why ? REPLY_BAD : REPLY_WHOLE, rows[i].name);
		CHECK_STR(r.why, rows[i].why, rows[i].name);
		CHECK(r.size <= 256 * 1024 + 65536);
		CHECK(!r.contradicts);
		reply_free(&r);
	}
}

/* F-042, octet by octet: no end is waited for, nothing is searched twice. */
static void
a_line_without_end(void)
{
	struct reply r = { 0 };
	struct buf in = { 0 };
	size_t i;

	for (i = 1; i < 65536; i++) {
		buf_adds(&in, "2");
		if (reply_take(&r, &in) != REPLY_MORE || r.searched != i)
			break;
	}
	CHECK_INT(i, 65536, "octets taken without complaint");
	buf_adds(&in, "2");
	CHECK_INT(reply_take(&r, &in), REPLY_BAD, "64 KiB without LF");
	CHECK_STR(r.why, "a line of more than 64 KiB", "why");
	CHECK_INT(buf_len(&in), 0, "octets left");
	buf_adds(&in, "250 ok\r\n");
	CHECK_INT(reply_take(&r, &in), REPLY_WHOLE, "what follows");
	buf_free(&in);
	reply_free(&r);
}

/* What was searched is counted from the head, wherever that moves. */
static void
lines_behind_taken_lines(void)
{
	struct reply r = { 0 };
	struct buf in = { 0 };
	int i;

	for (i = 0; i < 100; i++) {
		buf_adds(&in, i ? "k\r\n250 o" : "250 o");
		CHECK_INT(reply_take(&r, &in), i ? REPLY_WHOLE : REPLY_MORE,
		    "a reply, and the beginning of another");
		if (i)
			CHECK_INT(reply_take(&r, &in), REPLY_MORE, "the rest");
		CHECK_INT(buf_len(&in), 5, "octets left");
	}
	buf_free(&in);
	reply_free(&r);
}

int
main(void)
{
	every_reply_however_it_is_cut();
	every_prefix();
	fields_of_a_reply();
	the_worst_line_and_its_enhanced_code();
	limits();
	a_line_without_end();
	lines_behind_taken_lines();
	return check_done("t_reply");
}
