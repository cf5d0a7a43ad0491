#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "server.h"

enum {
	OUT_ENOUGH = 64 * 1024, /* do not let waiting output grow beyond */
	LINGER_MS = 1000
};

static const char closed[] = "closed by client";
static const char was_reset[] = "reset by client";

/* Waits for the client, and for the end of whoever wants the server. */
static bool
await(const struct conn *c, short events, int ms)
{
	struct pollfd p[] = {
		{ .fd = c->fd, .events = events },
		{ .fd = c->parent },
	};
	int n;

	while ((n = poll(p, 2, ms)) == -1 && errno == EINTR)
		;
	if (p[1].revents)
		_exit(0);
	return n > 0;
}

void
conn_nap(struct conn *c, int ms)
{
	struct pollfd p = { .fd = c->parent };

	while (poll(&p, 1, ms) == -1 && errno == EINTR)
		;
	if (p.revents)
		_exit(0);
}

void
conn_open(struct conn *c, int fd)
{
	int on = 1;

	c->fd = fd;
	c->in = malloc(CONN_BLOCK + 1);
	if (c->in == NULL)
		err(EX_OSERR, NULL);
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		err(EX_OSERR, "fcntl");
	/* A Unix socket has no such option, and no need of it. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void
transmit(struct conn *c, const char *data, size_t len)
{
	while (len > 0 && c->ended != was_reset) {
		ssize_t n = write(c->fd, data, len);

		if (n >= 0) {
			data += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			await(c, POLLOUT, -1);
		} else if (errno != EINTR) {
			c->ended = was_reset;
		}
	}
}

/* Sends in segments of the size that was asked for, slowly if so asked. */
static void
transmit_pieces(struct conn *c, const char *data, size_t len)
{
	size_t piece = c->drip ? 1 : c->split ? c->split : len;

	for (size_t at = 0; at < len; at += piece) {
		if (c->drip)
			conn_nap(c, c->drip);
		transmit(c, data + at, piece < len - at ? piece : len - at);
	}
}

/* Sends what TLS has written to memory. */
static void
drain(struct conn *c, void (*how)(struct conn *, const char *, size_t))
{
	BIO *out = SSL_get_wbio(c->ssl);
	char *data;
	long len = BIO_get_mem_data(out, &data);

	if (len > 0)
		how(c, data, (size_t)len);
	(void)BIO_reset(out);
}

static void
send_piece(struct conn *c, const char *data, size_t len)
{
	if (c->ssl == NULL) {
		transmit(c, data, len);
	} else if (SSL_write(c->ssl, data, (int)len) > 0) {
		drain(c, transmit);
	} else {
		ERR_clear_error();
		c->ended = was_reset;
	}
}

void
conn_flush(struct conn *c)
{
	size_t piece = c->split ? c->split : c->out.len;

	for (size_t at = 0; at < c->out.len && c->ended != was_reset;) {
		size_t left = c->out.len - at;
		size_t len = piece < left ? piece : left;

		send_piece(c, c->out.data + at, len);
		at += len;
	}
	text_clear(&c->out);
}

/*
 * The last octet that drips stays in the buffer: until it has left, the
 * client has no whole reply and must not speak.
 */
void
conn_queue(struct conn *c, const char *data, size_t len)
{
	c->unheard = c->unheard || len > 0;
	for (size_t i = 0; c->drip && i < len && !c->ended; i++) {
		conn_flush(c);
		conn_nap(c, c->drip);
		text_add(&c->out, data + i, 1);
	}
	if (!c->drip)
		text_add(&c->out, data, len);
	if (c->out.len > OUT_ENOUGH)
		conn_flush(c);
}

void
conn_send_outside(struct conn *c, const char *data, size_t len)
{
	conn_flush(c);
	c->unheard = true;
	transmit(c, data, len);
}

static ssize_t
receive_tls(struct conn *c, char *to, size_t room)
{
	size_t n;

	if (SSL_read_ex(c->ssl, to, room, &n))
		return (ssize_t)n;
	if (SSL_get_error(c->ssl, 0) == SSL_ERROR_WANT_READ)
		return 0;
	c->ended = errno == ECONNRESET ? was_reset : closed;
	ERR_clear_error();
	return -1;
}

/* Octets that have arrived: 0 for none yet, -1 when no more will come. */
static ssize_t
receive(struct conn *c, char *to, size_t room)
{
	ssize_t n;

	if (c->ended)
		return -1;
	errno = 0;
	if (c->ssl)
		return receive_tls(c, to, room);
	n = read(c->fd, to, room);
	if (n > 0)
		return n;
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	c->ended = n == 0 ? closed : was_reset;
	return -1;
}

/* Reads without waiting into the room that is left, at most `most`. */
static ssize_t
take(struct conn *c, size_t most)
{
	size_t room = CONN_BLOCK - c->tail;
	ssize_t n;

	if (c->slow) {
		conn_nap(c, c->slow);
		most = 1;
	}
	n = receive(c, c->in + c->tail, most < room ? most : room);
	if (n > 0) {
		c->tail += (size_t)n;
		c->octets += (uint64_t)n;
	}
	return n;
}

static void
make_room(struct conn *c)
{
	memmove(c->in, c->in + c->head, c->tail - c->head);
	c->tail -= c->head;
	c->head = 0;
}

int
conn_fill(struct conn *c, size_t most)
{
	ssize_t n;

	make_room(c);
	while ((n = take(c, most)) == 0) {
		/* Nothing has come: now the client waits for us. */
		conn_flush(c);
		if (c->unheard)
			c->round_trips++;
		c->unheard = false;
		await(c, POLLIN, -1);
	}
	if (n == -1)
		conn_flush(c);
	return n > 0 ? 0 : -1;
}

bool
conn_peek(struct conn *c)
{
	if (c->head == c->tail) {
		make_room(c);
		(void)take(c, CONN_BLOCK);
	}
	return c->head < c->tail;
}

void
conn_forget_input(struct conn *c)
{
	while (conn_peek(c))
		c->head = c->tail;
}

char *
conn_line(struct conn *c, size_t *len)
{
	char *line, *lf;
	size_t seen = 0;

	while ((lf = memchr(c->in + c->head + seen, '\n',
		    c->tail - c->head - seen)) == NULL) {
		seen = c->tail - c->head;
		if (seen == CONN_BLOCK)
			break;
		if (conn_fill(c, CONN_BLOCK) == -1)
			return NULL;
	}
	line = c->in + c->head;
	*len = lf ? (size_t)(lf + 1 - line) : seen;
	c->head += *len;
	return line;
}

/* Counts the flights of the server that the client has to wait for. */
static void
count_flight(int writing, int version, int type, const void *data, size_t len,
    SSL *ssl, void *arg)
{
	struct conn *c = arg;

	(void)version, (void)data, (void)len, (void)ssl;
	if (type != SSL3_RT_HANDSHAKE)
		return;
	if (!writing && c->unheard)
		c->round_trips++;
	c->unheard = writing;
}

static const char *
tls_failure(const struct conn *c)
{
	unsigned long e = ERR_peek_last_error();
	const char *why = ERR_reason_error_string(e);

	if (c->ended)
		return c->ended;
	if (errno == ECONNRESET)
		return was_reset;
	return why ? why : closed;
}

const char *
conn_handshake(struct conn *c, SSL_CTX *ctx)
{
	BIO *out = BIO_new(BIO_s_mem());
	BIO *in = BIO_new_socket(c->fd, BIO_NOCLOSE);
	const char *why = NULL;
	int rv;

	c->ssl = SSL_new(ctx);
	if (c->ssl == NULL || out == NULL || in == NULL)
		errx(EX_OSERR, "TLS: out of memory");
	SSL_set_bio(c->ssl, in, out);
	SSL_set_msg_callback(c->ssl, count_flight);
	SSL_set_msg_callback_arg(c->ssl, c);
	for (;;) {
		errno = 0;
		rv = SSL_accept(c->ssl);
		if (rv <= 0 && SSL_get_error(c->ssl, rv) != SSL_ERROR_WANT_READ)
			why = tls_failure(c);
		if (rv <= 0 || !c->join)
			drain(c, transmit_pieces);
		if (rv > 0 || why || c->ended)
			break;
		await(c, POLLIN, -1);
	}
	ERR_clear_error();
	SSL_set_msg_callback(c->ssl, NULL);
	/* In TLS 1.3 the client does not wait for what comes last, tickets. */
	if (SSL_version(c->ssl) >= TLS1_3_VERSION)
		c->unheard = false;
	return why ? why : c->ended;
}

static void
shake(struct conn *c)
{
	if (SSL_do_handshake(c->ssl) <= 0)
		ERR_clear_error();
	drain(c, transmit);
}

void
conn_renegotiate(struct conn *c)
{
	conn_flush(c);
	if (c->ssl && SSL_renegotiate(c->ssl))
		shake(c);
}

void
conn_update(struct conn *c, uint64_t times)
{
	conn_flush(c);
	while (c->ssl && times-- > 0 && !c->ended &&
	       SSL_key_update(c->ssl, SSL_KEY_UPDATE_REQUESTED))
		shake(c);
}

void
conn_notify(struct conn *c)
{
	conn_flush(c);
	if (c->ssl && SSL_is_init_finished(c->ssl)) {
		(void)SSL_shutdown(c->ssl);
		ERR_clear_error();
		drain(c, transmit);
	}
}

static int
milliseconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int)((now.tv_sec - start->tv_sec) * 1000 +
		     (now.tv_nsec - start->tv_nsec) / 1000000);
}

/* Closing with input unread would send RST, and the client lose the reply. */
bool
conn_linger(struct conn *c)
{
	bool more = c->head < c->tail;
	struct timespec start;
	ssize_t n;
	int left = LINGER_MS;

	c->head = c->tail = 0;
	(void)shutdown(c->fd, SHUT_WR);
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (left > 0 && (n = receive(c, c->in, CONN_BLOCK)) >= 0) {
		more = more || n > 0;
		if (n == 0)
			await(c, POLLIN, left);
		left = LINGER_MS - milliseconds_since(&start);
	}
	return more;
}

void
conn_await_hangup(struct conn *c)
{
	conn_flush(c);
	await(c, 0, -1);
}

void
conn_close(struct conn *c, bool reset)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	if (c->fd == -1)
		return;
	if (reset)
		(void)setsockopt(
		    c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(c->fd);
	c->fd = -1;
	SSL_free(c->ssl);
	c->ssl = NULL;
	free(c->in);
	c->in = NULL;
	text_free(&c->out);
}
