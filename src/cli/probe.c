#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/meaning.h"
#include "cli/probe.h"
#include "cli/report.h"

/* A server that offers more than any does is not read to the end. */
#define ITEMS 1000

enum where {
	CLEAR = 1, /* in the reply to EHLO before TLS */
	INSIDE = 2 /* in that inside it */
};

enum kind {
	HELLO, /* the first line of the reply */
	OFFER, /* each other one */
	MECHANISM, /* of AUTH */
	LIMIT /* of LIMITS */
};

/* Points into the replies. */
struct item {
	enum kind kind;
	const char *p;
	size_t len;
	unsigned where;
};

struct items {
	struct item *list;
	size_t n;
};

/* What is said in both replies is one item. */
static void
add(struct items *items, enum kind kind, const char *p, size_t len,
    enum where where)
{
	struct item *i;

	for (i = items->list; i < items->list + items->n; i++)
		if (i->kind == kind && i->len == len &&
		    memcmp(i->p, p, len) == 0) {
			i->where |= where;
			return;
		}
	if (items->n < ITEMS)
		items->list[items->n++] = (struct item){ kind, p, len, where };
}

/* The length of a keyword; AUTH= is written like that too (R-4954-01). */
static size_t
keyword(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] != ' ' && p[n] != '=')
		n++;
	return n;
}

static void
add_words(struct items *items, enum kind kind, const char *p, const char *end,
    enum where where)
{
	const char *gap;

	for (; p < end; p = gap + 1) {
		gap = memchr(p, ' ', (size_t)(end - p));
		if (gap == NULL)
			gap = end;
		if (gap > p)
			add(items, kind, p, (size_t)(gap - p), where);
	}
}

static void
add_offer(struct items *items, const char *p, size_t len, enum where where)
{
	size_t n = keyword(p, len);
	const char *rest = p + n + (n < len);

	add(items, OFFER, p, len, where);
	if (text_is(p, n, "AUTH"))
		add_words(items, MECHANISM, rest, p + len, where);
	if (text_is(p, n, "LIMITS"))
		add_words(items, LIMIT, rest, p + len, where);
}

static void
add_reply(struct items *items, const struct buf *reply, enum where where)
{
	const char *p = buf_head(reply), *end = p + buf_len(reply), *lf;
	bool first = true;

	for (; p < end; p = lf + 1, first = false) {
		lf = memchr(p, '\n', (size_t)(end - p));
		if (lf == NULL)
			lf = end;
		if (first)
			add(items, HELLO, p, (size_t)(lf - p), where);
		else
			add_offer(items, p, (size_t)(lf - p), where);
	}
}

static void
add_meaning(struct buf *out, const struct item *i)
{
	switch (i->kind) {
	case HELLO:
		break;
	case OFFER:
		meaning_offer(out, i->p, i->len);
		break;
	case MECHANISM:
		meaning_mechanism(out, i->p, i->len);
		break;
	case LIMIT:
		meaning_limit(out, i->p, i->len);
		break;
	}
}

static const char *const kinds[] = { "hello", "offer", "mechanism", "limit" };

/* A line that begins with what it is about. */
static void
text_line(struct buf *out, const char *name, const char *p, size_t len)
{
	buf_addf(out, "%-9s  ", name);
	report_text(out, p, len);
	buf_adds(out, "\n");
}

static void
text_str(struct buf *out, const char *name, const char *text)
{
	text_line(out, name, text, strlen(text));
}

static void
text_buf(struct buf *out, const char *name, const struct buf *text)
{
	text_line(out, name, buf_head(text), buf_len(text));
}

static void
text_item(struct buf *out, const struct item *i, const struct buf *meaning)
{
	static const char *const where[] = {
		[CLEAR] = "clear", [INSIDE] = "tls", [CLEAR | INSIDE] = "both"
	};
	struct buf shown = { 0 };

	report_text(&shown, i->p, i->len);
	buf_addf(out, "%-9s  %-5s  ", kinds[i->kind], where[i->where]);
	if (buf_len(meaning))
		buf_addf(out, "%-20s  %.*s", buf_str(&shown),
		    (int)buf_len(meaning), buf_head(meaning));
	else
		buf_adds(out, buf_str(&shown));
	buf_adds(out, "\n");
	buf_free(&shown);
}

static void
json_flag(struct buf *out, const char *name, bool value)
{
	buf_addf(out, ",\"%s\":%s", name, value ? "true" : "false");
}

static void
json_str(struct buf *out, const char *name, const char *text)
{
	report_field(out, name, text, text ? strlen(text) : 0);
}

static void
json_buf(struct buf *out, const char *name, const struct buf *text)
{
	size_t len = buf_len(text);

	report_field(out, name, len ? buf_head(text) : NULL, len);
}

static void
json_item(struct buf *out, const struct item *i, const struct buf *meaning)
{
	size_t n = keyword(i->p, i->len);

	buf_addf(out, "{\"type\":\"%s\"", kinds[i->kind]);
	report_field(out, "text", i->p, i->len);
	if (i->kind != HELLO) {
		report_field(out, "keyword", i->p, n);
		report_field(out, "parameters",
		    n < i->len ? i->p + n + 1 : NULL,
		    i->len - n - (n < i->len));
		json_buf(out, "meaning", meaning);
	}
	json_flag(out, "clear", i->where & CLEAR);
	json_flag(out, "inside", i->where & INSIDE);
	buf_adds(out, "}\n");
}

static void
add_items(struct buf *out, const struct session *s, bool json)
{
	struct items items = { .list = mem_array(ITEMS, sizeof(*items.list)) };
	struct buf meaning = { 0 };
	const struct item *i;

	add_reply(&items, &s->offers[0], CLEAR);
	add_reply(&items, &s->offers[1], INSIDE);
	for (i = items.list; i < items.list + items.n; i++) {
		buf_clear(&meaning);
		add_meaning(&meaning, i);
		if (json)
			json_item(out, i, &meaning);
		else
			text_item(out, i, &meaning);
	}
	buf_free(&meaning);
	free(items.list);
}

static void
text_certificate(struct buf *out, const struct certificate *c)
{
	size_t i;

	text_buf(out, "subject", &c->subject);
	for (i = 0; i < c->nname; i++)
		text_buf(out, "name", &c->names[i]);
	text_buf(out, "issuer", &c->issuer);
	text_str(out, "from", c->from);
	text_str(out, "until", c->until);
	buf_addf(out, "%-9s  %d\n", "days", c->days);
	text_str(out, "sha256", c->sha256);
}

static void
text_tls(struct buf *out, const struct tls_findings *found)
{
	struct buf line = { 0 };

	buf_addf(&line, "%s  %s", found->version, found->cipher);
	text_buf(out, "tls", &line);
	buf_clear(&line);
	buf_addf(&line, "%s%s", found->verified ? "yes" : "no",
	    buf_len(&found->flaw) ? "  " : "");
	buf_add(&line, buf_head(&found->flaw), buf_len(&found->flaw));
	text_buf(out, "verified", &line);
	text_certificate(out, &found->certificate);
	buf_free(&line);
}

static void
json_tls(struct buf *out, const struct tls_findings *found)
{
	const struct certificate *c = &found->certificate;
	size_t i;

	buf_adds(out, "{\"type\":\"tls\"");
	json_str(out, "version", found->version);
	json_str(out, "cipher", found->cipher);
	json_flag(out, "verified", found->verified);
	json_buf(out, "flaw", &found->flaw);
	json_buf(out, "subject", &c->subject);
	buf_adds(out, ",\"names\":[");
	for (i = 0; i < c->nname; i++) {
		buf_adds(out, i ? "," : "");
		text_json(out, buf_head(&c->names[i]), buf_len(&c->names[i]));
	}
	buf_adds(out, "]");
	json_buf(out, "issuer", &c->issuer);
	json_str(out, "from", c->from);
	json_str(out, "until", c->until);
	buf_addf(out, ",\"days\":%d", c->days);
	json_str(out, "sha256", c->sha256);
	buf_adds(out, "}\n");
}

static void
text_all(struct buf *out, const struct submission *sub)
{
	const struct session *s = &sub->session;
	const struct tls_findings *found = sub->options.certificates.findings;
	struct buf server = { 0 };

	buf_addf(&server, "%s  ", sub->server->name);
	buf_add(&server, buf_head(&sub->peer), buf_len(&sub->peer));
	text_buf(out, "server", &server);
	buf_free(&server);
	if (buf_len(&s->greeting))
		text_buf(out, "greeting", &s->greeting);
	if (s->helo_only)
		text_str(out, "helo-only", "yes");
	add_items(out, s, false);
	if (found->version)
		text_tls(out, found);
	else
		text_str(out, "tls", "none");
	if (buf_len(&s->login))
		text_buf(out, "login", &s->login);
}

static void
json_all(struct buf *out, const struct submission *sub)
{
	const struct session *s = &sub->session;
	const struct tls_findings *found = sub->options.certificates.findings;

	buf_adds(out, "{\"type\":\"server\"");
	json_str(out, "server", sub->server->name);
	json_buf(out, "address", &sub->peer);
	json_buf(out, "greeting", &s->greeting);
	json_flag(out, "helo_only", s->helo_only);
	json_buf(out, "login", &s->login);
	buf_adds(out, "}\n");
	add_items(out, s, true);
	if (found->version)
		json_tls(out, found);
}

int
probe_print(
    const struct submission *sub, bool json, const struct patience *patience)
{
	struct buf out = { 0 };
	int rv;

	/* one address may have shown a certificate, and no other one be there
	 */
	if (!sub->open && !sub->options.certificates.findings->version)
		return 0;
	if (json)
		json_all(&out, sub);
	else
		text_all(&out, sub);
	rv = file_write(STDOUT_FILENO, &out, patience);
	buf_free(&out);
	return rv;
}
