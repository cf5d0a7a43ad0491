#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/saslprep.h"
#include "check.h"
#include "smtp/sasl.h"

#define NONCE1 "fyko+d2lbbFgONRv9qkxdawL"
#define SERVER1 NONCE1 "3rfcNHYJY1ZVvWVs7j"
#define FIRST1 "r=" SERVER1 ",s=QSXCR+Q6sek8bf92,i=4096"
#define NONCE2 "rOprNGfwEbeRWgbNEkqO"
#define SERVER2 NONCE2 "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define SALT2 "s=W22ZaJ0SNY7soEsUEjb6gQ=="
#define FIRST2 "r=" SERVER2 "," SALT2 ",i=4096"

#define P(c) c c c c c c c c c c
#define P200 P("pppppppppppppppppppp")

/* RFC 5802 5 and RFC 7677 3 word for word; the others with Python's hashlib. */
static const struct {
	const char *mechanism, *user, *authzid, *password, *nonce;
	const char *binding; /* NULL: no TLS */
	bool offered; /* a mechanism that binds */
	bool library; /* needs libidn */
	const char *first, *server_first, *final, *server_final;
} vectors[] = {
	{ "SCRAM-SHA-1", "user", NULL, "pencil", NONCE1, NULL, false, false,
	    "n,,n=user,r=" NONCE1, FIRST1,
	    "c=biws,r=" SERVER1 ",p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
	    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=" },
	{ "SCRAM-SHA-256", "user", NULL, "pencil", NONCE2, NULL, false, false,
	    "n,,n=user,r=" NONCE2, FIRST2,
	    "c=biws,r=" SERVER2
	    ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" },
	{ "SCRAM-SHA-512", "user", NULL, "pencil", NONCE2, NULL, false, false,
	    "n,,n=user,r=" NONCE2, FIRST2,
	    "c=biws,r=" SERVER2
	    ",p=gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN"
	    "8PPC6wdp6dybEmDYXYTxwnYPJQ==",
	    "v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVG"
	    "T4+5ZxXnJq199RVG2rR7N7Zw==" },
	/* a key of more than a block, and rounds that are looked at twice */
	{ "SCRAM-SHA-512", "user", NULL, P200, NONCE2, NULL, false, false,
	    "n,,n=user,r=" NONCE2, "r=" SERVER2 "," SALT2 ",i=70001,x=y",
	    "c=biws,r=" SERVER2
	    ",p=aiOPMibuRwJ6bEgtfyzFxAex6ILMwGtuN3pxMyR9RMNe+8DM5jV+qxmfilk7"
	    "BnercRg+cbfkhd3poBXvjr0qvA==",
	    "v=YU9gApjfmPhHBrju/f7S4DDvH5a7wbKB99UjcGgbsJrCKcAT1wkisun8ABrWnW"
	    "X0xof4lsxHNZpuSMoA2PfYLg==" },
	/* with TLS, and no mechanism that binds is offered */
	{ "SCRAM-SHA-256", "user", NULL, "pencil", NONCE2, "tls-exporter",
	    false, false, "y,,n=user,r=" NONCE2, FIRST2,
	    "c=eSws,r=" SERVER2
	    ",p=FoqiHTtQEDE8lz1CdaEe3tK4mS+iMDTl77SPyDS53DY=",
	    "v=dI4KpiQJwBr1+V+K6U1dA6l6I4I9DUNXWND4pcpRU3U=" },
	/* never y where one is (R-SCRAM-04) */
	{ "SCRAM-SHA-256", "user", NULL, "pencil", NONCE2, "tls-exporter", true,
	    false, "n,,n=user,r=" NONCE2, FIRST2,
	    "c=biws,r=" SERVER2
	    ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" },
	{ "SCRAM-SHA-256-PLUS", "a=b,c", "b,b=", "pencil", NONCE2,
	    "tls-exporter", true, false,
	    "p=tls-exporter,a=b=2Cb=3D,n=a=3Db=2Cc,r=" NONCE2, FIRST2,
	    "c=cD10bHMtZXhwb3J0ZXIsYT1iPTJDYj0zRCz6+/z9/v8=,r=" SERVER2
	    ",p=XgXkFCXeB24N2cf5Wh42+Ko63nG8vTvboAPwPTMP58c=",
	    "v=GbsL2xdeCxh1uII2YtHzcz3LtmykG4hmS7fn+mORZuc=" },
	{ "SCRAM-SHA-256", "pa\xcc\x88ul", NULL, "I\xc2\xadX", NONCE2, NULL,
	    false, true, "n,,n=p\xc3\xa4ul,r=" NONCE2, FIRST2,
	    "c=biws,r=" SERVER2
	    ",p=CcKzwlrD5alG/v2B0bHSaVzWndoNoKwL5Hvbd1zk5jE=",
	    "v=FvnghcMZay5o6UmHkBfYHixdUBImjUBVvRwOUV2p/Ac=" },
};

/* To the octet, so that a sanitizer sees what is read behind it. */
static struct buf
exact(const char *p, size_t len)
{
	struct buf b = { 0 };

	if (len) {
		b.data = malloc(len);
		memcpy(b.data, p, len);
		b.tail = b.cap = len;
	}
	return b;
}

/* The answer to a challenge; buf_str() of out. */
static int
answer(struct exchange *x, const char *p, size_t len, struct buf *out)
{
	struct buf challenge = exact(p, len);
	int rv;

	buf_clear(out);
	rv = x->mechanism->respond(x, &challenge, out);
	x->step++;
	buf_free(&challenge);
	return rv;
}

static struct exchange
open_exchange(
    const struct credentials *c, const char *mechanism, const char *nonce)
{
	struct exchange x = { .mechanism = sasl_find(mechanism),
		.credentials = c,
		.patience = { -1, CLOCK_NEVER },
		.unbound = true };

	buf_adds(&x.nonce, nonce);
	return x;
}

static void
the_vectors(void)
{
	struct buf out = { .secret = true };
	struct credentials c;
	struct exchange x;
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		c = (struct credentials){ .user = mem_string(vectors[i].user),
			.authzid = mem_string(vectors[i].authzid) };
		buf_adds(&c.password, vectors[i].password);
		x = open_exchange(&c, vectors[i].mechanism, vectors[i].nonce);
		x.binding = vectors[i].binding;
		x.unbound = !vectors[i].offered;
		buf_adds(&x.bound, "\xfa\xfb\xfc\xfd\xfe\xff");
		if (vectors[i].library && saslprep_version() == NULL) {
			CHECK_INT(answer(&x, "", 0, &out), -1, "no library");
			CHECK_INT(x.problem.class, FAIL_AUTH, "no library");
			CHECK(x.problem.hint != NULL);
		} else {
			CHECK_INT(answer(&x, "", 0, &out), 0, "first");
			CHECK_STR(buf_str(&out), vectors[i].first, "first");
			CHECK_INT(answer(&x, vectors[i].server_first,
				      strlen(vectors[i].server_first), &out),
			    0, "final");
			CHECK_STR(buf_str(&out), vectors[i].final, "final");
			CHECK_INT(answer(&x, vectors[i].server_final,
				      strlen(vectors[i].server_final), &out),
			    0, "end");
			CHECK_INT(buf_len(&out), 0, "end");
			CHECK_INT(answer(&x, "", 0, &out), -1, "surplus");
		}
		exchange_free(&x);
		credentials_free(&c);
	}
	buf_free(&out);
}

static const struct {
	const char *first; /* the server's */
	const char *final; /* NULL: first is refused already */
	enum failure failure; /* FAIL_NONE: all is well */
	const char *text; /* part of what is said */
	bool rebind;
} replies[] = {
	{ FIRST1, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", FAIL_NONE, "", false },
	{ FIRST1, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=,x=y", FAIL_NONE, "", false },
	{ FIRST1, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=x", FAIL_AUTH, "cannot prove",
	    false },
	{ FIRST1, "v=rmF9pqV8S7suAoZWja4dJRkFsKR=", FAIL_AUTH, "cannot prove",
	    false },
	{ FIRST1, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ", FAIL_AUTH, "cannot prove",
	    false },
	{ FIRST1, "v=", FAIL_AUTH, "cannot prove", false },
	{ FIRST1, "", FAIL_AUTH, "cannot prove", false },
	{ FIRST1, "e=invalid-proof", FAIL_AUTH,
	    "the server says: invalid-proof", false },
	{ FIRST1, "e=\033[2J", FAIL_AUTH, "the server says: \\x1B[2J", false },
	{ FIRST1, "e=unsupported-channel-binding-type", FAIL_AUTH,
	    "the server says: unsupported", true },
	{ "e=unsupported-channel-binding-type", NULL, FAIL_AUTH, "unsupported",
	    true },
	{ "e=unknown-user", NULL, FAIL_AUTH, "the server says: unknown-user",
	    false },
	{ "e=", NULL, FAIL_PROTOCOL, "no nonce", false },
	{ "m=ext," FIRST1, NULL, FAIL_PROTOCOL, "extension", false },
	{ "", NULL, FAIL_PROTOCOL, "no nonce", false },
	{ "r", NULL, FAIL_PROTOCOL, "no nonce", false },
	{ "r=", NULL, FAIL_PROTOCOL, "no nonce", false },
	{ "r=,s=QSXC,i=4096", NULL, FAIL_PROTOCOL, "no nonce", false },
	{ "s=QSXC,r=" SERVER1 ",i=4096", NULL, FAIL_PROTOCOL, "no nonce",
	    false },
	{ "r=" NONCE1 ",s=QSXC,i=4096", NULL, FAIL_AUTH, "nonce", false },
	{ "r=x" SERVER1 ",s=QSXC,i=4096", NULL, FAIL_AUTH, "nonce", false },
	{ "r=fyko,s=QSXC,i=4096", NULL, FAIL_AUTH, "nonce", false },
	{ "r=FYKO+d2lbbFgONRv9qkxdawLxyz,s=QSXC,i=4096", NULL, FAIL_AUTH,
	    "nonce", false },
	{ "r=" SERVER1, NULL, FAIL_PROTOCOL, "no salt", false },
	{ "r=" SERVER1 ",", NULL, FAIL_PROTOCOL, "no salt", false },
	{ "r=" SERVER1 ",s=,i=4096", NULL, FAIL_PROTOCOL, "no salt", false },
	{ "r=" SERVER1 ",s=QSX,i=4096", NULL, FAIL_PROTOCOL, "no salt", false },
	{ "r=" SERVER1 ",i=4096,s=QSXC", NULL, FAIL_PROTOCOL, "no salt",
	    false },
	{ "r=" SERVER1 ",s=QSXC", NULL, FAIL_PROTOCOL, "rounds", false },
	{ "r=" SERVER1 ",s=QSXC,i=", NULL, FAIL_PROTOCOL, "rounds", false },
	{ "r=" SERVER1 ",s=QSXC,i=many", NULL, FAIL_PROTOCOL, "rounds", false },
	{ "r=" SERVER1 ",s=QSXC,i=-4096", NULL, FAIL_PROTOCOL, "rounds",
	    false },
	{ "r=" SERVER1 ",s=QSXC,i=4096 ", NULL, FAIL_PROTOCOL, "rounds",
	    false },
	{ "r=" SERVER1 ",s=QSXC,i=18446744073709555712", NULL, FAIL_PROTOCOL,
	    "rounds", false },
	{ "r=" SERVER1 ",s=QSXC,i=0", NULL, FAIL_AUTH, "0 rounds", false },
	{ "r=" SERVER1 ",s=QSXC,i=4095", NULL, FAIL_AUTH, "4095 rounds",
	    false },
	{ "r=" SERVER1 ",s=QSXC,i=10000001", NULL, FAIL_AUTH, "10000001 rounds",
	    false },
	{ "r=" SERVER1 ",s=QSXC,i=4294967295", NULL, FAIL_AUTH,
	    "4294967295 rounds", false },
};

/* What a server may say, and what it may not (R-SCRAM-02, -03, S-74). */
static void
what_the_server_says(void)
{
	char user[] = "user";
	struct credentials c = { .user = user };
	struct buf out = { .secret = true };
	struct exchange x;
	size_t i;
	int rv;

	buf_adds(&c.password, "pencil");
	for (i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		x = open_exchange(&c, "SCRAM-SHA-1", NONCE1);
		answer(&x, "", 0, &out);
		rv = answer(
		    &x, replies[i].first, strlen(replies[i].first), &out);
		CHECK_INT(rv, replies[i].final ? 0 : -1, replies[i].first);
		if (replies[i].final)
			rv = answer(&x, replies[i].final,
			    strlen(replies[i].final), &out);
		CHECK_INT(rv, replies[i].failure == FAIL_NONE ? 0 : -1,
		    replies[i].first);
		CHECK_INT(buf_len(&out), 0, replies[i].first);
		CHECK_INT(x.problem.class, replies[i].failure,
		    replies[i].final ? replies[i].final : replies[i].first);
		CHECK_INT(x.rebind, replies[i].rebind, replies[i].first);
		CHECK(
		    strstr(buf_str(&x.problem.text), replies[i].text) != NULL);
		exchange_free(&x);
	}
	buf_free(&out);
	buf_free(&c.password);
}

/* Every beginning of what is right is wrong. */
static void
truncated(void)
{
	static const char first[] = FIRST1;
	char user[] = "user";
	struct credentials c = { .user = user };
	struct buf out = { .secret = true };
	struct exchange x;
	size_t len;

	buf_adds(&c.password, "pencil");
	for (len = 0; len < sizeof(first) - 1; len++) {
		x = open_exchange(&c, "SCRAM-SHA-1", NONCE1);
		answer(&x, "", 0, &out);
		CHECK_INT(answer(&x, first, len, &out), -1, "truncated");
		CHECK(x.problem.class != FAIL_NONE);
		exchange_free(&x);
	}
	buf_free(&out);
	buf_free(&c.password);
}

/* Its own nonce is another each time, of 24 characters (R-SCRAM-01). */
static void
nonces(void)
{
	char user[] = "user";
	struct credentials c = { .user = user };
	struct buf out[2] = { { 0 } };
	struct exchange x;
	int i;

	buf_adds(&c.password, "pencil");
	for (i = 0; i < 2; i++) {
		x = open_exchange(&c, "SCRAM-SHA-256", "");
		CHECK_INT(answer(&x, "", 0, &out[i]), 0, "first");
		CHECK_INT(
		    buf_len(&out[i]), strlen("n,,n=user,r=") + 24, "length");
		exchange_free(&x);
	}
	CHECK(strcmp(buf_str(&out[0]), buf_str(&out[1])) != 0);
	buf_free(&out[0]);
	buf_free(&out[1]);
	buf_free(&c.password);
}

/* Ten million rounds end when a signal comes, or the time is over. */
static void
patience(void)
{
	static const char first[] = "r=" SERVER1 ",s=QSXC,i=10000000";
	static const enum failure want[] = { FAIL_SIGNAL, FAIL_CONNECTION };
	char user[] = "user";
	struct credentials c = { .user = user };
	struct buf out = { .secret = true };
	struct exchange x;
	int fd[2], i;

	if (!CHECK(pipe(fd) == 0 && write(fd[1], "", 1) == 1))
		return;
	buf_adds(&c.password, "pencil");
	for (i = 0; i < 2; i++) {
		x = open_exchange(&c, "SCRAM-SHA-1", NONCE1);
		if (i == 0)
			x.patience.interrupt = fd[0];
		else
			x.patience.deadline = clock_now();
		answer(&x, "", 0, &out);
		CHECK_INT(answer(&x, first, strlen(first), &out), -1, "late");
		CHECK_INT(x.problem.class, want[i], "late");
		exchange_free(&x);
	}
	close(fd[0]);
	close(fd[1]);
	buf_free(&out);
	buf_free(&c.password);
}

/* A password or a name that has no form, and a hash that is not there. */
static void
impossible(void)
{
	static const struct {
		const char *user, *password, *text;
	} cases[] = {
		{ "user", "p\xe4ss", "password: not UTF-8" },
		{ "user", "p\tss", "password: a control character" },
		{ "\xff", "p", "user name: not UTF-8" },
	};
	struct buf out = { .secret = true };
	struct credentials c = { 0 };
	struct exchange x;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c.user = mem_string(cases[i].user);
		buf_adds(&c.password, cases[i].password);
		x = open_exchange(&c, "SCRAM-SHA-1", NONCE1);
		CHECK_INT(answer(&x, "", 0, &out), -1, cases[i].text);
		CHECK_INT(x.problem.class, FAIL_AUTH, cases[i].text);
		CHECK(strstr(buf_str(&x.problem.text), cases[i].text) != NULL);
		exchange_free(&x);
		credentials_free(&c);
	}
	c.user = mem_string("user");
	buf_adds(&c.password, "pencil");
	x = open_exchange(&c, "SCRAM-SHA-1", NONCE1);
	answer(&x, "", 0, &out);
	EVP_set_default_properties(NULL, "fips=yes");
	CHECK_INT(answer(&x, FIRST1, strlen(FIRST1), &out), -1, "no hash");
	EVP_set_default_properties(NULL, "");
	CHECK_STR(buf_str(&x.problem.text),
	    "SCRAM-SHA-1: SHA1 is not available here", "no hash");
	CHECK(ERR_peek_error() == 0);
	exchange_free(&x);
	credentials_free(&c);
	buf_free(&out);
}

int
main(void)
{
	the_vectors();
	what_the_server_says();
	truncated();
	nonces();
	patience();
	impossible();
	return check_done("t_scram");
}
