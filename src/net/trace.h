#ifndef TRACE_H
#define TRACE_H

/* What --debug shows of a session on standard error: "*" what the program did
 * or learnt, ">" sent, "<" received. Each line goes through text_show(). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct trace {
	int level; /* how often -d was given; 0: silent */
	bool secrets; /* --show-secrets */
	int64_t start; /* clock_now() when the program began */
	struct patience patience; /* with who reads it */
};

/* Shown from that level on. Their text may hold octets of the server. */
void trace_note(const struct trace *, int level, const char *, ...)
    __attribute__((format(printf, 3, 4)));
void trace_line(const struct trace *, char mark, const char *, size_t);

#endif
