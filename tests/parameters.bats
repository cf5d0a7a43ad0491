#!/usr/bin/env bats
# Parameters of MAIL and RCPT: DSN and the like, as options and on the wire.

# shellcheck disable=SC2154

bats_require_minimum_version 1.5.0

load lib

accepted="accepted  b@server.test  250 2.1.5 Ok
sent to 1 of 1 recipient: 250 2.0.0 Ok"

setup() {
	setup_client
}

teardown() {
	teardown_client
}

to_b() {
	submit b@server.test "$@"
}

# What was refused before a connection was made: OPTION... -- ERROR [HINT]
refused() {
	local args=()

	while [ "$1" != -- ]; do
		args+=("$1")
		shift
	done
	ehlo 127.0.0.1:1 a@client.test b@server.test "${args[@]}" <"$MESSAGE"
	ended 64 '' "ehlo: $2${3:+$'\n'hint: $3}"
}

# Refuses each value of an option: OPTION ERROR VALUE...
refuses() {
	local option=$1 error=$2 value
	shift 2

	for value; do
		refused "$option" "$value" -- "$option $value: $error"
	done
}

# What was not sent since the server cannot: ERROR
unfit() {
	ended 65 "refused   b@server.test  $1
sent to 0 of 1 recipient" "ehlo: 127.0.0.1:$PORT: $1${2:+$'\n'hint: $2}"
	run ! grep MAIL < <(sent_commands)
}

said() {
	[ "$(envelope 1 | xargs cat)" = "$1" ]
}

# DSN

@test "DSN: what is asked for stands on the wire" {
	serve --ehlo DSN
	to_b --dsn-return headers --dsn-id QQ+1 --dsn-notify success,failure
	ended 0 "$accepted"
	said 'MAIL FROM:<a@client.test> SIZE=18 RET=HDRS ENVID=QQ+2B1
RCPT TO:<b@server.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b@server.test'
}

@test "DSN: each of its options is enough for an ORCPT" {
	serve -n notify --ehlo DSN
	PORT=$notify_PORT to_b --dsn-notify NEVER
	[[ $(sent_commands notify) = *$'\nRCPT TO:<b@server.test> NOTIFY=NEVER ORCPT=rfc822;b@server.test\n'* ]]
	serve -n return --ehlo DSN
	PORT=$return_PORT to_b --dsn-return=full
	[[ $(sent_commands return) = *'SIZE=18 RET=FULL'$'\nRCPT TO:<b@server.test> ORCPT=rfc822;b@server.test\n'* ]]
	serve -n id --ehlo DSN
	PORT=$id_PORT to_b --dsn-id 'a = b'
	[[ $(sent_commands id) = *'SIZE=18 ENVID=a+20+3D+20b'$'\nRCPT TO:<b@server.test> ORCPT=rfc822;b@server.test\n'* ]]
}

@test "DSN: an address that is not ASCII stands in ORCPT as UTF-8" {
	serve --ehlo DSN --ehlo SMTPUTF8
	submit --dsn-notify delay 'é+x@server.test' b@server.test
	[ "$status" -eq 0 ]
	[[ $(sent_commands) = *'RCPT TO:<é+x@server.test> NOTIFY=DELAY ORCPT=utf-8;é\x{2B}x@server.test'$'\n'* ]]
	[[ $(sent_commands) = *' ORCPT=rfc822;b@server.test'$'\n'* ]]
}

@test "DSN is not asked of a server that offers it, unless an option says so" {
	serve --ehlo DSN
	to_b
	said 'MAIL FROM:<a@client.test> SIZE=18
RCPT TO:<b@server.test>'
}

@test "DSN that is not offered is refused before MAIL" {
	serve
	to_b --dsn-notify never
	unfit 'NOTIFY=NEVER: the server does not offer DSN'
	to_b --dsn-return full --dsn-id x
	unfit 'RET=FULL: the server does not offer DSN'
	to_b --check --dsn-id x
	[ "$status" -eq 65 ]
	run ! grep MAIL < <(sent_commands)
}

@test "the server's offer counts that was made inside TLS" {
	certs
	serve --tls-cert "$CERTS/server.pem" --tls-key "$CERTS/server.key" \
		--ehlo DSN --play 'EHLO 2: 250 server.test'
	to_b --dsn-id x
	unfit 'ENVID=x: the server does not offer DSN'
}

@test "DSN: what is no value of an option is a usage error" {
	refuses --dsn-notify 'not never, or a list of success, failure, delay' \
		always success, ,success success,,delay 'success, delay'
	refuses --dsn-notify 'never stands alone' NEVER,SUCCESS delay,never
	refuses --dsn-notify 'a word twice' success,success never,NEVER
	refuses --dsn-return 'not full or headers' HDRS full,headers
	refuses --dsn-id 'a control character, or one that is not ASCII' é
	refused --dsn-id $'a\r\nRSET' -- \
		'--dsn-id a\x0D\x0ARSET: a control character, or one that is not ASCII'
}

@test "DSN: an ID has 100 octets at most" {
	local id

	id=$(printf '%0100d' 0)
	refuses --dsn-id 'more than 100 characters' "${id}1"
	serve --ehlo DSN
	to_b --dsn-id "$id"
	ended 0 "$accepted"
	[[ $(sent_commands) = *" ENVID=$id"$'\n'* ]]
}

@test "--check says the parameters too, and so does LMTP" {
	serve --lmtp --ehlo DSN
	submit b@server.test --lmtp --check --dsn-id x --dsn-notify delay
	[ "$status" -eq 0 ]
	[ "$(sent_commands)" = 'LHLO client.test
MAIL FROM:<a@client.test> SIZE=18 ENVID=x
RCPT TO:<b@server.test> NOTIFY=DELAY ORCPT=rfc822;b@server.test
RSET
QUIT' ]
}

@test "a server that knows only HELO gets no message that needs parameters" {
	serve --helo-only
	to_b --mail-param X-FOO
	unfit 'the server knows only HELO, which has no parameters of MAIL and RCPT'
	run ! grep HELO < <(sent_commands)
}

@test "--no-esmtp leaves no room for parameters" {
	refused --no-esmtp --mt-priority 1 -- \
		'--no-esmtp leaves no room for parameters of MAIL and RCPT'
}

@test "parameters that the server does not take are named" {
	serve --ehlo DSN --play 'MAIL: 555 5.5.4 Unsupported option'
	to_b --dsn-return headers --mail-param X-Y=1
	[ "$status" -eq 69 ]
	[ "$(cat "$ERR")" = "ehlo: 127.0.0.1:$PORT: MAIL FROM with RET=HDRS X-Y=1: 555 5.5.4 Unsupported option" ]
	[[ $(cat "$OUT") = 'refused   b@server.test  555 5.5.4 Unsupported option'* ]]
	serve -n later --ehlo DSN --play 'MAIL: 455 4.5.4 Not now'
	PORT=$later_PORT to_b --dsn-id x
	[ "$status" -eq 75 ]
	[ "$(cat "$ERR")" = "ehlo: 127.0.0.1:$later_PORT: MAIL FROM with ENVID=x: 455 4.5.4 Not now" ]
	PORT=$later_PORT to_b
	[ "$(cat "$ERR")" = "ehlo: 127.0.0.1:$later_PORT: MAIL FROM: 455 4.5.4 Not now" ]
}

# REQUIRETLS

requiretls() {
	certs
	serve --tls-cert "$CERTS/server.pem" --tls-key "$CERTS/server.key" "$@"
}

# By a name for which the server has a certificate.
to_b_by_name() {
	ehlo --helo client.test "localhost:$PORT" a@client.test b@server.test \
		"$@" <"$MESSAGE"
}

no_verified_tls='REQUIRETLS: the connection is not protected by TLS with a verified certificate'
verify_hint='--tls=starttls, or submissions://HOST; --tls-ca FILE for a certificate that is not trusted yet'

@test "REQUIRETLS is said in a session with a verified certificate" {
	requiretls --ehlo REQUIRETLS
	to_b_by_name --require-tls --tls-ca "$CERTS/ca.pem"
	ended 0 "$accepted"
	said 'MAIL FROM:<a@client.test> SIZE=18 REQUIRETLS
RCPT TO:<b@server.test>'
}

@test "REQUIRETLS is not said where the certificate is not verified" {
	requiretls --ehlo REQUIRETLS
	to_b --require-tls
	unfit "$no_verified_tls" "$verify_hint"
}

@test "REQUIRETLS that is offered in cleartext is no offer" {
	serve --ehlo REQUIRETLS
	to_b --require-tls
	unfit "$no_verified_tls" "$verify_hint"
}

@test "REQUIRETLS that is not offered any more inside TLS is no offer" {
	requiretls --ehlo REQUIRETLS --play 'EHLO 2: 250 server.test'
	to_b_by_name --require-tls --tls-ca "$CERTS/ca.pem"
	[ "$status" -eq 65 ]
	[ "$(cat "$ERR")" = "ehlo: localhost:$PORT: REQUIRETLS: the server does not offer REQUIRETLS" ]
	run ! grep MAIL < <(sent_commands)
}

@test "--require-tls without TLS, or without verification, is a usage error" {
	refused --require-tls --tls none -- \
		'--require-tls wants TLS with a verified certificate'
	refused --require-tls --tls-insecure -- \
		'--require-tls wants TLS with a verified certificate'
	refused --mail-param requiretls -- \
		'--mail-param requiretls: this one has an option of its own' \
		--require-tls
}

# FUTURERELEASE

utc() {
	TZ=UTC printf '%(%Y-%m-%dT%H:00:00)T' "$1"
}

@test "--hold-for and --hold-until stand on the wire, in UTC" {
	serve -n for --ehlo 'FUTURERELEASE 3600 2099-01-01T00:00:00Z'
	PORT=$for_PORT to_b --hold-for 3600
	ended 0 "$accepted"
	[[ $(sent_commands for) = *' SIZE=18 HOLDFOR=3600'$'\n'* ]]
	serve -n until --ehlo 'FUTURERELEASE 999999999 9999-01-01T00:00:00Z'
	later=$((EPOCHSECONDS + 172800))
	until=$(utc "$later")
	PORT=$until_PORT to_b --hold-until "$(utc $((later + 3600)))+01:00"
	ended 0 "$accepted"
	[[ $(sent_commands until) = *" SIZE=18 HOLDUNTIL=${until}Z"$'\n'* ]]
}

@test "a message is not held longer than the server holds one" {
	serve --ehlo 'FUTURERELEASE 3600 2099-01-01T00:00:00Z'
	to_b --hold-for 7200
	unfit 'the message is to be held for 7200 seconds, the server holds one for 3600 (FUTURERELEASE)'
	serve -n short --ehlo 'FUTURERELEASE 999999999 2001-01-01T00:00:00Z'
	PORT=$short_PORT
	to_b --hold-until 9998-01-01T00:00:00Z
	[ "$status" -eq 65 ]
	to_b --hold-for 5
	ended 65 "refused   b@server.test  the message is to be held longer than until 2001-01-01T00:00:00Z, and the server does not do that (FUTURERELEASE)
sent to 0 of 1 recipient" "ehlo: 127.0.0.1:$PORT: the message is to be held longer than until 2001-01-01T00:00:00Z, and the server does not do that (FUTURERELEASE)"
	run ! grep MAIL < <(sent_commands short)
}

@test "times to hold a message until are checked" {
	refuses --hold-for 'not a number of seconds from 1 to 999999999' \
		0 -1 1000000000 1.5 1h
	refuses --hold-until \
		'not a time such as 2030-01-31T08:00:00Z or 2030-01-31T09:00:00+01:00' \
		tomorrow 2030-01-31 2030-02-30T00:00:00Z \
		2030-01-31T08:00:00
	refused --hold-until 2001-01-01T00:00:00Z -- \
		'--hold-until: that time has passed'
	refused --hold-for 5 --hold-until 2099-01-01T00:00:00Z -- \
		'--hold-for and --hold-until exclude each other'
}

@test "an LMTP server holds no message" {
	refused --lmtp --hold-for 5 -- \
		'an LMTP server delivers at once, and holds no message'
}

# DELIVERBY

@test "--deliver-by stands on the wire" {
	local value want

	while read -r value want; do
		serve -n "$want" --ehlo 'DELIVERBY 60'
		port=${want}_PORT
		PORT=${!port} to_b --deliver-by "$value"
		ended 0 "$accepted"
		sent_commands "$want" | sed -n 's/.* BY=//p' | tr -d ';-' |
			grep -qx "${want#by}"
	done <<-END
		120,return by120R
		30 by30N
		30,notify by30N
		-5,notify by5N
		0 by0N
	END
}

@test "a time to return the message that the server does not take is refused" {
	serve --ehlo 'DELIVERBY 60'
	to_b --deliver-by 30,return
	unfit 'the message is to be returned after 30 seconds, the server takes no less than 60 (DELIVERBY)'
}

@test "values of --deliver-by are checked" {
	refuses --deliver-by 'not a number of seconds up to 999999999' \
		x ,return 1000000000 +5 5s --5
	refuses --deliver-by 'not return or notify behind the comma' \
		5, 5,R 5,return,notify
	refuses --deliver-by 'return wants a time of at least 1 second' \
		0,return -5,return
}

# MT-PRIORITY

@test "--mt-priority stands on the wire" {
	serve --ehlo 'MT-PRIORITY STANAG4406'
	to_b --mt-priority -4
	ended 0 "$accepted"
	said 'MAIL FROM:<a@client.test> SIZE=18 MT-PRIORITY=-4
RCPT TO:<b@server.test>'
}

@test "a priority needs a server that knows them, and is from -9 to 9" {
	serve
	to_b --mt-priority 0
	unfit 'MT-PRIORITY=0: the server does not offer MT-PRIORITY'
	refuses --mt-priority 'not a number from -9 to 9' 10 -10 x +1 1.0
}

# Others

@test "--mail-param and --rcpt-param are said as they are, all of them" {
	serve --play 'MAIL: 250 Ok' --play 'RCPT: 250 2.1.5 Ok'
	submit --mail-param X-A=+20 --rcpt-param x-b --mail-param XC \
		--rcpt-param RRVS=2014-04-03T23:01:00Z b@server.test
	ended 0 "$accepted"
	said 'MAIL FROM:<a@client.test> SIZE=18 X-A=+20 XC
RCPT TO:<b@server.test> x-b RRVS=2014-04-03T23:01:00Z'
}

@test "what belongs to an extension that is known needs the server's offer" {
	serve
	to_b --mail-param AUTH='<>'
	unfit 'AUTH=<>: the server does not offer AUTH'
	to_b --rcpt-param ORCPT=rfc822\;x
	unfit 'ORCPT=rfc822;x: the server does not offer DSN'
}

@test "the user's own ORCPT is the only one" {
	serve --ehlo DSN
	refused --rcpt-param 'ORCPT=x400;c=de' -- \
		'--rcpt-param ORCPT=x400;c=de: not KEYWORD or KEYWORD=VALUE' \
		'in xtext +20 is a space and +3D is ='
	to_b --dsn-notify delay --rcpt-param 'ORCPT=x400;c+3Dde'
	ended 0 "$accepted"
	said 'MAIL FROM:<a@client.test> SIZE=18
RCPT TO:<b@server.test> NOTIFY=DELAY ORCPT=x400;c+3Dde'
}

@test "a parameter is well-formed, and not one that the program sets" {
	local option value

	for option in --mail-param --rcpt-param; do
		for value in =x X= 'X Y' X=a=b 'X=a b' X=é; do
			refused "$option" "$value" -- \
				"$option $value: not KEYWORD or KEYWORD=VALUE" \
				'in xtext +20 is a space and +3D is ='
		done
		refused "$option" $'X=\r\nRSET' -- \
			"$option X=\\x0D\\x0ARSET: not KEYWORD or KEYWORD=VALUE" \
			'in xtext +20 is a space and +3D is ='
		refuses "$option" 'this one is said where it is needed' \
			SIZE=5 body=8BITMIME SMTPUTF8 PRDR
	done
}

@test "a keyword is said once" {
	refused --mail-param RET=FULL --dsn-return full -- \
		'the parameter RET is given twice'
	refused --mail-param X=1 --mail-param x -- \
		'the parameter x is given twice'
	refused --rcpt-param X=1 --rcpt-param x -- \
		'the parameter x is given twice'
}

@test "a line that would be too long is not sent" {
	local x

	x=$(printf '%0500d' 0)
	refused --mail-param "X=$x" -- \
		'MAIL FROM:<a@client.test>: with its parameters the line has 530 octets, and 512 are allowed'
	refused --rcpt-param "X=$x" -- \
		'RCPT TO:<b@server.test>: with its parameters the line has 528 octets, and 512 are allowed'
}
