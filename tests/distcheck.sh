#!/bin/sh
# Holds a release archive to its promises: it has every tracked file, builds
# without autoconf and without writing beside the sources, passes its tests,
# installs, and uninstalls everything it installed. Run by `make distcheck`.

set -eu

archive=$1
name=$(basename "$archive" .tar.gz)
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT

fail()
{
	echo "distcheck: $*" >&2
	exit 1
}

gzip -dc "$archive" | (cd "$dir" && tar -xf -)
(git ls-files && echo configure) | sort >"$dir/tracked"
(cd "$dir/$name" && find . ! -type d | sed 's,^\./,,' | sort) >"$dir/packed"
diff "$dir/tracked" "$dir/packed" || fail "these files differ"

chmod -R a-w "$dir/$name"
mkdir "$dir/build"
cd "$dir/build"
AUTOCONF=false "$dir/$name/configure" --prefix=/usr
make AUTOCONF=false check
make install DESTDIR="$dir/root"
[ "$("$dir/root/usr/bin/ehlo" --version | head -n 1)" = "ehlo ${name#ehlo-}" ] ||
	fail "the installed program is not $name"
make uninstall DESTDIR="$dir/root"
[ -z "$(find "$dir/root" ! -type d)" ] || fail "uninstall left files"
make distclean
[ ! -d "$dir/build" ] || [ -z "$(ls -A "$dir/build")" ] ||
	fail "distclean left files: $(ls -A "$dir/build")"
(cd "$dir/$name" && find . ! -type d | sed 's,^\./,,' | sort) |
	diff "$dir/packed" - || fail "the build wrote beside the sources"

echo "distcheck: $archive is good"
