#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/buf.h"
#include "net/resolve.h"

void
resolve_text(const struct sockaddr *sa, char *text, size_t size)
{
	char zone[16] = "";
	const struct sockaddr_in6 *six = (const void *)sa;
	const struct sockaddr_in *four = (const void *)sa;

	text[0] = '\0';
	if (sa->sa_family == AF_INET)
		inet_ntop(AF_INET, &four->sin_addr, text, (socklen_t)size);
	if (sa->sa_family != AF_INET6)
		return;
	inet_ntop(AF_INET6, &six->sin6_addr, text, (socklen_t)size);
	if (six->sin6_scope_id)
		snprintf(zone, sizeof(zone), "%%%u", six->sin6_scope_id);
	if (strlen(text) + strlen(zone) < size)
		memcpy(text + strlen(text), zone, strlen(zone) + 1);
}

static bool
is_loopback(const struct sockaddr *sa)
{
	const struct sockaddr_in6 *six = (const void *)sa;
	const struct sockaddr_in *four = (const void *)sa;

	if (sa->sa_family == AF_INET)
		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr) ||
	       (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr) &&
		   six->sin6_addr.s6_addr[12] == 127);
}

static size_t
unix_socket(const char *path, struct endpoint **list)
{
	struct endpoint *e = *list = mem_array(1, sizeof(*e));
	struct sockaddr_un *un = (void *)&e->address;

	un->sun_family = AF_UNIX;
	snprintf(un->sun_path, sizeof(un->sun_path), "%s", path);
	snprintf(e->text, sizeof(e->text), "%s", path);
	e->len = sizeof(*un);
	e->loopback = true;
	return 1;
}

/* Whether the host has addresses, be it of a family that is not wanted. */
static bool
exists(const char *host)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;

	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		return false;
	freeaddrinfo(found);
	return true;
}

static int
unresolved(const char *host, int family, int code, struct problem *problem)
{
	const char *why =
	    code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code);

	if (code == EAI_AGAIN || code == EAI_SYSTEM || code == EAI_MEMORY)
		return problem_set(
		    problem, FAIL_CONNECTION, "look up %s: %s", host, why);
	if (family != AF_UNSPEC && exists(host))
		return problem_hint(problem, FAIL_HOST,
		    "without -4 or -6 addresses of both kinds are tried",
		    "look up %s: it has no %s address", host,
		    family == AF_INET ? "IPv4" : "IPv6");
	return problem_set(problem, FAIL_HOST, "look up %s: %s", host, why);
}

size_t
resolve(const struct server *server, int family, struct endpoint **list,
    struct problem *problem)
{
	struct addrinfo hints = { .ai_family = family,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV | AI_NUMERICHOST };
	struct addrinfo *found, *ai;
	char port[8];
	size_t n = 0;
	int code;

	if (server->path)
		return unix_socket(server->path, list);
	snprintf(port, sizeof(port), "%u", server->port);
	code = getaddrinfo(server->host, port, &hints, &found);
	if (code == EAI_NONAME) {
		hints.ai_flags = AI_NUMERICSERV;
		code = getaddrinfo(server->host, port, &hints, &found);
	}
	if (code != 0) {
		unresolved(server->host, family, code, problem);
		return 0;
	}
	for (ai = found; ai; ai = ai->ai_next)
		n++;
	*list = mem_array(n, sizeof(**list));
	for (n = 0, ai = found; ai; ai = ai->ai_next, n++) {
		struct endpoint *e = &(*list)[n];

		memcpy(&e->address, ai->ai_addr, ai->ai_addrlen);
		e->len = ai->ai_addrlen;
		e->loopback = is_loopback(ai->ai_addr);
		resolve_text(ai->ai_addr, e->text, sizeof(e->text));
	}
	freeaddrinfo(found);
	return n;
}
