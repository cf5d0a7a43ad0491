#ifndef KEYFILE_H
#define KEYFILE_H

/* The files of --tls-cert and --tls-key. */

#include "base/clock.h"
#include "base/problem.h"
#include "net/identity.h"

/* Reads the certificate and its chain from one file, and the key from another
 * (NULL: the same), which others may not read or write. The passphrase of a key
 * that is encrypted is asked for on the controlling terminal, as long as
 * patience allows. FAIL_INPUT, FAIL_AUTH, FAIL_SIGNAL or FAIL_CONNECTION say
 * what is wrong. */
int keyfile_load(struct identity *, const char *cert, const char *key,
    const struct patience *, struct problem *);

#endif
