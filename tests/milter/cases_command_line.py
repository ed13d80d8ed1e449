# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line, and configurations that stop the start."""

import os
import pwd

from process_common import EX_CONFIG, EX_USAGE, need_root, prepared, run
from wire_common import (Mta, Skip, case, check, classic, contains, delivered, equal, have_ipv6, lacks, one, rows,
                         spf_result, wait_until)
from filter import accepts, group_of

# name, lines, number of the wrong line, words of the message (key, value, what would be right)
WRONG = [
    ("unknown-key", "TTL 1h\nRefuseFial on\n", 2, ["RefuseFial", "RefuseFail"]),
    ("unknown-key-far", "Zebra on\n", 1, ["Zebra"]),
    ("switch", "RefuseFail maybe\n", 1, ["RefuseFail", "maybe", "on"]),
    ("no-value", "# one\n\nRefuseFail\n", 3, ["RefuseFail"]),
    ("prefix", "WhitelistIP 192.0.2.0/33\n", 1, ["WhitelistIP", "192.0.2.0/33"]),
    ("prefix6", "WhitelistIP 2001:db8::/129\n", 1, ["WhitelistIP", "2001:db8::/129"]),
    ("address", "WhitelistIP 192.0.2.256\n", 1, ["WhitelistIP", "192.0.2.256"]),
    ("second-of-list", "WhitelistIP 192.0.2.1, nonsense\n", 1, ["WhitelistIP", "nonsense"]),
    ("fixed-ip", "FixedClientIP example.org\n", 1, ["FixedClientIP", "example.org"]),
    ("nat", "ClientIPNAT 192.0.2.1\n", 1, ["ClientIPNAT", "192.0.2.1"]),
    ("time", "TTL 1x\n", 1, ["TTL", "1x"]),
    ("time-negative", "TTL -1\n", 1, ["TTL", "-1"]),
    ("time-overflow", "TTL 99999999999999999999d\n", 1, ["TTL"]),
    ("size", "CacheSize 10Q\n", 1, ["CacheSize", "10Q"]),
    ("nameserver", "Nameserver ns.example.org\n", 1, ["Nameserver", "ns.example.org"]),
    ("nameserver-port", "Nameserver 192.0.2.1:99999\n", 1, ["Nameserver", "99999"]),
    ("socket", "Socket tcp:10010\n", 1, ["Socket", "tcp:10010"]),
    ("socket-port", "Socket inet:0x@127.0.0.1\n", 1, ["Socket", "inet:0x@127.0.0.1"]),
    ("mode", "SocketMode 0999\n", 1, ["SocketMode", "0999"]),
    ("log-level", "LogLevel inf\n", 1, ["LogLevel", "inf", "info"]),
    ("facility", "Syslog loca10\n", 1, ["Syslog", "loca10", "local0"]),
    ("quarantine", "Quarantine maybe\n", 1, ["Quarantine", "maybe"]),
    ("trailing", "RefuseFail on off\n", 1, ["RefuseFail"]),
    ("open-quote", 'RejectReason "no end\n', 1, ["RejectReason"]),
    ("binary", "TTL \x01\x02\n", 1, ["control"]),
]


@rows(WRONG)
def wrong_configuration(binary, text, line_no, words):
    """Exit 78; the message names file, line, key and value."""
    for arguments in (["-n"], ["-f"], []):
        with prepared(binary) as filter_:
            filter_.configure(text)
            done = run(binary, *arguments, "-c", filter_.config_path)
            equal(done.returncode, EX_CONFIG, f"exit status of {arguments}: {done.stderr}")
            contains(done.stderr, filter_.config_path, "message")
            numbered = f":{line_no}" in done.stderr or f"line {line_no}" in done.stderr
            check(numbered, f"no line {line_no}: {done.stderr!r}")
            for word in words:
                contains(done.stderr, word, "message")
            lacks(done.stderr, "\x01", "message")


@rows([("missing", "/nonexistent/zone"), ("endless", "/dev/zero"), ("wrong", None)])
def wrong_zone_file(binary, path):
    """-n looks into the zone file too, and a file without end ends the look."""
    with prepared(binary) as filter_:
        filter_.write("wrong.zone", "example.org. NOSUCH 1\n")
        filter_.configure(f"User nobody\nSocket unix:{filter_.path('sock')}\nSyslog none\n"
                          f"ZoneFile {path or filter_.path('wrong.zone')}\n")
        for arguments in (["-n"], ["-f"]):
            done = run(binary, *arguments, "-c", filter_.config_path)
            equal(done.returncode, EX_CONFIG, f"exit status of {arguments}: {done.stderr}")
            contains(done.stderr, path or "wrong.zone:1", "message")


@case
def every_error_is_told_or_at_least_the_first(binary):
    with prepared(binary) as filter_:
        filter_.configure("TTL 1x\nRefuseFial on\n")
        contains(run(binary, "-n", "-c", filter_.config_path).stderr, "TTL", "message")


@case
def configuration_that_is_not_there(binary):
    with prepared(binary) as filter_:
        for path in (filter_.path("absent.conf"), filter_.dir):
            done = run(binary, "-n", "-c", path)
            check(done.returncode in (66, EX_CONFIG), f"exit status {done.returncode}")
            contains(done.stderr, path, "message")


@case
def zone_file_that_is_wrong(binary):
    with prepared(binary, zone="example.org. TXT \"v=spf1 -all\"\nexample.org. SRV 1 2 3 x.\n", as_root=True) as filter_:
        done = run(binary, "-f", "-c", filter_.config_path)
        equal(done.returncode, EX_CONFIG, f"exit status: {done.stderr}")
        contains(done.stderr, filter_.path("zone"), "message")
        contains(done.stderr, "2", "message")
        contains(done.stderr, "SRV", "message")


@case
def a_comment_within_a_word_is_warned_of(binary):
    """By -n, by the start and by a reload; the file is valid all the same."""
    words = 'RefuseFail: "off#x" is read as "off"'
    with prepared(binary, {"RefuseFail": "off#x"}, as_root=True) as filter_:
        done = run(binary, "-n", "-c", filter_.config_path)
        equal(done.returncode, 0, "exit status")
        contains(done.stderr, words, "-n")
        filter_.start()
        contains(filter_.log(), words, "log of the start")
        done = run(binary, "reload", "-c", filter_.config_path)
        equal(done.returncode, 0, "exit status of the reload")
        contains(done.stdout, words, "answer of the reload")
        equal(filter_.log().count(words), 2, "warnings in the log")
        filter_.stop()


@case
def check_only(binary):
    with prepared(binary, as_root=True) as filter_:
        done = run(binary, "-n", "-c", filter_.config_path)
        equal(done.returncode, 0, f"exit status: {done.stderr}")
        check(not os.path.exists(filter_.path("sock")), "-n made the socket")
        check(not os.path.exists(filter_.path("log")) or not filter_.log(), "-n wrote the log")


def tree(directory):
    """What is in a directory, with the times and sizes that a change would show."""
    found = {}
    for place, directories, files in os.walk(directory):
        for name in directories + files:
            status = os.lstat(os.path.join(place, name))
            found[os.path.join(place, name)] = (status.st_mode, status.st_uid, status.st_size, status.st_mtime_ns)
    return found


def place_files(filter_):
    """What the configurations below name in the filter's directory."""
    for name, mode in (("text", 0o644), ("secret", 0o600)):
        os.chmod(filter_.write(name, "text\n"), mode)
        if os.geteuid() == 0:
            os.chown(filter_.path(name), 0, 0)
    for name, mode in (("of-root", 0o755), ("of-group", 0o775)):
        os.mkdir(filter_.path(name))
        os.chmod(filter_.path(name), mode)
    os.mkdir(filter_.path("of-group/below"))
    with open(filter_.path("of-root/two-names"), "w", encoding="ascii"):
        os.link(filter_.path("of-root/two-names"), filter_.path("of-root/same-file"))
    os.symlink(filter_.dir, filter_.path("link"))
    owner = os.stat(filter_.dir)
    os.chown(filter_.write("notes", "text\n"), owner.st_uid, owner.st_gid)


# name, whether only root can see it, configuration, what is reported
HOST_PROBLEMS = [
    ("user", True, {"User": "smf-nobody"}, ["User: ", "smf-nobody"]),
    ("group", False, {"SocketGroup": "smf-nogroup"}, ["SocketGroup: ", "smf-nogroup"]),
    ("user-and-group", True, {"User": "smf-nobody", "SocketGroup": "smf-nogroup"}, ["User: ", "SocketGroup: "]),
    ("socket-directory", False, {"Socket": "unix:/nowhere/sock"}, ["Socket: ", "/nowhere"]),
    ("socket-not-writable", True, {"Socket": "unix:{}/of-group/below/sock"}, ["Socket: ", "may not write"]),
    ("socket-file", False, {"Socket": "unix:{}/text"}, ["Socket: ", "is no socket"]),
    ("socket-address", False, {"Socket": "inet:10010@192.0.2.1"}, ["Socket: ", "cannot listen"]),
    ("socket-name", False, {"Socket": "inet:10010@nohost.invalid"}, ["Socket: ", "cannot listen"]),
    ("log-directory", False, {"LogTo": "/nowhere/log"}, ["LogTo: ", "/nowhere/log"]),
    ("log-is-directory", False, {"LogTo": "{}/of-root"}, ["LogTo: ", "directory"]),
    ("log-not-writable", True, {"LogTo": "{}/of-group/below/log"}, ["LogTo: ", "/below/log"]),
    ("pid-directory", False, {"PidFile": "/nowhere/pid"}, ["PidFile: ", "/nowhere"]),
    ("log-with-two-names", True, {"LogTo": "{}/of-root/two-names"}, ["LogTo: ", "of-root/two-names"]),
    ("pid-is-directory", False, {"PidFile": "{}/of-root"}, ["PidFile: ", "directory"]),
    ("pid-not-writable", True, {"PidFile": "{}/of-group/below/pid"}, ["PidFile: ", "may not write"]),
    ("zone-missing", False, {"ZoneFile": "/nowhere/zone"}, ["ZoneFile: ", "/nowhere/zone"]),
    ("zone-not-readable", True, {"ZoneFile": "{}/secret"}, ["ZoneFile: ", "/secret", "Permission denied"]),
    ("zone-wrong", False, {"ZoneFile": "{}/text"}, ["ZoneFile: ", "/text"]),
    ("secrets-missing", False, {"SRSDomain": "fwd.example", "SRSSecretFile": "/nowhere/secret"},
     ["SRSSecretFile: ", "/nowhere/secret"]),
    ("secrets-not-readable", True, {"SRSDomain": "fwd.example", "SRSSecretFile": "{}/secret"},
     ["SRSSecretFile: ", "/secret", "Permission denied"]),
    ("secrets-open-to-all", False, {"SRSDomain": "fwd.example", "SRSSecretFile": "{}/text"},
     ["SRSSecretFile: ", "/text", "everybody on this host"]),
    ("pid-is-configuration", False, {"PidFile": "{}/smf-spf.conf"},
     ["PidFile: names the same file as the configuration"]),
    ("pid-is-text", False, {"PidFile": "{}/notes"}, ["PidFile: ", "something other than a process ID"]),
    ("pid-is-socket", False, {"PidFile": "{}/sock"}, ["PidFile: names the same file as Socket"]),
    ("log-is-pid", False, {"LogTo": "{}/link/log", "PidFile": "{}/log"}, ["LogTo: names the same file as PidFile"]),
    ("log-is-control", False, {"LogTo": "{}/log", "ControlSocket": "unix:{}//log"},
     ["LogTo: names the same file as ControlSocket"]),
    ("metrics-is-socket", False, {"Socket": "unix:{}/new", "Metrics": "unix:{}/link/new"},
     ["Metrics: names the same file as Socket"]),
    ("metrics-is-port", False, {"Socket": "inet:10013@127.0.0.1", "Metrics": "inet:10013"},
     ["Metrics: names the same socket as Socket"]),
    ("metrics-is-half-of-a-port", False, {"Socket": "inet6:10013", "Metrics": "inet:10013@127.0.0.1"},
     ["Metrics: names the same socket as Socket"]),
    ("all", False, {"Socket": "unix:/nowhere/sock", "LogTo": "/nowhere/log", "PidFile": "/nowhere/pid",
                    "ZoneFile": "/nowhere/zone"}, ["Socket: ", "LogTo: ", "PidFile: ", "ZoneFile: "]),
]


@rows(HOST_PROBLEMS)
def what_stops_the_start_is_reported_by_n(binary, needs_root, config, words):
    """All of it, with the status of the start; and -n changes nothing."""
    if needs_root:
        need_root()
    with prepared(binary, as_root=True) as filter_:
        place_files(filter_)
        filter_.reconfigure({key: value.replace("{}", filter_.dir) for key, value in config.items()})
        before = tree(filter_.dir)
        checked = run(binary, "-n", "-c", filter_.config_path)
        equal(tree(filter_.dir), before, "what is in the directory after -n")
        started = run(binary, "-f", "-c", filter_.config_path)
        check(started.returncode > 0, "it started")
        equal(checked.returncode, started.returncode, f"exit status: {checked.stderr}")
        lacks(checked.stdout, "valid", "output of -n")
        for word in words:
            contains(checked.stderr, word, "message of -n")
            contains(started.stderr, word, "message of the start")


SYSTEMCTL = """#!/bin/sh
cat <<END
LoadState=loaded
ExecStart={{ path=/usr/sbin/smf-spf ; argv[]=/usr/sbin/smf-spf -f -c {config} ; ignore_errors=no }}
User={user}
AmbientCapabilities={capabilities}
ProtectSystem={protect}
ReadWritePaths={writable}
RuntimeDirectory=smfs
LogsDirectory=smfs
END
"""


def check_under_systemd(filter_, binary, unit):
    """-n by root where systemd runs, with this unit."""
    os.makedirs(filter_.path("run/systemd/system"))
    properties = {"config": filter_.config_path, "user": "nobody", "capabilities": "", "protect": "no", "writable": "",
                  **unit}
    filter_.write("systemctl", SYSTEMCTL.format(**{key: value.replace("{}", filter_.dir) for key, value in properties.items()}))
    os.chmod(filter_.path("systemctl"), 0o755)
    inside = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /run && exec "$@"', filter_.path("run")]
    if run(*inside, "true").returncode:
        raise Skip("no mount namespace can be made here")
    return run(*inside, binary, "-n", "-c", filter_.config_path,
               env=dict(os.environ, PATH=filter_.dir + ":" + os.environ["PATH"]))


def ports_below_1024_are_roots():
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:
        return int(file.read()) > 783


# name, configuration, unit, what is reported; None: the unit starts it
UNIT_PROBLEMS = [
    ("socket", {"Socket": "unix:{}/of-root/sock"}, {}, "Socket: {}/of-root/sock: user nobody cannot make a socket there"),
    ("log", {"LogTo": "{}/of-root/log"}, {}, "LogTo: cannot open {}/of-root/log"),
    ("pid", {"PidFile": "{}/of-root/pid"}, {}, "PidFile: cannot write {}/of-root/pid"),
    ("metrics", {"Metrics": "unix:{}/of-root/metrics"}, {}, "Metrics: {}/of-root/metrics: user nobody cannot"),
    ("port", {"Socket": "inet:783@127.0.0.1"}, {}, "Socket: inet:783@127.0.0.1: cannot listen: user nobody may not"),
    ("metrics-port", {"Metrics": "inet:783@127.0.0.1"}, {}, "Metrics: inet:783@127.0.0.1: cannot listen"),
    ("port-allowed", {"Socket": "inet:783@127.0.0.1"}, {"capabilities": "cap_net_bind_service"}, None),
    ("other-user", {}, {"user": "daemon"}, "Socket: {}/own/sock: user daemon cannot make a socket there"),
    ("root", {"LogTo": "{}/of-root/log"}, {"user": ""}, None),
    ("other-file", {"LogTo": "{}/of-root/log"}, {"config": "/etc/mail/smfs/smf-spf.conf"}, None),
    ("good", {}, {}, None),
    ("read-only", {"LogTo": "/var/lib/smf-spf-test.log"}, {"protect": "strict", "writable": "/nowhere"},
     "LogTo: /var/lib/smf-spf-test.log: the unit lets the filter write to other directories only"),
    ("read-only-but-for-it", {"LogTo": "/var/lib/smf-spf-test.log"}, {"protect": "strict", "writable": "/nowhere -/var/lib"},
     "LogTo: cannot open /var/lib/smf-spf-test.log"),
]


@rows(UNIT_PROBLEMS)
def n_by_root_knows_what_the_unit_may_not(binary, config, unit, problem):
    """With the status of the start, where systemd starts the filter as an account without root's rights."""
    need_root()
    if "783" in str(config) and not ports_below_1024_are_roots():
        raise Skip("any account may use port 783 here")
    with prepared(binary, as_root=True) as filter_:
        place_files(filter_)
        os.mkdir(filter_.path("own"))
        os.chown(filter_.path("own"), pwd.getpwnam("nobody").pw_uid, group_of("nobody"))
        os.chown(filter_.dir, 0, 0)
        own = {"Socket": "unix:{}/own/sock", "LogTo": "{}/own/log", "ControlSocket": "unix:{}/own/control"}
        filter_.reconfigure({key: value.replace("{}", filter_.dir) for key, value in {**own, **config}.items()})
        checked = check_under_systemd(filter_, binary, unit)
        if problem is None:
            equal((checked.returncode, "systemd starts" in checked.stderr), (0, False), checked.stderr)
            return
        contains(checked.stderr, problem.replace("{}", filter_.dir), "message of -n")
        user = unit.get("user", "nobody")
        contains(checked.stderr, f"systemd starts the filter as {user}", "message of -n")
        if "protect" not in unit:
            identity = {"user": user, "group": group_of(user), "extra_groups": []}
            started = run(binary, "-f", "-c", filter_.config_path, **identity)
            equal(checked.returncode, started.returncode, f"exit status: {checked.stderr}")
            if user == "nobody":  # of another account, -n does not know that it is the filter's
                itself = run(binary, "-n", "-c", filter_.config_path, **identity)
                equal(itself.returncode, started.returncode, f"exit status of -n by {user}: {itself.stderr}")
        equal(run(binary, "-n", "-c", filter_.config_path).returncode, 0, "exit status where root starts it")


@case
def a_control_socket_that_cannot_be_is_noted(binary):
    """The filter starts without it: a note of -n, with one of the reasons that the start logs."""
    with prepared(binary, as_root=True) as filter_:
        filter_.write("text", "text\n")
        for path, reason in (("/nowhere/control", "there is no directory /nowhere"),
                             (filter_.path("text"), "is no socket")):
            filter_.reconfigure({"ControlSocket": "unix:" + path})
            done = run(binary, "-n", "-c", filter_.config_path)
            equal(done.returncode, 0, f"exit status: {done.stderr}")
            contains(done.stderr, f"ControlSocket: {path}: ", "note")
            contains(done.stderr, reason, "note")
            contains(done.stderr, "the filter starts, but smf-spf reload, reopen and stats do not reach it", "note")
            filter_.start()
            filter_.wait_log("do not reach this filter")
            filter_.stop()


@rows([("no-directory", "/nowhere/greylist.db", "No such file or directory"), ("directory", "{}", "Is a directory"),
       ("of-root", "{}/of-root/greylist.db", "Permission denied")])
def a_store_of_greylisting_that_cannot_be_is_noted(binary, path, reason):
    """The filter starts without it, and defers nobody: a note of -n, if it is needed at all."""
    with prepared(binary, as_root=True) as filter_:
        if "of-root" in path:
            need_root()
            place_files(filter_)
        path = path.replace("{}", filter_.dir)
        for keys, words in (({"Greylist": "learn"}, 1), ({"Greylist": "off"}, 0),
                            ({"Greylist": "on", "GreylistStore": "redis://127.0.0.1"}, 0)):
            filter_.reconfigure({"GreylistStore": "sqlite:" + path, **keys})
            done = run(binary, "-n", "-c", filter_.config_path)
            equal(done.returncode, 0, f"exit status: {done.stderr}")
            equal(done.stderr.count(f"cannot use {path}: {reason}; the filter starts, and defers nobody until it can"),
                  words, f"notes with {keys}: {done.stderr}")


@case
def check_before_the_service_has_made_its_directory(binary):
    """/run is empty after a boot, and the service makes the directory: valid, with a word about it."""
    with prepared(binary, as_root=True) as filter_:
        filter_.reconfigure({"Socket": "unix:/var/run/smf-spf-nowhere/sock"})
        done = run(binary, "-n", "-c", filter_.config_path)
        equal(done.returncode, 0, f"exit status: {done.stderr}")
        contains(done.stderr, "there is no directory /var/run/smf-spf-nowhere yet", "note")
        started = run(binary, "-f", "-c", filter_.config_path)
        check(started.returncode > 0, "it started")
        contains(started.stderr, "there is no directory /var/run/smf-spf-nowhere", "message of the start")


@case
def check_beside_a_filter_that_runs(binary):
    """The socket and the PidFile are in use then, and the file is valid all the same."""
    with prepared(binary, as_root=True).background() as filter_:
        equal(filter_.parent(), 0, f"start: {filter_.stderr()}")
        done = run(binary, "-n", "-c", filter_.config_path)
        equal((done.returncode, done.stderr), (0, ""), "-n")
        check(accepts(filter_.address), "the filter is not there any more")


@case
def check_by_another_account_names_what_it_cannot_see(binary):
    need_root()
    with prepared(binary, as_root=True) as filter_:
        other = {"user": "daemon", "group": "daemon", "extra_groups": []}
        done = run(binary, "-n", "-c", filter_.config_path, **other)
        equal(done.returncode, 0, f"exit status: {done.stderr}")
        for word in ("run by daemon", "not checked", "Socket: ", "LogTo: "):
            contains(done.stderr, word, "notes")
        filter_.reconfigure({"ZoneFile": "/nowhere/zone"})
        done = run(binary, "-n", "-c", filter_.config_path, **other)
        equal(done.returncode, EX_CONFIG, f"exit status: {done.stderr}")


@case
def check_tells_what_will_be_in_the_way_later(binary):
    """A log that only root can make again, and a file that a reload cannot read."""
    need_root()
    with prepared(binary, as_root=True) as filter_:
        os.mkdir(filter_.path("of-root"))
        filter_.reconfigure({"LogTo": filter_.path("of-root/log")})
        os.chown(filter_.dir, 0, 0)
        os.chmod(filter_.config_path, 0o600)
        done = run(binary, "-n", "-c", filter_.config_path)
        equal(done.returncode, 0, f"exit status: {done.stderr}")
        contains(done.stderr, "rotated", "note")
        contains(done.stderr, "will not reload", "note")


@case
def version_and_help(binary):
    done = run(binary, "-V")
    equal((done.returncode, done.stderr), (0, ""), "-V")
    contains(done.stdout, "smf-spf", "-V")
    check(any(char.isdigit() for char in done.stdout), f"no number: {done.stdout!r}")
    done = run(binary, "-h")
    equal((done.returncode, done.stderr), (0, ""), "-h")
    for word in ("-f", "-n", "-V", "-h", "-c", "query", "config"):
        contains(done.stdout, word, "-h")


@rows([
    ("option", ["-x"]), ("long-option", ["--nonsense"]), ("no-argument", ["-c"]), ("word", ["nonsense"]),
    ("query-option", ["query", "--nonsense"]), ("query-empty", ["query"]), ("extra", ["-n", "extra"]),
    ("query-without-value", ["query", "--ip"]),
    ("query-bad-ip", ["query", "--ip", "x", "--helo", "h", "--sender", "a@b.c"]),
    ("query-bad-identity", ["query", "--ip", "192.0.2.1", "--helo", "h.x", "--sender", "a@b.c", "--identity", "x"]),
    ("config-option", ["config", "--nonsense"]),
])
def usage_error(binary, arguments):
    done = run(binary, *arguments)
    equal(done.returncode, EX_USAGE, f"exit status: {done.stderr}")
    check(done.stderr.strip(), "nothing on stderr")
    equal(done.stdout, "", "stdout")


@case
def config_prints_the_effective_configuration(binary):
    with prepared(binary, {"TTL": "90m", "WhitelistIP": ["192.0.2.0/24", "2001:db8::/32"], "refusefail": "no",
                           "RejectReason": '"No  # %s"', "CacheSize": "1K"}) as filter_:
        done = run(binary, "config", "-c", filter_.config_path)
        equal(done.returncode, 0, f"exit status: {done.stderr}")
        for word in ("WhitelistIP", "192.0.2.0/24", "2001:db8::/32", "TTL", "RefuseFail", "SPFBestGuess",
                     "QuarantineBox", "postmaster", "No  # %s", filter_.address):
            contains(done.stdout, word, "configuration")
        again = filter_.write("again.conf", done.stdout)
        second = run(binary, "config", "-c", again)
        equal((second.returncode, second.stdout), (0, done.stdout), f"read again: {second.stderr}")


@case
def forms_of_the_file(binary):
    """Case of keys, comments, quotes, CR LF, tabs, a missing last newline, and a byte order mark's clear error."""
    with prepared(binary) as filter_:
        filter_.configure("#c\r\n\tREFUSEFAIL\toff # comment\r\n   \r\nwhitelistip6 2001:db8::1\r\n"
                          "Tag \"# [x] \"\r\nTTL 10")
        done = run(binary, "config", "-c", filter_.config_path)
        equal(done.returncode, 0, f"exit status: {done.stderr}")
        contains(done.stdout, "# [x] ", "tag")
        lacks(done.stdout, "\r", "configuration")


@rows([("inet", "inet", "127.0.0.1"), ("inet6", "inet6", "::1")])
def inet_socket(binary, kind, host):
    if kind == "inet6" and not have_ipv6():
        raise Skip("no IPv6 loopback here")
    with classic(binary, transport=kind) as filter_:
        contains(filter_.address, host, "address")
        equal(spf_result(delivered(one(filter_)))[0], "pass", "result")


@case
def options_may_stand_together(binary):
    with prepared(binary) as filter_:
        filter_.arguments = ["-f"]
        filter_.reconfigure({"Daemonize": "on"})
        filter_.launch()
        wait_until(lambda: accepts(filter_.address), 30, "-f over Daemonize on")
        equal(filter_.process.poll(), None, "the foreground process ended")
        with Mta(filter_.address) as mta:
            mta.send()
            mta.quit()
        filter_.stop()
