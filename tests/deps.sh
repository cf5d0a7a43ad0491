#!/bin/sh
# Installs what building and testing need and this machine lacks, with the
# system's package manager. Runs before anything is configured or compiled.

set -u

have()
{
	command -v "$1" >/dev/null 2>&1
}

# Compiles a program that includes $1, with the first compiler that can.
includes()
{
	dir=$(mktemp -d) || exit 1
	printf '#include <%s>\nint main(void) { return 0; }\n' "$1" \
	    >"$dir/t.c"
	set -- -o "$dir/t" "$dir/t.c"
	for prefix in /usr/local /opt/homebrew /opt/homebrew/opt/openssl \
	    /usr/local/opt/openssl; do
		[ ! -d $prefix/include ] || set -- -I$prefix/include "$@"
	done
	status=1
	for cc in "${CC:-cc}" cc gcc clang; do
		# $CC and $CPPFLAGS may be several words.
		# shellcheck disable=SC2086
		$cc ${CPPFLAGS-} "$@" >/dev/null 2>&1 && status=0 && break
	done
	rm -rf "$dir"
	return $status
}

missing()
{
	includes stdio.h || echo compiler
	includes openssl/ssl.h || echo openssl-headers
	includes popt.h || echo popt-headers
	includes idn2.h || echo idn2-headers
	includes stringprep.h || echo idn-headers
	make --version 2>/dev/null | grep -q GNU || have gmake || echo make
	[ -f configure ] || have autoconf || echo autoconf
	have openssl || echo openssl
	have bats || echo bats
	have mandoc || echo mandoc
	[ "$(uname)" != Linux ] || have strace || echo strace
}

# What is missing, and what its package is called.
package()
{
	case $1:$manager in
	compiler:apt-get) echo gcc libc6-dev ;;
	compiler:apk) echo gcc musl-dev ;;
	compiler:brew) echo "deps: run: xcode-select --install" >&2 ;;
	compiler:*) echo gcc ;;
	openssl-headers:apt-get) echo libssl-dev ;;
	openssl-headers:dnf) echo openssl-devel ;;
	openssl-headers:apk) echo openssl-dev ;;
	openssl-headers:zypper) echo libopenssl-devel ;;
	openssl-headers:*) echo openssl ;;
	popt-headers:apt-get) echo libpopt-dev ;;
	popt-headers:dnf | popt-headers:zypper) echo popt-devel ;;
	popt-headers:apk) echo popt-dev ;;
	popt-headers:*) echo popt ;;
	idn2-headers:apt-get | idn2-headers:apk) echo libidn2-dev ;;
	idn2-headers:dnf | idn2-headers:zypper) echo libidn2-devel ;;
	idn2-headers:*) echo libidn2 ;;
	make:pkg) echo gmake ;;
	idn-headers:apt-get | idn-headers:apk) echo libidn-dev ;;
	idn-headers:dnf | idn-headers:zypper) echo libidn-devel ;;
	idn-headers:*) echo libidn ;;
	bats:pacman) echo bash-bats ;;
	bats:brew | bats:pkg) echo bats-core ;;
	*) echo "$1" ;;
	esac
}

# Says what it runs, and runs it.
run()
{
	echo "deps: $*"
	"$@" </dev/null
}

as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		run "$@"
	elif have sudo; then
		run sudo "$@"
	elif have doas; then
		run doas "$@"
	else
		echo "deps: there is no sudo; run as root: $*" >&2
		exit 1
	fi
}

apt_get()
{
	as_root env DEBIAN_FRONTEND=noninteractive apt-get \
	    -o DPkg::Lock::Timeout=300 "$@"
}

install()
{
	case $manager in
	apt-get)
		set -- install -y --no-install-recommends "$@"
		# The lists may be absent, or too old for what is there now.
		if ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 ||
		    ! apt_get "$@"; then
			apt_get update && apt_get "$@"
		fi
		;;
	dnf) as_root dnf install -y "$@" ;;
	pacman) as_root pacman -Sy --needed --noconfirm "$@" ;;
	apk) as_root apk add -U "$@" ;;
	zypper) as_root zypper --non-interactive install "$@" ;;
	brew) run brew install "$@" ;;
	pkg) as_root pkg install -y "$@" ;;
	esac
}

wanted=$(missing | tr '\n' ' ')
if [ -z "$wanted" ]; then
	echo "deps: nothing is missing"
	exit 0
fi
echo "deps: missing: $wanted"

for manager in apt-get dnf pacman apk zypper brew pkg ''; do
	have "$manager" && break
done
if [ -z "$manager" ]; then
	echo "deps: no package manager known here: install them by hand" >&2
	exit 1
fi

# shellcheck disable=SC2046
set -- $(for name in $wanted; do package "$name"; done)
[ $# -eq 0 ] || install "$@" || exit 1

wanted=$(missing | tr '\n' ' ')
if [ -n "$wanted" ]; then
	echo "deps: still missing: $wanted" >&2
	exit 1
fi
