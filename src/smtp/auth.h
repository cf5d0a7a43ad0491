#ifndef AUTH_H
#define AUTH_H

/* Logging in (RFC 4954). For the files of this folder. */

#include "smtp/session.h"

/* Logs in with the first mechanism of ours that the server offers and the
 * options allow, if there are credentials; never where they could be read on
 * the way. -1: not logged in, every recipient has a verdict. */
int authenticate(struct session *);

#endif
