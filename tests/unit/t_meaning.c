/* What is said of the words of an EHLO reply. */

#include "check.h"
#include "cli/meaning.h"

static const struct {
	void (*add)(struct buf *, const char *, size_t);
	const char *word, *meaning;
} cases[] = {
	{ meaning_offer, "8BITMIME", "bodies in 8 bits need not be encoded" },
	{ meaning_offer, "8bitmime", "bodies in 8 bits need not be encoded" },
	{ meaning_offer, "8BITMIMEX", "" },
	{ meaning_offer, "", "" },
	{ meaning_offer, "XFOO SIZE", "" },
	{ meaning_offer, "AUTH PLAIN", "a login, by these mechanisms" },
	{ meaning_offer, "AUTH=PLAIN", "a login, by these mechanisms" },
	{ meaning_offer, "SIZE",
	    "the size can be said before; no limit is named" },
	{ meaning_offer, "SIZE 0",
	    "the size can be said before; no limit is named" },
	{ meaning_offer, "SIZE 10x",
	    "the size can be said before; no limit is named" },
	{ meaning_offer, "SIZE 18446744073709551616",
	    "the size can be said before; no limit is named" },
	{ meaning_offer, "SIZE 1", "a message may have 1 octets" },
	{ meaning_offer, "SIZE 1023", "a message may have 1023 octets" },
	{ meaning_offer, "SIZE 1024", "a message may have 1.0 KiB" },
	{ meaning_offer, "SIZE 1048575", "a message may have 1023.9 KiB" },
	{ meaning_offer, "size 35882577", "a message may have 34.2 MiB" },
	{ meaning_offer, "SIZE 18446744073709551615",
	    "a message may have 15.9 EiB" },
	{ meaning_offer, "FUTURERELEASE", "messages can be held back" },
	{ meaning_offer, "FUTURERELEASE x y", "messages can be held back" },
	{ meaning_offer, "FUTURERELEASE 604800 2030-01-31T09:00:00+01:00",
	    "messages can be held back, at most 7 d, until "
	    "2030-01-31T08:00:00Z" },
	{ meaning_offer, "DELIVERBY",
	    "delivery can be asked for within a time" },
	{ meaning_offer, "DELIVERBY 0",
	    "delivery can be asked for within a time" },
	{ meaning_offer, "DELIVERBY 5430,x",
	    "delivery can be asked for within a time, of at least 1 h 30 "
	    "min" },
	{ meaning_offer, "DELIVERBY 59",
	    "delivery can be asked for within a time, of at least 59 s" },
	{ meaning_mechanism, "PLAIN", "shows the password to the server" },
	{ meaning_mechanism, "plain", "shows the password to the server" },
	{ meaning_mechanism, "GSSAPI", "Kerberos; not used by this program" },
	{ meaning_mechanism, "XFOO", "not used by this program" },
	{ meaning_limit, "RCPTMAX=100", "recipients in a message" },
	{ meaning_limit, "RCPTMAX", "recipients in a message" },
	{ meaning_limit, "XMAX=1", "" },
};

int
main(void)
{
	struct buf out = { 0 };
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_clear(&out);
		cases[i].add(&out, cases[i].word, strlen(cases[i].word));
		CHECK_STR(buf_str(&out), cases[i].meaning, cases[i].word);
	}
	buf_free(&out);
	return check_done("t_meaning");
}
