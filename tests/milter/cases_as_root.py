# SPDX-License-Identifier: GPL-2.0-or-later
"""What root does besides a start that succeeds, with an attacker in the filter's account: its commands, and the end of a
start that fails. The attacker exchanges names, and answers in the filter's place."""

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import threading

from cases_privileges import attacked, directory_of
from filter import UNPRIVILEGED, accepts, group_of, sanitizer, wait_until
from process_common import need_root, prepared, run
from wire_common import Skip, case, check, classic, contains, equal, lacks, rows

LIMIT_S = 60
EX_UNAVAILABLE, EX_NOPERM = 69, 77
HELD_MS = 3000  # how long a call of the start is held up, so that there is time to exchange names
VERBS = [("reload", "reload"), ("reopen", "reopen"), ("stats", "stats")]


class Listener:
    """Takes connections at a unix socket, and answers each with `answer` once it has asked."""

    def __init__(self, path, answer=b"", user="root", endless=False):
        self.heard, self.answer, self.endless = [], answer, endless
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        shutil.chown(path, user)
        os.chmod(path, 0o600)
        self.socket.listen()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                with connection:
                    connection.settimeout(LIMIT_S)
                    self.heard.append(connection.recv(4096))
                    connection.sendall(self.answer)
                    while self.endless:
                        connection.sendall(b"x" * 65536)

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(LIMIT_S)


@rows(VERBS)
def command_of_root_s_follows_no_link_of_the_account_s(binary, verb):
    """The account makes the path of its socket lead to one of root's: nothing is said there."""
    need_root()
    with directory_of("root") as place, prepared(binary, as_root=True) as filter_:
        os.chmod(place, 0o700)
        victim = Listener(place + "/sock", b"done\n")
        os.symlink(place + "/sock", filter_.path("control"))
        done = run(binary, verb, "-c", filter_.config_path)
        victim.close()
        equal(victim.heard, [], "what was said to a socket of root's")
        equal(done.returncode, EX_NOPERM, f"exit status: {done.stderr}")


@rows(VERBS)
def command_of_root_s_follows_no_directory_of_the_account_s(binary, verb):
    need_root()
    with directory_of("root") as place, prepared(binary, as_root=True) as filter_:
        os.chmod(place, 0o700)
        victim = Listener(place + "/control", b"done\n")
        os.symlink(place, filter_.path("run"))
        filter_.reconfigure({"ControlSocket": "unix:" + filter_.path("run/control")})
        done = run(binary, verb, "-c", filter_.config_path)
        victim.close()
        equal(victim.heard, [], "what was said to a socket of root's")
        check(done.returncode > 0, "the command succeeded")


@rows([("root", "root"), ("third", "daemon")])
def command_of_root_s_reaches_a_filter_in_another_s_directory(binary, owner):
    """Where the account may not write, the directory's owner says which socket it is."""
    need_root()
    with directory_of(owner) as place, classic(binary, {"ControlSocket": f"unix:{place}/control"}, as_root=True) as filter_:
        for verb in ("reload", "reopen", "stats"):
            done = run(binary, verb, "-c", filter_.config_path)
            equal(done.returncode, 0, f"{verb}: {done.stderr}")


@rows(VERBS)
def answer_of_the_account_s_cannot_steer_a_terminal(binary, verb):
    need_root()
    for first in (b"done\n", b"failed\n"):
        with prepared(binary, as_root=True) as filter_:
            fake = Listener(filter_.path("control"), first + b"smf_spf_x{a=\"\x1b]0;evil\x07\"} 1\x1b[2J\r\x9b2J\xc2\x9b2J\n", UNPRIVILEGED)
            done = subprocess.run([binary, verb, "-c", filter_.config_path], capture_output=True, timeout=LIMIT_S, check=False)
            fake.close()
            for octet in (b"\x1b", b"\x07", b"\r", b"\x9b"):
                lacks(done.stdout + done.stderr, octet, "output")
            if verb != "stats":
                contains(done.stdout + done.stderr, b"x1b", "output")


@case
def answer_without_an_end_is_cut(binary):
    need_root()
    if sanitizer(binary):
        raise Skip("memory is counted in the plain build")
    with prepared(binary, as_root=True) as filter_:
        fake = Listener(filter_.path("control"), b"done\n", UNPRIVILEGED, endless=True)
        done = subprocess.run(["prlimit", "--as=200000000", binary, "stats", "--prometheus", "-c", filter_.config_path],
                              capture_output=True, timeout=LIMIT_S, check=False)
        fake.close()
        check(done.returncode > 0, "success")
        contains(done.stderr, b"the answer is too long", "reason")


@case
def a_start_that_fails_removes_no_other_control_socket(binary):
    """The start ends at the lock of its PidFile; meanwhile the account exchanges the directory of the control socket."""
    if shutil.which("strace") is None:
        raise Skip("strace is missing")
    with attacked(binary) as (filter_, victim):
        os.mkdir(filter_.path("sub"))
        shutil.chown(filter_.path("sub"), UNPRIVILEGED, group_of(UNPRIVILEGED))
        with open(filter_.path("pid"), "w", encoding="ascii") as held:
            shutil.chown(filter_.path("pid"), UNPRIVILEGED, group_of(UNPRIVILEGED))
            fcntl.flock(held, fcntl.LOCK_EX)
            name = os.path.basename(victim)
            filter_.reconfigure({"ControlSocket": "unix:" + filter_.path("sub/" + name), "PidFile": filter_.path("pid")})
            filter_.launcher = ["strace", "-D", "-f", "-o", "/dev/null", "-e", "trace=flock", "-e",
                                f"inject=flock:delay_enter={HELD_MS * 1000}"]
            process = filter_.launch()
            wait_until(lambda: accepts(filter_.address), LIMIT_S, "the sockets")
            os.rename(filter_.path("sub"), filter_.path("away"))
            os.symlink(os.path.dirname(victim), filter_.path("sub"))
            check(process.wait(LIMIT_S) > 0, "started")
        contains(filter_.stderr(), "belongs to a program that is running", "reason")


@case
def a_control_socket_that_was_exchanged_is_not_given_away(binary):
    """In a directory of root's that others may write to, root makes the socket; before it is given to the account, a name
    of another file is put in its place."""
    if shutil.which("strace") is None:
        raise Skip("strace is missing")
    with attacked(binary) as (filter_, victim), directory_of("root", 0o775) as place:
        filter_.reconfigure({"ControlSocket": f"unix:{place}/control"})
        filter_.launcher = ["strace", "-D", "-f", "-o", "/dev/null", "-e", "trace=listen", "-e",
                            f"inject=listen:delay_enter={HELD_MS * 1000}:when=1"]
        filter_.launch()
        wait_until(lambda: os.path.lexists(f"{place}/control"), LIMIT_S, "the control socket")
        os.unlink(f"{place}/control")
        os.link(victim, f"{place}/control")
        wait_until(lambda: accepts(filter_.address) or filter_.process.poll() is not None, LIMIT_S, "the sockets")
        filter_.wait_log("ControlSocket: ")
        filter_.stop()
        os.unlink(f"{place}/control")


@case
def a_control_socket_that_took_its_place_stays(binary):
    """At a stop a filter removes its own socket, and not that of a successor which has it by now."""
    with tempfile.TemporaryDirectory(prefix="smf-spf-control.") as place, classic(binary) as filter_:
        os.chmod(place, 0o755)
        os.rename(filter_.path("control"), filter_.path("gone"))
        successor = socket.socket(socket.AF_UNIX)
        successor.bind(filter_.path("control"))
        filter_.stop()
        check(os.path.exists(filter_.path("control")), "the successor's socket was removed")
        successor.close()
