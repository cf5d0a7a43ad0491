#ifndef DELIVERY_H
#define DELIVERY_H

/* Options about what the server shall do with the message once it has it: they
 * become parameters of MAIL and RCPT. */

#include <stdbool.h>

#include <popt.h>

#include "smtp/session.h"

/* For --help, and for popt to read. */
extern struct poptOption delivery_table[];

/* Whether popt's option is one of them. */
bool delivery_has(int option);

/* Takes in such an option. The last counts, but --mail-param and --rcpt-param
 * add up. What is wrong with its value is FAIL_USAGE. value must live as long
 * as the parameters (NULL: the option has none). */
int delivery_apply(
    struct parameters *, int option, const char *value, struct problem *);

/* What is wrong with them together, or with the other options or the envelope:
 * FAIL_USAGE. now: seconds since 1970. To be called when all else is read. */
int delivery_check(const struct session_options *, const struct envelope *,
    int64_t now, struct problem *);

#endif
