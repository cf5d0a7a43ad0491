#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "play.h"
#include "submit/outcome.h"

const char play_pipelining[] =
    "250-fake\n250-SIZE 1000\n250-8BITMIME\n250 PIPELINING";
const char play_lock_step[] = "250-fake\n250-SIZE 1000\n250 8BITMIME";
const char play_chunking[] =
    "250-fake\n250-8BITMIME\n250-CHUNKING\n250 PIPELINING";
const char play_chunking_lock_step[] = "250-fake\n250-8BITMIME\n250 CHUNKING";

struct message play_message;
const struct session_options play_plain = { .deadline = CLOCK_NEVER };
const struct setup play_usual = { .options = &play_plain,
	.message = &play_message,
	.cut_in = FAKE_NEVER,
	.cut_out = FAKE_NEVER,
	.nrcpt = 2 };

void
play_gather(struct message *m, const char *text, size_t times)
{
	static const struct patience forever = { -1, CLOCK_NEVER };
	struct problem problem = { 0 };
	FILE *file = tmpfile();

	if (file == NULL)
		abort();
	while (times--)
		fputs(text, file);
	fflush(file);
	lseek(fileno(file), 0, SEEK_SET);
	CHECK(message_gather(m, fileno(file), &forever, &problem) == 0);
}

void
play_open(void)
{
	play_gather(&play_message, "Subject: test\n\n.leading dot\nlast\n", 1);
}

void
play_close(void)
{
	message_free(&play_message);
}

/* A descriptor that can be read. */
static int
readable(void)
{
	static int fd[2] = { -1, -1 };

	if (fd[0] == -1 && (pipe(fd) == -1 || write(fd[1], "", 1) != 1))
		abort();
	return fd[0];
}

void
play_run(struct run *r, const struct rule *rules, const char *ehlo,
    const struct setup *setup)
{
	static const struct trace silent = { .level = 0 };
	static char name[] = "fake";
	static const struct server server = { .host = name, .name = name };
	struct problem problem = { 0 };
	char address[32];
	size_t i;

	*r = (struct run){ .fake = { .rules = rules,
			       .lmtp = setup->options->lmtp,
			       .ehlo = ehlo,
			       .split = setup->split,
			       .cut_in = setup->cut_in,
			       .cut_out = setup->cut_out,
			       .gulp = setup->gulp,
			       .slow = setup->slow } };
	envelope_sender(&r->envelope, "a@example.org", &problem);
	for (i = 0; i < setup->nrcpt; i++) {
		snprintf(
		    address, sizeof(address), "%c@example.org", (int)('b' + i));
		envelope_recipient(&r->envelope, address, &problem);
	}
	envelope_unique(&r->envelope);
	r->session = (struct session){ .options = setup->options,
		.server = &server,
		.trace = &silent,
		.conn = &r->conn,
		.envelope = &r->envelope,
		.message = setup->message,
		.helo = "client.example.org",
		.loopback = !setup->remote };
	fake_open(&r->fake, &r->conn);
	if (setup->signalled)
		r->conn.interrupt = readable();
	session_run(&r->session);
	r->status = outcome_status(&r->envelope, &r->session.problem);
	session_end(&r->session);
	for (i = 0; i < setup->nrcpt; i++)
		r->outcomes[i] =
		    "-ardu?o"[envelope_verdict(&r->envelope, i)->outcome];
}

void
play_done(struct run *r)
{
	fake_free(&r->fake);
	envelope_free(&r->envelope);
	problem_free(&r->session.problem);
	buf_free(&r->session.final);
}

int
play_invariants(const struct run *r, const char *what)
{
	const struct fake *f = &r->fake;
	size_t i;
	int ok = 1;

	for (i = 0; i < r->envelope.nrecipient; i++) {
		char o = r->outcomes[i];

		ok &= CHECK(o != '-');
		/* accepted: only by a verdict that was read */
		ok &= CHECK(o != 'a' || f->delivered[i]);
		/* never to be sent again where the server may have it */
		ok &= CHECK(!(o == 'u' && f->risked[i]));
		ok &= CHECK(!((o == 'd' || o == 'r') && f->promised[i]));
		/* nobody gets two copies */
		ok &= CHECK(f->promised[i] <= 1);
		/* unknown: only where the end of the message was sent */
		ok &= CHECK(o != '?' || f->nmessage || f->ended);
	}
	ok &= CHECK(!f->after_quit);
	ok &= CHECK(!f->after_421);
	ok &= CHECK(!f->content_unasked);
	ok &= CHECK(strstr(r->outcomes, "?") ? r->status == 79 : 1);
	if (!ok)
		fprintf(stderr, "    in: %s -> %s, exit %d\n", what,
		    r->outcomes, r->status);
	return ok;
}
