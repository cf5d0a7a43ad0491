#include <err.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "server.h"

static void
reserve(struct text *t, size_t more)
{
	size_t cap = t->cap ? t->cap : 128;

	while (cap - t->len <= more)
		cap *= 2;
	if (cap == t->cap)
		return;
	t->data = realloc(t->data, cap);
	if (t->data == NULL)
		err(EX_OSERR, NULL);
	t->cap = cap;
}

void
text_add(struct text *t, const char *data, size_t len)
{
	reserve(t, len);
	memcpy(t->data + t->len, data, len);
	t->len += len;
	t->data[t->len] = '\0';
}

static void
add_formatted(struct text *t, const char *format, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (n < 0)
		err(EX_OSERR, NULL);
	reserve(t, (size_t)n);
	vsnprintf(t->data + t->len, (size_t)n + 1, format, ap);
	t->len += (size_t)n;
}

void
text_addf(struct text *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add_formatted(t, format, ap);
	va_end(ap);
}

void
text_clear(struct text *t)
{
	t->len = 0;
	text_add(t, "", 0);
}

void
text_free(struct text *t)
{
	free(t->data);
	*t = (struct text){ 0 };
}

void
log_open(struct session *s)
{
	struct text path = { 0 };

	s->transcript = -1;
	if (s->opt->dir == NULL)
		return;
	text_addf(&path, "%s/transcript", s->opt->dir);
	s->transcript =
	    open(path.data, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (s->transcript == -1)
		err(EX_CANTCREAT, "%s", path.data);
	text_free(&path);
}

/* A line is one write, so that a reader never sees half of it. */
void
log_bytes(struct session *s, const char *mark, const char *data, size_t len)
{
	struct text line = { 0 };

	if (s->transcript == -1)
		return;
	text_addf(&line, "%s", mark);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)data[i];

		if (c < ' ' || c == 0x7f)
			text_addf(&line, "\\x%02x", c);
		else
			text_add(&line, data + i, 1);
	}
	text_add(&line, "\n", 1);
	if (write(s->transcript, line.data, line.len) != (ssize_t)line.len)
		err(EX_IOERR, "transcript");
	text_free(&line);
}

void
log_event(struct session *s, const char *format, ...)
{
	struct text line = { 0 };
	va_list ap;

	va_start(ap, format);
	add_formatted(&line, format, ap);
	va_end(ap);
	log_bytes(s, "* ", line.data, line.len);
	text_free(&line);
}

void
log_violation(struct session *s, const char *format, ...)
{
	struct text line = { 0 };
	va_list ap;

	if (s->opt->lax)
		return;
	va_start(ap, format);
	add_formatted(&line, format, ap);
	va_end(ap);
	log_bytes(s, "* VIOLATION ", line.data, line.len);
	text_free(&line);
}
