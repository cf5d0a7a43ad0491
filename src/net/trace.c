#include <stdarg.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "net/trace.h"

void
trace_line(const struct trace *t, char mark, const char *p, size_t len)
{
	struct buf line = { 0 };
	int64_t ms;

	if (t->level == 0)
		return;
	if (t->level > 1) {
		ms = clock_now() - t->start;
		buf_addf(
		    &line, "%3d.%03d ", (int)(ms / 1000), (int)(ms % 1000));
	}
	buf_addf(&line, "%c%s", mark, len ? " " : "");
	text_show(&line, p, len);
	buf_adds(&line, "\n");
	/* A trace that cannot be written must not change what is done. */
	file_write(STDERR_FILENO, &line, &t->patience);
	buf_free(&line);
}

void
trace_note(const struct trace *t, int level, const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list ap;

	if (t->level < level)
		return;
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	trace_line(t, '*', buf_head(&text), buf_len(&text));
	buf_free(&text);
}
