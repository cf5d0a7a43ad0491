#include <string.h>

#include "base/text.h"
#include "smtp/sasl_oauth.h"

#define CTRL_A "\001" /* parts the fields */

/* A challenge behind the token says in JSON why it is refused; a dummy is the
 * answer, and then comes 535 (RFC 7628 3.2.3). */
static int
refused(struct exchange *x, const struct buf *challenge, struct buf *out,
    const char *dummy)
{
	if (x->step > 1)
		return problem_set(&x->problem, FAIL_PROTOCOL,
		    "%s: one challenge too many", x->mechanism->name);
	text_show(&x->refusal, buf_head(challenge), buf_len(challenge));
	if (buf_len(challenge) == 0)
		buf_adds(&x->refusal, "no reason given");
	buf_adds(out, dummy);
	return 0;
}

static void
add_token(struct exchange *x, struct buf *out)
{
	const struct buf *token = &x->credentials->password;

	buf_adds(out, "auth=Bearer ");
	buf_add(out, buf_head(token), buf_len(token));
	buf_adds(out, CTRL_A CTRL_A);
}

int
oauthbearer(struct exchange *x, const struct buf *challenge, struct buf *out)
{
	const struct credentials *c = x->credentials;
	const char *name;

	if (x->step > 0)
		return refused(x, challenge, out, CTRL_A);
	buf_adds(out, "n,a=");
	name = c->authzid ? c->authzid : c->user;
	sasl_name(out, name, strlen(name));
	buf_adds(out, "," CTRL_A);
	if (x->host)
		buf_addf(out, "host=%s" CTRL_A "port=%u" CTRL_A, x->host,
		    (unsigned)x->port);
	add_token(x, out);
	return 0;
}

int
xoauth2(struct exchange *x, const struct buf *challenge, struct buf *out)
{
	if (x->step > 0)
		return refused(x, challenge, out, "");
	buf_addf(out, "user=%s" CTRL_A, x->credentials->user);
	add_token(x, out);
	return 0;
}
