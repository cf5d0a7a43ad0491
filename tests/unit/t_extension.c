#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "smtp/extension.h"

#define EHLO(s) s, sizeof(s) - 1

#define FLAGS                                                                  \
	(EXT_8BITMIME | EXT_BINARYMIME | EXT_CHUNKING | EXT_DSN |              \
	    EXT_ENHANCEDSTATUSCODES | EXT_PIPELINING | EXT_SMTPUTF8 |          \
	    EXT_STARTTLS)

static const struct {
	const char *text; /* of the EHLO reply, as reply_take() gives it */
	size_t len;
	unsigned offered;
	uint64_t size;
	const char *mechanisms;
} rows[] = {
	{ EHLO(""), 0, 0, "" },
	{ EHLO("mx.example.org"), 0, 0, "" },
	{ EHLO("mx\n8BITMIME\nBINARYMIME\nCHUNKING\nDSN\nENHANCEDSTATUSCODES\n"
	       "PIPELINING\nSMTPUTF8\nSTARTTLS"),
	    FLAGS, 0, "" },
	{ EHLO("mx\n8bitmime\nBinaryMime\nchunkinG\ndsn\nEnhancedStatusCodes\n"
	       "pipelining\nsmtputf8\nStartTLS\nstarttls"),
	    FLAGS, 0, "" },

	/* whole words, never those of the first line, R-5321-14, F-092 */
	{ EHLO("STARTTLS"), 0, 0, "" },
	{ EHLO("STARTTLS hello\nDSN"), EXT_DSN, 0, "" },
	{ EHLO("\nDSN"), EXT_DSN, 0, "" },
	{ EHLO("mx\nSTARTTLSX\nXSTARTTLS\nSTARTTL\nDSNFOO"), 0, 0, "" },
	{ EHLO("mx\nSTARTTLS foo\nDSN "), EXT_STARTTLS | EXT_DSN, 0, "" },
	{ EHLO("mx\n STARTTLS\nSTARTTLS\t\nSTARTTLS=\nDSN,CHUNKING"), 0, 0,
	    "" },
	{ EHLO("mx\nSTARTTLS\0\n\0DSN\nDS\0N\nSIZE\0 5\nAUTH\0 PLAIN"), 0, 0,
	    "" },
	{ EHLO("mx\n\n \n\nDSN\n"), EXT_DSN, 0, "" },
	{ EHLO("mx\nHELP\nX-FOO bar\nVRFY\nETRN"), 0, 0, "" },

	/* R-1870-02, R-1870-03, R-5321-15, F-071 */
	{ EHLO("mx\nSIZE"), EXT_SIZE, 0, "" },
	{ EHLO("mx\nSIZE 0"), EXT_SIZE, 0, "" },
	{ EHLO("mx\nSIZE 10"), EXT_SIZE, 10, "" },
	{ EHLO("mx\nsize 00000000000000000010"), EXT_SIZE, 10, "" },
	{ EHLO("mx\nSIZE 000000000000000000010"), EXT_SIZE, 0, "" },
	{ EHLO("mx\nSIZE 18446744073709551615"), EXT_SIZE, UINT64_MAX, "" },
	{ EHLO("mx\nSIZE 18446744073709551616"), EXT_SIZE, 0, "" },
	{ EHLO("mx\nSIZE 99999999999999999999"), EXT_SIZE, 0, "" },
	{ EHLO("mx\nSIZE 99999999999999999999999x"), EXT_SIZE, 0, "" },
	{ EHLO("mx\nSIZE -1"), EXT_SIZE, 0, "" },
	{ EHLO("mx\nSIZE +1"), EXT_SIZE, 0, "" },
	{ EHLO("mx\nSIZE x"), EXT_SIZE, 0, "" },
	{ EHLO("mx\nSIZE 1 2"), EXT_SIZE, 0, "" },
	{ EHLO("mx\nSIZE  5"), EXT_SIZE, 0, "" },
	{ EHLO("mx\nSIZE 5 "), EXT_SIZE, 0, "" },
	{ EHLO("mx\nSIZE "), EXT_SIZE, 0, "" },
	{ EHLO("mx\nSIZE 5\0"), EXT_SIZE, 0, "" },
	{ EHLO("mx\nSIZE=5"), 0, 0, "" },
	{ EHLO("mx\nSIZE 30\nSIZE 20\nSIZE 40"), EXT_SIZE, 20, "" },
	{ EHLO("mx\nSIZE 30\nSIZE 0\nSIZE\nSIZE x"), EXT_SIZE, 30, "" },
	{ EHLO("mx\nSIZE 0\nSIZE 30"), EXT_SIZE, 30, "" },

	/* R-4954-01, F-076 to F-078, F-351 */
	{ EHLO("mx\nAUTH"), EXT_AUTH, 0, "" },
	{ EHLO("mx\nAUTH "), EXT_AUTH, 0, "" },
	{ EHLO("mx\nAUTH="), EXT_AUTH, 0, "" },
	{ EHLO("mx\nAUTHX PLAIN\nXAUTH PLAIN"), 0, 0, "" },
	{ EHLO("mx\nAUTH PLAIN LOGIN"), EXT_AUTH, 0, " PLAIN LOGIN " },
	{ EHLO("mx\nAuth PlAiN\nauth login"), EXT_AUTH, 0, " PLAIN LOGIN " },
	{ EHLO("mx\nAUTH PLAIN\nAUTH=LOGIN\nauth=Xoauth2 x\nAUTH CRAM-MD5"),
	    EXT_AUTH, 0, " PLAIN LOGIN XOAUTH2 X CRAM-MD5 " },
	{ EHLO("mx\nAUTH= PLAIN"), EXT_AUTH, 0, " PLAIN " },
	{ EHLO("mx\nAUTH  PLAIN  LOGIN "), EXT_AUTH, 0, " PLAIN LOGIN " },
	{ EHLO("mx\nAUTH SCRAM-SHA-256-PLUS A_B 9"), EXT_AUTH, 0,
	    " SCRAM-SHA-256-PLUS A_B 9 " },
	{ EHLO("mx\nAUTH ABCDEFGHIJKLMNOPQRST ABCDEFGHIJKLMNOPQRSTU"), EXT_AUTH,
	    0, " ABCDEFGHIJKLMNOPQRST " },
	{ EHLO("mx\nAUTH PLAIN\0 LO\0GIN \0 PLAIN=\tX PLAIN,LOGIN \xc4\xb0"),
	    EXT_AUTH, 0, "" },
};

/* A reply whose text ends where its memory ends. */
static struct reply
saying(const char *text, size_t len)
{
	struct reply r = { .code = 250 };

	if (len) {
		r.text.data = malloc(len);
		memcpy(r.text.data, text, len);
		r.text.tail = r.text.cap = len;
	}
	return r;
}

/* One struct for all rows: nothing is remembered from the row before. */
static void
what_a_reply_offers(void)
{
	struct extensions e = { 0 };
	struct reply r;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r = saying(rows[i].text, rows[i].len);
		extensions_read(&e, &r);
		CHECK_INT(e.offered, rows[i].offered, rows[i].text);
		CHECK(e.size == rows[i].size);
		CHECK_STR(
		    buf_str(&e.mechanisms), rows[i].mechanisms, rows[i].text);
		reply_free(&r);
	}
	extensions_free(&e);
	CHECK(e.offered == 0 && e.size == 0 && buf_len(&e.mechanisms) == 0);
}

static void
mechanisms_are_whole_words(void)
{
	static const struct {
		const char *name;
		bool listed;
	} names[] = {
		{ "PLAIN", true },
		{ "CRAM-MD5", true },
		{ "SCRAM-SHA-256", false }, /* -PLUS alone is offered */
		{ "SCRAM-SHA-256-PLUS", true },
		{ "PLAI", false },
		{ "LAIN", false },
		{ "PLAINX", false },
		{ "PLAIN CRAM-MD5", false },
		{ "", false },
		{ " ", false },
	};
	static const char text[] = "mx\nAUTH PLAIN CRAM-MD5 SCRAM-SHA-256-PLUS";
	struct extensions e = { 0 };
	struct reply r = saying(text, sizeof(text) - 1);
	size_t i;

	CHECK(!extensions_mechanism(&e, "PLAIN"));
	CHECK(!extensions_mechanism(&e, ""));
	extensions_read(&e, &r);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CHECK_INT(extensions_mechanism(&e, names[i].name),
		    names[i].listed, names[i].name);
	reply_free(&r);
	extensions_free(&e);
}

/* From the octets of the server to the extensions. */
static void
a_whole_reply(void)
{
	struct extensions e = { 0 };
	struct reply r = { 0 };
	struct buf in = { 0 };

	buf_adds(&in, "250-mx\r\n250-SIZE 35882577\r\n250-AUTH PLAIN LOGIN\r\n"
		      "250-STARTTLS\r\n250 SMTPUTF8\r\n");
	while (reply_take(&r, &in) == REPLY_LINE)
		continue;
	CHECK_INT(r.code, 250, "code");
	extensions_read(&e, &r);
	CHECK_INT(e.offered, EXT_SIZE | EXT_AUTH | EXT_STARTTLS | EXT_SMTPUTF8,
	    "offered");
	CHECK_INT(e.size, 35882577, "size");
	CHECK(extensions_mechanism(&e, "LOGIN"));
	extensions_free(&e);
	reply_free(&r);
	buf_free(&in);
}

/* RFC 4865, RFC 2852: what is malformed says nothing, and nothing stays of
 * another server. */
static void
what_of_time(void)
{
	static const struct {
		const char *text;
		unsigned offered;
		uint64_t hold_seconds;
		int64_t hold_until;
		uint64_t by_least;
	} times[] = {
		{ "mx\nFUTURERELEASE 3600 2030-01-01T00:00:00Z",
		    EXT_FUTURERELEASE, 3600, 1893456000, 0 },
		{ "mx\nfuturerelease 3600 2030-01-01T01:00:00+01:00",
		    EXT_FUTURERELEASE, 3600, 1893456000, 0 },
		{ "mx\nFUTURERELEASE", EXT_FUTURERELEASE, 0, 0, 0 },
		{ "mx\nFUTURERELEASE 3600", EXT_FUTURERELEASE, 3600, 0, 0 },
		{ "mx\nFUTURERELEASE 3600 soon", EXT_FUTURERELEASE, 3600, 0,
		    0 },
		{ "mx\nFUTURERELEASE x 2030-01-01T00:00:00Z", EXT_FUTURERELEASE,
		    0, 1893456000, 0 },
		{ "mx\nFUTURERELEASE 1000000000 2030-01-01", EXT_FUTURERELEASE,
		    0, 0, 0 },
		{ "mx\nDELIVERBY 60", EXT_DELIVERBY, 0, 0, 60 },
		{ "mx\nDeliverBy 60,X=1", EXT_DELIVERBY, 0, 0, 60 },
		{ "mx\nDELIVERBY", EXT_DELIVERBY, 0, 0, 0 },
		{ "mx\nDELIVERBY ,60", EXT_DELIVERBY, 0, 0, 0 },
		{ "mx\nDELIVERBY -60", EXT_DELIVERBY, 0, 0, 0 },
		{ "mx\nDELIVERBY 1000000000", EXT_DELIVERBY, 0, 0, 0 },
		{ "mx\nREQUIRETLS\nMT-PRIORITY STANAG4406",
		    EXT_REQUIRETLS | EXT_MT_PRIORITY, 0, 0, 0 },
		{ "mx\nREQUIRETLSX\nMT\nFUTURE-RELEASE 1", 0, 0, 0, 0 },
	};
	struct extensions e = { 0 };
	struct reply r;
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		r = saying(times[i].text, strlen(times[i].text));
		extensions_read(&e, &r);
		CHECK_INT(e.offered, times[i].offered, times[i].text);
		CHECK_INT(e.hold_seconds, times[i].hold_seconds, times[i].text);
		CHECK_INT(e.hold_until, times[i].hold_until, times[i].text);
		CHECK_INT(e.by_least, times[i].by_least, times[i].text);
		reply_free(&r);
	}
	extensions_free(&e);
}

int
main(void)
{
	what_a_reply_offers();
	mechanisms_are_whole_words();
	a_whole_reply();
	what_of_time();
	return check_done("t_extension");
}
