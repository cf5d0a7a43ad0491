#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# What a submission costs: round trips as the server counts them, system
# calls, memory.

bats_require_minimum_version 1.5.0

load lib

accepted="accepted  b@server.test  250 2.1.5 Ok
sent to 1 of 1 recipient: 250 2.0.0 Ok"

setup() {
	setup_client
	certs
	export EHLO_PASSWORD=secret
	slack=4096 # kB that a big message may need more than a small one
	! sanitized || slack=16384
}

teardown() {
	teardown_client
}

serve_tls() {
	serve --tls-cert "$CERTS/server.pem" --tls-key "$CERTS/server.key" \
		--auth ann:secret --require-auth "$@"
}

submit_tls() {
	submit --tls-ca "$CERTS/ca.pem" --user ann "$@" b@server.test
}

# As the second message of a server.
thousand() {
	seq -f 'b%.0f@server.test' 1000 >"$BATS_TEST_TMPDIR/to"
	submit --to-file "$BATS_TEST_TMPDIR/to" "$@"
	[ "$status" -eq 0 ]
	[ "$(tail -n 1 "$OUT")" = 'sent to 1000 of 1000 recipients: 250 2.0.0 Ok' ]
	[ "$(grep -c ^RCPT "$(envelope 2)")" -eq 1000 ]
}

# greeting, EHLO, the group with DATA, the message with QUIT
@test "four round trips in the clear, with 1 recipient or 1000" {
	serve
	submit b@server.test
	ended 0 "$accepted"
	thousand
	[ "$(round_trips)" = $'4\n4' ]
}

# greeting, EHLO, STARTTLS, handshake, EHLO, AUTH, the group, the message
@test "eight round trips by STARTTLS with AUTH PLAIN, nine by TLS 1.2" {
	serve_tls
	submit_tls --tls starttls
	ended 0 "$accepted"
	[ "$(round_trips)" = 8 ]
	serve_tls --tls-max 1.2
	submit_tls --tls starttls
	ended 0 "$accepted"
	[ "$(round_trips | tail -n 1)" = 9 ]
}

@test "six round trips by implicit TLS with AUTH PLAIN" {
	serve_tls --implicit
	submit_tls --tls implicit
	ended 0 "$accepted"
	[ "$(round_trips)" = 6 ]
}

@test "one more for each command that has to wait" {
	serve
	submit --no-pipelining b@server.test
	ended 0 "$accepted"
	thousand --no-pipelining
	[ "$(round_trips)" = $'7\n1006' ]
	serve_tls
	submit_tls --tls starttls --no-pipelining
	[ "$(round_trips | tail -n 1)" = 11 ]
	serve_tls --implicit --no-pipelining
	submit_tls --tls implicit
	[ "$(round_trips | tail -n 1)" = 9 ]
}

@test "LOGIN costs two round trips more than PLAIN" {
	serve_tls
	submit_tls --tls starttls --auth LOGIN
	ended 0 "$accepted"
	[ "$(round_trips)" = 10 ]
}

# Replies in small segments are not waited for more often.
@test "the round trips do not depend on how replies are cut" {
	serve --split 1
	submit b@server.test
	ended 0 "$accepted"
	[ "$(round_trips)" = 4 ]
}

# What the program asks of the system: OPTION... of strace, to $CALLS. The
# search for leaks does not work there.
traced() {
	CALLS=$BATS_TEST_TMPDIR/calls
	status=0
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 strace -o "$CALLS" "$@" \
		"$EHLO" --helo client.test "127.0.0.1:${PORT:?}" \
		a@client.test b@server.test c@server.test <"$MESSAGE" >"$OUT" 2>"$ERR" 3>&- ||
		status=$?
	[ "$status" -eq 0 ]
}

# A sanitizer has a life of its own.
sanitized() {
	grep -q __asan_init "$EHLO"
}

needs_strace() {
	if ! command -v strace >/dev/null; then
		[ "${CI-}" != true ] || return 1
		skip 'no strace here'
	fi
	strace -o /dev/null true || skip 'strace may trace nothing here'
}

@test "what can go together goes with one write" {
	needs_strace
	serve
	traced -s 300 -e trace=write,writev,sendto,sendmsg
	[ "$(sed -n 's/^send[a-z]*([0-9]*, \(".*"\), .*/\1/p' "$CALLS")" = \
		'"EHLO client.test\r\n"
"MAIL FROM:<a@client.test> SIZE=18\r\nRCPT TO:<b@server.test>\r\nRCPT TO:<c@server.test>\r\nDATA\r\n"
"Subject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n"' ]
	# the report is one more
	[ "$(grep -c '^\(write\|send\)' "$CALLS")" -eq 4 ]
}

@test "a message of 2 KB takes fewer than 120 system calls, half of them the loader's" {
	needs_strace
	! sanitized || skip 'a sanitizer has system calls of its own'
	yes 'a line of the message' | head -n 90 >>"$MESSAGE"
	serve
	traced
	calls=$(wc -l <"$CALLS")
	echo "$calls calls"
	[ "$calls" -lt 120 ]
}

# 70000 lines; a call for each 16 KB and what it takes to wait would be 1000.
@test "a message of 5 MB takes no system call for each line" {
	needs_strace
	! sanitized || skip 'a sanitizer has system calls of its own'
	yes "$(printf 'x%.0s' {1..70})" | head -n 70000 >>"$MESSAGE"
	serve
	traced
	calls=$(wc -l <"$CALLS")
	echo "$calls calls"
	[ "$calls" -lt 1200 ]
}

@test "200 recipients take no system call for each one" {
	needs_strace
	serve
	seq -f 'b%.0f@server.test' 200 >"$BATS_TEST_TMPDIR/to"
	traced -e trace=network,read,write,poll,ppoll
	few=$(wc -l <"$CALLS")
	calls=$BATS_TEST_TMPDIR/calls2
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 strace -o "$calls" \
		-e trace=network,read,write,poll,ppoll "$EHLO" --to-file \
		"$BATS_TEST_TMPDIR/to" "127.0.0.1:$PORT" a@client.test \
		<"$MESSAGE" >"$OUT" 3>&-
	echo "$few calls for 2, $(wc -l <"$calls") for 200"
	[ "$(wc -l <"$calls")" -lt $((few + 60)) ]
}

# The program waits at QUIT, so that its status can be read: sets peak, kB.
# The message comes from the caller's standard input; NAME [OPTION]...
peak_of() {
	local name=$1 client

	shift
	serve -n "$name" --discard --play 'QUIT: silent' \
		--tls-cert "$CERTS/server.pem" --tls-key "$CERTS/server.key"
	port=${name}_PORT
	"$EHLO" --helo client.test --timeout 60 --tls none "$@" "127.0.0.1:${!port}" \
		a@client.test b@server.test <&0 >"$OUT" 2>"$ERR" 3>&- &
	client=$!
	wait_for grep -qs '^\* silent' "$BATS_TEST_TMPDIR/srv-$name/transcript"
	peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$client/status")
	kill "${SERVER_PID[$name]}"
	status=0
	wait "$client" || status=$?
	ended 0 "$accepted"
	echo "$name: peak $peak kB"
}

# 200 MB, with dots to double.
big() {
	yes "$(printf '.%063d\n' {1..9} {1..9})" | head -c 200000000
}

@test "200 MB need no more than 16 MiB, from a file or from a pipe" {
	peak_of small <"$MESSAGE"
	small=$peak
	sanitized || [ "$small" -lt 16384 ]
	big >"$MESSAGE"
	peak_of file -m "$MESSAGE" </dev/null
	[ "$peak" -lt $((small + slack)) ]
	sanitized || [ "$peak" -lt 16384 ]
	rm "$MESSAGE"
	mkfifo "$MESSAGE"
	big >"$MESSAGE" 3>&- &
	peak_of pipe <"$MESSAGE"
	[ "$peak" -lt $((small + slack)) ]
	sanitized || [ "$peak" -lt 16384 ]
	grep -q '^\* message 1: 2[0-9]\{8\} octets' \
		"$BATS_TEST_TMPDIR/srv-pipe/transcript"
}

@test "200 MB inside TLS need no more than 16 MiB" {
	peak_of small --tls starttls --tls-ca "$CERTS/ca.pem" <"$MESSAGE"
	small=$peak
	big >"$MESSAGE"
	peak_of big --tls starttls --tls-ca "$CERTS/ca.pem" <"$MESSAGE"
	[ "$peak" -lt $((small + slack)) ]
	sanitized || [ "$peak" -lt 16384 ]
}

# A record of 20000 lines is read whole, and no more.
@test "an endless reply needs no more memory than its limit" {
	for what in '250-x\r\n' x; do
		serve --play "EHLO: endless $what"
		(
			sanitized || ulimit -v 65536
			ehlo --timeout 5 "127.0.0.1:$PORT" a@client.test \
				b@server.test <"$MESSAGE"
			[ "$status" -eq 76 ]
		)
	done
}

@test "what a server says of thousands is not kept whole" {
	seq -f 'b%.0f@server.test' 1500 >"$BATS_TEST_TMPDIR/to"
	long=$(printf '%060000d' 0)
	for code in 250 550; do
		serve --discard --play "RCPT 2+: $code $long"
		(
			sanitized || ulimit -v 65536
			ehlo --to-file "$BATS_TEST_TMPDIR/to" \
				"127.0.0.1:$PORT" a@client.test <"$MESSAGE"
			[ "$status" -eq $((code == 550)) ]
		)
		[ "$(wc -l <"$OUT")" -eq 1501 ]
		[ "$(grep -c '  [25]50 0\{990,1000\} \[\.\.\.\]$' "$OUT")" -eq 1499 ]
	done
}
