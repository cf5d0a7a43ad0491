#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

void
fuzz_must(int ok, const char *what, const char *file, int line)
{
	if (ok)
		return;
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

void
pieces_begin(struct pieces *x, const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	const char *eol = size ? memchr(p, '\n', size) : NULL;

	*x = (struct pieces){ .sizes = p };
	if (eol == NULL)
		return;
	x->nsizes = (size_t)(eol - p);
	x->rest = eol + 1;
	x->left = size - x->nsizes - 1;
}

/* Letters are large, digits and others small. */
static size_t
size_of(char c)
{
	return ((size_t)(c & 0x1f) + 1) * (c & 0x40 ? 32 : 1);
}

bool
pieces_next(struct pieces *x)
{
	free(x->piece);
	x->piece = NULL;
	if (x->left == 0)
		return false;
	x->len = x->nsizes ? size_of(x->sizes[x->next++ % x->nsizes]) : x->left;
	if (x->len > x->left)
		x->len = x->left;
	x->piece = malloc(x->len);
	if (x->piece == NULL)
		abort();
	memcpy(x->piece, x->rest, x->len);
	x->rest += x->len;
	x->left -= x->len;
	return true;
}

char *
fuzz_string(const uint8_t *data, size_t size)
{
	char *s = strndup((const char *)data, size);

	if (s == NULL)
		abort();
	return s;
}
