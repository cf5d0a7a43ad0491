#ifndef TEXT_H
#define TEXT_H

/* Text from outside: how it is shown, and numbers in it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Adds len octets to out so that no terminal can be driven by them: printable
 * ASCII and harmless valid UTF-8 as they are; controls (C0, DEL, C1), bidi
 * and zero-width characters and octets that are not UTF-8 as \xNN. */
void text_show(struct buf *out, const char *, size_t len);

/* How many octets, at most max, can be shown without cutting a character. */
size_t text_fit(const char *, size_t len, size_t max);

/* Whether text_show() would show all of it as it is. */
bool text_harmless(const char *, size_t len);

/* Adds a JSON string with its quotes (RFC 8259 7): always valid UTF-8; what
 * text_show() escapes as \u00NN, an octet that is not UTF-8 as U+FFFD. */
void text_json(struct buf *out, const char *, size_t len);

/* Length of the UTF-8 character at p (1 to 4), or 0 if none begins there
 * (overlong forms, surrogates, cut characters). Its code point in *cp. */
size_t text_utf8(const char *p, size_t len, uint32_t *cp);

/* The decimal number that is the whole of p, at most max. -1 if it is not:
 * nothing but digits, at least one. */
int text_number(const char *p, size_t len, uint64_t max, uint64_t *);

/* Seconds as "2", "0.5" or "1.25", into milliseconds; -1 unless it is more
 * than 0 and at most 10 years. */
int text_seconds(const char *, int64_t *ms);

/* Whether p is the ASCII word, letter case aside. */
bool text_is(const char *p, size_t len, const char *word);

#endif
