#include <string.h>

#include "base/rfc3339.h"
#include "base/text.h"
#include "smtp/extension.h"

struct span {
	const char *p; /* NULL: nothing is left */
	size_t len;
};

static const struct {
	const char *keyword;
	enum extension extension;
} keywords[] = {
	{ "8BITMIME", EXT_8BITMIME },
	{ "AUTH", EXT_AUTH },
	{ "BINARYMIME", EXT_BINARYMIME },
	{ "CHUNKING", EXT_CHUNKING },
	{ "DSN", EXT_DSN },
	{ "ENHANCEDSTATUSCODES", EXT_ENHANCEDSTATUSCODES },
	{ "PIPELINING", EXT_PIPELINING },
	{ "SIZE", EXT_SIZE },
	{ "SMTPUTF8", EXT_SMTPUTF8 },
	{ "STARTTLS", EXT_STARTTLS },
	{ "PRDR", EXT_PRDR },
	{ "LIMITS", EXT_LIMITS },
	{ "REQUIRETLS", EXT_REQUIRETLS },
	{ "FUTURERELEASE", EXT_FUTURERELEASE },
	{ "DELIVERBY", EXT_DELIVERBY },
	{ "MT-PRIORITY", EXT_MT_PRIORITY },
};

/* Cuts from rest what stands before the next separator, or all of it. */
static bool
cut(struct span *rest, char separator, struct span *piece)
{
	const char *end;

	if (rest->p == NULL)
		return false;
	*piece = *rest;
	end = memchr(rest->p, separator, rest->len);
	if (end == NULL) {
		rest->p = NULL;
		return true;
	}
	piece->len = (size_t)(end - piece->p);
	rest->p = end + 1;
	rest->len -= piece->len + 1;
	return true;
}

/* RFC 1870 4: one number, of up to 20 digits; anything else says nothing
 * (R-1870-03). SIZE 0 is no limit (R-1870-02). */
static void
read_size(struct extensions *e, struct span parameters)
{
	uint64_t size;

	if (parameters.p == NULL || parameters.len > 20)
		return;
	if (text_number(parameters.p, parameters.len, UINT64_MAX, &size) == -1)
		return;
	if (size && (e->size == 0 || size < e->size))
		e->size = size;
}

/* RFC 4422 3.1: 1 to 20 octets of A-Z 0-9 - _; others are no mechanisms
 * (F-351). */
static void
add_mechanism(struct extensions *e, struct span name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_";
	char upper[20];
	size_t i;

	if (name.len == 0 || name.len > sizeof(upper))
		return;
	for (i = 0; i < name.len; i++) {
		upper[i] = name.p[i];
		if (upper[i] >= 'a' && upper[i] <= 'z')
			upper[i] = (char)(upper[i] - 'a' + 'A');
		if (memchr(allowed, upper[i], sizeof(allowed) - 1) == NULL)
			return;
	}
	if (buf_len(&e->mechanisms) == 0)
		buf_adds(&e->mechanisms, " ");
	buf_add(&e->mechanisms, upper, name.len);
	buf_adds(&e->mechanisms, " ");
}

static void
read_mechanisms(struct extensions *e, struct span parameters)
{
	struct span name;

	while (cut(&parameters, ' ', &name))
		add_mechanism(e, name);
}

/* One limit, "RCPTMAX=100": 1 to 6 digits, the first no 0. What is malformed
 * or not known is passed over; of several the smallest holds (RFC 9422 3). */
static void
read_limit(struct extensions *e, struct span limit)
{
	const struct {
		const char *name;
		size_t *value;
	} known[] = {
		{ "RCPTMAX", &e->rcptmax },
		{ "RCPTDOMAINMAX", &e->rcptdomainmax },
		{ "MAILMAX", &e->mailmax },
	};
	struct span name;
	uint64_t value;
	size_t i;

	if (!cut(&limit, '=', &name) || limit.p == NULL || limit.len > 6 ||
	    text_number(limit.p, limit.len, 999999, &value) == -1 ||
	    limit.p[0] == '0')
		return;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (text_is(name.p, name.len, known[i].name) &&
		    (*known[i].value == 0 || value < *known[i].value))
			*known[i].value = (size_t)value;
}

static void
read_limits(struct extensions *e, struct span parameters)
{
	struct span limit;

	while (cut(&parameters, ' ', &limit))
		read_limit(e, limit);
}

/* RFC 4865 4: the longest time and the latest, each of which says nothing if it
 * is malformed. */
static void
read_hold(struct extensions *e, struct span parameters)
{
	struct span word;
	uint64_t seconds;
	int64_t until;

	if (cut(&parameters, ' ', &word) && word.len <= 9 &&
	    text_number(word.p, word.len, 999999999, &seconds) == 0)
		e->hold_seconds = seconds;
	if (cut(&parameters, ' ', &word) &&
	    rfc3339_read(word.p, word.len, &until) == 0)
		e->hold_until = until;
}

/* RFC 2852 3: a list parted by commas, of which only the first is defined. */
static void
read_by(struct extensions *e, struct span parameters)
{
	struct span word;
	uint64_t seconds;

	if (cut(&parameters, ',', &word) && word.len <= 9 &&
	    text_number(word.p, word.len, 999999999, &seconds) == 0)
		e->by_least = seconds;
}

static unsigned
find(struct span word)
{
	size_t i;

	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (text_is(word.p, word.len, keywords[i].keyword))
			return keywords[i].extension;
	return 0;
}

static void
read_line(struct extensions *e, struct span line)
{
	struct span word, rest = line;
	unsigned found;

	if (line.len >= 5 && text_is(line.p, 5, "AUTH=")) { /* R-4954-01 */
		e->offered |= EXT_AUTH;
		rest.p += 5;
		rest.len -= 5;
		read_mechanisms(e, rest);
		return;
	}
	cut(&rest, ' ', &word);
	found = find(word);
	e->offered |= found;
	if (found == EXT_SIZE)
		read_size(e, rest);
	if (found == EXT_AUTH)
		read_mechanisms(e, rest);
	if (found == EXT_LIMITS)
		read_limits(e, rest);
	if (found == EXT_FUTURERELEASE)
		read_hold(e, rest);
	if (found == EXT_DELIVERBY)
		read_by(e, rest);
}

/* All but the memory. */
static void
forget(struct extensions *e)
{
	struct buf mechanisms = e->mechanisms;

	buf_clear(&mechanisms);
	*e = (struct extensions){ .mechanisms = mechanisms };
}

void
extensions_read(struct extensions *e, const struct reply *r)
{
	struct span rest = { buf_head(&r->text), buf_len(&r->text) }, line;

	forget(e);
	cut(&rest, '\n', &line); /* the server's name and greeting */
	while (cut(&rest, '\n', &line))
		read_line(e, line);
}

bool
extensions_mechanism(const struct extensions *e, const char *name)
{
	struct span rest, word;

	rest.p = buf_head(&e->mechanisms);
	rest.len = buf_len(&e->mechanisms);
	while (cut(&rest, ' ', &word))
		if (word.len && text_is(word.p, word.len, name))
			return true;
	return false;
}

void
extensions_free(struct extensions *e)
{
	forget(e);
	buf_free(&e->mechanisms);
}
