#ifndef SASL_SCRAM_H
#define SASL_SCRAM_H

/* SCRAM (RFC 5802, 7677): neither side shows the password, and the server
 * proves that it has what was made of it. For the table of sasl.c. */

#include "smtp/sasl.h"

int scram(struct exchange *, const struct buf *challenge, struct buf *out);

#endif
