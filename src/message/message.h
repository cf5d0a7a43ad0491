#ifndef MESSAGE_H
#define MESSAGE_H

/* The message: where its octets are, what they are like, and how many they
 * will be on the wire (RFC 1870 6: lines end in CRLF, stuffed dots and the
 * final dot do not count). */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/problem.h"
#include "message/measure.h"
#include "message/transparency.h"

struct message {
	uint64_t size; /* octets on the wire, as SIZE= wants them, in the form
			* that is chosen */
	bool raw; /* chosen: as it is, octet for octet; false: as text */
	bool empty; /* no octet at all */
	bool nul; /* has a NUL: cannot be sent as text */
	bool binary; /* says that it or a part of it is binary */
	bool bare; /* a line of a header section does not end in CRLF: cannot
		    * be sent as it is */
	bool text; /* no NUL, no long line, no CR without LF: what says that it
		    * is binary is not harmed by being sent as text */
	bool eight_bit; /* has an octet above 127: needs 8BITMIME */
	bool header_eight_bit; /* one of them in a header section, that of the
				* message or of a part of it */
	bool header_utf8; /* the same, and all of that is valid UTF-8 */
	uint64_t long_line; /* number of the first over LINE_LIMIT; 0: none */
	/* private */
	uint64_t text_size, raw_size;
	int fd; /* file or spool; -1: all in memory */
	struct patience patience; /* with a stream */
	bool own; /* fd is ours to close */
	bool regular; /* the user's file, which others may change */
	off_t start, end; /* in fd or memory */
	struct buf memory;
	struct buf block; /* what was read last */
	off_t at; /* how far it has been read for sending */
	uint64_t sent; /* octets given out, as size counts them */
	struct transparency state;
	off_t file_size; /* of the user's file before it was measured */
	struct timespec mtime; /* of it, then */
};

/* Reads fd to its end and measures it, whatever was in the struct. A regular
 * file is read from its current offset, which goes to its end, and never
 * copied: it must stay open and as it is. What comes from elsewhere is kept in
 * memory to 1 MiB, then in an unlinked temporary file ($TMPDIR or /tmp),
 * whatever its length. Waits where fd is nonblocking. interrupt is readable
 * once a signal came that ends the program, or -1: FAIL_SIGNAL. fd not
 * readable, or the file changes meanwhile: FAIL_INPUT; no room to spool:
 * FAIL_SYSTEM. Returns 0 or -1; on -1 there is nothing to free. */
int message_gather(
    struct message *, int fd, const struct patience *, struct problem *);

/* Whether there is a form in which it can be sent to some server; if not, -1
 * and FAIL_MESSAGE. */
int message_sendable(const struct message *, struct problem *);

/* Chooses the form in which it is sent, and whose size counts: raw, octet for
 * octet, as BINARYMIME allows (RFC 3030 3), or as text, the default. */
void message_choose(struct message *, bool raw);

/* Back to the first octet, to send it (again); stuffed: with a dot before each
 * leading dot, as DATA wants it and BDAT does not. */
void message_rewind(struct message *, bool stuffed);

/* Appends the next octets of the message, at least one and at most some 256
 * KiB; unless it is raw with CRLF line ends and, if that was asked for, stuffed
 * dots (RFC 5321 4.5.2). Returns 1; 0 at the end, when the last line of text is
 * complete and the octets given out were just message.size; -1 with FAIL_INPUT
 * if it cannot be read or has changed since it was measured (R-5321-46,
 * R-1870-06): then the final dot must not be sent, which is the caller's. */
int message_next(struct message *, struct buf *out, struct problem *);

/* Closes the spool, gives memory back; the user's file stays open. */
void message_free(struct message *);

#endif
