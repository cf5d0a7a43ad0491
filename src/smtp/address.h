#ifndef ADDRESS_H
#define ADDRESS_H

/* Mailboxes: RFC 5321 4.1.2, and how people write them. */

#include <stdbool.h>

#include "base/problem.h"

enum address_kind {
	ADDRESS_SENDER, /* may be the null reverse-path: "" or "<>" */
	ADDRESS_RECIPIENT /* may be Postmaster without a domain */
};

struct address {
	char *path; /* what stands between < and > on the wire: no source
		     * route, quotes only where needed; "" for null */
	char *domain; /* inside path, behind the last @; NULL: none */
	bool utf8; /* has octets above 127: needs SMTPUTF8 (RFC 6531) */
	char *ascii; /* path with A-labels; NULL: not made */
};

/* Reads "user@host", "<user@host>", "Name <user@host>", "<@a,@b:user@host>"
 * (the route is dropped), with white space and (comments) around them.
 * Anything else, a list of addresses among it, is FAIL_USAGE (R-5321-50 to
 * -55), and -1; the address is empty then. Control characters, a tab in the
 * middle among them, are refused in the name too. */
int address_parse(
    struct address *, const char *text, enum address_kind, struct problem *);

/* Makes what can be said without SMTPUTF8, if that is needed: the path with a
 * domain of A-labels (R-6531-02). -1: there is none; *why (static storage) is
 * the fault of the domain, or NULL: the local-part is not ASCII. */
int address_ascii(struct address *, const char **why);

/* What is said: the path itself, or, without utf8, what address_ascii() has
 * made. */
const char *address_said(const struct address *, bool utf8);

/* Whether mail to both is mail to one mailbox: domains without regard to
 * case, local-parts exactly; Postmaster in any case. */
bool address_same(const struct address *, const struct address *);

void address_free(struct address *);

#endif
