# shellcheck shell=bash
# Helpers of the bats files of this folder: ehlo and a server that server.sh
# runs.
#
#   start_server NAME    in setup_file(): runs it; $dir is then the DIR of
#                        server.sh, and the folder of the test $PWD
#   stop_server          in teardown_file()
#   enter                in setup(): its ports, $ca, alice's password, a small
#                        message; skips if the server cannot run here
#   await COMMAND...     until it succeeds; fails after 10 s
#   send ARG...          runs ehlo with the file message, or $input. Leaves its
#                        exit status in $status, and the files report and
#                        trace. What $id_pattern finds in the report goes to
#                        $id, and is ID there.
#   reported STATUS      holds it and the whole report against standard input
#   every_shape COMMAND...    once for each of the messages of shape(): the file
#                             message, which is to be stored as expected
#   from_file_and_pipe COMMAND...    with either as $input

bats_require_minimum_version 1.5.0

start_server() { # NAME
	local status=0

	cd "$BATS_TEST_DIRNAME/../.." || return
	export BUILD=${BUILD:-$PWD/build} EHLO=${EHLO:-$PWD/build/ehlo}
	export HOME=$BATS_FILE_TMPDIR LC_ALL=C
	export dir=$BATS_FILE_TMPDIR/$1
	# The tests look for the last thing that the server says.
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true

	"$BATS_TEST_DIRNAME/$1.sh" start "$dir" \
	    >"$BATS_FILE_TMPDIR/start" 2>&1 3>&- || status=$?
	if [ $status -eq 69 ] && [ "${CI-}" != true ]; then
		why_not=$(tail -n 1 "$BATS_FILE_TMPDIR/start")
		export why_not
		return
	fi
	cat "$BATS_FILE_TMPDIR/start" >&2
	return $status
}

stop_server() {
	"$BATS_TEST_DIRNAME/${dir##*/}.sh" stop "$dir"
}

enter() {
	[ -z "${why_not-}" ] || skip "$why_not"
	cd "$BATS_TEST_TMPDIR" || return
	# shellcheck source=/dev/null
	. "$dir/ports"
	ca=$dir/certs/ca.pem
	printf 'Subject: test\n\nHello.\n' >message
	export ca EHLO_PASSWORD=alicepw
}

await() { # COMMAND...
	local i

	for ((i = 0; i < 500; i++)); do
		! "$@" || return 0
		sleep 0.02
	done
	echo "in vain: $*" >&2
	return 1
}

send() { # ARGUMENT...
	status=0
	timeout 60 "$EHLO" "$@" <"${input-message}" >report 2>trace || status=$?
	for id in $(sed "s/$id_pattern/\n@\\1\n/g" report | sed -n 's/^@//p'); do
		sed -i "s,$id\\([ ;]\\|\$\\),ID\\1," report
	done
}

reported() { # STATUS
	diff -u - report || { cat trace; return 1; }
	[ "$status" -eq "$1" ] || { cat trace; echo "status $status"; return 1; }
}

# What a message can be like; most are stored as they were.
shape() { # NAME
	case $1 in
	dots)
		printf '%s\n' 'Subject: dots' '' .one ..two ... '. ' .. '.' '' \
		    . end .
		;;
	'a dot without a line end') printf 'Subject: dot\n\n.' ;;
	'no final line end') printf 'Subject: test\n\nno end' ;;
	CRLF)
		printf '%s\r\n' 'Subject: CRLF' 'X-Folded: a' ' b' '' a .b . ''
		;;
	'lone CR') printf 'Subject: CR\n\na\rb\r\nc\n\rd\r\r\ne\r.\r.f\r' ;;
	'lines to 998 octets')
		printf 'Subject: long lines\n\n'
		printf '%0990d\n%0996d\n%0997d\n%0998d\n' 0 0 0 0
		printf '%0996d.\n.%0997d\n' 0 0
		;;
	'8 bits')
		printf 'Subject: 8 bits\n\nUTF-8 \xc3\xa4, and '
		printf 'not UTF-8 \xe4 \xff \x80\x81\n'
		;;
	'an empty body') printf 'Subject: empty\n\n' ;;
	'blank lines at the end') printf 'Subject: blank\n\ntext\n\n\n\n' ;;
	'lines that mail programs like to change')
		printf '%s\n' 'subject:no space' 'X-Tab:	tab' \
		    'X-Trailing: blanks  ' 'BCC: somebody@example.test' '' \
		    'From here' '>From there' 'trailing blanks  ' '	tab	' \
		    QUIT 'DATA' '=20' '~.'
		;;
	'3 MiB with many dots')
		printf 'Subject: large\n\n'
		seq 470000 | sed 's/^1/./'
		;;
	esac
}

expected() { # NAME
	case $1 in
	'a dot without a line end' | 'no final line end')
		shape "$1"
		echo
		;;
	CRLF) shape "$1" | tr -d '\r' ;;
	'lone CR')
		printf '%s\n' 'Subject: CR' '' a b c '' d '' e . .f
		;;
	*) shape "$1" ;;
	esac
}

every_shape() { # COMMAND...
	local name

	for name in dots 'a dot without a line end' 'no final line end' CRLF \
	    'lone CR' 'lines to 998 octets' '8 bits' 'an empty body' \
	    'blank lines at the end' 'lines that mail programs like to change' \
	    '3 MiB with many dots'; do
		echo "shape: $name"
		shape "$name" >message
		expected "$name" >expected
		"$@"
	done
	[ "$(wc -c <message)" -gt $((3 << 20)) ]
}

from_file_and_pipe() { # COMMAND...
	local input

	for input in message <(cat message); do
		"$@"
	done
}
