/* The whole conversation with a server that says anything, in pieces of any
 * size, whatever it is told. The first line of an input has a letter for each
 * thing that is chosen; what is behind it is the server's stream, with the
 * marks of wire.h. */

#include <string.h>

#include "base/clock.h"
#include "fuzz.h"
#include "wire.h"

/* Of 60 octets, with a dot to be doubled. */
#define LINE "....,....|....,....|....,....|....,....|....,....|....,...\r\n"

enum {
	SHORT,
	EIGHT_BIT, /* in its body */
	UTF8, /* in its header section */
	BINARY,
	LONG, /* is out before its end is */
	LARGE, /* goes in several chunks */
	NMESSAGE
};

static struct message messages[NMESSAGE];
static struct credentials credentials;

static void
prepare(void)
{
	static char user[] = "ann";
	static const char eight_bit[] = "t\n\n\xc3\xa9\n";
	static const char utf8[] = "\xc3\xa9\n\n.x\n";
	static const char binary[] = "t\r\n"
				     "Content-Transfer-Encoding: binary\r\n"
				     "\r\n.\r\n\0\r\n.\r\n";

	wire_gather(&messages[SHORT], "t\n\n.\nx", 6, 1);
	wire_gather(&messages[EIGHT_BIT], eight_bit, sizeof(eight_bit) - 1, 1);
	wire_gather(&messages[UTF8], utf8, sizeof(utf8) - 1, 1);
	wire_gather(&messages[BINARY], binary, sizeof(binary) - 1, 1);
	wire_gather(&messages[LONG], LINE, strlen(LINE), 1200);
	wire_gather(&messages[LARGE], LINE, strlen(LINE), 18000);
	credentials.user = user;
	buf_adds(&credentials.password, "correct horse");
}

static bool
has(const char *letters, size_t n, char letter)
{
	return n && memchr(letters, letter, n);
}

static struct session_options
choose_options(const char *p, size_t n)
{
	return (struct session_options){
		.deadline = CLOCK_NEVER,
		.tls = TLS_NONE,
		.lmtp = has(p, n, 'l'),
		.check = has(p, n, 'c'),
		.all_or_none = has(p, n, 'a'),
		.no_pipelining = has(p, n, 'p'),
		.no_chunking = has(p, n, 'k'),
		.no_esmtp = has(p, n, 'h') && !has(p, n, 'l'),
		.credentials = has(p, n, 'u') ? &credentials : NULL,
		.allow_cleartext_auth = has(p, n, 'w'),
		.quit_after = has(p, n, 'm')   ? STAGE_MAIL
			      : has(p, n, 'q') ? STAGE_RCPT
					       : STAGE_LOCAL,
		.parameters = { .notify = has(p, n, 'n') },
	};
}

static struct message *
choose_message(const char *p, size_t n)
{
	static const char letters[NMESSAGE] = "S8UBLX";
	size_t i;

	for (i = NMESSAGE - 1; i > 0; i--)
		if (has(p, n, letters[i]))
			break;
	return &messages[i];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	const char *eol = size ? memchr(p, '\n', size) : NULL;
	size_t n = eol ? (size_t)(eol - p) : 0;
	struct wire_setup setup;
	struct wire wire;

	if (eol == NULL)
		return 0;
	if (credentials.user == NULL)
		prepare();
	setup = (struct wire_setup){ .options = choose_options(p, n),
		.message = choose_message(p, n),
		.nrecipient = has(p, n, '4')   ? 4
			      : has(p, n, '3') ? 3
			      : has(p, n, '2') ? 2
					       : 1 };
	wire = (struct wire){ .stream = eol + 1,
		.left = size - n - 1,
		.gulp = !has(p, n, 'g')			    ? 0
			: setup.message == &messages[LARGE] ? 65536
							    : 7,
		.silent = has(p, n, 's'),
		.reset = has(p, n, 'r') };
	wire_run(&wire, &setup);
	return 0;
}
