#!/usr/bin/env bats
# ehlo and a real Dovecot, which dovecot.sh runs on loopback: LMTP, where each
# recipient has its own verdict, and submission.

load lib.bash

setup_file() {
	export id_pattern='> \([^ ]*\) Saved'
	start_server dovecot
}

teardown_file() {
	stop_server
}

setup() {
	enter
	rm -f "$dir"/mail/*/new/* "$dir"/relayed/message.*
}

# Holds what LMTP has stored for USER since the last time against FILE, byte by
# byte.
stored() { # USER FILE
	local files

	files=("$dir/mail/$1"/new/*)
	[ ${#files[@]} -eq 1 ]
	[ "$(head -n 1 "${files[0]}")" = 'Return-Path: <bob@example.test>' ]
	cmp <(tail -n +2 "${files[0]}") "$2"
	rm "${files[0]}"
}

nothing_for() { # USER
	[ "$(compgen -G "$dir/mail/$1/new/*" | wc -l)" -eq 0 ]
}

# Holds the message that has gone through Dovecot's submission server against
# FILE. Dovecot prepends a header field, and ends each line with CR LF.
relayed() { # FILE
	local files

	files=("$dir"/relayed/message.*)
	[ ${#files[@]} -eq 1 ]
	head -n 1 "${files[0]}" | grep -q '^Received: '
	cmp <(awk 'NR > 1 && !/^\t/ { body = 1 } body' "${files[0]}") \
	    <(sed 's/$/\r/' "$1")
	rm "${files[0]}"
}

# Holds how Dovecot says that the last one has logged in.
logged_in() { # MECHANISM USER
	grep 'submission-login: Info: Login: ' "$dir/maillog" | tail -n 1 |
	    grep "user=<$2>, method=$1, .* TLS, "
}

delivered_to_alice() {
	reported 0 <<-'END'
	accepted  alice@example.test  250 2.0.0 <alice@example.test> ID Saved
	sent to 1 of 1 recipient
	END
}

lmtp_stores() { # ARGUMENT...
	send "$@" bob@example.test alice@example.test
	delivered_to_alice
	stored alice expected
}

arrives_by_lmtp() {
	from_file_and_pipe lmtp_stores --tls none "lmtp://localhost:$LMTP"
	from_file_and_pipe lmtp_stores --no-chunking "lmtp://localhost:$LMTP"
	from_file_and_pipe lmtp_stores "lmtp:$dir/lmtp"
}

submitted_by_alice() {
	reported 0 <<-'END'
	accepted  alice@example.test  250 2.1.5 Ok
	sent to 1 of 1 recipient: 250 2.0.0 Ok
	END
}

submission_relays() { # ARGUMENT...
	send --tls-ca "$ca" "$@" "submission://alice@localhost:$SUBMISSION" \
	    bob@example.test alice@example.test
	submitted_by_alice
	relayed expected
}

arrives_by_submission() {
	from_file_and_pipe submission_relays
	from_file_and_pipe submission_relays --no-chunking
}

# To each recipient that LMTP can have, and what is to be stored.
mixed_lmtp() { # ARGUMENT...
	send "$@" bob@example.test alice@example.test full@example.test \
	    nouser@example.test broken@example.test bob@example.test
	sed -i 's/\[[-0-9: ]*\]$/[TIME]/' report
	reported 1 <<-'END'
	accepted  alice@example.test  250 2.0.0 <alice@example.test> ID Saved
	refused   full@example.test  552 5.2.2 <full@example.test> Quota exceeded (mailbox for user is full)
	refused   nouser@example.test  550 5.1.1 <nouser@example.test> User doesn't exist: nouser@example.test
	deferred  broken@example.test  451 4.2.0 <broken@example.test> Internal error occurred. Refer to server log for more information. [TIME]
	accepted  bob@example.test  250 2.0.0 <bob@example.test> ID Saved
	sent to 2 of 5 recipients
	END
	stored alice message
	stored bob message
	nothing_for full
}

@test "LMTP: each recipient has its own verdict on the message" {
	mixed_lmtp --tls none "lmtp://localhost:$LMTP"
	mixed_lmtp --tls none --no-chunking "lmtp://localhost:$LMTP"
	mixed_lmtp --tls none --no-pipelining "lmtp://localhost:$LMTP"
}

@test "LMTP: and so it is through a Unix socket" {
	mixed_lmtp "lmtp:$dir/lmtp"
	mixed_lmtp --no-chunking --no-pipelining "lmtp:$dir/lmtp"
}

@test "LMTP: and so it is with a message of several chunks" {
	shape '3 MiB with many dots' >message
	mixed_lmtp -d "lmtp:$dir/lmtp"
	[ "$(grep -c '^> BDAT 1048576$' trace)" -eq 3 ]
	[ "$(grep -c '^> BDAT [0-9]* LAST$' trace)" -eq 1 ]
}

@test "LMTP: with every recipient unknown it is 67, and nothing is stored" {
	send -d "lmtp:$dir/lmtp" bob@example.test nouser@example.test \
	    nobody@example.test
	reported 67 <<-'END'
	refused   nouser@example.test  550 5.1.1 <nouser@example.test> User doesn't exist: nouser@example.test
	refused   nobody@example.test  550 5.1.1 <nobody@example.test> User doesn't exist: nobody@example.test
	sent to 0 of 2 recipients
	END
	[ "$(grep -cE '^> (DATA|BDAT)' trace)" -eq 0 ]
}

@test "LMTP: who is over quota has it at the end of the message: 69" {
	send "lmtp:$dir/lmtp" bob@example.test full@example.test
	reported 69 <<-'END'
	refused   full@example.test  552 5.2.2 <full@example.test> Quota exceeded (mailbox for user is full)
	sent to 0 of 1 recipient
	END
}

@test "LMTP: with one over quota and one deferred it is 75" {
	send "lmtp://localhost:$LMTP" bob@example.test full@example.test \
	    broken@example.test
	[ "$status" -eq 75 ]
	diff -u - <(cut -d ' ' -f 1 report) <<-END
	refused
	deferred
	sent
	END
}

@test "LMTP: --all-or-none keeps the message when one is unknown" {
	send --all-or-none "lmtp:$dir/lmtp" bob@example.test \
	    alice@example.test nouser@example.test
	reported 67 <<-'END'
	unsent    alice@example.test  not sent, since not every recipient was accepted (--all-or-none)
	refused   nouser@example.test  550 5.1.1 <nouser@example.test> User doesn't exist: nouser@example.test
	sent to 0 of 2 recipients
	END
	nothing_for alice
}

@test "LMTP: --check stores nothing" {
	send --check "lmtp:$dir/lmtp" bob@example.test alice@example.test \
	    nouser@example.test
	reported 1 <<-'END'
	ok        alice@example.test  250 2.1.5 OK
	refused   nouser@example.test  550 5.1.1 <nouser@example.test> User doesn't exist: nouser@example.test
	ok for 1 of 2 recipients, nothing sent
	END
	nothing_for alice
}

@test "LMTP: with STARTTLS or implicit TLS, and a verified certificate" {
	local where

	for where in "starttls lmtp://localhost:$LMTP" \
	    "implicit lmtp://127.0.0.1:$LMTPS" \
	    "starttls --tls-name localhost lmtp:$dir/lmtp"; do
		# shellcheck disable=SC2086
		send -d --tls-ca "$ca" --tls $where bob@example.test \
		    alice@example.test
		delivered_to_alice
		stored alice message
		grep '^\* TLSv1\.3, .*, certificate verified$' trace
	done
}

@test "LMTP: a certificate that is not trusted is 77" {
	send -d --tls starttls --tls-ca "$dir/certs/selfsigned.pem" \
	    "lmtp://localhost:$LMTP" bob@example.test alice@example.test
	[ "$status" -eq 77 ]
	[ "$(grep -cE '^> (MAIL|RCPT)' trace)" -eq 0 ]
	nothing_for alice
}

@test "LMTP: a message of any shape arrives byte by byte, by DATA, BDAT and TLS" {
	every_shape arrives_by_lmtp
}

@test "submission: each mechanism logs in, also with a password of odd characters" {
	local mechanism

	for mechanism in PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256; do
		EHLO_PASSWORD=alicepw
		send -d --tls-ca "$ca" --auth "$mechanism" \
		    "submission://alice@localhost:$SUBMISSION" \
		    bob@example.test alice@example.test
		submitted_by_alice
		logged_in "$mechanism" alice
		relayed message
		grep '^\* TLSv1\.3, .*, certificate verified$' trace

		EHLO_PASSWORD='bob s3cret,=%\pw'
		send --tls-ca "$ca" --auth "$mechanism" \
		    "submissions://bob@localhost:$SUBMISSIONS" \
		    bob@example.test alice@example.test
		submitted_by_alice
		logged_in "$mechanism" bob
		relayed message
	done
}

@test "submission: no mechanism shows the password in a trace" {
	local mechanism secret

	for mechanism in PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256; do
		send -ddd --tls-ca "$ca" --auth "$mechanism" \
		    "submission://alice@localhost:$SUBMISSION" \
		    bob@example.test alice@example.test
		submitted_by_alice
		[ "$(grep -cF '[hidden]' trace)" -gt 0 ]
		# alicepw, and in base64 alicepw and \0alice\0alicepw
		for secret in alicepw YWxpY2Vwdw AGFsaWNlAGFsaWNlcHc; do
			[ "$(grep -cF "$secret" trace)" -eq 0 ]
		done
	done
}

@test "submission: a wrong password is 77, and tried once" {
	local mechanism

	EHLO_PASSWORD=wrong
	for mechanism in PLAIN,LOGIN,CRAM-MD5 LOGIN CRAM-MD5 SCRAM-SHA-1 \
	    SCRAM-SHA-256; do
		send -d --tls-ca "$ca" --auth "$mechanism" \
		    "submission://alice@localhost:$SUBMISSION" \
		    bob@example.test alice@example.test
		reported 77 <<-'END'
		unsent    alice@example.test  AUTH: 535 5.7.8 Authentication failed.
		sent to 0 of 1 recipient
		END
		[ "$(grep -c '^> AUTH' trace)" -eq 1 ]
	done
}

# A token of USER that is good until an instant, as dovecot.sh says.
jwt() { # USER EXPIRES
	local head body

	head=$(printf '{"alg":"HS256","typ":"JWT"}' | base64 -w 0)
	body=$(printf '{"sub":"%s","iat":0,"nbf":0,"exp":%d}' "$1" "$2" |
	    base64 -w 0)
	head=$(tr -d = <<<"$head.$body" | tr +/ -_)
	printf '%s.' "$head"
	printf %s "$head" |
	    openssl dgst -sha256 -hmac 'the key of tests' -binary |
	    base64 -w 0 | tr -d = | tr +/ -_
}

@test "submission: without a word from the user it is SCRAM-SHA-256" {
	send -d --tls-ca "$ca" "submission://alice@localhost:$SUBMISSION" \
	    bob@example.test alice@example.test
	submitted_by_alice
	logged_in SCRAM-SHA-256 alice
	relayed message
}

@test "submission: OAUTHBEARER and XOAUTH2 log in with a token" {
	local mechanism

	jwt alice 4102444800 >token
	chmod 600 token
	for mechanism in OAUTHBEARER XOAUTH2; do
		send -d --tls-ca "$ca" --auth "$mechanism" --token-file token \
		    "submission://alice@localhost:$SUBMISSION" \
		    bob@example.test alice@example.test
		submitted_by_alice
		logged_in "$mechanism" alice
		relayed message
	done
	send --tls-ca "$ca" --token-command 'cat token' \
	    "submissions://alice@localhost:$SUBMISSIONS" \
	    bob@example.test alice@example.test
	submitted_by_alice
	logged_in OAUTHBEARER alice
	relayed message
}

@test "submission: a token that has expired is 77, in the server's words" {
	local mechanism

	jwt alice 1000000000 >token
	chmod 600 token
	for mechanism in OAUTHBEARER XOAUTH2; do
		send -d --tls-ca "$ca" --auth "$mechanism" --token-file token \
		    "submission://alice@localhost:$SUBMISSION" \
		    bob@example.test alice@example.test
		[ "$status" -eq 77 ]
		grep '^ehlo: localhost:.*: AUTH: 535 5\.7\.8 .*: {.*"status":' \
		    trace
		[ "$(grep -c '^> AUTH' trace)" -eq 1 ]
	done
}

@test "submission: in place of a token that has expired a fresh one is taken" {
	jwt alice 1000000000 >token
	jwt alice 4102444800 >fresh
	send -d --tls-ca "$ca" \
	    --token-command 'cat token; cat fresh >token' \
	    "submission://alice@localhost:$SUBMISSION" \
	    bob@example.test alice@example.test
	submitted_by_alice
	logged_in OAUTHBEARER alice
	relayed message
	[ "$(grep -c '^> AUTH' trace)" -eq 2 ]
}

@test "submission: who has no login is told so, which is 77" {
	send --tls-ca "$ca" "submission://localhost:$SUBMISSION" \
	    bob@example.test alice@example.test
	reported 77 <<-'END'
	refused   alice@example.test  530 5.7.0 Authentication required.
	sent to 0 of 1 recipient
	END
}

@test "submission: accepted, refused and deferred recipients are each reported" {
	local way

	for way in --no-chunking --no-pipelining --tls=starttls; do
		send "$way" --tls-ca "$ca" \
		    "submission://alice@localhost:$SUBMISSION" \
		    bob@example.test r551@example.test alice@example.test \
		    r451@example.test bob@example.test
		reported 1 <<-'END'
		refused   r551@example.test  551 5.7.1 <r551@example.test> As you like it
		accepted  alice@example.test  250 2.1.5 Ok
		deferred  r451@example.test  451 4.7.1 <r451@example.test> As you like it
		accepted  bob@example.test  250 2.1.5 Ok
		sent to 2 of 4 recipients: 250 2.0.0 Ok
		END
		relayed message
	done
}

@test "submission: a refused sender is 69" {
	send --tls-ca "$ca" "submission://alice@localhost:$SUBMISSION" \
	    r551@example.test alice@example.test
	reported 69 <<-'END'
	refused   alice@example.test  551 5.7.1 As you like it
	sent to 0 of 1 recipient
	END
}

@test "submission: a large message goes in several chunks" {
	shape '3 MiB with many dots' >message
	send -d --tls-ca "$ca" "submission://alice@localhost:$SUBMISSION" \
	    bob@example.test alice@example.test
	submitted_by_alice
	[ "$(grep -c '^> BDAT 1048576$' trace)" -eq 3 ]
	[ "$(grep -c '^> BDAT [0-9]* LAST$' trace)" -eq 1 ]
	relayed message
}

@test "submission: a message over the size limit is 65 before MAIL" {
	{ cat message; yes | head -c 10485760; } >large
	input=large send -d --tls-ca "$ca" \
	    "submission://alice@localhost:$SUBMISSION" bob@example.test \
	    alice@example.test
	reported 65 <<-'END'
	refused   alice@example.test  the message has 15728665 octets, the server takes 10485760 (SIZE)
	sent to 0 of 1 recipient
	END
	[ "$(grep -c '^> MAIL' trace)" -eq 0 ]
}

@test "submission: a message of any shape arrives byte by byte, by DATA and BDAT" {
	every_shape arrives_by_submission
}
