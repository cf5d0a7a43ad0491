#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "net/identity.h"

struct asking {
	int (*ask)(void *arg, struct buf *passphrase);
	void *arg;
	bool asked;
};

/* Called by OpenSSL if the key is encrypted. */
static int
passphrase(char *out, int size, int writing, void *p)
{
	struct buf text = { .secret = true };
	struct asking *a = p;
	int n = -1;

	(void)writing;
	a->asked = true;
	if (a->ask(a->arg, &text) == 0 && buf_len(&text) <= (size_t)size) {
		n = (int)buf_len(&text);
		memcpy(out, buf_head(&text), (size_t)n);
	}
	buf_free(&text);
	return n;
}

static BIO *
reader(const struct buf *text)
{
	if (buf_len(text) > INT_MAX)
		return NULL;
	return BIO_new_mem_buf(buf_head(text), (int)buf_len(text));
}

static void
read_certs(struct identity *id, const struct buf *text)
{
	BIO *bio = reader(text);
	X509 *cert;

	id->cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	id->chain = id->cert ? sk_X509_new_null() : NULL;
	while (id->chain &&
	       (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		if (!sk_X509_push(id->chain, cert))
			X509_free(cert);
	BIO_free(bio);
}

static void
read_key(struct identity *id, const struct buf *text, struct asking *asking)
{
	BIO *bio = reader(text);

	if (bio)
		id->key =
		    PEM_read_bio_PrivateKey(bio, NULL, passphrase, asking);
	BIO_free(bio);
}

enum identity_result
identity_read(struct identity *id, const struct buf *certs,
    const struct buf *key, int (*ask)(void *arg, struct buf *passphrase),
    void *arg)
{
	struct asking asking = { .ask = ask, .arg = arg };
	enum identity_result result = IDENTITY_OK;

	identity_free(id);
	read_certs(id, certs);
	if (id->cert == NULL)
		result = IDENTITY_NO_CERT;
	else
		read_key(id, key, &asking);
	if (id->cert && id->key == NULL)
		result = asking.asked ? IDENTITY_LOCKED : IDENTITY_NO_KEY;
	else if (id->cert && !X509_check_private_key(id->cert, id->key))
		result = IDENTITY_OTHER_KEY;
	ERR_clear_error();
	return result;
}

void
identity_free(struct identity *id)
{
	X509_free(id->cert);
	sk_X509_pop_free(id->chain, X509_free);
	EVP_PKEY_free(id->key);
	*id = (struct identity){ 0 };
}
