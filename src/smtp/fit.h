#ifndef FIT_H
#define FIT_H

/* Message and envelope against what the server offers. For the files of this
 * folder. */

#include "smtp/session.h"

/* Whether the message can go to this server, by what it offers now, and in
 * which form it then goes. -1: it cannot; FAIL_MESSAGE says why. */
int fit(struct session *, struct problem *);

#endif
