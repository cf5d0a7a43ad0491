#ifndef REPORT_H
#define REPORT_H

/* What became of every recipient, for people and for scripts (ehlo(1),
 * RESULTS). */

#include "submit/submission.h"

enum report_form {
	REPORT_TEXT,
	REPORT_QUIET, /* only what was not accepted */
	REPORT_JSON /* one object a line (RFC 8259) */
};

/* Writes the report on standard output. exit is the status that the program
 * will end with. -1: it could not be written, errno says why; that changes
 * nothing of what was done. */
int report(enum report_form, const struct submission *, int exit,
    const struct patience *);

/* The line that says that the last octet is about to leave. */
void report_committing(const struct patience *);

/* For what else is printed: adds text from outside as one line without its end,
 * of at most 1000 octets and the mark that more was cut; adds a comma and a
 * field of a JSON object (p NULL: null). */
void report_text(struct buf *out, const char *p, size_t len);
void report_field(struct buf *out, const char *name, const char *p, size_t len);

/* States a problem on standard error: "ehlo: SERVER: text", and its hint.
 * server may be NULL. */
void report_problem(
    const char *server, struct problem *, const struct patience *);

#endif
