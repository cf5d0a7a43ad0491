#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "smtp/exchange.h"
#include "smtp/redact.h"
#include "smtp/verdict.h"

#define RATE_FLOOR 500 /* octets a second */

/* RFC 5321 4.5.3.2 for the time limits, RFC 2920 3.1 for what may wait. */
static const struct {
	const char *name; /* for messages */
	enum stage stage;
	int seconds;
	bool may_wait;
	bool data; /* a 3yz reply is right: what is not a command follows */
	bool secret;
} commands[NCOMMAND] = {
	[CMD_GREETING] = { .name = "greeting",
	    .stage = STAGE_BANNER,
	    .seconds = 300 },
	[CMD_EHLO] = { .name = "EHLO", .stage = STAGE_EHLO, .seconds = 300 },
	[CMD_HELO] = { .name = "HELO", .stage = STAGE_EHLO, .seconds = 300 },
	[CMD_STARTTLS] = { .name = "STARTTLS",
	    .stage = STAGE_STARTTLS,
	    .seconds = 300 },
	[CMD_AUTH] = { .name = "AUTH",
	    .stage = STAGE_AUTH,
	    .seconds = 300,
	    .data = true,
	    .secret = true },
	[CMD_RESPONSE] = { .name = "AUTH",
	    .stage = STAGE_AUTH,
	    .seconds = 300,
	    .data = true,
	    .secret = true },
	[CMD_MAIL] = { .name = "MAIL FROM",
	    .stage = STAGE_MAIL,
	    .seconds = 300,
	    .may_wait = true },
	[CMD_RCPT] = { .name = "RCPT TO",
	    .stage = STAGE_RCPT,
	    .seconds = 300,
	    .may_wait = true },
	[CMD_DATA] = { .name = "DATA",
	    .stage = STAGE_DATA,
	    .seconds = 120,
	    .data = true },
	[CMD_CONTENT] = { .name = "message",
	    .stage = STAGE_CONTENT,
	    .seconds = 180 },
	[CMD_DOT] = { .name = "end of message",
	    .stage = STAGE_DOT,
	    .seconds = 600 },
	[CMD_BDAT] = { .name = "BDAT", .stage = STAGE_CONTENT, .seconds = 180 },
	[CMD_PRDR] = { .name = "end of message",
	    .stage = STAGE_DOT,
	    .seconds = 600 },
	[CMD_RSET] = { .name = "RSET", .stage = STAGE_MAIL, .seconds = 20 },
	[CMD_QUESTION] = { .name = "question",
	    .stage = STAGE_MAIL,
	    .seconds = 300,
	    .data = true },
	[CMD_QUIT] = { .name = "QUIT", .stage = STAGE_QUIT, .seconds = 5 },
};

void
enter(struct session *s, enum stage stage)
{
	int64_t now = clock_now();

	if (s->entered)
		s->spent[s->stage] += now - s->entered;
	s->entered = now;
	s->stage = stage;
}

bool
interrupted(const struct session *s)
{
	return reply_begun(&s->reply, &s->conn->in);
}

void
await(struct session *s, enum command command, size_t recipient)
{
	if (s->head == s->tail)
		s->head = s->tail = 0;
	if (s->tail == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 16;
		s->pending = mem_grow(s->pending, s->cap, sizeof(*s->pending));
	}
	s->pending[s->tail++] = (struct pending){ command, recipient,
		s->commit ? s->commit
			  : s->conn->sent + buf_len(&s->conn->out) };
}

/* The time limit of a command in ms. */
static int64_t
limit(const struct session *s, enum command command)
{
	int64_t ms = commands[command].seconds * (int64_t)1000;

	if (s->options->timeout &&
	    (command != CMD_QUIT || s->options->timeout < ms))
		ms = s->options->timeout;
	return ms;
}

void
deadline_for(struct session *s, enum command command)
{
	s->conn->deadline = clock_earlier(
	    clock_now() + limit(s, command), s->options->deadline);
	s->paced = s->conn->sent;
}

enum conn_event
carry(struct session *s, enum command command,
    enum conn_event (*move)(struct conn *))
{
	const uint64_t least = (uint64_t)limit(s, command) * RATE_FLOOR / 1000;
	enum conn_event event;

	for (;;) {
		event = move(s->conn);
		if (event != CONN_LATE || s->conn->sent - s->paced < least ||
		    clock_now() >= s->options->deadline)
			return event;
		deadline_for(s, command);
	}
}

/* What a command is called in messages: "MAIL FROM", and since there are many
 * of it "RCPT TO:<bob@example.org>". A question is called what it is. */
static const char *
subject(struct session *s, const struct pending *p)
{
	struct buf *out = &s->subject;
	const char *path = NULL;

	buf_clear(out);
	if (p->command == CMD_QUESTION) {
		buf_adds(out, s->options->questions[p->recipient].line);
		return buf_str(out);
	}
	if (p->command == CMD_RCPT)
		path = s->envelope->recipients[p->recipient].address.path;
	buf_adds(out, commands[p->command].name);
	if (path)
		buf_addf(out, ":<%s>", path);
	return buf_str(out);
}

static void
trace_received(struct session *s)
{
	if (s->trace->level == 0)
		return;
	redact(s, &s->reply.line);
	trace_line(
	    s->trace, '<', buf_head(&s->reply.line), buf_len(&s->reply.line));
}

/* A reply that is none, or whose lines contradict one another: then the worst
 * of them is heeded first, unless the message is at stake (D-06). */
static int
malformed(struct session *s, const struct pending *p)
{
	problem_set(
	    &s->problem, FAIL_PROTOCOL, "%s: %s", subject(s, p), s->reply.why);
	if (s->reply.contradicts && !committed(s) &&
	    reply_class(&s->reply) >= 4)
		heed(s, p);
	return lost(
	    s, FAIL_PROTOCOL, NULL, "%s: %s", subject(s, p), s->reply.why);
}

/* A greeting that begins as an alert or a handshake does (RFC 8446 5.1). */
static bool
speaks_tls(const struct session *s)
{
	const struct buf *in = &s->conn->in;

	return buf_len(in) && (*buf_head(in) == 0x15 || *buf_head(in) == 0x16);
}

/* Takes a line of a reply. Once there is no more of it, its text can be shown:
 * only a challenge is not for people, and is needed as it is. */
static enum reply_state
take_line(struct session *s)
{
	enum reply_state state = reply_take(&s->reply, &s->conn->in);

	if (state == REPLY_MORE)
		return state;
	trace_received(s);
	if (state != REPLY_LINE && s->reply.code != 334) {
		redact(s, &s->reply.text);
		spell_nul(&s->reply.text);
	}
	return state;
}

/* Reads until one reply is whole. */
static int
take(struct session *s, const struct pending *p)
{
	enum conn_event event;

	for (;;) {
		if (p->command == CMD_GREETING && speaks_tls(s))
			return lost(s, FAIL_PROTOCOL,
			    "this port speaks TLS: use submissions://HOST or "
			    "--tls=implicit",
			    "greeting: the server speaks TLS, not SMTP");
		switch (take_line(s)) {
		case REPLY_LINE:
			break;
		case REPLY_WHOLE:
			return 0;
		case REPLY_BAD:
			return malformed(s, p);
		case REPLY_MORE:
			event = carry(s, p->command, conn_pull);
			if (event == CONN_OK)
				break;
			if (reply_begun(&s->reply, &s->conn->in) &&
			    event == CONN_CLOSED)
				return lost(s, FAIL_CONNECTION, NULL,
				    "%s: the server closed the connection in "
				    "the middle of its reply",
				    subject(s, p));
			return lost_event(s, event, subject(s, p));
		}
	}
}

/* The server is going away: whoever has no verdict may be tried again later
 * (R-5321-37). With LMTP it may already have the message for others
 * (R-2033-07), and with PRDR nobody can tell without the last reply. */
static int
going_away(struct session *s, const struct pending *p, const char *doing)
{
	if (p && (p->command == CMD_PRDR ||
		     (p->command == CMD_DOT && s->options->lmtp))) {
		heed(s, p);
		return lost(
		    s, FAIL_SERVER, NULL, "%s: the server went away", doing);
	}
	s->over = true;
	return denied(s, FAIL_SERVER, NULL, doing);
}

/* 3yz asks for what is no command: the message, or a response. 221 answers QUIT
 * alone: where QUIT went with the end of a message, it is no verdict on it. 220
 * says that the server is there: a second one is not the reply to EHLO. Nobody
 * knows what answers an unknown question. */
static bool
is_answer(const struct session *s, const struct pending *p)
{
	if (s->reply.code == 221 && p->command != CMD_QUIT)
		return false;
	if (s->reply.code == 220 && p->command != CMD_GREETING &&
	    p->command != CMD_STARTTLS && p->command != CMD_QUESTION)
		return false;
	return reply_class(&s->reply) != 3 || commands[p->command].data ||
	       (p->command == CMD_DOT && s->prdr && s->reply.code == 353);
}

static bool
is_content(enum command command)
{
	return command == CMD_CONTENT || command == CMD_BDAT ||
	       command == CMD_DOT;
}

/* A reply to what is not out whole is none (R-5321-39). But a no in the middle
 * of the message holds; what is still queued never leaves (R-5321-47). */
static int
too_early(struct session *s, const struct pending *p)
{
	if (reply_class(&s->reply) < 4 || !is_content(p->command))
		return lost(s, FAIL_PROTOCOL, NULL, "%s: %d before its end",
		    subject(s, p), s->reply.code);
	s->over = true;
	return denied(s, FAIL_SERVER, NULL, subject(s, p));
}

int
answer(struct session *s)
{
	const struct pending p = s->pending[s->head];

	deadline_for(s, p.command);
	enter(s, commands[p.command].stage);
	if (take(s, &p) == -1)
		return -1;
	s->head++;
	if (s->reply.code == 421)
		return going_away(s, &p, subject(s, &p));
	if (s->conn->sent < p.end)
		return too_early(s, &p);
	if (!is_answer(s, &p))
		return lost(s, FAIL_PROTOCOL, NULL,
		    "%s: %d is no answer to that", subject(s, &p),
		    s->reply.code);
	heed(s, &p);
	return 0;
}

bool
pipelined(const struct session *s)
{
	return s->extensions.offered & EXT_PIPELINING &&
	       !s->options->no_pipelining;
}

int
settle(struct session *s)
{
	if (s->over)
		return -1;
	while (s->head < s->tail)
		if (answer(s) == -1)
			return -1;
	return 0;
}

int
expect(struct session *s, enum command command)
{
	await(s, command, 0);
	return settle(s);
}

int
quiet(struct session *s)
{
	enum reply_state state;
	enum conn_event event;

	if (s->over)
		return -1;
	event = conn_peek(s->conn);
	if (!interrupted(s))
		return event == CONN_OK
			   ? 0
			   : lost_event(s, event, "before the next command");
	deadline_for(s, CMD_QUIT); /* a line that has begun is soon whole */
	do
		state = take_line(s);
	while (state == REPLY_LINE ||
	       (state == REPLY_MORE && conn_pull(s->conn) == CONN_OK));
	if (state == REPLY_WHOLE && s->reply.code == 421)
		return going_away(s, NULL, "unasked");
	return lost(
	    s, FAIL_PROTOCOL, NULL, "the server spoke when nothing was asked");
}

/* The one place where text from outside becomes a line for the server: nothing
 * that could end it or begin another gets in (S-10). */
static int
make_line(struct session *s, struct buf *line)
{
	const unsigned char *p = (const unsigned char *)buf_head(line);
	size_t i;

	for (i = 0; i < buf_len(line); i++)
		if (p[i] < 0x20 || p[i] == 0x7f)
			return lost(s, FAIL_INTERNAL, NULL,
			    "a control character in a command");
	buf_adds(line, "\r\n");
	conn_add(s->conn, buf_head(line), buf_len(line));
	return 0;
}

static void
trace_said(struct session *s, enum command command, const struct buf *line)
{
	const char *p = buf_head(line);
	size_t len = buf_len(line) - 2;
	struct buf shown = { 0 };

	if (s->trace->level == 0)
		return;
	if (commands[command].secret && !s->trace->secrets) {
		/* "AUTH PLAIN [hidden]"; a lone "*" is no secret */
		if (command == CMD_AUTH)
			buf_addf(&shown, "%.*s",
			    (int)(5 + strcspn(p + 5, " \r")), p);
		if (command == CMD_RESPONSE && len == 1 && *p == '*')
			buf_adds(&shown, "*");
		else if (command == CMD_RESPONSE || buf_len(&shown) < len)
			buf_addf(
			    &shown, "%s[hidden]", buf_len(&shown) ? " " : "");
		p = buf_head(&shown);
		len = buf_len(&shown);
	}
	trace_line(s->trace, '>', p, len);
	buf_free(&shown);
}

int
say(struct session *s, enum command command, size_t recipient, const char *fmt,
    ...)
{
	struct buf line = { .secret = commands[command].secret };
	bool waits = commands[command].may_wait && pipelined(s);
	va_list ap;
	int rv;

	if (s->over || (s->head == s->tail && quiet(s) == -1))
		return -1;
	va_start(ap, fmt);
	buf_vaddf(&line, fmt, ap);
	va_end(ap);
	rv = make_line(s, &line);
	if (rv == 0) {
		trace_said(s, command, &line);
		await(s, command, recipient);
		if (!waits)
			rv = settle(s);
	}
	buf_free(&line);
	return rv;
}

int
quit(struct session *s)
{
	struct problem problem = s->problem;
	struct buf final = s->final;

	s->problem = (struct problem){ 0 };
	s->final = (struct buf){ 0 };
	s->reply.code = 0;
	if (!s->over && s->head == s->tail) {
		if (s->quitting)
			expect(s, CMD_QUIT);
		else
			say(s, CMD_QUIT, 0, "QUIT");
	}
	s->over = true;
	problem_free(&s->problem);
	buf_free(&s->final);
	s->problem = problem;
	s->final = final;
	return s->reply.code;
}
