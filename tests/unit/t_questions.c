/* What is asked in place of a transaction: what is said, who hears what, and
 * what that comes to. */

#include "base/clock.h"
#include "check.h"
#include "fake.h"
#include "smtp/session.h"
#include "submit/outcome.h"

#define HELLO "EHLO client.example.org\r\n"

struct heard {
	size_t nreply[6];
	struct buf text; /* "0=250 1=550 " */
};

static void
hear(void *asker, size_t i, const struct reply *r)
{
	struct heard *h = asker;

	h->nreply[reply_class(r)]++;
	buf_addf(&h->text, "%zu=%d ", i, r->code);
}

static const struct {
	const char *id;
	const char *ehlo;
	struct rule rules[3];
	struct question questions[3];
	const char *heard, *said; /* behind EHLO */
	int status;
	const char *problem; /* NULL: none */
} cases[] = {
	{ "two yes", "250-fake\n250 PIPELINING",
	    { { "OTHER", 1, "250 ok" }, { "OTHER", 2, "252 perhaps" } },
	    { { "NOOP", false }, { "VRFY b", false } }, "0=250 1=252 ",
	    "NOOP\r\nVRFY b\r\nQUIT\r\n", 0, NULL },
	{ "yes and no", "250 fake", { { "OTHER", 2, "250 ok" } },
	    { { "VRFY b", false }, { "VRFY c", false } }, "0=500 1=250 ",
	    "VRFY b\r\nVRFY c\r\nQUIT\r\n", 1, NULL },
	{ "no", "250 fake", { { "OTHER", 0, "550 no" } },
	    { { "VRFY b", false } }, "0=550 ", "VRFY b\r\nQUIT\r\n", 69, NULL },
	{ "later", "250 fake", { { "OTHER", 1, "450 later" } },
	    { { "VRFY b", false }, { "VRFY c", false } }, "0=450 1=500 ",
	    "VRFY b\r\nVRFY c\r\nQUIT\r\n", 75, NULL },
	{ "220", "250 fake", { { "OTHER", 1, "220 again" } },
	    { { "XCLIENT", false } }, "0=220 ", "XCLIENT\r\nQUIT\r\n", 0,
	    NULL },
	{ "354", "250 fake", { { "OTHER", 1, "354 go" } },
	    { { "XFOO", false }, { "NOOP", false } }, "0=354 ", "XFOO\r\n", 76,
	    "XFOO: 354 asks for more, and there is none" },
	{ "421", "250 fake", { { "OTHER", 2, "421 bye" } },
	    { { "NOOP", false }, { "VRFY b", false }, { "NOOP", false } },
	    "0=500 ", "NOOP\r\nVRFY b\r\n", 75, "VRFY b: 421 bye" },
	{ "lost", "250 fake",
	    { { "OTHER", 1, "250 ok" }, { "OTHER", 2, "close" } },
	    { { "NOOP", false }, { "VRFY b", false } }, "0=250 ",
	    "NOOP\r\nVRFY b\r\n", 75,
	    "VRFY b: the server closed the connection" },
	{ "garbage", "250 fake", { { "OTHER", 1, "what?" } },
	    { { "NOOP", false }, { "VRFY b", false } }, "", "NOOP\r\n", 76,
	    "NOOP: no reply code of three digits" },
	{ "a reply too many", "250 fake", { { "OTHER", 1, "250 a\n250 b" } },
	    { { "NOOP", false }, { "VRFY b", false } }, "0=250 ", "NOOP\r\n",
	    76, "the server spoke when nothing was asked" },
	{ "SMTPUTF8", "250-fake\n250 SMTPUTF8", { { "OTHER", 0, "250 ok" } },
	    { { "VRFY \xc3\xa4", true } }, "0=250 ",
	    "VRFY \xc3\xa4 SMTPUTF8\r\nQUIT\r\n", 0, NULL },
	{ "no SMTPUTF8", "250 fake", { { "OTHER", 0, "250 ok" } },
	    { { "VRFY b", false }, { "VRFY \xc3\xa4", true } }, "", "QUIT\r\n",
	    65,
	    "an address is not ASCII, and the server does not offer "
	    "SMTPUTF8" },
	{ "greeting 554", "250 fake", { { "GREETING", 1, "554 no" } },
	    { { "NOOP", false } }, "", NULL, 69, "greeting: 554 no" },
	{ "greeting 450", "250 fake", { { "GREETING", 1, "450 later" } },
	    { { "NOOP", false } }, "", NULL, 75, "greeting: 450 later" },
};

static void
ask(size_t i, size_t split)
{
	static const struct trace silent = { .level = 0 };
	static char name[] = "fake";
	static const struct server server = { .host = name, .name = name };
	struct heard heard = { .nreply = { 0 } };
	struct fake fake = { .rules = cases[i].rules,
		.ehlo = cases[i].ehlo,
		.split = split,
		.cut_in = FAKE_NEVER,
		.cut_out = FAKE_NEVER };
	struct session_options options = { .deadline = CLOCK_NEVER,
		.questions = cases[i].questions,
		.replied = hear,
		.asker = &heard };
	struct envelope envelope = { .nrecipient = 0 };
	struct conn conn = { .fd = -1 };
	struct session s = { .options = &options,
		.server = &server,
		.trace = &silent,
		.conn = &conn,
		.envelope = &envelope,
		.helo = "client.example.org",
		.loopback = true };
	const char *said;

	while (
	    options.nquestion < 3 && cases[i].questions[options.nquestion].line)
		options.nquestion++;
	fake_open(&fake, &conn);
	session_run(&s);
	CHECK_INT(outcome_status_asked(
		      &s.problem, reply_class(&s.reply), heard.nreply),
	    cases[i].status, cases[i].id);
	session_end(&s);
	said = strstr(buf_str(&fake.wire), HELLO);
	CHECK_STR(
	    said ? said + strlen(HELLO) : NULL, cases[i].said, cases[i].id);
	CHECK_STR(buf_str(&heard.text), cases[i].heard, cases[i].id);
	CHECK_STR(
	    s.problem.class == FAIL_NONE ? NULL : buf_str(&s.problem.text),
	    cases[i].problem, cases[i].id);
	problem_free(&s.problem);
	buf_free(&s.final);
	buf_free(&heard.text);
	fake_free(&fake);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ask(i, 0);
		ask(i, 1);
	}
	return check_done("t_questions");
}
