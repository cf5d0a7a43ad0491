#ifndef VERDICT_H
#define VERDICT_H

/* What a reply means for recipients. For the files of this folder. */

#include "smtp/session.h"

/* Gives its meaning to a reply that waited, in session.reply: MAIL and RCPT.
 * Of other commands the caller of say() looks at the reply himself. */
void heed(struct session *, const struct pending *);

/* Whether the end of the message is out: from then on the server may have it,
 * whatever happens (RFC 1047). */
bool committed(const struct session *);

/* Ends the session: states the problem, and gives every recipient without a
 * verdict one: unknown if the end of the message is out, else unsent. Returns
 * -1. */
int lost(struct session *, enum failure, const char *hint, const char *, ...)
    __attribute__((format(printf, 4, 5)));
int lost_event(struct session *, enum conn_event, const char *doing);

/* The same where the connection is still in order: QUIT can follow. */
int stop(struct session *, enum failure, const char *hint, const char *, ...)
    __attribute__((format(printf, 4, 5)));

/* The server's reply is a no for all recipients without a verdict, which are
 * refused or deferred by its first digit; the session goes on to QUIT. States
 * the problem, returns -1. */
int denied(struct session *, enum failure, const char *hint, const char *what);

/* This program will not send the message to that server: all refused. */
int unfit(struct session *, const char *hint, const char *, ...)
    __attribute__((format(printf, 3, 4)));

/* The last reply as text: "550 5.1.1 no such user", lines joined by a space. */
void reply_words(const struct reply *, struct buf *);

#endif
