#include <string.h>

#include "smtp/redact.h"
#include "smtp/sasl.h"

/* The longest come first, so that of what holds another nothing is left over.
 */
void
hide(struct session *s, const char *secret, size_t len)
{
	struct buf all = { .secret = true };
	const char *p = buf_head(&s->hidden), *end = p + buf_len(&s->hidden);

	for (; p < end && strlen(p) >= len; p += strlen(p) + 1)
		buf_add(&all, p, strlen(p) + 1);
	buf_add(&all, secret, len);
	buf_add(&all, "", 1);
	buf_add(&all, p, (size_t)(end - p));
	s->hidden.secret = true;
	buf_free(&s->hidden);
	s->hidden = all;
}

static void
hide_hex(struct session *s, const struct buf *password, const char *digits)
{
	const char *p = buf_head(password), *end = p + buf_len(password);
	struct buf hex = { .secret = true };

	for (; p < end; p++) {
		buf_add(&hex, &digits[(unsigned char)*p >> 4], 1);
		buf_add(&hex, &digits[*p & 15], 1);
	}
	hide(s, buf_head(&hex), buf_len(&hex));
	buf_free(&hex);
}

/* As it is, and as base64 of something that holds it shows it, wherever in
 * there it begins (S-42). */
void
hide_all(struct session *s, const struct buf *secret)
{
	const char *p = buf_head(secret);
	size_t len = buf_len(secret), skip;
	struct buf encoded = { .secret = true };

	hide(s, p, len);
	base64_encode(&encoded, p, len);
	hide(s, buf_head(&encoded), buf_len(&encoded));
	for (skip = 0; skip < 3 && len >= skip + 6; skip++) {
		buf_clear(&encoded);
		base64_encode(&encoded, p + skip, (len - skip) / 3 * 3);
		hide(s, buf_head(&encoded), buf_len(&encoded));
	}
	hide_hex(s, secret, "0123456789abcdef");
	hide_hex(s, secret, "0123456789ABCDEF");
	buf_free(&encoded);
}

/* Replaces one secret in text. */
static void
blot_out(struct buf *text, const char *secret, size_t len)
{
	struct buf clean = { 0 };
	const char *p = buf_head(text), *end = p + buf_len(text);
	bool found = false;

	while (p < end) {
		if ((size_t)(end - p) >= len && memcmp(p, secret, len) == 0) {
			buf_adds(&clean, "[hidden]");
			p += len;
			found = true;
		} else {
			buf_add(&clean, p++, 1);
		}
	}
	if (found) {
		buf_free(text);
		*text = clean;
	} else {
		buf_free(&clean);
	}
}

void
redact(const struct session *s, struct buf *text)
{
	const char *p = buf_head(&s->hidden), *end = p + buf_len(&s->hidden);

	if (s->trace->secrets)
		return;
	for (; p < end; p += strlen(p) + 1)
		if (*p)
			blot_out(text, p, strlen(p));
}

void
spell_nul(struct buf *text)
{
	struct buf spelt = { 0 };
	const char *p = buf_head(text), *end = p + buf_len(text), *nul;

	if (memchr(p, '\0', buf_len(text)) == NULL)
		return;
	for (; (nul = memchr(p, '\0', (size_t)(end - p))); p = nul + 1) {
		buf_add(&spelt, p, (size_t)(nul - p));
		buf_adds(&spelt, "\\x00");
	}
	buf_add(&spelt, p, (size_t)(end - p));
	buf_free(text);
	*text = spelt;
}
