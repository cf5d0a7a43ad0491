#ifndef IDENTITY_H
#define IDENTITY_H

/* Who this client is to the server: a certificate, those that stand behind it,
 * and its key. From PEM text; no I/O. */

#include <stdbool.h>

#include <openssl/x509.h>

#include "base/buf.h"

struct identity {
	X509 *cert; /* NULL: none */
	STACK_OF(X509) * chain; /* the rest of its file, or NULL */
	EVP_PKEY *key;
};

enum identity_result {
	IDENTITY_OK,
	IDENTITY_NO_CERT,
	IDENTITY_NO_KEY,
	IDENTITY_LOCKED, /* the passphrase is wrong, or there is none */
	IDENTITY_OTHER_KEY /* it is not that of the certificate */
};

/* Reads the first certificate of a PEM text, and the others as its chain; and
 * the key of another text, or of the same one. If that is encrypted, ask(arg)
 * is called for the passphrase: -1, there is none. */
enum identity_result identity_read(struct identity *, const struct buf *certs,
    const struct buf *key, int (*ask)(void *arg, struct buf *passphrase),
    void *arg);

void identity_free(struct identity *);

#endif
