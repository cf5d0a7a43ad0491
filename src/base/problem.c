#include <stdarg.h>

#include "base/problem.h"

static void
state(struct problem *p, enum failure class, const char *hint, const char *fmt,
    va_list ap)
{
	if (p->class != FAIL_NONE)
		return;
	p->class = class;
	p->hint = hint;
	buf_vaddf(&p->text, fmt, ap);
}

int
problem_set(struct problem *p, enum failure class, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	state(p, class, NULL, fmt, ap);
	va_end(ap);
	return -1;
}

int
problem_hint(struct problem *p, enum failure class, const char *hint,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	state(p, class, hint, fmt, ap);
	va_end(ap);
	return -1;
}

int
problem_impatient(struct problem *p, int said, const char *what)
{
	if (said == -1)
		return problem_set(p, FAIL_SIGNAL, "%s: interrupted", what);
	return problem_set(
	    p, FAIL_CONNECTION, "%s: the time of --deadline is over", what);
}

void
problem_free(struct problem *p)
{
	buf_free(&p->text);
	p->class = FAIL_NONE;
	p->hint = NULL;
}
