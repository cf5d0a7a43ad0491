#!/bin/bash
# A Postfix, run as server.sh says, which has no way to send mail on.
#
#     DIR/mail/USER/    Maildirs of alice and bob, at example.test
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

# shellcheck source=tests/interop/server.sh
. "$(dirname "$0")/server.sh"

server=postfix
packages=(postfix sasl2-bin libsasl2-modules)
ports=(SUBMISSION SUBMISSIONS MX RELAY SEQUENTIAL BARE)

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

configure() {
	accounts postfix:2525 postdrop:2526
	rm -rf /etc/postfix/sasl
	mkdir -p /etc/postfix/sasl /var/spool/postfix /var/lib/postfix
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
	mech_list: PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512
	END
	printf %s alicepw | saslpasswd2 -c -p -u example.test alice
	printf %s 'bob s3cret,=%\pw' | saslpasswd2 -c -p -u example.test bob
	chown postfix /etc/sasldb2 /var/lib/postfix
}

launch() {
	postfix start
}

main "$@"
