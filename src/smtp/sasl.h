#ifndef SASL_H
#define SASL_H

/* SASL mechanisms of RFC 4954: challenges in, responses out; no I/O. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/problem.h"

/* What a mechanism proves an identity by. */
enum proof {
	BY_PASSWORD,
	BY_TOKEN, /* of OAuth 2.0 (RFC 6750) */
	BY_OTHER /* what is beside SASL: a client certificate, the peer of a
		  * Unix socket, a ticket of Kerberos */
};

struct credentials {
	char *user; /* authentication identity; NULL: the proof says who */
	char *authzid; /* authorization identity, or NULL */
	struct buf password; /* secret: the password, or the token */
	enum proof proof; /* what there is */
	bool external; /* BY_OTHER is there as well */
};

/* One run of a mechanism: what it needs to know, and what it keeps. */
struct exchange {
	/* given by the caller, who owns what they point to */
	const struct mechanism *mechanism;
	const struct credentials *credentials;
	const char *host; /* of the server, or NULL */
	uint16_t port;
	/* Channel binding (RFC 5056): what is bound to, "tls-exporter", and
	 * its octets. NULL: this connection has none. */
	const char *binding;
	struct buf bound;
	bool unbound; /* the server offers no mechanism that binds */
	struct patience patience; /* for long computations */

	/* what the caller may look at */
	int step; /* how many responses were made */
	bool challenged; /* the server has asked for one */
	struct problem problem; /* why there is no response */
	struct buf refusal; /* what the server says of a token, or empty */
	struct buf proof; /* what it is to say to prove itself, or empty */
	bool rebind; /* it wants another channel binding */

	/* private to the mechanism */
	struct buf nonce; /* random if it is empty at the beginning */
	struct buf text; /* what has been said and will be signed */
	void *state; /* of GSSAPI */
};

/* A mechanism: how it begins and answers. The table is in order of strength,
 * which is the order in which they are tried (R-4954-09). */
struct mechanism {
	const char *name;
	enum proof by;
	bool cleartext; /* shows the password to the server: needs TLS */
	bool authzid; /* has a place for an authorization identity; where one
		       * is asked for, none without it may be used */
	bool initial; /* client first: has an initial response */
	bool binds; /* needs channel binding */
	bool mutual; /* the server proves itself too: where that fails, it is
		      * not shown more by a weaker mechanism */
	int responses; /* of ours, before the server can know who we are, and
			* with mutual we who it is */
	const char *hash; /* of OpenSSL; SCRAM */
	/* The response number exchange.step, not in base64, to a challenge
	 * (of the first of a client-first mechanism: empty), appended to out
	 * (secret). -1: there is none, exchange.problem says why; cancel. */
	int (*respond)(
	    struct exchange *, const struct buf *challenge, struct buf *out);
	void (*end)(struct exchange *); /* frees its state; NULL: has none */
};

/* The table's entry number i, or NULL behind the last. */
const struct mechanism *sasl_mechanism(size_t i);
const struct mechanism *sasl_find(const char *name); /* any letter case */

/* Base64 (RFC 4648 4). Decoding is strict: alphabet only, padding only at the
 * end, a multiple of 4 octets, the unused bits zero; -1 otherwise
 * (R-4954-05). Both append. */
void base64_encode(struct buf *out, const char *, size_t);
int base64_decode(struct buf *out, const char *, size_t);

/* Adds a name as it stands in a GS2 header and in SCRAM: "=2C" for a comma,
 * "=3D" for "=" (RFC 5801 4). */
void sasl_name(struct buf *out, const char *, size_t);

void exchange_free(struct exchange *); /* what it has come to keep */
void credentials_free(struct credentials *);

#endif
