#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <popt.h>

#include "base/clock.h"
#include "base/idn.h"
#include "base/saslprep.h"
#include "cli/arguments.h"
#include "cli/delivery.h"
#include "cli/options.h"
#include "cli/values.h"
#include "net/dial.h"
#include "smtp/domain.h"

/* Values above the letters, for options that have none. */
enum {
	OPT_TO_FILE = 256,
	OPT_BIND,
	OPT_HELO,
	OPT_CONNECT_TIMEOUT,
	OPT_TIMEOUT,
	OPT_DEADLINE,
	OPT_NO_PIPELINING,
	OPT_NO_ESMTP,
	OPT_NO_CHUNKING,
	OPT_LMTP,
	OPT_ALL_OR_NONE,
	OPT_CHECK,
	OPT_QUIT_AFTER,
	OPT_AUTHZID,
	OPT_AUTH,
	OPT_CLEARTEXT_AUTH,
	OPT_PASSWORD_FILE,
	OPT_PASSWORD_COMMAND,
	OPT_PASSWORD_FD,
	OPT_NETRC,
	OPT_NETRC_FILE,
	OPT_TOKEN_FILE,
	OPT_TOKEN_COMMAND,
	OPT_JSON,
	OPT_SHOW_SECRETS,
	OPT_USAGE
};

#define FLAG POPT_ARG_NONE, NULL
#define VALUE POPT_ARG_STRING, NULL

static struct poptOption envelope_table[] = {
	{ "to-file", 0, VALUE, OPT_TO_FILE,
	    "more recipients, one a line; -: standard input", "FILE" },
	{ "all-or-none", 0, FLAG, OPT_ALL_OR_NONE,
	    "send nothing unless every recipient is accepted", NULL },
	POPT_TABLEEND
};

static struct poptOption message_table[] = {
	{ "message", 'm', VALUE, 'm',
	    "where the message is (-: standard input)", "FILE" },
	POPT_TABLEEND
};

static struct poptOption connection_table[] = {
	{ "ipv4", '4', FLAG, '4', "only IPv4 addresses", NULL },
	{ "ipv6", '6', FLAG, '6', "only IPv6 addresses", NULL },
	{ "port", 'p', VALUE, 'p', "connect to this port (25, or the URL's)",
	    "PORT" },
	{ "bind", 0, VALUE, OPT_BIND, "connect from this address",
	    "ADDRESS[:PORT]" },
	{ "helo", 0, VALUE, OPT_HELO, "the name to say in EHLO (this host's)",
	    "NAME" },
	{ "connect-timeout", 0, VALUE, OPT_CONNECT_TIMEOUT,
	    "time to connect to one address (30)", "SECONDS" },
	{ "timeout", 0, VALUE, OPT_TIMEOUT, "time for each reply (120 to 600)",
	    "SECONDS" },
	{ "deadline", 0, VALUE, OPT_DEADLINE,
	    "time for the whole run (no limit)", "SECONDS" },
	{ "no-pipelining", 0, FLAG, OPT_NO_PIPELINING, "one command at a time",
	    NULL },
	{ "no-chunking", 0, FLAG, OPT_NO_CHUNKING, "DATA, never BDAT", NULL },
	{ "lmtp", 0, FLAG, OPT_LMTP, "speak LMTP", NULL },
	{ "no-esmtp", 0, FLAG, OPT_NO_ESMTP, "HELO, and no extension", NULL },
	POPT_TABLEEND
};

static struct poptOption auth_table[] = {
	{ "user", 'u', VALUE, 'u', "log in as NAME (SERVER's USER)", "NAME" },
	{ "authzid", 0, VALUE, OPT_AUTHZID, "act as NAME", "NAME" },
	{ "auth", 0, VALUE, OPT_AUTH, "only these mechanisms (all)",
	    "MECHANISM[,...]" },
	{ "allow-cleartext-auth", 0, FLAG, OPT_CLEARTEXT_AUTH,
	    "log in without TLS or a verified certificate too", NULL },
	{ "password-file", 0, VALUE, OPT_PASSWORD_FILE,
	    "the password is in FILE", "FILE" },
	{ "password-command", 0, VALUE, OPT_PASSWORD_COMMAND,
	    "sh -c COMMAND prints the password", "COMMAND" },
	{ "password-fd", 0, VALUE, OPT_PASSWORD_FD,
	    "the password comes from descriptor N", "N" },
	{ "netrc", 0, FLAG, OPT_NETRC, "user and password are in ~/.netrc",
	    NULL },
	{ "netrc-file", 0, VALUE, OPT_NETRC_FILE,
	    "user and password are in FILE, as in ~/.netrc", "FILE" },
	{ "token-file", 0, VALUE, OPT_TOKEN_FILE,
	    "log in with the OAuth 2.0 token in FILE", "FILE" },
	{ "token-command", 0, VALUE, OPT_TOKEN_COMMAND,
	    "sh -c COMMAND prints the token", "COMMAND" },
	POPT_TABLEEND
};

static struct poptOption report_table[] = {
	{ "quiet", 'q', FLAG, 'q', "print only what was not accepted", NULL },
	{ "json", 0, FLAG, OPT_JSON, "print JSON, one object a line", NULL },
	{ "debug", 'd', FLAG, 'd',
	    "show the dialogue; -dd also times and TLS, -ddd also the message",
	    NULL },
	{ "check", 0, FLAG, OPT_CHECK,
	    "ask about every recipient, and send nothing", NULL },
	{ "quit-after", 0, VALUE, OPT_QUIT_AFTER,
	    "end after connect, banner, ehlo, starttls, auth, mail or rcpt",
	    "STAGE" },
	{ "show-secrets", 0, FLAG, OPT_SHOW_SECRETS,
	    "show passwords in the trace too", NULL },
	POPT_TABLEEND
};

static struct poptOption help_table[] = {
	{ "help", 'h', FLAG, 'h', "show this help", NULL },
	{ "usage", 0, FLAG, OPT_USAGE, "show the options in short", NULL },
	{ "version", 'V', FLAG, 'V', "show the version", NULL }, POPT_TABLEEND
};

#define GROUP(table, title)                                                    \
	NULL, 0, POPT_ARG_INCLUDE_TABLE, table, 0, title, NULL

static const struct poptOption table[] = { { GROUP(
					       envelope_table, "Envelope:") },
	{ GROUP(message_table, "Message:") },
	{ GROUP(delivery_table, "Delivery:") },
	{ GROUP(connection_table, "Connection:") },
	{ GROUP(security_table, "TLS:") }, { GROUP(auth_table, "Login:") },
	{ GROUP(report_table, "Report:") },
	{ GROUP(questions_table, "Questions, in place of a message:") },
	{ GROUP(help_table, "Help:") }, POPT_TABLEEND };

/* The value is owned from here on: it lives as long as the options. */
static const char *
keep(struct options *o, char *value)
{
	o->values = mem_grow(o->values, o->nvalue + 1, sizeof(*o->values));
	o->values[o->nvalue++] = value;
	return value;
}

/* The value of the option just read. */
static const char *
value_of(struct options *o, poptContext popt)
{
	char *value = poptGetOptArg(popt);

	return value ? keep(o, value) : NULL;
}

static int
family(struct options *o, int wanted, struct problem *problem)
{
	if (o->family != AF_UNSPEC && o->family != wanted)
		return problem_set(
		    problem, FAIL_USAGE, "-4 and -6 exclude each other");
	o->family = wanted;
	return 0;
}

static int
helo_name(struct options *o, const char *name, struct problem *problem)
{
	size_t len = strlen(name);

	o->session.helo = name;
	if (domain_name(name, len) || domain_literal(name, len))
		return 0;
	return problem_hint(problem, FAIL_USAGE,
	    "a host name, or an address in brackets: [192.0.2.1], "
	    "[IPv6:2001:db8::1]",
	    "--helo %s: not a name that can be said in EHLO", name);
}

static int
password_fd(struct options *o, const char *value, struct problem *problem)
{
	uint64_t fd;

	if (value_number(&fd, "password-fd", value, 0, 65535, problem) == -1)
		return -1;
	o->password.fd = (int)fd;
	return 0;
}

static int
mechanisms(struct options *o, const char *value, struct problem *problem)
{
	if (value_mechanisms(&o->mechanisms, value, problem) == -1)
		return -1;
	o->session.mechanisms = buf_str(&o->mechanisms);
	return 0;
}

/* Takes in one option that changes nothing but its own field. */
static int
apply_flag(struct options *o, int option)
{
	switch (option) {
	case OPT_NO_PIPELINING:
		o->session.no_pipelining = true;
		return 0;
	case OPT_NO_ESMTP:
		o->session.no_esmtp = true;
		return 0;
	case OPT_NO_CHUNKING:
		o->session.no_chunking = true;
		return 0;
	case OPT_LMTP:
		o->session.lmtp = true;
		return 0;
	case OPT_ALL_OR_NONE:
		o->session.all_or_none = true;
		return 0;
	case OPT_CHECK:
		o->session.check = true;
		return 0;
	case OPT_CLEARTEXT_AUTH:
		o->session.allow_cleartext_auth = true;
		return 0;
	case OPT_NETRC:
		o->password.netrc = true;
		return 0;
	case 'q':
		o->quiet = true;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case 'd':
		o->trace.level++;
		return 0;
	case OPT_SHOW_SECRETS:
		o->trace.secrets = true;
		return 0;
	default:
		return -1;
	}
}

static const char **
text_field(struct options *o, int option)
{
	switch (option) {
	case 'm':
		return &o->message;
	case 'p':
		return &o->port;
	case 'u':
		return &o->user;
	case OPT_AUTHZID:
		return &o->authzid;
	case OPT_PASSWORD_FILE:
		return &o->password.file;
	case OPT_PASSWORD_COMMAND:
		return &o->password.command;
	case OPT_NETRC_FILE:
		return &o->password.netrc_file;
	case OPT_TOKEN_FILE:
		return &o->password.token_file;
	case OPT_TOKEN_COMMAND:
		return &o->password.token_command;
	default:
		return NULL;
	}
}

static const char *
long_name(int option)
{
	const struct poptOption *group, *row;

	for (group = table; group->arg; group++)
		for (row = group->arg; row->longName; row++)
			if (row->val == option)
				return row->longName;
	return "";
}

static int
apply(struct options *o, int option, const char *value, struct problem *problem)
{
	const char **field = text_field(o, option);

	/* mostly a variable of a script that is not set */
	if (value && *value == '\0')
		return problem_set(problem, FAIL_USAGE, "--%s: an empty value",
		    long_name(option));
	if (field) {
		*field = value;
		return 0;
	}
	if (delivery_has(option))
		return delivery_apply(
		    &o->session.parameters, option, value, problem);
	if (security_has(option))
		return security_apply(&o->security, &o->session.certificates,
		    option, value, problem);
	if (questions_has(option))
		return questions_apply(&o->questions, option, value, problem);
	switch (option) {
	case '4':
		return family(o, AF_INET, problem);
	case '6':
		return family(o, AF_INET6, problem);
	case OPT_BIND:
		return dial_local(&o->local, value, problem);
	case OPT_HELO:
		return helo_name(o, value, problem);
	case OPT_CONNECT_TIMEOUT:
		return value_seconds(
		    &o->connect_timeout, "connect-timeout", value, problem);
	case OPT_TIMEOUT:
		return value_seconds(
		    &o->session.timeout, "timeout", value, problem);
	case OPT_DEADLINE:
		if (value_seconds(
			&o->session.deadline, "deadline", value, problem) == -1)
			return -1;
		o->session.deadline += o->trace.start;
		return 0;
	case OPT_AUTH:
		return mechanisms(o, value, problem);
	case OPT_TO_FILE:
		o->to_files = mem_grow(
		    o->to_files, o->nto_file + 1, sizeof(*o->to_files));
		o->to_files[o->nto_file++] = value;
		return 0;
	case OPT_QUIT_AFTER:
		return value_stage(&o->session.quit_after, value, problem);
	case OPT_PASSWORD_FD:
		return password_fd(o, value, problem);
	default:
		return apply_flag(o, option);
	}
}

static void
version(void)
{
	printf("ehlo %s\n%s\npopt\n", EHLO_VERSION,
	    OpenSSL_version(OPENSSL_VERSION));
	if (idn_version())
		printf("libidn2 %s\n", idn_version());
	if (saslprep_version())
		printf("libidn %s\n", saslprep_version());
}

/* What was asked for has been printed. */
static enum options_result
answered(struct problem *problem)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return OPTIONS_DONE;
	problem_set(
	    problem, FAIL_OUTPUT, "standard output: %s", strerror(errno));
	return OPTIONS_WRONG;
}

static enum options_result
read_all(struct options *o, poptContext popt, struct problem *problem)
{
	const char *bad;
	int option;

	while ((option = poptGetNextOpt(popt)) > 0) {
		if (option == 'h')
			poptPrintHelp(popt, stdout, 0);
		else if (option == OPT_USAGE)
			poptPrintUsage(popt, stdout, 0);
		else if (option == 'V')
			version();
		else if (apply(o, option, value_of(o, popt), problem) == 0)
			continue;
		else
			return OPTIONS_WRONG;
		return answered(problem);
	}
	if (option < -1) {
		/* its value may be a secret: --password=... */
		bad = poptBadOption(popt, POPT_BADOPTION_NOALIAS);
		problem_hint(problem, FAIL_USAGE, "ehlo --help", "%.*s: %s",
		    (int)strcspn(bad, "="), bad, poptStrerror(option));
		return OPTIONS_WRONG;
	}
	return arguments_read(o, poptGetArgs(popt), problem) == -1
		   ? OPTIONS_WRONG
		   : OPTIONS_RUN;
}

enum options_result
options_parse(
    struct options *o, int argc, const char **argv, struct problem *problem)
{
	poptContext popt;
	enum options_result result;

	*o = (struct options){ .family = AF_UNSPEC,
		.connect_timeout = 30000,
		.password = { .fd = -1 },
		.session = { .deadline = CLOCK_NEVER },
		.trace = {
		    .start = clock_now(), .patience = { -1, CLOCK_NEVER } } };
	popt = poptGetContext("ehlo", argc, argv, table, 0);
	poptReadDefaultConfig(popt, 0); /* aliases */
	poptSetOtherOptionHelp(popt, "[OPTION]... SERVER FROM TO... < message");
	result = read_all(o, popt, problem);
	poptFreeContext(popt);
	return result;
}

void
options_free(struct options *o)
{
	while (o->nvalue)
		free(o->values[--o->nvalue]);
	free(o->values);
	free(o->to_files);
	server_free(&o->server);
	envelope_free(&o->envelope);
	credentials_free(&o->credentials);
	security_free(&o->security);
	buf_free(&o->mechanisms);
	parameters_free(&o->session.parameters);
	questions_free(&o->questions);
}
