#ifndef REPLY_H
#define REPLY_H

/* One server reply (RFC 5321 4.2). Bytes in, replies out; no I/O. */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum reply_state {
	REPLY_MORE, /* no whole line is there: read on */
	REPLY_LINE, /* one line was taken, the reply goes on */
	REPLY_WHOLE, /* the last line was taken */
	REPLY_BAD /* not a reply: r->why says so */
};

struct reply {
	int code; /* 200 to 599; 0 until the first line is in */
	char enhanced[12]; /* RFC 3463 "5.1.1"; "" if the reply has none */
	struct buf text; /* lines joined by LF, without code, CR, LF; the
			  * enhanced code taken off each line */
	struct buf line; /* the last line as it came, without CR LF */
	size_t nline;
	size_t size; /* octets of all lines so far */
	const char *why; /* what is wrong with a bad reply */
	bool contradicts; /* REPLY_BAD since its lines differ in code; code is
			   * then the worst: 5yz, 4yz, 3yz, 2yz (D-06) */
	/* private */
	bool over; /* the next call begins a new reply */
	size_t searched; /* octets at the head of in known to hold no LF */
};

/* Takes at most one line from in. After REPLY_WHOLE or REPLY_BAD the next call
 * begins a new reply. A line ends at LF, CRs before it do not count
 * (R-5321-30 to -34); at most 64 KiB a line with its end, 1000 lines, 256 KiB
 * in all. After REPLY_MORE in may only grow until the next call; to go on with
 * another stream, reply_free() first. */
enum reply_state reply_take(struct reply *, struct buf *in);

/* Whether part of a reply was taken or anything lies in in: if the stream ends
 * here, it ends in the middle (F-050). */
bool reply_begun(const struct reply *, const struct buf *in);

/* The class of the reply: its first digit. */
int reply_class(const struct reply *);

void reply_free(struct reply *);

#endif
