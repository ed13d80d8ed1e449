#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs one of the source checkers; it must find nothing.
# usage: lint.sh format|tidy|cppcheck|musl|shell SOURCE_DIRECTORY BUILD_DIRECTORY [--whole]
set -eu

checker=$1 source=$2 build=$3
cd "$source"

case $checker in
format)
    find src tests -path tests/out -prune -o -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run -Werror
    ;;
tidy)
    # The analyzer's usual bound for a function takes five times as long, and is left to `tests/run long`.
    bound='--extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=max-nodes=30000'
    [ "${4:-}" != --whole ] || bound=''
    # shellcheck disable=SC2086 # one word an option
    find src -name '*.c' -print0 | xargs -0 -n 1 -P 2 clang-tidy --quiet -p "$build" $bound 2>/dev/null
    ;;
cppcheck)
    # Debian 13's says of each file with many branches that it did not follow all of them; that is no finding.
    cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr \
        --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches -D_POSIX_C_SOURCE=200809L -DSMF_SPF_VERSION='""' -DSMF_SPF_CONFDIR='""' -I src -j 2 src
    ;;
musl)
    # Another C library than glibc, with the headers of our libraries: what only glibc has is not there.
    command -v musl-gcc >/dev/null || { echo "skipped: musl-gcc is missing (package musl-tools)"; exit 77; }
    headers=$build/tests/unit/musl-headers
    mkdir -p "$headers"
    for name in event2 hiredis idn2.h jansson.h jansson_config.h libmilter libpsl.h microhttpd.h nettle seccomp.h seccomp-syscalls.h sodium sodium.h spf2 sqlite3.h unbound.h \
        unbound-event.h zconf.h zlib.h asm asm-generic linux; do
        for place in /usr/include "/usr/include/$(gcc -print-multiarch)"; do
            [ ! -e "$place/$name" ] || ln -sfn "$place/$name" "$headers/$name"
        done
    done
    find src -name '*.c' -print0 | xargs -0 -n 40 -P 2 musl-gcc -fsyntax-only -std=c11 -D_POSIX_C_SOURCE=200809L -D_XOPEN_SOURCE=700 \
        -DSMF_SPF_VERSION='""' -DSMF_SPF_CONFDIR='""' -DSMF_SPF_SECCOMP -I src -isystem "$headers" \
        -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
    ;;
shell)
    shellcheck init/try init/install-packages .ci/run tests/run tests/packages tests/root/run tests/debian13/run tests/debian13/run-i386 tests/debian13/packages.sh tests/unit/*.sh tests/unit/init/* \
        init/package tests/package/check_versions tests/package/check_dependencies tests/package/run-deb tests/package/inside-deb \
        tests/package/check_hardening tests/package/run-rpm tests/package/run-readme \
        init/deb/smf-spf.preinst init/deb/smf-spf.postinst init/deb/smf-spf.prerm init/deb/smf-spf.postrm \
        init/deb/tests/smoke init/deb/tests/postfix init/deb/tests/logrotate init/deb/tests/upgrade init/deb/tests/purge
    ;;
*)
    echo "lint.sh: no checker is called $checker" >&2
    exit 64
    ;;
esac
