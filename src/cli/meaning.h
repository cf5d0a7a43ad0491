#ifndef MEANING_H
#define MEANING_H

/* What the words of an EHLO reply are good for, in a few words. */

#include <stddef.h>

#include "base/buf.h"

/* Adds the meaning of a line, "SIZE 10240000"; of a mechanism of AUTH; of a
 * limit of LIMITS, "RCPTMAX=100". Nothing for what is not known here. */
void meaning_offer(struct buf *, const char *line, size_t len);
void meaning_mechanism(struct buf *, const char *name, size_t len);
void meaning_limit(struct buf *, const char *limit, size_t len);

#endif
