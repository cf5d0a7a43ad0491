#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "smtp/content.h"
#include "smtp/exchange.h"
#include "smtp/transaction.h"
#include "smtp/verdict.h"

static bool
needs_utf8(const struct session *s)
{
	return s->extensions.offered & EXT_SMTPUTF8 &&
	       (envelope_utf8(s->envelope) ||
		   (s->message && s->message->header_utf8));
}

static const char *
path(const struct session *s, const struct address *a)
{
	return address_said(a, s->extensions.offered & EXT_SMTPUTF8);
}

static int
mail(struct session *s, size_t nleft)
{
	unsigned offered = s->extensions.offered;
	const struct message *m = s->message;
	struct buf line = { 0 };
	int rv;

	buf_addf(&line, "MAIL FROM:<%s>", path(s, &s->envelope->sender));
	if (m && offered & EXT_SIZE)
		buf_addf(&line, " SIZE=%llu", (unsigned long long)m->size);
	if (m && m->raw)
		buf_adds(&line, " BODY=BINARYMIME");
	else if (m && m->eight_bit && offered & EXT_8BITMIME)
		buf_adds(&line, " BODY=8BITMIME");
	if (needs_utf8(s))
		buf_adds(&line, " SMTPUTF8");
	s->prdr = offered & EXT_PRDR && nleft > 1 && !s->options->lmtp;
	if (s->prdr)
		buf_adds(&line, " PRDR");
	parameters_mail(&s->options->parameters, &line);
	s->ntransaction++;
	s->begun = true;
	rv = say(s, CMD_MAIL, 0, "%s", buf_str(&line));
	buf_free(&line);
	return rv;
}

/* The domains of a transaction, for RCPTDOMAINMAX. */
struct domains {
	const char **names;
	size_t n;
};

/* Whether one more recipient is within the limit; its domain then counts. */
static bool
within(struct domains *d, const char *domain, size_t most)
{
	size_t i;

	if (most == 0 || domain == NULL)
		return true;
	for (i = 0; i < d->n; i++)
		if (strcasecmp(d->names[i], domain) == 0)
			return true;
	if (d->n == most)
		return false;
	d->names = mem_grow(d->names, d->n + 1, sizeof(*d->names));
	d->names[d->n++] = domain;
	return true;
}

static void
add_recipient(const struct session *s, const struct address *a, struct buf *out)
{
	bool utf8 = a->utf8 && s->extensions.offered & EXT_SMTPUTF8;

	buf_addf(out, "RCPT TO:<%s>", path(s, a));
	parameters_rcpt(&s->options->parameters, path(s, a), utf8, out);
}

/* As many as the limits allow (RFC 9422 4). */
static int
recipients(struct session *s)
{
	const struct envelope *e = s->envelope;
	struct domains domains = { 0 };
	struct buf line = { 0 };
	size_t i, n = 0, most = s->extensions.rcptmax;
	int rv = 0;

	for (i = 0; rv == 0 && i < e->nrecipient; i++) {
		if (!envelope_open(e, i) || (most && n == most) ||
		    !within(&domains, e->recipients[i].address.domain,
			s->extensions.rcptdomainmax))
			continue;
		n++;
		buf_clear(&line);
		add_recipient(s, &e->recipients[i].address, &line);
		rv = say(s, CMD_RCPT, i, "%s", buf_str(&line));
	}
	buf_free(&line);
	free(domains.names);
	return rv;
}

/* How many recipients could be offered in another transaction. */
static size_t
left(const struct envelope *e)
{
	size_t i, n = 0;

	for (i = 0; i < e->nrecipient; i++)
		n += e->recipients[i].again ||
		     (envelope_open(e, i) && !e->recipients[i].taken);
	return n;
}

static bool
is_last(const struct session *s)
{
	return left(s->envelope) == 0 ||
	       (s->extensions.mailmax &&
		   s->ntransaction >= s->extensions.mailmax);
}

/* DATA in the same group as RCPT (RFC 2920 3.1). */
static int
data(struct session *s)
{
	if (say(s, CMD_DATA, 0, "DATA") == -1)
		return -1;
	switch (reply_class(&s->reply)) {
	case 3: /* D-01: any of them is a go-ahead */
		return s->naccepted ? content_data(s, is_last(s))
				    : content_none(s);
	case 2:
		if (s->naccepted)
			return lost(s, FAIL_PROTOCOL, NULL,
			    "DATA: %d is no answer to that", s->reply.code);
		return 0;
	default:
		if (s->naccepted)
			return denied(s, FAIL_SERVER, NULL, "DATA");
		return 0;
	}
}

/* R-5321-25: with a server that cannot forget, nothing can be begun. */
static int
reset(struct session *s)
{
	struct buf words = { 0 };

	if (say(s, CMD_RSET, 0, "RSET") == -1)
		return -1;
	if (reply_class(&s->reply) == 2) {
		s->begun = false;
		return 0;
	}
	reply_words(&s->reply, &words);
	stop(s, FAIL_PROTOCOL, NULL, "RSET: %s", buf_str(&words));
	buf_free(&words);
	return -1;
}

/* Nothing was sent, and the server is ready for the next: then what it said of
 * the recipients holds. */
static int
checked(struct session *s)
{
	if (reset(s) == -1)
		return -1;
	envelope_accept(s->envelope, &s->reply);
	return 0;
}

/* Not all were accepted, so the message goes to none. */
static int
abandon(struct session *s)
{
	size_t count[NOUTCOME];
	const char *why = "not sent, since not every recipient was accepted "
			  "(--all-or-none)";

	if (reset(s) == -1)
		return -1;
	envelope_count(s->envelope, count);
	return stop(
	    s, count[REFUSED] ? FAIL_RECIPIENT : FAIL_SERVER, NULL, "%s", why);
}

/* Whether the replies to RCPT must be known before the message is begun. */
static bool
waits(const struct session *s, bool chunking)
{
	return chunking || s->options->all_or_none || s->options->check ||
	       s->options->quit_after;
}

static int
transaction(struct session *s, size_t nleft)
{
	bool chunking =
	    s->extensions.offered & EXT_CHUNKING && !s->options->no_chunking;

	s->naccepted = 0;
	if (mail(s, nleft) == -1)
		return -1;
	if (s->options->quit_after == STAGE_MAIL)
		return settle(s);
	if (recipients(s) == -1)
		return -1;
	if (waits(s, chunking) && settle(s) == -1)
		return -1;
	if (s->options->quit_after)
		return quiet(s);
	if (s->options->all_or_none &&
	    (s->naccepted < nleft || left(s->envelope)))
		return abandon(s);
	/* what is known to be in vain is not begun */
	if (s->head == s->tail && s->naccepted == 0)
		return 0;
	if (s->options->check)
		return checked(s);
	return chunking ? content_bdat(s, is_last(s)) : data(s);
}

int
transact(struct session *s)
{
	size_t nleft;

	/* each gives a verdict to one at least, so there is an end */
	while ((nleft = envelope_begin(s->envelope)) > 0 ||
	       s->options->quit_after == STAGE_MAIL) {
		if (s->over)
			return lost(s, FAIL_PROTOCOL, NULL,
			    "DATA: 354 although nobody was accepted");
		if (s->extensions.mailmax &&
		    s->ntransaction == s->extensions.mailmax)
			return stop(s, FAIL_CONNECTION, NULL,
			    "the server takes no more transactions in this "
			    "session (LIMITS)");
		if (s->begun && reset(s) == -1)
			return -1;
		if (transaction(s, nleft) == -1)
			return -1;
		if (s->options->quit_after)
			return 0;
	}
	return 0;
}
