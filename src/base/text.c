#include <string.h>

#include "base/text.h"

size_t
text_utf8(const char *s, size_t len, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)s;
	size_t n, i;

	if (len == 0)
		return 0;
	n = p[0] < 0x80	  ? 1
	    : p[0] < 0xc2 ? 0
	    : p[0] < 0xe0 ? 2
	    : p[0] < 0xf0 ? 3
	    : p[0] < 0xf5 ? 4
			  : 0;
	if (n == 0 || n > len)
		return 0;
	*cp = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (p[i] & 0x3f);
	}
	if (*cp < least[n] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp < 0xe000))
		return 0;
	return n;
}

/* Characters that move the cursor, reorder or hide what is around them. */
static bool
harmful(uint32_t cp)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0, 0x1f }, /* C0 */
		{ 0x7f, 0x9f }, /* DEL, C1 */
		{ 0xad, 0xad }, /* soft hyphen */
		{ 0x61c, 0x61c }, /* Arabic letter mark */
		{ 0x180e, 0x180e }, /* Mongolian vowel separator: no width */
		{ 0x200b, 0x200f }, /* zero width, LRM, RLM */
		{ 0x2028, 0x202e }, /* separators, bidi embeddings */
		{ 0x2060, 0x206f }, /* invisible operators, isolates */
		{ 0xfeff, 0xfeff }, /* byte order mark */
		{ 0xfff9, 0xfffb }, /* interlinear annotation */
		{ 0xe0000, 0xe007f }, /* tags */
	};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (cp >= ranges[i].first && cp <= ranges[i].last)
			return true;
	return false;
}

size_t
text_fit(const char *p, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max && (p[max] & 0xc0) == 0x80)
		max--;
	return max;
}

bool
text_harmless(const char *p, size_t len)
{
	uint32_t cp;
	size_t n;

	for (; len; p += n, len -= n) {
		n = text_utf8(p, len, &cp);
		if (n == 0 || harmful(cp))
			return false;
	}
	return true;
}

/* How many octets of printable ASCII there are at p. */
static size_t
printable(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] >= ' ' && p[n] < 0x7f)
		n++;
	return n;
}

void
text_show(struct buf *out, const char *p, size_t len)
{
	size_t i, j, n;
	uint32_t cp;

	for (i = 0; i < len; i += n) {
		n = printable(p + i, len - i);
		buf_add(out, p + i, n);
		if (n)
			continue;
		n = text_utf8(p + i, len - i, &cp);
		if (n && !harmful(cp)) {
			buf_add(out, p + i, n);
			continue;
		}
		n = n ? n : 1;
		for (j = 0; j < n; j++)
			buf_addf(out, "\\x%02X", (unsigned char)p[i + j]);
	}
}

void
text_json(struct buf *out, const char *p, size_t len)
{
	size_t i, n;
	uint32_t cp;

	buf_adds(out, "\"");
	for (i = 0; i < len; i += n ? n : 1) {
		n = text_utf8(p + i, len - i, &cp);
		if (n == 0)
			buf_adds(out, "\\ufffd");
		else if (cp == '"' || cp == '\\')
			buf_addf(out, "\\%c", (char)cp);
		else if (cp > 0xffff && harmful(cp)) /* a surrogate pair */
			buf_addf(out, "\\u%04x\\u%04x",
			    0xd800 + ((cp - 0x10000) >> 10),
			    0xdc00 + ((cp - 0x10000) & 0x3ff));
		else if (harmful(cp))
			buf_addf(out, "\\u%04x", cp);
		else
			buf_add(out, p + i, n);
	}
	buf_adds(out, "\"");
}

int
text_number(const char *p, size_t len, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;
	unsigned digit;
	size_t i;

	if (len == 0)
		return -1;
	for (i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		digit = (unsigned)(p[i] - '0');
		if (v > (max - digit) / 10 || digit > max)
			return -1;
		v = v * 10 + digit;
	}
	*value = v;
	return 0;
}

int
text_seconds(const char *s, int64_t *ms)
{
	static const uint64_t ten_years = 10ULL * 366 * 86400;
	const char *dot = strchr(s, '.');
	size_t whole = dot ? (size_t)(dot - s) : strlen(s);
	uint64_t seconds = 0, part = 0, scale = 1000;
	const char *p;

	if (whole && text_number(s, whole, ten_years, &seconds) == -1)
		return -1;
	if (dot) {
		if (dot[1] == '\0')
			return -1;
		for (p = dot + 1; *p; p++) {
			if (*p < '0' || *p > '9')
				return -1;
			scale /= 10;
			part += (uint64_t)(*p - '0') * scale;
		}
	}
	part += seconds * 1000;
	if (part == 0 || part > ten_years * 1000)
		return -1;
	*ms = (int64_t)part;
	return 0;
}

/* Not tolower(3), whose i in a Turkish locale is another letter. */
static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
text_is(const char *p, size_t len, const char *word)
{
	size_t i;

	if (len != strlen(word))
		return false;
	for (i = 0; i < len; i++)
		if (lower(p[i]) != lower(word[i]))
			return false;
	return true;
}
