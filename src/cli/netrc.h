#ifndef NETRC_H
#define NETRC_H

/* netrc(5) files: user names and passwords by machine. Bytes in, no I/O. */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct netrc {
	struct buf login; /* secret as the password is: the words are told
			   * apart only when they are read */
	struct buf password;
	bool has_login, has_password;
	size_t line; /* of what is wrong */
};

enum netrc_result {
	NETRC_FOUND,
	NETRC_NONE,
	NETRC_BAD
};

/* Finds the first machine of the name, in any letter case, else the first
 * default, whose login is the one that is wanted, or has none; wanted NULL: any
 * will do. */
enum netrc_result netrc_find(struct netrc *, const struct buf *file,
    const char *name, const char *wanted);

void netrc_free(struct netrc *);

#endif
