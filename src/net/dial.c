#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "net/dial.h"

/* Splits "ADDRESS", "ADDRESS:PORT", "[IPV6]:PORT" in place; the port or "0". */
static const char *
split_port(char *text, char **address)
{
	char *end = NULL;

	*address = text;
	if (text[0] == '[' && (end = strchr(text, ']')) != NULL) {
		*address = text + 1;
		*end++ = '\0';
		return *end == ':' ? end + 1 : *end ? NULL : "0";
	}
	end = strrchr(text, ':');
	if (end == NULL || strchr(text, ':') != end)
		return "0";
	*end = '\0';
	return end + 1;
}

int
dial_local(struct endpoint *local, const char *text, struct problem *problem)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *found = NULL;
	char *copy = mem_string(text), *address;
	const char *port = split_port(copy, &address);
	uint64_t number;
	int rv = -1;

	if (port && text_number(port, strlen(port), 65535, &number) == 0 &&
	    getaddrinfo(address, port, &hints, &found) == 0) {
		memcpy(&local->address, found->ai_addr, found->ai_addrlen);
		local->len = found->ai_addrlen;
		resolve_text(found->ai_addr, local->text, sizeof(local->text));
		freeaddrinfo(found);
		/* no short forms of IPv4: 127.1 */
		if (local->address.ss_family != AF_INET ||
		    strcmp(local->text, address) == 0)
			rv = 0;
	}
	free(copy);
	if (rv == -1)
		problem_set(problem, FAIL_USAGE,
		    "--bind %s: not an address or ADDRESS:PORT", text);
	return rv;
}

static int
open_socket(const struct endpoint *e, const struct endpoint *local,
    struct problem *problem)
{
	int family = e->address.ss_family, one = 1;
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd == -1)
		return problem_set(problem,
		    errno == EAFNOSUPPORT ? FAIL_CONNECTION : FAIL_SYSTEM,
		    "connect to %s: socket: %s", e->text, strerror(errno));
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (local == NULL || family == AF_UNIX)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (local->address.ss_family != family)
		problem_set(problem, FAIL_CONNECTION,
		    "connect to %s: --bind %s is of another address family",
		    e->text, local->text);
	else if (bind(fd, (const void *)&local->address, local->len) == -1)
		problem_set(problem, FAIL_CONNECTION,
		    "connect to %s: bind to %s: %s", e->text, local->text,
		    strerror(errno));
	else
		return fd;
	close(fd);
	return -1;
}

static int
lost(const struct endpoint *e, enum conn_event event, int code,
    struct problem *problem)
{
	if (event == CONN_SIGNAL)
		return problem_set(problem, FAIL_SIGNAL,
		    "connect to %s: interrupted", e->text);
	return problem_set(problem, FAIL_CONNECTION, "connect to %s: %s",
	    e->text, event == CONN_LATE ? "no answer in time" : strerror(code));
}

int
dial(struct conn *c, const struct endpoint *e, const struct endpoint *local,
    int interrupt, int64_t deadline, struct problem *problem)
{
	enum conn_event event = CONN_OK;
	socklen_t len = sizeof(int);
	int fd, code = 0;

	fd = open_socket(e, local, problem);
	if (fd == -1)
		return -1;
	conn_open(c, fd, interrupt);
	if (connect(fd, (const void *)&e->address, e->len) == -1)
		code = errno;
	if (code == EINPROGRESS || code == EINTR) {
		event = c->io->wait(c, true, deadline);
		if (event == CONN_OK)
			getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len);
	}
	if (event == CONN_OK && code == 0)
		return 0;
	conn_close(c);
	return lost(e, event, code, problem);
}
