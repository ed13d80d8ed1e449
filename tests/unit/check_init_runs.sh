#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the start scripts of init/ with stubs for what their systems bring: check_init_runs.sh [SOURCE_DIRECTORY].
# Prints what is wrong and exits 1 for it.
#
# The stubs (tests/unit/init) behave as the manuals of their systems say, and write down what they were called with.
# Each script is run by every POSIX shell that is there, in a directory of its own that stands for /.
set -u
source_dir=${1:-$(cd "$(dirname "$0")/../.." && pwd)}
stubs=$source_dir/tests/unit/init
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0 runs=0

fail() {
    echo "$shell, $file, $about: $1"
    sed 's/^/    /' "$INIT_ROOT/output"
    failures=$((failures + 1))
}

# A root with the stubs, the script as it is installed, and a configuration.
make_root() {
    INIT_ROOT=$work/root
    export INIT_ROOT
    rm -rf "$INIT_ROOT"
    mkdir -p "$INIT_ROOT/sbin" "$INIT_ROOT/bin" "$INIT_ROOT/etc/default" "$INIT_ROOT/etc/sysconfig" "$INIT_ROOT/etc/conf.d" \
        "$INIT_ROOT/var/lock/subsys" "$INIT_ROOT/var/run" "$INIT_ROOT/var/lib"
    cp "$stubs/smf-spf" "$INIT_ROOT/sbin/"
    cp "$stubs/start-stop-daemon" "$stubs/daemon" "$stubs/pgrep" "$INIT_ROOT/bin/"
    cp "$stubs/record" "$INIT_ROOT/bin/chown"
    cp "$stubs/record" "$INIT_ROOT/bin/install"
    touch "$INIT_ROOT/etc/smf-spf.conf" "$INIT_ROOT/etc/other.conf" "$INIT_ROOT/calls" "$INIT_ROOT/output"
    echo 0 >"$INIT_ROOT/started"
    sed -e "s,@CMAKE_INSTALL_FULL_SBINDIR@,$INIT_ROOT/sbin,g" -e "s,@SMF_SPF_CONFDIR@,$INIT_ROOT/etc,g" \
        -e "s,/lib/lsb/init-functions,$stubs/init-functions," -e "s,/etc/rc.d/init.d/functions,$stubs/functions," \
        -e "s,/etc/rc.subr,$stubs/rc.subr," -e "s,/usr/sbin/daemon,$INIT_ROOT/bin/daemon," \
        -e "s,^\(PATH=\),\1$INIT_ROOT/bin:," -e "s,\([ =]\)\(/etc/default\|/etc/sysconfig\|/var/\),\1$INIT_ROOT\2,g" \
        -e "s,:=/var/,:=$INIT_ROOT/var/,g" "$source_dir/$file" >"$INIT_ROOT/script"
}

# Runs a command of the script; its exit status is in $status, what it printed in output, the stubs' calls in calls.
run() {
    about=$*
    runs=$((runs + 1))
    : >"$INIT_ROOT/calls"
    status=0
    runner=
    [ "$system" != openrc ] || runner=$stubs/openrc-run
    # shellcheck disable=SC2086 # a shell with options; no word where there is no runner
    PATH=$INIT_ROOT/bin:$PATH timeout 20 $shell $runner "$INIT_ROOT/script" "$@" >"$INIT_ROOT/output" 2>&1 </dev/null || status=$?
}

works() {
    run "$@"
    [ "$status" -eq 0 ] || fail "exit $status, expected 0"
}

fails() {
    run "$@"
    [ "$status" -ne 0 ] || fail "exit 0, expected a failure"
    [ -s "$INIT_ROOT/output" ] || fail "no word about what went wrong"
}

called() {
    grep -q -x -e "$1" "$INIT_ROOT/calls" || fail "no call '$1' among: $(tr '\n' ';' <"$INIT_ROOT/calls")"
}

started_nothing() {
    ! grep -q -e '^smf-spf \(-f \)*-c ' "$INIT_ROOT/calls" || fail "it started a process"
}

# running N: the N-th process that was started runs; 0: none does.
running() {
    now=$(cat "$INIT_ROOT/running" 2>/dev/null || echo 0)
    [ "$now" = "$1" ] || fail "process $now runs, expected $1 (0: none)"
}

# What every script does.
common() {
    conf=$INIT_ROOT/etc/smf-spf.conf
    fails status
    running 0
    fails reload
    works start
    called "smf-spf -n -c $conf"
    called "smf-spf $foreground-c $conf"
    called "$makes_rundir"
    called "$(echo "$makes_rundir" | sed 's,755 ,750 ,; s,/var/run/smfs,/var/lib/smf-spf,')"
    running 1
    works status
    run start # again
    running 1
    works reload
    called "smf-spf reload -c $conf"
    running 1
    works restart
    running 2

    touch "$INIT_ROOT/wrong" # a configuration with an error
    fails reload
    fails restart
    running 2
    works stop
    running 0
    fails start
    started_nothing
    rm "$INIT_ROOT/wrong"

    run stop # once more
    running 0
    fails bogus
    fails
    started_nothing
    running 0

    if [ "$system" != freebsd ]; then # daemon(8) does not wait
        touch "$INIT_ROOT/unable"
        fails start
        rm "$INIT_ROOT/unable"
    fi
}

# try_restart: only what runs is restarted.
try_restart() {
    works try-restart
    started_nothing
    works start
    before=$(cat "$INIT_ROOT/running")
    works try-restart
    running $((before + 1))
    works force-reload
    called "smf-spf reload -c $conf"
    works stop
}

# another_command: while one runs, such as "smf-spf report", the filter is started and stopped alone.
another_command() {
    touch "$INIT_ROOT/report"
    fails status
    works start
    running "$(cat "$INIT_ROOT/started")"
    works status
    works stop
    running 0
    fails status
    [ -e "$INIT_ROOT/report" ] || fail "it ended another command of the program"
    rm -f "$INIT_ROOT/report"
}

# other_file FILE LINE: the line, in the system's own file of settings, names another configuration.
other_file() {
    echo "$2" >"$INIT_ROOT/$1"
    works start
    called "smf-spf -n -c $INIT_ROOT/etc/other.conf"
    called "smf-spf $foreground-c $INIT_ROOT/etc/other.conf"
    works stop
}

check_debian() {
    foreground='-f ' makes_rundir="chown smfs: $INIT_ROOT/var/run/smfs"
    common
    try_restart
    other_file etc/default/smf-spf "CONFIG=$INIT_ROOT/etc/other.conf"
    rm "$INIT_ROOT/sbin/smf-spf" # removed, not purged
    works start
}

check_redhat() {
    foreground='' makes_rundir="chown smfs: $INIT_ROOT/var/run/smfs"
    common
    try_restart
    [ ! -e "$INIT_ROOT/var/lock/subsys/smf-spf" ] || fail "the lock file is left"
    another_command
    other_file etc/sysconfig/smf-spf "config=$INIT_ROOT/etc/other.conf"
    rm "$INIT_ROOT/sbin/smf-spf"
    run start
    [ "$status" -eq 5 ] || fail "exit $status, expected 5: not installed"
}

check_openrc() {
    foreground='-f ' makes_rundir="checkpath --directory --owner smfs --mode 0755 $INIT_ROOT/var/run/smfs"
    common
    works checkconfig
    started_nothing
    other_file etc/conf.d/smf-spf "cfgfile=$INIT_ROOT/etc/other.conf"
    rm "$INIT_ROOT/etc/other.conf"
    fails start
    started_nothing
}

check_freebsd() {
    foreground='-f ' makes_rundir="install -d -o smfs -m 755 $INIT_ROOT/var/run/smfs"
    fails start # not enabled
    started_nothing
    echo 'smfspf_enable=YES' >"$INIT_ROOT/etc/rc.conf"
    common
    works configtest
    started_nothing
    other_file etc/rc.conf "smfspf_enable=YES smfspf_config=$INIT_ROOT/etc/other.conf"
    echo "smfspf_enable=YES smfspf_flags='-c $INIT_ROOT/etc/flags.conf'" >"$INIT_ROOT/etc/rc.conf"
    works start
    called "smf-spf -f -c $conf -c $INIT_ROOT/etc/flags.conf"
    works stop
}

# The script of logrotate: it fails, with the reason, where a filter that runs has not opened its log again, and does
# nothing where none runs, whatever else of the program does. Some shell runs it, and systemd may be there.
check_logrotate() {
    sed -n -i -e "s,/usr/sbin/,$INIT_ROOT/sbin/," -e '/postrotate/,/endscript/{//!p}' "$INIT_ROOT/script"
    printf '#!/bin/sh\ntrue\n' >"$INIT_ROOT/bin/pidof" # it finds a "smf-spf report"
    # shellcheck disable=SC2016 # for the stub
    printf '#!/bin/sh\n[ -e "$INIT_ROOT/active" ]\n' >"$INIT_ROOT/bin/systemctl"
    chmod +x "$INIT_ROOT/bin/pidof" "$INIT_ROOT/bin/systemctl"
    works # none runs
    called 'smf-spf reopen'
    touch "$INIT_ROOT/active" # one runs that cannot be reached
    fails
    echo 1 >"$INIT_ROOT/running"
    works
    [ ! -s "$INIT_ROOT/output" ] || fail "it says something though all is well"
    touch "$INIT_ROOT/wrong"
    fails
}

for shell in dash 'bash --posix' 'busybox sh'; do
    command -v "${shell%% *}" >/dev/null || continue
    for system in debian redhat openrc freebsd logrotate; do
        file=init/$system.in
        [ "$system" != logrotate ] || file=init/deb/smf-spf.logrotate
        make_root
        "check_$system"
    done
done
[ "$runs" -gt 0 ] || { echo "no POSIX shell was found" && exit 1; }
[ "$failures" -eq 0 ]
