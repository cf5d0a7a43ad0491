#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/auth.h"
#include "smtp/exchange.h"
#include "smtp/session.h"
#include "smtp/verdict.h"

/* Octets of the message in one write, about: enough for the server to have
 * something to read while the next are made. */
#define BLOCK 524288

/* What is more than this leaves before the end of the message does: the server
 * can still say no to it, and the time in which nobody knows is short. */
#define SHORT 65536

static int
start_tls(struct session *s)
{
	enum tls_trust trust = s->options->tls == TLS_AUTO && s->loopback
				   ? TLS_LENIENT
				   : TLS_STRICT;
	bool verified;

	enter(s, STAGE_TLS);
	deadline_for(s, CMD_STARTTLS);
	if (tls_start(s->conn, &s->options->certificates, trust,
		s->server->host, s->trace, &verified, &s->problem) == -1)
		return lost(
		    s, s->problem.class, NULL, "%s", buf_str(&s->problem.text));
	s->protection = verified ? VERIFIED : ENCRYPTED;
	return 0;
}

/* RFC 5321 3.1, 4.3.1: nothing is said before the greeting. */
static int
greeting(struct session *s)
{
	if (s->options->tls == TLS_IMPLICIT && start_tls(s) == -1)
		return -1;
	if (expect(s, CMD_GREETING) == -1)
		return -1;
	if (reply_class(&s->reply) == 2) {
		s->moved_on = true;
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
	if (say(s, CMD_HELO, 0, "HELO %s", s->helo) == -1)
		return -1;
	if (reply_class(&s->reply) == 2)
		return 0;
	return denied(s, FAIL_SERVER, NULL, "HELO");
}

static int
hello(struct session *s)
{
	extensions_free(&s->extensions);
	if (s->options->no_esmtp)
		return helo(s);
	if (say(s, CMD_EHLO, 0, "EHLO %s", s->helo) == -1)
		return -1;
	if (reply_class(&s->reply) == 2) {
		extensions_read(&s->extensions, &s->reply);
		return 0;
	}
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

/* Whether the message can go to this server as it is (R-1870-02, R-6152-01,
 * R-6531-02); asked before MAIL, by what is offered now. */
static int
fits(struct session *s)
{
	unsigned offered = s->extensions.offered;
	const struct message *m = s->message;

	enter(s, STAGE_LOCAL);
	if (offered & EXT_SIZE && s->extensions.size &&
	    m->size > s->extensions.size)
		return unfit(s, NULL,
		    "the message has %llu octets, the server takes %llu (SIZE)",
		    (unsigned long long)m->size,
		    (unsigned long long)s->extensions.size);
	if (m->eight_bit && !(offered & EXT_8BITMIME))
		return unfit(s,
		    "encode its parts as quoted-printable or base64",
		    "the message has octets above 127, and the server does "
		    "not offer 8BITMIME");
	if (envelope_utf8(s->envelope) && !(offered & EXT_SMTPUTF8))
		return unfit(s, NULL,
		    "an address is not ASCII, and the server does not offer "
		    "SMTPUTF8");
	if (m->header_utf8 && !(offered & EXT_SMTPUTF8))
		return unfit(s, "encode header fields by RFC 2047",
		    "the header of the message is not ASCII, and the server "
		    "does not offer SMTPUTF8");
	return 0;
}

static int
mail(struct session *s)
{
	unsigned offered = s->extensions.offered;
	char size[32] = "";

	if (offered & EXT_SIZE)
		snprintf(size, sizeof(size), " SIZE=%llu",
		    (unsigned long long)s->message->size);
	return say(s, CMD_MAIL, 0, "MAIL FROM:<%s>%s%s%s",
	    s->envelope->sender.path, size,
	    s->message->eight_bit ? " BODY=8BITMIME" : "",
	    envelope_utf8(s->envelope) || s->message->header_utf8 ? " SMTPUTF8"
								  : "");
}

static int
recipients(struct session *s)
{
	const struct envelope *e = s->envelope;
	size_t i;

	for (i = 0; i < e->nrecipient; i++)
		if (envelope_open(e, i) &&
		    say(s, CMD_RCPT, i, "RCPT TO:<%s>",
			e->recipients[i].address.path) == -1)
			return -1;
	return 0;
}

/* 354 although no recipient was accepted: only a dot ends data mode, and
 * whatever the server says to it, nothing was delivered (R-2920-04). */
static int
lone_dot(struct session *s)
{
	conn_add(s->conn, ".\r\n", 3);
	trace_line(s->trace, '>', ".", 1);
	if (expect(s, CMD_DOT) == -1)
		return -1;
	if (reply_class(&s->reply) == 2)
		trace_note(s->trace, 1,
		    "the server accepts a message that has no recipients");
	return 0;
}

/* The server speaks while the message is on its way: it will not have it. No
 * dot is sent, so nothing is delivered (R-5321-47). */
static int
cut_off(struct session *s)
{
	if (expect(s, CMD_CONTENT) == -1)
		return -1;
	if (reply_class(&s->reply) == 2)
		return lost(s, FAIL_PROTOCOL, NULL,
		    "message: %d before its end", s->reply.code);
	denied(s, FAIL_SERVER, NULL, "message");
	s->over = true;
	return -1;
}

/* Sends what is queued; what the server says meanwhile goes before. */
static int
push_content(struct session *s)
{
	enum conn_event event;

	deadline_for(s, CMD_CONTENT);
	event = conn_push(s->conn);
	if (interrupted(s))
		return cut_off(s);
	return event == CONN_OK ? 0 : lost_event(s, event, "message");
}

/* The end of the message: from its last octet on, a lost connection leaves the
 * recipients unknown (RFC 1047). QUIT goes with it where that is allowed:
 * nothing can follow, and the first reply is the verdict (D-08). */
static int
finish(struct session *s)
{
	enum conn_event event = conn_peek(s->conn);

	if (interrupted(s))
		return cut_off(s);
	if (event != CONN_OK)
		return lost_event(s, event, "message");
	if (s->options->committing)
		s->options->committing();
	conn_add(s->conn, ".\r\n", 3);
	s->commit = s->conn->sent + buf_len(&s->conn->out);
	trace_line(s->trace, '>', ".", 1);
	if (s->extensions.offered & EXT_PIPELINING &&
	    !s->options->no_pipelining) {
		conn_add(s->conn, "QUIT\r\n", 6);
		trace_line(s->trace, '>', "QUIT", 4);
		s->quitting = true;
	}
	if (expect(s, CMD_DOT) == -1)
		return -1;
	if (reply_class(&s->reply) != 2)
		return denied(s, FAIL_SERVER, NULL, "end of message");
	reply_words(&s->reply, &s->final);
	envelope_decide_all(s->envelope, ACCEPTED, STAGE_DOT, &s->reply, NULL);
	return 0;
}

static void
trace_content(const struct session *s, size_t from)
{
	const char *p = buf_head(&s->conn->out) + from;
	const char *end = buf_head(&s->conn->out) + buf_len(&s->conn->out);
	const char *eol;

	for (; s->trace->level > 2 && p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (eol == NULL)
			eol = end;
		trace_line(s->trace, '>', p, (size_t)(eol - p - (eol < end)));
	}
}

static int
content(struct session *s)
{
	struct buf *out = &s->conn->out;
	size_t before;
	int more;

	enter(s, STAGE_CONTENT);
	message_rewind(s->message);
	do {
		before = buf_len(out);
		more = message_next(s->message, out, &s->problem);
		trace_content(s, before);
		if (more == -1)
			return lost(s, s->problem.class, NULL, "%s",
			    buf_str(&s->problem.text));
		if (buf_len(out) >= BLOCK && push_content(s) == -1)
			return -1;
	} while (more);
	if (buf_len(out) >= SHORT && push_content(s) == -1)
		return -1;
	trace_note(s->trace, 1, "message of %llu octets",
	    (unsigned long long)s->message->size);
	return finish(s);
}

static int
data(struct session *s)
{
	if (say(s, CMD_DATA, 0, "DATA") == -1)
		return -1;
	switch (reply_class(&s->reply)) {
	case 3: /* D-01: any of them is a go-ahead */
		return s->naccepted ? content(s) : lone_dot(s);
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

/* Without PIPELINING what was refused before shows in time to stop. */
static int
transaction(struct session *s)
{
	if (fits(s) == -1 || mail(s) == -1 || recipients(s) == -1)
		return -1;
	if (s->head == s->tail && s->naccepted == 0)
		return 0;
	return data(s);
}

int
session_run(struct session *s)
{
	int rv = -1;

	if (greeting(s) == 0 && hello(s) == 0 && secure(s) == 0 &&
	    authenticate(s) == 0)
		rv = transaction(s);
	enter(s, STAGE_QUIT);
	return rv;
}

void
session_end(struct session *s)
{
	struct problem problem = s->problem;
	struct buf final = s->final;

	s->problem = (struct problem){ 0 };
	s->final = (struct buf){ 0 };
	if (!s->over && s->head == s->tail) {
		if (s->quitting)
			expect(s, CMD_QUIT);
		else
			say(s, CMD_QUIT, 0, "QUIT");
	}
	problem_free(&s->problem);
	buf_free(&s->final);
	s->problem = problem;
	s->final = final;
	conn_close(s->conn);
	reply_free(&s->reply);
	extensions_free(&s->extensions);
	buf_free(&s->subject);
	buf_free(&s->hidden);
	free(s->pending);
	s->pending = NULL;
}
