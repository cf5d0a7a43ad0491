#include <stddef.h>
#include <string.h>

#include "smtp/phrase.h"

const char *
phrase_quoted(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\' && p + 1 < end)
			p++;
	}
	return NULL;
}

/* A comment may hold comments. */
static const char *
comment(const char *p, const char *end)
{
	size_t depth = 0;

	for (; p < end; p++) {
		if (*p == '(')
			depth++;
		else if (*p == ')' && --depth == 0)
			return p + 1;
		else if (*p == '\\' && p + 1 < end)
			p++;
	}
	return NULL;
}

const char *
phrase_space(const char *p, const char *end)
{
	while (p && p < end && (*p == ' ' || *p == '('))
		p = *p == ' ' ? p + 1 : comment(p, end);
	return p;
}

const char *
phrase_special(const char *p, const char *end)
{
	while (p && p < end && !strchr("<>,;", *p)) {
		if (*p == '"')
			p = phrase_quoted(p, end);
		else if (*p == '(')
			p = comment(p, end);
		else
			p++;
	}
	return p;
}
