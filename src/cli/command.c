#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/interrupt.h"

#define GRACE 500 /* ms from TERM to KILL */

struct child {
	pid_t pid;
	bool leader; /* of a process group of its own */
	bool ended;
	int status;
	int out; /* what it prints, or -1 when that has ended */
	int notice; /* readable when it may have ended */
	struct buf *text;
};

static void
run(const char *command, int out)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null != -1)
		dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	signal(SIGPIPE, SIG_DFL); /* as in any shell */
	unsetenv("EHLO_PASSWORD");
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static bool
has_terminal(void)
{
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (tty != -1)
		close(tty);
	return tty != -1;
}

static int
start(struct child *c, const char *command)
{
	int fd[2];

	c->notice = interrupt_child();
	if (c->notice == -1 || pipe(fd) == -1)
		return -1;
	fcntl(fd[0], F_SETFD, FD_CLOEXEC);
	fcntl(fd[1], F_SETFD, FD_CLOEXEC);
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	/* A group of its own can be killed whole. On a terminal it would be in
	 * the background, where it could not ask for a PIN, nor be reached by
	 * Ctrl-C and Ctrl-Z; so there it stays in ours, and only the shell is
	 * killed. */
	c->leader = !has_terminal();
	c->pid = fork();
	if (c->pid == 0) {
		if (c->leader)
			setpgid(0, 0);
		run(command, fd[1]);
	}
	close(fd[1]);
	c->out = fd[0];
	if (c->pid != -1 && c->leader)
		setpgid(c->pid, c->pid); /* whoever of the two is first */
	return c->pid == -1 ? -1 : 0;
}

/* Takes in some of what it printed, if it can be had now. */
static bool
take(struct child *c)
{
	ssize_t n = read(c->out, buf_room(c->text, 4096), 4096);

	if (n > 0) {
		buf_added(c->text, (size_t)n);
		return true;
	}
	if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		close(c->out);
		c->out = -1;
	}
	return false;
}

static void
reap(struct child *c)
{
	char noticed[16];

	while (read(c->notice, noticed, sizeof(noticed)) > 0)
		;
	if (waitpid(c->pid, &c->status, WNOHANG) == c->pid)
		c->ended = true;
}

/* Waits until something happens, and looks after it. 1, or as clock_readable()
 * if patience is over. */
static int
await(struct child *c, const struct patience *patience)
{
	struct pollfd p[3] = {
		{ .fd = patience->interrupt, .events = POLLIN },
		{ .fd = c->notice, .events = POLLIN },
		{ .fd = c->out, .events = POLLIN },
	};
	int n;

	do
		n = poll(p, 3, clock_left(patience->deadline));
	while (n == -1);
	if (n == 0)
		return 0;
	if (p[0].revents)
		return -1;
	if (p[1].revents)
		reap(c);
	if (p[2].revents)
		take(c);
	return 1;
}

/* A group is gone when nobody of it holds the output open, as far as can be
 * seen. */
static bool
is_gone(const struct child *c)
{
	return c->ended && (c->out == -1 || !c->leader);
}

static void
stop(struct child *c)
{
	static const int signals[] = { SIGTERM, SIGKILL };
	struct patience grace = { .interrupt = -1 };
	size_t i;

	for (i = 0; i < 2 && !is_gone(c); i++) {
		kill(c->leader ? -c->pid : c->pid, signals[i]);
		grace.deadline = clock_now() + GRACE;
		while (!is_gone(c) && await(c, &grace) == 1)
			buf_clear(c->text);
	}
}

static int
judge(const struct child *c, const char *what, struct problem *problem)
{
	if (WIFSIGNALED(c->status))
		return problem_set(problem, FAIL_AUTH, "%s: ended by signal %d",
		    what, WTERMSIG(c->status));
	if (c->status != 0)
		return problem_set(problem, FAIL_AUTH, "%s: exit status %d",
		    what, WEXITSTATUS(c->status));
	return 0;
}

int
command_output(struct buf *out, size_t most, const char *command,
    const char *what, const struct patience *patience, struct problem *problem)
{
	struct child c = { .out = -1, .text = out };
	int said = 1, rv;

	if (start(&c, command) == -1) {
		rv = problem_set(
		    problem, FAIL_SYSTEM, "%s: %s", what, strerror(errno));
		goto out;
	}
	while (!c.ended && said == 1 && buf_len(out) <= most)
		said = await(&c, patience);
	/* what is left in the pipe; the end of it may be far away */
	while (c.out != -1 && said == 1 && buf_len(out) <= most && take(&c))
		;
	if (said != 1)
		rv = problem_impatient(problem, said, what);
	else if (buf_len(out) > most)
		rv = problem_set(
		    problem, FAIL_AUTH, "%s: more than %zu octets", what, most);
	else
		rv = judge(&c, what, problem);
	if (rv == -1)
		stop(&c);
out:
	if (c.out != -1)
		close(c.out);
	return rv;
}
