#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/terminal.h"

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

int
terminal_ask(struct buf *out, const char *prompt,
    const struct patience *patience, struct problem *problem)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC), rv;
	struct termios before, quiet;
	struct buf shown = { 0 };
	ssize_t ignored;

	if (tty == -1 || tcgetattr(tty, &before) == -1) {
		if (tty != -1)
			close(tty);
		return TERMINAL_NONE;
	}
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	quiet.c_cc[VSUSP] =
	    _POSIX_VDISABLE; /* nobody comes back without echo */
	text_show(&shown, prompt, strlen(prompt));
	tcsetattr(tty, TCSAFLUSH, &quiet);
	ignored = write(tty, buf_head(&shown), buf_len(&shown));
	(void)ignored;
	rv = read_line(out, tty, patience, problem);
	tcsetattr(tty, TCSAFLUSH, &before);
	close(tty);
	buf_free(&shown);
	return rv;
}
