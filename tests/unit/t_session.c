/* The conversation against a server that answers anything, at any place, in
 * pieces of any size: what the recipients are told must be true. */

#include "base/clock.h"
#include "check.h"
#include "play.h"

static const char prdr[] = "250-fake\n250-8BITMIME\n250-PRDR\n250 PIPELINING";

/* One script, in pieces of every size: the same must come out. */
static void
every_split(const struct rule *rules, const char *ehlo,
    const struct session_options *options, const char *name)
{
	static const struct {
		size_t read, write;
	} splits[] = { { 0, 0 }, { 1, 0 }, { 2, 7 }, { 3, 0 }, { 7, 1 } };
	struct setup setup = play_usual;
	struct run r, whole;
	char what[160];
	size_t i;

	setup.options = options;
	setup.nrcpt = 3;
	for (i = 0; i < sizeof(splits) / sizeof(*splits); i++) {
		setup.split = splits[i].read;
		setup.gulp = splits[i].write;
		play_run(&r, rules, ehlo, &setup);
		snprintf(what, sizeof(what), "%s, split %zu, %zu", name,
		    splits[i].read, splits[i].write);
		play_invariants(&r, what);
		if (i == 0) {
			whole = r;
			continue;
		}
		CHECK_STR(r.outcomes, whole.outcomes, what);
		CHECK_INT(r.status, whole.status, what);
		play_done(&r);
	}
	play_done(&whole);
}

static const struct mode {
	const char *name, *ehlo;
	bool lmtp;
} modes[] = {
	{ "pipelining", play_pipelining, false },
	{ "lock-step", play_lock_step, false },
	{ "chunking", play_chunking, false },
	{ "chunking, lock-step", play_chunking_lock_step, false },
	{ "PRDR", prdr, false },
	{ "RCPTMAX", "250-fake\n250-LIMITS RCPTMAX=1\n250 PIPELINING", false },
	{ "RCPTMAX, chunking, lock-step",
	    "250-fake\n250-LIMITS RCPTMAX=2\n250 CHUNKING", false },
	{ "LMTP, RCPTMAX", "250-fake\n250-LIMITS RCPTMAX=2\n250 PIPELINING",
	    true },
	{ "LMTP", play_pipelining, true },
	{ "LMTP, chunking", play_chunking, true },
};

static void
every_mode(const char *verb, size_t nth, const char *action)
{
	const struct rule rules[] = { { verb, nth, action }, { 0 } };
	struct session_options options = play_plain;
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
	struct setup setup = play_usual;
	struct run r;
	char what[160];

	setup.options = &options;
	setup.nrcpt = 3;
	play_run(&r, rules, m->ehlo, &setup);
	snprintf(what, sizeof(what), "%s %zu: %s, %s %zu: %s (%s)%s%s",
	    rules[0].verb, rules[0].nth, rules[0].action, rules[1].verb,
	    rules[1].nth, rules[1].action, m->name, check ? ", --check" : "",
	    all ? ", --all-or-none" : "");
	play_invariants(&r, what);
	CHECK(!check || r.fake.nmessage == 0);
	CHECK(!all || !strchr(r.outcomes, 'a') ||
	      strcmp(r.outcomes, "aaa") == 0 || r.fake.nmessage == 1);
	play_done(&r);
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
	struct setup setup = play_usual;
	size_t cut, in, out;
	struct run r;
	char what[64];

	setup.nrcpt = 3;
	play_run(&r, rules, ehlo, &setup);
	CHECK_STR(r.outcomes, "ara", "no cut");
	in = r.fake.said;
	out = buf_len(&r.fake.wire);
	play_done(&r);
	for (cut = 0; cut <= in; cut++) {
		setup.cut_in = cut;
		play_run(&r, rules, ehlo, &setup);
		snprintf(what, sizeof(what), "server cut at %zu", cut);
		play_invariants(&r, what);
		play_done(&r);
	}
	setup.cut_in = FAKE_NEVER;
	for (cut = 0; cut <= out; cut++) {
		setup.cut_out = cut;
		play_run(&r, rules, ehlo, &setup);
		snprintf(what, sizeof(what), "client cut at %zu", cut);
		play_invariants(&r, what);
		CHECK(r.fake.nmessage || !strchr(r.outcomes, '?'));
		play_done(&r);
	}
}

int
main(void)
{
	play_open();
	matrix();
	pairs();
	cuts(play_pipelining);
	cuts(play_lock_step);
	play_close();
	return check_done("t_session");
}
