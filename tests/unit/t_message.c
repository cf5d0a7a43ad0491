/* A message from a file, a pipe or elsewhere: what is known of it before it is
 * sent, and that it is sent whole, as it was, or not to its end. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "check.h"
#include "message/message.h"

/* 61 octets */
#define LINE "0123456789 0123456789 0123456789 0123456789 0123456789 01234\n"

/* A file without a name, with this in it, read from its beginning. */
static const struct patience forever = { -1, CLOCK_NEVER };

static int
file_of(const char *p, size_t n)
{
	char name[] = "/tmp/t_message.XXXXXX";
	int fd = mkstemp(name);

	if (fd == -1 || unlink(name) == -1 || write(fd, p, n) != (ssize_t)n ||
	    lseek(fd, 0, SEEK_SET) != 0) {
		perror(name);
		exit(1);
	}
	return fd;
}

/* A nonblocking pipe that a child fills with this, a short one octet by octet:
 * now and then it is read before there is something. */
static int
pipe_of(const char *p, size_t n)
{
	const size_t most = n < 100 ? 1 : 65536;
	ssize_t got;
	pid_t pid;
	int ends[2];

	if (pipe(ends) == -1 || (pid = fork()) == -1) {
		perror("pipe");
		exit(1);
	}
	if (pid > 0) {
		close(ends[1]);
		fcntl(ends[0], F_SETFL, O_NONBLOCK);
		return ends[0];
	}
	close(ends[0]);
	for (; n > 0; p += got, n -= (size_t)got)
		if ((got = write(ends[1], p, n < most ? n : most)) == -1)
			_exit(1);
	_exit(0);
}

/* Lines of n octets in all, the last perhaps cut off. */
static void
set_lines(struct buf *b, size_t n)
{
	buf_clear(b);
	while (buf_len(b) < n)
		buf_adds(b, LINE);
	b->tail = b->head + n;
}

/* What is to be sent of n octets; its size without the stuffed dots. */
static size_t
wire_of(struct buf *out, const char *p, size_t n)
{
	struct transparency t = { 0 };
	size_t size;

	buf_clear(out);
	size = transparency_add(&t, out, p, n);
	return size + transparency_end(&t, out);
}

/* Sends it all; the last thing that message_next() said. */
static int
send_all(struct message *m, struct buf *out, struct problem *problem)
{
	struct buf piece = { 0 };
	int rv;

	while ((rv = message_next(m, &piece, problem)) == 1) {
		CHECK(buf_len(&piece) > 0 && buf_len(&piece) <= 256 * 1024 + 2);
		buf_add(out, buf_head(&piece), buf_len(&piece));
		buf_clear(&piece);
	}
	buf_free(&piece);
	return rv;
}

static void
gather(struct message *m, int fd, const char *name)
{
	struct problem problem = { 0 };

	CHECK_INT(message_gather(m, fd, &forever, &problem), 0, name);
	CHECK_STR(buf_str(&problem.text), "", name);
	problem_free(&problem);
}

/* Gathers from fd and sends a piece, then twice all: it is what it must be. */
static void
expect(int fd, const struct buf *wire, size_t size, const char *name)
{
	struct problem problem = { 0 };
	struct buf out = { 0 };
	struct message m;
	char more;
	int time;

	gather(&m, fd, name);
	CHECK_INT(read(fd, &more, 1), 0, name); /* to others it is consumed */
	CHECK_INT(m.size, size, name);
	message_next(&m, &out, &problem);
	for (time = 0; time < 2; time++) {
		message_rewind(&m, true);
		buf_clear(&out);
		CHECK_INT(send_all(&m, &out, &problem), 0, name);
		CHECK_INT(message_next(&m, &out, &problem), 0, name);
		CHECK_INT(buf_len(&out), buf_len(wire), name);
		check_true(buf_len(&out) == buf_len(wire) &&
			       memcmp(buf_head(&out), buf_head(wire),
				   buf_len(wire)) == 0,
		    name, __FILE__, __LINE__);
	}
	message_free(&m);
	message_free(&m);
	buf_free(&out);
	problem_free(&problem);
	close(fd);
}

static void
expect_problem(int fd, enum failure class, const char *text)
{
	struct problem problem = { 0 };
	struct message m;

	CHECK_INT(message_gather(&m, fd, &forever, &problem), -1, text);
	CHECK_INT(problem.class, class, text);
	CHECK_STR(buf_str(&problem.text), text, text);
	problem_free(&problem);
	close(fd);
}

/* F-212 */
static void
small_messages(void)
{
	static const struct {
		const char *in, *wire;
		size_t size;
	} rows[] = {
		{ "", "", 0 },
		{ ".", "..\r\n", 3 },
		{ "\n", "\r\n", 2 },
		{ "\r\n", "\r\n", 2 },
		{ "a: b\n\n.c\n.\n", "a: b\r\n\r\n..c\r\n..\r\n", 15 },
		{ "a: b\r\rno end", "a: b\r\n\r\nno end\r\n", 16 },
	};
	struct buf wire = { 0 };
	size_t i, n;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n = strlen(rows[i].in);
		buf_clear(&wire);
		buf_adds(&wire, rows[i].wire);
		expect(file_of(rows[i].in, n), &wire, rows[i].size, "file");
		expect(pipe_of(rows[i].in, n), &wire, rows[i].size, "pipe");
	}
	buf_free(&wire);
}

/* What is said of a message as letters: e empty, n NUL, b binary, c a bare line
 * end in a header, t text, 8 eight bit, h in a header, u which is UTF-8. */
static const char *
letters(const struct message *m)
{
	static char text[9];

	snprintf(text, sizeof(text), "%s%s%s%s%s%s%s%s", m->empty ? "e" : "",
	    m->nul ? "n" : "", m->binary ? "b" : "", m->bare ? "c" : "",
	    m->text ? "t" : "", m->eight_bit ? "8" : "",
	    m->header_eight_bit ? "h" : "", m->header_utf8 ? "u" : "");
	return text;
}

#define BINARY "Content-Transfer-Encoding: binary\r\n"

static void
what_is_known(void)
{
	static const struct {
		const char *in;
		size_t n;
		const char *letters;
		const char *problem;
	} rows[] = {
		{ "", 0, "et", "" },
		{ "a: b\n\nc", 7, "ct", "" },
		{ "a: b\r\n\r\nc", 9, "t", "" },
		{ "a: b\r\n\r\nc\r\r\n", 12, "", "" },
		{ "a: b\r\n\r\n\0", 9, "n",
		    "the message has a NUL, which no server takes" },
		{ "a: b\r\n\r\n\xe9", 9, "t8", "" },
		{ "a: \xe9\r\n\r\nc", 9, "t8h", "" },
		{ "\xc3\xa9\r\n\r\n\xe9", 7, "t8hu", "" },
		{ BINARY "\r\n\0\n", sizeof(BINARY) + 3, "nb", "" },
		{ BINARY "\r\n\r\r\n", sizeof(BINARY) + 4, "b", "" },
		{ BINARY "\r\na\n", sizeof(BINARY) + 3, "bt", "" },
		{ BINARY "\na\n", sizeof(BINARY) + 2, "bct", "" },
		{ BINARY "\n\0\n", sizeof(BINARY) + 2, "nbc",
		    "the message is binary, and a line of a header in it does "
		    "not end in CRLF" },
		{ BINARY "\n\r", sizeof(BINARY) + 1, "bc",
		    "the message is binary, and a line of a header in it does "
		    "not end in CRLF" },
	};
	struct problem problem = { 0 };
	struct message m;
	char name[32], line[LINE_LIMIT + 3];
	size_t i;
	int fd;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(name, sizeof(name), "row %zu", i);
		fd = file_of(rows[i].in, rows[i].n);
		gather(&m, fd, name);
		CHECK_STR(letters(&m), rows[i].letters, name);
		CHECK_INT(m.long_line, 0, name);
		CHECK_INT(message_sendable(&m, &problem),
		    *rows[i].problem ? -1 : 0, name);
		CHECK_STR(buf_str(&problem.text), rows[i].problem, name);
		CHECK_INT(problem.class,
		    *rows[i].problem ? FAIL_MESSAGE : FAIL_NONE, name);
		problem_free(&problem);
		message_free(&m);
		close(fd);
	}
	memset(line, 'a', sizeof(line));
	line[1] = '\n';
	fd = file_of(line, sizeof(line));
	gather(&m, fd, "a long line");
	CHECK_INT(m.long_line, 2, "a long line");
	CHECK(!m.text);
	message_free(&m);
	close(fd);
}

/* Line ends and dots lie across what is read at once, and across the MiB after
 * which a pipe is spooled. */
static void
large_messages(void)
{
	static const char *const last[] = { ".\n.\n\n.", "\r\n.\r\n", "." };
	static const size_t sizes[] = { 131072, 1048576, 3000000 };
	struct buf in = { 0 }, wire = { 0 };
	char name[48];
	const char *end;
	size_t i, back, size;

	for (i = 0; i < 9; i++) {
		end = last[i % 3];
		for (back = 0; back <= strlen(end); back++) {
			snprintf(
			    name, sizeof(name), "row %zu, %zu back", i, back);
			set_lines(&in, sizes[i / 3] - back);
			in.data[in.head] = '.';
			buf_adds(&in, end);
			size = wire_of(&wire, buf_head(&in), buf_len(&in));
			expect(file_of(buf_head(&in), buf_len(&in)), &wire,
			    size, name);
			expect(pipe_of(buf_head(&in), buf_len(&in)), &wire,
			    size, name);
		}
	}
	buf_free(&in);
	buf_free(&wire);
}

/* Raw, a message is sent octet for octet; chosen back, as text again. */
static void
raw_messages(void)
{
	static const size_t sizes[] = { 1, 131072, 1048576, 3000000 };
	struct buf in = { 0 }, out = { 0 };
	struct problem problem = { 0 };
	struct message m;
	char name[48];
	size_t i;
	int fd;

	for (i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "raw %zu", i);
		set_lines(&in, sizes[i / 2]);
		buf_add(&in, "\n.\r\n\r\0\r", 7);
		fd = i % 2 ? file_of(buf_head(&in), buf_len(&in))
			   : pipe_of(buf_head(&in), buf_len(&in));
		gather(&m, fd, name);
		CHECK(!m.raw);
		message_choose(&m, true);
		CHECK_INT(m.size, buf_len(&in), name);
		message_rewind(&m, false);
		buf_clear(&out);
		CHECK_INT(send_all(&m, &out, &problem), 0, name);
		CHECK_INT(buf_len(&out), buf_len(&in), name);
		CHECK(memcmp(buf_head(&out), buf_head(&in), buf_len(&in)) == 0);
		message_choose(&m, false);
		CHECK_INT(
		    m.size, wire_of(&out, buf_head(&in), buf_len(&in)), name);
		message_rewind(&m, true);
		CHECK_INT(send_all(&m, &out, &problem), 0, name);
		message_free(&m);
		close(fd);
	}
	buf_free(&in);
	buf_free(&out);
	problem_free(&problem);
}

/* As 'read line' of the shell leaves it, and behind its end. */
static void
a_file_at_an_offset(void)
{
	struct buf wire = { 0 };
	int fd = file_of("first\nsecond\n", 13);

	lseek(fd, 100, SEEK_SET);
	expect(dup(fd), &wire, 0, "behind the end");
	lseek(fd, 6, SEEK_SET);
	buf_adds(&wire, "second\r\n");
	expect(fd, &wire, 8, "the second line");
	buf_free(&wire);
}

static const struct change {
	const char *name;
	off_t size; /* truncated or grown to it */
	off_t at;
	const char *with; /* is written there */
	bool touched; /* else the time of the change is put back */
} changes[] = {
	{ "truncated", 200000, 0, "", false },
	{ "grown", 400001, 0, "", false },
	{ "with more lines", 400000, 6500 * 61, "\n\n\n", false },
	{ "with fewer lines", 400000, 6500 * 61 - 1, "a", false },
	{ "touched", 400000, 0, "", true },
};

static void
change(int fd, const struct change *c)
{
	struct timespec times[2] = { { 0, UTIME_OMIT }, { 1000, 5 } };
	size_t n = strlen(c->with);
	struct stat st;

	CHECK_INT(fstat(fd, &st), 0, c->name);
	CHECK_INT(ftruncate(fd, c->size), 0, c->name);
	CHECK_INT(pwrite(fd, c->with, n, c->at), n, c->name);
	if (!c->touched)
		times[1] = st.st_mtim;
	CHECK_INT(futimens(fd, times), 0, c->name);
}

/* F-210, R-1870-06: the end must never be said of one that changed. Early:
 * before it is sent; else when a piece has been. */
static void
a_file_that_changes(bool early)
{
	struct buf in = { 0 }, out = { 0 };
	struct problem problem = { 0 };
	struct message m;
	const char *name;
	size_t i;
	int fd;

	set_lines(&in, 400000);
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		name = changes[i].name;
		fd = file_of(buf_head(&in), buf_len(&in));
		gather(&m, fd, name);
		if (!early)
			CHECK_INT(message_next(&m, &out, &problem), 1, name);
		change(fd, &changes[i]);
		CHECK_INT(send_all(&m, &out, &problem), -1, name);
		CHECK_INT(problem.class, FAIL_INPUT, name);
		CHECK_STR(buf_str(&problem.text),
		    "the message changed while it was sent", name);
		message_free(&m);
		problem_free(&problem);
		close(fd);
	}
	buf_free(&in);
	buf_free(&out);
}

static void
what_cannot_be_read(void)
{
	static const struct {
		const char *path;
		int flags;
		const char *why;
	} rows[] = {
		{ "/nonexistent", O_RDONLY, "Bad file descriptor" },
		{ "/dev/null", O_WRONLY, "Bad file descriptor" },
		{ "/", O_RDONLY, "Is a directory" },
		{ "/proc/self/mem", O_RDONLY, "Input/output error" },
	};
	char text[80];
	size_t i;
	int fd;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strncmp(rows[i].path, "/proc", 5) == 0 &&
		    access(rows[i].path, R_OK) == -1)
			continue; /* not Linux */
		fd = open(rows[i].path, rows[i].flags);
		snprintf(text, sizeof(text), "cannot read the message: %s",
		    rows[i].why);
		expect_problem(fd, FAIL_INPUT, text);
	}
}

static void
what_cannot_be_spooled(void)
{
	struct buf in = { 0 }, wire = { 0 };
	size_t size;

	setenv("TMPDIR", "/nonexistent", 1);
	set_lines(&in, 1048576);
	size = wire_of(&wire, buf_head(&in), buf_len(&in));
	expect(pipe_of(buf_head(&in), buf_len(&in)), &wire, size,
	    "what fits into memory");
	buf_adds(&in, "a");
	expect_problem(pipe_of(buf_head(&in), buf_len(&in)), FAIL_SYSTEM,
	    "cannot spool the message in /nonexistent: "
	    "No such file or directory");
	unsetenv("TMPDIR");
	buf_free(&in);
	buf_free(&wire);
}

/* S-53: the spool has no name and is not inherited. */
static void
the_spool(void)
{
	struct buf in = { 0 };
	struct message m;
	struct stat st;
	int fd;

	set_lines(&in, 1100000);
	fd = pipe_of(buf_head(&in), buf_len(&in));
	gather(&m, fd, "gather");
	CHECK(m.own && m.fd != fd);
	CHECK_INT(fstat(m.fd, &st), 0, "fstat");
	CHECK_INT(st.st_nlink, 0, "names");
	CHECK_INT(st.st_mode & 0777, 0600, "mode");
	CHECK_INT(st.st_size, buf_len(&in), "size");
	CHECK_INT(fcntl(m.fd, F_GETFD), FD_CLOEXEC, "flags");
	message_free(&m);
	close(fd);
	buf_free(&in);
}

/* Linux says its size is 0, and it has octets. */
static void
a_file_of_the_kernel(void)
{
	struct problem problem = { 0 };
	struct buf out = { 0 };
	struct message m;
	int fd = open("/proc/self/status", O_RDONLY);

	if (fd == -1)
		return;
	gather(&m, fd, "gather");
	CHECK(m.size > 100 && !m.regular);
	CHECK_INT(send_all(&m, &out, &problem), 0, "send");
	CHECK_INT(buf_len(&out), m.size, "sent");
	message_free(&m);
	buf_free(&out);
	close(fd);
}

static void
a_zeroed_message(void)
{
	struct problem problem = { 0 };
	struct message m = { 0 };
	struct buf out = { 0 };

	CHECK_INT(message_next(&m, &out, &problem), 0, "nothing to send");
	message_free(&m);
	CHECK(fcntl(0, F_GETFD) != -1); /* which is 0 in it */
}

int
main(void)
{
	unsetenv("TMPDIR");
	small_messages();
	what_is_known();
	large_messages();
	raw_messages();
	a_file_at_an_offset();
	a_file_that_changes(true);
	a_file_that_changes(false);
	what_cannot_be_read();
	what_cannot_be_spooled();
	the_spool();
	a_file_of_the_kernel();
	a_zeroed_message();
	while (wait(NULL) > 0)
		;
	return check_done("t_message");
}
