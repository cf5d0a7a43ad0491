#include <stdlib.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/idn.h"
#include "check.h"
#include "net/server.h"

#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN
#define LABEL63 "abc" SIXTY
#define PATH107 "/" SIXTY TEN TEN TEN TEN "123456"

struct good {
	const char *word, *host, *path, *user, *name;
	int port;
	enum tls_policy tls;
};

struct bad {
	const char *word, *why, *hint;
};

static const struct good good[] = {
	{ "mail.example.com", "mail.example.com", NULL, NULL,
	    "mail.example.com:25", 25, TLS_AUTO },
	{ "localhost", "localhost", NULL, NULL, "localhost:25", 25, TLS_AUTO },
	{ "Mail.Example.", "Mail.Example", NULL, NULL, "Mail.Example:25", 25,
	    TLS_AUTO },
	{ "mail_server", "mail_server", NULL, NULL, "mail_server:25", 25,
	    TLS_AUTO },
	{ "a.b:2525", "a.b", NULL, NULL, "a.b:2525", 2525, TLS_AUTO },
	{ "a.b.:2525", "a.b", NULL, NULL, "a.b:2525", 2525, TLS_AUTO },
	{ "a:1", "a", NULL, NULL, "a:1", 1, TLS_AUTO },
	{ "a:65535", "a", NULL, NULL, "a:65535", 65535, TLS_AUTO },
	{ "smtp:25", "smtp", NULL, NULL, "smtp:25", 25, TLS_AUTO },
	{ LABEL63 ".b", LABEL63 ".b", NULL, NULL, LABEL63 ".b:25", 25,
	    TLS_AUTO },
	/* addresses */
	{ "192.0.2.1", "192.0.2.1", NULL, NULL, "192.0.2.1:25", 25, TLS_AUTO },
	{ "192.0.2.1:587", "192.0.2.1", NULL, NULL, "192.0.2.1:587", 587,
	    TLS_AUTO },
	{ "2001:db8::1", "2001:db8::1", NULL, NULL, "[2001:db8::1]:25", 25,
	    TLS_AUTO },
	{ "::1", "::1", NULL, NULL, "[::1]:25", 25, TLS_AUTO },
	{ "::", "::", NULL, NULL, "[::]:25", 25, TLS_AUTO },
	{ "abcd:ef01::192.0.2.1", "abcd:ef01::192.0.2.1", NULL, NULL,
	    "[abcd:ef01::192.0.2.1]:25", 25, TLS_AUTO },
	{ "fe80::1%eth0", "fe80::1%eth0", NULL, NULL, "[fe80::1%eth0]:25", 25,
	    TLS_AUTO },
	{ "fe80::1%eth0.100", "fe80::1%eth0.100", NULL, NULL,
	    "[fe80::1%eth0.100]:25", 25, TLS_AUTO },
	{ "[::1]", "::1", NULL, NULL, "[::1]:25", 25, TLS_AUTO },
	{ "[2001:db8::1]:2525", "2001:db8::1", NULL, NULL, "[2001:db8::1]:2525",
	    2525, TLS_AUTO },
	{ "[fe80::1%2]:25", "fe80::1%2", NULL, NULL, "[fe80::1%2]:25", 25,
	    TLS_AUTO },
	/* URLs */
	{ "smtp://a", "a", NULL, NULL, "a:25", 25, TLS_AUTO },
	{ "SMTP://a:26/", "a", NULL, NULL, "a:26", 26, TLS_AUTO },
	{ "submission://a", "a", NULL, NULL, "a:587", 587, TLS_STARTTLS },
	{ "submission://a:25", "a", NULL, NULL, "a:25", 25, TLS_STARTTLS },
	{ "submissions://a", "a", NULL, NULL, "a:465", 465, TLS_IMPLICIT },
	{ "smtps://a.b/", "a.b", NULL, NULL, "a.b:465", 465, TLS_IMPLICIT },
	{ "SmtpS://[::1]:4465", "::1", NULL, NULL, "[::1]:4465", 4465,
	    TLS_IMPLICIT },
	{ "smtps://[::1]/", "::1", NULL, NULL, "[::1]:465", 465, TLS_IMPLICIT },
	{ "lmtp://a.b", "a.b", NULL, NULL, "a.b:24", 24, TLS_AUTO },
	{ "lmtp://a.b:2003", "a.b", NULL, NULL, "a.b:2003", 2003, TLS_AUTO },
	{ "lmtp:/run/lmtp", NULL, "/run/lmtp", NULL, "/run/lmtp", 0, TLS_NONE },
	{ "smtp://::1", "::1", NULL, NULL, "[::1]:25", 25, TLS_AUTO },
	/* USER@ */
	{ "smtp://ann@a", "a", NULL, "ann", "a:25", 25, TLS_AUTO },
	{ "submissions://ann%40b.c@a:25", "a", NULL, "ann@b.c", "a:25", 25,
	    TLS_IMPLICIT },
	{ "smtp://a%3Ab%3ac%25d%20e@[::1]:25", "::1", NULL, "a:b:c%d e",
	    "[::1]:25", 25, TLS_AUTO },
	{ "smtp://j%C3%BCrgen@a/", "a", NULL, "j\303\274rgen", "a:25", 25,
	    TLS_AUTO },
	/* Unix sockets */
	{ "smtp:/run/smtp", NULL, "/run/smtp", NULL, "/run/smtp", 0, TLS_NONE },
	{ "smtp:///run/smtp", NULL, "/run/smtp", NULL, "/run/smtp", 0,
	    TLS_NONE },
	{ "Smtp:/a b:c@d?e#f", NULL, "/a b:c@d?e#f", NULL, "/a b:c@d?e#f", 0,
	    TLS_NONE },
	{ "smtp:" PATH107, NULL, PATH107, NULL, PATH107, 0, TLS_NONE },
};

#define HOST "malformed host name"
#define FORMS "write HOST, HOST:PORT, [IPV6]:PORT, smtp://HOST or smtp:/path"
#define NO_PORT "no port behind the \":\""
#define NO_PATH                                                                \
	"neither \"//\" and a host nor an absolute path behind the scheme"
#define PATH_HINT "write smtp://HOST, or smtp:/path for a Unix socket"
#define SOCKET_HINT "a Unix socket is written smtp:/path"
#define PORT "the port is not a number from 1 to 65535"
#define SCHEME "unknown scheme"
#define KNOWN "known are smtp, submission, submissions, smtps and lmtp"
#define SLASHES "the scheme is not followed by \"//\" and a host"
#define BEHIND "nothing may stand behind the host and its port"
#define COLONS "more than one colon, but no IPv6 address"
#define COLONS_HINT "an IPv6 address with a port is written [2001:db8::1]:2525"
#define BRACKETS "brackets hold an IPv6 address"
#define IPV4 "malformed IPv4 address"
#define CONTROL "a control character or invalid UTF-8"
#define USER CONTROL " in USER"
#define ESCAPE "malformed percent-encoding in USER"
#define ESCAPE_HINT "a \"%\" in USER is written %25"
#define URL_HINT "write smtp://USER@HOST, or use --user"

static const struct bad bad[] = {
	/* host names */
	{ "", "no host name", FORMS },
	{ ".", "no host name", FORMS },
	{ ":25", "no host name", FORMS },
	{ "smtp://", "no host name", FORMS },
	{ "smtp:///", "no host name", FORMS },
	{ "smtps://:25", "no host name", FORMS },
	{ "smtp://ann@", "no host name", FORMS },
	{ "-a", HOST, FORMS },
	{ "a-.b", HOST, FORMS },
	{ "a..b", HOST, FORMS },
	{ "a b", HOST, FORMS },
	{ " a", HOST, FORMS },
	{ "a,b", HOST, FORMS },
	{ "a/b", HOST, SOCKET_HINT },
	{ "x" LABEL63, HOST, FORMS },
	{ LABEL63 "." LABEL63 "." LABEL63 "." LABEL63, HOST, FORMS },
	{ "/run/smtp", HOST, SOCKET_HINT },
	{ "./smtp", HOST, SOCKET_HINT },
	{ "a\nb", CONTROL, NULL },
	{ "a\302\205b", CONTROL, NULL },
	{ "a\342\200\256b", CONTROL, NULL },
	{ "a\377b", CONTROL, NULL },
	{ "smtp:/run\n/smtp", CONTROL, NULL },
	/* addresses */
	{ "192.0.2.256", IPV4, NULL },
	{ "192.0.2", IPV4, NULL },
	{ "192.0.2.01", IPV4, NULL },
	{ "1", IPV4, NULL },
	{ "0x7f000001", IPV4, NULL },
	{ "127.0.0.0X1:25", IPV4, NULL },
	{ "a.1", IPV4, NULL },
	{ "2001:db8::1::2", COLONS, COLONS_HINT },
	{ "a:25:26", COLONS, COLONS_HINT },
	{ "a:25,b:25", COLONS, COLONS_HINT },
	{ "fe80::1%", COLONS, COLONS_HINT },
	{ "fe80::1%a/b", COLONS, COLONS_HINT },
	{ "fe80::1%interface0123456", COLONS, COLONS_HINT },
	{ "[]", BRACKETS, NULL },
	{ "[a]:25", BRACKETS, NULL },
	{ "[192.0.2.1]", BRACKETS, NULL },
	{ "[::1", BRACKETS, NULL },
	{ "[IPv6:::1]", BRACKETS, NULL },
	{ "[::1]25", "only a port may stand behind the \"]\"", NULL },
	/* ports */
	{ "a:", NO_PORT, NULL },
	{ "a:0", PORT, NULL },
	{ "a:65536", PORT, NULL },
	{ "a:18446744073709551641", PORT, NULL },
	{ "a:+25", PORT, NULL },
	{ "a: 25", PORT, NULL },
	{ "a:25x", PORT, NULL },
	{ "a.b:smtp", PORT, NULL },
	{ "[::1]:", NO_PORT, NULL },
	{ "smtp://a:0x19", PORT, NULL },
	/* URLs */
	{ "srv:example.com", SCHEME, KNOWN },
	{ "https://a", SCHEME, KNOWN },
	{ "://a", SCHEME, KNOWN },
	{ "smtp:mail.example.com", NO_PATH, PATH_HINT },
	{ "smtp:", NO_PATH, PATH_HINT },
	{ "lmtp:", NO_PATH, PATH_HINT },
	{ "smtp:run/smtp", NO_PATH, PATH_HINT },
	{ "lmtp:./lmtp", NO_PATH, PATH_HINT },
	{ "lmtp:a:24", NO_PATH, PATH_HINT },
	{ "submission:", SLASHES, NULL },
	{ "submission:a", SLASHES, NULL },
	{ "smtps:/run/smtp", SLASHES, NULL },
	{ "smtp:/", NO_PATH, PATH_HINT },
	{ "smtps:///run/smtp", BEHIND, NULL },
	{ "smtp://a/b", BEHIND, NULL },
	{ "smtp://a//", BEHIND, NULL },
	{ "smtp://a?b", BEHIND, NULL },
	{ "smtp://a:25#b", BEHIND, NULL },
	{ "smtp:" PATH107 "x", "the path is too long for a Unix socket", NULL },
	/* USER@ */
	{ "ann@a", "USER@ stands in a URL only", URL_HINT },
	{ "smtp://@a", "no USER before the \"@\"", NULL },
	{ "smtp://ann@b@a", "more than one \"@\"",
	    "an \"@\" in USER is written %40" },
	{ "smtp://a%4@b", ESCAPE, ESCAPE_HINT },
	{ "smtp://a%@b", ESCAPE, ESCAPE_HINT },
	{ "smtp://a%4g@b", ESCAPE, ESCAPE_HINT },
	{ "smtp://a%0D%0Ab@c", USER, NULL },
	{ "smtp://a%00@c", USER, NULL },
	{ "smtp://a%7f@c", USER, NULL },
	{ "smtp://a%ff@c", USER, NULL },
};

static void
parses(void)
{
	const struct good *row;
	struct problem problem = { 0 };
	struct server s;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		row = &good[i];
		CHECK_INT(server_parse(&s, row->word, &problem), 0, row->word);
		CHECK_INT(problem.class, FAIL_NONE, row->word);
		CHECK_STR(s.word, row->word, row->word);
		CHECK_STR(s.host, row->host, row->word);
		CHECK_INT(
		    s.lmtp, strncmp(row->word, "lmtp:", 5) == 0, row->word);
		CHECK_STR(s.path, row->path, row->word);
		CHECK_STR(s.user, row->user, row->word);
		CHECK_STR(s.name, row->name, row->word);
		CHECK_INT(s.port, row->port, row->word);
		CHECK_INT(s.tls, row->tls, row->word);
		server_free(&s);
		problem_free(&problem);
	}
}

static void
refuses(void)
{
	const struct bad *row;
	struct problem problem = { 0 };
	struct server s;
	const char *why;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		row = &bad[i];
		CHECK_INT(server_parse(&s, row->word, &problem), -1, row->word);
		CHECK_INT(problem.class, FAIL_USAGE, row->word);
		why = strstr(buf_str(&problem.text), "\": ");
		CHECK_STR(why ? why + 3 : NULL, row->why, row->word);
		CHECK_STR(problem.hint, row->hint, row->word);
		CHECK(s.word == NULL && s.host == NULL && s.name == NULL);
		problem_free(&problem);
	}
	CHECK_INT(server_parse(&s, "a\r\nb", &problem), -1, "whole");
	CHECK_STR(buf_str(&problem.text),
	    "server \"a\\x0D\\x0Ab\": a control character or invalid UTF-8",
	    "whole");
	problem_free(&problem);
}

/* Wherever a password is tried, it is refused and not repeated. */
static void
hides(void)
{
	static const char *const words[] = {
		"smtp://ann:sesame@a",
		"smtp://ann:@a",
		"smtp://:sesame@a",
		"smtps://ann:sesame/x@a:465",
		"smtp://ann:sesame\n@a",
		"smtp://ann:sesame@b@a",
		"smtp:ann:sesame@a",
		"foo://ann:sesame@a",
		"ann:sesame@a",
		"ann:/sesame@a",
		"ann://sesame:x@a",
		"ann:b://sesame@a",
	};
	struct problem problem = { 0 };
	struct server s;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		CHECK_INT(server_parse(&s, words[i], &problem), -1, words[i]);
		CHECK_STR(buf_str(&problem.text),
		    "server: a password may not stand in SERVER", words[i]);
		CHECK(strstr(problem.hint, "--password-file"));
		CHECK(strstr(problem.hint, "$EHLO_PASSWORD"));
		problem_free(&problem);
	}
}

static void
try(const char *word)
{
	struct problem problem = { 0 };
	struct server s;

	if (server_parse(&s, word, &problem) == 0) {
		CHECK(s.name && !s.host == !!s.path);
		CHECK(s.host == NULL || strpbrk(s.host, " \r\n/@[]") == NULL);
		CHECK(s.path == NULL || s.path[0] == '/');
	} else {
		CHECK_INT(problem.class, FAIL_USAGE, word);
	}
	server_free(&s);
	problem_free(&problem);
}

/* Every prefix and every change of one octet. */
static void
survives(void)
{
	size_t i, at, len;
	char *word, old;
	int c;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		len = strlen(good[i].word);
		for (at = 0; at < len; at++) {
			word = mem_copy(good[i].word, at);
			try(word);
			free(word);
			word = mem_copy(good[i].word, len);
			old = word[at];
			for (c = 0; c < 256; c++) {
				word[at] = (char)c;
				if (word[at] != old)
					try(word);
			}
			free(word);
		}
	}
}

static void
port(const char *word, const char *name, int want)
{
	struct problem problem = { 0 };
	struct server s;

	CHECK_INT(server_parse(&s, word, &problem), 0, word);
	server_port(&s, 2525);
	CHECK_STR(s.name, name, word);
	CHECK_INT(s.port, want, word);
	server_free(&s);
	server_free(&s);
}

static void
families(void)
{
	static const struct {
		const char *word;
		int family;
		bool doubt;
	} rows[] = {
		{ "mail.example.com:2525", AF_UNSPEC, false },
		{ "192.0.2.1:2525", AF_INET, false },
		{ "2001:db8::1", AF_INET6, false },
		{ "::1:2601", AF_INET6, true },
		{ "smtp://::1:25", AF_INET6, true },
		{ "::1:24", AF_INET6, false }, /* no likely port */
		{ "::1:260f", AF_INET6, false },
		{ "[::1:2601]", AF_INET6, false },
		{ "[::1]:2601", AF_INET6, false },
		{ "fe80::2525%eth0", AF_INET6, false },
		{ "smtp:/run/a:2601", AF_UNSPEC, false },
	};
	struct problem problem = { 0 };
	struct server s;
	const char *hint;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_INT(
		    server_parse(&s, rows[i].word, &problem), 0, rows[i].word);
		CHECK_INT(server_family(&s), rows[i].family, rows[i].word);
		hint = server_doubt(&s);
		CHECK_INT(hint != NULL, rows[i].doubt, rows[i].word);
		server_free(&s);
	}
}

/* A name that is not ASCII is shown as typed, and looked up by its A-labels. */
static void
converts(void)
{
	static const struct {
		const char *word, *host, *name, *why;
	} rows[] = {
		{ "smtps://ann@B\303\274cher.example:25",
		    "xn--bcher-kva.example", "B\303\274cher.example:25", NULL },
		{ "\303\274.a.", "xn--tda.a", "\303\274.a:25", NULL },
		{ "\357\274\221\357\274\222\357\274\227.0.0.1", "127.0.0.1",
		    "\357\274\221\357\274\222\357\274\227.0.0.1:25", NULL },
		{ "a.\357\274\221", NULL, NULL, "malformed IPv4 address" },
		{ "a.\343\200\202b", NULL, NULL, HOST },
		{ "\342\230\203", NULL, NULL,
		    "its name cannot be said in ASCII: string contains a "
		    "disallowed character" },
	};
	struct problem problem = { 0 };
	struct server s;
	const char *why;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		server_parse(&s, rows[i].word, &problem);
		why = strstr(buf_str(&problem.text), "\": ");
		why = why ? why + 3 : NULL;
		if (idn_version()) {
			CHECK_STR(s.host, rows[i].host, rows[i].word);
			CHECK_STR(s.name, rows[i].name, rows[i].word);
			CHECK_STR(why, rows[i].why, rows[i].word);
		} else {
			CHECK_STR(why,
			    "its name cannot be said in ASCII: "
			    "built without libidn2",
			    rows[i].word);
			CHECK_STR(
			    problem.hint, "write it as xn--...", rows[i].word);
		}
		server_free(&s);
		problem_free(&problem);
	}
}

int
main(void)
{
	families();
	parses();
	converts();
	refuses();
	hides();
	survives();
	port("smtps://a", "a:2525", 2525);
	port("::1", "[::1]:2525", 2525);
	port("smtp:/run/smtp", "/run/smtp", 0);
	return check_done("t_server");
}
