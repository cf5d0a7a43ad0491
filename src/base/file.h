#ifndef FILE_H
#define FILE_H

/* Files that may be pipes: nobody waits for their other end for ever. */

#include <stddef.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/problem.h"

/* Opens a file for reading; of a FIFO not the writer is waited for, but what he
 * writes, by whoever reads. A descriptor, or -1 and errno. */
int file_open(const char *path);

/* Appends all that can be read, or a little more than most octets. -1:
 * FAIL_INPUT, or what patience says; what names the file in it. */
int file_read(struct buf *out, int fd, size_t most, const char *what,
    const struct patience *, struct problem *);

/* Writes all of it. -1 and errno, and part of it may be out: EINTR is that a
 * signal came, ETIMEDOUT that the deadline passed, while nobody read. */
int file_write(int fd, const struct buf *, const struct patience *);

#endif
