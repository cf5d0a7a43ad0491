#ifndef CONTENT_H
#define CONTENT_H

/* The message on its way: DATA (RFC 5321 4.1.1.4) or BDAT (RFC 3030), and what
 * the server says to it. For the files of this folder. */

#include "smtp/session.h"

/* Sends the message to the recipients that the transaction under way has, and
 * takes the verdict on it. last: nothing can follow, so that QUIT may go with
 * the end (D-08). */
int content_data(struct session *, bool last);
int content_bdat(struct session *, bool last);

/* 354 although nobody was accepted: only a dot ends data mode, and whatever
 * the server says to it, nothing was delivered (R-2920-04, R-2033-05). */
int content_none(struct session *);

#endif
