#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define BLOCK 4096

#ifndef PIPE_BUF
#define PIPE_BUF 512 /* POSIX */
#endif

int
file_open(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

int
file_read(struct buf *out, int fd, size_t most, const char *what,
    const struct patience *patience, struct problem *problem)
{
	ssize_t n;
	int said;

	do {
		said = clock_readable(fd, patience);
		if (said != 1)
			return problem_impatient(problem, said, what);
		n = read(fd, buf_room(out, BLOCK), BLOCK);
		if (n > 0)
			buf_added(out, (size_t)n);
	} while ((n > 0 && buf_len(out) <= most) ||
		 (n == -1 && (errno == EINTR || errno == EAGAIN)));
	if (n == -1)
		return problem_set(
		    problem, FAIL_INPUT, "%s: %s", what, strerror(errno));
	return 0;
}

/* Waits until fd can be written; who reads is served, signal or not. */
static int
await_reader(int fd, const struct patience *patience)
{
	struct pollfd p[2] = {
		{ .fd = fd, .events = POLLOUT },
		{ .fd = patience->interrupt, .events = POLLIN },
	};
	int n;

	do
		n = poll(p, 2, clock_left(patience->deadline));
	while (n == -1 && (errno == EINTR || errno == EAGAIN));
	if (n == -1 || p[0].revents) /* the write says what is wrong */
		return 0;
	errno = n == 0 ? ETIMEDOUT : EINTR;
	return -1;
}

int
file_write(int fd, const struct buf *b, const struct patience *patience)
{
	const char *p = buf_head(b);
	size_t left = buf_len(b), most;
	ssize_t n;

	while (left > 0) {
		if (await_reader(fd, patience) == -1)
			return -1;
		/* more than that could wait although poll() says yes */
		most = left < PIPE_BUF ? left : PIPE_BUF;
		n = write(fd, p, most);
		if (n == -1 && errno != EINTR && errno != EAGAIN)
			return -1;
		if (n > 0) {
			p += n;
			left -= (size_t)n;
		}
	}
	return 0;
}
