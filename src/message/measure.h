#ifndef MEASURE_H
#define MEASURE_H

/* What the octets of a message are like, and how many they will be. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/mime.h"

/* RFC 5321 4.5.3.1.6, without CRLF */
#define LINE_LIMIT 998

/* What transparency_add() and _end() would return, and what the octets are
 * like, without making output; any split gives the same. Zeroed: beginning. */
struct measure {
	uint64_t size; /* octets with CRLF line ends, without stuffing */
	uint64_t lines; /* ended so far */
	uint64_t long_line; /* number of the first over LINE_LIMIT; 0: none */
	bool nul;
	bool eight_bit; /* an octet above 127 */
	uint64_t lone_cr; /* CRs without an LF behind them */
	struct mime mime; /* what header sections ask for */
	/* private */
	bool inside; /* the last octet ended no line */
	bool after_cr;
	uint64_t line; /* octets of the line that is not ended yet, as long as
			* there is no long_line */
};

void measure_add(struct measure *, const char *, size_t n);
void measure_end(struct measure *); /* ends the last line if it is not ended */

#endif
