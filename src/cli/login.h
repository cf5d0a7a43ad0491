#ifndef LOGIN_H
#define LOGIN_H

/* The options of a login, as far as they must fit together. */

#include "cli/options.h"

/* Decides whether there is a login, and by what: credentials and what goes with
 * them are set, but for the password. -1: FAIL_USAGE. */
int login_check(struct options *, struct problem *);

#endif
