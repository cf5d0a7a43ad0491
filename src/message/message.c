#define _GNU_SOURCE 1 /* O_TMPFILE */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message/message.h"

#ifdef __APPLE__
#define st_mtim st_mtimespec
#endif

#define BLOCK (128 * 1024) /* read at once; fits in caches with its output */
#define MEMORY (1024 * 1024) /* kept before it is spooled */

static int
unreadable(struct problem *problem)
{
	return problem_set(problem, FAIL_INPUT, "cannot read the message: %s",
	    strerror(errno));
}

static const char *
spool_directory(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

static int
unspoolable(struct problem *problem)
{
	return problem_hint(problem, FAIL_SYSTEM,
	    "set TMPDIR to a directory that has room for the message",
	    "cannot spool the message in %s: %s", spool_directory(),
	    strerror(errno));
}

/* S-53: a name that cannot be guessed, and that goes at once. */
static int
open_named(const char *dir)
{
	struct buf path = { 0 };
	int fd;

	buf_addf(&path, "%s/ehlo.XXXXXX", dir);
	buf_str(&path);
	fd = mkstemp(path.data);
	if (fd != -1) {
		unlink(path.data);
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	buf_free(&path);
	return fd;
}

static int
open_spool(const char *dir)
{
#ifdef O_TMPFILE
	int fd = open(dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);

	if (fd != -1)
		return fd;
#endif
	return open_named(dir); /* not every file system has O_TMPFILE */
}

static int
write_spool(struct message *m, const struct buf *b, struct problem *problem)
{
	const char *p = buf_head(b);
	size_t left = buf_len(b);
	ssize_t n;

	while (left > 0) {
		n = write(m->fd, p, left);
		if (n == -1 && errno != EINTR)
			return unspoolable(problem);
		if (n > 0) {
			p += n;
			left -= (size_t)n;
		}
	}
	return 0;
}

static int
spool(struct message *m, struct problem *problem)
{
	m->fd = open_spool(spool_directory());
	if (m->fd == -1)
		return unspoolable(problem);
	m->own = true;
	if (write_spool(m, &m->memory, problem) == -1)
		return -1;
	buf_free(&m->memory);
	return 0;
}

/* Keeps the block that was read from a stream. */
static int
keep(struct message *m, struct problem *problem)
{
	if (!m->own && buf_len(&m->memory) + buf_len(&m->block) <= MEMORY) {
		buf_add(&m->memory, buf_head(&m->block), buf_len(&m->block));
		return 0;
	}
	if (!m->own && spool(m, problem) == -1)
		return -1;
	return write_spool(m, &m->block, problem);
}

/* Fills the block to n octets, from an offset, or from where fd stands (at is
 * -1). Fewer: the end was there, and a terminal must not be asked again. */
static int
fill(struct message *m, int fd, off_t at, size_t n, struct problem *problem)
{
	struct buf *b = &m->block;
	ssize_t got;
	size_t len;
	char *room;
	int said;

	buf_clear(b);
	room = buf_room(b, n);
	while ((len = buf_len(b)) < n) {
		said = at == -1 ? clock_readable(fd, &m->patience) : 1;
		if (said != 1)
			return problem_impatient(
			    problem, said, "reading the message");
		if (at == -1)
			got = read(fd, room + len, n - len);
		else
			got = pread(fd, room + len, n - len, at + (off_t)len);
		if (got == 0)
			break;
		if (got > 0)
			buf_added(b, (size_t)got);
		else if (errno != EINTR && errno != EAGAIN)
			return unreadable(problem);
	}
	return 0;
}

static bool
changed(const struct message *m)
{
	struct stat st;

	return m->regular &&
	       (fstat(m->fd, &st) == -1 || st.st_size != m->file_size ||
		   st.st_mtim.tv_sec != m->mtime.tv_sec ||
		   st.st_mtim.tv_nsec != m->mtime.tv_nsec);
}

/* A regular file is read twice: here, and when it is sent. */
static int
gather_file(struct message *m, int fd, const struct stat *st,
    struct measure *measure, struct problem *problem)
{
	int said;

	m->fd = fd;
	m->regular = true;
	m->file_size = st->st_size;
	m->mtime = st->st_mtim;
	m->start = m->end = lseek(fd, 0, SEEK_CUR);
	if (m->start == -1)
		return unreadable(problem);
	do {
		said = clock_go_on(&m->patience);
		if (said != 1)
			return problem_impatient(
			    problem, said, "reading the message");
		if (fill(m, fd, m->end, BLOCK, problem) == -1)
			return -1;
		measure_add(measure, buf_head(&m->block), buf_len(&m->block));
		m->end += (off_t)buf_len(&m->block);
	} while (buf_len(&m->block) == BLOCK);
	if (changed(m))
		return problem_set(problem, FAIL_INPUT,
		    "the message changed while it was read");
	/* to the shell's next command it is consumed */
	return lseek(fd, m->end, SEEK_SET) == -1 ? unreadable(problem) : 0;
}

static int
gather_stream(
    struct message *m, int fd, struct measure *measure, struct problem *problem)
{
	do {
		if (fill(m, fd, -1, BLOCK, problem) == -1)
			return -1;
		measure_add(measure, buf_head(&m->block), buf_len(&m->block));
		m->end += (off_t)buf_len(&m->block);
		if (keep(m, problem) == -1)
			return -1;
	} while (buf_len(&m->block) == BLOCK);
	return 0;
}

static void
state_facts(struct message *m, struct measure *measure)
{
	measure_end(measure);
	m->text_size = measure->size;
	m->raw_size = (uint64_t)(m->end - m->start);
	message_choose(m, false);
	m->empty = m->start == m->end;
	m->nul = measure->nul;
	m->binary = measure->mime.binary;
	m->bare = measure->mime.bare;
	m->text = !m->nul && !measure->long_line && !measure->lone_cr;
	m->eight_bit = measure->eight_bit;
	m->header_eight_bit = measure->mime.eight_bit;
	m->header_utf8 = measure->mime.utf8;
	m->long_line = measure->long_line;
}

int
message_gather(struct message *m, int fd, const struct patience *patience,
    struct problem *problem)
{
	struct measure measure = { 0 };
	struct stat st;
	int rv;

	*m = (struct message){ .fd = -1, .patience = *patience };
	if (fstat(fd, &st) == -1)
		return unreadable(problem);
	/* Linux: what is in /proc is regular, of size 0, and never twice the
	 * same. */
	if (S_ISREG(st.st_mode) && st.st_size > 0)
		rv = gather_file(m, fd, &st, &measure, problem);
	else
		rv = gather_stream(m, fd, &measure, problem);
	if (rv == -1) {
		message_free(m);
		return -1;
	}
	state_facts(m, &measure);
	message_rewind(m, true);
	return 0;
}

int
message_sendable(const struct message *m, struct problem *problem)
{
	if (m->nul && !m->binary)
		return problem_set(problem, FAIL_MESSAGE,
		    "the message has a NUL, which no server takes");
	if (m->binary && m->bare && !m->text)
		return problem_hint(problem, FAIL_MESSAGE,
		    "end its lines in CRLF, or encode its parts as base64",
		    "the message is binary, and a line of a header in it does "
		    "not end in CRLF");
	return 0;
}

void
message_choose(struct message *m, bool raw)
{
	m->raw = raw;
	m->size = raw ? m->raw_size : m->text_size;
}

void
message_rewind(struct message *m, bool stuffed)
{
	m->at = m->start;
	m->sent = 0;
	m->state = (struct transparency){ .plain = !stuffed };
}

static int
broken(struct problem *problem)
{
	return problem_set(
	    problem, FAIL_INPUT, "the message changed while it was sent");
}

/* Appends the next piece; it can be the LF of a CRLF, which gives nothing. */
static int
add_piece(struct message *m, struct buf *out, struct problem *problem)
{
	off_t left = m->end - m->at;
	size_t n = left < BLOCK ? (size_t)left : BLOCK;
	const char *p;

	if (m->fd == -1) {
		p = buf_head(&m->memory) + m->at;
	} else {
		if (fill(m, m->fd, m->at, n, problem) == -1)
			return -1;
		if (buf_len(&m->block) < n)
			return broken(problem);
		p = buf_head(&m->block);
	}
	if (m->raw) {
		buf_add(out, p, n);
		m->sent += n;
	} else {
		m->sent += transparency_add(&m->state, out, p, n);
	}
	m->at += (off_t)n;
	return 0;
}

int
message_next(struct message *m, struct buf *out, struct problem *problem)
{
	const size_t before = buf_len(out);

	while (m->at < m->end && buf_len(out) == before)
		if (add_piece(m, out, problem) == -1)
			return -1;
	if (m->at == m->end && !m->raw)
		m->sent += transparency_end(&m->state, out);
	if (buf_len(out) > before)
		return 1;
	return m->sent != m->size || changed(m) ? broken(problem) : 0;
}

void
message_free(struct message *m)
{
	if (m->own)
		close(m->fd);
	buf_free(&m->memory);
	buf_free(&m->block);
	*m = (struct message){ .fd = -1 };
}
