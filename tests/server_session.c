#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "server.h"

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
	log_event(s,
	    "session %llu: round trips %llu, commands %llu, "
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
		if (strlen(line) > 4 &&
		    strncasecmp(line + 4, keyword, len) == 0 &&
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
		{ MAIL, "SIZE", 26 },
		{ MAIL, "8BITMIME", 17 },
		{ MAIL, "SMTPUTF8", 10 },
		{ MAIL, "AUTH", 500 },
		{ MAIL, "DSN", 100 },
		{ RCPT, "DSN", 500 },
		{ MAIL, "DELIVERBY", 17 },
		{ MAIL, "FUTURERELEASE", 34 },
		{ MAIL, "REQUIRETLS", 11 },
		{ MAIL, "MT-PRIORITY", 15 },
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

void
session_check_group(struct session *s, bool may_be_followed)
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
	session_check_group(s, false);
	return line;
}

static void
offer_auth(const struct session *s, struct text *t)
{
	const char *list = s->opt->mechanisms;

	if (s->opt->auth == NULL && list == NULL)
		return;
	if (s->conn.ssl || s->opt->auth_clear)
		text_addf(
		    t, "\n250-AUTH %s", list ? list : "PLAIN LOGIN CRAM-MD5");
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

	text_addf(t, "250-localhost");
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
		mail_forget(s);
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
		reply = NOT_IMPLEMENTED;
	else if (s->conn.ssl || s->in_mail)
		reply = BAD_SEQUENCE;
	else if (line[8] != '\0')
		reply = "501 5.5.4 STARTTLS has no argument";
	s->plain = false;
	if (play(s, verb, line, reply) != 220 || s->over || s->plain)
		return;
	s->conn.head = s->conn.tail;
	conn_flush(&s->conn);
	play(s, HANDSHAKE, "", NULL);
	/* In TLS 1.2 the server speaks last, and no greeting is behind it. */
	s->conn.round_trips += s->conn.unheard;
	s->conn.unheard = false;
	/* RFC 3207 4.2: all that was said before is forgotten. */
	s->hello = s->authenticated = false;
	text_clear(&s->offer);
	mail_forget(s);
}

/* Commands that change nothing. */
static void
simple(struct session *s, enum verb verb, char *line)
{
	static const char *const replies[NVERB] = {
		[NOOP] = "250 2.0.0 Ok",
		[VRFY] = "252 2.0.0 Send some mail and see",
		[EXPN] = NOT_IMPLEMENTED,
		[HELP] = "214 2.0.0 See RFC 5321",
		[OTHER] = "500 5.5.2 Unrecognized command",
	};

	play(s, verb, line, replies[verb]);
}

static void
quit(struct session *s, enum verb verb, char *line)
{
	play(s, verb, line, "221 2.0.0 Bye");
	if (s->over)
		return;
	/* Written before the client can know that the session has ended. */
	session_end(s, NULL);
	conn_notify(&s->conn);
	if (conn_linger(&s->conn))
		log_violation(s, "input after QUIT");
}

static const struct command {
	const char *name;
	enum verb verb;
	bool group; /* RFC 2920 3.1: others may follow before its reply */
	void (*act)(struct session *, enum verb, char *line);
} commands[] = {
	{ "EHLO", EHLO, false, hello },
	{ "HELO", HELO, false, hello },
	{ "LHLO", LHLO, false, hello },
	{ "STARTTLS", STARTTLS, false, starttls },
	{ "AUTH", AUTH, false, auth_run },
	{ "MAIL", MAIL, true, mail_from },
	{ "RCPT", RCPT, true, mail_rcpt },
	{ "DATA", DATA, false, mail_data },
	{ "BDAT", BDAT, true, mail_bdat },
	{ "RSET", RSET, true, mail_rset },
	{ "NOOP", NOOP, false, simple },
	{ "VRFY", VRFY, false, simple },
	{ "EXPN", EXPN, false, simple },
	{ "HELP", HELP, false, simple },
	{ "QUIT", QUIT, false, quit },
	{ "", OTHER, false, simple },
};

static const struct command *
find_command(struct session *s, const char *line)
{
	const struct command *c = commands;
	size_t len = strcspn(line, " ");

	while (c->verb != OTHER &&
	       (strncasecmp(line, c->name, len) != 0 || c->name[len] != '\0'))
		c++;
	if (strncmp(line, c->name, len) != 0 && c->verb != OTHER)
		log_violation(s, "a verb in small letters");
	return c;
}

static void
obey(struct session *s, char *line, size_t len)
{
	const struct command *c = find_command(s, line);

	s->ncommand++;
	check_length(s, c->verb, len);
	if (c->verb != BDAT) /* its octets stand behind it */
		session_check_group(s, c->group);
	if (s->turned_away && c->verb != QUIT)
		play(s, c->verb, line, BAD_SEQUENCE);
	else
		c->act(s, c->verb, line);
}

static void
greet(struct session *s)
{
	bool early = conn_peek(&s->conn);
	int code;

	code = play(s, GREETING, "",
	    s->opt->lmtp ? "220 localhost LMTP" : "220 localhost ESMTP");
	/* While its end is here nobody can have read it. */
	if (early || (!s->over && s->conn.out.len > 0 && conn_peek(&s->conn)))
		log_violation(s, "input before the greeting was sent");
	s->turned_away = code >= 300;
}

void
session_run(struct session *s)
{
	size_t len;
	char *line;

	log_event(s, "connected %llu", (unsigned long long)s->number);
	if (s->opt->implicit)
		play(s, HANDSHAKE, "", NULL);
	if (!s->over)
		greet(s);
	while (!s->over && (line = next_line(s, &len)))
		obey(s, line, len);
	session_end(s, s->conn.ended);
	if (s->conn.fd != -1)
		(void)conn_linger(&s->conn);
	conn_close(&s->conn, false);
	mail_forget(s);
	text_free(&s->line);
	text_free(&s->said);
	text_free(&s->offer);
	text_free(&s->envelope);
}
