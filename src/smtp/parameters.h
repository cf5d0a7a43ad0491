#ifndef PARAMETERS_H
#define PARAMETERS_H

/* Parameters of MAIL and RCPT (RFC 5321 4.1.1.11): what the user asks for, held
 * against what the server offers, and how it stands on the wire. No I/O. */

#include <stdbool.h>
#include <stdint.h>

#include "base/problem.h"
#include "smtp/envelope.h"
#include "smtp/extension.h"

/* Of DSN (RFC 3461 4.1): when a report is wanted. */
enum dsn_event {
	DSN_SUCCESS,
	DSN_FAILURE,
	DSN_DELAY,
	DSN_NEVER
};
#define NDSN_EVENT (DSN_NEVER + 1)

/* What the user asks for; zeroed: nothing. Strings are the caller's. */
struct parameters {
	/* DSN */
	unsigned notify; /* 1 << enum dsn_event, or-ed; 0: not asked for */
	const char *ret; /* "FULL", "HDRS", or NULL */
	const char *envid; /* printable ASCII, not in xtext; or NULL */
	bool requiretls; /* RFC 8689 */
	/* FUTURERELEASE (RFC 4865): 0 where not asked for */
	int64_t hold_for; /* seconds */
	int64_t hold_until; /* seconds since 1970 */
	/* DELIVERBY (RFC 2852) */
	char by_mode; /* 'R': return it then, 'N': notify; 0: not asked for */
	int by_seconds;
	/* MT-PRIORITY (RFC 6710) */
	bool prioritized;
	int priority; /* -9 to 9 */
	/* Others, as they are said: of MAIL, and of every RCPT */
	const char **mail, **rcpt;
	size_t nmail, nrcpt;
};

/* Whether anything is asked for. */
bool parameters_any(const struct parameters *);

/* "SUCCESS" and so on. */
const char *dsn_event_name(enum dsn_event);

/* Whether it can be said as it is: a keyword, perhaps with = and a value (RFC
 * 5321 4.1.2), and none that depends on the message or the connection, which
 * is not for the user to say. FAIL_USAGE. */
int parameters_syntax(const char *, struct problem *);

/* What is wrong with all of them together, for this envelope: a keyword twice,
 * a line that would be too long (R-5321-28). FAIL_USAGE. */
int parameters_check(
    const struct parameters *, const struct envelope *, struct problem *);

/* Whether the server offers what is asked for, and as much of it. verified: the
 * connection is TLS with a verified certificate, so that what it offers was
 * said inside. now: seconds since 1970. FAIL_MESSAGE, naming the parameter and
 * the extension. */
int parameters_fit(const struct parameters *, const struct extensions *,
    bool verified, int64_t now, struct problem *);

/* Add what stands behind the path in MAIL and RCPT, a space before each. utf8:
 * the path is not ASCII, and the server offers SMTPUTF8. */
void parameters_mail(const struct parameters *, struct buf *out);
void parameters_rcpt(
    const struct parameters *, const char *path, bool utf8, struct buf *out);

/* Adds xtext (RFC 3461 4). */
void parameters_xtext(struct buf *out, const char *);

void parameters_free(struct parameters *);

#endif
