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

/* What a no to AUTH means (R-4954-08). */
static enum result
refused(struct session *s, const struct mechanism *m)
{
	switch (s->reply.code) {
	case 503: /* logged in already, by certificate or by address */
		trace_note(s->trace, 1,
		    "going on: the server says that this is logged in");
		return LOGGED_IN;
	case 504:
	case 534:
		return try_next(s, m);
	case 535:
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

/* Gives up a mechanism in the middle: "*", and 501 is the answer (RFC 4954 4).
 * Whatever else comes, the server is not where we are (F-350). */
static enum result
cancel(struct session *s)
{
	/* the cause, should the server go away now */
	problem_set(
	    &s->problem, s->skipped.class, "%s", buf_str(&s->skipped.text));
	if (say(s, CMD_RESPONSE, 0, "*") == -1)
		return FAILED;
	problem_free(&s->problem);
	if (s->reply.code == 501)
		return TRY_NEXT;
	lost(s, FAIL_AUTH, NULL, "AUTH: %d to a cancelled exchange",
	    s->reply.code);
	return FAILED;
}

/* One response, in base64; it is hidden from here on. */
static int
respond(struct session *s, const struct mechanism *m, int step,
    const struct buf *challenge, struct buf *encoded)
{
	struct buf response = { .secret = true };
	int rv = m->respond(
	    s->options->credentials, step, challenge, &response, &s->skipped);

	encoded->secret = true;
	if (rv == 0) {
		base64_encode(encoded, buf_head(&response), buf_len(&response));
		hide(s, buf_str(encoded), buf_len(encoded));
	}
	buf_free(&response);
	return rv;
}

/* AUTH itself. The initial response goes with it if it fits (R-4954-03); step
 * is then 1. */
static int
begin(struct session *s, const struct mechanism *m, int *step)
{
	struct buf first = { .secret = true }, none = { 0 };
	int rv;

	*step = 0;
	if (m->initial && respond(s, m, 0, &none, &first) == -1)
		return stop(
		    s, s->skipped.class, NULL, "%s", buf_str(&s->skipped.text));
	if (m->initial &&
	    strlen("AUTH  \r\n") + strlen(m->name) + buf_len(&first) <=
		COMMAND_LINE) {
		*step = 1;
		rv = say(s, CMD_AUTH, 0, "AUTH %s %s", m->name,
		    buf_len(&first) ? buf_str(&first) : "=");
	} else {
		rv = say(s, CMD_AUTH, 0, "AUTH %s", m->name);
	}
	buf_free(&first);
	return rv;
}

/* Answers one challenge. 0: done, the next reply is in. */
static int
challenged(struct session *s, const struct mechanism *m, int step)
{
	struct buf challenge = { .secret = true }, encoded = { .secret = true };
	int rv = -1;

	if (s->reply.nline == 1 &&
	    base64_decode(&challenge, buf_head(&s->reply.text),
		buf_len(&s->reply.text)) == 0)
		rv = respond(s, m, step, &challenge, &encoded);
	else
		problem_set(&s->skipped, FAIL_PROTOCOL,
		    "AUTH %s: the challenge is not base64", m->name);
	if (rv == 0 && buf_len(&encoded) > RESPONSE_LINE - 2)
		rv = problem_set(&s->skipped, FAIL_AUTH,
		    "AUTH %s: the response is too long", m->name);
	if (rv == 0 && say(s, CMD_RESPONSE, 0, "%s", buf_str(&encoded)) == -1)
		rv = -1;
	buf_free(&challenge);
	buf_free(&encoded);
	return rv;
}

static enum result
attempt(struct session *s, const struct mechanism *m)
{
	int step;

	if (begin(s, m, &step) == -1)
		return FAILED;
	while (s->reply.code == 334) {
		if (step == CHALLENGES)
			problem_set(&s->skipped, FAIL_PROTOCOL,
			    "AUTH %s: more than %d challenges", m->name,
			    CHALLENGES);
		if (step == CHALLENGES || challenged(s, m, step++) == -1)
			return s->over ? FAILED : cancel(s);
	}
	if (reply_class(&s->reply) >= 4)
		return refused(s, m);
	if (s->reply.code != 235) {
		lost(s, FAIL_PROTOCOL, NULL, "AUTH %s: %d is no answer to that",
		    m->name, s->reply.code);
		return FAILED;
	}
	/* Success before we have shown who we are is an impostor's (F-169). */
	if (step < m->responses) {
		lost(s, FAIL_AUTH, NULL,
		    "AUTH %s: the server says yes before it can know", m->name);
		return FAILED;
	}
	return LOGGED_IN;
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
	const char *at = s->options->mechanisms;

	if (s->options->credentials->authzid && !m->authzid)
		return false;
	for (; at && (at = strstr(at, m->name)) != NULL; at++)
		if (at[-1] == ' ' && at[strlen(m->name)] == ' ')
			return true;
	return s->options->mechanisms == NULL;
}

/* Whether a mechanism's turn is now: what shows the password comes last where
 * others could read it. */
static bool
is_next(const struct session *s, const struct mechanism *m, bool last)
{
	return extensions_mechanism(&s->extensions, m->name) &&
	       is_wanted(s, m) &&
	       (m->cleartext && s->protection == CLEARTEXT && !s->loopback) ==
		   last;
}

static int
no_mechanism(struct session *s)
{
	const struct buf *offered = &s->extensions.mechanisms;
	const char *what = "can be used";

	if (s->options->credentials->authzid)
		what = "has a place for --authzid";
	else if (s->options->mechanisms)
		what = "--auth allows";
	if (buf_len(offered) == 0)
		return stop(s, FAIL_AUTH, NULL,
		    "AUTH: the server offers no mechanism at all");
	return stop(s, FAIL_AUTH, NULL,
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
			result = attempt(s, m);
			if (result == FAILED)
				return -1;
			if (result == LOGGED_IN)
				return 0;
		}
	if (s->skipped.class != FAIL_NONE)
		return stop(
		    s, s->skipped.class, NULL, "%s", buf_str(&s->skipped.text));
	return no_mechanism(s);
}

static void
hide_hex(struct session *s, const struct buf *password, const char *digits)
{
	const char *p = buf_head(password), *end = p + buf_len(password);
	struct buf hex = { .secret = true };

	for (; p < end; p++) {
		buf_add(&hex, &digits[(unsigned char)*p >> 4], 1);
		buf_add(&hex, &digits[*p & 15], 1);
	}
	hide(s, buf_head(&hex), buf_len(&hex));
	buf_free(&hex);
}

/* As it is, and as a server that quotes it would show it. */
static void
hide_password(struct session *s)
{
	const struct buf *password = &s->options->credentials->password;
	struct buf encoded = { .secret = true };

	hide(s, buf_head(password), buf_len(password));
	base64_encode(&encoded, buf_head(password), buf_len(password));
	hide(s, buf_head(&encoded), buf_len(&encoded));
	hide_hex(s, password, "0123456789abcdef");
	hide_hex(s, password, "0123456789ABCDEF");
	buf_free(&encoded);
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
	hide_password(s);
	return try_all(s);
}
