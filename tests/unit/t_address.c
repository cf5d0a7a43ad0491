#include <stdlib.h>

#include "base/idn.h"
#include "check.h"
#include "smtp/address.h"

#define S ADDRESS_SENDER
#define R ADDRESS_RECIPIENT

#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN
#define LABEL63 "abc" SIXTY
#define LONG_DOMAIN LABEL63 "." LABEL63 "." LABEL63

struct good {
	enum address_kind kind;
	const char *text, *path, *domain;
	bool utf8;
};

struct bad {
	enum address_kind kind;
	const char *text, *why;
};

static const struct good good[] = {
	/* dot-strings */
	{ R, "a@b", "a@b", "b", false },
	{ R, "Ann.Lee@C.Org", "Ann.Lee@C.Org", "C.Org", false },
	{ R, "!#$%&'*+-/=?^_`{|}~@b", "!#$%&'*+-/=?^_`{|}~@b", "b", false },
	{ R, "o'brien+tag@b.c", "o'brien+tag@b.c", "b.c", false },
	{ R, "-f@x", "-f@x", "x", false },
	{ R, "a@b.", "a@b", "b", false },
	{ R, "a@1and1.de", "a@1and1.de", "1and1.de", false },
	{ R, "a@x--y.3com", "a@x--y.3com", "x--y.3com", false },
	{ R, "root@localhost", "root@localhost", "localhost", false },
	/* quoted strings: R-5321-51, -52 */
	{ R, "\"a\"@x", "a@x", "x", false },
	{ R, "\"a.b\"@x", "a.b@x", "x", false },
	{ R, "\"\\a\\.b\"@x", "a.b@x", "x", false },
	{ R, "\"a b\"@x", "\"a b\"@x", "x", false },
	{ R, "\"a\\ b\"@x", "\"a b\"@x", "x", false },
	{ R, "\"a..b\"@x", "\"a..b\"@x", "x", false },
	{ R, "\".a\"@x", "\".a\"@x", "x", false },
	{ R, "\"\"@x", "\"\"@x", "x", false },
	{ R, "\"a\\\"b\"@x", "\"a\\\"b\"@x", "x", false },
	{ R, "\"a\\\\b\"@x", "\"a\\\\b\"@x", "x", false },
	{ R, "\"a@evil.test x\"@good.test", "\"a@evil.test x\"@good.test",
	    "good.test", false },
	{ R, "\"a\\@b\"@c", "\"a@b\"@c", "c", false },
	{ R, "\"a>b\"@c", "\"a>b\"@c", "c", false },
	{ R, "<\"a>, <b\"@c>", "\"a>, <b\"@c", "c", false },
	{ R, "\"a,b;c:d\"@c", "\"a,b;c:d\"@c", "c", false },
	{ R, "\"(a\"@c", "\"(a\"@c", "c", false },
	/* literals: R-5321-54 */
	{ R, "a@[192.0.2.1]", "a@[192.0.2.1]", "[192.0.2.1]", false },
	{ R, "a@[IPv6:1:A::1]", "a@[IPv6:1:A::1]", "[IPv6:1:A::1]", false },
	{ R, "a@[ipv6:::1]", "a@[ipv6:::1]", "[ipv6:::1]", false },
	{ R, "a@[IPv6:::]", "a@[IPv6:::]", "[IPv6:::]", false },
	/* how people write them: R-5321-55 */
	{ R, "<a@b>", "a@b", "b", false },
	{ R, " \ta@b\t ", "a@b", "b", false },
	{ R, "  <a@b> ", "a@b", "b", false },
	{ R, "Ann <a@b>", "a@b", "b", false },
	{ R, "Ann<a@b>", "a@b", "b", false },
	{ R, "\"Last, First\" <a@b>", "a@b", "b", false },
	{ R, "\"a <x@y> \\\" b\" <a@b>", "a@b", "b", false },
	{ R, "Ann (no, (really) <x@y>) <a@b>", "a@b", "b", false },
	{ R, "Ann (a \\) b) <a@b>", "a@b", "b", false },
	{ R, "x@y <a@b>", "a@b", "b", false },
	{ R, "J\303\274rgen :) <a@b>", "a@b", "b", false },
	{ R, "root@b (Cron Daemon)", "root@b", "b", false },
	{ R, "(who) a@b(where)", "a@b", "b", false },
	{ R, "<a@b> (Ann)", "a@b", "b", false },
	/* source routes: R-5321-24 */
	{ R, "<@a:b@c>", "b@c", "c", false },
	{ R, "<@a.example,@b.example.:u@h>", "u@h", "h", false },
	{ R, "Ann <@a:\"b c\"@d>", "\"b c\"@d", "d", false },
	/* UTF-8: R-6531-04 */
	{ R, "j\303\274rgen@b", "j\303\274rgen@b", "b", true },
	{ R, "a@b\303\274.c", "a@b\303\274.c", "b\303\274.c", true },
	{ R, "\"\346\235\261 \344\272\254\"@b",
	    "\"\346\235\261 \344\272\254\"@b", "b", true },
	{ R, "\"\303\274\"@b", "\303\274@b", "b", true },
	{ R, "\360\237\223\247@b", "\360\237\223\247@b", "b", true },
	/* what has no domain: R-5321-22, -23 */
	{ S, "", "", NULL, false },
	{ S, "<>", "", NULL, false },
	{ S, "  <>\t", "", NULL, false },
	{ S, " ", "", NULL, false },
	{ S, "a@b", "a@b", "b", false },
	{ R, "Postmaster", "Postmaster", NULL, false },
	{ R, "<postmaster>", "postmaster", NULL, false },
	{ R, "\"POSTMASTER\"", "POSTMASTER", NULL, false },
	{ R, "Them <PostMaster>", "PostMaster", NULL, false },
	/* the longest: 64 octets, 63 octets, 256 octets with < and > */
	{ R, "abcd" SIXTY "@x", "abcd" SIXTY "@x", "x", false },
	{ R, "a@" LABEL63, "a@" LABEL63, LABEL63, false },
	{ R, "abcd" SIXTY "@" LABEL63 "." LABEL63 "." SIXTY "a",
	    "abcd" SIXTY "@" LABEL63 "." LABEL63 "." SIXTY "a",
	    LABEL63 "." LABEL63 "." SIXTY "a", false },
};

#define LIST "more than one address: give each as an argument of its own"
#define CONTROL "a control character"
#define UNCLOSED "a quote or \"(\" that is not closed"
#define DOTS "a dot at the edge of the local-part, or two in a row"
#define SPACE "white space in the address"
#define BEHIND "text behind the address"
#define LONG "the local-part has more than 64 octets"
#define LITERAL "an address literal is [192.0.2.1] or [IPv6:2001:db8::1]"
#define HIDDEN "an invisible or bidirectional control character"
#define NUMBER                                                                 \
	"the domain ends in a number: an IP address stands in brackets, as "   \
	"in user@[192.0.2.1]"
#define ROUTE "no local-part before the \"@\", or a malformed source route"
#define QUOTES "quotes around a part of the local-part only"
#define ATS "more than one \"@\""

static const struct bad bad[] = {
	/* lists, and what follows */
	{ R, "a@b, c@d", LIST },
	{ R, "a@b,c@d", LIST },
	{ R, "a@b; c@d", LIST },
	{ R, "A <a@b>, B <c@d>", LIST },
	{ R, "a@b, C <c@d>", LIST },
	{ R, "<a@b,c@d>", LIST },
	{ R, "Team: a@b, c@d;", LIST },
	{ R, "Last, First <a@b>", "a comma or semicolon outside quotes" },
	{ R, "undisclosed-recipients:;",
	    "a comma or semicolon outside quotes" },
	{ R, "<a@b> SMTPUTF8", BEHIND },
	{ R, "a@b NOTIFY=NEVER", BEHIND },
	{ R, "<a@b>>", BEHIND },
	{ R, "<a@b><c@d>", BEHIND },
	/* brackets */
	{ R, "<a@b", "\"<\" without \">\"" },
	{ R, "a@b>", "\">\" without \"<\"" },
	{ R, "a> <b@c>", "\">\" without \"<\"" },
	{ R, "<<a@b>>", "'<' cannot stand in the local-part" },
	{ R, "< a@b>", SPACE },
	{ R, "<a@b >", SPACE },
	{ R, "<a@b(c)>", "'(' cannot stand in the address" },
	/* local-parts */
	{ R, "a b@c", SPACE },
	{ R, "a@", "no domain behind the \"@\"" },
	{ R, "@b", "no local-part before the \"@\"" },
	{ R, ".a@b", DOTS },
	{ R, "a.@b", DOTS },
	{ R, "a..b@c", DOTS },
	{ R, "a@b@c", ATS },
	{ R, "a@@b", ATS },
	{ R, "<a@@b>", ATS },
	{ R, "a@ b", SPACE },
	{ R, "a@!b", "'!' cannot stand in the domain" },
	{ R, "a@b'", "'\'' cannot stand in the domain" },
	{ R, "a@b/c", "'/' cannot stand in the domain" },
	{ R, "a\\@b@c", "'\\' cannot stand in the local-part" },
	{ R, "a:b@c", "':' cannot stand in the local-part" },
	{ R, "a(x)@c", "'(' cannot stand in the local-part" },
	{ R, "a.\"b\"@c", DOTS },
	{ R, "a\"b\"@c", QUOTES },
	{ R, "\"a\"b@c", QUOTES },
	{ R, "\"a\".\"b\"@c", QUOTES },
	{ R, "\"a@b\"", "no domain, since the \"@\" is in quotes" },
	{ S, "\"a@b\"", "no domain, since the \"@\" is in quotes" },
	{ R, "\"a@b", UNCLOSED },
	{ R, "<\"a@b>", UNCLOSED },
	{ R, "\"a\\\"@b", UNCLOSED },
	{ R, "\"a\\", UNCLOSED },
	{ R, "Ann (x <a@b>", UNCLOSED },
	{ R, "<a@b> (x", UNCLOSED },
	{ R, "\"\\\303\274\"@b", "a backslash before what is not ASCII" },
	{ R, "abcde" SIXTY "@x", LONG },
	/* domains */
	{ R, "a@b..c", "a dot at the edge of the domain, or two in a row" },
	{ R, "a@.b", "a dot at the edge of the domain, or two in a row" },
	{ R, "a@b-.c", "a hyphen at the edge of a part of the domain" },
	{ R, "a@b_c.example", "an underscore in the domain" },
	{ R, "a@b!c", "'!' cannot stand in the domain" },
	{ R, "a@b:25", "':' cannot stand in the domain" },
	{ R, "a@b[c]", "'[' cannot stand in the domain" },
	{ R, "a@192.0.2.1", NUMBER },
	{ R, "a@b.123", NUMBER },
	{ R, "a@x" LABEL63, "a part of the domain has more than 63 octets" },
	{ R, "a@" LONG_DOMAIN "." LABEL63 ".c",
	    "the domain has more than 255 octets" },
	{ R, "a@" LONG_DOMAIN "." LABEL63,
	    "the address has more than 254 octets" },
	{ R, "abcd" SIXTY "@" LABEL63 "." LABEL63 "." SIXTY "ab",
	    "the address has more than 254 octets" },
	/* literals */
	{ R, "a@[192.0.2.256]", LITERAL },
	{ R, "a@[192.0.2.1", LITERAL },
	{ R, "a@[2001:db8::1]", LITERAL },
	{ R, "a@[tag:content]", LITERAL },
	{ R, "a@[192.0.2.1].example", "'.' cannot stand in the domain" },
	{ R, "a@[192.0.2.1]\xc3\xbc", "'\xc3\xbc' cannot stand in the domain" },
	/* source routes */
	{ R, "<@a,b:c@d>", ROUTE },
	{ R, "<@a>", ROUTE },
	{ R, "<@a,>", ROUTE },
	{ R, "<@a:>", "no address" },
	{ R, "<@a_b:c@d>", "an underscore in the domain" },
	{ R, "@a:b@c", "no local-part before the \"@\"" },
	/* R-5321-53, S-10: whatever place they have */
	{ R, "a\r\nRSET@b", CONTROL },
	{ R, "a@b\n", CONTROL },
	{ R, "\"a\tb\"@c", CONTROL },
	{ R, "\"a\\\001b\"@c", CONTROL },
	{ R, "Ann\nLee <a@b>", CONTROL },
	{ R, "Ann (\033[2J) <a@b>", CONTROL },
	{ R, "a\177@b", CONTROL },
	{ R, "a\302\205@b", CONTROL },
	{ R, "a\300\212@b", "not valid UTF-8" },
	{ R, "\374@b", "not valid UTF-8" },
	{ R, "a\355\240\200@b", "not valid UTF-8" },
	{ R, "a\342\200\250@b", HIDDEN },
	{ R, "a\342\200\256@b", HIDDEN },
	{ R, "a@b\342\200\213.example", HIDDEN },
	{ R, "An\342\200\256n <a@b>", HIDDEN },
	/* no domain */
	{ R, "", "no address" },
	{ R, "<>", "no address" },
	{ R, "Ann <>", "no address" },
	{ S, "Ann <>", "no address" },
	{ S, "< >", SPACE },
	{ R, "(comment)", "no address" },
	{ R, "root", "no domain" },
	{ S, "postmaster", "no domain" },
	{ R, "postmasters", "no domain" },
};

static void
parses(void)
{
	const struct good *row;
	struct problem problem = { 0 };
	struct address a;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		row = &good[i];
		CHECK_INT(address_parse(&a, row->text, row->kind, &problem), 0,
		    row->text);
		CHECK_STR(a.path, row->path, row->text);
		CHECK_STR(a.domain, row->domain, row->text);
		CHECK_INT(a.utf8, row->utf8, row->text);
		CHECK_INT(problem.class, FAIL_NONE, row->text);
		address_free(&a);
		problem_free(&problem);
	}
}

/* What stands behind the argument in a message. */
static const char *
reason(const char *text)
{
	const char *p, *found = NULL;

	for (p = text; (p = strstr(p, "\": ")); p = found)
		found = p + 3;
	return found;
}

static void
refuses(void)
{
	const struct bad *row;
	struct problem problem = { 0 };
	struct address a;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		row = &bad[i];
		CHECK_INT(address_parse(&a, row->text, row->kind, &problem), -1,
		    row->text);
		CHECK_INT(problem.class, FAIL_USAGE, row->text);
		CHECK_STR(reason(buf_str(&problem.text)), row->why, row->text);
		CHECK(a.path == NULL && a.domain == NULL);
		problem_free(&problem);
	}
}

static void
message(const char *text, enum address_kind kind, const char *want,
    const char *hint)
{
	struct problem problem = { 0 };
	struct address a;

	CHECK_INT(address_parse(&a, text, kind, &problem), -1, text);
	CHECK_STR(buf_str(&problem.text), want, text);
	CHECK_STR(problem.hint, hint, text);
	problem_free(&problem);
}

static void
messages(void)
{
	message("a@b, c@d", R, "recipient \"a@b, c@d\": " LIST, NULL);
	message(
	    " a\r\nRSET@b ", S, "sender \"a\\x0D\\x0ARSET@b\": " CONTROL, NULL);
	message("postmaster", S, "sender \"postmaster\": no domain",
	    "write user@host, or <> for the null sender");
	message("root", R, "recipient \"root\": no domain",
	    "write user@host; only Postmaster may stand alone");
	message(
	    "<a@b> SMTPUTF8", R, "recipient \"<a@b> SMTPUTF8\": " BEHIND, NULL);
	message("a b@c", R, "recipient \"a b@c\": " SPACE,
	    "write Name <user@host>, or \"local part\"@host");
	message("a@b@c", R, "recipient \"a@b@c\": more than one \"@\"",
	    "an \"@\" in the local-part needs quotes: \"a@b\"@host");
	message(
	    SIXTY TEN TEN, R, "recipient \"" SIXTY TEN TEN "\": " LONG, NULL);
	message(SIXTY TEN "012345678\303\274x@", R,
	    "recipient \"" SIXTY TEN "012345678...\": " LONG, NULL);
}

/* What every address that is taken must keep to, however it was written. */
static void
sound(const struct address *a, const char *text)
{
	struct problem problem = { 0 };
	struct buf again = { 0 };
	struct address b;
	const char *p;
	bool quoted = false;

	CHECK(strlen(a->path) <= 254);
	for (p = a->path; *p; p++) {
		CHECK((unsigned char)*p >= ' ' && *p != 0x7f);
		if (quoted && *p == '\\')
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (!quoted && strchr("<>,; ()", *p))
			CHECK_STR(a->path, "", text);
	}
	CHECK(!quoted);
	if (a->domain)
		CHECK(strchr(a->domain, '@') == NULL && a->domain[-1] == '@');
	if (a->path[0] == '\0')
		return;
	buf_addf(&again, "<%s>", a->path);
	CHECK_INT(address_parse(&b, buf_str(&again), R, &problem), 0, text);
	CHECK_STR(b.path, a->path, text);
	CHECK(b.path && address_same(a, &b));
	address_free(&b);
	problem_free(&problem);
	buf_free(&again);
}

static void
try(const char *text, enum address_kind kind)
{
	struct problem problem = { 0 };
	struct address a;

	if (address_parse(&a, text, kind, &problem) == 0)
		sound(&a, text);
	else
		CHECK_INT(problem.class, FAIL_USAGE, text);
	address_free(&a);
	problem_free(&problem);
}

/* Every prefix and every change of one octet. */
static void
survives(void)
{
	size_t i, at, len;
	char *text, old;
	int c;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		len = strlen(good[i].text);
		for (at = 0; at < len; at++) {
			text = mem_copy(good[i].text, at);
			try(text, good[i].kind);
			free(text);
			text = mem_copy(good[i].text, len);
			old = text[at];
			for (c = 0; c < 256; c++) {
				text[at] = (char)c;
				if (text[at] != old)
					try(text, good[i].kind);
			}
			free(text);
		}
	}
}

/* S-13: linear, whatever it is made of. */
static void
enormous(void)
{
	static const char octets[] = "(<,;\\\"@.[a: \200";
	size_t i, len = 1 << 20;
	char *text;

	for (i = 0; i < sizeof(octets) - 1; i++) {
		text = mem_array(len + 1, 1);
		memset(text, octets[i], len);
		try(text, ADDRESS_RECIPIENT);
		text[0] = '<';
		try(text, ADDRESS_RECIPIENT);
		text[0] = '"';
		try(text, ADDRESS_RECIPIENT);
		free(text);
	}
}

static void
same(const char *x, const char *y, bool want)
{
	struct problem problem = { 0 };
	struct address a, b;

	CHECK_INT(address_parse(&a, x, R, &problem), 0, x);
	CHECK_INT(address_parse(&b, y, R, &problem), 0, y);
	CHECK_INT(address_same(&a, &b), want, x);
	CHECK_INT(address_same(&b, &a), want, y);
	address_free(&a);
	address_free(&b);
	problem_free(&problem);
}

static void
compares(void)
{
	struct problem problem = { 0 };
	struct address null;

	same("a@b", "<a@b>", true);
	same("a@b.example", "a@B.Example.", true);
	same("\"a\"@b", "Ann <a@b>", true);
	same("a@b", "A@b", false);
	same("a@b", "a@c", false);
	same("a@b", "ab@b", false);
	same("a@[IPv6:::A]", "a@[ipv6:::a]", true);
	same("Postmaster", "postMASTER", true);
	same("postmaster@b", "POSTMASTER@B", true);
	same("postmaster@b", "postmaster", false);
	same("postmaster@b", "postmaster@c", false);
	CHECK_INT(address_parse(&null, "", S, &problem), 0, "null");
	CHECK(address_same(&null, &null));
	address_free(&null);
	address_free(&null);
}

/* What is said where there is no SMTPUTF8 (R-6531-02). */
static void
in_ascii(void)
{
	static const struct {
		const char *text, *said, *why; /* said NULL: there is none */
	} rows[] = {
		{ "a@b.c", "a@b.c", NULL },
		{ "a@B\303\274cher.c", "a@xn--bcher-kva.c", NULL },
		{ "\"a b\"@b\303\274cher.c", "\"a b\"@xn--bcher-kva.c", NULL },
		{ "postmaster", "postmaster", NULL },
		{ "\303\274@b.c", NULL, NULL },
		{ "\303\274@b\303\274cher.c", NULL, NULL },
		{ "\303\274@[192.0.2.1]", NULL, NULL },
		{ "a@\342\230\203", NULL,
		    "string contains a disallowed character" },
		{ "a@b.\357\274\221", NULL,
		    "the domain ends in a number: an IP address stands in "
		    "brackets, as in user@[192.0.2.1]" },
		{ SIXTY "@" SIXTY "." SIXTY ".\303\274" TEN TEN TEN "."
			"\303\274" TEN TEN TEN,
		    NULL, "the address has more than 256 octets" },
	};
	struct problem problem = { 0 };
	struct address a;
	const char *why;
	size_t i;
	int rv;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_INT(
		    address_parse(&a, rows[i].text, R, &problem), 0, "parse");
		rv = address_ascii(&a, &why);
		CHECK_STR(address_said(&a, true), a.path, rows[i].text);
		if (a.utf8 && !idn_version()) {
			CHECK_INT(rv, -1, rows[i].text);
		} else {
			CHECK_INT(rv, rows[i].said ? 0 : -1, rows[i].text);
			CHECK_STR(address_said(&a, false), rows[i].said,
			    rows[i].text);
			CHECK_STR(why, rows[i].why, rows[i].text);
			CHECK_INT(address_ascii(&a, &why), rv, "again");
		}
		address_free(&a);
	}
	CHECK_INT(address_parse(&a, "<>", S, &problem), 0, "null");
	CHECK_INT(address_ascii(&a, &why), 0, "null");
	CHECK_STR(address_said(&a, false), "", "null");
	address_free(&a);
}

int
main(void)
{
	parses();
	refuses();
	messages();
	survives();
	enormous();
	compares();
	in_ascii();
	return check_done("t_address");
}
