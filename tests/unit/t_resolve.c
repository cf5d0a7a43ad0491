#include <stdlib.h>

#include "check.h"
#include "net/resolve.h"

/* Addresses only: what names come to is not for a test to know. */
static void
addresses(void)
{
	static struct {
		char host[16];
		int family, found;
		const char *why;
	} rows[] = {
		{ "127.0.0.1", AF_UNSPEC, AF_INET, NULL },
		{ "127.0.0.1", AF_INET, AF_INET, NULL },
		{ "::1", AF_UNSPEC, AF_INET6, NULL },
		{ "::1", AF_INET6, AF_INET6, NULL },
		{ "127.0.0.1", AF_INET6, 0,
		    "look up 127.0.0.1: it has no IPv6 address" },
		{ "::1", AF_INET, 0, "look up ::1: it has no IPv4 address" },
	};
	struct server server = { .port = 25 };
	struct problem problem = { 0 };
	struct endpoint *list = NULL;
	size_t i, n;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		server.host = rows[i].host;
		n = resolve(&server, rows[i].family, &list, &problem);
		CHECK_INT(n, rows[i].found ? 1 : 0, rows[i].host);
		if (n) {
			CHECK_INT(list[0].address.ss_family, rows[i].found,
			    rows[i].host);
			CHECK(list[0].loopback);
			CHECK_STR(list[0].text, rows[i].host, rows[i].host);
		} else {
			CHECK_INT(problem.class, FAIL_HOST, rows[i].host);
			CHECK_STR(
			    buf_str(&problem.text), rows[i].why, rows[i].host);
			CHECK(problem.hint && strstr(problem.hint, "-4 or -6"));
		}
		problem_free(&problem);
		free(list);
		list = NULL;
	}
}

int
main(void)
{
	addresses();
	return check_done("t_resolve");
}
