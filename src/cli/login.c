#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "cli/login.h"
#include "smtp/sasl.h"

/* Whether --auth names a mechanism, or nothing at all. */
static bool
allows(const struct options *o, const struct mechanism *m)
{
	char name[40];

	snprintf(name, sizeof(name), " %s ", m->name);
	return !o->session.mechanisms || strstr(o->session.mechanisms, name);
}

static bool
allows_proof(const struct options *o, enum proof proof)
{
	const struct mechanism *m;
	size_t i;

	for (i = 0; (m = sasl_mechanism(i)) != NULL; i++)
		if (m->by == proof && allows(o, m))
			return true;
	return false;
}

/* Whether a mechanism that may be used has a place for --authzid. */
static bool
carries_authzid(const struct options *o)
{
	const struct credentials *c = &o->credentials;
	const struct mechanism *m;
	size_t i;

	for (i = 0; (m = sasl_mechanism(i)) != NULL; i++)
		if (m->authzid && allows(o, m) &&
		    (m->by == c->proof || (m->by == BY_OTHER && c->external)))
			return true;
	return false;
}

static int
check_sources(const struct password_source *p, struct problem *problem)
{
	int n = (p->file != NULL) + (p->command != NULL) + (p->fd != -1) +
		(p->token_file != NULL) + (p->token_command != NULL) + p->netrc;

	if (n > 1)
		return problem_set(problem, FAIL_USAGE,
		    "--password-file, --password-command, --password-fd, "
		    "--netrc, --token-file and --token-command exclude each "
		    "other");
	return n;
}

/* What the login is by, and whether --auth has mechanisms for it. EXTERNAL has
 * to be named: what it is by is not seen here. */
static int
choose_proof(struct options *o, int sources, struct problem *problem)
{
	struct credentials *c = &o->credentials;

	c->external = o->session.mechanisms && allows_proof(o, BY_OTHER);
	if (o->password.token_file || o->password.token_command)
		c->proof = BY_TOKEN;
	if (allows_proof(o, c->proof))
		return 0;
	if (sources == 0 && c->external) {
		c->proof = BY_OTHER;
		return 0;
	}
	if (sources == 0)
		return problem_hint(problem, FAIL_USAGE,
		    "--token-command COMMAND, --token-file FILE",
		    "--auth: only mechanisms that take a token, and there is "
		    "none");
	return problem_hint(problem, FAIL_USAGE,
	    c->proof == BY_TOKEN ? "--auth OAUTHBEARER,XOAUTH2"
				 : "--auth PLAIN",
	    "--auth: no mechanism that takes a %s",
	    c->proof == BY_TOKEN ? "token" : "password");
}

/* A netrc file goes by the name of the machine, as it was typed. */
static int
check_netrc(struct options *o, struct problem *problem)
{
	const struct server *server = &o->server;

	if (!o->password.netrc)
		return 0;
	if (server->path)
		return problem_set(problem, FAIL_USAGE,
		    "--netrc: a Unix socket is no machine");
	o->password.host = server->typed ? server->typed : server->host;
	return 0;
}

static int
check_names(const struct options *o, struct problem *problem)
{
	if (o->user && !text_harmless(o->user, strlen(o->user)))
		return problem_set(problem, FAIL_USAGE,
		    "--user: a control character or invalid UTF-8");
	if (o->authzid && !text_harmless(o->authzid, strlen(o->authzid)))
		return problem_set(problem, FAIL_USAGE,
		    "--authzid: a control character or invalid UTF-8");
	if (o->authzid && *o->authzid && !carries_authzid(o))
		return problem_hint(problem, FAIL_USAGE,
		    o->credentials.proof == BY_TOKEN ? "--auth OAUTHBEARER"
						     : "--auth PLAIN",
		    "--authzid: no mechanism of --auth has a place for it");
	return 0;
}

int
login_check(struct options *o, struct problem *problem)
{
	struct credentials *c = &o->credentials;
	int sources;

	o->password.netrc |= o->password.netrc_file != NULL;
	sources = check_sources(&o->password, problem);
	if (sources == -1 || choose_proof(o, sources, problem) == -1 ||
	    check_netrc(o, problem) == -1)
		return -1;
	if (o->user == NULL && !o->password.netrc && c->proof != BY_OTHER) {
		if (sources == 0 && o->authzid == NULL &&
		    o->session.mechanisms == NULL)
			return 0;
		return problem_set(problem, FAIL_USAGE,
		    "a login needs a user name: --user NAME");
	}
	if (check_names(o, problem) == -1)
		return -1;
	c->user = mem_string(o->user);
	c->authzid = mem_string(o->authzid);
	o->session.credentials = c;
	return 0;
}
