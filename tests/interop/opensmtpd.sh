#!/bin/bash
# An OpenSMTPD, run as server.sh says, which has no way to send mail on.
#
#     DIR/mail/USER/new/    messages for alice and bob, at example.test, with
#                           some lines before them, Received the last
#
#     TLS            STARTTLS offered
#     RELAY          no TLS, messages of at most 10 MiB
#
# There is no login: it needs TLS, and Debian's OpenSMTPD 6.8 cannot do that
# with its OpenSSL 3. It offers STARTTLS, and then the handshake fails.
#
# Mail to r550@example.test is refused with 550, to r451@ deferred with 451, to
# drop@ with 421 and the end of the session, and from r550@ with 550. Who has
# more than 20 recipients is told 451.

# shellcheck source=tests/interop/server.sh
. "$(dirname "$0")/server.sh"

server=opensmtpd
packages=(opensmtpd)
ports=(TLS RELAY)

smtpd_conf() {
	cat <<END
smtp max-message-size 10M
smtp limit max-rcpt 20
pki mail.example.test cert "/etc/opensmtpd/server.pem"
pki mail.example.test key "/etc/opensmtpd/server.key"

filter from550 phase mail-from match mail-from regex "^<?r550@" \\
	reject "550 5.7.1 As you like it"
filter to550 phase rcpt-to match rcpt-to regex "^<?r550@" \\
	reject "550 5.7.1 As you like it"
filter to451 phase rcpt-to match rcpt-to regex "^<?r451@" \\
	reject "451 4.7.1 As you like it"
filter drop phase rcpt-to match rcpt-to regex "^<?drop@" \\
	disconnect "421 4.7.1 Enough of it"
filter all chain { from550, to550, to451, drop }

listen on 127.0.0.1 port $TLS tls pki mail.example.test filter all
listen on 127.0.0.1 port $RELAY filter all

action store maildir "/mnt/dir/mail/%{dest.user}" user nobody \
	virtual { "@" = nobody }
match from any for rcpt-to regex "^(alice|bob)[+0-9]*@example\.test\$" \
	action store
END
}

configure() {
	accounts opensmtpd:2525 opensmtpq:2526
	install -d -m 711 /var/spool/smtpd /var/lib/opensmtpd/empty
	mkdir /etc/opensmtpd
	install -m 600 /mnt/dir/certs/server.{pem,key} /etc/opensmtpd
	smtpd_conf >/etc/smtpd.conf
	echo mail.example.test >/etc/mailname
}

# What it says first comes before it listens.
launch() {
	smtpd -dv >/mnt/dir/maillog 2>&1 &
	await_log "$!" 'smtp: will accept at most'
}

main "$@"
