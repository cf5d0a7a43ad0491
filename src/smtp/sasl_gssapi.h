#ifndef SASL_GSSAPI_H
#define SASL_GSSAPI_H

/* GSSAPI (RFC 4752), that is Kerberos: a ticket proves who the user is, and
 * the server proves itself. For the table of sasl.c, if it is built with it. */

#include "smtp/sasl.h"

int gssapi(struct exchange *, const struct buf *challenge, struct buf *out);
void gssapi_end(struct exchange *);

#endif
