# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # used where this is sourced
# Sourced: Debian's kernel source packages, whole for the debug kernel, and the
# parts that checking and generating code need.

KSOURCE_DEBUG=linux-source-6.12
# The generator of 6.12 does not know all flags the specification uses.
KSOURCE_TOOLS=linux-source-7.3

ksource_suites() {
	case $1 in
	linux-source-6.12) echo "^bookworm" ;;
	*) echo "^trixie" ;;
	esac
}

ksource_version() {
	pinned "$1" package_version "$1" "$(ksource_suites "$1")"
}

# unpack_ksource PACKAGE [MEMBER...] DIR
unpack_ksource() {
	local package=$1 dir=${*: -1} version
	local members=("${@:2:$#-2}")
	version=$(ksource_version "$package") || return 1
	fetch_debs "$dir/.deb" "$package=$version" || return 1
	dpkg-deb --fsys-tarfile "$dir"/.deb/*.deb |
		tar -xO "./usr/src/$package.tar.xz" | xz -dc -T0 |
		tar -x -C "$dir" --strip-components=1 "${members[@]/#/$package/}" || return 1
	rm -rf "$dir/.deb"
}

KSOURCE_TOOLS_FILES=(scripts/checkpatch.pl scripts/spelling.txt scripts/const_structs.checkpatch
	scripts/coccinelle tools/net/ynl Documentation/netlink .clang-format)

# The directory with checkpatch, the semantic patches, the YNL generator and the netlink
# schemas.
ksource_tools() {
	local version
	version=$(ksource_version "$KSOURCE_TOOLS")
	cache_entry "ksource-tools-${version//[:~+]/_}-$(hash_of <(echo "${KSOURCE_TOOLS_FILES[*]}"))" \
		unpack_ksource "$KSOURCE_TOOLS" "${KSOURCE_TOOLS_FILES[@]}"
}
