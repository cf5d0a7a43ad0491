/* What must come of a conversation: for each script of a server the outcome of
 * every recipient, and the exit status. */

#include "base/clock.h"
#include "check.h"
#include "play.h"

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
	{ "F-051", { { "MAIL", 1, "raw:250 a\n\n" } }, "uu", 76,
	    play_lock_step },
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
	    "rr", 69, play_pipelining },
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
	    "rr", 67, play_pipelining },
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
	    play_pipelining },
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
	static const char *const ehlos[] = { play_pipelining, play_lock_step };
	const struct row *end = row + n;
	struct setup setup = play_usual;
	struct run r;
	char what[64];
	size_t i;

	setup.options = o;
	for (; row < end; row++)
		for (i = 0; i < 4; i++) {
			if (row->ehlo && row->ehlo != ehlos[i / 2])
				continue;
			setup.split = i % 2;
			play_run(&r, row->rules, ehlos[i / 2], &setup);
			snprintf(what, sizeof(what), "%s (%s, split %zu)",
			    row->id, i / 2 ? "lock-step" : "pipelining",
			    setup.split);
			CHECK_STR(r.outcomes, row->outcomes, what);
			CHECK_INT(r.status, row->status, what);
			play_done(&r);
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

	expected_of(rows, sizeof(rows) / sizeof(*rows), &play_plain);
	expected_of(lmtp_rows, sizeof(lmtp_rows) / sizeof(*lmtp_rows), &lmtp);
	expected_of(
	    check_rows, sizeof(check_rows) / sizeof(*check_rows), &check);
	expected_of(all_or_none_rows,
	    sizeof(all_or_none_rows) / sizeof(*all_or_none_rows), &all_or_none);
}

int
main(void)
{
	play_open();
	expected();
	play_close();
	return check_done("t_outcomes");
}
