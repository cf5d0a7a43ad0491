#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031
# The test server, as a plain client in bash and openssl sees it.

bats_require_minimum_version 1.5.0

load lib

setup() {
	setup_common
}

teardown() {
	teardown_common
}

# Opens a connection as $sock.
connect() {
	exec {sock}<>"/dev/tcp/${2:-127.0.0.1}/${1:-$PORT}" || return
	out=$sock
}

hang_up() {
	exec {sock}>&-
}

# The next reply, without CR, its lines parted by LF, in $reply.
hear() {
	local line
	reply=

	while IFS= read -r -t 10 -u "$sock" line; do
		line=${line%$'\r'}
		reply=${reply:+$reply$'\n'}$line
		case $line in
		[0-9][0-9][0-9]-*) ;;
		*) return 0 ;;
		esac
	done
	reply=${reply:+$reply$'\n'}$line
	return 1
}

# Standard input in one write: bash itself would make one of each line.
in_one_write() {
	dd bs=64k iflag=fullblock status=none >&"$out"
}

# A printf format.
send() {
	# shellcheck disable=SC2059
	printf "$1" | in_one_write
}

# Sends lines, then hears one reply for each.
ask() {
	local line

	printf '%s\r\n' "$@" | in_one_write
	for line; do
		hear || return
	done
}

greeted() {
	connect
	hear
	ask 'EHLO client.test'
}

# A whole submission with pipelining; $1 is the content with its dot.
submit() {
	greeted
	ask 'MAIL FROM:<a@client.test>' 'RCPT TO:<b@server.test>' DATA
	[ "${reply%% *}" = 354 ]
	send "$1QUIT\r\n"
	hear
	hear
	hang_up
}

tls_server() {
	certs
	serve --tls-cert "$CERTS/server.pem" --tls-key "$CERTS/server.key" "$@"
}

# Ends when the server closes.
tls_client() {
	openssl s_client -connect "127.0.0.1:$PORT" -CAfile "$CERTS/ca.pem" \
		-verify_return_error -quiet "$@" \
		2>"$BATS_TEST_TMPDIR/openssl"
}

# The same as a connection that the other helpers know.
tls_connect() {
	local pipes

	pipes=$(mktemp -d "$BATS_TEST_TMPDIR/pipes.XXXXXX")
	mkfifo "$pipes/in" "$pipes/out"
	tls_client "$@" <"$pipes/in" >"$pipes/out" 3>&- &
	exec {out}>"$pipes/in" {sock}<"$pipes/out"
}

session_1() {
	transcript | grep '^\* session 1:'
}

@test "a pipelining client needs four round trips" {
	serve --sessions 1
	submit 'Subject: x\r\n\r\nhi\r\n.\r\n'
	served
	[ "$(session_1)" = '* session 1: round trips 4, commands 5, bytes in 103' ]
	run violations
	[ "$status" -ne 0 ]
}

@test "a client that waits needs a round trip for each command" {
	serve --no-pipelining
	greeted
	for line in 'MAIL FROM:<>' 'RCPT TO:<b@b.test>' DATA . QUIT; do
		ask "$line"
	done
	[ "$(round_trips)" -eq 7 ]
	run violations
	[ "$status" -ne 0 ]
}

@test "the transcript tells who said what" {
	serve
	greeted
	ask QUIT
	hang_up
	[ "$(transcript)" = "* connected 1
S: 220 localhost ESMTP
C: EHLO client.test
S: 250-localhost
S: 250-PIPELINING
S: 250-SIZE 0
S: 250-8BITMIME
S: 250-SMTPUTF8
S: 250 ENHANCEDSTATUSCODES
C: QUIT
S: 221 2.0.0 Bye
* session 1: round trips 3, commands 2, bytes in 24" ]
	[ "$(sent_commands)" = $'EHLO client.test\nQUIT' ]
}

@test "the message is kept without its dots, and the envelope beside it" {
	serve
	submit '..a\r\n\r\n...\r\nb.\r\n..\r\n.\r\n'
	printf '.a\r\n\r\n..\r\nb.\r\n.\r\n' | cmp - "$(message 1)"
	[ "$(cat "$(envelope 1)")" = "MAIL FROM:<a@client.test>
RCPT TO:<b@server.test>" ]
	run violations
	[ "$status" -ne 0 ]
}

@test "the final dot is found wherever a segment ends" {
	serve --play 'after 1: slow 1'
	submit 'a\r\n..\r\n.b\r\n.\r\n'
	printf 'a\r\n.\r\nb\r\n' | cmp - "$(message 1)"
	[ "$(violations)" = '* VIOLATION a dot was not doubled' ]
}

@test "a message larger than the buffers arrives whole" {
	serve --rcvbuf 4096
	head -c 3000000 /dev/urandom | base64 -w 70 | sed 's/^A/./; s/$/\r/' \
		>"$BATS_TEST_TMPDIR/big"
	greeted
	ask 'MAIL FROM:<>' 'RCPT TO:<b@b.test>' DATA
	{
		sed 's/^\./../' "$BATS_TEST_TMPDIR/big"
		printf '.\r\n'
	} >&"$sock"
	hear
	[ "$reply" = '250 2.0.0 Ok' ]
	cmp "$BATS_TEST_TMPDIR/big" "$(message 1)"
	hang_up
	run violations
	[ "$status" -ne 0 ]
}

@test "with --discard nothing is kept" {
	serve --discard
	submit 'a\r\n.\r\n'
	transcript | grep -qx '\* message 1: 3 octets'
	[ ! -e "$(message 1)" ]
}

@test "content that breaks off is not a message" {
	serve
	greeted
	ask 'MAIL FROM:<>' 'RCPT TO:<b@b.test>' DATA
	send 'a\r\n'
	hang_up
	transcript | grep -qx '\* content broken off after 3 octets'
	[ "$(cd "$BATS_TEST_TMPDIR/srv" && echo *)" = 'errors transcript' ]
}

@test "bare CR, bare LF, NUL and undeclared 8-bit octets are violations" {
	serve
	greeted
	send 'NOOP\n'
	hear
	send 'NOOP a\rb\r\n'
	hear
	send 'NOOP \0\r\n'
	hear
	hang_up
	for content in 'a\nb\r\n' 'a\rb\r\n' '\0\r\n' 'a\r' '\303\244'; do
		submit "$content\r\n.\r\n"
	done
	[ "$(violations)" = "* VIOLATION bare LF in a command
* VIOLATION bare CR in a command
* VIOLATION NUL in a command
* VIOLATION bare LF in the content
* VIOLATION bare CR in the content
* VIOLATION NUL in the content
* VIOLATION bare CR in the content
* VIOLATION 8-bit content without BODY=8BITMIME" ]
}

@test "small letters and long lines are violations" {
	serve
	greeted
	ask 'noop' "NOOP $(printf '%506s' '' | tr ' ' x)"
	ask "NOOP $(printf '%505s' '' | tr ' ' x)"
	ask "MAIL FROM:<$(printf '%600s' '' | tr ' ' x)>"
	hang_up
	[ "$(violations)" = "* VIOLATION a verb in small letters
* VIOLATION input before the reply was sent
* VIOLATION a line of 513 octets
* VIOLATION a line of 614 octets" ]
}

@test "what comes before the greeting is a violation" {
	serve --play 'GREETING: raw 220-\r\n then pause 100 then 220 hi'
	connect
	ask 'EHLO client.test'
	hear
	hang_up
	[ "$(violations)" = '* VIOLATION input before the greeting was sent' ]
}

@test "what comes behind a command that ends a group is a violation" {
	serve
	connect
	hear
	send 'EHLO client.test\r\nNOOP\r\n'
	hear
	hear
	send 'QUIT\r\nNOOP\r\n'
	hear
	hang_up
	served_violations=$(violations)
	[ "${served_violations%%$'\n'*}" = \
		'* VIOLATION input before the reply was sent' ]
	[ "$(grep -c VIOLATION <<<"$served_violations")" -ge 2 ]
}

@test "without PIPELINING no group is allowed" {
	serve --no-pipelining
	greeted
	send 'MAIL FROM:<>\r\nRCPT TO:<b@b.test>\r\n'
	hear
	hear
	hang_up
	[ "$(violations)" = '* VIOLATION input before the reply was sent' ]
}

@test "commands out of order are refused" {
	serve
	connect
	hear
	ask 'MAIL FROM:<>'
	[ "$reply" = '503 5.5.1 Bad sequence of commands' ]
	ask 'EHLO client.test'
	ask 'RCPT TO:<b@b.test>'
	[ "$reply" = '503 5.5.1 Bad sequence of commands' ]
	ask 'MAIL FROM:<>' DATA
	[ "$reply" = '554 5.5.1 No valid recipients' ]
	ask 'STARTTLS'
	[ "$reply" = '502 5.5.1 Command not implemented' ]
	ask 'XYZZY'
	[ "$reply" = '500 5.5.2 Unrecognized command' ]
}

@test "a parameter without its extension is refused" {
	serve --no-size --ehlo DSN
	greeted
	ask 'MAIL FROM:<> SIZE=5'
	[ "$reply" = '555 5.5.4 Unknown parameter' ]
	ask 'MAIL FROM:<"a>b"@c.test> RET=HDRS' 'RCPT TO:<b@b.test> NOTIFY=NEVER'
	[ "$reply" = '250 2.1.5 Ok' ]
}

@test "a message over the limit is refused at MAIL and at the dot" {
	serve --size 5
	greeted
	[[ $reply = *$'\n250-SIZE 5\n'* ]]
	ask 'MAIL FROM:<> SIZE=6'
	[ "$reply" = '552 5.3.4 Message too big' ]
	ask 'MAIL FROM:<>' 'RCPT TO:<b@b.test>' DATA
	send '1234\r\n.\r\n'
	hear
	[ "$reply" = '552 5.3.4 Message too big' ]
}

@test "a server without EHLO offers nothing" {
	serve --helo-only
	connect
	hear
	ask 'EHLO client.test'
	[ "${reply%% *}" = 500 ]
	ask 'HELO client.test'
	[ "$reply" = '250 localhost' ]
}

@test "--split sends small segments and changes nothing else" {
	serve --split 1
	submit 'hi\r\n.\r\n'
	[ "$reply" = '221 2.0.0 Bye' ]
	[ "$(round_trips)" -eq 4 ]
}

@test "an IPv6 address and a Unix socket can be listened on" {
	serve --listen ::1 --sessions 1
	connect "$PORT" ::1
	hear
	[ "$reply" = '220 localhost ESMTP' ]
	serve -n local --unix "$BATS_TEST_TMPDIR/s" --port-file \
		"$BATS_TEST_TMPDIR/where"
	[ -S "$BATS_TEST_TMPDIR/s" ]
	# shellcheck disable=SC2154
	[ "$local_PORT" = "$BATS_TEST_TMPDIR/s" ]
	[ "$(cat "$BATS_TEST_TMPDIR/where")" = "$BATS_TEST_TMPDIR/s" ]
}

@test "after the last session nobody is let in" {
	serve --sessions 1
	connect
	hear
	run connect
	[ "$status" -ne 0 ]
}

@test "with --fork sessions run side by side" {
	serve --fork --sessions 2
	connect
	hear
	first=$sock
	connect
	hear
	ask 'QUIT'
	hang_up
	sock=$first
	out=$first
	ask 'QUIT'
	hang_up
	served
	[ "$(transcript | grep -c '^\* session')" -eq 2 ]
}

@test "a stopped server takes its forked sessions along" {
	serve --fork --play 'GREETING: silent'
	connect
	transcript_file=$BATS_TEST_TMPDIR/srv/transcript
	until grep -q silent "$transcript_file" 2>/dev/null; do :; done
	kill "${SERVER_PID[main]}"
	served
	run ! hear
}

# What a client with credentials does that wastes nothing.
log_in_and_submit() {
	ask 'EHLO client.test'
	ask 'AUTH PLAIN AGFubgBzZWNyZXQ='
	[ "${reply%% *}" = 235 ]
	ask 'MAIL FROM:<>' 'RCPT TO:<b@b.test>' DATA
	send 'hi\r\n.\r\nQUIT\r\n'
	hear
	hear
	printf 'hi\r\n' | cmp - "$(message 1)"
}

@test "STARTTLS and AUTH PLAIN need eight round trips, nine by TLS 1.2" {
	tls_server --auth ann:secret --require-auth
	tls_connect -starttls smtp
	log_in_and_submit
	tls_connect -starttls smtp -tls1_2
	log_in_and_submit
	[ "$(round_trips)" = $'8\n9' ]
	run violations
	[ "$status" -ne 0 ]
}

@test "implicit TLS and AUTH PLAIN need six round trips by either version" {
	tls_server --implicit --auth ann:secret
	for version in -tls1_3 -tls1_2; do
		tls_connect "$version"
		hear
		log_in_and_submit
	done
	[ "$(round_trips)" = $'6\n6' ]
}

@test "implicit TLS speaks from the first byte, by either version" {
	for version in 1.2 1.3; do
		tls_server --implicit --sessions 1
		printf 'QUIT\r\n' | tls_client "-tls${version/./_}"
		served
	done
	transcript | grep -qx '\* TLS on: TLSv1.2'
	transcript | grep -qx '\* TLS on: TLSv1.3'
}

@test "--tls-max 1.2 refuses TLS 1.3" {
	tls_server --implicit --tls-max 1.2
	run tls_client -tls1_3 </dev/null
	[ "$status" -ne 0 ]
	transcript | grep -q '^\* TLS failed: '
}

@test "AUTH is offered inside TLS only, unless it may be in the clear" {
	tls_server --auth ann:secret
	greeted
	[[ $reply = *STARTTLS* ]]
	[[ $reply != *AUTH* ]]
	hang_up
	serve -n clear --auth ann:secret --auth-clear
	# shellcheck disable=SC2154
	connect "$clear_PORT"
	hear
	ask 'EHLO client.test'
	[[ $reply = *$'\n250-AUTH PLAIN LOGIN CRAM-MD5\n'* ]]
}

base64_of() {
	# shellcheck disable=SC2059
	printf "$1" | base64 -w 0
}

@test "each mechanism accepts the password and nothing else" {
	serve --auth ann:secret --auth-clear --play 'MAIL: 250 ok' \
		--auth-mechanisms 'PLAIN LOGIN CRAM-MD5 XOAUTH2'
	yes=235 no=535
	for password in secret secre; do
		greeted
		ask "AUTH PLAIN $(base64_of "\\0ann\\0$password")"
		[ "${reply%% *}" = "$yes" ]
		hang_up
		greeted
		ask 'AUTH PLAIN'
		[ "$reply" = '334 ' ]
		ask "$(base64_of "\\0ann\\0$password")"
		[ "${reply%% *}" = "$yes" ]
		hang_up
		greeted
		ask 'AUTH LOGIN'
		[ "$reply" = "334 $(base64_of Username:)" ]
		ask "$(base64_of ann)"
		[ "$reply" = "334 $(base64_of Password:)" ]
		ask "$(base64_of "$password")"
		[ "${reply%% *}" = "$yes" ]
		hang_up
		greeted
		ask 'AUTH CRAM-MD5'
		digest=$(base64 -d <<<"${reply#334 }" |
			openssl dgst -md5 -hmac "$password")
		ask "$(base64_of "ann ${digest##* }")"
		[ "${reply%% *}" = "$yes" ]
		hang_up
		greeted
		ask "AUTH XOAUTH2 $(
			base64_of "user=ann\\1auth=Bearer $password\\1\\1"
		)"
		[ "${reply%% *}" = "${yes/535/334}" ]
		hang_up
		yes=$no
	done
}

@test "an exchange can be cancelled, and must be base64" {
	serve --auth ann:secret --auth-clear
	greeted
	ask 'AUTH LOGIN'
	ask '*'
	[ "$reply" = '501 5.7.0 Authentication cancelled' ]
	ask 'AUTH PLAIN !!!!'
	[ "$reply" = '501 5.5.2 Cannot decode the response' ]
	ask 'AUTH KERBEROS_V4'
	[ "${reply%% *}" = 504 ]
	ask 'MAIL FROM:<>'
	[ "$reply" = '250 2.1.0 Ok' ]
	hang_up
	[ "$(violations)" = '* VIOLATION base64' ]
}

@test "--require-auth refuses MAIL before AUTH" {
	serve --auth ann:secret --auth-clear --require-auth
	greeted
	ask 'MAIL FROM:<>'
	[ "$reply" = '530 5.7.0 Authentication required' ]
}

@test "LMTP answers for each recipient" {
	serve --lmtp --play 'CONTENT 2: 452 4.2.2 full'
	connect
	hear
	ask 'EHLO client.test'
	[ "${reply%% *}" = 500 ]
	ask 'LHLO client.test'
	ask 'MAIL FROM:<>' 'RCPT TO:<b@b.test>' 'RCPT TO:<c@b.test>' DATA .
	[ "$reply" = '250 2.0.0 Ok' ]
	hear
	[ "$reply" = '452 4.2.2 full' ]
}

@test "PRDR answers for each recipient, and for all" {
	serve --ehlo PRDR --play 'CONTENT 3: 550 no'
	greeted
	ask 'MAIL FROM:<> PRDR' 'RCPT TO:<b@b.test>' 'RCPT TO:<c@b.test>' DATA .
	[ "${reply%% *}" = 353 ]
	hear
	[ "$reply" = '250 2.0.0 Ok' ]
	hear
	[ "$reply" = '550 no' ]
	hear
	[ "$reply" = '250 2.0.0 Ok' ]
}

@test "BDAT takes octets as they are, chunk by chunk" {
	serve --chunking
	greeted
	[[ $reply = *$'\n250-CHUNKING\n'* ]]
	{
		printf 'MAIL FROM:<>\r\nRCPT TO:<b@b.test>\r\n'
		printf 'BDAT 6\r\n.\r\n.\r\nBDAT 3 LAST\r\na\r\nQUIT\r\n'
	} | in_one_write
	for want in 250 250 250 250 221; do
		hear
		[ "${reply%% *}" = "$want" ]
	done
	hang_up
	printf '.\r\n.\r\na\r\n' | cmp - "$(message 1)"
	[ "$(round_trips)" -eq 3 ]
	run violations
	[ "$status" -ne 0 ]
}

@test "a refused chunk spoils the others" {
	serve --chunking --play 'BDAT 1: 452 later'
	greeted
	ask 'MAIL FROM:<>' 'RCPT TO:<b@b.test>'
	send 'BDAT 1\r\naBDAT 1 LAST\r\nb'
	hear
	[ "$reply" = '452 later' ]
	hear
	[ "${reply%% *}" = 503 ]
	[ ! -e "$(message 1)" ]
}

@test "a rule holds for its session and occurrence, or text" {
	serve --play 'session 2 RCPT 2: 550 second' \
		--play 'RCPT /x@/: 551 x\n551 y' --play 'session 3 RCPT 2+: 452 n'
	for want in '250 250 551' '250 550 551' '250 452 551'; do
		greeted
		ask 'MAIL FROM:<>'
		codes=
		for to in a b x; do
			ask "RCPT TO:<$to@b.test>"
			codes=${codes:+$codes }${reply%% *}
			[ "${reply%%$'\n'*}" != '551 x' ] || hear
		done
		[ "$codes" = "$want" ]
		hang_up
	done
}

@test "a scenario file has comments, and a bad line ends the server" {
	printf '# a comment\n\nNOOP: 250 from a file\n' >"$BATS_TEST_TMPDIR/ok"
	serve --scenario "$BATS_TEST_TMPDIR/ok"
	greeted
	ask NOOP
	[ "$reply" = '250 from a file' ]
	for line in 'NOOP 250' 'XYZZY: 250' 'NOOP: sing' 'RCPT x: 250' \
		'NOOP: pause' 'NOOP: close now' 'after: 250' 'NOOP: endless' \
		'session 0 NOOP: 250' 'NOOP: 250 then ' 'NOOP /a: 250'; do
		run "$SERVER" --play "$line"
		[ "$status" -eq 64 ]
		[ "${lines[0]##*: not}" = " a rule: $line" ]
	done
}

@test "replies change the state as their codes say" {
	serve --play 'MAIL 1: 550 no' --play 'RCPT 1: 250 yes' \
		--play 'DATA 1: 354 go' --play 'MAIL 2: raw 250 x\n then as 250'
	greeted
	ask 'MAIL FROM:<>' 'RCPT TO:<b@b.test>' DATA .
	[ "$reply" = '554 5.5.1 No valid recipients' ]
	ask 'MAIL FROM:<>' 'RCPT TO:<b@b.test>'
	[ "$reply" = '250 2.1.5 Ok' ]
	hang_up
	transcript | grep -qx '\* lone dot'
}

@test "replies in a chain leave in one segment, raw ones as they are" {
	serve --play 'NOOP: 250 ok then raw 250-\x41\t\\\r\n'
	greeted
	printf 'NOOP\r\n' >&"$sock"
	got=$(dd bs=64k count=1 2>/dev/null <&"$sock" | od -An -c | tr -s ' \n' ' ')
	[ "$got" = ' 2 5 0 o k \r \n 2 5 0 - A \t \ \r \n ' ]
}

@test "close, reset and cut end the session where they stand" {
	serve --play 'session 1 NOOP: 250 ok then close' \
		--play 'session 2 NOOP: reset' --play 'session 3 NOOP: cut 5 accept'
	greeted
	ask NOOP
	[ "$reply" = '250 ok' ]
	run ! hear
	hang_up
	greeted
	run ! ask NOOP
	hang_up
	greeted
	ask NOOP || true
	[ "$reply" = '250 2' ]
	hang_up
	[ "$(transcript | grep -E 'server$')" = "* closed by server
* reset by server
* closed by server" ]
}

@test "silent and stall last until the client goes" {
	serve --play 'session 1 NOOP: silent' --play 'session 2 NOOP: stall'
	for what in silent stalled; do
		greeted
		printf 'NOOP\r\n' >&"$sock"
		until grep -qx "\* $what" "$BATS_TEST_TMPDIR/srv/transcript"; do
			:
		done
		hang_up
	done
	[ "$(transcript | grep -c '^\* session')" -eq 2 ]
	transcript | grep -qx '\* closed by client'
}

@test "flush forgets the commands that are waiting" {
	serve --play 'MAIL: flush'
	greeted
	send 'MAIL FROM:<>\r\nRCPT TO:<b@b.test>\r\n'
	hear
	[ "$reply" = '250 2.1.0 Ok' ]
	ask NOOP
	hang_up
	[ "$(sent_commands)" = $'EHLO client.test\nMAIL FROM:<>\nNOOP' ]
}

@test "drip and endless go on until the client leaves" {
	serve --play 'NOOP 1: drip 1 250 slow' \
		--play 'NOOP 2: endless 250-x\r\n' --play 'EHLO: drip 1 accept'
	greeted
	ask NOOP
	[ "$reply" = '250 slow' ]
	printf 'NOOP\r\n' >&"$sock"
	[ "$(head -c 700000 <&"$sock" | sort -u)" = $'250-x\r' ]
	hang_up
	transcript | grep -qx '\* and so on'
}

@test "after N octets the server may speak and hang up" {
	serve --play 'after 5: 552 5.3.4 too big then close'
	greeted
	ask 'MAIL FROM:<>' 'RCPT TO:<b@b.test>' DATA
	send '1234'
	send '5678\r\n'
	hear
	[ "$reply" = '552 5.3.4 too big' ]
	run ! hear
	[ ! -e "$(message 1)" ]
}

@test "an early reply stands for the one to the dot" {
	serve --play 'after 1: 452 early'
	submit 'hi\r\n.\r\n'
	[ "$reply" = '221 2.0.0 Bye' ]
	[ "$(transcript | grep -A2 'S: 452' | grep -c '^S: 250')" -eq 0 ]
}

@test "a greeting that refuses refuses all but QUIT" {
	serve --play 'GREETING: 554 go away'
	connect
	hear
	[ "$reply" = '554 go away' ]
	ask 'EHLO client.test'
	[ "$reply" = '503 5.5.1 Bad sequence of commands' ]
	ask QUIT
	[ "$reply" = '221 2.0.0 Bye' ]
}

@test "plain goes on in the clear" {
	tls_server --play 'STARTTLS: 220 go then plain'
	greeted
	ask STARTTLS NOOP
	[ "$reply" = '250 2.0.0 Ok' ]
}

@test "outside speaks beside TLS" {
	tls_server --implicit --play 'GREETING: outside 220 clear\r\n then close'
	run tls_client </dev/null
	[ "$output" = '' ]
	grep -q 'wrong version number' "$BATS_TEST_TMPDIR/openssl"
	transcript | grep -qx 'S: 220 clear'
}

@test "a played handshake takes the place of the real one" {
	tls_server --implicit --play 'session 1 HANDSHAKE: raw 220 hi\r\n' \
		--play 'session 2 HANDSHAKE: drip 0 accept'
	run tls_client </dev/null
	[ "$status" -ne 0 ]
	printf 'QUIT\r\n' | tls_client
	transcript | grep -qx 'S: 220 hi'
	transcript | grep -qx 'C: QUIT'
}

@test "a client certificate can be demanded" {
	tls_server --implicit --tls-client-ca "$BATS_RUN_TMPDIR/certs/ca.pem"
	printf 'QUIT\r\n' | tls_client -cert "$CERTS/client.pem" \
		-key "$CERTS/client.key"
	run tls_client </dev/null
	transcript | grep -q '^\* TLS failed: '
}
