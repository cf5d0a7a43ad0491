#!/bin/bash
# A key distribution centre of MIT Kerberos and a Dovecot that takes its
# tickets, run as server.sh says: Dovecot's submission server, in front of the
# server of our own tests, $BUILD/tests/server.
#
#     DIR/krb5.conf      for clients: KRB5_CONFIG
#     DIR/alice          the ticket of alice: KRB5CCNAME
#     DIR/nobody         a ticket of somebody whom Dovecot does not know
#
#     SUBMISSION         STARTTLS, and a login by GSSAPI, wanted
#     KDC                the centre

# shellcheck source=tests/interop/server.sh
. "$(dirname "$0")/server.sh"

server=kerberos
packages=(dovecot-core dovecot-submissiond dovecot-gssapi krb5-kdc
    krb5-admin-server krb5-user)
ports=(SUBMISSION KDC)

krb5_conf() {
	cat <<-END
	[libdefaults]
	default_realm = EXAMPLE.TEST
	dns_lookup_kdc = false
	dns_lookup_realm = false
	dns_canonicalize_hostname = false
	rdns = false
	udp_preference_limit = 1
	[realms]
	EXAMPLE.TEST = {
		kdc = 127.0.0.1:$KDC
	}
	[domain_realm]
	localhost = EXAMPLE.TEST
	END
}

kdc_conf() {
	cat <<-END
	[kdcdefaults]
	kdc_listen = ""
	kdc_tcp_listen = 127.0.0.1:$KDC
	[realms]
	EXAMPLE.TEST = {
		database_name = /var/lib/krb5kdc/principal
		key_stash_file = /etc/krb5kdc/stash
	}
	[logging]
	kdc = FILE:/mnt/dir/kdclog
	END
}

dovecot_conf() { # RELAY
	cat <<END
protocols = submission
listen = 127.0.0.1
hostname = mail.example.test
log_path = /mnt/dir/maillog

ssl = yes
ssl_cert = </mnt/dir/certs/server.pem
ssl_key = </mnt/dir/certs/server.key

auth_mechanisms = plain gssapi
auth_username_format = %Ln
auth_krb5_keytab = /etc/dovecot/keytab
auth_gssapi_hostname = "\$ALL"
passdb {
	driver = passwd-file
	args = /etc/dovecot/users
}
userdb {
	driver = passwd-file
	args = /etc/dovecot/users
}
mail_location = maildir:/mnt/dir/mail/%n

submission_relay_host = 127.0.0.1
submission_relay_port = $1

service submission-login {
	inet_listener submission {
		port = $SUBMISSION
	}
}
END
}

configure() {
	accounts dovecot:2525 dovenull:2526
	mkdir -p /etc/krb5kdc /var/lib/krb5kdc
	krb5_conf >/mnt/dir/krb5.conf
	cp /mnt/dir/krb5.conf /etc/krb5.conf
	kdc_conf >/etc/krb5kdc/kdc.conf
	export KRB5_KDC_PROFILE=/etc/krb5kdc/kdc.conf
	kdb5_util create -s -r EXAMPLE.TEST -P master
	kadmin.local addprinc -pw alicepw alice
	kadmin.local addprinc -pw nobodypw nobody
	kadmin.local addprinc -randkey smtp/localhost
	kadmin.local ktadd -k /etc/dovecot/keytab smtp/localhost
	chown dovecot /etc/dovecot/keytab
	echo 'alice:{PLAIN}alicepw:65534:65534::/mnt/dir/mail/alice' \
	    >/etc/dovecot/users
}

launch() {
	local relay name

	krb5kdc -n &
	await_log "$!" 'commencing operation'
	for name in alice nobody; do
		kinit -c "FILE:/mnt/dir/$name" "$name" <<<"${name}pw"
	done
	mkdir /mnt/dir/relayed
	exec 7< <(exec /mnt/build/tests/server --ready-fd 1 \
	    --dir /mnt/dir/relayed)
	read -r -u 7 relay
	dovecot_conf "$relay" >/etc/dovecot/dovecot.conf
	dovecot -F &
	await_log "$!" 'starting up'
}

main "$@"
