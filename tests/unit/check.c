#include "check.h"

static int checks, failures;

int
check_true(int ok, const char *what, const char *file, int line)
{
	checks++;
	if (!ok) {
		failures++;
		fprintf(stderr, "%s:%d: %s\n", file, line, what);
	}
	return ok;
}

int
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

int
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

int
check_done(const char *test)
{
	printf("%s: %d checks, %d failed\n", test, checks, failures);
	return failures != 0 || checks == 0;
}
