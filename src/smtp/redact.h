#ifndef REDACT_H
#define REDACT_H

/* What a server says, made fit to be shown. For the files of this folder. */

#include "smtp/session.h"

/* Keeps a secret, to be hidden wherever it would be shown (S-42). */
void hide(struct session *, const char *secret, size_t);

/* The same with what a server may make of it: base64 of it, or of something
 * that holds it, and hexadecimal. */
void hide_all(struct session *, const struct buf *secret);

/* Puts [hidden] in the place of every secret, unless --show-secrets is given.
 */
void redact(const struct session *, struct buf *text);

/* Puts \x00 in the place of every NUL: from there on the text is a C string,
 * and says that it was none (S-33). */
void spell_nul(struct buf *text);

#endif
