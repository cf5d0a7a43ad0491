#ifndef VALUES_H
#define VALUES_H

/* Values of options, checked. Each returns 0, or -1 with FAIL_USAGE that names
 * the option and what it would take. */

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/server.h"
#include "smtp/envelope.h"

/* Seconds, more than 0, such as "30" or "0.5"; into milliseconds. */
int value_seconds(
    int64_t *ms, const char *option, const char *value, struct problem *);

int value_number(uint64_t *, const char *option, const char *value,
    uint64_t least, uint64_t most, struct problem *);

/* auto, starttls, implicit, none. */
int value_policy(enum tls_policy *, const char *value, struct problem *);

/* 1.2, or 1.3: the newest. */
int value_version(bool *newest, const char *value, struct problem *);

/* A stage that --quit-after takes. */
int value_stage(enum stage *, const char *value, struct problem *);

/* "PLAIN,login" as " PLAIN LOGIN ", which is what session_options wants. */
int value_mechanisms(struct buf *, const char *value, struct problem *);

/* A host name or an address that a certificate may be for, without the dot at
 * its end, and in A-labels if it is not ASCII; free(3) ends it. */
int value_tls_name(char **name, const char *value, struct problem *);

/* Whether a file's name means standard input. */
bool value_is_stdin(const char *path);

/* Adds the addresses of a file, one a line; a byte order mark, blank lines and
 * those that begin with # are skipped. FAIL_INPUT if it cannot be read. */
int value_recipients(struct envelope *, const char *path,
    const struct patience *, struct problem *);

#endif
