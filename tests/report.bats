#!/usr/bin/env bats
# What is printed, whatever the server says and wherever it goes; signals.

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

to_b() {
	submit "$@" b@server.test
}

# The JSON lines with the times as S.
timeless() {
	sed 's/:[0-9]*\.[0-9][0-9][0-9]\([,}]\)/:S\1/g' "$OUT"
}

# The fields at the end of a session: JSON "problem" OCTETS ATTEMPTS
session_end() {
	printf '"problem":%s,"octets":%s,"attempts":%s,"server":"127.0.0.1:%s",' \
		"$1" "$2" "$3" "$PORT"
	printf '"address":"127.0.0.1","tls":null,"seconds":{"resolve":S,'
	printf '"connect":S,"tls":S,"banner":S,"ehlo":S,"starttls":S,"auth":S,'
	printf '"mail":S,"rcpt":S,"data":S,"content":S,"dot":S}}\n'
}

# --quiet and --json

@test "--quiet and -q print only what was not accepted" {
	serve --play 'RCPT /c@/: 550 5.1.1 no' --play 'RCPT /d@/: 450 4.2.1 later'
	submit --quiet b@server.test c@server.test d@server.test
	ended 1 "refused   c@server.test  550 5.1.1 no
deferred  d@server.test  450 4.2.1 later"
	to_b -q
	ended 0 ''
}

@test "--quiet hides no diagnostics" {
	serve --play 'CONTENT: 554 5.6.0 no'
	to_b --quiet
	ended 69 'refused   b@server.test  554 5.6.0 no' \
		"ehlo: 127.0.0.1:$PORT: end of message: 554 5.6.0 no"
}

@test "--json tells of each recipient, of the commitment, and the end" {
	serve --play 'RCPT 2: 550-5.1.1 No "c"\n550 5.1.1 here'
	submit --json b@server.test c@server.test
	[ "$status" -eq 1 ]
	[ ! -s "$ERR" ]
	diff -u - <(timeless) <<-END
		{"type":"committing"}
		{"type":"recipient","recipient":"b@server.test","outcome":"accepted","stage":"dot","by":"server","code":250,"enhanced":"2.0.0","text":"Ok","server":"127.0.0.1:$PORT","tls":null}
		{"type":"recipient","recipient":"c@server.test","outcome":"refused","stage":"rcpt","by":"server","code":550,"enhanced":"5.1.1","text":"No \\"c\\"\\u000ahere","server":"127.0.0.1:$PORT","tls":null}
		{"type":"session","exit":1,"accepted":1,"refused":1,"deferred":0,"unsent":0,"unknown":0,"ok":0,"reply":"250 2.0.0 Ok",$(session_end null 18 1)
	END
}

@test "--json tells what was found out here from what the server said" {
	serve --size 5
	to_b --json
	[ "$status" -eq 65 ]
	what='the message has 18 octets, the server takes 5 (SIZE)'
	diff -u - <(timeless) <<-END
		{"type":"recipient","recipient":"b@server.test","outcome":"refused","stage":"local","by":"local","code":null,"enhanced":null,"text":"$what","server":"127.0.0.1:$PORT","tls":null}
		{"type":"session","exit":65,"accepted":0,"refused":1,"deferred":0,"unsent":0,"unknown":0,"ok":0,"reply":null,$(session_end "\"$what\"" 18 1)
	END
}

@test "--json tells the version of TLS" {
	certs
	serve --tls-cert "$CERTS/server.pem" --tls-key "$CERTS/server.key" \
		--tls-max 1.2
	to_b --json --tls starttls --tls-ca "$CERTS/ca.pem"
	[ "$status" -eq 0 ]
	[ "$(grep -c '"tls":"TLSv1.2"' "$OUT")" -eq 2 ]
}

@test "--json escapes what could deceive, and stays UTF-8 (S-40)" {
	serve --play 'RCPT: raw 550 "\\ \x1b[2J\x07\x7f\xc2\x9b\xe2\x80\xae\xf3\xa0\x81\x81 \xc3\xa9 \xff\x80\t\r\n'
	to_b --json
	[ "$status" -eq 67 ]
	grep -qF '"text":"\"\\ \u001b[2J\u0007\u007f\u009b\u202e\udb40\udc41 é \ufffd\ufffd\u0009",' "$OUT"
}

@test "the commitment is told before the end of the message is sent" {
	serve
	mkfifo "$OUT.full"
	exec {full}<>"$OUT.full"
	# until nothing more can be written
	dd if=/dev/zero of="$OUT.full" oflag=nonblock bs=4096 2>/dev/null || true
	"$EHLO" --json "127.0.0.1:$PORT" a@client.test b@server.test \
		<"$MESSAGE" >"$OUT.full" 2>"$ERR" 3>&- {full}>&- &
	wait_for compgen -G "$BATS_TEST_TMPDIR/srv/incoming.*" >/dev/null
	run ! wait_briefly_for test -e "$(message 1)"
	cat <"$OUT.full" >"$OUT" {full}>&- 3>&- &
	reader=$!
	wait_for test -e "$(message 1)"
	exec {full}>&-
	wait "$reader"
	tr -d '\0' <"$OUT" | head -n 1 | grep -qx '{"type":"committing"}'
}

wait_briefly_for() {
	local end=$((${EPOCHREALTIME/./} + 300000))

	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || return 1
	done
}

@test "a killed run leaves the commitment in --json" {
	serve --play 'CONTENT: silent'
	"$EHLO" --json "127.0.0.1:$PORT" a@client.test b@server.test \
		<"$MESSAGE" >"$OUT" 2>"$ERR" 3>&- &
	wait_for server_is silent
	kill -9 $!
	wait $! || true
	[ "$(<"$OUT")" = '{"type":"committing"}' ]
}

@test "what is not committed is not told to be" {
	serve --play 'DATA: close'
	to_b --json
	[ "$status" -eq 75 ]
	run ! grep committing "$OUT"
}

# What servers say

@test "control characters of a server are escaped everywhere (F-200, F-201)" {
	serve --play 'MAIL: raw 550 5.7.1 \x1b]0;pwn\x07\x1b[2J\x9b \xc2\x9b\x7f\x00.\r\n'
	to_b -d
	text='550 5.7.1 \x1B]0;pwn\x07\x1B[2J\x9B \xC2\x9B\x7F\x00.'
	[ "$status" -eq 69 ]
	grep -qxF "< $text" "$ERR"
	grep -qF "refused   b@server.test  550 5.7.1 " "$OUT"
	grep -qF "ehlo: 127.0.0.1:$PORT: MAIL FROM: 550 5.7.1 " "$ERR"
	# nothing but text and line ends is left
	[ -z "$(tr -d '\n[:print:]' <"$OUT")" ]
	[ -z "$(tr -d '\n[:print:]' <"$ERR")" ]
}

@test "the report shows what was escaped" {
	serve --play 'RCPT: raw 550 5.1.1 \x1b[31mred\x9b \xc2\x9b\r\x08\r\n'
	to_b
	ended 67 'refused   b@server.test  550 5.1.1 \x1B[31mred\x9B \xC2\x9B\x0D\x08
sent to 0 of 1 recipient'
}

@test "a NUL in a reply hides nothing of it (S-33)" {
	serve --play 'CONTENT: raw 550 5.6.0 no\x00, never\r\n'
	to_b
	ended 69 'refused   b@server.test  550 5.6.0 no\x00, never
sent to 0 of 1 recipient' \
		"ehlo: 127.0.0.1:$PORT: end of message: 550 5.6.0 no\\x00, never"
}

@test "bidirectional and invisible characters are escaped (F-202)" {
	serve --play 'RCPT: 550 5.1.1 \xe2\x80\xaeevil\xe2\x80\x8b\xef\xbb\xbf \xc3\xa9'
	to_b
	ended 67 'refused   b@server.test  550 5.1.1 \xE2\x80\xAEevil\xE2\x80\x8B\xEF\xBB\xBF é
sent to 0 of 1 recipient'
}

@test "text that is not UTF-8 is escaped (F-066)" {
	serve --play 'RCPT: 550 5.1.1 na\xefve \xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80'
	to_b
	ended 67 'refused   b@server.test  550 5.1.1 na\xEFve \xC0\xAF \xED\xA0\x80 \xF4\x90\x80\x80
sent to 0 of 1 recipient'
}

@test "the lines of a reply are one in the report, each one in the trace" {
	serve --play 'RCPT: 550-5.1.1 no\n550-5.1.1 accepted  b@server.test\n550 5.1.1 such' \
		--no-pipelining
	to_b -d
	[ "$status" -eq 67 ]
	[ "$(<"$OUT")" = "refused   b@server.test  550 5.1.1 no accepted  b@server.test such
sent to 0 of 1 recipient" ]
	[ "$(grep '^< 550' "$ERR")" = "< 550-5.1.1 no
< 550-5.1.1 accepted  b@server.test
< 550 5.1.1 such" ]
}

@test "the lines of a good reply are one in the report too" {
	serve --play 'RCPT: 250-2.1.5 b\n250 2.1.5 is\x1b here' \
		--play 'CONTENT: 250-2.0.0 queued\n250 2.0.0 as\x1b 1'
	to_b
	ended 0 'accepted  b@server.test  250 2.1.5 b is\x1B here
sent to 1 of 1 recipient: 250 2.0.0 queued as\x1B 1'
}

@test "a text of 60 KiB is cut, and that is shown (F-206)" {
	x=$(head -c 61440 /dev/zero | tr '\0' x)
	serve --play "MAIL: 550 5.7.1 $x"
	to_b
	[ "$status" -eq 69 ]
	[ "$(wc -c <"$OUT")" -lt 1200 ]
	[ "$(wc -c <"$ERR")" -lt 1200 ]
	grep -q '^refused   b@server.test  550 5.7.1 xxxx*.\[\.\.\.\]$' "$OUT"
	grep -q "^ehlo: 127.0.0.1:$PORT: MAIL FROM: 550 5.7.1 xxxx* \[\.\.\.\]\$" \
		"$ERR"
}

@test "a text is not cut within a character" {
	e=$(head -c 3000 /dev/zero | sed 's/\x00/é/g')
	for first in '' x; do
		serve --play "MAIL: 550 5.7.1 $first$e"
		to_b
		[ "$status" -eq 69 ]
		run ! grep -F '\x' "$OUT" "$ERR"
	done
}

@test "the greeting and the offers of a server are escaped in the trace" {
	serve --play 'GREETING: raw 220 \x1b[2Jhi\r\n' \
		--play 'EHLO: 250-\x1b]0;x\x07\n250 \xe2\x80\xae'
	to_b -d
	[ "$status" -eq 0 ]
	[ "$(grep '^<' "$ERR" | head -n 3)" = '< 220 \x1B[2Jhi
< 250-\x1B]0;x\x07
< 250 \xE2\x80\xAE' ]
}

# Where it is printed

@test "a closed standard output changes no exit status (S-55)" {
	serve --play 'session 2 RCPT: 550 5.1.1 no'
	for wanted in 0 67; do
		status=0
		"$EHLO" "127.0.0.1:$PORT" a@client.test b@server.test \
			<"$MESSAGE" >&- 2>"$ERR" 3>&- || status=$?
		: >"$OUT"
		ended "$wanted" '' 'ehlo: standard output: Bad file descriptor'
	done
	printf 'Subject: x\r\n\r\nhi\r\n' | cmp - "$(message 1)"
}

@test "a full standard output changes no exit status" {
	serve --play 'session 2 RCPT: 550 5.1.1 no'
	for wanted in 0 67; do
		status=0
		"$EHLO" "127.0.0.1:$PORT" a@client.test b@server.test \
			<"$MESSAGE" >/dev/full 2>"$ERR" 3>&- || status=$?
		: >"$OUT"
		ended "$wanted" '' 'ehlo: standard output: No space left on device'
	done
}

@test "with --json a full standard output does not stop the message" {
	serve
	status=0
	"$EHLO" --json "127.0.0.1:$PORT" a@client.test b@server.test \
		<"$MESSAGE" >/dev/full 2>"$ERR" 3>&- || status=$?
	: >"$OUT"
	ended 0 '' 'ehlo: standard output: No space left on device'
	[ -e "$(message 1)" ]
}

@test "a broken pipe changes no exit status (S-54)" {
	serve --play 'CONTENT: pause 200 then accept'
	mkfifo "$OUT.pipe"
	: >"$OUT"
	exec {reader}<>"$OUT.pipe"
	status=0
	env --default-signal=PIPE "$EHLO" "127.0.0.1:$PORT" a@client.test \
		b@server.test <"$MESSAGE" >"$OUT.pipe" 2>"$ERR" 3>&- \
		{reader}<&- &
	wait_for test -e "$(message 1)"
	exec {reader}<&-
	wait $! || status=$?
	ended 0 '' 'ehlo: standard output: Broken pipe'
}

@test "a closed or full standard error changes nothing, and is no socket" {
	serve
	for what in closed full; do
		status=0
		: >"$ERR"
		if [ "$what" = closed ]; then
			"$EHLO" -ddd "127.0.0.1:$PORT" a@client.test \
				b@server.test <"$MESSAGE" >"$OUT" 2>&- 3>&- ||
				status=$?
		else
			"$EHLO" -ddd "127.0.0.1:$PORT" a@client.test \
				b@server.test <"$MESSAGE" >"$OUT" \
				2>/dev/full 3>&- || status=$?
		fi
		ended 0 "$accepted"
	done
	for n in 1 2; do
		printf 'Subject: x\r\n\r\nhi\r\n' | cmp - "$(message "$n")"
	done
}

@test "with all three closed the message is sent, and nothing else" {
	serve
	status=0
	"$EHLO" --helo client.test -ddd --json --message "$MESSAGE" \
		"127.0.0.1:$PORT" a@client.test b@server.test \
		<&- >&- 2>&- 3>&- || status=$?
	[ "$status" -eq 0 ]
	printf 'Subject: x\r\n\r\nhi\r\n' | cmp - "$(message 1)"
	[ "$(sent_commands)" = "EHLO client.test
MAIL FROM:<a@client.test> SIZE=18
RCPT TO:<b@server.test>
DATA
QUIT" ]
}

# Signals

server_is() {
	grep -q "^\* $1" "$BATS_TEST_TMPDIR/srv/transcript" 2>/dev/null
}

# In a shell script a process in the background has INT ignored.
start() {
	env --default-signal=INT,TERM,HUP,QUIT "$EHLO" --helo client.test "$@" \
		"127.0.0.1:$PORT" a@client.test b@server.test \
		<"$MESSAGE" >"$OUT" 2>"$ERR" 3>&- &
	pid=$!
}

finish() {
	status=0
	wait "$pid" || status=$?
}

@test "INT, TERM, HUP and QUIT before the end leave all unsent, and kill (S-56)" {
	ulimit -S -c 0
	for signal in INT:130 TERM:143 HUP:129 QUIT:131; do
		serve --no-pipelining --play 'DATA: silent'
		rm -f "$BATS_TEST_TMPDIR/srv/transcript"
		start
		wait_for server_is silent
		kill -"${signal%:*}" "$pid"
		finish
		ended "${signal#*:}" "unsent    b@server.test  DATA: interrupted
sent to 0 of 1 recipient" "ehlo: 127.0.0.1:$PORT: DATA: interrupted"
	done
}

# A shell tells of a process that a signal has ended, not of an exit status
# that looks like it.
@test "the program ends by the signal itself, not by an exit status" {
	serve --play 'DATA: silent'
	# shellcheck disable=SC2016
	LC_ALL=C bash -c '"$@"; exit $?' bash \
		sh -c 'echo "$$" >"$0"; exec "$@"' "$OUT.pid" \
		"$EHLO" "127.0.0.1:$PORT" a@client.test b@server.test \
		<"$MESSAGE" >"$OUT" 2>"$ERR" 3>&- &
	pid=$!
	wait_for server_is silent
	kill -TERM "$(<"$OUT.pid")"
	finish
	[ "$status" -eq 143 ]
	grep -q Terminated "$ERR"
}

@test "a signal is heeded wherever the server is waited for" {
	while IFS='|' read -r verb what; do
		serve --no-pipelining --play "$verb: silent"
		rm -f "$BATS_TEST_TMPDIR/srv/transcript"
		start
		wait_for server_is silent
		kill -TERM "$pid"
		finish
		ended 143 "unsent    b@server.test  $what: interrupted
sent to 0 of 1 recipient" "ehlo: 127.0.0.1:$PORT: $what: interrupted"
		[ ! -e "$(message 1)" ]
	done <<-END
		EHLO|EHLO
		MAIL|MAIL FROM
		RCPT|RCPT TO:<b@server.test>
	END
}

@test "a signal is heeded while the greeting is waited for" {
	serve --play 'GREETING: raw 220-wait\r\n then silent'
	start -d
	wait_for grep -qx '< 220-wait' "$ERR"
	kill -TERM "$pid"
	finish
	ended 143 "unsent    b@server.test  greeting: interrupted
sent to 0 of 1 recipient" "* connected to 127.0.0.1:$PORT (127.0.0.1)
< 220-wait
ehlo: 127.0.0.1:$PORT: greeting: interrupted"
}

# Much of a message is there: it is being sent.
has_much() {
	[ -s "$(compgen -G "$BATS_TEST_TMPDIR/srv/incoming.*")" ]
}

@test "a signal in the middle of the message ends it without a dot" {
	serve --rcvbuf 4096 --play 'after 400000: pause 60000'
	head -c 20000000 /dev/zero | tr '\0' x | fold -w 70 >>"$MESSAGE"
	start
	wait_for has_much
	kill -TERM "$pid"
	finish
	ended 143 "unsent    b@server.test  message: interrupted
sent to 0 of 1 recipient" "ehlo: 127.0.0.1:$PORT: message: interrupted"
	[ ! -e "$(message 1)" ]
}

@test "a signal after the end of the message leaves all unknown, 79" {
	for signal in INT TERM HUP; do
		serve --play 'CONTENT: silent'
		rm -f "$BATS_TEST_TMPDIR/srv/transcript"
		start
		wait_for server_is silent
		kill -"$signal" "$pid"
		finish
		ended 79 "unknown   b@server.test  end of message: interrupted
sent to 0 of 1 recipient" "ehlo: 127.0.0.1:$PORT: end of message: interrupted"
	done
}

@test "a signal after the report changes nothing" {
	serve --play 'QUIT: silent'
	start
	wait_for grep -q '^sent to' "$OUT"
	kill -TERM "$pid"
	finish
	ended 0 "$accepted"
}

@test "in --json a signal shows in the exit status" {
	serve --no-pipelining --play 'DATA: silent'
	start --json
	wait_for server_is silent
	kill -TERM "$pid"
	finish
	[ "$status" -eq 143 ]
	grep -q '"outcome":"unsent","stage":"data","by":"local","code":null,"enhanced":null,"text":"DATA: interrupted"' "$OUT"
	grep -q '^{"type":"session","exit":143,.*"unsent":1' "$OUT"
}

@test "a signal while the message is read leaves a report too" {
	serve
	mkfifo "$OUT.slow"
	exec {slow}<>"$OUT.slow"
	MESSAGE=$OUT.slow start {slow}>&-
	# it reads when the pipe is empty again
	printf 'Subject: x\n' >&"$slow"
	run ! wait_briefly_for false
	kill -TERM "$pid"
	finish
	[ "$status" -eq 143 ]
	grep -q '^unsent    b@server.test  ' "$OUT"
	exec {slow}>&-
	nobody_connected
}

@test "an ignored HUP stays ignored" {
	serve --play 'DATA: pause 400 then accept'
	(
		trap '' HUP
		exec "$EHLO" "127.0.0.1:$PORT" a@client.test b@server.test
	) <"$MESSAGE" >"$OUT" 2>"$ERR" 3>&- &
	pid=$!
	wait_for grep -q '^C: DATA' "$BATS_TEST_TMPDIR/srv/transcript"
	kill -HUP "$pid"
	finish
	ended 0 "$accepted"
}

# The trace

dialogue() {
	printf '%s\n' "* connected to 127.0.0.1:$PORT (127.0.0.1)" \
		'< 220 localhost ESMTP' '> EHLO client.test' '< 250-localhost' \
		'< 250-PIPELINING' '< 250-SIZE 0' '< 250-8BITMIME' \
		'< 250-SMTPUTF8' '< 250 ENHANCEDSTATUSCODES' \
		'* no STARTTLS offered: going on in cleartext' \
		'> MAIL FROM:<a@client.test> SIZE=21' \
		'> RCPT TO:<b@server.test>' '> DATA' '< 250 2.1.0 Ok' \
		'< 250 2.1.5 Ok' '< 354 End with a dot on a line of its own' \
		"$@" '* message of 21 octets' '> .' '> QUIT' '< 250 2.0.0 Ok' \
		'< 221 2.0.0 Bye'
}

@test "-d shows the dialogue, and the message as a count" {
	serve
	printf '.\n' >>"$MESSAGE"
	for option in -d --debug; do
		to_b "$option"
		ended 0 "$accepted" "$(dialogue)"
	done
}

@test "-dd also shows seconds and the addresses tried" {
	serve
	printf '.\n' >>"$MESSAGE"
	to_b -dd
	[ "$status" -eq 0 ]
	run ! grep -v '^ *[0-9][0-9]*\.[0-9][0-9][0-9] [*<>] ' "$ERR"
	diff -u <(
		echo "* connecting to 127.0.0.1 port $PORT"
		dialogue
	) <(sed 's/^ *[0-9.]* //' "$ERR")
}

@test "-dd tells TLS version, cipher and certificate" {
	certs
	serve --implicit --tls-max 1.2 --tls-cert "$CERTS/server.pem" \
		--tls-key "$CERTS/server.key"
	to_b -dd --tls implicit --tls-ca "$CERTS/ca.pem"
	[ "$status" -eq 0 ]
	grep -q '\* .*TLSv1\.2' "$ERR"
	grep -q '\* .*CN *= *localhost' "$ERR"
}

@test "-ddd also shows the message as it is sent" {
	serve
	printf '.\n' >>"$MESSAGE"
	to_b -ddd
	[ "$status" -eq 0 ]
	diff -u <(
		echo "* connecting to 127.0.0.1 port $PORT"
		dialogue '> Subject: x' '>' '> hi' '> ..'
	) <(sed 's/^ *[0-9.]* //' "$ERR")
}

@test "-ddd shows the message escaped, and long lines as they are" {
	serve
	{
		printf 'Subject: \033[2J\001\n\n\303\251\n'
		head -c 300000 /dev/zero | tr '\0' x
	} >"$MESSAGE"
	to_b -ddd
	[ "$status" -eq 0 ]
	grep -q '> Subject: \\x1B\[2J\\x01$' "$ERR"
	grep -q '> é$' "$ERR"
	[ "$(grep -o 'x\{1000,\}' "$ERR" | tr -d '\n' | wc -c)" -eq 300000 ]
}

# Help

@test "--version and -V say the name and the version" {
	for option in --version -V; do
		ehlo "$option"
		[ "$status" -eq 0 ]
		head -n 1 "$OUT" | grep -qx 'ehlo [0-9][0-9.]*[a-z0-9-]*'
		grep -q ^OpenSSL "$OUT"
		[ ! -s "$ERR" ]
	done
}

@test "--help and -h describe every option and the arguments" {
	for option in --help -h; do
		ehlo "$option" nonsense
		[ "$status" -eq 0 ]
		[ ! -s "$ERR" ]
		head -n 1 "$OUT" | grep -qxF \
			'Usage: ehlo [OPTION]... SERVER FROM TO... < message'
	done
	# each option has a test, which names it
	grep -o -e '--[a-z0-9][a-z0-9-]*' "$OUT" >"$OUT.options"
	while read -r option; do
		cat "$BATS_TEST_DIRNAME"/*.bats |
			grep -v -e '^@test "--help' |
			grep -q -e "$option\([^a-z-]\|\$\)" || echo "$option"
	done <"$OUT.options" >"$OUT.untested"
	diff -u /dev/null "$OUT.untested"
}

@test "--usage shows the options in short" {
	ehlo --usage
	[ "$status" -eq 0 ]
	[ ! -s "$ERR" ]
	grep -q '^Usage: ehlo ' "$OUT"
	for option in --help --json --to-file; do
		grep -qe "$option" "$OUT"
	done
}

@test "a standard output that nobody reads does not keep a signal waiting" {
	mkfifo "$BATS_TEST_TMPDIR/full"
	exec {full}<>"$BATS_TEST_TMPDIR/full"
	dd if=/dev/zero bs=4096 count=64 of="$BATS_TEST_TMPDIR/full" \
		oflag=nonblock 2>/dev/null || true
	serve
	"$EHLO" --json -d "127.0.0.1:$PORT" a@client.test b@server.test \
		<"$MESSAGE" >"$BATS_TEST_TMPDIR/full" 2>"$ERR" 3>&- &
	pid=$!
	wait_for grep -q '^\* message of' "$ERR"
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	exec {full}>&-
	[ "$status" -eq 143 ]
	[ "$(sent_commands | tail -n 1)" = DATA ]
	[ ! -e "$(message 1)" ]
}
