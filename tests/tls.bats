#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# TLS: the policies, what a certificate must be, and what may go wrong.

bats_require_minimum_version 1.5.0

load lib
load tls

setup() {
	setup_tls
}

teardown() {
	teardown_client
}

# A wide l is the only letter that is not ASCII, yet no name server is needed.
@test "a server's name that is not ASCII is verified by its A-labels" {
	needs_libidn2
	serve_tls server
	for name in ｌocalhost localhost; do
		ehlo -4 --helo client.test --tls starttls \
			--tls-ca "$CERTS/ca.pem" "$name:$PORT" a@client.test \
			b@server.test <"$MESSAGE"
		arrived
	done
	serve_tls other
	ehlo -4 --tls starttls --tls-ca "$CERTS/ca.pem" "ｌocalhost:$PORT" \
		a@client.test b@server.test <"$MESSAGE"
	[ "$status" -eq 77 ]
	grep -q "^ehlo: ｌocalhost:$PORT: .* it is not for localhost (it is for " \
		"$ERR"
}

@test "auto takes any certificate on loopback, and the trace says so" {
	serve_tls server
	submit -d b@server.test
	ended 0 "$accepted" "* connected to 127.0.0.1:$PORT (127.0.0.1)
< 220 localhost ESMTP
> EHLO client.test
< 250-localhost
< 250-PIPELINING
< 250-SIZE 0
< 250-8BITMIME
< 250-SMTPUTF8
< 250-STARTTLS
< 250 ENHANCEDSTATUSCODES
> STARTTLS
< 220 2.0.0 Ready to start TLS
* $(sed -n 's/^\* \(TLSv1.3, [A-Z0-9_]*\), .*/\1/p' "$ERR"), certificate NOT verified
> EHLO client.test
< 250-localhost
< 250-PIPELINING
< 250-SIZE 0
< 250-8BITMIME
< 250-SMTPUTF8
< 250 ENHANCEDSTATUSCODES
> MAIL FROM:<a@client.test> SIZE=18
> RCPT TO:<b@server.test>
> DATA
< 250 2.1.0 Ok
< 250 2.1.5 Ok
< 354 End with a dot on a line of its own
* message of 18 octets
> .
> QUIT
< 250 2.0.0 Ok
< 221 2.0.0 Bye"
	[ "$(commands_of_step | tail -n 4)" = "$mail" ]
}

@test "auto takes an expired, a foreign and a selfmade one on loopback" {
	for name in expired other selfsigned; do
		serve_tls "$name"
		submit b@server.test
		arrived
	done
}

@test "auto goes on in the clear where STARTTLS is not offered" {
	serve
	submit -d b@server.test
	[ "$status" -eq 0 ]
	grep -qx '\* no STARTTLS offered: going on in cleartext' "$ERR"
}

@test "none never uses TLS, though it is offered" {
	serve_tls server
	submit --tls none b@server.test
	ended 0 "$accepted"
	[ "$(commands_of_step)" = "EHLO client.test"$'\n'"$mail" ]
}

@test "starttls and implicit work with a certificate that is verified" {
	for version in 1.3 1.2; do
		max=()
		[ "$version" = 1.3 ] || max=(--tls-max 1.2)
		serve_tls server "${max[@]}"
		trusting
		arrived
		[ "$(commands_of_step)" = "EHLO client.test
STARTTLS
EHLO client.test
$mail" ]
		transcript "step$step" | grep -qx "\* TLS on: TLSv$version"
		serve_tls server --implicit "${max[@]}"
		trusting --tls implicit -d
		[ "$status" -eq 0 ]
		grep -q "^\* TLSv$version, .*, certificate verified\$" "$ERR"
		[ "$(commands_of_step)" = "EHLO client.test"$'\n'"$mail" ]
	done
}

@test "the schemes of a URL say which policy holds" {
	serve_tls server
	ehlo --tls-ca "$CERTS/ca.pem" "submission://127.0.0.1:$PORT" \
		a@client.test b@server.test <"$MESSAGE"
	ended 0 "$accepted"
	ehlo "submission://127.0.0.1:$PORT" a@client.test b@server.test \
		<"$MESSAGE"
	failed 77 unsent "$(unknown_issuer)" "$(unknown_issuer)" "$ca_hint"
	serve_tls server --implicit
	for scheme in submissions smtps; do
		ehlo --tls-ca "$CERTS/ca.pem" "$scheme://127.0.0.1:$PORT" \
			a@client.test b@server.test <"$MESSAGE"
		ended 0 "$accepted"
	done
}

@test "--json names the version" {
	serve_tls server --tls-max 1.2
	trusting --json
	[ "$status" -eq 0 ]
	grep -q '"recipient":"b@server.test".*"tls":"TLSv1.2"' "$OUT"
}

# Each line is NAME|FOR|OPTION|WHY|HINT, said behind "not accepted: ".
wrong_certificates() {
	cat <<-END
		server|$ours|$CERTS/selfsigned.pem|$unknown|$ca_hint
		server|$ours||$unknown|$ca_hint
		expired|$ours|$CERTS/ca.pem|it expired on 2021-01-01T00:00:00Z; this machine's clock says NOW|$expired_hint
		other|mail.other.test|$CERTS/ca.pem|it is not for 127.0.0.1|$name_hint
		selfsigned|$ours|$CERTS/ca.pem|it is signed by itself, and not trusted here|$selfmade_hint
	END
}

@test "a certificate that is not right ends the attempt, 77 (F-150 to F-152)" {
	export EHLO_PASSWORD=secret SSL_CERT_FILE=/dev/null \
		SSL_CERT_DIR=$BATS_TEST_TMPDIR
	while IFS='|' read -r name for ca why hint; do
		why+=$(facts "$name" "$for")
		for version in 1.3 1.2; do
			max=()
			[ "$version" = 1.3 ] || max=(--tls-max 1.2)
			ca_option=(${ca:+--tls-ca "$ca"})
			serve_tls "$name" --auth ann:secret "${max[@]}"
			starttls "${ca_option[@]}" --user ann
			stop_clock
			given_up 77 "$not_accepted: $why" "$hint"
			serve_tls "$name" --implicit --auth ann:secret "${max[@]}"
			submit --tls implicit "${ca_option[@]}" --user ann \
				b@server.test
			stop_clock
			failed 77 unsent "$not_accepted: $why" \
				"$not_accepted: $why" "$hint"
			[ -z "$(commands_of_step)" ]
			transcript "step$step" | grep -q '^\* TLS failed: '
		done
	done < <(wrong_certificates)
	[ "$step" -eq 20 ]
}

@test "--tls-insecure takes them all, and the trace says so" {
	while IFS='|' read -r name _; do
		serve_tls "$name"
		starttls --tls-insecure -d
		[ "$status" -eq 0 ]
		grep -q ', certificate NOT verified$' "$ERR"
	done < <(wrong_certificates)
	[ "$step" -eq 5 ]
}

@test "-dd shows each certificate, and why it is trusted or not" {
	serve_tls server
	trusting -dd
	[ "$(sed -n 's/^ *[0-9.]* \* \(certificate 0\|trusted\|not trusted\)/\1/p' \
		"$ERR")" = "certificate 0: CN = localhost; for localhost, 127.0.0.1, ::1; issued by CN = Test authority; valid 2020-01-01 00:00 UTC to 2099-12-31 23:59 UTC
trusted: the chain is good and is for 127.0.0.1" ]
	starttls -dd --tls-insecure --tls-ca "$CERTS/selfsigned.pem"
	[ "$(sed -n 's/^ *[0-9.]* \* \(trusted\|not trusted\)/\1/p' "$ERR")" = \
		'not trusted, but accepted here: unable to get local issuer certificate' ]
	starttls -dd --tls-ca "$CERTS/selfsigned.pem"
	[ "$status" -eq 77 ]
	grep -q ' \* certificate 0: CN = localhost; for localhost, ' "$ERR"
}

@test "--tls-name is the name that is verified" {
	serve_tls other
	trusting --tls-name mail.other.test
	arrived
	trusting --tls-name www.other.test
	why="$not_accepted: it is not for www.other.test$(facts other mail.other.test)"
	failed 77 unsent "$why" "$why" "$name_hint"
	serve_tls other --implicit
	trusting --tls implicit --tls-name mail.other.test
	arrived
}

@test "--tls-name is a host name or an address, and no domain of them" {
	serve_tls other
	for name in .other.test . .. other..test '*.other.test' -x.test \
		$'mail.other.test\r\nX' 'mail other' mail.other.test/ \
		'[127.0.0.1]' 127.1 127.0.0.256 'fe80::1%lo' '::g'; do
		trusting --tls-name "$name"
		[ "$status" -eq 64 ]
		[ ! -s "$OUT" ]
		[ "$(tail -n 1 "$ERR")" = "hint: a whole host name, or an IP address without brackets or zone" ]
		grep -q '^ehlo: --tls-name .*: not a name that a certificate can be for$' "$ERR"
	done
	nobody_connected step1
	trusting --tls-name mail.other.test.
	arrived
	serve_tls server
	trusting --tls-name ::1
	arrived
}

@test "--tls-name that is not ASCII is verified by its A-labels" {
	needs_libidn2
	serve_tls server
	trusting --tls-name ｌocalhost.
	arrived
	trusting --tls-name büro.test
	[ "$status" -eq 77 ]
	grep -q '^ehlo: .*: it is not for xn--bro-hoa.test (it is for ' "$ERR"
	trusting --tls-name bü＞ro.test
	[ "$status" -eq 64 ]
}

@test "the name that was typed is verified, not the address (R-ID-01)" {
	serve_tls server
	ehlo --helo client.test -4 --tls starttls --tls-ca "$CERTS/ca.pem" \
		"localhost:$PORT" a@client.test b@server.test <"$MESSAGE"
	arrived
	issue address "$CERTS/ca" /CN=x subjectAltName=IP:127.0.0.1
	serve_tls address
	trusting
	arrived
	ehlo --helo client.test -4 --tls starttls --tls-ca "$CERTS/ca.pem" \
		"localhost:$PORT" a@client.test b@server.test <"$MESSAGE"
	[ "$status" -eq 77 ]
	grep -qxF "ehlo: localhost:$PORT: $not_accepted: it is not for localhost$(facts address 127.0.0.1)" "$ERR"
}

@test "on a Unix socket --tls-name says what to verify" {
	serve --unix "$BATS_TEST_TMPDIR/s" --tls-cert "$CERTS/server.pem" \
		--tls-key "$CERTS/server.key"
	unix() {
		ehlo --helo client.test --tls starttls --tls-ca "$CERTS/ca.pem" \
			"$@" "smtp:$PORT" a@client.test b@server.test <"$MESSAGE"
	}
	unix --tls-name localhost
	ended 0 "$accepted"
	unix --tls-name mail.other.test
	[ "$status" -eq 77 ]
	unix
	[ "$status" -eq 64 ]
}

@test "without --tls-name a Unix socket has none, and nobody connects" {
	serve --unix "$BATS_TEST_TMPDIR/s"
	for policy in starttls implicit; do
		ehlo --tls "$policy" "smtp:$PORT" a@client.test b@server.test \
			<"$MESSAGE"
		ended 64 '' "ehlo: --tls $policy: a socket has no name that could be verified
hint: --tls-name NAME"
	done
	nobody_connected
}

@test "any certificate will do for a socket without a name, if that is said" {
	serve --unix "$BATS_TEST_TMPDIR/s" --tls-cert "$CERTS/server.pem" \
		--tls-key "$CERTS/server.key"
	ehlo --helo client.test --tls starttls --tls-insecure "smtp:$PORT" \
		a@client.test b@server.test <"$MESSAGE"
	ended 0 "$accepted"
}

@test "--tls-ca names a file, or a folder that was rehashed" {
	serve_tls server
	mkdir "$BATS_TEST_TMPDIR/folder"
	cp "$CERTS/ca.pem" "$CERTS/selfsigned.pem" "$BATS_TEST_TMPDIR/folder"
	openssl rehash "$BATS_TEST_TMPDIR/folder"
	starttls --tls-ca "$BATS_TEST_TMPDIR/folder"
	arrived
	starttls --tls-ca "$CERTS/server.pem" # the certificate itself
	ended 0 "$accepted"
}

# Be it that TLS is never used.
@test "a --tls-ca that is no good is found before a connection is made" {
	serve
	mkdir "$BATS_TEST_TMPDIR/folder"
	cp "$CERTS/ca.pem" "$BATS_TEST_TMPDIR/folder" # not rehashed
	: >"$BATS_TEST_TMPDIR/empty"
	submit --tls-ca "$BATS_TEST_TMPDIR/none" b@server.test
	what="--tls-ca $BATS_TEST_TMPDIR/none: No such file or directory"
	failed 66 unsent "$what" "$what"
	for name in "$CERTS/ca.key" "$BATS_TEST_TMPDIR/empty" \
		"$BATS_TEST_TMPDIR/folder"; do
		for policy in auto none; do
			submit --tls "$policy" --tls-ca "$name" b@server.test
			what="--tls-ca $name: no certificate in it"
			failed 66 unsent "$what" "$what" 'a file of certificates in PEM form is wanted, or a folder prepared by openssl rehash'
		done
	done
	nobody_connected
}

@test "--tls-ca may be a pipe" {
	serve_tls server
	starttls --tls-ca <(cat "$CERTS/ca.pem")
	arrived
}

# The impostor has the right name and the wrong key.
@test "SSL_CERT_FILE may hold many, and the right one is the last" {
	for ((i = 1; i <= 20; i++)); do
		authority "/CN=Authority $i"
	done >"$BATS_TEST_TMPDIR/others"
	authority '/CN=Test authority' >"$BATS_TEST_TMPDIR/impostor"
	serve_tls server
	export SSL_CERT_DIR=$BATS_TEST_TMPDIR/none
	export SSL_CERT_FILE=$BATS_TEST_TMPDIR/bundle
	cd "$BATS_TEST_TMPDIR"
	cat others others others "$CERTS/ca.pem" >bundle
	starttls
	arrived
	cat impostor others "$CERTS/ca.pem" >bundle
	starttls
	arrived
	cat "$CERTS/ca.pem" others impostor >bundle
	starttls
	arrived
	sed 's/$/\r/' "$CERTS/ca.pem" >bundle
	starttls
	arrived
	openssl x509 -in "$CERTS/ca.pem" -text >bundle
	starttls
	arrived
	starttls --tls-ca bundle
	arrived
	cat impostor others >bundle
	starttls
	[ "$status" -eq 77 ]
	cat others >bundle
	starttls
	failed 77 unsent "$(unknown_issuer)" "$(unknown_issuer)" "$ca_hint"
	# what the option names is not added to, it stands alone
	cat "$CERTS/ca.pem" >bundle
	starttls --tls-ca others
	failed 77 unsent "$(unknown_issuer)" "$(unknown_issuer)" "$ca_hint"
}

@test "what a trusted certificate is rejected for stays rejected" {
	serve_tls server
	cd "$BATS_TEST_TMPDIR"
	openssl x509 -in "$CERTS/ca.pem" -trustout -addreject serverAuth \
		-out rejected
	openssl x509 -in "$CERTS/ca.pem" -trustout -addtrust serverAuth \
		-out trusted
	openssl x509 -in "$CERTS/ca.pem" -trustout -addtrust clientAuth \
		-out clients
	starttls --tls-ca trusted
	arrived
	for file in rejected clients; do
		starttls --tls-ca "$file"
		[ "$status" -eq 77 ]
		grep -q "^ehlo: .*: $not_accepted: CN = Test authority is known here, but not trusted for this (it is for " "$ERR"
	done
	export SSL_CERT_DIR=none SSL_CERT_FILE=rejected
	starttls
	[ "$status" -eq 77 ]
}

@test "who is in SSL_CERT_FILE is not looked for in SSL_CERT_DIR" {
	serve_tls server
	mkdir "$BATS_TEST_TMPDIR/folder"
	authority '/CN=Test authority' >"$BATS_TEST_TMPDIR/folder/impostor.pem"
	openssl rehash "$BATS_TEST_TMPDIR/folder"
	export SSL_CERT_DIR=$BATS_TEST_TMPDIR/folder
	export SSL_CERT_FILE=$CERTS/ca.pem
	starttls
	arrived
}

@test "SSL_CERT_DIR is searched too" {
	mkdir "$BATS_TEST_TMPDIR/folder"
	export SSL_CERT_FILE=$BATS_TEST_TMPDIR/none
	export SSL_CERT_DIR=$BATS_TEST_TMPDIR/folder
	cp "$CERTS/ca.pem" "$CERTS/selfsigned.pem" "$SSL_CERT_DIR"
	openssl rehash "$SSL_CERT_DIR"
	serve_tls server
	starttls
	arrived
	rm "$SSL_CERT_DIR"/*
	starttls
	failed 77 unsent "$(unknown_issuer)" "$(unknown_issuer)" "$ca_hint"
}

left_out='the server offers STARTTLS, so it is not left out; --tls=none would send in cleartext'

@test "STARTTLS that is refused ends the attempt, be it auto (R-3207-02)" {
	for policy in auto starttls; do
		serve_tls server --play 'STARTTLS: 454 4.7.0 later'
		trusting --tls "$policy"
		failed 75 deferred 'STARTTLS: 454 4.7.0 later' '454 4.7.0 later'
		[ "$(commands_of_step)" = $'EHLO client.test\nSTARTTLS\nQUIT' ]
		for code in '554 5.7.0' '501 5.5.4' '502 5.5.1' 500 '530 5.7.0'; do
			serve_tls server --play "STARTTLS: $code no"
			trusting --tls "$policy"
			failed 77 unsent "STARTTLS: $code no" \
				"STARTTLS: $code no" "$left_out"
			[ "$(commands_of_step)" = \
				$'EHLO client.test\nSTARTTLS\nQUIT' ]
		done
	done
	[ "$step" -eq 12 ]
}

@test "only 220 begins TLS (R-3207-02)" {
	serve_tls server --play 'STARTTLS: 250 2.0.0 Ok'
	violations_meant=1
	trusting --timeout 2
	failed 77 unsent 'STARTTLS: 250 2.0.0 Ok' 'STARTTLS: 250 2.0.0 Ok' \
		"$left_out"
	[ "$(commands_of_step)" = $'EHLO client.test\nSTARTTLS\nQUIT' ]
}

@test "octets behind the reply to STARTTLS are an attack (F-140 to F-142)" {
	for more in '250-h\r\n250 AUTH PLAIN\r\n250 ok\r\n' '250-AUTH PLAIN' \
		'\n' x '\x16'; do
		serve_tls server --play "STARTTLS: raw 220 go\r\n$more then plain"
		EHLO_PASSWORD=secret trusting --user ann
		given_up 76 'STARTTLS: octets in cleartext came behind the reply' \
			'somebody between here and the server may be adding to what it says'
	done
	[ "$step" -eq 5 ]
}

@test "STARTTLS inside TLS is not used again (F-146)" {
	serve_tls server --ehlo STARTTLS
	trusting
	arrived
	[ "$(commands_of_step | grep -c STARTTLS)" -eq 1 ]
	serve_tls server --ehlo STARTTLS --implicit
	trusting --tls implicit
	arrived
	[ "$(commands_of_step | grep -c STARTTLS)" -eq 0 ]
}

@test "STARTTLS is a whole word, with or without another (F-092)" {
	serve --play 'EHLO: 250-h\n250-STARTTLSX\n250-XSTARTTLS\n250 SIZE'
	trusting
	[ "$status" -eq 77 ]
	[ "$(sent_commands)" = $'EHLO client.test\nQUIT' ]
	serve_tls server --play 'EHLO 1: 250-h\n250 starttls foo'
	trusting
	arrived
}

@test "AUTH that was offered before TLS is forgotten (F-147, F-352)" {
	serve_tls server --play \
		'EHLO 1: 250-h\n250-STARTTLS\n250-AUTH=PLAIN\n250 AUTH PLAIN' \
		--play 'EHLO 2: 250-h\n250 SIZE'
	EHLO_PASSWORD=secret trusting --user ann
	what='the server does not offer AUTH'
	[ "$status" -eq 77 ]
	grep -qxF "ehlo: 127.0.0.1:$PORT: $what" "$ERR"
	grep -qxF "unsent    b@server.test  $what" "$OUT"
	[ "$(commands_of_step)" = "EHLO client.test
STARTTLS
EHLO client.test
QUIT" ]
}

@test "what else was offered before TLS is forgotten (F-088, F-096)" {
	serve_tls server --play \
		'EHLO 1: 250-h\n250-STARTTLS\n250-PIPELINING\n250 SIZE 5' \
		--play 'EHLO 2: 250 h'
	trusting
	ended 0 "$accepted"
	[ "$(commands_of_step | tail -n 4)" = "${mail/ SIZE=18/}" ]
	# greeting, EHLO, STARTTLS, handshake, EHLO, then one for each command
	[ "$(round_trips "step$step")" -eq 10 ]
	serve_tls server --play 'EHLO 1: 250-h\n250-STARTTLS\n250 SMTPUTF8' \
		--play 'EHLO 2: 250 h'
	submit --tls starttls --tls-ca "$CERTS/ca.pem" 'bé@server.test'
	[ "$status" -eq 65 ]
	[ "$(commands_of_step | tail -n 2)" = $'EHLO client.test\nQUIT' ]
}

# The server hears the handshake as commands, and would hear others.
@test "what is no TLS ends the attempt, without a word in the clear (F-148, F-348)" {
	violations_meant=1
	speaks='this port speaks plaintext: use submission://HOST or --tls=starttls, or another port'
	while IFS='|' read -r answer as what hint; do
		serve_tls server \
			--play "STARTTLS: 220 go then pause 100 then $answer"
		trusting --timeout 5
		failed "$as" unsent "TLS handshake: $what" "TLS handshake: $what" \
			"$hint"
		run ! grep -aE '^(EHLO|MAIL|AUTH|RCPT|QUIT|RSET)' \
			<(commands_of_step | sed 1d)
	done <<-END
		raw HTTP/1.1 400 Bad Request\r\n\r\n then plain|76|$(openssl_reason 0A00010B)|
		raw 250 hi\r\n then plain|76|the server answered without TLS: 250 hi|$speaks
		raw \x15\x03\x03\0\x02\x02\x28 then plain|76|$(openssl_reason 0A000410)|$no_cipher
		endless \x99\x88\x77\x66|76|$(openssl_reason 0A00010B)|
		close|75|the server closed the connection|
		reset|75|Connection reset by peer|
	END
	[ "$step" -eq 6 ]
}

@test "the same on a port for TLS from the first octet (F-148)" {
	while IFS='|' read -r answer as what hint; do
		serve_tls server --implicit --play "HANDSHAKE: $answer"
		trusting --tls implicit --timeout 5
		failed "$as" unsent "TLS handshake: $what" \
			"TLS handshake: $what" "$hint"
	done <<-END
		raw HTTP/1.1 400 Bad Request\r\n\r\n|76|$(openssl_reason 0A00010B)
		raw \x15\x03\x03\0\x02\x02\x28|76|$(openssl_reason 0A000410)|$no_cipher
		close|75|the server closed the connection
		pause 100 then reset|75|Connection reset by peer
	END
	[ "$step" -eq 4 ]
}

@test "a port for plaintext is named where TLS is spoken (F-022)" {
	serve
	violations_meant=1
	trusting --tls implicit
	what='TLS handshake: the server answered without TLS: 220 localhost ESMTP'
	failed 76 unsent "$what" "$what" \
		'this port speaks plaintext: use submission://HOST or --tls=starttls, or another port'
	run ! grep -aE '^C: (EHLO|MAIL|QUIT)' <(transcript)
}

@test "a greeting in TLS is named where plaintext is spoken (F-021)" {
	serve --play 'GREETING: raw \x15\x03\x03\0\x02\x02\n then close'
	starttls
	what='greeting: the server speaks TLS, not SMTP'
	failed 76 unsent "$what" "$what" \
		'this port speaks TLS: use submissions://HOST or --tls=implicit'
	[ -z "$(sent_commands)" ]
}

@test "plaintext in the middle of TLS is a broken record (F-342)" {
	serve_tls server --play 'EHLO 2: outside 250 hi\r\n then silent'
	trusting --timeout 5
	what="EHLO: TLS: $(openssl_reason 0A00010B)"
	failed 76 unsent "$what" "$what"
	serve_tls server --play 'CONTENT: outside 250 hi\r\n then silent'
	trusting --timeout 5
	what="end of message: TLS: $(openssl_reason 0A00010B)"
	failed 79 unknown "$what" "$what"
}

@test "FIN without close_notify: a whole reply counts, a half one not (F-118, F-119)" {
	for max in '' '--tls-max 1.2'; do
		for goodbye in '' 'notify then '; do
			# shellcheck disable=SC2086
			serve_tls server $max \
				--play "CONTENT: 250 2.0.0 Ok then ${goodbye}close"
			trusting
			ended 0 "$accepted"
			for half in '250 2.0.0 O' '250 2.0.0 Ok\r' 2; do
				# shellcheck disable=SC2086
				serve_tls server $max --play \
					"CONTENT: raw $half then ${goodbye}close"
				trusting
				what='end of message: the server closed the connection in the middle of its reply'
				failed 79 unknown "$what" "$what"
			done
		done
	done
	[ "$step" -eq 16 ]
}

# What comes with the end of the handshake is read with it, and must be heard.
@test "a greeting in the last segment of the handshake is heard" {
	for max in '' '--tls-max 1.2'; do
		# shellcheck disable=SC2086
		serve_tls server $max --implicit \
			--play 'HANDSHAKE: join accept'
		trusting --tls implicit --timeout 2
		arrived
	done
}

@test "a handshake in small segments, and slow, is one" {
	for max in '' '--tls-max 1.2'; do
		# shellcheck disable=SC2086
		serve_tls server $max --split 1
		trusting
		arrived
	done
	serve_tls server --split 100 --play 'HANDSHAKE: pause 100 then accept'
	trusting
	arrived
}

@test "a big message arrives as it was, inside TLS too" {
	{
		printf 'Subject: big\n\n'
		head -c 3000000 /dev/urandom | base64 -w 71 | sed 's/^[A-D]/./'
	} >"$MESSAGE"
	sed 's/$/\r/' "$MESSAGE" >"$BATS_TEST_TMPDIR/wanted"
	for how in '' '--tls-max 1.2' --implicit '--rcvbuf 4096'; do
		# shellcheck disable=SC2086
		serve_tls server $how
		if [ "$how" = --implicit ]; then
			trusting --tls implicit
		else
			trusting
		fi
		ended 0 "$accepted"
		cmp "$BATS_TEST_TMPDIR/wanted" "$(message 1 "step$step")"
	done
}

@test "a server that demands a certificate of the client makes 77 (F-336)" {
	for max in '' '--tls-max 1.2'; do
		# shellcheck disable=SC2086
		serve_tls server $max --tls-client-ca "$CERTS/ca.pem"
		trusting
		[ "$status" -eq 77 ]
		grep -q '^unsent    b@server.test  ' "$OUT"
		grep -q '^ehlo: .*certificate' "$ERR"
	done
}

@test "a certificate that was accepted all the same is not to blame" {
	for option in --tls-insecure --tls=auto; do
		serve_tls server --tls-max 1.2 --tls-client-ca "$CERTS/ca.pem"
		starttls "$option"
		[ "$status" -eq 77 ]
		grep -q '^ehlo: .*the server asks for a client certificate' "$ERR"
	done
}

# A server may ask for a certificate and do without.
@test "what breaks later is not for want of a client certificate" {
	for max in '' '--tls-max 1.2'; do
		# shellcheck disable=SC2086
		serve_tls server $max --tls-ask
		trusting
		arrived
		# shellcheck disable=SC2086
		serve_tls server $max --tls-ask \
			--play 'MAIL: outside 250 hi\r\n then silent'
		trusting --no-pipelining --timeout 5
		what="MAIL FROM: TLS: $(openssl_reason 0A00010B)"
		failed 76 unsent "$what" "$what"
	done
}

@test "a signal is heeded in the handshake" {
	serve_tls server --implicit --play 'HANDSHAKE: silent'
	env --default-signal=TERM "$EHLO" --tls implicit "127.0.0.1:$PORT" \
		a@client.test b@server.test <"$MESSAGE" >"$OUT" 2>"$ERR" 3>&- &
	wait_for grep -qs '^\* silent' "$BATS_TEST_TMPDIR/srv-step1/transcript"
	kill -TERM $!
	status=0
	wait $! || status=$?
	what='TLS handshake: interrupted'
	failed 143 unsent "$what" "$what"
}

@test "TLS is looked at before a login, on loopback too" {
	serve_tls server --auth ann:secret --require-auth
	EHLO_PASSWORD=secret trusting --user ann
	ended 0 "$accepted"
	[ "$(commands_of_step)" = "EHLO client.test
STARTTLS
EHLO client.test
AUTH PLAIN AGFubgBzZWNyZXQ=
$mail" ]
}

@test "auto on loopback looks at a certificate if it is told what it must be" {
	serve_tls server
	for option in "--tls-ca=$CERTS/selfsigned.pem" --tls-name=mail.other.test; do
		submit --tls auto "$option" b@server.test
		[ "$status" -eq 77 ]
		[ ! -e "$(message 1 "step$step")" ]
	done
}
