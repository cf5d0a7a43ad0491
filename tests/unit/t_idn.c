/* Names as A-labels: what they come to, and that nothing but a name does. With
 * and without libidn2. */

#include <stdlib.h>
#include <string.h>

#include "base/idn.h"
#include "check.h"

static void
converts(void)
{
	static const struct {
		const char *name, *ascii; /* NULL: there is none */
	} rows[] = {
		{ "b\303\274cher.example", "xn--bcher-kva.example" },
		{ "B\303\234CHER.Example", "xn--bcher-kva.example" },
		{ "bu\314\210cher.example", "xn--bcher-kva.example" }, /* NFD */
		{ "stra\303\237e.example", "xn--strae-oqa.example" },
		{ "xn--bcher-kva.b\303\274.example",
		    "xn--bcher-kva.xn--b-eha.example" },
		{ "b\303\274\343\200\202c", "xn--b-eha.c" }, /* another dot */
		{ "\357\275\214ocalhost", "localhost" }, /* a wide l */
		{ "plain.example", "plain.example" },
		/* what maps to a separator, or is none at all */
		{ "\303\274\357\274\236.c", NULL }, /* > */
		{ "\303\274\357\274\240.c", NULL }, /* @ */
		{ "\303\274 b.c", NULL }, { "\303\274\r\nb.c", NULL },
		{ "\303\274>b.c", NULL },
		{ "\303\274\342\200\256.c", NULL }, /* bidirectional */
		{ "\303", NULL }, { "\303\274-.c", NULL },
		{ "\342\230\203", NULL }, /* a snowman */
	};
	const char *why;
	char *ascii;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		why = NULL;
		ascii = idn_ascii(rows[i].name, &why);
		CHECK_STR(ascii, rows[i].ascii, rows[i].name);
		CHECK(ascii || (why && *why));
		free(ascii);
	}
}

int
main(void)
{
	const char *why = NULL;

	if (idn_version()) {
		converts();
	} else {
		CHECK(idn_ascii("b\303\274cher.example", &why) == NULL);
		CHECK_STR(why, "built without libidn2", "why");
	}
	return check_done("t_idn");
}
