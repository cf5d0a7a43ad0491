#ifndef PIN_H
#define PIN_H

/* Pins: SHA-256 digests by which a certificate is known beforehand. */

#include <stdbool.h>

#include <openssl/x509.h>

#include "base/buf.h"

struct pin {
	unsigned char digest[32];
	bool key; /* of the public key only (SPKI), not of the certificate */
};

/* Reads sha256:HEX, with or without a colon between octets, of a certificate
 * or its key, or sha256//BASE64 of a key. -1: it is neither. */
int pin_parse(struct pin *, const char *);

bool pin_fits(const struct pin *, X509 *);

/* Adds the pins of a certificate: "sha256:HEX, of its key sha256:HEX". */
void pin_show(struct buf *, X509 *);

#endif
