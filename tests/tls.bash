# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154
# Helpers for TLS, for tls.bats and certificates.bats.
#
#   setup_tls                 in setup()
#   serve_tls NAME [OPTION]...   a server with that certificate, of certs.sh or
#                             of issue, for one step of a test
#   commands_of_step          what was said to it
#   starttls [OPTION]...      sends to b, trusting the system
#   trusting [OPTION]...      the same, trusting the tests' authority
#   arrived                   it did, and TLS was on
#   failed STATUS OUTCOME WHAT WORDS [HINT]   nothing was sent
#   given_up STATUS WHAT [HINT]   nothing was said behind STARTTLS
#   facts NAME HOSTS          what is said of a certificate behind what is wrong
#   issue NAME AUTHORITY SUBJECT EXTENSION...   makes one, in the test's folder;
#                             $newkey, $digest and $days say how
#   authority SUBJECT         one that nobody needs, printed

accepted="accepted  b@server.test  250 2.1.5 Ok
sent to 1 of 1 recipient: 250 2.0.0 Ok"

mail="MAIL FROM:<a@client.test> SIZE=18
RCPT TO:<b@server.test>
DATA
QUIT"

not_accepted="the server's certificate is not accepted"
ca_hint='if you trust that authority, give its certificate with --tls-ca FILE; if it is an intermediate one, the server should send it'
name_hint='if one of its names is the server'"'"'s, use that as SERVER, or give it with --tls-name'
selfmade_hint="if you know it to be the server's, keep it in a file for --tls-ca, or give its sha256 with --tls-pin"
expired_hint="the server needs a new certificate, unless this machine's clock is wrong"
other_hint="the server needs another certificate; one that you know to be the server's is accepted by --tls-pin and its sha256"
no_cipher='the two have no cipher or key exchange in common; see --tls-ciphers'
unknown='nobody trusted here has signed it: the server sent no certificate of CN = Test authority, and none is known here'
ours='localhost, 127.0.0.1, ::1'

setup_tls() {
	setup_client
	certs
	unset SSL_CERT_FILE SSL_CERT_DIR
	step=0
}

# What is said of that of the server if its authority is not trusted.
unknown_issuer() {
	printf '%s: %s%s' "$not_accepted" "$unknown" \
		"$(facts server "$ours")"
}

# Where the files of a certificate are, without .pem or .key.
certificate() {
	if [ -e "$CERTS/$1.pem" ]; then
		printf '%s\n' "$CERTS/$1"
	else
		printf '%s\n' "$BATS_TEST_TMPDIR/$1"
	fi
}

serve_tls() {
	local file port

	file=$(certificate "$1")
	shift
	step=$((step + 1))
	serve -n "step$step" --tls-cert "$file.pem" --tls-key "$file.key" "$@"
	port=step${step}_PORT
	PORT=${!port}
}

commands_of_step() {
	sent_commands "step$step"
}

starttls() {
	submit --tls starttls "$@" b@server.test
}

trusting() {
	starttls --tls-ca "$CERTS/ca.pem" "$@"
}

arrived() {
	ended 0 "$accepted"
	[ "$(tail -n 4 <(commands_of_step))" = "$mail" ]
	transcript "step$step" | grep -q '^\* TLS on: '
}

failed() {
	ended "$1" "$(printf %-8s "$2")  b@server.test  $4
sent to 0 of 1 recipient" "ehlo: 127.0.0.1:$PORT: $3${5:+$'\n'hint: $5}"
}

given_up() {
	failed "$1" unsent "$2" "$2" "${3-}"
	[ "$(commands_of_step)" = $'EHLO client.test\nSTARTTLS' ]
}

facts() {
	local pem dates issuer

	pem=$(certificate "$1").pem
	issuer=$(openssl x509 -in "$pem" -noout -issuer -nameopt oneline)
	dates=$(openssl x509 -in "$pem" -noout -dates -dateopt iso_8601 |
		sed 's/.*=//; s/ /T/' | paste -sd ' ')
	printf ' (it is for %s; issued by %s; valid %s; sha256:%s)' "$2" \
		"${issuer#issuer=}" "${dates/ / to }" \
		"$(digest_of "$1")"
}

digest_of() {
	openssl x509 -in "$(certificate "$1").pem" -outform DER |
		sha256sum | cut -d ' ' -f 1
}

# The time of day is not the same twice.
stop_clock() {
	sed -i "s/ clock says [0-9TZ:-]*/ clock says NOW/" "$OUT" "$ERR"
}

issue() {
	local own=$BATS_TEST_TMPDIR/$1 by=$2 subject=$3

	shift 3
	printf '%s\n' "$@" >"$own.ext"
	# shellcheck disable=SC2086
	openssl req -new -newkey ${newkey:-ec -pkeyopt ec_paramgen_curve:P-256} \
		-nodes -keyout "$own.key" -subj "$subject" 2>"$own.log" |
		openssl x509 -req -CA "$by.pem" -CAkey "$by.key" -set_serial 7 \
			-days "${days:-3650}" "-${digest:-sha256}" \
			-extfile "$own.ext" -out "$own.pem" 2>>"$own.log"
}

authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$BATS_TEST_TMPDIR/key" -subj "$1" -days 3650 \
		2>"$BATS_TEST_TMPDIR/log"
}

# An error's name differs from one version of OpenSSL to another.
openssl_reason() {
	openssl errstr "$1" | sed 's/.*://'
}
