#!/usr/bin/env bats
# ehlo and a real Exim, which exim.sh runs on loopback: PRDR, and a server that
# ends the session of who speaks out of turn.

load lib.bash

setup_file() {
	export id_pattern='id=\([^ ]*\)'
	start_server exim
}

teardown_file() {
	stop_server
}

setup() {
	enter
}

# Holds how Exim says that it got the message: P=, A=, PRDR and K for CHUNKING.
received() { # HOW
	diff -u <(echo "$1") <(sed -n "s/.* $id <= .*]\( P=.*\) S=.*/\1/p" \
	    "$dir/mainlog" | sed 's/ [XC]V*=[^ ]*//g; s/^ //')
}

delivered() { # USER
	file=$(compgen -G "$dir/mail/$1/new/*,$id")
}

# Holds the message just sent, as stored for USER, against FILE, byte by byte.
stored() { # USER FILE
	local file

	await delivered "$1"
	cmp "$file" "$2"
}

# To BDAT Exim says how long the chunk was.
accepted_by_alice() {
	sed -i 's/ [0-9]* byte chunk, total [0-9]* OK id/OK id/' report
	reported 0 <<-'END'
	accepted  alice@example.test  250 Accepted
	sent to 1 of 1 recipient: 250 OK id=ID
	END
}

sent_and_stored() { # ARGUMENT...
	send "$@" bob@example.test alice@example.test
	accepted_by_alice
	stored alice expected
}

arrives_in_every_way() {
	from_file_and_pipe sent_and_stored "localhost:$RELAY"
	from_file_and_pipe sent_and_stored --no-chunking "localhost:$RELAY"
	from_file_and_pipe sent_and_stored "localhost:$BARE"
	from_file_and_pipe sent_and_stored --tls starttls --tls-ca "$ca" \
	    --user alice "localhost:$SUBMISSION"
}

@test "with STARTTLS, a verified certificate and AUTH PLAIN a message arrives" {
	send -d --tls-ca "$ca" "submission://alice@localhost:$SUBMISSION" \
	    bob@example.test alice@example.test
	accepted_by_alice
	received 'P=esmtpsa A=plain:alice K'
	stored alice message
	grep '^\* TLSv1\.3, .*, certificate verified$' trace
	grep -Fx '> AUTH PLAIN [hidden]' trace
}

@test "with implicit TLS, a verified certificate and AUTH PLAIN a message arrives" {
	send -d --tls-ca "$ca" "submissions://alice@127.0.0.1:$SUBMISSIONS" \
	    bob@example.test alice@example.test
	accepted_by_alice
	received 'P=esmtpsa A=plain:alice K'
	stored alice message
	grep '^\* TLSv1\.3, .*, certificate verified$' trace
}

@test "each mechanism logs in, also with a password of odd characters" {
	local mechanism name

	for mechanism in PLAIN LOGIN CRAM-MD5; do
		name=${mechanism,,}
		name=${name/-/_}
		EHLO_PASSWORD=alicepw
		send --tls-ca "$ca" --auth "$mechanism" \
		    "submission://alice@localhost:$SUBMISSION" \
		    bob@example.test alice@example.test
		accepted_by_alice
		received "P=esmtpsa A=$name:alice K"

		EHLO_PASSWORD='bob s3cret,=%\pw'
		send --tls-ca "$ca" --auth "$mechanism" \
		    "submission://bob@localhost:$SUBMISSION" \
		    bob@example.test alice@example.test
		accepted_by_alice
		received "P=esmtpsa A=$name:bob K"
	done
}

@test "a wrong password is 77, tried once, and the recipient is unsent" {
	local mechanism

	EHLO_PASSWORD=wrong
	for mechanism in PLAIN,LOGIN,CRAM-MD5 LOGIN CRAM-MD5; do
		send -d --tls-ca "$ca" --auth "$mechanism" \
		    "submission://alice@localhost:$SUBMISSION" \
		    bob@example.test alice@example.test
		reported 77 <<-'END'
		unsent    alice@example.test  AUTH: 535 Incorrect authentication data
		sent to 0 of 1 recipient
		END
		[ "$(grep -c '^> AUTH' trace)" -eq 1 ]
		[ "$(grep -cE '^> (MAIL|RCPT)' trace)" -eq 0 ]
	done
}

@test "who has no login is told so at MAIL, which is 77" {
	send --tls-ca "$ca" "submission://localhost:$SUBMISSION" \
	    bob@example.test alice@example.test bob@example.test
	reported 77 <<-'END'
	refused   alice@example.test  530 5.7.0 Log in first
	refused   bob@example.test  530 5.7.0 Log in first
	sent to 0 of 2 recipients
	END
}

@test "without TLS there is no AUTH, and nothing is sent" {
	send -d --tls none --user alice "localhost:$SUBMISSION" \
	    bob@example.test alice@example.test
	reported 77 <<-'END'
	unsent    alice@example.test  the server does not offer AUTH
	sent to 0 of 1 recipient
	END
	[ "$(grep -c '^> AUTH' trace)" -eq 0 ]
}

@test "after a certificate of an authority that is not trusted nothing is sent" {
	send -d --tls-ca "$dir/certs/selfsigned.pem" \
	    "submission://alice@localhost:$SUBMISSION" \
	    bob@example.test alice@example.test
	[ "$status" -eq 77 ]
	grep -x "unsent    alice@example.test  the server's certificate is not accepted: nobody trusted here has signed it: .*" report
	[ "$(grep -cE '^> (AUTH|MAIL|RCPT|DATA|BDAT)' trace)" -eq 0 ]
}

@test "an accepted, a refused and a deferred recipient are each reported" {
	send -d "localhost:$BARE" bob@example.test alice@example.test \
	    r550@example.test r451@example.test multi@example.test \
	    somebody@elsewhere.test bob@example.test
	reported 1 <<-'END'
	accepted  alice@example.test  250 Accepted
	refused   r550@example.test  550 5.7.1 As you like it
	deferred  r451@example.test  451 4.7.1 As you like it
	refused   multi@example.test  550 5.7.1 First line second line third line
	refused   somebody@elsewhere.test  550 5.7.1 No relay
	accepted  bob@example.test  250 Accepted
	sent to 2 of 6 recipients: 250 id=ID message accepted
	END
	stored alice message
	stored bob message
}

@test "with PRDR each recipient has its own verdict on the message, by BDAT" {
	send -d "localhost:$RELAY" bob@example.test alice@example.test \
	    data4@example.test r550@example.test data5@example.test \
	    bob@example.test
	reported 1 <<-'END'
	accepted  alice@example.test  250 Accepted
	deferred  data4@example.test  450 4.7.1 Not this message yet
	refused   r550@example.test  550 5.7.1 As you like it
	refused   data5@example.test  550 5.7.1 Not this message
	accepted  bob@example.test  250 Accepted
	sent to 2 of 5 recipients: 250 id=ID message accepted for some recipients
	END
	grep -Fx '> MAIL FROM:<bob@example.test> SIZE=25 PRDR' trace
	grep '^< 353 ' trace
	received 'P=esmtp PRDR K'
	stored alice message
	stored bob message
	await grep -q "$id Completed" "$dir/mainlog"
	[ "$(grep -c "$id [=-]>" "$dir/mainlog")" -eq 2 ]
}

@test "with PRDR each recipient has its own verdict on the message, by DATA" {
	send --no-chunking "localhost:$RELAY" bob@example.test \
	    data5@example.test alice@example.test data4@example.test
	reported 1 <<-'END'
	refused   data5@example.test  550 5.7.1 Not this message
	accepted  alice@example.test  250 Accepted
	deferred  data4@example.test  450 4.7.1 Not this message yet
	sent to 1 of 3 recipients: 250 id=ID message accepted for some recipients
	END
	received 'P=esmtp PRDR'
	stored alice message
}

@test "with PRDR and nobody left the message is for nobody" {
	send "localhost:$RELAY" bob@example.test data5@example.test \
	    data4@example.test
	reported 75 <<-'END'
	refused   data5@example.test  550 5.7.1 Not this message
	deferred  data4@example.test  450 4.7.1 Not this message yet
	sent to 0 of 2 recipients
	END
}

@test "with PRDR and everybody content the message is for all" {
	send "localhost:$RELAY" bob@example.test alice@example.test \
	    bob@example.test
	reported 0 <<-'END'
	accepted  alice@example.test  250 Accepted
	accepted  bob@example.test  250 Accepted
	sent to 2 of 2 recipients: 250 id=ID message accepted
	END
	received 'P=esmtp PRDR K'
}

@test "a message that is refused or deferred for all is 69 or 75" {
	local way

	for way in --no-chunking --no-pipelining; do
		printf 'Subject: refuse\n\nHello.\n' >message
		send "$way" "localhost:$RELAY" bob@example.test \
		    alice@example.test bob@example.test
		reported 69 <<-'END'
		refused   alice@example.test  554 5.6.0 Not this message
		refused   bob@example.test  554 5.6.0 Not this message
		sent to 0 of 2 recipients
		END
		printf 'Subject: defer\n\nHello.\n' >message
		send "$way" "localhost:$RELAY" bob@example.test \
		    alice@example.test r550@example.test
		reported 75 <<-'END'
		deferred  alice@example.test  451 4.6.0 Not this message yet
		refused   r550@example.test  550 5.7.1 As you like it
		sent to 0 of 2 recipients
		END
	done
}

@test "with every recipient refused it is 67, with one deferred 75" {
	send "localhost:$RELAY" bob@example.test nouser@example.test \
	    r551@example.test
	reported 67 <<-'END'
	refused   nouser@example.test  550 Unrouteable address
	refused   r551@example.test  551 5.7.1 As you like it
	sent to 0 of 2 recipients
	END
	send "localhost:$RELAY" bob@example.test nouser@example.test \
	    r452@example.test
	reported 75 <<-'END'
	refused   nouser@example.test  550 Unrouteable address
	deferred  r452@example.test  452 4.7.1 As you like it
	sent to 0 of 2 recipients
	END
}

@test "a session that ends at a recipient leaves those before and after unsent" {
	local gone='RCPT TO:<bob@example.test>: the server closed the connection'

	send "localhost:$RELAY" bob@example.test alice@example.test \
	    r550@example.test drop@example.test bob@example.test
	sed -i 's/Connection reset by peer/the server closed the connection/' \
	    report
	reported 75 <<-END
	unsent    alice@example.test  $gone
	refused   r550@example.test  550 5.7.1 As you like it
	refused   drop@example.test  550 5.7.1 Enough of it
	unsent    bob@example.test  $gone
	sent to 0 of 4 recipients
	END
}

@test "an address that is not ASCII is sent with SMTPUTF8" {
	send -d "localhost:$RELAY" bob@example.test dörte@example.test
	[ "$status" -eq 0 ]
	grep -Fx '> MAIL FROM:<bob@example.test> SIZE=25 SMTPUTF8' trace
	received 'P=utf8esmtp K'
	stored dörte message
}

@test "a header that is not ASCII is sent with SMTPUTF8" {
	printf 'Subject: gr\xc3\xbc\xc3\x9fe\n\nHello.\n' >message
	send "localhost:$RELAY" bob@example.test alice@example.test
	accepted_by_alice
	received 'P=utf8esmtp K'
	stored alice message
}

@test "where SMTPUTF8 is hidden, what needs it is 65" {
	send "localhost:$BARE" bob@example.test dörte@example.test
	reported 65 <<-'END'
	refused   dörte@example.test  an address is not ASCII, and the server does not offer SMTPUTF8
	sent to 0 of 1 recipient
	END
	printf 'Subject: gr\xc3\xbc\xc3\x9fe\n\nHello.\n' >message
	send "localhost:$BARE" bob@example.test alice@example.test
	reported 65 <<-'END'
	refused   alice@example.test  the header of the message is not ASCII, and the server does not offer SMTPUTF8
	sent to 0 of 1 recipient
	END
}

@test "a message over the size limit is 65 before MAIL" {
	{ cat message; seq 20000; } >large
	input=large send -d "localhost:$MX" bob@example.test alice@example.test
	reported 65 <<-'END'
	refused   alice@example.test  the message has 128919 octets, the server takes 100000 (SIZE)
	sent to 0 of 1 recipient
	END
	[ "$(grep -c '^> MAIL' trace)" -eq 0 ]
}

@test "of 250 recipients those over the server's 100 go in other transactions" {
	seq -f 'user%g@many.test' 250 >recipients
	{
		seq -f 'accepted  user%g@many.test  250 Accepted' 250
		echo 'sent to 250 of 250 recipients: 250 id=ID message accepted; 250 id=ID message accepted; 250 id=ID message accepted'
	} >expected
	send -d --to-file recipients "localhost:$RELAY" bob@example.test
	reported 0 <expected
	[ "$(grep -c '^> MAIL' trace)" -eq 3 ]
}

@test "the null sender and HELO are accepted" {
	send --no-esmtp "localhost:$RELAY" '<>' alice@example.test
	accepted_by_alice
	received 'P=smtp'
	stored alice message
}

@test "a message of any shape arrives byte by byte, by DATA, BDAT and TLS" {
	every_shape arrives_in_every_way
}
