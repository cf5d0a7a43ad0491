#ifndef CERTIFICATE_H
#define CERTIFICATE_H

/* X.509 certificates in words. */

#include <openssl/x509.h>

#include "base/problem.h"
#include "net/trace.h"

/* States why a chain was not accepted: what is wrong (X509_V_ERR_...), with
 * which certificate (may be NULL), whose the server's own is, the name that
 * was expected, and the option that would be right. Returns -1. */
int certificate_refused(
    int flaw, X509 *culprit, X509 *leaf, const char *name, struct problem *);

/* Shows subject, names, issuer and dates of a chain's certificate. */
void certificate_trace(X509 *, int place, const struct trace *);

#endif
