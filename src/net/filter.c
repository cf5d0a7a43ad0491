#include <string.h>

#include "net/filter.h"

#define CIPHERTEXT 32768 /* read at once */

static int
from_came(BIO *bio, char *p, int n)
{
	struct filter *f = BIO_get_data(bio);
	size_t have = buf_len(&f->came);

	BIO_clear_retry_flags(bio);
	if (have == 0) {
		if (!f->ended)
			BIO_set_retry_read(bio);
		return f->ended ? 0 : -1;
	}
	if ((size_t)n > have)
		n = (int)have;
	memcpy(p, buf_head(&f->came), (size_t)n);
	buf_take(&f->came, (size_t)n);
	return n;
}

static int
to_due(BIO *bio, const char *p, int n)
{
	struct filter *f = BIO_get_data(bio);

	buf_add(&f->due, p, (size_t)n);
	return n;
}

static long
control(BIO *bio, int command, long number, void *p)
{
	(void)bio, (void)number, (void)p;
	return command == BIO_CTRL_FLUSH;
}

BIO *
filter_bio(struct filter *f)
{
	BIO *bio;

	f->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "two buffers");
	if (f->method == NULL || !BIO_meth_set_read(f->method, from_came) ||
	    !BIO_meth_set_write(f->method, to_due) ||
	    !BIO_meth_set_ctrl(f->method, control))
		return NULL;
	bio = BIO_new(f->method);
	if (bio) {
		BIO_set_data(bio, f);
		BIO_set_init(bio, 1);
	}
	return bio;
}

ssize_t
filter_fill(struct conn *c, struct filter *f)
{
	ssize_t n =
	    conn_plain.read(c, buf_room(&f->came, CIPHERTEXT), CIPHERTEXT);

	if (n > 0) {
		if (buf_len(&f->first) == 0)
			buf_add(
			    &f->first, f->came.data + f->came.tail, (size_t)n);
		buf_added(&f->came, (size_t)n);
	}
	f->ended = n == 0;
	return n;
}

ssize_t
filter_drain(struct conn *c, struct filter *f)
{
	ssize_t n;

	while (buf_len(&f->due)) {
		n = conn_plain.write(c, buf_head(&f->due), buf_len(&f->due));
		if (n < 0)
			return n;
		buf_take(&f->due, (size_t)n);
		f->drained += (uint64_t)n;
	}
	return 0;
}

void
filter_free(struct filter *f)
{
	BIO_meth_free(f->method);
	buf_free(&f->came);
	buf_free(&f->due);
	buf_free(&f->first);
}
