# shellcheck shell=bash
# Helpers of the bats files: the program, the test server, certificates.
#
#   setup_common              in setup(): EHLO and SERVER become absolute paths
#   teardown_common           in teardown(): ends the servers; fails if one
#                             wrote to standard error
#   certs                     makes the certificates once a run, sets CERTS
#   serve [-n NAME] [OPTION]...   starts a server, sets PORT (NAME_PORT)
#   served [NAME]             waits until a server (--sessions N) has ended
#   transcript [NAME]         what was said; waits (10 s) while a session lasts
#   sent_commands [NAME]      the client's lines of it, without "C: "
#   violations [NAME]         the server's complaints; fails if there are none
#   round_trips [NAME]        of each session, a line each
#   message N [NAME]          the file with the Nth message
#   envelope N [NAME]         the file with its MAIL and RCPT lines

absolute() {
	case $1 in
	/*) printf '%s\n' "$1" ;;
	*) printf '%s/%s\n' "$PWD" "$1" ;;
	esac
}

setup_common() {
	EHLO=$(absolute "${EHLO:-build/ehlo}")
	SERVER=$(absolute "${TEST_SERVER:-build/tests/server}")
	export EHLO SERVER
	declare -gA SERVER_PID=() SERVER_FD=()
}

# A sanitizer's report about the server fails the test too.
teardown_common() {
	local name errors bad=0

	for name in "${!SERVER_PID[@]}"; do
		kill "${SERVER_PID[$name]}" 2>/dev/null || true
		served "$name" || bad=1
		errors=$(server_dir "$name")/errors
		if [ -s "$errors" ]; then
			cat "$errors"
			bad=1
		fi
	done
	return "$bad"
}

# The directory appears whole, so that parallel jobs may try at once.
certs() {
	local made

	CERTS=$BATS_RUN_TMPDIR/certs
	[ -d "$CERTS" ] && return
	made=$(mktemp -d "$CERTS.XXXXXX")
	sh "$BATS_TEST_DIRNAME/certs.sh" "$made"
	ln -sn "$made" "$CERTS" 2>/dev/null || [ -d "$CERTS" ]
}

server_dir() {
	local name=${1:-main}

	[ "$name" = main ] && name=
	printf '%s/srv%s\n' "$BATS_TEST_TMPDIR" "${name:+-$name}"
}

# The server says on its standard output where it listens, and later when a
# session has ended; when the server ends, so does its output.
serve() {
	local name=main dir fd where

	if [ "${1-}" = -n ]; then
		name=$2
		shift 2
	fi
	dir=$(server_dir "$name")
	mkdir -p "$dir"
	exec {fd}< <(exec "$SERVER" --dir "$dir" --ready-fd 1 "$@" \
		2>"$dir/errors" 3>&-)
	SERVER_PID[$name]=$!
	SERVER_FD[$name]=$fd
	if ! read -r -t 10 -u "$fd" where; then
		cat "$dir/errors"
		return 1
	fi
	[ "$name" = main ] && name=
	printf -v "${name:+${name}_}PORT" %s "$where"
}

served() {
	local fd=${SERVER_FD[${1:-main}]} status=0

	while [ "$status" -eq 0 ]; do
		read -r -t 10 -u "$fd" _ || status=$?
	done
	# The end of the output is 1, the time limit more than 128.
	[ "$status" -eq 1 ]
}

# A client may have ended a moment before the server knows.
transcript() {
	local name=${1:-main} file

	file=$(server_dir "$name")/transcript
	while [ "$(grep -c '^\* connected' "$file")" -gt \
		"$(grep -c '^\* session' "$file")" ]; do
		read -r -t 10 -u "${SERVER_FD[$name]}" _ || break
	done
	cat "$file"
}

sent_commands() {
	transcript "$@" | sed -n 's/^C: //p'
}

violations() {
	transcript "$@" | grep '^\* VIOLATION'
}

round_trips() {
	transcript "$@" | sed -n 's/^\* session .*: round trips \([0-9]*\),.*/\1/p'
}

message() {
	printf '%s/message.%s\n' "$(server_dir "${2-}")" "$1"
}

envelope() {
	printf '%s/envelope.%s\n' "$(server_dir "${2-}")" "$1"
}

# Below: tests of the program.
#
#   setup_client              in setup(): also a home of its own, MESSAGE
#   teardown_client           in teardown(): also fails on violations, unless
#                             the test has set violations_meant
#   ehlo [ARG]...             runs it, standard input is the caller's
#   submit [ARG]...           sends MESSAGE from a@client.test by the server
#   ended STATUS OUT ERR      how it went, to the last octet
#   nobody_connected [NAME]   the server has seen no client
#   on_terminal PROMPT COMMAND   runs it on a terminal and answers PROMPT
#   wait_for COMMAND...       until it succeeds, at most 10 s
#   needs_libidn2             skips the test if it is built without; not in CI

setup_client() {
	setup_common
	unset EHLO_PASSWORD CREDENTIALS_DIRECTORY TMPDIR XDG_CONFIG_HOME
	export HOME=$BATS_TEST_TMPDIR/home
	mkdir "$HOME"
	OUT=$BATS_TEST_TMPDIR/out
	ERR=$BATS_TEST_TMPDIR/err
	MESSAGE=$BATS_TEST_TMPDIR/message
	printf 'Subject: x\n\nhi\n' >"$MESSAGE"
	violations_meant=
}

teardown_client() {
	local name bad=0

	for name in "${!SERVER_PID[@]}"; do
		[ -f "$(server_dir "$name")/transcript" ] || continue
		[ -n "$violations_meant" ] || ! violations "$name" || bad=1
	done
	teardown_common || bad=1
	return "$bad"
}

ehlo() {
	status=0
	"$EHLO" "$@" >"$OUT" 2>"$ERR" 3>&- || status=$?
}

submit() {
	ehlo --helo client.test "127.0.0.1:$PORT" a@client.test "$@" \
		<"$MESSAGE"
}

ended() {
	diff -u --label wanted --label got \
		<(printf 'exit status %s\n%sstandard error:\n%s' "$1" \
			"${2:+$2$'\n'}" "${3:+$3$'\n'}") \
		<(printf 'exit status %s\n' "$status"
		cat "$OUT"
		printf 'standard error:\n'
		cat "$ERR")
}

nobody_connected() {
	[ ! -e "$(server_dir "${1-}")/transcript" ]
}

needs_libidn2() {
	"$EHLO" --version | grep -q '^libidn2 ' && return
	[ "${CI-}" != true ] || return 1
	skip 'built without libidn2'
}

wait_for() {
	local end=$((SECONDS + 10))

	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
	done
}

# Runs sh -c COMMAND on a terminal of its own, which echoes what is typed
# there. Types what comes on standard input when PROMPT is seen; what the
# terminal showed is in $OUT.tty.
on_terminal() { # PROMPT COMMAND
	local shown='' c

	mkfifo "$OUT.type" "$OUT.show"
	SHELL=$BASH script -qe --echo always -c "$2" /dev/null <"$OUT.type" >"$OUT.show" \
		2>"$OUT.script" 3>&- &
	exec {typing}>"$OUT.type" {showing}<"$OUT.show"
	while [[ $shown != *"$1" ]] && IFS= read -r -t 10 -n 1 -u "$showing" c
	do
		shown+=${c:-$'\n'}
	done
	printf %s "$shown" >"$OUT.tty"
	cat >&"$typing"
	cat <&"$showing" >>"$OUT.tty"
	status=0
	wait $! || status=$?
	exec {typing}>&- {showing}<&-
}
