#ifndef EXCHANGE_H
#define EXCHANGE_H

/* Commands out, replies in: what is said, what is not answered yet, and the
 * one place where a session ends. For the files of this folder. */

#include "smtp/session.h"

/* Says a command. It returns at once if the command may wait for its reply and
 * the server offers PIPELINING (RFC 2920); else it settles, and the reply is
 * in session.reply. recipient is its index, for CMD_RCPT and CMD_QUESTION. -1:
 * the session is over. */
int say(struct session *, enum command, size_t recipient, const char *, ...)
    __attribute__((format(printf, 4, 5)));

/* Sends what is queued and takes the replies to all that was said. */
int settle(struct session *);

/* A reply is due to what was not said as a command: CMD_GREETING, CMD_DOT and
 * the like. expect() also settles. */
void await(struct session *, enum command, size_t recipient);
int expect(struct session *, enum command);

/* Takes the next reply that is due. */
int answer(struct session *);

/* Says QUIT if that is to be done yet, and waits for its reply, at most 5 s.
 * That changes nothing of what was found (D-07, O-05); the session is over. The
 * code of what the server said, be it before or after QUIT; 0: nothing. */
int quit(struct session *);

/* Whether replies may wait: the server offers PIPELINING. */
bool pipelined(const struct session *);

/* Nothing may have come when nothing was asked (R-5321-39). A 421 that did is
 * heeded. -1: the session is over. */
int quiet(struct session *);

/* Whether anything, also part of a reply, has come from the server. */
bool interrupted(const struct session *);

/* Sets the connection's deadline to the time limit of a command, from now. */
void deadline_for(struct session *, enum command);

/* conn_push() or conn_pull() until that deadline. It is set anew as long as
 * the server takes 500 octets a second of what is sent: a slow link is no
 * silent server (R-5321-63). */
enum conn_event carry(
    struct session *, enum command, enum conn_event (*)(struct conn *));

/* Begins a stage: for verdicts and times. */
void enter(struct session *, enum stage);

#endif
