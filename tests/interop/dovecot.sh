#!/bin/bash
# A Dovecot, run as server.sh says: its LMTP server, and its submission server
# in front of the server of our own tests, $BUILD/tests/server.
#
#     DIR/mail/USER/new/    what LMTP stores, with one line before it:
#                           Return-Path
#     DIR/relayed/          the messages and envelopes that were submitted
#     DIR/lmtp              a Unix socket, LMTP
#
#     SUBMISSION     STARTTLS, and a login, wanted; at most 10 MiB
#     SUBMISSIONS    the same with TLS from the first byte
#     LMTP           STARTTLS offered
#     LMTPS          LMTP with TLS from the first byte
#
# alice's password is alicepw, bob's is: bob s3cret,=%\pw
# A token is a JWT (RFC 7519) whose sub is the user, signed by HS256 with the
# key: the key of tests
# By LMTP there are also full, over quota, and broken, whose mail cannot be
# stored. By submission r551@, as a sender too, is refused with 551, and r451@
# deferred with 451.

# shellcheck source=tests/interop/server.sh
. "$(dirname "$0")/server.sh"

server=dovecot
packages=(dovecot-core dovecot-lmtpd dovecot-submissiond)
ports=(SUBMISSION SUBMISSIONS LMTP LMTPS)

dovecot_conf() { # RELAY
	cat <<END
protocols = lmtp submission
listen = 127.0.0.1
hostname = mail.example.test
log_path = /mnt/dir/maillog

ssl = yes
ssl_cert = </mnt/dir/certs/server.pem
ssl_key = </mnt/dir/certs/server.key

auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 oauthbearer xoauth2
auth_username_format = %Ln
auth_failure_delay = 0
passdb {
	driver = oauth2
	mechanisms = oauthbearer xoauth2
	args = /etc/dovecot/oauth2
}
passdb {
	driver = passwd-file
	args = /etc/dovecot/users
}
userdb {
	driver = passwd-file
	args = /etc/dovecot/users
}

mail_location = maildir:/mnt/dir/mail/%n
mail_plugins = quota
plugin {
	quota = maildir
}
lmtp_add_received_header = no
lmtp_hdr_delivery_address = none

submission_relay_host = 127.0.0.1
submission_relay_port = $1
submission_max_mail_size = 10M

# A wrong password is answered at once, each time.
service anvil {
	unix_listener anvil-auth-penalty {
		mode = 0
	}
}
service lmtp {
	unix_listener /mnt/dir/lmtp {
		mode = 0600
	}
	inet_listener lmtp {
		port = $LMTP
	}
	inet_listener lmtps {
		port = $LMTPS
		ssl = yes
	}
}
service submission-login {
	inet_listener submission {
		port = $SUBMISSION
	}
	inet_listener submissions {
		port = $SUBMISSIONS
		ssl = yes
	}
}
END
}

configure() {
	accounts dovecot:2525 dovenull:2526
	keys
	cat >/etc/dovecot/users <<-'END'
	alice:{PLAIN}alicepw:65534:65534::/mnt/dir/mail/alice
	bob:{PLAIN}bob s3cret,=%\pw:65534:65534::/mnt/dir/mail/bob
	full::65534:65534::/mnt/dir/mail/full::userdb_quota_rule=*:bytes=20
	broken::65534:65534::/nowhere::userdb_mail=maildir:/nowhere
	END
	cat >/etc/dovecot/relay <<-'END'
	MAIL /r551@/: 551 5.7.1 As you like it
	RCPT /r551@/: 551 5.7.1 As you like it
	RCPT /r451@/: 451 4.7.1 As you like it
	END
}

# Where Dovecot looks for the key that signs a token without "azp" and "kid".
keys() {
	mkdir -p /etc/dovecot/keys/default/HS256
	printf 'the key of tests' | base64 >/etc/dovecot/keys/default/HS256/default
	cat >/etc/dovecot/oauth2 <<-'END'
	introspection_mode = local
	local_validation_key_dict = fs:posix:prefix=/etc/dovecot/keys/
	username_attribute = sub
	END
}

# The submission server connects to the other when somebody has logged in.
launch() {
	local relay

	mkdir /mnt/dir/relayed
	exec 7< <(exec /mnt/build/tests/server --ready-fd 1 \
	    --dir /mnt/dir/relayed --scenario /etc/dovecot/relay)
	read -r -u 7 relay
	dovecot_conf "$relay" >/etc/dovecot/dovecot.conf
	dovecot -F &
	await_log "$!" 'starting up'
}

main "$@"
