#ifndef CHECK_H
#define CHECK_H

/* What unit tests say: each check prints what it found when it fails; the
 * exit status of main() is check_done(). */

#include <stdio.h>
#include <string.h>

static int checks, failures;

static inline int
check_true(int ok, const char *what, const char *file, int line)
{
	checks++;
	if (!ok) {
		failures++;
		fprintf(stderr, "%s:%d: %s\n", file, line, what);
	}
	return ok;
}

static inline int
check_str(const char *got, const char *want, const char *name, const char *file,
    int line)
{
	int ok = got && want ? strcmp(got, want) == 0 : got == want;

	checks++;
	if (!ok) {
		failures++;
		fprintf(stderr, "%s:%d: %s: got \"%s\", want \"%s\"\n", file,
		    line, name, got ? got : "(null)", want ? want : "(null)");
	}
	return ok;
}

static inline int
check_int(
    long long got, long long want, const char *name, const char *file, int line)
{
	checks++;
	if (got != want) {
		failures++;
		fprintf(stderr, "%s:%d: %s: got %lld, want %lld\n", file, line,
		    name, got, want);
	}
	return got == want;
}

#define CHECK(x) check_true(!!(x), #x, __FILE__, __LINE__)
/* name says which row of a table is being looked at */
#define CHECK_STR(got, want, name)                                             \
	check_str((got), (want), (name), __FILE__, __LINE__)
#define CHECK_INT(got, want, name)                                             \
	check_int(                                                             \
	    (long long)(got), (long long)(want), (name), __FILE__, __LINE__)

static inline int
check_done(const char *test)
{
	printf("%s: %d checks, %d failed\n", test, checks, failures);
	return failures != 0 || checks == 0;
}

#endif
