#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "smtp/auth.h"
#include "smtp/exchange.h"
#include "smtp/fit.h"
#include "smtp/session.h"
#include "smtp/transaction.h"
#include "smtp/verdict.h"

static int
start_tls(struct session *s)
{
	const struct tls_options *asked = &s->options->certificates;
	/* who names authorities or a name wants them to be looked at */
	bool lenient = s->options->tls == TLS_AUTO && s->loopback &&
		       !asked->authorities && !asked->name;
	enum tls_trust trust = lenient ? TLS_LENIENT : TLS_STRICT;
	bool verified;

	enter(s, STAGE_TLS);
	deadline_for(s, CMD_STARTTLS);
	if (tls_start(s->conn, &s->options->certificates, trust,
		s->server->host, s->trace, &verified, &s->problem) == -1) {
		if (clock_now() >= s->options->deadline) {
			problem_free(&s->problem);
			return lost_event(s, CONN_LATE, "TLS handshake");
		}
		return lost(
		    s, s->problem.class, NULL, "%s", buf_str(&s->problem.text));
	}
	s->protection = verified ? VERIFIED : ENCRYPTED;
	return 0;
}

/* TLS from the first octet, at a port where others begin in cleartext. */
static int
start_implicit(struct session *s)
{
	uint16_t port = s->server->port;

	if (start_tls(s) == 0)
		return 0;
	if ((s->problem.class == FAIL_CONNECTION ||
		s->problem.class == FAIL_PROTOCOL) &&
	    s->problem.hint == NULL && (port == 25 || port == 587))
		s->problem.hint =
		    "this port begins in cleartext as a rule: use "
		    "submission://HOST, or --tls=starttls";
	return -1;
}

/* RFC 5321 3.1, 4.3.1: nothing is said before the greeting. */
static int
greeting(struct session *s)
{
	if (s->options->tls == TLS_IMPLICIT && start_implicit(s) == -1)
		return -1;
	if (expect(s, CMD_GREETING) == -1)
		return -1;
	if (reply_class(&s->reply) == 2) {
		s->moved_on = true;
		reply_words(&s->reply, &s->greeting);
		return 0;
	}
	s->moved_on = reply_class(&s->reply) == 5;
	return denied(s, FAIL_SERVER, NULL, "greeting");
}

/* An old server does not know EHLO; what it cannot do then must not be needed
 * (D-05, R-5321-10, R-3207-09). */
static bool
may_fall_back(const struct session *s)
{
	switch (s->reply.code) {
	case 521:
	case 530:
	case 554:
	case 556:
		return false;
	default:
		return reply_class(&s->reply) == 5 && !s->upgraded;
	}
}

static int
helo(struct session *s)
{
	if (s->options->credentials)
		return stop(s, FAIL_AUTH, NULL,
		    "the server knows only HELO, which has no AUTH");
	if (s->options->tls == TLS_STARTTLS)
		return stop(s, FAIL_AUTH, NULL,
		    "the server knows only HELO, which has no STARTTLS");
	if (parameters_any(&s->options->parameters))
		return unfit(s, NULL,
		    "the server knows only HELO, which has no parameters of "
		    "MAIL and RCPT");
	if (say(s, CMD_HELO, 0, "HELO %s", s->helo) == -1)
		return -1;
	s->helo_only = true;
	if (reply_class(&s->reply) == 2)
		return 0;
	return denied(s, FAIL_SERVER, NULL, "HELO");
}

static int
say_hello(struct session *s)
{
	return say(s, CMD_EHLO, 0, "%s %s", s->options->lmtp ? "LHLO" : "EHLO",
	    s->helo);
}

/* Takes in what EHLO was answered. */
static void
learn(struct session *s)
{
	struct buf *offer = &s->offers[tls_version(s->conn) != NULL];

	buf_clear(offer);
	buf_add(offer, buf_head(&s->reply.text), buf_len(&s->reply.text));
	extensions_read(&s->extensions, &s->reply);
}

static int
hello(struct session *s)
{
	extensions_free(&s->extensions);
	if (s->options->no_esmtp)
		return helo(s);
	if (say_hello(s) == -1)
		return -1;
	if (reply_class(&s->reply) == 2) {
		learn(s);
		return 0;
	}
	if (s->options->lmtp && reply_class(&s->reply) == 5)
		return stop(s, FAIL_PROTOCOL,
		    "a server that does not know LHLO speaks SMTP, not LMTP",
		    "LHLO: %d", s->reply.code);
	if (may_fall_back(s))
		return helo(s);
	return denied(
	    s, s->reply.code == 530 ? FAIL_AUTH : FAIL_SERVER, NULL, "EHLO");
}

static int
refused_tls(struct session *s)
{
	struct buf words = { 0 };

	if (reply_class(&s->reply) == 4)
		return denied(s, FAIL_SERVER, NULL, "STARTTLS");
	reply_words(&s->reply, &words);
	stop(s, FAIL_AUTH,
	    "the server offers STARTTLS, so it is not left out; --tls=none "
	    "would send in cleartext",
	    "STARTTLS: %s", buf_str(&words));
	buf_free(&words);
	return -1;
}

/* RFC 3207. Once it is offered the session is TLS or nothing; what was learnt
 * before is forgotten. */
static int
secure(struct session *s)
{
	if (s->options->tls == TLS_NONE || s->protection != CLEARTEXT)
		return 0;
	if (!(s->extensions.offered & EXT_STARTTLS)) {
		if (s->options->tls == TLS_AUTO) {
			trace_note(s->trace, 1,
			    "no STARTTLS offered: going on in cleartext");
			return 0;
		}
		return stop(s, FAIL_AUTH,
		    "this port may want TLS from the start: "
		    "submissions://HOST",
		    "the server does not offer STARTTLS");
	}
	if (say(s, CMD_STARTTLS, 0, "STARTTLS") == -1)
		return -1;
	if (s->reply.code != 220) /* R-3207-02 */
		return refused_tls(s);
	conn_peek(s->conn);
	if (interrupted(s)) /* R-3207-03, S-20 */
		return lost(s, FAIL_PROTOCOL,
		    "somebody between here and the server may be adding to "
		    "what it says",
		    "STARTTLS: octets in cleartext came behind the reply");
	if (start_tls(s) == -1)
		return -1;
	s->upgraded = true;
	return hello(s);
}

/* In place of a transaction, one after another (RFC 5321 3.5). */
static int
ask(struct session *s)
{
	const struct session_options *o = s->options;
	size_t i;

	for (i = 0; i < o->nquestion; i++)
		if (o->questions[i].utf8 &&
		    !(s->extensions.offered & EXT_SMTPUTF8))
			return unfit(s, NULL,
			    "an address is not ASCII, and the server does not "
			    "offer SMTPUTF8");
	for (i = 0; i < o->nquestion; i++) {
		if (say(s, CMD_QUESTION, i, "%s%s", o->questions[i].line,
			o->questions[i].utf8 ? " SMTPUTF8" : "") == -1)
			return -1;
		o->replied(o->asker, i, &s->reply);
		if (reply_class(&s->reply) == 3)
			return lost(s, FAIL_PROTOCOL, NULL,
			    "%s: %d asks for more, and there is none",
			    o->questions[i].line, s->reply.code);
	}
	return 0;
}

/* Whether the user wants no more than this stage. */
static bool
enough(const struct session *s, enum stage stage)
{
	return s->options->quit_after == stage;
}

/* All that must be known before MAIL. Servers exist that offer more to who has
 * logged in; they are asked again only if it is needed. */
static int
ready(struct session *s)
{
	struct problem why = { 0 };
	int rv = fit(s, &why);

	if (rv == -1 && s->options->credentials) {
		if (say_hello(s) == -1) {
			problem_free(&why);
			return -1;
		}
		if (reply_class(&s->reply) == 2) {
			learn(s);
			problem_free(&why);
			rv = fit(s, &why);
		}
	}
	if (rv == -1)
		unfit(s, why.hint, "%s", buf_str(&why.text));
	problem_free(&why);
	return rv;
}

static int
converse(struct session *s)
{
	if (enough(s, STAGE_CONNECT)) {
		s->over = true; /* nothing is said before the greeting */
		return 0;
	}
	if (greeting(s) == -1 || enough(s, STAGE_BANNER))
		return s->problem.class == FAIL_NONE ? 0 : -1;
	if (hello(s) == -1)
		return -1;
	if (enough(s, STAGE_EHLO))
		return 0;
	if (secure(s) == -1)
		return -1;
	if (enough(s, STAGE_STARTTLS))
		return 0;
	if (authenticate(s) == -1)
		return -1;
	if (s->options->credentials)
		reply_words(&s->reply, &s->login);
	if (enough(s, STAGE_AUTH) || s->options->probe)
		return 0;
	if (s->options->questions)
		return ask(s);
	return ready(s) == -1 ? -1 : transact(s);
}

int
session_run(struct session *s)
{
	int rv = converse(s);

	if (s->options->quit_after)
		envelope_decide_all(s->envelope, UNSENT, s->stage, NULL,
		    "no more was wanted (--quit-after)");
	enter(s, STAGE_QUIT);
	return rv;
}

void
session_end(struct session *s)
{
	quit(s);
	conn_close(s->conn);
	problem_free(&s->skipped);
	buf_free(&s->greeting);
	buf_free(&s->login);
	buf_free(&s->offers[0]);
	buf_free(&s->offers[1]);
	reply_free(&s->reply);
	extensions_free(&s->extensions);
	buf_free(&s->subject);
	buf_free(&s->hidden);
	free(s->pending);
	s->pending = NULL;
}
