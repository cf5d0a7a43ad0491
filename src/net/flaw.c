#include <arpa/inet.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "net/certificate.h"
#include "net/flaw.h"

#define NAMES 8 /* shown of those that a certificate is for */
#define NAME_MAX_SHOWN 255 /* octets of each */

/* A host's name in a certificate is ASCII, and has no NUL (RFC 5280 4.2.1.6):
 * what is not shows itself. */
static void
add_text(struct buf *out, const struct buf *text)
{
	size_t len = buf_len(text);

	text_show(
	    out, buf_head(text), text_fit(buf_head(text), len, NAME_MAX_SHOWN));
	if (len > NAME_MAX_SHOWN)
		buf_adds(out, "[...]");
}

static void
add_names(struct buf *out, const struct certificate *c)
{
	size_t i;

	for (i = 0; i < c->nname && i < NAMES; i++) {
		buf_adds(out, i ? ", " : "");
		add_text(out, &c->names[i]);
	}
	if (c->nname > NAMES)
		buf_addf(out, " and %zu more", c->nname - NAMES);
}

/* " (it is for mail.test; issued by CN = X; valid ...; sha256:...)" */
static void
add_facts(struct buf *out, const struct certificate *c)
{
	buf_adds(out, " (it is for ");
	if (c->nname)
		add_names(out, c);
	else
		buf_adds(out, "no host: ");
	if (c->nname == 0)
		add_text(out, &c->subject);
	buf_adds(out, "; issued by ");
	add_text(out, &c->issuer);
	buf_addf(
	    out, "; valid %s to %s; sha256:%s)", c->from, c->until, c->sha256);
}

static bool
is_address(const char *name)
{
	unsigned char octets[16];

	return inet_pton(AF_INET, name, octets) == 1 ||
	       inet_pton(AF_INET6, name, octets) == 1;
}

/* Whether names are there that look as if they would do, and why they do not
 * (RFC 9525 6.3, 7.1). */
static const char *
no_match(const struct certificate *c, const char *name)
{
	size_t i, len;

	if (c->nname == 0)
		return ": it has no subjectAltName, and a common name does not "
		       "count";
	for (i = 0; i < c->nname; i++) {
		len = buf_len(&c->names[i]);
		if (is_address(name) && len == strlen(name) &&
		    memcmp(buf_head(&c->names[i]), name, len) == 0)
			return ": that is among its names, not among its "
			       "addresses";
	}
	for (i = 0; i < c->nname; i++)
		if (memchr(buf_head(&c->names[i]), '*', buf_len(&c->names[i])))
			return ": a wildcard is a whole label, the first of "
			       "three or more, and stands for one";
	return "";
}

/* Behind what the table below says of a culprit, more of it: c is what the
 * culprit says. */

static void
add_purposes(struct buf *out, X509 *cert, const struct certificate *c)
{
	EXTENDED_KEY_USAGE *uses =
	    X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	const char *name;
	int i;

	(void)c;
	for (i = 0; i < sk_ASN1_OBJECT_num(uses); i++) {
		name = OBJ_nid2ln(OBJ_obj2nid(sk_ASN1_OBJECT_value(uses, i)));
		buf_addf(out, "%s%s", i ? ", " : ", but for ",
		    name ? name : "something unknown");
	}
	sk_ASN1_OBJECT_pop_free(uses, ASN1_OBJECT_free);
}

static void
add_key(struct buf *out, X509 *cert, const struct certificate *c)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	const char *kind = key ? EVP_PKEY_get0_type_name(key) : NULL;

	(void)c;
	buf_addf(out, "%s of %d bits", kind ? kind : "one",
	    key ? EVP_PKEY_get_bits(key) : 0);
}

static void
add_signature(struct buf *out, X509 *cert, const struct certificate *c)
{
	(void)c;
	buf_adds(out, OBJ_nid2sn(X509_get_signature_nid(cert)));
}

static void
add_now(struct buf *out)
{
	time_t now = time(NULL);
	char text[32] = "?";
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_addf(out, "; this machine's clock says %s", text);
}

static void
add_end(struct buf *out, X509 *cert, const struct certificate *c)
{
	(void)cert;
	buf_adds(out, c->until);
	add_now(out);
}

static void
add_begin(struct buf *out, X509 *cert, const struct certificate *c)
{
	(void)cert;
	buf_adds(out, c->from);
	add_now(out);
}

static const struct fault {
	int code;
	const char *words;
	void (*more)(struct buf *, X509 *, const struct certificate *);
} faults[] = {
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
	    " is signed by itself, and not trusted here", NULL },
	{ X509_V_ERR_CERT_HAS_EXPIRED, " expired on ", add_end },
	{ X509_V_ERR_CERT_NOT_YET_VALID, " is not valid before ", add_begin },
	{ X509_V_ERR_INVALID_PURPOSE, " is not for servers", add_purposes },
	{ X509_V_ERR_INVALID_CA, " may not sign certificates", NULL },
	{ X509_V_ERR_EE_KEY_TOO_SMALL, " has a weak key: ", add_key },
	{ X509_V_ERR_CA_KEY_TOO_SMALL, " has a weak key: ", add_key },
	{ X509_V_ERR_CA_MD_TOO_WEAK,
	    " is signed in a weak way: ", add_signature },
	{ X509_V_ERR_PERMITTED_VIOLATION,
	    " has a name that its authority may not sign for (name "
	    "constraints)",
	    NULL },
	{ X509_V_ERR_EXCLUDED_VIOLATION,
	    " has a name that its authority may not sign for (name "
	    "constraints)",
	    NULL },
	{ X509_V_ERR_CERT_REJECTED, " is known here, but not trusted for this",
	    NULL },
	{ X509_V_ERR_CERT_UNTRUSTED, " is known here, but not trusted for this",
	    NULL },
};

/* "it" is the server's own certificate. */
static void
add_fault(struct buf *out, const struct flaw *f, const struct certificate *c)
{
	X509 *cert = f->culprit ? f->culprit : f->leaf;
	size_t i;

	if (X509_cmp(cert, f->leaf) == 0)
		buf_adds(out, "it");
	else
		add_text(out, &c->subject);
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (faults[i].code == f->code) {
			buf_adds(out, faults[i].words);
			if (faults[i].more)
				faults[i].more(out, cert, c);
			return;
		}
	buf_addf(out, ": %s", X509_verify_cert_error_string(f->code));
}

/* Nobody is known who signed it. */
static void
add_unknown(struct buf *out, const struct flaw *f, const struct certificate *c)
{
	buf_adds(out, "nobody trusted here has signed ");
	if (f->culprit && X509_cmp(f->culprit, f->leaf) != 0) {
		add_text(out, &c->subject);
		buf_adds(out, ", which stands behind it");
	} else {
		buf_adds(out, "it");
	}
	buf_adds(out, f->nsent > 1 ? ": its authority is "
				   : ": the server sent no certificate of ");
	add_text(out, &c->issuer);
	if (f->nsent <= 1)
		buf_adds(out, ", and none is known here");
}

static void
explain(struct buf *out, const struct flaw *f, const struct certificate *c)
{
	switch (f->code) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		add_unknown(out, f, c);
		return;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		buf_adds(out, "its authority is not trusted here: ");
		add_text(out, &c->subject);
		return;
	case X509_V_ERR_CERT_CHAIN_TOO_LONG:
		buf_addf(
		    out, "it comes with too long a chain, of %zu", f->nsent);
		return;
	default:
		add_fault(out, f, c);
	}
}

/* What is wrong with the server's own, c being what it says. */
static bool
explain_own(struct buf *out, const struct flaw *f, const struct certificate *c)
{
	const char *name = f->name ? f->name : "?";

	switch (f->code) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		buf_addf(out, "it is not for %s%s", name, no_match(c, name));
		return true;
	case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
		buf_adds(out, "one of its names is none");
		return true;
	case X509_V_ERR_APPLICATION_VERIFICATION:
		buf_adds(out, "it is none that --tls-pin names");
		return true;
	default:
		return false;
	}
}

void
flaw_explain(struct buf *out, const struct flaw *f)
{
	X509 *cert = f->culprit ? f->culprit : f->leaf;
	struct certificate culprit = { 0 }, own = { 0 };

	if (f->leaf == NULL) {
		buf_adds(out, X509_verify_cert_error_string(f->code));
		return;
	}
	certificate_read(&own, f->leaf);
	if (!explain_own(out, f, &own)) {
		certificate_read(&culprit, cert);
		explain(out, f, &culprit);
	}
	certificate_free(&culprit);
	certificate_free(&own);
}

static const char *
hint(const struct flaw *f, const struct certificate *c)
{
	switch (f->code) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		if (c->nname == 0)
			break;
		return "if one of its names is the server's, use that as "
		       "SERVER, or give it with --tls-name";
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return "if you know it to be the server's, keep it in a file "
		       "for --tls-ca, or give its sha256 with --tls-pin";
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return "if you trust that authority, give its certificate with "
		       "--tls-ca FILE";
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		if (f->nsent > 1)
			return "if you trust that authority, give its "
			       "certificate with --tls-ca FILE";
		return "if you trust that authority, give its certificate with "
		       "--tls-ca FILE; if it is an intermediate one, the "
		       "server should send it";
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return "the server needs a new certificate, unless this "
		       "machine's clock is wrong";
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "this machine's clock may be wrong: see date(1)";
	case X509_V_ERR_APPLICATION_VERIFICATION:
		return "if the server has a new certificate, learn its sha256 "
		       "from who runs it, and give that with --tls-pin";
	default:
		break;
	}
	return "the server needs another certificate; one that you know to be "
	       "the server's is accepted by --tls-pin and its sha256";
}

/* A chain that long breaks the protocol rather than trust (F-332). */
int
flaw_refuse(const struct flaw *f, struct problem *problem)
{
	struct certificate own = { 0 };
	struct buf text = { 0 };
	enum failure class = f->code == X509_V_ERR_CERT_CHAIN_TOO_LONG
				 ? FAIL_PROTOCOL
				 : FAIL_AUTH;

	flaw_explain(&text, f);
	if (f->leaf) {
		certificate_read(&own, f->leaf);
		add_facts(&text, &own);
	}
	problem_hint(problem, class, hint(f, &own),
	    "the server's certificate is not accepted: %s", buf_str(&text));
	certificate_free(&own);
	buf_free(&text);
	return -1;
}

void
flaw_free(struct flaw *f)
{
	X509_free(f->culprit);
	X509_free(f->leaf);
	*f = (struct flaw){ 0 };
}
