#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/report.h"

#define SHOWN_MAX VERDICT_TEXT /* octets of a server's text in one line */
#define PIECE 65536 /* written at once, about */

void
report_text(struct buf *out, const char *p, size_t len)
{
	size_t shown = text_fit(p, len, SHOWN_MAX);

	text_show(out, p, shown);
	if (shown < len)
		buf_adds(out, " [...]");
}

static void
show(struct buf *out, const char *text)
{
	report_text(out, text, strlen(text));
}

/* The reply or the reason that decided. */
static void
show_verdict(struct buf *out, const struct verdict *v)
{
	char *p, *text = mem_string(v->text ? v->text : "");

	for (p = text; (p = strchr(p, '\n')) != NULL;)
		*p = ' ';
	if (v->code)
		buf_addf(out, "%d%s%s%s", v->code, *v->enhanced ? " " : "",
		    v->enhanced, *text ? " " : "");
	show(out, text);
	free(text);
}

static bool
is_good(enum outcome outcome)
{
	return outcome == ACCEPTED || outcome == WILLING;
}

/* Of those who were accepted, the last line has the reply that decided for all;
 * here is theirs to RCPT. With LMTP each has one that decided. */
static void
text_line(struct buf *out, const struct submission *sub, size_t i)
{
	const struct envelope *e = sub->envelope;
	const struct recipient *r = &e->recipients[i];
	const struct verdict *v = envelope_verdict(e, i);
	const char *said = e->recipients[r->first].said;

	buf_addf(out, "%-8s  ", outcome_name(v->outcome));
	show(out, *r->address.path ? r->address.path : r->given);
	buf_adds(out, "  ");
	if (v->outcome == ACCEPTED && said && !sub->options.lmtp)
		show(out, said);
	else
		show_verdict(out, v);
	buf_adds(out, "\n");
}

static void
text_end(
    struct buf *out, const struct submission *sub, const size_t count[NOUTCOME])
{
	size_t n = sub->envelope->nrecipient;

	if (n == 0)
		return;
	if (sub->options.check) {
		buf_addf(out, "ok for %zu of %zu recipient%s, nothing sent\n",
		    count[WILLING], n, n == 1 ? "" : "s");
		return;
	}
	buf_addf(out, "sent to %zu of %zu recipient%s", count[ACCEPTED], n,
	    n == 1 ? "" : "s");
	if (count[ACCEPTED] && buf_len(&sub->final)) {
		struct buf final = { 0 };

		buf_add(&final, buf_head(&sub->final), buf_len(&sub->final));
		buf_adds(out, ": ");
		show(out, buf_str(&final));
		buf_free(&final);
	}
	buf_adds(out, "\n");
}

void
report_field(struct buf *out, const char *name, const char *p, size_t len)
{
	buf_addf(out, ",\"%s\":", name);
	if (p)
		text_json(out, p, len);
	else
		buf_adds(out, "null");
}

static void
json_field(struct buf *out, const char *name, const char *value)
{
	report_field(out, name, value, value ? strlen(value) : 0);
}

static void
json_buf(struct buf *out, const char *name, const struct buf *value)
{
	if (buf_len(value) == 0) {
		json_field(out, name, NULL);
		return;
	}
	buf_addf(out, ",\"%s\":", name);
	text_json(out, buf_head(value), buf_len(value));
}

static void
json_line(struct buf *out, const struct submission *sub, size_t i)
{
	const struct envelope *e = sub->envelope;
	const struct verdict *v = envelope_verdict(e, i);

	buf_adds(out, "{\"type\":\"recipient\"");
	json_field(out, "recipient", e->recipients[i].address.path);
	json_field(out, "outcome", outcome_name(v->outcome));
	json_field(out, "stage", stage_name(v->stage));
	json_field(out, "by", v->code ? "server" : "local");
	if (v->code)
		buf_addf(out, ",\"code\":%d", v->code);
	else
		json_field(out, "code", NULL);
	json_field(out, "enhanced", *v->enhanced ? v->enhanced : NULL);
	json_field(out, "text", v->text);
	json_field(out, "server", sub->server->name);
	json_buf(out, "tls", &sub->tls);
	buf_adds(out, "}\n");
}

static void
json_end(struct buf *out, const struct submission *sub,
    const size_t count[NOUTCOME], int exit)
{
	const char *comma = "";
	int i;

	buf_addf(out, "{\"type\":\"session\",\"exit\":%d", exit);
	for (i = ACCEPTED; i < NOUTCOME; i++)
		buf_addf(out, ",\"%s\":%zu", outcome_name(i), count[i]);
	json_buf(out, "reply", &sub->final);
	json_buf(out, "problem", &sub->problem.text);
	buf_addf(out, ",\"octets\":%llu,\"attempts\":%zu",
	    (unsigned long long)sub->message->size, sub->attempts);
	json_field(out, "server", sub->server->name);
	json_buf(out, "address", &sub->peer);
	json_buf(out, "tls", &sub->tls);
	buf_adds(out, ",\"seconds\":{");
	for (i = STAGE_RESOLVE; i < STAGE_QUIT; i++, comma = ",")
		buf_addf(out, "%s\"%s\":%lld.%03d", comma, stage_name(i),
		    (long long)(sub->spent[i] / 1000),
		    (int)(sub->spent[i] % 1000));
	buf_adds(out, "}}\n");
}

int
report(enum report_form form, const struct submission *sub, int exit,
    const struct patience *patience)
{
	const struct envelope *e = sub->envelope;
	size_t count[NOUTCOME], i;
	struct buf out = { 0 };
	int rv = 0;

	envelope_count(e, count);
	for (i = 0; rv == 0 && i < e->nrecipient; i++) {
		if (form == REPORT_JSON)
			json_line(&out, sub, i);
		else if (form == REPORT_TEXT ||
			 !is_good(envelope_verdict(e, i)->outcome))
			text_line(&out, sub, i);
		if (buf_len(&out) >= PIECE) {
			rv = file_write(STDOUT_FILENO, &out, patience);
			buf_clear(&out);
		}
	}
	if (form == REPORT_TEXT)
		text_end(&out, sub, count);
	if (form == REPORT_JSON)
		json_end(&out, sub, count, exit);
	if (rv == 0)
		rv = file_write(STDOUT_FILENO, &out, patience);
	buf_free(&out);
	return rv;
}

void
report_committing(const struct patience *patience)
{
	struct buf line = { 0 };

	buf_adds(&line, "{\"type\":\"committing\"}\n");
	file_write(STDOUT_FILENO, &line, patience);
	buf_free(&line);
}

void
report_problem(const char *server, struct problem *problem,
    const struct patience *patience)
{
	struct buf line = { 0 };

	buf_addf(&line, "ehlo: %s%s", server ? server : "", server ? ": " : "");
	show(&line, buf_str(&problem->text));
	buf_adds(&line, "\n");
	if (problem->hint)
		buf_addf(&line, "hint: %s\n", problem->hint);
	file_write(STDERR_FILENO, &line, patience);
	buf_free(&line);
}
