#!/usr/bin/env bats
# What becomes of each recipient, and what the exit status makes of it.

bats_require_minimum_version 1.5.0

load lib

setup() {
	setup_client
}

teardown() {
	teardown_client
}

# To b and c, in the default way.
submit_two() {
	submit "$@" b@server.test c@server.test
}

# Starts a server for one step of a test that has several.
serve_step() {
	step=$((step + 1))
	serve -n "step$step" "$@"
	name=step${step}_PORT
	PORT=${!name}
}

commands_of_step() {
	sent_commands "step$step"
}

# Both ended alike: STATUS OUTCOME WHAT, and STDERR behind the server's name.
both_ended() {
	ended "$1" "$(printf '%-8s  b@server.test  %s\n%-8s  c@server.test  %s' \
		"$2" "$3" "$2" "$3")
sent to 0 of 2 recipients" "ehlo: 127.0.0.1:$PORT: $4"
}

two_accepted="accepted  b@server.test  250 2.1.5 Ok
accepted  c@server.test  250 2.1.5 Ok
sent to 2 of 2 recipients: 250 2.0.0 Ok"

envelope_commands="EHLO client.test
MAIL FROM:<a@client.test> SIZE=18
RCPT TO:<b@server.test>
RCPT TO:<c@server.test>
DATA"

@test "when every recipient is accepted it is 0, and the message is there" {
	serve
	submit_two
	ended 0 "$two_accepted"
	[ "$(sent_commands)" = "$envelope_commands"$'\nQUIT' ]
	printf 'Subject: x\r\n\r\nhi\r\n' | cmp - "$(message 1)"
	[ "$(cat "$(envelope 1)")" = "MAIL FROM:<a@client.test> SIZE=18
RCPT TO:<b@server.test>
RCPT TO:<c@server.test>" ]
}

@test "one recipient is not called recipients" {
	serve --play 'CONTENT: 250 2.0.0 Ok: queued as 4Z1XkD'
	submit b@server.test
	ended 0 "accepted  b@server.test  250 2.1.5 Ok
sent to 1 of 1 recipient: 250 2.0.0 Ok: queued as 4Z1XkD"
}

@test "an accepted recipient shows its own reply, the last line the final one" {
	serve --play 'RCPT 1: 250 2.1.5 b is fine' --play 'RCPT 2: 251 elsewhere' \
		--play 'CONTENT: 299 taken'
	submit_two
	ended 0 "accepted  b@server.test  250 2.1.5 b is fine
accepted  c@server.test  251 elsewhere
sent to 2 of 2 recipients: 299 taken"
}

@test "when some are accepted it is 1 (D-04, F-180, F-181)" {
	serve --play 'RCPT 2: 550 5.1.1 No such user here' \
		--play 'RCPT 3: 451 4.7.1 Greylisted, try again in 5 minutes'
	submit ann@example.com bob@example.com eve@example.com
	ended 1 "accepted  ann@example.com  250 2.1.5 Ok
refused   bob@example.com  550 5.1.1 No such user here
deferred  eve@example.com  451 4.7.1 Greylisted, try again in 5 minutes
sent to 1 of 3 recipients: 250 2.0.0 Ok"
	[ -e "$(message 1)" ]
}

@test "when every recipient is refused at RCPT it is 67 and nothing is sent" {
	serve --play 'RCPT 1: 550 5.1.1 not b' --play 'RCPT 2: 551 try <d@e.test>'
	submit_two
	ended 67 "refused   b@server.test  550 5.1.1 not b
refused   c@server.test  551 try <d@e.test>
sent to 0 of 2 recipients"
	[ "$(sent_commands)" = "$envelope_commands"$'\nQUIT' ]
	[ ! -e "$(message 1)" ]
}

@test "without PIPELINING no DATA follows when every recipient is refused" {
	serve --no-pipelining --play 'RCPT: 550 5.1.1 no'
	submit_two
	ended 67 "refused   b@server.test  550 5.1.1 no
refused   c@server.test  550 5.1.1 no
sent to 0 of 2 recipients"
	[ "$(sent_commands)" = "${envelope_commands/DATA/QUIT}" ]
}

@test "a 354 with no accepted recipient gets a lone dot (R-2920-04)" {
	serve --play 'RCPT: 550 5.1.1 no' --play 'DATA: 354 go' \
		--play 'CONTENT: 250 2.0.0 for whom'
	submit_two
	ended 67 "refused   b@server.test  550 5.1.1 no
refused   c@server.test  550 5.1.1 no
sent to 0 of 2 recipients"
	transcript | grep -qx '\* lone dot'
	[ "$(sent_commands)" = "$envelope_commands"$'\nQUIT' ]
}

@test "one refused and one deferred recipient make 75 (F-182)" {
	serve --play 'RCPT 1: 550 5.1.1 no' --play 'RCPT 2: 450 4.2.1 busy'
	submit_two
	ended 75 "refused   b@server.test  550 5.1.1 no
deferred  c@server.test  450 4.2.1 busy
sent to 0 of 2 recipients"
	[ ! -e "$(message 1)" ]
}

@test "a 5yz to the session, the sender or the message makes 69 for all" {
	step=0
	while IFS='|' read -r rule what; do
		serve_step --play "$rule: 554 5.7.1 no"
		submit_two
		both_ended 69 refused '554 5.7.1 no' "$what: 554 5.7.1 no"
		[ "$(commands_of_step | tail -n 1)" = QUIT ]
	done <<-END
		GREETING|greeting
		EHLO|EHLO
		MAIL|MAIL FROM
		DATA|DATA
		CONTENT|end of message
	END
	[ "$step" -eq 5 ]
}

@test "a 4yz to the session, the sender or the message makes 75 for all" {
	step=0
	while IFS='|' read -r rule what; do
		serve_step --play "$rule: 451 4.3.0 later"
		submit_two
		both_ended 75 deferred '451 4.3.0 later' "$what: 451 4.3.0 later"
		[ "$(commands_of_step | tail -n 1)" = QUIT ]
	done <<-END
		GREETING|greeting
		EHLO|EHLO
		MAIL|MAIL FROM
		DATA|DATA
		CONTENT|end of message
	END
	[ "$step" -eq 5 ]
}

@test "after 421 nothing more is said, and all are deferred (R-5321-37)" {
	step=0
	while IFS='|' read -r rule what last; do
		serve_step --no-pipelining --play "$rule: 421 4.3.2 bye"
		submit_two
		both_ended 75 deferred '421 4.3.2 bye' "$what: 421 4.3.2 bye"
		[ "$(commands_of_step | tail -n 1)" = "$last" ]
	done <<-END
		GREETING|greeting|
		EHLO|EHLO|EHLO client.test
		MAIL|MAIL FROM|MAIL FROM:<a@client.test> SIZE=18
		RCPT 1|RCPT TO:<b@server.test>|RCPT TO:<b@server.test>
		RCPT 2|RCPT TO:<c@server.test>|RCPT TO:<c@server.test>
		DATA|DATA|DATA
		CONTENT|end of message|DATA
	END
	[ "$step" -eq 7 ]
}

@test "a recipient that was refused before a 421 stays refused (O-01)" {
	serve --play 'RCPT 1: 550 5.1.1 no' --play 'DATA: 421 4.3.2 bye'
	submit_two
	ended 75 "refused   b@server.test  550 5.1.1 no
deferred  c@server.test  421 4.3.2 bye
sent to 0 of 2 recipients" "ehlo: 127.0.0.1:$PORT: DATA: 421 4.3.2 bye"
}

@test "a connection lost before the dot leaves all unsent, 75 (F-111)" {
	step=0
	while IFS='|' read -r rule what; do
		serve_step --no-pipelining --play "$rule: close"
		submit_two
		what="$what: the server closed the connection"
		both_ended 75 unsent "$what" "$what"
		[ ! -e "$(message 1 "step$step")" ]
	done <<-END
		GREETING|greeting
		EHLO|EHLO
		MAIL|MAIL FROM
		RCPT 1|RCPT TO:<b@server.test>
		RCPT 2|RCPT TO:<c@server.test>
		DATA|DATA
	END
	[ "$step" -eq 6 ]
}

@test "a connection lost at the dot leaves all unknown, 79" {
	serve --play 'CONTENT: close'
	submit_two
	what='end of message: the server closed the connection'
	both_ended 79 unknown "$what" "$what"
	[ -e "$(message 1)" ]
}

@test "79 counts before all others, and a refused recipient stays refused" {
	serve --play 'RCPT 1: 550 5.1.1 no' --play 'CONTENT: close'
	submit_two
	ended 79 "refused   b@server.test  550 5.1.1 no
unknown   c@server.test  end of message: the server closed the connection
sent to 0 of 2 recipients" \
		"ehlo: 127.0.0.1:$PORT: end of message: the server closed the connection"
}

@test "silence before the dot is unsent, 75" {
	serve --play 'DATA: silent'
	submit_two --timeout 0.3
	both_ended 75 unsent 'DATA: no reply in time' 'DATA: no reply in time'
}

@test "silence at the dot is unknown, 79" {
	serve --play 'CONTENT: silent'
	submit_two --timeout 0.5
	what='end of message: no reply in time'
	both_ended 79 unknown "$what" "$what"
}

@test "--deadline limits the whole run, however lively the server (S-71)" {
	serve --play 'EHLO: drip 50 250 so slow, so slow, so slow, so slow'
	submit_two --deadline 0.4
	what='EHLO: the time of --deadline is over'
	both_ended 75 unsent "$what" "$what"
}

@test "a --deadline that ends at the dot says unknown (R-5321-61)" {
	serve --play 'CONTENT: silent'
	submit_two --deadline 0.7
	what='end of message: the time of --deadline is over'
	both_ended 79 unknown "$what" "$what"
}

@test "a server that breaks SMTP makes 76, and nothing is sent after it" {
	serve --play 'MAIL: 2500 2.1.0 ok'
	submit_two --no-pipelining
	what='neither space nor hyphen after the reply code'
	what="MAIL FROM: $what"
	both_ended 76 unsent "$what" "$what"
	[ "$(sent_commands | tail -n 1)" = 'MAIL FROM:<a@client.test> SIZE=18' ]
}

@test "a server that breaks SMTP at the dot makes 79 (O-04)" {
	serve --play 'CONTENT: 250ok'
	submit_two
	what='neither space nor hyphen after the reply code'
	what="end of message: $what"
	both_ended 79 unknown "$what" "$what"
}

@test "nothing that happens at QUIT changes the outcome (D-07, O-05)" {
	step=0
	for rule in '421 bye' '500 what' close reset silent '2' 'raw 221'; do
		serve_step --play "QUIT: $rule"
		submit_two --timeout 0.5
		ended 0 "$two_accepted"
	done
	[ "$step" -eq 7 ]
}

@test "a refusal in the middle of the message ends it without a dot (F-121)" {
	serve --rcvbuf 4096 \
		--play 'after 100000: 552 5.3.4 too big then close'
	head -c 3000000 /dev/zero | tr '\0' x | fold -w 70 >>"$MESSAGE"
	submit_two
	both_ended 69 refused '552 5.3.4 too big' 'message: 552 5.3.4 too big'
	transcript | grep -q '^\* closed by server'
	[ ! -e "$(message 1)" ]
}

# 30 s are the limit for one address; a refused connection takes no time.
@test "a closed port makes 75" {
	serve --sessions 1
	submit_two
	served
	submit_two
	what='connect to 127.0.0.1: Connection refused'
	both_ended 75 unsent "$what" "$what"
}

@test "a Unix socket that is not there makes 75" {
	ehlo "smtp:$BATS_TEST_TMPDIR/none" a@client.test b@server.test <"$MESSAGE"
	ended 75 "unsent    b@server.test  connect to $BATS_TEST_TMPDIR/none: No such file or directory
sent to 0 of 1 recipient" "ehlo: $BATS_TEST_TMPDIR/none: connect to $BATS_TEST_TMPDIR/none: No such file or directory"
}

# Room for one descriptor, which loading the program needs, or for two.
@test "a system that gives no descriptor makes 71 (F-218)" {
	serve
	for limit in 4 5; do
		status=0
		(
			ulimit -Sn "$limit"
			# the search for leaks needs descriptors too
			export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
			exec "$EHLO" "127.0.0.1:$PORT" a@client.test \
				b@server.test
		) <"$MESSAGE" >"$OUT" 2>"$ERR" 3>&- 4>&- || status=$?
		[ "$status" -eq 71 ]
		grep -qx 'unsent    b@server.test  .*: Too many open files' "$OUT"
		grep -qx "ehlo: 127.0.0.1:$PORT: .*: Too many open files" "$ERR"
	done
	nobody_connected
}

@test "an address given twice is sent once and reported twice (R-5321-56)" {
	serve --play 'RCPT /b@/: 550 5.1.1 no'
	submit b@server.test c@server.test 'Bee <b@SERVER.test>' b@server.test \
		c@server.test.
	ended 1 "refused   b@server.test  550 5.1.1 no
accepted  c@server.test  250 2.1.5 Ok
refused   b@SERVER.test  550 5.1.1 no
refused   b@server.test  550 5.1.1 no
accepted  c@server.test  250 2.1.5 Ok
sent to 2 of 5 recipients: 250 2.0.0 Ok"
	[ "$(sent_commands)" = "$envelope_commands"$'\nQUIT' ]
}

@test "local-parts that differ in case are two recipients (R-5321-51)" {
	serve
	submit b@server.test B@server.test
	ended 0 "accepted  b@server.test  250 2.1.5 Ok
accepted  B@server.test  250 2.1.5 Ok
sent to 2 of 2 recipients: 250 2.0.0 Ok"
	[ "$(sent_commands | grep RCPT)" = "RCPT TO:<b@server.test>
RCPT TO:<B@server.test>" ]
}

@test "Postmaster may stand without a domain, once in any case (R-5321-23)" {
	serve
	submit Postmaster postmaster POSTMASTER@server.test \
		postmaster@server.test
	ended 0 "accepted  Postmaster  250 2.1.5 Ok
accepted  postmaster  250 2.1.5 Ok
accepted  POSTMASTER@server.test  250 2.1.5 Ok
accepted  postmaster@server.test  250 2.1.5 Ok
sent to 4 of 4 recipients: 250 2.0.0 Ok"
	[ "$(sent_commands | grep RCPT)" = "RCPT TO:<Postmaster>
RCPT TO:<POSTMASTER@server.test>" ]
}

@test "an empty sender and <> are the null sender (R-5321-22)" {
	serve
	for from in '' '<>'; do
		ehlo --helo client.test "127.0.0.1:$PORT" "$from" b@server.test \
			<"$MESSAGE"
		ended 0 "accepted  b@server.test  250 2.1.5 Ok
sent to 1 of 1 recipient: 250 2.0.0 Ok"
	done
	[ "$(sent_commands | grep MAIL)" = "MAIL FROM:<> SIZE=18
MAIL FROM:<> SIZE=18" ]
}

@test "a server that knows only HELO gets no parameter (R-5321-10, D-05)" {
	serve --helo-only
	submit_two
	ended 0 "$two_accepted"
	[ "$(sent_commands)" = "EHLO client.test
HELO client.test
MAIL FROM:<a@client.test>
RCPT TO:<b@server.test>
RCPT TO:<c@server.test>
DATA
QUIT" ]
}

@test "HELO follows 500, 501, 502 and 550, and no other reply (D-05)" {
	step=0
	for code in 500 501 502 550; do
		serve_step --play "EHLO: $code 5.5.1 what"
		submit_two
		ended 0 "$two_accepted"
	done
	for code in 421 450 521 530 554 556; do
		serve_step --play "EHLO: $code what"
		submit_two
		[ "$status" -ne 0 ]
		run ! grep HELO < <(commands_of_step | sed 1d)
	done
	[ "$step" -eq 10 ]
}

@test "a HELO that is refused too makes 69" {
	serve --helo-only --play 'HELO: 550 5.7.1 no'
	submit_two
	both_ended 69 refused '550 5.7.1 no' 'HELO: 550 5.7.1 no'
}

@test "HELO is not said where TLS or a login is wanted (R-3207-09)" {
	serve --helo-only
	submit_two --tls starttls
	what='the server knows only HELO, which has no STARTTLS'
	both_ended 77 unsent "$what" "$what"
	EHLO_PASSWORD=secret submit_two --user ann
	what='the server knows only HELO, which has no AUTH'
	both_ended 77 unsent "$what" "$what"
	[ "$(sent_commands)" = "EHLO client.test
QUIT
EHLO client.test
QUIT" ]
}

@test "--no-esmtp says HELO at once, and sends no parameter" {
	serve
	submit_two --no-esmtp
	ended 0 "$two_accepted"
	[ "$(sent_commands | head -n 2)" = "HELO client.test
MAIL FROM:<a@client.test>" ]
}

@test "--no-pipelining waits for each reply" {
	serve
	submit_two --no-pipelining
	ended 0 "$two_accepted"
	[ "$(round_trips)" -eq 8 ]
}

@test "the size is that of the lines with CRLF, without doubled dots (R-1870-01)" {
	serve
	printf '.\n..\r\nx' >"$MESSAGE"
	submit_two
	ended 0 "$two_accepted"
	[ "$(sent_commands | grep MAIL)" = 'MAIL FROM:<a@client.test> SIZE=10' ]
	[ "$(wc -c <"$(message 1)")" -eq 10 ]
}

@test "a message of just the SIZE offered is sent, one larger is not (F-072)" {
	serve --size 18
	submit_two
	ended 0 "$two_accepted"
	printf x >>"$MESSAGE"
	submit_two
	what='the message has 21 octets, the server takes 18 (SIZE)'
	both_ended 65 refused "$what" "$what"
	[ "$(sent_commands | tail -n 2)" = "EHLO client.test
QUIT" ]
}

@test "no SIZE is said to a server that does not offer it (R-5321-16)" {
	serve --no-size
	submit_two
	ended 0 "$two_accepted"
	[ "$(sent_commands | grep MAIL)" = 'MAIL FROM:<a@client.test>' ]
}

@test "a size that the server refuses at MAIL makes 69 (R-1870-05)" {
	serve --play 'MAIL: 552 5.3.4 Message too big'
	submit_two
	both_ended 69 refused '552 5.3.4 Message too big' \
		'MAIL FROM: 552 5.3.4 Message too big'
}

@test "8-bit content is declared where 8BITMIME is offered" {
	serve
	printf 'Subject: x\n\n\303\244\n' >"$MESSAGE"
	submit_two
	ended 0 "$two_accepted"
	[ "$(sent_commands | grep MAIL)" = \
		'MAIL FROM:<a@client.test> SIZE=18 BODY=8BITMIME' ]
}

@test "8-bit content makes 65 where 8BITMIME is not offered (F-097)" {
	serve --no-8bitmime
	printf 'Subject: x\n\n\303\244\n' >"$MESSAGE"
	submit_two
	what='the message has octets above 127, and the server does not offer 8BITMIME'
	both_ended 65 refused "$what" "$what
hint: encode its parts as quoted-printable or base64"
	[ "$(sent_commands)" = $'EHLO client.test\nQUIT' ]
}

@test "7-bit content needs no 8BITMIME" {
	serve --no-8bitmime
	submit_two
	ended 0 "$two_accepted"
}

@test "an address that is not ASCII is sent with SMTPUTF8" {
	serve
	submit 'bé@server.test'
	ended 0 "accepted  bé@server.test  250 2.1.5 Ok
sent to 1 of 1 recipient: 250 2.0.0 Ok"
	[ "$(sent_commands | grep '^[MR]')" = \
		"MAIL FROM:<a@client.test> SIZE=18 SMTPUTF8
RCPT TO:<bé@server.test>" ]
}

@test "an address that is not ASCII makes 65 without SMTPUTF8 (R-6531-02)" {
	serve --no-8bitmime
	submit b@server.test 'ç@server.test'
	ended 65 "refused   b@server.test  an address is not ASCII, and the server does not offer SMTPUTF8
refused   ç@server.test  an address is not ASCII, and the server does not offer SMTPUTF8
sent to 0 of 2 recipients" "ehlo: 127.0.0.1:$PORT: an address is not ASCII, and the server does not offer SMTPUTF8"
	[ "$(sent_commands)" = $'EHLO client.test\nQUIT' ]
}

@test "domains that are not ASCII are said as A-labels without SMTPUTF8" {
	needs_libidn2
	serve --no-8bitmime
	ehlo --helo client.test "127.0.0.1:$PORT" a@Bücher.test \
		b@server.test 'Cé <c@sérver.test>' <"$MESSAGE"
	ended 0 "accepted  b@server.test  250 2.1.5 Ok
accepted  c@sérver.test  250 2.1.5 Ok
sent to 2 of 2 recipients: 250 2.0.0 Ok"
	[ "$(sent_commands | grep '^[MR]')" = \
		"MAIL FROM:<a@xn--bcher-kva.test> SIZE=18
RCPT TO:<b@server.test>
RCPT TO:<c@xn--srver-bsa.test>" ]
}

@test "a domain without A-labels makes 65 without SMTPUTF8" {
	needs_libidn2
	serve --no-8bitmime
	submit b@☃.test
	what='an address is not ASCII, and the server does not offer SMTPUTF8; A-labels of its domain: string contains a disallowed character'
	ended 65 "refused   b@☃.test  $what
sent to 0 of 1 recipient" "ehlo: 127.0.0.1:$PORT: $what"
	[ "$(sent_commands)" = $'EHLO client.test\nQUIT' ]
}

@test "a header in UTF-8 needs SMTPUTF8" {
	serve
	printf 'Subject: \303\244\n\nhi\n' >"$MESSAGE"
	submit_two
	ended 0 "$two_accepted"
	[ "$(sent_commands | grep MAIL)" = \
		'MAIL FROM:<a@client.test> SIZE=19 BODY=8BITMIME SMTPUTF8' ]
	serve -n old --no-8bitmime --ehlo 8BITMIME
	# shellcheck disable=SC2154
	PORT=$old_PORT
	submit_two
	what='the header of the message is not ASCII, and the server does not offer SMTPUTF8'
	both_ended 65 refused "$what" "$what
hint: encode header fields by RFC 2047"
	[ "$(sent_commands old)" = $'EHLO client.test\nQUIT' ]
}

@test "who offers SMTPUTF8 need not offer 8BITMIME beside it (F-098)" {
	violations_meant=1 # 8-bit content without BODY=8BITMIME
	serve --no-8bitmime --ehlo SMTPUTF8
	printf 'Subject: \303\244\n\nh\303\251\n' >"$MESSAGE"
	submit_two
	ended 0 "$two_accepted"
	[ "$(sent_commands | grep MAIL)" = \
		'MAIL FROM:<a@client.test> SIZE=20 SMTPUTF8' ]
}

@test "a header that is 8-bit but not UTF-8 needs no SMTPUTF8" {
	serve --no-8bitmime --ehlo 8BITMIME
	printf 'Subject: \344\n\nhi\n' >"$MESSAGE"
	submit_two
	[ "$status" -eq 0 ]
	[ "$(<"$OUT")" = "$two_accepted" ]
	[ "$(sent_commands | grep MAIL)" = \
		'MAIL FROM:<a@client.test> SIZE=18 BODY=8BITMIME' ]
}

@test "552 at RCPT says too big, or one too many for a transaction (D-02)" {
	step=0
	while IFS='|' read -r rule status_wanted b c; do
		serve_step --play "$rule"
		submit_two
		[ "$status" -eq "$status_wanted" ]
		[ "$(sed -n '/@/s/ .*//p' "$OUT")" = "$b"$'\n'"$c" ]
	done <<-END
		RCPT 2: 552 5.5.3 too many|0|accepted|accepted
		RCPT 2: 552 too many recipients|0|accepted|accepted
		RCPT 2+: 552 too many recipients|1|accepted|refused
		RCPT 2: 552 5.2.2 mailbox full|1|accepted|refused
		RCPT 2: 552 5.2.3 too long|1|accepted|refused
		RCPT 2: 552 5.3.4 too big|1|accepted|refused
		RCPT 1: 552 no|1|refused|accepted
		RCPT: 552 no|67|refused|refused
	END
	[ "$step" -eq 8 ]
}

@test "530 says that a login is wanted, 77 (R-6409-02)" {
	serve --require-auth
	submit_two
	both_ended 77 refused '530 5.7.0 Authentication required' \
		"MAIL FROM: 530 5.7.0 Authentication required
hint: the server wants a login: --user NAME"
	serve -n rcpt --play 'RCPT: 530 5.7.0 Authentication required'
	# shellcheck disable=SC2154
	PORT=$rcpt_PORT
	submit_two
	both_ended 77 refused '530 5.7.0 Authentication required' \
		"RCPT TO:<b@server.test>: 530 5.7.0 Authentication required
hint: the server wants a login: --user NAME"
}

@test "a server without STARTTLS where it is wanted makes 77 (R-3207-08)" {
	serve
	submit_two --tls starttls
	what='the server does not offer STARTTLS'
	both_ended 77 unsent "$what" "$what
hint: this port may want TLS from the start: submissions://HOST"
	[ "$(sent_commands)" = $'EHLO client.test\nQUIT' ]
}
