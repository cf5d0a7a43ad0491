/* Base64: one text for one string of octets, and back. */

#include <string.h>

#include "fuzz.h"
#include "smtp/sasl.h"

static void
must_equal(const struct buf *b, const uint8_t *data, size_t size)
{
	MUST(buf_len(b) == size);
	MUST(size == 0 || memcmp(buf_head(b), data, size) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	struct buf one = { 0 }, two = { 0 };

	base64_encode(&one, p, size);
	MUST(buf_len(&one) == (size + 2) / 3 * 4);
	MUST(base64_decode(&two, buf_head(&one), buf_len(&one)) == 0);
	must_equal(&two, data, size);
	buf_clear(&one);
	buf_clear(&two);
	if (base64_decode(&one, p, size) == 0) {
		base64_encode(&two, buf_head(&one), buf_len(&one));
		must_equal(&two, data, size);
	}
	buf_free(&one);
	buf_free(&two);
	return 0;
}
