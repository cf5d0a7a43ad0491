#ifndef FILTER_H
#define FILTER_H

/* Ciphertext between TLS and the plain transport, in two buffers. So one write
 * sends all the records of a block, and what was sent is known to the octet. */

#include <stdbool.h>
#include <stdint.h>

#include <openssl/bio.h>

#include "net/conn.h"

struct filter {
	struct buf came; /* to be decrypted */
	struct buf due; /* to be sent */
	struct buf first; /* what the server began with, for messages */
	uint64_t drained; /* octets sent so far */
	bool ended; /* the stream ended below */
	BIO_METHOD *method;
};

/* A BIO that reads from came and writes to due; NULL: out of memory. Its owner
 * frees it before the filter. */
BIO *filter_bio(struct filter *);

/* Takes in ciphertext: octets that came, 0 at the end, or as plain read. */
ssize_t filter_fill(struct conn *, struct filter *);

/* Sends what is due: 0 when all of it is out, or as plain write. */
ssize_t filter_drain(struct conn *, struct filter *);

void filter_free(struct filter *);

#endif
