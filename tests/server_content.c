#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "server.h"

static void
name_file(
    const struct session *s, struct text *path, const char *name, uint64_t n)
{
	text_clear(path);
	text_addf(path, "%s/%s.%llu", s->opt->dir, name, (unsigned long long)n);
}

/* Until its end has come a message has no number. */
static void
start(struct session *s)
{
	struct content *t = &s->content;
	struct text path = { 0 };

	if (t->started)
		return;
	*t = (struct content){ .started = true, .bol = true };
	if (s->opt->dir == NULL || s->opt->discard)
		return;
	name_file(s, &path, "incoming", (uint64_t)getpid());
	t->file = fopen(path.data, "we");
	if (t->file == NULL)
		err(EX_CANTCREAT, "%s", path.data);
	(void)setvbuf(t->file, NULL, _IOFBF, CONN_BLOCK);
	text_free(&path);
}

static void
keep(struct session *s, const char *data, size_t len)
{
	struct content *t = &s->content;

	t->size += len;
	if (t->file && fwrite(data, 1, len, t->file) != len)
		err(EX_IOERR, "message");
}

static void
report_bare(struct session *s, const char *what)
{
	if (!s->content.reported_bare && !s->binary)
		log_violation(s, "%s in the content", what);
	s->content.reported_bare = true;
}

static void
inspect(struct session *s, const char *data, size_t len)
{
	unsigned char seen = 0;

	if (memchr(data, '\r', len))
		report_bare(s, "bare CR");
	if (memchr(data, '\0', len))
		report_bare(s, "NUL");
	for (size_t i = 0; i < len; i++)
		seen |= (unsigned char)data[i];
	if (seen >= 0x80 && !s->eight && !s->content.reported_8bit) {
		log_violation(s, "8-bit content without BODY=8BITMIME");
		s->content.reported_8bit = true;
	}
}

/* Takes a line, or what there is of it; returns where the next begins. */
static const char *
line(struct session *s, const char *at, const char *end)
{
	struct content *t = &s->content;
	const char *lf = memchr(at, '\n', (size_t)(end - at));
	const char *stop = lf ? lf : end;
	bool cr = stop > at ? stop[-1] == '\r' : t->cr;

	if (!s->opt->discard) {
		if (t->cr && stop > at)
			report_bare(s, "bare CR");
		if (lf && !cr)
			report_bare(s, "bare LF");
		inspect(s, at, (size_t)(stop - at - (cr && stop > at)));
	}
	t->bol = lf && cr;
	t->cr = !lf && cr;
	return lf ? lf + 1 : end;
}

/*
 * Takes content from a block and returns how many octets; the one or two that
 * are left may be the beginning of the final dot.
 */
static size_t
unstuff(struct session *s, const char *block, size_t len)
{
	static const char dot[] = ".\r\n";
	struct content *t = &s->content;
	const char *at = block, *run = block, *end = block + len;

	while (at < end) {
		size_t left = (size_t)(end - at);

		if (t->bol && *at == '.') {
			keep(s, run, (size_t)(at - run));
			if (memcmp(at, dot, left < 3 ? left : 3) == 0) {
				t->done = left >= 3;
				return (size_t)(at - block) + (t->done ? 3 : 0);
			}
			if (at[1] != '.')
				log_violation(s, "a dot was not doubled");
			run = ++at;
			t->cr = false;
		}
		at = line(s, at, end);
	}
	keep(s, run, (size_t)(end - run));
	return len;
}

/* Plays what the scenario has for this many octets. */
static void
play_after(struct session *s, uint64_t octets, size_t *most)
{
	struct content *t = &s->content;
	const struct rule *rule;

	*most = CONN_BLOCK;
	while (!s->over &&
	       (rule = scenario_after(s->opt->rules, s->number, t->from))) {
		int code;

		if (rule->nth > octets) {
			if (rule->nth - octets < CONN_BLOCK)
				*most = (size_t)(rule->nth - octets);
			return;
		}
		t->from = rule->nth + 1;
		code = play_rule(s, rule, NULL);
		if (code)
			t->early = code;
		if (!s->over)
			conn_flush(&s->conn);
	}
}

int
content_data(struct session *s)
{
	struct content *t = &s->content;
	struct conn *c = &s->conn;

	start(s);
	for (;;) {
		size_t used, most;

		play_after(s, t->wire + c->tail - c->head, &most);
		if (s->over)
			return -1;
		used = unstuff(s, c->in + c->head, c->tail - c->head);
		c->head += used;
		t->wire += used;
		if (t->done)
			return 0;
		if (conn_fill(c, most) == -1)
			return -1;
	}
}

int
content_chunk(struct session *s, uint64_t octets)
{
	struct content *t = &s->content;
	struct conn *c = &s->conn;

	start(s);
	for (;;) {
		size_t have, most;
		const char *at, *end;

		play_after(s, t->wire + c->tail - c->head, &most);
		if (s->over)
			return -1;
		have = c->tail - c->head;
		if (have > octets)
			have = (size_t)octets;
		at = c->in + c->head;
		end = at + have;
		keep(s, at, have);
		while (!s->opt->discard && at < end)
			at = line(s, at, end);
		c->head += have;
		t->wire += have;
		octets -= have;
		if (octets == 0)
			return 0;
		if (conn_fill(c, most) == -1)
			return -1;
	}
}

/* Other processes number messages too: the first free number is ours. */
static void
number_files(struct session *s)
{
	struct text from = { 0 }, to = { 0 };
	FILE *envelope;

	name_file(s, &from, "incoming", (uint64_t)getpid());
	do
		name_file(s, &to, "message", ++s->nmessage);
	while (access(to.data, F_OK) == 0 || link(from.data, to.data) == -1);
	if (unlink(from.data) == -1)
		err(EX_IOERR, "%s", from.data);
	name_file(s, &to, "envelope", s->nmessage);
	envelope = fopen(to.data, "we");
	if (envelope == NULL)
		err(EX_CANTCREAT, "%s", to.data);
	fwrite(s->envelope.data, 1, s->envelope.len, envelope);
	if (fclose(envelope) == EOF)
		err(EX_IOERR, "%s", to.data);
	text_free(&from);
	text_free(&to);
}

void
content_keep(struct session *s)
{
	struct content *t = &s->content;

	if (t->file) {
		if (fclose(t->file) == EOF)
			err(EX_IOERR, "message");
		t->file = NULL;
		number_files(s);
	} else {
		s->nmessage++;
	}
	log_event(s, "message %llu: %llu octets",
	    (unsigned long long)s->nmessage, (unsigned long long)t->size);
}

void
content_drop(struct session *s)
{
	struct text path = { 0 };

	if (s->content.file) {
		fclose(s->content.file);
		name_file(s, &path, "incoming", (uint64_t)getpid());
		unlink(path.data);
		text_free(&path);
	}
	s->content = (struct content){ 0 };
}
