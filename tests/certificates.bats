#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# Certificates: what is refused, and what is said of it; pins, the client's own,
# versions and ciphers, days that are left; and what else a server can do wrong.

bats_require_minimum_version 1.5.0

load lib
load tls

setup() {
	setup_tls
}

teardown() {
	teardown_client
}

# Refused before a word is said in TLS, with all that is known of it; but a pin
# that is that certificate's is enough.
refused() { # NAME HOSTS WHY HINT [OPTION]...
	local name=$1 hosts=$2 why=$3 hint=$4

	shift 4
	serve_tls "$name" "${server[@]}"
	trusting "$@"
	stop_clock
	given_up 77 "$not_accepted: $why$(facts "$name" "$hosts")" "$hint"
	trusting "$@" --tls-pin "sha256:$(digest_of "$name")"
	ended 0 "$accepted"
}

@test "expired, not valid yet, of another name (F-150 to F-152)" {
	clock='; this machine'\''s clock says NOW'
	refused expired "$ours" "it expired on 2021-01-01T00:00:00Z$clock" \
		"$expired_hint"
	refused future "$ours" \
		"it is not valid before 2098-01-01T00:00:00Z$clock" \
		"this machine's clock may be wrong: see date(1)"
	refused other mail.other.test 'it is not for 127.0.0.1' "$name_hint"
	refused selfsigned "$ours" 'it is signed by itself, and not trusted here' \
		"$selfmade_hint"
}

@test "an authority that is unknown, or unknown behind another (F-331)" {
	cd "$BATS_TEST_TMPDIR"
	issue middle "$CERTS/ca" /CN=Middle basicConstraints=critical,CA:TRUE
	issue leaf middle /CN=leaf subjectAltName=IP:127.0.0.1
	refused leaf 127.0.0.1 'nobody trusted here has signed it: the server sent no certificate of CN = Middle, and none is known here' \
		"$ca_hint"
	starttls --tls-ca middle.pem
	ended 0 "$accepted"
	cat leaf.pem middle.pem >chain.pem
	cp leaf.key chain.key
	serve_tls chain
	trusting
	arrived
	starttls --tls-ca "$CERTS/selfsigned.pem"
	why="$not_accepted: nobody trusted here has signed CN = Middle, which stands behind it: its authority is CN = Test authority$(facts leaf 127.0.0.1)"
	failed 77 unsent "$why" "$why" 'if you trust that authority, give its certificate with --tls-ca FILE'
	cat leaf.pem middle.pem "$CERTS/ca.pem" >whole.pem
	cp leaf.key whole.key
	serve_tls whole
	starttls --tls-ca "$CERTS/selfsigned.pem"
	given_up 77 "$not_accepted: its authority is not trusted here: CN = Test authority$(facts leaf 127.0.0.1)" \
		'if you trust that authority, give its certificate with --tls-ca FILE'
}

@test "an authority that has expired, or is none" {
	cd "$BATS_TEST_TMPDIR"
	days=-1 issue old "$CERTS/ca" /CN=Old basicConstraints=critical,CA:TRUE
	issue leaf old /CN=leaf subjectAltName=IP:127.0.0.1
	cat old.pem >>leaf.pem
	serve_tls leaf
	trusting
	[ "$status" -eq 77 ]
	grep -q "^ehlo: .*: $not_accepted: CN = Old expired on .* (it is for 127.0.0.1; issued by CN = Old;" \
		"$ERR"
	issue none "$CERTS/ca" /CN=None basicConstraints=CA:FALSE
	issue below none /CN=below subjectAltName=IP:127.0.0.1
	cat none.pem >>below.pem
	serve_tls below
	trusting
	given_up 77 "$not_accepted: CN = None may not sign certificates$(facts below 127.0.0.1)" \
		"$other_hint"
}

@test "what it is for, and how strong it is (F-156, F-157)" {
	issue purpose "$CERTS/ca" /CN=x subjectAltName=IP:127.0.0.1 \
		extendedKeyUsage=clientAuth,codeSigning
	refused purpose 127.0.0.1 'it is not for servers, but for TLS Web Client Authentication, Code Signing' \
		"$other_hint"
	newkey='rsa:1024' issue weak "$CERTS/ca" /CN=x \
		subjectAltName=IP:127.0.0.1
	refused weak 127.0.0.1 'it has a weak key: RSA of 1024 bits' \
		"$other_hint"
	digest=sha1 issue sha1 "$CERTS/ca" /CN=x subjectAltName=IP:127.0.0.1
	refused sha1 127.0.0.1 \
		'it is signed in a weak way: ecdsa-with-SHA1' "$other_hint"
}

@test "names that its authority may not sign for" {
	cd "$BATS_TEST_TMPDIR"
	issue narrow "$CERTS/ca" /CN=Narrow basicConstraints=critical,CA:TRUE \
		'nameConstraints=critical,permitted;DNS:good.test,excluded;IP:127.0.0.0/255.0.0.0'
	issue leaf narrow /CN=leaf subjectAltName=DNS:evil.test
	cat narrow.pem >>leaf.pem
	serve_tls leaf
	trusting --tls-name evil.test
	given_up 77 "$not_accepted: it has a name that its authority may not sign for (name constraints)$(facts leaf evil.test)" \
		"$other_hint"
	issue address narrow /CN=leaf subjectAltName=IP:127.0.0.1
	cat narrow.pem >>address.pem
	serve_tls address
	trusting
	given_up 77 "$not_accepted: it has a name that its authority may not sign for (name constraints)$(facts address 127.0.0.1)" \
		"$other_hint"
}

no_san=': it has no subjectAltName, and a common name does not count'
no_wildcard=': a wildcard is a whole label, the first of three or more, and stands for one'

@test "a name is a whole name, and of the right kind (F-158, F-159, F-330)" {
	issue cn-only "$CERTS/ca" /CN=good.test basicConstraints=CA:FALSE
	issue dns-ip "$CERTS/ca" /CN=x subjectAltName=DNS:127.0.0.1
	issue star "$CERTS/ca" /CN=x 'subjectAltName=DNS:*'
	issue star-top "$CERTS/ca" /CN=x 'subjectAltName=DNS:*.test'
	issue part "$CERTS/ca" /CN=x 'subjectAltName=DNS:g*.a.test'
	issue two "$CERTS/ca" /CN=x 'subjectAltName=DNS:*.*.test'
	issue inner "$CERTS/ca" /CN=x 'subjectAltName=DNS:good.*.test'
	issue wild "$CERTS/ca" /CN=x 'subjectAltName=DNS:*.a.test'
	while IFS='|' read -r name for hosts why; do
		hint=$name_hint
		[ "$name" != cn-only ] || hint=$other_hint
		refused "$name" "$hosts" "it is not for ${for:-127.0.0.1}$why" \
			"$hint" ${for:+--tls-name "$for"}
	done <<-END
		cn-only|good.test|no host: CN = good.test|$no_san
		dns-ip||127.0.0.1|: that is among its names, not among its addresses
		star|good.test|*|$no_wildcard
		star-top|good.test|*.test|$no_wildcard
		part|good.a.test|g*.a.test|$no_wildcard
		two|good.a.test|*.*.test|$no_wildcard
		inner|good.a.test|good.*.test|$no_wildcard
		wild|a.test|*.a.test|$no_wildcard
		wild|x.y.a.test|*.a.test|$no_wildcard
		server|127.0.0.2|$ours|
		server|localhos|$ours|
	END
	[ "$step" -eq 11 ]
	serve_tls wild
	for name in GOOD.a.test xn--bro-hoa.a.test; do
		trusting --tls-name "$name"
		ended 0 "$accepted"
	done
}

# A dNSName in octets: "good.test\0.evil.test" and the like.
octets_name() { # NAME OCTETS...
	local name=$1 all='' one hex

	shift
	for one; do
		hex=$(printf %b "$one" | od -An -v -tx1 | tr -d ' \n')
		all+=$(printf '82%02x%s' $((${#hex} / 2)) "$hex")
	done
	issue "$name" "$CERTS/ca" /CN=x \
		"subjectAltName=DER:$(printf '30%02x%s' $((${#all} / 2)) "$all")"
}

@test "a name with a NUL, or what is no ASCII, in it is none (F-159, R-ID-05)" {
	octets_name nul 'good.test\0.evil.test'
	octets_name nul-too localhost 'good.test\0.evil.test'
	octets_name high localhost 'b\303\274ro.test'
	octets_name escape localhost 'a\033]0;pwn\007b'
	refused nul 'good.test\x00.evil.test' 'it is not for good.test' \
		"$name_hint" --tls-name good.test
	refused nul-too 'localhost, good.test\x00.evil.test' \
		'one of its names is none' "$other_hint" --tls-name localhost
	refused high 'localhost, büro.test' 'one of its names is none' \
		"$other_hint" --tls-name localhost
	refused escape 'localhost, a\x1B]0;pwn\x07b' 'one of its names is none' \
		"$other_hint" --tls-name localhost
}

@test "a subject is shown without what would move the cursor (F-347)" {
	issue escape "$CERTS/ca" "/CN=$(printf 'a\033]0;pwn\007b')" \
		extendedKeyUsage=clientAuth subjectAltName=IP:127.0.0.1
	issue worse "$CERTS/ca" "/CN=$(printf 'a\033]0;pwn\007b')"
	for name in escape worse; do
		serve_tls "$name"
		trusting -dd
		[ "$status" -eq 77 ]
		run ! grep -q "$(printf '[\033\007]')" "$ERR"
		run ! grep -q "$(printf '[\033\007]')" "$OUT"
	done
	grep -q 'it is for no host: CN = "a\\1B]0;pwn\\07b";' "$ERR"
}

@test "of many names some are shown" {
	names=()
	for ((i = 1; i <= 100; i++)); do
		names+=("DNS:host$i.test")
	done
	issue many "$CERTS/ca" /CN=x "subjectAltName=$(IFS=,; echo "${names[*]}")"
	hosts=$(printf 'host%d.test, ' {1..8})
	refused many "${hosts%, } and 92 more" 'it is not for 127.0.0.1' \
		"$name_hint"
}

@test "a chain that is too long breaks the protocol (F-332)" {
	cd "$BATS_TEST_TMPDIR"
	cp "$CERTS/ca.pem" last.pem
	echo 'basicConstraints=critical,CA:TRUE' >ca.ext
	echo 'subjectAltName=IP:127.0.0.1' >leaf.ext
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout one.key -subj /CN=x -out one.csr 2>log
	key=$CERTS/ca.key all='' ext=ca.ext
	for ((i = 1; i <= 200; i++)); do
		[ "$i" -lt 200 ] || ext=leaf.ext
		openssl x509 -req -in one.csr -CA last.pem -CAkey "$key" \
			-subj "/CN=Link $i" -set_serial "$i" -extfile "$ext" \
			-days 3650 -out next.pem 2>>log
		mv next.pem last.pem
		all=$(<last.pem)$'\n'$all
		key=one.key
	done
	printf %s "$all" >long.pem
	cp one.key long.key
	serve_tls long
	trusting
	[ "$status" -eq 76 ]
	[ "$(commands_of_step)" = $'EHLO client.test\nSTARTTLS' ]
	grep -q "^ehlo: .*: $not_accepted: it comes with too long a chain, of 200 (it is for 127.0.0.1; issued by CN = Link 199;" \
		"$ERR"
}

# Its SubjectPublicKeyInfo.
key_of() {
	openssl x509 -in "$(certificate "$1").pem" -noout -pubkey |
		openssl pkey -pubin -outform DER
}

@test "a pin is of the certificate or of its key, in hex or base64" {
	serve_tls selfsigned
	digest=$(digest_of selfsigned)
	colons=$(openssl x509 -in "$CERTS/selfsigned.pem" -noout -sha256 \
		-fingerprint)
	key=$(key_of selfsigned | sha256sum | cut -d ' ' -f 1)
	base64=$(key_of selfsigned | openssl dgst -sha256 -binary | base64)
	for pin in "sha256:$digest" "sha256:${digest^^}" \
		"sha256:${colons#*=}" "sha256:$key" "sha256//$base64"; do
		starttls --tls-pin "$pin"
		arrived
	done
	[ "$(transcript step1 | grep -c '^\* TLS on')" -eq 5 ]
	serve_tls selfsigned --implicit --tls-max 1.2
	submit --tls implicit --tls-pin "sha256:$key" b@server.test
	arrived
}

@test "one of several pins must fit, be the rest as good as it may" {
	zeros=$(printf '%064d' 0)
	foreign=sha256:$(digest_of other)
	authority=sha256:$(digest_of ca)
	own=sha256:$(digest_of server)
	serve_tls server
	trusting --tls-pin "sha256:$zeros" --tls-pin "$own"
	arrived
	for version in 1.3 1.2; do
		max=()
		[ "$version" = 1.3 ] || max=(--tls-max 1.2)
		serve_tls server "${max[@]}"
		trusting --tls-pin "sha256:$zeros" --tls-pin "$foreign" \
			--tls-pin "$authority"
		given_up 77 "$not_accepted: it is none that --tls-pin names$(facts server "$ours")" \
			'if the server has a new certificate, learn its sha256 from who runs it, and give that with --tls-pin'
		# this machine is no exception
		submit --tls-pin "$foreign" b@server.test
		[ "$status" -eq 77 ]
	done
	serve
	submit --tls-pin "$own" b@server.test
	what='the server does not offer STARTTLS'
	failed 77 unsent "$what" "$what" \
		'this port may want TLS from the start: submissions://HOST'
}

@test "a pin lets a login pass, and the trace says what is pinned" {
	serve_tls selfsigned --auth ann:secret --require-auth
	EHLO_PASSWORD=secret starttls -u ann \
		--tls-pin "sha256:$(digest_of selfsigned)" -d
	[ "$status" -eq 0 ]
	grep -q '^\* TLSv1.3, .*, certificate pinned$' "$ERR"
	key=$(key_of selfsigned | sha256sum | cut -d ' ' -f 1)
	EHLO_PASSWORD=secret starttls -u ann --tls-insecure \
		--allow-cleartext-auth -dd
	grep -q " \* pins: sha256:$(digest_of selfsigned), of its key sha256:$key\$" \
		"$ERR"
	EHLO_PASSWORD=secret starttls -u ann --tls-pin "sha256:$key" -dd
	grep -q ' \* trusted: a pin fits$' "$ERR"
}

@test "on a Unix socket a pin needs no name" {
	serve --unix "$BATS_TEST_TMPDIR/s" --tls-cert "$CERTS/server.pem" \
		--tls-key "$CERTS/server.key"
	ehlo --helo client.test --tls starttls \
		--tls-pin "sha256:$(digest_of server)" "smtp:$PORT" \
		a@client.test b@server.test <"$MESSAGE"
	ended 0 "$accepted"
}

@test "what is no pin, or goes with none, is found before a connection is made" {
	serve
	zeros=$(printf '%064d' 0)
	for pin in x sha256: sha256:0 "sha256:${zeros}0" "sha256:${zeros%0}" \
		"sha256:${zeros%0}g" "sha1:${zeros:0:40}" "$zeros" \
		"sha256:00:${zeros:2}" "sha256//${zeros:0:43}" \
		"sha256//${zeros:0:44}" "sha256//${zeros:0:42}==" \
		"sha256//${zeros:0:43}=x" "SHA256:$zeros"; do
		submit --tls-pin "$pin" b@server.test
		ended 64 '' "ehlo: --tls-pin $pin: not the digest of a certificate
hint: sha256: and 64 hexadecimal digits, or sha256// and 44 characters of base64"
	done
	submit --tls-pin "sha256:$zeros" --tls-insecure b@server.test
	ended 64 '' 'ehlo: --tls-pin and --tls-insecure exclude each other'
	submit --tls-pin "sha256:$zeros" --tls none b@server.test
	ended 64 '' 'ehlo: --tls-pin: there is no TLS with --tls none
hint: --tls=starttls'
	nobody_connected
}

as_client() {
	trusting --tls-cert "$CERTS/client.pem" --tls-key "$CERTS/client.key"
}

@test "a server that asks for a certificate gets it, and no other does" {
	for max in '' '--tls-max 1.2'; do
		for ask in "--tls-client-ca $CERTS/ca.pem" ''; do
			# shellcheck disable=SC2086
			serve_tls server $max $ask
			as_client
			arrived
		done
	done
	cat "$CERTS/client.pem" "$CERTS/client.key" >"$BATS_TEST_TMPDIR/both"
	chmod 600 "$BATS_TEST_TMPDIR/both"
	serve_tls server --tls-client-ca "$CERTS/ca.pem"
	trusting --tls-cert "$BATS_TEST_TMPDIR/both"
	arrived
	trusting --tls-cert "$CERTS/client.pem" --tls-key <(cat "$CERTS/client.key")
	arrived
}

@test "the certificates behind the client's own are sent too" {
	cd "$BATS_TEST_TMPDIR"
	issue middle "$CERTS/ca" /CN=Middle basicConstraints=critical,CA:TRUE
	issue leaf middle /CN=ann extendedKeyUsage=clientAuth
	serve_tls server --tls-client-ca "$CERTS/ca.pem"
	trusting --tls-cert leaf.pem --tls-key leaf.key
	[ "$status" -eq 77 ]
	cat middle.pem >>leaf.pem
	trusting --tls-cert leaf.pem --tls-key leaf.key
	arrived
}

client_hint='the server wants another certificate of this client: --tls-cert FILE'

@test "a server that does not take the certificate is quoted (F-336)" {
	serve_tls server --tls-max 1.2 --tls-client-ca "$CERTS/selfsigned.pem"
	as_client
	what="TLS handshake: the server does not take the certificate of --tls-cert: $(openssl_reason 0A000418)"
	given_up 77 "$what" "$client_hint"
	serve_tls server --tls-client-ca "$CERTS/selfsigned.pem"
	as_client
	[ "$status" -eq 77 ]
	grep -q "^ehlo: 127.0.0.1:$PORT: .*: $(openssl_reason 0A000418)\$" "$ERR"
	grep -qx "hint: $client_hint" "$ERR"
}

@test "a client's certificate or key that is no good, before a connection" {
	cd "$BATS_TEST_TMPDIR"
	serve
	cp "$CERTS/client.key" open.key
	chmod 640 open.key
	cat "$CERTS/client.pem" open.key >open.pem
	chmod 644 open.pem
	: >empty
	chmod 600 empty
	newkey=rsa:1024 issue weak "$CERTS/ca" /CN=ann extendedKeyUsage=clientAuth
	chmod 600 weak.key
	in_pem='a file in PEM form is wanted, the client'\''s own certificate first'
	while IFS='|' read -r as cert key what hint; do
		submit --tls-cert "$cert" ${key:+--tls-key "$key"} b@server.test
		failed "$as" unsent "$what" "$what" "$hint"
	done <<-END
		66|none||--tls-cert none: No such file or directory|
		66|$CERTS/client.pem|none|--tls-key none: No such file or directory|
		66|empty|$CERTS/client.key|--tls-cert empty: no certificate in it|$in_pem
		66|$CERTS/client.key||--tls-cert $CERTS/client.key: no certificate in it|$in_pem
		66|$CERTS/client.pem|empty|--tls-key empty: no private key in it|a private key in PEM form is wanted: --tls-key FILE
		66|$CERTS/client.pem|$CERTS/other.key|--tls-key $CERTS/other.key: it is not the key of the certificate in $CERTS/client.pem|
		77|$CERTS/client.pem|open.key|--tls-key open.key: others may read or write it (mode 0640)|chmod 600 the file
		77|open.pem||--tls-cert open.pem: others may read or write it (mode 0644)|chmod 600 the file
		66|weak.pem|weak.key|--tls-cert: it cannot be used: $(openssl_reason 0A00018F)|
	END
	submit --tls-key "$CERTS/client.key" b@server.test
	ended 64 '' 'ehlo: --tls-key: a key without a certificate
hint: --tls-cert FILE'
	nobody_connected
}

@test "the passphrase of a key is asked for on the terminal" {
	openssl pkey -in "$CERTS/client.key" -aes256 -passout pass:sesame \
		-out "$BATS_TEST_TMPDIR/locked"
	chmod 600 "$BATS_TEST_TMPDIR/locked"
	serve_tls server --tls-client-ca "$CERTS/ca.pem"
	with_key="'$EHLO' --helo client.test --tls starttls --tls-ca '$CERTS/ca.pem' --tls-cert '$CERTS/client.pem' \
		--tls-key '$BATS_TEST_TMPDIR/locked' 127.0.0.1:$PORT a@client.test b@server.test \
		<'$MESSAGE' >'$OUT' 2>'$ERR'; echo \$?"
	on_terminal "passphrase of $BATS_TEST_TMPDIR/locked: " "$with_key" \
		<<<sesame
	ended 0 "$accepted"
	[ "$(tr -d '\r' <"$OUT.tty")" = "passphrase of $BATS_TEST_TMPDIR/locked: 
0" ]
	rm "$OUT.type" "$OUT.show"
	on_terminal "passphrase of $BATS_TEST_TMPDIR/locked: " "$with_key" \
		<<<Sesame
	what="--tls-key $BATS_TEST_TMPDIR/locked: that is not its passphrase"
	failed 0 unsent "$what" "$what"
	[[ $(<"$OUT.tty") = *77* ]]
	[ "$(transcript step1 | grep -c '^\* connected')" -eq 1 ]
}

@test "with no terminal to ask on, it is 77, and what to do is said" {
	openssl pkey -in "$CERTS/client.key" -aes256 -passout pass:sesame \
		-out "$BATS_TEST_TMPDIR/locked"
	chmod 600 "$BATS_TEST_TMPDIR/locked"
	serve
	status=0
	setsid -w "$EHLO" --tls-cert "$CERTS/client.pem" \
		--tls-key "$BATS_TEST_TMPDIR/locked" "127.0.0.1:$PORT" \
		a@client.test b@server.test <"$MESSAGE" >"$OUT" 2>"$ERR" 3>&- ||
		status=$?
	what="--tls-key $BATS_TEST_TMPDIR/locked: a passphrase is needed, and no terminal to ask on"
	failed 77 unsent "$what" "$what" 'give a key without passphrase in a file that only you may read: (umask 077; openssl pkey -in FILE -out NEW)'
	nobody_connected
}

@test "--tls-min 1.3 takes no TLS 1.2" {
	serve_tls server
	trusting --tls-min 1.3
	arrived
	serve_tls server --tls-max 1.2
	trusting --tls-min 1.2
	arrived
	trusting --tls-min 1.3
	[ "$status" -eq 76 ]
	grep -qx "hint: the two have no version of TLS in common; here it is 1.2 at least, or what --tls-min says" \
		"$ERR"
	for version in 1.1 1.4 TLSv1.3 1.; do
		submit --tls-min "$version" b@server.test
		ended 64 '' "ehlo: --tls-min $version: not 1.2 or 1.3"
	done
}

@test "--tls-ciphers says which, for each version" {
	both=TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384
	serve_tls server
	trusting -d --tls-ciphers "$both"
	grep -q '^\* TLSv1.3, TLS_CHACHA20_POLY1305_SHA256, ' "$ERR"
	trusting -d --tls-ciphers ECDHE-ECDSA-AES256-GCM-SHA384
	grep -q '^\* TLSv1.3, TLS_AES_256_GCM_SHA384, ' "$ERR"
	serve_tls server --tls-max 1.2
	for list in "$both" "${both//:/,}" 'HIGH:!AES128:!CHACHA20'; do
		trusting -d --tls-ciphers "$list"
		grep -q '^\* TLSv1.2, ECDHE-ECDSA-AES256-GCM-SHA384, ' "$ERR"
	done
	trusting --tls-ciphers ECDHE-RSA-AES128-GCM-SHA256
	what="TLS handshake: $(openssl_reason 0A000410)"
	failed 76 unsent "$what" "$what" "$no_cipher"
}

@test "a list of ciphers that selects nothing, or what is weak, is 64" {
	serve
	see='openssl ciphers -s -v shows those that there are'
	while IFS='|' read -r list what hint; do
		submit --tls-ciphers "$list" b@server.test
		ended 64 '' "ehlo: --tls-ciphers $list: $what${hint:+$'\n'hint: $hint}"
	done <<-END
		nonsense|"nonsense" is no cipher that can be used|$see
		HIGH:nonsense|"nonsense" is no cipher that can be used|$see
		TLS_NONSENSE|"TLS_NONSENSE" is no cipher that can be used|$see
		HIGH,TLS_NONSENSE|"TLS_NONSENSE" is no cipher that can be used|$see
		NULL-SHA256|"NULL-SHA256" is no cipher that can be used|$see
		aNULL|"aNULL" is no cipher that can be used|$see
		HIGH:!ALL|it selects nothing for TLS 1.2|
		!HIGH|it selects nothing for TLS 1.2|
		:,|no cipher in it|
		DEFAULT:@SECLEVEL=1|the security level is 2 at least|
		DEFAULT@SECLEVEL=0|the security level is 2 at least|
	END
	nobody_connected
}

days_ok='ok        b@server.test  250 2.1.5 Ok
ok for 1 of 1 recipient, nothing sent'

# It may take a second to be asked.
@test "--cert-days warns of a certificate that expires soon" {
	days=10 issue soon "$CERTS/ca" /CN=x subjectAltName=IP:127.0.0.1
	until=$(openssl x509 -in "$BATS_TEST_TMPDIR/soon.pem" -noout -enddate \
		-dateopt iso_8601 | sed 's/.*=//; s/ /T/')
	serve_tls soon
	for n in 1 9; do
		trusting --check --cert-days "$n"
		ended 0 "$days_ok"
	done
	what="the server's certificate expires in 10 days, on $until"
	for n in 11 400; do
		trusting --check --cert-days "$n"
		sed -i 's/ in 9 days/ in 10 days/' "$ERR"
		ended 1 "$days_ok" "ehlo: 127.0.0.1:$PORT: $what"
	done
	trusting --check --cert-days 11 --json
	[ "$status" -eq 1 ]
	sed -i 's/ in 9 days/ in 10 days/' "$OUT"
	grep -q "\"type\":\"session\",\"exit\":1,.*\"problem\":\"$what\"" "$OUT"
	ehlo --tls starttls --tls-ca "$CERTS/ca.pem" --probe --cert-days 11 \
		"127.0.0.1:$PORT"
	[ "$status" -eq 1 ]
	sed -i 's/ in 9 days/ in 10 days/' "$ERR"
	[ "$(<"$ERR")" = "ehlo: 127.0.0.1:$PORT: $what" ]
	ehlo --tls starttls --tls-ca "$CERTS/ca.pem" --probe --cert-days 9 \
		"127.0.0.1:$PORT"
	[ "$status" -eq 0 ]
}

@test "--cert-days changes no other status, but is said" {
	days=1 issue soon "$CERTS/ca" /CN=x subjectAltName=IP:127.0.0.1
	serve_tls soon --play 'RCPT: 550 5.1.1 no'
	trusting --check --cert-days 2
	[ "$status" -eq 67 ]
	grep -qE "^ehlo: 127.0.0.1:$PORT: the server's certificate expires in (1 day|less than a day), on " \
		"$ERR"
	serve_tls expired
	trusting --check --cert-days 2
	[ "$status" -eq 77 ]
	submit --check --cert-days 2 b@server.test # any will do here
	ended 1 "$days_ok" "ehlo: 127.0.0.1:$PORT: the server's certificate expired on 2021-01-01T00:00:00Z"
}

@test "--cert-days without TLS is no success" {
	serve
	submit --check --cert-days 2 b@server.test
	ended 1 "$days_ok" "ehlo: 127.0.0.1:$PORT: --cert-days: there was no certificate, for there was no TLS"
	for n in 0 -1 x 36501; do
		submit --check --cert-days "$n" b@server.test
		[ "$status" -eq 64 ]
	done
	submit --cert-days 2 b@server.test
	ended 64 '' 'ehlo: --cert-days goes with --check and --probe'
}

@test "a server that knows only TLS 1.1 is told from others" {
	old='the two have no version of TLS in common; here it is 1.2 at least, or what --tls-min says'
	serve_tls server --tls-max 1.1
	trusting
	[ "$status" -eq 76 ]
	grep -qx "hint: $old" "$ERR"
	# its answer, not an alert: TLS 1.1, 32 octets, no session, a cipher
	random=$(printf 'x%.0s' {1..32})
	serve_tls server --implicit \
		--play "HANDSHAKE: raw \\x16\\x03\\x02\\0\\x2a\\x02\\0\\0\\x26\\x03\\x02$random\\0\\xc0\\x13\\0"
	trusting --tls implicit --timeout 5
	what="TLS handshake: $(openssl_reason 0A000102)"
	failed 76 unsent "$what" "$what" "$old"
	serve_tls server --implicit \
		--play 'HANDSHAKE: raw \x15\x03\x03\0\x02\x02\x46'
	trusting --tls implicit --timeout 5
	what="TLS handshake: $(openssl_reason 0A00042E)"
	failed 76 unsent "$what" "$what" "$old"
}

@test "a server that wants another key exchange gets it (F-338)" {
	serve_tls server --tls-groups P-384
	trusting
	arrived
}

@test "key updates are answered, but not without end (F-337)" {
	serve_tls server --play 'EHLO 2: update 1000 then accept'
	trusting --timeout 20
	arrived
	serve_tls server --play 'EHLO 2: update 30000 then accept'
	trusting --timeout 20
	what='EHLO: TLS: messages without end that carry nothing'
	failed 76 unsent "$what" "$what"
}

# OpenSSL's own servers then give up.
@test "a new handshake in the middle of a session is refused (F-337)" {
	serve_tls server --tls-max 1.2 --play 'MAIL: renegotiate then accept'
	trusting --no-pipelining --timeout 5
	[ "$status" -eq 75 ]
	grep -q '^unsent ' "$OUT"
	[ "$(transcript step1 | grep -c '^\* TLS on')" -eq 1 ]
}

@test "alerts, empty records and data before their time end it (F-340, F-341)" {
	while IFS='|' read -r what answer; do
		serve_tls server --implicit --play "HANDSHAKE: $answer"
		trusting --tls implicit --timeout 5
		failed 76 unsent "TLS handshake: $what" "TLS handshake: $what"
	done <<-END
		$(openssl_reason 0A000199)|endless \x15\x03\x03\0\x02\x01\x5a
		$(openssl_reason 0A00012A)|endless \x16\x03\x03\0\0
		$(openssl_reason 0A0000F4)|raw \x17\x03\x03\0\x05hello
	END
}
