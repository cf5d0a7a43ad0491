#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "server.h"

/*
 * Where: --listen ADDRESS (127.0.0.1), --port N (any), or --unix PATH;
 * --port-file FILE and --ready-fd N are told the port or path, the latter
 * also the end of each session; the server ends when nobody reads it.
 * --backlog N clients may wait to be let in.
 * --dir DIR gets transcript, message.N and envelope.N; --discard keeps no
 * message. --sessions N ends after N; --fork gives each a process. --scenario
 * FILE and --play RULE are explained in server_scenario.c.
 *
 * What is offered: --tls-cert FILE --tls-key FILE (STARTTLS, or with
 * --implicit TLS from the first byte), --tls-max 1.2 or 1.1, --tls-groups LIST
 * (of the key exchange), --tls-client-ca FILE (demands a certificate),
 * --tls-ask (takes one), --auth USER:PASSWORD, --auth-clear (without TLS too),
 * --auth-mechanisms LIST, --require-auth, --size N, --ehlo KEYWORD,
 * --chunking, --no-size, --no-8bitmime, --no-pipelining, --helo-only, --lmtp.
 * --scram-first, --scram-final and --scram-binding are explained in
 * server_scram.c.
 *
 * How it is sent: --split N octets a segment, --rcvbuf N, --sndbuf N. --lax
 * does not write down what a correct client would not have done.
 */

/* The transcript is written as it happens: there is nothing to save. */
static void
stop(int number)
{
	(void)number;
	_exit(0);
}

static int
add_rule(struct options *o, const char *line)
{
	int rv = scenario_add(&o->rules, line);

	if (rv == -1)
		warnx("not a rule: %s", line);
	return rv;
}

static int
load_rules(struct options *o, const char *file)
{
	return scenario_load(&o->rules, file);
}

static int
add_keyword(struct options *o, const char *keyword)
{
	text_addf(&o->ehlo, "%s\n", keyword);
	return 0;
}

struct choice {
	const char *name;
	bool *flag;
	const char **text;
	uint64_t *number;
	int (*call)(struct options *, const char *);
};

static int
choose(struct options *o, const struct choice *c, const char *value)
{
	if (c->flag)
		*c->flag = true;
	else if (c->text)
		*c->text = value;
	else if (c->number)
		return parse_number(value, c->number);
	else
		return c->call(o, value);
	return 0;
}

static void
parse_options(struct options *o, char **argv)
{
	const struct choice choices[] = {
		{ "auth", .text = &o->auth },
		{ "auth-clear", .flag = &o->auth_clear },
		{ "auth-mechanisms", .text = &o->mechanisms },
		{ "backlog", .number = &o->backlog },
		{ "chunking", .flag = &o->chunking },
		{ "dir", .text = &o->dir },
		{ "discard", .flag = &o->discard },
		{ "ehlo", .call = add_keyword },
		{ "fork", .flag = &o->fork },
		{ "helo-only", .flag = &o->helo_only },
		{ "implicit", .flag = &o->implicit },
		{ "lax", .flag = &o->lax },
		{ "listen", .text = &o->listen },
		{ "lmtp", .flag = &o->lmtp },
		{ "no-8bitmime", .flag = &o->no_8bitmime },
		{ "no-pipelining", .flag = &o->no_pipelining },
		{ "no-size", .flag = &o->no_size },
		{ "play", .call = add_rule },
		{ "port", .number = &o->port },
		{ "port-file", .text = &o->port_file },
		{ "rcvbuf", .number = &o->rcvbuf },
		{ "ready-fd", .number = &o->ready_fd },
		{ "require-auth", .flag = &o->require_auth },
		{ "scenario", .call = load_rules },
		{ "scram-binding", .text = &o->scram_binding },
		{ "scram-final", .text = &o->scram_final },
		{ "scram-first", .text = &o->scram_first },
		{ "sessions", .number = &o->sessions },
		{ "size", .number = &o->size },
		{ "sndbuf", .number = &o->sndbuf },
		{ "split", .number = &o->split },
		{ "tls-ask", .flag = &o->tls_ask },
		{ "tls-cert", .text = &o->tls_cert },
		{ "tls-client-ca", .text = &o->tls_client_ca },
		{ "tls-groups", .text = &o->tls_groups },
		{ "tls-key", .text = &o->tls_key },
		{ "tls-max", .text = &o->tls_max },
		{ "unix", .text = &o->unix_path },
	};
	const size_t n = sizeof(choices) / sizeof(choices[0]);

	while (*++argv) {
		const char *name = *argv;
		size_t i = 0;

		while (i < n && (strncmp(name, "--", 2) != 0 ||
				    strcmp(name + 2, choices[i].name) != 0))
			i++;
		if (i == n)
			errx(EX_USAGE, "%s: unknown option", name);
		if (choices[i].flag == NULL && *++argv == NULL)
			errx(EX_USAGE, "%s: a value is missing", name);
		if (choose(o, &choices[i], *argv) == -1)
			errx(EX_USAGE, "%s %s: bad value", name, *argv);
	}
}

/* 1.1 is for a server that nobody should talk to any more. */
static int
limit_version(SSL_CTX *ctx, const char *version)
{
	if (strcmp(version, "1.2") == 0)
		return SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) == 1
			   ? 0
			   : -1;
	if (strcmp(version, "1.1") != 0)
		return -1;
	return SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION) == 1 &&
		       SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION) == 1
		   ? 0
		   : -1;
}

static SSL_CTX *
make_tls(const struct options *o)
{
	SSL_CTX *ctx;
	bool good;

	if (o->tls_cert == NULL)
		return NULL;
	ctx = SSL_CTX_new(TLS_server_method());
	if (ctx) /* what is too weak is for the client to find */
		SSL_CTX_set_security_level(ctx, 0);
	good = ctx && o->tls_key &&
	       SSL_CTX_use_certificate_chain_file(ctx, o->tls_cert) == 1 &&
	       SSL_CTX_use_PrivateKey_file(ctx, o->tls_key, SSL_FILETYPE_PEM) ==
		   1 &&
	       SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1;
	if (good && o->tls_max)
		good = limit_version(ctx, o->tls_max) == 0;
	if (good && o->tls_groups)
		good = SSL_CTX_set1_groups_list(ctx, o->tls_groups) == 1;
	if (good && o->tls_client_ca) {
		good = SSL_CTX_load_verify_locations(
			   ctx, o->tls_client_ca, NULL) == 1;
		SSL_CTX_set_verify(ctx,
		    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	if (good && o->tls_ask)
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (!good) {
		ERR_print_errors_fp(stderr);
		errx(EX_NOINPUT, "%s: TLS cannot be set up", o->tls_cert);
	}
	return ctx;
}

static void
set_buffer(int fd, int which, uint64_t size)
{
	int n = (int)size;

	if (size && setsockopt(fd, SOL_SOCKET, which, &n, sizeof(n)) == -1)
		err(EX_OSERR, "setsockopt");
}

/* The sizes of buffers are inherited; later the window is already agreed. */
static int
listen_at(const struct options *o, const struct sockaddr *sa, socklen_t len)
{
	int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd == -1)
		err(EX_OSERR, "socket");
	set_buffer(fd, SO_RCVBUF, o->rcvbuf);
	set_buffer(fd, SO_SNDBUF, o->sndbuf);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, sa, len) == -1 ||
	    listen(fd, o->backlog ? (int)o->backlog : SOMAXCONN) == -1)
		err(EX_OSERR, "%s", o->unix_path ? o->unix_path : o->listen);
	return fd;
}

static int
listen_unix(const struct options *o)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	if (strlen(o->unix_path) >= sizeof(sun.sun_path))
		errx(EX_USAGE, "%s: too long", o->unix_path);
	memcpy(sun.sun_path, o->unix_path, strlen(o->unix_path));
	return listen_at(o, (struct sockaddr *)&sun, sizeof(sun));
}

static int
listen_tcp(const struct options *o)
{
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *ai;
	struct text port = { 0 };
	int fd, rv;

	text_addf(&port, "%llu", (unsigned long long)o->port);
	rv = getaddrinfo(o->listen, port.data, &hints, &ai);
	if (rv)
		errx(EX_USAGE, "%s: %s", o->listen, gai_strerror(rv));
	fd = listen_at(o, ai->ai_addr, ai->ai_addrlen);
	freeaddrinfo(ai);
	text_free(&port);
	return fd;
}

static void
find_port(int fd, struct text *where)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char port[NI_MAXSERV];
	int rv;

	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		err(EX_OSERR, "getsockname");
	rv = getnameinfo((struct sockaddr *)&ss, len, NULL, 0, port,
	    sizeof(port), NI_NUMERICSERV);
	if (rv)
		errx(EX_OSERR, "getnameinfo: %s", gai_strerror(rv));
	text_addf(where, "%s", port);
}

static void
write_port_file(const char *file, const char *where)
{
	struct text new = { 0 };
	FILE *f;

	text_addf(&new, "%s.new", file);
	f = fopen(new.data, "w");
	if (f == NULL)
		err(EX_CANTCREAT, "%s", new.data);
	fprintf(f, "%s\n", where);
	if (fclose(f) == EOF || rename(new.data, file) == -1)
		err(EX_IOERR, "%s", file);
	text_free(&new);
}

/* Says where the server listens: to a file, and to who waits for it. */
static void
announce(const struct options *o, int fd)
{
	struct text where = { 0 };

	if (o->unix_path)
		text_addf(&where, "%s", o->unix_path);
	else
		find_port(fd, &where);
	if (o->port_file)
		write_port_file(o->port_file, where.data);
	if (o->ready_fd)
		dprintf((int)o->ready_fd, "%s\n", where.data);
	text_free(&where);
}

struct service {
	const struct options *opt;
	int listener;
	int reader; /* shows when nobody reads what --ready-fd says, or -1 */
	int life[2]; /* a pipe that ends with the server */
	uint64_t nmessage;
};

static void
serve(struct service *v, int fd, uint64_t number)
{
	struct session s = {
		.opt = v->opt,
		.number = number,
		.nmessage = v->nmessage,
		.allowed = UINT64_MAX,
		.conn = { .parent = v->opt->fork ? v->life[0] : v->reader,
		    .split = v->opt->split },
	};

	log_open(&s);
	conn_open(&s.conn, fd);
	session_run(&s);
	if (s.transcript != -1)
		close(s.transcript);
	v->nmessage = s.nmessage;
}

static void
serve_in_child(struct service *v, int fd, uint64_t number)
{
	pid_t pid = fork();

	if (pid == -1)
		err(EX_OSERR, "fork");
	if (pid > 0) {
		close(fd);
		return;
	}
	close(v->life[1]);
	close(v->listener);
	serve(v, fd, number);
	_exit(0);
}

/* A server whose test was killed must not stay behind. */
static int
accept_one(const struct service *v)
{
	struct pollfd p[] = {
		{ .fd = v->listener, .events = POLLIN },
		{ .fd = v->reader },
	};
	int fd;

	do {
		if (poll(p, 2, -1) != -1 && p[1].revents)
			_exit(0);
		fd = accept(v->listener, NULL, NULL);
	} while (fd == -1 && (errno == EINTR || errno == ECONNABORTED));
	if (fd == -1)
		err(EX_OSERR, "accept");
	return fd;
}

static void
serve_all(struct service *v)
{
	const struct options *o = v->opt;

	if (pipe(v->life) == -1)
		err(EX_OSERR, "pipe");
	for (uint64_t n = 1; o->sessions == 0 || n <= o->sessions; n++) {
		int fd = accept_one(v);

		/* Whoever comes after the last is told at once. */
		if (!o->fork && n == o->sessions)
			close(v->listener);
		if (o->fork)
			serve_in_child(v, fd, n);
		else
			serve(v, fd, n);
	}
	if (o->fork)
		close(v->listener);
	while (wait(NULL) != -1)
		;
}

int
main(int argc, char *argv[])
{
	struct options o = { .listen = "127.0.0.1" };
	struct service v = { .opt = &o };

	(void)argc;
	parse_options(&o, argv);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    signal(SIGTERM, stop) == SIG_ERR ||
	    (o.fork && signal(SIGCHLD, SIG_IGN) == SIG_ERR))
		err(EX_OSERR, "signal");
	o.tls = make_tls(&o);
	v.reader = o.ready_fd ? (int)o.ready_fd : -1;
	v.listener = o.unix_path ? listen_unix(&o) : listen_tcp(&o);
	announce(&o, v.listener);
	serve_all(&v);
	scenario_free(o.rules);
	text_free(&o.ehlo);
	SSL_CTX_free(o.tls);
	return 0;
}
