#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/answers.h"
#include "cli/report.h"

/* The code of the reply stands in each line, as the server said it. */
static void
text_lines(struct buf *out, const char *subject, const struct reply *r)
{
	const char *p = buf_head(&r->text), *end = p + buf_len(&r->text), *lf;

	do {
		lf = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
		if (lf == NULL)
			lf = end;
		buf_addf(out, "%s: %03d%s%s%s", subject, r->code,
		    *r->enhanced ? " " : "", r->enhanced, p < lf ? " " : "");
		report_text(out, p, (size_t)(lf - p));
		buf_adds(out, "\n");
		p = lf + 1;
	} while (lf < end);
}

static void
json_line(
    struct buf *out, const struct answers *a, size_t i, const struct reply *r)
{
	const char *subject = questions_subject(a->questions, i);
	const char *enhanced = *r->enhanced ? r->enhanced : NULL;

	buf_adds(out, "{\"type\":\"reply\"");
	report_field(out, "subject", subject, strlen(subject));
	buf_addf(out, ",\"code\":%d", r->code);
	report_field(out, "enhanced", enhanced, strlen(r->enhanced));
	report_field(out, "text", buf_head(&r->text), buf_len(&r->text));
	buf_adds(out, "}\n");
}

void
answers_print(void *answers, size_t i, const struct reply *r)
{
	struct answers *a = answers;
	struct buf out = { 0 };

	a->nreply[reply_class(r)]++;
	if (a->json)
		json_line(&out, a, i, r);
	else
		text_lines(&out, questions_subject(a->questions, i), r);
	if (a->error == 0 &&
	    file_write(STDOUT_FILENO, &out, &a->patience) == -1)
		a->error = errno;
	buf_free(&out);
}
