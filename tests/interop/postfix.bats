#!/usr/bin/env bats
# ehlo and a real Postfix, which postfix.sh runs on loopback.

load lib.bash

setup_file() {
	export id_pattern=' queued as \([^; ]*\)'
	start_server postfix
}

teardown_file() {
	stop_server
}

setup() {
	enter
}

goodbyes() {
	grep -c ': disconnect from ' "$dir/maillog" || :
}

more_goodbyes() { # THAN
	[ "$(goodbyes)" -gt "$1" ]
}

# Runs ehlo in one session with Postfix, and awaits that this is over.
submit() { # ARGUMENT...
	local before

	before=$(goodbyes)
	send "$@"
	sed -i 's/ [0-9]* bytes queued as / queued as /' report
	await more_goodbyes "$before"
}

# Holds the commands of the last session, as Postfix counted them, against $1:
# NAME=GOOD/ALL, or NAME=ALL if all were good.
served() { # COMMANDS
	local log

	log=$(sed -n 's/.*: disconnect from [^ ]* \(.*\) commands=.*/\1/p' \
	    "$dir/maillog" | tail -n 1)
	diff -u <(echo "$1") <(echo "$log")
}

# Holds how Postfix says that the sender of the message has logged in against $1.
logged_in() { # MECHANISM USER
	grep -F "$id: client=" "$dir/maillog" |
	    grep ", sasl_method=$1, sasl_username=$2@example.test\$"
}

delivered() { # USER
	file=$(grep -ls -w "id $id" "$dir/mail/$1"/new/*)
}

# Holds the message just sent, as stored for USER, against FILE, byte by byte.
# Postfix prepends the six lines.
stored() { # USER FILE
	local file

	await delivered "$1" || return
	diff -u - <(head -n 6 "$file" | tr -d '\t' | cut -d ' ' -f 1) <<-END
	Return-Path:
	X-Original-To:
	Delivered-To:
	Received:
	by
	for
	END
	cmp <(tail -n +7 "$file") "$2"
}

accepted_by_alice() {
	reported 0 <<-'END'
	accepted  alice@example.test  250 2.1.5 Ok
	sent to 1 of 1 recipient: 250 2.0.0 Ok: queued as ID
	END
}

submitted_and_stored() { # ARGUMENT...
	submit "$@" bob@example.test alice@example.test
	accepted_by_alice
	stored alice expected
}

arrives_in_every_way() {
	from_file_and_pipe submitted_and_stored "localhost:$RELAY"
	from_file_and_pipe submitted_and_stored --no-chunking "localhost:$RELAY"
	from_file_and_pipe submitted_and_stored --tls starttls --tls-ca "$ca" \
	    --user alice "localhost:$SUBMISSION"
}

@test "with STARTTLS, a verified certificate and AUTH PLAIN a message arrives" {
	submit -d --tls starttls --tls-ca "$ca" --user alice --auth PLAIN \
	    "localhost:$SUBMISSION" bob@example.test alice@example.test
	accepted_by_alice
	served 'ehlo=2 starttls=1 auth=1 mail=1 rcpt=1 bdat=1 quit=1'
	logged_in PLAIN alice
	stored alice message
	grep '^\* TLSv1\.3, .*, certificate verified$' trace
	grep -Fx '> AUTH PLAIN [hidden]' trace
}

@test "with implicit TLS, a verified certificate and AUTH PLAIN a message arrives" {
	submit -d --tls implicit --tls-ca "$ca" --user alice --auth PLAIN \
	    "localhost:$SUBMISSIONS" bob@example.test alice@example.test
	accepted_by_alice
	served 'ehlo=1 auth=1 mail=1 rcpt=1 bdat=1 quit=1'
	logged_in PLAIN alice
	stored alice message
	grep '^\* TLSv1\.3, .*, certificate verified$' trace
}

@test "submission:// and submissions:// are STARTTLS and implicit TLS" {
	submit --tls-ca "$ca" "submission://alice@127.0.0.1:$SUBMISSION" \
	    bob@example.test alice@example.test
	accepted_by_alice
	served 'ehlo=2 starttls=1 auth=1 mail=1 rcpt=1 bdat=1 quit=1'
	submit --tls-ca "$ca" "submissions://alice@127.0.0.1:$SUBMISSIONS" \
	    bob@example.test alice@example.test
	accepted_by_alice
	served 'ehlo=1 auth=1 mail=1 rcpt=1 bdat=1 quit=1'
}

@test "each mechanism logs in, also with a password of odd characters" {
	local mechanism

	for mechanism in PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 \
	    SCRAM-SHA-512; do
		EHLO_PASSWORD=alicepw
		submit --tls starttls --tls-ca "$ca" --user alice \
		    --auth "$mechanism" "localhost:$SUBMISSION" \
		    bob@example.test alice@example.test
		accepted_by_alice
		logged_in "$mechanism" alice

		EHLO_PASSWORD='bob s3cret,=%\pw'
		submit --tls starttls --tls-ca "$ca" --user bob \
		    --auth "$mechanism" "localhost:$SUBMISSION" \
		    bob@example.test alice@example.test
		accepted_by_alice
		logged_in "$mechanism" bob
	done
}

@test "without a word from the user it is SCRAM-SHA-512" {
	submit --tls starttls --tls-ca "$ca" --user alice \
	    "localhost:$SUBMISSION" bob@example.test alice@example.test
	accepted_by_alice
	logged_in SCRAM-SHA-512 alice
}

@test "no mechanism shows the password in a trace" {
	local mechanism secret

	for mechanism in PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 \
	    SCRAM-SHA-512; do
		submit -ddd --tls starttls --tls-ca "$ca" --user alice \
		    --auth "$mechanism" "localhost:$SUBMISSION" \
		    bob@example.test alice@example.test
		accepted_by_alice
		[ "$(grep -cF '[hidden]' trace)" -gt 0 ]
		# alicepw, and in base64 alicepw and \0alice\0alicepw
		for secret in alicepw YWxpY2Vwdw AGFsaWNlAGFsaWNlcHc; do
			[ "$(grep -cF "$secret" trace)" -eq 0 ]
		done
	done
}

@test "a wrong password is 77, tried once, and the recipient is unsent" {
	local mechanism

	EHLO_PASSWORD=wrong
	for mechanism in PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 \
	    SCRAM-SHA-512; do
		submit --tls starttls --tls-ca "$ca" --user alice \
		    --auth "$mechanism" "localhost:$SUBMISSION" \
		    bob@example.test alice@example.test
		sed -i 's/\(AUTH: 535 5\.7\.8\) .*/\1 .../' report
		reported 77 <<-'END'
		unsent    alice@example.test  AUTH: 535 5.7.8 ...
		sent to 0 of 1 recipient
		END
		served 'ehlo=2 starttls=1 auth=0/1 quit=1'
	done
	submit --tls starttls --tls-ca "$ca" --user alice \
	    "localhost:$SUBMISSION" bob@example.test alice@example.test
	[ "$status" -eq 77 ]
	served 'ehlo=2 starttls=1 auth=0/1 quit=1'
}

@test "without TLS there is no AUTH, and nothing is sent" {
	submit -d --tls none --user alice "localhost:$SUBMISSION" \
	    bob@example.test alice@example.test
	reported 77 <<-'END'
	unsent    alice@example.test  the server does not offer AUTH
	sent to 0 of 1 recipient
	END
	served 'ehlo=1 quit=1'
	[ "$(grep -c '^> AUTH' trace)" -eq 0 ]
}

@test "a port that wants a login refuses each recipient of who has none" {
	submit --tls starttls --tls-ca "$ca" "localhost:$SUBMISSION" \
	    bob@example.test alice@example.test bob@example.test
	reported 67 <<-'END'
	refused   alice@example.test  554 5.7.1 <unknown[127.0.0.1]>: Client host rejected: Access denied
	refused   bob@example.test  554 5.7.1 <unknown[127.0.0.1]>: Client host rejected: Access denied
	sent to 0 of 2 recipients
	END
	served 'ehlo=2 starttls=1 mail=1 rcpt=0/2 quit=1'
}

@test "after a certificate of an authority that is not trusted nothing is sent" {
	local tls port why who

	why="the server's certificate is not accepted: nobody trusted here has"
	why+=" signed it: the server sent no certificate of CN = Test authority,"
	for tls in starttls implicit; do
		port=$SUBMISSION
		[ $tls = starttls ] || port=$SUBMISSIONS
		submit -d --tls $tls --tls-ca "$dir/certs/selfsigned.pem" \
		    --user alice "localhost:$port" bob@example.test \
		    alice@example.test bob@example.test
		[ "$status" -eq 77 ]
		for who in alice bob; do
			grep -qF "unsent    $who@example.test  $why" report
		done
		[ "$(grep -cE '^> (AUTH|MAIL|RCPT|DATA|\.)' trace)" -eq 0 ]
	done
}

@test "a certificate for another name is 77" {
	submit --tls starttls --tls-ca "$ca" --tls-name mail.other.test \
	    --user alice "localhost:$SUBMISSION" bob@example.test \
	    alice@example.test
	[ "$status" -eq 77 ]
	[ "$(cut -d ' ' -f 1 report | head -n 1)" = unsent ]
}

@test "a port without STARTTLS is 77 with --tls starttls" {
	submit --tls starttls --tls-ca "$ca" "localhost:$RELAY" \
	    bob@example.test alice@example.test
	reported 77 <<-'END'
	unsent    alice@example.test  the server does not offer STARTTLS
	sent to 0 of 1 recipient
	END
	served 'ehlo=1 quit=1'
}

@test "an accepted, a refused and a deferred recipient are each reported" {
	submit "localhost:$MX" bob@example.test alice@example.test \
	    r550@example.test r451@example.test
	reported 1 <<-'END'
	accepted  alice@example.test  250 2.1.5 Ok
	refused   r550@example.test  550 5.7.1 <r550@example.test>: Recipient address rejected: As you like it
	deferred  r451@example.test  451 4.7.1 <r451@example.test>: Recipient address rejected: As you like it
	sent to 1 of 3 recipients: 250 2.0.0 Ok: queued as ID
	END
	served 'ehlo=1 mail=1 rcpt=1/3 bdat=1 quit=1'
	stored alice message
}

@test "refused and deferred recipients do not stop those after them" {
	submit "localhost:$MX" bob@example.test nouser@example.test \
	    alice@example.test full@example.test somebody@elsewhere.test \
	    bob@example.test
	reported 1 <<-'END'
	refused   nouser@example.test  550 5.1.1 <nouser@example.test>: Recipient address rejected: User unknown in virtual mailbox table
	accepted  alice@example.test  250 2.1.5 Ok
	deferred  full@example.test  452 4.2.2 <full@example.test>: Recipient address rejected: Mailbox full
	refused   somebody@elsewhere.test  554 5.7.1 <somebody@elsewhere.test>: Relay access denied
	accepted  bob@example.test  250 2.1.5 Ok
	sent to 2 of 5 recipients: 250 2.0.0 Ok: queued as ID
	END
	served 'ehlo=1 mail=1 rcpt=2/5 bdat=1 quit=1'
	await delivered alice
	await delivered bob
}

@test "with every recipient refused it is 67, with one deferred 75" {
	submit "localhost:$MX" bob@example.test nouser@example.test \
	    r551@example.test
	reported 67 <<-'END'
	refused   nouser@example.test  550 5.1.1 <nouser@example.test>: Recipient address rejected: User unknown in virtual mailbox table
	refused   r551@example.test  551 5.7.1 <r551@example.test>: Recipient address rejected: As you like it
	sent to 0 of 2 recipients
	END
	submit "localhost:$MX" bob@example.test nouser@example.test \
	    full@example.test
	reported 75 <<-'END'
	refused   nouser@example.test  550 5.1.1 <nouser@example.test>: Recipient address rejected: User unknown in virtual mailbox table
	deferred  full@example.test  452 4.2.2 <full@example.test>: Recipient address rejected: Mailbox full
	sent to 0 of 2 recipients
	END
}

@test "the null sender is accepted" {
	local file

	submit "localhost:$MX" '<>' alice@example.test
	accepted_by_alice
	await delivered alice
	[ "$(head -n 1 "$file")" = 'Return-Path: <>' ]
}

@test "a message over the size limit is 65 before MAIL" {
	{ cat message; seq 20000; } >large
	input=large submit -d "localhost:$MX" bob@example.test \
	    alice@example.test
	reported 65 <<-'END'
	refused   alice@example.test  the message has 128919 octets, the server takes 100000 (SIZE)
	sent to 0 of 1 recipient
	END
	served 'ehlo=1 quit=1'
	[ "$(grep -c '^> MAIL' trace)" -eq 0 ]
}

@test "a message of just the size limit is accepted" {
	# 18 octets, 999 times 100 and 82, with CR LF.
	{
		printf 'Subject: limit\n\n'
		seq -f '%098g' 999
		printf '%080d\n' 0
	} >full
	input=full submit "localhost:$MX" bob@example.test alice@example.test
	accepted_by_alice
	stored alice full
}

@test "a server without SIZE refuses a message that is too large at its end" {
	{ cat message; seq 20000; } >large
	input=large submit "localhost:$BARE" bob@example.test \
	    alice@example.test
	reported 69 <<-'END'
	refused   alice@example.test  552 5.3.4 Error: message file too big
	sent to 0 of 1 recipient
	END
	served 'ehlo=1 mail=1 rcpt=1 data=0/1 quit=1'
}

@test "where PIPELINING is hidden each command waits for its reply" {
	submit -d "localhost:$SEQUENTIAL" bob@example.test \
	    alice@example.test r550@example.test r451@example.test
	reported 1 <<-'END'
	accepted  alice@example.test  250 2.1.5 Ok
	refused   r550@example.test  550 5.7.1 <r550@example.test>: Recipient address rejected: As you like it
	deferred  r451@example.test  451 4.7.1 <r451@example.test>: Recipient address rejected: As you like it
	sent to 1 of 3 recipients: 250 2.0.0 Ok: queued as ID
	END
	diff -u - <(sed -n '/^> MAIL/,$p' trace | cut -c 1-20) <<-END
	> MAIL FROM:<bob@exa
	< 250 2.1.0 Ok
	> RCPT TO:<alice@exa
	< 250 2.1.5 Ok
	> RCPT TO:<r550@exam
	< 550 5.7.1 <r550@ex
	> RCPT TO:<r451@exam
	< 451 4.7.1 <r451@ex
	* message of 25 octe
	> BDAT 25 LAST
	< 250 2.0.0 Ok: 25 b
	> QUIT
	< 221 2.0.0 Bye
	END
	stored alice message
}

@test "where every extension is hidden MAIL and RCPT have no parameters" {
	submit -d "localhost:$BARE" bob@example.test alice@example.test
	accepted_by_alice
	stored alice message
	diff -u - <(grep '^>' trace | tail -n +2) <<-'END'
	> MAIL FROM:<bob@example.test>
	> RCPT TO:<alice@example.test>
	> DATA
	> .
	> QUIT
	END
}

@test "a message of 8 bits is 65 where 8BITMIME is hidden" {
	printf 'Subject: test\n\n\xc3\xa4\n' >message
	submit "localhost:$BARE" bob@example.test alice@example.test
	reported 65 <<-'END'
	refused   alice@example.test  the message has octets above 127, and the server does not offer 8BITMIME
	sent to 0 of 1 recipient
	END
	served 'ehlo=1 quit=1'
}

@test "--no-esmtp says HELO, and the message arrives" {
	submit --no-esmtp "localhost:$RELAY" bob@example.test \
	    alice@example.test
	accepted_by_alice
	served 'helo=1 mail=1 rcpt=1 data=1 quit=1'
	stored alice message
}

@test "of 1500 recipients those over the server's 1000 go in another transaction" {
	seq -f 'user%g@many.test' 1500 >recipients
	{
		seq -f 'accepted  user%g@many.test  250 2.1.5 Ok' 1500
		echo 'sent to 1500 of 1500 recipients: 250 2.0.0 Ok: queued as ID; 250 2.0.0 Ok: 25 bytes queued as ID'
	} >expected
	submit --to-file recipients "localhost:$RELAY" bob@example.test
	reported 0 <expected
	# To Postfix the 452 is no error.
	served 'ehlo=1 mail=2 rcpt=2000 bdat=2 quit=1'
}

@test "a message of any shape arrives byte by byte, by DATA, BDAT and TLS" {
	every_shape arrives_in_every_way
}

@test "8-bit text is announced with BODY=8BITMIME" {
	printf 'Subject: 8 bits\n\n\xc3\xa4\n' >message
	submit -d "localhost:$RELAY" bob@example.test alice@example.test
	accepted_by_alice
	grep -Fx '> MAIL FROM:<bob@example.test> SIZE=23 BODY=8BITMIME' trace
}

@test "a line of 100 kB arrives whole" {
	printf 'Subject: long\n\n%0100000d\nend\n' 0 | tr 0 . >message
	cp message expected
	arrives_in_every_way
}

@test "a message of header fields alone arrives as it was" {
	printf 'Subject: no body\nX-Last: field\n' >message
	cp message expected
	arrives_in_every_way
}

# Whether Postfix has written a report on the message just sent.
has_report() {
	report=$(sed -n "s/.*$id: sender delivery status notification: //p" \
	    "$dir/maillog")
	[ -n "$report" ]
}

@test "a report of delivery has the ID and the recipient as they were given" {
	local report

	submit --dsn-notify success --dsn-return headers --dsn-id 'Q Q+1=x' \
	    "localhost:$RELAY" bob@example.test alice@example.test
	accepted_by_alice
	await has_report
	id=$report await delivered bob
	diff -u - <(grep -h -e '^Original-' -e '^Action:' "$file") <<-'END'
	Original-Envelope-Id: Q Q+1=x
	Original-Recipient: rfc822;alice@example.test
	Action: delivered
	END
}

@test "a parameter that the server does not know is refused by it and named" {
	submit --mail-param X=1 "localhost:$RELAY" bob@example.test \
	    alice@example.test
	reported 69 <<-'END'
	refused   alice@example.test  555 5.5.4 Unsupported option: X=1
	sent to 0 of 1 recipient
	END
	grep -F ': MAIL FROM with X=1: 555 5.5.4 ' trace
}
