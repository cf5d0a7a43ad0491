#!/usr/bin/env bats
# The mechanisms of AUTH beside those of login.bats: SCRAM, bearer tokens,
# EXTERNAL; and netrc files.

# Each test is a process of its own.
# shellcheck disable=SC2030,SC2031

bats_require_minimum_version 1.5.0

load lib

accepted="accepted  b@server.test  250 2.1.5 Ok
sent to 1 of 1 recipient: 250 2.0.0 Ok"

setup() {
	setup_client
	SECRET=$BATS_TEST_TMPDIR/secret
	(umask 077 && printf 'open sesame\n' >"$SECRET")
}

teardown() {
	teardown_client
}

# A server takes the place of the one before in the transcript.
serve_new() {
	rm -f "$(server_dir)/transcript"
	serve "$@"
}

serve_ann() { # MECHANISMS [OPTION]...
	local mechanisms=$1

	shift
	serve_new --auth 'ann:open sesame' --auth-clear --require-auth \
		--auth-mechanisms "$mechanisms" "$@"
}

# With TLS, and the certificate is good.
serve_tls() { # MECHANISMS [OPTION]...
	certs
	serve_ann "$@" --tls-cert "$CERTS/server.pem" \
		--tls-key "$CERTS/server.key"
}

login() {
	submit --user ann --password-file "$SECRET" "$@" b@server.test
}

login_tls() {
	login --tls starttls --tls-ca "$CERTS/ca.pem" "$@"
}

# Nothing was sent: STATUS WHAT [HINT]
failed() {
	ended "$1" "unsent    b@server.test  $2
sent to 0 of 1 recipient" "ehlo: 127.0.0.1:$PORT: $2${3:+$'\n'hint: $3}"
	! sent_commands | grep -e ^MAIL -e ^RCPT
}

auth_commands() {
	sent_commands | grep -v -e ^EHLO -e ^STARTTLS -e ^MAIL -e ^RCPT \
		-e ^DATA -e ^QUIT
}

# The mechanisms that were tried, in order.
tried() {
	sent_commands | sed -n 's/^AUTH \([^ ]*\).*/\1/p' | tr '\n' ' '
}

# The initial response of the first AUTH, in clear.
initial() {
	sent_commands | sed -n 's/^AUTH [^ ]* //p' | head -n 1 | base64 -d
}

needs_libidn() {
	"$EHLO" --version | grep -q '^libidn ' && return
	[ "${CI-}" != true ] || return 1
	skip 'built without libidn'
}

# SCRAM

@test "SCRAM logs in with each hash, and the last response is empty" {
	for hash in SHA-1 SHA-256 SHA-512; do
		serve_ann "SCRAM-$hash"
		login
		ended 0 "$accepted"
		[ "$(tried)" = "SCRAM-$hash " ]
		[[ $(initial) = n,,n=ann,r=* ]]
		# the second response, and a line with nothing in it
		[ "$(auth_commands | wc -l)" -eq 3 ]
		[ "$(auth_commands | tail -n 1)" = '' ]
	done
}

@test "SCRAM never shows the password" {
	serve_ann SCRAM-SHA-256
	login
	ended 0 "$accepted"
	sent_commands | while read -r line; do
		base64 -d <<<"${line##* }" 2>/dev/null || true
	done >"$OUT.sent"
	grep -aq 'n=ann' "$OUT.sent"
	run ! grep -a sesame "$OUT.sent"
}

@test "with TLS 1.3 SCRAM binds by tls-exporter (RFC 9266)" {
	for hash in SHA-1 SHA-256 SHA-512; do
		serve_tls "SCRAM-$hash SCRAM-$hash-PLUS PLAIN"
		login_tls
		ended 0 "$accepted"
		[ "$(tried)" = "SCRAM-$hash-PLUS " ]
		[[ $(initial) = p=tls-exporter,,n=ann,r=* ]]
	done
}

@test "with TLS 1.2 SCRAM binds by tls-server-end-point (RFC 5929)" {
	serve_tls 'SCRAM-SHA-256-PLUS' --tls-max 1.2
	login_tls
	ended 0 "$accepted"
	[[ $(initial) = p=tls-server-end-point,,n=ann,r=* ]]
}

# A certificate of the server's own: NAME [OPTION OF openssl req]...
self_signed() {
	local name=$BATS_TEST_TMPDIR/$1

	shift
	openssl req -x509 -nodes -days 2 -subj /CN=localhost \
		-addext subjectAltName=IP:127.0.0.1 -keyout "$name.key" \
		-out "$name.pem" "$@" 2>"$name.log" || cat "$name.log"
}

serve_self_signed() { # NAME MECHANISMS [OPTION]...
	local name=$BATS_TEST_TMPDIR/$1

	shift
	serve_ann "$@" --tls-cert "$name.pem" --tls-key "$name.key"
}

@test "the hash of tls-server-end-point is that of the signature" {
	self_signed sha384 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -sha384
	serve_self_signed sha384 SCRAM-SHA-1-PLUS --tls-max 1.2
	login --tls starttls --tls-ca "$BATS_TEST_TMPDIR/sha384.pem"
	ended 0 "$accepted"
}

@test "where the signature has no hash, only TLS 1.3 can be bound to" {
	self_signed ed25519 -newkey ed25519
	serve_self_signed ed25519 SCRAM-SHA-256-PLUS --tls-max 1.2
	login --tls starttls --tls-ca "$BATS_TEST_TMPDIR/ed25519.pem"
	failed 77 'AUTH: the server offers no mechanism that can be used: SCRAM-SHA-256-PLUS'
	serve_self_signed ed25519 SCRAM-SHA-256-PLUS
	login --tls starttls --tls-ca "$BATS_TEST_TMPDIR/ed25519.pem"
	ended 0 "$accepted"
}

@test "a server that knows only tls-server-end-point gets that" {
	serve_tls 'SCRAM-SHA-256-PLUS' --scram-binding tls-server-end-point
	login_tls
	ended 0 "$accepted"
	[ "$(tried)" = 'SCRAM-SHA-256-PLUS SCRAM-SHA-256-PLUS ' ]
}

@test "a server that knows only tls-unique is not told more" {
	serve_tls 'SCRAM-SHA-256-PLUS PLAIN' --scram-binding tls-unique
	login_tls
	failed 77 'SCRAM-SHA-256-PLUS: the server says: unsupported-channel-binding-type'
	[ "$(tried)" = 'SCRAM-SHA-256-PLUS SCRAM-SHA-256-PLUS ' ]
}

@test "where TLS could bind and no -PLUS is offered the flag is y" {
	serve_tls 'SCRAM-SHA-256 PLAIN'
	login_tls
	ended 0 "$accepted"
	[[ $(initial) = y,,n=ann,r=* ]]
}

@test "where a -PLUS is offered the flag is never y (R-SCRAM-04)" {
	serve_tls 'SCRAM-SHA-256 SCRAM-SHA3-512-PLUS SCRAM-SHA-256-PLUS'
	login_tls --auth SCRAM-SHA-256
	ended 0 "$accepted"
	[[ $(initial) = n,,n=ann,r=* ]]
}

@test "a mechanism with channel binding needs TLS" {
	serve_ann SCRAM-SHA-256-PLUS
	login
	failed 77 'AUTH: the server offers no mechanism that can be used: SCRAM-SHA-256-PLUS'
	[ "$(tried)" = '' ]
}

@test "the order is ours, not the server's (R-4954-09)" {
	all='CRAM-MD5 LOGIN PLAIN EXTERNAL XOAUTH2 OAUTHBEARER SCRAM-SHA-1'
	all+=' SCRAM-SHA-256 SCRAM-SHA-512 SCRAM-SHA-1-PLUS'
	all+=' SCRAM-SHA-256-PLUS SCRAM-SHA-512-PLUS GSSAPI'
	serve_tls "$all" --play 'AUTH: 534 5.7.9 weak'
	login_tls
	[ "$status" -eq 77 ]
	# whose binding is refused gets nothing that is not bound
	[ "$(tried)" = 'SCRAM-SHA-512-PLUS SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS ' ]
	serve_tls "${all//-PLUS/}" --play 'AUTH: 534 5.7.9 weak'
	login_tls
	[ "$status" -eq 77 ]
	[ "$(tried)" = 'SCRAM-SHA-512 SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN CRAM-MD5 ' ]
}

@test "after 504 and 534 the next mechanism is tried, also a weaker one" {
	serve_ann 'SCRAM-SHA-256 SCRAM-SHA-1 PLAIN' \
		--play 'AUTH 1: 534 5.7.9 weak' --play 'AUTH 2: 504 no'
	login
	ended 0 "$accepted"
	[ "$(tried)" = 'SCRAM-SHA-256 SCRAM-SHA-1 PLAIN ' ]
}

@test "503 is no way round the proof of a server that has to give one" {
	serve_ann SCRAM-SHA-256 --play 'AUTH: 503 5.5.1 already'
	login
	failed 77 'AUTH: 503 5.5.1 already'
	[ "$(tried)" = 'SCRAM-SHA-256 ' ]
}

@test "504 in the middle of an exchange does not lead to a weaker one" {
	serve_ann 'SCRAM-SHA-256 PLAIN' --play 'RESPONSE 1: 504 5.5.4 no'
	login
	failed 77 'AUTH: 504 5.5.4 no'
	[ "$(tried)" = 'SCRAM-SHA-256 ' ]
}

@test "a foreign -PLUS in the offer does not hide that ours is missing" {
	violations_meant=1 # the server offers no such thing
	serve_tls 'SCRAM-SHA-256 FOO-PLUS'
	login_tls -d --show-secrets
	grep -q "^> AUTH SCRAM-SHA-256 $(printf 'y,,n=ann' | base64 | cut -c 1-10)" "$ERR"
}

@test "after 535 no other mechanism is tried (R-4954-08)" {
	for list in 'PLAIN SCRAM-SHA-256' 'LOGIN SCRAM-SHA-1 SCRAM-SHA-512'; do
		serve_ann "$list"
		(umask 077 && echo wrong >"$SECRET")
		login
		failed 77 'AUTH: 535 5.7.8 Authentication credentials invalid' \
			'wrong user name or password, or an application password is wanted'
		[ "$(tried | wc -w)" -eq 1 ]
		[[ $(tried) = SCRAM-* ]]
	done
}

# The server has lied: STATUS WHAT [HINT]
never_trusted() {
	login
	failed "$@"
	[ "$(tried)" = 'SCRAM-SHA-256 ' ]
}

@test "a server that cannot sign is an impostor, and is told no more" {
	for final in v= v=AAAA v=%v= v=%vA x=y,v=%v 'v=Zm9v,%v'; do
		serve_ann 'SCRAM-SHA-256 PLAIN' --scram-final "$final"
		never_trusted 77 \
			'SCRAM-SHA-256: the server cannot prove that it knows the password'
		[ "$(auth_commands | tail -n 1)" = '*' ]
	done
}

@test "an extension behind the server's signature is no harm" {
	serve_ann SCRAM-SHA-256 --scram-final 'v=%v,x=y'
	login
	ended 0 "$accepted"
}

@test "235 before the server's signature is an impostor's (F-172)" {
	for rule in 'AUTH: 235 ok' 'RESPONSE 1: 235 ok'; do
		serve_ann 'SCRAM-SHA-256 PLAIN' --play "$rule"
		never_trusted 77 \
			'AUTH SCRAM-SHA-256: the server says yes before it can know'
	done
	serve_ann 'SCRAM-SHA-256 PLAIN' --play 'AUTH: 334 ' \
		--play 'RESPONSE: 235 ok'
	login
	[ "$status" -eq 76 ]
	[ "$(tried)" = 'SCRAM-SHA-256 ' ]
}

@test "a nonce that is not ours and more is an impostor's" {
	for nonce in x%n n 'rOprNGfwEbeRWgbNEkqOabcdefgh'; do
		serve_ann 'SCRAM-SHA-256 PLAIN' \
			--scram-first "r=$nonce,s=QSXCR+Q6sek8bf92,i=4096"
		never_trusted 77 \
			"SCRAM-SHA-256: the server's nonce does not continue ours"
	done
}

@test "the rounds are neither few nor endless (R-SCRAM-02, S-74)" {
	for rounds in 0 1 4095 10000001 4294967295; do
		serve_ann 'SCRAM-SHA-256 PLAIN' \
			--scram-first "r=%n,s=QSXCR+Q6sek8bf92,i=$rounds"
		never_trusted 77 \
			"SCRAM-SHA-256: the server wants $rounds rounds (4096 to 10000000 are good)"
	done
	serve_ann SCRAM-SHA-256 --scram-first 'r=%n,s=QQ==,i=20000'
	login
	ended 0 "$accepted"
}

@test "what is cut or out of order in SCRAM is a broken server" {
	for first in '' r r= r=%n r=%n,s= r=%n,s=QQ=,i=4096 r=%n,i=4096 \
		r=%n,s=QQ== r=%n,s=QQ==, r=%n,s=QQ==,i= r=%n,s=QQ==,i=x \
		s=QQ==,r=%n,i=4096 m=x,r=%n,s=QQ==,i=4096; do
		serve_ann 'SCRAM-SHA-256 PLAIN' --scram-first "$first"
		login
		[ "$status" -eq 76 ]
		grep -q "^ehlo: 127.0.0.1:$PORT: SCRAM-SHA-256: the server " \
			"$ERR"
		[ "$(auth_commands | tail -n 1)" = '*' ]
		[ "$(tried)" = 'SCRAM-SHA-256 ' ]
	done
}

@test "a challenge of SCRAM that is not base64 leads to no weaker mechanism" {
	serve_ann 'SCRAM-SHA-256 PLAIN' --play 'AUTH: 334 !!!!'
	never_trusted 76 'AUTH SCRAM-SHA-256: the challenge is not base64'
}

@test "the server's own words for what is wrong are shown, escaped" {
	serve_ann 'SCRAM-SHA-256 PLAIN' --scram-final 'e=invalid-proof'
	never_trusted 77 'SCRAM-SHA-256: the server says: invalid-proof'
	esc=$(printf '\033[2J')
	serve_ann 'SCRAM-SHA-256 PLAIN' --scram-first "e=$esc"
	login
	failed 77 'SCRAM-SHA-256: the server says: \x1B[2J'
}

@test "a deadline holds while SCRAM computes" {
	serve_ann SCRAM-SHA-512 --scram-first 'r=%n,s=QQ==,i=10000000'
	login --deadline 0.5
	[ "$status" -eq 75 ]
	grep -q 'SCRAM-SHA-512: the time of --deadline is over$' "$ERR"
}

@test "SCRAM: commas and = in a user name, and --authzid" {
	serve --auth 'ann:open sesame' --auth-clear --require-auth \
		--auth-mechanisms SCRAM-SHA-256 --lax
	submit --user 'a,n=n' --authzid 'b,=ob' --password-file "$SECRET" \
		b@server.test
	[ "$status" -eq 77 ]
	[[ $(initial) = n,a=b=2C=3Dob,n=a=2Cn=3Dn,r=* ]]
}

@test "SCRAM: a user name for which a line has no room comes later" {
	user=$(printf '%0400d' 0)
	serve --auth "$user:open sesame" --auth-clear --require-auth \
		--auth-mechanisms SCRAM-SHA-256
	submit --user "$user" --password-file "$SECRET" b@server.test
	ended 0 "$accepted"
	[ "$(auth_commands | head -n 1)" = 'AUTH SCRAM-SHA-256' ]
}

@test "SCRAM: names and passwords that are not ASCII have one form" {
	needs_libidn
	serve --auth 'päul:pässIX' --auth-clear --require-auth \
		--auth-mechanisms SCRAM-SHA-256
	printf 'pa\314\210ssI\302\255X\n' >"$SECRET"
	submit --user $'pa\314\210ul' --password-file "$SECRET" b@server.test
	ended 0 "$accepted"
}

@test "SCRAM: what has no form is no password, and says so before it is sent" {
	hint='--auth PLAIN sends it as it is'
	serve_ann 'SCRAM-SHA-256 PLAIN' --lax
	printf 'p\344ss\n' >"$SECRET"
	login
	failed 77 'SCRAM-SHA-256: password: not UTF-8' "$hint"
	printf 'p\tss\n' >"$SECRET"
	login
	failed 77 'SCRAM-SHA-256: password: a control character' "$hint"
	[ -z "$(auth_commands)" ]
	login --auth PLAIN
	[ "$(tried)" = 'PLAIN ' ]
}

# Tokens of OAuth 2.0

token=ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg

serve_token() { # MECHANISMS [OPTION]...
	local mechanisms=$1

	shift
	serve_new --auth "ann:$token" --auth-clear --require-auth \
		--auth-mechanisms "$mechanisms" "$@"
}

with_token() { # COMMAND [ARGUMENT]...
	local command=$1

	shift
	submit --user ann --token-command "$command" "$@" b@server.test
}

@test "OAUTHBEARER logs in with a token (RFC 7628)" {
	serve_token 'PLAIN LOGIN XOAUTH2 OAUTHBEARER'
	with_token "echo $token"
	ended 0 "$accepted"
	[ "$(initial | tr '\1' '|')" = \
		"n,a=ann,|host=127.0.0.1|port=$PORT|auth=Bearer $token||" ]
	[ "$(tried)" = 'OAUTHBEARER ' ]
}

@test "XOAUTH2 logs in with a token" {
	serve_token 'PLAIN XOAUTH2'
	with_token "echo $token"
	ended 0 "$accepted"
	[ "$(initial | tr '\1' '|')" = "user=ann|auth=Bearer $token||" ]
}

@test "--token-file has the token, and others may not read it" {
	serve_token XOAUTH2
	printf '%s\r\n' "$token" >"$SECRET"
	submit --user ann --token-file "$SECRET" b@server.test
	ended 0 "$accepted"
	serve_token XOAUTH2
	chmod 644 "$SECRET"
	submit --user ann --token-file "$SECRET" b@server.test
	failed 77 "--token-file $SECRET: others may read or write it (mode 0644)" \
		'chmod 600 the file'
	submit --user ann --token-file "$SECRET.not" b@server.test
	failed 66 "--token-file $SECRET.not: No such file or directory"
}

@test "with a token no other mechanism is used, and none with a password" {
	serve_token 'PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1'
	with_token "echo $token"
	failed 77 'AUTH: the server offers no mechanism that takes a token: PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1'
	serve_token 'XOAUTH2 OAUTHBEARER'
	login
	failed 77 'AUTH: the server offers no mechanism that can be used: XOAUTH2 OAUTHBEARER' \
		'it takes tokens: --token-command, --token-file'
	[ -z "$(auth_commands)" ]
}

@test "a token that is too long for the line comes later (R-4954-03)" {
	long=$(printf '%02000d' 0)
	for mechanism in OAUTHBEARER XOAUTH2; do
		serve_new --auth "ann:$long" --auth-clear --require-auth \
			--auth-mechanisms "$mechanism"
		with_token "echo $long"
		ended 0 "$accepted"
		[ "$(auth_commands | head -n 1)" = "AUTH $mechanism" ]
		[ "$(auth_commands | wc -l)" -eq 2 ]
	done
}

why='the token may have expired, or be for another user or another service'
no_token='AUTH: 535 5.7.8 Authentication credentials invalid: {"status":"invalid_token"}'

@test "what the server says of a token is shown, behind a dummy (F-170)" {
	for mechanism in OAUTHBEARER:AQ== XOAUTH2:; do
		serve_token "${mechanism%:*}"
		with_token 'echo stale'
		failed 77 "$no_token" "$why"
		[ "$(auth_commands | tail -n 1)" = "${mechanism#*:}" ]
		[ "$(auth_commands | wc -l)" -eq 2 ]
		serve_token "${mechanism%:*}" --play 'AUTH: 535 5.7.8 no'
		with_token 'echo stale'
		failed 77 'AUTH: 535 5.7.8 no' "$why"
	done
}

@test "a token in the server's own words is hidden, and so are escapes" {
	json=$(printf '{"got":"stale-token-of-ann","esc":"\033[2J"}' | base64 -w 0)
	serve_token XOAUTH2 --play "AUTH: 334 $json"
	with_token 'echo stale-token-of-ann' -d
	[ "$status" -eq 77 ]
	grep -q '^ehlo: .*: {"got":"\[hidden\]","esc":"\\x1B\[2J"}$' "$ERR"
	run ! grep -e stale-token -e "${json:12:20}" "$OUT" "$ERR"
}

@test "after a token is refused a fresh one is asked for, once" {
	counter="n=\$(cat '$OUT.n' 2>/dev/null || echo 0)"
	counter+="; echo \$((n + 1)) >'$OUT.n'; echo token-\$n"
	serve --auth ann:token-1 --auth-clear --require-auth \
		--auth-mechanisms 'OAUTHBEARER XOAUTH2'
	with_token "$counter"
	ended 0 "$accepted"
	[ "$(tried)" = 'OAUTHBEARER OAUTHBEARER ' ]
	[ "$(<"$OUT.n")" -eq 2 ]
	rm "$OUT.n"
	serve_new --auth ann:token-2 --auth-clear --require-auth \
		--auth-mechanisms 'OAUTHBEARER XOAUTH2'
	with_token "$counter"
	failed 77 "$no_token" "$why"
	[ "$(tried)" = 'OAUTHBEARER OAUTHBEARER ' ]
	[ "$(<"$OUT.n")" -eq 2 ]
}

@test "a fresh token that is the old one, or is none, is not tried" {
	for command in 'echo stale' \
		"[ ! -e '$OUT.once' ] && : >'$OUT.once' && echo stale"; do
		serve_token XOAUTH2
		with_token "$command"
		failed 77 "$no_token" "$why"
		[ "$(tried)" = 'XOAUTH2 ' ]
	done
	with_token 'echo stale' -d
	grep -qx '\* no fresh token: --token-command: the same token again' "$ERR"
}

@test "a --token-file that has a fresh token meanwhile is read again" {
	serve_token XOAUTH2 --play 'AUTH 1: pause 300 then accept'
	(umask 077 && echo stale >"$SECRET")
	submit --user ann --token-file "$SECRET" b@server.test 3>&- &
	pid=$!
	wait_for grep -q '^C: AUTH' "$BATS_TEST_TMPDIR/srv/transcript"
	echo "$token" >"$SECRET.new"
	chmod 600 "$SECRET.new"
	mv "$SECRET.new" "$SECRET"
	wait "$pid"
	[ "$(<"$OUT")" = "$accepted" ]
}

@test "a --token-file that is a pipe is not waited for a second time" {
	serve_token XOAUTH2
	submit --user ann --token-file <(echo stale) -d b@server.test
	[ "$status" -eq 77 ]
	grep -q '^\* no fresh token: --token-file .* can be read only once$' \
		"$ERR"
}

@test "235 behind the server's no to a token is no success" {
	serve_token XOAUTH2 --play 'RESPONSE: 235 ok'
	with_token 'echo stale'
	failed 76 'AUTH XOAUTH2: 235 is no answer to that'
}

@test "what cannot be a token is refused before a connection is made" {
	serve_token XOAUTH2
	hint='the access token alone is wanted, without the JSON that it came in'
	for text in 'two words' '{"access_token":"x"}' 'to\nken' 'tok\001en' \
		'tok\303\244n'; do
		with_token "printf '$text'"
		failed 77 '--token-command: a character that no token has' \
			"$hint"
	done
	with_token 'echo'
	failed 77 '--token-command: no token in it'
	with_token 'echo x; exit 4'
	failed 77 '--token-command: exit status 4'
	nobody_connected
}

# EXTERNAL

@test "EXTERNAL is used when it is named, and needs no password" {
	serve_ann 'PLAIN EXTERNAL'
	submit --user ann --auth EXTERNAL b@server.test </dev/null
	[ "$(auth_commands)" = "AUTH EXTERNAL $(printf ann | base64)" ]
	submit --auth EXTERNAL b@server.test
	ended 0 "$accepted"
	sent_commands | grep -qx 'AUTH EXTERNAL ='
	submit --user eve --authzid ann --auth EXTERNAL b@server.test
	ended 0 "$accepted"
}

@test "EXTERNAL is not used unless it is named, and first if it is" {
	serve_ann 'PLAIN EXTERNAL' --play 'AUTH /EXTERNAL/: 534 no'
	login
	ended 0 "$accepted"
	[ "$(tried)" = 'PLAIN ' ]
	login --auth PLAIN,EXTERNAL
	ended 0 "$accepted"
	[ "$(tried)" = 'PLAIN EXTERNAL PLAIN ' ]
}

@test "EXTERNAL: a wrong identity is 77" {
	serve_ann EXTERNAL
	submit --user eve --auth EXTERNAL b@server.test
	failed 77 'AUTH: 535 5.7.8 Authentication credentials invalid'
}

@test "the mechanisms of --auth must take what there is" {
	serve_ann PLAIN
	login --auth XOAUTH2
	ended 64 '' 'ehlo: --auth: no mechanism that takes a password
hint: --auth PLAIN'
	with_token 'echo x' --auth PLAIN,SCRAM-SHA-1
	ended 64 '' 'ehlo: --auth: no mechanism that takes a token
hint: --auth OAUTHBEARER,XOAUTH2'
	with_token 'echo x' --auth EXTERNAL
	[ "$status" -eq 64 ]
	submit --user ann --auth XOAUTH2 b@server.test
	ended 64 '' 'ehlo: --auth: only mechanisms that take a token, and there is none
hint: --token-command COMMAND, --token-file FILE'
	with_token 'echo x' --authzid bob --auth XOAUTH2
	ended 64 '' 'ehlo: --authzid: no mechanism of --auth has a place for it
hint: --auth OAUTHBEARER'
	submit --token-command 'echo x' b@server.test
	ended 64 '' 'ehlo: a login needs a user name: --user NAME'
	nobody_connected
}

# netrc files

netrc() { # LINE...
	(umask 077 && printf '%s\n' "$@" >"$HOME/.netrc")
}

@test "--netrc has user and password of the host, as it was typed" {
	serve_ann PLAIN
	netrc 'machine mail.other.test login eve password no' \
		'machine localhost login eve password no' \
		'machine 127.0.0.1' '	login ann' '	password "open sesame"' \
		'default login eve password no'
	submit --netrc b@server.test
	ended 0 "$accepted"
	mv "$HOME/.netrc" "$HOME/other"
	submit --netrc-file "$HOME/other" b@server.test
	ended 0 "$accepted"
	submit --netrc --netrc-file "$HOME/other" b@server.test
	ended 0 "$accepted"
	sed -i 's/127.0.0.1/LOCALHOST/; s/^machine localhost.*//' "$HOME/other"
	ehlo --netrc-file "$HOME/other" "localhost:$PORT" a@client.test \
		b@server.test <"$MESSAGE"
	ended 0 "$accepted"
}

@test "--user chooses among the logins of a host, default comes last" {
	serve_ann PLAIN
	netrc 'default password "open sesame"' \
		'machine 127.0.0.1 login eve password no'
	submit --netrc --user ann b@server.test
	ended 0 "$accepted"
	netrc 'machine 127.0.0.1 login eve password no' \
		'machine 127.0.0.1 login ann password "open sesame"'
	ehlo --netrc "smtp://ann@127.0.0.1:$PORT" a@client.test b@server.test \
		<"$MESSAGE"
	ended 0 "$accepted"
}

@test "a netrc file without what is wanted makes 77" {
	serve_ann PLAIN
	file=$HOME/.netrc
	netrc 'machine mail.other.test login ann password "open sesame"'
	submit --netrc b@server.test
	failed 77 "--netrc: $file: nothing for 127.0.0.1 in it"
	submit --netrc --user ann b@server.test
	failed 77 "--netrc: $file: nothing for ann at 127.0.0.1 in it"
	netrc 'machine 127.0.0.1 login ann'
	submit --netrc b@server.test
	failed 77 "--netrc: $file: no password in it"
	netrc 'machine 127.0.0.1 password "open sesame"'
	submit --netrc b@server.test
	failed 77 "--netrc: $file: no login for 127.0.0.1 in it" '--user NAME'
	netrc 'machine 127.0.0.1 login "a\nb" password x'
	submit --netrc b@server.test
	failed 77 "--netrc: $file: the login for 127.0.0.1 is no user name"
	netrc 'machine 127.0.0.1 login ann' 'password open sesame'
	submit --netrc b@server.test
	failed 77 "--netrc: $file: line 2: not machine, default, login, password, account or macdef, or a value is missing" \
		'a password with a blank or a quote in it stands in "quotes", with a backslash before quotes and backslashes'
	netrc 'default login ann password "open sesame"'
	chmod 640 "$file"
	submit --netrc b@server.test
	failed 77 "--netrc: $file: others may read or write it (mode 0640)" \
		'chmod 600 the file'
	rm "$file"
	submit --netrc b@server.test
	failed 66 "--netrc: $file: No such file or directory"
	nobody_connected
}

@test "--netrc does not go with a Unix socket, or another source" {
	ehlo --netrc "smtp:$BATS_TEST_TMPDIR/none" a@client.test \
		b@server.test <"$MESSAGE"
	ended 64 '' 'ehlo: --netrc: a Unix socket is no machine'
	ehlo --netrc --password-file x localhost a@client.test b@server.test \
		<"$MESSAGE"
	[ "$status" -eq 64 ]
	grep -q 'exclude each other$' "$ERR"
}

# Secrets

# All the ways in which it could stand somewhere: in clear, in hexadecimal, and
# in base64 of something that holds it, wherever in there it begins.
forms() { # SECRET
	local padding encoded

	printf '%s\n' "$1"
	printf %s "$1" | od -An -v -tx1 | tr -d ' \n'
	echo
	for padding in '' x xx; do
		encoded=$(printf '%s%s' "$padding" "$1" | base64 -w 0)
		# what is neither before nor behind it
		encoded=${encoded%%=*}
		encoded=${encoded:$((${#padding} + (${#padding} > 0)))}
		printf '%s\n' "${encoded%?}"
	done
}

at_quit() {
	grep -q '^\* silent' "$BATS_TEST_TMPDIR/srv/transcript" 2>/dev/null
}

@test "no secret is in arguments, environments, traces or reports (S-42, S-50)" {
	certs
	secret='zq9-Kp.7vXw_secret-of-ann'
	forms "$secret" >"$OUT.forms"
	for text in "$secret" "a$secret" "ab$secret" "abc$secret="; do
		base64 -w 0 <<<"$text" | grep -qFf "$OUT.forms"
	done
	for mechanism in PLAIN LOGIN CRAM-MD5 OAUTHBEARER XOAUTH2 \
		SCRAM-SHA-{1,256,512}{,-PLUS}; do
		rm -rf "$BATS_TEST_TMPDIR/srv"
		serve --auth "ann:$secret" --require-auth \
			--auth-mechanisms "$mechanism" \
			--tls-cert "$CERTS/server.pem" \
			--tls-key "$CERTS/server.key" \
			--play "RCPT: 550 5.1.1 you are $secret" \
			--play 'QUIT: silent'
		source=password
		[[ $mechanism != *OAUTH* ]] || source=token
		(
			umask 077
			echo "$secret" >"$SECRET"
		)
		EHLO_PASSWORD=$secret "$EHLO" -ddd --json --tls starttls \
			--tls-ca "$CERTS/ca.pem" --user ann --$source-command \
			"tr '\0' '\n' </proc/self/environ >'$OUT.environ'
			tr '\0' '\n' </proc/\$PPID/cmdline >'$OUT.args'
			cat '$SECRET'" "localhost:$PORT" a@client.test \
			b@server.test <"$MESSAGE" >"$OUT" 2>"$ERR" 3>&- &
		pid=$!
		wait_for at_quit
		tr '\0' '\n' <"/proc/$pid/cmdline" >"$OUT.cmdline"
		cat "/proc/$pid/environ" 2>/dev/null | tr '\0' '\n' \
			>"$OUT.own" || true
		kill "$pid"
		wait "$pid" || true
		grep -q "^[ 0-9.]*> AUTH $mechanism" "$ERR"
		grep -q '> .*\[hidden\]$' "$ERR"
		grep -q '550 5.1.1 you are \[hidden\]' "$ERR"
		run ! grep -F -i -f "$OUT.forms" "$OUT" "$ERR" "$OUT.environ" \
			"$OUT.args" "$OUT.cmdline" "$OUT.own"
	done
}

@test "the server's signature is hidden: with it passwords could be tried" {
	for final in v=%v 'v=%v,x=y'; do
		serve_ann SCRAM-SHA-256 --scram-final "$final"
		login -d
		[ "$status" -eq 0 ]
		signature=$(transcript | sed -n 's/^S: 334 //p' | tail -n 1)
		[ "${#signature}" -gt 60 ]
		run ! grep -F "${signature:4:30}" "$ERR"
		grep -q '^< 334 \[hidden\]' "$ERR"
	done
}
