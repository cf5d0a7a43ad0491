/* Challenges to the mechanisms themselves, with a nonce that an input can know:
 * its first line is the name of one, and each line behind it a challenge. */

#include <string.h>

#include "base/clock.h"
#include "fuzz.h"
#include "smtp/sasl.h"

/* In ms: a server may ask for rounds without end. */
#define PATIENCE 50

/* One challenge; false: it is not answered. */
static bool
answer(struct exchange *x, const char *p, size_t n)
{
	struct buf challenge = { 0 }, out = { .secret = true };
	int rv;

	buf_add(&challenge, p, n);
	rv = x->mechanism->respond(x, &challenge, &out);
	x->step += rv == 0;
	MUST(rv == 0 || x->problem.class != FAIL_NONE);
	buf_free(&challenge);
	buf_free(&out);
	return rv == 0;
}

static void
converse(const struct mechanism *m, const char *p, size_t n)
{
	static char user[] = "user";
	struct credentials credentials = { .user = user, .proof = m->by };
	struct exchange x = { .mechanism = m,
		.credentials = &credentials,
		.host = "mail.example.org",
		.port = 587,
		.binding = m->binds ? "tls-exporter" : NULL,
		.patience = { -1, clock_now() + PATIENCE } };
	const char *eol;
	bool on;

	buf_adds(&credentials.password, "pencil");
	buf_adds(&x.nonce, "fyko+d2lbbFgONRv9qkxdawL");
	buf_adds(&x.bound, "octets of the channel");
	on = !m->initial || answer(&x, "", 0);
	while (on && n && (eol = memchr(p, '\n', n))) {
		on = answer(&x, p, (size_t)(eol - p));
		n -= (size_t)(eol - p) + 1;
		p = eol + 1;
	}
	if (m->end)
		m->end(&x);
	exchange_free(&x);
	buf_free(&x.bound);
	buf_free(&credentials.password);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	const char *eol = size ? memchr(p, '\n', size) : NULL;
	const struct mechanism *m;
	char name[32] = "";

	if (eol == NULL || (size_t)(eol - p) >= sizeof(name))
		return 0;
	memcpy(name, p, (size_t)(eol - p));
	m = sasl_find(name);
	/* what goes on in a library, with files of its own, is not looked at */
	if (m && m->end == NULL)
		converse(m, eol + 1, size - (size_t)(eol - p) - 1);
	return 0;
}
