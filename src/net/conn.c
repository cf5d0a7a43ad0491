#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/conn.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* main() ignores SIGPIPE */
#endif

#define READ_SIZE 16384

static ssize_t
failed(struct conn *c)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return CONN_AGAIN;
	buf_clear(&c->why);
	buf_adds(&c->why, strerror(errno));
	return -1;
}

static ssize_t
plain_read(struct conn *c, char *p, size_t n)
{
	ssize_t got;

	do
		got = recv(c->fd, p, n, 0);
	while (got == -1 && errno == EINTR);
	return got == -1 ? failed(c) : got;
}

static ssize_t
plain_write(struct conn *c, const char *p, size_t n)
{
	ssize_t put;

	do
		put = send(c->fd, p, n, MSG_NOSIGNAL);
	while (put == -1 && errno == EINTR);
	return put == -1 ? failed(c) : put;
}

static enum conn_event
plain_wait(struct conn *c, bool output, int64_t deadline)
{
	struct pollfd p[2] = {
		{ .fd = c->fd, .events = POLLIN },
		{ .fd = c->interrupt, .events = POLLIN },
	};
	int n;

	if (output)
		p[0].events |= POLLOUT;
	do
		n = poll(p, 2, clock_left(deadline));
	while (n == -1 && errno == EINTR);
	if (n == -1) {
		failed(c);
		return CONN_BROKEN;
	}
	if (n == 0)
		return CONN_LATE;
	return p[1].revents ? CONN_SIGNAL : CONN_OK;
}

static void
plain_close(struct conn *c)
{
	close(c->fd);
}

const struct transport conn_plain = {
	.read = plain_read,
	.write = plain_write,
	.wait = plain_wait,
	.close = plain_close,
};

void
conn_open(struct conn *c, int fd, int interrupt)
{
	*c = (struct conn){ .io = &conn_plain,
		.fd = fd,
		.interrupt = interrupt,
		.deadline = CLOCK_NEVER,
		.out = { .secret = true } };
}

void
conn_add(struct conn *c, const void *p, size_t n)
{
	buf_add(&c->out, p, n);
}

/* Writes what can be written now. */
static void
put(struct conn *c)
{
	ssize_t n;

	while (buf_len(&c->out) && !c->broken) {
		n = c->io->write(c, buf_head(&c->out), buf_len(&c->out));
		if (n == CONN_AGAIN)
			return;
		if (n == -1) {
			c->broken = true;
			return;
		}
		buf_take(&c->out, (size_t)n);
		c->sent += (uint64_t)n;
	}
}

/* Reads what can be read now, up to a limit. */
static enum conn_event
get(struct conn *c)
{
	ssize_t n;

	n = c->io->read(c, buf_room(&c->in, READ_SIZE), READ_SIZE);
	c->full = n == READ_SIZE;
	if (n > 0)
		buf_added(&c->in, (size_t)n);
	/* after a write that failed nothing but its error explains the end */
	if (n == -1 || (n <= 0 && c->broken))
		return CONN_BROKEN;
	return n == 0 ? CONN_CLOSED : CONN_OK;
}

static enum conn_event
idle(struct conn *c)
{
	if (c->full || c->broken)
		return CONN_OK;
	return c->io->wait(c, buf_len(&c->out) > 0, c->deadline);
}

/* Who is never made to wait is told of a signal, and of the time, by asking. */
static enum conn_event
hurry(const struct conn *c)
{
	const struct patience patience = { c->interrupt, c->deadline };

	switch (clock_go_on(&patience)) {
	case 1:
		return CONN_OK;
	case 0:
		return CONN_LATE;
	default:
		return CONN_SIGNAL;
	}
}

enum conn_event
conn_push(struct conn *c)
{
	enum conn_event event;

	for (;;) {
		put(c);
		event = get(c);
		if (buf_len(&c->in))
			return CONN_OK;
		if (event == CONN_OK && buf_len(&c->out) == 0)
			return hurry(c);
		if (event == CONN_OK)
			event = idle(c);
		if (event != CONN_OK)
			return event;
	}
}

enum conn_event
conn_pull(struct conn *c)
{
	size_t had = buf_len(&c->in);
	enum conn_event event;

	for (;;) {
		put(c);
		event = idle(c);
		if (event == CONN_OK)
			event = get(c);
		if (event != CONN_OK || buf_len(&c->in) > had)
			return event;
		/* input that gives no octets does not go on for ever */
		event = hurry(c);
		if (event != CONN_OK)
			return event;
	}
}

enum conn_event
conn_peek(struct conn *c)
{
	return get(c);
}

const char *
conn_reason(struct conn *c, enum conn_event event)
{
	if (event == CONN_CLOSED)
		return "the server closed the connection";
	return buf_str(&c->why);
}

void
conn_close(struct conn *c)
{
	if (c->io == NULL)
		return;
	c->io->close(c);
	c->io = NULL;
	buf_free(&c->in);
	buf_free(&c->out);
	buf_free(&c->why);
}
