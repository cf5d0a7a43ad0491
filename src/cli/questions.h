#ifndef QUESTIONS_H
#define QUESTIONS_H

/* What is asked of a server in place of a transaction: --probe, --vrfy, --expn
 * and --command. */

#include <popt.h>

#include "smtp/session.h"

struct questions {
	enum {
		ASK_NOTHING,
		ASK_PROBE,
		ASK_VRFY,
		ASK_EXPN,
		ASK_COMMAND
	} kind;
	struct question *list; /* their lines are owned */
	size_t n;
};

/* For --help, and for popt to read. */
extern struct poptOption questions_table[];

/* Whether popt's option is one of them. */
bool questions_has(int option);

/* Takes in such an option; --command adds up. What is wrong with its value, or
 * with two of them, is FAIL_USAGE. */
int questions_apply(
    struct questions *, int option, const char *value, struct problem *);

/* "--probe" and the like; NULL: nothing is asked. */
const char *questions_option(const struct questions *);

/* The words behind SERVER, up to NULL; words NULL: not even that is there.
 * What is wrong with them is FAIL_USAGE. */
int questions_words(struct questions *, const char **words, struct problem *);

/* The ADDRESS or LINE of a question, as it is said. */
const char *questions_subject(const struct questions *, size_t);

void questions_free(struct questions *);

#endif
