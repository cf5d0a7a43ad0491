#ifndef CLI_CREDENTIALS_H
#define CLI_CREDENTIALS_H

/* Where a password or a token comes from. Never from the command line (S-50).
 */

#include <stdbool.h>

#include "base/clock.h"
#include "base/problem.h"
#include "smtp/sasl.h"

/* At most one of them, but for host. */
struct password_source {
	const char *file; /* --password-file */
	const char *command; /* --password-command, for sh -c */
	int fd; /* --password-fd, or -1 */
	const char *token_file; /* --token-file */
	const char *token_command; /* --token-command, for sh -c */
	bool netrc; /* --netrc, --netrc-file */
	const char *netrc_file; /* NULL: ~/.netrc */
	const char *host; /* its name there */
};

/* Fills in the password from the source that is given, else from
 * $EHLO_PASSWORD, else from $CREDENTIALS_DIRECTORY/ehlo.password, else asks
 * on the controlling terminal, as long as patience allows. It is one line. Or
 * the token, if credentials.proof is BY_TOKEN; nothing with BY_OTHER. A netrc
 * file gives the user too, if there is none.
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

struct renewal {
	struct credentials *credentials;
	const struct password_source *source;
	const struct patience *patience;
};

/* For session_options.renew, with a struct renewal: reads the token file or
 * runs the command again. -1 also if they give the token that was refused. */
int credentials_renew(void *renewal, struct problem *);

#endif
