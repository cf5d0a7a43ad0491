#ifndef ARGUMENTS_H
#define ARGUMENTS_H

/* What stands beside the options, SERVER FROM TO..., and what does not go
 * together. */

#include "cli/options.h"

/* Reads the words once all options are in, and holds the options against each
 * other and against them. words: ends with NULL; NULL: there are none. -1:
 * FAIL_USAGE, or FAIL_INPUT if a file with recipients cannot be read. */
int arguments_read(struct options *, const char **words, struct problem *);

#endif
