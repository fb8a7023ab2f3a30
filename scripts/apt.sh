# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # used where this is sourced
# Sourced: Debian packages of other suites than the machine's own, without
# touching its package management.  The indices live in the cache and are checked
# against the archive's signatures; the mirror is the one the machine uses.

FMP_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
FMP_DEB_ARCH=amd64
FMP_SUITES=(bookworm bookworm-updates bookworm-backports trixie trixie-updates trixie-backports)

# Only the archive itself and its security part: other vendors' sources end in
# other paths.
configured_mirror() {
	# shellcheck disable=SC2016 # apt's own notation
	apt-get indextargets --format '$(REPO_URI)' 2>/dev/null |
		sed -n "s#/*\$##; \\#/$1\$#p" | sed -n 1p
}

debian_mirror() {
	local m=${FMP_MIRROR:-}
	[ -n "$m" ] || m=$(configured_mirror debian)
	[ -n "$m" ] || die "apt is set up with no Debian mirror: set FMP_MIRROR=<address of one>"
	printf '%s\n' "${m%/}"
}

write_sources() {
	local suite mirror security
	mirror=$(debian_mirror)
	security=${FMP_SECURITY_MIRROR:-$(configured_mirror debian-security)}
	for suite in "${FMP_SUITES[@]}"; do
		echo "deb [signed-by=$FMP_KEYRING] $mirror $suite main"
	done
	if [ -n "$security" ]; then
		echo "deb [signed-by=$FMP_KEYRING] $security bookworm-security main"
		echo "deb [signed-by=$FMP_KEYRING] $security trixie-security main"
	fi
}

apt_options() {
	local root=$1
	APT_OPTIONS=(
		-o "Dir::State=$root/state" -o "Dir::State::status=$root/status"
		-o "Dir::Cache=$root/cache" -o Dir::Cache::pkgcache=pkgcache.bin
		-o Dir::Cache::srcpkgcache=srcpkgcache.bin
		-o "Dir::Etc::sourcelist=$root/sources.list" -o Dir::Etc::sourceparts=/dev/null
		-o Dir::Etc::preferencesparts=/dev/null -o Dir::Etc::preferences=/dev/null
		-o "APT::Architecture=$FMP_DEB_ARCH" -o "APT::Architectures=$FMP_DEB_ARCH"
		-o "Acquire::Languages=none" -o APT::Get::List-Cleanup=0
		-o "APT::Update::Post-Invoke=" -o APT::Update::Post-Invoke-Success=
		-o "APT::Sandbox::User=" -o Acquire::Retries=3
		-o "APT::Cache-Start=200000000"
	)
}

apt_root_fill() {
	local root=$1
	[ -r "$FMP_KEYRING" ] || die "$FMP_KEYRING is missing: install debian-archive-keyring"
	mkdir -p "$root"/state/lists/partial "$root"/cache/archives/partial
	: >"$root/status"
	write_sources >"$root/sources.list"
	apt_options "$root"
	say "reading the package indices of ${FMP_SUITES[*]}"
	run_quiet "$root/update.log" apt-get "${APT_OPTIONS[@]}" -q update || return 1
	if grep -q '^[WE]: ' "$root/update.log"; then
		cat "$root/update.log" >&2
		return 1
	fi
}

# Call before the functions below.
apt_setup() {
	[ -z "${APT_OPTIONS:-}" ] || return 0
	local root entry=apt
	[ "$FMP_DEB_ARCH" = amd64 ] || entry=apt-$FMP_DEB_ARCH
	root=$(cache_entry "$entry" apt_root_fill)
	apt_options "$root"
}

# newest_package REGEX: the name of the greatest version among the packages
newest_package() {
	apt_setup
	apt-cache "${APT_OPTIONS[@]}" pkgnames | grep -xE -- "$1" | sort -V | tail -n 1
}

# package_version PACKAGE SUITE-REGEX: the newest version those suites offer
package_version() {
	apt_setup
	apt-cache "${APT_OPTIONS[@]}" madison "$1" |
		awk -F ' *[|] *' -v s="$2" '
			{ split($3, f, " "); sub("/.*", "", f[2]) }
			f[2] ~ s { print $2 }' |
		sort -V | tail -n 1
}

# fetch_debs DIR PACKAGE[=VERSION]...: leaves the .deb files in DIR
fetch_debs() {
	local dir=$1
	shift
	apt_setup
	mkdir -p "$dir"
	(cd "$dir" && run_quiet "$dir/.apt.log" apt-get "${APT_OPTIONS[@]}" -q download "$@")
}

# unpack_debs DIR PACKAGE[=VERSION]...
unpack_debs() {
	local dir=$1 deb
	shift
	fetch_debs "$dir/.deb" "$@" || return 1
	for deb in "$dir"/.deb/*.deb; do
		dpkg-deb -x "$deb" "$dir" || return 1
	done
	rm -rf "$dir/.deb"
}

# A machine of one release takes nothing of another, and of the backports only
# when they are named.
only_release() {
	local parts=updates\|security
	[[ $1 != *-backports ]] || parts+=\|backports
	printf 'Package: *\nPin: release n=/^%s(-(%s))?$/\nPin-Priority: 990\n\n' "${1%-backports}" "$parts"
	printf 'Package: *\nPin: release n=*\nPin-Priority: -1\n'
}

# closure RELEASE PACKAGE[=VERSION]...: the packages with everything they depend
# on, each with its version, as an empty machine of that release would get them
closure() {
	local release=$1 preferences out rc=0
	shift
	apt_setup
	preferences=$(mktemp)
	only_release "$release" >"$preferences"
	out=$(apt-get "${APT_OPTIONS[@]}" -o "Dir::Etc::preferences=$preferences" \
		-q -s --no-install-recommends install "$@") || rc=$?
	rm -f "$preferences"
	[ "$rc" = 0 ] || { printf '%s\n' "$out" >&2; return "$rc"; }
	sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p' <<<"$out"
}

# A package and all it needs, unpacked: nothing of it depends on what the host
# has installed.
unpack_closure() {
	local release=$1 dir=${*: -1} list
	list=$(closure "$release" "${@:2:$#-2}") || return 1
	# shellcheck disable=SC2086 # a list
	unpack_debs "$dir" $list
}
