#ifndef CERTIFICATE_H
#define CERTIFICATE_H

/* X.509 certificates in words. */

#include <stdbool.h>

#include <openssl/x509.h>

#include "base/buf.h"
#include "net/trace.h"

struct certificate {
	struct buf subject, issuer; /* "CN = mail.example.org" */
	struct buf *names; /* DNS names and addresses that it is for */
	size_t nname;
	char from[32], until[32]; /* "2030-01-31T08:00:00Z", or "?" */
	int days; /* that are left; below 0: it has expired */
	char sha256[65]; /* of the whole, in hexadecimal; "": no certificate */
};

/* Takes over what it says, in place of what was there. What comes out is the
 * server's to choose: it may hold any octets. */
void certificate_read(struct certificate *, X509 *);
void certificate_free(struct certificate *);

/* Whether all names in it are such as a host can have. */
bool certificate_sound(X509 *);

/* Shows subject, names, issuer and dates of a chain's certificate. */
void certificate_trace(X509 *, int place, const struct trace *);

#endif
