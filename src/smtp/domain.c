#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "smtp/domain.h"

/* In octets: RFC 5321 4.5.3.1.2, RFC 1035 2.3.4. */
enum {
	LIMIT_DOMAIN = 255,
	LIMIT_LABEL = 63
};

static bool
alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

static bool
high(char c)
{
	return (unsigned char)c > 127;
}

static const char *
label_fault(const char *p, size_t len)
{
	bool ascii = true;
	size_t i;

	if (len == 0)
		return "a dot at the edge of the domain, or two in a row";
	if (p[0] == '-' || p[len - 1] == '-')
		return "a hyphen at the edge of a part of the domain";
	for (i = 0; i < len; i++) {
		if (high(p[i]))
			ascii = false;
		else if (p[i] == '_')
			return "an underscore in the domain";
		else if (!alnum(p[i]) && p[i] != '-')
			return "a character that cannot stand in a domain";
	}
	/* RFC 5890 2.3.2.1: a U-label may have more octets than its A-label */
	return ascii && len > LIMIT_LABEL
		   ? "a part of the domain has more than 63 octets"
		   : NULL;
}

static bool
number(const char *p, size_t len)
{
	while (len && p[len - 1] >= '0' && p[len - 1] <= '9')
		len--;
	return len == 0;
}

const char *
domain_fault(const char *p, size_t len)
{
	const char *end = p + len, *dot, *fault;

	if (len == 0)
		return "no domain behind the \"@\"";
	if (len > LIMIT_DOMAIN)
		return "the domain has more than 255 octets";
	for (;;) {
		dot = memchr(p, '.', (size_t)(end - p));
		fault = label_fault(p, (size_t)((dot ? dot : end) - p));
		if (fault || dot == NULL)
			break;
		p = dot + 1;
	}
	/* RFC 3696 2: no top-level domain is a number; this is an address */
	if (fault == NULL && number(p, (size_t)(end - p)))
		return "the domain ends in a number: an IP address stands in "
		       "brackets, as in user@[192.0.2.1]";
	return fault;
}

static bool
is_ip(int family, const char *p, size_t len)
{
	unsigned char ip[sizeof(struct in6_addr)];
	char text[INET6_ADDRSTRLEN];

	if (len >= sizeof(text) || memchr(p, '\0', len))
		return false;
	memcpy(text, p, len);
	text[len] = '\0';
	return inet_pton(family, text, ip) == 1;
}

/* R-5321-54: at most 6 groups beside "::", which inet_pton() does not mind. */
static bool
is_ipv6(const char *p, size_t len)
{
	bool compressed = false, dotted = false;
	size_t i, groups = 0;

	if (!is_ip(AF_INET6, p, len))
		return false;
	for (i = 0; i < len; i++) {
		if (p[i] == '.')
			dotted = true;
		else if (p[i] == ':')
			compressed |= i > 0 && p[i - 1] == ':';
		else if (i == 0 || p[i - 1] == ':')
			groups++;
	}
	return !compressed || groups + dotted <= 6;
}

bool
domain_name(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (high(p[i]))
			return false;
	return domain_fault(p, len) == NULL;
}

bool
domain_literal(const char *p, size_t len)
{
	static const char tag[] = "IPv6:";
	size_t n = sizeof(tag) - 1;

	if (len < 2 || p[0] != '[' || p[len - 1] != ']')
		return false;
	p++;
	len -= 2;
	if (len > n && text_is(p, n, tag))
		return is_ipv6(p + n, len - n);
	return is_ip(AF_INET, p, len);
}
