#!/usr/bin/env bats
# ehlo and a real OpenSMTPD, which opensmtpd.sh runs on loopback: a server
# without PIPELINING and CHUNKING, whose TLS fails after STARTTLS.

load lib.bash

setup_file() {
	export id_pattern='250 2\.0\.0 \([^ ]*\) Message accepted'
	start_server opensmtpd
}

teardown_file() {
	stop_server
}

setup() {
	enter
}

delivered() { # USER
	file=$(grep -ls -w "id $id" "$dir/mail/$1"/new/*)
}

# Holds the message just sent, as stored for USER, against FILE, byte by byte.
# OpenSMTPD prepends three fields, the last one folded. From this machine it adds
# those that are missing, and takes Bcc away.
stored() { # USER FILE
	local file

	await delivered "$1"
	diff -u - <(head -n 3 "$file" | cut -d ' ' -f 1) <<-END
	Return-Path:
	Delivered-To:
	Received:
	END
	cmp <(awk 'NR > 3 && !/^\t/ { message = 1 } message' "$file" |
	    sed '1,/^$/{/^Date: /d;/^Message-ID: /d;}') \
	    <(sed '1,/^$/{/^BCC: /d;}' "$2")
}

accepted_by_alice() {
	reported 0 <<-'END'
	accepted  alice@example.test  250 2.1.5 Destination address valid: Recipient ok
	sent to 1 of 1 recipient: 250 2.0.0 ID Message accepted for delivery
	END
}

sent_and_stored() { # ARGUMENT...
	send "$@" bob@example.test alice@example.test
	accepted_by_alice
	stored alice expected
}

arrives_in_every_way() {
	from_file_and_pipe sent_and_stored "localhost:$RELAY"
	from_file_and_pipe sent_and_stored --tls none "localhost:$TLS"
}

# Whether the handshake fails for everybody.
needs_broken_tls() {
	! openssl s_client -starttls smtp -connect "localhost:$TLS" \
	    </dev/null >handshake 2>&1 || skip 'TLS works with this OpenSMTPD'
}

@test "a message arrives, each command after the reply to the one before" {
	send -d --helo client.test "localhost:$RELAY" bob@example.test \
	    alice@example.test
	accepted_by_alice
	stored alice message
	diff -u - <(sed -n '/^> MAIL/,$p' trace | sed "s/$id/ID/") <<-'END'
	> MAIL FROM:<bob@example.test> SIZE=25
	< 250 2.0.0 Ok
	> RCPT TO:<alice@example.test>
	< 250 2.1.5 Destination address valid: Recipient ok
	> DATA
	< 354 Enter mail, end with "." on a line by itself
	* message of 25 octets
	> .
	< 250 2.0.0 ID Message accepted for delivery
	> QUIT
	< 221 2.0.0 Bye
	END
}

@test "an accepted, a refused and a deferred recipient are each reported" {
	send "localhost:$RELAY" bob@example.test nouser@example.test \
	    alice@example.test r550@example.test r451@example.test \
	    somebody@elsewhere.test bob@example.test
	reported 1 <<-'END'
	refused   nouser@example.test  550 Invalid recipient: <nouser@example.test>
	accepted  alice@example.test  250 2.1.5 Destination address valid: Recipient ok
	refused   r550@example.test  550 5.7.1 As you like it
	deferred  r451@example.test  451 4.7.1 As you like it
	refused   somebody@elsewhere.test  550 Invalid recipient: <somebody@elsewhere.test>
	accepted  bob@example.test  250 2.1.5 Destination address valid: Recipient ok
	sent to 2 of 6 recipients: 250 2.0.0 ID Message accepted for delivery
	END
	stored alice message
	stored bob message
}

@test "with every recipient refused it is 67, with one deferred 75" {
	send "localhost:$RELAY" bob@example.test nouser@example.test \
	    r550@example.test
	reported 67 <<-'END'
	refused   nouser@example.test  550 Invalid recipient: <nouser@example.test>
	refused   r550@example.test  550 5.7.1 As you like it
	sent to 0 of 2 recipients
	END
	send "localhost:$RELAY" bob@example.test r451@example.test \
	    nouser@example.test
	reported 75 <<-'END'
	deferred  r451@example.test  451 4.7.1 As you like it
	refused   nouser@example.test  550 Invalid recipient: <nouser@example.test>
	sent to 0 of 2 recipients
	END
}

@test "a refused sender is 69" {
	send "localhost:$RELAY" r550@example.test alice@example.test
	reported 69 <<-'END'
	refused   alice@example.test  550 5.7.1 As you like it
	sent to 0 of 1 recipient
	END
}

@test "421 at a recipient ends the session, and nobody has the message" {
	send -d "localhost:$RELAY" bob@example.test r550@example.test \
	    alice@example.test drop@example.test bob@example.test
	reported 75 <<-'END'
	refused   r550@example.test  550 5.7.1 As you like it
	deferred  alice@example.test  421 4.7.1 Enough of it
	deferred  drop@example.test  421 4.7.1 Enough of it
	deferred  bob@example.test  421 4.7.1 Enough of it
	sent to 0 of 4 recipients
	END
	[ "$(grep -c '^> DATA' trace)" -eq 0 ]
}

@test "who is one too many for a transaction gets the message by another" {
	local i

	for ((i = 1; i <= 22; i++)); do
		echo "alice+$i@example.test"
	done >recipients
	send --to-file recipients "localhost:$RELAY" bob@example.test
	{
		sed 's/.*/accepted  &  250 2.1.5 Destination address valid: Recipient ok/' recipients
		echo 'sent to 22 of 22 recipients: 250 2.0.0 ID Message accepted for delivery; 250 2.0.0 ID Message accepted for delivery'
	} >expected
	reported 0 <expected
	stored alice+22 message
}

@test "a line that is too long for the server is a refusal of the message" {
	printf 'Subject: long\n\n%0100000d\nend\n' 0 >message
	send "localhost:$RELAY" bob@example.test alice@example.test
	reported 69 <<-'END'
	refused   alice@example.test  500 5.0.0 Line too long
	sent to 0 of 1 recipient
	END
}

@test "a message over the size limit is 65 before MAIL" {
	{ cat message; yes | head -c 10485760; } >large
	input=large send -d "localhost:$RELAY" bob@example.test \
	    alice@example.test
	reported 65 <<-'END'
	refused   alice@example.test  the message has 15728665 octets, the server takes 10485760 (SIZE)
	sent to 0 of 1 recipient
	END
	[ "$(grep -c '^> MAIL' trace)" -eq 0 ]
}

@test "what needs SMTPUTF8 is 65" {
	send "localhost:$RELAY" bob@example.test dörte@example.test
	reported 65 <<-'END'
	refused   dörte@example.test  an address is not ASCII, and the server does not offer SMTPUTF8
	sent to 0 of 1 recipient
	END
}

@test "a login is 77 where there is no AUTH" {
	send --user alice "localhost:$RELAY" bob@example.test \
	    alice@example.test
	reported 77 <<-'END'
	unsent    alice@example.test  the server does not offer AUTH
	sent to 0 of 1 recipient
	END
}

@test "the null sender is accepted" {
	local file

	send "localhost:$RELAY" '<>' alice@example.test
	accepted_by_alice
	await delivered alice
	[ "$(grep -c '^Return-Path:' "$file")" -eq 0 ]
}

@test "--no-esmtp says HELO, and the message arrives" {
	send --no-esmtp "localhost:$RELAY" bob@example.test alice@example.test
	accepted_by_alice
	stored alice message
}

@test "when the handshake fails after STARTTLS nothing is sent in cleartext" {
	local tls

	needs_broken_tls
	for tls in '--tls=auto' "--tls=starttls --tls-ca $ca"; do
		# shellcheck disable=SC2086
		send -d $tls --user alice "localhost:$TLS" \
		    bob@example.test alice@example.test
		reported 76 <<-'END'
		unsent    alice@example.test  TLS handshake: tlsv1 alert internal error
		sent to 0 of 1 recipient
		END
		[ "$(sed -n '/^> STARTTLS/,$p' trace | grep -c '^>')" -eq 1 ]
		grep -Fx '< 220 2.0.0 Ready to start TLS' trace
	done
}

@test "a message of any shape arrives byte by byte" {
	every_shape arrives_in_every_way
}
