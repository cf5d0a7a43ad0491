#include <string.h>
#include <strings.h>

#include "server.h"

static const char no_recipients[] = "554 5.5.1 No valid recipients";
static const char too_big[] = "552 5.3.4 Message too big";

void
mail_forget(struct session *s)
{
	s->in_mail = s->eight = s->binary = s->prdr = s->chunk_failed = false;
	s->nrcpt = 0;
	text_clear(&s->envelope);
	content_drop(s);
}

static bool
is_word(const char *at, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(at, word, len) == 0;
}

/* A parameter is good when its extension is offered. */
static bool
is_known(const struct session *s, const char *name, size_t len)
{
	static const struct {
		const char *name;
		const char *keyword;
	} known[] = {
		{ "AUTH", "AUTH" },
		{ "BODY", "8BITMIME" },
		{ "BY", "DELIVERBY" },
		{ "ENVID", "DSN" },
		{ "HOLDFOR", "FUTURERELEASE" },
		{ "HOLDUNTIL", "FUTURERELEASE" },
		{ "MT-PRIORITY", "MT-PRIORITY" },
		{ "NOTIFY", "DSN" },
		{ "ORCPT", "DSN" },
		{ "PRDR", "PRDR" },
		{ "REQUIRETLS", "REQUIRETLS" },
		{ "RET", "DSN" },
		{ "RRVS", "RRVS" },
		{ "SIZE", "SIZE" },
		{ "SMTPUTF8", "SMTPUTF8" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (is_word(name, len, known[i].name))
			return session_offers(s, known[i].keyword);
	return false;
}

/* Returns NULL, or the reply to a parameter that is not good. */
static const char *
heed(struct session *s, const char *at, size_t len)
{
	const char *value = memchr(at, '=', len);
	size_t name = value ? (size_t)(value - at) : len;
	char digits[24] = "";
	uint64_t size;

	if (!is_known(s, at, name) || (is_word(at, len, "BODY=BINARYMIME") &&
					  !session_offers(s, "BINARYMIME")))
		return "555 5.5.4 Unknown parameter";
	s->prdr = s->prdr || is_word(at, len, "PRDR");
	s->binary = s->binary || is_word(at, len, "BODY=BINARYMIME");
	s->eight = s->eight || s->binary || is_word(at, len, "BODY=8BITMIME");
	if (!is_word(at, name, "SIZE"))
		return NULL;
	if (value && len - name <= sizeof(digits))
		memcpy(digits, value + 1, len - name - 1);
	if (parse_number(digits, &size) == -1)
		return "501 5.5.4 SIZE";
	return s->opt->size && size > s->opt->size ? too_big : NULL;
}

/* Finds the end of a path that begins behind `<`; NULL if there is none. */
static const char *
behind_path(const char *at)
{
	bool quoted = false;

	for (; *at && (quoted || *at != '>'); at++) {
		if (*at == '"')
			quoted = !quoted;
		else if (*at == '\\' && at[1])
			at++;
	}
	return *at ? at + 1 : NULL;
}

static const char *
parse(struct session *s, const char *line, const char *start)
{
	const char *at, *wrong = NULL;

	if (strncasecmp(line, start, strlen(start)) != 0 ||
	    (at = behind_path(line + strlen(start))) == NULL)
		return "501 5.5.4 Syntax error";
	while (wrong == NULL && at[0] == ' ' && at[1]) {
		size_t len = strcspn(++at, " ");

		wrong = heed(s, at, len);
		at += len;
	}
	return wrong || *at == '\0' ? wrong : "501 5.5.4 Syntax error";
}

void
mail_from(struct session *s, enum verb verb, char *line)
{
	const char *reply;

	if (!s->hello || s->in_mail) {
		play(s, verb, line, BAD_SEQUENCE);
		return;
	}
	mail_forget(s);
	reply = parse(s, line, "MAIL FROM:<");
	if (s->opt->require_auth && !s->authenticated)
		reply = "530 5.7.0 Authentication required";
	if (play(s, verb, line, reply ? reply : "250 2.1.0 Ok") / 100 != 2)
		return;
	s->in_mail = true;
	text_addf(&s->envelope, "%s\n", line);
}

void
mail_rcpt(struct session *s, enum verb verb, char *line)
{
	const char *reply = BAD_SEQUENCE;

	if (s->in_mail)
		reply = parse(s, line, "RCPT TO:<");
	if (play(s, verb, line, reply ? reply : "250 2.1.5 Ok") / 100 != 2)
		return;
	s->nrcpt++;
	text_addf(&s->envelope, "%s\n", line);
}

/* LMTP has a reply for each recipient, PRDR (if it begins) one more. */
static void
answer_content(struct session *s, const char *reply)
{
	size_t each = s->opt->lmtp ? s->nrcpt : 0;

	if (s->prdr) {
		if (play(s, CONTENT, "", "353 5.0.0 One for each") != 353)
			return;
		each = s->nrcpt;
	}
	for (size_t i = 0; i < each && !s->over; i++)
		play(s, CONTENT, "", reply);
	if (!s->over && !s->opt->lmtp)
		play(s, CONTENT, "", reply);
}

/* What to say about content that is here. */
static const char *
verdict(struct session *s)
{
	return s->opt->size && s->content.size > s->opt->size ? too_big
							      : "250 2.0.0 Ok";
}

static void
broken_off(struct session *s)
{
	if (!s->ended)
		log_event(s, "content broken off after %llu octets",
		    (unsigned long long)s->content.wire);
}

static void
receive_message(struct session *s)
{
	const struct content *t = &s->content;
	const char *reply = no_recipients;

	if (content_data(s) == -1) {
		broken_off(s);
		return;
	}
	session_check_group(s, true);
	if (s->in_mail && s->nrcpt > 0) {
		reply = verdict(s);
		content_keep(s);
	} else if (t->size == 0) {
		log_event(s, "lone dot");
	} else {
		log_violation(s, "content without recipients");
	}
	if (!t->early)
		answer_content(s, reply);
	mail_forget(s);
}

void
mail_data(struct session *s, enum verb verb, char *line)
{
	const char *reply = "354 End with a dot on a line of its own";

	if (!s->in_mail || s->binary || s->content.started)
		reply = BAD_SEQUENCE;
	else if (s->nrcpt == 0)
		reply = no_recipients;
	else if (line[4] != '\0')
		reply = "501 5.5.4 DATA has no argument";
	if (play(s, verb, line, reply) / 100 == 3 && !s->over)
		receive_message(s);
}

static const char *
judge_chunk(struct session *s)
{
	if (!session_offers(s, "CHUNKING"))
		return NOT_IMPLEMENTED;
	if (!s->in_mail || s->chunk_failed)
		return BAD_SEQUENCE;
	return s->nrcpt == 0 ? no_recipients : verdict(s);
}

static int
parse_chunk(char *line, uint64_t *octets, bool *last)
{
	char *space;

	if (line[4] != ' ')
		return -1;
	space = strchr(line + 5, ' ');
	*last = space != NULL;
	if (space && strcasecmp(space, " LAST") != 0)
		return -1;
	if (space)
		*space = '\0';
	return parse_number(line + 5, octets);
}

/* RFC 3030 2: the octets come whatever the reply will be. */
void
mail_bdat(struct session *s, enum verb verb, char *line)
{
	const char *reply;
	uint64_t octets;
	bool last, good;
	int code;

	if (parse_chunk(line, &octets, &last) == -1) {
		play(s, verb, line, "501 5.5.4 BDAT size [LAST]");
		return;
	}
	if (content_chunk(s, octets) == -1) {
		broken_off(s);
		return;
	}
	session_check_group(s, true);
	reply = judge_chunk(s);
	good = *reply == '2';
	if (good && last)
		content_keep(s);
	code = s->content.early;
	if (!code && good && last && s->opt->lmtp)
		answer_content(s, reply);
	else if (!code)
		code = play(s, verb, line, reply);
	if (code >= 300) {
		s->chunk_failed = true;
		content_drop(s);
	}
	if (last)
		mail_forget(s);
}

void
mail_rset(struct session *s, enum verb verb, char *line)
{
	if (play(s, verb, line, "250 2.0.0 Ok") / 100 == 2)
		mail_forget(s);
}
