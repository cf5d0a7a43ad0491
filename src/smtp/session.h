#ifndef SESSION_H
#define SESSION_H

/* The conversation (RFC 5321): from an open connection, an envelope and a
 * message to a verdict for every recipient. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"
#include "message/message.h"
#include "net/conn.h"
#include "net/server.h"
#include "net/tls.h"
#include "net/trace.h"
#include "smtp/envelope.h"
#include "smtp/extension.h"
#include "smtp/parameters.h"
#include "smtp/reply.h"
#include "smtp/sasl.h"

struct session;

/* A command in place of a transaction: NOOP, VRFY and the like. */
struct question {
	const char *line; /* no control character in it */
	bool utf8; /* VRFY or EXPN of what is not ASCII: SMTPUTF8 is needed,
		    * and said behind it (RFC 6531 3.7.4) */
};

struct session_options {
	const char *helo; /* the name to say; NULL: found by the caller */
	enum tls_policy tls;
	struct tls_options certificates;
	const struct credentials *credentials; /* NULL: do not log in */
	const char *mechanisms; /* " PLAIN LOGIN ", upper case; NULL: any */
	/* Called once when a token is refused, with renewer: puts a fresh one
	 * into the credentials; -1: there is none. NULL: nobody to ask. */
	int (*renew)(void *, struct problem *);
	void *renewer;
	bool allow_cleartext_auth;
	bool no_pipelining;
	bool no_chunking;
	bool no_esmtp;
	bool lmtp; /* RFC 2033 */
	struct parameters parameters; /* of MAIL and RCPT */
	bool all_or_none; /* one recipient refused: nothing is sent */
	bool check; /* all but the message */
	bool probe; /* no transaction */
	enum stage quit_after; /* QUIT when this is done; STAGE_LOCAL: never */
	const struct question *questions; /* NULL: a transaction */
	size_t nquestion;
	/* Called with the asker when the question of that number was answered.
	 */
	void (*replied)(void *asker, size_t, const struct reply *);
	void *asker;
	int64_t timeout; /* for each reply, in ms; 0: the RFC's times */
	int64_t deadline; /* for all, an instant of clock_now() */
	/* Called just before the last octet of a message may leave; -1: it
	 * shall not, for a signal came. NULL: nobody wants to know. */
	int (*committing)(const struct session *);
};

enum protection {
	CLEARTEXT,
	ENCRYPTED, /* by TLS whose certificate proves nothing */
	VERIFIED
};

enum command {
	CMD_GREETING, /* nothing is said; the server speaks first */
	CMD_EHLO,
	CMD_HELO,
	CMD_STARTTLS,
	CMD_AUTH,
	CMD_RESPONSE, /* a line of an AUTH exchange */
	CMD_MAIL,
	CMD_RCPT,
	CMD_DATA,
	CMD_CONTENT, /* the reply while the message is being sent */
	CMD_DOT, /* the reply to its end */
	CMD_BDAT, /* a chunk of the message that is not the last */
	CMD_PRDR, /* the reply for one recipient, before that for all */
	CMD_RSET,
	CMD_QUESTION, /* one of session_options.questions */
	CMD_QUIT
};
#define NCOMMAND (CMD_QUIT + 1)

struct session {
	/* given by the caller, who owns what they point to */
	const struct session_options *options;
	const struct server *server;
	const struct trace *trace;
	struct conn *conn;
	struct envelope *envelope;
	struct message *message; /* NULL: none, with check and quit_after */
	const char *helo;
	bool loopback; /* the peer is this machine */

	/* what the caller may look at afterwards */
	struct problem problem; /* why it did not go well, if it did not */
	struct reply reply; /* the last */
	struct buf final; /* the reply that decided: "250 2.0.0 queued"; of
			   * several transactions those that accepted, with
			   * "; " between; empty with LMTP */
	enum protection protection;
	struct extensions extensions;
	struct buf greeting; /* "220 mail.example.org ESMTP"; empty: no 2yz */
	struct buf offers[2]; /* the EHLO reply before TLS, and inside it */
	struct buf login; /* the reply to a login that went well, or empty */
	bool helo_only; /* the server has no EHLO, or was not asked */
	bool moved_on; /* the greeting was good: no other address is tried */
	int64_t spent[NSTAGE]; /* ms */

	/* private */
	struct pending {
		enum command command;
		size_t recipient; /* index, of CMD_RCPT and CMD_QUESTION */
		uint64_t end; /* conn.sent when all of it is out */
	} * pending; /* said, and not answered yet */
	size_t head, tail, cap;
	enum stage stage;
	int64_t entered; /* when the stage began */
	bool over; /* nothing more may be said */
	bool upgraded; /* by STARTTLS */
	bool quitting; /* QUIT was said */
	bool counted; /* only by counting replies the verdict was found */
	size_t naccepted; /* recipients taken by the transaction under way */
	size_t ntransaction; /* MAIL commands said */
	bool begun; /* a transaction that RSET must end before the next */
	bool prdr; /* 353 may come in the transaction under way */
	bool astray; /* RCPT was accepted after MAIL was refused */
	bool refused; /* a chunk of the message was refused */
	uint64_t paced; /* conn.sent when the deadline was set */
	uint64_t commit; /* conn.sent when the end of the message is out; 0:
			  * it is not queued yet */
	bool binding; /* a mechanism with channel binding was refused: none
		       * without it will do */
	struct problem skipped; /* why the first mechanism was not used */
	size_t kind; /* of channel binding, as tls_binding() counts */
	bool renewed; /* a fresh token was asked for */
	struct buf subject; /* what a pending command is called */
	struct buf hidden; /* secrets, a NUL behind each */
};

/* Everything up to the verdicts: every recipient has one when it returns. 0 if
 * the conversation took its course, -1 if something went wrong as a whole,
 * which session.problem states. */
int session_run(struct session *);

/* Says QUIT where that is allowed (R-5321-26) and waits for its reply, at most
 * 5 s, if that was not done yet. Closes the connection and frees all but
 * problem and final. */
void session_end(struct session *);

#endif
