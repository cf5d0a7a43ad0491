#ifndef VERIFY_H
#define VERIFY_H

/* Whether a server is who it should be, while TLS begins (RFC 9525). */

#include <stdbool.h>

#include <openssl/types.h>

#include "net/flaw.h"
#include "net/tls.h"

struct verification {
	const struct tls_options *options; /* valid as long as the handshake */
	bool lenient; /* go on in spite of flaws */
	bool pinned; /* a pin fits the server's certificate */
	struct flaw flaw; /* the first that was seen */
};

/* Makes OpenSSL ask here. The verification must stay where it is as long as
 * the SSL, and flaw.name be the one to be found, or NULL if any will do. -1: it
 * is none that can be verified. */
int verify_begin(struct verification *, SSL *);

/* What it was worth, when the handshake is done: the server proved to be the
 * one that was meant. */
bool verify_passed(const struct verification *, const SSL *);

#endif
