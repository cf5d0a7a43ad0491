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
 * "CONTENT" is when N octets of the message have come. */
struct rule {
	const char *verb;
	size_t nth;
	/* "250 ok" (CRLF is added; \n between lines), or one of "close",
	 * "reset", "silent"; "raw:..." sends just that. "2xx+close": both. */
	const char *action;
};

struct fake {
	const struct rule *rules; /* ends with verb NULL */
	const char *ehlo; /* keywords, each "250-X\r\n" but the last */
	size_t split; /* octets at once to the client; 0: all */
	size_t cut_in; /* octets to the client, then the end... */
	size_t cut_out; /* octets from the client, then an error */

	/* what was seen */
	struct buf wire; /* all that the client said */
	size_t said; /* octets given to the client */
	size_t nmessage; /* ends of messages received */
	size_t ncommand[16]; /* by verb */
	size_t ncontent; /* octets of message */
	size_t nrcpt; /* recipients that got 2yz */
	bool rcpt_ok[64]; /* by number of RCPT */
	bool delivered; /* the end of the message got a 2yz, given whole
			 * to the client */
	bool promised; /* the same, but perhaps not given whole */
	bool after_quit; /* something came behind QUIT */
	bool after_421; /* a command came when 421 was read */
	bool content_unasked; /* what is no command came outside of data */

	/* private */
	struct buf pending; /* for the client, not given yet */
	struct buf line;
	bool sender_ok, in_auth, in_data, quit, mute, ended;
	size_t verdict_at; /* said when the verdict is given whole */
	size_t goodbye_at; /* the same of a 421 */
};

#define FAKE_NEVER ((size_t)-1)

void fake_open(struct fake *, struct conn *);
void fake_free(struct fake *);

#endif
