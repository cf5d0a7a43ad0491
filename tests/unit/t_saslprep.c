#include <string.h>

#include "base/saslprep.h"
#include "check.h"

#define BYTES(s) s, sizeof(s) - 1

static const struct {
	const char *text;
	size_t len;
	const char *prepared; /* NULL: there is none */
	const char *why; /* the start of it */
	bool library;
} rows[] = {
	{ BYTES(""), "", NULL, false },
	{ BYTES("user"), "user", NULL, false }, /* RFC 4013 3 */
	{ BYTES("USER"), "USER", NULL, false },
	{ BYTES(" ~!\"\\"), " ~!\"\\", NULL, false },
	{ BYTES("I\xc2\xadX"), "IX", NULL, true },
	{ BYTES("\xc2\xaa"), "a", NULL, true },
	{ BYTES("\xe2\x85\xa8"), "IX", NULL, true },
	{ BYTES("p\xc3\xa4ss"), "p\xc3\xa4ss", NULL, true },
	{ BYTES("pa\xcc\x88ss"), "p\xc3\xa4ss", NULL, true },
	{ BYTES("a\xc2\xa0z"), "a z", NULL, true },
	/* the longest form that a character can take */
	{ BYTES("\xef\xb7\xba"),
	    "\xd8\xb5\xd9\x84\xd9\x89 \xd8\xa7\xd9\x84\xd9\x84\xd9\x87 "
	    "\xd8\xb9\xd9\x84\xd9\x8a\xd9\x87 \xd9\x88\xd8\xb3\xd9\x84\xd9\x85",
	    NULL, true },
	{ BYTES("\x07"), NULL, "a control character", false },
	{ BYTES("a\0b"), NULL, "a control character", false },
	{ BYTES("a\x7f"), NULL, "a control character", false },
	{ BYTES("\xff"), NULL, "not UTF-8", false },
	{ BYTES("p\xe4ss"), NULL, "not UTF-8", false },
	{ BYTES("a\xc3"), NULL, "not UTF-8", false },
	{ BYTES("\xed\xa0\x80"), NULL, "not UTF-8", false },
	/* Arabic, and a digit behind it: RFC 4013 3 */
	{ BYTES("\xd8\xa7\x31"), NULL, "a character that cannot", true },
	{ BYTES("\xee\x80\x80"), NULL, "a character that cannot", true },
};

int
main(void)
{
	struct buf out = { .secret = true };
	const char *why;
	size_t i;
	int rv;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		why = NULL;
		rv = saslprep(&out, rows[i].text, rows[i].len, &why);
		if (rows[i].library && saslprep_version() == NULL) {
			CHECK_INT(rv, -1, rows[i].text);
			CHECK_INT(buf_len(&out), 0, rows[i].text);
			CHECK(why && strstr(why, "libidn"));
		} else if (rows[i].prepared) {
			CHECK_INT(rv, 0, rows[i].text);
			CHECK_STR(buf_str(&out), rows[i].prepared, "prepared");
		} else {
			CHECK_INT(rv, -1, rows[i].text);
			CHECK_INT(buf_len(&out), 0, rows[i].text);
			CHECK(why && strstr(why, rows[i].why) == why);
		}
		buf_clear(&out);
	}
	buf_free(&out);
	return check_done("t_saslprep");
}
