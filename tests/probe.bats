#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154
# --probe shows what a server offers and its certificate, and does no more.

bats_require_minimum_version 1.5.0

load lib
load tls

offers_clear="hello      clear  localhost
offer      clear  PIPELINING            several commands at once, which saves time
offer      clear  SIZE 0                the size can be said before; no limit is named
offer      clear  8BITMIME              bodies in 8 bits need not be encoded
offer      clear  SMTPUTF8              addresses and headers in UTF-8"
more_clear="offer      clear  ENHANCEDSTATUSCODES   replies say more, as 5.1.1"

setup() {
	setup_client
	certs
	unset SSL_CERT_FILE SSL_CERT_DIR
}

teardown() {
	teardown_client
}

serve_tls() { # CERTIFICATE [OPTION]...
	serve --tls-cert "$CERTS/$1.pem" --tls-key "$CERTS/$1.key" "${@:2}"
}

# Nothing can be read from standard input.
probe() {
	ehlo --helo client.test --probe "$@" "127.0.0.1:$PORT" <&-
}

# What each probe begins with.
begin() {
	printf 'server     127.0.0.1:%s  127.0.0.1\n' "$PORT"
	printf 'greeting   220 localhost ESMTP\n'
}

# The days that are left, of a certificate that ends that day.
days_until() {
	echo $((($(date -u -d "$1" +%s) - $(date +%s)) / 86400))
}

sha256_of() {
	openssl x509 -noout -fingerprint -sha256 -in "$CERTS/$1.pem" |
		sed 's/.*=//' | tr -d : | tr A-F a-f
}

# The lines about TLS, of the certificate of this NAME: VERIFIED
tls_lines() {
	cat <<-END
		tls        TLSv1.3  TLS_AES_256_GCM_SHA384
		verified   $2
		subject    CN = localhost
		name       localhost
		name       127.0.0.1
		name       ::1
		issuer     CN = Test authority
		from       2020-01-01T00:00:00Z
		until      2099-12-31T23:59:59Z
		days       $(days_until 2099-12-31T23:59:59Z)
		sha256     $(sha256_of "$1")
	END
}

lines_of() {
	grep "^$1 " "$OUT"
}


@test "in the clear the offers are shown, and that there is no TLS" {
	serve
	probe
	ended 0 "$(begin)
$offers_clear
$more_clear
tls        none"
	[ "$(sent_commands)" = 'EHLO client.test
QUIT' ]
}

@test "with STARTTLS each offer tells on which side of it it was made" {
	serve_tls server --auth ann:pw
	probe --tls-ca "$CERTS/ca.pem"
	ended 0 "$(begin)
hello      both   localhost
offer      both   PIPELINING            several commands at once, which saves time
offer      both   SIZE 0                the size can be said before; no limit is named
offer      both   8BITMIME              bodies in 8 bits need not be encoded
offer      both   SMTPUTF8              addresses and headers in UTF-8
offer      clear  STARTTLS              TLS can begin
offer      both   ENHANCEDSTATUSCODES   replies say more, as 5.1.1
offer      tls    AUTH PLAIN LOGIN CRAM-MD5  a login, by these mechanisms
mechanism  tls    PLAIN                 shows the password to the server
mechanism  tls    LOGIN                 shows the password to the server; older than PLAIN
mechanism  tls    CRAM-MD5              proves the password by MD5, without showing it
$(tls_lines server yes)"
	[ "$(sent_commands)" = 'EHLO client.test
STARTTLS
EHLO client.test
QUIT' ]
}

@test "with TLS from the first octet every offer was made inside it" {
	serve_tls server --implicit
	probe --tls implicit --tls-ca "$CERTS/ca.pem"
	ended 0 "$(begin)
${offers_clear//clear/tls  }
${more_clear//clear/tls  }
$(tls_lines server yes)"
}

@test "an offer that changes inside TLS is shown twice" {
	serve_tls server --play 'EHLO 2: 250-localhost\n250-SIZE 2048\n250 AUTH GSSAPI' \
		--play 'EHLO 1: 250-localhost\n250-SIZE 1024\n250 STARTTLS'
	probe --tls-ca "$CERTS/ca.pem"
	[ "$status" -eq 0 ]
	diff - <(grep -E '^(offer|mechanism) ' "$OUT") <<-'END'
		offer      clear  SIZE 1024             a message may have 1.0 KiB
		offer      clear  STARTTLS              TLS can begin
		offer      tls    SIZE 2048             a message may have 2.0 KiB
		offer      tls    AUTH GSSAPI           a login, by these mechanisms
		mechanism  tls    GSSAPI                Kerberos; not used by this program
	END
}

@test "a mechanism that is offered twice is shown once, and limits one by one" {
	serve --play 'EHLO: 250-localhost\n250-AUTH PLAIN LOGIN\n250-AUTH=PLAIN XFOO\n250 LIMITS RCPTMAX=20  MAILMAX=5'
	probe
	[ "$status" -eq 0 ]
	diff - <(sed '/^offer /d; 1,3d' "$OUT") <<-'END'
		mechanism  clear  PLAIN                 shows the password to the server
		mechanism  clear  LOGIN                 shows the password to the server; older than PLAIN
		mechanism  clear  XFOO                  not used by this program
		limit      clear  RCPTMAX=20            recipients in a message
		limit      clear  MAILMAX=5             messages in a session
		tls        none
	END
}

@test "a certificate that is not accepted is shown before the failure" {
	serve_tls server
	probe --tls starttls
	ended 77 "$(begin)
$offers_clear
offer      clear  STARTTLS              TLS can begin
$more_clear
$(tls_lines server "no  $unknown")" \
		"ehlo: 127.0.0.1:$PORT: the server's certificate is not accepted: $unknown$(facts server "$ours")
hint: $ca_hint"
	[ "$(sent_commands)" = 'EHLO client.test
STARTTLS' ]
}

@test "the same where TLS comes before the greeting" {
	serve_tls server --implicit
	probe --tls implicit
	ended 77 "$(begin | head -n 1)
$(tls_lines server "no  $unknown")" \
		"ehlo: 127.0.0.1:$PORT: the server's certificate is not accepted: $unknown$(facts server "$ours")
hint: $ca_hint"
}

@test "a certificate for another name shows the names that it is for" {
	serve_tls other
	probe --tls starttls --tls-ca "$CERTS/ca.pem"
	[ "$status" -eq 77 ]
	[ "$(lines_of name)" = 'name       mail.other.test' ]
	[ "$(lines_of verified)" = 'verified   no  it is not for 127.0.0.1' ]
}

@test "a certificate that has expired has less than no days left" {
	serve_tls expired
	probe --tls starttls --tls-ca "$CERTS/ca.pem"
	[ "$status" -eq 77 ]
	[[ $(lines_of verified) = 'verified   no  it expired on 2021'* ]]
	[ "$(lines_of until)" = 'until      2021-01-01T00:00:00Z' ]
	# Part of a day ago counts as a day.
	[ "$(lines_of days)" = "days       $(($(days_until 2021-01-01T00:00:00Z) - 1))" ]
}

@test "--tls-insecure and a server on this machine let the probe look inside" {
	serve_tls server
	probe --tls starttls --tls-insecure
	[ "$status" -eq 0 ]
	[ "$(lines_of hello)" = 'hello      both   localhost' ]
	[ "$(lines_of verified)" = "verified   no  $unknown" ]
	probe
	[ "$status" -eq 0 ]
	[ "$(lines_of hello)" = 'hello      both   localhost' ]
	[ "$(lines_of verified)" = "verified   no  $unknown" ]
}

@test "with TLS 1.2 version and cipher are shown too, verified or not" {
	serve_tls server --tls-max 1.2
	probe --tls-ca "$CERTS/ca.pem"
	[ "$status" -eq 0 ]
	[[ $(lines_of tls) = 'tls        TLSv1.2  ECDHE-'* ]]
	probe --tls starttls
	[ "$status" -eq 77 ]
	[[ $(lines_of tls) = 'tls        TLSv1.2  ECDHE-'* ]]
}

@test "a handshake that fails before there is a certificate shows none" {
	serve_tls server --play 'HANDSHAKE: close'
	probe --tls starttls
	[ "$status" -eq 75 ]
	[ "$(lines_of tls)" = 'tls        none' ]
	[[ $(<"$ERR") = *'TLS handshake: '* ]]
	[ -z "$(lines_of sha256)" ]
}

@test "TLS that is wanted and not offered makes 77, and the offers are shown" {
	serve
	probe --tls starttls
	ended 77 "$(begin)
$offers_clear
$more_clear
tls        none" \
		"ehlo: 127.0.0.1:$PORT: the server does not offer STARTTLS
hint: this port may want TLS from the start: submissions://HOST"
}

@test "a server that knows only HELO is said to" {
	serve --helo-only
	probe
	ended 0 "$(begin)
helo-only  yes
tls        none"
	serve -n new
	PORT=$new_PORT probe --no-esmtp
	[ "$status" -eq 0 ]
	[ "$(lines_of helo-only)" = 'helo-only  yes' ]
	[ "$(lines_of offer)" = '' ]
}

@test "an LMTP server is asked by LHLO" {
	serve --lmtp
	probe --lmtp
	ended 0 "server     127.0.0.1:$PORT  127.0.0.1
greeting   220 localhost LMTP
$offers_clear
$more_clear
tls        none"
	[ "$(sent_commands)" = 'LHLO client.test
QUIT' ]
}

@test "a Unix socket is probed as well" {
	serve --unix "$BATS_TEST_TMPDIR/socket"
	ehlo --helo client.test --probe "smtp:$BATS_TEST_TMPDIR/socket"
	[ "$status" -eq 0 ]
	[ "$(lines_of server)" = "server     $BATS_TEST_TMPDIR/socket  $BATS_TEST_TMPDIR/socket" ]
}

@test "what a server says cannot drive a terminal" {
	serve --play 'GREETING: 220-\x1b[2Jhi\n220 there' \
		--play 'EHLO: 250-\x1b]0;x\x07\n250-X\xe2\x80\xaeFOO \x9b\n250 AUTH \x1b[A PLAIN'
	probe
	ended 0 "server     127.0.0.1:$PORT  127.0.0.1
greeting   220 \\x1B[2Jhi there
hello      clear  \\x1B]0;x\\x07
offer      clear  X\\xE2\\x80\\xAEFOO \\x9B
offer      clear  AUTH \\x1B[A PLAIN     a login, by these mechanisms
mechanism  clear  \\x1B[A                not used by this program
mechanism  clear  PLAIN                 shows the password to the server
tls        none"
}

@test "offers without end are cut" {
	serve --play "EHLO: 250-x\n250 AUTH $(printf 'M%s ' {1..3000})"
	probe
	[ "$status" -eq 0 ]
	[ "$(lines_of mechanism | wc -l)" -eq 998 ]
}

@test "a greeting that is none shows the server, and the failure" {
	local greeting

	for greeting in '554 5.7.1 no|69' '450 4.7.1 later|75' '421 no|75'; do
		serve -n "s${greeting:0:3}" --play "GREETING: ${greeting%|*}"
		PORT=s${greeting:0:3}_PORT
		PORT=${!PORT}
		probe
		ended "${greeting#*|}" "$(begin | head -n 1)
tls        none" "ehlo: 127.0.0.1:$PORT: greeting: ${greeting%|*}"
	done
}

@test "a connection that is lost leaves what was seen before" {
	serve --play 'EHLO: close'
	probe
	ended 75 "$(begin)
tls        none" "ehlo: 127.0.0.1:$PORT: EHLO: the server closed the connection"
}

@test "garbage makes 76" {
	serve --play 'EHLO: raw what?\r\n'
	probe
	ended 76 "$(begin)
tls        none" "ehlo: 127.0.0.1:$PORT: EHLO: no reply code of three digits"
}

@test "where nobody listens nothing is printed" {
	ehlo --probe 127.0.0.1:1
	ended 75 '' 'ehlo: 127.0.0.1:1: connect to 127.0.0.1: Connection refused'
}

@test "with a user name the login is tried too" {
	serve --auth ann:pw --auth-clear
	EHLO_PASSWORD=pw probe --user ann
	[ "$status" -eq 0 ]
	[ "$(tail -n 2 "$OUT")" = 'tls        none
login      235 2.7.0 Authentication successful' ]
	EHLO_PASSWORD=no probe --user ann
	[ "$status" -eq 77 ]
	[ "$(tail -n 1 "$OUT")" = 'tls        none' ]
	[[ $(<"$ERR") = *'AUTH: 535 '* ]]
	[ "$(sent_commands | grep -c ^MAIL)" -eq 0 ]
}

@test "an unverified certificate gets no password" {
	serve_tls server --auth ann:pw
	EHLO_PASSWORD=pw probe --tls starttls --user ann --allow-cleartext-auth
	[ "$status" -eq 77 ]
	[ "$(sent_commands)" = 'EHLO client.test
STARTTLS' ]
}

@test "a standard output that is full is said, and changes no status" {
	[ -w /dev/full ] || skip 'no /dev/full'
	serve
	status=0
	"$EHLO" --probe "127.0.0.1:$PORT" >/dev/full 2>"$ERR" || status=$?
	[ "$status" -eq 0 ]
	[ "$(<"$ERR")" = 'ehlo: standard output: No space left on device' ]
}

@test "a certificate is shown also if another address was tried behind it" {
	local addresses

	mapfile -t addresses < <(getent ahosts localhost |
		awk '$2 == "STREAM" { print $1 }')
	[ ${#addresses[@]} -gt 1 ] || skip 'localhost has one address'
	serve_tls other --implicit --listen "${addresses[0]}"
	ehlo --probe --tls implicit --tls-ca "$CERTS/ca.pem" "localhost:$PORT"
	[ "$status" -eq 75 ]
	[ "$(lines_of name)" = 'name       mail.other.test' ]
}

# --json

@test "--json has the same, an object a line" {
	serve_tls server --play 'EHLO 2: 250-me\n250-SIZE 2048\n250 AUTH PLAIN' \
		--play 'EHLO 1: 250-me\n250-STARTTLS\n250 LIMITS MAILMAX=5'
	probe --json --tls-ca "$CERTS/ca.pem"
	[ "$status" -eq 0 ]
	diff - <(sed '$d' "$OUT") <<-END
		{"type":"server","server":"127.0.0.1:$PORT","address":"127.0.0.1","greeting":"220 localhost ESMTP","helo_only":false,"login":null}
		{"type":"hello","text":"me","clear":true,"inside":true}
		{"type":"offer","text":"STARTTLS","keyword":"STARTTLS","parameters":null,"meaning":"TLS can begin","clear":true,"inside":false}
		{"type":"offer","text":"LIMITS MAILMAX=5","keyword":"LIMITS","parameters":"MAILMAX=5","meaning":"how much is taken at once","clear":true,"inside":false}
		{"type":"limit","text":"MAILMAX=5","keyword":"MAILMAX","parameters":"5","meaning":"messages in a session","clear":true,"inside":false}
		{"type":"offer","text":"SIZE 2048","keyword":"SIZE","parameters":"2048","meaning":"a message may have 2.0 KiB","clear":false,"inside":true}
		{"type":"offer","text":"AUTH PLAIN","keyword":"AUTH","parameters":"PLAIN","meaning":"a login, by these mechanisms","clear":false,"inside":true}
		{"type":"mechanism","text":"PLAIN","keyword":"PLAIN","parameters":null,"meaning":"shows the password to the server","clear":false,"inside":true}
		{"type":"tls","version":"TLSv1.3","cipher":"TLS_AES_256_GCM_SHA384","verified":true,"flaw":null,"subject":"CN = localhost","names":["localhost","127.0.0.1","::1"],"issuer":"CN = Test authority","from":"2020-01-01T00:00:00Z","until":"2099-12-31T23:59:59Z","days":$(days_until 2099-12-31T23:59:59Z),"sha256":"$(sha256_of server)"}
	END
	[[ $(tail -n 1 "$OUT") = '{"type":"session","exit":0,'*'"problem":null,'* ]]
}

@test "--json says why a certificate is not accepted, and the exit status" {
	serve_tls other --implicit
	probe --json --tls implicit --tls-ca "$CERTS/ca.pem"
	[ "$status" -eq 77 ]
	grep -qF '"verified":false,"flaw":"it is not for 127.0.0.1","subject":"CN = mail.other.test","names":["mail.other.test"],' "$OUT"
	[[ $(tail -n 1 "$OUT") = '{"type":"session","exit":77,'* ]]
}

@test "--json is valid whatever the server says" {
	serve --play 'EHLO: 250-\x1b"\\\n250-\xff\xfe=\xc3\n250-AUTH= "\n250 SIZE '
	probe --json
	[ "$status" -eq 0 ]
	if command -v python3 >/dev/null; then
		python3 -c 'import json, sys
for line in open(sys.argv[1], encoding="utf-8"): json.loads(line)' "$OUT"
	fi
}

@test "the page has every field of the JSON of a probe, and no other" {
	serve_tls server --ehlo 'LIMITS MAILMAX=5' --auth ann:pw
	probe --json --tls-ca "$CERTS/ca.pem"
	diff <(sed '$d' "$OUT" | grep -o '[{,]"[a-z0-9_]*":' | tr -d '{,":' |
		sort -u) <(awk '/^\.S[hs] /{ on = $0 == ".Ss JSON of a probe"; next }
		on' "$BATS_TEST_DIRNAME/../man/ehlo.1" |
		sed -n 's/^\.It Cm //p' | tr -d ' ' | tr , '\n' | sort -u)
}
