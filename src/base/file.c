#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define BLOCK 4096

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
