#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "check.h"

#define BYTES(s) s, sizeof(s) - 1

static char *
exact(const char *p, size_t len)
{
	char *copy = malloc(len ? len : 1);

	if (len)
		memcpy(copy, p, len);
	return copy;
}

static void
what_is_shown(void)
{
	static const struct {
		const char *text;
		size_t len;
		const char *shown, *json;
	} rows[] = {
		{ BYTES(""), "", "\"\"" },
		{ BYTES("a b~"), "a b~", "\"a b~\"" },
		{ BYTES("\"\\/"), "\"\\/", "\"\\\"\\\\/\"" },
		{ BYTES("\x1b[2J\a"), "\\x1B[2J\\x07",
		    "\"\\u001b[2J\\u0007\"" },
		{ BYTES("a\0b\r\n\t\x7f"), "a\\x00b\\x0D\\x0A\\x09\\x7F",
		    "\"a\\u0000b\\u000d\\u000a\\u0009\\u007f\"" },
		{ BYTES("J\xc3\xb6rg \xe2\x82\xac \xf0\x9f\x93\xa7"),
		    "J\xc3\xb6rg \xe2\x82\xac \xf0\x9f\x93\xa7",
		    "\"J\xc3\xb6rg \xe2\x82\xac \xf0\x9f\x93\xa7\"" },
		/* C1: CSI, as UTF-8 and as an octet */
		{ BYTES("\xc2\x9b"
			"2J\x9b"),
		    "\\xC2\\x9B2J\\x9B", "\"\\u009b2J\\ufffd\"" },
		/* RLO, zero-width space, byte order mark, soft hyphen, tag */
		{ BYTES("\xe2\x80\xae"), "\\xE2\\x80\\xAE", "\"\\u202e\"" },
		{ BYTES("\xe2\x80\x8b"), "\\xE2\\x80\\x8B", "\"\\u200b\"" },
		{ BYTES("\xe1\xa0\x8e"), "\\xE1\\xA0\\x8E", "\"\\u180e\"" },
		{ BYTES("\xef\xbb\xbf"), "\\xEF\\xBB\\xBF", "\"\\ufeff\"" },
		{ BYTES("\xc2\xad"), "\\xC2\\xAD", "\"\\u00ad\"" },
		{ BYTES("\xf3\xa0\x81\x81"), "\\xF3\\xA0\\x81\\x81",
		    "\"\\udb40\\udc41\"" },
		/* no UTF-8: Latin-1, overlong, surrogate, cut */
		{ BYTES("\xe9t\xe9"), "\\xE9t\\xE9", "\"\\ufffdt\\ufffd\"" },
		{ BYTES("\xc0\xaf"), "\\xC0\\xAF", "\"\\ufffd\\ufffd\"" },
		{ BYTES("\xed\xa0\x80"), "\\xED\\xA0\\x80",
		    "\"\\ufffd\\ufffd\\ufffd\"" },
		{ BYTES("\xe2\x82"), "\\xE2\\x82", "\"\\ufffd\\ufffd\"" },
		{ BYTES("\xe2\x82z"), "\\xE2\\x82z", "\"\\ufffd\\ufffdz\"" },
	};
	struct buf out = { 0 };
	char *text;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text = exact(rows[i].text, rows[i].len);
		text_show(&out, text, rows[i].len);
		CHECK_STR(buf_str(&out), rows[i].shown, rows[i].shown);
		buf_clear(&out);
		text_json(&out, text, rows[i].len);
		CHECK_STR(buf_str(&out), rows[i].json, rows[i].json);
		buf_clear(&out);
		free(text);
	}
	buf_free(&out);
}

static void
utf8_characters(void)
{
	static const struct {
		const char *text;
		size_t len, n;
		uint32_t cp;
	} rows[] = {
		{ BYTES(""), 0, 0 },
		{ BYTES("\0"), 1, 0 },
		{ BYTES("az"), 1, 'a' },
		{ BYTES("\x7f"), 1, 0x7f },
		{ BYTES("\x80"), 0, 0 },
		{ BYTES("\xbf"), 0, 0 },
		{ BYTES("\xc1\xbf"), 0, 0 },
		{ BYTES("\xc2\x80"), 2, 0x80 },
		{ BYTES("\xdf\xbf"), 2, 0x7ff },
		{ BYTES("\xdf"), 0, 0 },
		{ BYTES("\xdf\x7f"), 0, 0 },
		{ BYTES("\xdf\xc0"), 0, 0 },
		{ BYTES("\xe0\x9f\xbf"), 0, 0 },
		{ BYTES("\xe0\xa0\x80"), 3, 0x800 },
		{ BYTES("\xed\x9f\xbf"), 3, 0xd7ff },
		{ BYTES("\xed\xa0\x80"), 0, 0 },
		{ BYTES("\xed\xbf\xbf"), 0, 0 },
		{ BYTES("\xee\x80\x80"), 3, 0xe000 },
		{ BYTES("\xef\xbf\xbf"), 3, 0xffff },
		{ BYTES("\xef\xbf"), 0, 0 },
		{ BYTES("\xf0\x8f\xbf\xbf"), 0, 0 },
		{ BYTES("\xf0\x90\x80\x80"), 4, 0x10000 },
		{ BYTES("\xf4\x8f\xbf\xbf"), 4, 0x10ffff },
		{ BYTES("\xf4\x90\x80\x80"), 0, 0 },
		{ BYTES("\xf4\x8f\xbf"), 0, 0 },
		{ BYTES("\xf5\x80\x80\x80"), 0, 0 },
		{ BYTES("\xff"), 0, 0 },
	};
	uint32_t cp;
	char *text;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text = exact(rows[i].text, rows[i].len);
		CHECK_INT(
		    text_utf8(text, rows[i].len, &cp), rows[i].n, "length");
		if (rows[i].n)
			CHECK_INT(cp, rows[i].cp, "code point");
		free(text);
	}
}

static void
numbers(void)
{
	static const struct {
		const char *text;
		size_t len;
		uint64_t max;
		bool good;
		uint64_t value;
	} rows[] = {
		{ BYTES("0"), 0, true, 0 },
		{ BYTES("1"), 0, false, 0 },
		{ BYTES("5"), 5, true, 5 },
		{ BYTES("6"), 5, false, 0 },
		{ BYTES("10"), 5, false, 0 },
		{ BYTES("007"), 7, true, 7 },
		{ BYTES("65535"), 65535, true, 65535 },
		{ BYTES("65536"), 65535, false, 0 },
		{ BYTES("18446744073709551615"), UINT64_MAX, true, UINT64_MAX },
		{ BYTES("18446744073709551616"), UINT64_MAX, false, 0 },
		{ BYTES("99999999999999999999"), UINT64_MAX, false, 0 },
		{ BYTES("184467440737095516150"), UINT64_MAX, false, 0 },
		{ BYTES(""), 9, false, 0 },
		{ BYTES("-1"), 9, false, 0 },
		{ BYTES("+1"), 9, false, 0 },
		{ BYTES(" 1"), 9, false, 0 },
		{ BYTES("1 "), 9, false, 0 },
		{ BYTES("1\0"), 9, false, 0 },
		{ BYTES("0x1"), 9, false, 0 },
		{ BYTES("1e1"), 99, false, 0 },
	};
	uint64_t value;
	char *text;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text = exact(rows[i].text, rows[i].len);
		value = 42;
		CHECK_INT(text_number(text, rows[i].len, rows[i].max, &value),
		    rows[i].good ? 0 : -1, rows[i].text);
		CHECK(value == (rows[i].good ? rows[i].value : 42));
		free(text);
	}
}

static void
seconds(void)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} rows[] = {
		{ "2", 2000 },
		{ "0.5", 500 },
		{ "1.25", 1250 },
		{ "0.001", 1 },
		{ "1.0019", 1001 },
		{ "316224000", 316224000000 },
		{ "316224000.0", 316224000000 },
		{ "316224000.001", -1 },
		{ "316224001", -1 },
		{ "99999999999999999999", -1 },
		{ "0", -1 },
		{ "0.0", -1 },
		{ "0.0009", -1 },
		{ "", -1 },
		{ ".", -1 },
		{ "1.", -1 },
		{ "-1", -1 },
		{ "+1", -1 },
		{ "1.-5", -1 },
		{ "1.2.3", -1 },
		{ "1,5", -1 },
		{ "1s", -1 },
		{ " 1", -1 },
		{ "inf", -1 },
		{ "1e3", -1 },
	};
	int64_t ms;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ms = -1;
		CHECK_INT(text_seconds(rows[i].text, &ms),
		    rows[i].ms == -1 ? -1 : 0, rows[i].text);
		CHECK_INT(ms, rows[i].ms, rows[i].text);
	}
}

static void
words(void)
{
	static const struct {
		const char *text;
		size_t len;
		const char *word;
		bool same;
	} rows[] = {
		{ BYTES("PIPELINING"), "pipelining", true },
		{ BYTES("az09-AZ"), "AZ09-az", true },
		{ BYTES(""), "", true },
		{ BYTES("DSN"), "DS", false },
		{ BYTES("DS"), "DSN", false },
		{ BYTES("DSN\0"), "DSN", false },
		{ BYTES("D\0N"), "DSN", false },
		{ BYTES("\0"), "", false },
		{ BYTES("@[`{"), "`{@[", false }, /* next to the letters */
		{ BYTES("\xc9"), "\xe9", false },
	};
	char *text;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text = exact(rows[i].text, rows[i].len);
		CHECK_INT(text_is(text, rows[i].len, rows[i].word),
		    rows[i].same, rows[i].word);
		free(text);
	}
}

static void
fitting(void)
{
	static const struct {
		const char *text;
		size_t max, fits;
	} rows[] = {
		{ "", 0, 0 },
		{ "abc", 3, 3 },
		{ "abc", 2, 2 },
		{ "abc", 0, 0 },
		{ "a\xc3\xa4", 2, 1 },
		{ "a\xc3\xa4", 3, 3 },
		{ "\xe2\x82\xac\xe2\x82\xac", 5, 3 },
		{ "\xe2\x82\xac", 2, 0 },
		{ "\x80\x80", 1, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_INT(
		    text_fit(rows[i].text, strlen(rows[i].text), rows[i].max),
		    rows[i].fits, rows[i].text);
}

int
main(void)
{
	fitting();
	what_is_shown();
	utf8_characters();
	numbers();
	seconds();
	words();
	return check_done("t_text");
}
