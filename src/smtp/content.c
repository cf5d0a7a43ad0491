#include <string.h>

#include "base/clock.h"
#include "smtp/content.h"
#include "smtp/exchange.h"
#include "smtp/verdict.h"

/* Octets in one write, about: enough for the server to have something to read
 * while the next are made. */
#define BLOCK 524288

/* What is more than this leaves before the end of the message does: the server
 * can still say no to it, and the time in which nobody knows is short. */
#define SHORT 65536
#define CHUNK 1048576 /* octets in one BDAT */

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

static void
trace_content(const struct session *s, const struct buf *content, size_t from)
{
	const char *p = buf_head(content) + from;
	const char *end = buf_head(content) + buf_len(content);
	const char *eol;
	bool crlf;

	for (; s->trace->level > 2 && p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (eol == NULL)
			eol = end;
		crlf = eol > p && eol < end && eol[-1] == '\r';
		trace_line(s->trace, '>', p, (size_t)(eol - p) - crlf);
	}
}

/* Appends the next octets of the message; as message_next(). */
static int
next(struct session *s, struct buf *out)
{
	size_t before = buf_len(out);
	int more = message_next(s->message, out, &s->problem);

	trace_content(s, out, before);
	if (more == -1)
		return lost(
		    s, s->problem.class, NULL, "%s", buf_str(&s->problem.text));
	return more;
}

/* The end of the message is about to leave: nothing may have come before it,
 * and who wants to know is told. */
static int
ready(struct session *s)
{
	enum conn_event event = conn_peek(s->conn);

	if (interrupted(s))
		return cut_off(s);
	if (event == CONN_OK && clock_now() >= s->options->deadline)
		event = CONN_LATE;
	if (event != CONN_OK)
		return lost_event(s, event, "message");
	trace_note(s->trace, 1, "message of %llu octets",
	    (unsigned long long)s->message->size);
	if (s->options->committing && s->options->committing(s) == -1)
		return lost_event(s, CONN_SIGNAL, "message");
	return 0;
}

/* For each recipient that is taken a reply is due, in the order of RCPT. */
static void
await_each(struct session *s, enum command command)
{
	const struct envelope *e = s->envelope;
	size_t i;

	for (i = 0; i < e->nrecipient; i++)
		if (e->recipients[i].taken)
			await(s, command, i);
}

/* PRDR: after 353, which comes once, one reply for each recipient, then one
 * for all, without whose yes nobody is accepted. */
static int
each_and_all(struct session *s)
{
	s->prdr = false;
	s->counted = true;
	await_each(s, CMD_PRDR);
	if (settle(s) == -1 || expect(s, CMD_DOT) == -1)
		return -1;
	return 0;
}

/* A reply too many shows when QUIT is answered by what is no answer to it
 * (R-5321-39). Of a yes that is asked only where nothing else could show it;
 * with DATA the 354 does. Of a no always: who says it early may still take the
 * message. */
static void
confirm(struct session *s)
{
	bool yes = s->options->lmtp || reply_class(&s->reply) == 2;
	bool counted = s->options->lmtp || s->counted;
	struct buf words = { 0 };
	int code;

	if (yes && !(counted && s->quitting))
		return;
	code = quit(s);
	if (code == 421 || (yes ? code < 400 : code / 100 != 2 || code == 221))
		return;
	reply_words(&s->reply, &words);
	lost(s, FAIL_PROTOCOL, NULL,
	    "end of message: a reply too many, for QUIT was answered %s",
	    buf_str(&words));
	envelope_doubt(s->envelope, STAGE_DOT, buf_str(&s->problem.text));
	buf_clear(&s->final);
	buf_free(&words);
}

/* What is queued ends the message: from its last octet on, a lost connection
 * leaves the recipients unknown (RFC 1047). The first reply after it is the
 * verdict: one for all, with LMTP one for each (RFC 2033 4.2). */
static int
commit(struct session *s, bool last)
{
	s->commit = s->conn->sent + buf_len(&s->conn->out);
	if (last && pipelined(s)) {
		conn_add(s->conn, "QUIT\r\n", 6);
		trace_line(s->trace, '>', "QUIT", 4);
		s->quitting = true;
	}
	if (s->options->lmtp)
		await_each(s, CMD_DOT);
	else
		await(s, CMD_DOT, 0);
	if (settle(s) == -1 ||
	    (s->reply.code == 353 && s->prdr && each_and_all(s) == -1))
		return -1;
	s->commit = 0;
	s->begun = s->counted && reply_class(&s->reply) != 2; /* RFC 3030 2 */
	if (last)
		confirm(s);
	return 0;
}

/* Sends what is queued; what the server says meanwhile goes before. */
static int
push(struct session *s)
{
	enum conn_event event;

	deadline_for(s, CMD_CONTENT);
	event = carry(s, CMD_CONTENT, conn_push);
	if (interrupted(s))
		return cut_off(s);
	return event == CONN_OK ? 0 : lost_event(s, event, "message");
}

int
content_data(struct session *s, bool last)
{
	struct buf *out = &s->conn->out;
	int more;

	enter(s, STAGE_CONTENT);
	message_rewind(s->message, true);
	do {
		more = next(s, out);
		if (more == -1 || (buf_len(out) >= BLOCK && push(s) == -1))
			return -1;
	} while (more);
	if (buf_len(out) >= SHORT && push(s) == -1)
		return -1;
	if (ready(s) == -1)
		return -1;
	conn_add(s->conn, ".\r\n", 3);
	trace_line(s->trace, '>', ".", 1);
	return commit(s, last);
}

int
content_none(struct session *s)
{
	s->prdr = false;
	if (s->astray) { /* who accepted RCPT might deliver it all the same */
		trace_note(s->trace, 1,
		    "hanging up: the server would take a message from nobody");
		s->over = true;
		return -1;
	}
	conn_add(s->conn, ".\r\n", 3);
	trace_line(s->trace, '>', ".", 1);
	if (s->options->lmtp) { /* no recipient, no reply */
		conn_push(s->conn);
		s->over = true;
		return 0;
	}
	if (expect(s, CMD_DOT) == -1)
		return -1;
	if (reply_class(&s->reply) == 2)
		trace_note(s->trace, 1,
		    "the server accepts a message that has no recipients");
	return 0;
}

/* Reads until there are n octets. */
static int
read_ahead(struct session *s, struct buf *spare, size_t n)
{
	while (buf_len(spare) < n)
		if (next(s, spare) == -1)
			return -1;
	return 0;
}

/* Queues a chunk: its command, and n octets of what was read. */
static void
add_chunk(struct session *s, struct buf *spare, size_t n, const char *last)
{
	struct buf line = { 0 };

	buf_addf(&line, "BDAT %zu%s", n, last);
	trace_line(s->trace, '>', buf_head(&line), buf_len(&line));
	buf_adds(&line, "\r\n");
	conn_add(s->conn, buf_head(&line), buf_len(&line));
	conn_add(s->conn, buf_head(spare), n);
	buf_take(spare, n);
	buf_free(&line);
}

/* Sends a chunk that is not the last. Where its reply may wait, those to the
 * chunks before are taken as they come. */
static int
send_chunk(struct session *s, struct buf *spare)
{
	enum conn_event event;

	if (read_ahead(s, spare, CHUNK) == -1)
		return -1;
	if (s->head == s->tail && quiet(s) == -1)
		return -1;
	add_chunk(s, spare, CHUNK, "");
	await(s, CMD_BDAT, 0);
	if (!pipelined(s))
		return settle(s);
	while (!s->refused && buf_len(&s->conn->out) >= BLOCK) {
		deadline_for(s, CMD_BDAT);
		event = carry(s, CMD_BDAT, conn_push);
		while (interrupted(s))
			if ((s->head < s->tail ? answer(s) : quiet(s)) == -1)
				return -1;
		if (event != CONN_OK)
			return lost_event(s, event, "message");
	}
	return 0;
}

/* The last chunk leaves when all others are taken (D-08), and nothing of it
 * before it is known to be whole. */
static int
last_chunk(struct session *s, struct buf *spare, size_t n, bool last)
{
	int more;

	if (settle(s) == -1 || s->refused || quiet(s) == -1 ||
	    read_ahead(s, spare, n) == -1)
		return -1;
	more = next(s, spare);
	if (more == 1) /* more than was measured (R-1870-06) */
		return lost(s, FAIL_INPUT, NULL,
		    "the message changed while it was sent");
	if (more == -1 || ready(s) == -1)
		return -1;
	add_chunk(s, spare, n, " LAST");
	return commit(s, last);
}

int
content_bdat(struct session *s, bool last)
{
	uint64_t left = s->message->size;
	struct buf spare = { 0 };
	int rv = 0;

	enter(s, STAGE_CONTENT);
	message_rewind(s->message, false);
	s->refused = false;
	s->counted = true;
	for (; rv == 0 && !s->refused && left > CHUNK; left -= CHUNK)
		rv = send_chunk(s, &spare);
	if (rv == 0 && !s->refused)
		rv = last_chunk(s, &spare, (size_t)left, last);
	buf_free(&spare);
	/* after a refused chunk nothing but RSET or QUIT (R-3030-03) */
	if (s->refused && settle(s) == 0)
		say(s, CMD_RSET, 0, "RSET");
	return s->refused ? -1 : rv;
}
