#include <arpa/inet.h>
#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "net/certificate.h"
#include "net/filter.h"
#include "net/tls.h"
#include "net/trust.h"

#define RECORD 16384 /* plaintext in one record at most (RFC 8446 5.1) */
#define RECORDS 16 /* sent with one write */

struct tls {
	SSL_CTX *ctx;
	SSL *ssl;
	struct filter filter;
	struct record {
		uint64_t end; /* in the stream of ciphertext */
		size_t plain; /* octets of plaintext */
	} records[RECORDS]; /* made, but not sent whole */
	size_t nrecord;
	bool asked; /* for a certificate of this client, which has none */
	enum tls_trust trust;
	int flaw; /* the first of the chain, an X509_V_ERR_... */
	X509 *culprit; /* the certificate that has it */
	X509 *leaf; /* the server's own */
};

/* Keeps OpenSSL's reason for conn_reason(). With TLS 1.3 a server that misses
 * this client's certificate says so when the handshake is done here. */
static ssize_t
failed(struct conn *c)
{
	unsigned long code = ERR_peek_error();
	const char *why = ERR_reason_error_string(code);

	buf_clear(&c->why);
	buf_addf(&c->why, "%s%s",
	    c->io == &conn_plain ? "" : "TLS: ", why ? why : "failed");
	c->fault =
	    ERR_GET_REASON(code) == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED
		? FAULT_REFUSED
		: FAULT_PROTOCOL;
	ERR_clear_error();
	return -1;
}

/* What a call of SSL_read() or SSL_do_handshake() that did not succeed means.
 * A stream that ends without close_notify has ended, no more: a reply counts
 * only once its LF was read (S-27). */
static ssize_t
outcome(struct conn *c, struct tls *t, int rv)
{
	switch (SSL_get_error(t->ssl, rv)) {
	case SSL_ERROR_WANT_READ:
		return CONN_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		if (t->filter.ended) {
			ERR_clear_error();
			return 0;
		}
		return failed(c);
	}
}

static ssize_t
tls_read(struct conn *c, char *p, size_t size)
{
	struct tls *t = c->state;
	size_t done = 0;
	ssize_t n;
	int fills = 4; /* then somebody looks at the clock */
	int rv;

	while (done < size) {
		ERR_clear_error();
		rv = SSL_read(t->ssl, p + done, (int)(size - done));
		if (rv > 0) {
			done += (size_t)rv;
			continue;
		}
		n = outcome(c, t, rv);
		if (n == CONN_AGAIN && done == 0 && fills-- > 0) {
			n = filter_fill(c, &t->filter);
			if (n >= 0)
				continue;
		}
		/* alerts, answers to key updates; what tls_write() made
		 * leaves by itself, for it counts what is out */
		if (t->nrecord == 0)
			filter_drain(c, &t->filter);
		return done ? (ssize_t)done : n;
	}
	return (ssize_t)done;
}

/* Makes records of what is not in one yet. */
static int
encrypt(struct tls *t, const char *p, size_t size)
{
	struct record *r = t->records;
	size_t ahead = 0, n;

	for (; r < t->records + t->nrecord; r++)
		ahead += r->plain;
	for (; ahead < size && t->nrecord < RECORDS; ahead += n) {
		n = size - ahead < RECORD ? size - ahead : RECORD;
		ERR_clear_error();
		if (SSL_write(t->ssl, p + ahead, (int)n) != (int)n)
			return -1;
		r = &t->records[t->nrecord++];
		r->end = t->filter.drained + buf_len(&t->filter.due);
		r->plain = n;
	}
	return 0;
}

/* Plaintext counts as sent when its record is out whole: one that is cut
 * cannot be decrypted (the commit point, RFC 1047). */
static ssize_t
tls_write(struct conn *c, const char *p, size_t size)
{
	struct tls *t = c->state;
	size_t done = 0, n = 0;
	ssize_t rv;

	if (encrypt(t, p, size) == -1)
		return failed(c);
	rv = filter_drain(c, &t->filter);
	while (n < t->nrecord && t->records[n].end <= t->filter.drained)
		done += t->records[n++].plain;
	t->nrecord -= n;
	memmove(t->records, t->records + n, t->nrecord * sizeof(*t->records));
	return done ? (ssize_t)done : rv;
}

static enum conn_event
tls_wait(struct conn *c, bool output, int64_t deadline)
{
	return conn_plain.wait(c, output, deadline);
}

static void
tls_free(struct tls *t)
{
	X509_free(t->culprit);
	X509_free(t->leaf);
	SSL_free(t->ssl);
	SSL_CTX_free(t->ctx);
	filter_free(&t->filter);
	free(t);
}

static void
tls_close(struct conn *c)
{
	struct tls *t = c->state;

	/* nothing that is still queued may leave now: it is reported unsent */
	if (SSL_is_init_finished(t->ssl) && !c->broken && t->nrecord == 0 &&
	    buf_len(&t->filter.due) == 0 && buf_len(&c->out) == 0) {
		SSL_shutdown(t->ssl);
		filter_drain(c, &t->filter);
	}
	tls_free(t);
	ERR_clear_error();
	conn_plain.close(c);
}

static const struct transport transport = {
	.read = tls_read,
	.write = tls_write,
	.wait = tls_wait,
	.close = tls_close,
};

/* Remembers the first flaw; with TLS_LENIENT goes on in spite of it. */
static int
judge(int good, X509_STORE_CTX *chain)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(
	    chain, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *t = SSL_get_app_data(ssl);
	X509 *cert = X509_STORE_CTX_get_current_cert(chain);
	X509 *leaf = X509_STORE_CTX_get0_cert(chain);

	if (!good && t->flaw == X509_V_OK) {
		t->flaw = X509_STORE_CTX_get_error(chain);
		if (cert && X509_up_ref(cert))
			t->culprit = cert;
		if (leaf && X509_up_ref(leaf))
			t->leaf = leaf;
	}
	return good || t->trust == TLS_LENIENT;
}

/* The server asks for a certificate, and gets none. */
static int
asked(SSL *ssl, X509 **cert, EVP_PKEY **key)
{
	struct tls *t = SSL_get_app_data(ssl);

	(void)cert, (void)key;
	t->asked = true;
	return 0;
}

/* TLS 1.2 at least, no compression, no renegotiation, no tickets kept, 112-bit
 * security (R-8314-03, S-26, S-29, S-77). */
static int
configure(
    struct tls *t, const struct tls_options *options, struct problem *problem)
{
	/* no cleaning up at exit: the system is faster at it */
	OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, NULL);
	t->ctx = SSL_CTX_new(TLS_client_method());
	if (t->ctx == NULL ||
	    (SSL_CTX_get_min_proto_version(t->ctx) < TLS1_2_VERSION &&
		!SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION)))
		return problem_set(problem, FAIL_SYSTEM, "TLS: %s",
		    ERR_reason_error_string(ERR_get_error()));
	SSL_CTX_set_options(
	    t->ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	if (SSL_CTX_get_security_level(t->ctx) < 2)
		SSL_CTX_set_security_level(t->ctx, 2);
	SSL_CTX_set_session_cache_mode(t->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(t->ctx, 262144);
	SSL_CTX_set_verify_depth(t->ctx, 10);
	SSL_CTX_set_verify(t->ctx, SSL_VERIFY_PEER, judge);
	SSL_CTX_set_client_cert_cb(t->ctx, asked);
	if (options->authorities == NULL)
		return trust_system(SSL_CTX_get_cert_store(t->ctx), problem);
	SSL_CTX_set1_cert_store(t->ctx, options->authorities);
	return 0;
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
expect(struct tls *t, const char *name)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);
	char *address = mem_copy(name, strcspn(name, "%"));
	int rv;

	X509_VERIFY_PARAM_set_hostflags(
	    param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
		       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (is_address(address))
		rv = X509_VERIFY_PARAM_set1_ip_asc(param, address);
	else
		rv = SSL_set_tlsext_host_name(t->ssl, name) &&
		     X509_VERIFY_PARAM_set1_host(param, name, 0);
	free(address);
	return rv;
}

static int
prepare(struct tls *t, const struct tls_options *options, const char *name,
    struct problem *problem)
{
	BIO *bio;

	if (configure(t, options, problem) == -1)
		return -1;
	t->ssl = SSL_new(t->ctx);
	bio = t->ssl ? filter_bio(&t->filter) : NULL;
	if (bio == NULL)
		return problem_set(problem, FAIL_SYSTEM, "TLS: out of memory");
	SSL_set_bio(t->ssl, bio, bio);
	SSL_set_app_data(t->ssl, t);
	SSL_set_connect_state(t->ssl);
	assert(name || t->trust == TLS_LENIENT);
	if (name && !expect(t, name))
		return problem_set(problem, FAIL_USAGE,
		    "TLS: \"%s\" cannot be verified as a name", name);
	return 0;
}

static enum conn_event
send_all(struct conn *c, struct tls *t)
{
	enum conn_event event = CONN_OK;
	ssize_t n;

	while (
	    (n = filter_drain(c, &t->filter)) == CONN_AGAIN && event == CONN_OK)
		event = tls_wait(c, true, c->deadline);
	return n == -1 ? CONN_BROKEN : event;
}

/* CONN_OK when the handshake is done; else what ended it. */
static enum conn_event
handshake(struct conn *c, struct tls *t)
{
	enum conn_event event;
	ssize_t n = 0;
	int rv;

	for (;;) {
		ERR_clear_error();
		rv = SSL_do_handshake(t->ssl);
		if (rv != 1)
			n = outcome(c, t, rv);
		event = send_all(c, t);
		if (rv == 1 || event != CONN_OK)
			return event;
		if (n != CONN_AGAIN)
			return n == 0 ? CONN_CLOSED : CONN_BROKEN;
		event = tls_wait(c, false, c->deadline);
		if (event != CONN_OK)
			return event;
		if (filter_fill(c, &t->filter) == -1)
			return CONN_BROKEN;
	}
}

/* Why the handshake ended without TLS. */
static int
no_tls(struct conn *c, struct tls *t, enum conn_event event, const char *name,
    struct problem *problem)
{
	const char *first = buf_str(&t->filter.first);

	if (event == CONN_SIGNAL)
		return problem_set(
		    problem, FAIL_SIGNAL, "TLS handshake: interrupted");
	if (event == CONN_LATE)
		return problem_set(problem, FAIL_CONNECTION,
		    "TLS handshake: no answer in time");
	if (t->flaw != X509_V_OK && t->trust == TLS_STRICT)
		return certificate_refused(
		    t->flaw, t->culprit, t->leaf, name, problem);
	if (t->asked)
		return problem_set(problem, FAIL_AUTH,
		    "TLS handshake: the server asks for a client certificate, "
		    "and got none: %s",
		    conn_reason(c, event));
	if (strspn(first, "0123456789") >= 3)
		return problem_hint(problem, FAIL_PROTOCOL,
		    "this port speaks plaintext: use submission://HOST or "
		    "--tls=starttls, or another port",
		    "TLS handshake: the server answered without TLS: %.*s",
		    (int)strcspn(first, "\r\n"), first);
	return problem_set(problem,
	    event == CONN_CLOSED || c->fault == FAULT_NETWORK ? FAIL_CONNECTION
							      : FAIL_PROTOCOL,
	    "TLS handshake: %s", conn_reason(c, event));
}

static void
describe(const struct tls *t, const char *name, const struct trace *trace)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(t->ssl);
	int i;

	trace_note(trace, 1, "%s, %s, certificate %s", SSL_get_version(t->ssl),
	    SSL_get_cipher_name(t->ssl),
	    t->flaw == X509_V_OK ? "verified" : "NOT verified");
	if (trace->level < 2)
		return;
	for (i = 0; chain && i < sk_X509_num(chain); i++)
		certificate_trace(sk_X509_value(chain, i), i, trace);
	if (t->flaw == X509_V_OK)
		trace_note(trace, 2, "trusted: the chain is good%s%s",
		    name ? " and is for " : "", name ? name : "");
	else
		trace_note(trace, 2, "not trusted, but accepted here: %s",
		    X509_verify_cert_error_string(t->flaw));
}

/* What the verification was worth: no flaw seen by judge(), and OpenSSL's own
 * verdict, and a certificate at all (S-23). */
static bool
is_verified(const struct tls *t)
{
	X509 *cert = SSL_get_peer_certificate(t->ssl);
	bool verified = cert && t->flaw == X509_V_OK &&
			SSL_get_verify_result(t->ssl) == X509_V_OK;

	X509_free(cert);
	return verified;
}

/* Once the server's certificate came, whatever became of it. */
static void
find(const struct tls *t, const char *name, bool verified,
    struct tls_findings *found)
{
	X509 *cert = SSL_get_peer_certificate(t->ssl);
	X509 *leaf = cert ? cert : t->leaf;
	const SSL_CIPHER *cipher = SSL_get_current_cipher(t->ssl);

	tls_findings_free(found);
	if (leaf == NULL)
		return;
	found->version = SSL_get_version(t->ssl);
	found->cipher = SSL_CIPHER_get_name(
	    cipher ? cipher : SSL_get_pending_cipher(t->ssl));
	found->verified = verified;
	certificate_read(&found->certificate, leaf);
	if (t->flaw != X509_V_OK)
		certificate_flaw(&found->flaw, t->flaw, t->culprit, leaf, name);
	else if (name == NULL)
		buf_adds(&found->flaw, "no name is known that it should have");
	X509_free(cert);
}

int
tls_start(struct conn *c, const struct tls_options *options,
    enum tls_trust trust, const char *host, const struct trace *trace,
    bool *verified, struct problem *problem)
{
	const char *name = options->name ? options->name : host;
	struct tls *t = mem_array(1, sizeof(*t));
	enum conn_event event;

	t->trust = options->insecure ? TLS_LENIENT : trust;
	if (prepare(t, options, name, problem) == -1) {
		tls_free(t);
		return -1;
	}
	event = handshake(c, t);
	*verified = event == CONN_OK && name && is_verified(t);
	if (options->findings)
		find(t, name, *verified, options->findings);
	if (event == CONN_OK && !*verified && t->trust == TLS_STRICT)
		event = CONN_BROKEN;
	if (event != CONN_OK) {
		no_tls(c, t, event, name, problem);
		tls_free(t);
		return -1;
	}
	c->io = &transport;
	c->state = t;
	/* the greeting may have come in the segment that ended the handshake */
	c->full = true;
	describe(t, name, trace);
	return 0;
}

const char *
tls_version(const struct conn *c)
{
	const struct tls *t = c->state;

	return c->io == &transport ? SSL_get_version(t->ssl) : NULL;
}

void
tls_findings_free(struct tls_findings *found)
{
	certificate_free(&found->certificate);
	buf_free(&found->flaw);
	*found = (struct tls_findings){ 0 };
}
