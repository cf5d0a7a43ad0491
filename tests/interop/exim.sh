#!/bin/bash
# An Exim, run as server.sh says, which has no way to send mail on.
#
#     DIR/mail/USER/new/    messages for alice, bob and dörte, at example.test:
#                           as they came, with the id in the file's name
#
#     SUBMISSION     STARTTLS, and a login, wanted
#     SUBMISSIONS    the same with TLS from the first byte
#     MX             no TLS, messages of at most 100000 octets
#     RELAY          no TLS, messages of at most 10 MiB
#     BARE           RELAY without PIPELINING, CHUNKING and SMTPUTF8
#
# alice's password is alicepw, bob's is: bob s3cret,=%\pw
# Mail to r551@example.test is refused with 551, to r451@ deferred with 451,
# and so on; to drop@ with the end of the session. data5@ and data4@ are refused
# and deferred when the message is there, if the client can be told (PRDR), and
# a message with "Subject: refuse" or "Subject: defer" to everybody. What is for
# many.test is accepted and thrown away, 100 recipients at a time.

# shellcheck source=tests/interop/server.sh
. "$(dirname "$0")/server.sh"

server=exim
packages=(exim4-daemon-heavy)
ports=(SUBMISSION SUBMISSIONS MX RELAY BARE)

exim_conf() {
	cat <<END
primary_hostname = mail.example.test
local_interfaces = 127.0.0.1
daemon_smtp_ports = $SUBMISSION : $SUBMISSIONS : $MX : $RELAY : $BARE
daemon_startup_retries = 0
log_file_path = /mnt/dir/%slog
write_rejectlog = false

IS_LOGIN = match{\$received_port}{^($SUBMISSION|$SUBMISSIONS)\\\$}
IS_BARE = eq{\$received_port}{$BARE}

tls_advertise_hosts = \${if IS_LOGIN {*}}
tls_on_connect_ports = $SUBMISSIONS
tls_certificate = /etc/exim4/server.pem
tls_privatekey = /etc/exim4/server.key
auth_advertise_hosts = \${if def:tls_in_cipher {*}}
chunking_advertise_hosts = \${if IS_BARE {}{*}}
pipelining_advertise_hosts = \${if IS_BARE {}{*}}
smtputf8_advertise_hosts = \${if IS_BARE {}{*}}
prdr_enable
message_size_limit = \${if eq{\$received_port}{$MX} {100000}{10M}}
recipients_max = 100

acl_smtp_mail = mail
acl_smtp_rcpt = rcpt
acl_smtp_data = data
acl_smtp_data_prdr = data_prdr
END
	cat <<'END'
# Messages are kept as they came, and nothing is looked up.
keep_environment =
received_header_text =
host_lookup =
rfc1413_hosts =
smtp_accept_max = 0

begin acl

mail:
	deny !authenticated = *
	     condition = ${if IS_LOGIN}
	     message = 530 5.7.0 Log in first
	accept

rcpt:
	accept domains = many.test
	deny !domains = example.test
	     message = 550 5.7.1 No relay
	deny local_parts = ^r5..\$
	     message = ${substr{1}{3}{$local_part}} 5.7.1 As you like it
	defer local_parts = ^r4..\$
	     message = ${substr{1}{3}{$local_part}} 4.7.1 As you like it
	drop local_parts = drop
	     message = 550 5.7.1 Enough of it
	deny local_parts = multi
	     message = 550 5.7.1 First line\nsecond line\nthird line
	accept verify = recipient

data_prdr:
	deny local_parts = data5
	     message = 550 5.7.1 Not this message
	defer local_parts = data4
	     message = 450 4.7.1 Not this message yet
	accept

data:
	deny condition = ${if eq{$h_subject:}{refuse}}
	     message = 554 5.6.0 Not this message
	defer condition = ${if eq{$h_subject:}{defer}}
	     message = 451 4.6.0 Not this message yet
	accept

begin routers

many:
	driver = redirect
	domains = many.test
	data = :blackhole:

users:
	driver = accept
	domains = example.test
	local_parts = alice : bob : dörte : data4 : data5
	transport = maildir

begin transports

maildir:
	driver = appendfile
	directory = /mnt/dir/mail/$local_part_data
	maildir_format
	maildir_tag = ,$message_exim_id
	check_string =
	message_prefix =
	message_suffix =
	user = nobody

begin authenticators

plain:
	driver = plaintext
	public_name = PLAIN
	server_prompts = :
	server_condition = ${if eq{$auth3} \
		{${lookup{$auth2} lsearch{/etc/exim4/passwords}}}}
	server_set_id = $auth2

login:
	driver = plaintext
	public_name = LOGIN
	server_prompts = User name:: : Password::
	server_condition = ${if eq{$auth2} \
		{${lookup{$auth1} lsearch{/etc/exim4/passwords}}}}
	server_set_id = $auth1

cram_md5:
	driver = cram_md5
	public_name = CRAM-MD5
	server_secret = ${lookup{$auth1} lsearch{/etc/exim4/passwords} \
		{$value}fail}
	server_set_id = $auth1
END
}

configure() {
	accounts Debian-exim:2525
	mkdir -p /etc/exim4 /var/spool/exim4
	exim_conf >/etc/exim4/exim4.conf
	cat >/etc/exim4/passwords <<-'END'
	alice: alicepw
	bob: bob s3cret,=%\pw
	END
	cp /mnt/dir/certs/server.{pem,key} /etc/exim4
	chown Debian-exim /etc/exim4/server.key /var/spool/exim4
	touch /mnt/dir/{main,panic}log
	chown Debian-exim /mnt/dir/*log
}

# In the foreground, as a child of process 1 stays there anyway.
launch() {
	exim4 -bdf &
	await_log "$!" 'listening for SMTP'
}

main "$@"
