# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# install_packages NAME...: into the system in which the caller's function `inside [--network] COMMAND...` runs commands.
# Where that cannot be, it ends the caller: with 77 if there is no Debian or no mirror to be had, else with 1.
install_packages() {
    local status=0
    inside --network /source/init/install-packages "$@" || status=$?
    [ "$status" != 0 ] || return 0
    [ "$status" != 77 ] || exit 77
    inside --network apt-get -qq -o APT::Update::Error-Mode=any update ||
        { echo "skipped: no packages can be had from the mirror" && exit 77; }
    echo "the packages cannot be installed in Debian 13"
    exit 1
}
