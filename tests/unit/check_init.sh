#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Checks the start scripts and the unit: check_init.sh [SOURCE_DIRECTORY]. Prints what is wrong and exits 1 for it.
#
# Syntax is always checked; shellcheck and systemd-analyze look at more where they are installed.
set -u
source_dir=${1:-$(cd "$(dirname "$0")/../.." && pwd)}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
    echo "$1"
    failures=$((failures + 1))
}

# The template as it is installed; the unit gets a program that exists.
instantiate() {
    sed -e "s,@CMAKE_INSTALL_FULL_SBINDIR@,$2,g" -e 's,@SMF_SPF_CONFDIR@,/etc/mail/smfs,g' "$1"
}

for system in debian redhat openrc freebsd; do
    script=$work/$system
    instantiate "$source_dir/init/$system.in" /usr/sbin >"$script" || fail "init/$system.in cannot be read"
    sh -n "$script" || fail "init/$system.in: sh -n finds a mistake"
    if grep -n '@[A-Z_]*@' "$script"; then
        fail "init/$system.in: a word that nothing replaces"
    fi
    # Every script can do these, looks at the configuration with -n, and makes the directories of the socket and the store.
    for word in ' reload -c ' ' -n -c ' /var/run/smfs /var/lib/smf-spf; do
        grep -q -e "$word" "$script" || fail "init/$system.in: nothing about $word"
    done
    if command -v shellcheck >/dev/null; then
        shellcheck -s sh "$script" || fail "init/$system.in: shellcheck has something to say"
    fi
done

unit=$work/smf-spf.service
mkdir "$work/sbin" && printf '#!/bin/sh\n' >"$work/sbin/smf-spf" && chmod +x "$work/sbin/smf-spf"
instantiate "$source_dir/systemd/smf-spf.service.in" "$work/sbin" >"$unit"
# Whoever makes the filter crash gains no time by it: it is started again at once, and without end.
for line in Restart=on-failure RestartSec=100ms StartLimitIntervalSec=0; do
    grep -q -x -e "$line" "$unit" || fail "systemd/smf-spf.service.in: no line $line"
done
if command -v systemd-analyze >/dev/null; then
    # Without the manuals installed, verify complains about them alone; and it looks for units that systemd itself has.
    sed -i '/^Documentation=/d' "$unit"
    report=$(timeout 60 systemd-analyze verify --man=no "$unit" 2>&1)
    if printf '%s\n' "$report" | grep 'smf-spf\.service'; then
        fail "systemd/smf-spf.service.in: systemd-analyze finds a mistake"
    fi
    # docs/security.md: 1.2. Versions before 251 look at running units alone.
    if timeout 60 systemd-analyze security --offline=true --no-pager "$unit" >"$work/exposure" 2>/dev/null; then
        timeout 60 systemd-analyze security --offline=true --no-pager --threshold=12 "$unit" >/dev/null 2>&1 ||
            fail "systemd/smf-spf.service.in: $(tail -n 1 "$work/exposure")"
    fi
fi

[ "$failures" -eq 0 ]
