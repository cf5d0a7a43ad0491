#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# Connections that end, and servers that go away or fall silent, at every
# step; over real sockets: whole writes, one octet a segment, inside TLS.

bats_require_minimum_version 1.5.0

load lib
load play

setup() {
	setup_play
}

teardown() {
	teardown_client
}

# Every moment there is: ID|MOMENT|WHAT|OPTIONS. With credentials the login
# is in the clear, or inside TLS.
login='--auth ann:secret ; --auth-clear ; ehlo --user ann --auth'
every_moment="GREETING|greeting|
EHLO|EHLO|
AUTH|AUTH|$login PLAIN
RESPONSE|AUTH|$login LOGIN
MAIL|MAIL FROM|
RCPT 1|RCPT TO:<b@server.test>|
RCPT 2|RCPT TO:<c@server.test>|
DATA|DATA|
CONTENT|end of message|"

# Plays an ACTION at every moment in every MODE; the outcome comes from
# `expect_at MOMENT WHAT`, which sets `wanted`.
play_at_every_moment() {
	local id=$1 action=$2 moment what options mode

	shift 2
	export EHLO_PASSWORD=secret
	while IFS='|' read -r moment what options; do
		for mode; do
			[[ $mode$moment != tls*GREETING ]] || mode=${mode/tls/implicit}
			play "$mode" "$moment: $action${options:+ ; $options}"
			expect_at "$moment" "$what"
			last_wanted='!(QUIT)'
			[ "$moment" != CONTENT ] || last_wanted='*'
			shopt -s extglob
			check "$id/$mode/$moment"
		done
	done <<<"$every_moment"
	all_good
}

@test "421 is deferred wherever it comes, and the last word (F-100 to F-109)" {
	expect_at() {
		expectation 75 deferred "$2: 421 4.3.2 bye"
	}
	play_at_every_moment 421 '421 4.3.2 bye then close' whole split1 tls tls1
}

unanswered() {
	if [ "$1" = CONTENT ]; then
		expectation 79 unknown "$2: $3"
	else
		expectation 75 unsent "$2: $3"
	fi
}

@test "FIN is unsent before the end of the message, then unknown (F-111)" {
	expect_at() {
		unanswered "$@" "$closed"
	}
	play_at_every_moment FIN close whole tls
}

@test "RST is unsent before the end of the message, then unknown (F-112)" {
	expect_at() {
		unanswered "$@" "$reset"
	}
	play_at_every_moment RST 'pause 50 then reset' whole tls
}

@test "silence is unsent before the end of the message, then unknown" {
	expect_at() {
		unanswered "$@" "$late"
		[[ $1 != MAIL && $1 != RCPT* ]] ||
			wanted+="hint: $group_hint"$'\n'
	}
	play_at_every_moment silent 'silent ; ehlo --timeout 0.4' whole
}

@test "421, FIN, RST and silence in place of a handshake" {
	certs
	tls="--tls-cert $CERTS/server.pem ; --tls-key $CERTS/server.key"
	play_table whole split1 <<-END
		421|STARTTLS: 421 4.3.2 bye ; $tls|75|deferred|STARTTLS|STARTTLS: 421 4.3.2 bye
		FIN|STARTTLS: close ; $tls|75|unsent|STARTTLS|STARTTLS: $closed
		RST|STARTTLS: pause 50 then reset ; $tls|75|unsent|STARTTLS|STARTTLS: $reset
		silence|STARTTLS: silent ; $tls ; ehlo --timeout 0.2|75|unsent|STARTTLS|STARTTLS: $late
	END
}

# What is not heard of QUIT changes nothing (F-110, D-07).
@test "what happens at QUIT is no longer of interest (F-110)" {
	play_table whole split1 tls tls1 <<-END
		421|QUIT: 421 4.3.2 bye|0|accepted|QUIT|
		FIN|QUIT: close|0|accepted|QUIT|
		RST|QUIT: reset|0|accepted|QUIT|
		silence|QUIT: silent ; ehlo --timeout 0.2|0|accepted|QUIT|
		F-118|CONTENT: 250 2.0.0 Ok then close|0|accepted|*|
		F-372|CONTENT: 250 2.0.0 Ok then raw 550 5.0.0 no\r\n|0|accepted|*|
	END
}

# RST may destroy what was not read (F-116).
@test "250 counts if it was read before RST came" {
	for mode in whole tls whole tls; do
		play "$mode" 'CONTENT: 250 2.0.0 Ok then reset'
		last_wanted='*'
		expectation 79 unknown "end of message: $reset"
		[ "$status" -ne 0 ] || expectation 0 accepted
		check "F-116/$mode"
		play "$mode" 'CONTENT: 250 2.0.0 Ok then pause 100 then reset'
		expectation 0 accepted
		check "F-116/$mode, later"
	done
	all_good
}

@test "recipients that have a verdict keep it, whatever comes (O-01)" {
	for end in '421 4.3.2 bye' close silent; do
		play whole "RCPT 1: 550 5.1.1 no ; DATA: $end ; ehlo --timeout 0.3"
		what="DATA: $closed" outcome=unsent
		case $end in
		421*) what='DATA: 421 4.3.2 bye' outcome=deferred ;;
		silent) what="DATA: $late" ;;
		esac
		words=$what
		[ "$outcome" != deferred ] || words=${what##*: }
		wanted="exit status 75
refused   b@server.test  550 5.1.1 no
$(printf %-8s "$outcome")  c@server.test  $words
sent to 0 of 2 recipients
standard error:
ehlo: 127.0.0.1:$PORT: $what
"
		last_wanted=DATA
		check "$end"
	done
	all_good
}

# 6 MB are more than two kernels hold of one connection.
big_message() {
	printf 'Subject: big\n\n' >"$MESSAGE"
	yes "$(printf 'x%.0s' {1..70})" | head -n 85000 >>"$MESSAGE"
	small='--rcvbuf 4096'
}

@test "a server that speaks in the middle of the message (F-106, F-121)" {
	big_message
	play_table whole split1 tls tls1 <<-END
		F-106|after 100000: 421 4.3.2 bye then close ; $small|75|deferred|DATA|message: 421 4.3.2 bye
		F-121a|after 100000: 552 5.3.4 too big then close ; $small|69|refused|DATA|message: 552 5.3.4 too big
		F-121b|after 100000: 452 4.3.1 full then close ; $small|75|deferred|DATA|message: 452 4.3.1 full
		250|after 100000: 250 2.0.0 Ok then close ; $small|76|unsent|DATA|message: 250 before its end
		no code|after 100000: raw hi\r\n then close ; $small|76|unsent|DATA|message: no reply code of three digits
		FIN|after 100000: close ; $small|75|unsent|DATA|message: $closed
	END
	[ "${#messages[@]}" -eq 0 ]
}

# Who is writing learns of RST by one call or another.
expect_loss() {
	local why

	for why in "$reset" 'Broken pipe' "$closed"; do
		expectation 75 unsent "$1: $why"
		[ "$output" != "$wanted" ] || return 0
	done
}

# Whether it can still be read is up to the kernels; the dot is not sent.
@test "552 and RST in the middle are refused or unsent, not unknown (F-122)" {
	big_message
	for mode in whole tls; do
		play "$mode" "after 100000: 552 5.3.4 too big then reset ; $small"
		last_wanted=DATA
		expectation 69 refused 'message: 552 5.3.4 too big'
		[ "$status" -ne 75 ] || expect_loss message
		check "F-122/$mode"
		play "$mode" "after 100000: reset ; $small"
		expect_loss message
		check "RST/$mode"
	done
	all_good
}

@test "a server that reads no more is given up (F-126, F-127)" {
	big_message
	what="message: the server does not take what is sent"
	play_table whole tls <<-END
		stall|after 100000: stall ; $small ; ehlo --timeout 0.4|75|unsent|DATA|$what
		F-127a|DATA: slow 5 then 354 go ; $small ; ehlo --timeout 0.4|75|unsent|DATA|$what
		F-127b|DATA: slow 5 then 354 go ; $small ; ehlo --deadline 0.7|75|unsent|DATA|message: the time of --deadline is over
	END
}

@test "a window that was nearly closed and opens again is no fault (F-126)" {
	big_message
	play_table whole tls <<-END
		F-126|DATA: slow 1 then 354 go ; after 300: slow 0 ; $small ; ehlo --timeout 20|0|accepted|QUIT|
	END
	sed 's/$/\r/' "$MESSAGE" | cmp - "${messages[0]}"
}

@test "a reply that drips for ever is late all the same (F-120)" {
	play_table whole tls <<-END
		F-120a|RCPT 1: drip 20 endless 2 ; ehlo --timeout 0.4|75|unsent|RCPT TO:<b@server.test>|RCPT TO:<b@server.test>: $late @ $group_hint
		F-120b|RCPT 1: drip 20 endless 2 ; ehlo --deadline 0.5|75|unsent|RCPT TO:<b@server.test>|RCPT TO:<b@server.test>: the time of --deadline is over
		F-120c|CONTENT: drip 20 endless 250-x\r\n ; ehlo --timeout 0.4|79|unknown|*|end of message: $late
		F-041|CONTENT: endless 250-x\r\n|79|unknown|*|end of message: a reply of more than 1000 lines
	END
}

@test "354 and the last reply may take their time (F-128, F-129)" {
	play_table whole tls <<-END
		F-128|DATA: pause 300 then accept ; ehlo --timeout 20|0|accepted|QUIT|
		F-129|CONTENT: pause 300 then accept ; ehlo --timeout 20|0|accepted|QUIT|
	END
}

@test "no second connection is made, though the first failed (F-139)" {
	serve --fork --play 'CONTENT: close' --play 'session 2 GREETING: 220 again'
	submit b@server.test c@server.test
	[ "$status" -eq 79 ]
	[ "$(transcript | grep -c '^\* connected')" -eq 1 ]
}

@test "a firewall that masks the greeting and drops EHLO (F-138)" {
	play_table whole <<-END
		F-138a|GREETING: 220 ******** ; EHLO: 500 5.5.1 XXXX|0|accepted|QUIT|
		F-138b|GREETING: 220 ******** ; EHLO: silent ; ehlo --timeout 0.3|75|unsent|EHLO client.test|EHLO: $late
	END
}

# The server stands at a RULE when it dies: WHERE is what it says then.
kill_at() {
	local rule=$1 where=$2 name dir client

	step=$((step + 1))
	name=step$step
	dir=$BATS_TEST_TMPDIR/srv-$name
	shift 2
	serve -n "$name" --rcvbuf 4096 --play "$rule" "$@"
	port=${name}_PORT
	PORT=${!port}
	"$EHLO" --helo client.test --timeout 20 "127.0.0.1:$PORT" \
		a@client.test b@server.test c@server.test <"$MESSAGE" \
		>"$OUT" 2>"$ERR" 3>&- &
	client=$!
	wait_for grep -qs "^\\* $where" "$dir/transcript"
	kill -9 "${SERVER_PID[$name]}"
	status=0
	wait "$client" || status=$?
	server=()
	end_step "$name"
	last_wanted='*'
}

@test "a server that is killed leaves all unsent before the dot" {
	while IFS='|' read -r moment what; do
		kill_at "$moment: silent" silent
		expectation 75 unsent "$what: $closed"
		[ "$moment" != CONTENT ] ||
			expectation 79 unknown "$what: $closed"
		check "$moment"
	done <<<"$moments"
	all_good
}

@test "a server that is killed at QUIT had accepted all" {
	kill_at 'QUIT: silent' silent
	expectation 0 accepted
	check QUIT
	all_good
}

@test "a server that is killed in the middle of the message: unsent" {
	big_message
	kill_at 'after 100000: stall' stalled
	expect_loss message
	check content
	all_good
}

@test "a server that is killed has deferred whom it had deferred" {
	kill_at 'DATA: silent' silent --play 'RCPT 1: 450 4.2.1 busy'
	what="DATA: $closed"
	wanted="exit status 75
deferred  b@server.test  450 4.2.1 busy
unsent    c@server.test  $what
sent to 0 of 2 recipients
standard error:
ehlo: 127.0.0.1:$PORT: $what
"
	check deferred
	all_good
}

# The addresses of localhost are one or two, as the machine has it.
@test "the next address is tried only while nothing was refused (F-001, F-006)" {
	mapfile -t addresses < <(getent ahosts localhost |
		awk '$2 == "STREAM" { print $1 }')
	[ "${#addresses[@]}" -gt 0 ]
	others= first=
	[ "${#addresses[@]}" -eq 1 ] || first="${addresses[0]}: "
	for address in "${addresses[@]:1}"; do
		others+="; connect to $address: Connection refused"
	done
	while IFS='|' read -r rule as what; do
		step=$((step + 1))
		name=step$step
		serve -n "$name" --listen "${addresses[0]}" --play "$rule"
		port=${name}_PORT
		ehlo --helo client.test "localhost:${!port}" a@client.test \
			b@server.test <"$MESSAGE"
		[ "$status" -eq "$as" ]
		[ "$(<"$ERR")" = "ehlo: localhost:${!port}: $what" ]
	done <<-END
		GREETING: 554 5.7.1 no|69|greeting: 554 5.7.1 no
		EHLO: 421 4.3.2 bye|75|EHLO: 421 4.3.2 bye
		MAIL: close|75|MAIL FROM: $closed
		GREETING: 421 4.3.2 bye|75|${first}greeting: 421 4.3.2 bye$others
		GREETING: close|75|${first}greeting: $closed$others
	END
	serve --listen "${addresses[0]}" --sessions 1
	ehlo "localhost:$PORT" a@client.test b@server.test <"$MESSAGE"
	[ "$status" -eq 0 ]
	served
	ehlo "localhost:$PORT" a@client.test b@server.test <"$MESSAGE"
	[ "$status" -eq 75 ]
	[ "$(<"$ERR")" = "ehlo: localhost:$PORT: connect to ${addresses[0]}: Connection refused$others" ]
}
