#include <string.h>

#include "base/text.h"
#include "cli/netrc.h"

struct reader {
	const char *p, *end;
	size_t line;
};

enum token {
	TOKEN_WORD,
	TOKEN_END,
	TOKEN_BAD
};

enum keyword {
	MACHINE,
	DEFAULT,
	LOGIN,
	PASSWORD,
	ACCOUNT,
	MACDEF,
	NONE
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What stands in quotes: \n, \r and \t mean what they do in C, another
 * character behind a backslash itself. */
static enum token
quoted(struct reader *r, struct buf *word)
{
	static const char escapes[] = "nrt", meant[] = "\n\r\t";
	const char *found;
	char c;

	for (r->p++; r->p < r->end && *r->p != '"'; r->p++) {
		c = *r->p;
		if (c == '\n')
			return TOKEN_BAD;
		if (c == '\\' && r->p + 1 < r->end) {
			c = *++r->p;
			found = memchr(escapes, c, sizeof(escapes) - 1);
			c = found ? meant[found - escapes] : c;
		}
		buf_add(word, &c, 1);
	}
	if (r->p == r->end)
		return TOKEN_BAD;
	r->p++;
	return r->p == r->end || is_blank(*r->p) ? TOKEN_WORD : TOKEN_BAD;
}

static enum token
next(struct reader *r, struct buf *word)
{
	const char *start;

	buf_clear(word);
	for (; r->p < r->end && is_blank(*r->p); r->p++)
		r->line += *r->p == '\n';
	if (r->p == r->end)
		return TOKEN_END;
	if (*r->p == '"')
		return quoted(r, word);
	for (start = r->p; r->p < r->end && !is_blank(*r->p); r->p++)
		;
	buf_add(word, start, (size_t)(r->p - start));
	return TOKEN_WORD;
}

static void
skip_line(struct reader *r)
{
	const char *lf = memchr(r->p, '\n', (size_t)(r->end - r->p));

	r->p = lf ? lf : r->end;
}

/* A macro of ftp(1) ends with an empty line. */
static void
skip_macro(struct reader *r)
{
	const char *start;

	do {
		skip_line(r);
		if (r->p == r->end)
			return;
		r->p++;
		r->line++;
		start = r->p;
		skip_line(r);
	} while (r->p > start && !(r->p == start + 1 && *start == '\r'));
}

static enum keyword
keyword(const struct buf *word)
{
	static const struct {
		const char *name;
		enum keyword keyword;
	} names[] = {
		{ "machine", MACHINE },
		{ "default", DEFAULT },
		{ "login", LOGIN },
		{ "user", LOGIN },
		{ "password", PASSWORD },
		{ "passwd", PASSWORD },
		{ "account", ACCOUNT },
		{ "macdef", MACDEF },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (text_is(buf_head(word), buf_len(word), names[i].name))
			return names[i].keyword;
	return NONE;
}

/* Whether nothing speaks against an entry: no other login is wanted. */
static bool
is_wanted(const struct netrc *entry, const char *wanted)
{
	return wanted == NULL || !entry->has_login ||
	       (buf_len(&entry->login) == strlen(wanted) &&
		   memcmp(buf_head(&entry->login), wanted, strlen(wanted)) ==
		       0);
}

static void
forget(struct netrc *entry)
{
	netrc_free(entry);
	entry->login.secret = entry->password.secret = true;
}

static void
keep(struct buf *to, bool *has, const struct buf *word)
{
	if (!*has) /* of several the first counts */
		buf_add(to, buf_head(word), buf_len(word));
	*has = true;
}

/* One entry, from its name on: up to the next one, whose keyword is in *ahead,
 * or NONE at the end of the file. */
static enum token
read_entry(struct reader *r, struct netrc *entry, enum keyword *ahead)
{
	struct buf word = { .secret = true };
	enum token token;
	enum keyword key;

	while ((token = next(r, &word)) == TOKEN_WORD) {
		if (*buf_head(&word) == '#') {
			skip_line(r);
			continue;
		}
		key = keyword(&word);
		if (key == MACHINE || key == DEFAULT) {
			*ahead = key;
			break;
		}
		if (key == NONE || next(r, &word) != TOKEN_WORD) {
			token = TOKEN_BAD;
			break;
		}
		if (key == LOGIN)
			keep(&entry->login, &entry->has_login, &word);
		else if (key == PASSWORD)
			keep(&entry->password, &entry->has_password, &word);
		else if (key == MACDEF)
			skip_macro(r);
	}
	buf_free(&word);
	return token;
}

/* The first entry of a kind that fits. */
static enum netrc_result
find(struct netrc *found, struct reader r, enum keyword kind, const char *name,
    const char *wanted)
{
	struct buf word = { .secret = true };
	enum keyword at = NONE, ahead;
	enum token token;
	bool fits;

	for (;; at = ahead) {
		forget(found);
		fits = at == kind;
		ahead = NONE;
		token = at == MACHINE ? next(&r, &word) : TOKEN_WORD;
		if (at == MACHINE)
			fits = fits &&
			       text_is(buf_head(&word), buf_len(&word), name);
		if (token == TOKEN_WORD)
			token = read_entry(&r, found, &ahead);
		else
			token = TOKEN_BAD; /* machine, and no name */
		if (token == TOKEN_BAD || ahead == NONE ||
		    (fits && is_wanted(found, wanted)))
			break;
	}
	buf_free(&word);
	found->line = r.line;
	if (token == TOKEN_BAD)
		return NETRC_BAD;
	return fits && is_wanted(found, wanted) ? NETRC_FOUND : NETRC_NONE;
}

enum netrc_result
netrc_find(struct netrc *found, const struct buf *file, const char *name,
    const char *wanted)
{
	static const char mark[] = "\xEF\xBB\xBF"; /* editors put it there */
	struct reader r = { buf_head(file), buf_head(file) + buf_len(file), 1 };
	enum netrc_result result;

	if (buf_len(file) >= 3 && memcmp(r.p, mark, 3) == 0)
		r.p += 3;
	result = find(found, r, MACHINE, name, wanted);
	if (result == NETRC_NONE)
		result = find(found, r, DEFAULT, name, wanted);
	return result;
}

void
netrc_free(struct netrc *n)
{
	n->login.secret = n->password.secret = true;
	buf_free(&n->login);
	buf_free(&n->password);
	n->has_login = n->has_password = false;
}
