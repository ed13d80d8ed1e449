#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs into a directory of its own, and looks whether everything came where it belongs.
# usage: check_install.sh CMAKE BUILD_DIRECTORY
set -eu

cmake=$1 build=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

DESTDIR=$root "$cmake" --install "$build" --prefix /usr >/dev/null

missing=0
expect() {
    # shellcheck disable=SC2086 # the pattern is to be expanded
    set -- "$root"/$1
    if [ ! -e "$1" ]; then
        echo "missing: ${1#"$root"}" >&2
        missing=1
    fi
}
expect usr/sbin/smf-spf
expect 'usr/share/man/man8/smf-spf.8*'
expect 'usr/share/man/man5/smf-spf.conf.5*'
expect 'usr/share/doc/*/README.md'
expect 'usr/share/doc/*/COPYING'
expect 'usr/lib/systemd/system/smf-spf.service'
expect 'usr/share/doc/*/examples/smf-spf.socket'
[ ! -e "$root/usr/lib/systemd/system/smf-spf.socket" ] || { echo "the example is installed as a unit" >&2; missing=1; }
for script in debian redhat openrc freebsd; do
    expect "usr/share/smf-spf/init/$script*"
done
# What a guide points to is there.
for guide in "$root"/usr/share/doc/*/*.md; do
    # shellcheck disable=SC2013 # a link is a word
    for link in $(grep -o ']([^)#:]*[)#]' "$guide" | sed 's/^](//; s/[)#]$//'); do
        [ -z "$link" ] || [ -e "${guide%/*}/$link" ] || { echo "missing: $link, which ${guide#"$root"} points to" >&2; missing=1; }
    done
done
conf=$(find "$root" -name smf-spf.conf -path '*/etc/*')
[ -n "$conf" ] || { echo "missing: the shipped smf-spf.conf" >&2; exit 1; }
"$root/usr/sbin/smf-spf" config -c "$conf" >/dev/null || missing=1

# A second installation keeps what the postmaster has written.
echo '# mine' >"$conf"
DESTDIR=$root "$cmake" --install "$build" --prefix /usr >/dev/null
[ "$(cat "$conf")" = '# mine' ] || { echo "the installation overwrote $conf" >&2; missing=1; }

# Uninstalled, nothing is left but the settings, though this installation wrote them.
rm "$conf"
DESTDIR=$root "$cmake" --install "$build" --prefix /usr >/dev/null
printf '# mine\n' >"$conf"
DESTDIR=$root "$cmake" --build "$build" --target uninstall >/dev/null || missing=1
left=$(find "$root" -type f -o -type l -o -type d -path '*/smf-spf*')
[ "$left" = "$conf" ] || { printf 'left after uninstall, where only %s should be:\n%s\n' "$conf" "$left" >&2; missing=1; }
[ "$(cat "$conf")" = '# mine' ] || { echo "uninstall changed $conf" >&2; missing=1; }
exit $missing
