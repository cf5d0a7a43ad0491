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
#include "cli/command.h"
#include "cli/credentials.h"
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
		    "%s: more than %d octets are no password", what,
		    PASSWORD_MAX);
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
from_command(struct buf *out, const char *command,
    const struct patience *patience, struct problem *problem)
{
	if (command_output(out, PASSWORD_MAX, command, "--password-command",
		patience, problem) == -1)
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
	    "--password-fd or $EHLO_PASSWORD",
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

int
credentials_password(struct credentials *c,
    const struct password_source *source, const char *server,
    const struct patience *patience, struct problem *problem)
{
	struct buf *out = &c->password, name = { 0 }, path = { 0 };
	struct buf environment = { .secret = true };
	bool given = take_environment(&environment);
	int rv = 0;

	out->secret = true;
	if (source->file) {
		buf_addf(&name, "--password-file %s", source->file);
		rv = from_file(
		    out, source->file, buf_str(&name), patience, problem);
	} else if (source->command) {
		buf_adds(&name, "--password-command");
		rv = from_command(out, source->command, patience, problem);
	} else if (source->fd != -1) {
		buf_addf(&name, "--password-fd %d", source->fd);
		rv = read_all(
		    out, source->fd, buf_str(&name), patience, problem);
	} else if (given) {
		buf_adds(&name, "$EHLO_PASSWORD");
		buf_add(out, buf_head(&environment), buf_len(&environment));
	} else if (find_systemd(&path)) {
		buf_addf(&name, "credential %s", buf_str(&path));
		rv = from_file(
		    out, buf_str(&path), buf_str(&name), patience, problem);
	} else {
		buf_adds(&name, "terminal");
		rv = ask(out, c->user, server, patience, problem);
	}
	credentials_guard();
	if (rv == 0)
		rv = check(out, buf_str(&name), problem);
	buf_free(&environment);
	buf_free(&path);
	buf_free(&name);
	return rv;
}
