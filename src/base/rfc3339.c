#include <stdbool.h>
#include <string.h>

#include "base/rfc3339.h"
#include "base/text.h"

enum {
	DAY = 86400,
	LATEST_YEAR = 9999
};

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

static int64_t
days_before(int year)
{
	int64_t y = year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400;
}

/* What is not read yet. */
struct scan {
	const char *p, *end;
};

static bool
take(struct scan *s, const char *any)
{
	if (s->p == s->end || *s->p == '\0' || strchr(any, *s->p) == NULL)
		return false;
	s->p++;
	return true;
}

/* So many digits, from least to most. */
static bool
number(struct scan *s, size_t digits, int least, int most, int *value)
{
	uint64_t n;

	if ((size_t)(s->end - s->p) < digits ||
	    text_number(s->p, digits, (uint64_t)most, &n) == -1 ||
	    n < (uint64_t)least)
		return false;
	s->p += digits;
	*value = (int)n;
	return true;
}

static bool
day(struct scan *s, int64_t *seconds)
{
	int year, month, mday, i;
	int64_t days;

	if (!number(s, 4, 1970, LATEST_YEAR, &year) || !take(s, "-") ||
	    !number(s, 2, 1, 12, &month) || !take(s, "-") ||
	    !number(s, 2, 1, days_in(year, month), &mday))
		return false;
	days = days_before(year) - days_before(1970) + mday - 1;
	for (i = 1; i < month; i++)
		days += days_in(year, i);
	*seconds = days * DAY;
	return true;
}

static bool
time_of_day(struct scan *s, int64_t *seconds)
{
	int hour, minute, second;

	if (!number(s, 2, 0, 23, &hour) || !take(s, ":") ||
	    !number(s, 2, 0, 59, &minute) || !take(s, ":") ||
	    !number(s, 2, 0, 60, &second)) /* 60: a leap second */
		return false;
	if (take(s, ".")) {
		if (!take(s, "0123456789"))
			return false;
		while (take(s, "0123456789"))
			continue;
	}
	*seconds += hour * 3600 + minute * 60 + second;
	return true;
}

static bool
offset(struct scan *s, int64_t *seconds)
{
	bool east;
	int hour, minute;

	if (take(s, "Zz"))
		return true;
	east = take(s, "+");
	if ((!east && !take(s, "-")) || !number(s, 2, 0, 23, &hour) ||
	    !take(s, ":") || !number(s, 2, 0, 59, &minute))
		return false;
	*seconds += (east ? -1 : 1) * (hour * 3600 + minute * 60);
	return true;
}

int
rfc3339_read(const char *p, size_t len, int64_t *seconds)
{
	static const int64_t latest = 253402300799; /* of the year 9999 */
	struct scan s = { p, p + len };

	if (!day(&s, seconds) || !take(&s, "Tt") || !time_of_day(&s, seconds) ||
	    !offset(&s, seconds) || s.p != s.end)
		return -1;
	return *seconds >= 0 && *seconds <= latest ? 0 : -1;
}

void
rfc3339_write(struct buf *out, int64_t seconds)
{
	int64_t left = seconds / DAY;
	int rest = (int)(seconds % DAY), year = 1970, month = 1;

	for (; left >= 365 + is_leap(year); year++)
		left -= 365 + is_leap(year);
	for (; left >= days_in(year, month); month++)
		left -= days_in(year, month);
	buf_addf(out, "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month,
	    (int)left + 1, rest / 3600, rest / 60 % 60, rest % 60);
}
