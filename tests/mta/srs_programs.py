# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that rewrite addresses, beside the one under test: Debian's PostSRSd, and a second filter; and what asks them."""

import os
import socket

import machine
from srs_addresses import SECRET
from waiting import PATIENCE_S, Program

POSTSRSD = "/usr/sbin/postsrsd"
DIRECTORY = "/etc/srs-test"
SECRET_FILE = DIRECTORY + "/secret"
OTHER_SECRET_FILE, OTHER_SECRET = DIRECTORY + "/other-secret", "another"  # of the second host
# Where PostSRSd 1.x listens if it is not told otherwise; and a second program.
FORWARD, REVERSE = 10001, 10002
OTHER_FORWARD, OTHER_REVERSE = 10021, 10022
SOCKETMAP = 10003

HOP1, HOP2 = "hop1.example", "hop2.example"


def write_secrets(*secrets):
    """As an administrator does it: for nobody but root and the filter. Those of the second host as well."""
    for path, lines in ((SECRET_FILE, secrets or (SECRET,)), (OTHER_SECRET_FILE, (OTHER_SECRET,))):
        machine.write(path, "".join(line + "\n" for line in lines), 0o640)
        machine.run("chgrp", "smfs", path)


class PostSrsd:
    """PostSRSd 1.x on two ports; runs in a with statement, or from start to stop."""

    def __init__(self, domain, forward=FORWARD, reverse=REVERSE, options=(), secret_file=SECRET_FILE):
        self.ports = (forward, reverse)
        self.options = ["-4", "-d", domain, "-s", secret_file, "-f", str(forward), "-r", str(reverse),
                        "-l", "127.0.0.1", *options]
        self.program = None

    def start(self):
        if not os.path.exists(POSTSRSD):
            raise machine.Missing("the package of PostSRSd cannot be had")
        write_secrets()
        self.program = Program([POSTSRSD, *self.options], machine.LOGS + "/postsrsd.stderr")
        for port in self.ports:
            self.program.wait_until_listening(("127.0.0.1", port))
        return self

    def stop(self):
        if self.program:
            self.program.stop()
            self.program = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()


class OtherFilter:
    """The program under test a second time, for another domain, without a milter's socket."""

    def __init__(self, domain, forward=OTHER_FORWARD, reverse=OTHER_REVERSE):
        self.ports = (forward, reverse)
        self.config = f"{DIRECTORY}/{domain}.conf"
        self.settings = (f"Socket off\nSyslog none\nLogTo /run/smf-spf/{domain}.log\nUser smfs\n"
                         f"SRSDomain {domain}\nSRSSecretFile {OTHER_SECRET_FILE}\n"
                         f"TableSocket tcp-forward:inet:{forward}@127.0.0.1\nTableSocket tcp-reverse:inet:{reverse}@127.0.0.1\n")
        self.program = None

    def __enter__(self):
        write_secrets()
        machine.write(self.config, self.settings)
        self.program = Program([machine.BINARY, "-f", "-c", self.config], machine.LOGS + "/other-smf-spf.stderr")
        for port in self.ports:
            self.program.wait_until_listening(("127.0.0.1", port))
        return self

    def __exit__(self, *exc):
        status = self.program.stop()
        assert status == 0, f"the second filter ended with {status}: {self.program.read_output()}"


def encoded(key):
    """A key as Postfix's tcp_table(5) sends it."""
    return "".join(chr(o) if 33 <= o <= 126 and o != ord("%") else f"%{o:02X}" for o in key.encode())


class TcpTable:
    """A connection to one direction of a program. Runs in a with statement."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self.stream = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stream.close()
        self.socket.close()

    def ask(self, key):
        """The code and the text of the reply, as it came."""
        self.socket.sendall(f"get {encoded(key)}\n".encode())
        code, _, text = self.stream.readline().decode("utf-8", "replace").rstrip("\r\n").partition(" ")
        return int(code), text
