#ifndef FLAW_H
#define FLAW_H

/* What is wrong with the certificates of a server, in words. */

#include <stddef.h>

#include <openssl/x509.h>

#include "base/buf.h"
#include "base/problem.h"

struct flaw {
	int code; /* X509_V_ERR_...; X509_V_OK: nothing is wrong;
		   * X509_V_ERR_APPLICATION_VERIFICATION: no pin fits */
	X509 *culprit; /* the certificate that has it, or NULL */
	X509 *leaf; /* the server's own, or NULL */
	size_t nsent; /* certificates that the server sent */
	const char *name; /* that was expected; NULL: none */
};

/* Adds what is wrong. */
void flaw_explain(struct buf *, const struct flaw *);

/* States it, with whom the certificate is for, who issued it, its dates and its
 * digest, and the option that would be right. Returns -1. */
int flaw_refuse(const struct flaw *, struct problem *);

void flaw_free(struct flaw *);

#endif
