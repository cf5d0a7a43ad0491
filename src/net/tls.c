#include <arpa/inet.h>
#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "net/binding.h"
#include "net/certificate.h"
#include "net/context.h"
#include "net/filter.h"
#include "net/tls.h"
#include "net/verify.h"

#define RECORD 16384 /* plaintext in one record at most (RFC 8446 5.1) */
#define RECORDS 16 /* sent with one write */
#define CHATTER 262144 /* octets of TLS's own without any plaintext */

struct tls {
	SSL_CTX *ctx;
	SSL *ssl;
	struct filter filter;
	struct record {
		uint64_t end; /* in the stream of ciphertext */
		size_t plain; /* octets of plaintext */
	} records[RECORDS]; /* made, but not sent whole */
	size_t nrecord;
	uint64_t idle; /* octets that came since the last plaintext */
	bool asked; /* for a certificate of this client */
	bool identified; /* this client has one */
	int reason; /* of OpenSSL, why it failed; 0: it did not */
	struct verification verification;
};

/* Whether an alert is about the certificate of this client. */
static bool
is_refusal(const struct tls *t, int reason)
{
	switch (reason) {
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
		return true;
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
	case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
	case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
		return t->asked && t->identified;
	default:
		return false;
	}
}

/* Keeps OpenSSL's reason for conn_reason(). With TLS 1.3 a server that does not
 * like this client's certificate says so when the handshake is done here. */
static ssize_t
failed(struct conn *c, struct tls *t)
{
	unsigned long code = ERR_peek_error();
	const char *why = ERR_reason_error_string(code);

	buf_clear(&c->why);
	buf_addf(&c->why, "%s%s",
	    c->io == &conn_plain ? "" : "TLS: ", why ? why : "failed");
	t->reason = ERR_GET_REASON(code);
	c->fault = is_refusal(t, t->reason) ? FAULT_REFUSED : FAULT_PROTOCOL;
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
		return failed(c, t);
	}
}

/* Key updates, tickets and the like without end, each to be worked on, and
 * answered (S-77). */
static ssize_t
too_much(struct conn *c)
{
	buf_clear(&c->why);
	buf_adds(&c->why, "TLS: messages without end that carry nothing");
	c->fault = FAULT_PROTOCOL;
	return -1;
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
			t->idle = 0;
			continue;
		}
		n = outcome(c, t, rv);
		if (n == CONN_AGAIN && done == 0 && fills-- > 0) {
			n = filter_fill(c, &t->filter);
			t->idle += n > 0 ? (uint64_t)n : 0;
			if (t->idle > CHATTER)
				return too_much(c);
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
		return failed(c, t);
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
	flaw_free(&t->verification.flaw);
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

/* Called by OpenSSL when the server asks for a certificate. */
static int
asked(SSL *ssl, void *arg)
{
	struct tls *t = arg;

	(void)ssl;
	t->asked = true;
	return 1;
}

static int
prepare(struct tls *t, const struct tls_options *options, const char *name,
    struct problem *problem)
{
	BIO *bio;

	t->identified = options->identity != NULL;
	t->verification.options = options;
	t->verification.flaw.name = name;
	t->ctx = context_new(options, problem);
	if (t->ctx == NULL)
		return -1;
	SSL_CTX_set_cert_cb(t->ctx, asked, t);
	t->ssl = SSL_new(t->ctx);
	bio = t->ssl ? filter_bio(&t->filter) : NULL;
	if (bio == NULL)
		return problem_set(problem, FAIL_SYSTEM, "TLS: out of memory");
	SSL_set_bio(t->ssl, bio, bio);
	SSL_set_connect_state(t->ssl);
	assert(name || options->npin || t->verification.lenient);
	if (verify_begin(&t->verification, t->ssl) == -1)
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

static const char *
hint(int reason)
{
	switch (reason) {
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_WRONG_SSL_VERSION:
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
		return "the two have no version of TLS in common; here it is "
		       "1.2 at least, or what --tls-min says";
	case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
	case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY:
		return "the two have no cipher or key exchange in common; see "
		       "--tls-ciphers";
	default:
		return NULL;
	}
}

/* Why the handshake ended without TLS. */
static int
no_tls(struct conn *c, struct tls *t, enum conn_event event,
    struct problem *problem)
{
	const struct verification *v = &t->verification;
	const char *first = buf_str(&t->filter.first);

	if (event == CONN_SIGNAL)
		return problem_set(
		    problem, FAIL_SIGNAL, "TLS handshake: interrupted");
	if (event == CONN_LATE)
		return problem_set(problem, FAIL_CONNECTION,
		    "TLS handshake: no answer in time");
	if (v->flaw.code != X509_V_OK && !v->lenient)
		return flaw_refuse(&v->flaw, problem);
	if (t->asked && !t->identified)
		return problem_hint(problem, FAIL_AUTH,
		    "--tls-cert FILE, with --tls-key FILE",
		    "TLS handshake: the server asks for a client certificate, "
		    "and got none: %s",
		    conn_reason(c, event));
	if (event == CONN_BROKEN && c->fault == FAULT_REFUSED)
		return problem_hint(problem, FAIL_AUTH,
		    "the server wants another certificate of this client: "
		    "--tls-cert FILE",
		    "TLS handshake: the server does not take the certificate "
		    "of --tls-cert: %s",
		    conn_reason(c, event));
	if (strspn(first, "0123456789") >= 3)
		return problem_hint(problem, FAIL_PROTOCOL,
		    "this port speaks plaintext: use submission://HOST or "
		    "--tls=starttls, or another port",
		    "TLS handshake: the server answered without TLS: %.*s",
		    (int)strcspn(first, "\r\n"), first);
	return problem_hint(problem,
	    event == CONN_CLOSED || c->fault == FAULT_NETWORK ? FAIL_CONNECTION
							      : FAIL_PROTOCOL,
	    hint(t->reason), "TLS handshake: %s", conn_reason(c, event));
}

/* The certificates that came, accepted or not. */
static void
show_chain(const struct tls *t, const struct trace *trace)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(t->ssl);
	struct buf text = { 0 };
	int i;

	if (trace->level < 2 || chain == NULL || sk_X509_num(chain) == 0)
		return;
	for (i = 0; i < sk_X509_num(chain); i++)
		certificate_trace(sk_X509_value(chain, i), i, trace);
	pin_show(&text, sk_X509_value(chain, 0));
	trace_note(trace, 2, "pins: %s", buf_str(&text));
	buf_free(&text);
}

static void
describe(const struct tls *t, const struct trace *trace)
{
	const struct verification *v = &t->verification;
	const char *name = v->flaw.name;

	trace_note(trace, 1, "%s, %s, certificate %s", SSL_get_version(t->ssl),
	    SSL_get_cipher_name(t->ssl),
	    v->flaw.code != X509_V_OK ? "NOT verified"
	    : v->pinned		      ? "pinned"
				      : "verified");
	show_chain(t, trace);
	if (v->flaw.code != X509_V_OK)
		trace_note(trace, 2, "not trusted, but accepted here: %s",
		    X509_verify_cert_error_string(v->flaw.code));
	else if (v->pinned)
		trace_note(trace, 2, "trusted: a pin fits");
	else
		trace_note(trace, 2, "trusted: the chain is good%s%s",
		    name ? " and is for " : "", name ? name : "");
}

/* Once the server's certificate came, whatever became of it. */
static void
find(const struct tls *t, bool verified, struct tls_findings *found)
{
	const struct verification *v = &t->verification;
	X509 *cert = SSL_get0_peer_certificate(t->ssl);
	X509 *leaf = cert ? cert : v->flaw.leaf;
	const SSL_CIPHER *cipher = SSL_get_current_cipher(t->ssl);

	tls_findings_free(found);
	if (leaf == NULL)
		return;
	found->version = SSL_get_version(t->ssl);
	found->cipher = SSL_CIPHER_get_name(
	    cipher ? cipher : SSL_get_pending_cipher(t->ssl));
	found->verified = verified;
	certificate_read(&found->certificate, leaf);
	if (v->flaw.code != X509_V_OK)
		flaw_explain(&found->flaw, &v->flaw);
	else if (!verified)
		buf_adds(&found->flaw, "no name is known that it should have");
}

int
tls_start(struct conn *c, const struct tls_options *options,
    enum tls_trust trust, const char *host, const struct trace *trace,
    bool *verified, struct problem *problem)
{
	const char *name = options->name ? options->name : host;
	struct tls *t = mem_array(1, sizeof(*t));
	enum conn_event event;

	t->verification.lenient =
	    (trust == TLS_LENIENT || options->insecure) && !options->npin;
	if (prepare(t, options, name, problem) == -1) {
		tls_free(t);
		return -1;
	}
	event = handshake(c, t);
	*verified = event == CONN_OK && verify_passed(&t->verification, t->ssl);
	if (options->findings)
		find(t, *verified, options->findings);
	if (event == CONN_OK && !*verified && !t->verification.lenient)
		event = CONN_BROKEN;
	if (event != CONN_OK) {
		show_chain(t, trace);
		no_tls(c, t, event, problem);
		tls_free(t);
		return -1;
	}
	c->io = &transport;
	c->state = t;
	/* the greeting may have come in the segment that ended the handshake */
	c->full = true;
	describe(t, trace);
	t->verification.options = NULL;
	t->verification.flaw.name = NULL;
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

const char *
tls_binding(const struct conn *c, size_t i, struct buf *out)
{
	const struct tls *t = c->state;

	return c->io == &transport ? binding(t->ssl, i, out) : NULL;
}
