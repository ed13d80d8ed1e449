# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts and stops the filter under test in a directory of its own, and watches its exit and its sanitizers."""

import contextlib
import functools
import glob
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

import milter_wire
from milter_wire import open_stream

UNPRIVILEGED = "nobody"
TSAN_SUPPRESSIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tsan.supp")
START_LIMIT_S = 60
STOP_LIMIT_S = 60


class FilterFailed(AssertionError):
    """The filter did not start, did not stop, or a sanitizer complained."""


@functools.lru_cache(maxsize=None)
def sanitizer(binary):
    """`address`, `thread`, `gcov` where lines are counted, or an empty string for a plain build."""
    with open(binary, "rb") as file:
        content = file.read()
    if b"__asan_init" in content:
        return "address"
    if b"__tsan_init" in content:
        return "thread"
    return "gcov" if b"libgcov" in content else ""


@functools.lru_cache(maxsize=None)
def runs_unprivileged(binary):
    """True where the unprivileged user may execute the binary: then the leak checker works, too."""
    if os.geteuid() != 0:
        return False
    try:
        return subprocess.run([binary, "-V"], user=UNPRIVILEGED, group=group_of(UNPRIVILEGED), extra_groups=[],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False).returncode == 0
    except OSError:
        return False


def group_of(user):
    return pwd.getpwnam(user).pw_gid


def free_port(host="127.0.0.1"):
    """A TCP port that nobody listens on at this moment."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as sock:
        sock.bind((host, 0))
        return sock.getsockname()[1]


def have_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
        return True
    except OSError:
        return False


def wait_until(condition, limit_s, what):
    """Poll until condition() is true and return its value."""
    deadline = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise FilterFailed(f"after {limit_s} s still waiting: {what}")
        time.sleep(0.02)


class Filter:
    """One running filter. Usable as `with Filter(binary, config) as f:`; leaving the block stops it and checks its end.

    config: a dict (a list value writes the key several times) or text. Socket, LogTo, Daemonize, Syslog and User are
    filled in unless given. zone: text of a zone file. watched_by, of the class: a command that executes each filter. as_root: keep the rights of the test (root), so that the
    filter drops them itself."""

    watched_by = ()

    def __init__(self, binary, config=None, *, zone=None, transport="unix", arguments=("-f",), as_root=False,
                 environment=None):
        self.binary = os.path.abspath(binary)
        self.transport, self.arguments = transport, list(arguments)
        self.root = as_root or not runs_unprivileged(self.binary)
        self.environment = environment or {}
        self.dir = tempfile.mkdtemp(prefix="smf-spf-test.")
        os.chmod(self.dir, 0o755)
        if os.geteuid() == 0:
            shutil.chown(self.dir, UNPRIVILEGED, group_of(UNPRIVILEGED))
        self.process = None
        self.pass_fds = ()  # of this process, for `Socket fd:N`
        self.libspf2_may_fail = False  # as it has no memory; that it comes to another result is wrong even then
        self.launcher = list(self.watched_by)  # a command that executes the filter, whose words follow
        self.stderr_path = self.path("stderr")
        self.log_path = self.path("log")
        self.config_path = self.path("smf-spf.conf")
        if zone is not None:
            self.write("zone", zone)
        self.address = self._choose_address()
        self.configure(config or {}, zone is not None)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        return self.path(name)

    def write_secret(self, text):
        """A file that the filter's account alone may read."""
        path = self.write("secret", text + "\n")
        os.chmod(path, 0o600)
        if os.geteuid() == 0:
            shutil.chown(path, UNPRIVILEGED, group_of(UNPRIVILEGED))
        return path

    def reachable(self, path):
        """A copy of a file of the tests, which may lie where the filter's account cannot read it, as below /root."""
        return shutil.copy(path, self.dir)

    def _choose_address(self):
        if self.transport == "unix":
            return "unix:" + self.path("sock")
        host = "::1" if self.transport == "inet6" else "127.0.0.1"
        return f"{self.transport}:{free_port(host)}@{host}"

    def configure(self, config, zone=False):
        """Write the configuration file; a running filter takes it at the next reload."""
        if isinstance(config, str):
            self.write("smf-spf.conf", config)
            return
        keys = {"Socket": self.address, "Daemonize": "off", "Syslog": "none", "LogTo": self.log_path,
                "ControlSocket": "unix:" + self.path("control")}
        if os.geteuid() == 0 and self.root:
            keys["User"] = UNPRIVILEGED
        if zone or (zone is None and os.path.exists(self.path("zone"))):
            keys["ZoneFile"] = self.path("zone")
        keys.update(config)
        self.write("smf-spf.conf", config_text(keys))

    def reconfigure(self, config):
        """A new file with the same socket, log and zone."""
        self.configure(config, None)

    def sanitized_environment(self):
        environment = dict(os.environ)
        leaks = 0 if self.root and os.geteuid() == 0 else 1  # no ptrace of oneself after a change of user
        report = self.path("sanitizer")
        options = {"ASAN_OPTIONS": f"detect_leaks={leaks}:exitcode=99:log_path={report}",
                   "UBSAN_OPTIONS": f"print_stacktrace=1:halt_on_error=1:exitcode=99:log_path={report}",
                   "TSAN_OPTIONS": f"suppressions={self.reachable(TSAN_SUPPRESSIONS)}:exitcode=99:atexit_sleep_ms=0:log_path={report}"}
        for name, value in options.items():
            given = environment.get(name)
            environment[name] = f"{given}:{value}" if given else value
        environment.update(self.environment)
        return environment

    def identity(self):
        """How subprocess starts the program as its user."""
        if self.root:
            return {}
        return {"user": UNPRIVILEGED, "group": group_of(UNPRIVILEGED), "extra_groups": []}

    def launch(self):
        """Start without waiting."""
        with open(self.stderr_path, "ab") as stderr:
            self.process = subprocess.Popen([*self.launcher, self.binary, *self.arguments, "-c", self.config_path], cwd="/",
                                            stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr,
                                            env=self.sanitized_environment(), pass_fds=self.pass_fds, **self.identity())
        return self.process

    def start(self):
        """Start and wait until the filter speaks: its socket accepts before it has read everything."""
        self.launch()
        wait_until(self._serves, START_LIMIT_S, "the filter to speak")
        return self

    def _serves(self):
        if self.process.poll() is not None:
            raise FilterFailed(f"ended with {self.process.returncode} at the start: {self.stderr()}")
        return serves(self.address)

    def stop(self, how=signal.SIGTERM, expect=0):
        """Stop, check the exit status and the sanitizers; returns the seconds that the stop took."""
        begun = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            status = self.process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise FilterFailed(f"still running {STOP_LIMIT_S} s after signal {how}") from error
        took_s = time.monotonic() - begun
        self.check_sanitizers()
        self.check_interpretations()
        if expect is not None and status != expect:
            raise FilterFailed(f"exit status {status}, expected {expect}: {self.stderr()}")
        return took_s

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def signal(self, number):
        self.process.send_signal(number)

    def check_sanitizers(self):
        for name in glob.glob(self.path("sanitizer*")):
            with open(name, encoding="utf-8", errors="replace") as file:
                report = file.read().strip()
            if report:
                raise FilterFailed(f"sanitizer: {report[:6000]}")

    def check_interpretations(self):
        """libspf2 and the filter's own walk agree, whatever was evaluated (spf-disagreements)."""
        for line in self.log().splitlines():
            if "SPF evaluation of" in line and "libspf2" in line and not (
                    self.libspf2_may_fail and "libspf2 failed" in line):
                raise FilterFailed(f"a disagreement: {line}")

    def stderr(self):
        return read(self.stderr_path)

    def log(self):
        return read(self.log_path)

    def wait_log(self, text, limit_s=30):
        """Wait until the log holds `text`; returns the first line with it."""
        wait_until(lambda: text in self.log(), limit_s, f"{text!r} in the log:\n{self.log()}")
        return next(line for line in self.log().splitlines() if text in line)

    def status(self, key):
        """A line of /proc/PID/status, without its name."""
        return process_status(self.process.pid, key)

    def rss_kb(self):
        return int(self.status("VmRSS").split()[0])

    def remove(self):
        self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.stop()
            else:
                self.stop_after_failure()
        finally:
            self.remove()

    def stop_after_failure(self):
        """A test has failed already: what the sanitizers say is added to its story, nothing else."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        self.check_sanitizers()


def config_text(keys):
    lines = []
    for key, value in keys.items():
        for single in value if isinstance(value, (list, tuple)) else [value]:
            lines.append(f"{key} {single}\n")
    return "".join(lines)


def accepts(address):
    try:
        open_stream(address, 5).close()
        return True
    except OSError:
        return False


def serves(address):
    """True where an offer is answered."""
    try:
        with contextlib.closing(milter_wire.Wire(address, 5)) as stream:
            offer = struct.pack("!III", 6, milter_wire.ALL_ACTIONS, milter_wire.ALL_STEPS)
            stream.send_raw(milter_wire.frame(milter_wire.OPTNEG, offer))
            return stream.receive()[0] == milter_wire.OPTNEG
    except (OSError, milter_wire.Closed):
        return False


def process_status(pid, key):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        for line in file:
            name, _, value = line.partition(":")
            if name == key:
                return value.strip()
    raise KeyError(key)


def read(path):
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except FileNotFoundError:
        return ""
