#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# What Python's smtplib and the programs of chapter 13 of "Foundations of Python
# Network Programming" can do, item by item, and how it is done here.

bats_require_minimum_version 1.5.0

load lib

accepted="accepted  b@server.test  250 2.1.5 Ok
sent to 1 of 1 recipient: 250 2.0.0 Ok"

setup() {
	setup_client
	unset SSL_CERT_FILE SSL_CERT_DIR
}

teardown() {
	teardown_client
}

# Options, the server among them; the envelope is a to b.
to_b() {
	ehlo "$@" a@client.test b@server.test <"$MESSAGE"
}

serve_tls() {
	certs
	serve --tls-cert "$CERTS/server.pem" --tls-key "$CERTS/server.key" "$@"
}

serve_ann() {
	serve --auth ann:pw --auth-clear --require-auth
}

# Logs in as ann: PASSWORD [OPTION]...
login() {
	EHLO_PASSWORD=$1 submit --user ann "${@:2}" b@server.test
}

# Commands but for the first and the last, which are EHLO and QUIT.
said() {
	diff - <(sent_commands | sed '1d;$d')
}

# smtplib: the connection

@test "SMTP(host, port, local_hostname, timeout, source_address) are arguments" {
	serve
	to_b --helo me.test --timeout 20 --bind 127.0.0.2 "127.0.0.1:$PORT"
	ended 0 "$accepted"
	[ "$(sent_commands | head -n 1)" = 'EHLO me.test' ]
}

@test "SMTP(): a greeting that is no yes ends the session" {
	serve --play 'GREETING: 554 5.7.1 no'
	to_b "127.0.0.1:$PORT"
	ended 69 'refused   b@server.test  554 5.7.1 no
sent to 0 of 1 recipient' "ehlo: 127.0.0.1:$PORT: greeting: 554 5.7.1 no"
}

@test "connect(): a port stands behind a host, an IPv6 address in brackets" {
	serve
	to_b "localhost:$PORT" -4
	ended 0 "$accepted"
	serve -n six --listen ::1
	to_b "[::1]:$six_PORT"
	ended 0 "$accepted"
	to_b 127.0.0.1:smtp
	[ "$status" -eq 64 ]
	# As LMTP() would not do.
	serve -n lmtp --lmtp
	to_b --lmtp "127.0.0.1:$lmtp_PORT"
	[ "$status" -eq 0 ]
}

@test "_host: the name in the certificate is that of the host, without a port" {
	serve_tls
	to_b --tls starttls --tls-ca "$CERTS/ca.pem" -4 "localhost:$PORT"
	ended 0 "$accepted"
}

@test "timeout: there is one for each reply, one for the run, and none of 0" {
	serve --play 'MAIL: silent'
	to_b --timeout 0.2 "127.0.0.1:$PORT"
	ended 75 'unsent    b@server.test  MAIL FROM: no reply in time
sent to 0 of 1 recipient' \
		"ehlo: 127.0.0.1:$PORT: MAIL FROM: no reply in time
hint: if the server cannot take commands in a group, use --no-pipelining"
	to_b --deadline 0.2 "127.0.0.1:$PORT"
	ended 75 'unsent    b@server.test  MAIL FROM: the time of --deadline is over
sent to 0 of 1 recipient' \
		"ehlo: 127.0.0.1:$PORT: MAIL FROM: the time of --deadline is over"
	to_b --timeout 0 "127.0.0.1:$PORT"
	[ "$status" -eq 64 ]
}

@test "local_hostname: the default is a full name, or an address in brackets" {
	local name

	serve
	to_b "127.0.0.1:$PORT"
	ended 0 "$accepted"
	name=$(uname -n)
	[[ $name = *.* ]] || name='[127.0.0.1]'
	[ "$(sent_commands | head -n 1)" = "EHLO $name" ]
}

@test "source_address: the connection comes from --bind" {
	serve
	to_b --bind 127.0.0.1 "127.0.0.1:$PORT"
	ended 0 "$accepted"
	to_b --bind "127.0.0.1:$PORT" "127.0.0.1:$PORT"
	[ "$status" -eq 75 ]
	[[ $(<"$ERR") = *'bind to 127.0.0.1: Address already in use' ]]
}

@test "set_debuglevel(): -d shows the dialogue, -dd the times as well" {
	serve
	submit -d b@server.test
	[ "$status" -eq 0 ]
	grep -qx '> EHLO client.test' "$ERR"
	grep -qx '< 220 localhost ESMTP' "$ERR"
	submit -dd b@server.test
	grep -qE '^ +[0-9]+\.[0-9]{3} > EHLO client\.test$' "$ERR"
}

@test "esmtp_features and the other attributes: --probe shows them" {
	serve --ehlo 'xfoo 1 2'
	ehlo --probe --json "127.0.0.1:$PORT"
	[ "$status" -eq 0 ]
	grep -qF '"greeting":"220 localhost ESMTP"' "$OUT"
	grep -qF '"keyword":"xfoo","parameters":"1 2"' "$OUT"
	grep -qF '"keyword":"SIZE","parameters":"0"' "$OUT"
}

# smtplib: commands and replies

@test "send(): commands are ASCII, or UTF-8 once SMTPUTF8 was said" {
	serve
	submit jürgen@server.test
	[ "$status" -eq 0 ]
	sent_commands | grep -qx 'MAIL FROM:<a@client.test> SIZE=18 SMTPUTF8'
	sent_commands | grep -qx 'RCPT TO:<jürgen@server.test>'
	serve -n old --play 'EHLO: 250 old'
	PORT=$old_PORT submit jürgen@server.test
	[ "$status" -eq 65 ]
}

@test "putcmd(): no line end gets into a command" {
	local text

	serve
	for text in $'b@server.test\r\nDATA' $'b\n@server.test' \
		$'b@server.test\r'; do
		submit "$text"
		[ "$status" -eq 64 ]
	done
	submit --mail-param $'X=1\r\nDATA' b@server.test
	[ "$status" -eq 64 ]
	submit --rcpt-param $'X=1\nDATA' b@server.test
	[ "$status" -eq 64 ]
	nobody_connected
}

@test "getreply(): lines are joined, a code alone is one, garbage is none" {
	serve --play 'session 1 RCPT: 550-5.1.1 not\n550 5.1.1 here' \
		--play 'session 2 RCPT: raw 250\r\n then as 250' \
		--play 'session 3 MAIL: raw hello\r\n' \
		--play 'session 4 MAIL: endless 250-x' \
		--play 'session 5 MAIL: close'
	submit b@server.test
	ended 67 'refused   b@server.test  550 5.1.1 not here
sent to 0 of 1 recipient'
	submit b@server.test
	ended 0 "accepted  b@server.test  250
sent to 1 of 1 recipient: 250 2.0.0 Ok"
	submit b@server.test
	[ "$status" -eq 76 ]
	submit b@server.test
	[ "$status" -eq 76 ]
	submit b@server.test
	[ "$status" -eq 75 ]
}

@test "docmd(): --command says a line and prints the reply" {
	serve
	ehlo --command 'XFOO bar' "127.0.0.1:$PORT"
	ended 69 'XFOO bar: 500 5.5.2 Unrecognized command'
}

@test "helo(), ehlo(): keywords of AUTH and AUTH= are merged, in any case" {
	serve --auth ann:pw --auth-clear \
		--play 'EHLO: 250-old\n250-auth=LOGIN\n250 Auth CRAM-MD5'
	login pw --auth LOGIN
	ended 0 "$accepted"
	login pw --auth CRAM-MD5
	ended 0 "$accepted"
	serve -n old
	PORT=$old_PORT submit --no-esmtp b@server.test
	ended 0 "$accepted"
	[ "$(sent_commands old | head -n 2)" = 'HELO client.test
MAIL FROM:<a@client.test>' ]
}

@test "ehlo_or_helo_if_needed(): HELO follows a refused EHLO" {
	serve --helo-only
	submit b@server.test
	ended 0 "$accepted"
	[ "$(sent_commands | head -n 2)" = 'EHLO client.test
HELO client.test' ]
	serve -n none --play 'EHLO: 500 what?' --play 'HELO: 550 no'
	PORT=$none_PORT submit b@server.test
	[ "$status" -eq 69 ]
}

@test "has_extn(): an extension is looked for in the probe" {
	serve --ehlo dsn
	ehlo --probe "127.0.0.1:$PORT"
	grep -qi '^offer  *[a-z]*  *DSN' "$OUT"
	run ! grep -qi '^offer  *[a-z]*  *XFOO' "$OUT"
}

@test "help(): --command HELP" {
	serve
	ehlo --command HELP "127.0.0.1:$PORT"
	ended 0 'HELP: 214 2.0.0 See RFC 5321'
}

@test "rset(), noop(): --command says them, and --check resets" {
	serve
	ehlo --command RSET --command NOOP "127.0.0.1:$PORT"
	ended 0 'RSET: 250 2.0.0 Ok
NOOP: 250 2.0.0 Ok'
	submit --check b@server.test
	[ "$status" -eq 0 ]
	sent_commands | grep -qx RSET
	[ ! -e "$(message 1)" ]
}

@test "verify(), expn(): --vrfy and --expn say an address without brackets" {
	serve --play 'EXPN: 250-a@server.test\n250 b@server.test'
	ehlo --vrfy "127.0.0.1:$PORT" 'Ann <ann@server.test>'
	ended 0 'ann@server.test: 252 2.0.0 Send some mail and see'
	ehlo --expn "127.0.0.1:$PORT" '<list@server.test>'
	ended 0 'list@server.test: 250 a@server.test
list@server.test: 250 b@server.test'
}

# smtplib: the transaction

@test "mail(): parameters are given by --mail-param" {
	serve --ehlo DSN
	submit --mail-param RET=HDRS --mail-param ENVID=x b@server.test
	[ "$status" -eq 0 ]
	sent_commands |
		grep -qx 'MAIL FROM:<a@client.test> SIZE=18 RET=HDRS ENVID=x'
}

@test "rcpt(): parameters are given by --rcpt-param, the same for all" {
	serve --ehlo DSN
	submit --rcpt-param NOTIFY=NEVER b@server.test c@server.test
	[ "$status" -eq 0 ]
	diff - <(sent_commands | grep RCPT) <<-'END'
		RCPT TO:<b@server.test> NOTIFY=NEVER
		RCPT TO:<c@server.test> NOTIFY=NEVER
	END
}

@test "data(): line ends become CRLF, dots are doubled, the last line ends" {
	serve
	printf 'S: x\n\n.dot\r\n..\rcr\n.\nend' >"$MESSAGE"
	submit b@server.test
	ended 0 "$accepted"
	printf 'S: x\r\n\r\n.dot\r\n..\r\ncr\r\n.\r\nend\r\n' |
		cmp - "$(message 1)"
	serve -n no --play 'DATA: 554 5.5.1 no'
	PORT=$no_PORT submit b@server.test
	[ "$status" -eq 69 ]
}

@test "quoteaddr(): an address may have a name, brackets, or be null" {
	serve
	ehlo --helo client.test "127.0.0.1:$PORT" 'A <a@client.test>' \
		'<b@server.test>' 'C (c) <c@server.test>' <"$MESSAGE"
	[ "$status" -eq 0 ]
	said <<-'END'
		MAIL FROM:<a@client.test> SIZE=18
		RCPT TO:<b@server.test>
		RCPT TO:<c@server.test>
		DATA
	END
	for from in '' '<>'; do
		ehlo "127.0.0.1:$PORT" "$from" b@server.test <"$MESSAGE"
		ended 0 "$accepted"
	done
	[ "$(sent_commands | grep -c 'MAIL FROM:<> SIZE')" -eq 2 ]
}

@test "sendmail(): SIZE is said, and the refused are told from the others" {
	serve --play 'RCPT /c@/: 550 5.1.1 no' --play 'RCPT /d@/: 450 4.2.1 later' \
		--play 'RCPT /e@/: 251 2.1.5 elsewhere'
	submit b@server.test c@server.test d@server.test e@server.test
	ended 1 'accepted  b@server.test  250 2.1.5 Ok
refused   c@server.test  550 5.1.1 no
deferred  d@server.test  450 4.2.1 later
accepted  e@server.test  251 2.1.5 elsewhere
sent to 2 of 4 recipients: 250 2.0.0 Ok'
	sent_commands | grep -qx 'MAIL FROM:<a@client.test> SIZE=18'
}

@test "sendmail(): a sender, all recipients or a message that is refused" {
	serve --play 'session 1 MAIL: 550 5.1.8 no' \
		--play 'session 2 RCPT: 550 5.1.1 no' \
		--play 'session 3 CONTENT: 554 5.6.0 no' \
		--play 'session 4 MAIL: 421 4.3.2 later'
	submit b@server.test
	[ "$status" -eq 69 ]
	submit b@server.test
	[ "$status" -eq 67 ]
	submit b@server.test
	[ "$status" -eq 69 ]
	submit b@server.test
	ended 75 'deferred  b@server.test  421 4.3.2 later
sent to 0 of 1 recipient' \
		"ehlo: 127.0.0.1:$PORT: MAIL FROM: 421 4.3.2 later"
}

@test "some refused is no failure of all: the status is 1, the report says who" {
	serve --play 'RCPT 1: 550 5.1.1 no'
	submit c@server.test b@server.test
	ended 1 'refused   c@server.test  550 5.1.1 no
accepted  b@server.test  250 2.1.5 Ok
sent to 1 of 2 recipients: 250 2.0.0 Ok'
	[ -e "$(message 1)" ]
}

# smtplib: the login, TLS, LMTP

@test "auth(): --auth chooses, challenges have an end, 503 means logged in" {
	violations_meant=1 # RFC 4954 4: a lone * is not base64
	serve --auth ann:pw --auth-clear \
		--play 'session 1 RESPONSE 3: 501 5.7.0 cancelled' \
		--play 'session 1 RESPONSE: 334 QUFBQQ==' \
		--play 'session 2 AUTH: 503 5.5.1 already'
	login pw --auth LOGIN
	[ "$status" -eq 76 ]
	login pw --auth PLAIN
	ended 0 "$accepted"
}

@test "auth_plain(), auth_login(), auth_cram_md5() are all there" {
	local mechanism

	serve_ann
	for mechanism in PLAIN LOGIN CRAM-MD5; do
		login pw --auth "$mechanism"
		ended 0 "$accepted"
	done
	diff - <(sent_commands | sed -n 's/^\(AUTH [^ ]*\).*/\1/p') <<-'END'
		AUTH PLAIN
		AUTH LOGIN
		AUTH CRAM-MD5
	END
}

@test "login(): without AUTH it fails, and a wrong password is tried once" {
	serve
	login pw
	[ "$status" -eq 77 ]
	serve -n ann --auth ann:pw --auth-clear
	PORT=$ann_PORT login wrong
	[ "$status" -eq 77 ]
	[ "$(sent_commands ann | grep -c ^AUTH)" -eq 1 ]
	serve -n weak --auth ann:pw --auth-clear \
		--play 'AUTH 1: 534 5.7.9 weak'
	PORT=$weak_PORT login pw
	ended 0 "$accepted"
}

@test "starttls(): the certificate is verified, and EHLO is said again" {
	serve_tls
	submit --tls starttls b@server.test
	[ "$status" -eq 77 ]
	submit --tls starttls --tls-ca "$CERTS/ca.pem" b@server.test
	ended 0 "$accepted"
	diff - <(sent_commands | tail -n 7) <<-'END'
		EHLO client.test
		STARTTLS
		EHLO client.test
		MAIL FROM:<a@client.test> SIZE=18
		RCPT TO:<b@server.test>
		DATA
		QUIT
	END
	serve -n none
	PORT=$none_PORT submit --tls starttls b@server.test
	[ "$status" -eq 77 ]
}

@test "SMTP_SSL(): TLS from the first octet" {
	serve_tls --implicit
	submit --tls implicit --tls-ca "$CERTS/ca.pem" b@server.test
	ended 0 "$accepted"
	to_b -p "$PORT" --tls-ca "$CERTS/ca.pem" submissions://127.0.0.1
	ended 0 "$accepted"
}

@test "LMTP(): each recipient has a reply of its own, also by a socket" {
	serve --lmtp --unix "$BATS_TEST_TMPDIR/socket" \
		--play 'CONTENT 2: 550 5.2.2 full'
	ehlo "lmtp:$BATS_TEST_TMPDIR/socket" a@client.test b@server.test \
		c@server.test d@server.test <"$MESSAGE"
	[ "$status" -eq 1 ]
	diff - <(cut -c 1-23 "$OUT" | head -n 3) <<-'END'
		accepted  b@server.test
		refused   c@server.test
		accepted  d@server.test
	END
}

@test "quit(), close(): what follows the reply to the message changes nothing" {
	serve --play 'session 1 QUIT: 500 5.5.1 no' \
		--play 'session 2 QUIT: close'
	submit b@server.test
	ended 0 "$accepted"
	submit b@server.test
	ended 0 "$accepted"
}

@test "exceptions: each has an exit status" {
	serve --play 'session 1 GREETING: 554 no' \
		--play 'session 2 EHLO: 550 no' --play 'session 2 HELO: 550 no' \
		--play 'session 3 MAIL: close' --play 'session 4 MAIL: 550 no' \
		--play 'session 5 RCPT: 550 no' --play 'session 6 DATA: 554 no' \
		--play 'session 7 EHLO: 250 x'
	for wanted in 69 69 75 69 67 69; do
		submit b@server.test
		[ "$status" -eq "$wanted" ]
	done
	login pw # SMTPNotSupportedError
	[ "$status" -eq 77 ]
	to_b 127.0.0.1:1
	[ "$status" -eq 75 ]
}

@test "python -m smtplib: a message is typed, and the dialogue shown" {
	serve
	ehlo -d --helo client.test "127.0.0.1:$PORT" a@client.test \
		b@server.test <<-'END'
			Subject: typed

			by hand
		END
	[ "$status" -eq 0 ]
	[ "$(<"$OUT")" = "$accepted" ]
	grep -qx '> DATA' "$ERR"
	printf 'Subject: typed\r\n\r\nby hand\r\n' | cmp - "$(message 1)"
}

# The programs of the book

@test "simple.py: a message is sent, too few arguments are a usage error" {
	serve
	submit b@server.test c@server.test
	ended 0 'accepted  b@server.test  250 2.1.5 Ok
accepted  c@server.test  250 2.1.5 Ok
sent to 2 of 2 recipients: 250 2.0.0 Ok'
	ehlo "127.0.0.1:$PORT" a@client.test <"$MESSAGE"
	[ "$status" -eq 64 ]
	[ ! -s "$OUT" ]
}

@test "simple.py: those who were refused are not among those it was sent to" {
	serve --play 'RCPT 2: 550 5.1.1 no'
	submit b@server.test c@server.test
	[ "$status" -eq 1 ]
	[ "$(tail -n 1 "$OUT")" = 'sent to 1 of 2 recipients: 250 2.0.0 Ok' ]
}

@test "debug.py: the trace begins with the connection, and ends with QUIT" {
	serve
	submit -d b@server.test
	[ "$status" -eq 0 ]
	[ "$(head -n 2 "$ERR")" = "* connected to 127.0.0.1:$PORT (127.0.0.1)
< 220 localhost ESMTP" ]
	[[ $(tail -n 1 "$ERR") = '< 221 '* ]]
	[ "$(<"$OUT")" = "$accepted" ]
}

@test "ehlo.py: the greatest size is shown, and held to before sending" {
	local size

	serve --size 17
	ehlo --probe "127.0.0.1:$PORT"
	grep -qx 'offer      clear  SIZE 17               a message may have 17 octets' \
		"$OUT"
	submit b@server.test # 16 octets, 18 with CRLF
	[ "$status" -eq 65 ]
	[[ $(<"$ERR") = *'the message has 18 octets, the server takes 17 (SIZE)'* ]]
	[ "$(sent_commands | grep -c MAIL)" -eq 0 ]
	for size in SIZE 'SIZE 0'; do
		serve -n "s${#size}" --play "EHLO: 250-x\n250 $size"
		PORT=s${#size}_PORT
		PORT=${!PORT} submit b@server.test
		ended 0 "$accepted"
	done
}

@test "ehlo.py: a server that refuses EHLO and HELO is told QUIT" {
	serve --play 'EHLO: 502 no' --play 'HELO: 550 no'
	submit b@server.test
	ended 69 'refused   b@server.test  550 no
sent to 0 of 1 recipient' "ehlo: 127.0.0.1:$PORT: HELO: 550 no"
	[ "$(sent_commands | tail -n 1)" = QUIT ]
}

@test "tls.py: TLS is used where it is offered, and said" {
	serve_tls
	submit -d --tls-ca "$CERTS/ca.pem" b@server.test
	[ "$status" -eq 0 ]
	grep -qx '\* TLSv1.3, TLS_AES_256_GCM_SHA384, certificate verified' "$ERR"
	serve -n plain
	PORT=$plain_PORT submit -d b@server.test
	[ "$status" -eq 0 ]
	grep -qx '\* no STARTTLS offered: going on in cleartext' "$ERR"
}

@test "tls.py: an EHLO that is refused inside TLS ends the session" {
	serve_tls --play 'EHLO 2: 550 5.7.1 no'
	submit --tls-ca "$CERTS/ca.pem" b@server.test
	ended 69 'refused   b@server.test  550 5.7.1 no
sent to 0 of 1 recipient' "ehlo: 127.0.0.1:$PORT: EHLO: 550 5.7.1 no"
}

@test "tls.py: the name in the certificate is checked" {
	certs
	serve --tls-cert "$CERTS/other.pem" --tls-key "$CERTS/other.key"
	submit --tls starttls --tls-ca "$CERTS/ca.pem" b@server.test
	[ "$status" -eq 77 ]
	[[ $(<"$ERR") = *'it is not for 127.0.0.1 (it is for mail.other.test; '* ]]
}

@test "login.py: a login that fails is told from a message that is refused" {
	serve_ann
	submit --user ann --password-fd 4 b@server.test 4<<<pw
	ended 0 "$accepted"
	submit --user ann --password-fd 4 b@server.test 4<<<wrong
	[ "$status" -eq 77 ]
	[[ $(<"$ERR") = *'AUTH: 535 5.7.8 '* ]]
	[ "$(sent_commands | grep -c ^MAIL)" -eq 1 ]
}

@test "the tip of the book: one transaction tells the fate of each recipient" {
	serve --play 'RCPT /c@/: 450 4.2.1 later'
	submit b@server.test c@server.test d@server.test
	[ "$status" -eq 1 ]
	[ "$(sed -n 's/^deferred  \([^ ]*\) .*/\1/p' "$OUT")" = c@server.test ]
	[ "$(sent_commands | grep -c ^DATA)" -eq 1 ]
	[ "$(grep -c ^RCPT "$(envelope 1)")" -eq 2 ]
}
