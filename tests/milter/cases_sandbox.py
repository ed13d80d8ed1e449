# SPDX-License-Identifier: GPL-2.0-or-later
"""What is left to the running filter: no capabilities, no new ones, no core files, few calls, few files. What it is
refused it is refused in earnest: the calls are made in the filter itself."""

import contextlib
import os
import re
import shutil
import socket
import sqlite3
import struct
import tempfile

import injected_call
from filter import UNPRIVILEGED, group_of, sanitizer
from process_common import need_root, prepared, run
from wire_common import Skip, case, check, classic, contains, delivered, equal, lacks, one, rows, spf_result

AT_FDCWD = -100
O_WRONLY_O_CREAT = 0o101
PTRACE_TRACEME = 0
CORE_LIMIT = 4096
# Of what the systemd unit refuses, the calls that a start makes elsewhere.
REFUSED_BY_THE_UNIT = ("capset,setuid,setgid,setgroups,setresuid,setresgid,setreuid,setregid,chown,lchown,fchown,fchownat,"
                       "chroot,setpriority,sched_setaffinity,sched_setscheduler,setrlimit")
# number on x86-64, arguments: each of them would be made by a process without a sandbox, or refused in another way.
REFUSED = (
    ("execve", 59, (b"/bin/true\0", 0, 0)),
    ("execveat", 322, (AT_FDCWD, b"/bin/true\0", 0, 0, 0)),
    ("fork", 57, ()),
    ("vfork", 58, ()),
    ("clone of a process", 56, (17, 0, 0, 0, 0)),
    ("clone3", 435, (bytes(88), 88)),
    ("ptrace", 101, (PTRACE_TRACEME, 0, 0, 0)),
    ("process_vm_readv", 310, (1, 0, 0, 0, 0, 0)),
    ("mount", 165, (b"none\0", b"/tmp\0", b"tmpfs\0", 0, 0)),
    ("unshare", 272, (0x10000000,)),
    ("setns", 308, (0, 0)),
    ("chroot", 161, (b"/\0",)),
    ("socket AF_PACKET", 41, (17, 3, 0)),
    ("socket AF_NETLINK", 41, (16, 3, 0)),
    ("socket AF_VSOCK", 41, (40, 1, 0)),
    ("bpf", 321, (0, 0, 0)),
    ("perf_event_open", 298, (0, 0, 0, 0, 0)),
    ("io_uring_setup", 425, (1, 0)),
    ("userfaultfd", 323, (0,)),
    ("keyctl", 250, (0, 0, 0, 0, 0)),
    ("init_module", 175, (0, 0, 0)),
    ("setuid", 105, (0,)),
    ("setgroups", 116, (0, 0)),
    ("kill of another process", 62, (1, 0)),
    ("prctl", 157, (4, 1, 0, 0, 0)),
    ("mprotect to executable", 10, (0, 4096, 5)),
    ("mmap of what is written and executed", 9, (0, 4096, 7, 0x22, -1, 0)),
    ("personality", 135, (0xffffffff,)),
    ("symlink", 88, (b"/tmp/a\0", b"/tmp/b\0")),
    ("chmod", 90, (b"/tmp\0", 0o777)),
    ("a call that no kernel has yet", 700, ()),
)


def need_sandbox(binary):
    if sanitizer(binary):
        raise Skip("a build with a sanitizer has no sandbox")


def has_landlock(filter_):
    return "Sandbox: files are restricted" in filter_.log()


def need_landlock(filter_):
    if not has_landlock(filter_):
        raise Skip("no Landlock here: " + filter_.wait_log("Sandbox: files"))


def of_each_thread(pid, key):
    found = set()
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError), \
                open(f"/proc/{pid}/task/{thread}/status", encoding="ascii", errors="replace") as file:
            found |= {line.split(":")[1].strip() for line in file if line.startswith(key + ":")}
    return found


@rows([("root", True), ("its-account", False)])
def no_thread_has_a_power(binary, as_root):
    if as_root:
        need_root()
    with classic(binary, {"Metrics": "unix:/tmp/smf-spf-metrics.%d" % os.getpid()}, as_root=as_root) as filter_:
        equal(spf_result(delivered(one(filter_)))[0], "pass", "result")
        pid = filter_.process.pid
        for key in ("CapInh", "CapPrm", "CapEff", "CapAmb") + (("CapBnd",) if as_root else ()):
            equal({int(value, 16) for value in of_each_thread(pid, key)}, {0}, key)
        equal(of_each_thread(pid, "NoNewPrivs"), {"1"}, "NoNewPrivs")
        if not sanitizer(binary):
            equal(of_each_thread(pid, "Seccomp"), {"2"}, "Seccomp")


def cores(pid):
    """The limit, and whose the process's memory is: of one that leaves no core file it is root's."""
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        limit = next(line.split()[4] for line in file if line.startswith("Max core file size"))
    return limit, os.stat(f"/proc/{pid}/mem").st_uid == 0


@rows([("root", True), ("its-account", False)])
def no_core_file_unless_it_is_wanted(binary, as_root):
    need_root()
    if sanitizer(binary):
        raise Skip("a leak checker looks into its own process")
    for wanted, expected in (("off", ("0", True)), ("on", (str(CORE_LIMIT), False))):
        filter_ = classic(binary, {"CoreDumps": wanted}, as_root=as_root)
        filter_.launcher = ["prlimit", f"--core={CORE_LIMIT}:{CORE_LIMIT}"]
        with filter_:
            equal(cores(filter_.process.pid), expected, f"CoreDumps {wanted}: limit, and whether the memory is closed")


@case
def calls_of_an_attacker_are_refused(binary):
    need_sandbox(binary)
    if not injected_call.is_possible():
        raise Skip("calls are injected on x86-64, by root")
    with classic(binary, as_root=True) as filter_:
        pid = filter_.process.pid
        with injected_call.Stopped(pid) as stopped:
            equal(stopped.call(39), pid, "getpid, which is allowed")
            found = {name: injected_call.name_of(stopped.call(number, *arguments)) for name, number, arguments in REFUSED}
        equal({name: result for name, result in found.items() if result != "ENOSYS"}, {}, "calls that were not refused")
        equal(spf_result(delivered(one(filter_)))[0], "pass", "result after that")
    with classic(binary, {"Sandbox": "off"}, as_root=True) as filter_, injected_call.Stopped(filter_.process.pid) as stopped:
        check(stopped.call(*[105, 2**32 - 1]) != -38, "without the sandbox the same way leads to the kernel")


class KernelLog:
    """What the kernel says of refused calls, as an audit daemon hears it."""

    PROTOCOL, READERS, SECCOMP = 9, 1, 1326  # NETLINK_AUDIT, AUDIT_NLGRP_READLOG, AUDIT_SECCOMP

    def __init__(self):
        try:
            self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, self.PROTOCOL)
            self.socket.bind((0, self.READERS))
        except OSError as error:
            raise Skip(f"the kernel's log cannot be read: {error}") from error
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.settimeout(1)

    def close(self):
        self.socket.close()

    def calls(self, pid, last):
        """The numbers of the calls of this process that were logged, until that of `last` is, or nothing is for a while."""
        found = set()
        with contextlib.suppress(TimeoutError):
            while last not in found:
                record = self.socket.recv(8192)
                match = re.search(rb" pid=(\d+) .* syscall=(\d+) ", record)
                if struct.unpack_from("=IH", record)[1] == self.SECCOMP and match and int(match[1]) == pid:
                    found.add(int(match[2]))
        return found


@case
def refused_calls_are_logged_but_not_one_for_each_thread(binary):
    """A C library tries clone3 for each thread, and goes on without it."""
    need_sandbox(binary)
    if not injected_call.is_possible():
        raise Skip("calls are injected on x86-64, by root")
    setuid, clone3 = 105, 435
    with contextlib.closing(KernelLog()) as log, classic(binary, as_root=True) as filter_:
        equal(spf_result(delivered(one(filter_)))[0], "pass", "result")
        with injected_call.Stopped(filter_.process.pid) as stopped:
            for number in (clone3, setuid):
                equal(injected_call.name_of(stopped.call(number, 0)), "ENOSYS", f"call {number}")
        found = log.calls(filter_.process.pid, last=setuid)
        if not found:
            raise Skip("this kernel logs no refused call")
        equal(found, {setuid}, "calls that the kernel logged")


@case
def files_of_an_attacker_are_refused(binary):
    need_sandbox(binary)
    if not injected_call.is_possible():
        raise Skip("calls are injected on x86-64, by root")
    with tempfile.TemporaryDirectory(prefix="smf-spf-open.", dir="/tmp") as place, classic(binary, as_root=True) as filter_:
        need_landlock(filter_)
        os.chmod(place, 0o777)
        own = filter_.path("made").encode() + b"\0"
        with open(place + "/read", "w", encoding="ascii") as file:
            file.write("to be read\n")
        with injected_call.Stopped(filter_.process.pid) as stopped:
            found = {what: injected_call.name_of(stopped.call(257, AT_FDCWD, path, flags, 0o600)) for what, path, flags in (
                ("made elsewhere", f"{place}/made\0".encode(), O_WRONLY_O_CREAT),
                ("read elsewhere", f"{place}/read\0".encode(), 0),
                ("another process", b"/proc/1/cmdline\0", 0))}
            mine = stopped.call(257, AT_FDCWD, own, O_WRONLY_O_CREAT, 0o600)
            removed = injected_call.name_of(stopped.call(87, f"{place}/read\0".encode()))
            renamed = injected_call.name_of(stopped.call(82, f"{place}/read\0".encode(), f"{place}/renamed\0".encode()))
            check(mine >= 0, f"a file beside the log cannot be made: {injected_call.name_of(mine)}")
            stopped.call(3, mine)
        equal(found, dict.fromkeys(found, "EACCES"), "files that were opened")
        equal(removed, "EACCES", "removal of a file elsewhere")
        equal(renamed, "EACCES", "another name for a file elsewhere")
        equal(os.listdir(place), ["read"], "files elsewhere")


def a_file_elsewhere(filter_, place, name):
    other = os.path.join(place, name)
    shutil.copy(filter_.path("zone"), other)
    if os.geteuid() == 0:
        shutil.chown(place, UNPRIVILEGED, group_of(UNPRIVILEGED))
        shutil.chown(other, UNPRIVILEGED, group_of(UNPRIVILEGED))
    return other


@rows([("log", "LogTo", "log", {}), ("zone", "ZoneFile", "zone", {}),
       ("store", "GreylistStore", "greylist.db", {"Greylist": "learn"})])
def a_reload_that_leaves_the_directories_of_the_start_fails_and_says_why(binary, key, name, keys):
    need_sandbox(binary)
    with tempfile.TemporaryDirectory(prefix="smf-spf-other.", dir="/tmp") as place, classic(binary) as filter_:
        need_landlock(filter_)
        other = a_file_elsewhere(filter_, place, name)
        value = ("sqlite:" if keys else "") + other
        filter_.reconfigure({key: value, "SkipNDR": "on", **keys})
        done = run(binary, "reload", "-c", filter_.config_path)
        equal(done.returncode, 78, f"exit status of the reload: {done.stderr}")
        contains(done.stderr, f"{key}: {other}: the sandbox of the running filter was made for the directories that it "
                 "started with, and this is in another one: restart it", "reason")
        contains(filter_.log(), f"{key}: {other}: the sandbox", "log")
        filter_.reconfigure({})
        equal(run(binary, "reload", "-c", filter_.config_path).returncode, 0, "reload in the old directories")
    with tempfile.TemporaryDirectory(prefix="smf-spf-other.", dir="/tmp") as place, \
            classic(binary, {"Sandbox": "off"}) as filter_:
        value = ("sqlite:" if keys else "") + a_file_elsewhere(filter_, place, name)
        filter_.reconfigure({key: value, **keys})
        done = run(binary, "reload", "-c", filter_.config_path)
        equal((done.returncode, done.stderr), (0, ""), "reload without a sandbox")


@rows([("off", "off", "0"), ("log", "log", "2")])
def sandbox_that_refuses_nothing(binary, value, seccomp):
    need_sandbox(binary)
    if not injected_call.is_possible():
        raise Skip("calls are injected on x86-64, by root")
    with classic(binary, {"Sandbox": value}, as_root=True) as filter_:
        pid = filter_.process.pid
        equal(of_each_thread(pid, "Seccomp"), {seccomp}, "Seccomp")
        with injected_call.Stopped(pid) as stopped:
            made = stopped.call(41, socket.AF_NETLINK, 3, 0)
            check(made >= 0, f"socket: {injected_call.name_of(made)}")
            stopped.call(3, made)


def write_secret(filter_, secret):
    """A file in the place of the one before, as an editor does it; root's, and User's group may read it."""
    new = filter_.path("secrets/new")
    with open(new, "w", encoding="ascii") as file:
        file.write(secret + "\n")
    os.chmod(new, 0o640)
    shutil.chown(new, "root", group_of(UNPRIVILEGED))
    os.rename(new, filter_.path("secrets/srs"))


@case
def log_in_a_directory_of_its_own(binary):
    """The log, the sockets, the PidFile, the zone, the secrets and the file of the configuration each lie somewhere else,
    behind links too, and all that a filter does with them works."""
    need_root()
    with prepared(binary, as_root=True) as filter_:
        names = ("logs", "zones", "run")
        for name in names:
            os.mkdir(filter_.path(name))
            shutil.chown(filter_.path(name), UNPRIVILEGED, group_of(UNPRIVILEGED))
        shutil.move(filter_.path("zone"), filter_.path("zones/zone"))
        os.symlink(filter_.path("zones/zone"), filter_.path("zone"))
        os.symlink(filter_.path("logs"), filter_.path("link"))
        filter_.log_path = filter_.path("link/log")
        filter_.address = "unix:" + filter_.path("run/sock")
        os.mkdir(filter_.path("secrets"), 0o750)
        shutil.chown(filter_.path("secrets"), "root", group_of(UNPRIVILEGED))
        write_secret(filter_, "first")
        keys = {"ZoneFile": filter_.path("zone"), "PidFile": filter_.path("run/pid"), "SRSDomain": "fwd.example",
                "SRSAlways": "on", "SRSSecretFile": filter_.path("secrets/srs"),
                "ControlSocket": "unix:" + filter_.path("run/control")}
        filter_.configure(keys)
        filter_.start()
        os.rename(filter_.path("logs/log"), filter_.path("logs/log.1"))
        done = run(binary, "reopen", "-c", filter_.config_path)
        equal(done.returncode, 0, done.stderr)
        with open(filter_.path("zones/zone"), "a", encoding="ascii") as file:
            file.write("\n")
        filter_.configure({**keys, "SkipNDR": "on"})
        done = run(binary, "reload", "-c", filter_.config_path)
        equal(done.returncode, 0, done.stderr)
        write_secret(filter_, "second")
        done = run(binary, "reload", "-c", filter_.config_path)
        equal(done.returncode, 0, done.stderr)
        lacks(done.stdout + done.stderr, "nothing has changed", "reload of new secrets")
        filter_.stop()
        lacks(filter_.log(), "second", "log")
        equal(sorted(os.listdir(filter_.path("run"))), [], "what is left of sockets and PidFile")
        contains(filter_.log(), "configuration reloaded", "log")


@case
def start_under_the_filter_of_the_unit(binary):
    if shutil.which("strace") is None:
        raise Skip("strace is missing")
    if sanitizer(binary):
        raise Skip("a leak checker does not work under strace")
    filter_ = classic(binary, {"SocketGroup": "nogroup"} if os.geteuid() == 0 else {})
    filter_.launcher = ["strace", "-D", "-f", "-o", filter_.path("trace"), "-e", f"trace={REFUSED_BY_THE_UNIT}", "-e",
                        f"inject={REFUSED_BY_THE_UNIT}:error=EPERM"]
    with filter_:
        equal(spf_result(delivered(one(filter_)))[0], "pass", "result")
        with open(filter_.path("trace"), encoding="ascii", errors="replace") as file:
            contains(file.read(), "capset(", "calls that were refused")
        equal(of_each_thread(filter_.process.pid, "NoNewPrivs"), {"1"}, "NoNewPrivs")
        equal(of_each_thread(filter_.process.pid, "Seccomp"), {"2"}, "Seccomp")


@case
def a_capability_for_the_start_is_gone_after_it(binary):
    """A service manager may give one for a port below 1024."""
    need_root()
    filter_ = classic(binary, transport="inet")
    if not filter_.identity():
        raise Skip("the account may not execute the program")
    account = filter_.identity()
    filter_.launcher = ["setpriv", f"--reuid={account['user']}", f"--regid={account['group']}", "--clear-groups",
                        "--inh-caps=+net_bind_service", "--ambient-caps=+net_bind_service"]
    filter_.identity = lambda: {}
    filter_.address = "inet:587@127.0.0.9"
    filter_.reconfigure({})
    with filter_:
        for key in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            equal({int(value, 16) for value in of_each_thread(filter_.process.pid, key)}, {0}, key)


@case
def store_of_greylisting_in_a_directory_of_its_own(binary):
    """A corrupt file is set aside, one that is taken away is made anew, and what SQLite makes beside it goes at the end."""
    need_root()
    with prepared(binary, as_root=True) as filter_:
        os.mkdir(filter_.path("store"))
        filter_.write("store/greylist.db", "this is no database\n" * 100)
        for name in ("store", "store/greylist.db"):
            shutil.chown(filter_.path(name), UNPRIVILEGED, group_of(UNPRIVILEGED))
        filter_.reconfigure({"Greylist": "learn", "GreylistPass": "all", "GreylistDelay": "1s",
                             "GreylistStore": "sqlite:" + filter_.path("store/greylist.db")})
        filter_.start()
        filter_.wait_log("store/greylist.db is corrupt; it is ")
        equal(spf_result(delivered(one(filter_)))[0], "pass", "result")
        equal(len([name for name in os.listdir(filter_.path("store")) if ".corrupt-" in name]), 1, "files set aside")
        equal(os.stat(filter_.path("store/greylist.db")).st_mode & 0o777, 0o600, "mode of the new file")
        os.unlink(filter_.path("store/greylist.db"))
        filter_.wait_log("is not the file any more that was opened")
        filter_.wait_log("greylist: the store is there again")
        equal(spf_result(delivered(one(filter_)))[0], "pass", "result after that")
        filter_.stop()
        with contextlib.closing(sqlite3.connect(filter_.path("store/greylist.db"))) as store:
            equal(store.execute("SELECT count(*) FROM seen").fetchone()[0], 1, "entries")
        lacks(filter_.log(), "Operation not permitted", "log")
        lacks(filter_.log(), "Permission denied", "log")
