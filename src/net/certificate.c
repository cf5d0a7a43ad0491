#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/evp.h>
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

/* Whether it is a name that counts: a host's, or an address. */
static bool
is_host(const GENERAL_NAME *name)
{
	return name->type == GEN_DNS || name->type == GEN_IPADD;
}

static void
add_host(struct buf *out, const GENERAL_NAME *name)
{
	if (name->type == GEN_IPADD)
		add_address(out, name->d.iPAddress);
	else
		buf_add(out, ASN1_STRING_get0_data(name->d.dNSName),
		    (size_t)ASN1_STRING_length(name->d.dNSName));
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
		if (!is_host(name))
			continue;
		if (buf_len(out) > before)
			buf_adds(out, ", ");
		add_host(out, name);
	}
	GENERAL_NAMES_free(names);
	if (buf_len(out) == before)
		add_name(out, X509_get_subject_name(cert));
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

static void
read_names(struct certificate *c, X509 *cert)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	const GENERAL_NAME *name;
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		name = sk_GENERAL_NAME_value(names, i);
		if (!is_host(name))
			continue;
		c->names = mem_grow(c->names, c->nname + 1, sizeof(*c->names));
		c->names[c->nname] = (struct buf){ 0 };
		add_host(&c->names[c->nname++], name);
	}
	GENERAL_NAMES_free(names);
}

static void
read_time(char *text, size_t size, const ASN1_TIME *time)
{
	struct tm tm;

	if (!ASN1_TIME_to_tm(time, &tm) ||
	    !strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(text, size, "?");
}

static void
read_digest(struct certificate *c, X509 *cert)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0, i;

	if (!X509_digest(cert, EVP_sha256(), digest, &len))
		return;
	for (i = 0; i < len; i++)
		snprintf(c->sha256 + 2 * i, 3, "%02x", digest[i]);
}

void
certificate_read(struct certificate *c, X509 *cert)
{
	const ASN1_TIME *until = X509_get0_notAfter(cert);
	int seconds = 0;

	certificate_free(c);
	add_name(&c->subject, X509_get_subject_name(cert));
	add_name(&c->issuer, X509_get_issuer_name(cert));
	read_names(c, cert);
	read_time(c->from, sizeof(c->from), X509_get0_notBefore(cert));
	read_time(c->until, sizeof(c->until), until);
	if (ASN1_TIME_diff(&c->days, &seconds, NULL, until) && seconds < 0)
		c->days--; /* part of a day ago is not today */
	read_digest(c, cert);
}

void
certificate_free(struct certificate *c)
{
	buf_free(&c->subject);
	buf_free(&c->issuer);
	while (c->nname)
		buf_free(&c->names[--c->nname]);
	free(c->names);
	*c = (struct certificate){ 0 };
}

/* A name of a host is ASCII, without NUL (RFC 5280 4.2.1.6): R-ID-05. */
static bool
is_sound(const GENERAL_NAME *name)
{
	const unsigned char *p;
	int i, n;

	if (name->type != GEN_DNS)
		return true;
	p = ASN1_STRING_get0_data(name->d.dNSName);
	n = ASN1_STRING_length(name->d.dNSName);
	for (i = 0; i < n; i++)
		if (p[i] <= ' ' || p[i] > '~')
			return false;
	return true;
}

bool
certificate_sound(X509 *cert)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	bool sound = true;
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names); i++)
		sound &= is_sound(sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
	return sound;
}
