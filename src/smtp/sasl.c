#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/text.h"
#include "smtp/sasl.h"
#include "smtp/sasl_gssapi.h"
#include "smtp/sasl_oauth.h"
#include "smtp/sasl_scram.h"

static int
surplus(struct exchange *x)
{
	return problem_set(&x->problem, FAIL_PROTOCOL,
	    "%s: one challenge too many", x->mechanism->name);
}

/* RFC 4616 2: authzid NUL authcid NUL passwd */
static int
plain(struct exchange *x, const struct buf *challenge, struct buf *out)
{
	const struct credentials *c = x->credentials;
	const char *password = buf_head(&c->password);
	size_t len = buf_len(&c->password);

	(void)challenge; /* empty by definition */
	if (x->step > 0)
		return surplus(x);
	if (memchr(password, '\0', len))
		return problem_set(&x->problem, FAIL_USAGE,
		    "PLAIN: the password contains a NUL");
	if (c->authzid)
		buf_adds(out, c->authzid);
	buf_add(out, "", 1);
	buf_adds(out, c->user);
	buf_add(out, "", 1);
	buf_add(out, password, len);
	return 0;
}

/* draft-murchison-sasl-login: user, then password, whatever the prompts say
 * (R-LOGIN). */
static int
login(struct exchange *x, const struct buf *challenge, struct buf *out)
{
	const struct credentials *c = x->credentials;

	(void)challenge;
	if (x->step > 1)
		return surplus(x);
	if (x->step == 0)
		buf_adds(out, c->user);
	else
		buf_add(out, buf_head(&c->password), buf_len(&c->password));
	return 0;
}

static int
hmac_md5(unsigned char *digest, unsigned *ndigest, const struct buf *key,
    const struct buf *text)
{
	if (buf_len(key) > INT_MAX)
		return -1;
	if (HMAC(EVP_md5(), buf_head(key), (int)buf_len(key),
		(const unsigned char *)buf_head(text), buf_len(text), digest,
		ndigest))
		return 0;
	ERR_clear_error(); /* or TLS would take it for its own */
	return -1;
}

/* RFC 2195 2: user, space, HMAC-MD5 of the challenge in lower-case hex */
static int
cram_md5(struct exchange *x, const struct buf *challenge, struct buf *out)
{
	const struct credentials *c = x->credentials;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned i, n;

	if (x->step > 0)
		return surplus(x);
	if (buf_len(challenge) == 0)
		return problem_set(&x->problem, FAIL_PROTOCOL,
		    "CRAM-MD5: the server's challenge is empty");
	if (hmac_md5(digest, &n, &c->password, challenge) == -1)
		return problem_set(&x->problem, FAIL_AUTH,
		    "CRAM-MD5: MD5 is not available here");
	buf_addf(out, "%s ", c->user);
	for (i = 0; i < n; i++)
		buf_addf(out, "%02x", digest[i]);
	OPENSSL_cleanse(digest, sizeof(digest));
	return 0;
}

/* RFC 4422 A.1: whom to act as; the proof is elsewhere. */
static int
external(struct exchange *x, const struct buf *challenge, struct buf *out)
{
	const struct credentials *c = x->credentials;

	(void)challenge;
	if (x->step > 0)
		return surplus(x);
	if (c->authzid)
		buf_adds(out, c->authzid);
	else if (c->user)
		buf_adds(out, c->user);
	return 0;
}

#define SCRAM .authzid = true, .initial = true, .mutual = true, .responses = 3
#define BEARER                                                                 \
	.by = BY_TOKEN, .cleartext = true, .initial = true, .responses = 1

static const struct mechanism mechanisms[] = {
	{ "EXTERNAL", .by = BY_OTHER, .authzid = true, .initial = true,
	    .responses = 1, .respond = external },
#ifdef HAVE_GSSAPI
	{ "GSSAPI", .by = BY_OTHER, .authzid = true, .initial = true,
	    .mutual = true, .responses = 3, .respond = gssapi,
	    .end = gssapi_end },
#endif
	{ "SCRAM-SHA-512-PLUS", SCRAM, .binds = true, .hash = "SHA512",
	    .respond = scram },
	{ "SCRAM-SHA-256-PLUS", SCRAM, .binds = true, .hash = "SHA256",
	    .respond = scram },
	{ "SCRAM-SHA-1-PLUS", SCRAM, .binds = true, .hash = "SHA1",
	    .respond = scram },
	{ "SCRAM-SHA-512", SCRAM, .hash = "SHA512", .respond = scram },
	{ "SCRAM-SHA-256", SCRAM, .hash = "SHA256", .respond = scram },
	{ "SCRAM-SHA-1", SCRAM, .hash = "SHA1", .respond = scram },
	{ "OAUTHBEARER", BEARER, .authzid = true, .respond = oauthbearer },
	{ "XOAUTH2", BEARER, .respond = xoauth2 },
	{ "PLAIN", .cleartext = true, .authzid = true, .initial = true,
	    .responses = 1, .respond = plain },
	{ "LOGIN", .cleartext = true, .responses = 2, .respond = login },
	{ "CRAM-MD5", .responses = 1, .respond = cram_md5 },
};

const struct mechanism *
sasl_mechanism(size_t i)
{
	if (i >= sizeof(mechanisms) / sizeof(mechanisms[0]))
		return NULL;
	return &mechanisms[i];
}

const struct mechanism *
sasl_find(const char *name)
{
	const struct mechanism *m;
	size_t i;

	for (i = 0; (m = sasl_mechanism(i)); i++)
		if (text_is(name, strlen(name), m->name))
			return m;
	return NULL;
}

void
sasl_name(struct buf *out, const char *p, size_t len)
{
	for (; len; p++, len--)
		if (*p == ',')
			buf_adds(out, "=2C");
		else if (*p == '=')
			buf_adds(out, "=3D");
		else
			buf_add(out, p, 1);
}

/* OpenSSL counts in int: any size goes in pieces of a multiple of 3 or 4. */
enum {
	PIECE = 12 * 1024
};

void
base64_encode(struct buf *out, const char *p, size_t len)
{
	size_t n;
	int got;

	for (; len; p += n, len -= n) {
		n = len < PIECE ? len : PIECE;
		got = EVP_EncodeBlock(
		    (unsigned char *)buf_room(out, (n + 2) / 3 * 4 + 1),
		    (const unsigned char *)p, (int)n);
		buf_added(out, (size_t)got);
	}
}

/* How many = the text ends with; -1 if it is not base64. EVP_DecodeBlock()
 * overlooks white space and bits that do not count. */
static int
padding(const char *p, size_t len)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	static const unsigned unused[] = { 0, 3, 15 };
	const char *c = alphabet;
	int pad = 0;
	size_t i;

	if (len % 4)
		return -1;
	while (pad < 2 && len && p[len - 1] == '=') {
		pad++;
		len--;
	}
	for (i = 0; i < len; i++) {
		c = memchr(alphabet, p[i], sizeof(alphabet) - 1);
		if (c == NULL)
			return -1;
	}
	return (unsigned)(c - alphabet) & unused[pad] ? -1 : pad;
}

int
base64_decode(struct buf *out, const char *p, size_t len)
{
	int pad = padding(p, len);
	size_t n, want;

	if (pad == -1)
		return -1;
	for (; len; p += n, len -= n) {
		n = len < PIECE ? len : PIECE;
		want = n / 4 * 3;
		if (EVP_DecodeBlock((unsigned char *)buf_room(out, want),
			(const unsigned char *)p, (int)n) == -1)
			return -1;
		if (n == len) /* it writes zeros for the padding */
			want -= (size_t)pad;
		buf_added(out, want);
	}
	return 0;
}

void
exchange_free(struct exchange *x)
{
	if (x->mechanism && x->mechanism->end)
		x->mechanism->end(x);
	x->bound.secret = x->nonce.secret = x->text.secret = true;
	problem_free(&x->problem);
	buf_free(&x->bound);
	buf_free(&x->refusal);
	buf_free(&x->proof);
	buf_free(&x->nonce);
	buf_free(&x->text);
}

void
credentials_free(struct credentials *c)
{
	free(c->user);
	free(c->authzid);
	c->user = c->authzid = NULL;
	c->password.secret = true;
	buf_free(&c->password);
}
