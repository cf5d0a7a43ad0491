#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/rfc3339.h"
#include "base/text.h"
#include "cli/meaning.h"
#include "smtp/sasl.h"

struct word {
	const char *name, *meaning;
};

static const struct word keywords[] = {
	{ "8BITMIME", "bodies in 8 bits need not be encoded" },
	{ "AUTH", "a login, by these mechanisms" },
	{ "BINARYMIME", "bodies that are not lines, by BDAT" },
	{ "BURL", "parts of a message are fetched from IMAP" },
	{ "CHECKPOINT", "an interrupted message can be resumed" },
	{ "CHUNKING", "BDAT: the message in pieces of known size" },
	{ "DSN", "reports of delivery can be asked for" },
	{ "ENHANCEDSTATUSCODES", "replies say more, as 5.1.1" },
	{ "ETRN", "a client can ask for what is queued for it" },
	{ "EXPN", "says who is on a list" },
	{ "HELP", "says something about commands" },
	{ "LIMITS", "how much is taken at once" },
	{ "MT-PRIORITY", "messages have a priority, -9 to 9" },
	{ "NO-SOLICITING", "no advertising is wanted" },
	{ "PIPELINING", "several commands at once, which saves time" },
	{ "PRDR", "a reply for each recipient at the end of the message" },
	{ "REQUIRETLS", "a message can be kept to TLS all the way" },
	{ "RRVS", "only if the mailbox has not changed hands since a time" },
	{ "SMTPUTF8", "addresses and headers in UTF-8" },
	{ "STARTTLS", "TLS can begin" },
	{ "SUBMITTER", "the one who is responsible can be named" },
	{ "VRFY", "says whether an address is known" },
	{ "XCLIENT", "a proxy can say for whom it speaks" },
	{ "XFORWARD", "a filter can pass on where a message came from" },
};

static const struct word mechanisms[] = {
	{ "ANONYMOUS", "anybody may" },
	{ "CRAM-MD5", "proves the password by MD5, without showing it" },
	{ "DIGEST-MD5", "proves the password by MD5; obsolete" },
	{ "EXTERNAL", "the certificate of the client" },
	{ "GSS-SPNEGO", "Kerberos, or NTLM" },
	{ "GSSAPI", "Kerberos" },
	{ "LOGIN", "shows the password to the server; older than PLAIN" },
	{ "NTLM", "Windows; obsolete" },
	{ "OAUTHBEARER", "a token in place of a password" },
	{ "PLAIN", "shows the password to the server" },
	{ "SCRAM-SHA-1", "both sides prove that they know the password" },
	{ "SCRAM-SHA-1-PLUS", "the same, bound to this TLS" },
	{ "SCRAM-SHA-256", "both sides prove that they know the password" },
	{ "SCRAM-SHA-256-PLUS", "the same, bound to this TLS" },
	{ "SCRAM-SHA-512", "both sides prove that they know the password" },
	{ "SCRAM-SHA-512-PLUS", "the same, bound to this TLS" },
	{ "XOAUTH2", "a token in place of a password" },
};

static const struct word limits[] = {
	{ "MAILMAX", "messages in a session" },
	{ "RCPTDOMAINMAX", "domains of recipients in a message" },
	{ "RCPTMAX", "recipients in a message" },
};

#define LENGTH(table) (sizeof(table) / sizeof((table)[0]))

static const char *
find(const struct word *table, size_t n, const char *p, size_t len)
{
	for (; n--; table++)
		if (text_is(p, len, table->name))
			return table->meaning;
	return "";
}

/* "9.8 MiB", from 1 KiB on. */
static void
add_octets(struct buf *out, uint64_t n)
{
	static const char *const names[] = { "KiB", "MiB", "GiB", "TiB", "PiB",
		"EiB" };
	uint64_t unit = 1024;
	size_t i = 0;

	for (; i + 1 < LENGTH(names) && n / unit >= 1024; i++)
		unit *= 1024;
	buf_addf(out, "%llu.%llu %s", (unsigned long long)(n / unit),
	    (unsigned long long)(n % unit * 10 / unit), names[i]);
}

/* RFC 1870 4; what is malformed says nothing. */
static void
size(struct buf *out, const char *p, size_t len)
{
	uint64_t n;

	if (len == 0 || text_number(p, len, UINT64_MAX, &n) == -1 || n == 0) {
		buf_adds(out, "the size can be said before; no limit is named");
		return;
	}
	buf_adds(out, "a message may have ");
	if (n >= 1024)
		add_octets(out, n);
	else
		buf_addf(out, "%u octets", (unsigned)n);
}

/* "7 d 2 h", the two greatest units. */
static void
add_duration(struct buf *out, uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" },
		{ 1, "s" } };
	size_t i = 0;

	while (i + 1 < LENGTH(units) && seconds < units[i].seconds)
		i++;
	buf_addf(out, "%llu %s",
	    (unsigned long long)(seconds / units[i].seconds), units[i].name);
	seconds %= units[i].seconds;
	if (i + 1 < LENGTH(units) && seconds / units[i + 1].seconds)
		buf_addf(out, " %llu %s",
		    (unsigned long long)(seconds / units[i + 1].seconds),
		    units[i + 1].name);
}

/* RFC 4865 4: the longest time, and the latest. */
static void
hold(struct buf *out, const char *p, size_t len)
{
	const char *end = p + len, *gap = memchr(p, ' ', len);
	size_t first = gap ? (size_t)(gap - p) : len;
	uint64_t seconds;
	int64_t until;

	buf_adds(out, "messages can be held back");
	if (text_number(p, first, 999999999, &seconds) == 0) {
		buf_adds(out, ", at most ");
		add_duration(out, seconds);
	}
	if (gap &&
	    rfc3339_read(gap + 1, (size_t)(end - gap - 1), &until) == 0) {
		buf_adds(out, ", until ");
		rfc3339_write(out, until);
	}
}

/* RFC 2852 3: the least time comes first in a list. */
static void
by(struct buf *out, const char *p, size_t len)
{
	const char *comma = memchr(p, ',', len);
	uint64_t seconds;

	buf_adds(out, "delivery can be asked for within a time");
	if (comma)
		len = (size_t)(comma - p);
	if (text_number(p, len, 999999999, &seconds) == 0 && seconds) {
		buf_adds(out, ", of at least ");
		add_duration(out, seconds);
	}
}

void
meaning_offer(struct buf *out, const char *line, size_t len)
{
	static const struct {
		const char *name;
		void (*add)(struct buf *, const char *, size_t);
	} decoded[] = {
		{ "SIZE", size },
		{ "FUTURERELEASE", hold },
		{ "DELIVERBY", by },

	};
	const char *p = line, *end = line + len;
	size_t i, word;

	while (p < end && *p != ' ' && *p != '=')
		p++;
	word = (size_t)(p - line);
	p += p < end;
	for (i = 0; i < LENGTH(decoded); i++)
		if (text_is(line, word, decoded[i].name)) {
			decoded[i].add(out, p, (size_t)(end - p));
			return;
		}
	buf_adds(out, find(keywords, LENGTH(keywords), line, word));
}

void
meaning_mechanism(struct buf *out, const char *name, size_t len)
{
	char *word = mem_copy(name, len);
	size_t before = buf_len(out);

	buf_adds(out, find(mechanisms, LENGTH(mechanisms), name, len));
	if (sasl_find(word) == NULL)
		buf_addf(out, "%snot used by this program",
		    buf_len(out) > before ? "; " : "");
	free(word);
}

void
meaning_limit(struct buf *out, const char *limit, size_t len)
{
	const char *equals = memchr(limit, '=', len);

	buf_adds(out, find(limits, LENGTH(limits), limit,
			  equals ? (size_t)(equals - limit) : len));
}
