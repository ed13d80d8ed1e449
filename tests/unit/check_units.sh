#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Lets systemd read the units, the example of a socket unit beside the service. Exit status 77: there is no systemd here.
# usage: check_units.sh SOURCE_DIRECTORY BUILD_DIRECTORY
set -eu

source=$1 build=$2
command -v systemd-analyze >/dev/null || { echo "skipped: there is no systemd-analyze"; exit 77; }
units=$(mktemp -d)
trap 'rm -rf "$units"' EXIT

# The program is not installed where the unit expects it.
sed "s,^\(Exec[A-Za-z]*=\)[^ ]*,\1$build/smf-spf," "$build/systemd/smf-spf.service" >"$units/smf-spf.service"
cp "$source/systemd/smf-spf.socket" "$units"
status=0
said=$(SYSTEMD_UNIT_PATH="$units:" systemd-analyze verify --man=no "$units/smf-spf.service" "$units/smf-spf.socket" 2>&1) || status=$?
said=$(printf '%s\n' "$said" | grep "smf-spf" || true) # other units of this host are not ours to judge
if [ -n "$said" ] || [ $status -ne 0 ]; then
    printf '%s\n' "$said" >&2
    exit 1
fi

# What the unit leaves open, from 0 to 10, must be below 1.3.
if ! exposure=$(systemd-analyze security --offline=true --no-pager --threshold=12 "$units/smf-spf.service"); then
    printf '%s\n' "$exposure" | grep -a -e '✗' -e Overall >&2
    exit 1
fi
printf '%s\n' "$exposure" | grep -a Overall
