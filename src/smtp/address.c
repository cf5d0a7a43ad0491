#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/idn.h"
#include "base/text.h"
#include "smtp/address.h"
#include "smtp/domain.h"
#include "smtp/phrase.h"

/* In octets: RFC 5321 4.5.3.1.1 and -3, the path with its < and >; and what of
 * an argument is repeated in a message about it. */
enum {
	LIMIT_LOCAL = 64,
	LIMIT_PATH = 256,
	LIMIT_SHOWN = 80
};

static const char unclosed[] = "a quote or \"(\" that is not closed";

/* An argument while it is read. It is a C string: *end can be looked at. */
struct scan {
	const char *text;
	const char *end;
	const char *p; /* what is not read yet */
	enum address_kind kind;
	struct buf path; /* what it comes to */
	size_t domain; /* offset in path; 0: none */
	struct problem *problem;
};

static bool
high(char c)
{
	return (unsigned char)c > 127;
}

/* RFC 5322 3.2.3, RFC 6531 3.3 */
static bool
atext(char c)
{
	static const char ascii[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789!#$%&'*+-/=?^_`{|}~";

	return high(c) || (c && strchr(ascii, c));
}

static bool
dot_string(const char *p, size_t len)
{
	bool dot = true; /* no atom ends here */
	size_t i;

	for (i = 0; i < len; i++) {
		if (p[i] == '.' ? dot : !atext(p[i]))
			return false;
		dot = p[i] == '.';
	}
	return !dot;
}

static int
refuse(const struct scan *s, const char *hint, const char *why)
{
	size_t len = (size_t)(s->end - s->text);
	struct buf shown = { 0 };

	if (len > LIMIT_SHOWN) {
		len = LIMIT_SHOWN;
		while (len && ((unsigned char)s->text[len] & 0xc0) == 0x80)
			len--; /* not within a character */
	}
	text_show(&shown, s->text, len);
	if (s->text + len < s->end)
		buf_adds(&shown, "...");
	problem_hint(s->problem, FAIL_USAGE, hint, "%s \"%s\": %s",
	    s->kind == ADDRESS_SENDER ? "sender" : "recipient", buf_str(&shown),
	    why);
	buf_free(&shown);
	return -1;
}

static bool
at(const struct scan *s, char c)
{
	return s->p < s->end && *s->p == c;
}

static bool
take(struct scan *s, char c)
{
	if (!at(s, c))
		return false;
	s->p++;
	return true;
}

/* What is next has no business there. */
static int
stray(const struct scan *s, const char *part)
{
	static const char list[] =
	    "more than one address: give each as an argument of its own";
	static const struct {
		char octet;
		const char *why, *hint;
	} known[] = {
		{ ',', list, NULL },
		{ ';', list, NULL },
		{ '>', "\">\" without \"<\"", NULL },
		{ ' ', "white space in the address",
		    "write Name <user@host>, or \"local part\"@host" },
		{ '@', "more than one \"@\"",
		    "an \"@\" in the local-part needs quotes: \"a@b\"@host" },
	};
	char why[64];
	uint32_t cp;
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (*s->p == known[i].octet)
			return refuse(s, known[i].hint, known[i].why);
	snprintf(why, sizeof(why), "'%.*s' cannot stand in the %s",
	    (int)text_utf8(s->p, (size_t)(s->end - s->p), &cp), s->p, part);
	return refuse(s, NULL, why);
}

/* S-10, R-5321-53, R-6531-04: nothing that could end a line, drive a terminal
 * or deceive its reader, not even where it would not reach the wire. */
static int
harmless(const struct scan *s)
{
	const char *p;
	uint32_t cp = 0;
	size_t n;

	for (p = s->text; p < s->end; p += n) {
		n = text_utf8(p, (size_t)(s->end - p), &cp);
		if (n == 0)
			return refuse(s, NULL, "not valid UTF-8");
		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			return refuse(s, NULL, "a control character");
	}
	if (!text_harmless(s->text, (size_t)(s->end - s->text)))
		return refuse(
		    s, NULL, "an invisible or bidirectional control character");
	return 0;
}

/* Adds what p quotes, with backslashes only where they are needed, or none. */
static void
add_quoted(struct buf *out, const char *p, const char *end, bool escape)
{
	for (; p < end; p++) {
		if (*p == '\\')
			p++;
		if (escape && (*p == '"' || *p == '\\'))
			buf_adds(out, "\\");
		buf_add(out, p, 1);
	}
}

/* R-5321-51: "a"@x is a@x. */
static int
quoted_string(struct scan *s)
{
	const char *first = s->p + 1, *last, *p;

	s->p = phrase_quoted(s->p, s->end);
	if (s->p == NULL)
		return refuse(s, NULL, unclosed);
	last = s->p - 1;
	for (p = first; p < last; p++)
		if (*p == '\\' && high(*++p))
			return refuse(
			    s, NULL, "a backslash before what is not ASCII");
	add_quoted(&s->path, first, last, false);
	if (dot_string(buf_head(&s->path), buf_len(&s->path)))
		return 0;
	buf_clear(&s->path);
	buf_adds(&s->path, "\"");
	add_quoted(&s->path, first, last, true);
	buf_adds(&s->path, "\"");
	return 0;
}

static int
plain_string(struct scan *s)
{
	const char *start = s->p;
	size_t len;

	while (s->p < s->end && (atext(*s->p) || *s->p == '.'))
		s->p++;
	len = (size_t)(s->p - start);
	if (len == 0 && (s->p == s->end || *s->p == '>'))
		return refuse(
		    s, "only FROM may be null, written <>", "no address");
	if (len == 0 && *s->p == '@')
		return refuse(s, NULL, "no local-part before the \"@\"");
	if (len && !dot_string(start, len))
		return refuse(s, "a local-part with such dots needs quotes",
		    "a dot at the edge of the local-part, or two in a row");
	buf_add(&s->path, start, len);
	return 0;
}

static int
local_part(struct scan *s)
{
	bool quoted = at(s, '"');

	if ((quoted ? quoted_string(s) : plain_string(s)) == -1)
		return -1;
	if (s->p < s->end &&
	    (quoted ? atext(*s->p) || *s->p == '.' : *s->p == '"'))
		return refuse(s,
		    "write the whole of it in quotes: \"a b\"@host",
		    "quotes around a part of the local-part only");
	if (s->p < s->end && *s->p != '@' && *s->p != '>')
		return stray(s, "local-part");
	if (buf_len(&s->path) > LIMIT_LOCAL)
		return refuse(
		    s, NULL, "the local-part has more than 64 octets");
	return 0;
}

/* What a domain can have, and the underscore, whose fault has a name. */
static bool
domain_octet(char c)
{
	return high(c) || strchr("-._", c) || (c >= '0' && c <= '9') ||
	       (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* R-5321-54; the dot that makes a name absolute is no part of a mailbox. */
static int
domain(struct scan *s)
{
	const char *start = s->p, *fault;
	size_t len;

	while (s->p < s->end && domain_octet(*s->p))
		s->p++;
	len = (size_t)(s->p - start);
	if (len == 0 && s->p < s->end && *s->p != '>')
		return stray(s, "domain");
	if (len && start[len - 1] == '.')
		len--;
	fault = domain_fault(start, len);
	if (fault)
		return refuse(s, NULL, fault);
	buf_add(&s->path, start, len);
	return 0;
}

static int
literal(struct scan *s)
{
	const char *start = s->p;
	const char *close = memchr(start, ']', (size_t)(s->end - start));

	s->p = close ? close + 1 : s->end;
	if (!domain_literal(start, (size_t)(s->p - start)))
		return refuse(s, NULL,
		    "an address literal is [192.0.2.1] or [IPv6:2001:db8::1]");
	buf_add(&s->path, start, (size_t)(s->p - start));
	return 0;
}

/* R-5321-23 */
static int
no_domain(const struct scan *s)
{
	if (memchr(buf_head(&s->path), '@', buf_len(&s->path)))
		return refuse(s, "leave the quotes around the address out",
		    "no domain, since the \"@\" is in quotes");
	if (s->kind == ADDRESS_SENDER)
		return refuse(s, "write user@host, or <> for the null sender",
		    "no domain");
	if (!text_is(buf_head(&s->path), buf_len(&s->path), "postmaster"))
		return refuse(s,
		    "write user@host; only Postmaster may stand alone",
		    "no domain");
	return 0;
}

static int
mailbox(struct scan *s)
{
	if (local_part(s) == -1)
		return -1;
	if (!take(s, '@'))
		return no_domain(s);
	buf_adds(&s->path, "@");
	s->domain = buf_len(&s->path);
	if ((at(s, '[') ? literal(s) : domain(s)) == -1)
		return -1;
	if (s->p < s->end && !strchr("> (", *s->p))
		return stray(s, "domain");
	if (buf_len(&s->path) + 2 > LIMIT_PATH)
		return refuse(s, NULL, "the address has more than 254 octets");
	return 0;
}

/* R-5321-24: a source route is understood, and not sent. */
static int
source_route(struct scan *s)
{
	if (!at(s, '@'))
		return 0;
	while (take(s, '@')) {
		if (domain(s) == -1)
			return -1;
		buf_clear(&s->path);
		if (take(s, ':'))
			return 0;
		if (!take(s, ','))
			break;
	}
	return refuse(s, NULL,
	    "no local-part before the \"@\", or a malformed source route");
}

static int
nothing_more(struct scan *s)
{
	s->p = phrase_space(s->p, s->end);
	if (s->p == NULL)
		return refuse(s, NULL, unclosed);
	if (s->p == s->end)
		return 0;
	if (*s->p == ',' || *s->p == ';')
		return stray(s, "address");
	return refuse(s, NULL, "text behind the address"); /* S-11 */
}

static int
bracketed(struct scan *s)
{
	if (source_route(s) == -1 || mailbox(s) == -1)
		return -1;
	if (s->p == s->end)
		return refuse(s, NULL, "\"<\" without \">\"");
	if (!take(s, '>'))
		return stray(s, "address");
	return nothing_more(s);
}

static int
any_form(struct scan *s)
{
	const char *special = phrase_special(s->p, s->end);

	if (special == NULL)
		return refuse(s, NULL, unclosed);
	if (special == s->end) {
		s->p = phrase_space(s->p, s->end);
		return mailbox(s) == -1 ? -1 : nothing_more(s);
	}
	s->p = special;
	if (take(s, '<'))
		return bracketed(s);
	if (!at(s, '>') && !memchr(s->text, '@', (size_t)(s->p - s->text)))
		return refuse(s,
		    "a name with a comma needs quotes: "
		    "\"Last, First\" <user@host>",
		    "a comma or semicolon outside quotes");
	return stray(s, "name");
}

static bool
is_null(const struct scan *s)
{
	return s->kind == ADDRESS_SENDER &&
	       (s->text == s->end ||
		   (s->end - s->text == 2 && memcmp(s->text, "<>", 2) == 0));
}

static void
keep(struct address *a, const struct scan *s)
{
	const char *p;

	a->path = mem_copy(buf_head(&s->path), buf_len(&s->path));
	a->domain = s->domain ? a->path + s->domain : NULL;
	for (p = a->path; *p; p++)
		a->utf8 |= high(*p);
}

int
address_parse(struct address *a, const char *text, enum address_kind kind,
    struct problem *problem)
{
	struct scan s = { .kind = kind, .problem = problem };
	int rv;

	*a = (struct address){ 0 };
	s.text = text + strspn(text, " \t");
	s.end = s.text + strlen(s.text);
	while (s.end > s.text && strchr(" \t", s.end[-1]))
		s.end--;
	s.p = s.text;
	rv = harmless(&s);
	if (rv == 0 && !is_null(&s))
		rv = any_form(&s);
	if (rv == 0)
		keep(a, &s);
	buf_free(&s.path);
	return rv;
}

static size_t
local_len(const struct address *a)
{
	return a->domain ? (size_t)(a->domain - a->path) - 1 : strlen(a->path);
}

int
address_ascii(struct address *a, const char **why)
{
	size_t i, len = local_len(a);
	struct buf said = { 0 };
	char *domain;

	*why = NULL;
	if (!a->utf8 || a->ascii)
		return 0;
	for (i = 0; i < len; i++)
		if (high(a->path[i]))
			return -1;
	domain = idn_ascii(a->domain, why);
	if (domain == NULL)
		return -1;
	buf_add(&said, a->path, len + 1);
	buf_adds(&said, domain);
	*why = domain_fault(domain, strlen(domain));
	if (*why == NULL && buf_len(&said) + 2 > LIMIT_PATH)
		*why = "the address has more than 256 octets";
	if (*why == NULL)
		a->ascii = mem_string(buf_str(&said));
	free(domain);
	buf_free(&said);
	return a->ascii ? 0 : -1;
}

const char *
address_said(const struct address *a, bool utf8)
{
	return a->utf8 && !utf8 ? a->ascii : a->path;
}

bool
address_same(const struct address *a, const struct address *b)
{
	size_t len = local_len(a);

	if (len != local_len(b) || !a->domain != !b->domain)
		return false;
	if (a->domain && strcasecmp(a->domain, b->domain) != 0)
		return false;
	if (memcmp(a->path, b->path, len) == 0)
		return true;
	/* RFC 5321 4.5.1: the one local-part whose case does not count */
	return text_is(a->path, len, "postmaster") &&
	       text_is(b->path, len, "postmaster");
}

void
address_free(struct address *a)
{
	free(a->path);
	free(a->ascii);
	*a = (struct address){ 0 };
}
