#ifndef SERVER_H
#define SERVER_H

/* The SERVER word of the command line: where to connect, and how. */

#include <stdbool.h>
#include <stdint.h>

#include "base/problem.h"

enum tls_policy {
	TLS_AUTO, /* STARTTLS where it is offered */
	TLS_STARTTLS, /* STARTTLS or nothing */
	TLS_IMPLICIT, /* TLS from the first octet */
	TLS_NONE /* never */
};

struct server {
	char *word; /* as given */
	char *host; /* name without a dot at its end, one that is not ASCII as
		     * A-labels; or address without brackets, an IPv6 zone
		     * ("%eth0") included; NULL with path */
	char *typed; /* the name that is not ASCII, or NULL */
	char *path; /* of a Unix socket; NULL with host */
	char *user; /* of USER@, or NULL */
	char *name; /* for messages: "host:port", "[::1]:25", "/path" */
	uint16_t port; /* 0 with path */
	enum tls_policy tls;
	bool lmtp; /* RFC 2033, not SMTP */
};

/* Reads host, host:port, IPv4, IPv6 with and without brackets, smtp://,
 * submission://, submissions://, smtps:// with USER@ and port, smtp:/path, and
 * the same with lmtp. What is wrong is FAIL_USAGE, with a hint where it can be
 * had, and -1; the server is empty then. A password is refused and never
 * repeated. */
int server_parse(struct server *, const char *word, struct problem *);

/* Sets the port (and with it the name), as --port does. A Unix socket has
 * none: nothing changes. */
void server_port(struct server *, uint16_t);

/* AF_INET or AF_INET6 if the host is an address, else AF_UNSPEC. */
int server_family(const struct server *);

/* If the word is an IPv6 address that may have been meant to end in a port
 * (::1:2525), a hint how that is written; else NULL. */
const char *server_doubt(const struct server *);

void server_free(struct server *);

#endif
