#!/usr/bin/env bats
# The manual page says what the program does, and nothing else.

bats_require_minimum_version 1.5.0

load lib

setup() {
	setup_client
	PAGE=$BATS_TEST_DIRNAME/../man/ehlo.1
	README=$BATS_TEST_DIRNAME/../README
}

# Long options that are explained, one a line.
options_of_page() {
	sed -n 's/^\.It Fl \(. , \)\{0,1\}-\([a-z0-9-]*\).*/--\2/p' "$PAGE" |
		sort
}

options_of_help() {
	"$EHLO" --help | grep -o -e '--[a-z0-9][a-z0-9-]*' | sort -u
}

# What files mention, be it as "Fl -tls" or "ehlo --tls". An alias that the
# page makes up and other programs' options are none of ehlo's.
options_in() {
	sed -e '/openssl/d' -e 's/Fl -\([a-z]\)/--\1/g' "$@" |
		grep -o -e '--[a-z][a-z0-9-]*' | grep -vx -e --work | sort -u
}

# A section, or with Ss a subsection, without its heading.
part() {
	awk -v begin=".$1 $2" '/^\.S[hs] /{ on = $0 == begin; next } on' "$PAGE"
}

# Names in the section about JSON from the line that matches $1 to that which
# matches $2.
fields_of_page() {
	part Ss JSON | sed -n "/$1/,/$2/s/^\.It Cm //p" | sort
}

# Names of the object of type $1, without those of the object within.
fields_of_program() {
	"$EHLO" --json smtp:/nowhere a@client.test b@server.test \
		<<<'Subject: x' 2>/dev/null | grep -F "{\"type\":\"$1\"" |
		sed 's/:{.*}}/:0}/' | grep -o '[{,]"[a-z]*":' | tr -d '{,":' |
		sort
}

stages_of_program() {
	"$EHLO" --json smtp:/nowhere a@client.test b@server.test \
		<<<'Subject: x' 2>/dev/null | sed -n 's/.*"seconds":{//p' |
		grep -o '"[a-z]*":' | tr -d '":'
}

@test "the page has every option of --help, and no other" {
	[ "$(options_of_help | wc -l)" -gt 20 ]
	diff <(options_of_help) <(options_of_page)
}

@test "a letter stands for the same option in the page and in --help" {
	diff <("$EHLO" --help | sed -n 's/^ *-\(.\), --\([a-z0-9-]*\).*/\1 \2/p' |
		sort) <(sed -n 's/^\.It Fl \(.\) , -\([a-z0-9-]*\).*/\1 \2/p' \
		"$PAGE" | sort)
}

@test "an option has a value in the page if and only if it has one in --help" {
	diff <("$EHLO" --help | grep -o -e '--[a-z][a-z0-9-]*=' | tr -d = |
		sort -u) <(sed -n \
		's/^\.It Fl \(. , \)\{0,1\}-\([a-z0-9-]*\) Ar.*/--\2/p' \
		"$PAGE" | sort)
}

@test "the page and the README mention no option that there is not" {
	[ "$(options_in "$PAGE" "$README" | wc -l)" -gt 20 ]
	diff /dev/null \
		<(comm -13 <(options_of_help) <(options_in "$PAGE" "$README"))
}

@test "the page has the exit statuses, in the order in which they apply" {
	diff <(printf '%s\n' 79 1 0 64 66 70 71 73 65 77 76 68 75 67 69) \
		<(part Sh 'EXIT STATUS' | sed -n 's/^\.It //p')
}

@test "the page has every field of --json, and no other" {
	diff <(fields_of_program recipient) \
		<(fields_of_page '^For each recipient' '^Just before')
	diff <(fields_of_program session) \
		<(fields_of_page '^At the end' '^The stages')
}

@test "the page has the stages of --json, in their order" {
	diff <(echo local; stages_of_program) \
		<(part Ss JSON | sed -n '/^The stages/,$s/^\.It Cm //p')
}

# The shell lines of the example that follows this sentence.
example() {
	sed -n "/^$1/,/^\.Ed/p" "$PAGE" | sed -e '1,/^\.Bd/d' -e '/^\.Ed/d'
}

# What that script says when ehlo ends with STATUS; the message may be there
# still.
script_says() {
	rm -f report.*
	: >notice
	sh -c 'status=$1
		ehlo() { echo "unsent x"; return "$status"; }
		'"$(example 'A script that must know')" - "$1"
	cat report.* >/dev/null # it was kept
}

@test "the script in the page takes nothing for refused that is not" {
	cd "$BATS_TEST_TMPDIR"
	script_says 0
	[ ! -e notice ]
	for status in 65 67 69; do
		script_says "$status" | grep -q refused
		[ -e notice ]
	done
	for status in 64 66 68 70 71 73 75 76 77 127 129 130 143; do
		run script_says "$status"
		[[ $output = 'nobody got it'*'try again'* ]]
		[ -e notice ]
	done
	for status in 79 124 134 137 138 139 142 152; do
		run script_says "$status"
		[[ $output = 'somebody may have got it'* ]]
		[ -e notice ]
	done
	run script_says 1
	[[ $output = 'some did not get it'* ]]
}

@test "no word of a message is lost to a macro of the same name" {
	grep -q '^\.It .*No such file' "$PAGE"
	run ! grep '^\.It .* No ' "$PAGE"
}

@test "the page lints clean" {
	command -v mandoc >/dev/null ||
		{ echo 'mandoc not found: run: make deps'; return 1; }
	run mandoc -Tlint -W warning "$PAGE"
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}
