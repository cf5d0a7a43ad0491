#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "smtp/parameters.h"

#define NOON 1893499200 /* 2030-01-01T12:00:00Z */

static void
xtext(void)
{
	static const struct {
		const char *plain, *encoded;
	} rows[] = {
		{ "", "" },
		{ "b@y.org", "b@y.org" },
		{ "QQ+1", "QQ+2B1" },
		{ "a+b=c \xc3\xa9", "a+2Bb+3Dc+20+C3+A9" }, /* R-3461-04 */
		{ "!~", "!~" },
		{ "\x01\x1f\x7f\x80\xff", "+01+1F+7F+80+FF" },
	};
	struct buf out = { 0 };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_clear(&out);
		parameters_xtext(&out, rows[i].plain);
		CHECK_STR(buf_str(&out), rows[i].encoded, rows[i].plain);
	}
	buf_free(&out);
}

static const char *extras[] = { "X-FOO=bar", "Y" };
static const char *own_orcpt[] = { "orcpt=rfc822;x@y" };

static const struct {
	struct parameters asked;
	const char *mail;
	const char *rcpt; /* for b+c@server.test */
} lines[] = {
	{ { 0 }, "", "" },
	{ { .ret = "HDRS", .envid = "QQ+1" }, " RET=HDRS ENVID=QQ+2B1",
	    " ORCPT=rfc822;b+2Bc@server.test" },
	{ { .notify = 1 << DSN_FAILURE | 1 << DSN_SUCCESS }, "",
	    " NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+2Bc@server.test" },
	{ { .notify = 1 << DSN_NEVER }, "",
	    " NOTIFY=NEVER ORCPT=rfc822;b+2Bc@server.test" },
	{ { .requiretls = true }, " REQUIRETLS", "" },
	{ { .hold_for = 3600 }, " HOLDFOR=3600", "" },
	{ { .hold_until = NOON }, " HOLDUNTIL=2030-01-01T12:00:00Z", "" },
	{ { .by_mode = 'R', .by_seconds = 120 }, " BY=120;R", "" },
	{ { .by_mode = 'N', .by_seconds = -5 }, " BY=-5;N", "" },
	{ { .prioritized = true, .priority = -9 }, " MT-PRIORITY=-9", "" },
	{ { .prioritized = true }, " MT-PRIORITY=0", "" },
	{ { .mail = extras, .nmail = 2 }, " X-FOO=bar Y", "" },
	{ { .rcpt = extras, .nrcpt = 2 }, "", " X-FOO=bar Y" },
	{ { .notify = 1 << DSN_DELAY, .rcpt = own_orcpt, .nrcpt = 1 }, "",
	    " NOTIFY=DELAY orcpt=rfc822;x@y" },
};

static struct address
address_of(const char *text)
{
	struct problem problem = { 0 };
	struct address a;

	CHECK(address_parse(&a, text, ADDRESS_RECIPIENT, &problem) == 0);
	problem_free(&problem);
	return a;
}

static void
what_is_said(void)
{
	struct address b = address_of("b+c@server.test");
	struct buf out = { 0 };
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		parameters_mail(&lines[i].asked, &out);
		CHECK_STR(buf_str(&out), lines[i].mail, lines[i].rcpt);
		buf_clear(&out);
		parameters_rcpt(&lines[i].asked, b.path, b.utf8, &out);
		CHECK_STR(buf_str(&out), lines[i].rcpt, lines[i].mail);
		buf_clear(&out);
		CHECK(parameters_any(&lines[i].asked) == (i > 0));
	}
	buf_free(&out);
	address_free(&b);
}

/* RFC 3461 4.2, RFC 6533 3. */
static void
original_recipients(void)
{
	static const struct {
		const char *address, *said;
	} rows[] = {
		{ "Postmaster", " NOTIFY=DELAY ORCPT=rfc822;Postmaster" },
		{ "\"a =b\"@y.test",
		    " NOTIFY=DELAY ORCPT=rfc822;\"a+20+3Db\"@y.test" },
		{ "\xc3\xa9@y.test",
		    " NOTIFY=DELAY ORCPT=utf-8;\xc3\xa9@y.test" },
		{ "\"\xc3\xa9 +=\\\\\"@y.test",
		    " NOTIFY=DELAY ORCPT=utf-8;\"\xc3\xa9\\x{20}\\x{2B}\\x{3D}"
		    "\\x{5C}\\x{5C}\"@y.test" },
	};
	const struct parameters asked = { .notify = 1 << DSN_DELAY };
	struct buf out = { 0 };
	struct address a;
	char local[80], octets[256];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		a = address_of(rows[i].address);
		parameters_rcpt(&asked, a.path, a.utf8, &out);
		CHECK_STR(buf_str(&out), rows[i].said, rows[i].address);
		buf_clear(&out);
		address_free(&a);
	}
	/* what would have more than 500 octets is left out */
	memset(local, '+', 62);
	strcpy(local + 62, "\xc3\xa9");
	memset(octets, 'a', sizeof(octets));
	for (i = 50; i < 150; i += 50)
		octets[i] = '.';
	octets[140] = '\0';
	buf_addf(&out, "%s@%s", local, octets);
	a = address_of(buf_str(&out));
	buf_clear(&out);
	parameters_rcpt(&asked, a.path, a.utf8, &out);
	CHECK_STR(buf_str(&out), " NOTIFY=DELAY", "long address");
	address_free(&a);
	buf_free(&out);
}

static void
syntax(void)
{
	static const char *const good[] = { "X", "x-y=z", "9=!~+2B", "AUTH=<>",
		"RET=FULL", "SIZES=1", "BODY-X" };
	static const char *const bad[] = { "", " ", "=", "=x", "X=", "-X",
		"X Y", "X=a b", "X=a=b", "X==", "X\r\nRCPT", "X=\n", "X=\x7f",
		"X=\xc3\xa9", "X_Y", "X;Y", "\xc3\xa9", "X ", "SIZE=1", "size",
		"BODY=8BITMIME", "smtputf8", "PRDR", "RequireTLS",
		"REQUIRETLS=1" };
	struct problem problem = { 0 };
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK_INT(parameters_syntax(good[i], &problem), 0, good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(parameters_syntax(bad[i], &problem), -1, bad[i]);
		CHECK_INT(problem.class, FAIL_USAGE, bad[i]);
		problem_free(&problem);
	}
}

/* What is wrong with them for a to b+c; NULL: nothing. */
static void
checked(const struct parameters *asked, const char *wrong)
{
	struct envelope e = { 0 };
	struct problem problem = { 0 };
	int rv;

	CHECK(envelope_sender(&e, "a@client.test", &problem) == 0);
	CHECK(envelope_recipient(&e, "b+c@server.test", &problem) == 0);
	rv = parameters_check(asked, &e, &problem);
	CHECK_INT(rv, wrong ? -1 : 0, wrong);
	CHECK_STR(buf_str(&problem.text), wrong ? wrong : "", "check");
	CHECK_INT(problem.class, wrong ? FAIL_USAGE : FAIL_NONE, wrong);
	problem_free(&problem);
	envelope_free(&e);
}

static void
a_keyword_twice(void)
{
	static const char *ret[] = { "ret=FULL" };
	static const char *twice[] = { "X=1", "Y", "x" };
	static const char *notify[] = { "NOTIFY=NEVER" };
	static const char *alike[] = { "X", "XY", "X-Y=1" };

	checked(&(struct parameters){ .ret = "HDRS", .mail = ret, .nmail = 1 },
	    "the parameter ret is given twice");
	checked(&(struct parameters){ .mail = twice, .nmail = 3 },
	    "the parameter x is given twice");
	checked(&(struct parameters){ .rcpt = twice, .nrcpt = 3 },
	    "the parameter x is given twice");
	checked(&(struct parameters){ .notify = 1, .rcpt = notify, .nrcpt = 1 },
	    "the parameter NOTIFY is given twice");
	checked(&(struct parameters){ .mail = alike, .nmail = 3 }, NULL);
	checked(
	    &(struct parameters){
		.mail = alike, .nmail = 1, .rcpt = alike, .nrcpt = 1 },
	    NULL);
}

/* R-5321-28: 512 octets, and what the extensions add. */
static void
long_lines(void)
{
	char value[1200], envid[101];
	const char *list[] = { value };
	struct parameters asked = { .mail = list, .nmail = 1 };

	memset(value, 'x', sizeof(value));
	/* "MAIL FROM:<a@client.test> " and CRLF take 28 */
	value[512 - 28] = '\0';
	checked(&asked, NULL);
	asked.envid = "x"; /* 8 octets, and 100 more are allowed */
	checked(&asked, NULL);
	asked.envid = NULL;
	strcpy(value + 512 - 28, "x");
	checked(&asked, "MAIL FROM:<a@client.test>: with its parameters the "
			"line has 513 octets, and 512 are allowed");

	memset(value, 'x', sizeof(value));
	/* "RCPT TO:<b+c@server.test> " and CRLF */
	value[512 - 28] = '\0';
	asked = (struct parameters){ .rcpt = list, .nrcpt = 1 };
	checked(&asked, NULL);
	strcpy(value + 512 - 28, "x");
	checked(&asked, "RCPT TO:<b+c@server.test>: with its parameters the "
			"line has 513 octets, and 512 are allowed");

	/* the program's own are never too long */
	memset(envid, '=', 100);
	envid[100] = '\0';
	checked(&(struct parameters){ .notify = 7,
		    .ret = "FULL",
		    .envid = envid,
		    .requiretls = true,
		    .hold_until = NOON,
		    .by_mode = 'N',
		    .by_seconds = -999999999,
		    .prioritized = true,
		    .priority = -9 },
	    NULL);
}

/* What a server says to what is asked, at NOON; NULL: it is fine. */
static const struct {
	struct parameters asked;
	struct extensions offer;
	bool verified;
	const char *wrong;
} fits[] = {
	{ { 0 }, { 0 }, false, NULL },
	{ { .ret = "HDRS" }, { .offered = EXT_DSN }, false, NULL },
	{ { .ret = "HDRS" }, { .offered = ~EXT_DSN }, false,
	    "RET=HDRS: the server does not offer DSN" },
	{ { .envid = "a b" }, { 0 }, false,
	    "ENVID=a+20b: the server does not offer DSN" },
	{ { .notify = 1 << DSN_NEVER }, { 0 }, false,
	    "NOTIFY=NEVER: the server does not offer DSN" },
	{ { .rcpt = own_orcpt, .nrcpt = 1 }, { 0 }, false,
	    "orcpt=rfc822;x@y: the server does not offer DSN" },
	/* what belongs to no known extension */
	{ { .mail = extras, .nmail = 2, .rcpt = extras, .nrcpt = 2 }, { 0 },
	    false, NULL },

	/* RFC 8689 4.2.1 */
	{ { .requiretls = true }, { .offered = EXT_REQUIRETLS }, true, NULL },
	{ { .requiretls = true }, { .offered = EXT_REQUIRETLS }, false,
	    "REQUIRETLS: the connection is not protected by TLS with a "
	    "verified certificate" },
	{ { .requiretls = true }, { .offered = EXT_STARTTLS }, true,
	    "REQUIRETLS: the server does not offer REQUIRETLS" },

	/* RFC 4865 */
	{ { .hold_for = 60 }, { .offered = EXT_FUTURERELEASE }, false, NULL },
	{ { .hold_for = 60 }, { 0 }, false,
	    "HOLDFOR=60: the server does not offer FUTURERELEASE" },
	{ { .hold_until = NOON + 60 }, { 0 }, false,
	    "HOLDUNTIL=2030-01-01T12:01:00Z: the server does not offer "
	    "FUTURERELEASE" },
	{ { .hold_for = 60 },
	    { .offered = EXT_FUTURERELEASE,
		.hold_seconds = 60,
		.hold_until = NOON + 60 },
	    false, NULL },
	{ { .hold_until = NOON + 60 },
	    { .offered = EXT_FUTURERELEASE,
		.hold_seconds = 60,
		.hold_until = NOON + 60 },
	    false, NULL },
	{ { .hold_for = 7200 },
	    { .offered = EXT_FUTURERELEASE, .hold_seconds = 3600 }, false,
	    "the message is to be held for 7200 seconds, the server holds one "
	    "for 3600 (FUTURERELEASE)" },
	{ { .hold_until = NOON + 61 },
	    { .offered = EXT_FUTURERELEASE, .hold_seconds = 60 }, false,
	    "the message is to be held for 61 seconds, the server holds one "
	    "for 60 (FUTURERELEASE)" },
	{ { .hold_for = 61 },
	    { .offered = EXT_FUTURERELEASE, .hold_until = NOON + 60 }, false,
	    "the message is to be held longer than until "
	    "2030-01-01T12:01:00Z, and the server does not do that "
	    "(FUTURERELEASE)" },
	{ { .hold_until = NOON + 61 },
	    { .offered = EXT_FUTURERELEASE, .hold_until = NOON + 60 }, false,
	    "the message is to be held longer than until "
	    "2030-01-01T12:01:00Z, and the server does not do that "
	    "(FUTURERELEASE)" },

	/* RFC 2852: the minimum is for returns */
	{ { .by_mode = 'R', .by_seconds = 60 },
	    { .offered = EXT_DELIVERBY, .by_least = 60 }, false, NULL },
	{ { .by_mode = 'R', .by_seconds = 30 },
	    { .offered = EXT_DELIVERBY, .by_least = 60 }, false,
	    "the message is to be returned after 30 seconds, the server takes "
	    "no less than 60 (DELIVERBY)" },
	{ { .by_mode = 'N', .by_seconds = -30 },
	    { .offered = EXT_DELIVERBY, .by_least = 60 }, false, NULL },
	{ { .by_mode = 'N', .by_seconds = 30 }, { 0 }, false,
	    "BY=30;N: the server does not offer DELIVERBY" },

	{ { .prioritized = true, .priority = 3 },
	    { .offered = EXT_MT_PRIORITY }, false, NULL },
	{ { .prioritized = true, .priority = 3 }, { 0 }, false,
	    "MT-PRIORITY=3: the server does not offer MT-PRIORITY" },
};

static void
what_a_server_takes(void)
{
	struct problem problem = { 0 };
	const char *wrong;
	size_t i;
	int rv;

	for (i = 0; i < sizeof(fits) / sizeof(fits[0]); i++) {
		wrong = fits[i].wrong;
		rv = parameters_fit(&fits[i].asked, &fits[i].offer,
		    fits[i].verified, NOON, &problem);
		CHECK_INT(rv, wrong ? -1 : 0, wrong);
		CHECK_INT(
		    problem.class, wrong ? FAIL_MESSAGE : FAIL_NONE, wrong);
		CHECK_STR(buf_str(&problem.text), wrong ? wrong : "", "fit");
		problem_free(&problem);
	}
}

int
main(void)
{
	xtext();
	what_is_said();
	original_recipients();
	syntax();
	a_keyword_twice();
	long_lines();
	what_a_server_takes();
	return check_done("t_parameters");
}
