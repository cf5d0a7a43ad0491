#include <arpa/inet.h>

#include <openssl/x509v3.h>

#include "net/certificate.h"

static void
add_name(struct buf *out, const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	long n;

	if (bio == NULL)
		return;
	X509_NAME_print_ex(
	    bio, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
	n = BIO_get_mem_data(bio, &p);
	buf_add(out, p, n > 0 ? (size_t)n : 0);
	BIO_free(bio);
}

static void
add_time(struct buf *out, const ASN1_TIME *time)
{
	struct tm tm;
	char text[32] = "?";

	if (ASN1_TIME_to_tm(time, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &tm);
	buf_adds(out, text);
}

static void
add_address(struct buf *out, const ASN1_OCTET_STRING *ip)
{
	int n = ASN1_STRING_length(ip);
	char text[INET6_ADDRSTRLEN] = "?";

	if (n == 4 || n == 16)
		inet_ntop(n == 4 ? AF_INET : AF_INET6,
		    ASN1_STRING_get0_data(ip), text, sizeof(text));
	buf_adds(out, text);
}

/* The names that a certificate is for; its subject if it has none. */
static void
add_names(struct buf *out, X509 *cert)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	size_t before = buf_len(out);
	const GENERAL_NAME *name;
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		name = sk_GENERAL_NAME_value(names, i);
		if (name->type != GEN_DNS && name->type != GEN_IPADD)
			continue;
		if (buf_len(out) > before)
			buf_adds(out, ", ");
		if (name->type == GEN_IPADD)
			add_address(out, name->d.iPAddress);
		else
			buf_add(out, ASN1_STRING_get0_data(name->d.dNSName),
			    (size_t)ASN1_STRING_length(name->d.dNSName));
	}
	GENERAL_NAMES_free(names);
	if (buf_len(out) == before)
		add_name(out, X509_get_subject_name(cert));
}

static const char *
hint(int flaw)
{
	switch (flaw) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return "if one of these names is the server's, use it as "
		       "SERVER, or give it with --tls-name";
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return "if you trust this certificate, keep it in a file and "
		       "give --tls-ca FILE";
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return "if you trust that authority, give its certificate with "
		       "--tls-ca FILE; a server must send the intermediate "
		       "ones itself";
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "either the server's certificate or this machine's "
		       "clock is wrong";
	default:
		return NULL;
	}
}

static void
explain(struct buf *text, int flaw, X509 *cert, X509 *leaf, const char *name)
{
	switch (flaw) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		buf_adds(text, "it is for ");
		add_names(text, leaf);
		buf_addf(text, ", not for %s", name);
		return;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		add_name(text, X509_get_subject_name(cert));
		buf_adds(text, " expired on ");
		add_time(text, X509_get0_notAfter(cert));
		return;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		add_name(text, X509_get_subject_name(cert));
		buf_adds(text, " is not valid before ");
		add_time(text, X509_get0_notBefore(cert));
		return;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		buf_adds(text, "nobody trusted here has signed it: ");
		add_name(text, X509_get_subject_name(cert));
		buf_adds(text, ", issued by ");
		add_name(text, X509_get_issuer_name(cert));
		return;
	default:
		buf_addf(text, "%s: ", X509_verify_cert_error_string(flaw));
		add_name(text, X509_get_subject_name(cert));
	}
}

int
certificate_refused(int flaw, X509 *culprit, X509 *leaf, const char *name,
    struct problem *problem)
{
	struct buf text = { 0 };

	if (culprit == NULL)
		culprit = leaf;
	if (leaf)
		explain(&text, flaw, culprit, leaf, name ? name : "?");
	else
		buf_adds(&text, X509_verify_cert_error_string(flaw));
	problem_hint(problem, FAIL_AUTH, hint(flaw),
	    "the server's certificate is not accepted: %s", buf_str(&text));
	buf_free(&text);
	return -1;
}

void
certificate_trace(X509 *cert, int place, const struct trace *trace)
{
	struct buf text = { 0 };

	add_name(&text, X509_get_subject_name(cert));
	buf_adds(&text, "; for ");
	add_names(&text, cert);
	buf_adds(&text, "; issued by ");
	add_name(&text, X509_get_issuer_name(cert));
	buf_adds(&text, "; valid ");
	add_time(&text, X509_get0_notBefore(cert));
	buf_adds(&text, " to ");
	add_time(&text, X509_get0_notAfter(cert));
	trace_note(trace, 2, "certificate %d: %s", place, buf_str(&text));
	buf_free(&text);
}
