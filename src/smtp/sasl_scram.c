#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/saslprep.h"
#include "base/text.h"
#include "smtp/sasl_scram.h"

#define NONCE 18 /* octets, 24 characters (R-SCRAM-01) */
#define LEAST_ROUNDS 4096 /* RFC 7677 4 */
#define MOST_ROUNDS 10000000
#define AT_ONCE 65536 /* rounds, a fraction of a second */

struct span {
	const char *p;
	size_t len;
};

/* What the server has asked for. */
struct wanted {
	struct span nonce;
	struct buf salt;
	uint64_t rounds;
};

struct digest {
	unsigned char octets[EVP_MAX_MD_SIZE];
};

/* H(), HMAC() and Hi() of RFC 5802 2.2, all of one hash. */
struct hash {
	const EVP_MD *md;
	size_t len;
};

static int
not_available(struct exchange *x)
{
	ERR_clear_error(); /* or TLS would take it for its own */
	return problem_set(&x->problem, FAIL_AUTH,
	    "%s: %s is not available here", x->mechanism->name,
	    x->mechanism->hash);
}

static int
wrong(struct exchange *x, const char *what)
{
	return problem_set(&x->problem, FAIL_PROTOCOL, "%s: the server %s",
	    x->mechanism->name, what);
}

static bool
hmac(const struct hash *h, struct digest *out, const struct digest *key,
    const char *text, size_t len)
{
	return HMAC(h->md, key->octets, (int)h->len,
		   (const unsigned char *)text, len, out->octets, NULL) != NULL;
}

/* Begins a hash with what HMAC puts before all else (RFC 2104 2): the key, by
 * the octet pad. */
static bool
begin(EVP_MD_CTX *ctx, const EVP_MD *md, const struct buf *key, char pad)
{
	size_t block = (size_t)EVP_MD_block_size(md), i;
	struct buf first = { .secret = true };
	unsigned n = 0;
	bool good = true;

	memset(buf_room(&first, block), 0, block);
	if (buf_len(key) > block)
		good = EVP_Digest(buf_head(key), buf_len(key),
		    (unsigned char *)first.data, &n, md, NULL);
	else
		memcpy(first.data, buf_head(key), buf_len(key));
	for (i = 0; i < block; i++)
		first.data[i] ^= pad;
	good = good && EVP_DigestInit_ex(ctx, md, NULL) &&
	       EVP_DigestUpdate(ctx, first.data, block);
	buf_free(&first);
	return good;
}

/* One more round, u = HMAC(key, u), from the two beginnings. */
static bool
round_of(EVP_MD_CTX *work, const EVP_MD_CTX *inner, const EVP_MD_CTX *outer,
    struct digest *u, size_t len)
{
	return EVP_MD_CTX_copy_ex(work, inner) &&
	       EVP_DigestUpdate(work, u->octets, len) &&
	       EVP_DigestFinal_ex(work, u->octets, NULL) &&
	       EVP_MD_CTX_copy_ex(work, outer) &&
	       EVP_DigestUpdate(work, u->octets, len) &&
	       EVP_DigestFinal_ex(work, u->octets, NULL);
}

/* The rounds behind the first. OpenSSL's own PBKDF2 cannot be interrupted. */
static int
repeat(struct exchange *x, const struct hash *h, EVP_MD_CTX *ctx[3],
    struct digest *u, struct digest *out, uint64_t rounds)
{
	uint64_t n;
	size_t i;
	int said;

	for (n = 1; n < rounds; n++) {
		if (n % AT_ONCE == 0) {
			said = clock_go_on(&x->patience);
			if (said != 1)
				return problem_impatient(
				    &x->problem, said, x->mechanism->name);
		}
		if (!round_of(ctx[0], ctx[1], ctx[2], u, h->len))
			return not_available(x);
		for (i = 0; i < h->len; i++)
			out->octets[i] ^= u->octets[i];
	}
	return 0;
}

/* Hi(password, salt, rounds), which is PBKDF2 with a single block. */
static int
stretch(struct exchange *x, const struct hash *h, const struct buf *password,
    const struct wanted *w, struct digest *out)
{
	EVP_MD_CTX *ctx[3] = { EVP_MD_CTX_new(), EVP_MD_CTX_new(),
		EVP_MD_CTX_new() };
	struct buf first = { 0 };
	struct digest u;
	int rv;

	buf_add(&first, buf_head(&w->salt), buf_len(&w->salt));
	buf_add(&first, "\0\0\0\1", 4);
	if (ctx[0] && ctx[1] && ctx[2] &&
	    HMAC(h->md, buf_head(password), (int)buf_len(password),
		(const unsigned char *)buf_head(&first), buf_len(&first),
		u.octets, NULL) &&
	    begin(ctx[1], h->md, password, 0x36) &&
	    begin(ctx[2], h->md, password, 0x5c)) {
		*out = u;
		rv = repeat(x, h, ctx, &u, out, w->rounds);
	} else {
		rv = not_available(x);
	}
	OPENSSL_cleanse(&u, sizeof(u));
	EVP_MD_CTX_free(ctx[0]);
	EVP_MD_CTX_free(ctx[1]);
	EVP_MD_CTX_free(ctx[2]);
	buf_free(&first);
	return rv;
}

/* Whether channels are bound: "p" is how, "y" that this program could and the
 * server does not offer it, which tells a server that does of somebody on the
 * way who has changed its offer; "n" that it is not done (R-SCRAM-04). */
static void
gs2_header(const struct exchange *x, struct buf *out)
{
	const char *authzid = x->credentials->authzid;

	if (x->mechanism->binds)
		buf_addf(out, "p=%s,", x->binding);
	else
		buf_adds(out, x->binding && x->unbound ? "y," : "n,");
	if (authzid && *authzid) {
		buf_adds(out, "a=");
		sasl_name(out, authzid, strlen(authzid));
	}
	buf_adds(out, ",");
}

static int
prepare(struct exchange *x, struct buf *out, const char *what, const char *p,
    size_t len)
{
	const char *why;

	if (saslprep(out, p, len, &why) == 0)
		return 0;
	return problem_hint(&x->problem, FAIL_AUTH,
	    "--auth PLAIN sends it as it is", "%s: %s: %s", x->mechanism->name,
	    what, why);
}

static int
make_nonce(struct exchange *x)
{
	unsigned char octets[NONCE];

	if (buf_len(&x->nonce))
		return 0;
	if (RAND_bytes(octets, sizeof(octets)) != 1) {
		ERR_clear_error();
		return problem_set(&x->problem, FAIL_SYSTEM,
		    "%s: no random numbers", x->mechanism->name);
	}
	base64_encode(&x->nonce, (const char *)octets, sizeof(octets));
	return 0;
}

static int
client_first(struct exchange *x, struct buf *out)
{
	const char *user = x->credentials->user;
	const struct buf *given = &x->credentials->password;
	struct buf name = { .secret = true }, password = { .secret = true };
	int rv = prepare(x, &name, "user name", user, strlen(user));

	if (rv == 0) /* or it would fail later, in the middle */
		rv = prepare(
		    x, &password, "password", buf_head(given), buf_len(given));
	if (rv == 0)
		rv = make_nonce(x);
	if (rv == 0) {
		buf_clear(&x->text);
		buf_adds(&x->text, "n=");
		sasl_name(&x->text, buf_head(&name), buf_len(&name));
		buf_adds(&x->text, ",r=");
		buf_add(&x->text, buf_head(&x->nonce), buf_len(&x->nonce));
		gs2_header(x, out);
		buf_add(out, buf_head(&x->text), buf_len(&x->text));
	}
	buf_free(&name);
	buf_free(&password);
	return rv;
}

/* Takes "k=..." and the comma behind it; len 0 and false if it is not there. */
static bool
take(struct span *rest, char key, struct span *value)
{
	const char *comma = memchr(rest->p, ',', rest->len);
	size_t n = comma ? (size_t)(comma - rest->p) : rest->len;

	if (n < 3 || rest->p[0] != key || rest->p[1] != '=')
		return false;
	*value = (struct span){ rest->p + 2, n - 2 };
	n += comma != NULL;
	rest->p += n;
	rest->len -= n;
	return true;
}

/* "e=..." in place of what is expected (RFC 5802 7, server-error). */
static bool
is_error(struct exchange *x, struct span rest)
{
	static const char type[] = "unsupported-channel-binding-type";
	struct buf shown = { 0 };
	struct span value;

	if (!take(&rest, 'e', &value))
		return false;
	x->rebind = text_is(value.p, value.len, type);
	text_show(&shown, value.p, value.len);
	problem_set(&x->problem, FAIL_AUTH, "%s: the server says: %s",
	    x->mechanism->name, buf_str(&shown));
	buf_free(&shown);
	return true;
}

static int
check_rounds(struct exchange *x, struct span value, uint64_t *rounds)
{
	if (text_number(value.p, value.len, UINT64_MAX, rounds) == -1)
		return wrong(x, "does not say how many rounds it wants");
	if (*rounds >= LEAST_ROUNDS && *rounds <= MOST_ROUNDS)
		return 0;
	return problem_set(&x->problem, FAIL_AUTH,
	    "%s: the server wants %llu rounds (%d to %d are good)",
	    x->mechanism->name, (unsigned long long)*rounds, LEAST_ROUNDS,
	    MOST_ROUNDS);
}

/* "r=NONCE,s=SALT,i=ROUNDS"; extensions may follow, but not come first, where
 * they would be mandatory (R-SCRAM-02). */
static int
read_first(struct exchange *x, const struct buf *challenge, struct wanted *w)
{
	struct span rest = { buf_head(challenge), buf_len(challenge) }, value;
	size_t ours = buf_len(&x->nonce);

	if (is_error(x, rest))
		return -1;
	if (rest.len && *rest.p == 'm')
		return wrong(x, "wants an extension that is not known here");
	if (!take(&rest, 'r', &w->nonce))
		return wrong(x, "says no nonce");
	if (w->nonce.len <= ours ||
	    memcmp(w->nonce.p, buf_head(&x->nonce), ours) != 0)
		return problem_set(&x->problem, FAIL_AUTH,
		    "%s: the server's nonce does not continue ours",
		    x->mechanism->name);
	if (!take(&rest, 's', &value) ||
	    base64_decode(&w->salt, value.p, value.len) == -1)
		return wrong(x, "says no salt");
	if (!take(&rest, 'i', &value))
		value.len = 0;
	return check_rounds(x, value, &w->rounds);
}

/* ClientProof, and what the server's signature will be, when all is said that
 * is signed (RFC 5802 3). */
static int
prove(struct exchange *x, const struct hash *h, const struct digest *salted,
    struct buf *out)
{
	const char *text = buf_head(&x->text);
	struct digest key, stored, signature;
	size_t len = buf_len(&x->text), i;
	bool good;

	good =
	    hmac(h, &key, salted, "Client Key", 10) &&
	    EVP_Digest(key.octets, h->len, stored.octets, NULL, h->md, NULL) &&
	    hmac(h, &signature, &stored, text, len);
	if (good) {
		for (i = 0; i < h->len; i++)
			key.octets[i] ^= signature.octets[i];
		buf_adds(out, ",p=");
		base64_encode(out, (const char *)key.octets, h->len);
		good = hmac(h, &key, salted, "Server Key", 10) &&
		       hmac(h, &signature, &key, text, len);
	}
	if (good) {
		buf_adds(&x->proof, "v=");
		base64_encode(
		    &x->proof, (const char *)signature.octets, h->len);
	}
	OPENSSL_cleanse(&key, sizeof(key));
	OPENSSL_cleanse(&stored, sizeof(stored));
	OPENSSL_cleanse(&signature, sizeof(signature));
	return good ? 0 : not_available(x);
}

/* "c=BINDING,r=NONCE", to which the proof will be added. */
static void
without_proof(struct exchange *x, struct span nonce, struct buf *out)
{
	struct buf bound = { .secret = true };

	gs2_header(x, &bound);
	if (x->mechanism->binds)
		buf_add(&bound, buf_head(&x->bound), buf_len(&x->bound));
	buf_adds(out, "c=");
	base64_encode(out, buf_head(&bound), buf_len(&bound));
	buf_adds(out, ",r=");
	buf_add(out, nonce.p, nonce.len);
	buf_free(&bound);
}

static int
client_final(struct exchange *x, const struct buf *challenge, struct buf *out)
{
	const struct buf *given = &x->credentials->password;
	struct buf password = { .secret = true };
	struct hash h = { .md = EVP_get_digestbyname(x->mechanism->hash) };
	struct wanted w = { 0 };
	struct digest salted;
	int rv = read_first(x, challenge, &w);

	if (rv == 0)
		rv = prepare(
		    x, &password, "password", buf_head(given), buf_len(given));
	if (rv == 0 && h.md == NULL)
		rv = not_available(x);
	if (rv == 0) {
		h.len = (size_t)EVP_MD_size(h.md);
		rv = stretch(x, &h, &password, &w, &salted);
	}
	if (rv == 0) {
		without_proof(x, w.nonce, out);
		buf_adds(&x->text, ",");
		buf_add(&x->text, buf_head(challenge), buf_len(challenge));
		buf_adds(&x->text, ",");
		buf_add(&x->text, buf_head(out), buf_len(out));
		rv = prove(x, &h, &salted, out);
		OPENSSL_cleanse(&salted, sizeof(salted));
	}
	buf_free(&password);
	buf_free(&w.salt);
	return rv;
}

/* "v=SIGNATURE", and extensions, all of which must be answered by nothing
 * (R-4954-07). */
static int
server_final(struct exchange *x, const struct buf *challenge)
{
	struct span said = { buf_head(challenge), buf_len(challenge) };
	size_t len = buf_len(&x->proof);

	if (is_error(x, said))
		return -1;
	if (said.len >= len &&
	    CRYPTO_memcmp(said.p, buf_head(&x->proof), len) == 0 &&
	    (said.len == len || said.p[len] == ','))
		return 0;
	return problem_set(&x->problem, FAIL_AUTH,
	    "%s: the server cannot prove that it knows the password",
	    x->mechanism->name);
}

int
scram(struct exchange *x, const struct buf *challenge, struct buf *out)
{
	assert(x->binding || !x->mechanism->binds);
	switch (x->step) {
	case 0:
		return client_first(x, out);
	case 1:
		return client_final(x, challenge, out);
	case 2:
		return server_final(x, challenge);
	default:
		return problem_set(&x->problem, FAIL_PROTOCOL,
		    "%s: one challenge too many", x->mechanism->name);
	}
}
