/* The octets of a message: measured, looked into and made ready for the wire,
 * whole or in pieces, they are the same. */

#define _GNU_SOURCE 1 /* memmem(3) */

#include <string.h>

#include "fuzz.h"
#include "message/measure.h"
#include "message/transparency.h"

/* One way through a message. */
struct way {
	struct measure measure;
	struct mime mime;
	struct transparency dotted, plain;
	struct buf dots, text;
	uint64_t ndotted, nplain; /* octets without the dots */
};

static void
add(struct way *w, const char *p, size_t n)
{
	size_t before = buf_len(&w->dots);

	measure_add(&w->measure, p, n);
	mime_add(&w->mime, p, n);
	w->ndotted += transparency_add(&w->dotted, &w->dots, p, n);
	w->nplain += transparency_add(&w->plain, &w->text, p, n);
	MUST(buf_len(&w->dots) - before <= 2 * n);
}

static void
end(struct way *w)
{
	measure_end(&w->measure);
	mime_end(&w->mime);
	w->ndotted += transparency_end(&w->dotted, &w->dots);
	w->nplain += transparency_end(&w->plain, &w->text);
}

static void
must_be_same_mime(const struct mime *a, const struct mime *b)
{
	MUST(a->eight_bit == b->eight_bit && a->utf8 == b->utf8);
	MUST(a->binary == b->binary && a->bare == b->bare);
}

static void
must_be_same(const struct way *a, const struct way *b)
{
	const struct measure *m = &a->measure, *n = &b->measure;

	MUST(m->size == n->size && m->lines == n->lines);
	MUST(m->long_line == n->long_line && m->lone_cr == n->lone_cr);
	MUST(m->nul == n->nul && m->eight_bit == n->eight_bit);
	must_be_same_mime(&m->mime, &n->mime);
	must_be_same_mime(&a->mime, &b->mime);
	must_be_same_mime(&a->mime, &m->mime);
	MUST(buf_len(&a->dots) == buf_len(&b->dots));
	MUST(memcmp(buf_head(&a->dots), buf_head(&b->dots),
		 buf_len(&a->dots)) == 0);
	MUST(buf_len(&a->text) == buf_len(&b->text));
	MUST(memcmp(buf_head(&a->text), buf_head(&b->text),
		 buf_len(&a->text)) == 0);
}

/* What came out has lines that end in CRLF, none of which is a lone dot; and
 * what was measured is what came out. */
static void
check(struct way *w)
{
	const char *p = buf_head(&w->dots), *stop = p + buf_len(&w->dots);
	uint64_t lines = 0, longest = 0;
	const char *eol;

	MUST(w->measure.size == w->ndotted && w->measure.size == w->nplain);
	MUST(buf_len(&w->text) == w->nplain);
	MUST(!w->mime.utf8 || w->mime.eight_bit);
	MUST(!w->mime.eight_bit || w->measure.eight_bit);
	for (; p < stop; p = eol + 2, lines++) {
		eol = memmem(p, (size_t)(stop - p), "\r\n", 2);
		MUST(eol);
		MUST(!memchr(p, '\r', (size_t)(eol - p)));
		MUST(!memchr(p, '\n', (size_t)(eol - p)));
		MUST(*p != '.' || p[1] == '.');
		if (eol - p - (*p == '.') > LINE_LIMIT && longest == 0)
			longest = lines + 1;
	}
	MUST(w->measure.lines == lines && w->measure.long_line == longest);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct way whole = { .plain = { .plain = true } }, parts = whole;
	struct pieces x;

	pieces_begin(&x, data, size);
	add(&whole, x.left ? x.rest : "", x.left);
	while (pieces_next(&x))
		add(&parts, x.piece, x.len);
	end(&whole);
	end(&parts);
	must_be_same(&whole, &parts);
	check(&whole);
	buf_free(&whole.dots);
	buf_free(&whole.text);
	buf_free(&parts.dots);
	buf_free(&parts.text);
	return 0;
}
