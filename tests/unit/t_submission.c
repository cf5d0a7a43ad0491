/* A server with several addresses, whose name is looked up here: which of them
 * are tried, and what is left of those that failed. */

#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "submit/outcome.h"
#include "submit/submission.h"

/* How a server at an address behaves. */
struct host {
	const char *greeting; /* NULL: nobody listens there */
	const char *mail; /* its reply to MAIL; NULL: 250 */
};

static struct endpoint endpoints[3];
static pid_t children[3];
static size_t nendpoint;

size_t
resolve(const struct server *server, int family, struct endpoint **list,
    struct problem *problem)
{
	(void)server, (void)family, (void)problem;
	*list = mem_array(nendpoint, sizeof(**list));
	memcpy(*list, endpoints, nendpoint * sizeof(**list));
	return nendpoint;
}

void
resolve_text(const struct sockaddr *address, char *text, size_t size)
{
	(void)address;
	snprintf(text, size, "127.0.0.1");
}

static const char *
answer(const struct host *host, const char *line)
{
	if (strncmp(line, "EHLO", 4) == 0)
		return "250-host\r\n250 8BITMIME";
	if (strncmp(line, "MAIL", 4) == 0 && host->mail)
		return host->mail;
	if (strncmp(line, "DATA", 4) == 0)
		return "354 go";
	if (strncmp(line, "QUIT", 4) == 0)
		return "221 bye";
	return "250 ok";
}

/* One session, as the parent's child. */
static void
serve(const struct host *host, int fd)
{
	FILE *in, *out;
	char line[512];
	int quiet = 0;

	fd = accept(fd, NULL, NULL);
	in = fdopen(fd, "r");
	out = fdopen(dup(fd), "w");
	if (in == NULL || out == NULL)
		_exit(1);
	fprintf(out, "%s\r\n", host->greeting);
	fflush(out);
	while (fgets(line, sizeof(line), in)) {
		quiet = quiet && strcmp(line, ".\r\n") != 0;
		if (!quiet)
			fprintf(out, "%s\r\n", answer(host, line));
		fflush(out);
		quiet |= strncmp(line, "DATA", 4) == 0;
	}
	_exit(0);
}

/* Makes the next address of the server. */
static void
add(const struct host *host)
{
	struct endpoint *e = &endpoints[nendpoint];
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || bind(fd, (void *)&address, len) == -1 ||
	    getsockname(fd, (void *)&address, &len) == -1 ||
	    (host->greeting && listen(fd, 1) == -1))
		abort();
	*e = (struct endpoint){ .len = len, .loopback = true };
	memcpy(&e->address, &address, len);
	snprintf(e->text, sizeof(e->text), "address %zu", nendpoint + 1);
	children[nendpoint] = 0;
	if (host->greeting) {
		children[nendpoint] = fork();
		if (children[nendpoint] == 0)
			serve(host, fd);
	}
	close(fd);
	nendpoint++;
}

static void
stop_all(void)
{
	while (nendpoint > 0)
		if (children[--nendpoint] > 0) {
			kill(children[nendpoint], SIGKILL);
			waitpid(children[nendpoint], NULL, 0);
		}
}

static const struct row {
	const char *name;
	struct host hosts[3];
	size_t n;
	enum outcome outcome;
	int status;
	size_t attempts;
	const char *problem, *final;
} rows[] = {
	{ "first good", { { "220 a", NULL }, { "220 b", NULL } }, 2, ACCEPTED,
	    0, 1, "", "250 ok" },
	{ "first refuses", { { NULL, NULL }, { "220 b", NULL } }, 2, ACCEPTED,
	    0, 1, "", "250 ok" },
	{ "first busy", { { "421 busy", NULL }, { "220 b", NULL } }, 2,
	    ACCEPTED, 0, 2, "", "250 ok" },
	{ "first 450", { { "450 busy", NULL }, { "220 b", NULL } }, 2, ACCEPTED,
	    0, 2, "", "250 ok" },
	{ "first nonsense", { { "hello", NULL }, { "220 b", NULL } }, 2,
	    ACCEPTED, 0, 2, "", "250 ok" },
	{ "two bad", { { "421 busy", NULL }, { NULL, NULL }, { "220", NULL } },
	    3, ACCEPTED, 0, 2, "", "250 ok" },
	/* R-5321-04 */
	{ "first 554", { { "554 no", NULL }, { "220 b", NULL } }, 2, REFUSED,
	    69, 1, "greeting: 554 no", "554 no" },
	{ "no after busy", { { "hello", NULL }, { "220 b", "550 no" } }, 2,
	    REFUSED, 69, 2, "MAIL FROM: 550 no", "550 no" },
	{ "no other after MAIL", { { "220 a", "450 no" }, { "220 b", NULL } },
	    2, DEFERRED, 75, 1, "MAIL FROM: 450 no", "450 no" },
	{ "all busy", { { "421 one", NULL }, { "421 two", NULL } }, 2, DEFERRED,
	    75, 2, "address 1: greeting: 421 one; address 2: greeting: 421 two",
	    "421 two" },
	{ "nobody there", { { NULL, NULL }, { NULL, NULL } }, 2, UNSENT, 75, 0,
	    "connect to address 1: Connection refused; "
	    "connect to address 2: Connection refused",
	    "" },
};

static void
gather(struct message *message)
{
	static const struct patience forever = { -1, CLOCK_NEVER };
	struct problem problem = { 0 };
	FILE *file = tmpfile();

	if (file == NULL)
		abort();
	fputs("Subject: test\n\ntext\n", file);
	fflush(file);
	lseek(fileno(file), 0, SEEK_SET);
	CHECK(message_gather(message, fileno(file), &forever, &problem) == 0);
}

static void
try(const struct row *row, struct message *message)
{
	static const struct trace silent = { .level = 0 };
	static char name[] = "fake", helo[] = "client.example.org";
	static const struct server server = { .host = name, .name = name };
	struct envelope envelope = { 0 };
	struct submission sub = { .server = &server,
		.options = { .helo = helo, .deadline = CLOCK_NEVER },
		.envelope = &envelope,
		.message = message,
		.trace = &silent,
		.connect_timeout = 10000,
		.interrupt = -1 };
	struct problem none = { 0 };
	size_t i;

	for (i = 0; i < row->n; i++)
		add(&row->hosts[i]);
	envelope_sender(&envelope, "a@example.org", &none);
	envelope_recipient(&envelope, "b@example.org", &none);
	envelope_unique(&envelope);
	submit(&sub);
	CHECK_INT(
	    envelope_verdict(&envelope, 0)->outcome, row->outcome, row->name);
	CHECK_INT(
	    outcome_status(&envelope, &sub.problem), row->status, row->name);
	CHECK_INT(sub.attempts, row->attempts, row->name);
	CHECK_STR(buf_str(&sub.problem.text), row->problem, row->name);
	CHECK_STR(buf_str(&sub.final), row->final, row->name);
	submission_end(&sub);
	submission_free(&sub);
	envelope_free(&envelope);
	stop_all();
}

int
main(void)
{
	struct message message;
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	gather(&message);
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		try(&rows[i], &message);
	message_free(&message);
	return check_done("t_submission");
}
