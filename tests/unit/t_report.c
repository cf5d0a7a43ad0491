/* A report on a standard output that takes it only piece by piece. */

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "cli/report.h"

static const struct patience forever = { -1, CLOCK_NEVER };

#define RECIPIENTS 20000

/* Reads to the end: how many lines came, modulo 256, as the exit status. */
static void
count_lines(int fd)
{
	char block[512];
	unsigned lines = 0;
	ssize_t n, i;

	while ((n = read(fd, block, sizeof(block))) > 0)
		for (i = 0; i < n; i++)
			lines += block[i] == '\n';
	_exit((int)(lines & 0xff));
}

static void
to_a_pipe(const struct submission *sub, int flags, const char *name)
{
	int fd[2], before = dup(STDOUT_FILENO), status, rv;
	pid_t reader;

	if (pipe(fd) == -1 || before == -1)
		abort();
	reader = fork();
	if (reader == 0) {
		close(fd[1]);
		count_lines(fd[0]);
	}
	close(fd[0]);
	fcntl(fd[1], F_SETFL, flags);
	dup2(fd[1], STDOUT_FILENO);
	close(fd[1]);
	rv = report(REPORT_TEXT, sub, 0, &forever);
	dup2(before, STDOUT_FILENO);
	close(before);
	CHECK_INT(rv, 0, name);
	CHECK(waitpid(reader, &status, 0) == reader);
	CHECK_INT(WEXITSTATUS(status), (RECIPIENTS + 1) & 0xff, name);
}

int
main(void)
{
	struct envelope envelope = { 0 };
	struct message message = { 0 };
	struct submission sub = {
		.envelope = &envelope, .message = &message, .interrupt = -1
	};
	struct problem none = { 0 };
	char address[64];
	int i;

	for (i = 0; i < RECIPIENTS; i++) {
		snprintf(address, sizeof(address), "b%d@example.org", i);
		envelope_recipient(&envelope, address, &none);
	}
	envelope_decide_all(&envelope, UNSENT, STAGE_LOCAL, NULL, "a test");
	to_a_pipe(&sub, 0, "blocking");
	to_a_pipe(&sub, O_NONBLOCK, "nonblocking");
	envelope_free(&envelope);
	return check_done("t_report");
}
