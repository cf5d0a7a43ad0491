/* The conversation with a server that does what it says, so that more can be
 * known of it than of that in f_session.c: tests/unit/fake.h with a script. The
 * first line of an input chooses modes, by letters and by numbers behind
 * letters. Each line behind it is a rule: the letter of a verb, a digit for
 * which of them, and the action, ~ for LF in it. An action has one reply, or
 * what is none, for the fake server does not count them. */

#include <stdlib.h>
#include <string.h>

#include "../unit/play.h"
#include "base/clock.h"
#include "fuzz.h"
#include "smtp/reply.h"

#define NRULE 8

static bool
has(const char *head, char letter)
{
	return strchr(head, letter);
}

static size_t
number(const char *head, char letter, size_t otherwise)
{
	const char *p = strchr(head, letter);

	if (p == NULL || p[1] < '0' || p[1] > '9')
		return otherwise;
	return strtoul(p + 1, NULL, 10) % 10000;
}

static void
make_ehlo(struct buf *out, const char *head)
{
	buf_adds(out, "250-fake\n250-8BITMIME\n250-SIZE 1000\n");
	if (has(head, 'B'))
		buf_adds(out, "250-CHUNKING\n");
	if (has(head, 'D'))
		buf_adds(out, "250-PRDR\n");
	if (number(head, 'R', 0))
		buf_addf(out, "250-LIMITS RCPTMAX=%zu\n", number(head, 'R', 0));
	if (number(head, 'M', 0))
		buf_addf(out, "250-LIMITS MAILMAX=%zu\n", number(head, 'M', 0));
	buf_adds(out, has(head, 'P') ? "250 PIPELINING" : "250 HELP");
}

/* Whether a client would read one reply in it, or what is none. */
static bool
is_single(const char *action)
{
	struct reply reply = { 0 };
	struct buf in = { 0 };
	enum reply_state state;
	const char *p;
	bool single;

	if (strncmp(action, "raw:", 4) == 0) {
		buf_adds(&in, action + 4);
	} else {
		for (p = action; *p; p++)
			buf_add(&in, *p == '\n' ? "\r\n" : p, 1 + (*p == '\n'));
		buf_adds(&in, "\r\n");
	}
	do
		state = reply_take(&reply, &in);
	while (state == REPLY_LINE);
	single =
	    state == REPLY_BAD || (state == REPLY_WHOLE && buf_len(&in) == 0);
	reply_free(&reply);
	buf_free(&in);
	return single;
}

/* The text of a rule becomes its action; false: it is none. */
static bool
make_rule(struct rule *rule, char *text)
{
	static const struct {
		char letter;
		const char *verb;
	} verbs[] = { { 'G', "GREETING" }, { 'E', "EHLO" }, { 'L', "LHLO" },
		{ 'H', "HELO" }, { 'M', "MAIL" }, { 'R', "RCPT" },
		{ 'D', "DATA" }, { '.', "DOT" }, { 'B', "BDAT" },
		{ 'S', "RSET" }, { 'Q', "QUIT" }, { 'I', "EACH" },
		{ 'A', "ALL" } };
	size_t i;
	char *p;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (*text && *text == verbs[i].letter)
			rule->verb = verbs[i].verb;
	if (rule->verb == NULL || text[1] < '0' || text[1] > '9')
		return false;
	rule->nth = (size_t)(text[1] - '0');
	for (p = text + 2; *p; p++)
		if (*p == '~')
			*p = '\n';
	rule->action = text + 2;
	return is_single(rule->action);
}

static void
play(const char *head, const struct rule *rules)
{
	const struct session_options options = { .deadline = CLOCK_NEVER,
		.lmtp = has(head, 'l'),
		.check = has(head, 'c'),
		.all_or_none = has(head, 'a'),
		.no_pipelining = has(head, 'p'),
		.no_chunking = has(head, 'k') };
	struct setup setup = play_usual;
	struct buf ehlo = { 0 };
	struct run r;

	setup.options = &options;
	setup.signalled = has(head, '!');
	setup.slow = has(head, 'w');
	setup.split = number(head, 's', 0);
	setup.gulp = number(head, 'g', 0);
	setup.cut_in = number(head, 'i', FAKE_NEVER);
	setup.cut_out = number(head, 'o', FAKE_NEVER);
	setup.nrcpt = number(head, 'n', 2) % 9 + 1;
	make_ehlo(&ehlo, head);
	play_run(&r, rules, buf_str(&ehlo), &setup);
	MUST(play_invariants(&r, head));
	MUST(!options.check || r.fake.nmessage == 0);
	MUST(!options.all_or_none || !strchr(r.outcomes, 'a') ||
	     r.fake.nmessage == 1);
	play_done(&r);
	buf_free(&ehlo);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rule rules[NRULE + 1] = { { 0 } };
	char *text = fuzz_string(data, size), *rest = text, *line;
	const char *head = strsep(&rest, "\n");
	size_t n = 0;

	if (play_message.size == 0)
		play_open();
	while (n < NRULE && (line = strsep(&rest, "\n"))) {
		rules[n] = (struct rule){ 0 };
		n += make_rule(&rules[n], line);
	}
	rules[n] = (struct rule){ 0 };
	play(head, rules);
	free(text);
	return 0;
}
