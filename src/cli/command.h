#ifndef COMMAND_H
#define COMMAND_H

/* The output of a command, and no longer than patience lasts. */

#include "base/buf.h"
#include "base/clock.h"
#include "base/problem.h"

/* Runs sh -c command, with no input; its standard error is the user's to see.
 * What it printed is added to out, up to about most octets, if it ends with
 * status 0. When it has ended nobody else is awaited who holds its output open.
 * -1: FAIL_AUTH, FAIL_SYSTEM, FAIL_SIGNAL, FAIL_CONNECTION, which begins with
 * what; the command has been ended then. */
int command_output(struct buf *out, size_t most, const char *command,
    const char *what, const struct patience *, struct problem *);

#endif
