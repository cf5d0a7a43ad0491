#include <stdlib.h>

#include "cli/keyfile.h"
#include "cli/security.h"
#include "cli/values.h"
#include "net/context.h"
#include "net/trust.h"

#define DAYS_MOST 36500 /* 100 years */

/* Beyond the values of the other options. */
enum {
	OPT_TLS = 4096,
	OPT_TLS_CA,
	OPT_TLS_PIN,
	OPT_TLS_NAME,
	OPT_TLS_CERT,
	OPT_TLS_KEY,
	OPT_TLS_MIN,
	OPT_TLS_CIPHERS,
	OPT_TLS_INSECURE,
	OPT_CERT_DAYS,
	OPT_END
};

#define VALUE POPT_ARG_STRING, NULL

struct poptOption security_table[] = {
	{ "tls", 0, VALUE, OPT_TLS,
	    "auto, starttls, implicit or none (SERVER's)", "POLICY" },
	{ "tls-ca", 0, VALUE, OPT_TLS_CA,
	    "trust these authorities, not the system's", "FILE|FOLDER" },
	{ "tls-pin", 0, VALUE, OPT_TLS_PIN,
	    "trust this certificate or key, and nobody else", "sha256:HEX" },
	{ "tls-name", 0, VALUE, OPT_TLS_NAME,
	    "the name in the certificate (SERVER's)", "NAME" },
	{ "tls-cert", 0, VALUE, OPT_TLS_CERT, "this client's certificate",
	    "FILE" },
	{ "tls-key", 0, VALUE, OPT_TLS_KEY, "and its key (in the same file)",
	    "FILE" },
	{ "tls-min", 0, VALUE, OPT_TLS_MIN, "the least version, 1.2 or 1.3",
	    "VERSION" },
	{ "tls-ciphers", 0, VALUE, OPT_TLS_CIPHERS,
	    "only these ciphers (OpenSSL's)", "LIST" },
	{ "tls-insecure", 0, POPT_ARG_NONE, NULL, OPT_TLS_INSECURE,
	    "do not verify the certificate", NULL },
	{ "cert-days", 0, VALUE, OPT_CERT_DAYS,
	    "with --check, --probe: 1 if the certificate expires within N days",
	    "N" },
	POPT_TABLEEND
};

bool
security_has(int option)
{
	return option >= OPT_TLS && option < OPT_END;
}

static int
add_pin(struct security *p, struct tls_options *o, const char *value,
    struct problem *problem)
{
	p->pins = mem_grow(p->pins, o->npin + 1, sizeof(*p->pins));
	o->pins = p->pins;
	if (pin_parse(&p->pins[o->npin], value) == -1)
		return problem_hint(problem, FAIL_USAGE,
		    "sha256: and 64 hexadecimal digits, or sha256// and 44 "
		    "characters of base64",
		    "--tls-pin %s: not the digest of a certificate", value);
	o->npin++;
	return 0;
}

static int
set_name(struct security *p, struct tls_options *o, const char *value,
    struct problem *problem)
{
	char *name;

	if (value_tls_name(&name, value, problem) == -1)
		return -1;
	free(p->name);
	o->name = p->name = name;
	return 0;
}

static int
set_days(struct security *p, const char *value, struct problem *problem)
{
	uint64_t days;

	if (value_number(&days, "cert-days", value, 1, DAYS_MOST, problem) ==
	    -1)
		return -1;
	p->days = (int)days;
	return 0;
}

int
security_apply(struct security *p, struct tls_options *o, int option,
    const char *value, struct problem *problem)
{
	switch (option) {
	case OPT_TLS:
		p->policy = value;
		return 0;
	case OPT_TLS_CA:
		p->authorities = value;
		return 0;
	case OPT_TLS_PIN:
		return add_pin(p, o, value, problem);
	case OPT_TLS_NAME:
		return set_name(p, o, value, problem);
	case OPT_TLS_CERT:
		p->cert = value;
		return 0;
	case OPT_TLS_KEY:
		p->key = value;
		return 0;
	case OPT_TLS_MIN:
		return value_version(&o->newest, value, problem);
	case OPT_TLS_CIPHERS:
		o->ciphers = value;
		return context_ciphers(value, problem);
	case OPT_TLS_INSECURE:
		o->insecure = true;
		return 0;
	default:
		return set_days(p, value, problem);
	}
}

/* Who has a pin must see a certificate. */
static int
check_pins(const struct tls_options *o, enum tls_policy *policy,
    struct problem *problem)
{
	if (o->npin && o->insecure)
		return problem_set(problem, FAIL_USAGE,
		    "--tls-pin and --tls-insecure exclude each other");
	if (o->npin && *policy == TLS_NONE)
		return problem_hint(problem, FAIL_USAGE, "--tls=starttls",
		    "--tls-pin: there is no TLS with --tls none");
	if (o->npin && *policy == TLS_AUTO)
		*policy = TLS_STARTTLS;
	return 0;
}

int
security_check(const struct security *p, struct session_options *s,
    const struct server *server, struct problem *problem)
{
	const struct tls_options *o = &s->certificates;

	s->tls = server->tls;
	if (p->policy && value_policy(&s->tls, p->policy, problem) == -1)
		return -1;
	if (check_pins(o, &s->tls, problem) == -1)
		return -1;
	if (p->key && p->cert == NULL)
		return problem_hint(problem, FAIL_USAGE, "--tls-cert FILE",
		    "--tls-key: a key without a certificate");
	if (p->days && !s->check && !s->probe)
		return problem_set(problem, FAIL_USAGE,
		    "--cert-days goes with --check and --probe");
	if (server->path && !o->name && !o->insecure && !o->npin &&
	    (s->tls == TLS_STARTTLS || s->tls == TLS_IMPLICIT))
		return problem_hint(problem, FAIL_USAGE, "--tls-name NAME",
		    "--tls %s: a socket has no name that could be verified",
		    p->policy);
	return 0;
}

int
security_load(struct security *p, struct tls_options *o,
    const struct patience *patience, struct problem *problem)
{
	if (p->authorities) {
		p->store = trust_only(p->authorities, problem);
		if (p->store == NULL)
			return -1;
		o->authorities = p->store;
	}
	if (p->cert == NULL)
		return 0;
	if (keyfile_load(&p->identity, p->cert, p->key, patience, problem) ==
	    -1)
		return -1;
	o->identity = &p->identity;
	return context_try(o, problem);
}

int
security_age(const struct security *p, const struct tls_findings *found,
    struct problem *problem)
{
	const struct certificate *c = &found->certificate;

	if (p->days == 0 || (found->version && c->days >= p->days))
		return 0;
	if (found->version == NULL)
		return problem_set(problem, FAIL_AUTH,
		    "--cert-days: there was no certificate, for there was no "
		    "TLS");
	if (c->days < 0)
		return problem_set(problem, FAIL_AUTH,
		    "the server's certificate expired on %s", c->until);
	if (c->days == 0)
		return problem_set(problem, FAIL_AUTH,
		    "the server's certificate expires in less than a day, on "
		    "%s",
		    c->until);
	return problem_set(problem, FAIL_AUTH,
	    "the server's certificate expires in %d day%s, on %s", c->days,
	    c->days == 1 ? "" : "s", c->until);
}

void
security_free(struct security *p)
{
	free(p->name);
	free(p->pins);
	X509_STORE_free(p->store);
	identity_free(&p->identity);
	*p = (struct security){ 0 };
}
