#!/usr/bin/env bats
# --vrfy, --expn and --command: a reply for each question, and nothing else;
# and what does not go with them.

bats_require_minimum_version 1.5.0

load lib

setup() {
	setup_client
}

teardown() {
	teardown_client
}

# Nothing can be read from standard input.
ask() {
	ehlo --helo client.test "$@" <&-
}

said() {
	[ "$(sent_commands | sed '1d;$d')" = "$1" ]
	[ "$(sent_commands | sed -n '1p;$p')" = 'EHLO client.test
QUIT' ]
}

# ERROR HINT OPTION...
wrong() {
	ask "${@:3}"
	ended 64 '' "ehlo: $1${2:+$'\n'hint: $2}"
}

x100=$(printf 'x%.0s' {1..100})

# --vrfy and --expn

@test "--vrfy asks about each address, and prints each reply" {
	serve --play 'VRFY 1: 250 2.1.5 Ann <ann@server.test>'
	ask --vrfy "127.0.0.1:$PORT" ann@server.test bob@server.test
	ended 0 'ann@server.test: 250 2.1.5 Ann <ann@server.test>
bob@server.test: 252 2.0.0 Send some mail and see'
	said 'VRFY ann@server.test
VRFY bob@server.test'
}

@test "--expn prints each line of a reply" {
	serve --play 'EXPN: 250-Ann <ann@server.test>\n250-\n250 <bob@server.test>'
	ask --expn "127.0.0.1:$PORT" staff
	ended 0 'staff: 250 Ann <ann@server.test>
staff: 250
staff: 250 <bob@server.test>'
	said 'EXPN staff'
}

@test "every line of a reply has its enhanced status code" {
	serve --play 'VRFY: 550-5.1.1 no\n550-5.1.1 such\n550 5.1.1'
	ask --vrfy "127.0.0.1:$PORT" x
	ended 69 'x: 550 5.1.1 no
x: 550 5.1.1 such
x: 550 5.1.1'
}

@test "a code alone is a reply too" {
	serve --play 'VRFY: raw 250\r\n'
	ask --vrfy "127.0.0.1:$PORT" x
	ended 0 'x: 250'
}

@test "an address is said without its name and brackets, a word as it is" {
	serve
	ask --vrfy "127.0.0.1:$PORT" 'Ann <ann@server.test>' '<bob>' 'a b' \
		'<eve@server.test>' -- -x
	[ "$status" -eq 0 ]
	said 'VRFY ann@server.test
VRFY <bob>
VRFY a b
VRFY eve@server.test
VRFY -x'
}

@test "the replies decide the exit status: 0, 1, 75, 69" {
	local row

	serve --play 'VRFY /4/: 450 later' --play 'VRFY /5/: 550 no'
	for row in '0 2 2' '1 2 5' '1 4 2' '1 2 4 5' '75 4 4' '75 4 5' \
		'69 5 5' '69 5'; do
		# shellcheck disable=SC2086
		ask --vrfy "127.0.0.1:$PORT" ${row#* }
		[ "$status" -eq "${row%% *}" ]
	done
}

@test "an address that is not ASCII is said with SMTPUTF8, or not at all" {
	serve
	ask --vrfy "127.0.0.1:$PORT" jürgen@server.test ann
	[ "$status" -eq 0 ]
	said 'VRFY jürgen@server.test SMTPUTF8
VRFY ann'
	serve -n old --play 'EHLO: 250 old'
	# shellcheck disable=SC2154
	ask --vrfy "127.0.0.1:$old_PORT" ann jürgen@server.test
	ended 65 '' "ehlo: 127.0.0.1:$old_PORT: an address is not ASCII, and the server does not offer SMTPUTF8"
	[ "$(sent_commands old)" = 'EHLO client.test
QUIT' ]
}

@test "the questions come after TLS and the login" {
	certs
	serve --tls-cert "$CERTS/server.pem" --tls-key "$CERTS/server.key" \
		--auth ann:pw
	EHLO_PASSWORD=pw ask --tls starttls --tls-ca "$CERTS/ca.pem" -u ann \
		--vrfy "127.0.0.1:$PORT" bob
	ended 0 'bob: 252 2.0.0 Send some mail and see'
	diff - <(sent_commands | sed 's/^AUTH PLAIN .*/AUTH PLAIN/') <<-'END'
		EHLO client.test
		STARTTLS
		EHLO client.test
		AUTH PLAIN
		VRFY bob
		QUIT
	END
}

@test "each question waits for the reply to the one before" {
	serve
	ask --vrfy "127.0.0.1:$PORT" a b c
	[ "$status" -eq 0 ]
	[ "$(round_trips)" = 6 ]
}

@test "what a server says cannot drive a terminal" {
	serve --play 'VRFY: 250 \x1b[2J\x9b \xe2\x80\xae'
	ask --vrfy "127.0.0.1:$PORT" x
	ended 0 'x: 250 \x1B[2J\x9B \xE2\x80\xAE'
}

# What ends a session early

@test "replies before a lost connection stay, and its status counts" {
	serve --play 'VRFY 2: close'
	ask --vrfy "127.0.0.1:$PORT" a b c
	ended 75 'a: 252 2.0.0 Send some mail and see' \
		"ehlo: 127.0.0.1:$PORT: VRFY b: the server closed the connection"
}

@test "421 ends the questions" {
	serve --play 'VRFY 2: 421 4.3.2 shutting down'
	ask --vrfy "127.0.0.1:$PORT" a b c
	ended 75 'a: 252 2.0.0 Send some mail and see' \
		"ehlo: 127.0.0.1:$PORT: VRFY b: 421 4.3.2 shutting down"
	[ "$(sent_commands | tail -n 1)" = 'VRFY b' ]
}

@test "garbage in place of a reply makes 76" {
	serve --play 'VRFY 2: raw what?\r\n'
	ask --vrfy "127.0.0.1:$PORT" a b c
	ended 76 'a: 252 2.0.0 Send some mail and see' \
		"ehlo: 127.0.0.1:$PORT: VRFY b: no reply code of three digits"
}

@test "a server that is silent is not awaited for ever" {
	serve --play 'VRFY: silent'
	ask --timeout 0.2 --vrfy "127.0.0.1:$PORT" a
	ended 75 '' "ehlo: 127.0.0.1:$PORT: VRFY a: no reply in time"
}

@test "a greeting that refuses makes 69, one that defers 75" {
	serve --play 'session 1 GREETING: 554 5.7.1 no' \
		--play 'session 2 GREETING: 450 4.7.1 later'
	ask --vrfy "127.0.0.1:$PORT" a
	ended 69 '' "ehlo: 127.0.0.1:$PORT: greeting: 554 5.7.1 no"
	ask --vrfy "127.0.0.1:$PORT" a
	ended 75 '' "ehlo: 127.0.0.1:$PORT: greeting: 450 4.7.1 later"
}

@test "a standard output that is full is said once, and changes no status" {
	[ -w /dev/full ] || skip 'no /dev/full'
	serve
	status=0
	"$EHLO" --vrfy "127.0.0.1:$PORT" a b >/dev/full 2>"$ERR" || status=$?
	[ "$status" -eq 0 ]
	[ "$(<"$ERR")" = 'ehlo: standard output: No space left on device' ]
	[ "$(sent_commands | grep -c VRFY)" -eq 2 ]
}

# --command

@test "--command says each line, and prints the replies" {
	serve
	ask --command NOOP --command 'HELP MAIL' --command RSET \
		"127.0.0.1:$PORT"
	ended 0 'NOOP: 250 2.0.0 Ok
HELP MAIL: 214 2.0.0 See RFC 5321
RSET: 250 2.0.0 Ok'
	said 'NOOP
HELP MAIL
RSET'
}

@test "a command that a server does not know is said as it is" {
	serve
	ask --command 'XFOO  bar: ü ' "127.0.0.1:$PORT"
	ended 69 'XFOO  bar: ü : 500 5.5.2 Unrecognized command'
	said 'XFOO  bar: ü '
}

@test "MAIL and RCPT by hand reach nobody" {
	serve
	ask --command 'MAIL FROM:<a@client.test>' \
		--command 'RCPT TO:<b@server.test>' "127.0.0.1:$PORT"
	ended 0 'MAIL FROM:<a@client.test>: 250 2.1.0 Ok
RCPT TO:<b@server.test>: 250 2.1.5 Ok'
	[ ! -e "$(message 1)" ]
}

@test "a reply that asks for more is shown, and ends the session" {
	serve --play 'OTHER: 354 go on'
	ask --command XFOO --command NOOP "127.0.0.1:$PORT"
	ended 76 'XFOO: 354 go on' \
		"ehlo: 127.0.0.1:$PORT: XFOO: 354 asks for more, and there is none"
	[ "$(sent_commands | tail -n 1)" = XFOO ]
}

@test "a command that would change the session is refused" {
	local verb own='this would change the session itself'

	wrong "--command STARTTLS: $own" '--tls=starttls begins TLS' \
		--command STARTTLS 127.0.0.1:1
	wrong "--command AUTH: $own" '--user NAME logs in' \
		--command 'auth PLAIN AAAA' 127.0.0.1:1
	wrong "--command QUIT: $own" 'it is said at the end in any case' \
		--command quit 127.0.0.1:1
	for verb in DATA BDAT; do
		wrong "--command $verb: $own" \
			'without --command a message is sent' \
			--command "$verb 1 LAST" 127.0.0.1:1
	done
	for verb in EHLO HELO LHLO TURN ATRN; do
		ask --command "$verb x" 127.0.0.1:1
		[ "$status" -eq 64 ]
		[[ $(<"$ERR") = "ehlo: --command $verb: $own"* ]]
	done
}

@test "nothing in a question ends a line or begins another" {
	local text bad='a control character or invalid UTF-8'

	for text in $'a\r\nDATA' $'a\nDATA' $'a\rDATA' $'\t' $'a\x7f' \
		$'a\xff' $'a\342\200\256'; do
		wrong "--command: $bad" '' --command "$text" 127.0.0.1:1
		wrong "--vrfy: $bad" '' --vrfy 127.0.0.1:1 "$text"
		wrong "--expn: $bad" '' --expn 127.0.0.1:1 "$text"
	done
	for text in ' ' ' DATA'; do
		wrong '--command: nothing, or a space, at its beginning' '' \
			--command "$text" 127.0.0.1:1
		wrong '--vrfy: nothing, or a space, at its beginning' '' \
			--vrfy 127.0.0.1:1 "$text"
	done
	wrong '--vrfy: nothing, or a space, at its beginning' '' \
		--vrfy 127.0.0.1:1 ''
	wrong '--command: an empty value' '' --command '' 127.0.0.1:1
}

@test "a line has 510 octets at most" {
	local most=$x100$x100$x100$x100$x100

	serve
	ask --command "${most}1234567890" "127.0.0.1:$PORT"
	[ "$status" -eq 69 ]
	ask --vrfy "127.0.0.1:$PORT" "${most}12345"
	[ "$status" -eq 0 ]
	wrong '--command: the line would have more than 510 octets' '' \
		--command "${most}12345678901" 127.0.0.1:1
	wrong '--vrfy: the line would have more than 510 octets' '' \
		--vrfy 127.0.0.1:1 "${most}123456"
	# With SMTPUTF8 behind it.
	wrong '--expn: the line would have more than 510 octets' '' \
		--expn 127.0.0.1:1 "ü${most:5}"
}

# --json

@test "--json has an object for each reply, and for the session" {
	serve --play 'VRFY 2: 550-5.1.1 no "b"\n550 5.1.1 here' \
		--play 'VRFY 3: raw 250\r\n'
	ask --json --vrfy "127.0.0.1:$PORT" 'Ann <a@server.test>' b c
	[ "$status" -eq 1 ]
	diff - <(sed '$d' "$OUT") <<-'END'
		{"type":"reply","subject":"a@server.test","code":252,"enhanced":"2.0.0","text":"Send some mail and see"}
		{"type":"reply","subject":"b","code":550,"enhanced":"5.1.1","text":"no \"b\"\u000ahere"}
		{"type":"reply","subject":"c","code":250,"enhanced":null,"text":""}
	END
	[[ $(tail -n 1 "$OUT") = '{"type":"session","exit":1,'* ]]
	diff <(head -n 1 "$OUT" | grep -o '"[a-z]*":' | tr -d '":' | sort) \
		<(awk '/^\.S[hs] /{ on = $0 == ".Ss JSON of a reply"; next }
		on' "$BATS_TEST_DIRNAME/../man/ehlo.1" |
		sed -n 's/^\.It Cm //p' | tr -d ' ' | tr , '\n' | sort)
}

@test "--json tells of a 421 in its last object" {
	serve --play 'NOOP: 421 4.3.2 bye'
	ask --json --command NOOP "127.0.0.1:$PORT"
	[ "$status" -eq 75 ]
	[[ $(<"$OUT") = '{"type":"session","exit":75,'*'"reply":"421 4.3.2 bye","problem":"NOOP: 421 4.3.2 bye",'* ]]
}

# What does not go together

@test "only one kind of question is asked at a time" {
	wrong '--probe and --vrfy exclude each other' '' \
		--probe --vrfy 127.0.0.1:1 a
	wrong '--vrfy and --expn exclude each other' '' \
		--vrfy --expn 127.0.0.1:1 a
	wrong '--command and --probe exclude each other' '' \
		--command NOOP --probe 127.0.0.1:1
}

@test "what is about a message does not go with a question" {
	local option

	for option in '--check' '--quit-after=ehlo' '--message=x' \
		'--to-file=x' '--all-or-none' '--quiet'; do
		wrong "--probe and ${option%=*} exclude each other" '' \
			--probe "$option" 127.0.0.1:1
		wrong "--vrfy and ${option%=*} exclude each other" '' \
			--vrfy "$option" 127.0.0.1:1 a
		wrong "--command and ${option%=*} exclude each other" '' \
			--command NOOP "$option" 127.0.0.1:1
	done
	for option in --dsn-notify=never --require-tls --mail-param=X; do
		wrong '--probe sends no message, so nothing can be asked about its delivery' '' \
			--probe "$option" 127.0.0.1:1
	done
}

@test "each kind of question has the arguments that it wants" {
	local option

	for option in --probe --command=NOOP; do
		wrong "${option%=*}: SERVER is wanted" '' "$option"
		wrong "${option%=*}: nothing stands behind SERVER" '' \
			"$option" 127.0.0.1:1 a@client.test
	done
	for option in --vrfy --expn; do
		wrong "$option: SERVER and at least one ADDRESS are wanted" '' \
			"$option"
		wrong "$option: SERVER and at least one ADDRESS are wanted" '' \
			"$option" 127.0.0.1:1
	done
	wrong 'server "x://y": unknown scheme' \
		'known are smtp, submission, submissions, smtps and lmtp' \
		--probe x://y
	wrong 'a login needs a user name: --user NAME' '' \
		--probe --auth PLAIN 127.0.0.1:1
}
