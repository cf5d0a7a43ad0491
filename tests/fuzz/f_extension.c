/* The EHLO reply: what is found in it is in form, and found again by another
 * look. */

#include <string.h>

#include "fuzz.h"
#include "smtp/extension.h"
#include "smtp/parameters.h"

/* " PLAIN LOGIN ", and each is known by its name. */
static void
check_mechanisms(struct extensions *e)
{
	const char *p = buf_str(&e->mechanisms);
	char name[21];
	size_t n;

	if (*p == '\0')
		return;
	MUST(*p == ' ');
	for (p++; *p; p += n + 1) {
		n = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
		MUST(n >= 1 && n <= 20 && p[n] == ' ');
		memcpy(name, p, n);
		name[n] = '\0';
		MUST(extensions_mechanism(e, name));
	}
}

static void
check(struct extensions *e)
{
	MUST(e->rcptmax <= 999999 && e->mailmax <= 999999);
	MUST(e->rcptdomainmax <= 999999 && e->hold_until >= 0);
	MUST(e->hold_seconds <= 999999999 && e->by_least <= 999999999);
	MUST(buf_len(&e->mechanisms) == 0 || e->offered & EXT_AUTH);
	check_mechanisms(e);
}

/* A parameter either fits or is said why not. */
static void
fit(const struct extensions *e)
{
	const struct parameters wanted[] = {
		{ .notify = 1, .ret = "FULL", .envid = "a+b" },
		{ .hold_for = 3600 },
		{ .hold_until = 1900000000 },
		{ .by_mode = 'R', .by_seconds = 60 },
		{ .prioritized = true, .priority = 3 },
		{ .requiretls = true },
	};
	size_t i;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		struct problem problem = { 0 };
		int rv =
		    parameters_fit(&wanted[i], e, true, 1800000000, &problem);

		MUST(rv == 0 ? problem.class == FAIL_NONE
			     : problem.class == FAIL_MESSAGE);
		problem_free(&problem);
	}
}

static void
read_twice(const struct reply *r)
{
	struct extensions first = { 0 }, again = { 0 };

	extensions_read(&first, r);
	check(&first);
	fit(&first);
	again.mechanisms = first.mechanisms;
	first.mechanisms = (struct buf){ 0 };
	extensions_read(&again, r);
	extensions_read(&first, r);
	MUST(strcmp(buf_str(&first.mechanisms), buf_str(&again.mechanisms)) ==
	     0);
	MUST(first.offered == again.offered && first.size == again.size);
	MUST(first.rcptmax == again.rcptmax && first.mailmax == again.mailmax);
	MUST(first.hold_until == again.hold_until);
	extensions_free(&first);
	extensions_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reply r = { 0 };
	struct buf in = { 0 };
	enum reply_state state;

	buf_add(&in, data, size);
	do
		state = reply_take(&r, &in);
	while (state == REPLY_LINE);
	if (state == REPLY_WHOLE)
		read_twice(&r);
	reply_free(&r);
	buf_free(&in);
	return 0;
}
