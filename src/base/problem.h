#ifndef PROBLEM_H
#define PROBLEM_H

/* Why something could not be done: its class, which decides the exit status,
 * a sentence, and, where the cause is known, what to do about it. */

#include "base/buf.h"

/* In the order in which they decide the exit status (ehlo(1), EXIT STATUS). */
enum failure {
	FAIL_NONE,
	FAIL_USAGE, /* the command line is wrong: 64 */
	FAIL_INPUT, /* the message or another file cannot be read: 66 */
	FAIL_INTERNAL, /* a bug: 70 */
	FAIL_SYSTEM, /* memory, files, descriptors: 71 */
	FAIL_OUTPUT, /* an output file cannot be written: 73 */
	FAIL_MESSAGE, /* this message cannot go to this server: 65 */
	FAIL_AUTH, /* credentials, server identity, TLS required: 77 */
	FAIL_PROTOCOL, /* the server broke SMTP or TLS: 76 */
	FAIL_HOST, /* no such host: 68 */
	FAIL_RECIPIENT, /* --all-or-none: one was refused: 67 */
	FAIL_CONNECTION, /* not reached, lost, silent: 75 */
	FAIL_SIGNAL, /* a signal came: 75 if nobody asks again */
	FAIL_SERVER /* the server said no; its reply says how long: 75, 69 */
};

struct problem {
	enum failure class;
	struct buf text; /* lower case, no period, no "error" */
	const char *hint; /* static, or NULL */
};

/* States the problem; what was stated before stays, since the first cause is
 * the one that counts. Always returns -1, to be returned in turn. */
int problem_set(struct problem *, enum failure, const char *, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, with a hint (static storage). */
int problem_hint(struct problem *, enum failure, const char *hint, const char *,
    ...) __attribute__((format(printf, 4, 5)));

/* What clock_readable() said that was not 1, while waiting for what. */
int problem_impatient(struct problem *, int said, const char *what);

void problem_free(struct problem *);

#endif
