#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/credentials.h"

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
	ssize_t n;
	int said;

	do {
		said = clock_readable(fd, patience);
		if (said != 1)
			return problem_impatient(problem, said, what);
		n = read(fd, buf_room(out, 4096), 4096);
		if (n > 0)
			buf_added(out, (size_t)n);
	} while ((n > 0 && buf_len(out) <= PASSWORD_MAX) ||
		 (n == -1 && (errno == EINTR || errno == EAGAIN)));
	if (n == -1)
		return problem_set(
		    problem, FAIL_INPUT, "%s: %s", what, strerror(errno));
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
	return 0;
}

static int
from_file(struct buf *out, const char *path, const char *what,
    const struct patience *patience, struct problem *problem)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rv = -1;
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1)
		problem_set(problem, FAIL_INPUT, "%s %s: %s", what, path,
		    strerror(errno));
	else if (S_ISREG(st.st_mode) &&
		 st.st_mode & (S_IROTH | S_IWOTH | S_IWGRP))
		problem_hint(problem, FAIL_AUTH, "chmod 600 the file",
		    "%s %s: others may read or write it (mode %04o)", what,
		    path, (unsigned)st.st_mode & 07777);
	else
		rv = read_all(out, fd, what, patience, problem);
	if (fd != -1)
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

static int
from_environment(struct buf *out)
{
	char *value = getenv("EHLO_PASSWORD");

	if (value == NULL)
		return 0;
	buf_adds(out, value);
	memset(value, 0, strlen(value)); /* /proc/PID/environ shows it else */
	unsetenv("EHLO_PASSWORD");
	return 1;
}

/* One line from the terminal. */
static int
read_line(struct buf *out, int tty, const struct patience *patience,
    struct problem *problem)
{
	ssize_t n;
	int said;

	for (;;) {
		said = clock_readable(tty, patience);
		if (said != 1)
			return problem_impatient(problem, said, "no password");
		n = read(tty, buf_room(out, 256), 256);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return problem_set(
			    problem, FAIL_AUTH, "no password was entered");
		buf_added(out, (size_t)n);
		if (out->data[out->tail - 1] == '\n') {
			out->tail--;
			return 0;
		}
	}
}

static int
ask(struct buf *out, const char *user, const char *server,
    const struct patience *patience, struct problem *problem)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC), rv;
	struct termios before, quiet;
	struct buf prompt = { 0 };
	ssize_t ignored;

	if (tty == -1 || tcgetattr(tty, &before) == -1) {
		if (tty != -1)
			close(tty);
		return problem_hint(problem, FAIL_AUTH,
		    "give it with --password-file, --password-command, "
		    "--password-fd or $EHLO_PASSWORD",
		    "no password for %s, and no terminal to ask on", user);
	}
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	buf_addf(&prompt, "password of %s at %s: ", user, server);
	tcsetattr(tty, TCSAFLUSH, &quiet);
	ignored = write(tty, buf_head(&prompt), buf_len(&prompt));
	(void)ignored;
	rv = read_line(out, tty, patience, problem);
	tcsetattr(tty, TCSAFLUSH, &before);
	close(tty);
	buf_free(&prompt);
	return rv;
}

static int
from_systemd(
    struct buf *out, const struct patience *patience, struct problem *problem)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	struct buf path = { 0 };
	int rv = 0;

	if (folder && *folder) {
		buf_addf(&path, "%s/ehlo.password", folder);
		if (access(buf_str(&path), F_OK) == 0)
			rv = from_file(out, buf_str(&path), "credential",
				 patience, problem) == 0
				 ? 1
				 : -1;
	}
	buf_free(&path);
	return rv;
}

int
credentials_password(struct credentials *c,
    const struct password_source *source, const char *server,
    const struct patience *patience, struct problem *problem)
{
	struct buf *out = &c->password;
	const char *what = "$EHLO_PASSWORD";
	int rv;

	out->secret = true;
	if (source->file) {
		what = "--password-file";
		rv = from_file(out, source->file, what, patience, problem);
	} else if (source->command) {
		what = "--password-command";
		rv = from_command(out, source->command, patience, problem);
	} else if (source->fd != -1) {
		what = "--password-fd";
		rv = read_all(out, source->fd, what, patience, problem);
	} else if ((rv = from_environment(out)) == 0) {
		what = "$CREDENTIALS_DIRECTORY/ehlo.password";
		rv = from_systemd(out, patience, problem);
		if (rv == 0) {
			what = "terminal";
			rv = ask(out, c->user, server, patience, problem);
		}
	}
	return rv == -1 ? -1 : check(out, what, problem);
}
