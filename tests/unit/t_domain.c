#include "check.h"
#include "smtp/domain.h"

#define LABEL63                                                                \
	"abc012345678901234567890123456789"                                    \
	"012345678901234567890123456789"

static const struct {
	const char *text;
	bool name, literal;
} rows[] = {
	{ "example.org", true, false },
	{ "a", true, false },
	{ "1.a", true, false },
	{ LABEL63 ".example", true, false },
	{ "", false, false },
	{ ".", false, false },
	{ "example.org.", false, false },
	{ "mx_1.example", false, false },
	{ "-a.example", false, false },
	{ "a-.example", false, false },
	{ "a b", false, false },
	{ "a\r\nRSET", false, false },
	{ "192.0.2.1", false, false },
	{ "b\303\274cher.example", false, false },
	{ "x" LABEL63, false, false },
	{ "[192.0.2.1]", false, true },
	{ "[192.0.2.01]", false, false },
	{ "[ 192.0.2.1]", false, false },
	{ "[IPv6:::1]", false, true },
	{ "[IPV6:2001:db8::192.0.2.1]", false, true },
	{ "[192.0.2.256]", false, false },
	{ "[192.0.2]", false, false },
	{ "[IPv6:]", false, false },
	{ "[IPv6:::]", false, true },
	{ "[IPv6:1::2::3]", false, false },
	{ "[IPv6:1:2:3:4:5:6::]", false, true },
	{ "[IPv6:1:2:3:4:5:6:7::]", false, false },
	{ "[IPv6:1:2:3:4:5:6:7:8]", false, true },
	{ "[IPv6:1:2:3:4::192.0.2.1]", false, true },
	{ "[IPv6:1:2:3:4:5::192.0.2.1]", false, false },
	{ "[IPv6:fe80::1%eth0]", false, false },
	{ "[IPv6:1:2:3:4:5:6:192.0.2.1]", false, true },
	{ "[IPv6:192.0.2.1]", false, false },
	{ "[::1]", false, false },
	{ "[", false, false },
	{ "[]", false, false },
	{ "[IPv6]", false, false },
	{ "[IPv6:::1", false, false },
	{ "IPv6:::1]", false, false },
	{ "[x:y]", false, false },
};

int
main(void)
{
	size_t i, len;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		len = strlen(rows[i].text);
		CHECK_INT(
		    domain_name(rows[i].text, len), rows[i].name, rows[i].text);
		CHECK_INT(domain_literal(rows[i].text, len), rows[i].literal,
		    rows[i].text);
	}
	CHECK(!domain_name("a\0b", 3));
	CHECK(!domain_literal("[192.0.2.1\0]", 12));
	CHECK(domain_name("example.org:25", 11)); /* no more than len */
	CHECK(domain_fault("b\303\274cher", 7) == NULL);
	return check_done("t_domain");
}
