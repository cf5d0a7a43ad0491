/* What the header sections of a message and of its parts ask for, whatever the
 * pieces in which it is read. Rows say what single fields mean; of messages put
 * together at random a slow, obvious reader of what they were put together from
 * says the same. */

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "check.h"
#include "message/mime.h"

enum {
	EIGHT = 1,
	UTF8 = 2,
	BINARY = 4,
	BARE = 8
};

static unsigned long
draw(unsigned long *seed, unsigned long below)
{
	*seed = (*seed * 6364136223846793005ul + 1442695040888963407ul) &
		0xfffffffffffffffful;
	return (*seed >> 33) % below;
}

static int
facts(struct mime *m)
{
	mime_end(m);
	return (m->eight_bit ? EIGHT : 0) | (m->utf8 ? UTF8 : 0) |
	       (m->binary ? BINARY : 0) | (m->bare ? BARE : 0);
}

/* In pieces of 1 to most octets at random, or all of most (seed 0). */
static int
read_pieces(const char *p, size_t n, size_t most, unsigned long seed)
{
	struct mime m = { 0 };
	size_t len;

	for (; n > 0; p += len, n -= len) {
		len = seed ? draw(&seed, most) + 1 : most;
		len = len < n ? len : n;
		mime_add(&m, p, len);
	}
	return facts(&m);
}

static int
read_two(const char *p, size_t n, size_t first)
{
	struct mime m = { 0 };

	mime_add(&m, p, first);
	mime_add(&m, p + first, n - first);
	return facts(&m);
}

/* It is so for every split in two, and in pieces of one size. */
static void
promise(const char *p, size_t n, int want, const char *name)
{
	size_t i;

	for (i = 0; i <= n; i++)
		if (!CHECK_INT(read_two(p, n, i), want, name))
			fprintf(stderr, "split at %zu\n", i);
	for (i = 1; i < 20; i++)
		CHECK_INT(read_pieces(p, n, i, 0), want, name);
}

/* The text with its LF as line end (CRLF, LF or CR). */
static void
with_ends(struct buf *out, const char *text, const char *end)
{
	buf_clear(out);
	for (; *text; text++)
		if (*text == '\n')
			buf_adds(out, end);
		else
			buf_add(out, text, 1);
}

/* The same with each kind of line end; all but CRLF are bare. */
static void
promise_ends(const char *text, int want)
{
	static const char *const ends[] = { "\r\n", "\n", "\r" };
	struct buf in = { 0 };
	size_t i;

	for (i = 0; i < 3; i++) {
		with_ends(&in, text, ends[i]);
		promise(buf_head(&in), buf_len(&in),
		    want | (i && strchr(text, '\n') ? BARE : 0), text);
	}
	buf_free(&in);
}

/* The header section of the message itself. */
static void
test_header(void)
{
	static const struct {
		const char *in;
		int want;
	} rows[] = {
		{ "", 0 },
		{ "\n", 0 },
		{ "a: b\n\nb\xe9", 0 },
		{ "a: \xc3\xa9\n\n\xe9", EIGHT | UTF8 },
		{ "a: \xe9\n\nb", EIGHT },
		{ "a: \xc3\xa9", EIGHT | UTF8 }, /* all of it is header */
		{ "a: \xc3", EIGHT },
		{ "a: \xc3\n\xa9", EIGHT },
		{ "a: \xc3\n\nb", EIGHT },
		{ "a: b\n\xe9", EIGHT },
		{ "\n\xc3\xa9", 0 },
		{ "a: \xf0\x9f\x98\x80\n", EIGHT | UTF8 },
		{ "a: \xf0\x9f\x98"
		  "b\n",
		    EIGHT },
		{ "a: \xe2\x82\xac\xe2\x82\xac\n", EIGHT | UTF8 },
		{ "a: \xe2"
		  "b\x82\xac\n",
		    EIGHT },
		{ "a: \xc0\xaf\n", EIGHT }, /* overlong */
		{ "a: \xed\xa0\x80\n", EIGHT }, /* a surrogate */
		{ "a: \xf4\x90\x80\x80\n", EIGHT },
		{ "a: \xc3\xa9\nb: \xe9\n\n", EIGHT }, /* one section */
		{ "a: \xc3"
		  "aaaaaaaaaaaaaaaa\xa9\n",
		    EIGHT },
		{ "long enough to be ascii at once, \xc3\xa9, and then "
		  "\xc3\xa9",
		    EIGHT | UTF8 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		promise_ends(rows[i].in, rows[i].want);
}

static void
test_line_ends(void)
{
	static const struct {
		const char *in;
		int want;
	} rows[] = {
		{ "a: b\r\n\r\nc\nd\re", 0 },
		{ "a: b\r\nc: d\n\r\n", BARE },
		{ "a: b\r\n\n", BARE },
		{ "a: b\r\n\r", BARE },
		{ "a: b\r\n\rb", BARE },
		{ "a: b\r\n\r\r\n", BARE },
		{ "a: b", 0 },
		{ "Content-Type: multipart/x; boundary=b\r\n\r\na\nb\n--b\r\n"
		  "\r\nc\n--b--\r\n",
		    0 },
		{ "Content-Type: multipart/x; boundary=b\r\n\r\n--b\r\n"
		  "c: d\n\r\n",
		    BARE },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		promise(
		    rows[i].in, strlen(rows[i].in), rows[i].want, rows[i].in);
}

/* Fields that give a message parts, or do not: what follows has UTF-8 in the
 * header section of a part behind "--b", and in that of a message. */
static const struct {
	const char *fields;
	bool found;
} fields[] = {
	{ "Content-Type: multipart/mixed; boundary=b", true },
	{ "content-type:MULTIPART/mixed;BOUNDARY=b", true },
	{ "Content-Type: multipart/mixed; boundary=\"b\"", true },
	{ "Content-Type: multipart/mixed; boundary=\"\\b\"", true },
	{ "Content-Type: multipart/mixed; boundary=\"b  \"", true },
	{ "Content-Type: multipart/mixed;\n boundary=b", true },
	{ "Content-Type:\n multipart/mixed\n\t;boundary\n =\n b", true },
	{ "Content-Type : multipart / mixed ; boundary = b ;", true },
	{ "Content-Type: (a (b) multipart/mixed; (;) boundary=(c)b", true },
	{ "Content-Type: multipart/mixed; a=\"; boundary=c\"; "
	  "boundary=b",
	    true },
	{ "Content-Type: multipart/mixed; a=\"\\\"; boundary=c\";\n"
	  " charset=utf-8;boundary=b; c=d",
	    true },
	{ "Content-Type: multipart/mixed; a; b;; boundary=b", true },
	{ "Content-Type: multipart/mixed; boundary=b; boundary=c", true },
	{ "X: y\nContent-Type: multipart/mixed; boundary=b\nZ: z", true },
	{ "Content-Type: multipart/mixed; boundary=b\n"
	  "Content-Type: text/plain",
	    true },
	{ "Content-Type: multipart/mixed; boundary=b\n"
	  "Content-Transfer-Encoding: base64",
	    true },
	{ "Content-Type: message/rfc822", true },
	{ "Content-Type: message/global", true },
	{ "content-type: Message/RFC822 (it is)", true },
	{ "Content-Type: message/rfc822; x=y\n"
	  "Content-Transfer-Encoding: 8bit",
	    true },
	{ "Content-Type: multipart/mixed", false },
	{ "Content-Type: multipart/mixed; boundary=c", false },
	{ "Content-Type: multipart/mixed; boundary=", false },
	{ "Content-Type: multipart/mixed; boundary=\"\"", false },
	{ "Content-Type: multipart/mixed; xboundary=b", false },
	{ "Content-Type: multipart/mixed; boundary*=b", false },
	{ "Content-Type: multipart/mixed; x=\"boundary=b", false },
	{ "Content-Type: multipart/mixed boundary=b", false },
	{ "Content-Type: multipart; boundary=b", false },
	{ "Content-Type: text/plain; boundary=b", false },
	{ "Content-Type: text/plain\n"
	  "Content-Type: multipart/mixed; boundary=b",
	    false },
	{ "X-Content-Type: multipart/mixed; boundary=b", false },
	{ "Content-Type", false },
	{ "Content-Type:", false },
	{ "Content-Type: /", false },
	{ "X: y\n Content-Type: multipart/mixed; boundary=b", false },
	{ "Content-Type: message/rfc822\n"
	  "Content-Transfer-Encoding: base64",
	    false },
	{ "Content-Type: message/global\n"
	  "Content-Transfer-Encoding: Quoted-Printable",
	    false },
	{ "Content-Type: message/partial", false },
	{ "Content-Type: text/rfc822", false },
};

static void
test_fields(void)
{
	struct buf in = { 0 };
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		buf_clear(&in);
		buf_addf(&in, "%s\n\n%s", fields[i].fields,
		    strstr(fields[i].fields, "rfc822") ||
			    strstr(fields[i].fields, "RFC822") ||
			    strstr(fields[i].fields, "global")
			? "a: \xc3\xa9\n"
			: "a\n--b\nb: \xc3\xa9\n\nc\n--b--\n");
		promise_ends(buf_str(&in), fields[i].found ? EIGHT | UTF8 : 0);
	}
	buf_free(&in);
}

static void
test_encodings(void)
{
	static const struct {
		const char *in;
		int want;
	} rows[] = {
		{ "Content-Transfer-Encoding: binary\n\na", BINARY },
		{ "content-transfer-encoding:\n BINARY (yes)", BINARY },
		{ "Content-Transfer-Encoding: 8bit\n\na", 0 },
		{ "Content-Transfer-Encoding: binaryx\n\na", 0 },
		{ "Content-Transfer-Encoding binary\n\na", 0 },
		{ "a\n\nContent-Transfer-Encoding: binary\n", 0 },
		{ "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
		  "Content-Transfer-Encoding: binary\n\na",
		    BINARY },
		{ "Content-Type: multipart/mixed; boundary=b\n\n"
		  "Content-Transfer-Encoding: binary\n--b\n\n"
		  "Content-Transfer-Encoding: binary\n--b--\n"
		  "Content-Transfer-Encoding: binary\n",
		    0 },
		{ "Content-Type: message/rfc822\n\n"
		  "Content-Transfer-Encoding: binary",
		    BINARY },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		promise_ends(rows[i].in, rows[i].want);
}

#define HEAD "Content-Type: multipart/mixed; boundary=b\n\n"
#define INNER "Content-Type: multipart/mixed; boundary=i\n\n"
#define HIT "x: \xc3\xa9\n"

/* Lines that part, and that do not. */
static const struct {
	const char *in;
	bool found;
} structures[] = {
	{ HEAD "--b\n" HIT, true },
	{ HEAD "--b \t\n" HIT, true },
	{ HEAD "--b\n\na\n--b\n" HIT, true },
	{ HEAD "--b\n\n----\n---b\n--b\n" HIT, true },
	{ HEAD "--b\n--b\n" HIT, true }, /* nothing between */
	{ HEAD "--b\na: b\n--b\n" HIT, true }, /* no empty line */
	{ HEAD "\xc3\xa9\n--b\n\n\xc3\xa9\n--b--\n\xc3\xa9\n", false },
	{ HEAD "--b\n\n" HIT, false },
	{ HEAD "--b--\n" HIT, false },
	{ HEAD "--b--\n--b\n" HIT, false },
	{ HEAD "-b\n" HIT "--bb\n" HIT "--b-\n" HIT "--b--b\n" HIT " --b\n" HIT
	       "a--b\n" HIT "--B\n" HIT,
	    false },
	{ HEAD "--b                                                 "
	       "                                                    "
	       "\n" HIT,
	    true },
	{ HEAD "--b                                                 "
	       "                                               a\n" HIT,
	    false },
	{ HEAD "----------------------------------------------------"
	       "-----------------------------\n--b\n" HIT,
	    true },
	{ HEAD "--b\n" INNER "--i\n" HIT, true },
	{ HEAD "--b\n" INNER "--i--\n" HIT "--b\n" HIT, true },
	{ HEAD "--b\n" INNER "--i--\n" HIT "--i\n" HIT, false },
	{ HEAD "--b\n" INNER "--i\n\n--b\n" HIT, true }, /* cut off */
	{ HEAD "--b\n" INNER "--b\n\n--i\n" HIT, false },
	{ HEAD "--b\n" INNER "--i\n\n--b--\n--i\n" HIT, false },
	/* the boundary of a part begins like another */
	{ HEAD "--b\nContent-Type: multipart/mixed; boundary=b--\n\n"
	       "--b--\n" HIT,
	    true },
	{ HEAD "--b\nContent-Type: multipart/mixed; boundary=bb\n\n"
	       "--bb\n" HIT,
	    true },
	{ HEAD "--b\nContent-Type: message/rfc822\n\n" HIT, true },
	{ HEAD "--b\nContent-Type: message/rfc822\n\n" INNER "--i\n" HIT,
	    true },
	{ HEAD "--b\nContent-Type: message/rfc822\n\na: b\n\n" HIT "--b\n" HIT,
	    true },
	{ HEAD "--b\nContent-Type: message/rfc822\n"
	       "Content-Transfer-Encoding: base64\n\n" HIT "--b--\n" HIT,
	    false },
	{ "Content-Type: multipart/digest; boundary=b\n\n--b\n\n" HIT, true },
	{ "Content-Type: multipart/digest; boundary=b\n\n--b\n"
	  "Content-Type: text/plain\n\n" HIT,
	    false },
	{ "Content-Type: multipart/digest; boundary=b\n\n--b\n"
	  "\na: b\n\n" HIT,
	    false },
};

static void
test_structure(void)
{
	size_t i;

	for (i = 0; i < sizeof(structures) / sizeof(structures[0]); i++)
		promise_ends(
		    structures[i].in, structures[i].found ? EIGHT | UTF8 : 0);
	/* a section that is not UTF-8 takes nothing from one that is */
	promise_ends(HEAD "--b\nx: \xe9\n", EIGHT);
	promise_ends("y: \xc3\xa9\n" HEAD "--b\nx: \xe9\n", EIGHT | UTF8);
	promise_ends("y: \xe9\n" HEAD "--b\nx: \xc3\xa9\n", EIGHT | UTF8);
}

/* Multiparts to the limit of depth, each within the one before. */
static void
test_limits(void)
{
	struct buf in = { 0 };
	char boundary[MIME_BOUNDARY + 2] = "";
	size_t depth, len;

	for (depth = MIME_DEPTH - 1; depth < MIME_DEPTH + 2; depth++) {
		buf_clear(&in);
		for (size_t i = 0; i < depth; i++)
			buf_addf(&in,
			    "Content-Type: multipart/a; boundary=%zu\r\n\r\n"
			    "--%zu\r\n",
			    i, i);
		buf_adds(&in, "x: \xc3\xa9\r\n");
		CHECK_INT(read_pieces(buf_head(&in), buf_len(&in), 999, 0),
		    depth <= MIME_DEPTH ? EIGHT | UTF8 : 0, "depth");
		buf_adds(&in, "\r\n--0\r\nx: \xc3\xa9\r\n");
		CHECK_INT(read_pieces(buf_head(&in), buf_len(&in), 999, 0),
		    EIGHT | UTF8, "behind the depth");
	}
	for (len = 1; len < sizeof(boundary); len++) {
		boundary[len - 1] = 'b';
		buf_clear(&in);
		buf_addf(&in,
		    "Content-Type: multipart/a; boundary=\"%s\"\r\n\r\n"
		    "--%s\r\nx: \xc3\xa9\r\n\r\n--%s--\r\n--%s\r\n"
		    "Content-Transfer-Encoding: binary\r\n",
		    boundary, boundary, boundary, boundary);
		promise(buf_head(&in), buf_len(&in),
		    len <= MIME_BOUNDARY ? EIGHT | UTF8 : 0, boundary);
	}
	buf_clear(&in);
	buf_adds(&in, "Content-Type: multipart/a;");
	while (buf_len(&in) < MIME_FIELD)
		buf_adds(&in, " x=y;");
	buf_adds(&in, " boundary=b\r\n\r\n--b\r\nx: \xc3\xa9\r\n");
	promise(buf_head(&in), buf_len(&in), 0, "a long field");
	buf_free(&in);
}

/* What messages are put together from, and what it means where a header
 * section is, or anywhere. */
static const struct fragment {
	const char *text;
	int facts;
	char boundary; /* multipart with it */
	char parts; /* a delimiter with it */
	bool last; /* the close delimiter */
	bool empty, typed, digest, message, encoded, invalid;
} fragments[] = {
	{ "\n", .empty = true },
	{ "\n", .empty = true },
	{ "\n", .empty = true },
	{ .text = "x: y\n" },
	{ .text = "-\n" },
	{ .text = "text -- and\n" },
	{ "x: \xe2\x82\xac\n", .facts = EIGHT },
	{ "x: \xe9\n", .facts = EIGHT, .invalid = true },
	{ "Content-Type: text/plain;\n\tboundary=a\n", .typed = true },
	{ "Content-Type: multipart/mixed; boundary=a\n", .typed = true,
	    .boundary = 'a' },
	{ "content-type: Multipart/x;\n boundary=\"b\"\n", .typed = true,
	    .boundary = 'b' },
	{ "Content-Type: multipart/digest; boundary=c\n", .typed = true,
	    .boundary = 'c', .digest = true },
	{ "Content-Type: message/rfc822\n", .typed = true, .message = true },
	{ "Content-Transfer-Encoding: binary\n", .facts = BINARY },
	{ "Content-Transfer-Encoding: base64\n", .encoded = true },
	{ "--a\n", .parts = 'a' },
	{ "--a\n", .parts = 'a' },
	{ "--b\n", .parts = 'b' },
	{ "--c  \n", .parts = 'c' },
	{ "--a--\n", .parts = 'a', .last = true },
	{ "--b--\n", .parts = 'b', .last = true },
	{ "--c-- \n", .parts = 'c', .last = true },
	{ .text = "--d\n" },
};
#define NFRAGMENT (sizeof(fragments) / sizeof(fragments[0]))

struct reader {
	const struct fragment *all[64];
	size_t n;
	char boundaries[MIME_DEPTH];
	int facts;
};

/* Whether one of the first multiparts is parted here. */
static bool
parted(const struct reader *r, size_t i, size_t depth)
{
	return r->all[i]->parts &&
	       memchr(r->boundaries, r->all[i]->parts, depth);
}

/* Reads an entity that begins at fragment i, within so many multiparts. Where
 * what is around it goes on. */
static size_t
entity(struct reader *r, size_t i, size_t depth, bool message)
{
	const struct fragment *f, *type = NULL;
	bool encoded = false, eight = false, invalid = false, body = false;

	for (; i < r->n && !body && !parted(r, i, depth); i++) {
		f = r->all[i];
		body = f->empty;
		type = f->typed && !type ? f : type;
		eight |= (f->facts & EIGHT) != 0;
		invalid |= f->invalid;
		r->facts |= f->facts;
		if (strstr(f->text, "Encoding"))
			encoded = f->encoded;
	}
	r->facts |= eight && !invalid ? UTF8 : 0;
	if (!body)
		return i;
	if (type ? type->message : message) {
		if (!encoded)
			return entity(r, i, depth, false);
	}
	if (type && type->boundary && depth < MIME_DEPTH) {
		r->boundaries[depth] = type->boundary;
		while (i < r->n && !parted(r, i, depth + 1))
			i++;
		/* the innermost of those with one boundary is meant */
		while (i < r->n && r->all[i]->parts == type->boundary &&
		       !r->all[i]->last)
			i = entity(r, i + 1, depth + 1, type->digest);
		if (i < r->n && r->all[i]->parts == type->boundary)
			i++;
	}
	while (i < r->n && !parted(r, i, depth))
		i++;
	return i;
}

static void
test_random(unsigned long seed)
{
	static const char *const ends[] = { "\r\n", "\n", "\r" };
	struct buf text = { 0 }, in = { 0 };
	struct reader r;
	char name[32];
	int round, want, end;
	size_t i;

	for (round = 0; round < 40000; round++) {
		snprintf(name, sizeof(name), "round %d", round);
		r = (struct reader){ .n = draw(&seed, 64) };
		buf_clear(&text);
		for (i = 0; i < r.n; i++) {
			r.all[i] = &fragments[draw(&seed, NFRAGMENT)];
			buf_adds(&text, r.all[i]->text);
		}
		for (i = 0; i < r.n;)
			i = entity(&r, i, 0, false);
		end = (int)draw(&seed, 3);
		want = r.facts | (end && r.n ? BARE : 0);
		with_ends(&in, buf_str(&text), ends[end]);
		for (i = 1; i < 8; i += 2)
			CHECK_INT(
			    read_pieces(buf_head(&in), buf_len(&in), i, 0),
			    want, name);
		if (!CHECK_INT(
			read_pieces(buf_head(&in), buf_len(&in), 90, seed | 1),
			want, name))
			fprintf(stderr, "%s\n", buf_str(&text));
		CHECK_INT(read_pieces(buf_head(&in), buf_len(&in), 9999, 0),
		    want, name);
	}
	buf_free(&text);
	buf_free(&in);
}

int
main(int argc, char **argv)
{
	unsigned long seed = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;

	printf("t_mime: seed %lu\n", seed);
	test_header();
	test_line_ends();
	test_fields();
	test_encodings();
	test_structure();
	test_limits();
	test_random(seed);
	return check_done("t_mime");
}
