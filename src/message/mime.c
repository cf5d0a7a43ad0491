#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "message/mime.h"
#include "message/transparency.h"

/* A header field while it is read. */
struct scan {
	const char *p, *end;
};

static bool
space(char c)
{
	return c == ' ' || c == '\t';
}

/* Passes over a quoted string or a comment, whose first octet is at p. */
static void
enclosed(struct scan *s, char close)
{
	for (s->p++; s->p < s->end && *s->p != close; s->p++)
		if (*s->p == '\\' && s->p + 1 < s->end)
			s->p++;
	if (s->p < s->end)
		s->p++;
}

/* Passes over white space and comments; those within comments are rare enough
 * to end them early. */
static void
skip(struct scan *s)
{
	while (s->p < s->end && (space(*s->p) || *s->p == '('))
		if (*s->p == '(')
			enclosed(s, ')');
		else
			s->p++;
}

/* What stands before one of these characters, white space or the end. */
static struct scan
word(struct scan *s, const char *until)
{
	struct scan w = { s->p, s->p };

	while (s->p < s->end && !space(*s->p) &&
	       !memchr(until, *s->p, strlen(until)))
		s->p++;
	w.end = s->p;
	return w;
}

static bool
is(struct scan w, const char *text)
{
	return text_is(w.p, (size_t)(w.end - w.p), text);
}

/* The multipart may go on with lines of this boundary. */
static void
set_boundary(struct mime *m, const char *p, size_t n)
{
	while (n && space(p[n - 1])) /* RFC 2046: it never ends so */
		n--;
	if (n == 0 || n > MIME_BOUNDARY || m->depth == MIME_DEPTH)
		return;
	memcpy(m->multiparts[m->depth].boundary, p, n);
	m->multiparts[m->depth].len = n;
	m->multipart = true;
}

static void
quoted_boundary(struct mime *m, struct scan *s)
{
	char text[MIME_BOUNDARY + 1];
	size_t n = 0;

	for (s->p++; s->p < s->end && *s->p != '"'; s->p++) {
		if (*s->p == '\\' && s->p + 1 < s->end)
			s->p++;
		if (n < sizeof(text))
			text[n++] = *s->p;
	}
	set_boundary(m, text, n);
}

/* Goes behind the next semicolon, if there is one. */
static bool
parameter(struct scan *s)
{
	while (s->p < s->end && *s->p != ';')
		if (*s->p == '"')
			enclosed(s, '"');
		else
			s->p++;
	if (s->p == s->end)
		return false;
	s->p++;
	skip(s);
	return true;
}

/* Looks for the boundary. Without quotes it ends at a semicolon or white
 * space: many that need quotes have none. */
static void
parameters(struct mime *m, struct scan *s)
{
	struct scan name, value;

	while (!m->multipart && parameter(s)) {
		name = word(s, "=;\"");
		skip(s);
		if (s->p == s->end || *s->p != '=')
			continue;
		s->p++;
		skip(s);
		if (!is(name, "boundary"))
			continue;
		if (s->p < s->end && *s->p == '"') {
			quoted_boundary(m, s);
			continue;
		}
		value = word(s, ";");
		set_boundary(m, value.p, (size_t)(value.end - value.p));
	}
}

/* RFC 2045 5.1; the first counts. */
static void
content_type(struct mime *m, struct scan *s)
{
	struct scan type, subtype;

	if (m->typed)
		return;
	m->typed = true;
	m->message = false;
	type = word(s, "/;(");
	skip(s);
	if (s->p == s->end || *s->p != '/')
		return;
	s->p++;
	skip(s);
	subtype = word(s, ";(");
	m->message = is(type, "message") &&
		     (is(subtype, "rfc822") || is(subtype, "global"));
	if (!is(type, "multipart"))
		return;
	parameters(m, s);
	if (m->multipart)
		m->multiparts[m->depth].digest = is(subtype, "digest");
}

static void
content_transfer_encoding(struct mime *m, struct scan *s)
{
	struct scan encoding = word(s, ";(");

	m->binary |= is(encoding, "binary");
	m->encoded = is(encoding, "base64") || is(encoding, "quoted-printable");
}

/* A field is whole. */
static void
end_field(struct mime *m)
{
	struct scan s = { m->field, m->field + m->nfield };
	struct scan name = word(&s, ":");

	m->nfield = 0;
	skip(&s);
	if (s.p == s.end || *s.p != ':')
		return;
	s.p++;
	skip(&s);
	if (is(name, "Content-Type"))
		content_type(m, &s);
	else if (is(name, "Content-Transfer-Encoding"))
		content_transfer_encoding(m, &s);
}

static void
begin_section(struct mime *m, bool message)
{
	m->place = MIME_HEADER;
	m->section_eight_bit = m->section_invalid = false;
	m->typed = m->multipart = m->encoded = false;
	m->message = message;
}

static void
end_section(struct mime *m)
{
	end_field(m);
	m->eight_bit |= m->section_eight_bit;
	m->utf8 |= m->section_eight_bit && !m->section_invalid;
}

/* The empty line: what follows is a multipart, a message with a header section
 * of its own, or nothing to look into. */
static void
begin_body(struct mime *m)
{
	end_section(m);
	if (m->multipart)
		m->depth++;
	else if (m->message && !m->encoded) {
		begin_section(m, false);
		return;
	}
	m->place = m->depth ? MIME_BODY : MIME_REST;
}

/* Passes over octets of ASCII, eight at a time. */
static const char *
ascii(const char *p, const char *end)
{
	uint64_t eight;

	for (; end - p >= 8; p += 8) {
		memcpy(&eight, p, 8);
		if (eight & 0x8080808080808080u)
			break;
	}
	return p;
}

/* Octets of a line of a header section: are they UTF-8? */
static void
header_text(struct mime *m, const char *p, const char *end)
{
	uint32_t cp;

	if (m->ncharacter == 0)
		p = ascii(p, end);
	for (; p < end; p++) {
		if (m->ncharacter == 0 && !(*p & 0x80))
			continue;
		m->section_eight_bit = true;
		m->character[m->ncharacter++] = *p;
		if (text_utf8(m->character, m->ncharacter, &cp)) {
			m->ncharacter = 0;
		} else if (m->ncharacter == sizeof(m->character)) {
			m->section_invalid = true;
			m->ncharacter = 0;
		}
	}
}

/* A character cannot go on behind a line end. */
static void
end_character(struct mime *m)
{
	m->section_invalid |= m->ncharacter > 0;
	m->ncharacter = 0;
}

/* Keeps octets of a field; a line that is not folded begins one. */
static void
header_field(struct mime *m, const char *p, const char *end)
{
	size_t n = (size_t)(end - p), room;

	if (n && !m->inside && !space(*p))
		end_field(m);
	room = sizeof(m->field) - m->nfield;
	if (n > room)
		n = room;
	memcpy(m->field + m->nfield, p, n);
	m->nfield += n;
}

/* Keeps octets of a line that can be a delimiter. */
static void
keep(struct mime *m, const char *p, const char *end)
{
	size_t n = (size_t)(end - p), room;

	if (!m->inside) {
		m->nline = 0;
		m->overlong = false;
	}
	room = sizeof(m->line) - m->nline;
	if (n > room)
		n = room;
	memcpy(m->line + m->nline, p, n);
	m->nline += n;
	for (p += n; p < end && !m->overlong; p++)
		m->overlong = !space(*p);
}

/* Whether the line parts the multipart number i: RFC 2046 5.1.1, but nothing
 * besides white space may follow, so that no boundary is taken for another
 * that it begins with. */
static bool
delimits(const struct mime *m, size_t i, size_t n, bool *last)
{
	size_t len = m->multiparts[i].len;

	*last = n == len + 4;
	if ((n != len + 2 && !*last) || memcmp(m->line, "--", 2) != 0 ||
	    memcmp(m->line + 2, m->multiparts[i].boundary, len) != 0)
		return false;
	return !*last || memcmp(m->line + 2 + len, "--", 2) == 0;
}

/* Looks at a whole line within a multipart. A delimiter ends what is inside of
 * its multipart, header sections included. */
static bool
delimiter(struct mime *m)
{
	size_t i, n = m->nline;
	bool last;

	while (n && space(m->line[n - 1]))
		n--;
	for (i = m->depth; i > 0 && !m->overlong; i--) {
		if (!delimits(m, i - 1, n, &last))
			continue;
		if (m->place == MIME_HEADER)
			end_section(m);
		m->depth = last ? i - 1 : i;
		if (!last)
			begin_section(m, m->multiparts[i - 1].digest);
		else
			m->place = m->depth ? MIME_BODY : MIME_REST;
		return true;
	}
	return false;
}

/* A line is whole. */
static void
end_line(struct mime *m, bool empty)
{
	end_character(m);
	if (!(m->depth && delimiter(m)) && m->place == MIME_HEADER && empty)
		begin_body(m);
	m->candidate = false;
	m->inside = false;
}

/* Whether the CR or LF at p is no CRLF. */
static void
check_end(struct mime *m, const struct piece *s, const char *p)
{
	if (*p == '\n' || (p + 1 < s->end && p[1] != '\n'))
		m->bare = true;
	m->due = *p == '\r' && p + 1 == s->end;
}

/* Takes a line, or what there is of it. */
static void
line(struct mime *m, struct piece *s)
{
	const char *end = piece_line_end(s);
	bool empty = end == s->at && !m->inside;

	if (m->depth)
		keep(m, s->at, end);
	if (m->place == MIME_HEADER) {
		header_text(m, s->at, end);
		header_field(m, s->at, end);
	}
	m->inside = true;
	if (end == s->end) {
		s->at = end;
		return;
	}
	if (m->place == MIME_HEADER)
		check_end(m, s, end);
	end_line(m, empty);
	piece_pass(s, end);
}

/* Goes to the next line that begins with a hyphen. */
static void
search(struct mime *m, struct piece *s)
{
	const char *p = s->at;

	while ((p = memchr(p, '-', (size_t)(s->end - p)))) {
		if (p == s->at ? !m->inside : p[-1] == '\n' || p[-1] == '\r') {
			m->candidate = true;
			m->inside = false;
			s->at = p;
			return;
		}
		while (p < s->end && *p == '-')
			p++;
	}
	s->at = s->end;
}

void
mime_add(struct mime *m, const char *p, size_t n)
{
	struct piece s;

	if (n == 0)
		return;
	m->bare |= m->due && *p != '\n';
	m->due = false;
	if (m->place == MIME_REST)
		return;
	s = piece_begin(m->after_cr, p, n);
	while (s.at < s.end && m->place != MIME_REST)
		if (m->place == MIME_HEADER || m->candidate)
			line(m, &s);
		else
			search(m, &s);
	m->after_cr = p[n - 1] == '\r';
	m->inside = p[n - 1] != '\n' && p[n - 1] != '\r';
}

void
mime_end(struct mime *m)
{
	m->bare |= m->due;
	m->due = false;
	end_character(m);
	if (m->place == MIME_HEADER)
		end_section(m);
	m->place = MIME_REST;
}
