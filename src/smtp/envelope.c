#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/text.h"
#include "smtp/envelope.h"

int
envelope_sender(struct envelope *e, const char *text, struct problem *problem)
{
	return address_parse(&e->sender, text, ADDRESS_SENDER, problem);
}

int
envelope_recipient(
    struct envelope *e, const char *text, struct problem *problem)
{
	struct recipient r = { .given = NULL };

	if (address_parse(&r.address, text, ADDRESS_RECIPIENT, problem) == -1)
		return -1;
	r.given = mem_string(text);
	r.first = e->nrecipient;
	/* grows by doubling: thousands of recipients are usual */
	if ((e->nrecipient & (e->nrecipient - 1)) == 0)
		e->recipients =
		    mem_grow(e->recipients, e->nrecipient * 2 + 1, sizeof(r));
	e->recipients[e->nrecipient++] = r;
	return 0;
}

/* An order in which equal addresses are neighbours, the first given first. */
static int
compare(const void *pa, const void *pb)
{
	const struct recipient *a = *(struct recipient *const *)pa;
	const struct recipient *b = *(struct recipient *const *)pb;
	int order = strcasecmp(a->address.path, b->address.path);

	/* local-parts that differ in case only are two mailboxes */
	if (order == 0 && !address_same(&a->address, &b->address))
		order = strcmp(a->address.path, b->address.path);
	if (order == 0)
		order = a < b ? -1 : a > b;
	return order;
}

void
envelope_unique(struct envelope *e)
{
	struct recipient **sorted = mem_array(e->nrecipient, sizeof(*sorted));
	size_t i;

	for (i = 0; i < e->nrecipient; i++)
		sorted[i] = &e->recipients[i];
	qsort(sorted, e->nrecipient, sizeof(*sorted), compare);
	for (i = 1; i < e->nrecipient; i++)
		if (address_same(&sorted[i - 1]->address, &sorted[i]->address))
			sorted[i]->first = sorted[i - 1]->first;
	free(sorted);
}

bool
envelope_open(const struct envelope *e, size_t i)
{
	const struct recipient *r = &e->recipients[i];

	return r->first == i && r->verdict.outcome == UNDECIDED;
}

bool
envelope_utf8(const struct envelope *e)
{
	size_t i;

	for (i = 0; i < e->nrecipient; i++)
		if (e->recipients[i].address.utf8)
			return true;
	return e->sender.utf8;
}

int
envelope_ascii(struct envelope *e, const char **why)
{
	size_t i;

	if (address_ascii(&e->sender, why) == -1)
		return -1;
	for (i = 0; i < e->nrecipient; i++)
		if (address_ascii(&e->recipients[i].address, why) == -1)
			return -1;
	return 0;
}

static void
forget(struct verdict *v)
{
	free(v->text);
	*v = (struct verdict){ 0 };
}

char *
verdict_text(const char *p, size_t len)
{
	static const char more[] = " [...]";
	size_t n = text_fit(p, len, VERDICT_TEXT);
	char *text = mem_array(n + sizeof(more), 1);

	memcpy(text, p, n);
	if (n < len)
		memcpy(text + n, more, sizeof(more));
	return text;
}

void
verdict_keep(struct verdict *v, enum outcome outcome, enum stage stage,
    const struct reply *reply, const char *text)
{
	forget(v);
	v->outcome = outcome;
	v->stage = stage;
	if (reply) {
		v->code = reply->code;
		memcpy(v->enhanced, reply->enhanced, sizeof(v->enhanced));
		v->text =
		    verdict_text(buf_head(&reply->text), buf_len(&reply->text));
	} else {
		v->text = verdict_text(text, strlen(text));
	}
}

void
envelope_decide(struct envelope *e, size_t i, enum outcome outcome,
    enum stage stage, const struct reply *reply, const char *text)
{
	struct verdict *v = &e->recipients[i].verdict;

	if (v->outcome == UNDECIDED)
		verdict_keep(v, outcome, stage, reply, text);
}

void
envelope_decide_all(struct envelope *e, enum outcome outcome, enum stage stage,
    const struct reply *reply, const char *text)
{
	size_t i;

	for (i = 0; i < e->nrecipient; i++)
		if (envelope_open(e, i))
			envelope_decide(e, i, outcome, stage, reply, text);
}

void
envelope_decide_taken(struct envelope *e, enum outcome outcome,
    enum stage stage, const struct reply *reply, const char *text)
{
	size_t i;

	for (i = 0; i < e->nrecipient; i++)
		if (e->recipients[i].taken)
			envelope_decide(e, i, outcome, stage, reply, text);
}

void
envelope_accept(struct envelope *e, const struct reply *reply)
{
	struct recipient *r;

	for (r = e->recipients; r < e->recipients + e->nrecipient; r++)
		if (r->taken && r->verdict.outcome == UNDECIDED &&
		    r->own.outcome != UNDECIDED) {
			r->verdict = r->own;
			r->own = (struct verdict){ 0 };
		}
	envelope_decide_taken(e, ACCEPTED, STAGE_DOT, reply, NULL);
}

void
envelope_doubt(struct envelope *e, enum stage stage, const char *text)
{
	struct recipient *r;

	for (r = e->recipients; r < e->recipients + e->nrecipient; r++)
		if (r->taken && r->verdict.stage == STAGE_DOT)
			verdict_keep(&r->verdict, UNKNOWN, stage, NULL, text);
}

size_t
envelope_begin(struct envelope *e)
{
	struct recipient *r;
	size_t n = 0;

	for (r = e->recipients; r < e->recipients + e->nrecipient; r++) {
		r->taken = false;
		if (r->again)
			forget(&r->verdict);
		r->again = false;
		n += r->first == (size_t)(r - e->recipients) &&
		     r->verdict.outcome == UNDECIDED;
	}
	return n;
}

void
envelope_reset(struct envelope *e)
{
	size_t i;

	for (i = 0; i < e->nrecipient; i++)
		forget(&e->recipients[i].verdict);
}

const struct verdict *
envelope_verdict(const struct envelope *e, size_t i)
{
	return &e->recipients[e->recipients[i].first].verdict;
}

void
envelope_count(const struct envelope *e, size_t count[NOUTCOME])
{
	size_t i;

	memset(count, 0, NOUTCOME * sizeof(*count));
	for (i = 0; i < e->nrecipient; i++)
		count[envelope_verdict(e, i)->outcome]++;
}

const char *
outcome_name(enum outcome outcome)
{
	static const char *const names[NOUTCOME] = {
		[UNDECIDED] = "undecided",
		[ACCEPTED] = "accepted",
		[REFUSED] = "refused",
		[DEFERRED] = "deferred",
		[UNSENT] = "unsent",
		[UNKNOWN] = "unknown",
		[WILLING] = "ok",
	};

	return names[outcome];
}

const char *
stage_name(enum stage stage)
{
	static const char *const names[NSTAGE] = {
		[STAGE_LOCAL] = "local",
		[STAGE_RESOLVE] = "resolve",
		[STAGE_CONNECT] = "connect",
		[STAGE_TLS] = "tls",
		[STAGE_BANNER] = "banner",
		[STAGE_EHLO] = "ehlo",
		[STAGE_STARTTLS] = "starttls",
		[STAGE_AUTH] = "auth",
		[STAGE_MAIL] = "mail",
		[STAGE_RCPT] = "rcpt",
		[STAGE_DATA] = "data",
		[STAGE_CONTENT] = "content",
		[STAGE_DOT] = "dot",
		[STAGE_QUIT] = "quit",
	};

	return names[stage];
}

void
envelope_free(struct envelope *e)
{
	size_t i;

	for (i = 0; i < e->nrecipient; i++) {
		free(e->recipients[i].given);
		free(e->recipients[i].said);
		forget(&e->recipients[i].verdict);
		forget(&e->recipients[i].own);
		address_free(&e->recipients[i].address);
	}
	free(e->recipients);
	address_free(&e->sender);
	*e = (struct envelope){ 0 };
}
