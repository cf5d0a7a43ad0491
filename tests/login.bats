#!/usr/bin/env bats
# Logging in, and where the password comes from and must never go.

# Each test is a process of its own.
# shellcheck disable=SC2030,SC2031

bats_require_minimum_version 1.5.0

load lib

# As it is said by PLAIN: \0ann\0open sesame
plain_response=AGFubgBvcGVuIHNlc2FtZQ==

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

serve_ann() {
	serve --auth 'ann:open sesame' --auth-clear --require-auth "$@"
}

# Sends to b as ann.
login() {
	submit --user ann "$@" b@server.test
}

# Nothing was sent: STATUS WHAT [HINT]
failed() {
	ended "$1" "unsent    b@server.test  $2
sent to 0 of 1 recipient" "ehlo: 127.0.0.1:$PORT: $2${3:+$'\n'hint: $3}"
}

auth_commands() {
	sent_commands | grep -v -e ^EHLO -e ^MAIL -e ^RCPT -e ^DATA -e ^QUIT
}

# The password is in none of what was printed, however it is written.
nothing_shown() {
	run ! grep -e sesame -e "$plain_response" -e b3BlbiBzZXNhbWU -e \
		'[0-9a-f]\{32\}' "$OUT" "$ERR"
}

@test "PLAIN logs in with an initial response, and comes first" {
	serve_ann
	login --password-file "$SECRET"
	ended 0 "$accepted"
	[ "$(auth_commands)" = "AUTH PLAIN $plain_response" ]
}

@test "LOGIN answers the two prompts" {
	serve_ann --auth-mechanisms LOGIN
	login --password-file "$SECRET"
	ended 0 "$accepted"
	[ "$(auth_commands)" = "AUTH LOGIN
YW5u
b3BlbiBzZXNhbWU=" ]
}

@test "CRAM-MD5 answers the challenge" {
	serve_ann --auth-mechanisms CRAM-MD5
	login --password-file "$SECRET"
	ended 0 "$accepted"
	[ "$(auth_commands | head -n 1)" = 'AUTH CRAM-MD5' ]
}

@test "a wrong password makes 77, and is tried once (R-4954-08, F-176)" {
	serve_ann
	printf 'open says me' >"$SECRET"
	login --password-file "$SECRET"
	failed 77 'AUTH: 535 5.7.8 Authentication credentials invalid' \
		'wrong user name or password, or an application password is wanted'
	[ "$(sent_commands | grep -c AUTH)" -eq 1 ]
	[ "$(sent_commands | tail -n 1)" = QUIT ]
}

@test "a temporary no to AUTH makes 75 (F-178)" {
	serve_ann --play 'AUTH: 454 4.7.0 later'
	login --password-file "$SECRET"
	ended 75 "deferred  b@server.test  454 4.7.0 later
sent to 0 of 1 recipient" "ehlo: 127.0.0.1:$PORT: AUTH: 454 4.7.0 later"
	[ "$(sent_commands | grep -c AUTH)" -eq 1 ]
}

@test "--auth names the only mechanism that is used, in any case" {
	serve_ann
	login --password-file "$SECRET" --auth login
	ended 0 "$accepted"
	[ "$(auth_commands | head -n 1)" = 'AUTH LOGIN' ]
}

@test "--auth may name several mechanisms" {
	serve_ann --auth-mechanisms 'LOGIN CRAM-MD5'
	login --password-file "$SECRET" --auth PLAIN,CRAM-MD5
	ended 0 "$accepted"
	[ "$(auth_commands | head -n 1)" = 'AUTH CRAM-MD5' ]
}

@test "without a mechanism in common it is 77" {
	serve_ann --auth-mechanisms 'LOGIN GSSAPI'
	login --password-file "$SECRET" --auth PLAIN
	failed 77 'AUTH: the server offers no mechanism that --auth allows: LOGIN GSSAPI'
	[ -z "$(auth_commands)" ]
	serve -n other --auth 'ann:open sesame' --auth-clear \
		--auth-mechanisms GSSAPI
	# shellcheck disable=SC2154
	PORT=$other_PORT login --password-file "$SECRET"
	[ "$status" -eq 77 ]
	[ "$(<"$ERR")" = "ehlo: 127.0.0.1:$other_PORT: AUTH: the server offers no mechanism that can be used: GSSAPI" ]
}

@test "a server that offers no AUTH makes 77" {
	serve
	login --password-file "$SECRET"
	failed 77 'the server does not offer AUTH' \
		'many servers offer it only after TLS: --tls=starttls'
	[ "$(sent_commands)" = $'EHLO client.test\nQUIT' ]
}

@test "--authzid goes with PLAIN" {
	serve_ann
	login --password-file "$SECRET" --authzid bob
	ended 0 "$accepted"
	[ "$(auth_commands)" = "AUTH PLAIN $(printf 'bob\0ann\0open sesame' |
		base64)" ]
}

@test "--authzid is not left out where there is no place for it" {
	serve_ann --auth-mechanisms 'LOGIN CRAM-MD5'
	login --password-file "$SECRET" --authzid bob
	failed 77 'AUTH: the server offers no mechanism that has a place for --authzid: LOGIN CRAM-MD5'
	[ -z "$(auth_commands)" ]
}

@test "--authzid with mechanisms that have no place for it is an error" {
	serve_ann
	for mechanisms in LOGIN CRAM-MD5 login,cram-md5; do
		login --password-file "$SECRET" --authzid bob \
			--auth "$mechanisms"
		ended 64 '' 'ehlo: --authzid: no mechanism of --auth has a place for it
hint: --auth PLAIN'
	done
	nobody_connected
	login --password-file "$SECRET" --authzid bob --auth LOGIN,PLAIN
	ended 0 "$accepted"
}

@test "USER@ in a URL is who logs in, and --user counts before it" {
	serve_ann
	ehlo --password-file "$SECRET" "smtp://ann@127.0.0.1:$PORT" \
		a@client.test b@server.test <"$MESSAGE"
	ended 0 "$accepted"
	ehlo --password-file "$SECRET" --user ann "smtp://eve@127.0.0.1:$PORT" \
		a@client.test b@server.test <"$MESSAGE"
	ended 0 "$accepted"
}

@test "USER@ in a URL may be percent-encoded" {
	serve --auth 'ann@x.test:open sesame' --auth-clear --require-auth
	ehlo --password-file "$SECRET" "smtp://ann%40x.test@127.0.0.1:$PORT" \
		a@client.test b@server.test <"$MESSAGE"
	ended 0 "$accepted"
}

@test "without a user there is no login, whatever is in the environment" {
	serve --auth 'ann:open sesame' --auth-clear
	EHLO_PASSWORD='open sesame' submit b@server.test
	ended 0 "$accepted"
	[ -z "$(auth_commands)" ]
}

@test "AUTH is asked for by TLS only after STARTTLS, and verified" {
	certs
	serve --auth 'ann:open sesame' --require-auth \
		--tls-cert "$CERTS/server.pem" --tls-key "$CERTS/server.key"
	login --password-file "$SECRET" --tls starttls --tls-ca "$CERTS/ca.pem"
	ended 0 "$accepted"
	[ "$(sent_commands | head -n 4)" = "EHLO client.test
STARTTLS
EHLO client.test
AUTH PLAIN $plain_response" ]
}

# On loopback it changes nothing but that it is understood: t_login.c.
@test "--allow-cleartext-auth is an option" {
	serve_ann
	login --password-file "$SECRET" --allow-cleartext-auth
	ended 0 "$accepted"
}

# Sources of the password

@test "one line end is cut off a password, and no more" {
	for end in '' '\n' '\r\n'; do
		serve_ann
		# shellcheck disable=SC2059
		printf "open sesame$end" >"$SECRET"
		login --password-file "$SECRET"
		ended 0 "$accepted"
	done
	serve --auth 'ann: two words ' --auth-clear --require-auth
	printf ' two words \n' >"$SECRET"
	login --password-file "$SECRET"
	ended 0 "$accepted"
}

@test "more than one line is no password, wherever it comes from" {
	serve_ann
	hint='a password is one line, and nothing else may stand there'
	for text in 'open\nsesame\n' 'open sesame\n\n' '\nopen sesame'; do
		# shellcheck disable=SC2059
		printf "$text" >"$SECRET"
		login --password-file "$SECRET"
		failed 77 "--password-file $SECRET: more than one line" "$hint"
		login --password-command "cat '$SECRET'"
		failed 77 '--password-command: more than one line' "$hint"
		login --password-fd 5 5<"$SECRET"
		failed 77 '--password-fd 5: more than one line' "$hint"
	done
	EHLO_PASSWORD=$'open sesame\n' login
	failed 77 "\$EHLO_PASSWORD: more than one line" "$hint"
	nobody_connected
}

@test "a password file that others may read or write is refused" {
	serve_ann
	for mode in 0604 0602 0620 0640 0440 0644 0666; do
		chmod "$mode" "$SECRET"
		login --password-file "$SECRET"
		failed 77 "--password-file $SECRET: others may read or write it (mode $mode)" \
			'chmod 600 the file'
	done
	nobody_connected
	chmod 400 "$SECRET"
	login --password-file "$SECRET"
	ended 0 "$accepted"
}

@test "an empty password is none, wherever it comes from" {
	serve_ann
	printf '\n' >"$SECRET"
	login --password-file "$SECRET"
	failed 77 "--password-file $SECRET: no password in it"
	login --password-command 'printf "\n"'
	failed 77 '--password-command: no password in it'
	login --password-command true
	failed 77 '--password-command: no password in it'
	login --password-fd 5 5</dev/null
	failed 77 '--password-fd 5: no password in it'
	EHLO_PASSWORD='' login
	failed 77 "\$EHLO_PASSWORD: no password in it"
	: >"$BATS_TEST_TMPDIR/ehlo.password"
	chmod 600 "$BATS_TEST_TMPDIR/ehlo.password"
	CREDENTIALS_DIRECTORY=$BATS_TEST_TMPDIR login
	failed 77 "credential $BATS_TEST_TMPDIR/ehlo.password: no password in it"
	nobody_connected
}

@test "a NUL in a password is refused" {
	serve_ann
	printf 'open\0sesame\n' >"$SECRET"
	login --password-file "$SECRET"
	failed 77 "--password-file $SECRET: a NUL in the password"
	login --password-command "cat '$SECRET'"
	failed 77 '--password-command: a NUL in the password'
	login --password-fd 5 5<"$SECRET"
	failed 77 '--password-fd 5: a NUL in the password'
	nobody_connected
}

@test "a password file that cannot be read makes 66" {
	serve_ann
	login --password-file "$SECRET.not"
	failed 66 "--password-file $SECRET.not: No such file or directory"
	login --password-file "$BATS_TEST_TMPDIR"
	[ "$status" -eq 66 ]
	grep -q "^ehlo: 127.0.0.1:$PORT: --password-file.*: Is a directory$" "$ERR"
	nobody_connected
}

@test "a password may come from a FIFO, and from a process substitution" {
	serve_ann
	mkfifo -m 666 "$BATS_TEST_TMPDIR/fifo"
	printf 'open sesame\n' >"$BATS_TEST_TMPDIR/fifo" 3>&- &
	login --password-file "$BATS_TEST_TMPDIR/fifo"
	ended 0 "$accepted"
	login --password-file <(echo 'open sesame')
	ended 0 "$accepted"
}

@test "a FIFO that nobody writes to does not outlive --deadline" {
	serve_ann
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	login --password-file "$BATS_TEST_TMPDIR/fifo" --deadline 0.3
	failed 75 "--password-file $BATS_TEST_TMPDIR/fifo: the time of --deadline is over"
	nobody_connected
}

@test "a password of more than 64 KiB is none" {
	serve_ann
	head -c 65537 /dev/zero | tr '\0' x >"$SECRET"
	login --password-file "$SECRET"
	failed 77 "--password-file $SECRET: more than 65536 octets"
	nobody_connected
}

@test "--password-command prints the password" {
	serve_ann
	login --password-command 'echo open sesame'
	ended 0 "$accepted"
}

@test "the errors of --password-command are seen, and input it has none" {
	serve_ann
	login --password-command 'cat; echo looking >&2; echo open sesame'
	ended 0 "$accepted" looking
}

@test "a --password-command that fails makes 77, whatever it printed (S-52)" {
	serve_ann
	login --password-command 'echo open sesame; exit 3'
	failed 77 '--password-command: exit status 3'
	login --password-command 'echo open sesame; kill -9 $$'
	failed 77 '--password-command: ended by signal 9'
	login --password-command "$BATS_TEST_TMPDIR/none"
	[ "$status" -eq 77 ]
	[ "$(tail -n 1 "$ERR")" = \
		"ehlo: 127.0.0.1:$PORT: --password-command: exit status 127" ]
	nobody_connected
}

@test "a --password-command that prints 10 MB ends soon, with 77 (S-52)" {
	serve_ann
	login --password-command 'head -c 10000000 /dev/zero 2>/dev/null'
	failed 77 '--password-command: more than 65536 octets'
	nobody_connected
}

@test "--password-command dies of a broken pipe as in any shell" {
	serve_ann
	OUT_OF=$BATS_TEST_TMPDIR/status
	status=0
	env --default-signal=PIPE "$EHLO" --user ann --password-command \
		"{ yes 'open sesame'; echo \$? >'$OUT_OF'; } | head -n 1" \
		"127.0.0.1:$PORT" a@client.test b@server.test \
		<"$MESSAGE" >"$OUT" 2>"$ERR" 3>&- || status=$?
	ended 0 "$accepted"
	[ "$(<"$OUT_OF")" -eq 141 ]
}

@test "--password-command does not get \$EHLO_PASSWORD or descriptors" {
	serve_ann
	(
		for fd in /proc/self/fd/*; do
			fd=${fd##*/}
			[ "$fd" -le 2 ] || exec {fd}>&-
		done
		export EHLO_PASSWORD='open sesame'
		exec "$EHLO" --user ann --message "$MESSAGE" \
			--password-command "env >'$OUT.env'; \
			ls /proc/self/fd >'$OUT.fd'; echo open sesame" \
			"127.0.0.1:$PORT" a@client.test b@server.test
	) >"$OUT" 2>"$ERR" </dev/null
	[ "$(<"$OUT")" = "$accepted" ]
	run ! grep sesame "$OUT.env"
	# ls opens the folder as 3
	[ "$(<"$OUT.fd")" = $'0\n1\n2\n3' ]
}

@test "--password-fd reads the password, and leaves the message alone" {
	serve_ann
	login --password-fd 5 5<<<'open sesame'
	ended 0 "$accepted"
	printf 'Subject: x\r\n\r\nhi\r\n' | cmp - "$(message 1)"
}

@test "--password-fd 0 wants --message" {
	serve_ann
	ehlo --user ann --password-fd 0 --message "$MESSAGE" "127.0.0.1:$PORT" \
		a@client.test b@server.test <<<'open sesame'
	ended 0 "$accepted"
	ehlo --user ann --password-fd 0 "127.0.0.1:$PORT" \
		a@client.test b@server.test <<<'open sesame'
	ended 64 '' "ehlo: --password-fd 0: standard input is the message
hint: --message FILE"
}

@test "--password-fd 0 goes with what sends no message" {
	serve_ann
	ehlo --user ann --password-fd 0 --check "127.0.0.1:$PORT" \
		a@client.test b@server.test < <(echo 'open sesame')
	ended 0 "ok        b@server.test  250 2.1.5 Ok
ok for 1 of 1 recipient, nothing sent"
	[ "$(sent_commands | grep MAIL)" = 'MAIL FROM:<a@client.test>' ]
	ehlo --user ann --password-fd 0 --quit-after auth "127.0.0.1:$PORT" \
		<<<'open sesame'
	ended 0 ''
}

@test "--password-fd that is not open makes 66" {
	serve_ann
	login --password-fd 9 9<&-
	failed 66 '--password-fd 9: Bad file descriptor'
	nobody_connected
}

@test "the password may come from the environment" {
	serve_ann
	EHLO_PASSWORD='open sesame' login
	ended 0 "$accepted"
}

@test "the password may come from systemd, if others may not read it" {
	serve_ann
	mv "$SECRET" "$BATS_TEST_TMPDIR/ehlo.password"
	CREDENTIALS_DIRECTORY=$BATS_TEST_TMPDIR login
	ended 0 "$accepted"
	# as systemd makes them, with an access control list
	chmod 440 "$BATS_TEST_TMPDIR/ehlo.password"
	CREDENTIALS_DIRECTORY=$BATS_TEST_TMPDIR login
	ended 0 "$accepted"
	CREDENTIALS_DIRECTORY=$BATS_TEST_TMPDIR \
		login --password-file "$BATS_TEST_TMPDIR/ehlo.password"
	ended 0 "$accepted"
	CREDENTIALS_DIRECTORY=$BATS_TEST_TMPDIR/other \
		login --password-file "$BATS_TEST_TMPDIR/ehlo.password"
	[ "$status" -eq 77 ]
	chmod 644 "$BATS_TEST_TMPDIR/ehlo.password"
	CREDENTIALS_DIRECTORY=$BATS_TEST_TMPDIR login
	failed 77 "credential $BATS_TEST_TMPDIR/ehlo.password: others may read or write it (mode 0644)" \
		'chmod 600 the file'
}

@test "options count before the environment, and that before systemd" {
	serve_ann
	printf 'wrong\n' >"$BATS_TEST_TMPDIR/ehlo.password"
	EHLO_PASSWORD=wrong CREDENTIALS_DIRECTORY=$BATS_TEST_TMPDIR \
		login --password-file "$SECRET"
	ended 0 "$accepted"
	EHLO_PASSWORD='open sesame' CREDENTIALS_DIRECTORY=$BATS_TEST_TMPDIR \
		login
	ended 0 "$accepted"
}

@test "with no password and no terminal it is 77, and the options are named" {
	serve_ann
	status=0
	setsid -w "$EHLO" --user ann "127.0.0.1:$PORT" a@client.test \
		b@server.test <"$MESSAGE" >"$OUT" 2>"$ERR" 3>&- || status=$?
	failed 77 'no password for ann, and no terminal to ask on' \
		"give it with --password-file, --password-command, --password-fd, --netrc or \$EHLO_PASSWORD"
	nobody_connected
}

@test "the password is asked for on the terminal, with echo off" {
	serve_ann
	on_terminal "password of ann at 127.0.0.1:$PORT: " \
		"'$EHLO' --user ann 127.0.0.1:$PORT a@client.test b@server.test \
		<'$MESSAGE' >'$OUT' 2>'$ERR'; echo \$?; stty -a | grep -ow -e -echo -e echo" \
		<<<'open sesame'
	ended 0 "$accepted"
	[ "$(tr -d '\r' <"$OUT.tty")" = "password of ann at 127.0.0.1:$PORT: 
0
echo" ]
}

@test "an interrupt at the prompt turns echo on again, and ends the program" {
	serve_ann
	on_terminal "password of ann at 127.0.0.1:$PORT: " \
		"trap : INT; env --default-signal=INT '$EHLO' --user ann 127.0.0.1:$PORT a@client.test b@server.test \
		<'$MESSAGE' >'$OUT' 2>'$ERR'; echo \$?; stty -a | grep -ow -e -echo -e echo" \
		< <(printf '\003')
	failed 0 'no password: interrupted'
	[[ $(tr -d '\r' <"$OUT.tty") = \
		"password of ann at 127.0.0.1:$PORT: "*$'130\necho' ]]
	nobody_connected
}

@test "so does Ctrl-\\" {
	serve_ann
	on_terminal "password of ann at 127.0.0.1:$PORT: " \
		"trap : QUIT; env --default-signal=QUIT '$EHLO' --user ann 127.0.0.1:$PORT a@client.test b@server.test \
		<'$MESSAGE' >'$OUT' 2>'$ERR'; echo \$?; stty -a | grep -ow -e -echo -e echo" \
		< <(printf '\034')
	failed 0 'no password: interrupted'
	[[ $(tr -d '\r' <"$OUT.tty") = \
		"password of ann at 127.0.0.1:$PORT: "*131*$'\necho' ]]
	nobody_connected
}

@test "Ctrl-Z at the prompt leaves nobody without echo" {
	serve_ann
	on_terminal "password of ann at 127.0.0.1:$PORT: " \
		"'$EHLO' --user ann 127.0.0.1:$PORT a@client.test b@server.test \
		<'$MESSAGE' >'$OUT' 2>'$ERR'; echo \$?; stty -a | grep -ow -e -echo -e echo" \
		< <(printf '\032\025open sesame\n')
	ended 0 "$accepted"
	[[ $(tr -d '\r' <"$OUT.tty") = *$'\n0\necho' ]]
}

@test "end of file at the prompt is no password" {
	serve_ann
	on_terminal "password of ann at 127.0.0.1:$PORT: " \
		"'$EHLO' --user ann 127.0.0.1:$PORT a@client.test b@server.test \
		<'$MESSAGE' >'$OUT' 2>'$ERR'" < <(printf '\004')
	failed 77 'no password was entered'
	nobody_connected
}

@test "a signal while --password-command runs ends the program" {
	serve_ann
	mkfifo "$OUT.ready" "$OUT.hold"
	"$EHLO" --user ann --password-command \
		"echo >'$OUT.ready'; read -r _ <'$OUT.hold'" "127.0.0.1:$PORT" \
		a@client.test b@server.test <"$MESSAGE" >"$OUT" 2>"$ERR" 3>&- &
	pid=$!
	read -r _ <"$OUT.ready"
	kill -TERM "$pid"
	exec {hold}<>"$OUT.hold"
	# unless it is gone by then, the command ends and it goes on
	ended_by_itself=
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		kill -0 "$pid" 2>/dev/null || ended_by_itself=1
		read -r -t 0.1 -u "$hold" _ || true
		[ -z "$ended_by_itself" ] || break
	done
	echo >&"$hold"
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 143 ]
	[ -n "$ended_by_itself" ]
	nobody_connected
}

# Runs it with a --password-command, in a session without a terminal. The
# command can read from fifo $OUT.hold, which never says anything, and whoever
# it starts keeps $OUT.alive open.
without_terminal() {
	local command=$1

	shift
	mkfifo "$OUT.hold" "$OUT.alive"
	exec {hold}<>"$OUT.hold"
	cat "$OUT.alive" >"$OUT.died" 3>&- &
	watcher=$!
	setsid -w env --default-signal=TERM,QUIT "$EHLO" --user ann \
		--password-command "exec 8>'$OUT.alive' 9<'$OUT.hold'; $command" \
		"$@" "127.0.0.1:$PORT" a@client.test b@server.test \
		<"$MESSAGE" >"$OUT" 2>"$ERR" 3>&- &
	pid=$!
}

# The end of it, and of all that the command has started.
all_ended() {
	status=0
	wait "$pid" || status=$?
	wait "$watcher"
}

late='--password-command: the time of --deadline is over'

@test "a --password-command that ignores TERM does not outlive --deadline" {
	serve_ann
	without_terminal "trap '' TERM; read -r _ <&9" --deadline 0.3
	all_ended
	failed 75 "$late"
	nobody_connected
}

@test "nor does one that has closed its output, or what it has started" {
	serve_ann
	without_terminal "exec >&-; read -r _ <&9" --deadline 0.3
	all_ended
	failed 75 "$late"
	rm "$OUT.hold" "$OUT.alive"
	without_terminal "trap '' TERM; sh -c 'read -r _' <&9; true" \
		--deadline 0.3
	all_ended
	failed 75 "$late"
	nobody_connected
}

@test "a --password-command that has ended is not waited for any longer" {
	serve_ann
	without_terminal "echo open sesame; sh -c 'read -r _' <&9 & echo going >&2" \
		--deadline 8
	status=0
	wait "$pid" || status=$?
	ended 0 "$accepted" going
	echo >&"$hold"
	wait "$watcher"
}

@test "a signal ends a --password-command that ignores TERM" {
	serve_ann
	for signal in TERM:143 QUIT:131; do
		rm -f "$OUT.hold" "$OUT.alive"
		without_terminal "trap '' TERM QUIT; echo ready >&2; read -r _ <&9"
		wait_for grep -qx ready "$ERR"
		kill -"${signal%:*}" "$pid"
		all_ended
		[ "$status" -eq "${signal#*:}" ]
		grep -q -- '--password-command: interrupted$' "$ERR"
	done
	nobody_connected
}

@test "a --password-command may ask on the terminal" {
	serve_ann
	on_terminal "PIN: " \
		"'$EHLO' --user ann --password-command 'printf \"PIN: \" >/dev/tty; read -r pin </dev/tty; echo \"\$pin\"' \
		127.0.0.1:$PORT a@client.test b@server.test \
		<'$MESSAGE' >'$OUT' 2>'$ERR'" <<<'open sesame'
	ended 0 "$accepted"
}

@test "the status of a --password-command counts where SIGCHLD is ignored" {
	serve_ann
	status=0
	env --ignore-signal=CHLD "$EHLO" --user ann --password-command \
		'echo open sesame; exit 3' "127.0.0.1:$PORT" a@client.test \
		b@server.test <"$MESSAGE" >"$OUT" 2>"$ERR" 3>&- || status=$?
	failed 77 '--password-command: exit status 3'
}

# Secrets

@test "the trace hides what is said in each mechanism (S-42)" {
	for mechanism in PLAIN LOGIN CRAM-MD5; do
		serve_ann --auth-mechanisms "$mechanism"
		login --password-file "$SECRET" -ddd
		[ "$status" -eq 0 ]
		grep -q "> AUTH $mechanism" "$ERR"
		grep -q '> .*\[hidden\]$' "$ERR"
		nothing_shown
	done
}

@test "the trace shows that something was hidden, and no more" {
	serve_ann --auth-mechanisms LOGIN
	login --password-file "$SECRET" -d
	ended 0 "$accepted" "* connected to 127.0.0.1:$PORT (127.0.0.1)
< 220 localhost ESMTP
> EHLO client.test
< 250-localhost
< 250-PIPELINING
< 250-SIZE 0
< 250-8BITMIME
< 250-SMTPUTF8
< 250-AUTH LOGIN
< 250 ENHANCEDSTATUSCODES
* no STARTTLS offered: going on in cleartext
> AUTH LOGIN
< 334 VXNlcm5hbWU6
> [hidden]
< 334 UGFzc3dvcmQ6
> [hidden]
< 235 2.7.0 Authentication successful
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
}

@test "--show-secrets shows them in the trace" {
	serve_ann
	login --password-file "$SECRET" -d --show-secrets
	[ "$status" -eq 0 ]
	grep -qx "> AUTH PLAIN $plain_response" "$ERR"
}

@test "what a server echoes of the login is hidden everywhere (F-358)" {
	serve_ann --play "AUTH: 535-5.7.8 You said AUTH PLAIN $plain_response\n535 5.7.8 which is open sesame"
	serve_ann --play "AUTH: 535 5.7.8 AUTH PLAIN $plain_response: open sesame?"
	login --password-file "$SECRET" -ddd
	[ "$status" -eq 77 ]
	nothing_shown
	grep -qx 'unsent    b@server.test  AUTH: 535 5.7.8 AUTH PLAIN \[hidden\]: \[hidden\]?' "$OUT"
	grep -q '< 535 5.7.8 AUTH PLAIN \[hidden\]: \[hidden\]?$' "$ERR"
	grep -qx "ehlo: 127.0.0.1:$PORT: AUTH: 535 5.7.8 AUTH PLAIN \[hidden\]: \[hidden\]?" "$ERR"
}

@test "what a server echoes later is hidden too, and in JSON" {
	serve_ann --play "RCPT: 550-5.1.1 $plain_response\n550 5.1.1 open sesame $(printf 'open sesame' | base64) 6f70656e20736573616d65" \
		--play 'QUIT: 221 open sesame'
	login --password-file "$SECRET" -ddd --json
	[ "$status" -eq 67 ]
	nothing_shown
	grep -q '"text":"\[hidden\]\\u000a\[hidden\] \[hidden\] \[hidden\]"' "$OUT"
}

# Waits until the server has one more line of a kind than before.
server_said() {
	grep -q "$1" "$BATS_TEST_TMPDIR/srv/transcript" 2>/dev/null
}

# Whoever is not root may not read the environment of a process that leaves no
# core dumps.
@test "the password is in no process's arguments or environment (S-50)" {
	serve_ann --play 'MAIL: silent'
	for option in '' "--password-file $SECRET"; do
		rm -f "$BATS_TEST_TMPDIR/srv/transcript"
		(
			export EHLO_PASSWORD='open sesame'
			# shellcheck disable=SC2086
			exec "$EHLO" --user ann $option "127.0.0.1:$PORT" \
				a@client.test b@server.test
		) <"$MESSAGE" >"$OUT" 2>"$ERR" 3>&- &
		pid=$!
		wait_for server_said '^\* silent'
		if [ -r "/proc/$pid/environ" ]; then
			tr '\0' '\n' <"/proc/$pid/environ" >"$OUT.environ"
			grep -q ^EHLO_PASSWORD= "$OUT.environ"
			run ! grep sesame "$OUT.environ"
		fi
		tr '\0' '\n' <"/proc/$pid/cmdline" >"$OUT.cmdline"
		kill "$pid"
		wait "$pid" || true
		grep -qx ann "$OUT.cmdline"
		run ! grep sesame "$OUT.cmdline"
	done
}

# What belongs to root there cannot be read or traced by anybody else.
@test "no core is dumped with a password in it, but of its command (S-51)" {
	serve_ann --play 'MAIL: silent'
	limits="ulimit -S -c >'$OUT.limit'; stat -c %u /proc/self/environ >'$OUT.owner'"
	(
		ulimit -S -c "$(ulimit -H -c)"
		ulimit -S -c >"$OUT.wanted"
		export ASAN_OPTIONS=${ASAN_OPTIONS-}:disable_coredump=0
		exec "$EHLO" --user ann \
			--password-command "$limits; echo open sesame" \
			"127.0.0.1:$PORT" a@client.test b@server.test
	) <"$MESSAGE" >"$OUT" 2>"$ERR" 3>&- &
	pid=$!
	wait_for server_said '^\* silent'
	grep -q '^Max core file size  *0 ' "/proc/$pid/limits"
	[ "$(stat -c %u "/proc/$pid/environ")" -eq 0 ]
	kill "$pid"
	wait "$pid" || true
	cmp "$OUT.wanted" "$OUT.limit"
	[ "$(<"$OUT.owner")" -eq "$(id -u)" ]
}

@test "what a server echoes in a reply that is none is hidden too" {
	serve_ann --play "MAIL: 250-open sesame\n550 $plain_response"
	login --password-file "$SECRET"
	[ "$status" -eq 76 ]
	nothing_shown
}

@test "a password that stands in a challenge does not change it" {
	printf V >"$SECRET"
	serve --auth ann:V --auth-clear --auth-mechanisms LOGIN
	login --password-file "$SECRET"
	ended 0 "$accepted"
}
