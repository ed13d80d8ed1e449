# SPDX-License-Identifier: GPL-2.0-or-later
"""The program under test in the private machine: its configuration, its start, its end, its log."""

import os
import signal
import subprocess

import machine
from waiting import Program, listens, wait_for

DIRECTORY = "/run/smf-spf"
CONFIG = DIRECTORY + "/smf-spf.conf"
LOG = DIRECTORY + "/log"
UNIX_SOCKET = DIRECTORY + "/smf-spf.sock"
INET_SOCKET = ("127.0.0.1", 10010)

# What every group of cases begins with; a group's own lines replace those of the same key.
DEFAULTS = {"User": "smfs", "LogTo": LOG, "Syslog": "none", "AddReceivedHeader": "on"}


def socket_setting(address):
    return "unix:" + address if isinstance(address, str) else f"inet:{address[1]}@{address[0]}"


class Filter:
    def __init__(self):
        os.makedirs(DIRECTORY, exist_ok=True)
        machine.run("chown", "smfs:smfs", DIRECTORY)
        os.chmod(DIRECTORY, 0o755)
        self.program = None
        self.address = None
        self.kept = ()  # descriptors for `PolicySocket fd:N`

    def configure(self, address, settings):
        """settings: pairs of key and value; a key may stand there several times."""
        keys = {key for key, _ in settings}
        lines = [("Socket", socket_setting(address))]
        lines += [(key, value) for key, value in DEFAULTS.items() if key not in keys]
        machine.write(CONFIG, "".join(f"{key} {value}\n" for key, value in [*lines, *settings]))
        self.address = address

    @staticmethod
    def knows(key):
        """Whether this version of the program has the key."""
        machine.write(CONFIG + ".key", key + "\n")
        done = subprocess.run([machine.BINARY, "-n", "-c", CONFIG + ".key"], capture_output=True, text=True, check=False)
        return f"{key}: there is no such key" not in done.stderr

    def start(self, as_account=False):
        """as_account: without root's rights, as a service manager does it."""
        command = [machine.BINARY, "-f", "-c", CONFIG]
        if as_account:
            command = ["setpriv", "--reuid", "smfs", "--regid", "smfs", "--init-groups", *command]
        self.program = Program(command, machine.LOGS + "/smf-spf.stderr", self.kept)
        try:
            self.program.wait_until_listening(self.address)
        except AssertionError:
            self.program = None
            raise

    def stop(self):
        """Ends the filter in good order: anything but exit 0, as after a sanitizer's report, is a failure."""
        if self.program is None:
            return
        program, self.program = self.program, None
        status = program.stop()
        output = program.read_output()
        is_clean = status == 0 and "Sanitizer" not in output and "runtime error:" not in output
        assert is_clean, f"the filter ended with {status}: {output}"

    def accepts(self):
        return listens(self.address)

    def is_running(self):
        return self.program is not None and self.program.process.poll() is None

    def check_is_running(self):
        assert self.is_running(), f"the filter ended by itself: {self.program.read_output() if self.program else ''}"

    def reload(self):
        self.program.process.send_signal(signal.SIGUSR1)

    def kill(self):
        """Ends the filter as a crash would: its unix socket stays behind."""
        self.program.stop(signal.SIGKILL)
        self.program = None

    def log(self):
        if not os.path.exists(LOG):
            return ""
        with open(LOG, encoding="utf-8", errors="replace") as text:
            return text.read()

    def wait_for_log(self, text, start=0):
        """Waits for a text in the log behind the offset."""
        try:
            wait_for(f"the log line {text!r}", lambda: text in self.log()[start:])
        except AssertionError as failure:
            raise AssertionError(f"{failure}; the log says {self.log()[start:]!r}") from None
