#ifndef PHRASE_H
#define PHRASE_H

/* Where quoted strings and comments end (RFC 5322 3.2), so that what is inside
 * of them is not taken for what it looks like. Each takes the rest of a text
 * and gives a place in it; NULL where a quote or comment is not closed. */

/* Behind the quoted string that begins at p. */
const char *phrase_quoted(const char *p, const char *end);

/* Behind white space and comments. */
const char *phrase_space(const char *p, const char *end);

/* The first of < > , ; outside quotes and comments, or the end. */
const char *phrase_special(const char *p, const char *end);

#endif
