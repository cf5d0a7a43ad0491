#!/usr/bin/env bats
# The command line: what is understood, and what is refused before a
# connection is made.

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

# SERVER or options; the envelope is a to b.
to_b() {
	ehlo "$@" a@client.test b@server.test <"$MESSAGE"
}

# What was refused: ERROR [HINT]
wrong() {
	ended 64 '' "ehlo: $1${2:+$'\n'hint: $2}"
}

# Refuses each value of an option: OPTION ERROR HINT VALUE...
refuses() {
	local option=$1 error=$2 hint=$3 value
	shift 3

	serve
	for value; do
		to_b "$option" "$value" "127.0.0.1:$PORT"
		wrong "$option $value: $error" "$hint"
	done
	nobody_connected
}

# Refuses recipients: ERROR HINT ADDRESS...
refuses_to() {
	local error=$1 hint=$2 address
	shift 2

	for address; do
		ehlo 127.0.0.1:1 a@client.test "$address" <"$MESSAGE"
		wrong "recipient \"$address\": $error" "$hint"
	done
}

# How a SERVER is called in messages: WORD NAME [OPTION]...
is_called() {
	ehlo "${@:3}" "$1" a@client.test b@server.test <&-
	ended 66 "unsent    b@server.test  cannot read the message: Bad file descriptor
sent to 0 of 1 recipient" \
		"ehlo: $2: cannot read the message: Bad file descriptor"
}

refuses_server() { # ERROR HINT WORD...
	local error=$1 hint=$2 word
	shift 2

	for word; do
		to_b "$word"
		wrong "server \"$word\": $error" "$hint"
	done
}

x64=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx

# SERVER

@test "each form of SERVER has its port" {
	is_called mail.example.com mail.example.com:25
	is_called mail.example.com. mail.example.com:25
	is_called 192.0.2.1 192.0.2.1:25
	is_called 2001:db8::1 '[2001:db8::1]:25'
	is_called mail.example.com:2525 mail.example.com:2525
	is_called '[2001:db8::1]:2525' '[2001:db8::1]:2525'
	is_called '[2001:db8::1]' '[2001:db8::1]:25'
	is_called smtp://mail.example.com mail.example.com:25
	is_called SMTP://mail.example.com/ mail.example.com:25
	is_called smtp://mail.example.com:2525 mail.example.com:2525
	is_called submission://mail.example.com mail.example.com:587
	is_called submission://mail.example.com:2525 mail.example.com:2525
	is_called submissions://mail.example.com mail.example.com:465
	is_called smtps://mail.example.com mail.example.com:465
	is_called 'smtps://[2001:db8::1]:2525' '[2001:db8::1]:2525'
	is_called smtp:/run/socket /run/socket
	is_called smtp:///run/socket /run/socket
}

@test "--port and -p count before the port of SERVER" {
	is_called mail.example.com mail.example.com:2525 --port 2525
	is_called mail.example.com:26 mail.example.com:2525 -p 2525
	is_called smtps://mail.example.com mail.example.com:65535 -p65535
	is_called 2001:db8::1 '[2001:db8::1]:1' --port=1
	is_called smtp:/run/socket /run/socket --port 1
}

@test "a server is reached by IPv4, by IPv6, by name and by URL" {
	serve
	for server in "127.0.0.1:$PORT" "smtp://127.0.0.1:$PORT" \
		"localhost:$PORT"; do
		to_b -4 "$server"
		ended 0 "$accepted"
	done
	to_b --port "$PORT" 127.0.0.1
	ended 0 "$accepted"
	serve -n six --listen ::1
	# shellcheck disable=SC2154
	for server in "[::1]:$six_PORT" "smtp://[::1]:$six_PORT"; do
		to_b "$server"
		ended 0 "$accepted"
	done
	to_b -6 --port "$six_PORT" ::1
	ended 0 "$accepted"
}

@test "a server is reached by a Unix socket, where TLS is not wanted" {
	certs
	serve --unix "$BATS_TEST_TMPDIR/socket" \
		--tls-cert "$CERTS/server.pem" --tls-key "$CERTS/server.key"
	to_b "smtp:$BATS_TEST_TMPDIR/socket"
	ended 0 "$accepted"
	transcript | grep -qx 'S: 250-STARTTLS'
	run ! grep STARTTLS < <(sent_commands)
}

@test "smtp:// takes STARTTLS where it is offered, unless --tls=none" {
	certs
	serve --tls-cert "$CERTS/server.pem" --tls-key "$CERTS/server.key"
	to_b "smtp://127.0.0.1:$PORT"
	ended 0 "$accepted"
	to_b "smtp://127.0.0.1:$PORT" --tls=none
	ended 0 "$accepted"
	[ "$(sent_commands | grep -c STARTTLS)" -eq 1 ]
}

@test "submission:// wants STARTTLS, unless --tls says otherwise" {
	certs
	serve --tls-cert "$CERTS/server.pem" --tls-key "$CERTS/server.key"
	to_b "submission://127.0.0.1:$PORT" --tls-ca "$CERTS/ca.pem"
	ended 0 "$accepted"
	[ "$(sent_commands | grep -c STARTTLS)" -eq 1 ]
	serve -n clear
	# shellcheck disable=SC2154
	to_b "submission://127.0.0.1:$clear_PORT"
	[ "$status" -eq 77 ]
	to_b "submission://127.0.0.1:$clear_PORT" --tls auto
	ended 0 "$accepted"
}

@test "submissions:// and smtps:// speak TLS from the start" {
	certs
	serve --implicit \
		--tls-cert "$CERTS/server.pem" --tls-key "$CERTS/server.key"
	to_b "submissions://127.0.0.1:$PORT" --tls-ca "$CERTS/ca.pem"
	ended 0 "$accepted"
	to_b "smtps://127.0.0.1:$PORT" --tls-ca "$CERTS/ca.pem"
	ended 0 "$accepted"
	to_b "127.0.0.1:$PORT" --tls implicit --tls-ca "$CERTS/ca.pem"
	ended 0 "$accepted"
}

@test "a malformed SERVER is a usage error" {
	local forms='write HOST, HOST:PORT, [IPV6]:PORT, smtp://HOST or smtp:/path'
	refuses_server 'no host name' "$forms" '' :25 smtp:// smtp:///
	refuses_server 'malformed host name' "$forms" a..b a_-.test 'a b' \
		"$x64.test"
	refuses_server 'malformed IPv4 address' '' 127.1 999.1.1.1 1.2.3 \
		0x7f000001
	refuses_server 'the port is not a number from 1 to 65535' '' \
		h:x h:0 h:65536 h:-1 smtp://h:0 '[::1]:0'
	refuses_server 'no port behind the ":"' '' h: '[::1]:' smtps://h:
	refuses_server 'brackets hold an IPv6 address' '' '[::1' '[1.2.3.4]'
	refuses_server 'only a port may stand behind the "]"' '' '[::1]25'
	refuses_server 'more than one colon, but no IPv6 address' \
		'an IPv6 address with a port is written [2001:db8::1]:2525' \
		::1::2 1:2:3
	refuses_server 'unknown scheme' \
		'known are smtp, submission, submissions, smtps and lmtp' ftp://x
	refuses_server 'nothing may stand behind the host and its port' '' \
		smtp://h/path 'smtp://h?x' 'smtp://h#x'
	refuses_server 'the scheme is not followed by "//" and a host' '' \
		submission:/path
	refuses_server 'malformed host name' \
		'a Unix socket is written smtp:/path' /run/socket ./socket a/b
	refuses_server 'neither "//" and a host nor an absolute path behind the scheme' \
		'write smtp://HOST, or smtp:/path for a Unix socket' \
		smtp: lmtp: smtp:/ lmtp:/ smtp:rel lmtp:run/socket \
		smtp:./socket smtp:mail.example.com LMTP:host:24
	refuses_server 'the path is too long for a Unix socket' '' \
		"smtp:/$x64$x64"
}

@test "a malformed USER@ is a usage error" {
	refuses_server 'USER@ stands in a URL only' \
		'write smtp://USER@HOST, or use --user' ann@host
	refuses_server 'more than one "@"' 'an "@" in USER is written %40' \
		smtp://ann@x.test@host
	refuses_server 'no USER before the "@"' '' smtp://@host
	refuses_server 'malformed percent-encoding in USER' \
		'a "%" in USER is written %25' smtp://%zz@host
	refuses_server 'a control character or invalid UTF-8 in USER' '' \
		smtp://a%0Ab@host smtp://%ff@host
}

@test "a password in SERVER is refused, and not repeated" {
	for word in smtp://ann:secret@host ann:secret@host; do
		to_b "$word"
		[ "$status" -eq 64 ]
		[ ! -s "$OUT" ]
		grep -qx 'ehlo: server: a password may not stand in SERVER' "$ERR"
		run ! grep secret "$ERR"
	done
}

@test "what is wrong is shown with control characters escaped (S-40)" {
	to_b $'h\n\e[2J'
	wrong 'server "h\x0A\x1B[2J": a control character or invalid UTF-8'
	to_b --helo $'x\r\nRSET\e' 127.0.0.1:1
	wrong '--helo x\x0D\x0ARSET\x1B: not a name that can be said in EHLO' \
		'a host name, or an address in brackets: [192.0.2.1], [IPv6:2001:db8::1]'
	to_b $'--\e[31m' 127.0.0.1:1
	wrong '--\x1B[31m: unknown option' 'ehlo --help'
	ehlo 127.0.0.1:1 $'a\342\200\256@x.test' b@server.test <"$MESSAGE"
	wrong 'sender "a\xE2\x80\xAE@x.test": an invisible or bidirectional control character'
}

# FROM and TO

@test "SERVER, FROM and TO are wanted" {
	ehlo
	wrong 'SERVER, FROM and at least one TO are wanted' 'ehlo --help'
	ehlo 127.0.0.1:1
	wrong 'SERVER, FROM and at least one TO are wanted' 'ehlo --help'
	ehlo 127.0.0.1:1 a@client.test
	wrong 'no recipient' 'give TO behind FROM, or --to-file FILE'
}

@test "--quit-after wants what is said up to its stage" {
	for stage in connect banner ehlo starttls auth; do
		ehlo --quit-after "$stage"
		wrong "--quit-after $stage: SERVER is wanted"
	done
	ehlo --quit-after mail
	wrong '--quit-after mail: SERVER and FROM are wanted'
	ehlo --quit-after mail 127.0.0.1:1
	wrong '--quit-after mail: SERVER and FROM are wanted'
	ehlo --quit-after rcpt 127.0.0.1:1
	wrong '--quit-after rcpt: SERVER, FROM and at least one TO are wanted'
	ehlo --quit-after rcpt 127.0.0.1:1 a@client.test
	wrong 'no recipient' 'give TO behind FROM, or --to-file FILE'
}

@test "control characters in an address are refused (S-10, R-5321-53)" {
	for c in '\n' '\r' '\t' '\001' '\033' '\177' '\302\205'; do
		# shellcheck disable=SC2059
		printf -v address "b${c}RSET@server.test"
		ehlo 127.0.0.1:1 a@client.test "$address" <"$MESSAGE"
		[ "$status" -eq 64 ]
		[ ! -s "$OUT" ]
		[[ $(<"$ERR") = 'ehlo: recipient "b\x'*'RSET@server.test": a control character' ]]
		ehlo 127.0.0.1:1 "$address" b@server.test <"$MESSAGE"
		[ "$status" -eq 64 ]
		[[ $(<"$ERR") = 'ehlo: sender "b\x'*'RSET@server.test": a control character' ]]
	done
}

@test "a list of addresses is refused (R-5321-55)" {
	refuses_to 'more than one address: give each as an argument of its own' \
		'' 'b@server.test, c@server.test' 'b@server.test;c@server.test' \
		'<b@server.test>, c@server.test'
}

@test "an address that is too long is refused (R-5321-50)" {
	refuses_to 'the local-part has more than 64 octets' '' \
		"x$x64@x.test"
	refuses_to 'a part of the domain has more than 63 octets' '' \
		"b@$x64.test"
	local d=${x64#x}
	for address in "b@$d.$d.$d.$d.x" "${x64}@$d.$d.$d"; do
		ehlo 127.0.0.1:1 a@client.test "$address" <"$MESSAGE"
		[ "$status" -eq 64 ]
		[[ $(<"$ERR") = 'ehlo: recipient "'*'...": the '*' octets' ]]
	done
}

@test "a malformed address is refused" {
	refuses_to 'no domain' \
		'write user@host; only Postmaster may stand alone' bob
	refuses_to 'no domain behind the "@"' '' b@ '<b@>'
	refuses_to 'no domain, since the "@" is in quotes' \
		'leave the quotes around the address out' '"b@server.test"'
	refuses_to 'no local-part before the "@"' '' @server.test
	refuses_to 'no address' 'only FROM may be null, written <>' '' '<>'
	refuses_to '"<" without ">"' '' '<b@server.test' 'B <b@server.test'
	refuses_to '">" without "<"' '' 'b@server.test>' \
		'b@server.test> SIZE=1'
	refuses_to 'more than one "@"' \
		'an "@" in the local-part needs quotes: "a@b"@host' \
		b@c@server.test b@@server.test
	refuses_to 'white space in the address' \
		'write Name <user@host>, or "local part"@host' \
		'b b@server.test' 'b@ server.test'
	refuses_to 'a dot at the edge of the local-part, or two in a row' \
		'a local-part with such dots needs quotes' \
		.b@server.test b.@server.test b..b@server.test
	refuses_to "'!' cannot stand in the domain" '' 'b@server.test!'
	refuses_to 'quotes around a part of the local-part only' \
		'write the whole of it in quotes: "a b"@host' \
		'"b"b@server.test' 'b"b"@server.test'
	refuses_to 'a quote or "(" that is not closed' '' \
		'"b@server.test' 'B (b <b@server.test>'
	refuses_to 'an underscore in the domain' '' b@x_y.test
	refuses_to 'a hyphen at the edge of a part of the domain' '' \
		b@-x.test b@x-.test
	refuses_to 'a dot at the edge of the domain, or two in a row' '' b@x..test b@.test
	refuses_to 'an address literal is [192.0.2.1] or [IPv6:2001:db8::1]' '' \
		'b@[1.2.3]' 'b@[::1]' 'b@[tag:x]' 'b@[1.2.3.4'
	refuses_to 'the domain ends in a number: an IP address stands in brackets, as in user@[192.0.2.1]' \
		'' b@192.0.2.1
	ehlo 127.0.0.1:1 bob b@server.test
	wrong 'sender "bob": no domain' \
		'write user@host, or <> for the null sender'
}

@test "what stands behind an address reaches no server (S-11)" {
	ehlo 127.0.0.1:1 a@client.test '<b@server.test> NOTIFY=NEVER'
	[ "$status" -eq 64 ]
	[ "$(head -n 1 "$ERR")" = 'ehlo: recipient "<b@server.test> NOTIFY=NEVER": text behind the address' ]
}

@test "of an address only the mailbox is sent, quoted where it must be" {
	serve
	ehlo --helo client.test "127.0.0.1:$PORT" 'Ann <a@client.test>' \
		'<b@server.test>' '"Last, First" <c@server.test>' \
		'"d"@server.test' '"e e"@server.test' '"f@f"@server.test' \
		'<@relay.test:g@server.test>' 'h@[192.0.2.1]' \
		'i@server.test (I)' <"$MESSAGE"
	[ "$status" -eq 0 ]
	[ "$(sent_commands | grep '^[MR]')" = "MAIL FROM:<a@client.test> SIZE=18
RCPT TO:<b@server.test>
RCPT TO:<c@server.test>
RCPT TO:<d@server.test>
RCPT TO:<\"e e\"@server.test>
RCPT TO:<\"f@f\"@server.test>
RCPT TO:<g@server.test>
RCPT TO:<h@[192.0.2.1]>
RCPT TO:<i@server.test>" ]
}

@test "behind -- an address may begin with a hyphen" {
	serve
	ehlo --helo client.test -- "127.0.0.1:$PORT" -a@client.test \
		-4@server.test <"$MESSAGE"
	ended 0 "accepted  -4@server.test  250 2.1.5 Ok
sent to 1 of 1 recipient: 250 2.0.0 Ok"
	[ "$(sent_commands | grep '^[MR]')" = "MAIL FROM:<-a@client.test> SIZE=18
RCPT TO:<-4@server.test>" ]
	ehlo "127.0.0.1:$PORT" a@client.test -x@server.test <"$MESSAGE"
	wrong '-x@server.test: unknown option' 'ehlo --help'
}

@test "options may stand behind the arguments" {
	serve
	ehlo "127.0.0.1:$PORT" a@client.test --helo=other.test b@server.test -q \
		<"$MESSAGE"
	ended 0 ''
	[ "$(sent_commands | head -n 1)" = 'EHLO other.test' ]
}

# --to-file

@test "--to-file adds an address a line" {
	serve
	printf '%s\r\n' '# some' c@server.test '' 'Dee <d@server.test>' \
		'#e@server.test' >"$OUT.to"
	printf b@server.test >>"$OUT.to"
	ehlo --to-file "$OUT.to" "127.0.0.1:$PORT" a@client.test b@server.test \
		<"$MESSAGE"
	ended 0 "accepted  b@server.test  250 2.1.5 Ok
accepted  c@server.test  250 2.1.5 Ok
accepted  d@server.test  250 2.1.5 Ok
accepted  b@server.test  250 2.1.5 Ok
sent to 4 of 4 recipients: 250 2.0.0 Ok"
	[ "$(sent_commands | grep -c RCPT)" -eq 3 ]
}

@test "--to-file is enough, if there is an address in it" {
	serve
	echo b@server.test >"$OUT.to"
	ehlo --to-file "$OUT.to" "127.0.0.1:$PORT" a@client.test <"$MESSAGE"
	ended 0 "$accepted"
	echo '# nobody' >"$OUT.to"
	ehlo --to-file "$OUT.to" "127.0.0.1:$PORT" a@client.test <"$MESSAGE"
	wrong 'no recipient' 'give TO behind FROM, or --to-file FILE'
}

@test "a byte order mark at the head of --to-file is skipped" {
	serve
	printf '\357\273\277b@server.test\r\n' >"$OUT.to"
	ehlo --to-file "$OUT.to" "127.0.0.1:$PORT" a@client.test <"$MESSAGE"
	ended 0 "$accepted"
	printf '\357\273\277# some\nb@server.test\n' >"$OUT.to"
	ehlo --to-file "$OUT.to" "127.0.0.1:$PORT" a@client.test <"$MESSAGE"
	ended 0 "$accepted"
	printf 'b@server.test\n\357\273\277c@server.test\n' >"$OUT.to"
	ehlo --to-file "$OUT.to" "127.0.0.1:$PORT" a@client.test <"$MESSAGE"
	[ "$status" -eq 64 ]
}

@test "--to-file - is standard input, if that is not the message" {
	serve
	ehlo --to-file - -m "$MESSAGE" "127.0.0.1:$PORT" a@client.test \
		<<<b@server.test
	ended 0 "$accepted"
	ehlo --to-file - --check "127.0.0.1:$PORT" a@client.test \
		<<<b@server.test
	ended 0 "ok        b@server.test  250 2.1.5 Ok
ok for 1 of 1 recipient, nothing sent"
	ehlo --to-file - --quit-after rcpt "127.0.0.1:$PORT" a@client.test \
		<<<b@server.test
	[ "$status" -eq 0 ]
	for options in '' '-m -' '--check -m -'; do
		# shellcheck disable=SC2086
		ehlo --to-file - $options 127.0.0.1:1 a@client.test \
			<<<b@server.test
		wrong '--to-file -: standard input is the message' \
			'--message FILE'
	done
	ehlo --to-file - -m "$MESSAGE" -u ann --password-fd 0 127.0.0.1:1 \
		a@client.test <<<b@server.test
	wrong '--to-file - and --password-fd 0 exclude each other'
	ehlo --to-file - -m "$MESSAGE" 127.0.0.1:1 a@client.test <<<bob
	wrong '--to-file -: line 1: recipient "bob": no domain' \
		'write user@host; only Postmaster may stand alone'
	ehlo --to-file - -m "$MESSAGE" 127.0.0.1:1 a@client.test <&-
	ended 66 '' 'ehlo: --to-file -: Bad file descriptor'
}

@test "--message - is standard input" {
	serve
	to_b -m - "127.0.0.1:$PORT"
	ended 0 "$accepted"
	diff "$MESSAGE" <(tr -d '\r' <"$(message 1)")
	cd "$BATS_TEST_TMPDIR"
	printf 'Subject: y\n\n' >-
	to_b -m ./- "127.0.0.1:$PORT"
	ended 0 "$accepted"
	grep -q 'Subject: y' "$(message 2)"
}

@test "what is wrong in --to-file is told with its line" {
	printf 'b@server.test\n\n#\nbob\n' >"$OUT.to"
	ehlo --to-file "$OUT.to" 127.0.0.1:1 a@client.test
	wrong "--to-file $OUT.to: line 4: recipient \"bob\": no domain" \
		'write user@host; only Postmaster may stand alone'
	printf 'b@server.test\nc\0@server.test\n' >"$OUT.to"
	ehlo --to-file "$OUT.to" 127.0.0.1:1 a@client.test
	wrong "--to-file $OUT.to: line 2: a NUL in an address"
	printf 'b\033@server.test\n' >"$OUT.to"
	ehlo --to-file "$OUT.to" 127.0.0.1:1 a@client.test
	wrong "--to-file $OUT.to: line 1: recipient \"b\\x1B@server.test\": a control character"
}

@test "a --to-file that cannot be read makes 66" {
	ehlo --to-file "$OUT.none" 127.0.0.1:1 a@client.test b@server.test
	ended 66 '' "ehlo: --to-file $OUT.none: No such file or directory"
	ehlo --to-file "$BATS_TEST_TMPDIR" 127.0.0.1:1 a@client.test \
		b@server.test
	ended 66 '' "ehlo: --to-file $BATS_TEST_TMPDIR: Is a directory"
}

# Options

@test "an option that does not exist, or lacks its value, is refused" {
	to_b --frob 127.0.0.1:1
	wrong '--frob: unknown option' 'ehlo --help'
	to_b -z 127.0.0.1:1
	wrong '-z: unknown option' 'ehlo --help'
	ehlo 127.0.0.1:1 a@client.test b@server.test --port
	wrong '--port: missing argument' 'ehlo --help'
	to_b --quiet=yes 127.0.0.1:1
	wrong '--quiet: option does not take an argument' 'ehlo --help'
}

@test "--help says the default, and the unit of a time" {
	local help option

	help=$("$EHLO" --help | sed ':a;N;$!ba;s/\n  *\([^- ]\)/ \1/g')
	for option in message port helo connect-timeout timeout deadline tls \
		tls-name user auth; do
		grep -q -e "--$option=[^ ]* .*([^()]*)$" <<<"$help"
	done
	[ "$(grep -c =SECONDS <<<"$help")" -ge 3 ]
	run ! grep -e '-timeout=' -e --deadline= <(grep -v =SECONDS <<<"$help")
}

@test "an empty value is refused, and the option named" {
	local n=0 option

	for option in $("$EHLO" --help | grep -o -e '--[a-z-]*=' | tr -d =); do
		to_b "$option" '' 127.0.0.1:1
		wrong "$option: an empty value"
		to_b "$option=" 127.0.0.1:1
		wrong "$option: an empty value"
		n=$((n + 1))
	done
	[ "$n" -gt 15 ]
	to_b -m '' 127.0.0.1:1
	wrong '--message: an empty value'
}

@test "a value is the next argument, or follows = or the letter" {
	serve
	for options in "-p $PORT" "-p$PORT" "-p=$PORT" "--port $PORT" \
		"--port=$PORT" "-qp$PORT" "-4p $PORT"; do
		# shellcheck disable=SC2086
		to_b 127.0.0.1 $options
		[ "$status" -eq 0 ]
	done
	to_b --helo -x.test 127.0.0.1:1 # not an option
	wrong '--helo -x.test: not a name that can be said in EHLO' \
		'a host name, or an address in brackets: [192.0.2.1], [IPv6:2001:db8::1]'
}

@test "letters may stand together" {
	serve
	to_b -qd "127.0.0.1:$PORT"
	[ "$status" -eq 0 ]
	[ ! -s "$OUT" ]
	grep -q '^> QUIT' "$ERR"
	to_b -dqd "127.0.0.1:$PORT"
	[ "$status" -eq 0 ]
	grep -q 'connecting to 127.0.0.1 port' "$ERR"
}

@test "of an option that is given twice the last counts" {
	serve
	to_b --port 1 -p "$PORT" --helo a.test --helo b.test \
		--connect-timeout 1 --connect-timeout 20 \
		--tls starttls --tls none --quit-after ehlo \
		--quit-after mail 127.0.0.1
	[ "$status" -eq 0 ]
	[ "$(sent_commands)" = 'EHLO b.test
MAIL FROM:<a@client.test>
QUIT' ]
	to_b --port "$PORT" --port 1 127.0.0.1
	[ "$status" -eq 75 ]
	to_b --port 1 --port x 127.0.0.1
	wrong '--port x: not a whole number (1 to 65535)'
}

@test "behind -- nothing is an option" {
	serve
	to_b -q -- "127.0.0.1:$PORT"
	ended 0 ''
	ehlo -- 127.0.0.1:1 a@client.test --quiet
	[ "$status" -eq 64 ]
	[[ $(<"$ERR") = 'ehlo: recipient "--quiet": no domain'* ]]
	ehlo "127.0.0.1:$PORT" a@client.test -q -- b@server.test <"$MESSAGE"
	ended 0 ''
}

@test "--help, --usage and --version that cannot be written make 73" {
	[ -w /dev/full ] || skip 'no /dev/full'
	for option in -h --help --usage -V --version; do
		status=0
		"$EHLO" "$option" >/dev/full 2>"$ERR" || status=$?
		[ "$status" -eq 73 ]
		[ "$(<"$ERR")" = \
			'ehlo: standard output: No space left on device' ]
		ehlo "$option"
		[ "$status" -eq 0 ]
		[ -s "$OUT" ]
		[ ! -s "$ERR" ]
	done
}

@test "--port wants a number from 1 to 65535" {
	refuses --port 'not a whole number (1 to 65535)' '' \
		x ' 25' +25 25x 25.5 1e3 -
	refuses --port 'out of range (1 to 65535)' '' \
		0 65536 -1 99999999999999999999999
}

@test "times are positive numbers of seconds" {
	for option in --connect-timeout --timeout --deadline; do
		refuses "$option" 'not a number of seconds, such as 30 or 0.5' \
			'' x 1e9 1. . nan ' 1' 1s 1.2.3 -
		refuses "$option" \
			'out of range (0.001 to 316224000 seconds, 10 years)' \
			'' 0 -1 0.0001 316224001 99999999999999999999
	done
	serve -n good
	# shellcheck disable=SC2154
	to_b --connect-timeout 10.5 --timeout .9 --deadline 0060 \
		"127.0.0.1:$good_PORT"
	ended 0 "$accepted"
}

@test "--helo wants a host name or an address in brackets (R-5321-12)" {
	refuses --helo 'not a name that can be said in EHLO' \
		'a host name, or an address in brackets: [192.0.2.1], [IPv6:2001:db8::1]' \
		'a b' under_score.test ü.test '[1.2.3]' -x.test a..b \
		192.0.2.1 'x.test ' '[::1]'
	serve -n good
	for name in client.test '[192.0.2.1]' '[IPv6:2001:db8::1]'; do
		# shellcheck disable=SC2154
		to_b --helo "$name" "127.0.0.1:$good_PORT"
		ended 0 "$accepted"
	done
	[ "$(sent_commands good | grep EHLO)" = "EHLO client.test
EHLO [192.0.2.1]
EHLO [IPv6:2001:db8::1]" ]
}

# This host's name if it has a dot, else ADDRESS in brackets.
own_name() {
	case $(uname -n) in
	*.*) uname -n ;;
	*) printf '%s\n' "$1" ;;
	esac
}

@test "without a full name of its own the host says its address in EHLO" {
	serve
	to_b "127.0.0.1:$PORT"
	ended 0 "$accepted"
	to_b --bind 127.0.0.2 "127.0.0.1:$PORT"
	ended 0 "$accepted"
	[ "$(sent_commands | grep EHLO)" = "EHLO $(own_name '[127.0.0.1]')
EHLO $(own_name '[127.0.0.2]')" ]
	serve -n six --listen ::1
	# shellcheck disable=SC2154
	to_b "[::1]:$six_PORT"
	ended 0 "$accepted"
	[ "$(sent_commands six | grep EHLO)" = \
		"EHLO $(own_name '[IPv6:::1]')" ]
	serve -n local --unix "$BATS_TEST_TMPDIR/socket"
	to_b "smtp:$BATS_TEST_TMPDIR/socket"
	ended 0 "$accepted"
	[ "$(sent_commands local | grep EHLO)" = \
		"EHLO $(own_name '[127.0.0.1]')" ]
}

@test "--bind is where the connection comes from" {
	serve
	to_b --bind 127.0.0.1 "127.0.0.1:$PORT"
	ended 0 "$accepted"
	to_b --bind "127.0.0.1:$PORT" "127.0.0.1:$PORT"
	what="connect to 127.0.0.1: bind to 127.0.0.1: Address already in use"
	ended 75 "unsent    b@server.test  $what
sent to 0 of 1 recipient" "ehlo: 127.0.0.1:$PORT: $what"
	to_b --bind '[::1]:0' "127.0.0.1:$PORT"
	what="connect to 127.0.0.1: --bind ::1 is of another address family"
	ended 75 "unsent    b@server.test  $what
sent to 0 of 1 recipient" "ehlo: 127.0.0.1:$PORT: $what"
}

@test "--bind wants an address, and perhaps a port" {
	refuses --bind 'not an address or ADDRESS:PORT' '' \
		x localhost '[::1' '[::1]x' 127.0.0.1: 127.0.0.1:x \
		127.0.0.1:65536 '[::1]:65536'
}

@test "--bind takes no short form of an address, as SERVER does not" {
	refuses --bind 'not an address or ADDRESS:PORT' '' 127.1 1.2.3 127
}

@test "-4 and -6 exclude each other, and have long names" {
	serve
	for pair in '-4 -6' '-6 -4' '--ipv4 --ipv6'; do
		# shellcheck disable=SC2086
		to_b $pair "127.0.0.1:$PORT"
		wrong '-4 and -6 exclude each other'
	done
	to_b -4 --ipv4 "127.0.0.1:$PORT"
	ended 0 "$accepted"
}

@test "an address as SERVER that -4 or -6 excludes is a usage error" {
	to_b -4 '[::1]:1'
	wrong '-4: ::1 is an IPv6 address'
	to_b -4 fe80::1%lo
	wrong '-4: fe80::1%lo is an IPv6 address'
	to_b -6 smtp://127.0.0.1:1
	wrong '-6: 127.0.0.1 is an IPv4 address'
}

@test "an IPv6 address that cannot be reached may have been meant to end in a port" {
	serve -n six --listen ::1 # there is IPv6
	to_b ::1:2601 --connect-timeout 5
	[ "$status" -eq 75 ]
	[ "$(sed -n 2p "$ERR")" = \
		'hint: an IPv6 address with a port is written [2001:db8::1]:2525' ]
	to_b '[::1]:1'
	[ "$status" -eq 75 ]
	run ! grep hint: "$ERR"
}

@test "--tls wants a policy" {
	refuses --tls 'not auto, starttls, implicit or none' '' \
		foo AUTO never 'none '
}

@test "--tls-name is the name that the certificate must be for" {
	certs
	serve --tls-cert "$CERTS/other.pem" --tls-key "$CERTS/other.key"
	to_b --tls starttls --tls-ca "$CERTS/ca.pem" "127.0.0.1:$PORT"
	[ "$status" -eq 77 ]
	to_b --tls starttls --tls-ca "$CERTS/ca.pem" \
		--tls-name mail.other.test "127.0.0.1:$PORT"
	ended 0 "$accepted"
}

@test "--tls-insecure takes any certificate, and nothing else does" {
	certs
	serve --tls-cert "$CERTS/selfsigned.pem" \
		--tls-key "$CERTS/selfsigned.key"
	to_b --tls starttls "127.0.0.1:$PORT"
	[ "$status" -eq 77 ]
	to_b --tls starttls --tls-insecure "127.0.0.1:$PORT"
	[ "$status" -eq 0 ]
	[ "$(<"$OUT")" = "$accepted" ]
	[ "$(sent_commands | grep -c MAIL)" -eq 1 ]
}

@test "--auth wants mechanisms that are known" {
	serve
	while read -r value name; do
		to_b --user ann --auth "$value" "127.0.0.1:$PORT"
		[ "$status" -eq 64 ]
		[[ $(<"$ERR") = "ehlo: --auth $value: \"$name\" is not one of "*PLAIN*LOGIN*CRAM-MD5* ]]
		[ "$(wc -l <"$ERR")" -eq 1 ]
		run ! grep -E '  | :|[ ,]$' "$ERR"
	done <<-END
	FOO FOO
	PLAIN,foo,LOGIN foo
	PLAIN,
	,PLAIN
	PLAIN,,LOGIN
	PLAIN$x64 PLAIN$x64
	END
	to_b --user ann --auth 'PLAIN LOGIN' "127.0.0.1:$PORT"
	grep -q '^ehlo: --auth PLAIN LOGIN: "PLAIN LOGIN" is not one of' "$ERR"
	nobody_connected
}

@test "a login wants a user name" {
	serve
	for option in '--authzid x' '--auth PLAIN' '--password-file x' \
		'--password-command x' '--password-fd 5'; do
		# shellcheck disable=SC2086
		to_b $option "127.0.0.1:$PORT"
		wrong 'a login needs a user name: --user NAME'
	done
	nobody_connected
}

@test "--user and --authzid have no control characters (R-5321-53)" {
	serve
	for option in --user --authzid; do
		to_b --user ann --password-fd 5 "$option" $'a\r\nb' \
			"127.0.0.1:$PORT" 5<<<secret
		[ "$status" -eq 64 ]
		[ ! -s "$OUT" ]
		grep -q "^ehlo: $option" "$ERR"
	done
	nobody_connected
}

@test "the password comes from one place" {
	serve
	for options in '--password-file x --password-command y' \
		'--password-file x --password-fd 5' \
		'--password-command y --password-fd 5'; do
		# shellcheck disable=SC2086
		to_b -u ann $options "127.0.0.1:$PORT"
		wrong '--password-file, --password-command, --password-fd, --netrc, --token-file and --token-command exclude each other'
	done
	nobody_connected
}

@test "--password-fd wants a number" {
	serve
	for value in x 1.0; do
		to_b -u ann --password-fd "$value" "127.0.0.1:$PORT"
		wrong "--password-fd $value: not a whole number (0 to 65535)"
	done
	for value in -1 65536; do
		to_b -u ann --password-fd "$value" "127.0.0.1:$PORT"
		wrong "--password-fd $value: out of range (0 to 65535)"
	done
	nobody_connected
}

@test "aliases of popt work" {
	serve
	printf 'ehlo alias --work --port %s --quiet\nehlo alias -w --work\n' \
		"$PORT" >"$HOME/.popt"
	to_b --work 127.0.0.1
	ended 0 ''
	to_b -w 127.0.0.1
	ended 0 ''
	[ "$(round_trips | wc -l)" -eq 2 ]
}

@test "--to-file may be given more than once, and none is lost" {
	printf 'c@server.test\n' >"$BATS_TEST_TMPDIR/c"
	printf 'd@server.test\n' >"$BATS_TEST_TMPDIR/d"
	serve
	submit b@server.test --to-file "$BATS_TEST_TMPDIR/c" \
		--to-file "$BATS_TEST_TMPDIR/d"
	ended 0 'accepted  b@server.test  250 2.1.5 Ok
accepted  c@server.test  250 2.1.5 Ok
accepted  d@server.test  250 2.1.5 Ok
sent to 3 of 3 recipients: 250 2.0.0 Ok'
}

@test "--quiet and --json exclude each other" {
	ehlo -q --json 127.0.0.1:1 a@client.test b@server.test <"$MESSAGE"
	ended 64 '' 'ehlo: --quiet and --json exclude each other'
}

@test "what the value of an unknown option is stays untold" {
	ehlo --password=secret 127.0.0.1:1 a@client.test b@server.test <"$MESSAGE"
	[ "$status" -eq 64 ]
	[ "$(head -n 1 "$ERR")" = 'ehlo: --password: unknown option' ]
}

@test "--password-fd is a descriptor that is open" {
	for fd in 3 77; do # 3 would be the first that is opened
		ehlo --user ann --password-fd $fd -m "$MESSAGE" 127.0.0.1:1 \
			a@client.test b@server.test
		[ "$status" -eq 66 ]
		[ "$(<"$ERR")" = "ehlo: 127.0.0.1:1: --password-fd $fd: Bad file descriptor" ]
	done
}

@test "--no-esmtp cannot log in" {
	for server in 127.0.0.1:1 smtp://ann@127.0.0.1:1; do
		ehlo --no-esmtp --user ann "$server" a@client.test b@server.test \
			<"$MESSAGE"
		ended 64 '' 'ehlo: --no-esmtp has no login: it excludes a user name'
	done
}
