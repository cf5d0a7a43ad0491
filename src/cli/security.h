#ifndef SECURITY_H
#define SECURITY_H

/* Options about TLS: when it is used, who is trusted, who this client is. */

#include <popt.h>

#include "base/clock.h"
#include "smtp/session.h"

struct security {
	const char *policy; /* --tls; NULL: SERVER's */
	const char *authorities; /* --tls-ca: file or folder; NULL: the
				  * system's */
	const char *cert, *key; /* files; key NULL: in that of cert */
	int days; /* --cert-days; 0: not given */
	/* private: what the options of TLS point to */
	char *name;
	struct pin *pins;
	X509_STORE *store;
	struct identity identity;
};

/* For --help, and for popt to read. */
extern struct poptOption security_table[];

/* Whether popt's option is one of them. */
bool security_has(int option);

/* Takes in such an option; --tls-pin adds up. What is wrong with its value is
 * FAIL_USAGE. value must live as long as the options, into which it may go. */
int security_apply(struct security *, struct tls_options *, int option,
    const char *value, struct problem *);

/* When all options and the server are known: the policy, and what does not go
 * together: FAIL_USAGE. */
int security_check(const struct security *, struct session_options *,
    const struct server *, struct problem *);

/* Reads the files, before a connection is made: FAIL_INPUT, FAIL_AUTH,
 * FAIL_SYSTEM and, while a passphrase is awaited, FAIL_SIGNAL and
 * FAIL_CONNECTION. The options point to what belongs to it. */
int security_load(struct security *, struct tls_options *,
    const struct patience *, struct problem *);

/* With --cert-days, whether the certificate that was found will do. -1: it
 * expires too soon, or there was none; the problem says so. */
int security_age(
    const struct security *, const struct tls_findings *, struct problem *);

void security_free(struct security *);

#endif
