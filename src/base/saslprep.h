#ifndef SASLPREP_H
#define SASLPREP_H

/* SASLprep (RFC 4013): one form for all the ways to type a name or a password,
 * by libidn, if the program is built for it and it is there. ASCII needs no
 * library. */

#include <stddef.h>

#include "base/buf.h"

/* Adds the prepared form of p to out. -1: there is none, *why (static storage)
 * says the reason, which never holds any of p. */
int saslprep(struct buf *out, const char *p, size_t len, const char **why);

/* "1.41", or NULL: there is no libidn. */
const char *saslprep_version(void);

#endif
