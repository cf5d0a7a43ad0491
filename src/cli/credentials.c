#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __has_include
#if __has_include(<sys/prctl.h>)
#include <sys/prctl.h>
#endif
#endif

#include <openssl/crypto.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/credentials.h"
#include "cli/netrc.h"
#include "cli/terminal.h"

#define PASSWORD_MAX                                                           \
	65536 /* octets; a token can be long, a file is no token               \
	       */

/* Takes one line end off. */
static void
trim(struct buf *out)
{
	if (buf_len(out) && out->data[out->tail - 1] == '\n')
		out->tail--;
	if (buf_len(out) && out->data[out->tail - 1] == '\r')
		out->tail--;
}

/* Reads to the end, and takes one line end off. */
static int
read_all(struct buf *out, int fd, const char *what,
    const struct patience *patience, struct problem *problem)
{
	if (file_read(out, fd, PASSWORD_MAX, what, patience, problem) == -1)
		return -1;
	if (buf_len(out) > PASSWORD_MAX)
		return problem_set(problem, FAIL_AUTH,
		    "%s: more than %d octets", what, PASSWORD_MAX);
	trim(out);
	return 0;
}

static int
check(const struct buf *password, const char *what, struct problem *problem)
{
	if (buf_len(password) == 0)
		return problem_set(
		    problem, FAIL_AUTH, "%s: no password in it", what);
	if (memchr(buf_head(password), '\0', buf_len(password)))
		return problem_set(
		    problem, FAIL_AUTH, "%s: a NUL in the password", what);
	if (memchr(buf_head(password), '\n', buf_len(password)))
		return problem_hint(problem, FAIL_AUTH,
		    "a password is one line, and nothing else may stand there",
		    "%s: more than one line", what);
	return 0;
}

/* RFC 6750 2.1 allows less, but tokens with "!" and ":" exist. */
static int
check_token(const struct buf *token, const char *what, struct problem *problem)
{
	const char *p = buf_head(token), *end = p + buf_len(token);

	if (p == end)
		return problem_set(
		    problem, FAIL_AUTH, "%s: no token in it", what);
	for (; p < end; p++)
		if (*p <= ' ' || *p > '~' || *p == '"')
			return problem_hint(problem, FAIL_AUTH,
			    "the access token alone is wanted, without the "
			    "JSON that it came in",
			    "%s: a character that no token has", what);
	return 0;
}

/* The permissions that a file must not give. systemd's own are for others in
 * their group too, by an access control list. */
static mode_t
too_much(const char *path)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	size_t n = folder ? strlen(folder) : 0;

	if (n && strncmp(path, folder, n) == 0 && path[n] == '/')
		return S_IWGRP | S_IROTH | S_IWOTH;
	return S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;
}

int
credentials_open(const char *path, const char *what, struct problem *problem)
{
	int fd = file_open(path);
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1)
		problem_set(
		    problem, FAIL_INPUT, "%s: %s", what, strerror(errno));
	else if (S_ISREG(st.st_mode) && st.st_mode & too_much(path))
		problem_hint(problem, FAIL_AUTH, "chmod 600 the file",
		    "%s: others may read or write it (mode %04o)", what,
		    (unsigned)st.st_mode & 07777);
	else
		return fd;
	if (fd != -1)
		close(fd);
	return -1;
}

static int
from_file(struct buf *out, const char *path, const char *what,
    const struct patience *patience, struct problem *problem)
{
	int fd = credentials_open(path, what, problem), rv;

	if (fd == -1)
		return -1;
	rv = read_all(out, fd, what, patience, problem);
	close(fd);
	return rv;
}

/* What it prints is the password only if it succeeds (S-52). */
static int
from_command(struct buf *out, const char *command, const char *what,
    const struct patience *patience, struct problem *problem)
{
	if (command_output(
		out, PASSWORD_MAX, command, what, patience, problem) == -1)
		return -1;
	trim(out);
	return 0;
}

/* Takes it out of the environment, where /proc/PID/environ shows it; whether it
 * was there. */
static bool
take_environment(struct buf *out)
{
	char *value = getenv("EHLO_PASSWORD");

	if (value == NULL)
		return false;
	buf_adds(out, value);
	OPENSSL_cleanse(value, strlen(value));
	unsetenv("EHLO_PASSWORD");
	return true;
}

static int
ask(struct buf *out, const char *user, const char *server,
    const struct patience *patience, struct problem *problem)
{
	struct buf prompt = { 0 };
	int rv;

	buf_addf(&prompt, "password of %s at %s: ", user, server);
	rv = terminal_ask(out, buf_str(&prompt), patience, problem);
	buf_free(&prompt);
	if (rv != TERMINAL_NONE)
		return rv;
	return problem_hint(problem, FAIL_AUTH,
	    "give it with --password-file, --password-command, "
	    "--password-fd, --netrc or $EHLO_PASSWORD",
	    "no password for %s, and no terminal to ask on", user);
}

/* The file that systemd has put it in, if there is one. */
static bool
find_systemd(struct buf *path)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	if (folder == NULL || *folder == '\0')
		return false;
	buf_addf(path, "%s/ehlo.password", folder);
	return access(buf_str(path), F_OK) == 0;
}

void
credentials_guard(void)
{
	struct rlimit none;

	if (getrlimit(RLIMIT_CORE, &none) == 0) {
		none.rlim_cur = 0;
		setrlimit(RLIMIT_CORE, &none);
	}
#ifdef PR_SET_DUMPABLE
	prctl(PR_SET_DUMPABLE, 0);
#endif
}

/* The token, from where it is to come from; what says where that is. */
static int
get_token(struct buf *out, const struct password_source *source,
    struct buf *what, const struct patience *patience, struct problem *problem)
{
	int rv;

	if (source->token_file) {
		buf_addf(what, "--token-file %s", source->token_file);
		rv = from_file(
		    out, source->token_file, buf_str(what), patience, problem);
	} else {
		buf_adds(what, "--token-command");
		rv = from_command(out, source->token_command, buf_str(what),
		    patience, problem);
	}
	return rv == 0 ? check_token(out, buf_str(what), problem) : -1;
}

/* Takes over what was found for the host. */
static int
take_entry(struct credentials *c, const struct netrc *found, const char *host,
    const char *what, struct problem *problem)
{
	const char *login = buf_head(&found->login);
	size_t len = buf_len(&found->login);

	if (c->user == NULL && !found->has_login)
		return problem_hint(problem, FAIL_AUTH, "--user NAME",
		    "%s: no login for %s in it", what, host);
	if (c->user == NULL && (len == 0 || !text_harmless(login, len)))
		return problem_set(problem, FAIL_AUTH,
		    "%s: the login for %s is no user name", what, host);
	if (c->user == NULL)
		c->user = mem_copy(login, len);
	buf_add(&c->password, buf_head(&found->password),
	    buf_len(&found->password));
	return 0;
}

static int
search(struct credentials *c, const struct buf *file, const char *host,
    const char *what, struct problem *problem)
{
	struct netrc found = { 0 };
	int rv = -1;

	switch (netrc_find(&found, file, host, c->user)) {
	case NETRC_FOUND:
		rv = take_entry(c, &found, host, what, problem);
		break;
	case NETRC_NONE:
		problem_set(problem, FAIL_AUTH, "%s: nothing for %s%s%s in it",
		    what, c->user ? c->user : "", c->user ? " at " : "", host);
		break;
	case NETRC_BAD: /* the word may be part of a password: not shown */
		problem_hint(problem, FAIL_AUTH,
		    "a password with a blank or a quote in it stands in "
		    "\"quotes\", with a backslash before quotes and "
		    "backslashes",
		    "%s: line %zu: not machine, default, login, password, "
		    "account or macdef, or a value is missing",
		    what, found.line);
		break;
	}
	netrc_free(&found);
	return rv;
}

static int
from_netrc(struct credentials *c, const struct password_source *source,
    struct buf *what, const struct patience *patience, struct problem *problem)
{
	const char *home = getenv("HOME");
	struct buf path = { 0 }, file = { .secret = true };
	int rv;

	if (source->netrc_file)
		buf_adds(&path, source->netrc_file);
	else
		buf_addf(&path, "%s/.netrc", home ? home : "");
	buf_addf(what, source->netrc_file ? "--netrc-file %s" : "--netrc: %s",
	    buf_str(&path));
	rv = from_file(&file, buf_str(&path), buf_str(what), patience, problem);
	if (rv == 0)
		rv = search(c, &file, source->host, buf_str(what), problem);
	buf_free(&file);
	buf_free(&path);
	return rv;
}

/* From the options, in the order in which they count. */
static int
get_password(struct credentials *c, const struct password_source *source,
    struct buf *what, const struct patience *patience, struct problem *problem)
{
	struct buf *out = &c->password;

	if (source->file) {
		buf_addf(what, "--password-file %s", source->file);
		return from_file(
		    out, source->file, buf_str(what), patience, problem);
	}
	if (source->command) {
		buf_adds(what, "--password-command");
		return from_command(
		    out, source->command, buf_str(what), patience, problem);
	}
	if (source->fd != -1) {
		buf_addf(what, "--password-fd %d", source->fd);
		return read_all(
		    out, source->fd, buf_str(what), patience, problem);
	}
	return from_netrc(c, source, what, patience, problem);
}

/* From what the system has, or the user. */
static int
find_password(struct credentials *c, const char *server, struct buf *what,
    const struct patience *patience, struct problem *problem)
{
	struct buf *out = &c->password, path = { 0 };
	int rv;

	if (find_systemd(&path)) {
		buf_addf(what, "credential %s", buf_str(&path));
		rv = from_file(
		    out, buf_str(&path), buf_str(what), patience, problem);
	} else {
		buf_adds(what, "terminal");
		rv = ask(out, c->user, server, patience, problem);
	}
	buf_free(&path);
	return rv;
}

int
credentials_password(struct credentials *c,
    const struct password_source *source, const char *server,
    const struct patience *patience, struct problem *problem)
{
	struct buf environment = { .secret = true }, what = { 0 };
	bool given = take_environment(&environment);
	bool option = source->file || source->command || source->fd != -1 ||
		      source->netrc;
	int rv = 0;

	c->password.secret = true;
	if (c->proof == BY_TOKEN) {
		rv = get_token(&c->password, source, &what, patience, problem);
	} else if (c->proof == BY_PASSWORD && option) {
		rv = get_password(c, source, &what, patience, problem);
	} else if (c->proof == BY_PASSWORD && given) {
		buf_adds(&what, "$EHLO_PASSWORD");
		buf_add(&c->password, buf_head(&environment),
		    buf_len(&environment));
	} else if (c->proof == BY_PASSWORD) {
		rv = find_password(c, server, &what, patience, problem);
	}
	credentials_guard();
	if (rv == 0 && c->proof == BY_PASSWORD)
		rv = check(&c->password, buf_str(&what), problem);
	buf_free(&environment);
	buf_free(&what);
	return rv;
}

/* Nobody may write to a pipe again, which would be waited for. */
static bool
lasts(const struct password_source *source)
{
	struct stat st;

	return source->token_file == NULL ||
	       (stat(source->token_file, &st) == 0 && S_ISREG(st.st_mode));
}

int
credentials_renew(void *renewal, struct problem *problem)
{
	struct renewal *r = renewal;
	struct buf *old = &r->credentials->password, what = { 0 };
	struct buf fresh = { .secret = true };
	int rv;

	if (!lasts(r->source))
		return problem_set(problem, FAIL_AUTH,
		    "--token-file %s can be read only once",
		    r->source->token_file);
	rv = get_token(&fresh, r->source, &what, r->patience, problem);
	if (rv == 0 && buf_len(&fresh) == buf_len(old) &&
	    memcmp(buf_head(&fresh), buf_head(old), buf_len(old)) == 0)
		rv = problem_set(problem, FAIL_AUTH, "%s: the same token again",
		    buf_str(&what));
	if (rv == 0) {
		buf_clear(old);
		buf_add(old, buf_head(&fresh), buf_len(&fresh));
	}
	buf_free(&fresh);
	buf_free(&what);
	return rv;
}
