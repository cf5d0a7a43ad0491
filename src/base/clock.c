#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

#include "base/clock.h"

int64_t
clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int
clock_left(int64_t deadline)
{
	int64_t left;

	if (deadline == CLOCK_NEVER)
		return -1;
	left = deadline - clock_now();
	if (left <= 0)
		return 0;
	return left < INT_MAX ? (int)left : INT_MAX;
}

int
clock_readable(int fd, const struct patience *patience)
{
	struct pollfd p[2] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = patience->interrupt, .events = POLLIN },
	};
	int n;

	do /* after a signal the next poll sees it */
		n = poll(p, 2, clock_left(patience->deadline));
	while (n == -1 && (errno == EINTR || errno == EAGAIN));
	if (n == -1) /* whoever reads says why */
		return 1;
	if (p[1].revents)
		return -1;
	/* who can always be read may not be read for ever */
	return n == 0 || clock_now() >= patience->deadline ? 0 : 1;
}

int
clock_go_on(const struct patience *patience)
{
	struct pollfd p = { .fd = patience->interrupt, .events = POLLIN };

	if (patience->interrupt != -1 && poll(&p, 1, 0) == 1)
		return -1;
	return clock_now() >= patience->deadline ? 0 : 1;
}
