#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "server_auth.h"

/*
 * SCRAM as a server has it. What it says is a template, so that a test can
 * make it lie:
 *
 *	--scram-first r=%n,s=QSXCR+Q6sek8bf92,i=4096	%n: both nonces
 *	--scram-final v=%v				%v: its signature
 *
 * It computes with the salt and the rounds of the template. With
 * --scram-binding TYPE it knows no other channel binding than that.
 */

static const char e_type[] = "e=unsupported-channel-binding-type";

struct key {
	unsigned char octets[EVP_MAX_MD_SIZE];
	unsigned int len;
};

static const EVP_MD *
hash_of(const struct exchange *x)
{
	if (strncmp(x->mechanism, "SCRAM-SHA-1", 11) == 0)
		return EVP_sha1();
	if (strncmp(x->mechanism, "SCRAM-SHA-256", 13) == 0)
		return EVP_sha256();
	return EVP_sha512();
}

static bool
binds(const struct exchange *x)
{
	return strstr(x->mechanism, "-PLUS") != NULL;
}

static void
sign(const struct exchange *x, const struct key *key, const char *text,
    struct key *result)
{
	HMAC(hash_of(x), key->octets, (int)key->len,
	    (const unsigned char *)text, strlen(text), result->octets,
	    &result->len);
}

/* A template with %n or %v filled in. */
static void
fill(struct text *to, const char *form, char mark, const char *value)
{
	text_add(to, "", 0);
	for (; *form; form++)
		if (form[0] == '%' && form[1] == mark) {
			text_addf(to, "%s", value);
			form++;
		} else {
			text_add(to, form, 1);
		}
}

static const char *
first_form(const struct session *s)
{
	return s->opt->scram_first ? s->opt->scram_first
				   : "r=%n,s=QSXCR+Q6sek8bf92,i=4096";
}

/* SaltedPassword */
static void
stretch(const struct session *s, const struct exchange *x, struct key *to)
{
	const char *form = first_form(s), *at;
	const char *password = strchr(s->opt->auth, ':') + 1;
	struct text salt = { 0 }, encoded = { 0 };
	int rounds = 1;

	at = strstr(form, "s=");
	if (at) {
		at += 2;
		text_add(&encoded, at, strcspn(at, ","));
		auth_decode(encoded.data, &salt);
	}
	at = strstr(form, ",i=");
	if (at && atoi(at + 3) > 0)
		rounds = atoi(at + 3);
	to->len = (unsigned int)EVP_MD_size(hash_of(x));
	PKCS5_PBKDF2_HMAC(password, (int)strlen(password),
	    (unsigned char *)salt.data, (int)salt.len, rounds, hash_of(x),
	    (int)to->len, to->octets);
	text_free(&salt);
	text_free(&encoded);
}

/* RFC 9266, or RFC 5929 4.1 for a certificate whose signature has a hash. */
static void
channel(const struct session *s, const char *type, struct text *to)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	unsigned char octets[EVP_MAX_MD_SIZE];
	unsigned int len = 32;
	X509 *cert;
	int hash = NID_undef;

	if (s->conn.ssl == NULL)
		return;
	if (strcmp(type, "tls-exporter") == 0) {
		SSL_export_keying_material(
		    s->conn.ssl, octets, len, label, strlen(label), NULL, 0, 0);
	} else {
		cert = SSL_get_certificate(s->conn.ssl);
		OBJ_find_sigid_algs(X509_get_signature_nid(cert), &hash, NULL);
		X509_digest(cert,
		    hash == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(hash),
		    octets, &len);
	}
	text_add(to, (char *)octets, len);
}

/* Checks "n,,", "y,,a=...", "p=TYPE,,". NULL: it is right. */
static const char *
check_header(struct session *s, struct exchange *x, const char *flag)
{
	const char *known = s->opt->scram_binding;
	struct text type = { 0 };
	bool right = true;

	if (*flag == 'p')
		text_add(&type, flag + 2, strcspn(flag + 2, ","));
	if (binds(x) != (*flag == 'p'))
		log_violation(s, "SCRAM: %.*s with %s", (int)strcspn(flag, ","),
		    flag, x->mechanism);
	if (*flag == 'y' && s->opt->mechanisms &&
	    strstr(s->opt->mechanisms, "-PLUS"))
		log_violation(s, "SCRAM: y where a -PLUS is offered");
	if (*flag == 'n' && s->conn.ssl &&
	    !(s->opt->mechanisms && strstr(s->opt->mechanisms, "-PLUS")))
		log_violation(s, "SCRAM: n in TLS");
	if (type.data && known)
		right = strcmp(type.data, known) == 0;
	else if (type.data)
		right =
		    strcmp(type.data, SSL_version(s->conn.ssl) < TLS1_3_VERSION
					  ? "tls-server-end-point"
					  : "tls-exporter") == 0;
	text_free(&type);
	return right ? NULL : auth_challenge(x, e_type);
}

static const char *
first(struct session *s, struct exchange *x, const struct text *response)
{
	const char *bare = strchr(response->data, ','), *nonce, *wrong;
	struct text reply = { 0 };

	bare = bare ? strchr(bare + 1, ',') : NULL;
	nonce = bare ? strstr(++bare, ",r=") : NULL;
	if (nonce == NULL || strncmp(bare, "n=", 2) != 0 ||
	    !strchr("nyp", *response->data)) {
		log_violation(s, "SCRAM: %s", response->data);
		return auth_failed;
	}
	nonce += 3;
	if (strlen(nonce) < 24)
		log_violation(
		    s, "SCRAM: a nonce of %zu characters", strlen(nonce));
	text_add(&x->header, response->data, (size_t)(bare - response->data));
	text_add(&x->user, bare + 2, (size_t)(nonce - 3 - bare - 2));
	wrong = check_header(s, x, response->data);
	if (wrong)
		return wrong;
	text_addf(&x->nonce, "%s%llx.%llx", nonce,
	    (unsigned long long)s->number, (unsigned long long)s->seen[AUTH]);
	fill(&reply, first_form(s), 'n', x->nonce.data);
	text_addf(&x->said, "%s,%s,", bare, reply.data);
	auth_challenge(x, reply.data);
	text_free(&reply);
	return x->reply.data;
}

/* Is c= what it must be? */
static bool
is_bound(struct session *s, const struct exchange *x, const char *response)
{
	struct text want = { 0 }, encoded = { 0 }, type = { 0 };
	bool right;

	text_add(&want, x->header.data, x->header.len);
	if (binds(x)) {
		text_add(&type, x->header.data + 2,
		    strcspn(x->header.data + 2, ","));
		channel(s, type.data, &want);
	}
	text_addf(&encoded, "c=");
	auth_encode(&encoded, want.data, want.len);
	text_addf(&encoded, ",r=%s,p=", x->nonce.data);
	right = strncmp(response, encoded.data, encoded.len) == 0;
	text_free(&want);
	text_free(&encoded);
	text_free(&type);
	if (!right)
		log_violation(s, "SCRAM: %s", response);
	return right;
}

/* Whether the user and the proof are right; the server's signature. */
static bool
is_proved(const struct session *s, const struct exchange *x,
    const char *response, struct text *signature)
{
	const char *auth = s->opt->auth;
	size_t len = x->user.len;
	struct key salted, key, stored, mask;
	struct text proof = { 0 };
	bool right;

	stretch(s, x, &salted);
	sign(x, &salted, "Client Key", &key);
	EVP_Digest(
	    key.octets, key.len, stored.octets, &stored.len, hash_of(x), NULL);
	sign(x, &stored, x->said.data, &mask);
	auth_decode(strstr(response, ",p=") + 3, &proof);
	right = proof.len == key.len && strncmp(auth, x->user.data, len) == 0 &&
		auth[len] == ':';
	for (size_t i = 0; right && i < key.len; i++)
		right = (unsigned char)proof.data[i] ==
			(key.octets[i] ^ mask.octets[i]);
	sign(x, &salted, "Server Key", &key);
	sign(x, &key, x->said.data, &mask);
	auth_encode(signature, mask.octets, mask.len);
	text_free(&proof);
	return right;
}

static const char *
final(struct session *s, struct exchange *x, const struct text *response)
{
	const char *form = s->opt->scram_final;
	const char *proof = strstr(response->data, ",p=");
	struct text signature = { 0 }, reply = { 0 };
	bool right;

	if (proof == NULL || s->opt->auth == NULL ||
	    !is_bound(s, x, response->data))
		return auth_failed;
	text_add(&x->said, response->data, (size_t)(proof - response->data));
	right = is_proved(s, x, response->data, &signature);
	fill(&reply, form ? form : "v=%v", 'v', signature.data);
	auth_challenge(x, reply.data);
	text_free(&signature);
	text_free(&reply);
	return right ? x->reply.data : auth_failed;
}

const char *
scram(struct session *s, struct exchange *x, const struct text *response)
{
	if (x->step == 1)
		return first(s, x, response);
	if (x->nonce.len == 0)
		return auth_failed;
	if (x->step == 2)
		return final(s, x, response);
	if (response->len)
		log_violation(s, "SCRAM: %s", response->data);
	return auth_passed;
}
