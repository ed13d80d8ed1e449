# SPDX-License-Identifier: GPL-2.0-or-later
"""A syslog server for the private machine: what comes to /dev/log goes to a file."""

import os
import re
import socket
import threading

SOCKET = "/dev/log"


class SyslogFile:
    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def __enter__(self):
        if os.path.lexists(SOCKET):
            os.unlink(SOCKET)
        self.socket.bind(SOCKET)
        os.chmod(SOCKET, 0o666)
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.socket.close()

    def _serve(self):
        while True:
            try:
                line = self.socket.recv(65536)
            except OSError:
                return
            with open(self.path, "ab") as out:
                out.write(re.sub(rb"^<\d+>", b"", line.rstrip(b"\n\0")) + b"\n")
