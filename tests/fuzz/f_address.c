/* Addresses: what is taken for one is fit for the wire, and read again as the
 * same. */

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "smtp/address.h"

static void
must_be_fit(const char *path)
{
	const char *p;

	MUST(strlen(path) <= 254);
	for (p = path; *p; p++)
		MUST((unsigned char)*p >= ' ' && *p != 0x7f);
	MUST(text_harmless(path, strlen(path)));
}

/* Written between < and > it is the same address. */
static void
must_be_same(const struct address *a, const char *path, enum address_kind kind)
{
	struct problem problem = { 0 };
	struct buf text = { 0 };
	struct address b;

	buf_addf(&text, "<%s>", path);
	MUST(address_parse(&b, buf_str(&text), kind, &problem) == 0);
	MUST(strcmp(b.path, path) == 0);
	MUST(!a->domain == !b.domain);
	if (strcmp(a->path, path) == 0)
		MUST(address_same(a, &b) && address_same(&b, a));
	address_free(&b);
	buf_free(&text);
}

static void
check(struct address *a, enum address_kind kind)
{
	const char *why, *p;

	must_be_fit(a->path);
	if (*a->path == '\0')
		MUST(kind == ADDRESS_SENDER && a->domain == NULL);
	if (a->domain)
		MUST(a->domain > a->path && a->domain[-1] == '@');
	must_be_same(a, a->path, kind);
	if (address_ascii(a, &why) == -1) {
		MUST(a->utf8 && a->ascii == NULL);
		return;
	}
	MUST(a->utf8 == (a->ascii != NULL));
	p = address_said(a, false);
	must_be_fit(p);
	must_be_same(a, p, kind);
	for (; *p; p++)
		MUST((unsigned char)*p < 128);
}

static void
try(const char *text, enum address_kind kind)
{
	struct problem problem = { 0 };
	struct address a;

	if (address_parse(&a, text, kind, &problem) == 0) {
		MUST(problem.class == FAIL_NONE);
		check(&a, kind);
	} else {
		MUST(problem.class == FAIL_USAGE && a.path == NULL);
		MUST(text_harmless(
		    buf_head(&problem.text), buf_len(&problem.text)));
	}
	address_free(&a);
	problem_free(&problem);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);

	try(text, ADDRESS_SENDER);
	try(text, ADDRESS_RECIPIENT);
	free(text);
	return 0;
}
