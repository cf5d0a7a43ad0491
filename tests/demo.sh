#!/bin/sh
# Submits a message to three recipients through the test server, which refuses
# one and defers another, and holds the report to that. Run by `make demo`.

set -eu

dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || :; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

sh tests/certs.sh "$dir" >"$dir/certs.log" 2>&1 || {
	cat "$dir/certs.log" >&2
	exit 1
}

# The server says when it listens, and more later: the pipe stays open.
mkfifo "$dir/ready"
mkdir "$dir/received"
"$TEST_SERVER" --ready-fd 3 --port-file "$dir/port" --dir "$dir/received" \
    --tls-cert "$dir/server.pem" --tls-key "$dir/server.key" \
    --auth user:password --require-auth \
    --play 'RCPT 2: 550 5.1.1 No such user here' \
    --play 'RCPT 3: 451 4.7.1 Greylisted, try again in 5 minutes' \
    --sessions 1 3>"$dir/ready" &
server=$!
exec 4<"$dir/ready"
read -r _ <&4 || {
	echo "demo: the test server did not start" >&2
	exit 1
}
port=$(cat "$dir/port")

cat >"$dir/message" <<'END'
From: Sender <sender@example.com>
To: Ann <ann@example.com>, Bob <bob@example.com>, Eve <eve@example.com>
Subject: A message to three

One of you gets it.
END

command="EHLO_PASSWORD=password ehlo -d \\
    --tls=starttls --tls-ca ca.pem --user user localhost:$port \\
    sender@example.com ann@example.com bob@example.com eve@example.com <message"
cat <<END
A mail server listens on port $port of this machine. It knows ann, has no bob,
and wants to hear from eve later. One message to all three:

$ $command
END
status=0
cd "$dir"
PATH=$(dirname "$EHLO"):$PATH
eval "$command" >report || status=$?
cat report

case $status in
0) meaning="every recipient was accepted" ;;
1) meaning="some were accepted, some were not: the report says which" ;;
*) meaning="EXIT STATUS in the manual says what went wrong" ;;
esac
echo
echo "exit status $status: $meaning"

outcomes=$(awk '$2 ~ /@/ { print $1, $2 }' report)
expected="accepted ann@example.com
refused bob@example.com
deferred eve@example.com"
if [ "$status" -ne 1 ] || [ "$outcomes" != "$expected" ]; then
	echo "demo: not what was expected, which is:" >&2
	echo "$expected" >&2
	exit 1
fi
