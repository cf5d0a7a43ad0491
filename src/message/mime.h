#ifndef MIME_H
#define MIME_H

/* The header sections of a message, those of its parts included, and what they
 * ask of the transport. Follows the structure of MIME as far as it must (RFC
 * 2046: multipart, message/rfc822; RFC 6532: message/global). Pure. */

#include <stdbool.h>
#include <stddef.h>

/* What is more than this is not recognised: multiparts in multiparts, octets
 * of a boundary (RFC 2046 5.1.1), octets of a field that is looked into. */
#define MIME_DEPTH 16
#define MIME_BOUNDARY 70
#define MIME_FIELD 1024

enum mime_place {
	MIME_HEADER,
	MIME_BODY, /* within a multipart */
	MIME_REST /* no header section can follow */
};

/* Any split of the input gives the same. Zeroed: at its beginning. */
struct mime {
	bool eight_bit; /* an octet above 127 in a header section */
	bool utf8; /* and that section is valid UTF-8 (RFC 6532 3.1) */
	bool binary; /* Content-Transfer-Encoding: binary */
	bool bare; /* a line of a header section does not end in CRLF */
	/* private */
	enum mime_place place;
	bool inside; /* the last octet ended no line */
	bool after_cr;
	bool due; /* bare, unless an LF comes next */
	struct {
		char boundary[MIME_BOUNDARY];
		size_t len;
		bool digest; /* its parts are messages by default */
	} multiparts[MIME_DEPTH]; /* the outermost first */
	size_t depth;
	/* the header section at hand, and what its fields said of the body */
	bool section_eight_bit, section_invalid;
	bool typed; /* by a Content-Type */
	bool multipart; /* multiparts[depth] is it */
	bool message;
	bool encoded; /* base64 or quoted-printable */
	char character[4]; /* UTF-8, not whole yet */
	size_t ncharacter;
	char field[MIME_FIELD]; /* unfolded, cut off */
	size_t nfield;
	/* the line at hand: "--", boundary, "--" */
	bool candidate; /* of a body: it begins with a hyphen */
	char line[MIME_BOUNDARY + 4];
	size_t nline;
	bool overlong; /* and more than white space did not fit */
};

void mime_add(struct mime *, const char *, size_t n);
void mime_end(struct mime *); /* ends the last line and header section */

#endif
