#ifndef SERVER_H
#define SERVER_H

#include <openssl/ssl.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The test server: an SMTP and LMTP server that accepts everything, or plays
 * a scenario, and writes down what the client did. It shares no code with the
 * program that it tests.
 */

/* Text that grows. Always followed by a NUL that is not counted. */
struct text {
	char *data;
	size_t len;
	size_t cap;
};

void text_add(struct text *, const char *, size_t);
void text_addf(struct text *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
void text_clear(struct text *);
void text_free(struct text *);

/* What a rule of a scenario can wait for: commands, and some other moments. */
enum verb {
	GREETING,
	HANDSHAKE,
	EHLO,
	HELO,
	LHLO,
	STARTTLS,
	AUTH,
	RESPONSE,
	MAIL,
	RCPT,
	DATA,
	CONTENT,
	BDAT,
	RSET,
	NOOP,
	VRFY,
	EXPN,
	HELP,
	QUIT,
	OTHER,
	AFTER,
	NVERB
};

enum deed {
	SAY,
	SAY_RAW,
	SAY_OUTSIDE,
	ACCEPT,
	AS,
	FLUSH,
	CUT,
	DRIP,
	JOIN,
	ENDLESS,
	PAUSE,
	SLOW,
	PLAIN,
	RENEGOTIATE,
	UPDATE,
	NOTIFY,
	CLOSE,
	RESET,
	SILENT,
	STALL
};

struct step {
	enum deed deed;
	uint64_t number;
	struct text text;
	struct step *next;
};

struct rule {
	uint64_t session; /* 0: every session */
	enum verb verb;
	uint64_t nth; /* 0: every occurrence; for AFTER the octets */
	bool later; /* the nth and all that follow */
	char *containing; /* NULL: any command */
	struct step *steps;
	struct rule *next;
};

/* Adds a line of a scenario. Returns -1 when it cannot be understood. */
int scenario_add(struct rule **, const char *line);
int scenario_load(struct rule **, const char *file);
/* The first rule for the nth occurrence of a verb in a session, or NULL. */
const struct rule *scenario_find(const struct rule *, uint64_t session,
    enum verb, uint64_t nth, const char *);
/* The rule for the lowest number of octets, at least `from`, or NULL. */
const struct rule *scenario_after(
    const struct rule *, uint64_t session, uint64_t from);
void scenario_free(struct rule *);
int parse_number(const char *, uint64_t *);

/*
 * A connection. Output waits until the input has run dry, so that the answers
 * to pipelined commands leave together.
 */
struct conn {
	int fd;
	int parent; /* shows when the server is not wanted any more, or -1 */
	SSL *ssl;
	const char *ended; /* why nothing more can be read or written */
	char *in;
	size_t head;
	size_t tail;
	struct text out;
	size_t split; /* octets a segment or record; 0: all */
	int drip; /* milliseconds between two octets sent */
	bool join; /* the end of the handshake goes with what is said next */
	int slow; /* milliseconds between two octets read */
	bool unheard; /* something was said, and not yet waited for an answer */
	uint64_t round_trips;
	uint64_t octets;
};

enum {
	CONN_BLOCK = 256 * 1024
};

void conn_open(struct conn *, int fd);
/* Reads at most `most` octets more; waits for them. -1 when there are none. */
int conn_fill(struct conn *, size_t most);
/* Reads what is there without waiting: is there any input? */
bool conn_peek(struct conn *);
void conn_forget_input(struct conn *);
/*
 * A line with its LF, good until the next call; NULL at the end of input.
 * A line that fills the buffer comes without LF.
 */
char *conn_line(struct conn *, size_t *len);
void conn_queue(struct conn *, const char *, size_t);
void conn_flush(struct conn *);
void conn_send_outside(struct conn *, const char *, size_t);
void conn_nap(struct conn *, int ms);
/* Returns NULL, or what went wrong. */
const char *conn_handshake(struct conn *, SSL_CTX *);
void conn_notify(struct conn *);
/* What a server may ask for in the middle of TLS: a new handshake (1.2), or new
 * keys so many times (1.3). */
void conn_renegotiate(struct conn *);
void conn_update(struct conn *, uint64_t times);
/* Sends FIN and reads until the client closes too: was there more input? */
bool conn_linger(struct conn *);
void conn_await_hangup(struct conn *);
void conn_close(struct conn *, bool reset);

#define BAD_SEQUENCE "503 5.5.1 Bad sequence of commands"
#define NOT_IMPLEMENTED "502 5.5.1 Command not implemented"

struct options {
	const char *port_file;
	const char *listen;
	const char *unix_path;
	const char *dir;
	const char *tls_cert;
	const char *tls_key;
	const char *tls_max;
	const char *tls_groups;
	bool tls_ask;
	const char *tls_client_ca;
	const char *auth; /* USER:PASSWORD */
	const char *mechanisms;
	const char *scram_first;
	const char *scram_final;
	const char *scram_binding;
	struct text ehlo; /* added keywords, a line each */
	uint64_t port;
	uint64_t ready_fd;
	uint64_t sessions;
	uint64_t size;
	uint64_t split;
	uint64_t backlog; /* 0: the most there is */
	uint64_t rcvbuf;
	uint64_t sndbuf;
	bool implicit;
	bool auth_clear;
	bool require_auth;
	bool no_size;
	bool no_pipelining;
	bool no_8bitmime;
	bool helo_only;
	bool chunking;
	bool lmtp;
	bool fork;
	bool discard;
	bool lax;
	SSL_CTX *tls;
	struct rule *rules;
};

/* The message that is being received. */
struct content {
	FILE *file;
	uint64_t wire; /* octets taken, dots and all */
	uint64_t size; /* octets of the message */
	uint64_t from; /* rules for fewer octets have been played */
	int early; /* the reply that came before the final dot, or 0 */
	bool started;
	bool bol;
	bool cr;
	bool done;
	bool reported_bare;
	bool reported_8bit;
};

struct session {
	const struct options *opt;
	struct conn conn;
	int transcript;
	uint64_t number;
	uint64_t seen[NVERB];
	uint64_t ncommand;
	uint64_t nmessage;
	uint64_t allowed; /* octets that cut lets through; UINT64_MAX: all */
	struct text line;
	struct text said; /* the last reply, lines parted by LF */
	struct text offer;
	struct text envelope;
	struct content content;
	size_t nrcpt;
	bool hello;
	bool authenticated;
	bool turned_away; /* the greeting was not 220 */
	bool plain;
	bool in_mail;
	bool eight; /* BODY=8BITMIME or BINARYMIME */
	bool binary;
	bool prdr;
	bool chunk_failed;
	bool over;
	bool ended; /* the transcript is complete */
};

void session_run(struct session *);
/* Writes the last lines of the transcript; `why` may be NULL. */
void session_end(struct session *, const char *why);
/* A response without its end, good until the next call; NULL at the end. */
char *session_line(struct session *, enum verb);
/* Does the last EHLO reply have a line of this keyword? */
bool session_offers(const struct session *, const char *keyword);
/* Looks for input that ought to have waited for the reply. */
void session_check_group(struct session *, bool may_be_followed);

/* Lines of the transcript: C:, S: and *. */
void log_open(struct session *);
void log_bytes(struct session *, const char *mark, const char *, size_t);
void log_event(struct session *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
/* Something that a correct client does not do. */
void log_violation(struct session *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Answers a command: as the scenario says, otherwise with `normal`. Returns
 * the code that was said, 0 if none was.
 */
int play(struct session *, enum verb, const char *line, const char *normal);
int play_rule(struct session *, const struct rule *, const char *normal);

void auth_run(struct session *, enum verb, char *line);
void mail_from(struct session *, enum verb, char *line);
void mail_rcpt(struct session *, enum verb, char *line);
void mail_data(struct session *, enum verb, char *line);
void mail_bdat(struct session *, enum verb, char *line);
void mail_rset(struct session *, enum verb, char *line);
void mail_forget(struct session *);

/* Reads the message up to the final dot, or a chunk; -1 if it breaks off. */
int content_data(struct session *);
int content_chunk(struct session *, uint64_t octets);
/* The message is whole: gives it its number and its files. */
void content_keep(struct session *);
void content_drop(struct session *);

#endif
