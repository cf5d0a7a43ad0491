/* ehlo: hands one message to a mail server, and tells what became of it. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/answers.h"
#include "cli/credentials.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/probe.h"
#include "cli/report.h"
#include "cli/values.h"
#include "submit/outcome.h"
#include "submit/submission.h"

#define READER 2000 /* ms to take the report */
#define BY_SIGNAL 128 /* and its number: what a shell makes of such an end */

/* A closed standard descriptor must not become the socket: what is meant for
 * standard output would be said to the server. What is opened in its place
 * fails as a closed one would. */
static void
keep_descriptors(void)
{
	int fd;

	for (fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1)
			open("/dev/null",
			    fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* D-10: it is sent all the same. */
static void
warn_of_long_line(const struct message *m)
{
	fprintf(stderr,
	    "ehlo: warning: line %llu has more than %d octets, which some "
	    "servers refuse or break\n",
	    (unsigned long long)m->long_line, LINE_LIMIT);
}

static int
gather(const struct options *o, struct message *m,
    const struct patience *patience, struct problem *problem)
{
	int fd = STDIN_FILENO;

	if (o->message && !value_is_stdin(o->message))
		fd = file_open(o->message);
	if (fd == -1)
		return problem_set(problem, FAIL_INPUT, "--message %s: %s",
		    o->message, strerror(errno));
	if (fd == STDIN_FILENO && isatty(fd))
		fprintf(stderr,
		    "reading the message from the terminal; end it with "
		    "Ctrl-D\n");
	if (message_gather(m, fd, patience, problem) == -1)
		return -1;
	if (m->empty && !o->session.check)
		return problem_set(
		    problem, FAIL_MESSAGE, "the message is empty");
	if (message_sendable(m, problem) == -1)
		return -1;
	if (m->long_line && !m->binary && o->form != REPORT_QUIET)
		warn_of_long_line(m);
	return 0;
}

/* --check says the size of a message if there is one: in a file or a pipe, but
 * nobody is made to type one. */
static bool
has_message(const struct options *o)
{
	struct stat st;

	if (o->session.quit_after || questions_option(&o->questions))
		return false;
	return !o->session.check || o->message ||
	       (!o->stdin_taken && fstat(STDIN_FILENO, &st) == 0 &&
		   (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode)));
}

/* All that can be found out before a connection is made. */
static int
prepare(struct options *o, struct submission *sub)
{
	struct patience patience = { .deadline = o->session.deadline };

	/* else it would be what is opened next */
	if (o->password.fd != -1 && fcntl(o->password.fd, F_GETFD) == -1)
		return problem_set(&sub->problem, FAIL_INPUT,
		    "--password-fd %d: %s", o->password.fd, strerror(errno));
	sub->interrupt = patience.interrupt = interrupt_open();
	o->trace.patience = patience;
	if (sub->interrupt == -1)
		return problem_set(
		    &sub->problem, FAIL_SYSTEM, "pipe: %s", strerror(errno));
	if (security_load(&o->security, &sub->options.certificates, &patience,
		&sub->problem) == -1)
		return -1;
	sub->no_message = !has_message(o);
	if (!sub->no_message &&
	    gather(o, sub->message, &patience, &sub->problem) == -1)
		return -1;
	if (o->session.check && sub->message->empty)
		sub->no_message = true;
	if (o->session.credentials == NULL && o->security.cert)
		credentials_guard();
	if (o->session.credentials == NULL)
		return 0;
	if (o->credentials.proof == BY_TOKEN)
		sub->options.renew = credentials_renew;
	return credentials_password(&o->credentials, &o->password,
	    o->server.name, &patience, &sub->problem);
}

/* From here on nobody may take a run that ends early for one that sent nothing.
 */
static int
committing(const struct session *s)
{
	(void)s;
	if (interrupt_signal())
		return -1;
	mem_last_words(
	    EX_UNKNOWN, "out of memory; what became of the message is unknown");
	return 0;
}

static int
committing_json(const struct session *s)
{
	const struct patience patience = { s->conn->interrupt,
		s->options->deadline };

	report_committing(&patience);
	return committing(s);
}

/* The exit status, unless a signal came. */
static int
judge(const struct options *o, const struct submission *sub,
    const struct answers *answers)
{
	if (questions_option(&o->questions))
		return outcome_status_asked(&sub->problem,
		    reply_class(&sub->session.reply), answers->nreply);
	if (o->session.quit_after && sub->envelope->nrecipient == 0)
		return outcome_status_asked(&sub->problem,
		    reply_class(&sub->session.reply), answers->nreply);
	if (o->session.quit_after)
		return outcome_status_stopped(sub->envelope, &sub->problem);
	return outcome_status(sub->envelope, &sub->problem);
}

/* Who reads the report has a little time even when --deadline is over. */
static struct patience
with_reader(const struct submission *sub)
{
	struct patience patience = { sub->interrupt, sub->options.deadline };

	if (patience.deadline != CLOCK_NEVER &&
	    patience.deadline < clock_now() + READER)
		patience.deadline = clock_now() + READER;
	return patience;
}

/* --cert-days: what failed otherwise has its own exit status. */
static int
judge_age(const struct options *o, struct submission *sub,
    const struct tls_findings *found, int status)
{
	struct patience reader = with_reader(sub);
	struct problem age = { 0 };

	if (security_age(&o->security, found, &age) == 0)
		return status;
	if (status == 0) {
		sub->problem = age;
		return EX_PARTIAL;
	}
	if (found->version)
		report_problem(o->server.name, &age, &reader);
	problem_free(&age);
	return status;
}

/* From the options to the exit status. */
static int
run(struct options *o)
{
	struct message message = { 0 };
	struct tls_findings found = { 0 };
	struct renewal renewal = { &o->credentials, &o->password,
		&o->trace.patience };
	struct answers answers = { .questions = &o->questions,
		.json = o->json };
	struct submission sub = { .server = &o->server,
		.options = o->session,
		.envelope = &o->envelope,
		.message = &message,
		.trace = &o->trace,
		.family = o->family,
		.local = o->local.len ? &o->local : NULL,
		.connect_timeout = o->connect_timeout,
		.interrupt = -1 };
	struct patience reader;
	int status;

	sub.options.replied = answers_print;
	sub.options.asker = &answers;
	sub.options.renewer = &renewal;
	if (o->session.probe || o->security.days)
		sub.options.certificates.findings = &found;
	sub.options.committing =
	    o->form == REPORT_JSON ? committing_json : committing;
	if (prepare(o, &sub) == 0) {
		answers.patience = o->trace.patience;
		submit(&sub);
	} else
		envelope_decide_all(&o->envelope,
		    sub.problem.class == FAIL_MESSAGE ? REFUSED : UNSENT,
		    STAGE_LOCAL, NULL, buf_str(&sub.problem.text));
	status = judge(o, &sub, &answers);
	if (sub.problem.class == FAIL_SIGNAL && status != EX_UNKNOWN)
		status = BY_SIGNAL + interrupt_signal();
	status = judge_age(o, &sub, &found, status);
	reader = with_reader(&sub);
	if (o->session.probe && probe_print(&sub, o->json, &reader) == -1)
		answers.error = errno;
	if (sub.problem.class != FAIL_NONE)
		report_problem(o->server.name, &sub.problem, &reader);
	if (report(o->form, &sub, status, &reader) == -1)
		answers.error = errno;
	if (answers.error)
		fprintf(stderr, "ehlo: standard output: %s\n",
		    strerror(answers.error));
	submission_end(&sub);
	submission_free(&sub);
	tls_findings_free(&found);
	message_free(&message);
	return status;
}

int
main(int argc, char **argv)
{
	struct problem problem = { 0 };
	struct options o;
	int status = 0;

	keep_descriptors();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a full output is an error, not the end */
	switch (options_parse(&o, argc, (const char **)argv, &problem)) {
	case OPTIONS_DONE:
		break;
	case OPTIONS_WRONG:
		report_problem(NULL, &problem, &o.trace.patience);
		status = outcome_failure(problem.class);
		break;
	case OPTIONS_RUN:
		status = run(&o);
		break;
	}
	options_free(&o);
	problem_free(&problem);
	if (status > BY_SIGNAL)
		interrupt_die(status - BY_SIGNAL);
	return status;
}
