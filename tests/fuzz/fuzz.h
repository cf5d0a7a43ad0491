#ifndef FUZZ_H
#define FUZZ_H

/* What the fuzz targets share. Each gets inputs from libFuzzer, and ends the
 * program where what a header promises does not hold. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define MUST(x) fuzz_must(!!(x), #x, __FILE__, __LINE__)
void fuzz_must(int ok, const char *what, const char *file, int line);

/* An input that is fed in pieces: each octet of its first line is the size of
 * one, over and over; what is behind that line is fed. */
struct pieces {
	const char *sizes;
	size_t nsizes, next;
	const char *rest; /* not fed yet */
	size_t left;
	char *piece; /* an allocation of its own, so that a look beyond it is
		      * seen; valid until the next */
	size_t len;
};

void pieces_begin(struct pieces *, const uint8_t *, size_t);
bool pieces_next(struct pieces *); /* false: there is no other */

/* The input as a C string up to its first NUL, to be freed. */
char *fuzz_string(const uint8_t *, size_t);

#endif
