#include <string.h>

#include "server.h"

/* The first digits of a reply as a number, 0 if it does not begin so. */
static int
code_of(const char *reply)
{
	int code = 0;

	for (int i = 0; i < 3; i++) {
		if (reply[i] < '0' || reply[i] > '9')
			return 0;
		code = code * 10 + (reply[i] - '0');
	}
	return code;
}

/* A CR or LF that does not end a line is shown. */
static void
log_said(struct session *s, const char *data, size_t len)
{
	size_t start = 0;

	for (size_t i = 1; i < len; i++)
		if (data[i - 1] == '\r' && data[i] == '\n') {
			log_bytes(s, "S: ", data + start, i - 1 - start);
			start = i + 1;
		}
	if (start < len)
		log_bytes(s, "S: ", data + start, len - start);
}

static size_t
within_cut(struct session *s, size_t len)
{
	if (s->allowed == UINT64_MAX)
		return len;
	if (len > s->allowed)
		len = (size_t)s->allowed;
	s->allowed -= len;
	return len;
}

static void
say_raw(struct session *s, const char *data, size_t len)
{
	len = within_cut(s, len);
	log_said(s, data, len);
	conn_queue(&s->conn, data, len);
}

/* Says a reply whose lines are parted by LF. */
static int
say(struct session *s, const char *reply)
{
	struct text wire = { 0 };

	text_clear(&s->said);
	text_addf(&s->said, "%s", reply);
	for (const char *line = reply; line;) {
		size_t len = strcspn(line, "\n");

		text_add(&wire, line, len);
		text_add(&wire, "\r\n", 2);
		line = line[len] ? line + len + 1 : NULL;
	}
	say_raw(s, wire.data, wire.len);
	text_free(&wire);
	return code_of(reply);
}

static void
say_endlessly(struct session *s, const struct text *t)
{
	struct text block = { 0 };
	size_t enough = s->conn.drip ? 1 : 16 * 1024;

	log_said(s, t->data, t->len);
	log_event(s, "and so on");
	do
		text_add(&block, t->data, t->len);
	while (t->len > 0 && block.len < enough);
	while (!s->conn.ended && s->allowed > 0) {
		conn_queue(&s->conn, block.data, within_cut(s, block.len));
		conn_flush(&s->conn);
	}
	text_free(&block);
	s->over = true;
}

static void
accept_tls(struct session *s)
{
	const char *why = "no certificate was given";

	if (s->opt->tls)
		why = conn_handshake(&s->conn, s->opt->tls);
	if (why) {
		log_event(s, "TLS failed: %s", why);
		s->over = true;
		return;
	}
	log_event(s, "TLS on: %s", SSL_get_version(s->conn.ssl));
}

static int
normally(struct session *s, const char *normal)
{
	if (normal)
		return say(s, normal);
	accept_tls(s);
	return 0;
}

/* The client is gone when it has closed; until then it is not answered. */
static void
be_silent(struct session *s)
{
	log_event(s, "silent");
	do
		s->conn.head = s->conn.tail;
	while (conn_fill(&s->conn, CONN_BLOCK) == 0);
	s->over = true;
}

static void
hang_up(struct session *s, bool reset)
{
	session_end(s, reset ? "reset by server" : "closed by server");
	conn_flush(&s->conn);
	if (!reset)
		(void)conn_linger(&s->conn);
	conn_close(&s->conn, reset);
}

/* Nobody could tell when this session ends; so it ends here. */
static void
stall(struct session *s)
{
	session_end(s, "stalled");
	conn_await_hangup(&s->conn);
}

/* The deeds behind which nothing more is said. */
static void
finish(struct session *s, enum deed deed)
{
	if (deed == SILENT)
		be_silent(s);
	else if (deed == STALL)
		stall(s);
	else
		hang_up(s, deed == RESET);
}

static void
take_step(
    struct session *s, const struct step *step, const char *normal, int *code)
{
	switch (step->deed) {
	case SAY:
		*code = say(s, step->text.data);
		break;
	case SAY_RAW:
		say_raw(s, step->text.data, step->text.len);
		break;
	case SAY_OUTSIDE:
		log_said(s, step->text.data, step->text.len);
		conn_send_outside(&s->conn, step->text.data, step->text.len);
		break;
	case ACCEPT:
		*code = normally(s, normal);
		break;
	case AS:
		*code = (int)step->number;
		break;
	case FLUSH:
		conn_forget_input(&s->conn);
		*code = normally(s, normal);
		break;
	case CUT:
		s->allowed = step->number;
		break;
	case JOIN:
		s->conn.join = true;
		break;
	case DRIP:
		conn_flush(&s->conn);
		s->conn.drip = (int)step->number;
		break;
	case ENDLESS:
		say_endlessly(s, &step->text);
		break;
	case PAUSE:
		conn_flush(&s->conn);
		conn_nap(&s->conn, (int)step->number);
		break;
	case SLOW:
		s->conn.slow = (int)step->number;
		break;
	case PLAIN:
		s->plain = true;
		break;
	case RENEGOTIATE:
		conn_renegotiate(&s->conn);
		break;
	case UPDATE:
		conn_update(&s->conn, step->number);
		break;
	case NOTIFY:
		conn_notify(&s->conn);
		break;
	case CLOSE:
	case RESET:
	case SILENT:
	case STALL:
		finish(s, step->deed);
		break;
	}
}

int
play_rule(struct session *s, const struct rule *rule, const char *normal)
{
	const struct step *step = rule->steps;
	int code = 0;

	for (; step && !s->over && s->allowed > 0; step = step->next)
		take_step(s, step, normal, &code);
	s->conn.drip = 0;
	if (s->allowed != UINT64_MAX && !s->over)
		hang_up(s, false);
	return code;
}

int
play(struct session *s, enum verb verb, const char *line, const char *normal)
{
	const struct rule *rule;
	int code;

	s->seen[verb]++;
	rule =
	    scenario_find(s->opt->rules, s->number, verb, s->seen[verb], line);
	if (rule == NULL)
		return normally(s, normal);
	code = play_rule(s, rule, normal);
	/* Without TLS there is nothing to understand behind the handshake. */
	if (verb == HANDSHAKE && s->conn.ssl == NULL && !s->over)
		be_silent(s);
	return code;
}
