#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "base/file.h"
#include "base/idn.h"
#include "base/text.h"
#include "cli/values.h"
#include "smtp/domain.h"
#include "smtp/sasl.h"

#define LIST_MAX 134217728 /* octets of --to-file: millions of addresses */

static int
wrong(struct problem *problem, const char *option, const char *value,
    const char *what)
{
	return problem_set(
	    problem, FAIL_USAGE, "--%s %s: %s", option, value, what);
}

/* What a user would call a number, be it one that is not taken. */
static bool
is_decimal(const char *value)
{
	static const char digits[] = "0123456789";
	size_t n;

	value += *value == '-';
	n = strspn(value, digits);
	value += n;
	if (*value == '.') {
		n = strspn(value + 1, digits);
		value += n + 1;
	}
	return n && *value == '\0';
}

int
value_seconds(
    int64_t *ms, const char *option, const char *value, struct problem *problem)
{
	if (text_seconds(value, ms) == 0)
		return 0;
	return wrong(problem, option, value,
	    is_decimal(value)
		? "out of range (0.001 to 316224000 seconds, 10 years)"
		: "not a number of seconds, such as 30 or 0.5");
}

int
value_policy(
    enum tls_policy *policy, const char *value, struct problem *problem)
{
	static const char *const names[] = {
		[TLS_AUTO] = "auto",
		[TLS_STARTTLS] = "starttls",
		[TLS_IMPLICIT] = "implicit",
		[TLS_NONE] = "none",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(value, names[i]) == 0) {
			*policy = i;
			return 0;
		}
	return wrong(
	    problem, "tls", value, "not auto, starttls, implicit or none");
}

int
value_version(bool *newest, const char *value, struct problem *problem)
{
	*newest = strcmp(value, "1.3") == 0;
	if (*newest || strcmp(value, "1.2") == 0)
		return 0;
	return wrong(problem, "tls-min", value, "not 1.2 or 1.3");
}

int
value_stage(enum stage *stage, const char *value, struct problem *problem)
{
	static const enum stage stages[] = { STAGE_CONNECT, STAGE_BANNER,
		STAGE_EHLO, STAGE_STARTTLS, STAGE_AUTH, STAGE_MAIL,
		STAGE_RCPT };
	size_t i;

	for (i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		if (strcmp(value, stage_name(stages[i])) == 0) {
			*stage = stages[i];
			return 0;
		}
	return wrong(problem, "quit-after", value,
	    "not connect, banner, ehlo, starttls, auth, mail or rcpt");
}

static int
no_mechanism(const char *value, const char *name, int len, struct problem *p)
{
	struct buf known = { 0 };
	size_t i;

	for (i = 0; sasl_mechanism(i); i++)
		buf_addf(
		    &known, "%s%s", i ? ", " : "", sasl_mechanism(i)->name);
	problem_set(p, FAIL_USAGE, "--auth %s: \"%.*s\" is not one of %s",
	    value, len, name, buf_str(&known));
	buf_free(&known);
	return -1;
}

/* "PLAIN,login" as " PLAIN LOGIN ". */
int
value_mechanisms(struct buf *names, const char *value, struct problem *problem)
{
	const struct mechanism *m;
	const char *p = value;
	char name[32];
	size_t n;

	buf_clear(names);
	buf_adds(names, " ");
	do {
		n = strcspn(p, ",");
		snprintf(name, sizeof(name), "%.*s", (int)n, p);
		m = sasl_find(name);
		if (m == NULL || n >= sizeof(name))
			return no_mechanism(value, p, (int)n, problem);
		buf_addf(names, "%s ", m->name);
		p += n;
	} while (*p++ == ',');
	return 0;
}

int
value_number(uint64_t *result, const char *option, const char *value,
    uint64_t least, uint64_t most, struct problem *problem)
{
	if (text_number(value, strlen(value), most, result) == 0 &&
	    *result >= least)
		return 0;
	return problem_set(problem, FAIL_USAGE, "--%s %s: %s (%llu to %llu)",
	    option, value,
	    is_decimal(value) && !strchr(value, '.') ? "out of range"
						     : "not a whole number",
	    (unsigned long long)least, (unsigned long long)most);
}

static bool
is_name_or_address(const char *name)
{
	unsigned char ip[sizeof(struct in6_addr)];

	return domain_name(name, strlen(name)) ||
	       inet_pton(AF_INET, name, ip) == 1 ||
	       inet_pton(AF_INET6, name, ip) == 1;
}

/* OpenSSL would take any host below the domain for a name that begins with a
 * dot, and any at all for none. */
int
value_tls_name(char **name, const char *value, struct problem *problem)
{
	size_t len = strlen(value);
	const char *why = "not a name that a certificate can be for";
	char *given;

	if (len && value[len - 1] == '.')
		len--;
	given = mem_copy(value, len);
	*name = given;
	if (is_name_or_address(given))
		return 0;
	*name = NULL;
	if (text_harmless(given, len) && domain_fault(given, len) == NULL)
		*name = idn_ascii(given, &why);
	free(given);
	if (*name && is_name_or_address(*name))
		return 0;
	free(*name);
	return problem_hint(problem, FAIL_USAGE,
	    "a whole host name, or an IP address without brackets or zone",
	    "--tls-name %s: %s", value, why);
}

bool
value_is_stdin(const char *path)
{
	return strcmp(path, "-") == 0;
}

/* One line, without its end. */
static int
recipient(struct envelope *e, const char *line, size_t len, struct problem *why)
{
	if (strlen(line) != len)
		return problem_set(why, FAIL_USAGE, "a NUL in an address");
	return len == 0 || *line == '#' ? 0 : envelope_recipient(e, line, why);
}

/* The line at *p, which moves behind it; its length without blanks at its end
 * and without its line end. */
static size_t
next_line(const char **p, const char *end)
{
	const char *line = *p, *lf = memchr(line, '\n', (size_t)(end - line));
	size_t len = (size_t)((lf ? lf : end) - line);

	*p = lf ? lf + 1 : end;
	while (len > 0 && memchr(" \t\r", line[len - 1], 3))
		len--;
	return len;
}

static int
add_lines(struct envelope *e, const char *path, const struct buf *text,
    struct problem *problem)
{
	static const char mark[] = "\xEF\xBB\xBF"; /* U+FEFF, of editors */
	const char *p = buf_head(text), *end = p + buf_len(text), *line;
	struct problem why = { 0 };
	size_t n = 0, len;
	char *copy;
	int rv = 0;

	if (buf_len(text) >= 3 && memcmp(p, mark, 3) == 0)
		p += 3;
	while (rv == 0 && p < end) {
		n++;
		line = p;
		len = next_line(&p, end);
		copy = mem_copy(line, len);
		rv = recipient(e, copy, len, &why);
		free(copy);
	}
	if (rv == -1)
		problem_hint(problem, FAIL_USAGE, why.hint,
		    "--to-file %s: line %zu: %s", path, n, buf_str(&why.text));
	problem_free(&why);
	return rv;
}

int
value_recipients(struct envelope *e, const char *path,
    const struct patience *patience, struct problem *problem)
{
	int fd = value_is_stdin(path) ? STDIN_FILENO : file_open(path);
	struct buf text = { 0 }, what = { 0 };
	int rv;

	buf_addf(&what, "--to-file %s", path);
	if (fd == -1)
		rv = problem_set(problem, FAIL_INPUT, "%s: %s", buf_str(&what),
		    strerror(errno));
	else
		rv = file_read(
		    &text, fd, LIST_MAX, buf_str(&what), patience, problem);
	if (rv == 0 && buf_len(&text) > LIST_MAX)
		rv = problem_set(problem, FAIL_INPUT,
		    "%s: more than %d octets are no list of addresses",
		    buf_str(&what), LIST_MAX);
	if (rv == 0)
		rv = add_lines(e, path, &text, problem);
	if (fd > STDIN_FILENO)
		close(fd);
	buf_free(&what);
	buf_free(&text);
	return rv;
}
