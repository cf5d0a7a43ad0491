/* Dates and durations: what is read is within bounds, and what is written is
 * read as the same. */

#include <stdlib.h>
#include <string.h>

#include "base/rfc3339.h"
#include "base/text.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = fuzz_string(data, size);
	struct buf out = { 0 };
	int64_t seconds, again, ms;

	if (rfc3339_read((const char *)data, size, &seconds) == 0) {
		MUST(seconds >= 0);
		rfc3339_write(&out, seconds);
		MUST(buf_len(&out) == strlen("2030-01-31T08:00:00Z"));
		MUST(rfc3339_read(buf_head(&out), buf_len(&out), &again) == 0);
		MUST(again == seconds);
	}
	if (text_seconds(s, &ms) == 0)
		MUST(ms > 0 && ms <= (int64_t)10 * 366 * 86400 * 1000);
	buf_free(&out);
	free(s);
	return 0;
}
