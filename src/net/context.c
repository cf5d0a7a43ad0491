#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/buf.h"
#include "net/context.h"
#include "net/trust.h"

#define SEPARATORS ":, "
#define LEVEL 2 /* 112 bits (R-ID-07, S-29) */

static const char *
reason(void)
{
	const char *why = ERR_reason_error_string(ERR_peek_error());

	ERR_clear_error();
	return why ? why : "out of memory";
}

/* TLS 1.3 has its own names, and a call of its own. Those of the registry for
 * older versions say WITH. */
static bool
is_suite(const char *name, size_t len)
{
	struct buf copy = { 0 };
	bool suite;

	buf_add(&copy, name, len);
	suite = strncmp(buf_str(&copy), "TLS_", 4) == 0 &&
		!strstr(buf_str(&copy), "_WITH_");
	buf_free(&copy);
	return suite;
}

/* What of a list is for TLS 1.3, or for TLS 1.2. */
static void
select_kind(struct buf *out, const char *list, bool suites)
{
	const char *p = list + strspn(list, SEPARATORS);
	size_t n;

	for (; (n = strcspn(p, SEPARATORS)) != 0;
	     p += n, p += strspn(p, SEPARATORS))
		if (is_suite(p, n) == suites) {
			buf_adds(out, buf_len(out) ? ":" : "");
			buf_add(out, p, n);
		}
}

/* A kind of which the list has none is left as it is. */
static int
set_ciphers(SSL_CTX *ctx, const char *list)
{
	struct buf suites = { 0 }, older = { 0 };
	int rv;

	select_kind(&suites, list, true);
	select_kind(&older, list, false);
	rv = (buf_len(&suites) == 0 ||
		 SSL_CTX_set_ciphersuites(ctx, buf_str(&suites))) &&
	     (buf_len(&older) == 0 ||
		 SSL_CTX_set_cipher_list(ctx, buf_str(&older)));
	buf_free(&suites);
	buf_free(&older);
	return rv ? 0 : -1;
}

/* What the system's configuration asks for beyond that, stays. */
static SSL_CTX *
make(void)
{
	SSL_CTX *ctx;

	/* no cleaning up at exit: the system is faster at it */
	OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, NULL);
	ctx = SSL_CTX_new(TLS_client_method());
	if (ctx && (SSL_CTX_get_min_proto_version(ctx) >= TLS1_2_VERSION ||
		       SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION)))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

/* Whether a cipher of that kind would be offered. */
static bool
offers(SSL_CTX *ctx, bool suites)
{
	SSL *ssl = SSL_new(ctx);
	STACK_OF(SSL_CIPHER) *all =
	    ssl ? SSL_get1_supported_ciphers(ssl) : NULL;
	bool found = false;
	int i;

	for (i = 0; i < sk_SSL_CIPHER_num(all); i++)
		found |=
		    suites ==
		    (strcmp(SSL_CIPHER_get_version(sk_SSL_CIPHER_value(all, i)),
			 "TLSv1.3") == 0);
	sk_SSL_CIPHER_free(all);
	SSL_free(ssl);
	return found;
}

/* Whether a list, or a name of it, selects something. OpenSSL skips names that
 * it does not know. */
static bool
selects(SSL_CTX *ctx, const char *list, size_t len, bool suites)
{
	char *copy = mem_copy(list, len);
	bool found = set_ciphers(ctx, copy) == 0 && offers(ctx, suites);

	free(copy);
	ERR_clear_error();
	return found;
}

static int
check(SSL_CTX *ctx, const char *list, struct problem *problem)
{
	const char *p = list + strspn(list, SEPARATORS);
	bool any[2] = { false, false }, suites;
	size_t n;

	for (; (n = strcspn(p, SEPARATORS)) != 0;
	     p += n, p += strspn(p, SEPARATORS)) {
		suites = is_suite(p, n);
		any[suites] = true;
		/* what takes away or sorts selects nothing by itself */
		if (!strchr("!-+@", *p) && !selects(ctx, p, n, suites))
			return problem_hint(problem, FAIL_USAGE,
			    "openssl ciphers -s -v shows those that there are",
			    "--tls-ciphers %s: \"%.*s\" is no cipher that can "
			    "be used",
			    list, (int)n, p);
	}
	for (n = 0; n < 2; n++)
		if (any[n] && !selects(ctx, list, strlen(list), n))
			return problem_set(problem, FAIL_USAGE,
			    "--tls-ciphers %s: it selects nothing for TLS 1.%d",
			    list, n ? 3 : 2);
	if (!any[0] && !any[1])
		return problem_set(problem, FAIL_USAGE,
		    "--tls-ciphers %s: no cipher in it", list);
	if (SSL_CTX_get_security_level(ctx) < LEVEL)
		return problem_set(problem, FAIL_USAGE,
		    "--tls-ciphers %s: the security level is %d at least", list,
		    LEVEL);
	return 0;
}

int
context_ciphers(const char *list, struct problem *problem)
{
	SSL_CTX *ctx = make();
	int rv;

	if (ctx == NULL)
		return problem_set(problem, FAIL_SYSTEM, "TLS: %s", reason());
	if (SSL_CTX_get_security_level(ctx) < LEVEL)
		SSL_CTX_set_security_level(ctx, LEVEL);
	rv = check(ctx, list, problem);
	SSL_CTX_free(ctx);
	return rv;
}

static int
set_up(SSL_CTX *ctx, const struct tls_options *options, struct problem *problem)
{
	const struct identity *own = options->identity;

	if ((options->newest &&
		!SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION)) ||
	    (options->ciphers && set_ciphers(ctx, options->ciphers) == -1))
		return problem_set(problem, FAIL_SYSTEM, "TLS: %s", reason());
	SSL_CTX_set_options(
	    ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	if (SSL_CTX_get_security_level(ctx) < LEVEL)
		SSL_CTX_set_security_level(ctx, LEVEL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(ctx, 262144);
	SSL_CTX_set_verify_depth(ctx, 10);
	if (own &&
	    !SSL_CTX_use_cert_and_key(ctx, own->cert, own->key, own->chain, 1))
		return problem_set(problem, FAIL_INPUT,
		    "--tls-cert: it cannot be used: %s", reason());
	if (options->npin) /* nobody else is trusted */
		return 0;
	if (options->authorities == NULL)
		return trust_system(SSL_CTX_get_cert_store(ctx), problem);
	SSL_CTX_set1_cert_store(ctx, options->authorities);
	return 0;
}

SSL_CTX *
context_new(const struct tls_options *options, struct problem *problem)
{
	SSL_CTX *ctx = make();

	if (ctx == NULL)
		problem_set(problem, FAIL_SYSTEM, "TLS: %s", reason());
	else if (set_up(ctx, options, problem) == 0)
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

int
context_try(const struct tls_options *options, struct problem *problem)
{
	SSL_CTX *ctx = context_new(options, problem);

	SSL_CTX_free(ctx);
	return ctx ? 0 : -1;
}
