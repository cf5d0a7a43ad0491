#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "check.h"
#include "smtp/sasl.h"

#define BYTES(s) s, sizeof(s) - 1

/* RFC 2195 2 */
#define POSTOFFICE "<1896.697170952@postoffice.reston.mci.net>"

/* 65 octets, so that the key is their MD5, which is 7d a0 00 28 ...: a key
 * taken for a string ends after its second octet (R-CRAM) */
#define LONG_PASSWORD                                                          \
	"x00000000000000000000000000000000"                                    \
	"00000000000000000000000000000107"

static const struct {
	const char *mechanism;
	const char *authzid, *user;
	const char *password;
	size_t npassword;
	int step;
	const char *challenge;
	const char *response; /* NULL: cancelled */
	size_t nresponse;
	enum failure failure;
} rows[] = {
	/* RFC 4616 4 */
	{ "PLAIN", NULL, "tim", BYTES("tanstaaftanstaaf"), 0, "",
	    BYTES("\0tim\0tanstaaftanstaaf"), FAIL_NONE },
	{ "PLAIN", "Ursel", "Kurt", BYTES("xipj3plmq"), 0, "",
	    BYTES("Ursel\0Kurt\0xipj3plmq"), FAIL_NONE },
	{ "PLAIN", "", "user", BYTES("pass"), 0, "", BYTES("\0user\0pass"),
	    FAIL_NONE },
	{ "PLAIN", NULL, "user", BYTES(""), 0, "", BYTES("\0user\0"),
	    FAIL_NONE },
	{ "PLAIN", NULL, "j\xc3\xb6", BYTES("\xe2\x82\xac"), 0, "",
	    BYTES("\0j\xc3\xb6\0\xe2\x82\xac"), FAIL_NONE },
	{ "PLAIN", NULL, "user", BYTES("sec\0ret"), 0, "", NULL, 0,
	    FAIL_USAGE },
	{ "PLAIN", NULL, "user", BYTES("sec\0"), 0, "", NULL, 0, FAIL_USAGE },
	{ "PLAIN", NULL, "user", BYTES("pass"), 1, "more", NULL, 0,
	    FAIL_PROTOCOL },

	{ "LOGIN", NULL, "user", BYTES("pass"), 0, "Username:", BYTES("user"),
	    FAIL_NONE },
	{ "LOGIN", NULL, "user", BYTES("pass"), 1, "Password:", BYTES("pass"),
	    FAIL_NONE },
	{ "LOGIN", NULL, "user", BYTES("pass"), 0, "Password:", BYTES("user"),
	    FAIL_NONE },
	{ "LOGIN", NULL, "user", BYTES("pass"), 1, "", BYTES("pass"),
	    FAIL_NONE },
	{ "LOGIN", NULL, "user", BYTES("pass"), 2, "Username:", NULL, 0,
	    FAIL_PROTOCOL },

	{ "EXTERNAL", NULL, "", BYTES(""), 0, "", BYTES(""), FAIL_NONE },
	{ "EXTERNAL", NULL, "ann", BYTES(""), 0, "", BYTES("ann"), FAIL_NONE },
	{ "EXTERNAL", "bob", "ann", BYTES(""), 0, "", BYTES("bob"), FAIL_NONE },
	{ "EXTERNAL", NULL, "ann", BYTES(""), 1, "more", NULL, 0,
	    FAIL_PROTOCOL },

	/* as RFC 7628 4.1 */
	{ "OAUTHBEARER", NULL, "user@example.com", BYTES("vF9dft4qmTc2Nvb3"), 0,
	    "",
	    BYTES("n,a=user@example.com,\1host=mx.test\1port=587\1"
		  "auth=Bearer vF9dft4qmTc2Nvb3\1\1"),
	    FAIL_NONE },
	{ "OAUTHBEARER", "b=o,b", "ann", BYTES("t"), 0, "",
	    BYTES("n,a=b=3Do=2Cb,\1host=mx.test\1port=587\1"
		  "auth=Bearer t\1\1"),
	    FAIL_NONE },
	{ "OAUTHBEARER", NULL, "ann", BYTES("t-o-k"), 2, "{}", NULL, 0,
	    FAIL_PROTOCOL },
	{ "XOAUTH2", NULL, "someuser@example.com", BYTES("ya29.vF9dft4qmTc2"),
	    0, "",
	    BYTES("user=someuser@example.com\1"
		  "auth=Bearer ya29.vF9dft4qmTc2\1\1"),
	    FAIL_NONE },
	{ "XOAUTH2", NULL, "ann", BYTES("t-o-k"), 2, "{}", NULL, 0,
	    FAIL_PROTOCOL },

	{ "CRAM-MD5", NULL, "tim", BYTES("tanstaaftanstaaf"), 0, POSTOFFICE,
	    BYTES("tim b913a602c7eda7a495b4e6e7334d3890"), FAIL_NONE },
	{ "CRAM-MD5", NULL, "tim", BYTES(LONG_PASSWORD), 0, POSTOFFICE,
	    BYTES("tim e9739cd326a80998a1a9acf9a6f22a71"), FAIL_NONE },
	{ "CRAM-MD5", NULL, "tim",
	    BYTES("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
		  "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"),
	    0, POSTOFFICE, BYTES("tim 10e7df3c0008f45346ea432a3a954003"),
	    FAIL_NONE },
	{ "CRAM-MD5", NULL, "tim", BYTES("p\0q"), 0, POSTOFFICE,
	    BYTES("tim 8bf918a9b71a388f562371dc2449ca9e"), FAIL_NONE },
	{ "CRAM-MD5", NULL, "tim", BYTES(""), 0, POSTOFFICE,
	    BYTES("tim a00b54b824afa19ec2de0f73cb2a04c2"), FAIL_NONE },
	{ "CRAM-MD5", NULL, "tim", BYTES("pass"), 0, "", NULL, 0,
	    FAIL_PROTOCOL },
	{ "CRAM-MD5", NULL, "tim", BYTES("pass"), 1, POSTOFFICE, NULL, 0,
	    FAIL_PROTOCOL },
};

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

static void
same(const struct buf *got, const char *want, size_t len, const char *name)
{
	CHECK_INT(buf_len(got), len, name);
	CHECK(buf_len(got) == len && memcmp(buf_head(got), want, len) == 0);
}

static void
responses(void)
{
	struct credentials c;
	struct buf challenge, out;
	struct exchange x;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c = (struct credentials){ mem_string(rows[i].user),
			mem_string(rows[i].authzid),
			exact(rows[i].password, rows[i].npassword), 0, false };
		challenge = exact(rows[i].challenge, strlen(rows[i].challenge));
		out = (struct buf){ .secret = true };
		x = (struct exchange){ .mechanism =
					   sasl_find(rows[i].mechanism),
			.credentials = &c,
			.host = "mx.test",
			.port = 587,
			.step = rows[i].step };
		CHECK_INT(x.mechanism->respond(&x, &challenge, &out),
		    rows[i].response ? 0 : -1, rows[i].mechanism);
		same(&out, rows[i].response ? rows[i].response : "",
		    rows[i].nresponse, rows[i].mechanism);
		CHECK_INT(x.problem.class, rows[i].failure, rows[i].mechanism);
		CHECK(rows[i].npassword == 0 || strstr(buf_str(&x.problem.text),
						    rows[i].password) == NULL);
		exchange_free(&x);
		credentials_free(&c);
		CHECK(!c.user && !c.authzid && buf_len(&c.password) == 0);
		buf_free(&challenge);
		buf_free(&out);
	}
}

/* What the server says of a token is kept, and can drive no terminal. */
static void
refusals(void)
{
	static const struct {
		const char *mechanism;
		const char *challenge;
		const char *dummy, *kept;
	} refused[] = {
		{ "OAUTHBEARER", "{\"status\":\"invalid_token\"}", "\1",
		    "{\"status\":\"invalid_token\"}" },
		{ "XOAUTH2", "{\"status\":\"401\"}", "",
		    "{\"status\":\"401\"}" },
		{ "XOAUTH2", "\033[2J\n", "", "\\x1B[2J\\x0A" },
		{ "OAUTHBEARER", "", "\1", "no reason given" },
	};
	struct buf challenge, out = { 0 };
	struct exchange x;
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		challenge =
		    exact(refused[i].challenge, strlen(refused[i].challenge));
		x = (struct exchange){
			.mechanism = sasl_find(refused[i].mechanism), .step = 1
		};
		CHECK_INT(x.mechanism->respond(&x, &challenge, &out), 0,
		    refused[i].kept);
		CHECK_STR(buf_str(&out), refused[i].dummy, refused[i].kept);
		CHECK_STR(buf_str(&x.refusal), refused[i].kept, "refusal");
		exchange_free(&x);
		buf_free(&challenge);
		buf_clear(&out);
	}
	buf_free(&out);
}

/* Where MD5 is forbidden (FIPS) CRAM-MD5 fails, and leaves no OpenSSL error
 * behind that would be taken for one of TLS. */
static void
without_md5(void)
{
	char user[] = "tim";
	struct credentials c = { .user = user };
	struct buf challenge = { 0 }, out = { .secret = true };
	struct exchange x = { .mechanism = sasl_find("CRAM-MD5"),
		.credentials = &c };

	buf_adds(&challenge, POSTOFFICE);
	EVP_set_default_properties(NULL, "fips=yes");
	CHECK_INT(x.mechanism->respond(&x, &challenge, &out), -1, "no MD5");
	EVP_set_default_properties(NULL, "");
	CHECK_INT(x.problem.class, FAIL_AUTH, "no MD5");
	CHECK_INT(buf_len(&out), 0, "no MD5");
	CHECK(ERR_peek_error() == 0);
	exchange_free(&x);
	buf_free(&challenge);
	buf_free(&out);
}

/* Strongest first (R-4954-09); which of them show the password. */
static void
the_table(void)
{
	static const struct {
		const char *name;
		bool cleartext, initial;
	} table[] = {
		{ "EXTERNAL", false, true },
#ifdef HAVE_GSSAPI
		{ "GSSAPI", false, true },
#endif
		{ "SCRAM-SHA-512-PLUS", false, true },
		{ "SCRAM-SHA-256-PLUS", false, true },
		{ "SCRAM-SHA-1-PLUS", false, true },
		{ "SCRAM-SHA-512", false, true },
		{ "SCRAM-SHA-256", false, true },
		{ "SCRAM-SHA-1", false, true },
		{ "OAUTHBEARER", true, true },
		{ "XOAUTH2", true, true },
		{ "PLAIN", true, true },
		{ "LOGIN", true, false },
		{ "CRAM-MD5", false, false },
	};
	const struct mechanism *m;
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		m = sasl_mechanism(i);
		if (!CHECK(m != NULL))
			return;
		CHECK_STR(m->name, table[i].name, "name");
		CHECK_INT(m->cleartext, table[i].cleartext, m->name);
		CHECK_INT(m->initial, table[i].initial, m->name);
		CHECK(sasl_find(m->name) == m);
	}
	CHECK(sasl_mechanism(i) == NULL);
	CHECK(sasl_mechanism(SIZE_MAX) == NULL);
	CHECK(sasl_find("cram-md5") == sasl_mechanism(i - 1));
	CHECK(sasl_find("PLAI") == NULL);
	CHECK(sasl_find("PLAINX") == NULL);
	CHECK(sasl_find("") == NULL);
}

/* RFC 4648 10, and octets of all kinds */
static void
base64_both_ways(void)
{
	static const struct {
		const char *octets;
		size_t len;
		const char *text;
	} pairs[] = {
		{ BYTES(""), "" },
		{ BYTES("f"), "Zg==" },
		{ BYTES("fo"), "Zm8=" },
		{ BYTES("foo"), "Zm9v" },
		{ BYTES("foob"), "Zm9vYg==" },
		{ BYTES("fooba"), "Zm9vYmE=" },
		{ BYTES("foobar"), "Zm9vYmFy" },
		{ BYTES("\0"), "AA==" },
		{ BYTES("\0\0"), "AAA=" },
		{ BYTES("\0user\0pass"), "AHVzZXIAcGFzcw==" },
		{ BYTES("\xff\xff\xff"), "////" },
		{ BYTES("\xfb\xef\xbe"), "++++" },
	};
	struct buf out = { 0 }, in;
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		in = exact(pairs[i].octets, pairs[i].len);
		base64_encode(&out, buf_head(&in), buf_len(&in));
		CHECK_STR(buf_str(&out), pairs[i].text, pairs[i].text);
		buf_free(&in);
		buf_clear(&out);
		in = exact(pairs[i].text, strlen(pairs[i].text));
		CHECK_INT(base64_decode(&out, buf_head(&in), buf_len(&in)), 0,
		    pairs[i].text);
		same(&out, pairs[i].octets, pairs[i].len, pairs[i].text);
		buf_free(&in);
		buf_clear(&out);
	}
	buf_free(&out);
}

/* R-4954-05, F-160, F-161 */
static void
base64_is_strict(void)
{
	static const struct {
		const char *text;
		size_t len;
	} wrong[] = {
		{ BYTES("!!!!") }, { BYTES("=AAA") }, { BYTES("A=AA") },
		{ BYTES("AA=A") }, { BYTES("A===") }, { BYTES("====") },
		{ BYTES("=") }, { BYTES("==") }, { BYTES("A") },
		{ BYTES("AA") }, { BYTES("AAA") }, { BYTES("AAAAA") },
		{ BYTES("AAA=BBB") }, { BYTES("AAA=BBBB") },
		{ BYTES("AA==BBBB") }, { BYTES("AAAA=") },
		{ BYTES("AAAA====") }, { BYTES("AA A") }, { BYTES(" AAA") },
		{ BYTES("AAA ") }, { BYTES("AAAA    ") }, { BYTES("    AAAA") },
		{ BYTES("AA\r\n") }, { BYTES("AAAA\r\n") },
		{ BYTES("AAAA\n\n\n\n") }, { BYTES("AA\0A") },
		{ BYTES("AAA\0") }, { BYTES("AA-_") }, { BYTES("AAA\xc1") },
		{ BYTES("Zh==") }, /* bits that do not count */
		{ BYTES("ZgZh==") }, { BYTES("AB==") }, { BYTES("AI==") },
		{ BYTES("AAC=") }, { BYTES("A/==") }, { BYTES("AAB=") },
		{ BYTES("AA/=") }, { BYTES("Username:") }, /* F-168 */
	};
	struct buf out = { 0 }, in;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		in = exact(wrong[i].text, wrong[i].len);
		CHECK_INT(base64_decode(&out, buf_head(&in), buf_len(&in)), -1,
		    wrong[i].text);
		CHECK_INT(buf_len(&out), 0, wrong[i].text);
		buf_free(&in);
	}
	buf_free(&out);
}

/* Every length around the pieces in which OpenSSL gets it, appended. */
static void
base64_of_any_size(void)
{
	struct buf text = { 0 }, out = { .secret = true };
	char octets[40000];
	size_t i, len;

	for (i = 0; i < sizeof(octets); i++)
		octets[i] = (char)(i * 7 + i / 251);
	for (len = 0; len <= sizeof(octets); len += len < 300 ? 1 : 97) {
		buf_clear(&text);
		buf_clear(&out);
		buf_adds(&text, "AUTH ");
		base64_encode(&text, octets, len);
		CHECK_INT(buf_len(&text), 5 + (len + 2) / 3 * 4, "length");
		buf_take(&text, 5);
		buf_adds(&out, "x");
		CHECK_INT(base64_decode(&out, buf_head(&text), buf_len(&text)),
		    0, "decoding");
		buf_take(&out, 1);
		same(&out, octets, len, "there and back");
	}
	buf_free(&text);
	buf_free(&out);
}

int
main(void)
{
	responses();
	refusals();
	without_md5();
	the_table();
	base64_both_ways();
	base64_is_strict();
	base64_of_any_size();
	return check_done("t_sasl");
}
