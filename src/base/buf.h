#ifndef BUF_H
#define BUF_H

/* Growable bytes: added at the end, taken from the front. Whatever allocates
 * in this program does it through here, and dies here when memory is out. */

#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t head; /* the first octet that is not taken yet */
	size_t tail; /* one past the last octet */
	size_t cap;
	bool secret; /* wiped before its memory is given back */
};

/* A zeroed struct buf is valid and empty. */
size_t buf_len(const struct buf *);
const char *buf_head(const struct buf *); /* valid until the next change */

/* The content as a C string; a NUL is kept behind it. Valid as buf_head. */
const char *buf_str(struct buf *);

void buf_add(struct buf *, const void *, size_t);
void buf_adds(struct buf *, const char *);
void buf_addf(struct buf *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *, const char *, va_list);

/* Room for n octets behind the content; buf_added() says how many of them are
 * now content. */
char *buf_room(struct buf *, size_t n);
void buf_added(struct buf *, size_t n);

void buf_take(struct buf *, size_t n); /* drops n octets from the front */
void buf_clear(struct buf *); /* empty, memory kept */
void buf_free(struct buf *); /* empty, memory given back */

/* The allocations of all other modules; they never return NULL. free(3) ends
 * what they give. */
void *mem_array(size_t n, size_t size); /* zeroed */
void *mem_grow(void *, size_t n, size_t size);
char *mem_copy(const char *, size_t); /* and a NUL behind it */
char *mem_string(const char *); /* NULL gives NULL */

/* When memory is out the program ends with EX_OSERR and says so; from here on
 * with this status and these words (static). */
void mem_last_words(int status, const char *);

#endif
