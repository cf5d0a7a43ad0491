#include <stddef.h>

#include "base/idn.h"

#ifdef LIBIDN2

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include <idn2.h>

#include "base/buf.h"

struct library {
	int (*to_ascii)(const char *, char **, int);
	const char *(*reason)(int);
	const char *(*version)(const char *);
	void (*release)(void *);
};

/* Loads it when it is needed, which is seldom: linked, it and what it links
 * would take their time in every run. */
static bool
load(struct library *l)
{
	void *lib = dlopen(LIBIDN2, RTLD_NOW | RTLD_LOCAL);

	if (lib == NULL)
		return false;
	l->to_ascii =
	    (int (*)(const char *, char **, int))dlsym(lib, "idn2_to_ascii_8z");
	l->reason = (const char *(*)(int))dlsym(lib, "idn2_strerror");
	l->version =
	    (const char *(*)(const char *))dlsym(lib, "idn2_check_version");
	l->release = (void (*)(void *))dlsym(lib, "idn2_free");
	return l->to_ascii && l->reason && l->version && l->release;
}

/* What looks like a separator of SMTP is mapped to one: a wide ">" (S-10). */
static bool
ldh(const char *p)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-.";

	return p[strspn(p, allowed)] == '\0';
}

char *
idn_ascii(const char *name, const char **why)
{
	struct library l;
	char *made, *ascii = NULL;
	int rv;

	if (!load(&l)) {
		*why = "there is no " LIBIDN2;
		return NULL;
	}
	/* not IDN2_USE_STD3_ASCII_RULES, which drops characters without a word
	 */
	rv = l.to_ascii(name, &made, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rv != IDN2_OK) {
		*why = l.reason(rv);
		return NULL;
	}
	if (ldh(made))
		ascii = mem_string(made);
	else
		*why = "a character that cannot stand in a domain";
	l.release(made);
	return ascii;
}

const char *
idn_version(void)
{
	struct library l;

	return load(&l) ? l.version(NULL) : NULL;
}

#else

char *
idn_ascii(const char *name, const char **why)
{
	(void)name;
	*why = "built without libidn2";
	return NULL;
}

const char *
idn_version(void)
{
	return NULL;
}

#endif
