# SPDX-License-Identifier: GPL-2.0-or-later
"""What the process cases share: running the program to its end, and a filter in the background."""

import os
import signal
import subprocess

from wire_common import ZONE, Filter, Skip, check, wait_until
from filter import process_status

RUN_LIMIT_S = 60
EX_USAGE, EX_CONFIG = 64, 78


def run(binary, *arguments, **options):
    """The finished program, with returncode, stdout and stderr."""
    return subprocess.run([binary, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", timeout=RUN_LIMIT_S, check=False, cwd="/", **options)


def prepared(binary, config=None, **options):
    """A Filter that is not started; `with Prepared(...)` removes its directory and what still runs in it."""
    return Prepared(binary, config, zone=options.pop("zone", ZONE), **options)


class Prepared(Filter):
    """A filter's directory and configuration; the case starts the program itself."""

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            pid = self.background_pid()
            if pid:
                os.kill(pid, signal.SIGKILL)
            self.kill()
            if kind is None:
                self.check_sanitizers()
        finally:
            self.remove()

    def background_pid(self):
        """The process id in the PidFile `pid` if it still runs and is ours, else None."""
        try:
            with open(self.path("pid"), encoding="ascii") as file:
                pid = int(file.read())
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return pid if self.config_path.encode() in file.read() else None
        except (OSError, ValueError):
            return None

    def parent(self, *arguments):
        """Start without -f and wait for the parent only (its children may hold stderr: it goes to a file)."""
        with open(self.stderr_path, "ab") as stderr:
            done = subprocess.run([self.binary, *arguments, "-c", self.config_path], stdin=subprocess.DEVNULL, cwd="/",
                                  stdout=stderr, stderr=stderr, timeout=RUN_LIMIT_S, check=False,
                                  env=self.sanitized_environment(), **self.identity())
        return done.returncode

    def background(self, **config):
        """A configuration for the background, with a PidFile."""
        self.reconfigure({"Daemonize": "on", "PidFile": self.path("pid"), **config})
        return self


def is_running(pid):
    try:
        return not process_status(pid, "State").startswith("Z")
    except (OSError, KeyError):
        return False


def need_root():
    if os.geteuid() != 0:
        raise Skip("only root can see privileges dropped")


def stop_background(prepared_filter, pid):
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not is_running(pid), 30, "the background process to end")
    check(not os.path.exists(prepared_filter.path("pid")), "the PidFile is still there")
