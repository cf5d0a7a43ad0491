#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/saslprep.h"
#include "base/text.h"

#ifdef LIBIDN

#include <dlfcn.h>

#include <stringprep.h>

struct library {
	int (*prepare)(char *, size_t, Stringprep_profile_flags,
	    const Stringprep_profile *);
	const Stringprep_profile *profile;
	const char *(*version)(const char *);
};

/* Loads it when it is needed, which is seldom. */
static bool
load(struct library *l)
{
	static const char *const names[] = { LIBIDN };
	void *lib = NULL;
	size_t i;

	for (i = 0; lib == NULL && i < sizeof(names) / sizeof(names[0]); i++)
		lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (lib == NULL)
		return false;
	l->prepare = (int (*)(char *, size_t, Stringprep_profile_flags,
	    const Stringprep_profile *))dlsym(lib, "stringprep");
	l->profile = dlsym(lib, "stringprep_saslprep");
	l->version = (const char *(*)(const char *))dlsym(
	    lib, "stringprep_check_version");
	return l->prepare && l->profile && l->version;
}

/* NFKC makes of one character up to 18, and it works in place. */
static int
prepare(struct buf *out, const char *p, size_t len, const char **why)
{
	struct buf text = { .secret = true };
	struct library l;
	size_t room = len * 18 + 1;
	int rv;

	if (!load(&l)) {
		*why = "there is no libidn";
		return -1;
	}
	buf_room(&text, room);
	buf_add(&text, p, len);
	buf_str(&text);
	rv = l.prepare(text.data, room, 0, l.profile);
	if (rv == STRINGPREP_OK)
		buf_adds(out, text.data);
	else
		*why = "a character that cannot stand there";
	buf_free(&text);
	return rv == STRINGPREP_OK ? 0 : -1;
}

const char *
saslprep_version(void)
{
	struct library l;

	return load(&l) ? l.version(NULL) : NULL;
}

#else

static int
prepare(struct buf *out, const char *p, size_t len, const char **why)
{
	(void)out, (void)p, (void)len;
	*why = "built without libidn";
	return -1;
}

const char *
saslprep_version(void)
{
	return NULL;
}

#endif

int
saslprep(struct buf *out, const char *p, size_t len, const char **why)
{
	bool ascii = true;
	uint32_t cp;
	size_t i, n;

	for (i = 0; i < len; i += n) {
		n = text_utf8(p + i, len - i, &cp);
		if (n == 0) {
			*why = "not UTF-8";
			return -1;
		}
		if (cp < 0x20 || cp == 0x7f) { /* RFC 3454 C.2.1 */
			*why = "a control character";
			return -1;
		}
		ascii &= n == 1;
	}
	if (!ascii)
		return prepare(out, p, len, why);
	buf_add(out, p, len);
	return 0;
}
