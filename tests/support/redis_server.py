# SPDX-License-Identifier: GPL-2.0-or-later
"""A real redis-server of a test's, in a directory of its own; it stores nothing in files."""

import os
import shutil
import socket
import subprocess
import tempfile
import time

START_S = 30


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class RedisServer:
    """Runs in a with statement, and can be killed and started again; `options` are words of its command line. On a unix
    socket (`path`), and where `port` is set on 127.0.0.1 too."""

    def __init__(self, *options, tcp=False):
        self.directory = tempfile.mkdtemp(prefix="smf-spf-redis.", dir="/tmp")
        os.chmod(self.directory, 0o755)  # noqa: S103 - the filter's user asks it
        self.path = os.path.join(self.directory, "redis.sock")
        self.port = free_port() if tcp else 0
        self.options = options
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        self.kill()
        shutil.rmtree(self.directory)

    def start(self):
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--unixsocket", self.path,
                   "--unixsocketperm", "777", "--save", "", "--dir", self.directory, "--logfile", "redis.log", *self.options]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        limit = time.monotonic() + START_S
        while self.command("PING") is None:
            if self.process.poll() is not None or time.monotonic() > limit:
                raise AssertionError("redis-server does not start: is it installed (tests/packages test)?")
            time.sleep(0.02)

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def signal(self, number):
        self.process.send_signal(number)

    def command(self, text):
        """The first 4 KiB of what it answers; None if nobody does."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(5)
                connection.connect(self.path)
                connection.sendall(text.encode() + b"\r\n")
                return connection.recv(4096).decode()
        except OSError:
            return None
