#!/usr/bin/env bats
# The manual page says what the program does.

bats_require_minimum_version 1.5.0

load lib

setup() {
	setup_common
	PAGE=$BATS_TEST_DIRNAME/../man/ehlo.1
}

# Long options, one a line.
options_of_page() {
	sed -n 's/^\.It \(Fl . , \)\{0,1\}\(Fl \)\{0,1\}-\([a-z0-9-]\{3,\}\).*/--\3/p' \
		"$PAGE" | sort -u
}

options_of_help() {
	"$EHLO" --help | grep -o -e '--[a-z0-9][a-z0-9-]*' | sort -u
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

@test "the page has every exit status" {
	local status

	for status in 0 1 64 65 66 67 68 69 70 71 75 76 77 79; do
		grep -qx "\.It $status" "$PAGE"
	done
}

@test "the page lints clean" {
	run -0 mandoc -Tlint -W warning "$PAGE"
	[ -z "$output" ]
}
