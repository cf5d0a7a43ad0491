#ifdef HAVE_GSSAPI

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <gssapi/gssapi.h>

#include "base/text.h"
#include "smtp/sasl_gssapi.h"

#define NO_LAYER 1 /* only the login: RFC 4752 3.3 */

/* Kept in exchange.state. */
struct security {
	gss_ctx_id_t context;
	gss_name_t server;
	bool established;
};

static void
add_status(struct buf *text, OM_uint32 status, int kind)
{
	gss_buffer_desc words;
	OM_uint32 minor, more = 0;

	do {
		if (gss_display_status(&minor, status, kind, GSS_C_NO_OID,
			&more, &words) != GSS_S_COMPLETE)
			return;
		if (words.length)
			buf_adds(text, ": ");
		text_show(text, words.value, words.length);
		gss_release_buffer(&minor, &words);
	} while (more);
}

static int
failed(struct exchange *x, OM_uint32 major, OM_uint32 minor)
{
	struct buf why = { 0 };

	add_status(&why, major, GSS_C_GSS_CODE);
	add_status(&why, minor, GSS_C_MECH_CODE);
	problem_hint(&x->problem, FAIL_AUTH, "klist shows the tickets",
	    "GSSAPI%s", buf_str(&why));
	buf_free(&why);
	return -1;
}

/* From the beginning: smtp and the host that was typed (R-4954-14, R-GSS). */
static int
start(struct exchange *x)
{
	struct buf service = { 0 };
	gss_buffer_desc name;
	struct security *s;
	OM_uint32 major, minor;

	gssapi_end(x);
	if (x->host == NULL)
		return problem_set(&x->problem, FAIL_AUTH,
		    "GSSAPI: a Unix socket is no service of Kerberos");
	x->state = s = mem_array(1, sizeof(*s));
	s->context = GSS_C_NO_CONTEXT;
	s->server = GSS_C_NO_NAME;
	buf_addf(&service, "smtp@%s", x->host);
	name.value = (void *)(uintptr_t)buf_str(&service);
	name.length = buf_len(&service);
	major = gss_import_name(
	    &minor, &name, GSS_C_NT_HOSTBASED_SERVICE, &s->server);
	buf_free(&service);
	return GSS_ERROR(major) ? failed(x, major, minor) : 0;
}

/* One step towards a security context, in which both sides are known. */
static int
establish(struct exchange *x, const struct buf *challenge, struct buf *out)
{
	struct security *s = x->state;
	gss_buffer_desc in = { buf_len(challenge),
		(void *)(uintptr_t)buf_head(challenge) };
	gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
	OM_uint32 major, minor, ignored, flags = 0;

	major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &s->context,
	    s->server, GSS_C_NO_OID, GSS_C_MUTUAL_FLAG | GSS_C_SEQUENCE_FLAG, 0,
	    GSS_C_NO_CHANNEL_BINDINGS, x->step ? &in : GSS_C_NO_BUFFER, NULL,
	    &token, &flags, NULL);
	buf_add(out, token.value, token.length);
	gss_release_buffer(&ignored, &token);
	if (GSS_ERROR(major))
		return failed(x, major, minor);
	s->established = major == GSS_S_COMPLETE;
	if (s->established && !(flags & GSS_C_MUTUAL_FLAG))
		return problem_set(&x->problem, FAIL_AUTH,
		    "GSSAPI: the server does not prove itself");
	return 0;
}

/* Says that no security layer is wanted, and whom to act as. */
static int
choose(struct exchange *x, struct buf *out)
{
	const struct credentials *c = x->credentials;
	const char *name = c->authzid ? c->authzid : c->user;
	struct security *s = x->state;
	struct buf choice = { 0 };
	gss_buffer_desc plain, wrapped = GSS_C_EMPTY_BUFFER;
	OM_uint32 major, minor, ignored;

	buf_add(&choice, "\1\0\0\0", 4);
	if (name)
		buf_adds(&choice, name);
	plain.value = choice.data;
	plain.length = buf_len(&choice);
	major = gss_wrap(
	    &minor, s->context, 0, GSS_C_QOP_DEFAULT, &plain, NULL, &wrapped);
	buf_add(out, wrapped.value, wrapped.length);
	gss_release_buffer(&ignored, &wrapped);
	buf_free(&choice);
	return GSS_ERROR(major) ? failed(x, major, minor) : 0;
}

/* The layers that the server offers, and the size of what it takes, which does
 * not matter without one: four octets (F-356). */
static int
negotiate(struct exchange *x, const struct buf *challenge, struct buf *out)
{
	struct security *s = x->state;
	gss_buffer_desc in = { buf_len(challenge),
		(void *)(uintptr_t)buf_head(challenge) };
	gss_buffer_desc offer = GSS_C_EMPTY_BUFFER;
	OM_uint32 major, minor, ignored;
	int rv = 0;

	major = gss_unwrap(&minor, s->context, &in, &offer, NULL, NULL);
	if (GSS_ERROR(major))
		return failed(x, major, minor);
	if (offer.length != 4)
		rv = problem_set(&x->problem, FAIL_AUTH,
		    "GSSAPI: %zu octets offer no security layers",
		    offer.length);
	else if (!(*(const unsigned char *)offer.value & NO_LAYER))
		rv = problem_set(&x->problem, FAIL_AUTH,
		    "GSSAPI: the server wants a security layer inside TLS");
	gss_release_buffer(&ignored, &offer);
	return rv == 0 ? choose(x, out) : -1;
}

int
gssapi(struct exchange *x, const struct buf *challenge, struct buf *out)
{
	struct security *s = x->state;
	int rv;

	if (x->step == 0)
		return start(x) == 0 ? establish(x, challenge, out) : -1;
	if (s == NULL)
		return problem_set(&x->problem, FAIL_PROTOCOL,
		    "GSSAPI: one challenge too many");
	if (!s->established)
		return establish(x, challenge, out);
	rv = negotiate(x, challenge, out);
	gssapi_end(x);
	return rv;
}

void
gssapi_end(struct exchange *x)
{
	struct security *s = x->state;
	OM_uint32 minor;

	if (s == NULL)
		return;
	gss_delete_sec_context(&minor, &s->context, GSS_C_NO_BUFFER);
	gss_release_name(&minor, &s->server);
	free(s);
	x->state = NULL;
}

#endif
