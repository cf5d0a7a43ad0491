#ifndef SERVER_AUTH_H
#define SERVER_AUTH_H

#include "server.h"

/* One AUTH exchange of the test server. */
struct exchange {
	const char *mechanism; /* as it is spelt in the table */
	int step; /* responses that have come */
	struct text user; /* LOGIN: from the step before */
	struct text challenge; /* CRAM-MD5 */
	struct text header; /* SCRAM: of the first response, "n,," */
	struct text said; /* SCRAM: what is signed */
	struct text nonce; /* SCRAM: of both sides */
	struct text reply;
};

extern const char auth_passed[], auth_failed[];

/* 334 with a text in base64, good until the next call. */
const char *auth_challenge(struct exchange *, const char *text);
void auth_encode(struct text *, const void *, size_t);
int auth_decode(const char *, struct text *);

/* The reply to a response of SCRAM (RFC 5802). */
const char *scram(
    struct session *, struct exchange *, const struct text *response);

#endif
