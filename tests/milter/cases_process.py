# SPDX-License-Identifier: GPL-2.0-or-later
"""Start and stop: the background, sockets, privileges, the PidFile, logs that cannot be written."""

import grp
import os
import pwd
import resource
import signal
import socket
import stat
import time

from dns_server import DnsServer
from filter import UNPRIVILEGED, accepts, free_port, group_of, process_status
from milter_client import MilterClient
from process_common import EX_CONFIG, is_running, need_root, prepared, stop_background
from wire_common import (BAD_IP, GOOD_IP, ZONE, Filter, Mta, Skip, case, check, classic, contains, delivered, equal,
                         one, rows, sanitizer, spf_result, wait_until)

STOP_S = 1.0
SLOW_STOP_S = 10.0  # with sanitizers


def stop_limit(binary):
    return SLOW_STOP_S if sanitizer(binary) else STOP_S


@case
def background_is_ready_when_the_parent_ends(binary):
    for _ in range(3):
        with prepared(binary).background() as filter_:
            equal(filter_.parent(), 0, f"exit status of the parent: {filter_.stderr()}")
            check(accepts(filter_.address), "the parent ended before the socket accepted")
            pid = filter_.background_pid()
            check(pid, "no PidFile, or not the filter in it")
            equal(spf_result(delivered(one(filter_)))[0], "pass", "result")
            check(os.getsid(pid) != os.getsid(0), "still in the session of the one who started it")
            equal(os.readlink(f"/proc/{pid}/cwd") if os.geteuid() == 0 else "/", "/", "working directory")
            stop_background(filter_, pid)
            check(not os.path.exists(filter_.path("sock")), "the socket is still there")


@case
def foreground_writes_and_removes_the_pid_file(binary):
    with prepared(binary) as filter_:
        filter_.reconfigure({"PidFile": filter_.path("pid")})
        filter_.start()
        with open(filter_.path("pid"), encoding="ascii") as file:
            equal(file.read(), f"{filter_.process.pid}\n", "PidFile")
        equal(stat.S_IMODE(os.stat(filter_.path("pid")).st_mode) & 0o022, 0, "others may write the PidFile")
        filter_.stop()
        check(not os.path.exists(filter_.path("pid")), "the PidFile is still there")
        check(not os.path.exists(filter_.path("sock")), "the socket is still there")


@rows([
    ("port-taken", "taken"), ("no-directory", "directory"), ("foreign-address", "foreign"), ("unknown-user", "user"),
    ("pid-file", "pid"), ("pid-link", "link"), ("log", "log"), ("unknown-group", "group"),
])
def start_that_fails(binary, kind):
    """In the foreground and in the background: an exit status, a reason on stderr, and nothing left behind."""
    if kind in ("user", "group"):
        need_root()
    with socket.socket() as listener, prepared(binary, as_root=True) as filter_:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        gone = filter_.path("gone/away")
        config, word = {
            "taken": ({"Socket": f"inet:{port}@127.0.0.1"}, str(port)),
            "directory": ({"Socket": f"unix:{gone}"}, gone),
            "foreign": ({"Socket": f"inet:{free_port()}@192.0.2.99"}, "192.0.2.99"),
            "user": ({"User": "no-such-user"}, "no-such-user"),
            "group": ({"SocketGroup": "no-such-group"}, "no-such-group"),
            "pid": ({"PidFile": gone}, gone),
            "link": ({"PidFile": filter_.path("pid-link")}, "pid-link"),
            "log": ({"LogTo": gone}, gone),
        }[kind]
        os.symlink(filter_.config_path, filter_.path("pid-link"))
        filter_.background(**config)
        for arguments in ([], ["-f"]):
            status = filter_.parent(*arguments)
            check(status > 0, f"{arguments}: exit status {status}: {filter_.stderr()}")
            contains(filter_.stderr(), word, "reason")
            check(not os.path.exists(filter_.path("sock")), "a socket is left behind")
            check(os.path.islink(filter_.path("pid-link")), "a file that is not ours was removed")


@case
def stale_socket_is_replaced(binary):
    with prepared(binary) as filter_:
        filter_.start()
        filter_.process.kill()
        filter_.process.wait()
        check(os.path.exists(filter_.path("sock")), "a killed filter cannot remove its socket")
        filter_.start()
        equal(spf_result(delivered(one(filter_)))[0], "pass", "result")
        filter_.stop()


@case
def live_socket_is_not_stolen(binary):
    with prepared(binary) as filter_:
        filter_.start()
        first = filter_.process
        second = filter_.launch()
        check(second.wait(30) > 0, "a second filter started on a socket that is in use")
        filter_.process = first
        equal(spf_result(delivered(one(filter_)))[0], "pass", "result of the first")
        filter_.stop()


@case
def pid_file_of_another_one_is_not_taken(binary):
    """Two filters with one PidFile: the second does not start; what a filter that died left behind is no obstacle."""
    with prepared(binary) as filter_, prepared(binary) as second:
        path = filter_.path("pid")
        filter_.reconfigure({"PidFile": path})
        second.reconfigure({"PidFile": path})
        filter_.start()
        equal(second.launch().wait(30), 73, "exit status of the second")
        contains(second.stderr(), f"{path} belongs to a program that is running", "reason")
        with open(path, encoding="ascii") as file:
            equal(file.read(), f"{filter_.process.pid}\n", "PidFile")
        filter_.kill()
        second.start()
        with open(path, encoding="ascii") as file:
            equal(file.read(), f"{second.process.pid}\n", "PidFile of the second")
        second.stop()


@case
def a_file_in_the_socket_s_place_stays(binary):
    with prepared(binary) as filter_:
        filter_.write("sock", "precious")
        check(filter_.launch().wait(30) > 0, "started over a file")
        contains(filter_.stderr(), "is no socket", "standard error")
        with open(filter_.path("sock"), encoding="ascii") as file:
            equal(file.read(), "precious", "content")


@rows([("default", None, 0o660), ("0600", "0600", 0o600), ("0666", "0666", 0o666), ("660", "660", 0o660)])
def socket_mode(binary, value, mode):
    with classic(binary, {"SocketMode": value} if value else {}) as filter_:
        check(stat.S_ISSOCK(os.stat(filter_.path("sock")).st_mode), "not a socket")
        wait_until(lambda: stat.S_IMODE(os.stat(filter_.path("sock")).st_mode) == mode, 10, f"the mode {mode:o}")


@case
def socket_group(binary):
    need_root()
    with classic(binary, {"SocketGroup": "mail"}, as_root=True) as filter_:
        equal(os.stat(filter_.path("sock")).st_gid, grp.getgrnam("mail").gr_gid, "group of the socket")
    with classic(binary, as_root=True) as filter_:
        equal(os.stat(filter_.path("sock")).st_gid, group_of(UNPRIVILEGED), "group of the socket by default")


def with_accounts(filter_, lines):
    """Lets the filter see these accounts, root and no others."""
    filter_.write("passwd", "root:x:0:0:root:/root:/bin/sh\n" + lines)
    filter_.write("wrapper", "#!/bin/sh\nexec unshare --mount sh -c "
                             f"'mount --bind {filter_.path('passwd')} /etc/passwd && exec \"$0\" \"$@\"' "
                             f"{filter_.binary} \"$@\"\n")
    os.chmod(filter_.path("wrapper"), 0o755)
    filter_.binary = filter_.path("wrapper")


@case
def user_root_gives_way_to_the_default_account(binary):
    """A file of earlier versions may say it; it works, but not as root."""
    need_root()
    with prepared(binary, {"User": "root"}, as_root=True) as filter_:
        with_accounts(filter_, "smfs:x:64999:64998::/nonexistent:/usr/sbin/nologin\n")
        filter_.start()
        one(filter_)
        equal(filter_.status("Uid").split(), ["64999"] * 4, "real, effective, saved, fs uid")
        equal(filter_.status("Gid").split(), ["64998"] * 4, "gids")
        filter_.wait_log("User: root is root, which needs not be; running as smfs")
        filter_.stop()
    with prepared(binary, {"User": "root"}, as_root=True) as filter_:
        with_accounts(filter_, "")
        filter_.launch()
        equal(filter_.process.wait(60), EX_CONFIG, "exit status where that account is not there")
        contains(filter_.stderr(), 'User: there is no user "smfs"', "message")


@rows([("foreground", False), ("background", True)])
def privileges_are_dropped(binary, background):
    need_root()
    with prepared(binary, as_root=True) as filter_:
        filter_.identity = lambda: {"extra_groups": [0, 1]}  # that root's own groups are given up too
        filter_.background(Sandbox="off")  # which brings NoNewPrivs by itself
        if background:
            equal(filter_.parent(), 0, f"start: {filter_.stderr()}")
            pid = filter_.background_pid()
        else:
            pid = filter_.start().process.pid
        one(filter_)  # the socket accepts before privileges are dropped, an answer comes only after that
        user = pwd.getpwnam(UNPRIVILEGED)
        equal(process_status(pid, "Uid").split(), [str(user.pw_uid)] * 4, "real, effective, saved, fs uid")
        equal(process_status(pid, "Gid").split(), [str(user.pw_gid)] * 4, "gids")
        allowed = {str(gid) for gid in os.getgrouplist(UNPRIVILEGED, user.pw_gid)}
        check(set(process_status(pid, "Groups").split()) <= allowed,
              f"groups {process_status(pid, 'Groups')}")
        equal(int(process_status(pid, "CapEff"), 16), 0, "capabilities")
        equal(process_status(pid, "NoNewPrivs"), "1", "no new privileges")
        for task in os.listdir(f"/proc/{pid}/task"):
            equal(process_status(f"{pid}/task/{task}", "Uid").split(), [str(user.pw_uid)] * 4, "uid of a thread")
        if background:
            stop_background(filter_, pid)
        else:
            filter_.stop()


@case
def idle_stop(binary):
    for transport in ("unix", "inet"):
        with classic(binary, transport=transport) as filter_:
            one(filter_)
            took_s = filter_.stop()
            check(took_s < stop_limit(binary), f"{transport}: stopping took {took_s:.2f} s")


@case
def stop_with_idle_connections(binary):
    """Connections between messages do not hold the stop up for long."""
    with classic(binary) as filter_, Mta(filter_.address) as mta:
        mta.send()
        took_s = filter_.stop()
        check(took_s < 15, f"stopping took {took_s:.2f} s")


@rows([("SIGTERM", signal.SIGTERM), ("SIGINT", signal.SIGINT)])
def stop_signal(binary, number):
    with classic(binary) as filter_:
        equal(filter_.stop(number) >= 0, True, "stop")
        check(not accepts(filter_.address), "the socket still accepts")


@case
def stop_at_once_after_the_start(binary):
    for _ in range(5):
        with prepared(binary) as filter_:
            filter_.launch()
            wait_until(lambda filter_=filter_: accepts(filter_.address), 30, "the socket to accept")
            filter_.stop()


@case
def messages_under_way_are_answered_before_the_stop(binary):
    """A question on its way when SIGTERM comes: the client gets its answer, not a closed connection."""
    with DnsServer(ZONE) as server:
        server.fault("slow.example", "delay", seconds=1.5)
        server.add("slow.example", "TXT", "v=spf1 ip4:192.0.2.1 -all")
        with Filter(binary, {"Nameserver": server.address}) as filter_, MilterClient(filter_.address) as client:
            client.connect(ip=BAD_IP)
            client.helo()
            client.ask(b"M", "mail", b"<a@slow.example>\0")
            wait_until(lambda: server.count("slow.example"), 30, "the question")
            filter_.signal(signal.SIGTERM)
            reply = client.answer()
            check(reply.text.startswith("550 5.7.23"), f"answered {reply}")
            client.close()
            equal(filter_.process.wait(30), 0, "exit status")


@case
def new_connections_are_not_taken_while_stopping(binary):
    with classic(binary) as filter_:
        filter_.signal(signal.SIGTERM)
        wait_until(lambda: not accepts(filter_.address), 30, "the socket to close")


@rows([("full", "/dev/full"), ("removed", None), ("stdout", "/dev/stdout"), ("stderr", "/dev/stderr")])
def log_that_cannot_be_written(binary, target):
    """Log lines are lost, mail is not."""
    if target in ("/dev/stdout", "/dev/stderr") and os.geteuid() == 0:
        raise Skip("another user's descriptor file cannot be opened again")
    with prepared(binary) as filter_:
        os.mkdir(filter_.path("logs"))
        os.chmod(filter_.path("logs"), 0o777)
        filter_.reconfigure({"LogTo": target or filter_.path("logs/log"), "LogLevel": "debug"})
        filter_.start()
        if target is None:
            one(filter_)
            os.rename(filter_.path("logs"), filter_.path("elsewhere"))
            filter_.signal(signal.SIGUSR1)
        with Mta(filter_.address) as mta:
            for _ in range(200):
                equal(spf_result(delivered(mta.send()))[0], "pass", "result")
            mta.quit()
        filter_.stop()


@case
def syslog_that_is_not_there(binary):
    """The facility is set, nobody may listen at /dev/log: mail goes on."""
    with classic(binary, {"Syslog": "mail", "LogTo": "/dev/null"}) as filter_:
        equal(spf_result(delivered(one(filter_, ip=GOOD_IP)))[0], "pass", "result")


@case
def few_descriptors(binary):
    """Started with a small soft limit, the filter raises it to the hard one and serves a crowd."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2048:
        raise Skip(f"the hard limit is {hard}")
    with prepared(binary) as filter_:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
        try:
            filter_.start()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        clients = [MilterClient(filter_.address) for _ in range(150)]
        begun = time.monotonic()
        equal(spf_result(delivered(one(filter_)))[0], "pass", f"result after {time.monotonic() - begun:.1f} s")
        for client in clients:
            client.close()
        filter_.stop()


@case
def no_descriptors(binary):
    """When none is left the log says so, once; what is connected is served, and what waits, when others have gone."""
    with prepared(binary) as filter_:
        filter_.write("limited", f'#!/bin/sh\nulimit -n 32 && exec {filter_.binary} "$@"\n')
        os.chmod(filter_.path("limited"), 0o755)
        filter_.binary = filter_.path("limited")
        filter_.start()
        known = Mta(filter_.address, ip=GOOD_IP)
        clients = [socket.socket(socket.AF_UNIX) for _ in range(40)]
        for client in clients:
            client.connect(filter_.path("sock"))
        contains(filter_.wait_log("no file descriptor is left"), "LimitNOFILE", "log line")
        equal(spf_result(delivered(known.send("<alice@example.org>")))[0], "pass", "result of one that was there before")
        for client in clients:
            client.close()
        equal(spf_result(delivered(one(filter_)))[0], "pass", "result afterwards")
        time.sleep(1)
        equal(filter_.log().count("no file descriptor is left"), 1, "warnings")
        known.quit()
        filter_.stop()


@case
def no_child_is_left_behind(binary):
    with prepared(binary).background() as filter_:
        equal(filter_.parent(), 0, f"start: {filter_.stderr()}")
        pid = filter_.background_pid()
        stop_background(filter_, pid)
        check(not is_running(pid), "still running")
