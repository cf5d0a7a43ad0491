#!/usr/bin/env bats
# Where the message comes from, and that it arrives as it is.

# Each test is a process of its own.
# shellcheck disable=SC2030,SC2031

bats_require_minimum_version 1.5.0

load lib

accepted="accepted  b@server.test  250 2.1.5 Ok
sent to 1 of 1 recipient: 250 2.0.0 Ok"

setup() {
	setup_client
}

teardown() {
	teardown_client
}

# Standard input is what the caller gives.
to_b() {
	ehlo --helo client.test "$@" "127.0.0.1:$PORT" a@client.test \
		b@server.test
}

# Nothing was sent: STATUS OUTCOME WHAT [HINT]
failed() {
	ended "$1" "$2  b@server.test  $3
sent to 0 of 1 recipient" "ehlo: 127.0.0.1:$PORT: $3${4:+$'\n'hint: $4}"
}

# Message N is as the printf format says.
arrived() { # N FORMAT
	# shellcheck disable=SC2059
	printf "$2" | cmp - "$(message "$1")"
}

# The lines of a file as they must arrive.
with_crlf() {
	sed 's/$/\r/' "$1"
}

# Some lines, dots among them: OCTETS
lines() {
	seq -f '%.0f .. the quick brown fox jumps over the lazy dog' 1000000 |
		sed '0~7s/^/./; 0~11s/^.*$//; 0~13s/^.*$/./' | head -c "$1"
}

@test "the message may come from a file, a pipe, a here-document" {
	serve
	to_b <"$MESSAGE"
	ended 0 "$accepted"
	to_b < <(cat "$MESSAGE")
	ended 0 "$accepted"
	to_b <<-END
		Subject: x

		hi
	END
	ended 0 "$accepted"
	for n in 1 2 3; do
		arrived "$n" 'Subject: x\r\n\r\nhi\r\n'
	done
}

@test "--message and -m read a file, and leave standard input alone" {
	serve
	{
		to_b --message "$MESSAGE"
		ended 0 "$accepted"
		to_b -m "$MESSAGE"
		ended 0 "$accepted"
		[ "$(cat)" = 'for the next' ]
	} <<<'for the next'
	arrived 1 'Subject: x\r\n\r\nhi\r\n'
	arrived 2 'Subject: x\r\n\r\nhi\r\n'
}

@test "--message may name a FIFO, or what is in /proc" {
	serve
	mkfifo "$OUT.fifo"
	cat "$MESSAGE" >"$OUT.fifo" 3>&- &
	to_b --message "$OUT.fifo"
	ended 0 "$accepted"
	arrived 1 'Subject: x\r\n\r\nhi\r\n'
	to_b --message /proc/version
	ended 0 "$accepted"
	with_crlf /proc/version | cmp - "$(message 2)"
}

@test "a file is read from where it stands" {
	serve
	{
		read -r first
		to_b
	} <"$MESSAGE"
	ended 0 "$accepted"
	[ "$first" = 'Subject: x' ]
	arrived 1 '\r\nhi\r\n'
}

@test "to the next command standard input is consumed" {
	serve
	{
		to_b
		[ -z "$(cat)" ]
	} <"$MESSAGE"
	ended 0 "$accepted"
}

@test "a message from a pipe is read to its end before a connection is made" {
	serve
	mkfifo "$OUT.never"
	{
		printf 'Subject: x\n'
		exec 5<>"$OUT.never"
		read -r -t 0.7 -u 5 _ || true
		nobody_connected && touch "$OUT.patient"
		printf '\nhi\n'
	} 3>&- | to_b --timeout 0.5 >"$OUT.pipe" || true
	arrived 1 'Subject: x\r\n\r\nhi\r\n'
	[ -e "$OUT.patient" ]
}

@test "LF, CRLF and CR end lines, and become CRLF (D-09, R-5321-40)" {
	serve
	n=0
	while IFS='|' read -r given wanted; do
		for how in file pipe; do
			# shellcheck disable=SC2059
			printf "$given" >"$MESSAGE"
			if [ "$how" = file ]; then
				to_b <"$MESSAGE"
			else
				to_b < <(cat "$MESSAGE")
			fi
			ended 0 "$accepted"
			n=$((n + 1))
			arrived "$n" "$wanted"
		done
	done <<-'END'
		a\nb\n|a\r\nb\r\n
		a\r\nb\r\n|a\r\nb\r\n
		a\rb\r|a\r\nb\r\n
		a\n\rb\n|a\r\n\r\nb\r\n
		a\r\r\nb\n|a\r\n\r\nb\r\n
		a\n\r\nb\r\n\n|a\r\n\r\nb\r\n\r\n
		a|a\r\n
		a\r|a\r\n
		a\n\n\n|a\r\n\r\n\r\n
		\n|\r\n
		\r|\r\n
		\r\n|\r\n
	END
	[ "$n" -eq 24 ]
}

@test "dots at the start of a line arrive as they are (R-5321-41)" {
	serve
	n=0
	while read -r given wanted; do
		for how in file pipe; do
			# shellcheck disable=SC2059
			printf "$given" >"$MESSAGE"
			if [ "$how" = file ]; then
				to_b <"$MESSAGE"
			else
				to_b < <(cat "$MESSAGE")
			fi
			ended 0 "$accepted"
			n=$((n + 1))
			arrived "$n" "$wanted"
		done
	done <<-'END'
		. .\r\n
		.\n .\r\n
		.. ..\r\n
		.a\n..b\nc.\n .a\r\n..b\r\nc.\r\n
		\n.\n \r\n.\r\n
		\r\n\r\n.\r\n \r\n\r\n.\r\n
		.\r.\r\n.\n. .\r\n.\r\n.\r\n.\r\n
		a\n.\r\nMAIL\n a\r\n.\r\nMAIL\r\n
		a\r.\rMAIL\n a\r\n.\r\nMAIL\r\n
	END
	[ "$n" -eq 18 ]
}

@test "the message ends with one line end, and no line is added (R-5321-42)" {
	serve
	printf 'Subject: x\n\nno end' | to_b
	arrived 1 'Subject: x\r\n\r\nno end\r\n'
}

@test "line ends and dots at the edge of a block are seen" {
	serve
	n=0
	# read at once: 128 KiB, of which the last octets are varied
	for before in 131067 131068 131069 131070 131071; do
		head -c "$before" /dev/zero | tr '\0' x >"$MESSAGE"
		printf '\r\n.\r\n..\n.\r.' >>"$MESSAGE"
		to_b <"$MESSAGE"
		[ "$status" -eq 0 ]
		to_b < <(cat "$MESSAGE")
		[ "$status" -eq 0 ]
		{
			head -c "$before" /dev/zero | tr '\0' x
			printf '\r\n.\r\n..\r\n.\r\n.\r\n'
		} >"$OUT.wanted"
		cmp "$OUT.wanted" "$(message $((n + 1)))"
		cmp "$OUT.wanted" "$(message $((n + 2)))"
		n=$((n + 2))
	done
}

@test "3 MB arrive whole from a file and from a pipe" {
	serve
	lines 3000000 >"$MESSAGE"
	to_b <"$MESSAGE"
	ended 0 "$accepted"
	to_b < <(cat "$MESSAGE")
	ended 0 "$accepted"
	with_crlf "$MESSAGE" >"$OUT.wanted"
	[ -n "$(tail -c 1 "$MESSAGE")" ] && printf '\n' >>"$OUT.wanted"
	cmp "$OUT.wanted" "$(message 1)"
	cmp "$OUT.wanted" "$(message 2)"
	size=$(wc -c <"$OUT.wanted")
	[ "$(sent_commands | grep -c "^MAIL FROM:<a@client.test> SIZE=$size$")" \
		-eq 2 ]
}

@test "a pipe of any length about 1 MiB, where spooling begins, is whole" {
	serve
	n=0
	for size in 1048575 1048576 1048577; do
		lines "$((size - 1))" >"$MESSAGE"
		echo >>"$MESSAGE"
		to_b < <(cat "$MESSAGE")
		ended 0 "$accepted"
		n=$((n + 1))
		with_crlf "$MESSAGE" | cmp - "$(message "$n")"
	done
}

@test "a line of a megabyte arrives in one piece (D-10)" {
	serve
	head -c 1000000 /dev/zero | tr '\0' x >"$MESSAGE"
	to_b <"$MESSAGE"
	ended 0 "$accepted" "$(long 1)"
	{
		cat "$MESSAGE"
		printf '\r\n'
	} | cmp - "$(message 1)"
}

# The warning of a line over the limit: NUMBER
long() {
	echo "ehlo: warning: line $1 has more than 998 octets, which some" \
		'servers refuse or break'
}

# A message whose third line has so many octets: OCTETS
third_line() {
	printf 'Subject: x\r\n\n%s\rend\n' "$(printf "%${1}d")" >"$MESSAGE"
}

@test "the first line of more than 998 octets gives a warning (D-10)" {
	serve
	third_line 998
	to_b <"$MESSAGE"
	ended 0 "$accepted"
	third_line 999
	to_b <"$MESSAGE"
	ended 0 "$accepted" "$(long 3)"
	to_b < <(cat "$MESSAGE" "$MESSAGE")
	ended 0 "$accepted" "$(long 3)"
	to_b --quiet <"$MESSAGE"
	ended 0 '' ''
	to_b --check <"$MESSAGE"
	ended 0 'ok        b@server.test  250 2.1.5 Ok
ok for 1 of 1 recipient, nothing sent' "$(long 3)"
}

# A message with a part, in whose header and body this stands: HEADER BODY
with_part() {
	printf '%s\n' 'Content-Type: multipart/mixed;' ' boundary="=_1"' '' \
		'--=_1' 'Content-Type: message/rfc822' '' 'Subject: x' \
		'Content-Type: multipart/mixed; boundary=2' '' '--2' \
		"Content-Disposition: attachment; filename=\"$1\"" '' "$2" \
		'--2--' '--=_1--' >"$MESSAGE"
}

@test "UTF-8 in the header of a part needs SMTPUTF8 (R-6531-01)" {
	serve
	with_part 'ä.txt' hi
	to_b <"$MESSAGE"
	ended 0 "$accepted"
	sent_commands | grep -q '^MAIL.* BODY=8BITMIME SMTPUTF8$'
	serve -n old --no-8bitmime --ehlo 8BITMIME
	# shellcheck disable=SC2154
	PORT=$old_PORT
	to_b <"$MESSAGE"
	failed 65 'refused ' 'the header of the message is not ASCII, and the server does not offer SMTPUTF8' \
		'encode header fields by RFC 2047'
	with_part 'a.txt' "$(printf 'ä\n\n--\nSubject: ä\n')"
	to_b <"$MESSAGE"
	ended 0 "$accepted"
}

# A binary message: lines of a header in CRLF, and a part of octets
binary_message() {
	printf '%s\r\n' 'Content-Type: multipart/mixed; boundary=b' '' '--b' \
		'Content-Transfer-Encoding: binary' '' >"$MESSAGE"
	printf '%b' "${1-}" >>"$MESSAGE"
	printf '\r\n--b--' >>"$MESSAGE"
}

@test "a binary message arrives octet for octet by BINARYMIME (R-3030-06)" {
	serve --chunking
	binary_message '\0\n\n.\r\n..\r\r\n\0377\0200\n'
	to_b <"$MESSAGE"
	ended 0 "$accepted"
	cmp "$MESSAGE" "$(message 1)"
	size=$(wc -c <"$MESSAGE")
	[ "$(sent_commands | sed -n '2p;4p')" = \
		"MAIL FROM:<a@client.test> SIZE=$size BODY=BINARYMIME
BDAT $size LAST" ]
	to_b -ddd --json < <(cat "$MESSAGE")
	[ "$status" -eq 0 ]
	cmp "$MESSAGE" "$(message 2)"
	grep -q "\"octets\":$size," "$OUT"
	to_b --no-pipelining <"$MESSAGE"
	ended 0 "$accepted"
	cmp "$MESSAGE" "$(message 3)"
}

@test "3 MB of anything arrive octet for octet by BINARYMIME" {
	serve --chunking
	binary_message
	head -c 3000000 /dev/urandom >>"$MESSAGE"
	to_b <"$MESSAGE"
	ended 0 "$accepted"
	to_b < <(cat "$MESSAGE")
	ended 0 "$accepted"
	cmp "$MESSAGE" "$(message 1)"
	cmp "$MESSAGE" "$(message 2)"
	[ "$(sent_commands | grep -c '^BDAT')" -eq 6 ]
}

@test "a binary message goes to nobody who would change it, 65 (R-3030-06)" {
	serve
	serve -n chunks --ehlo CHUNKING
	serve -n mime --ehlo BINARYMIME
	serve -n both --chunking
	hint='encode its parts as base64'
	for octets in '\0' '\r' "$(printf '%999d')"; do
		binary_message "$octets"
		to_b <"$MESSAGE"
		failed 65 'refused ' 'the message is binary, and the server does not offer BINARYMIME' "$hint"
		# shellcheck disable=SC2154
		PORT=$chunks_PORT to_b <"$MESSAGE"
		grep -q 'does not offer BINARYMIME$' "$ERR"
		# shellcheck disable=SC2154
		PORT=$mime_PORT to_b <"$MESSAGE"
		grep -q 'does not offer CHUNKING$' "$ERR"
		# shellcheck disable=SC2154
		PORT=$both_PORT to_b --no-chunking <"$MESSAGE"
		[ "$status" -eq 65 ]
		grep -q -e 'binary, and --no-chunking keeps it' "$ERR"
	done
	for name in main chunks mime both; do
		[ "$(sent_commands "$name" | sort -u)" = \
			$'EHLO client.test\nQUIT' ]
	done
}

@test "a binary message that is text is sent as text without BINARYMIME" {
	serve
	binary_message 'a\n.\r\n\0303\0244'
	to_b <"$MESSAGE"
	ended 0 "$accepted"
	{
		sed 's/\r*$/\r/' "$MESSAGE"
		printf '\n'
	} | cmp - "$(message 1)"
	sent_commands | grep -q "^MAIL.* SIZE=$(wc -c <"$(message 1)") BODY=8BITMIME$"
	printf 'Content-Transfer-Encoding: binary\n\nhi\n' >"$MESSAGE"
	serve -n both --chunking
	PORT=$both_PORT to_b <"$MESSAGE"
	ended 0 "$accepted"
	with_crlf "$MESSAGE" | cmp - "$(message 1 both)"
	sent_commands both | grep -q '^MAIL.* SIZE=41$'
}

@test "a binary message whose header ends lines in LF is refused, 65" {
	serve --chunking
	printf 'Content-Transfer-Encoding: binary\n\n\0\n' >"$MESSAGE"
	to_b <"$MESSAGE"
	failed 65 'refused ' 'the message is binary, and a line of a header in it does not end in CRLF' \
		'end its lines in CRLF, or encode its parts as base64'
	nobody_connected
}

@test "a spooled message leaves nothing in TMPDIR (S-53)" {
	serve
	mkdir "$OUT.tmp"
	lines 3000000 >"$MESSAGE"
	export TMPDIR=$OUT.tmp
	to_b < <(cat "$MESSAGE")
	ended 0 "$accepted"
	[ -z "$(ls -A "$OUT.tmp")" ]
}

# A pipe of 3 MB is spooled in a TMPDIR that does not take it: FAULT
unspoolable() {
	ended 71 "unsent    b@server.test  cannot spool the message in $TMPDIR: $1
sent to 0 of 1 recipient" "ehlo: 127.0.0.1:$PORT: cannot spool the message in $TMPDIR: $1
hint: set TMPDIR to a directory that has room for the message"
	nobody_connected
}

@test "a TMPDIR that is missing, or no directory, makes 71" {
	serve
	export TMPDIR=$OUT.none
	to_b < <(lines 3000000)
	unspoolable 'No such file or directory'
	export TMPDIR=$MESSAGE
	to_b < <(lines 3000000)
	unspoolable 'Not a directory'
}

@test "a TMPDIR without room makes 71" {
	serve
	mkdir "$OUT.tmp"
	export TMPDIR=$OUT.tmp
	status=0
	(
		trap '' XFSZ
		ulimit -f 2000
		exec "$EHLO" "127.0.0.1:$PORT" a@client.test b@server.test
	) >"$OUT" 2>"$ERR" 3>&- < <(lines 3000000) || status=$?
	unspoolable 'File too large'
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "a small message needs no TMPDIR, a file none at all" {
	serve
	export TMPDIR=$OUT.none
	to_b < <(cat "$MESSAGE")
	ended 0 "$accepted"
	lines 3000000 >"$MESSAGE"
	to_b <"$MESSAGE"
	ended 0 "$accepted"
}

@test "an empty message is refused, 65 (R-5321-43)" {
	serve
	: >"$MESSAGE"
	to_b <"$MESSAGE"
	failed 65 'refused ' 'the message is empty'
	to_b < <(:)
	failed 65 'refused ' 'the message is empty'
	to_b </dev/null
	failed 65 'refused ' 'the message is empty'
	nobody_connected
}

@test "a file that was read to its end before is empty" {
	serve
	{
		cat >/dev/null
		to_b
	} <"$MESSAGE"
	failed 65 'refused ' 'the message is empty'
	nobody_connected
}

@test "a NUL makes 65, wherever it is (R-5321-45)" {
	serve
	for text in '\0' 'a\n\0' 'a\0b\n' '\0a\n'; do
		# shellcheck disable=SC2059
		printf "$text" >"$MESSAGE"
		to_b <"$MESSAGE"
		failed 65 'refused ' \
			'the message has a NUL, which no server takes'
		to_b < <(cat "$MESSAGE")
		failed 65 'refused ' \
			'the message has a NUL, which no server takes'
	done
	lines 2000000 >"$MESSAGE"
	printf '\0' >>"$MESSAGE"
	to_b < <(cat "$MESSAGE")
	failed 65 'refused ' 'the message has a NUL, which no server takes'
	nobody_connected
}

@test "a file that is not there makes 66" {
	serve
	to_b --message "$OUT.none"
	failed 66 'unsent  ' \
		"--message $OUT.none: No such file or directory"
	nobody_connected
}

@test "a directory is no message, 66" {
	serve
	to_b --message "$BATS_TEST_TMPDIR"
	failed 66 'unsent  ' 'cannot read the message: Is a directory'
	to_b <"$BATS_TEST_TMPDIR"
	failed 66 'unsent  ' 'cannot read the message: Is a directory'
	nobody_connected
}

@test "a closed standard input, or one that cannot be read, makes 66" {
	serve
	to_b <&-
	failed 66 'unsent  ' 'cannot read the message: Bad file descriptor'
	to_b 0>"$OUT.written"
	failed 66 'unsent  ' 'cannot read the message: Bad file descriptor'
	nobody_connected
}

# Sends 20 MB, of which the server will not have read more than the buffers
# hold when COMMAND is run on the file.
send_while() {
	serve --rcvbuf 4096 --play 'after 100000: pause 700'
	lines 20000000 >"$MESSAGE"
	"$EHLO" "127.0.0.1:$PORT" a@client.test b@server.test <"$MESSAGE" \
		>"$OUT" 2>"$ERR" 3>&- &
	wait_for compgen -G "$BATS_TEST_TMPDIR/srv/incoming.*" >/dev/null
	"$@"
	status=0
	wait $! || status=$?
}

unsent_by_change() {
	failed 66 'unsent  ' 'the message changed while it was sent'
	transcript | grep -q '^\* content broken off after '
	[ ! -e "$(message 1)" ]
	[ "$(sent_commands | tail -n 1)" = DATA ]
}

@test "a file cut short while it is sent is not sent, 66 (R-5321-46)" {
	send_while truncate -s 19000000 "$MESSAGE"
	unsent_by_change
}

append() {
	echo more >>"$MESSAGE"
}

@test "a file that grows while it is sent is not sent, 66 (R-1870-06)" {
	send_while append
	unsent_by_change
}

overwrite() {
	printf x | dd of="$MESSAGE" bs=1 seek=19000000 conv=notrunc status=none
}

@test "a file overwritten while it is sent is not sent, 66" {
	send_while overwrite
	unsent_by_change
}

replace() {
	mv "$MESSAGE" "$OUT.old"
	echo other >"$MESSAGE"
}

@test "a file replaced by another while it is sent is sent as it was" {
	send_while replace
	ended 0 "$accepted"
	with_crlf "$OUT.old" | cmp -n 20000000 - "$(message 1)"
}

@test "a terminal gets a line of advice, and Ctrl-D ends the message" {
	serve
	mkfifo "$OUT.type" "$OUT.show"
	script -qe -c "'$EHLO' 127.0.0.1:$PORT a@client.test b@server.test \
		>'$OUT' 2>'$ERR'; echo done" /dev/null \
		<"$OUT.type" >"$OUT.show" 2>"$OUT.script" 3>&- &
	exec {typing}>"$OUT.type" {showing}<"$OUT.show"
	wait_for grep -q Ctrl-D "$ERR"
	printf 'hi\n\004' >&"$typing"
	grep -q 'done' <&"$showing"
	wait $! || true
	status=0
	exec {typing}>&- {showing}<&-
	ended 0 "$accepted" \
		'reading the message from the terminal; end it with Ctrl-D'
	arrived 1 'hi\r\n'
}

@test "a message that grows where it is sent by BDAT is cut off (R-1870-06)" {
	yes 'a line of the message' | head -n 20000 >"$MESSAGE"
	# as many octets, and more of them on the wire
	size=$(wc -c <"$MESSAGE")
	serve --chunking --play 'MAIL: pause 400 then accept'
	"$EHLO" --helo client.test "127.0.0.1:$PORT" a@client.test \
		b@server.test <"$MESSAGE" >"$OUT" 2>"$ERR" 3>&- &
	wait_for grep -qs "^C: MAIL" "$BATS_TEST_TMPDIR/srv/transcript"
	yes '' | head -c "$size" | dd of="$MESSAGE" conv=notrunc status=none
	status=0
	wait $! || status=$?
	[ "$status" -eq 66 ]
	grep -q '^unsent  .*the message changed while it was sent' "$OUT"
	[ ! -e "$(message 1)" ]
}
