#ifndef OUTCOME_H
#define OUTCOME_H

/* From the outcomes to the exit status (ehlo(1), EXIT STATUS). */

#include "base/problem.h"
#include "smtp/envelope.h"

#define EX_PARTIAL 1 /* some were accepted, some were not */
#define EX_UNKNOWN 79 /* what became of some is not known */

/* The exit status of a failure of that class, where it alone decides. */
int outcome_failure(enum failure);

/* The exit status of a run: the first that applies. */
int outcome_status(const struct envelope *, const struct problem *);

/* The same where nothing was to be sent (--quit-after): 0 if all went well as
 * far as it went. */
int outcome_status_stopped(const struct envelope *, const struct problem *);

/* The same where the server was only asked. last: the class of the last reply,
 * which says how long a refusal holds; nreply: the replies to questions, by
 * class. */
int outcome_status_asked(
    const struct problem *, int last, const size_t nreply[6]);

#endif
