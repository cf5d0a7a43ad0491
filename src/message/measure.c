#include "message/measure.h"

/* The message is measured in blocks. Their inner loops count in LANES sums of
 * one octet each, so that compilers make vector instructions of them. */
#define LANES 16
#define BLOCK (30 * LANES)

struct tally {
	unsigned ends; /* CR and LF */
	unsigned cr;
	unsigned pairs; /* CRLF that end here */
	unsigned bits; /* all octets, ored */
	unsigned nul;
};

/* Counts a block, if it has nothing but LF and octets from 14 to 127. */
static bool
plain(const char *p, struct tally *t)
{
	unsigned char lf[LANES] = { 0 }, odd[LANES] = { 0 };
	unsigned nodd = 0;

	for (size_t i = 0; i < BLOCK; i += LANES) {
		for (size_t lane = 0; lane < LANES; lane++) {
			signed char c = (signed char)p[i + lane];

			lf[lane] += c == '\n';
			odd[lane] += c <= '\r';
		}
	}
	*t = (struct tally){ 0 };
	for (size_t lane = 0; lane < LANES; lane++) {
		t->ends += lf[lane];
		nodd += odd[lane];
	}
	return nodd == t->ends;
}

/* Counts any block; the octet before it is looked at, too. */
static void
tally(const char *p, struct tally *t)
{
	unsigned char ends[LANES] = { 0 }, pairs[LANES] = { 0 };
	unsigned char cr[LANES] = { 0 };
	unsigned char bits[LANES] = { 0 }, nul[LANES] = { 0 };
	const char *before = p - 1;

	for (size_t i = 0; i < BLOCK; i += LANES) {
		for (size_t lane = 0; lane < LANES; lane++) {
			unsigned char c = (unsigned char)p[i + lane];

			ends[lane] += (c == '\n') | (c == '\r');
			cr[lane] += c == '\r';
			pairs[lane] += (c == '\n') & (before[i + lane] == '\r');
			bits[lane] |= c;
			nul[lane] |= c == '\0';
		}
	}
	*t = (struct tally){ 0 };
	for (size_t lane = 0; lane < LANES; lane++) {
		t->ends += ends[lane];
		t->cr += cr[lane];
		t->pairs += pairs[lane];
		t->bits |= bits[lane];
		t->nul |= nul[lane];
	}
}

/* Measures a block. If a line ends in it, line is only known not to be more. */
static void
stride(struct measure *m, const char *p)
{
	struct tally t;
	unsigned lines;

	/* a CRLF can begin before the block */
	if (p[-1] == '\r' || !plain(p, &t))
		tally(p, &t);
	lines = t.ends - t.pairs;
	m->lines += lines;
	m->size += BLOCK - t.ends + 2 * lines;
	m->line = t.ends ? BLOCK - 1 : m->line + BLOCK;
	m->eight_bit |= (t.bits & 0x80) != 0;
	m->nul |= t.nul != 0;
	/* one counted before may turn out to be a pair */
	m->lone_cr += t.cr;
	m->lone_cr -= t.pairs;
}

/* Measures octet by octet: slow, but line is exact if it was. */
static void
crawl(struct measure *m, bool after_cr, const char *p, size_t n)
{
	for (; n > 0; after_cr = *p == '\r', p++, n--) {
		m->nul |= *p == '\0';
		m->eight_bit |= (*p & 0x80) != 0;
		m->lone_cr += *p == '\r';
		if (*p == '\n' && after_cr) {
			m->lone_cr--;
			continue;
		}
		if (*p == '\n' || *p == '\r') {
			m->lines++;
			m->size += 2;
			m->line = 0;
			continue;
		}
		m->size++;
		if (++m->line > LINE_LIMIT && m->long_line == 0)
			m->long_line = m->lines + 1;
	}
}

/* Octets since the last line end before at, in a piece that begins at p and
 * with this many octets of its first line before it. */
static uint64_t
since_end(const char *p, uint64_t before, const char *at)
{
	const char *q = at;

	while (q > p && q[-1] != '\n' && q[-1] != '\r')
		q--;
	return q > p ? (uint64_t)(at - q) : before + (uint64_t)(at - p);
}

/* No line is over the limit where the most that it can be is not. So where
 * lines end is looked up only when that grows too large, and no more after the
 * first line over the limit was found. */
static void
count(struct measure *m, const char *p, size_t n)
{
	const char *at = p, *end = p + n;
	const uint64_t before = m->line;
	size_t len = 1; /* first: a block looks at the octet before it */
	bool near;

	crawl(m, m->after_cr, at, len);
	for (at += len; at < end; at += len) {
		len = end - at < BLOCK ? (size_t)(end - at) : BLOCK;
		if (m->long_line == 0 && m->line + len > LINE_LIMIT)
			m->line = since_end(p, before, at);
		near = m->long_line == 0 && m->line + len > LINE_LIMIT;
		if (near || len < BLOCK)
			crawl(m, at[-1] == '\r', at, len);
		else
			stride(m, at);
	}
	if (m->long_line == 0)
		m->line = since_end(p, before, end);
}

void
measure_add(struct measure *m, const char *p, size_t n)
{
	if (n == 0)
		return;
	count(m, p, n);
	mime_add(&m->mime, p, n);
	m->after_cr = p[n - 1] == '\r';
	m->inside = p[n - 1] != '\n' && p[n - 1] != '\r';
}

void
measure_end(struct measure *m)
{
	mime_end(&m->mime);
	if (!m->inside)
		return;
	m->inside = false;
	m->size += 2;
	m->lines++;
}
