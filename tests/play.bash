# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154
# Plays of a server, one after another, from tables: for faults.bats and
# losses.bats. What goes wrong is gathered by name in $bad.
#
#   setup_play                in setup()
#   play MODE SCRIPT          what the server does; the message goes to b and c
#   expectation STATUS OUTCOME WHAT [HINT]    what should be printed, in $wanted
#   check NAME                compares, also the last command with $last_wanted
#   all_good                  fails if anything was not as it should be
#   play_table MODE...        a line of standard input each
#   play_everywhere           one action at each moment of a session

closed='the server closed the connection'
halfway="$closed in the middle of its reply"
late='no reply in time'
reset='Connection reset by peer'
group_hint='if the server cannot take commands in a group, use --no-pipelining'

setup_play() {
	setup_client
	certs
	step=0
	bad=
}

# Reads a file into a variable.
slurp() {
	IFS= read -r -d '' "$1" <"$2" || true
}

# What a server does: rules and options with " ; " between them; those that
# begin with "ehlo" are for the program. Inside TLS the second EHLO is meant.
# Sets the arrays server and client.
read_script() {
	local mode=$1 rest="$2 ; " one words

	server=() client=()
	while [ -n "$rest" ]; do
		one=${rest%% ; *}
		rest=${rest#* ; }
		case $one in
		'') ;;
		'ehlo '*)
			read -ra words <<<"${one#ehlo }"
			client+=("${words[@]}")
			;;
		--*)
			server+=("${one%% *}")
			[[ $one != *' '* ]] || server+=("${one#* }")
			;;
		*)
			[[ $mode != tls* ]] || one=${one/#EHLO:/EHLO 2:}
			server+=(--play "$one")
			;;
		esac
	done
	[[ $mode != *1 ]] || server+=(--split 1)
	[[ $mode != [ti]* ]] || server+=(--tls-cert "$CERTS/server.pem"
		--tls-key "$CERTS/server.key")
	[[ $mode != tls* ]] ||
		client+=(--tls starttls --tls-ca "$CERTS/ca.pem")
	[[ $mode != implicit* ]] || server+=(--implicit)
	[[ $mode != implicit* ]] ||
		client+=(--tls implicit --tls-ca "$CERTS/ca.pem")
}

# Plays a script in one MODE (whole, split1, tls, tls1, implicit, implicit1).
# Sets output, transcript and last, the last command. A violation is bad.
play() {
	local name port

	step=$((step + 1))
	name=step$step
	read_script "$@"
	serve -n "$name" "${server[@]}"
	port=${name}_PORT
	PORT=${!port}
	submit "${client[@]}" b@server.test c@server.test
	end_step "$name"
}

end_step() {
	local dir=$BATS_TEST_TMPDIR/srv-$1 fd=${SERVER_FD[$1]}
	local out='' err='' problems=''

	# Who reads slowly has not seen the end yet, and never will.
	[[ ${server[*]-} = *"slow 5"* ]] ||
		read -r -t 10 -u "$fd" _ || true
	kill "${SERVER_PID[$1]}" 2>/dev/null || true
	served "$1"
	exec {fd}<&-
	unset "SERVER_PID[$1]"
	transcript=
	slurp transcript "$dir/transcript"
	slurp problems "$dir/errors"
	slurp out "$OUT"
	slurp err "$ERR"
	output="exit status $status"$'\n'"$out"$'standard error:\n'"$err"
	messages=("$dir"/message.*)
	[ -e "${messages[0]}" ] || messages=()
	last=
	[[ $transcript != *$'\nC: '* ]] || last=${transcript##*$'\nC: '}
	last=${last%%$'\n'*}
	[[ $transcript != *'* VIOLATION'* ]] ||
		problems+=${transcript##*'* VIOLATION'}
	[ -z "$problems" ] || bad+=" [step $step: $problems]"
}

# What the program should have printed: STATUS OUTCOME WHAT [HINT].
expectation() {
	local said=$3

	wanted="exit status $1"$'\n'
	if [ "$2" = accepted ]; then
		wanted+="accepted  b@server.test  250 2.1.5 Ok
accepted  c@server.test  250 2.1.5 Ok
sent to 2 of 2 recipients: 250 2.0.0 Ok
standard error:
"
		return
	fi
	# The server's own words are all that is said of a recipient.
	[[ $2 = un* ]] || said=${said##*: }
	printf -v wanted '%s%-8s  %s@server.test  %s\n%-8s  %s@server.test  %s\n' \
		"$wanted" "$2" b "$said" "$2" c "$said"
	wanted+="sent to 0 of 2 recipients
standard error:
ehlo: 127.0.0.1:$PORT: $3
${4:+hint: $4$'\n'}"
}

# Compares, and names what was played if it is not as it should be.
check() {
	# shellcheck disable=SC2053
	if [ "$output" = "$wanted" ] && [[ "$last" = $last_wanted ]]; then
		return
	fi
	bad+=" $1"
	echo "# $1, last command: $last"
	diff -u --label wanted --label got <(echo "$wanted") <(echo "$output") ||
		true
}

all_good() {
	[ -z "$bad" ] || echo "failed:$bad"
	[ -z "$bad" ]
}

# Each line of standard input is ID|SCRIPT|STATUS|OUTCOME|LAST COMMAND|WHAT,
# with a hint behind " @ ". It is played in each MODE.
play_table() {
	local id script as outcome last_wanted what hint mode

	while IFS='|' read -r id script as outcome last_wanted what; do
		hint=
		[[ $what != *' @ '* ]] || hint=${what#* @ }
		for mode; do
			play "$mode" "$script"
			expectation "$as" "$outcome" "${what%% @ *}" "$hint"
			check "$id/$mode"
		done
	done
	[ "$step" -gt 0 ]
	all_good
}

# The moments of a session, as the server calls them, and as the program does.
moments='GREETING|greeting
EHLO|EHLO
MAIL|MAIL FROM
RCPT 1|RCPT TO:<b@server.test>
RCPT 2|RCPT TO:<c@server.test>
DATA|DATA
CONTENT|end of message'

# Plays an ACTION at each moment: before the end of the message the STATUS is
# this and all are unsent, then it is 79 and all are unknown; QUIT is not said
# but for the one that goes with the end.
play_everywhere() {
	local id=$1 action=$2 as=$3 why=$4 moment what mode outcome

	shift 4
	shopt -s extglob
	while IFS='|' read -r moment what; do
		outcome=unsent last_wanted='!(QUIT)'
		[ "$moment" != CONTENT ] || outcome=unknown as=79 last_wanted='*'
		for mode; do
			[[ $mode$moment != tls*GREETING ]] || mode=${mode/tls/implicit}
			play "$mode" "$moment: $action"
			expectation "$as" "$outcome" "$what: $why"
			check "$id/$mode/$moment"
		done
	done <<<"$moments"
	[ "$step" -gt 0 ]
}

# As a rule has it: blanks at its ends would be lost.
raw() {
	local text=$1

	text=${text//$'\r'/\\r}
	text=${text//$'\n'/\\n}
	printf -v "$2" 'raw %s' "${text// /\\x20}"
}
