# shellcheck shell=bash
# Runs a mail server on loopback that is not installed: its package is unpacked
# below $BUILD and laid over the machine's files in a mount namespace, where
# all that it writes but DIR is in memory.
#
# usage: SERVER.sh start DIR    until `stop`; then there are
#            DIR/ports      shell variables; all on 127.0.0.1
#            DIR/certs      what tests/certs.sh makes
#            DIR/*log       what the server says
#        SERVER.sh stop DIR
#
# Exit status 69: it cannot run on this machine; standard error says why.
#
# For SERVER.sh, which includes this, sets these, and ends with: main "$@"
#
#     server       its name
#     packages     what is unpacked
#     ports        the names of its ports, eight at most
#     configure    writes its files, in the namespace
#     launch       returns when it listens at every port; fails if it cannot
#
# In there /mnt/dir is DIR, /mnt/build is $BUILD, the ports are variables, and
# this can be used:
#
#     accounts NAME:ID...    lets these users and groups exist, and nobody
#     await_log PID TEXT     until there is TEXT in a log; fails if process PID
#                            ends, and after 10 s

set -euo pipefail

server='' packages=() ports=()

cannot() {
	echo "$server: $*" >&2
	exit 69
}

accounts() { # NAME:ID...
	local account

	echo 'root:x:0:0::/:/bin/sh' >/etc/passwd
	echo 'root:x:0:' >/etc/group
	for account in "$@" nobody:65534; do
		echo "${account/:/:x:}:${account#*:}::/:/bin/false" >>/etc/passwd
		echo "${account/:/:x:}:" >>/etc/group
	done
}

await_log() { # PID TEXT
	local i

	for ((i = 0; i < 500; i++)); do
		! grep -qs "$2" /mnt/dir/*log || return 0
		kill -0 "$1" || return
		sleep 0.02
	done
	return 1
}

# Lays the package over the machine's files. All mounts end with the namespace.
mount_all() { # DIR
	local root=/mnt/build/interop/$server/root mnt=$1/mnt

	cd "$BUILD"
	# DIR may be anywhere, also below what is covered here.
	mount -t tmpfs -o mode=755 tmpfs "$mnt"
	mkdir "$mnt"/{build,dir,etc,work}
	mount --bind . "$mnt/build"
	mount --bind "$1" "$mnt/dir"
	mount --rbind "$mnt" /mnt
	cd /
	mount -t overlay -o "lowerdir=$root/usr:/usr" overlay /usr
	mount -t overlay -o \
	    "lowerdir=$root/etc:/etc,upperdir=/mnt/etc,workdir=/mnt/work" \
	    overlay /etc
	mount -t tmpfs -o mode=755 tmpfs /var
	mount -t tmpfs -o mode=755 tmpfs /run
	mkdir -m 1777 /var/tmp
	ln -s /run /var/run
	[ ! -e /dev/log ] || mount --bind /dev/null /dev/log
}

# Nothing is looked up elsewhere.
name_services() {
	rm -f /etc/nsswitch.conf /etc/resolv.conf /etc/hosts
	printf '%s: files\n' passwd group hosts services >/etc/nsswitch.conf
	echo 'lookup file' >/etc/resolv.conf
	echo '127.0.0.1 localhost' >/etc/hosts
	echo mail.example.test >/proc/sys/kernel/hostname
}

# The first process in the namespaces: when it dies, so does all in them.
inside() { # DIR
	local pid

	# As it is known outside: this /proc is the machine's.
	read -r pid _ </proc/self/stat
	echo "$pid" >"$1/pid"
	exec 9>&-
	mount_all "$1"
	# shellcheck source=/dev/null
	. /mnt/dir/ports
	name_services
	mkdir -m 755 /mnt/dir/mail
	chown 65534:65534 /mnt/dir/mail
	configure
	launch 8>&-
	echo ready >&8
	exec 8>&-
	exec sleep infinity
}

# Some take a port that another server has, and both get connections: so two
# that start at the same time must not choose the same.
choose_ports() { # DIR ATTEMPT
	local name port=$((10000 + ($$ + $2 * 611) % 2500 * 8))

	for name in "${ports[@]}"; do
		! (: </dev/tcp/127.0.0.1/$port) 2>/dev/null || return 1
		echo "$name=$port"
		port=$((port + 1))
	done >"$1/ports"
}

try() { # DIR
	local word=

	rm -rf "$1"/{pid,mail,ready} "$1"/*log
	mkfifo "$1/ready"
	unshare --mount --uts --pid --fork --kill-child "$BASH" "$0" inside \
	    "$1" </dev/null >"$1/log" 2>&1 8>"$1/ready" &
	read -r word <"$1/ready" || :
	[ "$word" != ready ] || return 0
	wait "$!" || :
	return 1
}

start() { # DIR
	local here dir name attempt

	here=$(dirname "$0")
	[ "$(id -u)" -eq 0 ] || cannot 'only root can run it'
	for name in unshare flock apt-get dpkg-deb openssl; do
		[ -n "$(command -v "$name")" ] || cannot "there is no $name"
	done
	unshare --mount --uts --pid --fork true ||
	    cannot 'namespaces are not permitted here'
	mkdir -p "$1/mnt"
	dir=$(cd "$1" && pwd)
	"$here/fetch.sh" "$BUILD/interop/$server" "${packages[@]}" ||
	    cannot 'its package cannot be had'
	"$here/../certs.sh" "$dir/certs"

	exec 9>"$dir/lock"
	flock -n 9 || { echo "$server: runs already in $dir" >&2; exit 1; }
	# Another program may have taken one of the ports meanwhile.
	for attempt in {1..5}; do
		choose_ports "$dir" "$attempt" || continue
		! try "$dir" || return 0
	done
	cat "$dir"/*log >&2 || :
	echo "$server: did not start" >&2
	exit 1
}

# The lock is held as long as anything runs, so the pid is the right one.
stop() { # DIR
	[ -e "$1/lock" ] || return 0
	exec 9>"$1/lock"
	if ! flock -n 9; then
		kill -KILL "$(<"$1/pid")"
		flock -w 30 9
	fi
}

main() {
	case $#:${1-} in
	2:start | 2:stop | 2:inside) "$@" ;;
	*)
		echo "usage: $server.sh start|stop DIR" >&2
		exit 64
		;;
	esac
}
