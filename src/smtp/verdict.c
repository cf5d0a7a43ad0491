#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "smtp/verdict.h"

void
reply_words(const struct reply *reply, struct buf *out)
{
	char *p;
	size_t n = buf_len(&reply->text);

	buf_addf(out, "%03d%s%s%s", reply->code, *reply->enhanced ? " " : "",
	    reply->enhanced, n ? " " : "");
	buf_add(out, buf_head(&reply->text), n);
	for (p = out->data + out->tail - n; n--; p++)
		if (*p == '\n')
			*p = ' ';
}

bool
committed(const struct session *s)
{
	return s->commit && s->conn->sent >= s->commit;
}

/* The first problem is what counts; but a server that breaks the protocol, and
 * a signal, are worse than what it said before. */
static bool
is_worse(const struct session *s, enum failure class)
{
	return class != s->problem.class &&
	       (class == FAIL_SIGNAL || class == FAIL_PROTOCOL);
}

static void
end(struct session *s, enum failure class, const char *hint, const char *fmt,
    va_list ap)
{
	struct buf text = { 0 };

	buf_vaddf(&text, fmt, ap);
	if (is_worse(s, class))
		problem_free(&s->problem);
	problem_hint(&s->problem, class, hint, "%s", buf_str(&text));
	if (committed(s))
		envelope_decide_taken(
		    s->envelope, UNKNOWN, s->stage, NULL, buf_str(&text));
	envelope_decide_all(
	    s->envelope, UNSENT, s->stage, NULL, buf_str(&text));
	buf_free(&text);
}

int
lost(struct session *s, enum failure class, const char *hint, const char *fmt,
    ...)
{
	va_list ap;

	va_start(ap, fmt);
	end(s, class, hint, fmt, ap);
	va_end(ap);
	s->over = true;
	return -1;
}

int
stop(struct session *s, enum failure class, const char *hint, const char *fmt,
    ...)
{
	va_list ap;

	va_start(ap, fmt);
	end(s, class, hint, fmt, ap);
	va_end(ap);
	return -1;
}

/* Who awaits a greeting in cleartext at a port for TLS waits for ever. */
static const char *
silence(const struct session *s)
{
	if (s->stage == STAGE_BANNER && s->server->port == 465 &&
	    s->protection == CLEARTEXT)
		return "at port 465 TLS comes first: use submissions://HOST, "
		       "or --tls=implicit";
	/* R-2920-08: servers that throw away what was sent ahead exist */
	if (s->tail - s->head > 1 && !committed(s))
		return "if the server cannot take commands in a group, "
		       "use --no-pipelining";
	return NULL;
}

static int
too_late(struct session *s, const char *doing)
{
	if (clock_now() >= s->options->deadline)
		return lost(s, FAIL_CONNECTION, NULL,
		    "%s: the time of --deadline is over", doing);
	if (buf_len(&s->conn->out))
		return lost(s, FAIL_CONNECTION, NULL,
		    "%s: the server does not take what is sent", doing);
	return lost(
	    s, FAIL_CONNECTION, silence(s), "%s: no reply in time", doing);
}

/* Why what the server ended was perhaps ended. */
static const char *
ended(const struct session *s, enum conn_event event)
{
	if (event == CONN_BROKEN && s->conn->fault == FAULT_REFUSED)
		return s->options->certificates.identity
			   ? "the server wants another certificate of this "
			     "client: --tls-cert FILE"
			   : "--tls-cert FILE, with --tls-key FILE";
	return s->stage == STAGE_BANNER ? silence(s) : NULL;
}

int
lost_event(struct session *s, enum conn_event event, const char *doing)
{
	static const enum failure class[] = {
		[FAULT_NETWORK] = FAIL_CONNECTION,
		[FAULT_PROTOCOL] = FAIL_PROTOCOL,
		[FAULT_REFUSED] = FAIL_AUTH,
	};

	if (event == CONN_SIGNAL)
		return lost(s, FAIL_SIGNAL, NULL, "%s: interrupted", doing);
	if (event == CONN_LATE)
		return too_late(s, doing);
	return lost(s,
	    event == CONN_BROKEN ? class[s->conn->fault] : FAIL_CONNECTION,
	    ended(s, event), "%s: %s", doing, conn_reason(s->conn, event));
}

/* States the problem, and that this reply decided. */
static void
state_no(
    struct session *s, enum failure class, const char *hint, const char *what)
{
	struct buf words = { 0 };

	reply_words(&s->reply, &words);
	problem_hint(&s->problem, class, hint, "%s: %s", what, buf_str(&words));
	if (buf_len(&s->final) == 0) /* else an earlier message was accepted */
		buf_add(&s->final, buf_head(&words), buf_len(&words));
	buf_free(&words);
}

int
denied(
    struct session *s, enum failure class, const char *hint, const char *what)
{
	state_no(s, class, hint, what);
	envelope_decide_all(s->envelope,
	    reply_class(&s->reply) == 4 ? DEFERRED : REFUSED, s->stage,
	    &s->reply, NULL);
	return -1;
}

int
unfit(struct session *s, const char *hint, const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	problem_hint(&s->problem, FAIL_MESSAGE, hint, "%s", buf_str(&text));
	envelope_decide_all(
	    s->envelope, REFUSED, STAGE_LOCAL, NULL, buf_str(&text));
	buf_free(&text);
	return -1;
}

/* 530 and 538 are the server's way to ask for a login, or for TLS before it
 * (RFC 4954 6); what it says of the recipient itself is not more than that. */
static const char *
login_wanted(const struct session *s)
{
	if (s->reply.code == 538)
		return "use --tls=starttls, or submissions://HOST";
	if (s->protection == CLEARTEXT && s->extensions.offered & EXT_STARTTLS)
		return "the server wants TLS, and a login perhaps: "
		       "--tls=starttls, --user NAME";
	if (s->options->credentials == NULL)
		return "the server wants a login: --user NAME";
	return "the server wants another login, or TLS before it";
}

static bool
is_login_wanted(const struct reply *reply)
{
	return reply->code == 530 || reply->code == 538;
}

/* 452 and 552 at RCPT mean too much mail, or too many recipients for one
 * transaction (D-02: RFC 1870 6.4, RFC 5321 4.5.3.1.10); X.5.3 means the latter
 * (RFC 3463 3.6), and servers exist that say it with 451. */
static bool
is_too_many(const struct session *s)
{
	const char *detail = strchr(s->reply.enhanced, '.');
	bool usual = s->reply.code == 452 || s->reply.code == 552;

	if (detail && strcmp(detail, ".5.3") == 0)
		return usual || reply_class(&s->reply) == 4;
	return usual && detail == NULL && s->naccepted > 0;
}

static void
take_in(struct session *s, struct recipient *r)
{
	struct buf words = { 0 };

	s->naccepted++;
	r->taken = true;
	reply_words(&s->reply, &words);
	free(r->said);
	r->said = verdict_text(buf_head(&words), buf_len(&words));
	buf_free(&words);
	if (s->options->check)
		verdict_keep(&r->own, WILLING, STAGE_RCPT, &s->reply, NULL);
}

static void
heed_rcpt(struct session *s, size_t i)
{
	struct recipient *r = &s->envelope->recipients[i];
	bool too_many = is_too_many(s);
	struct buf words = { 0 };

	if (!envelope_open(s->envelope, i)) { /* MAIL was refused before */
		s->astray |= reply_class(&s->reply) == 2;
		return;
	}
	if (reply_class(&s->reply) == 2) {
		take_in(s, r);
		return;
	}
	envelope_decide(s->envelope, i,
	    reply_class(&s->reply) == 4 || too_many ? DEFERRED : REFUSED,
	    STAGE_RCPT, &s->reply, NULL);
	r->again = too_many && s->naccepted;
	if (is_login_wanted(&s->reply)) {
		reply_words(&s->reply, &words);
		problem_hint(&s->problem, FAIL_AUTH, login_wanted(s),
		    "RCPT TO:<%s>: %s", r->address.path, buf_str(&words));
		buf_free(&words);
	}
}

/* 455 and 555 are about a parameter (RFC 5321 4.2.2), so the user is told which
 * ones he has asked for. */
static void
heed_mail(struct session *s)
{
	struct buf what = { 0 }, asked = { 0 };

	if (reply_class(&s->reply) == 2)
		return;
	buf_adds(&what, "MAIL FROM");
	if (s->reply.code == 455 || s->reply.code == 555)
		parameters_mail(&s->options->parameters, &asked);
	if (buf_len(&asked))
		buf_addf(&what, " with%s", buf_str(&asked));
	if (is_login_wanted(&s->reply))
		denied(s, FAIL_AUTH, login_wanted(s), buf_str(&what));
	else
		denied(s, FAIL_SERVER, NULL, buf_str(&what));
	buf_free(&what);
	buf_free(&asked);
}

static enum outcome
outcome_of(const struct reply *reply)
{
	switch (reply_class(reply)) {
	case 2:
		return ACCEPTED;
	case 4:
		return DEFERRED;
	default:
		return REFUSED;
	}
}

/* The verdict on the message, for all that are taken, or with LMTP for one. */
static void
heed_dot(struct session *s, size_t i)
{
	if (s->naccepted == 0 || s->reply.code == 353)
		return;
	if (s->options->lmtp) {
		envelope_decide(s->envelope, i, outcome_of(&s->reply),
		    STAGE_DOT, &s->reply, NULL);
		return;
	}
	if (reply_class(&s->reply) != 2) { /* R-5321-38 */
		state_no(s, FAIL_SERVER, NULL, "end of message");
		envelope_decide_taken(s->envelope, outcome_of(&s->reply),
		    STAGE_DOT, &s->reply, NULL);
		return;
	}
	if (*buf_head(&s->final) != '2')
		buf_clear(&s->final);
	if (buf_len(&s->final))
		buf_adds(&s->final, "; ");
	reply_words(&s->reply, &s->final);
	envelope_accept(s->envelope, &s->reply);
}

/* A chunk that is refused ends the transfer (R-3030-03). */
static void
heed_bdat(struct session *s)
{
	if (reply_class(&s->reply) == 2)
		return;
	s->refused = true;
	denied(s, FAIL_SERVER, NULL, "message");
}

void
heed(struct session *s, const struct pending *p)
{
	switch (p->command) {
	case CMD_MAIL:
		heed_mail(s);
		break;
	case CMD_RCPT:
		heed_rcpt(s, p->recipient);
		break;
	case CMD_BDAT:
		heed_bdat(s);
		break;
	case CMD_PRDR:
		verdict_keep(&s->envelope->recipients[p->recipient].own,
		    outcome_of(&s->reply), STAGE_DOT, &s->reply, NULL);
		break;
	case CMD_DOT:
		heed_dot(s, p->recipient);
		break;
	case CMD_GREETING:
	case CMD_EHLO:
	case CMD_HELO:
	case CMD_STARTTLS:
	case CMD_AUTH:
	case CMD_RESPONSE:
	case CMD_DATA:
	case CMD_CONTENT:
	case CMD_RSET:
	case CMD_QUESTION:
	case CMD_QUIT:
		break;
	}
}
