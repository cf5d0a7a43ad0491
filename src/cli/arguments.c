#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/arguments.h"
#include "cli/delivery.h"
#include "cli/login.h"
#include "cli/values.h"

/* A name may have addresses of the other family as well; an address is one. */
static int
check_family(const struct options *o, struct problem *problem)
{
	int family = server_family(&o->server);

	if (o->family == AF_UNSPEC || family == AF_UNSPEC ||
	    o->family == family)
		return 0;
	return problem_set(problem, FAIL_USAGE, "-%c: %s is an IPv%c address",
	    o->family == AF_INET ? '4' : '6', o->server.host,
	    family == AF_INET ? '4' : '6');
}

static int
server(struct options *o, const char *word, struct problem *problem)
{
	uint64_t port;

	if (server_parse(&o->server, word, problem) == -1)
		return -1;
	if (check_family(o, problem) == -1)
		return -1;
	if (o->port) {
		if (value_number(&port, "port", o->port, 1, 65535, problem) ==
		    -1)
			return -1;
		server_port(&o->server, (uint16_t)port);
	}
	o->session.lmtp |= o->server.lmtp;
	if (o->session.no_esmtp && (o->user || o->server.user))
		return problem_set(problem, FAIL_USAGE,
		    "--no-esmtp has no login: it excludes a user name");
	if (o->session.lmtp && o->session.no_esmtp)
		return problem_set(problem, FAIL_USAGE,
		    "--lmtp and --no-esmtp exclude each other");
	if (o->session.lmtp && o->server.port == 25) /* R-2033-01 */
		return problem_hint(problem, FAIL_USAGE,
		    "--port 24, or lmtp://HOST:PORT",
		    "LMTP is not spoken on port 25");
	if (security_check(&o->security, &o->session, &o->server, problem) ==
	    -1)
		return -1;
	if (o->user == NULL)
		o->user = o->server.user;
	return 0;
}

/* Standard input can be one thing only. */
static int
check_stdin(struct options *o, struct problem *problem)
{
	bool message =
	    o->message ? value_is_stdin(o->message) : !o->session.check;
	bool list = false;
	size_t i;

	for (i = 0; i < o->nto_file; i++)
		list |= value_is_stdin(o->to_files[i]);
	o->stdin_taken = list || o->password.fd == 0;
	if (list && o->password.fd == 0)
		return problem_set(problem, FAIL_USAGE,
		    "--to-file - and --password-fd 0 exclude each other");
	if (!o->stdin_taken || !message || o->session.quit_after)
		return 0;
	return problem_hint(problem, FAIL_USAGE, "--message FILE",
	    "%s: standard input is the message",
	    list ? "--to-file -" : "--password-fd 0");
}

/* FROM TO..., as far as they are given. */
static int
addresses(struct options *o, const char **words, struct problem *problem)
{
	const struct patience patience = { -1, o->session.deadline };
	size_t i;

	if (*words && envelope_sender(&o->envelope, *words, problem) == -1)
		return -1;
	for (; *words && words[1]; words++)
		if (envelope_recipient(&o->envelope, words[1], problem) == -1)
			return -1;
	for (i = 0; i < o->nto_file; i++)
		if (value_recipients(
			&o->envelope, o->to_files[i], &patience, problem) == -1)
			return -1;
	envelope_unique(&o->envelope);
	return 0;
}

/* What is about a message, where there is none. */
static int
check_questions(const struct options *o, struct problem *problem)
{
	const struct session_options *s = &o->session;
	const char *asked = questions_option(&o->questions);
	const struct {
		bool given;
		const char *option;
	} idle[] = {
		{ s->check, "--check" },
		{ s->quit_after != STAGE_LOCAL, "--quit-after" },
		{ o->message != NULL, "--message" },
		{ o->nto_file != 0, "--to-file" },
		{ s->all_or_none, "--all-or-none" },
		{ o->quiet, "--quiet" },
	};
	size_t i;

	for (i = 0; i < sizeof(idle) / sizeof(idle[0]); i++)
		if (idle[i].given)
			return problem_set(problem, FAIL_USAGE,
			    "%s and %s exclude each other", asked,
			    idle[i].option);
	if (parameters_any(&s->parameters))
		return problem_set(problem, FAIL_USAGE,
		    "%s sends no message, so nothing can be asked about its "
		    "delivery",
		    asked);
	return 0;
}

/* SERVER ADDRESS... */
static int
questions(struct options *o, const char **words, struct problem *problem)
{
	struct questions *q = &o->questions;

	o->session.probe = q->kind == ASK_PROBE;
	if (check_questions(o, problem) == -1 ||
	    questions_words(q, words && *words ? words + 1 : NULL, problem) ==
		-1 ||
	    server(o, words[0], problem) == -1)
		return -1;
	o->form = o->json ? REPORT_JSON : REPORT_TEXT;
	o->session.questions = q->list;
	o->session.nquestion = q->n;
	return login_check(o, problem);
}

/* Who wants to go no further than a stage need not give what is said after
 * it. */
static int
too_few(enum stage last, struct problem *problem)
{
	const char *wanted = "SERVER, FROM and at least one TO are wanted";

	if (last == STAGE_LOCAL)
		return problem_hint(
		    problem, FAIL_USAGE, "ehlo --help", "%s", wanted);
	if (last <= STAGE_MAIL)
		wanted = last == STAGE_MAIL ? "SERVER and FROM are wanted"
					    : "SERVER is wanted";
	return problem_set(problem, FAIL_USAGE, "--quit-after %s: %s",
	    stage_name(last), wanted);
}

int
arguments_read(struct options *o, const char **words, struct problem *problem)
{
	enum stage stage = o->session.quit_after;

	if (questions_option(&o->questions))
		return questions(o, words, problem);
	if (words == NULL || words[0] == NULL ||
	    (words[1] == NULL && (!stage || stage >= STAGE_MAIL)))
		return too_few(stage, problem);
	if (o->quiet && o->json)
		return problem_set(problem, FAIL_USAGE,
		    "--quiet and --json exclude each other");
	o->form = o->json ? REPORT_JSON : o->quiet ? REPORT_QUIET : REPORT_TEXT;
	if (o->session.check && stage)
		return problem_set(problem, FAIL_USAGE,
		    "--check and --quit-after exclude each other");
	if (check_stdin(o, problem) == -1 ||
	    server(o, words[0], problem) == -1 ||
	    addresses(o, words + 1, problem) == -1)
		return -1;
	if (o->envelope.nrecipient == 0 && (!stage || stage == STAGE_RCPT))
		return problem_hint(problem, FAIL_USAGE,
		    "give TO behind FROM, or --to-file FILE", "no recipient");
	if (delivery_check(&o->session, &o->envelope, time(NULL), problem) ==
	    -1)
		return -1;
	return login_check(o, problem);
}
