#ifndef OPTIONS_H
#define OPTIONS_H

/* The command line (ehlo(1)), read and checked: nothing that is wrong in it is
 * found later than here. */

#include "cli/credentials.h"
#include "cli/security.h"
#include "cli/questions.h"
#include "cli/report.h"
#include "net/resolve.h"
#include "net/trace.h"
#include "smtp/session.h"

struct options {
	struct server server;
	struct envelope envelope;
	struct session_options session;
	struct credentials credentials; /* user NULL: no login */
	struct password_source password;
	struct trace trace;
	struct endpoint local; /* len 0: no --bind */
	int family;
	int64_t connect_timeout; /* ms */
	struct security security;
	const char *message; /* --message; NULL or "-": standard input */
	bool stdin_taken; /* by something else than the message */
	enum report_form form;
	struct questions questions; /* in place of a transaction */
	bool quiet, json;
	/* private: as given, until all options are read */
	struct buf mechanisms; /* what session.mechanisms points to */
	const char *port, *user, *authzid;
	const char **to_files; /* --to-file, as often as it was given */
	size_t nto_file;
	char **values;
	size_t nvalue;
};

enum options_result {
	OPTIONS_RUN,
	OPTIONS_DONE, /* --help and its like were answered */
	OPTIONS_WRONG /* the problem says what */
};

/* What it points to lives as long as argv and the struct. */
enum options_result options_parse(
    struct options *, int argc, const char **argv, struct problem *);

void options_free(struct options *);

#endif
