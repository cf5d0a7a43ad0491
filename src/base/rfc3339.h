#ifndef RFC3339_H
#define RFC3339_H

/* Dates with a time of day, as RFC 3339 5.6 writes them, and seconds since
 * 1970. */

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Reads "2030-01-31T08:00:00Z" or "2030-01-31T08:00:00.5+01:00", all of p; a
 * part of a second is dropped. -1 if it is none, or before 1970. */
int rfc3339_read(const char *p, size_t len, int64_t *seconds);

/* Adds it in UTC; seconds must be such as rfc3339_read() gives. */
void rfc3339_write(struct buf *out, int64_t seconds);

#endif
