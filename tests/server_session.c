#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "server.h"

static const char bad_sequence[] = "503 5.5.1 Bad sequence of commands";
static const char not_implemented[] = "502 5.5.1 Command not implemented";

void
session_end(struct session *s, const char *why)
{
	const struct conn *c = &s->conn;
	unsigned long long number = s->number;

	if (s->ended)
		return;
	s->ended = s->over = true;
	if (why)
		log_event(s, "%s", why);
	log_event(s, "session %llu: round trips %llu, commands %llu, "
		     "bytes in %llu",
	    number, (unsigned long long)c->round_trips + c->unheard,
	    (unsigned long long)s->ncommand, (unsigned long long)c->octets);
	if (s->opt->ready_fd)
		dprintf((int)s->opt->ready_fd, "session %llu\n", number);
}

/* Does the last EHLO reply have a line of this keyword? */
bool
session_offers(const struct session *s, const char *keyword)
{
	const char *line = s->offer.data;
	size_t len = strlen(keyword);

	while (line && (line = strchr(line, '\n')) != NULL) {
		line++;
		if (strlen(line) > 4 && strncasecmp(line + 4, keyword, len) == 0 &&
		    strchr(" =\n", line[4 + len]))
			return true;
	}
	return false;
}

/* The largest line with CRLF that the extensions in force allow. */
static size_t
longest(const struct session *s, enum verb verb)
{
	static const struct {
		enum verb verb;
		const char *keyword;
		size_t more;
	} allowances[] = {
		{ MAIL, "SIZE", 26 },		{ MAIL, "8BITMIME", 17 },
		{ MAIL, "SMTPUTF8", 10 },	{ MAIL, "AUTH", 500 },
		{ MAIL, "DSN", 100 },		{ RCPT, "DSN", 500 },
		{ MAIL, "DELIVERBY", 17 },	{ MAIL, "FUTURERELEASE", 34 },
		{ MAIL, "REQUIRETLS", 11 },	{ MAIL, "MT-PRIORITY", 15 },
		{ MAIL, "PRDR", 5 },
	};
	size_t max = 512;

	if (verb == RESPONSE) /* RFC 4954 4 */
		return 12288;
	for (size_t i = 0; i < sizeof(allowances) / sizeof(allowances[0]); i++)
		if (allowances[i].verb == verb &&
		    session_offers(s, allowances[i].keyword))
			max += allowances[i].more;
	return max;
}

/* Takes off the end of a line and looks for what may not be in it. */
static void
trim(struct session *s, struct text *line)
{
	char *data = line->data;
	bool lf = line->len > 0 && data[line->len - 1] == '\n';
	bool crlf = lf && line->len > 1 && data[line->len - 2] == '\r';

	if (lf && !crlf)
		log_violation(s, "bare LF in a command");
	line->len -= (size_t)lf + crlf;
	data[line->len] = '\0';
	log_bytes(s, "C: ", data, line->len);
	if (memchr(data, '\r', line->len))
		log_violation(s, "bare CR in a command");
	if (memchr(data, '\0', line->len))
		log_violation(s, "NUL in a command");
}

static char *
next_line(struct session *s, size_t *len)
{
	struct conn *c = &s->conn;
	char *line = conn_line(c, len);

	if (line == NULL && c->head < c->tail)
		log_bytes(s, "* unfinished line: ", c->in + c->head,
		    c->tail - c->head);
	if (line == NULL)
		return NULL;
	text_clear(&s->line);
	text_add(&s->line, line, *len);
	trim(s, &s->line);
	return s->line.data;
}

/* RFC 2920 3.1: what must be the last of a group waits for its reply. */
static void
check_group(struct session *s, bool may_be_followed)
{
	if (may_be_followed && session_offers(s, "PIPELINING"))
		return;
	if (conn_peek(&s->conn))
		log_violation(s, "input before the reply was sent");
}

static void
check_length(struct session *s, enum verb verb, size_t len)
{
	if (len > longest(s, verb))
		log_violation(s, "a line of %zu octets", len);
}

char *
session_line(struct session *s, enum verb verb)
{
	size_t len;
	char *line = next_line(s, &len);

	if (line == NULL)
		return NULL;
	check_length(s, verb, len);
	check_group(s, false);
	return line;
}

static void
forget_mail(struct session *s)
{
	s->in_mail = s->eight = s->binary = s->prdr = s->chunk_failed = false;
	s->nrcpt = 0;
	text_clear(&s->envelope);
	content_drop(s);
}

static void
offer(struct text *t)
{
	text_add(t, "250-localhost", 13);
}

static void
offer_auth(const struct session *s, struct text *t)
{
	const char *list = s->opt->mechanisms;

	if (s->opt->auth == NULL && list == NULL)
		return;
	if (s->conn.ssl || s->opt->auth_clear)
		text_addf(t, "\n250-AUTH %s",
		    list ? list : "PLAIN LOGIN CRAM-MD5");
}

static void
offer_added(const struct session *s, struct text *t)
{
	const char *line = s->opt->ehlo.data;

	while (line && *line) {
		size_t len = strcspn(line, "\n");

		text_addf(t, "\n250-%.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

/* The reply to EHLO, with what really works. */
static void
list_extensions(const struct session *s, struct text *t)
{
	const struct options *o = s->opt;

	offer(t);
	if (!o->no_pipelining)
		text_addf(t, "\n250-PIPELINING");
	if (!o->no_size)
		text_addf(t, "\n250-SIZE %llu", (unsigned long long)o->size);
	if (!o->no_8bitmime)
		text_addf(t, "\n250-8BITMIME\n250-SMTPUTF8");
	if (o->chunking)
		text_addf(t, "\n250-CHUNKING\n250-BINARYMIME");
	if (o->tls && s->conn.ssl == NULL)
		text_addf(t, "\n250-STARTTLS");
	offer_auth(s, t);
	offer_added(s, t);
	text_addf(t, "\n250 ENHANCEDSTATUSCODES");
}

static void
hello(struct session *s, enum verb verb, char *line)
{
	struct text reply = { 0 };
	bool wanted = s->opt->lmtp == (verb == LHLO);

	if (!wanted || (verb == EHLO && s->opt->helo_only))
		text_addf(&reply, "500 5.5.1 Unrecognized command");
	else if (line[4] != ' ' || line[5] == '\0')
		text_addf(&reply, "501 5.5.4 Whose name?");
	else if (verb == HELO)
		text_addf(&reply, "250 localhost");
	else
		list_extensions(s, &reply);
	text_clear(&s->said);
	if (play(s, verb, line, reply.data) / 100 == 2) {
		forget_mail(s);
		s->hello = true;
		text_clear(&s->offer);
		if (verb != HELO)
			text_addf(&s->offer, "%s", s->said.data);
	}
	text_free(&reply);
}

static void
starttls(struct session *s, enum verb verb, char *line)
{
	const char *reply = "220 2.0.0 Ready to start TLS";

	if (!session_offers(s, "STARTTLS"))
		reply = not_implemented;
	else if (s->conn.ssl || s->in_mail)
		reply = bad_sequence;
	else if (line[8] != '\0')
		reply = "501 5.5.4 STARTTLS has no argument";
	s->plain = false;
	if (play(s, verb, line, reply) != 220 || s->over || s->plain)
		return;
	conn_forget_input(&s->conn);
	conn_flush(&s->conn);
	play(s, HANDSHAKE, "", NULL);
	/* RFC 3207 4.2: all that was said before is forgotten. */
	s->hello = s->authenticated = false;
	text_clear(&s->offer);
	forget_mail(s);
}

static void
auth(struct session *s, enum verb verb, char *line)
{
	(void)verb;
	auth_run(s, line);
}

/* Behind the path: parameters that an extension must allow. */
static const char *
parameter(struct session *s, const char *word, size_t len)
{
	static const struct {
		const char *name;
		const char *keyword;
	} known[] = {
		{ "SIZE", "SIZE" },	       { "BODY", "8BITMIME" },
		{ "SMTPUTF8", "SMTPUTF8" },    { "AUTH", "AUTH" },
		{ "RET", "DSN" },	       { "ENVID", "DSN" },
		{ "NOTIFY", "DSN" },	       { "ORCPT", "DSN" },
		{ "BY", "DELIVERBY" },	       { "HOLDFOR", "FUTURERELEASE" },
		{ "HOLDUNTIL", "FUTURERELEASE" }, { "PRDR", "PRDR" },
		{ "REQUIRETLS", "REQUIRETLS" }, { "MT-PRIORITY", "MT-PRIORITY" },
	};
	size_t name = strcspn(word, " =");

	if (name == 4 && strncasecmp(word, "BODY", 4) == 0) {
		s->binary = len == 15 && strncasecmp(word + 5, "BINARY", 6) == 0;
		s->eight = s->binary ||
		    (len == 13 && strncasecmp(word + 5, "8BITMIME", 8) == 0);
	}
	return NULL;
}
