#ifndef TRANSPARENCY_H
#define TRANSPARENCY_H

/* Line ends and leading dots (RFC 5321 2.3.8, 4.5.2; D-09). Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* The lines in a piece of the message. They end in CRLF, LF or a lone CR. */
struct piece {
	const char *at, *end; /* what is left of it */
	/* private: the next LF and the next CR; end: no more of them; NULL:
	 * not looked for. Each octet is searched once for either, however the
	 * two are mixed. */
	const char *lf, *cr;
};

/* n octets at p; after_cr: the octet before them is CR, so that an LF at their
 * beginning ends no line. */
struct piece piece_begin(bool after_cr, const char *p, size_t n);

/* Where the line at piece.at ends: at CR, LF or the end of the piece. at may
 * have been moved forward. */
const char *piece_line_end(struct piece *);

/* Goes to the line after the CR or LF at p. */
void piece_pass(struct piece *, const char *p);

/* Where the stream stands between two pieces. Zeroed: at its beginning. */
struct transparency {
	bool plain; /* no dots are added: BDAT (RFC 3030 2) */
	bool inside; /* in a line: the last octet read ended none */
	bool after_cr; /* the last octet read was CR, and its line is ended */
};

/* Appends n octets with every line end (CRLF, LF, lone CR) as CRLF and a dot
 * before every leading dot; never more than 2 n octets. Returns how many it is
 * without the dots added. Any split of the input gives the same output. */
uint64_t transparency_add(
    struct transparency *, struct buf *out, const char *, size_t n);

/* Ends the last line if it is not ended: appends CRLF, returns 2, or 0. */
uint64_t transparency_end(struct transparency *, struct buf *out);

#endif
