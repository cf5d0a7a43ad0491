#include <ctype.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "server.h"

/*
 * A scenario is a list of rules, a line each, `#` begins a comment line. The
 * first rule that fits is played, in place of the normal behaviour:
 *
 *	[session K] WHEN: ACTION [then ACTION]...
 *
 * WHEN is a verb (see below; GREETING and HANDSHAKE are moments, RESPONSE is
 * a line of an AUTH exchange, CONTENT each reply to the final dot, OTHER an
 * unknown command), alone for every time in a session, or with N for the Nth
 * time, N+ for that and all later ones, /TEXT/ for commands that contain it;
 * or `after N`: when N octets of content have been read.
 *
 *	CODE TEXT       a reply, CRLF added; \n parts its lines. Its code
 *	                changes the state as if the server meant it
 *	raw TEXT        the octets as they are, the state unchanged
 *	outside TEXT    the same beside TLS, in the clear
 *	endless TEXT    the octets again and again
 *	accept          the normal behaviour
 *	flush           the same, forgetting the input that is there
 *	as CODE         says nothing, changes the state as CODE would
 *	plain           behind 220 to STARTTLS: no handshake
 *	pause MS        waits
 *	slow MS         from now on reads an octet each MS milliseconds
 *	renegotiate     asks for a new handshake (TLS 1.2)
 *	update N        sends so many key updates, each to be answered (1.3)
 *	notify          sends close_notify
 *	close           FIN; within TLS without close_notify
 *	reset           RST
 *	silent          reads on, says nothing until the client closes
 *	stall           the same without reading
 *	cut N ACTION    lets N octets of all that follows through, then closes
 *	drip MS ACTION  sends an octet each MS milliseconds
 *	join accept     the last octets of a handshake go with what is said next
 *
 * In every TEXT \r \n \t \0 \xNN \\ have the meaning of C, but for \n in
 * replies; leading blanks are written \x20.
 */

static const char *const verbs[NVERB] = {
	[GREETING] = "GREETING",
	[HANDSHAKE] = "HANDSHAKE",
	[EHLO] = "EHLO",
	[HELO] = "HELO",
	[LHLO] = "LHLO",
	[STARTTLS] = "STARTTLS",
	[AUTH] = "AUTH",
	[RESPONSE] = "RESPONSE",
	[MAIL] = "MAIL",
	[RCPT] = "RCPT",
	[DATA] = "DATA",
	[CONTENT] = "CONTENT",
	[BDAT] = "BDAT",
	[RSET] = "RSET",
	[NOOP] = "NOOP",
	[VRFY] = "VRFY",
	[EXPN] = "EXPN",
	[HELP] = "HELP",
	[QUIT] = "QUIT",
	[OTHER] = "OTHER",
	[AFTER] = "after",
};

/* What stands behind the name of an action. */
enum operand {
	NOTHING,
	NUMBER,
	BYTES
};

static const struct {
	const char *name;
	enum deed deed;
	enum operand operand;
	bool goes_on; /* the next action follows without `then` */
} deeds[] = {
	{ "raw", SAY_RAW, BYTES, false },
	{ "outside", SAY_OUTSIDE, BYTES, false },
	{ "endless", ENDLESS, BYTES, false },
	{ "accept", ACCEPT, NOTHING, false },
	{ "as", AS, NUMBER, false },
	{ "flush", FLUSH, NOTHING, false },
	{ "cut", CUT, NUMBER, true },
	{ "drip", DRIP, NUMBER, true },
	{ "join", JOIN, NOTHING, true },
	{ "pause", PAUSE, NUMBER, false },
	{ "slow", SLOW, NUMBER, false },
	{ "plain", PLAIN, NOTHING, false },
	{ "renegotiate", RENEGOTIATE, NOTHING, false },
	{ "update", UPDATE, NUMBER, false },
	{ "notify", NOTIFY, NOTHING, false },
	{ "close", CLOSE, NOTHING, false },
	{ "reset", RESET, NOTHING, false },
	{ "silent", SILENT, NOTHING, false },
	{ "stall", STALL, NOTHING, false },
};

enum {
	NDEEDS = sizeof(deeds) / sizeof(deeds[0])
};

static const char blank[] = " \t";
static const char then[] = " then ";

/* The number at the start of *p, which moves behind it. */
static bool
number(const char **p, uint64_t *value)
{
	uint64_t n = 0;

	if (!isdigit((unsigned char)**p))
		return false;
	for (; isdigit((unsigned char)**p); (*p)++) {
		uint64_t digit = (uint64_t)(**p - '0');

		if (n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*value = n;
	return true;
}

int
parse_number(const char *text, uint64_t *value)
{
	return number(&text, value) && *text == '\0' ? 0 : -1;
}

/* Does a word stand at *p? Then *p moves to the next one. */
static bool
word(const char **p, const char *name)
{
	size_t len = strlen(name);
	const char *end = *p + len;

	if (strncmp(*p, name, len) != 0 || (*end && !strchr(" \t:", *end)))
		return false;
	*p = end + strspn(end, blank);
	return true;
}

/* Undoes the escapes \r \n \t \0 \xNN \\; others are left as they are. */
static void
unescape(struct text *t, const char *from, size_t len)
{
	static const char escapes[] = "rnt0\\", meant[] = "\r\n\t\0\\";
	const char *end = from + len, *found;

	text_add(t, "", 0);
	while (from < end) {
		char c = *from++;

		if (c != '\\' || from == end) {
			text_add(t, &c, 1);
		} else if (end - from >= 3 && *from == 'x' &&
			   isxdigit((unsigned char)from[1]) &&
			   isxdigit((unsigned char)from[2])) {
			char hex[3] = { from[1], from[2], '\0' };

			c = (char)strtoul(hex, NULL, 16);
			text_add(t, &c, 1);
			from += 3;
		} else if ((found = strchr(escapes, *from)) != NULL) {
			text_add(t, meant + (found - escapes), 1);
			from++;
		} else {
			text_add(t, &c, 1);
		}
	}
}

static int
operand(struct step *step, enum operand kind, const char **p, const char *end)
{
	switch (kind) {
	case NOTHING:
		return 0;
	case NUMBER:
		if (!number(p, &step->number))
			return -1;
		*p += strspn(*p, blank);
		if (*p > end)
			*p = end;
		return step->number > INT32_MAX ? -1 : 0;
	case BYTES:
		unescape(&step->text, *p, (size_t)(end - *p));
		*p = end;
		return step->deed == ENDLESS && step->text.len == 0 ? -1 : 0;
	}
	return -1;
}

/* Reads one action of a chain, up to `end`; *goes_on if another follows. */
static int
parse_step(struct step *step, const char **p, const char *end, bool *goes_on)
{
	for (size_t i = 0; i < NDEEDS; i++)
		if (word(p, deeds[i].name)) {
			step->deed = deeds[i].deed;
			*goes_on = deeds[i].goes_on;
			if (*p > end)
				*p = end;
			return operand(step, deeds[i].operand, p, end);
		}
	if (!isdigit((unsigned char)**p))
		return -1;
	step->deed = SAY;
	*goes_on = false;
	return operand(step, BYTES, p, end);
}

static int
parse_steps(struct step **tail, const char *p)
{
	bool goes_on = true;

	while (goes_on) {
		const char *next = strstr(p, then);
		const char *end = next ? next : p + strlen(p);
		struct step *step = calloc(1, sizeof(*step));

		if (step == NULL)
			err(EX_OSERR, NULL);
		*tail = step;
		tail = &step->next;
		if (parse_step(step, &p, end, &goes_on) == -1)
			return -1;
		if (goes_on)
			continue;
		if (p != end)
			return -1;
		goes_on = next != NULL;
		if (next)
			p = next + strlen(then);
	}
	return 0;
}

static int
parse_when(struct rule *rule, const char **p)
{
	if (word(p, "session") &&
	    (!number(p, &rule->session) || rule->session == 0))
		return -1;
	*p += strspn(*p, blank);
	while (rule->verb < NVERB && !word(p, verbs[rule->verb]))
		rule->verb++;
	if (rule->verb == NVERB)
		return -1;
	if (**p == '/') {
		const char *end = strchr(*p + 1, '/');

		if (end == NULL)
			return -1;
		rule->containing = strndup(*p + 1, (size_t)(end - *p - 1));
		if (rule->containing == NULL)
			err(EX_OSERR, NULL);
		*p = end + 1;
	} else if (number(p, &rule->nth)) {
		rule->later = **p == '+';
		*p += rule->later;
	} else if (rule->verb == AFTER) {
		return -1;
	}
	*p += strspn(*p, blank);
	return *(*p)++ == ':' ? 0 : -1;
}

int
scenario_add(struct rule **rules, const char *line)
{
	struct rule *rule;

	line += strspn(line, blank);
	if (*line == '\0' || *line == '#')
		return 0;
	rule = calloc(1, sizeof(*rule));
	if (rule == NULL)
		err(EX_OSERR, NULL);
	while (*rules)
		rules = &(*rules)->next;
	*rules = rule;
	if (parse_when(rule, &line) == -1)
		return -1;
	return parse_steps(&rule->steps, line + strspn(line, blank));
}

int
scenario_load(struct rule **rules, const char *file)
{
	FILE *f = fopen(file, "re");
	char *line = NULL;
	size_t cap = 0;
	int rv = 0;

	if (f == NULL)
		err(EX_NOINPUT, "%s", file);
	while (rv == 0 && getline(&line, &cap, f) != -1) {
		line[strcspn(line, "\n")] = '\0';
		rv = scenario_add(rules, line);
		if (rv == -1)
			warnx("%s: not a rule: %s", file, line);
	}
	if (ferror(f))
		err(EX_IOERR, "%s", file);
	fclose(f);
	free(line);
	return rv;
}

static bool
holds(const struct rule *rule, uint64_t session, enum verb verb)
{
	return rule->verb == verb &&
	       (rule->session == 0 || rule->session == session);
}

const struct rule *
scenario_find(const struct rule *rule, uint64_t session, enum verb verb,
    uint64_t nth, const char *line)
{
	for (; rule; rule = rule->next)
		if (holds(rule, session, verb) &&
		    (rule->nth == 0 || rule->nth == nth ||
			(rule->later && rule->nth < nth)) &&
		    (rule->containing == NULL ||
			strstr(line, rule->containing)))
			return rule;
	return NULL;
}

const struct rule *
scenario_after(const struct rule *rule, uint64_t session, uint64_t from)
{
	const struct rule *first = NULL;

	for (; rule; rule = rule->next)
		if (holds(rule, session, AFTER) && rule->nth >= from &&
		    (first == NULL || rule->nth < first->nth))
			first = rule;
	return first;
}

void
scenario_free(struct rule *rule)
{
	while (rule) {
		struct rule *next = rule->next;

		while (rule->steps) {
			struct step *step = rule->steps;

			rule->steps = step->next;
			text_free(&step->text);
			free(step);
		}
		free(rule->containing);
		free(rule);
		rule = next;
	}
}
