#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "check.h"

static void
an_empty_buf(void)
{
	struct buf b = { 0 };

	CHECK_INT(buf_len(&b), 0, "length");
	CHECK(buf_head(&b) != NULL);
	buf_add(&b, NULL, 0);
	buf_take(&b, 0);
	buf_clear(&b);
	CHECK(b.data == NULL);
	CHECK_STR(buf_str(&b), "", "content");
	CHECK_INT(buf_len(&b), 0, "length");
	buf_free(&b);
	buf_free(&b);
	CHECK(b.data == NULL && b.cap == 0);
}

static void
adding_and_taking(void)
{
	struct buf b = { 0 };

	buf_adds(&b, "one ");
	buf_addf(&b, "%d %s", 2, "three");
	CHECK_STR(buf_str(&b), "one 2 three", "content");
	buf_take(&b, 4);
	CHECK_STR(buf_str(&b), "2 three", "taken");
	memcpy(buf_room(&b, 5), "+four", 5);
	CHECK_STR(buf_str(&b), "2 three", "room is not content");
	memcpy(buf_room(&b, 5), "+four", 5);
	buf_added(&b, 5);
	CHECK_STR(buf_str(&b), "2 three+four", "added");
	buf_add(&b, "\0x", 2);
	CHECK_INT(buf_len(&b), 14, "length with NUL");
	CHECK(memcmp(buf_str(&b), "2 three+four\0x", 15) == 0);
	buf_take(&b, 14);
	CHECK(b.head == 0 && b.tail == 0);
	buf_addf(&b, "%s", "");
	CHECK_INT(buf_len(&b), 0, "length");
	buf_free(&b);
}

/* Against a plain array: n octets go in, a part of them out, at each step. */
static void
a_queue(bool secret)
{
	static const size_t in[] = { 1, 63, 64, 65, 500, 7, 0, 4096, 3 };
	static const size_t out[] = { 0, 1, 60, 2, 600, 64, 9, 3000, 1 };
	struct buf b = { .secret = secret };
	char octets[8192];
	size_t i, j, n, added = 0, taken = 0;

	for (i = 0; i < 2000; i++) {
		n = in[i % 9];
		for (j = 0; j < n; j++)
			octets[j] = (char)((added + j) % 251);
		buf_add(&b, octets, n);
		added += n;
		n = out[i * 7 % 9];
		if (n > buf_len(&b))
			n = buf_len(&b);
		buf_take(&b, n);
		taken += n;
		if (!CHECK_INT(buf_len(&b), added - taken, "length"))
			break;
		for (j = 0; j < buf_len(&b); j++)
			if (buf_head(&b)[j] != (char)((taken + j) % 251))
				break;
		if (!CHECK_INT(j, buf_len(&b), "octets as they went in"))
			break;
	}
	CHECK(b.cap <= 1 << 21);
	buf_free(&b);
}

/* A full buffer from which little is taken does not move at each addition. */
static void
what_is_moved(void)
{
	struct buf b = { 0 };
	size_t i, moves = 0, head;

	memset(buf_room(&b, 65536), 0, 65536);
	buf_added(&b, 65536);
	for (i = 0; i < 65536; i++) {
		buf_take(&b, 1);
		head = b.head;
		buf_adds(&b, "x");
		moves += b.head != head;
	}
	CHECK(moves <= 2);
	CHECK(b.cap <= 4 * 65536);
	buf_free(&b);
}

static void
secrets_are_wiped(void)
{
	struct buf b = { .secret = true };
	size_t i;

	buf_adds(&b, "hunter2");
	buf_take(&b, 3);
	buf_clear(&b);
	for (i = 0; i < b.cap && b.data[i] == 0; i++)
		continue;
	CHECK_INT(i, b.cap, "octets that are zero");
	CHECK_INT(buf_len(&b), 0, "length");
	buf_free(&b);
	CHECK(b.secret);
}

static void
allocations(void)
{
	char *p = mem_array(0, 1);
	unsigned *q = mem_array(3, sizeof(*q));

	CHECK(p != NULL);
	CHECK(q[0] == 0 && q[1] == 0 && q[2] == 0);
	q[2] = 7;
	q = mem_grow(q, 1000, sizeof(*q));
	CHECK_INT(q[2], 7, "kept");
	free(q);
	free(p);
	p = mem_grow(NULL, 0, 0);
	CHECK(p != NULL);
	free(p);
	p = mem_copy("abc", 2);
	CHECK_STR(p, "ab", "copy");
	free(p);
	p = mem_copy(NULL, 0);
	CHECK_STR(p, "", "copy");
	free(p);
	p = mem_string("abc");
	CHECK_STR(p, "abc", "string");
	free(p);
	CHECK(mem_string(NULL) == NULL);
}

/* How a program ends that has no memory. */
static void
last_words(void)
{
	static const int wanted[] = { 71, 79 };
	int i, status;
	pid_t pid;

	for (i = 0; i < 2; i++) {
		pid = fork();
		if (pid == 0) {
			if (i == 1)
				mem_last_words(79, "gone");
			fclose(stderr);
			mem_grow(NULL, SIZE_MAX, 2);
			_exit(0);
		}
		CHECK(pid != -1 && waitpid(pid, &status, 0) == pid);
		CHECK_INT(WEXITSTATUS(status), wanted[i], "status");
	}
}

int
main(void)
{
	an_empty_buf();
	adding_and_taking();
	a_queue(false);
	a_queue(true);
	what_is_moved();
	secrets_are_wiped();
	allocations();
	last_words();
	return check_done("t_buf");
}
