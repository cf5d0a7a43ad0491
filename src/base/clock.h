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

#endif
