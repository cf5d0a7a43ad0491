#ifndef WIRE_H
#define WIRE_H

/* A session whose server is a string of octets: it says what it says, whatever
 * it is told, and what the client said is kept account of. */

#include <stdbool.h>
#include <stddef.h>

#include "smtp/session.h"

#define WIRE_RECIPIENTS 4

/* The server's stream is cut at marks, which are no part of it:
 *	|	what follows comes when the client has said all that it has to
 *		say and waits
 *	^	the same, but also when it waits to say more
 *	!	from here on nothing of the client's arrives */
struct wire {
	const char *stream; /* what is left of it */
	size_t left;
	size_t gulp; /* octets from the client at once; 0: all */
	bool silent; /* at its end the stream does not end */
	bool reset; /* or ends in an error */

	/* what the client said */
	struct buf commands; /* all lines that are no message */
	size_t nmail; /* transactions */
	size_t nend; /* ends of messages that left */
	bool said[WIRE_RECIPIENTS]; /* its RCPT in this transaction */
	bool risked[WIRE_RECIPIENTS]; /* and in one whose message left */
	bool after_quit, unknown; /* octets behind QUIT; no command of ours */
	/* what the server said */
	size_t nyes; /* lines of 2yz that ended behind the first nend */
	size_t nno; /* of 4yz and 5yz */

	/* private */
	bool deaf, in_message, quit;
	size_t room, chunk;
	bool last; /* the chunk is */
	char first; /* octet of the server's line; 0: none yet */
	struct buf line;
};

/* What a session is given. */
struct wire_setup {
	struct session_options options;
	struct message *message; /* NULL: none */
	size_t nrecipient; /* the last is the first once more, if there are as
			    * many as there can be */
};

/* Makes a message of so many times the text, after a subject. */
void wire_gather(struct message *, const char *, size_t len, size_t times);

/* Has the session, with the wire given as far as it is not account; checks
 * what must be true of it, and frees it. Returns whether a login went well. */
bool wire_run(struct wire *, const struct wire_setup *);

#endif
