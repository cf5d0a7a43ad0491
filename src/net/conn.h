#ifndef CONN_H
#define CONN_H

/* A connection: octets to send and octets that came, moved in both directions
 * at once by a table of operations: plain here, TLS in tls.c, scripted in
 * tests. Nothing here blocks past a deadline. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

enum conn_event {
	CONN_OK,
	CONN_CLOSED, /* the peer ended the stream */
	CONN_BROKEN, /* an error; conn_reason() has its text */
	CONN_LATE, /* the deadline passed */
	CONN_SIGNAL /* a signal that ends the program came */
};

/* Why a connection is CONN_BROKEN. */
enum conn_fault {
	FAULT_NETWORK,
	FAULT_PROTOCOL, /* what came is no TLS */
	FAULT_REFUSED /* the server wants to know who this client is */
};

#define CONN_AGAIN (-2) /* of read and write: not now */

struct conn;

struct transport {
	/* Octets moved, up to n; 0 (read only): end of stream; CONN_AGAIN;
	 * -1: failed, the reason is in conn.why. A read of fewer than n octets
	 * has given all that was there. */
	ssize_t (*read)(struct conn *, char *, size_t n);
	ssize_t (*write)(struct conn *, const char *, size_t n);
	/* Waits until reading or, if output, writing may go on. */
	enum conn_event (*wait)(struct conn *, bool output, int64_t deadline);
	void (*close)(struct conn *);
};

struct conn {
	const struct transport *io; /* NULL: not connected */
	void *state; /* the transport's own */
	int fd;
	int interrupt; /* readable once a signal came; -1: none */
	struct buf in; /* came, not yet taken */
	struct buf out; /* to be sent */
	uint64_t sent; /* octets of out that the system accepted: with TLS
			* when the record that holds them is out whole */
	int64_t deadline; /* an instant of clock_now() */
	bool full; /* the last read may have left octets unread */
	bool broken; /* writing failed: only what came can be read */
	enum conn_fault fault;
	struct buf why;
};

extern const struct transport conn_plain;

/* A connected, non-blocking socket becomes a connection. */
void conn_open(struct conn *, int fd, int interrupt);

/* Queues octets. Nothing is sent before one of the calls below. */
void conn_add(struct conn *, const void *, size_t);

/* Sends all that is queued; returns early (CONN_OK, octets left in out) when
 * octets have come that the caller should look at. */
enum conn_event conn_push(struct conn *);

/* Waits until octets have come, sending meanwhile what is queued. If sending
 * fails, what came before is still given (R-5321-47). */
enum conn_event conn_pull(struct conn *);

/* Takes in what has come, without waiting. */
enum conn_event conn_peek(struct conn *);

/* A sentence for what ended the connection: CONN_CLOSED, CONN_BROKEN. */
const char *conn_reason(struct conn *, enum conn_event);

void conn_close(struct conn *); /* also frees; once or more often */

#endif
