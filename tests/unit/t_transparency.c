/* Whatever is read, in whatever pieces: lines on the wire end in CRLF, no
 * other CR or LF is there, leading dots are doubled, and what was measured is
 * what comes out. Each answer is held against a slow, obvious one. */

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "check.h"
#include "message/measure.h"
#include "message/transparency.h"

#define ROW(in, out) in, sizeof(in) - 1, out, sizeof(out) - 1

static const struct {
	const char *in;
	size_t nin;
	const char *out;
	size_t nout;
} rows[] = {
	{ ROW("", "") },
	{ ROW(".", "..\r\n") },
	{ ROW("...", "....\r\n") },
	{ ROW("\n", "\r\n") },
	{ ROW("\r", "\r\n") },
	{ ROW("\r\n", "\r\n") },
	{ ROW("\n\r", "\r\n\r\n") },
	{ ROW("\r\r\n", "\r\n\r\n") },
	{ ROW("\n.\n", "\r\n..\r\n") },
	{ ROW("\r\n\r\n.\r\n", "\r\n\r\n..\r\n") },
	{ ROW("a", "a\r\n") },
	{ ROW("a\n", "a\r\n") },
	{ ROW("a.\nb.c\n.d", "a.\r\nb.c\r\n..d\r\n") },
	{ ROW("\0", "\0\r\n") },
	/* S-16: what gets a second message through careless servers */
	{ ROW("a\n.\nb", "a\r\n..\r\nb\r\n") },
	{ ROW("a\n.\rb", "a\r\n..\r\nb\r\n") },
	{ ROW("a\r.\nb", "a\r\n..\r\nb\r\n") },
	{ ROW("a\r.\rb", "a\r\n..\r\nb\r\n") },
	{ ROW("a\n.\r\nb", "a\r\n..\r\nb\r\n") },
	{ ROW("a\r.\r\nb", "a\r\n..\r\nb\r\n") },
	{ ROW("a\r\n.\r\r\nb", "a\r\n..\r\n\r\nb\r\n") },
	{ ROW("a\r\r\n.\r\r\nb", "a\r\n\r\n..\r\n\r\nb\r\n") },
	{ ROW("a\r\n\0.\r\nb", "a\r\n\0.\r\nb\r\n") },
};

static unsigned long
draw(unsigned long *seed, unsigned long below)
{
	*seed = (*seed * 6364136223846793005ul + 1442695040888963407ul) &
		0xfffffffffffffffful;
	return (*seed >> 33) % below;
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return buf_len(a) == buf_len(b) &&
	       memcmp(buf_head(a), buf_head(b), buf_len(a)) == 0;
}

/* Every line end as CRLF, and one at the end. */
static void
plain_crlf(struct buf *out, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] == '\n' && i > 0 && p[i - 1] == '\r')
			continue;
		if (p[i] == '\n' || p[i] == '\r')
			buf_add(out, "\r\n", 2);
		else
			buf_add(out, p + i, 1);
	}
	if (n > 0 && p[n - 1] != '\n' && p[n - 1] != '\r')
		buf_add(out, "\r\n", 2);
}

/* As a server reads it; false if a CR or LF is bare or a dot is lone. */
static bool
unstuff(struct buf *out, const char *p, size_t n)
{
	bool start = true;
	size_t i;

	for (i = 0; i < n; i++) {
		if (start && p[i] == '.' && (++i == n || p[i] == '\r'))
			return false;
		start = p[i] == '\n';
		if (start != (i > 0 && p[i - 1] == '\r'))
			return false;
		buf_add(out, p + i, 1);
	}
	return n == 0 || start;
}

/* The pieces are of 1 to most octets at random, or all of most (seed 0). */
static uint64_t
stuff(struct buf *out, const char *p, size_t n, size_t most, unsigned long seed)
{
	struct transparency t = { 0 };
	uint64_t size = 0;
	size_t len;

	for (; n > 0; p += len, n -= len) {
		len = seed ? draw(&seed, most) + 1 : most;
		len = len < n ? len : n;
		size += transparency_add(&t, out, p, len);
	}
	size += transparency_end(&t, out);
	CHECK_INT(transparency_end(&t, out), 0, "the end comes once");
	return size;
}

static struct measure
measure(const char *p, size_t n, size_t most, unsigned long seed)
{
	struct measure m = { 0 };
	size_t len;

	for (; n > 0; p += len, n -= len) {
		len = seed ? draw(&seed, most) + 1 : most;
		len = len < n ? len : n;
		measure_add(&m, p, len);
	}
	measure_end(&m);
	return m;
}

/* Measures what plain_crlf() made, one whole line after the other. */
static struct measure
plain_measure(const char *p, size_t n)
{
	struct measure m = { .size = n };
	const char *end;
	size_t len, i;

	for (i = 0; i < n; i++) {
		m.nul |= p[i] == '\0';
		m.eight_bit |= (p[i] & 0x80) != 0;
	}
	for (; n > 0; p += len + 2, n -= len + 2) {
		for (end = p; *end != '\r'; end++)
			;
		len = (size_t)(end - p);
		m.lines++;
		if (len > LINE_LIMIT && m.long_line == 0)
			m.long_line = m.lines;
	}
	return m;
}

static uint64_t
plain_lone_cr(const char *p, size_t n)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i < n; i++)
		count += p[i] == '\r' && (i + 1 == n || p[i + 1] != '\n');
	return count;
}

static void
compare(const struct measure *got, const struct measure *want, const char *name)
{
	CHECK_INT(got->size, want->size, name);
	CHECK_INT(got->lines, want->lines, name);
	CHECK_INT(got->long_line, want->long_line, name);
	CHECK_INT(got->nul, want->nul, name);
	CHECK_INT(got->eight_bit, want->eight_bit, name);
	CHECK_INT(got->lone_cr, want->lone_cr, name);
}

/* All that must be true of a message read in pieces of one kind. */
static void
promise(
    const char *p, size_t n, size_t most, unsigned long seed, const char *name)
{
	struct buf crlf = { 0 }, wire = { 0 }, back = { 0 };
	struct measure got, want;
	uint64_t size;

	plain_crlf(&crlf, p, n);
	size = stuff(&wire, p, n, most, seed);
	CHECK_INT(size, buf_len(&crlf), name);
	CHECK(buf_len(&wire) <= 2 * n + 2);
	if (!check_true(unstuff(&back, buf_head(&wire), buf_len(&wire)), name,
		__FILE__, __LINE__) ||
	    !check_true(same(&back, &crlf), name, __FILE__, __LINE__))
		fprintf(stderr, "pieces to %zu of %zu octets\n", most, n);
	got = measure(p, n, most, seed);
	want = plain_measure(buf_head(&crlf), buf_len(&crlf));
	want.lone_cr = plain_lone_cr(p, n);
	compare(&got, &want, name);
	buf_free(&crlf);
	buf_free(&wire);
	buf_free(&back);
}

static void
test_rows(void)
{
	struct buf wire = { 0 };
	char name[32];
	size_t i, most;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(name, sizeof(name), "row %zu", i);
		for (most = 1; most <= 17; most++) {
			buf_clear(&wire);
			stuff(&wire, rows[i].in, rows[i].nin, most, 0);
			CHECK_INT(buf_len(&wire), rows[i].nout, name);
			check_true(buf_len(&wire) == rows[i].nout &&
				       memcmp(buf_head(&wire), rows[i].out,
					   rows[i].nout) == 0,
			    name, __FILE__, __LINE__);
			promise(rows[i].in, rows[i].nin, most, 0, name);
		}
	}
	buf_free(&wire);
}

/* Behind so many octets that they lie across the blocks of the measure, whose
 * first begins at the second octet, and across those of the message. */
static void
test_boundaries(void)
{
	static const size_t boundaries[] = { 481, 961, 16384, 131072 };
	char name[48];
	char *p = mem_array(131072 + 64, 1);
	size_t i, k, back, start;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (k = 0; k < 4; k++) {
			for (back = 0; back <= rows[i].nin; back++) {
				start = boundaries[k] - back;
				memset(p, 'x', start);
				memcpy(p + start, rows[i].in, rows[i].nin);
				memset(p + start + rows[i].nin, 'y', 20);
				snprintf(name, sizeof(name), "row %zu at %zu",
				    i, start);
				promise(p, start + rows[i].nin + 20,
				    boundaries[k], 0, name);
			}
		}
	}
	free(p);
}

/* Short messages of octets that matter, read at every kind of split. */
static void
test_random(unsigned long seed)
{
	static const char alphabet[] = { '\r', '\n', '.', 'a', '\x80', '\0' };
	char p[48], name[32];
	size_t n, i, most;
	int round;

	for (round = 0; round < 5000; round++) {
		snprintf(name, sizeof(name), "round %d", round);
		n = draw(&seed, sizeof(p) + 1);
		for (i = 0; i < n; i++)
			p[i] = alphabet[draw(&seed, sizeof(alphabet))];
		for (most = 1; most <= 17; most++)
			promise(p, n, most, 0, name);
		promise(p, n, n + 1, 0, name);
		promise(p, n, 9, seed | 1, name);
	}
}

/* Fills p with lines of about a length, now and then something odd in them. */
static void
compose(char *p, size_t n, size_t length, unsigned long *seed)
{
	static const char *const odd[] = { "\r", "\r\n", "\n\n", ".", "\n.",
		"\xc3\xa9", "\xe2\x82\xac", "\x80", "\t", "\n\r\n" };
	unsigned long rare = draw(seed, 4) ? 50 * length : 60;
	const char *s;
	size_t i, k;

	for (i = 0; i < n; i++)
		p[i] = draw(seed, length) ? 'a' : '\n';
	for (i = 0; i + 4 < n; i++) {
		if (draw(seed, rare) > 0)
			continue;
		s = odd[draw(seed, sizeof(odd) / sizeof(odd[0]))];
		for (k = 0; s[k] != '\0'; k++)
			p[i + k] = s[k];
	}
	if (n > 0 && draw(seed, 8) == 0)
		p[draw(seed, n)] = '\0';
}

/* Long ones, so that the measure strides over blocks. */
static void
test_long(unsigned long seed)
{
	static const size_t lengths[] = { 10, 80, 150, 300, 2000 };
	static char p[20000];
	char name[32];
	size_t n;
	int round;

	for (round = 0; round < 2000; round++) {
		snprintf(name, sizeof(name), "long round %d", round);
		n = draw(&seed, sizeof(p) + 1);
		compose(p, n, lengths[round % 5], &seed);
		promise(p, n, n + 1, 0, name);
		promise(p, n, 2000, seed | 1, name);
		promise(p, n, 17, seed | 1, name);
	}
}

/* A line of 998 octets is right, one of 999 is not, wherever it begins. */
static void
test_long_line(void)
{
	static char p[8000];
	char name[48];
	size_t before, len, most;
	struct measure m;

	for (before = 1; before < 1500; before += 7) {
		for (len = 996; len <= 1001; len++) {
			memset(p, 'a', sizeof(p));
			for (size_t i = 0; i < sizeof(p); i += 90)
				p[i] = '\n';
			memset(p + before, 'a', len);
			p[before - 1] = p[before + len] = '\n';
			snprintf(name, sizeof(name), "%zu octets at %zu", len,
			    before);
			for (most = 100; most < 10000; most *= 3)
				promise(p, sizeof(p), most, 0, name);
			m = measure(p, sizeof(p), sizeof(p), 0);
			CHECK_INT(m.long_line != 0, len > 998, name);
		}
	}
}

static void
test_megabyte(void)
{
	size_t n = 1000000;
	char *p = mem_array(n, 1);
	struct measure m;

	memset(p, 'a', n);
	p[0] = '\n';
	promise(p, n, 65536, 0, "a line of 1 MB");
	m = measure(p, n, 65536, 0);
	CHECK_INT(m.long_line, 2, "a line of 1 MB");
	CHECK_INT(m.size, n + 3, "a line of 1 MB");
	free(p);
}

int
main(int argc, char **argv)
{
	unsigned long seed = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;

	printf("t_transparency: seed %lu\n", seed);
	test_rows();
	test_boundaries();
	test_random(seed);
	test_long(seed);
	test_long_line();
	test_megabyte();
	return check_done("t_transparency");
}
