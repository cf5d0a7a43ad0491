#ifndef TRUST_H
#define TRUST_H

/* Which certificate authorities are trusted. Those of the system are looked
 * up when a chain asks for one, not parsed at start: a bundle has about 150,
 * and decoding their keys takes six times as long as a whole submission. */

#include <openssl/x509_vfy.h>

#include "base/problem.h"

/* The authorities of a PEM file or hashed folder, and no others; a file is read
 * here, once. NULL: FAIL_INPUT tells what is wrong with it. X509_STORE_free(3)
 * ends it. */
X509_STORE *trust_only(const char *path, struct problem *);

/* Adds those of the system: $SSL_CERT_FILE, then $SSL_CERT_DIR, else the places
 * that OpenSSL was built with, as X509_STORE_set_default_paths(3). */
int trust_system(X509_STORE *, struct problem *);

#endif
