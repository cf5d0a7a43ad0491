#ifndef PROBE_H
#define PROBE_H

/* What a server offers, and its certificate (--probe). */

#include <stdbool.h>

#include "submit/submission.h"

/* Writes it on standard output, as far as the conversation came; nothing if
 * there was none. json: an object a line. To be called after submit(), before
 * submission_end(). -1: it could not be written, errno says why. */
int probe_print(const struct submission *, bool json, const struct patience *);

#endif
