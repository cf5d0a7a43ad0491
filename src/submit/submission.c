#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/dial.h"
#include "smtp/domain.h"
#include "submit/submission.h"

/* The name to say in EHLO: this host's, if it is a full one, else the address
 * that the connection comes from (R-5321-12). */
static void
own_name(const struct submission *sub, struct buf *out)
{
	struct sockaddr_storage local = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(local);
	char text[256] = "";

	if (sub->options.helo) {
		buf_adds(out, sub->options.helo);
		return;
	}
	if (gethostname(text, sizeof(text) - 1) == 0 && strchr(text, '.') &&
	    domain_name(text, strlen(text))) {
		buf_adds(out, text);
		return;
	}
	getsockname(sub->conn.fd, (void *)&local, &len);
	resolve_text((void *)&local, text, sizeof(text));
	text[strcspn(text, "%")] = '\0'; /* a zone has no place in a literal */
	if (local.ss_family == AF_INET6)
		buf_addf(out, "[IPv6:%s]", text);
	else
		buf_addf(out, "[%s]", *text ? text : "127.0.0.1");
}

/* Adds what went wrong with one address to what went wrong before; which: its
 * text, if that is not clear. */
static void
remember(struct submission *sub, const char *which, struct problem *problem)
{
	struct problem *all = &sub->problem;

	if (all->class != FAIL_NONE)
		buf_adds(&all->text, "; ");
	if (which)
		buf_addf(&all->text, "%s: ", which);
	buf_add(&all->text, buf_head(&problem->text), buf_len(&problem->text));
	all->class = problem->class;
	if (problem->hint)
		all->hint = problem->hint;
	problem_free(problem);
}

static void
spend(struct submission *sub, enum stage stage, int64_t since)
{
	sub->spent[stage] += clock_now() - since;
}

static int
connect_to(struct submission *sub, const struct endpoint *e)
{
	struct problem problem = { 0 };
	int64_t now = clock_now();
	int rv;

	trace_note(sub->trace, 2, "connecting to %s port %u", e->text,
	    sub->server->port);
	rv = dial(&sub->conn, e, sub->local, sub->interrupt,
	    clock_earlier(now + sub->connect_timeout, sub->options.deadline),
	    &problem);
	spend(sub, STAGE_CONNECT, now);
	if (rv == -1) {
		trace_note(sub->trace, 2, "%s", buf_str(&problem.text));
		remember(sub, NULL, &problem);
		return -1;
	}
	trace_note(
	    sub->trace, 1, "connected to %s (%s)", sub->server->name, e->text);
	sub->attempts++;
	buf_clear(&sub->peer);
	buf_adds(&sub->peer, e->text);
	return 0;
}

static int
converse(struct submission *sub, const struct endpoint *e)
{
	struct session *s = &sub->session;
	struct buf helo = { 0 };
	int i, rv;

	own_name(sub, &helo);
	*s = (struct session){ .options = &sub->options,
		.server = sub->server,
		.trace = sub->trace,
		.conn = &sub->conn,
		.envelope = sub->envelope,
		.message = sub->no_message ? NULL : sub->message,
		.helo = buf_str(&helo),
		.loopback = e->loopback };
	sub->open = true;
	rv = session_run(s);
	for (i = 0; i < NSTAGE; i++)
		sub->spent[i] += s->spent[i];
	buf_free(&helo);
	s->helo = NULL;
	return rv;
}

/* Whether another address of the host may be tried: not after the greeting
 * was good, nor after a 5yz there (R-5321-04), nor out of time. */
static bool
may_go_on(const struct submission *sub)
{
	return !(sub->open && sub->session.moved_on) &&
	       sub->problem.class != FAIL_SIGNAL &&
	       sub->problem.class != FAIL_SYSTEM &&
	       sub->problem.class != FAIL_INPUT &&
	       sub->problem.class != FAIL_USAGE &&
	       clock_now() < sub->options.deadline;
}

/* Takes over what the session found; which: the address, if it is one of
 * several. */
static void
conclude(struct submission *sub, const char *which)
{
	struct session *s = &sub->session;
	const char *version = tls_version(&sub->conn);

	if (s->moved_on) /* what was wrong with other addresses is no more */
		problem_free(&sub->problem);
	if (s->problem.class != FAIL_NONE)
		remember(sub, s->moved_on ? NULL : which, &s->problem);
	buf_add(&sub->final, buf_head(&s->final), buf_len(&s->final));
	buf_free(&s->final);
	if (version)
		buf_adds(&sub->tls, version);
}

static void
try_each(struct submission *sub, const struct endpoint *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (connect_to(sub, &list[i]) == 0) {
			converse(sub, &list[i]);
			conclude(sub, n > 1 ? list[i].text : NULL);
			if (i + 1 == n || !may_go_on(sub))
				return;
			trace_note(sub->trace, 1, "trying another address");
			submission_end(sub);
			buf_clear(&sub->final);
			buf_clear(&sub->tls);
			envelope_reset(sub->envelope);
		}
		if (!may_go_on(sub))
			return;
	}
}

void
submit(struct submission *sub)
{
	int64_t start = clock_now();
	const struct patience patience = { sub->interrupt,
		sub->options.deadline };
	enum stage stage = STAGE_RESOLVE;
	struct endpoint *list = NULL;
	size_t n;
	int said;

	n = resolve(sub->server, sub->family, &list, &sub->problem);
	spend(sub, STAGE_RESOLVE, start);
	said = clock_go_on(&patience);
	if (said != 1) {
		problem_free(&sub->problem);
		problem_impatient(&sub->problem, said, "name look-up");
	} else if (n) {
		stage = STAGE_CONNECT;
		try_each(sub, list, n);
	}
	if (!sub->open && sub->problem.hint == NULL)
		sub->problem.hint = server_doubt(sub->server);
	if (!sub->open)
		envelope_decide_all(sub->envelope, UNSENT, stage, NULL,
		    buf_str(&sub->problem.text));
	free(list);
}

void
submission_end(struct submission *sub)
{
	if (sub->open)
		session_end(&sub->session);
	sub->open = false;
}

void
submission_free(struct submission *sub)
{
	problem_free(&sub->problem);
	buf_free(&sub->final);
	buf_free(&sub->peer);
	buf_free(&sub->tls);
}
