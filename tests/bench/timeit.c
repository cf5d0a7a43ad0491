/*
 * Runs a command several times, its input from a file, its output nowhere.
 * For each run a line: wall time (ns), processor time of user and system (us),
 * peak resident memory (KiB). Ends with the first exit status that is not 0.
 *
 * The memory is never said to be less than this program's own.
 */

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

struct run {
	int64_t wall; /* ns */
	int64_t cpu; /* us */
	long memory; /* KiB */
	int status;
};

static int64_t
now(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t) == -1)
		err(EX_OSERR, "clock_gettime");
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t
microseconds(const struct timeval *t)
{
	return (int64_t)t->tv_sec * 1000000 + t->tv_usec;
}

static void
execute(const char *input, char *argv[])
{
	int in = open(input, O_RDONLY), out = open("/dev/null", O_WRONLY);

	if (in == -1)
		err(EX_NOINPUT, "%s", input);
	if (out == -1)
		err(EX_OSERR, "/dev/null");
	if (dup2(in, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1)
		err(EX_OSERR, "dup2");
	close(in);
	close(out);
	execvp(argv[0], argv);
	err(127, "%s", argv[0]);
}

static struct run
run_once(const char *input, char *argv[])
{
	struct rusage usage;
	struct run r;
	int64_t start = now();
	int status;
	pid_t pid = fork();

	if (pid == -1)
		err(EX_OSERR, "fork");
	if (pid == 0)
		execute(input, argv);
	if (wait4(pid, &status, 0, &usage) == -1)
		err(EX_OSERR, "wait4");
	r.wall = now() - start;
	r.cpu = microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime);
	r.memory = usage.ru_maxrss;
#ifdef __APPLE__
	r.memory /= 1024; /* octets there */
#endif
	r.status =
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return r;
}

int
main(int argc, char *argv[])
{
	uint64_t times;
	struct run r;

	if (argc < 4 ||
	    text_number(argv[1], strlen(argv[1]), 1000000, &times) == -1)
		errx(EX_USAGE, "usage: bench-timeit TIMES INPUT COMMAND...");
	for (; times > 0; times--) {
		r = run_once(argv[2], argv + 3);
		if (r.status)
			return r.status;
		printf("%lld %lld %ld\n", (long long)r.wall, (long long)r.cpu,
		    r.memory);
	}
	return fflush(stdout) == EOF ? EX_IOERR : 0;
}
