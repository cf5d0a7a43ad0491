#ifndef CHECK_H
#define CHECK_H

/* What unit tests say: each check prints what it found when it fails, counts,
 * and returns whether it holds; the exit status of main() is check_done(). */

#include <stdio.h>
#include <string.h>

int check_true(int ok, const char *what, const char *file, int line);
int check_str(const char *got, const char *want, const char *name,
    const char *file, int line);
int check_int(long long got, long long want, const char *name, const char *file,
    int line);
int check_done(const char *test);

#define CHECK(x) check_true(!!(x), #x, __FILE__, __LINE__)
/* name says which row of a table is being looked at */
#define CHECK_STR(got, want, name)                                             \
	check_str((got), (want), (name), __FILE__, __LINE__)
#define CHECK_INT(got, want, name)                                             \
	check_int(                                                             \
	    (long long)(got), (long long)(want), (name), __FILE__, __LINE__)

#endif
