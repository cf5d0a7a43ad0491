#ifndef CLI_CREDENTIALS_H
#define CLI_CREDENTIALS_H

/* Where a password comes from. Never from the command line (S-50). */

#include "base/clock.h"
#include "base/problem.h"
#include "smtp/sasl.h"

struct password_source {
	const char *file; /* --password-file */
	const char *command; /* --password-command, for sh -c */
	int fd; /* --password-fd, or -1 */
};

/* Fills in the password from the source that is given, else from
 * $EHLO_PASSWORD, else from $CREDENTIALS_DIRECTORY/ehlo.password, else asks
 * on the controlling terminal, as long as patience allows. It is one line.
 * -1: FAIL_AUTH, FAIL_INPUT, FAIL_SYSTEM, FAIL_SIGNAL, FAIL_CONNECTION.
 * $EHLO_PASSWORD is gone from the environment afterwards, and there are no core
 * dumps. */
int credentials_password(struct credentials *, const struct password_source *,
    const char *server, const struct patience *, struct problem *);

/* Opens a file with a secret, which others may not read or write. -1:
 * FAIL_INPUT or FAIL_AUTH, which begins with what it is. */
int credentials_open(const char *path, const char *what, struct problem *);

/* From here on no crash leaves a secret on a disk, and no debugger reads it
 * (S-51). To be called when all secrets are there: it bars /dev/fd, and a
 * command would inherit it. */
void credentials_guard(void);

#endif
