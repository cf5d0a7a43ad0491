/* Logging in: an input's first line is what the server offers, a - at its end
 * what there is no password but a token for, and each line behind it is a
 * challenge, to be put in base64; but one that begins with # is said as it is,
 * if it has none of the marks of wire.h. */

#define _GNU_SOURCE 1 /* memmem(3) */

#include <string.h>

#include "base/clock.h"
#include "fuzz.h"
#include "smtp/sasl.h"
#include "wire.h"

/* What would be a mark of the wire is left out. */
static bool
is_marked(const char *p, size_t n)
{
	return n &&
	       (memchr(p, '|', n) || memchr(p, '^', n) || memchr(p, '!', n));
}

static void
offer(struct buf *stream, const char *p, size_t n)
{
	buf_adds(stream, "220 ready\r\n|250-hello\r\n250 AUTH ");
	if (!is_marked(p, n))
		buf_add(stream, p, n);
	buf_adds(stream, "\r\n|");
}

static void
challenge(struct buf *stream, const char *p, size_t n)
{
	if (n && *p == '#' && !is_marked(p, n)) {
		buf_add(stream, p + 1, n - 1);
	} else {
		buf_adds(stream, "334 ");
		base64_encode(stream, p, n);
	}
	buf_adds(stream, "\r\n|");
}

static void
make_stream(struct buf *stream, const char *p, size_t n)
{
	void (*add)(struct buf *, const char *, size_t) = offer;
	const char *eol;

	while (n && (eol = memchr(p, '\n', n))) {
		add(stream, p, (size_t)(eol - p));
		n -= (size_t)(eol - p) + 1;
		p = eol + 1;
		add = challenge;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char user[] = "ann";
	struct credentials credentials = { .user = user };
	struct wire_setup setup = { .options = { .deadline = CLOCK_NEVER,
					.tls = TLS_NONE,
					.credentials = &credentials,
					.allow_cleartext_auth = true,
					.quit_after = STAGE_AUTH },
		.nrecipient = 1 };
	struct buf stream = { 0 };
	struct wire wire;

	const char *eol = size ? memchr(data, '\n', size) : NULL;

	if (eol && eol > (const char *)data && eol[-1] == '-')
		credentials.proof = BY_TOKEN;
	buf_adds(&credentials.password, "correct horse");
	make_stream(&stream, (const char *)data, size);
	wire = (struct wire){ .stream = buf_head(&stream),
		.left = buf_len(&stream) };
	if (wire_run(&wire, &setup)) /* 503: it was logged in before */
		MUST(memmem(data, size, "\n#235", 5) ||
		     memmem(data, size, "\n#503", 5));
	buf_free(&credentials.password);
	buf_free(&stream);
	return 0;
}
