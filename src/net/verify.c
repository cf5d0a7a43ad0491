#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "net/certificate.h"
#include "net/verify.h"

/* Remembers a flaw, if it is the first. */
static void
blame(struct verification *v, int code, X509_STORE_CTX *chain)
{
	X509 *cert = X509_STORE_CTX_get_current_cert(chain);
	X509 *leaf = X509_STORE_CTX_get0_cert(chain);
	int n = sk_X509_num(X509_STORE_CTX_get0_untrusted(chain));

	if (v->flaw.code != X509_V_OK)
		return;
	v->flaw.code = code;
	v->flaw.nsent = n > 0 ? (size_t)n : 0;
	if (cert && X509_up_ref(cert))
		v->flaw.culprit = cert;
	if (leaf && X509_up_ref(leaf))
		v->flaw.leaf = leaf;
}

static struct verification *
find(X509_STORE_CTX *chain)
{
	return SSL_get_app_data(X509_STORE_CTX_get_ex_data(
	    chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
}

/* Called by OpenSSL for each flaw, and for each certificate that has none. */
static int
judge(int good, X509_STORE_CTX *chain)
{
	struct verification *v = find(chain);
	int code = X509_STORE_CTX_get_error(chain);

	if (good && X509_STORE_CTX_get_error_depth(chain) == 0 &&
	    !certificate_sound(X509_STORE_CTX_get0_cert(chain))) {
		good = 0;
		code = X509_V_ERR_UNSUPPORTED_NAME_SYNTAX;
		X509_STORE_CTX_set_error(chain, code);
	}
	if (!good)
		blame(v, code, chain);
	return good || v->lenient;
}

/* Called by OpenSSL to verify a chain. Who is pinned is trusted, whoever signed
 * it, whatever it is for, and however old it is (R-ID-07). */
static int
verify(X509_STORE_CTX *chain, void *arg)
{
	X509 *leaf = X509_STORE_CTX_get0_cert(chain);
	struct verification *v = find(chain);
	size_t i;

	(void)arg;
	if (v->options->npin == 0)
		return X509_verify_cert(chain) == 1;
	for (i = 0; i < v->options->npin && !v->pinned; i++)
		v->pinned = pin_fits(&v->options->pins[i], leaf);
	if (!v->pinned)
		blame(v, X509_V_ERR_APPLICATION_VERIFICATION, chain);
	X509_STORE_CTX_set_error(chain, v->flaw.code);
	return v->pinned;
}

static bool
is_address(const char *host)
{
	unsigned char octets[16];

	return inet_pton(AF_INET, host, octets) == 1 ||
	       inet_pton(AF_INET6, host, octets) == 1;
}

/* The identity to be found in the certificate (RFC 9525; R-ID-02 to -04): a
 * DNS name or an address, never the common name. A zone (fe80::1%eth0) is this
 * machine's business. */
static int
expect(SSL *ssl, const char *name)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	char *address = mem_copy(name, strcspn(name, "%"));
	int rv;

	X509_VERIFY_PARAM_set_hostflags(
	    param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
		       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (is_address(address))
		rv = X509_VERIFY_PARAM_set1_ip_asc(param, address);
	else
		rv = SSL_set_tlsext_host_name(ssl, name) &&
		     X509_VERIFY_PARAM_set1_host(param, name, 0);
	free(address);
	return rv;
}

int
verify_begin(struct verification *v, SSL *ssl)
{
	SSL_set_app_data(ssl, v);
	SSL_set_verify(ssl, SSL_VERIFY_PEER, judge);
	SSL_CTX_set_cert_verify_callback(SSL_get_SSL_CTX(ssl), verify, NULL);
	return v->flaw.name == NULL || expect(ssl, v->flaw.name) ? 0 : -1;
}

/* No flaw was seen, and OpenSSL's own verdict is good, and there was a
 * certificate at all (S-23). */
bool
verify_passed(const struct verification *v, const SSL *ssl)
{
	return SSL_get0_peer_certificate(ssl) && v->flaw.code == X509_V_OK &&
	       SSL_get_verify_result(ssl) == X509_V_OK &&
	       (v->flaw.name || v->pinned);
}
