#ifndef CERTIFICATE_H
#define CERTIFICATE_H

/* X.509 certificates in words. */

#include <openssl/x509.h>

#include "base/buf.h"
#include "base/problem.h"
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

/* Adds what is wrong with a chain: a flaw (X509_V_ERR_...), with which
 * certificate (may be NULL), whose the server's own is (may be NULL), and the
 * name that was expected. */
void certificate_flaw(
    struct buf *, int flaw, X509 *culprit, X509 *leaf, const char *name);

/* States why a chain was not accepted, as above, and the option that would be
 * right. Returns -1. */
int certificate_refused(
    int flaw, X509 *culprit, X509 *leaf, const char *name, struct problem *);

/* Shows subject, names, issuer and dates of a chain's certificate. */
void certificate_trace(X509 *, int place, const struct trace *);

#endif
