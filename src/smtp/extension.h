#ifndef EXTENSION_H
#define EXTENSION_H

/* What a server offers: the keywords of its EHLO reply (RFC 5321 4.1.1.1). */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "smtp/reply.h"

enum extension {
	EXT_8BITMIME = 1 << 0,
	EXT_AUTH = 1 << 1,
	EXT_BINARYMIME = 1 << 2,
	EXT_CHUNKING = 1 << 3,
	EXT_DSN = 1 << 4,
	EXT_ENHANCEDSTATUSCODES = 1 << 5,
	EXT_PIPELINING = 1 << 6,
	EXT_SIZE = 1 << 7,
	EXT_SMTPUTF8 = 1 << 8,
	EXT_STARTTLS = 1 << 9,
	EXT_PRDR = 1 << 10,
	EXT_LIMITS = 1 << 11,
	EXT_REQUIRETLS = 1 << 12,
	EXT_FUTURERELEASE = 1 << 13,
	EXT_DELIVERBY = 1 << 14,
	EXT_MT_PRIORITY = 1 << 15
};

struct extensions {
	unsigned offered; /* enum extension, or-ed */
	uint64_t size; /* the limit of SIZE; 0: none known */
	/* LIMITS (RFC 9422): 0 where none is known */
	size_t rcptmax; /* recipients in a transaction */
	size_t rcptdomainmax; /* domains in a transaction */
	size_t mailmax; /* transactions in a session */
	/* What the server allows of FUTURERELEASE (RFC 4865) and DELIVERBY
	 * (RFC 2852): 0 where no limit is known */
	uint64_t hold_seconds; /* how long it holds a message at most */
	int64_t hold_until; /* until when, in seconds since 1970 */
	uint64_t by_least; /* the least time for a return */
	struct buf mechanisms; /* of AUTH: upper case, a space around each:
				* " PLAIN LOGIN " */
};

/* Reads the lines after the first of an EHLO reply; forgets what was known
 * before. Keywords are whole words without regard to case; AUTH= counts as
 * AUTH; of several SIZE the smallest limit, AUTH lists are merged
 * (R-5321-14, -15, R-1870-02, -03). */
void extensions_read(struct extensions *, const struct reply *);

/* Whether AUTH lists the mechanism (upper case). */
bool extensions_mechanism(const struct extensions *, const char *name);

void extensions_free(struct extensions *);

#endif
