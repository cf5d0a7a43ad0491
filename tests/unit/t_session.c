/* The conversation against a server that answers anything, at any place, in
 * pieces of any size: what the recipients are told must be true. */

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "fake.h"
#include "smtp/session.h"
#include "submit/outcome.h"

#define TEXT "Subject: test\n\n.leading dot\nlast\n"

static const struct patience forever = { -1, CLOCK_NEVER };

static const char pipelining[] =
    "250-fake\n250-SIZE 1000\n250-8BITMIME\n250 PIPELINING";
static const char chunking[] =
    "250-fake\n250-8BITMIME\n250-CHUNKING\n250 PIPELINING";
static const char chunking_lock_step[] = "250-fake\n250-8BITMIME\n250 CHUNKING";
static const char prdr[] = "250-fake\n250-8BITMIME\n250-PRDR\n250 PIPELINING";
static const char lock_step[] = "250-fake\n250-SIZE 1000\n250 8BITMIME";

/* One run, and what can be compared of it. */
struct run {
	struct fake fake;
	struct session session;
	struct conn conn;
	struct envelope envelope;
	int status;
	char outcomes[64]; /* a letter for each: a r d u ? for unknown */
};

static struct message message, long_message, longest_message;
static const struct session_options plain = { .deadline = CLOCK_NEVER };

/* What a run is given beside the script. */
struct setup {
	const struct session_options *options;
	struct message *message;
	bool remote; /* not on this machine */
	bool slow; /* each gulp takes all the time that there is */
	bool signalled; /* INT, TERM or HUP came */
	size_t split, cut_in, cut_out, gulp;
	size_t nrcpt;
};

static const struct setup usual = { .options = &plain,
	.message = &message,
	.cut_in = FAKE_NEVER,
	.cut_out = FAKE_NEVER,
	.nrcpt = 2 };

static void
gather(struct message *m, const char *text, size_t times)
{
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

/* A descriptor that can be read. */
static int
readable(void)
{
	static int fd[2] = { -1, -1 };

	if (fd[0] == -1 && (pipe(fd) == -1 || write(fd[1], "", 1) != 1))
		abort();
	return fd[0];
}

static void
run(struct run *r, const struct rule *rules, const char *ehlo,
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

static void
done(struct run *r)
{
	fake_free(&r->fake);
	envelope_free(&r->envelope);
	problem_free(&r->session.problem);
	buf_free(&r->session.final);
}

/* What holds whatever the server says. Returns whether it does. */
static int
invariants(const struct run *r, const char *what)
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

/* One script, in pieces of every size: the same must come out. */
static void
every_split(const struct rule *rules, const char *ehlo,
    const struct session_options *options, const char *name)
{
	static const struct {
		size_t read, write;
	} splits[] = { { 0, 0 }, { 1, 0 }, { 2, 7 }, { 3, 0 }, { 7, 1 } };
	struct setup setup = usual;
	struct run r, whole;
	char what[160];
	size_t i;

	setup.options = options;
	setup.nrcpt = 3;
	for (i = 0; i < sizeof(splits) / sizeof(*splits); i++) {
		setup.split = splits[i].read;
		setup.gulp = splits[i].write;
		run(&r, rules, ehlo, &setup);
		snprintf(what, sizeof(what), "%s, split %zu, %zu", name,
		    splits[i].read, splits[i].write);
		invariants(&r, what);
		if (i == 0) {
			whole = r;
			continue;
		}
		CHECK_STR(r.outcomes, whole.outcomes, what);
		CHECK_INT(r.status, whole.status, what);
		done(&r);
	}
	done(&whole);
}

static const struct mode {
	const char *name, *ehlo;
	bool lmtp;
} modes[] = {
	{ "pipelining", pipelining, false },
	{ "lock-step", lock_step, false },
	{ "chunking", chunking, false },
	{ "chunking, lock-step", chunking_lock_step, false },
	{ "PRDR", prdr, false },
	{ "RCPTMAX", "250-fake\n250-LIMITS RCPTMAX=1\n250 PIPELINING", false },
	{ "RCPTMAX, chunking, lock-step",
	    "250-fake\n250-LIMITS RCPTMAX=2\n250 CHUNKING", false },
	{ "LMTP, RCPTMAX", "250-fake\n250-LIMITS RCPTMAX=2\n250 PIPELINING",
	    true },
	{ "LMTP", pipelining, true },
	{ "LMTP, chunking", chunking, true },
};

static void
every_mode(const char *verb, size_t nth, const char *action)
{
	const struct rule rules[] = { { verb, nth, action }, { 0 } };
	struct session_options options = plain;
	const struct mode *m;
	char what[128];

	for (m = modes; m < modes + sizeof(modes) / sizeof(*modes); m++) {
		/* more replies than recipients mean nothing to anybody */
		if (((m->lmtp && strcmp(verb, "DOT") == 0) ||
			strcmp(verb, "EACH") == 0) &&
		    nth == 0 && strstr(action, "twice"))
			continue;
		options.lmtp = m->lmtp;
		snprintf(what, sizeof(what), "%s %zu: %s (%s)", verb, nth,
		    action, m->name);
		every_split(rules, m->ehlo, &options, what);
	}
}

/* Every verb, every occurrence, every kind of reply. */
static void
matrix(void)
{
	static const char *const verbs[] = { "GREETING", "EHLO", "LHLO", "MAIL",
		"RCPT", "DATA", "DOT", "EACH", "ALL", "QUIT" };
	static const char *const actions[] = { "250 ok", "250", "250 ",
		"raw:250\n", "251 2.1.5 will forward", "299 odd",
		"250-a\n250-b\n250 c", "250 ok\n250 twice", "354 go",
		"354 go\n250 early", "450 4.2.0 later", "421 4.3.2 closing",
		"421 closing+close", "452 4.5.3 too many", "500 what",
		"550 5.1.1 no", "552 5.2.2 full", "552 too many", "353 each",
		"554 5.7.1 no", "503 sequence", "530 5.7.0 login first",
		"521 no mail", "199 odd", "650 odd", "000 odd", "25 ok",
		"2500 ok", " 250 ok", "250ok", "+25 ok", "hello", "",
		"250-a\n550 b", "550-a\n250 b", "250-a\n250b", "raw:250 a\n\n",
		"raw:250 cut", "raw:250-cut\r\n", "close", "250 ok+close",
		"550 no+close", "raw:25", "silent", "raw:250 o\x1b[2Jk\r\n" };
	const size_t nverb = sizeof(verbs) / sizeof(*verbs);
	const size_t naction = sizeof(actions) / sizeof(*actions);
	size_t i;

	/* verb, occurrence (0: every), action */
	for (i = 0; i < nverb * 4 * naction; i++)
		every_mode(verbs[i / naction / 4], i / naction % 4,
		    actions[i % naction]);
}

/* What is said twice in one session. */
static void
pair(const struct rule *rules, const struct mode *m, bool check, bool all)
{
	const struct session_options options = { .deadline = CLOCK_NEVER,
		.lmtp = m->lmtp,
		.check = check,
		.all_or_none = all };
	struct setup setup = usual;
	struct run r;
	char what[160];

	setup.options = &options;
	setup.nrcpt = 3;
	run(&r, rules, m->ehlo, &setup);
	snprintf(what, sizeof(what), "%s %zu: %s, %s %zu: %s (%s)%s%s",
	    rules[0].verb, rules[0].nth, rules[0].action, rules[1].verb,
	    rules[1].nth, rules[1].action, m->name, check ? ", --check" : "",
	    all ? ", --all-or-none" : "");
	invariants(&r, what);
	CHECK(!check || r.fake.nmessage == 0);
	CHECK(!all || !strchr(r.outcomes, 'a') ||
	      strcmp(r.outcomes, "aaa") == 0 || r.fake.nmessage == 1);
	done(&r);
}

static void
every_pair(const struct mode *m, bool check, bool all)
{
	static const char *const verbs[] = { "MAIL", "RCPT", "DATA", "DOT",
		"EACH", "ALL", "RSET", "QUIT" };
	static const char *const actions[] = { "354 go", "421 bye", "451 no",
		"452 4.5.3 many", "550 no", "close", "silent", "what" };
	const size_t nverb = sizeof(verbs) / sizeof(*verbs);
	const size_t naction = sizeof(actions) / sizeof(*actions);
	const size_t n = nverb * 2 * naction;
	struct rule rules[3] = { { 0 } };
	size_t i, k;

	for (i = 0; i < n * n; i++) {
		for (k = 0; k < 2; k++) {
			size_t one = k ? i / n : i % n;

			rules[k] = (struct rule){ verbs[one / naction / 2],
				one / naction % 2 + 1, actions[one % naction] };
		}
		if (i % n < i / n) /* the other order is the same */
			pair(rules, m, check, all);
	}
}

static void
pairs(void)
{
	const struct mode *m;

	for (m = modes; m < modes + sizeof(modes) / sizeof(*modes); m++)
		every_pair(m, false, false);
	for (m = modes; m < modes + sizeof(modes) / sizeof(*modes); m++)
		if (strncmp(m->name, "RCPTMAX", 7) == 0) {
			every_pair(m, true, false);
			every_pair(m, false, true);
		}
}

/* The stream of either side ends after every octet. */
static void
cuts(const char *ehlo)
{
	static const struct rule rules[] = { { "RCPT", 2, "550 5.1.1 no" },
		{ 0 } };
	struct setup setup = usual;
	size_t cut, in, out;
	struct run r;
	char what[64];

	setup.nrcpt = 3;
	run(&r, rules, ehlo, &setup);
	CHECK_STR(r.outcomes, "ara", "no cut");
	in = r.fake.said;
	out = buf_len(&r.fake.wire);
	done(&r);
	for (cut = 0; cut <= in; cut++) {
		setup.cut_in = cut;
		run(&r, rules, ehlo, &setup);
		snprintf(what, sizeof(what), "server cut at %zu", cut);
		invariants(&r, what);
		done(&r);
	}
	setup.cut_in = FAKE_NEVER;
	for (cut = 0; cut <= out; cut++) {
		setup.cut_out = cut;
		run(&r, rules, ehlo, &setup);
		snprintf(what, sizeof(what), "client cut at %zu", cut);
		invariants(&r, what);
		CHECK(r.fake.nmessage || !strchr(r.outcomes, '?'));
		done(&r);
	}
}

/* What must come out, two recipients, by the numbers of the fault list. */
static const struct row {
	const char *id;
	struct rule rules[4];
	const char *outcomes;
	int status;
	const char *ehlo; /* NULL: both */
} rows[] = {
	{ "plain", { { "NONE", 1, "" } }, "aa", 0, NULL },
	{ "F-006", { { "GREETING", 1, "554 no" } }, "rr", 69, NULL },
	{ "F-007", { { "GREETING", 1, "521 no" } }, "rr", 69, NULL },
	{ "F-008", { { "GREETING", 1, "421 busy" } }, "dd", 75, NULL },
	{ "F-008b", { { "GREETING", 1, "450 busy" } }, "dd", 75, NULL },
	{ "F-010", { { "GREETING", 1, "220-a\n220-\n220 b" } }, "aa", 0, NULL },
	{ "F-011", { { "GREETING", 1, "220" } }, "aa", 0, NULL },
	{ "F-012", { { "GREETING", 1, "raw:220\n" } }, "aa", 0, NULL },
	{ "F-016", { { "GREETING", 1, "close" } }, "uu", 75, NULL },
	{ "F-018", { { "GREETING", 1, "raw:220 hi" } }, "uu", 75, NULL },
	{ "F-019", { { "GREETING", 1, "220 a\n250 b" } }, "uu", 76, NULL },
	{ "F-021", { { "GREETING", 1, "raw:\x15\x03\x01\n" } }, "uu", 76,
	    NULL },
	{ "F-036", { { "MAIL", 1, "25 ok" } }, "uu", 76, NULL },
	{ "F-036 dot", { { "DOT", 1, "25 ok" } }, "??", 79, NULL },
	{ "F-037", { { "RCPT", 1, " 250 ok" } }, "uu", 76, NULL },
	{ "F-037 dot", { { "DOT", 1, " 250 ok" } }, "??", 79, NULL },
	{ "F-038 dot", { { "DOT", 1, "+25 ok" } }, "??", 79, NULL },
	{ "F-038", { { "DATA", 1, "2 5 ok" } }, "uu", 76, NULL },
	{ "F-039", { { "EHLO", 1, "\n250 ok" } }, "uu", 76, NULL },
	{ "F-047", { { "RCPT", 1, "250-a\n550 b" } }, "ru", 76, NULL },
	{ "F-047 MAIL", { { "MAIL", 1, "250-a\n550 b" } }, "rr", 76, NULL },
	{ "F-048", { { "DOT", 1, "550-a\n250 b" } }, "??", 79, NULL },
	{ "F-049", { { "EHLO", 1, "250-a\n250b" } }, "uu", 76, NULL },
	{ "F-050", { { "MAIL", 1, "250-a+close" } }, "uu", 75, NULL },
	{ "F-050 dot", { { "DOT", 1, "250-a+close" } }, "??", 79, NULL },
	{ "F-051", { { "MAIL", 1, "raw:250 a\n\n" } }, "uu", 76, lock_step },
	{ "F-052", { { "DOT", 1, "raw:250 a\r\r\n" } }, "aa", 0, NULL },
	{ "F-056", { { "MAIL", 1, "150 a\n250 b" } }, "uu", 76, NULL },
	{ "F-057", { { "DOT", 1, "650 a" } }, "??", 79, NULL },
	{ "F-058", { { "MAIL", 1, "999 a" } }, "uu", 76, NULL },
	{ "F-059", { { "DOT", 1, "260 ok" } }, "aa", 0, NULL },
	{ "F-059b", { { "MAIL", 1, "599 no" } }, "rr", 69, NULL },
	{ "F-060", { { "MAIL", 1, "354 go" } }, "uu", 76, NULL },
	{ "F-060b", { { "RCPT", 2, "354 go" } }, "uu", 76, NULL },
	{ "F-061", { { "MAIL", 1, "250 ok\n250 ok" } }, "uu", 76, NULL },
	{ "F-063",
	    { { "RCPT", 2, "250 ok\n354 go\n250 sent" },
		{ "DOT", 1, "554 no" } },
	    "uu", 76, NULL },
	{ "F-068", { { "DOT", 1, "250 5.0.0 ok" } }, "aa", 0, NULL },
	{ "F-069", { { "DOT", 1, "550 2.0.0 no" } }, "rr", 69, NULL },
	{ "F-070", { { "EHLO", 1, "500 what" } }, "aa", 0, NULL },
	{ "F-072", { { "EHLO", 1, "250-fake\n250 SIZE 10" } }, "rr", 65, NULL },
	{ "F-079", { { "EHLO", 1, "421 no" } }, "dd", 75, NULL },
	{ "F-079b", { { "EHLO", 1, "451 no" } }, "dd", 75, NULL },
	{ "F-079c", { { "EHLO", 1, "550 no" } }, "aa", 0, NULL },
	{ "F-079d", { { "EHLO", 1, "554 no" } }, "rr", 69, NULL },
	{ "F-079e", { { "EHLO", 1, "530 no" } }, "rr", 77, NULL },
	{ "F-087",
	    { { "MAIL", 1, "550 no" }, { "RCPT", 0, "503 no" },
		{ "DATA", 1, "354 go" } },
	    "rr", 69, pipelining },
	{ "F-090", { { "RCPT", 2, "silent" } }, "uu", 75, NULL },
	{ "F-091", { { "DATA", 1, "354 go\n250 more" } }, "uu", 76, NULL },
	{ "F-100 MAIL", { { "MAIL", 1, "421 no" } }, "dd", 75, NULL },
	{ "F-100 RCPT", { { "RCPT", 1, "550 no" }, { "RCPT", 2, "421 no" } },
	    "rd", 75, NULL },
	{ "F-100 DATA", { { "DATA", 1, "421 no" } }, "dd", 75, NULL },
	{ "F-100 dot", { { "DOT", 1, "421 no" } }, "dd", 75, NULL },
	{ "F-110", { { "QUIT", 1, "421 no" } }, "aa", 0, NULL },
	{ "F-111 EHLO", { { "EHLO", 1, "close" } }, "uu", 75, NULL },
	{ "F-111 MAIL", { { "MAIL", 1, "close" } }, "uu", 75, NULL },
	{ "F-111 RCPT", { { "RCPT", 2, "close" } }, "uu", 75, NULL },
	{ "F-111 DATA", { { "DATA", 1, "close" } }, "uu", 75, NULL },
	{ "F-111 dot", { { "DOT", 1, "close" } }, "??", 79, NULL },
	{ "F-111 QUIT", { { "QUIT", 1, "close" } }, "aa", 0, NULL },
	{ "F-116", { { "DOT", 1, "250 ok+close" } }, "aa", 0, NULL },
	{ "F-117", { { "DOT", 1, "raw:25" } }, "??", 79, NULL },
	{ "F-130", { { "DATA", 1, "354 go\n250 ok" } }, "uu", 76, NULL },
	{ "F-131", { { "DATA", 1, "250 ok" } }, "uu", 76, NULL },
	{ "F-132", { { "DATA", 1, "350 go" } }, "aa", 0, NULL },
	{ "F-132b", { { "DATA", 1, "300 go" } }, "aa", 0, NULL },
	{ "F-136", { { "DOT", 1, "452 4.3.1 full" } }, "dd", 75, NULL },
	{ "F-180", { { "RCPT", 1, "550 no" } }, "ra", 1, NULL },
	{ "F-181", { { "RCPT", 1, "451 no" } }, "da", 1, NULL },
	{ "F-182", { { "RCPT", 1, "550 no" }, { "RCPT", 2, "450 no" } }, "rd",
	    75, NULL },
	{ "all 550", { { "RCPT", 0, "550 no" } }, "rr", 67, NULL },
	{ "all 550, 354", { { "RCPT", 0, "550 no" }, { "DATA", 1, "354 go" } },
	    "rr", 67, pipelining },
	{ "F-186", { { "RCPT", 1, "551 try <x@example.org>" } }, "ra", 1,
	    NULL },
	{ "F-187", { { "RCPT", 1, "556 null MX" } }, "ra", 1, NULL },
	{ "F-189 size", { { "RCPT", 2, "552 5.2.2 full" } }, "ar", 1, NULL },
	{ "F-189 many", { { "RCPT", 2, "552 too many" } }, "aa", 0, NULL },
	{ "452 many", { { "RCPT", 2, "452 4.5.3 too many" } }, "aa", 0, NULL },
	{ "451 many", { { "RCPT", 2, "451 4.5.3 too many" } }, "aa", 0, NULL },
	{ "F-369",
	    { { "EHLO", 1, "250-fake\n250 LIMITS RCPTMAX=1" },
		{ "RCPT", 1, "550 no" }, { "RSET", 1, "500 what" } },
	    "ru", 76, NULL },
	{ "F-369b",
	    { { "EHLO", 1, "250-fake\n250 LIMITS RCPTMAX=1" },
		{ "RCPT", 1, "550 no" }, { "RSET", 1, "close" } },
	    "ru", 75, NULL },
	/* the refusal of a message is for those who were to get it */
	{ "one of two",
	    { { "EHLO", 1, "250-fake\n250 LIMITS RCPTMAX=1" },
		{ "DOT", 1, "550 mailbox of b is full" } },
	    "ra", 1, NULL },
	{ "RSET after LAST",
	    { { "EHLO", 1, "250-fake\n250-CHUNKING\n250 LIMITS RCPTMAX=1" },
		{ "DOT", 1, "451 no" }, { "RSET", 1, "close" } },
	    "du", 75, NULL },
	{ "530, garbage", { { "RCPT", 1, "530 login" }, { "RCPT", 2, "what" } },
	    "ru", 76, NULL },
	/* a reply too many where no 354 shows it */
	{ "doubt",
	    { { "EHLO", 1, "250-fake\n250-CHUNKING\n250 PIPELINING" },
		{ "QUIT", 1, "550 spam" } },
	    "??", 79, NULL },
	{ "doubt PRDR",
	    { { "EHLO", 1, "250-fake\n250-PRDR\n250 PIPELINING" },
		{ "QUIT", 1, "550 spam" } },
	    "??", 79, NULL },
	{ "doubt of a no", { { "DOT", 1, "550 early\n250 taken" } }, "??", 79,
	    NULL },
	{ "doubt of a later", { { "DOT", 1, "450 early\n250 taken" } }, "??",
	    79, NULL },
	{ "no doubt of a no", { { "DOT", 1, "550 no\n550 no" } }, "rr", 69,
	    NULL },
	{ "MAIL 550, RCPT 250, DATA 354",
	    { { "MAIL", 1, "550 no" }, { "DATA", 1, "354 go" } }, "rr", 69,
	    pipelining },
	{ "no doubt", { { "QUIT", 1, "550 spam" } }, "aa", 0, NULL },
	{ "no doubt either",
	    { { "EHLO", 1, "250-fake\n250-CHUNKING\n250 PIPELINING" },
		{ "QUIT", 1, "250 bye" } },
	    "aa", 0, NULL },
	{ "451 later", { { "RCPT", 2, "451 4.7.1 later" } }, "ad", 1, NULL },
	{ "550 many", { { "RCPT", 2, "550 5.5.3 many" } }, "ar", 1, NULL },
	{ "452 always",
	    { { "RCPT", 2, "452 many" }, { "RCPT", 3, "452 many" } }, "ad", 1,
	    NULL },
	{ "452 full", { { "RCPT", 2, "452 4.2.2 full" } }, "ad", 1, NULL },
	{ "F-099", { { "EHLO", 1, "250-fake\n250 LIMITS RCPTMAX=1" } }, "aa", 0,
	    NULL },
	{ "F-099b",
	    { { "EHLO", 1, "250-fake\n250 LIMITS RCPTMAX=0 MAILMAX=x" } }, "aa",
	    0, NULL },
	{ "MAILMAX",
	    { { "EHLO", 1, "250-fake\n250 LIMITS RCPTMAX=1 MAILMAX=1" } }, "au",
	    1, NULL },
	{ "RCPTMAX 550",
	    { { "EHLO", 1, "250-fake\n250 LIMITS RCPTMAX=1" },
		{ "RCPT", 1, "550 no" } },
	    "ra", 1, NULL },
	{ "unknown stops",
	    { { "EHLO", 1, "250-fake\n250 LIMITS RCPTMAX=1" },
		{ "DOT", 1, "close" } },
	    "?u", 79, NULL },
	{ "RFC 3030", { { "EHLO", 1, "250-fake\n250 CHUNKING" } }, "aa", 0,
	    NULL },
	{ "BDAT 550",
	    { { "EHLO", 1, "250-fake\n250 CHUNKING" }, { "DOT", 1, "550 no" } },
	    "rr", 69, NULL },
	{ "BDAT close",
	    { { "EHLO", 1, "250-fake\n250 CHUNKING" }, { "DOT", 1, "close" } },
	    "??", 79, NULL },
	{ "BDAT 1 of 2",
	    { { "EHLO", 1, "250-fake\n250 CHUNKING" },
		{ "RCPT", 1, "550 no" } },
	    "ra", 1, NULL },
	{ "PRDR", { { "EHLO", 1, "250-f\n250 PRDR" }, { "EACH", 2, "550 no" } },
	    "ar", 1, NULL },
	{ "PRDR not each",
	    { { "EHLO", 1, "250-f\n250 PRDR" }, { "DOT", 1, "250 ok" } }, "aa",
	    0, NULL },
	{ "PRDR all",
	    { { "EHLO", 1, "250-f\n250 PRDR" }, { "EACH", 1, "451 no" },
		{ "ALL", 1, "550 no" } },
	    "rr", 69, NULL },
	{ "PRDR 353 twice",
	    { { "EHLO", 1, "250-f\n250 PRDR" }, { "ALL", 1, "353 each" } },
	    "??", 79, NULL },
	{ "PRDR 421",
	    { { "EHLO", 1, "250-f\n250 PRDR" }, { "EACH", 2, "421 no" } }, "??",
	    79, NULL },
	{ "F-189 first", { { "RCPT", 1, "552 too many" } }, "ra", 1, NULL },
	{ "F-189 5.5.3", { { "RCPT", 1, "552 5.5.3 many" } }, "da", 1, NULL },
	{ "F-371", { { "DATA", 1, "550 no" } }, "rr", 69, NULL },
	{ "F-371b", { { "DATA", 1, "451 no" } }, "dd", 75, NULL },
	{ "F-372", { { "DOT", 1, "250 ok\n550 no" } }, "aa", 0, NULL },
	{ "R-2920-05", { { "MAIL", 1, "451 no" } }, "dd", 75, NULL },
	{ "530 MAIL", { { "MAIL", 1, "530 5.7.0 login" } }, "rr", 77, NULL },
	{ "530 RCPT", { { "RCPT", 0, "530 5.7.0 login" } }, "rr", 77, NULL },
	{ "221 dot", { { "DOT", 1, "221 bye" } }, "??", 79, NULL },
	{ "no verdict", { { "DOT", 1, "raw:" }, { "QUIT", 1, "221 bye" } },
	    "??", 79, NULL },
	{ "221 RCPT", { { "RCPT", 1, "221 bye" } }, "uu", 76, NULL },
	{ "251 dot", { { "DOT", 1, "251 ok" } }, "aa", 0, NULL },
};

/* The same with LMTP. */
static const struct row lmtp_rows[] = {
	{ "plain", { { "NONE", 1, "" } }, "aa", 0, NULL },
	{ "F-190", { { "DOT", 2, "close" } }, "a?", 79, NULL },
	{ "F-191", { { "DOT", 2, "550 no" } }, "ar", 1, NULL },
	{ "F-192", { { "DOT", 0, "452 full" } }, "dd", 75, NULL },
	{ "F-196",
	    { { "DOT", 1, "250-a\n250-b\n250 c" },
		{ "DOT", 2, "550-no\n550 no" } },
	    "ar", 1, NULL },
	{ "F-198", { { "LHLO", 1, "500 what" } }, "uu", 76, NULL },
	{ "F-199", { { "DOT", 1, "421 no" } }, "d?", 79, NULL },
	{ "lone dot",
	    { { "LHLO", 1, "250-fake\n250-PIPELINING\n250 LIMITS RCPTMAX=1" },
		{ "RCPT", 1, "550 no" }, { "DATA", 1, "354 go" } },
	    "ru", 76, NULL },
};

/* Every row, with and without PIPELINING, whole and octet by octet. */
static void
expected_of(const struct row *row, size_t n, const struct session_options *o)
{
	static const char *const ehlos[] = { pipelining, lock_step };
	const struct row *end = row + n;
	struct setup setup = usual;
	struct run r;
	char what[64];
	size_t i;

	setup.options = o;
	for (; row < end; row++)
		for (i = 0; i < 4; i++) {
			if (row->ehlo && row->ehlo != ehlos[i / 2])
				continue;
			setup.split = i % 2;
			run(&r, row->rules, ehlos[i / 2], &setup);
			snprintf(what, sizeof(what), "%s (%s, split %zu)",
			    row->id, i / 2 ? "lock-step" : "pipelining",
			    setup.split);
			CHECK_STR(r.outcomes, row->outcomes, what);
			CHECK_INT(r.status, row->status, what);
			done(&r);
		}
}

static const struct row check_rows[] = {
	{ "plain", { { "NONE", 1, "" } }, "oo", 0, NULL },
	{ "550", { { "RCPT", 2, "550 no" } }, "or", 1, NULL },
	{ "surplus", { { "RCPT", 2, "250 ok\n250 ok" } }, "uu", 76, NULL },
	{ "RSET", { { "RSET", 1, "close" } }, "uu", 75, NULL },
	{ "RCPTMAX",
	    { { "EHLO", 1, "250-fake\n250 LIMITS RCPTMAX=1" },
		{ "RCPT", 2, "451 no" } },
	    "od", 1, NULL },
};

static const struct row all_or_none_rows[] = {
	{ "plain", { { "NONE", 1, "" } }, "aa", 0, NULL },
	{ "550", { { "RCPT", 2, "550 no" } }, "ur", 67, NULL },
	{ "451", { { "RCPT", 1, "451 no" } }, "du", 75, NULL },
	{ "none", { { "RCPT", 0, "550 no" } }, "rr", 67, NULL },
	{ "RCPTMAX",
	    { { "EHLO", 1, "250-fake\n250 LIMITS RCPTMAX=1" },
		{ "RCPT", 1, "550 no" } },
	    "rr", 65, NULL },
	{ "RCPTDOMAINMAX",
	    { { "EHLO", 1, "250-fake\n250 LIMITS RCPTDOMAINMAX=1" } }, "aa", 0,
	    NULL },
	{ "452 many", { { "RCPT", 2, "452 4.5.3 many" } }, "ud", 75, NULL },
};

static void
expected(void)
{
	const struct session_options check = { .deadline = CLOCK_NEVER,
		.check = true };
	const struct session_options all_or_none = { .deadline = CLOCK_NEVER,
		.all_or_none = true };
	const struct session_options lmtp = { .deadline = CLOCK_NEVER,
		.lmtp = true };

	expected_of(rows, sizeof(rows) / sizeof(*rows), &plain);
	expected_of(lmtp_rows, sizeof(lmtp_rows) / sizeof(*lmtp_rows), &lmtp);
	expected_of(
	    check_rows, sizeof(check_rows) / sizeof(*check_rows), &check);
	expected_of(all_or_none_rows,
	    sizeof(all_or_none_rows) / sizeof(*all_or_none_rows), &all_or_none);
}

/* The conversations themselves, octet for octet. */
static void
dialogue(void)
{
	static const struct rule none[] = { { 0 } };
	static const struct rule dot[] = { { "RCPT", 0, "550 no" },
		{ "DATA", 1, "354 go" }, { 0 } };
	struct setup setup = usual;
	struct run r;

	setup.nrcpt = 1;
	run(&r, none, pipelining, &setup);
	CHECK_STR(buf_str(&r.fake.wire),
	    "EHLO client.example.org\r\n"
	    "MAIL FROM:<a@example.org> SIZE=37\r\n"
	    "RCPT TO:<b@example.org>\r\nDATA\r\n"
	    "Subject: test\r\n\r\n..leading dot\r\nlast\r\n.\r\nQUIT\r\n",
	    "a whole session");
	done(&r);
	run(&r, dot, pipelining, &setup);
	CHECK_STR(buf_str(&r.fake.wire),
	    "EHLO client.example.org\r\n"
	    "MAIL FROM:<a@example.org> SIZE=37\r\n"
	    "RCPT TO:<b@example.org>\r\nDATA\r\n.\r\nQUIT\r\n",
	    "a 354 with no accepted recipient is answered with a lone dot");
	done(&r);
	run(&r, dot, lock_step, &setup);
	CHECK_STR(buf_str(&r.fake.wire),
	    "EHLO client.example.org\r\n"
	    "MAIL FROM:<a@example.org> SIZE=37\r\n"
	    "RCPT TO:<b@example.org>\r\nQUIT\r\n",
	    "no DATA when the only recipient was refused");
	done(&r);
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
		chunking, chunking_lock_step };
	struct setup setup = usual;
	struct run r;
	size_t i;

	setup.message = &longest_message;
	setup.gulp = 70001;
	for (i = 0; i < sizeof(cases) / sizeof(*cases) * 6; i++) {
		const char *says = cases[i / 6].says;
		const struct rule rules[] = { { "CONTENT", 1500000, says },
			{ 0 } };

		setup.split = i % 2 * 7;
		run(&r, rules, ehlos[i % 3], &setup);
		CHECK_STR(r.outcomes, cases[i / 6].outcomes, says);
		CHECK_INT(r.status, cases[i / 6].status, says);
		CHECK_INT(r.fake.nmessage, 0, says);
		CHECK(r.fake.ncontent < 2500000);
		CHECK(!strstr(buf_str(&r.fake.wire), "QUIT"));
		done(&r);
	}
}

/* A long message to a server that takes so many octets in the time limit of a
 * second. */
static void
slow(size_t octets, const char *outcomes, int status)
{
	const struct session_options options = { .deadline = CLOCK_NEVER,
		.timeout = 1000 };
	struct setup setup = usual;
	const char *const ehlos[] = { "250-fake\n250 PIPELINING", "250 fake",
		chunking, chunking_lock_step };
	struct run r;
	size_t i;

	setup.options = &options;
	setup.message = &long_message;
	setup.slow = true;
	setup.gulp = octets;
	for (i = 0; i < sizeof(ehlos) / sizeof(*ehlos); i++) {
		run(&r, NULL, ehlos[i], &setup);
		CHECK_STR(r.outcomes, outcomes, ehlos[i]);
		CHECK_INT(r.status, status, ehlos[i]);
		done(&r);
	}
}

/* A signal, and the end of --deadline, while nothing makes us wait. */
static void
hurried(void)
{
	const struct session_options options = { .deadline = clock_now() };
	struct setup setup = usual;
	struct run r;

	setup.message = &long_message;
	setup.signalled = true;
	run(&r, NULL, "250-fake\n250 PIPELINING", &setup);
	CHECK_STR(r.outcomes, "uu", "a signal");
	CHECK_INT(r.session.problem.class, FAIL_SIGNAL, "a signal");
	CHECK(r.fake.ncontent < 700000);
	done(&r);
	setup.signalled = false;
	setup.message = &message;
	setup.options = &options;
	run(&r, NULL, "250-fake\n250 PIPELINING", &setup);
	CHECK_STR(r.outcomes, "uu", "the deadline");
	CHECK_INT(r.fake.nmessage, 0, "the deadline");
	done(&r);
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
	struct setup setup = usual;
	struct run r;
	size_t i;

	setup.message = &longest_message;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (setup.gulp = 0; setup.gulp < 40000; setup.gulp += 30001) {
			const struct rule rules[] = {
				{ "BDAT", 1, cases[i].says }, { 0 }
			};

			run(&r, rules, chunking, &setup);
			CHECK_STR(r.outcomes, cases[i].outcomes, cases[i].says);
			CHECK_INT(r.status, cases[i].status, cases[i].says);
			done(&r);
		}
}

/* Logging in: what goes over the wire, and what a no means. */
static const struct login {
	const char *id;
	const char *offers; /* NULL: " AUTH PLAIN LOGIN CRAM-MD5" */
	struct rule rules[5];
	const char *outcomes;
	int status;
	const char *said; /* between EHLO and MAIL or QUIT; NULL: any */
} logins[] = {
	{ "PLAIN", NULL, { { "AUTH", 1, "235 ok" } }, "aa", 0,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "PLAIN, asked", NULL,
	    { { "AUTH", 1, "334 " }, { "RESPONSE", 1, "235 ok" } }, "uu", 77,
	    NULL },
	{ "LOGIN", "AUTH LOGIN",
	    { { "AUTH", 1, "334 VXNlcm5hbWU6" },
		{ "RESPONSE", 1, "334 UGFzc3dvcmQ6" },
		{ "RESPONSE", 2, "235 ok" } },
	    "aa", 0, "AUTH LOGIN\r\ndQ==\r\ncA==\r\n" },
	{ "F-162", "AUTH LOGIN",
	    { { "AUTH", 1, "334" }, { "RESPONSE", 1, "334 " },
		{ "RESPONSE", 2, "235 ok" } },
	    "aa", 0, "AUTH LOGIN\r\ndQ==\r\ncA==\r\n" },
	{ "CRAM-MD5", "AUTH CRAM-MD5",
	    { { "AUTH", 1, "334 PDFAYj4=" }, { "RESPONSE", 1, "235 ok" } },
	    "aa", 0, NULL },
	{ "AUTH=", "AUTH=LOGIN PLAIN", { { "AUTH", 1, "235 ok" } }, "aa", 0,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "F-078", "auth plain", { { "AUTH", 1, "235 ok" } }, "aa", 0,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "F-077", "AUTH", { { "AUTH", 1, "235 ok" } }, "uu", 77, "" },
	{ "not offered", "SIZE", { { "AUTH", 1, "235 ok" } }, "uu", 77, "" },
	{ "F-351", "AUTH PLAINX XPLAIN", { { "AUTH", 1, "235 ok" } }, "uu", 77,
	    "" },
	{ "F-160", "AUTH LOGIN",
	    { { "AUTH", 1, "334 !!!!" }, { "RESPONSE", 1, "501 cancelled" } },
	    "uu", 76, "AUTH LOGIN\r\n*\r\n" },
	{ "F-161", "AUTH LOGIN",
	    { { "AUTH", 1, "334 AAA=BBB" },
		{ "RESPONSE", 1, "501 cancelled" } },
	    "uu", 76, "AUTH LOGIN\r\n*\r\n" },
	{ "F-167", "AUTH LOGIN",
	    { { "AUTH", 1, "334-VXNl\n334 cm5h" },
		{ "RESPONSE", 1, "501 cancelled" } },
	    "uu", 76, "AUTH LOGIN\r\n*\r\n" },
	{ "F-166", NULL, { { "AUTH", 1, "235 ok\n334 AAAA" } }, "uu", 76,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "F-169", "AUTH LOGIN", { { "AUTH", 1, "235 ok" } }, "uu", 77,
	    "AUTH LOGIN\r\n" },
	{ "F-176", NULL, { { "AUTH", 1, "535 5.7.8 no" } }, "uu", 77,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "F-177", "AUTH PLAIN LOGIN", { { "AUTH", 0, "534 5.7.9 weak" } },
	    "uu", 77, "AUTH PLAIN AHUAcA==\r\nAUTH LOGIN\r\n" },
	{ "F-177b", "AUTH PLAIN LOGIN",
	    { { "AUTH", 1, "534 5.7.9 weak" }, { "AUTH", 2, "334 " },
		{ "RESPONSE", 1, "334 " }, { "RESPONSE", 2, "235 ok" } },
	    "aa", 0, NULL },
	{ "F-177c", "AUTH PLAIN LOGIN",
	    { { "AUTH", 1, "534 5.7.9 weak" }, { "AUTH", 2, "454 later" } },
	    "dd", 75, NULL },
	{ "F-177d", "AUTH PLAIN LOGIN",
	    { { "AUTH", 1, "534 5.7.9 weak" }, { "AUTH", 2, "close" } }, "uu",
	    75, NULL },
	{ "F-178", NULL, { { "AUTH", 1, "454 4.7.0 later" } }, "dd", 75,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "F-179 432", NULL, { { "AUTH", 1, "432 change it" } }, "uu", 77,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "F-179 538", NULL, { { "AUTH", 1, "538 TLS first" } }, "uu", 77,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "F-179 500", NULL, { { "AUTH", 1, "500 5.5.6 long" } }, "uu", 77,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "503", NULL, { { "AUTH", 1, "503 already" } }, "aa", 0, NULL },
	{ "250", NULL, { { "AUTH", 1, "250 ok" } }, "uu", 76,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "F-350", "AUTH LOGIN",
	    { { "AUTH", 1, "334 !" }, { "RESPONSE", 1, "235 ok" } }, "uu", 77,
	    NULL },
	{ "F-350b", "AUTH LOGIN",
	    { { "AUTH", 1, "334 !" }, { "RESPONSE", 1, "close" } }, "uu", 76,
	    NULL },
	{ "F-100 AUTH", NULL, { { "AUTH", 1, "421 no" } }, "dd", 75, NULL },
	{ "F-100 RESPONSE", "AUTH LOGIN",
	    { { "AUTH", 1, "334 " }, { "RESPONSE", 1, "421 no" } }, "dd", 75,
	    NULL },
	{ "F-111 AUTH", NULL, { { "AUTH", 1, "close" } }, "uu", 75, NULL },
	{ "loop", "AUTH LOGIN",
	    { { "AUTH", 1, "334 " }, { "RESPONSE", 1, "334 " },
		{ "RESPONSE", 2, "334 " }, { "RESPONSE", 3, "501 cancelled" } },
	    "uu", 76, "AUTH LOGIN\r\ndQ==\r\ncA==\r\n*\r\n" },
	{ "more after login", NULL,
	    { { "EHLO", 1, "250-fake\n250-SIZE 10\n250 AUTH PLAIN" },
		{ "AUTH", 1, "235 ok" },
		{ "EHLO", 2, "250-fake\n250 SIZE 100" } },
	    "aa", 0, "AUTH PLAIN AHUAcA==\r\nEHLO client.example.org\r\n" },
	{ "no more after login", NULL,
	    { { "EHLO", 1, "250-fake\n250-SIZE 10\n250 AUTH PLAIN" },
		{ "AUTH", 1, "235 ok" }, { "EHLO", 2, "503 no" } },
	    "rr", 65, "AUTH PLAIN AHUAcA==\r\nEHLO client.example.org\r\n" },
	{ "F-359", NULL, { { "AUTH", 1, "235-a\n235 b" } }, "aa", 0, NULL },
	{ "F-070", NULL, { { "EHLO", 1, "500 what" } }, "uu", 77, "" },
};

static void
login(void)
{
	struct credentials credentials = { .user = (char[]){ "u" },
		.password = { .secret = true } };
	const struct session_options options = { .deadline = CLOCK_NEVER,
		.credentials = &credentials };
	struct setup setup = usual;
	const struct login *l;
	char ehlo[128], *said, *end;
	struct run r;

	setup.options = &options;
	buf_adds(&credentials.password, "p");
	for (l = logins; l < logins + sizeof(logins) / sizeof(*logins); l++)
		for (setup.split = 0; setup.split < 2; setup.split++) {
			snprintf(ehlo, sizeof(ehlo), "250-fake\n250 %s",
			    l->offers ? l->offers
				      : "AUTH PLAIN LOGIN CRAM-MD5");
			run(&r, l->rules, ehlo, &setup);
			CHECK_STR(r.outcomes, l->outcomes, l->id);
			CHECK_INT(r.status, l->status, l->id);
			said = (char *)buf_str(&r.fake.wire) +
			       strlen("EHLO client.example.org\r\n");
			if ((end = strstr(said, "MAIL")) ||
			    (end = strstr(said, "QUIT")))
				*end = '\0';
			if (l->said)
				CHECK_STR(said, l->said, l->id);
			done(&r);
		}
	buf_free(&credentials.password);
}

/* Nothing secret and no message leaves in cleartext where TLS is required, and
 * where it is wanted nothing after it was refused (S-21). */
static void
stripped(void)
{
	struct credentials credentials = { .user = (char[]){ "u" } };
	static const struct {
		enum tls_policy tls;
		bool login;
		const char *ehlo, *starttls, *outcomes;
		int status;
	} cases[] = {
		{ TLS_STARTTLS, false, "250 fake", "220 go", "uu", 77 },
		{ TLS_STARTTLS, false, "250-fake\n250 STARTTLSX", "220 go",
		    "uu", 77 },
		{ TLS_STARTTLS, true, "250-fake\n250 AUTH PLAIN", "220 go",
		    "uu", 77 },
		{ TLS_STARTTLS, false, "500 what", "220 go", "uu", 77 },
		{ TLS_AUTO, true, "250-fake\n250 AUTH PLAIN", "220 go", "uu",
		    77 },
		{ TLS_NONE, true, "250-fake\n250 AUTH PLAIN", "220 go", "uu",
		    77 },
		{ TLS_AUTO, false, "250-fake\n250 STARTTLS", "454 later", "dd",
		    75 },
		{ TLS_AUTO, false, "250-fake\n250 STARTTLS", "501 no", "uu",
		    77 },
		{ TLS_AUTO, false, "250-fake\n250 STARTTLS", "nonsense", "uu",
		    76 },
		{ TLS_AUTO, false, "250-fake\n250 STARTTLS", "421 no", "dd",
		    75 },
		{ TLS_AUTO, false, "250-fake\n250 STARTTLS", "close", "uu",
		    75 },
		{ TLS_AUTO, false, "250-fake\n250 STARTTLS", "354 go", "uu",
		    76 },
		/* F-140 to F-142: injected behind the 220 */
		{ TLS_AUTO, true, "250-fake\n250 STARTTLS",
		    "220 go\n250-fake\n250 AUTH PLAIN\n235 ok", "uu", 76 },
		{ TLS_AUTO, true, "250-fake\n250 STARTTLS",
		    "raw:220 go\r\n250-AUTH PLAIN", "uu", 76 },
		{ TLS_AUTO, true, "250-fake\n250 STARTTLS", "raw:220 go\r\n\n",
		    "uu", 76 },
		/* the handshake itself fails: there is no socket */
		{ TLS_AUTO, true, "250-fake\n250 STARTTLS", "220 go", "uu",
		    75 },
	};
	struct setup setup = usual;
	struct run r;
	char what[64];
	size_t i;

	setup.remote = true;
	buf_adds(&credentials.password, "p");
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (setup.split = 0; setup.split < 2; setup.split++) {
			const struct session_options options = {
				.deadline = CLOCK_NEVER,
				.tls = cases[i].tls,
				.credentials =
				    cases[i].login ? &credentials : NULL
			};
			const struct rule rules[] = {
				{ "STARTTLS", 1, cases[i].starttls }, { 0 }
			};

			setup.options = &options;
			run(&r, rules, cases[i].ehlo, &setup);
			snprintf(what, sizeof(what), "stripped %zu, split %zu",
			    i, setup.split);
			CHECK_STR(r.outcomes, cases[i].outcomes, what);
			CHECK_INT(r.status, cases[i].status, what);
			CHECK(!strstr(buf_str(&r.fake.wire), "AUTH"));
			CHECK(!strstr(buf_str(&r.fake.wire), "MAIL"));
			CHECK(!strstr(buf_str(&r.fake.wire), "Subject"));
			done(&r);
		}
	buf_free(&credentials.password);
}

int
main(void)
{
	gather(&message, TEXT, 1);
	gather(
	    &long_message, "0123456789012345678901234567890123456789\n", 25000);
	gather(&longest_message, "0123456789012345678901234567890123456789\n",
	    80000);
	dialogue();
	expected();
	matrix();
	pairs();
	cuts(pipelining);
	cuts(lock_step);
	cut_off();
	slow(100000, "aa", 0);
	slow(400, "uu", 75);
	hurried();
	chunks();
	login();
	stripped();
	message_free(&message);
	message_free(&long_message);
	message_free(&longest_message);
	return check_done("t_session");
}
