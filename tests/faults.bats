#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# Hostile and odd servers, over real sockets: whole writes, one octet a
# segment, and both inside TLS. The numbers are those of the list of faults:
# connection and greeting, the syntax of replies, EHLO and groups.

bats_require_minimum_version 1.5.0

load lib
load play

setup() {
	setup_play
}

teardown() {
	teardown_client
}

@test "the greeting decides whether the session goes on (F-006 to F-020)" {
	play_table whole split1 implicit implicit1 <<-END
		F-006|GREETING: 554 5.7.1 no|69|refused|QUIT|greeting: 554 5.7.1 no
		F-007|GREETING: 521 5.3.2 no mail|69|refused|QUIT|greeting: 521 5.3.2 no mail
		F-008a|GREETING: 421 4.3.2 bye|75|deferred||greeting: 421 4.3.2 bye
		F-008b|GREETING: 450 4.3.2 later|75|deferred|QUIT|greeting: 450 4.3.2 later
		F-009|GREETING: drip 5 accept|0|accepted|QUIT|
		F-010|GREETING: raw 220-a\r\n then pause 30 then raw 220-\r\n then pause 30 then 220 b|0|accepted|QUIT|
		F-011|GREETING: 220|0|accepted|QUIT|
		F-012|GREETING: raw 220\n|0|accepted|QUIT|
		F-016|GREETING: close|75|unsent||greeting: $closed
		F-017|GREETING: pause 100 then reset|75|unsent||greeting: $reset
		F-018|GREETING: raw 220 hi then close|75|unsent||greeting: $halfway
		F-020a|GREETING: pause 200 then accept ; ehlo --timeout 20|0|accepted|QUIT|
		F-020b|GREETING: silent ; ehlo --timeout 0.3|75|unsent||greeting: $late
		200|GREETING: 250 hi|0|accepted|QUIT|
		3yz|GREETING: 354 go|76|unsent||greeting: 354 is no answer to that
	END
}

@test "a reset right after the connection is made is no more than one (F-017)" {
	play whole 'GREETING: reset'
	[ "$status" -eq 75 ]
	grep -qxE "ehlo: 127.0.0.1:$PORT: (greeting|connect to 127.0.0.1): $reset" \
		"$ERR"
	[ "$(grep -c ^unsent "$OUT")" -eq 2 ]
	all_good
}

@test "a server that greets and goes on at once is not spoken to (F-019)" {
	play_table whole implicit <<-END
		F-019|GREETING: raw 220 hi\r\n250-hi\r\n250 SIZE\r\n|76|unsent||the server spoke when nothing was asked
		half|GREETING: raw 220 hi\r\n2 ; ehlo --timeout 0.3|76|unsent||the server spoke when nothing was asked
		421|GREETING: raw 220 hi\r\n421 4.3.2 bye\r\n|75|deferred||unasked: 421 4.3.2 bye
	END
}

# The greeting of TLS is an alert or, of a client, a handshake.
@test "a port that speaks TLS is recognized by its first octet (F-021)" {
	hint='this port speaks TLS: use submissions://HOST or --tls=implicit'
	what='greeting: the server speaks TLS, not SMTP'
	play_table whole split1 <<-END
		alert|GREETING: raw \x15\x03\x03\0\x02\x02\x28 then close|76|unsent||$what @ $hint
		alert, open|GREETING: raw \x15\x03\x03\0\x02\x02\x28 then silent ; ehlo --timeout 2|76|unsent||$what @ $hint
		handshake|GREETING: raw \x16\x03\x01\0\x02\x01\0 then close|76|unsent||$what @ $hint
		with LF|GREETING: raw \x16\x03\x01\0\n\0 then close|76|unsent||$what @ $hint
	END
}

@test "replies may be short, and odd, and still be replies (F-030 to F-059)" {
	while IFS='|' read -r id script b c final; do
		for mode in whole split1 tls tls1; do
			[[ $mode$id != tls*F-03* ]] || mode=${mode/tls/implicit}
			play "$mode" "$script"
			wanted="exit status 0
accepted  b@server.test  $b
accepted  c@server.test  $c
sent to 2 of 2 recipients: $final
standard error:
"
			last_wanted=QUIT
			check "$id/$mode"
		done
	done <<-'END'
		F-030|GREETING: 220 ; EHLO: 250 ; MAIL: 250 ; RCPT: 250 ; DATA: 354 ; CONTENT: 250 ; QUIT: 221|250|250|250
		F-031|GREETING: raw 220\n then as 220 ; EHLO: raw 250\n then as 250 ; MAIL: raw 250\n then as 250 ; RCPT: raw 250\n then as 250 ; DATA: raw 354\n then as 354 ; CONTENT: raw 250\n then as 250 ; QUIT: raw 221\n|250|250|250
		F-032|GREETING: raw 220 \r\n ; EHLO: raw 250 \r\n then as 250 ; MAIL: raw 250 \r\n then as 250 ; RCPT: raw 250 \r\n then as 250 ; DATA: raw 354 \r\n then as 354 ; CONTENT: raw 250 \r\n|250|250|250
		F-052|CONTENT: raw 250 a\r\r\n|250 2.1.5 Ok|250 2.1.5 Ok|250 a
		F-059|RCPT 1: 260 ok ; RCPT 2: 299 2.9.9 ok ; CONTENT: 290 fine|260 ok|299 2.9.9 ok|290 fine
		F-066a|CONTENT: 250 caf\xe9|250 2.1.5 Ok|250 2.1.5 Ok|250 caf\xE9
		F-066b|RCPT 1: 250 \xc0\xaf ; CONTENT: 250 \xff\xfe|250 \xC0\xAF|250 2.1.5 Ok|250 \xFF\xFE
		F-067|CONTENT: 250 2.1.0.0.0 2.1.0.0.0 2.1.0.0.0|250 2.1.5 Ok|250 2.1.5 Ok|250 2.1.0.0.0 2.1.0.0.0 2.1.0.0.0
		F-068|CONTENT: 250 5.0.0 ok|250 2.1.5 Ok|250 2.1.5 Ok|250 5.0.0 ok
		lines|CONTENT: 250-2.0.0 a\n250-2.0.0\n250 2.0.0 b|250 2.1.5 Ok|250 2.1.5 Ok|250 2.0.0 a  b
	END
	[ "$step" -gt 0 ]
	all_good
}

@test "what is no reply ends the session, at the dot in 79 (F-036 to F-058)" {
	code='no reply code of three digits'
	range='a reply code out of range'
	while IFS='|' read -r id action why; do
		play_everywhere "$id" "$action" 76 "$why" whole
	done <<-END
		F-036|raw 25 ok\r\n|$code
		F-037|raw \x20250 ok\r\n|$code
		F-038a|raw +25 ok\r\n|$code
		F-038b|raw 2 5 ok\r\n|$code
		F-038c|raw ２５０ ok\r\n|$code
		F-039|raw \r\n250 ok\r\n|an empty line for a reply
		F-049|raw 250-a\r\n250b\r\n|neither space nor hyphen after the reply code
		F-056|raw 150 a\r\n250 b\r\n|$range
		F-057|650 ok|$range
		F-058a|999 ok|$range
		F-058b|000 ok|$range
		F-058c|199 ok|$range
	END
	all_good
}

@test "a NUL is no part of a reply code, and hides nothing" {
	play_everywhere nul 'raw 25\x000 ok\r\n' 76 \
		'no reply code of three digits' whole split1 tls tls1
	all_good
}

@test "a connection that ends in the middle of a reply (F-050, F-117)" {
	play_everywhere F-050 'raw 250-a\r\n then close' 75 "$halfway" whole \
		split1 tls tls1
	play_everywhere F-117a 'raw 25 then close' 75 "$halfway" whole split1 \
		tls tls1
	play_everywhere F-117b 'raw 250 Ok then close' 75 "$halfway" whole tls
	all_good
}

@test "a reply without an end is not read to the end (F-040 to F-042)" {
	many='a reply of more than 1000 lines'
	play_everywhere F-040 'endless 250-x\r\n' 76 "$many" whole split1 tls1
	play_everywhere F-042 'endless x' 76 'a line of more than 64 KiB' whole tls
	play_everywhere size "endless 250-$(printf '%500s' '')\r\n" 76 \
		'a reply of more than 256 KiB' whole tls
	all_good
}

@test "a reply of 1000 lines is one, of 1001 is none (F-046)" {
	printf -v lines '250-x\\n%.0s' {1..998}
	play_table whole split1 tls tls1 <<-END
		999|EHLO: ${lines}250 x|0|accepted|QUIT|
		1000|EHLO: 250-x\n${lines}250 x|0|accepted|QUIT|
		1001|EHLO: 250-x\n250-x\n${lines}250 x|76|unsent|EHLO client.test|EHLO: a reply of more than 1000 lines
		1001 at the dot|CONTENT: 250-x\n250-x\n${lines}250 x|79|unknown|QUIT|end of message: a reply of more than 1000 lines
	END
}

@test "lines that contradict one another are never a yes (F-047, F-048, D-06)" {
	differ='lines with different reply codes'
	mail='MAIL FROM:<a@client.test> SIZE=18'
	play_table whole split1 tls tls1 <<-END
		F-048a|CONTENT: 550-a\n250 b|79|unknown|QUIT|end of message: $differ
		F-048b|CONTENT: 250-a\n550 b|79|unknown|QUIT|end of message: $differ
		F-048c|CONTENT: 250-a\n251 b|79|unknown|QUIT|end of message: $differ
		good|MAIL: 250-a\n251 b ; --no-pipelining|76|unsent|$mail|MAIL FROM: $differ
		EHLO|EHLO: 250-a\n220 b|76|unsent|EHLO client.test|EHLO: $differ
	END
	for mode in whole split1 tls tls1; do
		play "$mode" '--no-pipelining ; RCPT 1: 250-a\n550 b'
		what="RCPT TO:<b@server.test>: $differ"
		wanted="exit status 76
refused   b@server.test  550 a b
unsent    c@server.test  $what
sent to 0 of 2 recipients
standard error:
ehlo: 127.0.0.1:$PORT: $what
"
		last_wanted='RCPT TO:<b@server.test>'
		check "F-047/$mode"
	done
	all_good
}

@test "a reply too many is never taken for one that is due (F-051 to F-062)" {
	mail='MAIL FROM:<a@client.test> SIZE=18'
	spoke='the server spoke when nothing was asked'
	play_table whole tls <<-END
		F-051|MAIL: raw 250 a\n\n then as 250 ; --no-pipelining|76|unsent|$mail|$spoke
		F-061|MAIL: 250 ok then raw 250 more\r\n ; --no-pipelining|76|unsent|$mail|$spoke
		F-130|DATA: 354 go then raw 250 ok\r\n|76|unsent|DATA|message: 250 before its end
	END
	play_table whole split1 tls tls1 <<-END
		F-051|MAIL: raw 250 a\n\n then as 250|76|unsent|DATA|RCPT TO:<b@server.test>: an empty line for a reply
		F-062|RCPT 1: 250 ok then pause 50 then raw 250 late\r\n ; RCPT 2: pause 200 then accept ; --no-pipelining|76|unsent|DATA|DATA: 250 is no answer to that
		F-091|RCPT 2: 250 ok then raw 250 more\r\n|76|unsent|DATA|DATA: 250 is no answer to that
	END
}

@test "354 has its place, and is not taken anywhere else (F-060, F-090, F-131)" {
	no='354 is no answer to that'
	mail='MAIL FROM:<a@client.test>'
	play_table whole split1 tls tls1 <<-END
		F-060a|MAIL: 354 go ; --no-pipelining|76|unsent|$mail SIZE=18|MAIL FROM: $no
		F-060b|RCPT 1: 354 go ; --no-pipelining|76|unsent|RCPT TO:<b@server.test>|RCPT TO:<b@server.test>: $no
		F-060c|RCPT 2: 354 go|76|unsent|DATA|RCPT TO:<c@server.test>: $no
		EHLO|EHLO: 354 go|76|unsent|EHLO client.test|EHLO: $no
		dot|CONTENT: 354 go|79|unknown|QUIT|end of message: $no
		F-090a|DATA: silent ; ehlo --timeout 0.5|75|unsent|DATA|DATA: $late
		F-090b|RCPT 2: as 250|76|unsent|DATA|RCPT TO:<c@server.test>: $no
		F-131|DATA: 250 ok|76|unsent|DATA|DATA: 250 is no answer to that
		F-132a|DATA: 350 go|0|accepted|QUIT|
		F-132b|DATA: 300 go|0|accepted|QUIT|
	END
}

@test "a refusal is told in the server's words (F-069, F-079, F-087, F-136)" {
	play_table whole split1 tls tls1 <<-END
		F-069|CONTENT: 550 2.0.0 no|69|refused|QUIT|end of message: 550 2.0.0 no
		F-059|MAIL: 599 no|69|refused|QUIT|MAIL FROM: 599 no
		F-079a|EHLO: 421 4.3.2 bye|75|deferred|EHLO client.test|EHLO: 421 4.3.2 bye
		F-079b|EHLO: 451 4.3.2 later|75|deferred|QUIT|EHLO: 451 4.3.2 later
		F-079c|EHLO: 554 5.7.1 no|69|refused|QUIT|EHLO: 554 5.7.1 no
		F-079d|EHLO: 530 5.7.0 no|77|refused|QUIT|EHLO: 530 5.7.0 no
		F-087|MAIL: 550 5.7.1 no ; RCPT: 250 ok ; DATA: 354 go|69|refused|DATA|MAIL FROM: 550 5.7.1 no
		F-136|CONTENT: 452 4.3.1 full|75|deferred|QUIT|end of message: 452 4.3.1 full
	END
}

@test "a SIZE that says nothing is no limit, but a SIZE (F-071)" {
	for size in 'SIZE 99999999999999999999999x' 'SIZE -1' 'SIZE 1 2' \
		'SIZE  5' 'SIZE 18446744073709551616' 'SIZE +5' 'SIZE 5x' SIZE; do
		play whole "--no-size ; --ehlo $size"
		expectation 0 accepted
		last_wanted=QUIT
		check "$size"
		[[ $transcript = *$'\nC: MAIL FROM:<a@client.test> SIZE=18\n'* ]] ||
			bad+=" $size: not declared"
	done
	all_good
}

@test "the replies to a group may be cut anywhere (F-080 to F-082)" {
	replies=$'250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n354 go\r\n'
	last_wanted=QUIT first='' second=''
	for ((n = 0; n < ${#replies}; n++)); do
		raw "${replies:0:n}" first
		raw "${replies:n}" second
		play whole "MAIL: $first then pause 3 then $second then as 250 ; RCPT: as 250 ; DATA: as 354"
		expectation 0 accepted
		check "cut at $n"
	done
	all_good
}

# A reply counts from its LF on, wherever the connection ends (F-111, F-117).
# Each line is MOMENT|REPLY|WHAT, the reply that the server itself would give.
@test "a connection may be cut behind any octet of the replies" {
	moments_after=('RCPT TO:<b@server.test>' 'RCPT TO:<c@server.test>' DATA
		message)
	while IFS='|' read -r moment reply what; do
		last_wanted='*'
		for ((n = 1; n < ${#reply} + 2; n++)); do
			play whole "$moment: cut $n 250 2.0.0 Ok"
			expectation 75 unsent "$what: $halfway"
			[ "$moment" != CONTENT ] ||
				expectation 79 unknown "$what: $halfway"
			check "$moment cut at $n"
		done
		play whole "$moment: cut $n 250 2.0.0 Ok"
		expectation 75 unsent "${moments_after[0]}: $closed"
		[ "$moment" != CONTENT ] || expectation 0 accepted
		check "$moment cut behind"
		moments_after=("${moments_after[@]:1}")
	done <<-END
		MAIL|250 2.0.0 Ok|MAIL FROM
		RCPT 1|250 2.0.0 Ok|RCPT TO:<b@server.test>
		RCPT 2|250 2.0.0 Ok|RCPT TO:<c@server.test>
		CONTENT|250 2.0.0 Ok|end of message
	END
	all_good
}

@test "a server that forgets what was sent ahead is found out (F-086)" {
	play_table whole split1 tls tls1 <<-END
		F-086|MAIL: flush ; ehlo --timeout 0.4|75|unsent|MAIL FROM:<a@client.test> SIZE=18|RCPT TO:<b@server.test>: $late @ $group_hint
	END
	play whole 'MAIL: flush ; ehlo --timeout 0.4'
	[ "$(grep '^C: ' <<<"$transcript")" = "C: EHLO client.test
C: MAIL FROM:<a@client.test> SIZE=18" ]
	play whole 'MAIL: flush ; ehlo --no-pipelining'
	expectation 0 accepted
	last_wanted=QUIT
	check '--no-pipelining'
	all_good
}

# 20000 times 500 octets are in none of the buffers (R-2920-06).
@test "20000 long replies come while the commands go (F-089)" {
	seq -f 'b%.0f@server.test' 20000 >"$BATS_TEST_TMPDIR/to"
	printf -v long 'x%.0s' {1..490}
	serve --rcvbuf 4096 --sndbuf 4096 --lax \
		--play "RCPT 20000: 452 4.2.2 $long" --play "RCPT: 250 $long"
	submit --to-file "$BATS_TEST_TMPDIR/to" --timeout 20
	[ "$status" -eq 1 ]
	[ "$(grep -c "^accepted  b[0-9]*@server.test  250 $long\$" "$OUT")" = \
		19999 ]
	[ "$(tail -n 2 "$OUT")" = "deferred  b20000@server.test  452 4.2.2 $long
sent to 19999 of 20000 recipients: 250 2.0.0 Ok" ]
	[ ! -s "$ERR" ]
	[ "$(grep -c ^RCPT "$(envelope 1)")" -eq 19999 ]
}
