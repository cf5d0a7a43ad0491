#include <string.h>

#include "base/rfc3339.h"
#include "base/text.h"
#include "cli/delivery.h"

enum {
	LIMIT_ENVID = 100, /* RFC 3461 4.4 */
	LIMIT_SECONDS = 999999999 /* nine digits: RFC 4865 4, RFC 2852 4 */
};

/* Beyond the values of the other options. */
enum {
	OPT_DSN_NOTIFY = 1024,
	OPT_DSN_RETURN,
	OPT_DSN_ID,
	OPT_REQUIRE_TLS,
	OPT_HOLD_FOR,
	OPT_HOLD_UNTIL,
	OPT_DELIVER_BY,
	OPT_MT_PRIORITY,
	OPT_MAIL_PARAM,
	OPT_RCPT_PARAM
};

#define VALUE POPT_ARG_STRING, NULL

struct poptOption delivery_table[] = {
	{ "dsn-notify", 0, VALUE, OPT_DSN_NOTIFY,
	    "report success, failure, delay (a list), or never", "LIST" },
	{ "dsn-return", 0, VALUE, OPT_DSN_RETURN,
	    "in a report of failure: the message in full, or its headers",
	    "WHAT" },
	{ "dsn-id", 0, VALUE, OPT_DSN_ID, "what reports call this message",
	    "ID" },
	{ "require-tls", 0, POPT_ARG_NONE, NULL, OPT_REQUIRE_TLS,
	    "verified TLS, here and all the way on", NULL },
	{ "hold-for", 0, VALUE, OPT_HOLD_FOR,
	    "let the server hold the message so long", "SECONDS" },
	{ "hold-until", 0, VALUE, OPT_HOLD_UNTIL,
	    "let it hold the message until 2030-01-31T08:00:00Z", "TIME" },
	{ "deliver-by", 0, VALUE, OPT_DELIVER_BY,
	    "what is not delivered by then is returned, or told of (notify)",
	    "SECONDS[,return|notify]" },
	{ "mt-priority", 0, VALUE, OPT_MT_PRIORITY,
	    "-9 to 9; the higher goes first", "N" },
	{ "mail-param", 0, VALUE, OPT_MAIL_PARAM,
	    "a parameter of MAIL FROM, as it is", "PARAM" },
	{ "rcpt-param", 0, VALUE, OPT_RCPT_PARAM,
	    "a parameter of each RCPT TO, as it is", "PARAM" },
	POPT_TABLEEND
};

static int
wrong(struct problem *problem, const char *option, const char *value,
    const char *what)
{
	return problem_set(
	    problem, FAIL_USAGE, "--%s %s: %s", option, value, what);
}

static unsigned
event(const char *p, size_t len)
{
	enum dsn_event e;

	for (e = 0; e < NDSN_EVENT; e++)
		if (text_is(p, len, dsn_event_name(e)))
			return 1u << e;
	return 0;
}

static int
dsn_notify(struct parameters *a, const char *value, struct problem *problem)
{
	const char *p = value;
	unsigned one, all = 0;
	size_t len;

	do {
		len = strcspn(p, ",");
		one = event(p, len);
		if (one == 0)
			return wrong(problem, "dsn-notify", value,
			    "not never, or a list of success, failure, delay");
		if (all & one)
			return wrong(
			    problem, "dsn-notify", value, "a word twice");
		all |= one;
		p += len;
	} while (*p++ == ',');
	if (all & 1u << DSN_NEVER && all != 1u << DSN_NEVER)
		return wrong(
		    problem, "dsn-notify", value, "never stands alone");
	a->notify = all;
	return 0;
}

static int
dsn_return(struct parameters *a, const char *value, struct problem *problem)
{
	if (strcmp(value, "full") == 0)
		a->ret = "FULL";
	else if (strcmp(value, "headers") == 0)
		a->ret = "HDRS";
	else
		return wrong(
		    problem, "dsn-return", value, "not full or headers");
	return 0;
}

static int
dsn_id(struct parameters *a, const char *value, struct problem *problem)
{
	const char *p = value;

	while (*p >= ' ' && *p <= '~')
		p++;
	if (*p)
		return wrong(problem, "dsn-id", value,
		    "a control character, or one that is not ASCII");
	if (p - value > LIMIT_ENVID)
		return wrong(
		    problem, "dsn-id", value, "more than 100 characters");
	a->envid = value;
	return 0;
}

static int
hold_for(struct parameters *a, const char *value, struct problem *problem)
{
	uint64_t seconds;

	if (text_number(value, strlen(value), LIMIT_SECONDS, &seconds) == -1 ||
	    seconds == 0)
		return wrong(problem, "hold-for", value,
		    "not a number of seconds from 1 to 999999999");
	a->hold_for = (int64_t)seconds;
	return 0;
}

static int
hold_until(struct parameters *a, const char *value, struct problem *problem)
{
	if (rfc3339_read(value, strlen(value), &a->hold_until) == 0)
		return 0;
	return wrong(problem, "hold-until", value,
	    "not a time such as 2030-01-31T08:00:00Z or "
	    "2030-01-31T09:00:00+01:00");
}

/* A number from -most to most that is all of p. */
static int
signed_number(const char *p, size_t len, int most, int *value)
{
	bool minus = len && *p == '-';
	uint64_t n;

	if (text_number(p + minus, len - minus, (uint64_t)most, &n) == -1)
		return -1;
	*value = minus ? -(int)n : (int)n;
	return 0;
}

/* RFC 2852 4: that a time has passed can be told, but nothing is returned
 * before it is sent. */
static int
deliver_by(struct parameters *a, const char *value, struct problem *problem)
{
	size_t len = strcspn(value, ",");
	const char *mode = value + len;

	if (*mode == '\0' || strcmp(mode, ",notify") == 0)
		a->by_mode = 'N';
	else if (strcmp(mode, ",return") == 0)
		a->by_mode = 'R';
	else
		return wrong(problem, "deliver-by", value,
		    "not return or notify behind the comma");
	if (signed_number(value, len, LIMIT_SECONDS, &a->by_seconds) == -1)
		return wrong(problem, "deliver-by", value,
		    "not a number of seconds up to 999999999");
	if (a->by_mode == 'R' && a->by_seconds <= 0)
		return wrong(problem, "deliver-by", value,
		    "return wants a time of at least 1 second");
	return 0;
}

static int
mt_priority(struct parameters *a, const char *value, struct problem *problem)
{
	if (signed_number(value, strlen(value), 9, &a->priority) == -1)
		return wrong(
		    problem, "mt-priority", value, "not a number from -9 to 9");
	a->prioritized = true;
	return 0;
}

/* Adds to the list of n. */
static int
add(const char ***list, size_t *n, const char *option, const char *value,
    struct problem *problem)
{
	struct problem why = { 0 };

	if (parameters_syntax(value, &why) == -1) {
		problem_hint(problem, FAIL_USAGE, why.hint, "--%s %s: %s",
		    option, value, buf_str(&why.text));
		problem_free(&why);
		return -1;
	}
	*list = mem_grow(*list, *n + 1, sizeof(**list));
	(*list)[(*n)++] = value;
	return 0;
}

bool
delivery_has(int option)
{
	return option >= OPT_DSN_NOTIFY && option <= OPT_RCPT_PARAM;
}

int
delivery_apply(struct parameters *a, int option, const char *value,
    struct problem *problem)
{
	switch (option) {
	case OPT_DSN_NOTIFY:
		return dsn_notify(a, value, problem);
	case OPT_DSN_RETURN:
		return dsn_return(a, value, problem);
	case OPT_DSN_ID:
		return dsn_id(a, value, problem);
	case OPT_HOLD_FOR:
		return hold_for(a, value, problem);
	case OPT_HOLD_UNTIL:
		return hold_until(a, value, problem);
	case OPT_DELIVER_BY:
		return deliver_by(a, value, problem);
	case OPT_MT_PRIORITY:
		return mt_priority(a, value, problem);
	case OPT_MAIL_PARAM:
		return add(&a->mail, &a->nmail, "mail-param", value, problem);
	case OPT_RCPT_PARAM:
		return add(&a->rcpt, &a->nrcpt, "rcpt-param", value, problem);
	default:
		a->requiretls = true;
		return 0;
	}
}

static int
check_hold(
    const struct session_options *o, int64_t now, struct problem *problem)
{
	const struct parameters *a = &o->parameters;

	if (!a->hold_for && !a->hold_until)
		return 0;
	if (a->hold_for && a->hold_until)
		return problem_set(problem, FAIL_USAGE,
		    "--hold-for and --hold-until exclude each other");
	if (o->lmtp) /* RFC 4865 4: for submission only */
		return problem_set(problem, FAIL_USAGE,
		    "an LMTP server delivers at once, and holds no message");
	if (a->hold_until && a->hold_until <= now)
		return problem_set(
		    problem, FAIL_USAGE, "--hold-until: that time has passed");
	return 0;
}

int
delivery_check(const struct session_options *o, const struct envelope *e,
    int64_t now, struct problem *problem)
{
	const struct parameters *a = &o->parameters;

	if (o->no_esmtp && parameters_any(a))
		return problem_set(problem, FAIL_USAGE,
		    "--no-esmtp leaves no room for parameters of MAIL and "
		    "RCPT");
	if (a->requiretls && (o->tls == TLS_NONE || o->certificates.insecure))
		return problem_set(problem, FAIL_USAGE,
		    "--require-tls wants TLS with a verified certificate");
	if (check_hold(o, now, problem) == -1)
		return -1;
	return parameters_check(a, e, problem);
}
