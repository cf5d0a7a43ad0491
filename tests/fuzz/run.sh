#!/bin/sh
# Builds the fuzz targets in build-fuzz/, and runs each for $FUZZ_SECONDS on
# what is in tests/fuzz/corpus/; $FUZZ names those to run, if not all. New
# inputs that are worth keeping stay in build-fuzz/fuzz/NAME/, one that breaks
# a promise lies beside it, and is printed.

set -u
cd "$(dirname "$0")/../.." || exit 1
build='build-fuzz'
out=$build/fuzz
seconds=${FUZZ_SECONDS:-60}
flags='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all'
flags="$flags -fsanitize=fuzzer-no-link"

# Whether this machine can do it at all.
has_fuzzer()
{
	command -v clang >/dev/null || return 1
	cat >"$out/probe.c" <<-END
	#include <stddef.h>
	int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
	{
		return n && *p ? 0 : 0;
	}
	END
	clang -fsanitize=fuzzer,address,undefined -o "$out/probe" \
	    "$out/probe.c" >"$out/probe.log" 2>&1
}

run()
{
	mkdir -p "$out/$1" || return 1
	if "$build/tests/fuzz-$1" -max_total_time="$seconds" -timeout=10 \
	    -rss_limit_mb=1024 -max_len=4096 -artifact_prefix="$out/$1-" \
	    "$out/$1" "tests/fuzz/corpus/$1" >"$out/$1.log" 2>&1; then
		echo "ok: $1: $(sed -n 's/^Done //p' "$out/$1.log")"
		return
	fi
	echo "failed: $1:" >&2
	grep -av '^#[0-9]*	' "$out/$1.log" | tail -n 60 >&2
	sed -n 's/.*Test unit written to //p' "$out/$1.log" |
	    while read -r input; do
		echo "$input:" >&2
		od -An -c "$input" >&2
	    done
	return 1
}

mkdir -p "$out" || exit 1
if ! has_fuzzer; then
	echo 'fuzz: not run: clang with libFuzzer not found' >&2
	[ -z "${CI-}" ]
	exit
fi
"${MAKE:-make}" --no-print-directory BUILD=$build CC=clang CFLAGS="$flags" WERROR="${CI:+1}" \
    fuzzers || exit 1
status=0
for target in ${FUZZ:-$(ls tests/fuzz/corpus)}; do
	run "$target" || status=1
done
exit $status
