#!/bin/bash
# Unpacks Debian packages, and what they need that this machine lacks, into
# DIR/root: downloaded, never installed. Nothing outside DIR is written.
# Does nothing when that has been done.
#
# usage: fetch.sh DIR PACKAGE...

set -euo pipefail

if [ $# -lt 2 ]; then
	echo 'usage: fetch.sh DIR PACKAGE...' >&2
	exit 64
fi
dir=$1
shift
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

exec 9>"$dir/lock"
flock 9
[ ! -e "$dir/fetched" ] || [ "$(<"$dir/fetched")" != "$*" ] || exit 0
rm -rf "$dir/archives" "$dir/lists" "$dir/root" "$dir/fetched"
mkdir -p "$dir/archives/partial" "$dir/lists/partial" "$dir/root"

# Without dpkg's lock, which is for those that install.
apt_get() {
	apt-get -q -y -o APT::Sandbox::User= -o Debug::NoLocking=true \
	    -o Dir::Cache::archives="$dir/archives" \
	    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= "$@" 9>&-
}

download() {
	apt_get install --download-only --reinstall --no-install-recommends \
	    --allow-downgrades "$@"
}

# The machine's package lists may be absent, or older than the archive.
download_anew() {
	local lists=(-o Dir::State::lists="$dir/lists")

	apt_get "${lists[@]}" update && download "${lists[@]}" "$@"
}

if ! { download "$@" || download_anew "$@"; } >"$dir/log" 2>&1; then
	cat "$dir/log" >&2
	echo "fetch: cannot download $*" >&2
	exit 1
fi

# As on the machine, /lib and /bin are links, which what is unpacked keeps.
for name in bin sbin lib lib64; do
	mkdir -p "$dir/root/usr/$name"
	ln -s "usr/$name" "$dir/root/$name"
done
for deb in "$dir"/archives/*.deb; do
	dpkg-deb --fsys-tarfile "$deb" |
	    tar -x --keep-directory-symlink -C "$dir/root"
done
rm -rf "$dir/archives" "$dir/lists"
echo "$*" >"$dir/fetched"
