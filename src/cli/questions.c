#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/questions.h"
#include "smtp/address.h"

#define LIMIT_LINE 510 /* RFC 5321 4.5.3.1.4, without CR LF */

/* Beyond the values of the other options. */
enum {
	OPT_PROBE = 2048,
	OPT_VRFY,
	OPT_EXPN,
	OPT_COMMAND
};

struct poptOption questions_table[] = {
	{ "probe", 0, POPT_ARG_NONE, NULL, OPT_PROBE,
	    "show what SERVER offers, and its certificate", NULL },
	{ "vrfy", 0, POPT_ARG_NONE, NULL, OPT_VRFY,
	    "SERVER ADDRESS...: ask whether it knows each address", NULL },
	{ "expn", 0, POPT_ARG_NONE, NULL, OPT_EXPN,
	    "SERVER LIST...: ask who is on each list", NULL },
	{ "command", 0, POPT_ARG_STRING, NULL, OPT_COMMAND,
	    "say LINE, and show the reply; repeatable", "LINE" },
	POPT_TABLEEND
};

/* In the order of their values, and of the kinds but the first. */
static const char *const names[] = { "--probe", "--vrfy", "--expn",
	"--command" };

bool
questions_has(int option)
{
	return option >= OPT_PROBE && option <= OPT_COMMAND;
}

const char *
questions_option(const struct questions *q)
{
	return q->kind == ASK_NOTHING ? NULL : names[q->kind - ASK_PROBE];
}

static void
add(struct questions *q, const char *verb, const char *rest, bool utf8)
{
	struct buf line = { 0 };

	buf_addf(&line, "%s%s", verb, rest);
	q->list = mem_grow(q->list, q->n + 1, sizeof(*q->list));
	q->list[q->n++] = (struct question){ mem_string(buf_str(&line)), utf8 };
	buf_free(&line);
}

/* What this program says itself: behind its back the session would not be what
 * it takes it for. */
static int
check_verb(const char *line, struct problem *problem)
{
	static const struct {
		const char *verb, *hint;
	} own[] = {
		{ "EHLO", "it is said in any case; --helo NAME sets the name" },
		{ "HELO", "--no-esmtp says HELO; --helo NAME sets the name" },
		{ "LHLO", "--lmtp says LHLO; --helo NAME sets the name" },
		{ "STARTTLS", "--tls=starttls begins TLS" },
		{ "AUTH", "--user NAME logs in" },
		{ "DATA", "without --command a message is sent" },
		{ "BDAT", "without --command a message is sent" },
		{ "QUIT", "it is said at the end in any case" },
		{ "TURN", NULL },
		{ "ATRN", NULL },
	};
	size_t i, len = strcspn(line, " ");

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (text_is(line, len, own[i].verb))
			return problem_hint(problem, FAIL_USAGE, own[i].hint,
			    "--command %s: this would change the session "
			    "itself",
			    own[i].verb);
	return 0;
}

static int
check_text(const char *option, const char *text, struct problem *problem)
{
	if (!text_harmless(text, strlen(text)))
		return problem_set(problem, FAIL_USAGE,
		    "%s: a control character or invalid UTF-8", option);
	if (*text == ' ' || *text == '\0')
		return problem_set(problem, FAIL_USAGE,
		    "%s: nothing, or a space, at its beginning", option);
	return 0;
}

static int
too_long(const char *option, struct problem *problem)
{
	return problem_set(problem, FAIL_USAGE,
	    "%s: the line would have more than %d octets", option, LIMIT_LINE);
}

static int
command(struct questions *q, const char *line, struct problem *problem)
{
	if (check_text("--command", line, problem) == -1 ||
	    check_verb(line, problem) == -1)
		return -1;
	if (strlen(line) > LIMIT_LINE)
		return too_long("--command", problem);
	add(q, "", line, false);
	return 0;
}

int
questions_apply(
    struct questions *q, int option, const char *value, struct problem *problem)
{
	const char *other = questions_option(q);
	const char *name = names[option - OPT_PROBE];

	if (other && strcmp(other, name) != 0)
		return problem_set(problem, FAIL_USAGE,
		    "%s and %s exclude each other", other, name);
	q->kind = ASK_PROBE + (option - OPT_PROBE);
	return option == OPT_COMMAND ? command(q, value, problem) : 0;
}

/* An address is said as it would be in RCPT, but for the brackets; anything
 * else, the name of a user or a list, as it is (RFC 5321 3.5.1). */
static int
address(struct questions *q, const char *word, struct problem *problem)
{
	const char *option = questions_option(q);
	struct problem none = { 0 };
	struct address a;
	const char *said = word, *p;
	bool utf8 = false;
	int rv = 0;

	if (check_text(option, word, problem) == -1)
		return -1;
	if (address_parse(&a, word, ADDRESS_RECIPIENT, &none) == 0)
		said = a.path;
	for (p = said; *p; p++)
		utf8 |= (unsigned char)*p > 127;
	if (strlen("VRFY ") + strlen(said) + (utf8 ? strlen(" SMTPUTF8") : 0) >
	    LIMIT_LINE)
		rv = too_long(option, problem);
	else
		add(q, q->kind == ASK_VRFY ? "VRFY " : "EXPN ", said, utf8);
	problem_free(&none);
	address_free(&a);
	return rv;
}

int
questions_words(
    struct questions *q, const char **words, struct problem *problem)
{
	const char *option = questions_option(q);
	bool addresses = q->kind == ASK_VRFY || q->kind == ASK_EXPN;

	if (words == NULL || (addresses && *words == NULL))
		return problem_set(problem, FAIL_USAGE, "%s: %s", option,
		    addresses ? "SERVER and at least one ADDRESS are wanted"
			      : "SERVER is wanted");
	if (!addresses && *words)
		return problem_set(problem, FAIL_USAGE,
		    "%s: nothing stands behind SERVER", option);
	for (; *words; words++)
		if (address(q, *words, problem) == -1)
			return -1;
	return 0;
}

const char *
questions_subject(const struct questions *q, size_t i)
{
	return q->list[i].line + (q->kind == ASK_COMMAND ? 0 : strlen("VRFY "));
}

void
questions_free(struct questions *q)
{
	while (q->n)
		free((char *)q->list[--q->n].line);
	free(q->list);
	*q = (struct questions){ 0 };
}
