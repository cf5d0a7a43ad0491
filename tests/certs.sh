#!/bin/sh
# Makes the certificates of the tests in DIR:
#   ca          the authority, which signs all but the last
#   server      for localhost, 127.0.0.1 and ::1
#   expired     the same names, no longer valid
#   future      the same, not valid yet
#   other       for mail.other.test only
#   client      for a client
#   selfsigned  the names of server, signed by itself
set -eu

if [ $# -ne 1 ]; then
	echo 'usage: certs.sh DIR' >&2
	exit 64
fi
mkdir -p "$1"
cd "$1"

names=DNS:localhost,IP:127.0.0.1,IP:::1

# Not the system's configuration, which may say anything.
cat >openssl.cnf <<END
[req]
distinguished_name = dn
[dn]
[ca]
default_ca = tests
[tests]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
END
: >index
echo 01 >serial

request() { # NAME SUBJECT EXTENSION...
	name=$1 subject=$2
	shift 2
	for extension; do
		set -- "$@" -addext "$extension"
		shift
	done
	openssl req -config openssl.cnf -newkey ec \
		-pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$name.key" \
		-out "$name.out" -subj "/CN=$subject" "$@" 2>log ||
		{ cat log >&2; exit 1; }
}

selfsign() { # NAME SUBJECT EXTENSION...
	request "$@"
	openssl x509 -req -in "$1.out" -signkey "$1.key" -days 3650 \
		-copy_extensions copy -out "$1.pem" 2>log ||
		{ cat log >&2; exit 1; }
}

sign() { # NAME FROM TO
	openssl ca -config openssl.cnf -batch -notext -cert ca.pem \
		-keyfile ca.key -in "$1.out" -out "$1.pem" \
		-startdate "$2" -enddate "$3" 2>log || { cat log >&2; exit 1; }
}

selfsign ca 'Test authority' basicConstraints=critical,CA:TRUE \
	keyUsage=critical,keyCertSign
selfsign selfsigned localhost "subjectAltName=$names"

request server localhost "subjectAltName=$names"
request expired localhost "subjectAltName=$names"
request future localhost "subjectAltName=$names"
request other mail.other.test subjectAltName=DNS:mail.other.test
request client ann extendedKeyUsage=clientAuth

# A year far away, so that a machine with a wrong clock passes too.
sign server 20200101000000Z 20991231235959Z
sign expired 20200101000000Z 20210101000000Z
sign future 20980101000000Z 20990101000000Z
sign other 20200101000000Z 20991231235959Z
sign client 20200101000000Z 20991231235959Z

rm -f ./*.out [0-9]*.pem index* serial* openssl.cnf log
