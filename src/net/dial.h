#ifndef DIAL_H
#define DIAL_H

/* Connecting to one endpoint. */

#include <stdint.h>

#include "base/problem.h"
#include "net/conn.h"
#include "net/resolve.h"

/* The local end of connections: --bind ADDRESS[:PORT]. */
int dial_local(struct endpoint *, const char *text, struct problem *);

/* Connects until the deadline; local may be NULL. The connection is open on
 * 0; on -1 it is not, and the problem says why (FAIL_CONNECTION, FAIL_SYSTEM,
 * FAIL_SIGNAL). TCP_NODELAY is set: what is one write leaves at once. */
int dial(struct conn *, const struct endpoint *, const struct endpoint *local,
    int interrupt, int64_t deadline, struct problem *);

#endif
