/* Replies: whole or in pieces they are the same, and no more than is promised
 * of them. */

#include <string.h>

#include "fuzz.h"
#include "smtp/reply.h"

/* What a reader sees goes to a log; two of them are compared. */
struct reader {
	struct reply reply;
	struct buf in, log;
	bool bad;
};

static void
check(const struct reply *r, enum reply_state state)
{
	const char *text = buf_head(&r->text);
	size_t i, nlf = 0;

	MUST(memchr(r->enhanced, '\0', sizeof(r->enhanced)));
	if (state == REPLY_BAD) {
		MUST(r->why);
		return;
	}
	MUST(r->code >= 200 && r->code <= 599);
	MUST(reply_class(r) == r->code / 100);
	MUST(r->nline >= 1 && r->nline <= 1000 && r->size <= 256 * 1024);
	for (i = 0; i < buf_len(&r->text); i++)
		nlf += text[i] == '\n';
	MUST(nlf == r->nline - 1);
	MUST(buf_len(&r->line) == 0 ||
	     !memchr(buf_head(&r->line), '\n', buf_len(&r->line)));
}

/* Takes what there is, up to a bad reply: nobody reads on behind one. */
static void
drain(struct reader *x)
{
	const struct reply *r = &x->reply;
	enum reply_state state;

	while (!x->bad) {
		state = reply_take(&x->reply, &x->in);
		if (state == REPLY_MORE)
			return;
		check(r, state);
		x->bad = state == REPLY_BAD;
		buf_addf(&x->log, "%d %d %s %zu %zu %s\n", (int)state, r->code,
		    r->enhanced, r->nline, r->size, x->bad ? r->why : "");
		buf_add(&x->log, buf_head(&r->line), buf_len(&r->line));
		buf_add(&x->log, buf_head(&r->text), buf_len(&r->text));
	}
}

static void
end(struct reader *x)
{
	reply_free(&x->reply);
	buf_free(&x->in);
	buf_free(&x->log);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader whole = { 0 }, parts = { 0 };
	struct pieces x;

	pieces_begin(&x, data, size);
	buf_add(&whole.in, x.left ? x.rest : "", x.left);
	drain(&whole);
	while (pieces_next(&x)) {
		buf_add(&parts.in, x.piece, x.len);
		drain(&parts);
	}
	MUST(whole.bad == parts.bad);
	MUST(strcmp(buf_str(&whole.log), buf_str(&parts.log)) == 0);
	MUST(buf_len(&whole.log) == buf_len(&parts.log));
	if (!whole.bad)
		MUST(reply_begun(&whole.reply, &whole.in) ==
		     reply_begun(&parts.reply, &parts.in));
	end(&whole);
	end(&parts);
	return 0;
}
