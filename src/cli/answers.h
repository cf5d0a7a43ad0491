#ifndef ANSWERS_H
#define ANSWERS_H

/* The replies to questions, on standard output as they come. */

#include "base/clock.h"
#include "cli/questions.h"

struct answers {
	const struct questions *questions;
	bool json;
	size_t nreply[6]; /* by class */
	struct patience patience; /* with who reads standard output */
	int error; /* errno: what could not be written, the first time */
};

/* Prints a line for each line of the reply to a question: its subject, code
 * and text; with json one object. For session_options.replied. */
void answers_print(void *answers, size_t i, const struct reply *);

#endif
