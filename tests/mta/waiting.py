# SPDX-License-Identifier: GPL-2.0-or-later
"""Waiting for something to become true, by asking again; and programs that are started, waited for and stopped."""

import os
import signal
import socket
import subprocess
import time

# How long anything may take before it counts as broken. Generous: a build with sanitizers on a busy machine is slow.
PATIENCE_S = 60
PAUSE_S = 0.02


def wait_for(what, condition, patience_s=PATIENCE_S):
    """Returns the first true value of condition(); AssertionError names what was waited for in vain."""
    deadline = time.monotonic() + patience_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience_s} s in vain for {what}")
        time.sleep(PAUSE_S)


def listens(address):
    """Whether somebody accepts connections at a unix socket's path or at a (host, port) pair."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(address)
        except OSError:
            return False
    return True


class Program:
    """A program in the foreground in its own process group, its output in a file. kept: descriptors that it gets."""

    def __init__(self, command, output, kept=()):
        self.name = os.path.basename(command[0])
        self.output = output
        with open(output, "ab") as out:
            self.output_start = out.tell()
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, pass_fds=kept
            )

    def wait_until_listening(self, address):
        def ready():
            if self.process.poll() is not None:
                status = self.process.returncode
                raise AssertionError(f"{self.name} ended with {status} at its start: {self.read_output()}")
            return listens(address)

        wait_for(f"{self.name} to listen at {address}", ready)

    def signal_group(self, number):
        os.killpg(self.process.pid, number)

    def stop(self, number=signal.SIGTERM):
        """Ends the program and returns its exit status, negative for a signal."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} did not end within {PATIENCE_S} s of signal {int(number)}") from None

    def read_output(self):
        """What this program wrote so far; others may have written to the file before it."""
        with open(self.output, "rb") as output:
            output.seek(self.output_start)
            return output.read().decode("utf-8", "replace")
