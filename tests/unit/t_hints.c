/* What is said of a server that does not speak first, or does not speak TLS, by
 * the port that it has: those of real servers, which a test cannot have. */

#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "smtp/session.h"

#define TLS_FIRST                                                              \
	"at port 465 TLS comes first: use submissions://HOST, or "             \
	"--tls=implicit"
#define CLEAR_FIRST                                                            \
	"this port begins in cleartext as a rule: use submission://HOST, or "  \
	"--tls=starttls"

static const struct {
	const char *id;
	uint16_t port;
	enum tls_policy tls;
	bool closes; /* the server does; else it is silent */
	const char *text, *hint;
} cases[] = {
	{ "465, silent", 465, TLS_AUTO, false, "greeting: no reply in time",
	    TLS_FIRST },
	{ "465, closed", 465, TLS_STARTTLS, true,
	    "greeting: the server closed the connection", TLS_FIRST },
	{ "465, implicit", 465, TLS_IMPLICIT, false,
	    "TLS handshake: no answer in time", NULL },
	{ "587, silent", 587, TLS_STARTTLS, false, "greeting: no reply in time",
	    NULL },
	{ "587, implicit", 587, TLS_IMPLICIT, false,
	    "TLS handshake: no answer in time", CLEAR_FIRST },
	{ "25, implicit", 25, TLS_IMPLICIT, true,
	    "TLS handshake: the server closed the connection", CLEAR_FIRST },
	{ "2525, implicit", 2525, TLS_IMPLICIT, false,
	    "TLS handshake: no answer in time", NULL },
};

static void
run(size_t i)
{
	struct session_options options = {
		.tls = cases[i].tls, .timeout = 50, .deadline = CLOCK_NEVER
	};
	char host[] = "localhost";
	struct server server = { .host = host, .port = cases[i].port };
	struct trace trace = { 0 };
	struct conn conn = { 0 };
	struct envelope envelope = { 0 };
	struct session s = { .options = &options,
		.server = &server,
		.trace = &trace,
		.conn = &conn,
		.envelope = &envelope,
		.helo = "client.test" };
	int pair[2];

	if (!CHECK(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0))
		return;
	conn_open(&conn, pair[0], -1);
	if (cases[i].closes)
		shutdown(pair[1], SHUT_WR);
	session_run(&s);
	CHECK_STR(buf_str(&s.problem.text), cases[i].text, cases[i].id);
	CHECK_STR(s.problem.hint, cases[i].hint, cases[i].id);
	session_end(&s);
	problem_free(&s.problem);
	buf_free(&s.final);
	envelope_free(&envelope);
	close(pair[1]);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run(i);
	return check_done("t_hints");
}
