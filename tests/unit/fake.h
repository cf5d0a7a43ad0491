#ifndef FAKE_H
#define FAKE_H

/* A server that is not there: the transport of a session in memory. It plays a
 * few lines of script over a plain SMTP server, cuts both streams where it is
 * told, and keeps account of what a true server would have done. */

#include <stdbool.h>
#include <stddef.h>

#include "net/conn.h"

/* What to do at the Nth (0: every) occurrence of a verb: "GREETING", "EHLO",
 * "AUTH", "RESPONSE" (to a 334), "MAIL", "RCPT", "DATA", "DOT", "QUIT", ...;
 * "CONTENT" is when N octets of the message have come. With PRDR a DOT is
 * answered by 353, then EACH for every recipient, then ALL. */
struct rule {
	const char *verb;
	size_t nth;
	/* "250 ok" (CRLF is added; \n between lines), or one of "close",
	 * "reset", "silent"; "raw:..." sends just that. "2xx+close": both. */
	const char *action;
};

struct fake {
	const struct rule *rules; /* ends with verb NULL */
	bool lmtp; /* a reply for each recipient at the dot */
	const char *ehlo; /* keywords, each "250-X\r\n" but the last */
	size_t split; /* octets at once to the client; 0: all */
	size_t cut_in; /* octets to the client, then the end... */
	size_t cut_out; /* octets from the client, then an error */
	size_t gulp; /* octets from the client at once, then "not now"; 0: all
		      */
	bool slow; /* and each takes all the time that there is */

	/* what was seen */
	struct buf wire; /* all that the client said */
	size_t said; /* octets given to the client */
	size_t nmessage; /* ends of messages received */
	size_t ncommand[20]; /* by verb */
	size_t ncontent; /* octets of message */
	size_t nrcpt; /* recipients of this transaction */
	/* by recipient, b@... being the first */
	bool taken[64]; /* accepted in this transaction */
	size_t risked[64]; /* ends of a message that it was to get */
	size_t promised[64]; /* of these, answered with 2yz */
	bool delivered[64]; /* and that was given whole to the client */
	bool after_quit; /* something came behind QUIT */
	bool after_421; /* a command came when 421 was read */
	bool content_unasked; /* what is no command came outside of data */

	/* private */
	struct buf pending; /* for the client, not given yet */
	struct buf line;
	size_t recipient; /* of the RCPT or DOT at hand */
	size_t chunk; /* octets of a BDAT to come */
	bool last; /* BDAT ... LAST */
	bool prdr; /* asked for */
	bool each; /* 353 was the answer */
	bool own[64]; /* PRDR: a yes for that recipient */
	size_t room; /* octets that are taken before "not now" */
	bool sender_ok, in_auth, in_data, quit, mute, ended;
	size_t verdict_at[64]; /* said when the verdict is given whole */
	size_t goodbye_at; /* the same of a 421 */
};

#define FAKE_NEVER ((size_t)-1)

void fake_open(struct fake *, struct conn *);
void fake_free(struct fake *);

#endif
