#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/rfc3339.h"
#include "base/text.h"
#include "smtp/parameters.h"

enum {
	LIMIT_LINE = 512, /* RFC 5321 4.5.3.1.4, CRLF included */
	LIMIT_ORCPT = 500 /* RFC 3461 4.2 */
};

/* Parameters that belong to extensions, and by how much each makes the line
 * longer that may be sent (R-5321-28). */
static const struct known {
	const char *keyword;
	const char *offer; /* the keyword of EHLO */
	enum extension extension;
	size_t room;
} known[] = {
	{ "AUTH", "AUTH", EXT_AUTH, 500 },
	{ "BY", "DELIVERBY", EXT_DELIVERBY, 17 },
	{ "ENVID", "DSN", EXT_DSN, 100 },
	{ "HOLDFOR", "FUTURERELEASE", EXT_FUTURERELEASE, 34 },
	{ "HOLDUNTIL", "FUTURERELEASE", EXT_FUTURERELEASE, 34 },
	{ "MT-PRIORITY", "MT-PRIORITY", EXT_MT_PRIORITY, 15 },
	{ "NOTIFY", "DSN", EXT_DSN, 0 },
	{ "ORCPT", "DSN", EXT_DSN, 500 },
	{ "REQUIRETLS", "REQUIRETLS", EXT_REQUIRETLS, 11 },
	{ "RET", "DSN", EXT_DSN, 0 },
};

/* A parameter in a line. */
struct word {
	const char *p;
	size_t len;
	size_t keyword; /* how much of it is the keyword */
};

static bool
next_word(const char **p, struct word *word)
{
	*p += strspn(*p, " ");
	word->p = *p;
	word->len = strcspn(*p, " ");
	word->keyword = strcspn(*p, " =");
	*p += word->len;
	return word->len > 0;
}

static const struct known *
find(const struct word *word)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (text_is(word->p, word->keyword, known[i].keyword))
			return &known[i];
	return NULL;
}

bool
parameters_any(const struct parameters *a)
{
	return a->notify || a->ret || a->envid || a->requiretls ||
	       a->hold_for || a->hold_until || a->by_mode || a->prioritized ||
	       a->nmail || a->nrcpt;
}

const char *
dsn_event_name(enum dsn_event event)
{
	static const char *const names[NDSN_EVENT] = {
		[DSN_SUCCESS] = "SUCCESS",
		[DSN_FAILURE] = "FAILURE",
		[DSN_DELAY] = "DELAY",
		[DSN_NEVER] = "NEVER",
	};

	return names[event];
}

/* What xtext leaves as it is. */
static bool
xchar(char c)
{
	return c > ' ' && c <= '~' && c != '+' && c != '=';
}

void
parameters_xtext(struct buf *out, const char *p)
{
	for (; *p; p++)
		if (xchar(*p))
			buf_add(out, p, 1);
		else
			buf_addf(out, "+%02X", (unsigned char)*p);
}

/* RFC 6533 3: utf-8-addr-unitext, for a server that offers SMTPUTF8. */
static void
unitext(struct buf *out, const char *p)
{
	for (; *p; p++)
		if ((xchar(*p) && *p != '\\') || (unsigned char)*p > 127)
			buf_add(out, p, 1);
		else
			buf_addf(out, "\\x{%02X}", (unsigned char)*p);
}

void
parameters_mail(const struct parameters *a, struct buf *out)
{
	size_t i;

	if (a->ret)
		buf_addf(out, " RET=%s", a->ret);
	if (a->envid) {
		buf_adds(out, " ENVID=");
		parameters_xtext(out, a->envid);
	}
	if (a->requiretls)
		buf_adds(out, " REQUIRETLS");
	if (a->hold_for)
		buf_addf(out, " HOLDFOR=%lld", (long long)a->hold_for);
	if (a->hold_until) {
		buf_adds(out, " HOLDUNTIL=");
		rfc3339_write(out, a->hold_until);
	}
	if (a->by_mode)
		buf_addf(out, " BY=%d;%c", a->by_seconds, a->by_mode);
	if (a->prioritized)
		buf_addf(out, " MT-PRIORITY=%d", a->priority);
	for (i = 0; i < a->nmail; i++)
		buf_addf(out, " %s", a->mail[i]);
}

/* What is said of every recipient. */
static void
common_rcpt(const struct parameters *a, struct buf *out)
{
	const char *before = " NOTIFY=";
	enum dsn_event event;
	size_t i;

	for (event = 0; event < NDSN_EVENT; event++)
		if (a->notify & 1u << event) {
			buf_addf(out, "%s%s", before, dsn_event_name(event));
			before = ",";
		}
	for (i = 0; i < a->nrcpt; i++)
		buf_addf(out, " %s", a->rcpt[i]);
}

/* With any parameter of DSN the address is said again, so that a report has it
 * as it was before anybody forwarded the message; not where the user does that
 * himself, nor where it is too long. */
static void
original_recipient(
    const struct parameters *a, const char *path, bool utf8, struct buf *out)
{
	struct buf orcpt = { 0 };
	size_t i;

	if (!a->notify && !a->ret && !a->envid)
		return;
	for (i = 0; i < a->nrcpt; i++)
		if (text_is(a->rcpt[i], strcspn(a->rcpt[i], "="), "ORCPT"))
			return;
	buf_addf(&orcpt, "ORCPT=%s;", utf8 ? "utf-8" : "rfc822");
	if (utf8)
		unitext(&orcpt, path);
	else
		parameters_xtext(&orcpt, path);
	if (buf_len(&orcpt) <= LIMIT_ORCPT)
		buf_addf(out, " %s", buf_str(&orcpt));
	buf_free(&orcpt);
}

void
parameters_rcpt(
    const struct parameters *a, const char *path, bool utf8, struct buf *out)
{
	common_rcpt(a, out);
	original_recipient(a, path, utf8, out);
}

/* RFC 5321 4.1.2: esmtp-param. */
static bool
well_formed(const char *p)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-";
	size_t len = strspn(p, letters);

	if (len == 0 || *p == '-')
		return false;
	p += len;
	if (*p == '\0')
		return true;
	if (*p++ != '=' || *p == '\0')
		return false;
	while (*p > ' ' && *p <= '~' && *p != '=')
		p++;
	return *p == '\0';
}

int
parameters_syntax(const char *p, struct problem *problem)
{
	static const char *const own[] = { "SIZE", "BODY", "SMTPUTF8", "PRDR" };
	size_t i, len = strcspn(p, "=");

	if (!well_formed(p))
		return problem_hint(problem, FAIL_USAGE,
		    "in xtext +20 is a space and +3D is =",
		    "not KEYWORD or KEYWORD=VALUE");
	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (text_is(p, len, own[i]))
			return problem_set(problem, FAIL_USAGE,
			    "this one is said where it is needed");
	if (text_is(p, len, "REQUIRETLS"))
		return problem_hint(problem, FAIL_USAGE, "--require-tls",
		    "this one has an option of its own");
	return 0;
}

static int
check_twice(const char *words, struct problem *problem)
{
	const char *p = words, *q;
	struct word word, before;

	while (next_word(&p, &word))
		for (q = words; next_word(&q, &before) && before.p < word.p;)
			if (before.keyword == word.keyword &&
			    strncasecmp(before.p, word.p, word.keyword) == 0)
				return problem_set(problem, FAIL_USAGE,
				    "the parameter %.*s is given twice",
				    (int)word.keyword, word.p);
	return 0;
}

/* SIZE, BODY and SMTPUTF8 bring the room that they need. */
static int
check_length(const char *command, const struct address *address,
    const char *words, struct problem *problem)
{
	size_t len = strlen(command) + strlen(":<>\r\n") +
		     strlen(address->path) + strlen(words);
	size_t most = LIMIT_LINE;
	const struct known *k;
	struct word word;

	while (next_word(&words, &word)) {
		k = find(&word);
		most += k ? k->room : 0;
	}
	if (len <= most)
		return 0;
	return problem_set(problem, FAIL_USAGE,
	    "%s:<%s>: with its parameters the line has %zu octets, and %zu "
	    "are allowed",
	    command, address->path, len, most);
}

int
parameters_check(const struct parameters *a, const struct envelope *e,
    struct problem *problem)
{
	struct buf words = { 0 };
	size_t i;
	int rv;

	parameters_mail(a, &words);
	rv = check_twice(buf_str(&words), problem);
	if (rv == 0 && e->sender.path)
		rv = check_length(
		    "MAIL FROM", &e->sender, buf_str(&words), problem);
	/* the program's own parameters of RCPT have room enough */
	for (i = 0; rv == 0 && a->nrcpt && i < e->nrecipient; i++) {
		buf_clear(&words);
		parameters_rcpt(a, e->recipients[i].address.path,
		    e->recipients[i].address.utf8, &words);
		rv = check_twice(buf_str(&words), problem);
		if (rv == 0)
			rv = check_length("RCPT TO", &e->recipients[i].address,
			    buf_str(&words), problem);
	}
	buf_free(&words);
	return rv;
}

/* R-5321-16; of what belongs to no extension that is known here, nothing can be
 * said. */
static int
fit_words(const char *words, unsigned offered, struct problem *problem)
{
	const struct known *k;
	struct word word;

	while (next_word(&words, &word)) {
		k = find(&word);
		if (k && !(offered & k->extension))
			return problem_set(problem, FAIL_MESSAGE,
			    "%.*s: the server does not offer %s", (int)word.len,
			    word.p, k->offer);
	}
	return 0;
}

/* RFC 4865 4 */
static int
fit_hold(const struct parameters *a, const struct extensions *e, int64_t now,
    struct problem *problem)
{
	int64_t length = a->hold_for ? a->hold_for : a->hold_until - now;
	struct buf latest = { 0 };

	if (!a->hold_for && !a->hold_until)
		return 0;
	if (e->hold_seconds && length > (int64_t)e->hold_seconds)
		return problem_set(problem, FAIL_MESSAGE,
		    "the message is to be held for %lld seconds, the server "
		    "holds one for %lld (FUTURERELEASE)",
		    (long long)length, (long long)e->hold_seconds);
	if (e->hold_until && now + length > e->hold_until) {
		rfc3339_write(&latest, e->hold_until);
		problem_set(problem, FAIL_MESSAGE,
		    "the message is to be held longer than until %s, and the "
		    "server does not do that (FUTURERELEASE)",
		    buf_str(&latest));
		buf_free(&latest);
		return -1;
	}
	return 0;
}

int
parameters_fit(const struct parameters *a, const struct extensions *e,
    bool verified, int64_t now, struct problem *problem)
{
	struct buf words = { 0 };
	int rv;

	if (a->requiretls && !verified) /* RFC 8689 4.2.1 */
		return problem_hint(problem, FAIL_MESSAGE,
		    "--tls=starttls, or submissions://HOST; --tls-ca FILE for "
		    "a certificate that is not trusted yet",
		    "REQUIRETLS: the connection is not protected by TLS with "
		    "a verified certificate");
	parameters_mail(a, &words);
	common_rcpt(a, &words);
	rv = fit_words(buf_str(&words), e->offered, problem);
	buf_free(&words);
	if (rv == -1)
		return -1;
	/* RFC 2852 3: the minimum is one for returns */
	if (a->by_mode == 'R' && e->by_least > (uint64_t)a->by_seconds)
		return problem_set(problem, FAIL_MESSAGE,
		    "the message is to be returned after %d seconds, the "
		    "server takes no less than %lld (DELIVERBY)",
		    a->by_seconds, (long long)e->by_least);
	return fit_hold(a, e, now, problem);
}

void
parameters_free(struct parameters *a)
{
	free(a->mail);
	free(a->rcpt);
	*a = (struct parameters){ 0 };
}
