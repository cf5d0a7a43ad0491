#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cli/netrc.h"

#define BYTES(s) s, sizeof(s) - 1

static const struct {
	const char *file;
	size_t len;
	const char *wanted; /* login, or NULL */
	enum netrc_result result;
	const char *login, *password; /* NULL: it has none */
	size_t line; /* NETRC_BAD */
} rows[] = {
	{ BYTES(""), NULL, NETRC_NONE, NULL, NULL, 0 },
	{ BYTES("\n\n  \n"), NULL, NETRC_NONE, NULL, NULL, 0 },
	{ BYTES("machine mx.test login ann password p"), NULL, NETRC_FOUND,
	    "ann", "p", 0 },
	{ BYTES("machine mx.test\n\tlogin ann\n\tpassword p\n"), NULL,
	    NETRC_FOUND, "ann", "p", 0 },
	{ BYTES("machine\r\nmx.test\r\nlogin ann\r\npassword p\r\n"), NULL,
	    NETRC_FOUND, "ann", "p", 0 },
	{ BYTES("\xEF\xBB\xBFmachine mx.test password p"), NULL, NETRC_FOUND,
	    NULL, "p", 0 },
	{ BYTES("machine MX.Test user ann passwd p account x"), NULL,
	    NETRC_FOUND, "ann", "p", 0 },
	{ BYTES("machine mx.test password p login ann"), NULL, NETRC_FOUND,
	    "ann", "p", 0 },
	{ BYTES("machine mx.test login ann"), NULL, NETRC_FOUND, "ann", NULL,
	    0 },
	{ BYTES("machine mx.test"), NULL, NETRC_FOUND, NULL, NULL, 0 },

	/* which entry */
	{ BYTES("machine mx login a password q\n"
		"machine mx.test.x login b password r\n"
		"machine mx.test login c password s\n"
		"machine mx.test login d password t\n"),
	    NULL, NETRC_FOUND, "c", "s", 0 },
	{ BYTES("machine mx.test login c password s\n"
		"machine mx.test login d password t\n"),
	    "d", NETRC_FOUND, "d", "t", 0 },
	{ BYTES("machine mx.test login c password s\n"), "d", NETRC_NONE, NULL,
	    NULL, 0 },
	{ BYTES("machine mx.test login dd password s\n"
		"machine mx.test password t\n"),
	    "d", NETRC_FOUND, NULL, "t", 0 },
	{ BYTES("default login x password y\nmachine mx.test login c "
		"password s\n"),
	    NULL, NETRC_FOUND, "c", "s", 0 },
	{ BYTES("machine a login b password c default login x password y"),
	    NULL, NETRC_FOUND, "x", "y", 0 },
	{ BYTES("machine mx.test login b password c default login x "
		"password y"),
	    "x", NETRC_FOUND, "x", "y", 0 },
	{ BYTES("default password y"), "ann", NETRC_FOUND, NULL, "y", 0 },

	/* words that are like keywords, and what looks like a comment */
	{ BYTES("machine mx.test login password password login"), NULL,
	    NETRC_FOUND, "password", "login", 0 },
	{ BYTES("machine machine login a password b machine mx.test login c "
		"password d"),
	    NULL, NETRC_FOUND, "c", "d", 0 },
	{ BYTES("# machine mx.test login x\n#\nmachine mx.test # here\n"
		"login ann #password q\n password #p\n"),
	    NULL, NETRC_FOUND, "ann", "#p", 0 },

	/* quotes */
	{ BYTES("machine mx.test login \"a b\" password \"p \\\"\\\\\\t#\""),
	    NULL, NETRC_FOUND, "a b", "p \"\\\t#", 0 },
	{ BYTES("machine \"mx.test\" login a\"b password p\\q\""), NULL,
	    NETRC_FOUND, "a\"b", "p\\q\"", 0 },
	{ BYTES("machine mx.test login ann password \"\""), NULL, NETRC_FOUND,
	    "ann", "", 0 },
	{ BYTES("machine mx.test login ann\npassword \"open"), NULL, NETRC_BAD,
	    NULL, NULL, 2 },
	{ BYTES("machine mx.test login ann\npassword \"open\n\""), NULL,
	    NETRC_BAD, NULL, NULL, 2 },
	{ BYTES("machine mx.test password \"open\\"), NULL, NETRC_BAD, NULL,
	    NULL, 1 },
	{ BYTES("machine mx.test password \"open\"sesame"), NULL, NETRC_BAD,
	    NULL, NULL, 1 },

	/* macros */
	{ BYTES("machine a login b macdef init\n machine mx.test login x\n"
		"password y\n\nmachine mx.test login c password d\n"),
	    NULL, NETRC_FOUND, "c", "d", 0 },
	{ BYTES("macdef init\r\nmachine mx.test login x\r\n\r\n"
		"machine mx.test login c password d\r\n"),
	    NULL, NETRC_FOUND, "c", "d", 0 },
	{ BYTES("macdef init\n\nmachine mx.test password d"), NULL, NETRC_FOUND,
	    NULL, "d", 0 },
	{ BYTES("machine mx.test password d macdef init\nmachine mx.test\n"),
	    NULL, NETRC_FOUND, NULL, "d", 0 },
	{ BYTES("macdef init\nmachine mx.test"), NULL, NETRC_NONE, NULL, NULL,
	    0 },
	{ BYTES("macdef init\n"), NULL, NETRC_NONE, NULL, NULL, 0 },
	{ BYTES("macdef init"), NULL, NETRC_NONE, NULL, NULL, 0 },

	/* what is none */
	{ BYTES("machine mx.test\nlogin ann\npassword open sesame\n"), NULL,
	    NETRC_BAD, NULL, NULL, 3 },
	{ BYTES("machine"), NULL, NETRC_BAD, NULL, NULL, 1 },
	{ BYTES("machine mx.test login"), NULL, NETRC_BAD, NULL, NULL, 1 },
	{ BYTES("machine mx.test password"), NULL, NETRC_BAD, NULL, NULL, 1 },
	{ BYTES("\n\nsecret"), NULL, NETRC_BAD, NULL, NULL, 3 },
	{ BYTES("\0"), NULL, NETRC_BAD, NULL, NULL, 1 },
	{ BYTES("machine mx.test password p\0q"), NULL, NETRC_FOUND, NULL, "p",
	    0 }, /* with the rest, which is refused later */
};

static void
same(struct buf *got, bool has, const char *want, const char *file)
{
	CHECK_INT(has, want != NULL, file);
	if (want)
		CHECK_STR(buf_str(got), want, file);
}

int
main(void)
{
	struct netrc n = { 0 };
	struct buf file;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* to the octet, so that a sanitizer sees what is behind */
		file = (struct buf){ .data = malloc(rows[i].len + !rows[i].len),
			.tail = rows[i].len,
			.cap = rows[i].len };
		memcpy(file.data, rows[i].file, rows[i].len);
		CHECK_INT(netrc_find(&n, &file, "mx.test", rows[i].wanted),
		    rows[i].result, rows[i].file);
		if (rows[i].result == NETRC_FOUND) {
			same(
			    &n.login, n.has_login, rows[i].login, rows[i].file);
			same(&n.password, n.has_password, rows[i].password,
			    rows[i].file);
		}
		if (rows[i].result == NETRC_BAD)
			CHECK_INT(n.line, rows[i].line, rows[i].file);
		netrc_free(&n);
		free(file.data);
	}
	return check_done("t_netrc");
}
