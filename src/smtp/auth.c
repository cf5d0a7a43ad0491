#include <stdlib.h>
#include <string.h>

#include "smtp/auth.h"
#include "smtp/exchange.h"
#include "smtp/redact.h"
#include "smtp/verdict.h"

#define CHALLENGES 10 /* R-4954-10 */
#define COMMAND_LINE 512 /* with CRLF; RFC 4954 4 */
#define RESPONSE_LINE 12288

enum result {
	LOGGED_IN,
	TRY_NEXT,
	TRY_AGAIN, /* the same mechanism, with what is new now */
	FAILED
};

/* A failed login says nothing about the recipients: they are unsent (O-08). */
static enum result
no_login(struct session *s, const char *hint)
{
	struct buf words = { 0 };

	reply_words(&s->reply, &words);
	stop(s, FAIL_AUTH, hint, "AUTH: %s", buf_str(&words));
	buf_free(&words);
	return FAILED;
}

/* This mechanism cannot be used; the reason counts if no other can. */
static enum result
try_next(struct session *s, const struct mechanism *m)
{
	struct buf words = { 0 };

	reply_words(&s->reply, &words);
	problem_set(
	    &s->skipped, FAIL_AUTH, "AUTH %s: %s", m->name, buf_str(&words));
	buf_free(&words);
	return TRY_NEXT;
}

/* A token may have expired: once, a fresh one is asked for. */
static enum result
renew(struct session *s)
{
	struct problem why = { 0 };
	enum result result = FAILED;

	if (s->options->renew == NULL || s->renewed)
		return FAILED;
	s->renewed = true;
	if (s->options->renew(s->options->renewer, &why) == 0) {
		trace_note(s->trace, 1,
		    "the token was refused: trying with a fresh one");
		hide_all(s, &s->options->credentials->password);
		result = TRY_AGAIN;
	} else if (why.class == FAIL_SIGNAL) {
		lost(s, why.class, NULL, "%s", buf_str(&why.text));
	} else {
		trace_note(
		    s->trace, 1, "no fresh token: %s", buf_str(&why.text));
	}
	problem_free(&why);
	return result;
}

/* The server has said why in its own way, or not at all. */
static enum result
token_refused(struct session *s, struct exchange *x)
{
	struct buf words = { 0 };
	enum result result = renew(s);

	if (result == FAILED && !s->over) {
		reply_words(&s->reply, &words);
		redact(s, &x->refusal);
		stop(s, FAIL_AUTH,
		    "the token may have expired, or be for another user or "
		    "another service",
		    "AUTH: %s%s%s", buf_str(&words),
		    buf_len(&x->refusal) ? ": " : "", buf_str(&x->refusal));
		buf_free(&words);
	}
	return result;
}

/* What a no to AUTH means (R-4954-08). */
static enum result
refused(struct session *s, struct exchange *x)
{
	if (buf_len(&x->refusal))
		return token_refused(s, x);
	switch (s->reply.code) {
	case 503: /* logged in already, by certificate or by address */
		if (x->challenged || x->mechanism->mutual)
			return no_login(s, NULL);
		trace_note(s->trace, 1,
		    "going on: the server says that this is logged in");
		return LOGGED_IN;
	case 504:
	case 534:
		if (x->challenged) /* it knew the mechanism, so far */
			return no_login(s, NULL);
		/* or else somebody in the middle could have it his way */
		s->binding |= x->mechanism->binds;
		return try_next(s, x->mechanism);
	case 535:
		if (x->mechanism->by == BY_TOKEN)
			return token_refused(s, x);
		if (x->mechanism->by == BY_OTHER)
			return no_login(s, NULL);
		return no_login(s,
		    "wrong user name or password, or an application password "
		    "is wanted");
	case 538:
		return no_login(s, "use --tls=starttls, or submissions://HOST");
	default:
		if (reply_class(&s->reply) == 5 || s->reply.code == 432)
			return no_login(s, NULL);
		denied(s, FAIL_SERVER, NULL, "AUTH");
		return FAILED;
	}
}

/* Whether the server may know another kind of channel binding. */
static bool
rebind(struct session *s, const struct exchange *x)
{
	struct buf octets = { .secret = true };
	const char *kind = NULL;

	if (x->rebind)
		kind = tls_binding(s->conn, ++s->kind, &octets);
	buf_free(&octets);
	return kind != NULL;
}

/* Gives up a mechanism in the middle: "*", and 501 is the answer (RFC 4954 4).
 * Whatever else comes, the server is not where we are (F-350). Who could not
 * prove to be the server is not told more. */
static enum result
cancel(struct session *s, const struct exchange *x)
{
	const struct problem *why = &x->problem;
	const char *text = buf_head(&why->text);
	int len = (int)buf_len(&why->text);

	/* the cause, should the server go away now */
	problem_hint(&s->problem, why->class, why->hint, "%.*s", len, text);
	if (say(s, CMD_RESPONSE, 0, "*") == -1)
		return FAILED;
	if (s->reply.code == 501 && rebind(s, x)) {
		problem_free(&s->problem);
		return TRY_AGAIN;
	}
	if (x->mechanism->mutual) {
		stop(s, why->class, why->hint, "%.*s", len, text);
		return FAILED;
	}
	problem_free(&s->problem);
	if (s->reply.code != 501) {
		lost(s, FAIL_AUTH, NULL, "AUTH: %d to a cancelled exchange",
		    s->reply.code);
		return FAILED;
	}
	problem_hint(&s->skipped, why->class, why->hint, "%.*s", len, text);
	return TRY_NEXT;
}

/* What proves the server to be itself would let who sees it try passwords. Of
 * what may follow it in the same base64 only the beginning is the same. */
static void
hide_proof(struct session *s, const struct buf *proof)
{
	struct buf encoded = { 0 };

	base64_encode(&encoded, buf_head(proof), buf_len(proof) / 3 * 3);
	hide(s, buf_head(&encoded), buf_len(&encoded));
	buf_free(&encoded);
}

/* What can be tried against passwords: the answer as it is, and its last word,
 * which is the digest or the proof. */
static void
hide_answer(struct session *s, struct buf *answer)
{
	const char *text = buf_str(answer), *last = strrchr(text, ' ');
	const char *proof = strstr(text, ",p=");

	if (last)
		hide(s, last + 1, strlen(last + 1));
	if (proof)
		hide(s, proof + 3, strlen(proof + 3));
}

/* One response, in base64; it is hidden from here on. */
static int
respond(struct session *s, struct exchange *x, const struct buf *challenge,
    struct buf *encoded)
{
	struct buf response = { .secret = true };
	int rv = x->mechanism->respond(x, challenge, &response);

	encoded->secret = true;
	if (rv == 0) {
		base64_encode(encoded, buf_head(&response), buf_len(&response));
		hide(s, buf_str(encoded), buf_len(encoded));
		if (x->mechanism->by == BY_PASSWORD && !x->mechanism->cleartext)
			hide_answer(s, &response);
		hide_proof(s, &x->proof);
	}
	buf_free(&response);
	return rv;
}

/* AUTH itself. The initial response goes with it if it fits (R-4954-03), and
 * counts as made then. */
static int
begin(struct session *s, struct exchange *x)
{
	const char *name = x->mechanism->name;
	bool initial = x->mechanism->initial;
	struct buf first = { .secret = true }, none = { 0 };
	int rv;

	if (initial && respond(s, x, &none, &first) == -1)
		return stop(s, x->problem.class, x->problem.hint, "%s",
		    buf_str(&x->problem.text));
	if (initial && strlen("AUTH  \r\n") + strlen(name) + buf_len(&first) <=
			   COMMAND_LINE) {
		x->step++;
		rv = say(s, CMD_AUTH, 0, "AUTH %s %s", name,
		    buf_len(&first) ? buf_str(&first) : "=");
	} else {
		rv = say(s, CMD_AUTH, 0, "AUTH %s", name);
	}
	buf_free(&first);
	return rv;
}

/* Answers one challenge. 0: done, the next reply is in. */
static int
challenged(struct session *s, struct exchange *x)
{
	const char *name = x->mechanism->name;
	struct buf challenge = { .secret = true }, encoded = { .secret = true };
	int rv = -1;

	if (x->step == CHALLENGES)
		problem_set(&x->problem, FAIL_PROTOCOL,
		    "AUTH %s: more than %d challenges", name, CHALLENGES);
	else if (s->reply.nline == 1 &&
		 base64_decode(&challenge, buf_head(&s->reply.text),
		     buf_len(&s->reply.text)) == 0)
		rv = respond(s, x, &challenge, &encoded);
	else
		problem_set(&x->problem, FAIL_PROTOCOL,
		    "AUTH %s: the challenge is not base64", name);
	if (rv == 0 && buf_len(&encoded) > RESPONSE_LINE - 2)
		rv = problem_set(&x->problem, FAIL_AUTH,
		    "AUTH %s: the response is too long", name);
	if (rv == 0) {
		x->step++;
		rv = say(s, CMD_RESPONSE, 0, "%s", buf_str(&encoded));
	}
	buf_free(&challenge);
	buf_free(&encoded);
	return rv;
}

static enum result
converse(struct session *s, struct exchange *x)
{
	const struct mechanism *m = x->mechanism;

	if (begin(s, x) == -1)
		return FAILED;
	while (s->reply.code == 334) {
		x->challenged = true;
		if (challenged(s, x) == -1)
			return s->over ? FAILED : cancel(s, x);
	}
	if (reply_class(&s->reply) >= 4)
		return refused(s, x);
	if (s->reply.code != 235 || buf_len(&x->refusal)) {
		lost(s, FAIL_PROTOCOL, NULL, "AUTH %s: %d is no answer to that",
		    m->name, s->reply.code);
		return FAILED;
	}
	/* Success before we have shown who we are, or the server has, is an
	 * impostor's (F-169, F-172). */
	if (x->step < m->responses) {
		lost(s, FAIL_AUTH, NULL,
		    "AUTH %s: the server says yes before it can know", m->name);
		return FAILED;
	}
	return LOGGED_IN;
}

/* Whether the server offers a mechanism of ours with channel binding: others
 * may have been put into its offer. */
static bool
offers_binding(const struct session *s)
{
	const struct mechanism *m;
	size_t i;

	for (i = 0; (m = sasl_mechanism(i)) != NULL; i++)
		if (m->binds && extensions_mechanism(&s->extensions, m->name))
			return true;
	return false;
}

static enum result
attempt(struct session *s, const struct mechanism *m)
{
	struct exchange x = { .mechanism = m,
		.credentials = s->options->credentials,
		.host = s->server->host,
		.port = s->server->port,
		.bound = { .secret = true },
		.unbound = !offers_binding(s),
		.text = { .secret = true },
		.patience = { s->conn->interrupt, s->options->deadline } };
	enum result result;

	if (m->hash)
		x.binding = tls_binding(s->conn, s->kind, &x.bound);
	result = converse(s, &x);
	exchange_free(&x);
	return result;
}

/* Whether credentials may be sent on this connection (R-8314-02, R-ID-08). */
static bool
is_safe(const struct session *s)
{
	return s->protection == VERIFIED || s->loopback ||
	       s->options->allow_cleartext_auth;
}

static bool
is_wanted(const struct session *s, const struct mechanism *m)
{
	const struct credentials *c = s->options->credentials;
	const char *at = s->options->mechanisms;

	if ((c->authzid && !m->authzid) || (s->binding && !m->binds))
		return false;
	if (m->by != c->proof && !(m->by == BY_OTHER && c->external))
		return false;
	for (; at && (at = strstr(at, m->name)) != NULL; at++)
		if (at[-1] == ' ' && at[strlen(m->name)] == ' ')
			return true;
	return s->options->mechanisms == NULL;
}

/* Whether this connection has what the mechanism binds to. */
static bool
is_possible(const struct session *s, const struct mechanism *m)
{
	struct buf octets = { .secret = true };
	bool bound = m->binds && tls_binding(s->conn, s->kind, &octets);

	buf_free(&octets);
	return bound || !m->binds;
}

/* Whether a mechanism's turn is now: what shows the password comes last where
 * others could read it. */
static bool
is_next(const struct session *s, const struct mechanism *m, bool last)
{
	return extensions_mechanism(&s->extensions, m->name) &&
	       is_wanted(s, m) && is_possible(s, m) &&
	       (m->cleartext && s->protection == CLEARTEXT && !s->loopback) ==
		   last;
}

static int
no_mechanism(struct session *s)
{
	const struct credentials *c = s->options->credentials;
	const struct buf *offered = &s->extensions.mechanisms;
	const char *what = "can be used", *hint = NULL;

	if (c->authzid)
		what = "has a place for --authzid";
	else if (s->options->mechanisms)
		what = "--auth allows";
	else if (c->proof == BY_TOKEN)
		what = "takes a token";
	else if (extensions_mechanism(&s->extensions, "XOAUTH2") ||
		 extensions_mechanism(&s->extensions, "OAUTHBEARER"))
		hint = "it takes tokens: --token-command, --token-file";
	if (buf_len(offered) == 0)
		return stop(s, FAIL_AUTH, NULL,
		    "AUTH: the server offers no mechanism at all");
	return stop(s, FAIL_AUTH, hint,
	    "AUTH: the server offers no mechanism that %s: %.*s", what,
	    (int)buf_len(offered) - 2, /* a space on each side */
	    buf_head(offered) + 1);
}

/* The mechanisms in our order, not the server's (R-4954-09). */
static int
try_all(struct session *s)
{
	const struct mechanism *m;
	enum result result;
	size_t i;
	int last;

	for (last = 0; last < 2; last++)
		for (i = 0; (m = sasl_mechanism(i)) != NULL; i++) {
			if (!is_next(s, m, last))
				continue;
			do
				result = attempt(s, m);
			while (result == TRY_AGAIN);
			if (result == FAILED)
				return -1;
			if (result == LOGGED_IN)
				return 0;
		}
	if (s->skipped.class != FAIL_NONE)
		return stop(s, s->skipped.class, s->skipped.hint, "%s",
		    buf_str(&s->skipped.text));
	return no_mechanism(s);
}

int
authenticate(struct session *s)
{
	const struct credentials *c = s->options->credentials;

	if (c == NULL)
		return 0;
	enter(s, STAGE_AUTH);
	if (!is_safe(s) && s->protection == ENCRYPTED)
		return stop(s, FAIL_AUTH,
		    "--tls-ca FILE verifies it; --allow-cleartext-auth would "
		    "send the password all the same",
		    "no login: the server's certificate is not verified");
	if (!is_safe(s))
		return stop(s, FAIL_AUTH,
		    "--tls=starttls or submissions://HOST protects it; "
		    "--allow-cleartext-auth would send it all the same",
		    "no login: the connection is not protected by TLS");
	if (!(s->extensions.offered & EXT_AUTH) && s->protection == CLEARTEXT)
		return stop(s, FAIL_AUTH,
		    "many servers offer it only after TLS: --tls=starttls",
		    "the server does not offer AUTH");
	if (!(s->extensions.offered & EXT_AUTH))
		return stop(s, FAIL_AUTH, "without --user no login is tried",
		    "the server does not offer AUTH");
	hide_all(s, &c->password);
	return try_all(s);
}
