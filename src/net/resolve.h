#ifndef RESOLVE_H
#define RESOLVE_H

/* From a server's name to the addresses that it can be reached at. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/problem.h"
#include "net/server.h"

struct endpoint {
	struct sockaddr_storage address;
	socklen_t len;
	char text[128]; /* "192.0.2.1", "2001:db8::1" or the socket's path */
	bool loopback; /* 127/8, ::1, or a Unix socket */
};

/* The endpoints of a server in the order of the system's resolver, an array
 * that the caller frees. family is AF_INET, AF_INET6 or AF_UNSPEC. A name that
 * does not exist is FAIL_HOST, one that cannot be looked up now
 * FAIL_CONNECTION. Returns how many, or 0. */
size_t resolve(
    const struct server *, int family, struct endpoint **, struct problem *);

/* An address as text, without a port (RFC 5952 for IPv6). */
void resolve_text(const struct sockaddr *, char *, size_t);

#endif
