/* The message on its way: what goes over the wire, octet for octet, and a
 * server that breaks in, is slow, or miscounts. */

#include "base/clock.h"
#include "check.h"
#include "play.h"

#define LINE "0123456789012345678901234567890123456789\n"

static struct message long_message, longest_message;

/* The conversations themselves, octet for octet. */
static void
dialogue(void)
{
	static const struct rule none[] = { { 0 } };
	static const struct rule dot[] = { { "RCPT", 0, "550 no" },
		{ "DATA", 1, "354 go" }, { 0 } };
	struct setup setup = play_usual;
	struct run r;

	setup.nrcpt = 1;
	play_run(&r, none, play_pipelining, &setup);
	CHECK_STR(buf_str(&r.fake.wire),
	    "EHLO client.example.org\r\n"
	    "MAIL FROM:<a@example.org> SIZE=37\r\n"
	    "RCPT TO:<b@example.org>\r\nDATA\r\n"
	    "Subject: test\r\n\r\n..leading dot\r\nlast\r\n.\r\nQUIT\r\n",
	    "a whole session");
	play_done(&r);
	play_run(&r, dot, play_pipelining, &setup);
	CHECK_STR(buf_str(&r.fake.wire),
	    "EHLO client.example.org\r\n"
	    "MAIL FROM:<a@example.org> SIZE=37\r\n"
	    "RCPT TO:<b@example.org>\r\nDATA\r\n.\r\nQUIT\r\n",
	    "a 354 with no accepted recipient is answered with a lone dot");
	play_done(&r);
	play_run(&r, dot, play_lock_step, &setup);
	CHECK_STR(buf_str(&r.fake.wire),
	    "EHLO client.example.org\r\n"
	    "MAIL FROM:<a@example.org> SIZE=37\r\n"
	    "RCPT TO:<b@example.org>\r\nQUIT\r\n",
	    "no DATA when the only recipient was refused");
	play_done(&r);
}

/* The server speaks in the middle of the message (R-5321-47). */
static void
cut_off(void)
{
	static const struct {
		const char *says, *outcomes;
		int status;
	} cases[] = {
		{ "552 5.3.4 too big", "rr", 69 },
		{ "452 4.3.1 full", "dd", 75 },
		{ "421 closing", "dd", 75 },
		{ "250 early", "uu", 76 },
		{ "354 again", "uu", 76 },
		{ "nonsense", "uu", 76 },
	};
	static const char *const ehlos[] = { "250-fake\n250 PIPELINING",
		play_chunking, play_chunking_lock_step };
	struct setup setup = play_usual;
	struct run r;
	size_t i;

	setup.message = &longest_message;
	setup.gulp = 70001;
	for (i = 0; i < sizeof(cases) / sizeof(*cases) * 6; i++) {
		const char *says = cases[i / 6].says;
		const struct rule rules[] = { { "CONTENT", 1500000, says },
			{ 0 } };

		setup.split = i % 2 * 7;
		play_run(&r, rules, ehlos[i % 3], &setup);
		CHECK_STR(r.outcomes, cases[i / 6].outcomes, says);
		CHECK_INT(r.status, cases[i / 6].status, says);
		CHECK_INT(r.fake.nmessage, 0, says);
		CHECK(r.fake.ncontent < 2500000);
		CHECK(!strstr(buf_str(&r.fake.wire), "QUIT"));
		play_done(&r);
	}
}

/* A long message to a server that takes so many octets in the time limit of a
 * second. */
static void
slow(size_t octets, const char *outcomes, int status)
{
	const struct session_options options = { .deadline = CLOCK_NEVER,
		.timeout = 1000 };
	struct setup setup = play_usual;
	const char *const ehlos[] = { "250-fake\n250 PIPELINING", "250 fake",
		play_chunking, play_chunking_lock_step };
	struct run r;
	size_t i;

	setup.options = &options;
	setup.message = &long_message;
	setup.slow = true;
	setup.gulp = octets;
	for (i = 0; i < sizeof(ehlos) / sizeof(*ehlos); i++) {
		play_run(&r, NULL, ehlos[i], &setup);
		CHECK_STR(r.outcomes, outcomes, ehlos[i]);
		CHECK_INT(r.status, status, ehlos[i]);
		play_done(&r);
	}
}

/* A signal, and the end of --deadline, while nothing makes us wait. */
static void
hurried(void)
{
	const struct session_options options = { .deadline = clock_now() };
	struct setup setup = play_usual;
	struct run r;

	setup.message = &long_message;
	setup.signalled = true;
	play_run(&r, NULL, "250-fake\n250 PIPELINING", &setup);
	CHECK_STR(r.outcomes, "uu", "a signal");
	CHECK_INT(r.session.problem.class, FAIL_SIGNAL, "a signal");
	CHECK(r.fake.ncontent < 700000);
	play_done(&r);
	setup.signalled = false;
	setup.message = &play_message;
	setup.options = &options;
	play_run(&r, NULL, "250-fake\n250 PIPELINING", &setup);
	CHECK_STR(r.outcomes, "uu", "the deadline");
	CHECK_INT(r.fake.nmessage, 0, "the deadline");
	play_done(&r);
}

/* Chunks whose replies are too many, or come too early, are not taken for the
 * verdict. */
static void
chunks(void)
{
	static const struct {
		const char *says, *outcomes;
		int status;
	} cases[] = {
		{ "250 ok", "aa", 0 },
		{ "250 ok\n250 ok", "uu", 76 },
		{ "250 ok\n250 ok\n250 ok", "uu", 76 },
		{ "250 ok\n550 no", "uu", 76 },
		{ "550 no", "rr", 69 },
		{ "452 full\n250 ok", "dd", 76 },
		{ "354 go", "uu", 76 },
		{ "421 closing", "dd", 75 },
		{ "250 ok+close", "uu", 75 },
	};
	struct setup setup = play_usual;
	struct run r;
	size_t i;

	setup.message = &longest_message;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (setup.gulp = 0; setup.gulp < 40000; setup.gulp += 30001) {
			const struct rule rules[] = {
				{ "BDAT", 1, cases[i].says }, { 0 }
			};

			play_run(&r, rules, play_chunking, &setup);
			CHECK_STR(r.outcomes, cases[i].outcomes, cases[i].says);
			CHECK_INT(r.status, cases[i].status, cases[i].says);
			play_done(&r);
		}
}

int
main(void)
{
	play_open();
	play_gather(&long_message, LINE, 25000);
	play_gather(&longest_message, LINE, 80000);
	dialogue();
	cut_off();
	slow(100000, "aa", 0);
	slow(400, "uu", 75);
	hurried();
	chunks();
	message_free(&long_message);
	message_free(&longest_message);
	play_close();
	return check_done("t_content");
}
