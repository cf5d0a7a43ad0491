/* Text from outside: what is shown drives no terminal, and what is written as
 * JSON is JSON. */

#define _GNU_SOURCE 1 /* memmem(3) */

#include <string.h>

#include "base/text.h"
#include "fuzz.h"

/* Without text.c's own tables: no control, and none of the characters that
 * turn or hide a line. */
static void
must_be_tame(const char *p, size_t len)
{
	static const char *const wild[] = { "\xe2\x80\x8b", "\xe2\x80\x8f",
		"\xe2\x80\xa8", "\xe2\x80\xaa", "\xe2\x80\xae", "\xe2\x81\xa6",
		"\xe2\x81\xa9", "\xef\xbb\xbf", "\xc2\xad" };
	size_t i;

	for (i = 0; i < len; i++) {
		MUST((unsigned char)p[i] >= ' ' && p[i] != 0x7f);
		if (i + 1 < len && p[i] == '\xc2')
			MUST((unsigned char)p[i + 1] >= 0xa0);
	}
	for (i = 0; i < sizeof(wild) / sizeof(wild[0]); i++)
		MUST(len == 0 || !memmem(p, len, wild[i], strlen(wild[i])));
}

static void
must_be_utf8(const char *p, size_t len)
{
	uint32_t cp;
	size_t n;

	for (; len; p += n, len -= n) {
		n = text_utf8(p, len, &cp);
		MUST(n > 0);
	}
}

/* Passes over \uNNNN. */
static unsigned
escaped(const char *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	unsigned value = 0;
	size_t i;

	MUST(len >= 6 && p[0] == '\\' && p[1] == 'u');
	for (i = 2; i < 6; i++) {
		const char *digit = memchr(digits, p[i], 16);

		MUST(digit);
		value = value * 16 + (unsigned)(digit - digits);
	}
	return value;
}

/* RFC 8259 7, and surrogates only in pairs. */
static void
must_be_string(const char *p, size_t len)
{
	const char *end = p + len - 1;
	unsigned value;

	MUST(len >= 2 && *p == '"' && *end == '"');
	for (p++; p < end; p++) {
		MUST(*p != '"' && (unsigned char)*p >= ' ');
		if (*p != '\\')
			continue;
		MUST(p + 1 < end);
		if (p[1] == '"' || p[1] == '\\') {
			p++;
			continue;
		}
		value = escaped(p, (size_t)(end - p));
		p += 5;
		MUST(value < 0xdc00 || value > 0xdfff);
		if (value < 0xd800 || value > 0xdfff)
			continue;
		value = escaped(p + 1, (size_t)(end - p - 1));
		p += 6;
		MUST(value >= 0xdc00 && value <= 0xdfff);
	}
}

static void
check_fit(const char *p, size_t len)
{
	bool whole = text_harmless(p, len);
	size_t max, n;

	for (max = 0; max <= len + 1 && max < 64; max++) {
		n = text_fit(p, len, max);
		MUST(n <= max && n <= len);
		MUST(n + 4 > max || n == len || !whole);
		if (whole)
			must_be_utf8(p, n);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	struct buf out = { 0 };
	uint64_t number;

	text_show(&out, p, size);
	must_be_tame(buf_head(&out), buf_len(&out));
	must_be_utf8(buf_head(&out), buf_len(&out));
	MUST(text_harmless(buf_head(&out), buf_len(&out)));
	MUST(text_harmless(p, size) ==
	     (buf_len(&out) == size &&
		 (size == 0 || memcmp(buf_head(&out), p, size) == 0)));
	buf_clear(&out);
	text_json(&out, p, size);
	must_be_string(buf_head(&out), buf_len(&out));
	must_be_tame(buf_head(&out), buf_len(&out));
	must_be_utf8(buf_head(&out), buf_len(&out));
	buf_clear(&out);
	check_fit(p, size);
	if (text_number(p, size, 999999, &number) == 0)
		MUST(number <= 999999);
	if (text_number(p, size, UINT64_MAX, &number) == 0 && *p != '0') {
		buf_addf(&out, "%llu", (unsigned long long)number);
		MUST(buf_len(&out) == size &&
		     memcmp(buf_head(&out), p, size) == 0);
	}
	buf_free(&out);
	return 0;
}
