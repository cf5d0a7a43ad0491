#include <stdbool.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "net/binding.h"

/* RFC 9266 2. Before TLS 1.3 it would be safe only with an extension that
 * servers may lack (4.2). */
static bool
bind_exporter(SSL *ssl, struct buf *out)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	unsigned char octets[32];

	if (SSL_version(ssl) < TLS1_3_VERSION)
		return false;
	if (SSL_export_keying_material(ssl, octets, sizeof(octets), label,
		sizeof(label) - 1, (const unsigned char *)"", 0, 1) != 1) {
		ERR_clear_error();
		return false;
	}
	buf_add(out, octets, sizeof(octets));
	OPENSSL_cleanse(octets, sizeof(octets));
	return true;
}

/* RFC 5929 4.1: the certificate's hash, by the one of its signature, but
 * SHA-256 for those that are too weak. Where the signature has none, or is made
 * of two, there is no such binding. */
static bool
bind_certificate(SSL *ssl, struct buf *out)
{
	X509 *cert = SSL_get_peer_certificate(ssl);
	unsigned char octets[EVP_MAX_MD_SIZE];
	const EVP_MD *md = NULL;
	unsigned n = 0;
	int hash;

	if (cert && X509_get_signature_info(cert, &hash, NULL, NULL, NULL))
		md = EVP_get_digestbynid(
		    hash == NID_md5 || hash == NID_sha1 ? NID_sha256 : hash);
	if (md && X509_digest(cert, md, octets, &n))
		buf_add(out, octets, n);
	X509_free(cert);
	ERR_clear_error();
	return n > 0;
}

const char *
binding(SSL *ssl, size_t i, struct buf *out)
{
	static const struct {
		const char *name;
		bool (*bind)(SSL *, struct buf *);
	} kinds[] = {
		{ "tls-exporter", bind_exporter },
		{ "tls-server-end-point", bind_certificate },
	};
	size_t k;

	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		buf_clear(out);
		if (kinds[k].bind(ssl, out) && i-- == 0)
			return kinds[k].name;
	}
	buf_clear(out);
	return NULL;
}
