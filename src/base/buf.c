#include <err.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <openssl/crypto.h>

#include "base/buf.h"

static struct {
	int status;
	const char *words;
} last = { EX_OSERR, "out of memory" };

void
mem_last_words(int status, const char *words)
{
	last.status = status;
	last.words = words;
}

static void *
need(void *p)
{
	if (p == NULL)
		errx(last.status, "%s", last.words);
	return p;
}

void *
mem_array(size_t n, size_t size)
{
	return need(calloc(n ? n : 1, size));
}

void *
mem_grow(void *p, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		need(NULL);
	return need(realloc(p, n && size ? n * size : 1));
}

char *
mem_copy(const char *p, size_t n)
{
	char *copy = mem_array(n + 1, 1);

	if (n)
		memcpy(copy, p, n);
	return copy;
}

char *
mem_string(const char *s)
{
	return s ? mem_copy(s, strlen(s)) : NULL;
}

size_t
buf_len(const struct buf *b)
{
	return b->tail - b->head;
}

const char *
buf_head(const struct buf *b)
{
	return b->data ? b->data + b->head : "";
}

const char *
buf_str(struct buf *b)
{
	*buf_room(b, 1) = '\0';
	return buf_head(b);
}

static void
release(struct buf *b)
{
	if (b->secret && b->data)
		OPENSSL_cleanse(b->data, b->cap);
	free(b->data);
}

static void
enlarge(struct buf *b, size_t need_cap)
{
	size_t cap = b->cap ? b->cap : 64;
	char *data;

	while (cap < need_cap)
		cap = cap > SIZE_MAX / 2 ? need_cap : cap * 2;
	if (!b->secret) {
		b->data = mem_grow(b->data, cap, 1);
	} else { /* realloc() would leave a copy behind */
		data = mem_array(cap, 1);
		if (b->tail)
			memcpy(data, b->data, b->tail);
		release(b);
		b->data = data;
	}
	b->cap = cap;
}

char *
buf_room(struct buf *b, size_t n)
{
	if (b->cap - b->tail >= n && b->data)
		return b->data + b->tail;
	if (b->head && b->head >= buf_len(b)) { /* amortized */
		memmove(b->data, b->data + b->head, buf_len(b));
		b->tail -= b->head;
		b->head = 0;
	}
	if (n > SIZE_MAX - b->tail)
		need(NULL);
	if (b->cap - b->tail < n || b->data == NULL)
		enlarge(b, b->tail + n);
	return b->data + b->tail;
}

void
buf_added(struct buf *b, size_t n)
{
	b->tail += n;
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	char *room;

	if (n == 0)
		return;
	room = buf_room(b, n);
	memcpy(room, p, n);
	b->tail += n;
}

void
buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	buf_room(b, 128); /* most texts fit */
	n = vsnprintf(b->data + b->tail, b->cap - b->tail, fmt, again);
	va_end(again);
	if (n < 0)
		err(EX_SOFTWARE, "%s", fmt);
	if ((size_t)n >= b->cap - b->tail)
		vsnprintf(buf_room(b, (size_t)n + 1), (size_t)n + 1, fmt, ap);
	b->tail += (size_t)n;
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(b, fmt, ap);
	va_end(ap);
}

void
buf_take(struct buf *b, size_t n)
{
	b->head += n;
	if (b->head == b->tail)
		b->head = b->tail = 0;
}

void
buf_clear(struct buf *b)
{
	if (b->secret && b->data)
		OPENSSL_cleanse(b->data, b->cap);
	b->head = b->tail = 0;
}

void
buf_free(struct buf *b)
{
	release(b);
	b->data = NULL;
	b->head = b->tail = b->cap = 0;
}
