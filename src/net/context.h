#ifndef CONTEXT_H
#define CONTEXT_H

/* How TLS is set up: versions, ciphers, who is trusted, who this client is. */

#include <openssl/types.h>

#include "base/problem.h"
#include "net/tls.h"

/* For a client. TLS 1.2 at least, no compression, no renegotiation, no tickets
 * kept, 112-bit security (R-8314-03, S-26, S-29, S-77). Callbacks are the
 * caller's to set. NULL: FAIL_SYSTEM, FAIL_INPUT if the client's certificate
 * cannot be used. SSL_CTX_free(3) ends it. */
SSL_CTX *context_new(const struct tls_options *, struct problem *);

/* Whether it can be done: 0, or -1 and the same problems. */
int context_try(const struct tls_options *, struct problem *);

/* Looks at a list of ciphers: every name in it must be one, and what it selects
 * must be good enough. FAIL_USAGE. */
int context_ciphers(const char *list, struct problem *);

#endif
