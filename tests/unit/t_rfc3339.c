#include <stdlib.h>
#include <string.h>

#include "base/rfc3339.h"
#include "check.h"

static const struct {
	const char *text;
	int64_t seconds; /* -1: it is no date */
	const char *again; /* how it is written; NULL: as it was read */
} rows[] = {
	{ "1970-01-01T00:00:00Z", 0, NULL },
	{ "2000-02-29T23:59:59Z", 951868799, NULL },
	{ "2030-01-01T00:00:00Z", 1893456000, NULL },
	{ "2038-01-19T03:14:08Z", 2147483648, NULL },
	{ "2100-02-28T12:00:00Z", 4107499200, NULL },
	{ "9999-12-31T23:59:59Z", 253402300799, NULL },
	{ "2030-01-01t00:00:00z", 1893456000, "2030-01-01T00:00:00Z" },
	{ "2030-01-01T01:30:00+01:30", 1893456000, "2030-01-01T00:00:00Z" },
	{ "2029-12-31T19:00:00-05:00", 1893456000, "2030-01-01T00:00:00Z" },
	{ "2030-01-01T00:00:00-00:00", 1893456000, "2030-01-01T00:00:00Z" },
	{ "2030-01-01T00:00:00.987Z", 1893456000, "2030-01-01T00:00:00Z" },
	{ "2016-12-31T23:59:60Z", 1483228800, "2017-01-01T00:00:00Z" },

	{ "", -1, NULL },
	{ "2030-01-01", -1, NULL },
	{ "2030-01-01T00:00:00", -1, NULL },
	{ "2030-01-01 00:00:00Z", -1, NULL },
	{ "2030-01-01T00:00:00Z ", -1, NULL },
	{ " 2030-01-01T00:00:00Z", -1, NULL },
	{ "2030-01-01T00:00:00ZZ", -1, NULL },
	{ "2030-01-01T00:00:00.Z", -1, NULL },
	{ "2030-01-01T00:00:00+01", -1, NULL },
	{ "2030-01-01T00:00:00+24:00", -1, NULL },
	{ "2030-01-01T00:00:00+00:60", -1, NULL },
	{ "2030-01-01T00:00Z", -1, NULL },
	{ "2030-01-01T24:00:00Z", -1, NULL },
	{ "2030-01-01T00:60:00Z", -1, NULL },
	{ "2030-01-01T00:00:61Z", -1, NULL },
	{ "2030-1-1T00:00:00Z", -1, NULL },
	{ "2030-00-01T00:00:00Z", -1, NULL },
	{ "2030-13-01T00:00:00Z", -1, NULL },
	{ "2030-01-00T00:00:00Z", -1, NULL },
	{ "2030-04-31T00:00:00Z", -1, NULL },
	{ "2030-02-29T00:00:00Z", -1, NULL },
	{ "2100-02-29T00:00:00Z", -1, NULL },
	{ "+203-01-01T00:00:00Z", -1, NULL },
	{ "1969-12-31T23:59:59Z", -1, NULL },
	{ "1970-01-01T00:00:00+00:01", -1, NULL },
	{ "9999-12-31T23:59:59-00:01", -1, NULL },
	{ "12030-01-01T00:00:00Z", -1, NULL },
	{ "tomorrow", -1, NULL },
};

/* In memory that ends where the text ends. */
static int
read_alone(const char *text, size_t len, int64_t *seconds)
{
	char *copy = malloc(len ? len : 1);
	int rv;

	memcpy(copy, text, len);
	rv = rfc3339_read(copy, len, seconds);
	free(copy);
	return rv;
}

static void
dates(void)
{
	struct buf out = { 0 };
	int64_t seconds;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (read_alone(rows[i].text, strlen(rows[i].text), &seconds) ==
		    -1)
			seconds = -1;
		CHECK_INT(seconds, rows[i].seconds, rows[i].text);
		if (seconds == -1)
			continue;
		buf_clear(&out);
		rfc3339_write(&out, seconds);
		CHECK_STR(buf_str(&out),
		    rows[i].again ? rows[i].again : rows[i].text, rows[i].text);
	}
	buf_free(&out);
}

/* No beginning of a date is one, and a NUL ends none. */
static void
cut_dates(void)
{
	static const char whole[] = "2030-01-01T00:00:00.5+01:00";
	static const char nul[] = "2030-01-01T00:00:00\0Z";
	int64_t seconds;
	size_t len;

	for (len = 0; len < sizeof(whole) - 1; len++)
		CHECK(read_alone(whole, len, &seconds) == -1);
	CHECK(read_alone(whole, len, &seconds) == 0);
	CHECK(read_alone(nul, sizeof(nul) - 1, &seconds) == -1);
}

int
main(void)
{
	dates();
	cut_dates();
	return check_done("t_rfc3339");
}
