#include <string.h>

#include "smtp/redact.h"

void
hide(struct session *s, const char *secret, size_t len)
{
	s->hidden.secret = true;
	buf_add(&s->hidden, secret, len);
	buf_add(&s->hidden, "", 1);
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
