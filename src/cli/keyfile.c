#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/credentials.h"
#include "cli/keyfile.h"
#include "cli/terminal.h"

#define FILE_MOST 1048576 /* octets; no chain is that long */

struct loading {
	const char *option, *path; /* where the key is */
	const struct patience *patience;
	struct problem *problem;
};

static int
read_file(struct buf *out, const char *option, const char *path, bool secret,
    const struct patience *patience, struct problem *problem)
{
	struct buf what = { 0 };
	int fd, rv = -1;

	buf_addf(&what, "%s %s", option, path);
	if (secret)
		fd = credentials_open(path, buf_str(&what), problem);
	else
		fd = file_open(path);
	if (fd == -1)
		problem_set(problem, FAIL_INPUT, "%s: %s", buf_str(&what),
		    strerror(errno));
	else
		rv = file_read(
		    out, fd, FILE_MOST, buf_str(&what), patience, problem);
	if (rv == 0 && buf_len(out) > FILE_MOST)
		rv = problem_set(problem, FAIL_INPUT,
		    "%s: more than %d octets are no key", buf_str(&what),
		    FILE_MOST);
	if (fd != -1)
		close(fd);
	buf_free(&what);
	return rv;
}

/* Called for the passphrase. */
static int
ask(void *arg, struct buf *passphrase)
{
	const struct loading *l = arg;
	struct buf prompt = { 0 };
	int rv;

	buf_addf(&prompt, "passphrase of %s: ", l->path);
	rv =
	    terminal_ask(passphrase, buf_str(&prompt), l->patience, l->problem);
	if (rv == TERMINAL_NONE)
		problem_hint(l->problem, FAIL_AUTH,
		    "give a key without passphrase in a file that only you may "
		    "read: (umask 077; openssl pkey -in FILE -out NEW)",
		    "%s %s: a passphrase is needed, and no terminal to ask on",
		    l->option, l->path);
	buf_free(&prompt);
	return rv == 0 ? 0 : -1;
}

static int
understand(struct identity *id, const char *cert, const struct buf *certs,
    const struct buf *keys, struct loading *l)
{
	switch (identity_read(id, certs, keys, ask, l)) {
	case IDENTITY_OK:
		return 0;
	case IDENTITY_NO_CERT:
		return problem_hint(l->problem, FAIL_INPUT,
		    "a file in PEM form is wanted, the client's own "
		    "certificate first",
		    "--tls-cert %s: no certificate in it", cert);
	case IDENTITY_NO_KEY:
		return problem_hint(l->problem, FAIL_INPUT,
		    "a private key in PEM form is wanted: --tls-key FILE",
		    "%s %s: no private key in it", l->option, l->path);
	case IDENTITY_LOCKED:
		return problem_set(l->problem, FAIL_AUTH,
		    "%s %s: that is not its passphrase", l->option, l->path);
	case IDENTITY_OTHER_KEY:
		return problem_set(l->problem, FAIL_INPUT,
		    "%s %s: it is not the key of the certificate in %s",
		    l->option, l->path, cert);
	}
	return -1;
}

int
keyfile_load(struct identity *id, const char *cert, const char *key,
    const struct patience *patience, struct problem *problem)
{
	struct loading l = { .option = key ? "--tls-key" : "--tls-cert",
		.path = key ? key : cert,
		.patience = patience,
		.problem = problem };
	struct buf certs = { .secret = true }, keys = { .secret = true };
	int rv = read_file(
	    &certs, "--tls-cert", cert, key == NULL, patience, problem);

	if (rv == 0 && key)
		rv = read_file(&keys, l.option, key, true, patience, problem);
	if (rv == 0)
		rv = understand(id, cert, &certs, key ? &keys : &certs, &l);
	buf_free(&certs);
	buf_free(&keys);
	return rv;
}
