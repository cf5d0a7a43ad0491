#ifndef BINDING_H
#define BINDING_H

/* Channel binding (RFC 5056): what ties a login to one TLS session. */

#include <stddef.h>

#include <openssl/ssl.h>

#include "base/buf.h"

/* As tls_binding(). */
const char *binding(SSL *, size_t i, struct buf *out);

#endif
