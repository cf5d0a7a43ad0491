#!/usr/bin/env bats
# ehlo with GSSAPI and a real Kerberos, which kerberos.sh runs on loopback.

load lib.bash

setup_file() {
	# Only some builds have it: configure --with-gssapi.
	"${EHLO:-build/ehlo}" --auth '?' x 2>&1 | grep -q ' GSSAPI,' ||
	    { export without=1; return; }
	export id_pattern='\(nothing has an ID\)'
	start_server kerberos
}

teardown_file() {
	[ -n "${without-}" ] || stop_server
}

setup() {
	[ -z "${without-}" ] || skip 'built without GSSAPI'
	enter
	unset EHLO_PASSWORD
	export KRB5_CONFIG=$dir/krb5.conf KRB5CCNAME=FILE:$dir/alice
	rm -f "$dir"/relayed/message.*
}

by_ticket() { # ARGUMENT...
	send -d --tls-ca "$ca" --auth GSSAPI "$@" bob@example.test \
	    alice@example.test
}

accepted() {
	reported 0 <<-'END'
	accepted  alice@example.test  250 2.1.5 Ok
	sent to 1 of 1 recipient: 250 2.0.0 Ok
	END
	grep 'submission-login: Info: Login: ' "$dir/maillog" | tail -n 1 |
	    grep 'user=<alice>, method=GSSAPI, .* TLS, '
}

@test "GSSAPI logs in with a ticket, and without a name" {
	by_ticket "submission://localhost:$SUBMISSION"
	accepted
	grep '^> AUTH GSSAPI' trace
	by_ticket --user alice "submission://localhost:$SUBMISSION"
	accepted
}

@test "GSSAPI is not used unless it is named" {
	EHLO_PASSWORD=alicepw send -d --tls-ca "$ca" --user alice \
	    "submission://localhost:$SUBMISSION" bob@example.test \
	    alice@example.test
	[ "$status" -eq 0 ]
	grep '^> AUTH PLAIN' trace
}

@test "without a ticket it is 77, and the server hears nothing of it" {
	KRB5CCNAME=FILE:$PWD/none by_ticket \
	    "submission://localhost:$SUBMISSION"
	[ "$status" -eq 77 ]
	grep '^ehlo: localhost:.*: GSSAPI: ' trace
	grep '^hint: klist shows the tickets$' trace
	[ "$(grep -c '^> AUTH' trace)" -eq 0 ]
}

@test "a ticket for another user than is asked for is 77" {
	KRB5CCNAME=FILE:$dir/nobody by_ticket --user alice \
	    "submission://localhost:$SUBMISSION"
	[ "$status" -eq 77 ]
	grep '^ehlo: localhost:.*: AUTH: 535 ' trace
}

@test "the service is that of the host as it was typed" {
	by_ticket "submission://127.0.0.1:$SUBMISSION"
	[ "$status" -eq 77 ]
	grep '^ehlo: 127.0.0.1:.*: GSSAPI: ' trace
}
