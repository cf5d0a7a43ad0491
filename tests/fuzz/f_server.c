/* The SERVER word: what is understood has all its parts, and is understood
 * again when it is written out. */

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "fuzz.h"
#include "net/server.h"

static void
check_host(const struct server *s)
{
	struct problem problem = { 0 };
	struct server again;
	int family = server_family(s);

	MUST(*s->host && s->port && s->path == NULL);
	MUST(family == AF_INET || family == AF_INET6 || family == AF_UNSPEC);
	MUST(server_parse(&again, s->name, &problem) == 0);
	MUST(again.host && strcmp(again.host, s->host) == 0);
	MUST(again.port == s->port && server_family(&again) == family);
	server_free(&again);
}

static void
check(struct server *s, const char *word)
{
	const char *doubt = server_doubt(s);

	MUST(strcmp(s->word, word) == 0 && s->name);
	MUST(text_harmless(s->name, strlen(s->name)));
	MUST(doubt == NULL || s->host);
	if (s->user)
		MUST(*s->user);
	if (s->path) {
		MUST(*s->path == '/' && s->host == NULL && s->port == 0);
		server_port(s, 2525);
		MUST(s->port == 0);
		return;
	}
	check_host(s);
	server_port(s, 2525);
	MUST(s->port == 2525);
	check_host(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *word = fuzz_string(data, size);
	struct problem problem = { 0 };
	struct server s;

	if (server_parse(&s, word, &problem) == 0) {
		MUST(problem.class == FAIL_NONE);
		check(&s, word);
	} else {
		MUST(problem.class == FAIL_USAGE && s.host == NULL);
		MUST(text_harmless(
		    buf_head(&problem.text), buf_len(&problem.text)));
	}
	server_free(&s);
	problem_free(&problem);
	free(word);
	return 0;
}
