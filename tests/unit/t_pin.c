/* The forms of a pin. */

#include "check.h"
#include "net/pin.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000"
#define A43 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const struct {
	const char *text;
	int result;
	unsigned char last; /* octet of the digest */
} cases[] = {
	{ "sha256:" ZEROS "0000fF", 0, 0xff },
	{ "sha256:" ZEROS "0000a9", 0, 0xa9 },
	{ "sha256:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:"
	  "00:00:00:00:00:00:00:00:00:00:00:7e",
	    0, 0x7e },
	{ "sha256//" A43 "=", 0, 0 },
	{ "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP8=", 0, 0xff },
	{ "", -1, 0 },
	{ "sha256", -1, 0 },
	{ "sha256:", -1, 0 },
	{ "sha256:" ZEROS "00000", -1, 0 },
	{ "sha256:" ZEROS "0000000", -1, 0 },
	{ "sha256:" ZEROS "00000g", -1, 0 },
	{ "sha256: " ZEROS "00000", -1, 0 },
	{ "sha256:00:" ZEROS "0000", -1, 0 },
	{ "sha256:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:"
	  "00:00:00:00:00:00:00:00:00:00:00:7e:",
	    -1, 0 },
	{ "SHA256:" ZEROS "000000", -1, 0 },
	{ "sha1:" ZEROS "000000", -1, 0 },
	{ "sha256//", -1, 0 },
	{ "sha256//" A43, -1, 0 },
	{ "sha256//" A43 "A", -1, 0 },
	{ "sha256//" A43 "==", -1, 0 },
	{ "sha256//" A43 "=\n", -1, 0 },
	{ "sha256//-" A43, -1, 0 },
};

int
main(void)
{
	struct pin pin;
	size_t i;
	int rv;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rv = pin_parse(&pin, cases[i].text);
		CHECK_INT(rv, cases[i].result, cases[i].text);
		if (rv == 0)
			CHECK_INT(pin.digest[31], cases[i].last, cases[i].text);
	}
	return check_done("t_pin");
}
