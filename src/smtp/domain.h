#ifndef DOMAIN_H
#define DOMAIN_H

/* What stands behind the @, and after EHLO: domain names and address literals
 * (RFC 5321 4.1.2 and 4.1.3). */

#include <stdbool.h>
#include <stddef.h>

/* Whether it is a domain name in ASCII: LDH labels, at least one, the last
 * not a number, no dot at the end. */
bool domain_name(const char *, size_t);

/* The same for a name that may have UTF-8 labels (RFC 6531 3.3): NULL, or what
 * is wrong. That it is harmless, valid UTF-8 is for the caller to know. */
const char *domain_fault(const char *, size_t);

/* Whether it is an address literal, with its brackets: [192.0.2.1] or
 * [IPv6:2001:db8::1]; no other tags. */
bool domain_literal(const char *, size_t);

#endif
