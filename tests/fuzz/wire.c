#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "fuzz.h"
#include "submit/outcome.h"
#include "wire.h"

/* How every message begins, and nothing else that the client says. */
static const char subject[] = "Subject: ";

void
wire_gather(struct message *m, const char *text, size_t len, size_t times)
{
	static const struct patience forever = { -1, CLOCK_NEVER };
	struct problem problem = { 0 };
	FILE *file = tmpfile();

	if (file == NULL)
		abort();
	fputs(subject, file);
	while (times--)
		fwrite(text, 1, len, file);
	fflush(file);
	lseek(fileno(file), 0, SEEK_SET);
	MUST(message_gather(m, fileno(file), &forever, &problem) == 0);
}

static void
end_of_message(struct wire *w)
{
	size_t i;

	w->nend++;
	for (i = 0; i < WIRE_RECIPIENTS; i++)
		w->risked[i] |= w->said[i];
}

static bool
begins(const char *line, const char *word)
{
	return strncmp(line, word, strlen(word)) == 0;
}

static void
command(struct wire *w, const char *line)
{
	static const char *const known[] = { "EHLO ", "HELO ", "LHLO ", "AUTH ",
		"MAIL FROM:<", "RCPT TO:<", "DATA\r", "BDAT ", "RSET\r",
		"QUIT\r", ".\r" };
	bool auth =
	    buf_len(&w->commands) && strstr(buf_str(&w->commands), "AUTH ");
	size_t i;

	w->unknown |= !auth;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (begins(line, known[i]))
			w->unknown &= auth;
	buf_adds(&w->commands, line);
	buf_adds(&w->commands, "\n");
	w->quit = begins(line, "QUIT");
	if (begins(line, "MAIL")) {
		w->nmail++;
		memset(w->said, 0, sizeof(w->said));
	}
	if (begins(line, "RCPT"))
		w->said[(line[strlen("RCPT TO:<")] - 'b') % WIRE_RECIPIENTS] =
		    true;
	if (begins(line, "BDAT")) {
		w->chunk = strtoul(line + 5, NULL, 10);
		w->last = strstr(line, " LAST") != NULL;
	}
}

static void
line(struct wire *w)
{
	const char *text = buf_str(&w->line);

	w->in_message |= begins(text, subject);
	if (!w->in_message) {
		command(w, text);
	} else if (strcmp(text, ".\r") == 0) {
		w->in_message = false;
		end_of_message(w);
	}
	buf_clear(&w->line);
}

/* Octets from the client: of a chunk, or of lines. */
static void
hear(struct wire *w, const char *p, size_t n)
{
	const char *eol;
	size_t len;

	w->after_quit |= w->quit && n > 0;
	for (; n > 0; p += len, n -= len) {
		len = n < w->chunk ? n : w->chunk;
		if (w->chunk) {
			w->chunk -= len;
			if (w->chunk == 0 && w->last)
				end_of_message(w);
			continue;
		}
		eol = memchr(p, '\n', n);
		len = eol ? (size_t)(eol - p) + 1 : n;
		buf_add(&w->line, p, eol ? len - 1 : len);
		if (eol)
			line(w);
	}
}

static ssize_t
wire_write(struct conn *c, const char *p, size_t n)
{
	struct wire *w = c->state;

	if (w->deaf) {
		buf_clear(&c->why);
		buf_adds(&c->why, "Broken pipe");
		return -1;
	}
	if (w->gulp && w->room == 0)
		return CONN_AGAIN;
	if (w->gulp && n > w->room)
		n = w->room;
	w->room -= w->gulp ? n : 0;
	hear(w, p, n);
	return (ssize_t)n;
}

/* An octet for the client: is its line a yes to the message, or a no? */
static void
give(struct wire *w, char c)
{
	if (w->first == 0)
		w->first = c;
	if (c != '\n')
		return;
	w->nyes += w->nend > 0 && w->first == '2';
	w->nno += w->first == '4' || w->first == '5';
	w->first = 0;
}

static bool
at_mark(struct wire *w)
{
	while (w->left && *w->stream == '!') {
		w->deaf = true;
		w->stream++;
		w->left--;
	}
	return w->left && strchr("|^", *w->stream) && *w->stream;
}

static ssize_t
wire_read(struct conn *c, char *p, size_t n)
{
	struct wire *w = c->state;
	size_t i;

	for (i = 0; i < n && !at_mark(w) && w->left; i++) {
		p[i] = *w->stream++;
		w->left--;
		give(w, p[i]);
	}
	if (i > 0)
		return (ssize_t)i;
	if (w->left || w->silent)
		return CONN_AGAIN;
	buf_clear(&c->why);
	buf_adds(&c->why, "Connection reset by peer");
	return w->reset ? -1 : 0;
}

static enum conn_event
wire_wait(struct conn *c, bool output, int64_t deadline)
{
	struct wire *w = c->state;

	(void)deadline;
	w->room = w->gulp;
	if (at_mark(w) && (!output || *w->stream == '^')) {
		w->stream++;
		w->left--;
	} else if (w->left == 0 && w->silent && !output) {
		return CONN_LATE;
	}
	return CONN_OK;
}

static void
wire_close(struct conn *c)
{
	(void)c;
}

/* Of one recipient. */
static void
check_outcome(const struct wire *w, const struct wire_setup *setup,
    const struct envelope *e, size_t i)
{
	enum outcome outcome = envelope_verdict(e, i)->outcome;

	MUST(outcome != UNDECIDED || setup->options.quit_after);
	/* accepted: only by a yes that was read behind the end */
	MUST(outcome != ACCEPTED || (w->nyes && w->risked[i]));
	/* unknown: only where the end of the message left */
	MUST(outcome != UNKNOWN || w->risked[i]);
	/* unsent: never where the server may have the message, which it can if
	 * it did not say no to the recipient */
	MUST(outcome != UNSENT || w->nno || !w->risked[i]);
	MUST(outcome != WILLING || setup->options.check);
}

static void
check(const struct wire *w, const struct wire_setup *setup,
    const struct session *s)
{
	const struct envelope *e = s->envelope;
	size_t count[NOUTCOME], naccepted = 0, i;
	int status = outcome_status(e, &s->problem);

	for (i = 0; i < e->nrecipient; i++)
		if (e->recipients[i].first == i) {
			check_outcome(w, setup, e, i);
			naccepted +=
			    envelope_verdict(e, i)->outcome == ACCEPTED;
		}
	envelope_count(e, count);
	/* LMTP: a yes for each */
	MUST(!setup->options.lmtp || naccepted <= w->nyes);
	MUST(w->nend == 0 || !(setup->options.check || setup->options.probe ||
				 setup->options.quit_after));
	MUST(!setup->options.all_or_none || naccepted == 0 || w->nmail == 1);
	MUST(!w->after_quit && !w->unknown);
	MUST((status == 79) == (count[UNKNOWN] > 0));
	MUST((status == 0) ==
	     (count[ACCEPTED] + count[WILLING] == e->nrecipient));
	if (naccepted + count[WILLING] == 0 && !setup->options.quit_after)
		MUST(s->problem.class != FAIL_NONE || count[REFUSED] ||
		     count[DEFERRED]);
}

/* A password leaves only where that is allowed. */
static void
check_secrets(const struct wire *w, const struct wire_setup *setup)
{
	const struct credentials *c = setup->options.credentials;

	if (c && !setup->options.allow_cleartext_auth && buf_len(&w->commands))
		MUST(strstr(w->commands.data, "AUTH ") == NULL);
}

static void
open_envelope(struct envelope *e, size_t nrecipient)
{
	struct problem problem = { 0 };
	char address[] = "x@example.org";
	size_t i;

	envelope_sender(e, "a@example.org", &problem);
	for (i = 0; i < nrecipient; i++) {
		address[0] =
		    (char)(i + 1 < WIRE_RECIPIENTS ? 'b' + (int)i : 'b');
		envelope_recipient(e, address, &problem);
	}
	envelope_unique(e);
}

bool
wire_run(struct wire *w, const struct wire_setup *setup)
{
	static const struct transport transport = { wire_read, wire_write,
		wire_wait, wire_close };
	static const struct trace silent = { .level = 0 };
	static char name[] = "wire";
	static const struct server server = { .host = name, .name = name };
	struct conn conn = { .io = &transport,
		.state = w,
		.fd = -1,
		.interrupt = -1,
		.deadline = CLOCK_NEVER };
	struct envelope envelope = { 0 };
	struct session s = { .options = &setup->options,
		.server = &server,
		.trace = &silent,
		.conn = &conn,
		.envelope = &envelope,
		.message = setup->message,
		.helo = "client.example.org" };
	bool login;

	open_envelope(&envelope, setup->nrecipient);
	w->room = w->gulp;
	session_run(&s);
	login = buf_len(&s.login) > 0;
	session_end(&s);
	buf_str(&w->commands);
	check(w, setup, &s);
	check_secrets(w, setup);
	envelope_free(&envelope);
	problem_free(&s.problem);
	buf_free(&s.final);
	buf_free(&w->commands);
	buf_free(&w->line);
	return login;
}
