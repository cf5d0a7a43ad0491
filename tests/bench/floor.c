/*
 * The bare sender: the least that a client can do to send a file. A fixed
 * dialogue with a server that offers PIPELINING; LF becomes CRLF and dots are
 * stuffed, a memchr() and a memcpy() a line. It looks at nothing beforehand,
 * and at no more than the first digit of a reply.
 */

#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/text.h"

#define BLOCK (256 * 1024)

struct stream {
	char in[4096];
	size_t len;
	int fd;
};

static int
dial(const char *host, const char *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	uint64_t number;

	if (inet_pton(AF_INET, host, &sin.sin_addr) != 1 ||
	    text_number(port, strlen(port), 65535, &number) == -1)
		errx(EX_USAGE, "%s:%s: not an IPv4 address", host, port);
	sin.sin_port = htons((uint16_t)number);
	if (fd == -1 || connect(fd, (void *)&sin, sizeof(sin)) == -1)
		err(EX_UNAVAILABLE, "%s:%s", host, port);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void
put(const struct stream *s, const char *p, size_t n)
{
	ssize_t done;

	for (; n > 0; p += done, n -= (size_t)done) {
		done = write(s->fd, p, n);
		if (done == -1)
			err(EX_IOERR, "write");
	}
}

static void
say(const struct stream *s, const char *line)
{
	put(s, line, strlen(line));
}

/* Reads until a line is there; returns its length. */
static size_t
next_line(struct stream *s)
{
	const char *lf;
	ssize_t n;

	while ((lf = memchr(s->in, '\n', s->len)) == NULL) {
		n = read(s->fd, s->in + s->len, sizeof(s->in) - s->len);
		if (n <= 0)
			errx(EX_PROTOCOL, "no reply");
		s->len += (size_t)n;
	}
	return (size_t)(lf + 1 - s->in);
}

static void
hear(struct stream *s, int replies)
{
	size_t len;

	while (replies > 0) {
		len = next_line(s);
		if (s->in[0] != '2' && s->in[0] != '3')
			errx(EX_PROTOCOL, "refused: %.*s", (int)len, s->in);
		if (len < 4 || s->in[3] != '-')
			replies--;
		s->len -= len;
		memmove(s->in, s->in + len, s->len);
	}
}

/* Converts a block; `inside` is whether a line goes on from the last one. */
static size_t
convert(char *to, const char *p, size_t n, bool *inside)
{
	const char *end = p + n, *lf;
	char *start = to;
	size_t len;

	while (p < end) {
		if (!*inside && *p == '.')
			*to++ = '.';
		lf = memchr(p, '\n', (size_t)(end - p));
		*inside = lf == NULL;
		len = (size_t)((lf ? lf : end) - p);
		memcpy(to, p, len);
		to += len;
		if (lf) {
			*to++ = '\r';
			*to++ = '\n';
			len++;
		}
		p += len;
	}
	return (size_t)(to - start);
}

static void
send_file(const struct stream *s, const char *path)
{
	static char in[BLOCK], out[2 * BLOCK];
	bool inside = false;
	int fd = open(path, O_RDONLY);
	ssize_t n;

	if (fd == -1)
		err(EX_NOINPUT, "%s", path);
	while ((n = read(fd, in, BLOCK)) > 0)
		put(s, out, convert(out, in, (size_t)n, &inside));
	if (n == -1)
		err(EX_IOERR, "%s", path);
	close(fd);
	say(s, inside ? "\r\n.\r\nQUIT\r\n" : ".\r\nQUIT\r\n");
}

int
main(int argc, char *argv[])
{
	struct stream s = { .len = 0 };

	if (argc != 4)
		errx(EX_USAGE, "usage: bench-floor ADDRESS PORT FILE");
	s.fd = dial(argv[1], argv[2]);
	hear(&s, 1);
	say(&s, "EHLO localhost\r\n");
	hear(&s, 1);
	say(&s, "MAIL FROM:<sender@example.com>\r\n"
		"RCPT TO:<to1@example.com>\r\nDATA\r\n");
	hear(&s, 3);
	send_file(&s, argv[3]);
	hear(&s, 2);
	close(s.fd);
	return 0;
}
