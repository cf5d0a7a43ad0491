#!/usr/bin/env bats
# Several transactions, chunks, LMTP, PRDR, and asking without sending.

bats_require_minimum_version 1.5.0

load lib

setup() {
	setup_client
}

teardown() {
	teardown_client
}

serve_one() {
	local port

	step=$((${step-0} + 1))
	name=step$step
	serve -n "$name" "$@"
	port=${name}_PORT
	PORT=${!port}
}

submit_three() {
	submit "$@" b@server.test c@server.test d@server.test
}

three_accepted="accepted  b@server.test  250 2.1.5 Ok
accepted  c@server.test  250 2.1.5 Ok
accepted  d@server.test  250 2.1.5 Ok
sent to 3 of 3 recipients: 250 2.0.0 Ok"

# Each message has a reply of its own.
in_two="${three_accepted% 250*} 250 2.0.0 Ok; 250 2.0.0 Ok"

@test "what RCPTMAX leaves over goes in further transactions (RFC 9422)" {
	serve --ehlo 'LIMITS RCPTMAX=2'
	submit_three
	ended 0 "$in_two"
	[ "$(cat "$(envelope 1)" "$(envelope 2)" | grep -c ^RCPT)" -eq 3 ]
	[ "$(grep -c ^RCPT "$(envelope 1)")" -eq 2 ]
	cmp "$(message 1)" "$(message 2)"
}

@test "recipients of more domains than RCPTDOMAINMAX are parted" {
	serve --ehlo 'LIMITS RCPTDOMAINMAX=1'
	submit b@one.test c@two.test d@ONE.test
	[ "$status" -eq 0 ]
	[ "$(grep -c ^RCPT "$(envelope 1)")" -eq 2 ]
	[ "$(grep ^RCPT "$(envelope 2)")" = "RCPT TO:<c@two.test>" ]
}

@test "the reply to the message that was accepted is the one that is shown" {
	serve --ehlo 'LIMITS RCPTMAX=2' --play 'MAIL 2: 550 5.7.1 enough'
	submit_three
	[ "$status" -eq 1 ]
	[ "$(tail -n 1 "$OUT")" = 'sent to 2 of 3 recipients: 250 2.0.0 Ok' ]
}

@test "MAILMAX is the end: the rest is unsent" {
	serve --ehlo 'LIMITS RCPTMAX=1 MAILMAX=2'
	submit_three
	[ "$status" -eq 1 ]
	[ "$(cut -d' ' -f1 "$OUT")" = $'accepted\naccepted\nunsent\nsent' ]
	[ "$(sent_commands | grep -c ^MAIL)" -eq 2 ]
}

@test "one too many for a transaction goes in the next, once (F-188)" {
	serve --play 'RCPT 3: 452 4.5.3 Too many recipients'
	submit_three
	ended 0 "$in_two"
	[ "$(grep ^RCPT "$(envelope 2)")" = "RCPT TO:<d@server.test>" ]
	[ ! -e "$(message 3)" ]
}

@test "a mailbox that is full is not offered again" {
	serve --play 'RCPT 3: 452 4.2.2 Mailbox full'
	submit_three
	[ "$status" -eq 1 ]
	[ "$(sent_commands | grep -c ^MAIL)" -eq 1 ]
}

@test "an unknown outcome stops the transactions that would follow" {
	serve --ehlo 'LIMITS RCPTMAX=1' --play 'CONTENT: close'
	submit_three
	[ "$status" -eq 79 ]
	[ "$(cut -d' ' -f1 "$OUT")" = $'unknown\nunsent\nunsent\nsent' ]
	[ "$(sent_commands | grep -c ^MAIL)" -eq 1 ]
}

@test "QUIT goes with the end of the last message only" {
	serve --ehlo 'LIMITS RCPTMAX=2'
	submit_three
	[ "$(sent_commands | grep -c ^QUIT)" -eq 1 ]
	[ "$(sent_commands | tail -n 1)" = QUIT ]
}

@test "where CHUNKING is offered the message goes by BDAT (RFC 3030)" {
	serve --chunking
	submit b@server.test
	ended 0 'accepted  b@server.test  250 2.1.5 Ok
sent to 1 of 1 recipient: 250 2.0.0 Ok'
	[ "$(sent_commands)" = "EHLO client.test
MAIL FROM:<a@client.test> SIZE=18
RCPT TO:<b@server.test>
BDAT 18 LAST
QUIT" ]
	sed 's/$/\r/' "$MESSAGE" | cmp - "$(message 1)"
}

@test "dots are not doubled in a chunk" {
	printf '.\n..\n.x\n' >"$MESSAGE"
	serve --chunking
	submit b@server.test
	[ "$status" -eq 0 ]
	printf '.\r\n..\r\n.x\r\n' | cmp - "$(message 1)"
}

@test "a message of several chunks arrives whole, also without PIPELINING" {
	yes 'a line of the message, and another, until it is long enough' |
		head -n 50000 >"$MESSAGE"
	serve -n s --chunking
	PORT=$s_PORT
	submit b@server.test
	[ "$status" -eq 0 ]
	[ "$(sent_commands s | grep -c ^BDAT)" -eq 3 ]
	sed 's/$/\r/' "$MESSAGE" | cmp - "$(message 1 s)"
	serve -n lock --chunking --no-pipelining
	PORT=$lock_PORT
	submit b@server.test
	[ "$status" -eq 0 ]
	sed 's/$/\r/' "$MESSAGE" | cmp - "$(message 1 lock)"
}

@test "--no-chunking uses DATA" {
	serve --chunking
	submit --no-chunking b@server.test
	[ "$status" -eq 0 ]
	[ "$(sent_commands | grep -c ^BDAT)" -eq 0 ]
}

@test "a chunk that is refused ends the transfer, and RSET follows" {
	yes 'a line of the message, and another, until it is long enough' |
		head -n 100000 >"$MESSAGE"
	serve --chunking --play 'BDAT 1: 552 5.3.4 Too big'
	submit b@server.test
	[ "$status" -eq 69 ]
	[ "$(head -n 1 "$OUT")" = 'refused   b@server.test  552 5.3.4 Too big' ]
	[ "$(sent_commands | grep -c LAST)" -eq 0 ]
	[ "$(sent_commands | tail -n 2)" = $'RSET\nQUIT' ]
}

@test "BDAT waits for the replies to RCPT: nothing is sent to nobody" {
	serve --chunking --play 'RCPT: 550 5.1.1 no'
	submit b@server.test
	[ "$status" -eq 67 ]
	[ "$(sent_commands | grep -c ^BDAT)" -eq 0 ]
}

@test "a connection lost after the last chunk leaves the recipient unknown" {
	serve --chunking --play 'BDAT: close'
	submit b@server.test
	[ "$status" -eq 79 ]
}

@test "LMTP has a verdict for each recipient (RFC 2033)" {
	serve --lmtp --play 'CONTENT 2: 552 5.2.2 Mailbox full'
	submit_three --lmtp
	ended 1 'accepted  b@server.test  250 2.0.0 Ok
refused   c@server.test  552 5.2.2 Mailbox full
accepted  d@server.test  250 2.0.0 Ok
sent to 2 of 3 recipients'
	[ "$(sent_commands | head -n 1)" = "LHLO client.test" ]
}

@test "LMTP: who was answered keeps the answer, the others are unknown (F-190)" {
	serve --lmtp --play 'CONTENT 2: close'
	submit_three --lmtp
	[ "$status" -eq 79 ]
	[ "$(cut -d' ' -f1 "$OUT")" = $'accepted\nunknown\nunknown\nsent' ]
}

@test "LMTP: a 421 is for one recipient, the others are unknown (F-199)" {
	serve --lmtp --play 'CONTENT 1: 421 4.3.2 bye then close'
	submit_three --lmtp
	[ "$status" -eq 79 ]
	[ "$(cut -d' ' -f1 "$OUT")" = $'deferred\nunknown\nunknown\nsent' ]
}

@test "a server that does not know LHLO is not asked with EHLO (F-198)" {
	serve --play 'OTHER: 500 5.5.1 what' --play 'LHLO: 500 5.5.1 what'
	violations_meant=1
	submit --lmtp b@server.test
	[ "$status" -eq 76 ]
	[ "$(sent_commands)" = $'LHLO client.test\nQUIT' ]
}

@test "LMTP goes over a Unix socket, and by lmtp:/path" {
	serve --lmtp --unix "$BATS_TEST_TMPDIR/sock"
	ehlo --helo client.test "lmtp:$BATS_TEST_TMPDIR/sock" a@client.test \
		b@server.test <"$MESSAGE"
	[ "$status" -eq 0 ]
	sed 's/$/\r/' "$MESSAGE" | cmp - "$(message 1)"
}

@test "LMTP on port 25 is a usage error (R-2033-01)" {
	ehlo --lmtp 127.0.0.1 a@client.test b@server.test <"$MESSAGE"
	ended 64 '' 'ehlo: LMTP is not spoken on port 25
hint: --port 24, or lmtp://HOST:PORT'
}

@test "PRDR gives each recipient a verdict of its own (F-360)" {
	serve --ehlo PRDR --play 'CONTENT 1: 353 each' \
		--play 'CONTENT 3: 450 4.7.1 later'
	submit_three
	[ "$status" -eq 1 ]
	[ "$(cut -d' ' -f1 "$OUT")" = $'accepted\ndeferred\naccepted\nsent' ]
	[[ $(sent_commands) = *"MAIL FROM:<a@client.test> SIZE=18 PRDR"* ]]
}

@test "PRDR: the last reply overrules those before it (F-360)" {
	serve --ehlo PRDR --play 'CONTENT 1: 353 each' \
		--play 'CONTENT 5: 550 5.6.0 no'
	submit_three
	[ "$status" -eq 69 ]
	[ "$(cut -d' ' -f1 "$OUT")" = $'refused\nrefused\nrefused\nsent' ]
}

@test "PRDR: without the last reply nobody is accepted (F-361)" {
	serve --ehlo PRDR --play 'CONTENT 1: 353 each' \
		--play 'CONTENT 3: close'
	submit_three
	[ "$status" -eq 79 ]
	[ "$(cut -d' ' -f1 "$OUT")" = $'unknown\nunknown\nunknown\nsent' ]
}

@test "353 that nobody asked for proves nothing (F-362)" {
	serve --play 'CONTENT 1: 353 each'
	submit_three
	[ "$status" -eq 79 ]
}

@test "--all-or-none sends nothing when a recipient is refused (F-180)" {
	serve --play 'RCPT 2: 550 5.1.1 no'
	submit_three --all-or-none
	[ "$status" -eq 67 ]
	[ "$(cut -d' ' -f1 "$OUT")" = $'unsent\nrefused\nunsent\nsent' ]
	[ "$(sent_commands | tail -n 2)" = $'RSET\nQUIT' ]
	[ "$(sent_commands | grep -c ^DATA)" -eq 0 ]
}

@test "--all-or-none with a recipient deferred can be tried again: 75" {
	serve --play 'RCPT 2: 450 4.2.0 later'
	submit_three --all-or-none
	[ "$status" -eq 75 ]
	[ "$(cut -d' ' -f1 "$OUT")" = $'unsent\ndeferred\nunsent\nsent' ]
}

@test "--all-or-none sends when all are accepted" {
	serve
	submit_three --all-or-none
	ended 0 "$three_accepted"
}

@test "--check asks about every recipient and sends nothing" {
	serve --play 'RCPT 2: 550 5.1.1 no'
	submit_three --check
	ended 1 'ok        b@server.test  250 2.1.5 Ok
refused   c@server.test  550 5.1.1 no
ok        d@server.test  250 2.1.5 Ok
ok for 2 of 3 recipients, nothing sent'
	[ "$(sent_commands)" = "EHLO client.test
MAIL FROM:<a@client.test> SIZE=18
RCPT TO:<b@server.test>
RCPT TO:<c@server.test>
RCPT TO:<d@server.test>
RSET
QUIT" ]
	[ ! -e "$(message 1)" ]
}

@test "--check needs no message" {
	serve
	ehlo --check --helo client.test "127.0.0.1:$PORT" a@client.test \
		b@server.test </dev/null
	ended 0 'ok        b@server.test  250 2.1.5 Ok
ok for 1 of 1 recipient, nothing sent'
	[[ $(sent_commands) = *$'\nMAIL FROM:<a@client.test>\n'* ]]
}

@test "--check knows the size of a message from a pipe" {
	serve --size 5
	ehlo --check "127.0.0.1:$PORT" a@client.test b@server.test \
		< <(cat "$MESSAGE")
	[ "$status" -eq 65 ]
}

@test "--quit-after ends the session after each stage, and exits 0" {
	local stage last

	certs
	while read -r stage last; do
		serve -n "$stage" --tls-cert "$CERTS/server.pem" --tls-key \
			"$CERTS/server.key" --auth u:p
		name=${stage}_PORT
		EHLO_PASSWORD=p ehlo --quit-after "$stage" --user u \
			--tls-ca "$CERTS/ca.pem" --tls=starttls \
			"localhost:${!name}" a@client.test b@server.test </dev/null
		[ "$status" -eq 0 ]
		[[ $(sent_commands "$stage" | tail -n 2 | head -n 1) = $last* ]]
		[[ $(cat "$OUT") = 'unsent    b@server.test'* ]]
	done <<-END
		ehlo EHLO
		starttls EHLO
		auth AUTH
		mail MAIL
		rcpt RCPT
	END
}

@test "--quit-after banner says QUIT, and connect nothing" {
	serve -n banner
	ehlo --quit-after banner "127.0.0.1:$banner_PORT"
	ended 0 ''
	[ "$(sent_commands banner)" = QUIT ]
	serve -n connect
	ehlo --quit-after connect "127.0.0.1:$connect_PORT"
	ended 0 ''
	[ -z "$(sent_commands connect)" ]
}

@test "--quit-after takes stages only, and not --check" {
	ehlo --quit-after lunch 127.0.0.1:1
	ended 64 '' 'ehlo: --quit-after lunch: not connect, banner, ehlo, starttls, auth, mail or rcpt'
	ehlo --check --quit-after mail 127.0.0.1:1 a@client.test b@server.test
	ended 64 '' 'ehlo: --check and --quit-after exclude each other'
}

@test "LMTP without LHLO is a usage error" {
	ehlo --lmtp --no-esmtp 127.0.0.1:24 a@client.test b@server.test \
		<"$MESSAGE"
	ended 64 '' 'ehlo: --lmtp and --no-esmtp exclude each other'
}

@test "--quit-after mail says MAIL though there is no recipient" {
	while IFS='|' read -r reply as; do
		serve_one --play "MAIL: $reply"
		ehlo --helo client.test --quit-after mail "127.0.0.1:$PORT" \
			a@client.test
		[ "$status" -eq "$as" ]
		[ "$(sent_commands "$name" | tail -n 2 | head -n 1)" = \
			'MAIL FROM:<a@client.test>' ]
	done <<-END
		250 ok|0
		550 no|69
		451 later|75
	END
}

@test "LMTP: a reply too many leaves nobody's known" {
	serve --lmtp --play 'CONTENT 1: 250 a\n250 b' --play 'CONTENT 2: 550 no'
	submit --lmtp b@server.test c@server.test
	[ "$status" -eq 79 ]
	[ "$(cut -d' ' -f1 "$OUT")" = $'unknown\nunknown\nsent' ]
}
