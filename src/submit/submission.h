#ifndef SUBMISSION_H
#define SUBMISSION_H

/* One message to one server: its addresses in turn, until one takes part in a
 * conversation. */

#include "net/resolve.h"
#include "smtp/session.h"

struct submission {
	/* given by the caller, who owns what they point to */
	const struct server *server;
	struct session_options options;
	struct envelope *envelope;
	struct message *message; /* size 0, and never sent, if no_message */
	bool no_message; /* --check or --quit-after without one */
	const struct trace *trace;
	int family; /* AF_UNSPEC, AF_INET, AF_INET6 */
	const struct endpoint *local; /* --bind, or NULL */
	int64_t connect_timeout; /* ms, for each address */
	int interrupt; /* readable once a signal came, or -1 */

	/* what became of it */
	struct problem problem; /* FAIL_NONE: all went well */
	struct buf final; /* the reply that decided, or empty */
	struct buf peer; /* the address talked to, or empty */
	struct buf tls; /* "TLSv1.3", or empty */
	size_t attempts; /* addresses connected to */
	int64_t spent[NSTAGE]; /* ms in each stage */

	/* private: the conversation, until submission_end() */
	struct conn conn;
	struct session session;
	bool open;
};

/* Submits. Afterwards every recipient has a verdict, and the caller reports
 * before he calls submission_end(). */
void submit(struct submission *);

/* Ends the conversation: QUIT, at most 5 s (D-07). */
void submission_end(struct submission *);

/* Frees what was found. */
void submission_free(struct submission *);

#endif
