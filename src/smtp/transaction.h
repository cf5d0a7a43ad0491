#ifndef TRANSACTION_H
#define TRANSACTION_H

/* Mail transactions (RFC 5321 3.3): MAIL, RCPT, the message. For the files of
 * this folder. */

#include "smtp/session.h"

/* Offers the message to every recipient without a verdict, in as many
 * transactions as the server's limits ask for (RFC 9422, RFC 5321 4.5.3.1.10).
 * -1: something went wrong as a whole. */
int transact(struct session *);

#endif
