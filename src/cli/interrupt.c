#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "cli/interrupt.h"

/* A signal handler is given nothing, so it needs what stands here. */
static volatile sig_atomic_t caught;
static int wake = -1;

static void
on_signal(int signal)
{
	int saved = errno;
	ssize_t ignored;

	caught = signal;
	ignored = write(wake, "", 1);
	(void)ignored;
	errno = saved;
}

static void catch (int signal)
{
	struct sigaction action = { .sa_handler = on_signal }, old;

	sigfillset(&action.sa_mask);
	sigaction(signal, NULL, &old);
	if (old.sa_handler != SIG_IGN) /* nohup(1) */
		sigaction(signal, &action, NULL);
}

int
interrupt_open(void)
{
	int fd[2], i;

	if (pipe(fd) == -1)
		return -1;
	for (i = 0; i < 2; i++) {
		fcntl(fd[i], F_SETFD, FD_CLOEXEC);
		fcntl(fd[i], F_SETFL, O_NONBLOCK);
	}
	wake = fd[1];
	catch (SIGINT);
	catch (SIGTERM);
	catch (SIGHUP);
	return fd[0];
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
