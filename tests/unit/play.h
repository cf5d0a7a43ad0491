#ifndef PLAY_H
#define PLAY_H

/* A session against the server that is not there (fake.h): what it is given,
 * and what came of it. */

#include <stdbool.h>
#include <stddef.h>

#include "fake.h"
#include "smtp/session.h"

/* One run, and what can be compared of it. */
struct run {
	struct fake fake;
	struct session session;
	struct conn conn;
	struct envelope envelope;
	int status;
	char outcomes[64]; /* a letter for each: a r d u ? for unknown */
};

/* What a run is given beside the script. */
struct setup {
	const struct session_options *options;
	struct message *message;
	bool remote; /* not on this machine */
	bool slow; /* each gulp takes all the time that there is */
	bool signalled; /* INT, TERM or HUP came */
	size_t split, cut_in, cut_out, gulp;
	size_t nrcpt;
};

/* What the server says to EHLO. */
extern const char play_pipelining[], play_lock_step[];
extern const char play_chunking[], play_chunking_lock_step[];

extern const struct session_options play_plain;
/* Two recipients, all at once, and the message of play_open(). */
extern const struct setup play_usual;
extern struct message play_message;

/* Before the first run, and after the last. */
void play_open(void);
void play_close(void);
/* A message of so many times the text; the caller frees it. */
void play_gather(struct message *, const char *text, size_t times);

/* Fills the run, for play_done() to free. The rules end with verb NULL, or
 * are NULL; ehlo is what struct fake wants. */
void play_run(
    struct run *, const struct rule *, const char *ehlo, const struct setup *);
void play_done(struct run *);
/* Checks what holds whatever the server says. Returns whether it does. */
int play_invariants(const struct run *, const char *what);

#endif
