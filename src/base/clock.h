#ifndef CLOCK_H
#define CLOCK_H

/* Time that only goes forward (CLOCK_MONOTONIC), in milliseconds. */

#include <stdint.h>

#define CLOCK_NEVER INT64_MAX

int64_t clock_now(void);

/* The earlier of two instants; and the milliseconds left until one, as
 * poll(2) wants them: 0 when it has passed, -1 for CLOCK_NEVER. */
int64_t clock_earlier(int64_t, int64_t);
int clock_left(int64_t deadline);

/* Who waits for a descriptor waits no longer than this. */
struct patience {
	int interrupt; /* readable once a signal came; -1: none */
	int64_t deadline;
};

/* Waits until fd can be read: 1. 0: the deadline passed. -1: a signal came. */
int clock_readable(int fd, const struct patience *);

/* The same answers without waiting: 1 is to go on. */
int clock_go_on(const struct patience *);

#endif
