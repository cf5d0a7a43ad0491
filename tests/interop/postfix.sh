#!/bin/bash
# Runs a Postfix on loopback that is not installed: its package is unpacked
# below $BUILD and laid over the machine's files in a mount namespace, where
# all that it writes but DIR is in memory. It has no way to send mail on.
#
# usage: postfix.sh start DIR    until `stop`; then there are
#            DIR/ports       shell variables, below; all on 127.0.0.1
#            DIR/certs       what tests/certs.sh makes
#            DIR/mail/USER/  Maildirs of alice and bob, at example.test
#            DIR/maillog     what Postfix says
#        postfix.sh stop DIR
#
# Exit status 69: it cannot run on this machine; standard error says why.
#
#     SUBMISSION     STARTTLS, and a login, wanted
#     SUBMISSIONS    the same with TLS from the first byte
#     MX             no TLS, messages of at most 100000 octets
#     RELAY          no TLS, messages of at most 10240000 octets
#     SEQUENTIAL     RELAY without PIPELINING
#     BARE           MX without any ESMTP keyword
#
# alice's password is alicepw, bob's is: bob s3cret,=%\pw
# Mail to r551@example.test is refused with 551, to r451@ deferred with 451,
# and so on; mail to full@ is deferred with 452. What is for many.test is
# accepted and thrown away.

set -euo pipefail

ports=(SUBMISSION SUBMISSIONS MX RELAY SEQUENTIAL BARE)
packages=(postfix sasl2-bin libsasl2-modules)

cannot() {
	echo "postfix: $*" >&2
	exit 69
}

main_cf() {
	cat <<END
compatibility_level = 3.6
myhostname = mail.example.test
mydomain = example.test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
maillog_file = /mnt/dir/maillog
maillog_file_prefixes = /mnt/dir

# Nothing is looked up, nothing is sent on.
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
mydestination =
alias_maps =
alias_database =
local_transport = error:no local mail
default_transport = error:no way out
notify_classes =
enable_long_queue_ids = yes

virtual_mailbox_domains = example.test
virtual_mailbox_base = /mnt/dir/mail
virtual_mailbox_maps = inline:{ alice@example.test=alice/,
	bob@example.test=bob/ }
virtual_mailbox_limit = 0
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
relay_domains = many.test
transport_maps = inline:{ many.test=discard: }

# Messages are kept as they came.
local_header_rewrite_clients =
message_drop_headers =

smtpd_error_sleep_time = 0
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions =
	check_recipient_access regexp:/etc/postfix/replies
smtpd_tls_cert_file = /mnt/dir/certs/server.pem
smtpd_tls_key_file = /mnt/dir/certs/server.key
smtpd_tls_loglevel = 1
smtpd_sasl_local_domain = example.test
END
}

# Without smtp(8) mail cannot leave.
master_cf() {
	local all=pipelining,size,vrfy,etrn,enhancedstatuscodes,8bitmime,dsn

	all+=,smtputf8,chunking
	cat <<END
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
127.0.0.1:$SUBMISSION inet n - n - - smtpd
	-o smtpd_tls_security_level=encrypt
	-o smtpd_tls_auth_only=yes
	-o smtpd_sasl_auth_enable=yes
	-o smtpd_client_restrictions=permit_sasl_authenticated,reject
127.0.0.1:$SUBMISSIONS inet n - n - - smtpd
	-o smtpd_tls_wrappermode=yes
	-o smtpd_tls_auth_only=yes
	-o smtpd_sasl_auth_enable=yes
	-o smtpd_client_restrictions=permit_sasl_authenticated,reject
127.0.0.1:$MX inet n - n - - smtpd
	-o message_size_limit=100000
127.0.0.1:$RELAY inet n - n - - smtpd
127.0.0.1:$SEQUENTIAL inet n - n - - smtpd
	-o smtpd_discard_ehlo_keywords=pipelining
127.0.0.1:$BARE inet n - n - - smtpd
	-o message_size_limit=100000
	-o smtpd_discard_ehlo_keywords=$all
END
}

# Lays the package over the machine's files. All mounts end with the namespace.
mount_all() { # ROOT DIR
	local mnt=$2/mnt

	# DIR may be anywhere, also below what is covered here.
	mount -t tmpfs -o mode=755 tmpfs "$mnt"
	mkdir "$mnt"/{root,dir,etc,work}
	mount --bind "$1" "$mnt/root"
	mount --bind "$2" "$mnt/dir"
	mount --rbind "$mnt" /mnt
	cd /
	mount -t overlay -o lowerdir=/mnt/root/usr:/usr overlay /usr
	mount -t overlay -o \
	    lowerdir=/mnt/root/etc:/etc,upperdir=/mnt/etc,workdir=/mnt/work \
	    overlay /etc
	mount -t tmpfs -o mode=755 tmpfs /var
	mount -t tmpfs -o mode=755 tmpfs /run
	[ ! -e /dev/log ] || mount --bind /dev/null /dev/log
}

configure() {
	# shellcheck source=/dev/null
	. /mnt/dir/ports

	cat >/etc/passwd <<-'END'
	root:x:0:0::/:/bin/sh
	postfix:x:2525:2525::/:/bin/false
	nobody:x:65534:65534::/:/bin/false
	END
	cat >/etc/group <<-'END'
	root:x:0:
	postfix:x:2525:
	postdrop:x:2526:
	nogroup:x:65534:
	END
	rm -f /etc/nsswitch.conf /etc/resolv.conf
	printf '%s: files\n' passwd group hosts services >/etc/nsswitch.conf
	echo mail.example.test >/proc/sys/kernel/hostname

	rm -rf /etc/postfix/sasl
	mkdir -p /etc/postfix/sasl /var/spool/postfix /var/lib/postfix /var/tmp
	main_cf >/etc/postfix/main.cf
	master_cf >/etc/postfix/master.cf
	# Postfix waits until these are seconds old.
	touch -d '1 minute ago' /etc/postfix/{main,master}.cf

	cat >/etc/postfix/replies <<-'END'
	/^r([45][0-9][0-9])@/ $1 As you like it
	/^full@/ 452 4.2.2 Mailbox full
	END
	cat >/etc/postfix/sasl/smtpd.conf <<-'END'
	pwcheck_method: auxprop
	auxprop_plugin: sasldb
	mech_list: PLAIN LOGIN CRAM-MD5
	END
	printf %s alicepw | saslpasswd2 -c -p -u example.test alice
	printf %s 'bob s3cret,=%\pw' | saslpasswd2 -c -p -u example.test bob
	chown postfix /etc/sasldb2 /var/lib/postfix

	mkdir /mnt/dir/mail
	chown nobody:nogroup /mnt/dir/mail
}

# The first process in the namespaces: when it dies, so does all in them.
inside() { # ROOT DIR
	local pid

	# As it is known outside: this /proc is the machine's.
	read -r pid _ </proc/self/stat
	echo "$pid" >"$2/pid"
	exec 9>&-
	mount_all "$1" "$2"
	configure
	postfix start 8>&-
	echo ready >&8
	exec 8>&-
	exec sleep infinity
}

# A Postfix takes a port that another one has, and both get connections: so two
# that start at the same time must not choose the same.
choose_ports() { # DIR ATTEMPT
	local name port=$((10000 + ($$ + $2 * 611) % 2500 * 8))

	for name in "${ports[@]}"; do
		! (: </dev/tcp/127.0.0.1/$port) 2>/dev/null || return 1
		echo "$name=$port"
		port=$((port + 1))
	done >"$1/ports"
}

try() { # ROOT DIR
	local word=

	rm -rf "$2"/{pid,mail,maillog,ready}
	mkfifo "$2/ready"
	unshare --mount --uts --pid --fork --kill-child "$BASH" "$0" inside \
	    "$@" </dev/null >"$2/log" 2>&1 8>"$2/ready" &
	read -r word <"$2/ready" || :
	[ "$word" != ready ] || return 0
	wait "$!" || :
	return 1
}

start() { # DIR
	local here root dir name attempt

	here=$(dirname "$0")
	[ "$(id -u)" -eq 0 ] || cannot 'only root can run it'
	for name in unshare flock apt-get dpkg-deb openssl; do
		[ -n "$(command -v "$name")" ] || cannot "there is no $name"
	done
	unshare --mount --uts --pid --fork true ||
	    cannot 'namespaces are not permitted here'
	mkdir -p "$1/mnt"
	dir=$(cd "$1" && pwd)
	"$here/fetch.sh" "$BUILD/interop/postfix" "${packages[@]}" ||
	    cannot 'its package cannot be had'
	root=$(cd "$BUILD/interop/postfix/root" && pwd)
	"$here/../certs.sh" "$dir/certs"

	exec 9>"$dir/lock"
	flock -n 9 || { echo "postfix: runs already in $dir" >&2; exit 1; }
	# Another program may have one of the ports, which Postfix does not say.
	for attempt in {1..5}; do
		choose_ports "$dir" "$attempt" || continue
		! try "$root" "$dir" || return 0
	done
	cat "$dir"/{log,maillog} >&2 || :
	echo 'postfix: did not start' >&2
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

case $#:${1-} in
2:start | 2:stop | 3:inside) "$@" ;;
*)
	echo 'usage: postfix.sh start|stop DIR' >&2
	exit 64
	;;
esac
