#include <err.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include "server_auth.h"

const char auth_passed[] = "235 2.7.0 Authentication successful";
const char auth_failed[] = "535 5.7.8 Authentication credentials invalid";
static const char undecodable[] = "501 5.5.2 Cannot decode the response";

/* RFC 4648 4, strictly: no line ends, no padding but at the end. */
int
auth_decode(const char *from, struct text *to)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	size_t len = strlen(from), digits = strspn(from, alphabet);
	size_t padding = strspn(from + digits, "=");
	unsigned char *plain;
	int n;

	text_clear(to);
	if (len % 4 != 0 || digits + padding != len || padding > 2)
		return -1;
	if (len == 0)
		return 0;
	plain = malloc(len);
	if (plain == NULL)
		err(EX_OSERR, NULL);
	n = EVP_DecodeBlock(plain, (const unsigned char *)from, (int)len);
	if (n > 0)
		text_add(to, (char *)plain, (size_t)n - padding);
	free(plain);
	return n > 0 ? 0 : -1;
}

void
auth_encode(struct text *to, const void *from, size_t len)
{
	unsigned char *base64 = malloc(len * 4 / 3 + 5);

	if (base64 == NULL)
		err(EX_OSERR, NULL);
	EVP_EncodeBlock(base64, from, (int)len);
	text_addf(to, "%s", (char *)base64);
	free(base64);
}

const char *
auth_challenge(struct exchange *x, const char *text)
{
	text_clear(&x->reply);
	text_addf(&x->reply, "334 ");
	auth_encode(&x->reply, text, strlen(text));
	return x->reply.data;
}

static bool
is_right(const struct session *s, const char *user, const char *password)
{
	const char *want = s->opt->auth;
	size_t len = strlen(user);

	return want && strncmp(want, user, len) == 0 && want[len] == ':' &&
	       strcmp(want + len + 1, password) == 0;
}

static const char *
plain(struct session *s, struct exchange *x, const struct text *response)
{
	const char *end = response->data + response->len;
	const char *user, *password;

	(void)x;
	/* authzid NUL authcid NUL passwd: text_add() has put a third NUL. */
	user = response->data + strlen(response->data) + 1;
	if (user > end)
		return undecodable;
	password = user + strlen(user) + 1;
	if (password > end || password + strlen(password) != end)
		return undecodable;
	return is_right(s, user, password) ? auth_passed : auth_failed;
}

static const char *
login(struct session *s, struct exchange *x, const struct text *response)
{
	if (x->user.data == NULL) {
		text_add(&x->user, response->data, response->len);
		return auth_challenge(x, "Password:");
	}
	return is_right(s, x->user.data, response->data) ? auth_passed
							 : auth_failed;
}

static const char *
cram_md5(struct session *s, struct exchange *x, const struct text *response)
{
	const char *colon = s->opt->auth ? strchr(s->opt->auth, ':') : NULL;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	struct text want = { 0 };
	bool right;

	if (colon == NULL)
		return auth_failed;
	HMAC(EVP_md5(), colon + 1, (int)strlen(colon + 1),
	    (unsigned char *)x->challenge.data, x->challenge.len, digest, &len);
	text_addf(&want, "%.*s ", (int)(colon - s->opt->auth), s->opt->auth);
	for (unsigned int i = 0; i < len; i++)
		text_addf(&want, "%02x", digest[i]);
	right = strcmp(want.data, response->data) == 0;
	text_free(&want);
	return right ? auth_passed : auth_failed;
}

/* RFC 7628 and the older XOAUTH2: the password is the token. */
static const char *
bearer(struct session *s, struct exchange *x, const struct text *response)
{
	const char *colon = s->opt->auth ? strchr(s->opt->auth, ':') : NULL;
	bool old = strcmp(x->mechanism, "XOAUTH2") == 0;
	struct text who = { 0 }, token = { 0 };
	bool right;

	if (x->step > 1 && strcmp(response->data, old ? "" : "\001") != 0)
		log_violation(s, "%s: no dummy", x->mechanism);
	if (x->step > 1 || colon == NULL)
		return auth_failed;
	text_addf(&who, old ? "user=%.*s\001" : "n,a=%.*s,\001",
	    (int)(colon - s->opt->auth), s->opt->auth);
	text_addf(&token, "\001auth=Bearer %s\001\001", colon + 1);
	right =
	    strncmp(response->data, who.data, who.len) == 0 &&
	    response->len >= token.len &&
	    strcmp(response->data + response->len - token.len, token.data) == 0;
	text_free(&who);
	text_free(&token);
	return right ? auth_passed
		     : auth_challenge(x, "{\"status\":\"invalid_token\"}");
}

/* Whoever comes in is the user. */
static const char *
external(struct session *s, struct exchange *x, const struct text *response)
{
	(void)x;
	return response->len == 0 || (s->opt->auth &&
					 strncmp(s->opt->auth, response->data,
					     response->len) == 0 &&
					 s->opt->auth[response->len] == ':')
		   ? auth_passed
		   : auth_failed;
}

static const struct mechanism {
	const char *name;
	const char *first; /* what is asked when nothing has been said */
	bool server_first;
	const char *(*step)(
	    struct session *, struct exchange *, const struct text *);
} mechanisms[] = {
	{ "PLAIN", "", false, plain },
	{ "LOGIN", "Username:", false, login },
	{ "CRAM-MD5", NULL, true, cram_md5 },
	{ "XOAUTH2", "", false, bearer },
	{ "OAUTHBEARER", "", false, bearer },
	{ "EXTERNAL", "", false, external },
	{ "SCRAM-SHA-1", "", false, scram },
	{ "SCRAM-SHA-1-PLUS", "", false, scram },
	{ "SCRAM-SHA-256", "", false, scram },
	{ "SCRAM-SHA-256-PLUS", "", false, scram },
	{ "SCRAM-SHA-512", "", false, scram },
	{ "SCRAM-SHA-512-PLUS", "", false, scram },
};

static const struct mechanism *
find_mechanism(const char *name)
{
	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++)
		if (strcasecmp(name, mechanisms[i].name) == 0)
			return &mechanisms[i];
	return NULL;
}

static const char *
respond(struct session *s, const struct mechanism *m, struct exchange *x,
    const char *line)
{
	struct text response = { 0 };
	const char *reply;

	if (strcmp(line, "*") == 0)
		return "501 5.7.0 Authentication cancelled";
	if (m == NULL)
		return auth_failed;
	x->step++;
	if (auth_decode(line, &response) == -1) {
		log_violation(s, "base64");
		reply = undecodable;
	} else {
		reply = m->step(s, x, &response);
	}
	text_free(&response);
	return reply;
}

static const char *
begin(struct session *s, const struct mechanism *m, struct exchange *x,
    const char *initial)
{
	if (m == NULL)
		return "504 5.5.4 Unrecognized authentication type";
	if (m->server_first && initial)
		return "501 5.7.0 This mechanism has no initial response";
	if (initial) /* RFC 4954 4: "=" is an empty one */
		return respond(
		    s, m, x, strcmp(initial, "=") == 0 ? "" : initial);
	if (m->first)
		return auth_challenge(x, m->first);
	text_addf(&x->challenge, "<%llu.%llu@localhost>",
	    (unsigned long long)s->number,
	    (unsigned long long)s->seen[AUTH] + 1);
	return auth_challenge(x, x->challenge.data);
}

static const char *
refusal(const struct session *s, const char *mechanism)
{
	if (!s->hello || s->in_mail || s->authenticated)
		return BAD_SEQUENCE;
	if (!session_offers(s, "AUTH"))
		return NOT_IMPLEMENTED;
	return *mechanism == '\0' ? "501 5.5.4 AUTH mechanism" : NULL;
}

/* RFC 4954 4: a dialogue of challenges and responses, until another code. */
void
auth_run(struct session *s, enum verb verb, char *line)
{
	struct exchange x = { 0 };
	const struct mechanism *m;
	const char *reply;
	struct text all = { 0 };
	char *name, *initial;
	int code;

	text_addf(&all, "%s", line);
	name = line + strcspn(line, " ");
	name += *name == ' ';
	initial = strchr(name, ' ');
	if (initial)
		*initial++ = '\0';
	m = find_mechanism(name);
	if (m)
		x.mechanism = m->name;
	reply = refusal(s, name);
	if (reply == NULL)
		reply = begin(s, m, &x, initial);
	code = play(s, verb, all.data, reply);
	while (code == 334 && !s->over && (line = session_line(s, RESPONSE)))
		code = play(s, RESPONSE, line, respond(s, m, &x, line));
	if (code == 235)
		s->authenticated = true;
	text_free(&all);
	text_free(&x.user);
	text_free(&x.challenge);
	text_free(&x.header);
	text_free(&x.said);
	text_free(&x.nonce);
	text_free(&x.reply);
}
