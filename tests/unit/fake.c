#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "fake.h"

static const char *const verbs[] = { "GREETING", "EHLO", "HELO", "MAIL", "RCPT",
	"DATA", "DOT", "BDAT", "LHLO", "CONTENT", "RESPONSE", "RSET", "QUIT",
	"AUTH", "STARTTLS", "EACH", "ALL", "OTHER" };

static size_t
verb_number(const char *verb)
{
	size_t i;

	for (i = 0; i + 1 < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i], verb) == 0)
			break;
	return i;
}

static const char *
scripted(const struct fake *f, const char *verb, size_t nth)
{
	const struct rule *r;

	for (r = f->rules; r && r->verb; r++)
		if (strcmp(r->verb, verb) == 0 &&
		    (r->nth == 0 || r->nth == nth))
			return r->action;
	return NULL;
}

static const char *
usual(const struct fake *f, const char *verb)
{
	if (strcmp(verb, "GREETING") == 0)
		return "220 fake ESMTP";
	if (strcmp(verb, "EHLO") == 0 || strcmp(verb, "LHLO") == 0)
		return f->ehlo;
	if (strcmp(verb, "DATA") == 0)
		return f->nrcpt ? "354 go" : "503 no recipients";
	if (strcmp(verb, "DOT") == 0 && f->prdr)
		return "353 each";
	if (strcmp(verb, "QUIT") == 0)
		return "221 bye";
	return strcmp(verb, "OTHER") == 0 ? "500 what?" : "250 ok";
}

/* Puts "a\nb" as two lines. */
static void
put_lines(struct fake *f, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (text[i] == '\n')
			buf_adds(&f->pending, "\r\n");
		else
			buf_add(&f->pending, text + i, 1);
	buf_adds(&f->pending, "\r\n");
}

/* A yes to the message: for all, with LMTP for the recipient whose turn it is,
 * with PRDR for those who had one of their own. */
static void
promise(struct fake *f, size_t end)
{
	size_t i;

	for (i = 0; i < 64; i++)
		if (f->taken[i] && (!f->lmtp || i == f->recipient) &&
		    (!f->each || f->own[i])) {
			f->promised[i]++;
			f->verdict_at[i] = end;
		}
}

/* What a reply does to the server's own state. */
static void
take_effect(struct fake *f, const char *verb, const char *text)
{
	size_t end = f->said + buf_len(&f->pending);

	if (strncmp(text, "421", 3) == 0)
		f->goodbye_at = end;
	f->in_auth = strncmp(text, "334", 3) == 0;
	if (strcmp(verb, "MAIL") == 0 || strcmp(verb, "RSET") == 0) {
		f->sender_ok = strcmp(verb, "MAIL") == 0 && *text == '2';
		f->nrcpt = 0;
		memset(f->taken, 0, sizeof(f->taken));
	}
	if (strcmp(verb, "RCPT") == 0 && *text == '2' && f->sender_ok) {
		f->nrcpt++;
		f->taken[f->recipient] = true;
	}
	if (strcmp(verb, "DATA") == 0 && *text == '3')
		f->in_data = true;
	if (strcmp(verb, "EACH") == 0)
		f->own[f->recipient] = *text == '2';
	if (strcmp(verb, "DOT") == 0)
		f->each = f->prdr && strncmp(text, "353", 3) == 0;
	if ((strcmp(verb, "DOT") == 0 || strcmp(verb, "ALL") == 0) &&
	    *text == '2')
		promise(f, end);
}

static void
act(struct fake *f, const char *verb)
{
	size_t nth = ++f->ncommand[verb_number(verb)];
	const char *action = scripted(f, verb, nth), *plus;

	if (action == NULL)
		action = usual(f, verb);
	plus = strrchr(action, '+');
	if (strncmp(action, "raw:", 4) == 0) {
		buf_adds(&f->pending, action + 4);
		take_effect(f, verb, action + 4);
	} else if (strcmp(action, "silent") == 0) {
		f->mute = true;
	} else if (strcmp(action, "close") == 0) {
		f->ended = true;
	} else if (plus && strcmp(plus, "+close") == 0) {
		put_lines(f, action, (size_t)(plus - action));
		take_effect(f, verb, action);
		f->ended = true;
	} else {
		put_lines(f, action, strlen(action));
		take_effect(f, verb, action);
	}
}

static void
command(struct fake *f, const char *line)
{
	static const char *const known[] = { "EHLO", "HELO", "MAIL", "RCPT",
		"LHLO", "DATA", "BDAT", "RSET", "QUIT", "AUTH", "STARTTLS" };
	const char *verb = "OTHER";
	size_t i;

	if (f->quit)
		f->after_quit = true;
	if (f->said >= f->goodbye_at)
		f->after_421 = true;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strncmp(line, known[i], strlen(known[i])) == 0)
			verb = known[i];
	if (f->in_auth)
		verb = "RESPONSE";
	if (strcmp(verb, "OTHER") == 0)
		f->content_unasked = true;
	f->quit = strcmp(verb, "QUIT") == 0;
	if (strcmp(verb, "MAIL") == 0)
		f->prdr = strstr(line, " PRDR") != NULL;
	if (strcmp(verb, "RCPT") == 0)
		f->recipient = (size_t)(line[strlen("RCPT TO:<")] - 'b') % 64;
	if (strcmp(verb, "BDAT") == 0) {
		f->chunk = strtoul(line + 5, NULL, 10);
		f->last = strstr(line, " LAST") != NULL;
		return;
	}
	act(f, verb);
}

/* What is to be said in the middle of the message. */
static void
interject(struct fake *f, size_t before)
{
	const struct rule *r;

	for (r = f->rules; r && r->verb; r++)
		if (r->nth > before && r->nth <= f->ncontent &&
		    strcmp(r->verb, "CONTENT") == 0) {
			put_lines(f, r->action, strlen(r->action));
			f->mute = true;
		}
}

/* A reply for each recipient that is taken. */
static void
act_each(struct fake *f, const char *verb)
{
	size_t i;

	for (i = 0; i < 64; i++)
		if (f->taken[i] && !f->mute && !f->ended) {
			f->recipient = i;
			act(f, verb);
		}
}

/* The dot, or the last octet of the last chunk. */
static void
end_of_message(struct fake *f)
{
	size_t i;

	f->nmessage++;
	for (i = 0; i < 64; i++)
		f->risked[i] += f->taken[i];
	f->each = false;
	if (f->lmtp)
		act_each(f, "DOT");
	else
		act(f, "DOT");
	if (f->each)
		act_each(f, "EACH");
	if (f->each && !f->mute && !f->ended)
		act(f, "ALL");
	f->nrcpt = 0;
	memset(f->taken, 0, sizeof(f->taken));
}

/* One line from the client, without its LF. */
static void
line(struct fake *f)
{
	const char *text = buf_str(&f->line);

	if (f->mute || f->ended)
		; /* nobody listens */
	else if (!f->in_data)
		command(f, text);
	else if (strcmp(text, ".\r") == 0) {
		f->in_data = false;
		end_of_message(f);
	} else {
		f->ncontent += strlen(text) + 1;
		interject(f, f->ncontent - strlen(text) - 1);
	}
	buf_clear(&f->line);
}

/* One octet from the client: of a chunk, or of a line. */
static void
octet(struct fake *f, char c)
{
	if (f->chunk) {
		interject(f, f->ncontent++);
		if (--f->chunk == 0 && !f->mute && !f->ended) {
			if (f->last)
				end_of_message(f);
			else
				act(f, "BDAT");
		}
	} else if (c == '\n') {
		line(f);
	} else {
		buf_add(&f->line, &c, 1);
	}
}

static ssize_t
fake_write(struct conn *c, const char *p, size_t n)
{
	struct fake *f = c->state;
	size_t room = f->cut_out - buf_len(&f->wire), i;

	if (room == 0) {
		buf_clear(&c->why);
		buf_adds(&c->why, "Broken pipe");
		return -1;
	}
	if (n > room)
		n = room;
	if (f->gulp && f->room == 0)
		return CONN_AGAIN;
	if (f->gulp && n > f->room)
		n = f->room;
	f->room -= f->gulp ? n : 0;
	buf_add(&f->wire, p, n);
	for (i = 0; i < n; i++)
		octet(f, p[i]);
	return (ssize_t)n;
}

static ssize_t
fake_read(struct conn *c, char *p, size_t n)
{
	struct fake *f = c->state;
	size_t have = buf_len(&f->pending), i;

	if (f->said == f->cut_in)
		return 0;
	if (have == 0)
		return f->ended ? 0 : CONN_AGAIN;
	if (n > have)
		n = have;
	if (f->split && n > f->split)
		n = f->split;
	if (n > f->cut_in - f->said)
		n = f->cut_in - f->said;
	memcpy(p, buf_head(&f->pending), n);
	buf_take(&f->pending, n);
	f->said += n;
	for (i = 0; i < 64; i++)
		if (f->promised[i] && f->said >= f->verdict_at[i])
			f->delivered[i] = true;
	return (ssize_t)n;
}

static enum conn_event
fake_wait(struct conn *c, bool output, int64_t deadline)
{
	struct fake *f = c->state;

	(void)deadline;
	f->room = f->gulp;
	if (output && f->slow)
		return CONN_LATE;
	if (output || buf_len(&f->pending) || f->ended || f->said == f->cut_in)
		return CONN_OK;
	return CONN_LATE;
}

static void
fake_close(struct conn *c)
{
	(void)c;
}

static const struct transport transport = {
	.read = fake_read,
	.write = fake_write,
	.wait = fake_wait,
	.close = fake_close,
};

void
fake_open(struct fake *f, struct conn *c)
{
	*c = (struct conn){ .io = &transport,
		.state = f,
		.fd = -1,
		.interrupt = -1,
		.deadline = CLOCK_NEVER };
	f->goodbye_at = FAKE_NEVER;
	f->room = f->gulp;
	act(f, "GREETING");
}

void
fake_free(struct fake *f)
{
	buf_free(&f->wire);
	buf_free(&f->pending);
	buf_free(&f->line);
}
