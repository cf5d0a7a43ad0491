#ifndef SASL_H
#define SASL_H

/* SASL mechanisms of RFC 4954: challenges in, responses out; no I/O. */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/problem.h"

struct credentials {
	char *user; /* authentication identity; NULL: do not log in */
	char *authzid; /* authorization identity, or NULL */
	struct buf password; /* secret */
};

/* A mechanism: how it begins and answers. The table is in order of strength,
 * which is the order in which they are tried (R-4954-09). */
struct mechanism {
	const char *name;
	bool cleartext; /* shows the password to the server: needs TLS */
	bool authzid; /* has a place for an authorization identity; where one
		       * is asked for, none without it may be used */
	bool initial; /* client first: has an initial response */
	int responses; /* of ours, before the server can know who we are */
	/* The response to challenge number step (0: the first, or for a
	 * client-first mechanism the initial response, challenge empty), not
	 * in base64, appended to out (secret). -1: cannot answer; cancel.
	 * user is not NULL. */
	int (*respond)(const struct credentials *, int step,
	    const struct buf *challenge, struct buf *out, struct problem *);
};

/* The table's entry number i, or NULL behind the last. */
const struct mechanism *sasl_mechanism(size_t i);
const struct mechanism *sasl_find(const char *name); /* any letter case */

/* Base64 (RFC 4648 4). Decoding is strict: alphabet only, padding only at the
 * end, a multiple of 4 octets, the unused bits zero; -1 otherwise
 * (R-4954-05). Both append. */
void base64_encode(struct buf *out, const char *, size_t);
int base64_decode(struct buf *out, const char *, size_t);

void credentials_free(struct credentials *);

#endif
