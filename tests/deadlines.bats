#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# Time limits: they hold at every step, for the whole reply, and end the run
# within a second.

bats_require_minimum_version 1.5.0

load lib

late='no reply in time'
stuck='the server does not take what is sent'
over='the time of --deadline is over'

setup() {
	setup_client
	certs
	step=0
}

# Some servers would go on for long.
teardown() {
	kill "${SERVER_PID[@]}" 2>/dev/null || true
	teardown_client
}

serve_step() {
	local port

	step=$((step + 1))
	serve -n "step$step" "$@"
	port=step${step}_PORT
	PORT=${!port}
}

tls_server() {
	serve_step --tls-cert "$CERTS/server.pem" --tls-key "$CERTS/server.key" \
		--auth ann:secret "$@"
}

# Runs a command and sets took, in milliseconds.
timed() {
	local start=${EPOCHREALTIME/[.,]/}

	"$@"
	took=$(((${EPOCHREALTIME/[.,]/} - start) / 1000))
}

# It ended between LIMIT and LIMIT + MORE (1000) milliseconds.
took_about() { # LIMIT [MORE]
	echo "took $took ms"
	[ "$took" -ge "$1" ] && [ "$took" -le $(($1 + ${2:-1000})) ]
}

# STATUS OUTCOME WHAT [HINT], for b
failed() {
	ended "$1" "$(printf %-8s "$2")  b@server.test  $3
sent to 0 of 1 recipient" "ehlo: 127.0.0.1:$PORT: $3${4:+$'\n'hint: $4}"
}

accepted="accepted  b@server.test  250 2.1.5 Ok
sent to 1 of 1 recipient: 250 2.0.0 Ok"

group='if the server cannot take commands in a group, use --no-pipelining'

# MOMENT|WHAT|HINT of a session with STARTTLS and a login.
moments="GREETING|greeting: $late|
EHLO 1|EHLO: $late|
STARTTLS|STARTTLS: $late|
HANDSHAKE|TLS handshake: no answer in time|
EHLO 2|EHLO: $late|
AUTH|AUTH: $late|
MAIL|MAIL FROM: $late|$group
RCPT|RCPT TO:<b@server.test>: $late|$group
DATA|DATA: $late|
CONTENT|end of message: $late|"

# What happens at each moment, in the way of the option and for LIMIT ms.
limited() {
	local action=$1 limit=$2 moment what hint status_wanted outcome

	shift 2
	export EHLO_PASSWORD=secret
	while IFS='|' read -r moment what hint; do
		tls_server --play "$moment: $action"
		timed submit --tls starttls --tls-ca "$CERTS/ca.pem" --user ann \
			"$@" b@server.test
		status_wanted=75 outcome=unsent
		[ "$moment" != CONTENT ] || status_wanted=79 outcome=unknown
		if [[ $1 = --deadline ]]; then
			what=${what/$late/$over} hint=
			what=${what/no answer in time/$over}
		fi
		echo "# $moment: $action, $*"
		failed "$status_wanted" "$outcome" "$what" "$hint"
		took_about "$limit"
	done <<<"$moments"
	[ "$step" -eq "$(wc -l <<<"$moments")" ]
}

@test "--timeout ends the wait at every step (R-5321-60)" {
	limited silent 400 --timeout 0.4
}

@test "--deadline ends the wait at every step (R-5321-61)" {
	limited silent 600 --deadline 0.6
}

# 50 ms are much less than 0.4 s, and no reply has an end (R-5321-62).
@test "a trickle of octets does not begin the time anew" {
	moments=$(grep -v ^HANDSHAKE <<<"$moments")
	limited 'drip 50 endless 250-x\r\n' 400 --timeout 0.4
}

@test "a handshake that trickles is late as a whole (F-149)" {
	for max in '' '--tls-max 1.2'; do
		# shellcheck disable=SC2086
		tls_server $max --play 'HANDSHAKE: drip 30 accept'
		timed submit --tls starttls --tls-ca "$CERTS/ca.pem" \
			--timeout 0.4 b@server.test
		failed 75 unsent 'TLS handshake: no answer in time'
		took_about 400
		# shellcheck disable=SC2086
		tls_server $max --implicit --play 'HANDSHAKE: drip 30 accept'
		timed submit --tls implicit --tls-ca "$CERTS/ca.pem" \
			--timeout 0.4 b@server.test
		failed 75 unsent 'TLS handshake: no answer in time'
		took_about 400
	done
}

@test "each step has its own time: the sum may be longer" {
	serve_step --play 'GREETING: pause 300 then accept' \
		--play 'EHLO: pause 300 then accept' \
		--play 'MAIL: pause 300 then accept' \
		--play 'DATA: pause 300 then accept' \
		--play 'CONTENT: pause 300 then accept'
	timed submit --timeout 1.2 b@server.test
	ended 0 "$accepted"
	[ "$took" -ge 1500 ]
}

@test "the whole run has one --deadline, whatever each step takes" {
	serve_step --play 'GREETING: pause 400 then accept' \
		--play 'EHLO: pause 400 then accept' \
		--play 'MAIL: silent'
	timed submit --deadline 1.2 --timeout 1.1 b@server.test
	failed 75 unsent "MAIL FROM: $over"
	took_about 1200
}

@test "a --deadline that is long enough changes nothing" {
	serve_step --play 'CONTENT: pause 200 then accept'
	submit --deadline 30 --timeout 30 b@server.test
	ended 0 "$accepted"
}

@test "the server's silence at QUIT is not waited for (D-07)" {
	for limit in --timeout --deadline; do
		serve_step --play 'QUIT: silent'
		timed submit "$limit" 0.5 b@server.test
		ended 0 "$accepted"
		took_about 400
	done
}

# The report is there while QUIT is waited for.
@test "the report comes before the wait for QUIT" {
	serve_step --play 'QUIT: silent'
	"$EHLO" --helo client.test --timeout 20 "127.0.0.1:$PORT" \
		a@client.test b@server.test <"$MESSAGE" >"$OUT" 2>"$ERR" 3>&- &
	wait_for grep -qs '^\* silent' "$BATS_TEST_TMPDIR/srv-step1/transcript"
	wait_for grep -q '^sent to 1 of 1' "$OUT"
	kill -0 $! # it waits
	kill "${SERVER_PID[step1]}"
	status=0
	wait $! || status=$?
	ended 0 "$accepted"
}

# More than two kernels hold of one connection.
big_message() {
	yes "$(printf 'x%.0s' {1..70})" | head -n 85000 >>"$MESSAGE"
}

@test "a server that reads no more of the message is late (S-72)" {
	big_message
	for limit in --timeout --deadline; do
		serve_step --rcvbuf 4096 --play 'after 50000: stall'
		timed submit "$limit" 0.5 b@server.test
		what=$stuck
		[ "$limit" = --timeout ] || what=$over
		failed 75 unsent "message: $what"
		took_about 500 4000 # buffers on the way are taken, too
	done
}

@test "a server that reads an octet now and then is late (F-127, R-5321-63)" {
	big_message
	serve_step --rcvbuf 4096 --play 'DATA: slow 20 then 354 go'
	timed submit --timeout 0.5 b@server.test
	failed 75 unsent "message: $stuck"
	took_about 500 4000
}

@test "a server that reads no more of the commands is late" {
	seq -f 'b%.0f@server.test' 60000 >"$BATS_TEST_TMPDIR/to"
	serve_step --rcvbuf 4096 --lax --play 'MAIL: stall'
	timed submit --timeout 0.5 --to-file "$BATS_TEST_TMPDIR/to"
	[ "$status" -eq 75 ]
	[ "$(grep -c '^unsent' "$OUT")" -eq 60000 ]
	took_about 500
}

# One is let in, two wait for it; who comes then has no connection.
fill_the_backlog() {
	local i fd

	serve_step --backlog 1 --play 'GREETING: silent'
	for i in 1 2 3; do
		exec {fd}<>"/dev/tcp/127.0.0.1/$PORT"
		wait_for grep -qs '^\* silent' \
			"$BATS_TEST_TMPDIR/srv-step$step/transcript"
	done
}

@test "a signal is heeded while a connection is made" {
	fill_the_backlog
	env --default-signal=TERM "$EHLO" -dd "127.0.0.1:$PORT" a@client.test \
		b@server.test <"$MESSAGE" >"$OUT" 2>"$ERR" 3>&- &
	wait_for grep -q 'connecting to' "$ERR"
	kill -TERM $!
	status=0
	wait $! || status=$?
	[ "$status" -eq 143 ]
	[ "$(tail -n 1 "$ERR")" = "ehlo: 127.0.0.1:$PORT: connect to 127.0.0.1: interrupted" ]
}

@test "--connect-timeout is for each address (F-002)" {
	fill_the_backlog
	timed submit --connect-timeout 0.4 --timeout 20 b@server.test
	failed 75 unsent 'connect to 127.0.0.1: no answer in time'
	took_about 400
}

@test "--deadline is for the connection too" {
	fill_the_backlog
	timed submit --deadline 0.4 --connect-timeout 20 b@server.test
	failed 75 unsent 'connect to 127.0.0.1: no answer in time'
	took_about 400
}

@test "--timeout is not for the connection" {
	fill_the_backlog
	timed submit --timeout 0.1 --connect-timeout 0.5 b@server.test
	failed 75 unsent 'connect to 127.0.0.1: no answer in time'
	took_about 500
}

@test "--deadline is for the message and the password, the whole run" {
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	exec {open}<>"$BATS_TEST_TMPDIR/pipe"
	serve_step
	timed ehlo_at_most_3_s --deadline 0.4 "127.0.0.1:$PORT" a@client.test \
		b@server.test <"$BATS_TEST_TMPDIR/pipe"
	[ "$status" -eq 75 ]
	grep -q '^unsent    b@server.test  ' "$OUT"
	took_about 400
	timed ehlo_at_most_3_s --deadline 0.4 --user ann \
		--password-command "exec cat <>'$BATS_TEST_TMPDIR/pipe'" \
		"127.0.0.1:$PORT" a@client.test b@server.test <"$MESSAGE"
	[ "$status" -eq 75 ]
	took_about 400
	nobody_connected "step$step"
}

# So that a program that does not end fails the test.
ehlo_at_most_3_s() {
	status=0
	timeout 3 "$EHLO" "$@" >"$OUT" 2>"$ERR" 3>&- || status=$?
}

@test "a file that never ends, or never begins, is late" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	what='reading the message: the time of --deadline is over'
	for file in "$BATS_TEST_TMPDIR/fifo" /dev/zero; do
		timed ehlo --deadline 0.3 -m "$file" 127.0.0.1:1 a@client.test \
			b@server.test
		[ "$status" -eq 75 ]
		[ "$(head -n 1 "$OUT")" = "unsent    b@server.test  $what" ]
		took_about 300
	done
	file=$BATS_TEST_TMPDIR/fifo
	timed ehlo --deadline 0.3 --to-file "$file" 127.0.0.1:1 a@client.test \
		<"$MESSAGE"
	ended 75 '' "ehlo: --to-file $file: the time of --deadline is over"
	took_about 300
	ehlo --to-file /dev/zero 127.0.0.1:1 a@client.test <"$MESSAGE"
	ended 66 '' "ehlo: --to-file /dev/zero: more than 134217728 octets are no list of addresses"
}

# The pipe is full before the message has left.
@test "who does not read the trace keeps neither --deadline nor a signal waiting" {
	yes 'a line of the message' | head -n 20000 >"$MESSAGE"
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	for how in deadline TERM; do
		serve_step
		limit=60
		[ "$how" = TERM ] || limit=0.3
		exec {stuck}<>"$BATS_TEST_TMPDIR/pipe"
		"$EHLO" -ddd --deadline "$limit" "127.0.0.1:$PORT" a@client.test \
			b@server.test <"$MESSAGE" >"$OUT" \
			2>"$BATS_TEST_TMPDIR/pipe" 3>&- {stuck}>&- &
		if [ "$how" = TERM ]; then
			wait_for grep -qs '^C: DATA' \
				"$BATS_TEST_TMPDIR/srv-step$step/transcript"
			kill -TERM $!
		fi
		status=0
		wait $! || status=$?
		exec {stuck}<&-
		[ "$how" = TERM ] && wanted=143 || wanted=75
		[ "$status" -eq "$wanted" ]
	done
}
