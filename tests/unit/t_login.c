/* Logging in, and what is not said in cleartext. */

#include "base/clock.h"
#include "check.h"
#include "play.h"

/* Logging in: what goes over the wire, and what a no means. */
static const struct login {
	const char *id;
	const char *offers; /* NULL: " AUTH PLAIN LOGIN CRAM-MD5" */
	struct rule rules[5];
	const char *outcomes;
	int status;
	const char *said; /* between EHLO and MAIL or QUIT; NULL: any */
} logins[] = {
	{ "PLAIN", NULL, { { "AUTH", 1, "235 ok" } }, "aa", 0,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "PLAIN, asked", NULL,
	    { { "AUTH", 1, "334 " }, { "RESPONSE", 1, "235 ok" } }, "uu", 77,
	    NULL },
	{ "LOGIN", "AUTH LOGIN",
	    { { "AUTH", 1, "334 VXNlcm5hbWU6" },
		{ "RESPONSE", 1, "334 UGFzc3dvcmQ6" },
		{ "RESPONSE", 2, "235 ok" } },
	    "aa", 0, "AUTH LOGIN\r\ndQ==\r\ncA==\r\n" },
	{ "F-162", "AUTH LOGIN",
	    { { "AUTH", 1, "334" }, { "RESPONSE", 1, "334 " },
		{ "RESPONSE", 2, "235 ok" } },
	    "aa", 0, "AUTH LOGIN\r\ndQ==\r\ncA==\r\n" },
	{ "CRAM-MD5", "AUTH CRAM-MD5",
	    { { "AUTH", 1, "334 PDFAYj4=" }, { "RESPONSE", 1, "235 ok" } },
	    "aa", 0, NULL },
	{ "AUTH=", "AUTH=LOGIN PLAIN", { { "AUTH", 1, "235 ok" } }, "aa", 0,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "F-078", "auth plain", { { "AUTH", 1, "235 ok" } }, "aa", 0,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "F-077", "AUTH", { { "AUTH", 1, "235 ok" } }, "uu", 77, "" },
	{ "not offered", "SIZE", { { "AUTH", 1, "235 ok" } }, "uu", 77, "" },
	{ "F-351", "AUTH PLAINX XPLAIN", { { "AUTH", 1, "235 ok" } }, "uu", 77,
	    "" },
	{ "F-160", "AUTH LOGIN",
	    { { "AUTH", 1, "334 !!!!" }, { "RESPONSE", 1, "501 cancelled" } },
	    "uu", 76, "AUTH LOGIN\r\n*\r\n" },
	{ "F-161", "AUTH LOGIN",
	    { { "AUTH", 1, "334 AAA=BBB" },
		{ "RESPONSE", 1, "501 cancelled" } },
	    "uu", 76, "AUTH LOGIN\r\n*\r\n" },
	{ "F-167", "AUTH LOGIN",
	    { { "AUTH", 1, "334-VXNl\n334 cm5h" },
		{ "RESPONSE", 1, "501 cancelled" } },
	    "uu", 76, "AUTH LOGIN\r\n*\r\n" },
	{ "F-166", NULL, { { "AUTH", 1, "235 ok\n334 AAAA" } }, "uu", 76,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "F-169", "AUTH LOGIN", { { "AUTH", 1, "235 ok" } }, "uu", 77,
	    "AUTH LOGIN\r\n" },
	{ "F-176", NULL, { { "AUTH", 1, "535 5.7.8 no" } }, "uu", 77,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "F-177", "AUTH PLAIN LOGIN", { { "AUTH", 0, "534 5.7.9 weak" } },
	    "uu", 77, "AUTH PLAIN AHUAcA==\r\nAUTH LOGIN\r\n" },
	{ "F-177b", "AUTH PLAIN LOGIN",
	    { { "AUTH", 1, "534 5.7.9 weak" }, { "AUTH", 2, "334 " },
		{ "RESPONSE", 1, "334 " }, { "RESPONSE", 2, "235 ok" } },
	    "aa", 0, NULL },
	{ "F-177c", "AUTH PLAIN LOGIN",
	    { { "AUTH", 1, "534 5.7.9 weak" }, { "AUTH", 2, "454 later" } },
	    "dd", 75, NULL },
	{ "F-177d", "AUTH PLAIN LOGIN",
	    { { "AUTH", 1, "534 5.7.9 weak" }, { "AUTH", 2, "close" } }, "uu",
	    75, NULL },
	{ "F-178", NULL, { { "AUTH", 1, "454 4.7.0 later" } }, "dd", 75,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "F-179 432", NULL, { { "AUTH", 1, "432 change it" } }, "uu", 77,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "F-179 538", NULL, { { "AUTH", 1, "538 TLS first" } }, "uu", 77,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "F-179 500", NULL, { { "AUTH", 1, "500 5.5.6 long" } }, "uu", 77,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "503", NULL, { { "AUTH", 1, "503 already" } }, "aa", 0, NULL },
	{ "250", NULL, { { "AUTH", 1, "250 ok" } }, "uu", 76,
	    "AUTH PLAIN AHUAcA==\r\n" },
	{ "F-350", "AUTH LOGIN",
	    { { "AUTH", 1, "334 !" }, { "RESPONSE", 1, "235 ok" } }, "uu", 77,
	    NULL },
	{ "F-350b", "AUTH LOGIN",
	    { { "AUTH", 1, "334 !" }, { "RESPONSE", 1, "close" } }, "uu", 76,
	    NULL },
	{ "F-100 AUTH", NULL, { { "AUTH", 1, "421 no" } }, "dd", 75, NULL },
	{ "F-100 RESPONSE", "AUTH LOGIN",
	    { { "AUTH", 1, "334 " }, { "RESPONSE", 1, "421 no" } }, "dd", 75,
	    NULL },
	{ "F-111 AUTH", NULL, { { "AUTH", 1, "close" } }, "uu", 75, NULL },
	{ "loop", "AUTH LOGIN",
	    { { "AUTH", 1, "334 " }, { "RESPONSE", 1, "334 " },
		{ "RESPONSE", 2, "334 " }, { "RESPONSE", 3, "501 cancelled" } },
	    "uu", 76, "AUTH LOGIN\r\ndQ==\r\ncA==\r\n*\r\n" },
	{ "more after login", NULL,
	    { { "EHLO", 1, "250-fake\n250-SIZE 10\n250 AUTH PLAIN" },
		{ "AUTH", 1, "235 ok" },
		{ "EHLO", 2, "250-fake\n250 SIZE 100" } },
	    "aa", 0, "AUTH PLAIN AHUAcA==\r\nEHLO client.example.org\r\n" },
	{ "no more after login", NULL,
	    { { "EHLO", 1, "250-fake\n250-SIZE 10\n250 AUTH PLAIN" },
		{ "AUTH", 1, "235 ok" }, { "EHLO", 2, "503 no" } },
	    "rr", 65, "AUTH PLAIN AHUAcA==\r\nEHLO client.example.org\r\n" },
	{ "F-359", NULL, { { "AUTH", 1, "235-a\n235 b" } }, "aa", 0, NULL },
	{ "F-070", NULL, { { "EHLO", 1, "500 what" } }, "uu", 77, "" },
};

static void
login(void)
{
	struct credentials credentials = { .user = (char[]){ "u" },
		.password = { .secret = true } };
	const struct session_options options = { .deadline = CLOCK_NEVER,
		.credentials = &credentials };
	struct setup setup = play_usual;
	const struct login *l;
	char ehlo[128], *said, *end;
	struct run r;

	setup.options = &options;
	buf_adds(&credentials.password, "p");
	for (l = logins; l < logins + sizeof(logins) / sizeof(*logins); l++)
		for (setup.split = 0; setup.split < 2; setup.split++) {
			snprintf(ehlo, sizeof(ehlo), "250-fake\n250 %s",
			    l->offers ? l->offers
				      : "AUTH PLAIN LOGIN CRAM-MD5");
			play_run(&r, l->rules, ehlo, &setup);
			CHECK_STR(r.outcomes, l->outcomes, l->id);
			CHECK_INT(r.status, l->status, l->id);
			said = (char *)buf_str(&r.fake.wire) +
			       strlen("EHLO client.example.org\r\n");
			if ((end = strstr(said, "MAIL")) ||
			    (end = strstr(said, "QUIT")))
				*end = '\0';
			if (l->said)
				CHECK_STR(said, l->said, l->id);
			play_done(&r);
		}
	buf_free(&credentials.password);
}

/* Nothing secret and no message leaves in cleartext where TLS is required, and
 * where it is wanted nothing after it was refused (S-21). */
static const struct {
	enum tls_policy tls;
	bool login;
	const char *ehlo, *starttls, *outcomes;
	int status;
} cleartexts[] = {
	{ TLS_STARTTLS, false, "250 fake", "220 go", "uu", 77 },
	{ TLS_STARTTLS, false, "250-fake\n250 STARTTLSX", "220 go", "uu", 77 },
	{ TLS_STARTTLS, true, "250-fake\n250 AUTH PLAIN", "220 go", "uu", 77 },
	{ TLS_STARTTLS, false, "500 what", "220 go", "uu", 77 },
	{ TLS_AUTO, true, "250-fake\n250 AUTH PLAIN", "220 go", "uu", 77 },
	{ TLS_NONE, true, "250-fake\n250 AUTH PLAIN", "220 go", "uu", 77 },
	{ TLS_AUTO, false, "250-fake\n250 STARTTLS", "454 later", "dd", 75 },
	{ TLS_AUTO, false, "250-fake\n250 STARTTLS", "501 no", "uu", 77 },
	{ TLS_AUTO, false, "250-fake\n250 STARTTLS", "nonsense", "uu", 76 },
	{ TLS_AUTO, false, "250-fake\n250 STARTTLS", "421 no", "dd", 75 },
	{ TLS_AUTO, false, "250-fake\n250 STARTTLS", "close", "uu", 75 },
	{ TLS_AUTO, false, "250-fake\n250 STARTTLS", "354 go", "uu", 76 },
	/* F-140 to F-142: injected behind the 220 */
	{ TLS_AUTO, true, "250-fake\n250 STARTTLS",
	    "220 go\n250-fake\n250 AUTH PLAIN\n235 ok", "uu", 76 },
	{ TLS_AUTO, true, "250-fake\n250 STARTTLS",
	    "raw:220 go\r\n250-AUTH PLAIN", "uu", 76 },
	{ TLS_AUTO, true, "250-fake\n250 STARTTLS", "raw:220 go\r\n\n", "uu",
	    76 },
	/* the handshake itself fails: there is no socket */
	{ TLS_AUTO, true, "250-fake\n250 STARTTLS", "220 go", "uu", 75 },
};

static void
stripped(void)
{
	struct credentials credentials = { .user = (char[]){ "u" } };
	struct setup setup = play_usual;
	struct run r;
	char what[64];
	size_t i;

	setup.remote = true;
	buf_adds(&credentials.password, "p");
	for (i = 0; i < sizeof(cleartexts) / sizeof(*cleartexts); i++)
		for (setup.split = 0; setup.split < 2; setup.split++) {
			const struct session_options options = {
				.deadline = CLOCK_NEVER,
				.tls = cleartexts[i].tls,
				.credentials =
				    cleartexts[i].login ? &credentials : NULL
			};
			const struct rule rules[] = {
				{ "STARTTLS", 1, cleartexts[i].starttls }, { 0 }
			};

			setup.options = &options;
			play_run(&r, rules, cleartexts[i].ehlo, &setup);
			snprintf(what, sizeof(what), "stripped %zu, split %zu",
			    i, setup.split);
			CHECK_STR(r.outcomes, cleartexts[i].outcomes, what);
			CHECK_INT(r.status, cleartexts[i].status, what);
			CHECK(!strstr(buf_str(&r.fake.wire), "AUTH"));
			CHECK(!strstr(buf_str(&r.fake.wire), "MAIL"));
			CHECK(!strstr(buf_str(&r.fake.wire), "Subject"));
			play_done(&r);
		}
	buf_free(&credentials.password);
}

int
main(void)
{
	play_open();
	login();
	stripped();
	play_close();
	return check_done("t_login");
}
