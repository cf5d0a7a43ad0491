#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/values.h"
#include "smtp/sasl.h"

static int
wrong(struct problem *problem, const char *option, const char *value,
    const char *what)
{
	return problem_set(
	    problem, FAIL_USAGE, "--%s %s: %s", option, value, what);
}

int
value_seconds(
    int64_t *ms, const char *option, const char *value, struct problem *problem)
{
	if (text_seconds(value, ms) == 0)
		return 0;
	return wrong(
	    problem, option, value, "not a positive number of seconds");
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
			return problem_hint(problem, FAIL_USAGE,
			    "PLAIN, LOGIN and CRAM-MD5 are known",
			    "--auth %s: no such mechanism", value);
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
	return problem_set(problem, FAIL_USAGE,
	    "--%s %s: not a number from %llu to %llu", option, value,
	    (unsigned long long)least, (unsigned long long)most);
}

int
value_recipients(struct envelope *e, const char *path, struct problem *problem)
{
	FILE *file = fopen(path, "r");
	struct problem why = { 0 };
	char *line = NULL;
	size_t size = 0, n = 0;
	ssize_t len;
	int rv = 0;

	if (file == NULL)
		return problem_set(problem, FAIL_INPUT, "--to-file %s: %s",
		    path, strerror(errno));
	while (rv == 0 && (len = getline(&line, &size, file)) != -1) {
		n++;
		while (len > 0 && memchr(" \t\r\n", line[len - 1], 4))
			line[--len] = '\0';
		if (strlen(line) != (size_t)len)
			rv = problem_set(
			    &why, FAIL_USAGE, "a NUL in an address");
		else if (len > 0 && *line != '#')
			rv = envelope_recipient(e, line, &why);
	}
	if (rv == -1)
		problem_hint(problem, FAIL_USAGE, why.hint,
		    "--to-file %s: line %zu: %s", path, n, buf_str(&why.text));
	else if (ferror(file))
		rv = problem_set(problem, FAIL_INPUT, "--to-file %s: %s", path,
		    strerror(errno));
	problem_free(&why);
	free(line);
	fclose(file);
	return rv;
}
