#ifndef ENVELOPE_H
#define ENVELOPE_H

/* Sender and recipients, each recipient with what became of it. */

#include <stdbool.h>
#include <stddef.h>

#include "smtp/address.h"
#include "smtp/reply.h"

/* What became of a recipient; once it is not UNDECIDED it never changes. */
enum outcome {
	UNDECIDED,
	ACCEPTED, /* the server took responsibility */
	REFUSED, /* for good */
	DEFERRED, /* for now, by the server's word */
	UNSENT, /* never put at risk */
	UNKNOWN, /* the last octet was out, the reply did not come */
	WILLING /* --check: accepted at RCPT, and nothing was sent */
};
#define NOUTCOME (WILLING + 1)

/* Where in the conversation that was decided. */
enum stage {
	STAGE_LOCAL,
	STAGE_RESOLVE,
	STAGE_CONNECT,
	STAGE_TLS,
	STAGE_BANNER,
	STAGE_EHLO,
	STAGE_STARTTLS,
	STAGE_AUTH,
	STAGE_MAIL,
	STAGE_RCPT,
	STAGE_DATA,
	STAGE_CONTENT,
	STAGE_DOT,
	STAGE_QUIT
};
#define NSTAGE (STAGE_QUIT + 1)

/* The octets of a server's text that are kept for one recipient: thousands of
 * them must not take more memory than there is (R-5321-34). */
#define VERDICT_TEXT 1000

struct verdict {
	enum outcome outcome;
	enum stage stage;
	int code; /* of the server's reply; 0: decided here */
	char enhanced[12]; /* RFC 3463, or "" */
	char *text; /* the reply's text, or why it was decided here; what
		     * is too long ends in " [...]" */
};

struct recipient {
	char *given; /* as on the command line */
	char *said; /* the reply to RCPT if that was good, or NULL */
	struct address address;
	size_t first; /* index of the first recipient with this address: only
		       * that one is sent, and its verdict holds for all */
	struct verdict verdict;
	bool taken; /* accepted at RCPT in the transaction under way */
	bool again; /* one too many for it: another one may take it */
	struct verdict own; /* its own verdict, until that on all: of PRDR, or
			     * with --check */
};

struct envelope {
	struct address sender;
	struct recipient *recipients;
	size_t nrecipient;
};

/* Parses and adds; -1 and a problem if it is no address. */
int envelope_sender(struct envelope *, const char *, struct problem *);
int envelope_recipient(struct envelope *, const char *, struct problem *);

/* Finds the addresses that were given more than once; to be called when all
 * recipients are in (R-5321-56). */
void envelope_unique(struct envelope *);

/* Whether recipient number i is sent and has no verdict yet. */
bool envelope_open(const struct envelope *, size_t i);

/* Whether an address in it needs SMTPUTF8. */
bool envelope_utf8(const struct envelope *);

/* Makes of all addresses what can be said without SMTPUTF8; as
 * address_ascii(). */
int envelope_ascii(struct envelope *, const char **why);

/* Gives a verdict to recipient i; no effect if it has one (O-01). reply NULL:
 * decided here, for the reason text. */
void envelope_decide(struct envelope *, size_t i, enum outcome, enum stage,
    const struct reply *, const char *text);

/* A copy of at most VERDICT_TEXT octets and the mark that more was cut. */
char *verdict_text(const char *, size_t);

/* The verdict itself, in place of what was in *v. */
void verdict_keep(struct verdict *, enum outcome, enum stage,
    const struct reply *, const char *text);

/* All went well: for all that are taken the message was accepted, or where they
 * have verdicts of their own, as these say. */
void envelope_accept(struct envelope *, const struct reply *);

/* The same for those that the transaction under way has. */
void envelope_decide_taken(struct envelope *, enum outcome, enum stage,
    const struct reply *, const char *text);

/* What the verdict on the message was cannot be known after all: the only one
 * that is ever taken back, and only to UNKNOWN. */
void envelope_doubt(struct envelope *, enum stage, const char *text);

/* Begins a transaction: nobody is taken. How many recipients can be offered:
 * those without a verdict, and those that were one too many for the last. */
size_t envelope_begin(struct envelope *);

/* The same for every recipient that has none (O-02). */
void envelope_decide_all(struct envelope *, enum outcome, enum stage,
    const struct reply *, const char *text);

/* Takes all verdicts back, before another address of the server is tried: only
 * where the whole session failed before it began. */
void envelope_reset(struct envelope *);

/* The verdict that holds for recipient i. */
const struct verdict *envelope_verdict(const struct envelope *, size_t i);

/* How many recipients, as given, have each outcome. */
void envelope_count(const struct envelope *, size_t count[NOUTCOME]);

/* "accepted", "rcpt" and so on, for reports. */
const char *outcome_name(enum outcome);
const char *stage_name(enum stage);

void envelope_free(struct envelope *);

#endif
