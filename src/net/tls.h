#ifndef TLS_H
#define TLS_H

/* TLS over an open connection (RFC 3207, 8314): the transport is swapped. */

#include <stdbool.h>

#include <openssl/x509_vfy.h>

#include "base/problem.h"
#include "net/certificate.h"
#include "net/conn.h"
#include "net/identity.h"
#include "net/pin.h"
#include "net/trace.h"

/* What a handshake has shown, also one that ended at the certificate. */
struct tls_findings {
	const char *version, *cipher; /* static; NULL: it did not come to it */
	struct certificate certificate; /* sha256 "": none came */
	bool verified;
	struct buf flaw; /* why it is not */
};

struct tls_options {
	X509_STORE *authorities; /* of --tls-ca; NULL: the system's */
	/* With pins one of them must fit the server's certificate, be TLS
	 * strict or lenient, and that is all that is asked of it. */
	const struct pin *pins;
	size_t npin;
	const struct identity *identity; /* of this client; NULL: none */
	const char *name; /* --tls-name: verified and sent as SNI; NULL: host.
			   * A host name without dots at its ends, or an
			   * address */
	const char *ciphers; /* as context_ciphers() takes it; NULL: those of
			      * OpenSSL */
	bool newest; /* TLS 1.3 at least, not 1.2 */
	bool insecure; /* --tls-insecure: any certificate will do */
	struct tls_findings *findings; /* of the last handshake; NULL: nobody
					* wants to know */
};

enum tls_trust {
	TLS_STRICT, /* the certificate must be verified */
	TLS_LENIENT, /* go on with any; *verified says what it was worth */
};

/* The handshake, until conn.deadline. Input that came before it must have been
 * found empty by the caller (R-3207-03). host is the name or address that the
 * user typed (R-ID-01); NULL with a Unix socket: with TLS_STRICT a name or a
 * pin must then be among the options. *verified: its certificate proves who the
 * server is, or a pin does. Returns 0, or -1 and a connection that must be
 * closed without another octet. */
int tls_start(struct conn *, const struct tls_options *, enum tls_trust,
    const char *host, const struct trace *, bool *verified, struct problem *);

void tls_findings_free(struct tls_findings *);

/* Channel binding (RFC 5056): sets out to octets that only the two ends of this
 * TLS session can know of it, or of its certificate, of kind number i in the
 * order of strength. The kind's name, "tls-exporter" (RFC 9266) or
 * "tls-server-end-point" (RFC 5929); NULL: there are no more kinds, or the
 * connection is not TLS. */
const char *tls_binding(const struct conn *, size_t i, struct buf *out);

/* "TLSv1.3", or NULL if the connection is not TLS. */
const char *tls_version(const struct conn *);

#endif
