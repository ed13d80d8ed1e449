# SPDX-License-Identifier: GPL-2.0-or-later
"""Started by root: what the filter's account has put into its directory never has root change, make or follow anything
elsewhere, and nothing that is put there holds the start up."""

import contextlib
import ctypes
import grp
import os
import pwd
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile

from filter import UNPRIVILEGED, group_of
from process_common import need_root, prepared, run, stop_background
from wire_common import Skip, case, check, classic, contains, delivered, equal, one, rows, spf_result

START_LIMIT_S = 30
WAITS_AT_A_FIFO_S = 3
OTHER_USER = "daemon"
IN_ATTRIB, IN_CREATE = 0x4, 0x100
ACL_USER, ACL_GROUP, ACL_OTHER = 0x1, 0x4, 0x20  # acl(5), as the kernel has them


@contextlib.contextmanager
def directory_of(user, mode=0o755):
    """A directory of this user's below /tmp, which root owns."""
    path = tempfile.mkdtemp(prefix="smf-spf-other.", dir="/tmp")
    try:
        shutil.chown(path, user, group_of(user))
        os.chmod(path, mode)
        yield path
    finally:
        shutil.rmtree(path)


@contextlib.contextmanager
def attacked(binary):
    """A filter that root will start in a directory of its account's, and a directory of root's with a file in it."""
    need_root()
    with directory_of("root") as victim, prepared(binary, as_root=True) as filter_:
        path = os.path.join(victim, "precious")
        with open(path, "w", encoding="ascii") as file:
            file.write("precious\n")
        os.chmod(path, 0o600)
        before = os.lstat(path)
        yield filter_, path
        equal(os.listdir(victim), ["precious"], "what is in the directory of root's")
        with open(path, encoding="ascii") as file:
            equal(file.read(), "precious\n", "what is in the file of root's")
        after = os.lstat(path)
        for key in ("st_uid", "st_gid", "st_mode"):
            equal(getattr(after, key), getattr(before, key), f"{key} of the file of root's")


def start_fails(filter_, config, *reasons):
    """So does -n, for the same reason."""
    filter_.reconfigure(config)
    checked = run(filter_.binary, "-n", "-c", filter_.config_path)
    status = filter_.launch().wait(START_LIMIT_S)
    check(status > 0, f"exit status {status}")
    equal(checked.returncode, status, f"exit status of -n: {checked.stderr}")
    for reason in reasons:
        contains(checked.stderr, reason, "reason of -n")
    for reason in reasons:
        contains(filter_.stderr(), reason, "reason")
    check(not os.path.lexists(filter_.path("sock")), "a socket is left behind")


def plant(filter_, kind, name, victim):
    """Puts something in the place of a file; returns the path to configure."""
    path = filter_.path(name)
    if kind == "link":
        os.symlink(victim, path)
    elif kind == "hard-link":
        os.link(victim, path)
    elif kind == "fifo":
        os.mkfifo(path, 0o666)
        shutil.chown(path, UNPRIVILEGED)
    elif kind == "directory":
        os.mkdir(path)
    elif kind == "linked-directory":
        os.symlink(os.path.dirname(victim), path)
        return os.path.join(path, "made")
    elif kind == "loop":
        os.symlink(name, path)
        return os.path.join(path, "made")
    elif kind == "directory-of-root":
        os.mkdir(path)
        return os.path.join(path, "made")
    return path


@rows([("link", "link", "symbolic link"), ("hard-link", "hard-link", "Permission denied"),
       ("fifo", "fifo", "regular file"), ("directory", "directory", "directory"), ("linked-directory", "linked-directory", "may not write"),
       ("directory-of-root", "directory-of-root", "may not write"), ("loop", "loop", "symbolic links")])
def pid_file_that_is_a_trap(binary, kind, reason):
    with attacked(binary) as (filter_, victim):
        path = plant(filter_, kind, "trap", victim)
        start_fails(filter_, {"PidFile": path}, "PidFile: ", path, reason)
        check(os.path.lexists(filter_.path("trap")), "what is not ours was removed")


@rows([("link", "link", "symbolic link"), ("hard-link", "hard-link", "hard link"), ("fifo", "fifo", "regular file")])
def pid_file_of_root_s_that_is_a_trap(binary, kind, reason):
    """Where root itself opens the file, in a directory in which others may write, for instance."""
    with attacked(binary) as (filter_, victim), directory_of("root", 0o775) as place:
        path = plant(filter_, kind, os.path.join(place, "trap"), victim)
        start_fails(filter_, {"PidFile": path}, "PidFile: ", path, reason)
        check(os.path.lexists(path), "what is not ours was removed")


@case
def pid_file_that_is_a_fifo_with_a_reader(binary):
    with attacked(binary) as (filter_, victim):
        path = plant(filter_, "fifo", "trap", victim)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            start_fails(filter_, {"PidFile": path}, "PidFile: ", path, "regular file")
            equal(os.read(reader, 100), b"", "written to the FIFO")
        finally:
            os.close(reader)


@rows([("link", "link"), ("hard-link", "hard-link"), ("fifo", "fifo"), ("linked-directory", "linked-directory"),
       ("directory-of-root", "directory-of-root")])
def log_that_is_a_trap(binary, kind):
    with attacked(binary) as (filter_, victim):
        path = plant(filter_, kind, "trap", victim)
        start_fails(filter_, {"LogTo": path}, "LogTo: ", path)


@rows([("link", "link", "is no socket"), ("hard-link", "hard-link", "is no socket"), ("fifo", "fifo", "is no socket"),
       ("linked-directory", "linked-directory", "may not write"),
       ("directory-of-root", "directory-of-root", "may not write")])
def socket_that_is_a_trap(binary, kind, reason):
    with attacked(binary) as (filter_, victim):
        path = plant(filter_, kind, "trap", victim)
        start_fails(filter_, {"Socket": "unix:" + path}, "Socket: ", path, reason)


@case
def log_that_an_earlier_version_made_as_root(binary):
    """2.5 opened it before it gave up root's rights: the file goes on, and is the account's."""
    need_root()
    with directory_of("root") as place, prepared(binary, as_root=True) as filter_:
        filter_.log_path = os.path.join(place, "log")
        with open(filter_.log_path, "w", encoding="ascii") as file:
            file.write("an old line\n")
        os.chmod(filter_.log_path, 0o644)
        os.chown(filter_.log_path, 0, grp.getgrnam("mail").gr_gid)
        filter_.reconfigure({})
        filter_.start()
        found = os.lstat(filter_.log_path)
        equal((found.st_uid, found.st_gid), (pwd.getpwnam(UNPRIVILEGED).pw_uid, grp.getgrnam("mail").gr_gid), "owner")
        contains(filter_.log(), "an old line\n", "log")
        filter_.wait_log("listens on")
        filter_.signal(signal.SIGUSR1)
        filter_.wait_log("configuration reloaded")
        filter_.stop()


@rows([("link", "link"), ("hard-link", "hard-link"), ("fifo", "fifo")])
def log_in_a_directory_of_root_s_that_is_a_trap(binary, kind):
    with attacked(binary) as (filter_, victim), directory_of("root", 0o775) as place:
        path = plant(filter_, kind, os.path.join(place, "trap"), victim)
        start_fails(filter_, {"LogTo": path}, "LogTo: ", path)


@case
def log_of_another_owner_stays_his(binary):
    need_root()
    with directory_of("root") as place, prepared(binary, as_root=True) as filter_:
        path = os.path.join(place, "log")
        os.close(os.open(path, os.O_CREAT, 0o600))
        shutil.chown(path, OTHER_USER)
        start_fails(filter_, {"LogTo": path}, "LogTo: ", path, UNPRIVILEGED)
        equal(os.lstat(path).st_uid, pwd.getpwnam(OTHER_USER).pw_uid, "owner")


class Watch:
    """What happens to the names in a directory, as the kernel tells it (inotify(7))."""

    def __init__(self, directory, events):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.fd = self.libc.inotify_init1(os.O_NONBLOCK)
        check(self.libc.inotify_add_watch(self.fd, directory.encode(), events) >= 0, "the directory cannot be watched")

    def events(self):
        """(event, name) of each."""
        found = []
        data = os.read(self.fd, 65536)
        while data:
            _, event, _, length = struct.unpack_from("iIII", data)
            found.append((event, data[16:16 + length].rstrip(b"\0").decode()))
            data = data[16 + length:]
        return found

    def close(self):
        os.close(self.fd)


@rows([("own-group", {}), ("another-group", {"SocketGroup": "mail", "SocketMode": "0666"})])
def socket_is_made_as_it_is_to_be(binary, config):
    """By the name, which may lead to another file a moment later, nothing is changed."""
    need_root()
    with prepared(binary, as_root=True) as filter_:
        watch = Watch(filter_.dir, IN_ATTRIB | IN_CREATE)
        filter_.reconfigure({**config, "Metrics": "unix:" + filter_.path("metrics")})
        filter_.start()
        events = watch.events()
        watch.close()
        for socket_name in ("sock", "metrics", "control"):
            equal([event for event, name in events if name == socket_name], [IN_CREATE],
                  f"what happened to the socket {socket_name}")
        for socket_name, mode in (("metrics", int(config.get("SocketMode", "0660"), 8)), ("control", 0o600)):
            equal(stat.S_IMODE(os.lstat(filter_.path(socket_name)).st_mode), mode, f"mode of the socket {socket_name}")
        found = os.lstat(filter_.path("sock"))
        equal(found.st_uid, pwd.getpwnam(UNPRIVILEGED).pw_uid, "owner")
        equal(found.st_gid, grp.getgrnam(config["SocketGroup"]).gr_gid if config else group_of(UNPRIVILEGED), "group")
        equal(stat.S_IMODE(found.st_mode), int(config.get("SocketMode", "0660"), 8), "mode")
        filter_.stop()


@rows([("account", UNPRIVILEGED), ("root", "root")])
def socket_in_a_directory_with_an_access_control_list(binary, owner):
    """There the list takes permissions from a new file: the socket has those of SocketMode all the same."""
    need_root()
    nothing_for_others = struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", tag, bits, 0xFFFFFFFF) for tag, bits in ((ACL_USER, 7), (ACL_GROUP, 0), (ACL_OTHER, 0)))
    with directory_of(owner) as place, prepared(binary, as_root=True) as filter_:
        try:
            os.setxattr(place, "system.posix_acl_default", nothing_for_others)
        except OSError as error:
            raise Skip(f"no access control lists here: {error}") from error
        filter_.address = f"unix:{place}/sock"
        filter_.reconfigure({"SocketMode": "0666"})
        filter_.start()
        equal(stat.S_IMODE(os.lstat(f"{place}/sock").st_mode), 0o666, "mode of the socket")
        filter_.stop()


@case
def socket_in_a_directory_that_hands_its_group_on(binary):
    """Such a directory lets an account give its socket to a group that it is not in."""
    need_root()
    with directory_of(UNPRIVILEGED) as place:
        shutil.chown(place, UNPRIVILEGED, "mail")
        os.chmod(place, 0o2750)
        for as_root in (True, False):
            with prepared(binary, as_root=as_root) as filter_:
                filter_.address = f"unix:{place}/sock"
                filter_.reconfigure({"SocketGroup": "mail"})
                filter_.start()
                equal(os.stat(f"{place}/sock").st_gid, grp.getgrnam("mail").gr_gid, "group of the socket")
                filter_.stop()


@rows([("root", "root"), ("third", OTHER_USER)])
def files_in_a_directory_of_another_owner(binary, owner):
    """Where the account may not write, the directory's owner makes the files, and they are the account's, but for the
    PidFile in a directory of root's: root itself may go by it."""
    need_root()
    account = pwd.getpwnam(UNPRIVILEGED)
    with directory_of(owner) as place, prepared(binary, as_root=True) as filter_:
        filter_.address, filter_.log_path = f"unix:{place}/sock", f"{place}/log"
        filter_.reconfigure({"PidFile": f"{place}/pid", "SocketGroup": "mail"})
        filter_.start()
        equal(spf_result(delivered(one(filter_)))[0], "pass", "result")
        found = os.lstat(f"{place}/sock")
        equal((found.st_uid, found.st_gid), (account.pw_uid, grp.getgrnam("mail").gr_gid), "owner of the socket")
        equal(stat.S_IMODE(found.st_mode), 0o660, "mode of the socket")
        equal(os.lstat(f"{place}/log").st_uid, account.pw_uid, "owner of the log")
        equal(os.lstat(f"{place}/pid").st_uid, pwd.getpwnam(owner).pw_uid, "owner of the PidFile")
        with open(f"{place}/pid", encoding="ascii") as file:
            equal(file.read(), f"{filter_.process.pid}\n", "PidFile")
        filter_.stop()
        equal(os.path.getsize(f"{place}/pid"), 0, "octets of the PidFile that could not be removed")


@case
def pid_file_of_root_s_that_the_account_owned(binary):
    """What an earlier start left to the account becomes root's again."""
    need_root()
    with directory_of("root") as place, prepared(binary, as_root=True) as filter_:
        path = f"{place}/pid"
        with open(path, "w", encoding="ascii") as file:
            file.write("1\n")
        shutil.chown(path, UNPRIVILEGED)
        os.chmod(path, 0o666)
        filter_.reconfigure({"PidFile": path})
        filter_.start()
        found = os.lstat(path)
        equal((found.st_uid, stat.S_IMODE(found.st_mode)), (0, 0o644), "owner and mode of the PidFile")
        filter_.stop()


@case
def a_start_that_fails_takes_away_its_own_socket_only(binary):
    """Should the start wait for the PidFile, a FIFO, the account has time to put a link in the place of its directory."""
    with attacked(binary) as (filter_, victim):
        os.mkdir(filter_.path("sub"))
        shutil.chown(filter_.path("sub"), UNPRIVILEGED)
        trap = plant(filter_, "fifo", "trap", victim)
        filter_.reconfigure({"Socket": "unix:" + filter_.path("sub/precious"), "PidFile": trap})
        process, reader = filter_.launch(), -1
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(WAITS_AT_A_FIFO_S)
        if process.poll() is None:
            os.rename(filter_.path("sub"), filter_.path("away"))
            os.symlink(os.path.dirname(victim), filter_.path("sub"))
            reader = os.open(trap, os.O_RDONLY | os.O_NONBLOCK)
        check(process.wait(START_LIMIT_S) > 0, "started")
        if reader >= 0:
            os.close(reader)


@case
def background_with_everything_in_the_account_s_directory(binary):
    """The usual place, /var/run/smfs, belongs to the account: all works there, and all is the account's."""
    need_root()
    with prepared(binary, as_root=True).background() as filter_:
        equal(filter_.parent(), 0, f"start: {filter_.stderr()}")
        for name in ("sock", "pid", "log"):
            equal(os.lstat(filter_.path(name)).st_uid, pwd.getpwnam(UNPRIVILEGED).pw_uid, f"owner of {name}")
        stop_background(filter_, filter_.background_pid())


@case
def manager_whose_socket_is_for_root_alone_hears_of_the_start(binary):
    """As start-stop-daemon --notify-await makes it: the filter says that it is ready after it has become User."""
    if os.geteuid() != 0:
        raise Skip("only root can make such a socket")
    with tempfile.TemporaryDirectory(prefix="smf-spf-manager.") as directory, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(directory + "/notify")
        manager.settimeout(30)
        with classic(binary, as_root=True, environment={"NOTIFY_SOCKET": directory + "/notify"}):
            equal(manager.recv(100), b"READY=1", "what the manager hears")
