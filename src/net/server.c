#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/idn.h"
#include "base/text.h"
#include "net/server.h"

/* In octets: RFC 1035 2.3.4 as text; an interface's name. */
enum {
	LIMIT_HOST = 253,
	LIMIT_LABEL = 63,
	LIMIT_ZONE = 15
};

struct scheme {
	const char *name;
	uint16_t port;
	enum tls_policy tls;
	bool socket; /* may be followed by the path of a Unix socket */
};

static const char malformed[] = "malformed host name";
static const char forms[] =
    "write HOST, HOST:PORT, [IPV6]:PORT, smtp://HOST or smtp:/path";
static const char with_port[] =
    "an IPv6 address with a port is written [2001:db8::1]:2525";

/* RFC 6409, RFC 8314 7.3 */
static const struct scheme schemes[] = {
	{ "smtp", 25, TLS_AUTO, true },
	{ "submission", 587, TLS_STARTTLS, false },
	{ "submissions", 465, TLS_IMPLICIT, false },
	{ "smtps", 465, TLS_IMPLICIT, false },
	{ "lmtp", 24, TLS_AUTO, true },
};

static int
refuse(const struct server *s, struct problem *problem, const char *hint,
    const char *why)
{
	struct buf shown = { 0 };

	text_show(&shown, s->word, strlen(s->word));
	problem_hint(problem, FAIL_USAGE, hint, "server \"%s\": %s",
	    buf_str(&shown), why);
	buf_free(&shown);
	return -1;
}

static bool
alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

static bool
ipv6(const char *p, size_t len)
{
	const char *zone = memchr(p, '%', len);
	char text[INET6_ADDRSTRLEN];
	struct in6_addr ip;
	size_t i, n = zone ? (size_t)(zone - p) : len;

	if (n >= sizeof(text))
		return false;
	memcpy(text, p, n);
	text[n] = '\0';
	if (inet_pton(AF_INET6, text, &ip) != 1)
		return false;
	if (zone == NULL)
		return true;
	for (i = n + 1; i < len; i++)
		if (!alnum(p[i]) && !strchr("-._", p[i]))
			return false;
	return len - n > 1 && len - n - 1 <= LIMIT_ZONE;
}

/* A label of a name to be looked up: more than a mail domain may have, since
 * names without rules ("mail_server") exist inside of networks. */
static bool
label(const char *p, size_t len)
{
	bool ascii = true;
	size_t i;

	if (len == 0 || p[0] == '-' || p[len - 1] == '-')
		return false;
	for (i = 0; i < len; i++) {
		if ((unsigned char)p[i] > 127)
			ascii = false;
		else if (!alnum(p[i]) && p[i] != '-' && p[i] != '_')
			return false;
	}
	/* RFC 5890 2.3.2.1: a U-label may have more octets than its A-label */
	return !ascii || len <= LIMIT_LABEL;
}

static bool
labels(const char *host)
{
	const char *dot;

	if (strlen(host) > LIMIT_HOST)
		return false;
	for (; (dot = strchr(host, '.')); host = dot + 1)
		if (!label(host, (size_t)(dot - host)))
			return false;
	return label(host, strlen(host));
}

/* Whether resolvers would take it for an IPv4 address, be it as inet_aton(3)
 * reads them: 127.1, 0x7f000001. */
static bool
numeric(const char *host)
{
	const char *last = strrchr(host, '.');

	last = last ? last + 1 : host;
	if (last[0] == '0' && (last[1] == 'x' || last[1] == 'X'))
		return last[2 + strspn(last + 2, "0123456789abcdefABCDEF")] ==
		       '\0';
	return last[strspn(last, "0123456789")] == '\0';
}

static bool
ascii(const char *p)
{
	while (*p && (unsigned char)*p < 128)
		p++;
	return *p == '\0';
}

/* R-ID-11: looked up, verified and sent as SNI by its A-labels. */
static int
to_ascii(struct server *s, struct problem *problem)
{
	struct buf text = { 0 };
	const char *why;

	s->typed = s->host;
	s->host = idn_ascii(s->typed, &why);
	if (s->host)
		return 0;
	buf_addf(&text, "its name cannot be said in ASCII: %s", why);
	refuse(s, problem, idn_version() ? NULL : "write it as xn--...",
	    buf_str(&text));
	buf_free(&text);
	return -1;
}

static int
named_host(struct server *s, const char *p, size_t len, struct problem *problem)
{
	struct in_addr ip;

	if (len && p[len - 1] == '.') /* no part of what TLS verifies */
		len--;
	if (len == 0)
		return refuse(s, problem, forms, "no host name");
	s->host = mem_copy(p, len);
	if (!labels(s->host))
		return refuse(s, problem, forms, malformed);
	if (!ascii(s->host) && to_ascii(s, problem) == -1)
		return -1;
	if (!labels(s->host)) /* what was mapped to */
		return refuse(s, problem, forms, malformed);
	if (numeric(s->host) && inet_pton(AF_INET, s->host, &ip) != 1)
		return refuse(s, problem, NULL, "malformed IPv4 address");
	return 0;
}

static int
port_number(
    struct server *s, const char *p, size_t len, struct problem *problem)
{
	uint64_t port;

	if (len == 0)
		return refuse(s, problem, NULL, "no port behind the \":\"");
	if (text_number(p, len, UINT16_MAX, &port) == -1 || port == 0)
		return refuse(s, problem, NULL,
		    "the port is not a number from 1 to 65535");
	s->port = (uint16_t)port;
	return 0;
}

static int
bracketed(struct server *s, const char *p, size_t len, struct problem *problem)
{
	const char *close = memchr(p, ']', len), *end = p + len;

	p++;
	if (close == NULL || !ipv6(p, (size_t)(close - p)))
		return refuse(
		    s, problem, NULL, "brackets hold an IPv6 address");
	s->host = mem_copy(p, (size_t)(close - p));
	p = close + 1;
	if (p == end)
		return 0;
	if (*p++ != ':')
		return refuse(
		    s, problem, NULL, "only a port may stand behind the \"]\"");
	return port_number(s, p, (size_t)(end - p), problem);
}

static int
host_port(struct server *s, const char *p, size_t len, struct problem *problem)
{
	const char *end = p + len, *colon = memchr(p, ':', len);

	if (len && p[0] == '[')
		return bracketed(s, p, len, problem);
	if (colon == NULL)
		return named_host(s, p, len, problem);
	if (memchr(colon + 1, ':', (size_t)(end - colon) - 1)) {
		if (!ipv6(p, len))
			return refuse(s, problem, with_port,
			    "more than one colon, but no IPv6 address");
		s->host = mem_copy(p, len);
		return 0;
	}
	if (named_host(s, p, (size_t)(colon - p), problem) == -1)
		return -1;
	p = colon + 1;
	return port_number(s, p, (size_t)(end - p), problem);
}

static int
hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* RFC 3986 2.1. What follows p is at least an "@" and a NUL. */
static int
percent_decode(struct buf *out, const char *p, const char *end)
{
	char c;

	for (; p < end; p++) {
		c = *p;
		if (c == '%') {
			if (hex(p[1]) == -1 || hex(p[2]) == -1)
				return -1;
			c = (char)(hex(p[1]) << 4 | hex(p[2]));
			p += 2;
		}
		buf_add(out, &c, 1);
	}
	return 0;
}

static int
user_name(
    struct server *s, const char *p, const char *end, struct problem *problem)
{
	struct buf user = { 0 };
	int rv = 0;

	if (percent_decode(&user, p, end) == -1)
		rv = refuse(s, problem, "a \"%\" in USER is written %25",
		    "malformed percent-encoding in USER");
	else if (buf_len(&user) == 0)
		rv = refuse(s, problem, NULL, "no USER before the \"@\"");
	else if (!text_harmless(buf_head(&user), buf_len(&user)))
		rv = refuse(s, problem, NULL,
		    "a control character or invalid UTF-8 in USER");
	else
		s->user = mem_string(buf_str(&user));
	buf_free(&user);
	return rv;
}

/* RFC 3986 3.2, with nothing behind it. */
static int
authority(struct server *s, const char *p, struct problem *problem)
{
	size_t len = strlen(p);
	const char *at;

	if (len && p[len - 1] == '/')
		len--;
	if (strcspn(p, "/?#") < len)
		return refuse(s, problem, NULL,
		    "nothing may stand behind the host and its port");
	at = memchr(p, '@', len);
	if (at) {
		if (memchr(at + 1, '@', len - (size_t)(at - p) - 1))
			return refuse(s, problem,
			    "an \"@\" in USER is written %40",
			    "more than one \"@\"");
		if (user_name(s, p, at, problem) == -1)
			return -1;
		len -= (size_t)(at + 1 - p);
		p = at + 1;
	}
	return host_port(s, p, len, problem);
}

static int
unix_socket(struct server *s, const char *path, struct problem *problem)
{
	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return refuse(
		    s, problem, NULL, "the path is too long for a Unix socket");
	s->path = mem_string(path);
	s->tls = TLS_NONE;
	s->port = 0;
	return 0;
}

static const struct scheme *
find_scheme(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (text_is(p, len, schemes[i].name))
			return &schemes[i];
	return NULL;
}

/* Where in "/path" or "///path" the path of a Unix socket begins, or NULL:
 * "//" begins a host. */
static const char *
socket_path(const char *p)
{
	if (strncmp(p, "///", 3) == 0)
		p += 2;
	return p[0] == '/' && p[1] != '/' && p[1] != '\0' ? p : NULL;
}

/* Whether "user:password@" stands where a user might write it. */
static bool
has_password(const char *word, const char *rest)
{
	const char *start = strncmp(rest, "://", 3) == 0 ? rest + 3 : word;
	const char *at = strrchr(start, '@');

	return at && memchr(start, ':', (size_t)(at - start));
}

/* "name:/..." or, with one colon and no port behind it, "name:host.domain".
 * Behind a scheme that is known everything but a port counts. */
static bool
looks_like_url(const char *word, const char *colon, const struct scheme *scheme)
{
	if (colon[0] == '\0' || colon[1] == '/')
		return colon[0] != '\0';
	if (scheme)
		return colon[1 + strspn(colon + 1, "0123456789")] != '\0' ||
		       colon[1] == '\0';
	return !memchr(word, '.', (size_t)(colon - word)) &&
	       !strchr("0123456789", colon[1]) && !strchr(colon + 1, ':') &&
	       strchr(colon, '.');
}

static int
without_scheme(struct server *s, struct problem *problem)
{
	if (strchr(s->word, '@'))
		return refuse(s, problem,
		    "write smtp://USER@HOST, or use --user",
		    "USER@ stands in a URL only");
	if (s->word[strcspn(s->word, "/:")] == '/')
		return refuse(s, problem, "a Unix socket is written smtp:/path",
		    malformed);
	return host_port(s, s->word, strlen(s->word), problem);
}

static int
read_word(struct server *s, struct problem *problem)
{
	const char *colon = s->word + strcspn(s->word, ":");
	const struct scheme *scheme =
	    find_scheme(s->word, (size_t)(colon - s->word));
	const char *path = NULL;

	if (scheme && scheme->socket && *colon)
		path = socket_path(colon + 1);
	if (path == NULL && has_password(s->word, colon))
		return problem_hint(problem, FAIL_USAGE,
		    "it comes from --password-file, --password-command "
		    "or $EHLO_PASSWORD, or is asked for",
		    "server: a password may not stand in SERVER");
	/* S-10 */
	if (!text_harmless(s->word, strlen(s->word)))
		return refuse(
		    s, problem, NULL, "a control character or invalid UTF-8");
	s->lmtp = scheme && text_is("lmtp", 4, scheme->name);
	if (path)
		return unix_socket(s, path, problem);
	if (!looks_like_url(s->word, colon, scheme))
		return without_scheme(s, problem);
	if (scheme == NULL)
		return refuse(s, problem,
		    "known are smtp, submission, submissions, smtps and lmtp",
		    "unknown scheme");
	if (strncmp(colon, "://", 3) != 0 && scheme->socket)
		return refuse(s, problem,
		    "write smtp://HOST, or smtp:/path for a Unix socket",
		    "neither \"//\" and a host nor an absolute path behind "
		    "the scheme");
	if (strncmp(colon, "://", 3) != 0)
		return refuse(s, problem, NULL,
		    "the scheme is not followed by \"//\" and a host");
	s->port = scheme->port;
	s->tls = scheme->tls;
	return authority(s, colon + 3, problem);
}

static void
set_name(struct server *s)
{
	struct buf name = { 0 };

	if (s->path)
		buf_adds(&name, s->path);
	else
		buf_addf(&name, strchr(s->host, ':') ? "[%s]:%u" : "%s:%u",
		    s->typed ? s->typed : s->host, (unsigned)s->port);
	free(s->name);
	s->name = mem_string(buf_str(&name));
	buf_free(&name);
}

void
server_port(struct server *s, uint16_t port)
{
	if (s->path)
		return;
	s->port = port;
	set_name(s);
}

int
server_family(const struct server *s)
{
	struct in_addr ip;

	if (s->host && strchr(s->host, ':'))
		return AF_INET6;
	return s->host && inet_pton(AF_INET, s->host, &ip) == 1 ? AF_INET
								: AF_UNSPEC;
}

const char *
server_doubt(const struct server *s)
{
	const char *last = s->host ? strrchr(s->host, ':') : NULL;
	size_t len = last ? strlen(++last) : 0;
	uint64_t port;

	if (len < 2 || strchr(s->word, '[') ||
	    text_number(last, len, UINT16_MAX, &port) == -1 || port < 25)
		return NULL;
	return with_port;
}

int
server_parse(struct server *s, const char *word, struct problem *problem)
{
	*s = (struct server){
		.word = mem_string(word),
		.port = schemes[0].port,
		.tls = schemes[0].tls,
	};
	if (read_word(s, problem) == -1) {
		server_free(s);
		return -1;
	}
	set_name(s);
	return 0;
}

void
server_free(struct server *s)
{
	free(s->word);
	free(s->host);
	free(s->typed);
	free(s->path);
	free(s->user);
	free(s->name);
	*s = (struct server){ 0 };
}
