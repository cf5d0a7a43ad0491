#ifndef TERMINAL_H
#define TERMINAL_H

/* Asking on the controlling terminal. */

#include "base/buf.h"
#include "base/clock.h"
#include "base/problem.h"

#define TERMINAL_NONE 1

/* Asks for a line that is not shown, and adds it without its end. 0, or -1 with
 * FAIL_AUTH, FAIL_SIGNAL or FAIL_CONNECTION; or TERMINAL_NONE, and nothing is
 * said of it. */
int terminal_ask(struct buf *out, const char *prompt, const struct patience *,
    struct problem *);

#endif
