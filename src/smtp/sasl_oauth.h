#ifndef SASL_OAUTH_H
#define SASL_OAUTH_H

/* Logging in with a bearer token of OAuth 2.0. For the table of sasl.c. */

#include "smtp/sasl.h"

/* RFC 7628 */
int oauthbearer(
    struct exchange *, const struct buf *challenge, struct buf *out);

/* As Google and Microsoft had it before. */
int xoauth2(struct exchange *, const struct buf *challenge, struct buf *out);

#endif
