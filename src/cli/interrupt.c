#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "cli/interrupt.h"

/* A signal handler is given nothing, so it needs what stands here. */
static volatile sig_atomic_t caught;
static int wake = -1, child = -1;

static void
notify(int fd)
{
	int saved = errno;
	ssize_t ignored;

	ignored = write(fd, "", 1);
	(void)ignored;
	errno = saved;
}

static void
on_signal(int signal)
{
	caught = signal;
	notify(wake);
}

static void
on_child(int signal)
{
	(void)signal;
	notify(child);
}

static void catch (int signal)
{
	struct sigaction action = { .sa_handler = on_signal }, old;

	sigfillset(&action.sa_mask);
	sigaction(signal, &action, &old);
	if (old.sa_handler == SIG_IGN) /* nohup(1) */
		sigaction(signal, &old, NULL);
}

/* A pipe that a handler may write to; the end to be read, or -1. */
static int
open_pipe(int *end)
{
	int fd[2], i;

	if (pipe(fd) == -1)
		return -1;
	for (i = 0; i < 2; i++) {
		fcntl(fd[i], F_SETFD, FD_CLOEXEC);
		fcntl(fd[i], F_SETFL, O_NONBLOCK);
	}
	*end = fd[1];
	return fd[0];
}

int
interrupt_open(void)
{
	int fd = open_pipe(&wake);

	if (fd == -1)
		return -1;
	catch (SIGINT);
	catch (SIGTERM);
	catch (SIGHUP);
	catch (SIGQUIT);
	return fd;
}

int
interrupt_child(void)
{
	struct sigaction action = { .sa_handler = on_child,
		.sa_flags = SA_NOCLDSTOP | SA_RESTART };
	int fd = open_pipe(&child);

	sigfillset(&action.sa_mask);
	if (fd != -1)
		sigaction(SIGCHLD, &action, NULL);
	return fd;
}

int
interrupt_signal(void)
{
	return caught;
}

void
interrupt_die(int number)
{
	signal(number, SIG_DFL);
	raise(number);
}
