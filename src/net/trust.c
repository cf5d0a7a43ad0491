#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "net/trust.h"

/* A bundle: its text, and where in it each certificate was found. */
struct bundle {
	char *path;
	unsigned char *der; /* all certificates, one after another */
	struct entry {
		size_t at, len;
		size_t subject, subject_len;
		bool trusted; /* uses that it is for, or not, stand behind it */
		bool loaded;
	} * entries;
	size_t nentry;
	bool read;
	X509_LOOKUP_METHOD *method;
};

/* One DER element at *p: its tag; *p moves behind its header, *len is the
 * length of its content. 0 if there is none before end. */
static int
element(const unsigned char **p, const unsigned char *end, size_t *len)
{
	int tag, n;

	if (end - *p < 2)
		return 0;
	tag = *(*p)++;
	*len = *(*p)++;
	if (*len & 0x80) {
		n = (int)(*len & 0x7f);
		if (n == 0 || n > 3 || end - *p < n)
			return 0;
		for (*len = 0; n > 0; n--)
			*len = *len << 8 | *(*p)++;
	}
	return *len <= (size_t)(end - *p) ? tag : 0;
}

/* Finds the subject in a certificate (RFC 5280 4.1): the sixth field of the
 * first SEQUENCE inside it, or the fifth where the version is left out. */
static int
find_subject(struct entry *e, const unsigned char *der)
{
	const unsigned char *p = der + e->at, *end = p + e->len, *start;
	size_t len;
	int i, tag;

	if (element(&p, end, &len) != 0x30 || element(&p, end, &len) != 0x30)
		return -1;
	end = p + len;
	for (i = 0; i < 5;
	     i++) { /* version, serial, algorithm, issuer, dates */
		tag = element(&p, end, &len);
		if (tag == 0)
			return -1;
		if (i == 0 && tag != 0xa0)
			i++;
		p += len;
	}
	start = p;
	if (element(&p, end, &len) != 0x30)
		return -1;
	e->subject = (size_t)(start - der);
	e->subject_len = (size_t)(p + len - start);
	return 0;
}

/* The next certificate's base64, and whether openssl x509 -trustout made it. */
static const char *
next_certificate(const char *p, const char **end, bool *trusted)
{
	static const char *const begins[] = {
		"-----BEGIN TRUSTED CERTIFICATE-----",
		"-----BEGIN CERTIFICATE-----",
		"-----BEGIN X509 CERTIFICATE-----",
	};
	size_t i;

	while ((p = strstr(p, "-----BEGIN ")) != NULL) {
		for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
			if (strncmp(p, begins[i], strlen(begins[i])) != 0)
				continue;
			p += strlen(begins[i]);
			*trusted = i == 0;
			*end = strstr(p, "-----END ");
			return *end ? p : NULL;
		}
		p += strlen("-----BEGIN ");
	}
	return NULL;
}

static void
decode_all(struct bundle *b, const char *text, size_t size)
{
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	const char *p = text, *end;
	size_t used = 0;
	struct entry e;
	bool trusted;
	int n, last;

	b->der = mem_array(size, 1);
	while (ctx && (p = next_certificate(p, &end, &trusted)) != NULL) {
		e = (struct entry){ .at = used, .trusted = trusted };
		EVP_DecodeInit(ctx);
		if (EVP_DecodeUpdate(ctx, b->der + used, &n,
			(const unsigned char *)p, (int)(end - p)) != -1 &&
		    EVP_DecodeFinal(ctx, b->der + used + n, &last) != -1) {
			e.len = (size_t)(n + last);
			if (find_subject(&e, b->der) == 0) {
				b->entries = mem_grow(
				    b->entries, b->nentry + 1, sizeof(e));
				b->entries[b->nentry++] = e;
				used += e.len;
			}
		}
		p = end;
	}
	EVP_ENCODE_CTX_free(ctx);
}

static void
read_bundle(struct bundle *b)
{
	BIO *file = BIO_new_file(b->path, "r");
	struct buf text = { 0 };
	int n;

	b->read = true;
	while (file && (n = BIO_read(file, buf_room(&text, 65536), 65536)) > 0)
		buf_added(&text, (size_t)n);
	BIO_free(file);
	ERR_clear_error();
	if (buf_len(&text) < (size_t)1 << 26)
		decode_all(b, buf_str(&text), buf_len(&text));
	buf_free(&text);
}

/* Adds a certificate to the store, once. */
static int
load(X509_STORE *store, struct bundle *b, struct entry *e)
{
	const unsigned char *p = b->der + e->at;
	X509 *cert;
	int added;

	if (e->loaded)
		return 0;
	e->loaded = true;
	cert = e->trusted ? d2i_X509_AUX(NULL, &p, (long)e->len)
			  : d2i_X509(NULL, &p, (long)e->len);
	added = cert && X509_STORE_add_cert(store, cert);
	X509_free(cert); /* the store has a reference of its own */
	return added;
}

/* Names that are equal although their encodings differ (RFC 5280 7.1). */
static int
load_equal(X509_STORE *store, struct bundle *b, const X509_NAME *name)
{
	const unsigned char *p;
	X509_NAME *subject;
	size_t i;
	int n = 0;

	for (i = 0; i < b->nentry; i++) {
		p = b->der + b->entries[i].subject;
		subject =
		    d2i_X509_NAME(NULL, &p, (long)b->entries[i].subject_len);
		if (subject && X509_NAME_cmp(subject, name) == 0)
			n += load(store, b, &b->entries[i]);
		X509_NAME_free(subject);
	}
	return n;
}

/* Called by OpenSSL for a certificate that the store does not hold yet. */
static int
by_subject(X509_LOOKUP *lookup, X509_LOOKUP_TYPE type, const X509_NAME *name,
    X509_OBJECT *found)
{
	struct bundle *b = X509_LOOKUP_get_method_data(lookup);
	X509_STORE *store = X509_LOOKUP_get_store(lookup);
	const unsigned char *der;
	X509_OBJECT *object;
	size_t len, i;
	int n = 0;

	if (type != X509_LU_X509)
		return 0;
	if (!b->read)
		read_bundle(b);
	if (!X509_NAME_get0_der(name, &der, &len))
		return 0;
	for (i = 0; i < b->nentry; i++)
		if (b->entries[i].subject_len == len &&
		    memcmp(b->der + b->entries[i].subject, der, len) == 0)
			n += load(store, b, &b->entries[i]);
	if (n == 0 && load_equal(store, b, name) == 0)
		return 0;
	X509_STORE_lock(store);
	object = X509_OBJECT_retrieve_by_subject(
	    X509_STORE_get0_objects(store), X509_LU_X509, name);
	n = object &&
	    X509_OBJECT_set1_X509(found, X509_OBJECT_get0_X509(object));
	X509_STORE_unlock(store);
	if (n) /* the caller takes a reference; found only lends the store's */
		X509_free(X509_OBJECT_get0_X509(object));
	return n;
}

static void
free_bundle(X509_LOOKUP *lookup)
{
	struct bundle *b = X509_LOOKUP_get_method_data(lookup);

	X509_LOOKUP_meth_free(b->method);
	free(b->path);
	free(b->der);
	free(b->entries);
	free(b);
}

static struct bundle *
add_bundle(X509_STORE *store, const char *path)
{
	struct bundle *b = mem_array(1, sizeof(*b));
	X509_LOOKUP *lookup;

	b->path = mem_string(path);
	b->method = X509_LOOKUP_meth_new("PEM bundle, looked up");
	if (b->method &&
	    X509_LOOKUP_meth_set_get_by_subject(b->method, by_subject) &&
	    (lookup = X509_STORE_add_lookup(store, b->method)) != NULL) {
		X509_LOOKUP_set_method_data(lookup, b);
		X509_LOOKUP_meth_set_free(b->method, free_bundle);
		return b;
	}
	X509_LOOKUP_meth_free(b->method);
	free(b->path);
	free(b);
	return NULL;
}

static int
no_memory(struct problem *problem)
{
	return problem_set(problem, FAIL_SYSTEM, "trust store: %s",
	    ERR_reason_error_string(ERR_get_error()));
}

/* Whether there is a certificate that OpenSSL would find: "0a1b2c3d.0". */
static bool
is_hashed(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *e;
	bool found = false;

	while (folder && !found && (e = readdir(folder)) != NULL)
		found =
		    strspn(e->d_name, "0123456789abcdef") == 8 &&
		    e->d_name[8] == '.' && e->d_name[9] != '\0' &&
		    e->d_name[9 + strspn(e->d_name + 9, "0123456789")] == '\0';
	if (folder)
		closedir(folder);
	return found;
}

static int
add_only(X509_STORE *store, const char *path, struct problem *problem)
{
	struct bundle *b;
	struct stat st;

	if (stat(path, &st) == -1 || access(path, R_OK) == -1)
		return problem_set(problem, FAIL_INPUT, "--tls-ca %s: %s", path,
		    strerror(errno));
	if (S_ISDIR(st.st_mode)) {
		if (is_hashed(path))
			return X509_STORE_load_path(store, path)
				   ? 0
				   : no_memory(problem);
	} else {
		b = add_bundle(store, path);
		if (b == NULL)
			return no_memory(problem);
		read_bundle(b);
		if (b->nentry)
			return 0;
	}
	return problem_hint(problem, FAIL_INPUT,
	    "a file of certificates in PEM form is wanted, or a folder "
	    "prepared by openssl rehash",
	    "--tls-ca %s: no certificate in it", path);
}

X509_STORE *
trust_only(const char *path, struct problem *problem)
{
	X509_STORE *store;

	/* no cleaning up at exit, see tls.c */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	store = X509_STORE_new();
	if (store == NULL) {
		no_memory(problem);
		return NULL;
	}
	/* What the user names is trusted, be it a root or not. */
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	if (add_only(store, path, problem) == 0)
		return store;
	X509_STORE_free(store);
	return NULL;
}

int
trust_system(X509_STORE *store, struct problem *problem)
{
	const char *folder = getenv(X509_get_default_cert_dir_env());
	const char *file = getenv(X509_get_default_cert_file_env());

	if (folder == NULL)
		folder = X509_get_default_cert_dir();
	if (file == NULL)
		file = X509_get_default_cert_file();
	/* Who is in both is taken from the first. */
	if (!add_bundle(store, file) || !X509_STORE_load_path(store, folder))
		return no_memory(problem);
	return 0;
}
