#include <time.h>

#include "smtp/exchange.h"
#include "smtp/fit.h"

/* Why a message that says it is binary cannot go to this server as it is (RFC
 * 3030 3), or NULL. */
static const char *
not_binary(const struct session *s)
{
	if (!(s->extensions.offered & EXT_BINARYMIME))
		return "the server does not offer BINARYMIME";
	if (!(s->extensions.offered & EXT_CHUNKING))
		return "the server does not offer CHUNKING";
	if (s->options->no_chunking)
		return "--no-chunking keeps it from being sent as it is";
	return NULL;
}

/* Chooses the form in which the message is sent, by what is offered now. */
static int
choose_form(struct session *s, struct problem *problem)
{
	struct message *m = s->message;
	const char *why = not_binary(s);

	message_choose(m, m->binary && !m->bare && why == NULL);
	if (m->binary && !m->raw && !m->text)
		return problem_hint(problem, FAIL_MESSAGE,
		    "encode its parts as base64",
		    "the message is binary, and %s", why);
	return 0;
}

/* Whether the message can go to this server as it is (R-1870-02, R-6152-01,
 * R-6531-02). */
static int
message_fits(struct session *s, struct problem *problem)
{
	unsigned offered = s->extensions.offered;
	const struct message *m = s->message;

	if (choose_form(s, problem) == -1)
		return -1;
	if (offered & EXT_SIZE && s->extensions.size &&
	    m->size > s->extensions.size)
		return problem_set(problem, FAIL_MESSAGE,
		    "the message has %llu octets, the server takes %llu (SIZE)",
		    (unsigned long long)m->size,
		    (unsigned long long)s->extensions.size);
	/* F-098: who offers SMTPUTF8 knows octets above 127 (RFC 6531 3.6) */
	if (m->header_utf8 && offered & EXT_SMTPUTF8 && !m->raw)
		return 0;
	if (m->eight_bit && !m->raw && !(offered & EXT_8BITMIME))
		return problem_hint(problem, FAIL_MESSAGE,
		    "encode its parts as quoted-printable or base64",
		    "the message has octets above 127, and the server does "
		    "not offer 8BITMIME");
	if (m->header_utf8 && !(offered & EXT_SMTPUTF8))
		return problem_hint(problem, FAIL_MESSAGE,
		    "encode header fields by RFC 2047",
		    "the header of the message is not ASCII, and the server "
		    "does not offer SMTPUTF8");
	return 0;
}

/* All or none is one transaction. */
static int
recipients_fit(const struct session *s, struct problem *problem)
{
	size_t most = s->extensions.rcptmax, n = 0, i;

	for (i = 0; i < s->envelope->nrecipient; i++)
		n += envelope_open(s->envelope, i);
	if (!s->options->all_or_none || most == 0 || n <= most)
		return 0;
	return problem_set(problem, FAIL_MESSAGE,
	    "--all-or-none: there are %zu recipients, and the server takes %zu "
	    "at once (LIMITS)",
	    n, most);
}

int
fit(struct session *s, struct problem *problem)
{
	const char *why = NULL;

	enter(s, STAGE_LOCAL);
	if (recipients_fit(s, problem) == -1)
		return -1;
	if (s->message && message_fits(s, problem) == -1)
		return -1;
	if (!(s->extensions.offered & EXT_SMTPUTF8) &&
	    envelope_ascii(s->envelope, &why) == -1)
		return problem_set(problem, FAIL_MESSAGE,
		    "an address is not ASCII, and the server does not offer "
		    "SMTPUTF8%s%s",
		    why ? "; A-labels of its domain: " : "", why ? why : "");
	/* R-3461-05 */
	return parameters_fit(&s->options->parameters, &s->extensions,
	    s->protection == VERIFIED, time(NULL), problem);
}
