# SPDX-License-Identifier: GPL-2.0-or-later
"""What greylists: the rooms of the program (decide.c), and postgrey over its policy socket. Both have the clock of the
simulation, and begin with an empty store."""

import glob
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
PATIENCE_S = 60


class Ours:
    """Is told all that SPF knows."""

    def __init__(self, program, pass_worth="known", delay_s=60):
        self.name = f"smf-spf, `GreylistPass {pass_worth}`"
        self.command = [program, pass_worth, str(delay_s)]

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="greylist-week.")
        command = [*self.command, f"sqlite:{self.directory}/greylist.db"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        status = self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        shutil.rmtree(self.directory)
        assert status == 0, f"decide ended with {status}"

    def defers(self, now_s, client, message):
        fields = (now_s, client, message.helo, message.sender, message.recipient, message.result, message.bits)
        self.process.stdin.write("\t".join(map(str, fields)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "decide has ended"
        return answer.startswith("defers")


class Postgrey:
    """Debian's package, unpacked. It knows nothing of SPF. exempt: domains of clients that are never delayed, as in the list
    that the package brings along; the names in it are those of real hosts."""

    def __init__(self, packages, delay_s=300, exempt=()):
        self.name = f"postgrey, `--delay={delay_s}`" + (", exempt providers" if exempt else "")
        self.packages, self.delay_s, self.exempt = packages, delay_s, exempt
        self.process = None

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="greylist-week.")
        self.clock = self.directory + "/clock"
        self.set_clock(0)
        try:
            self.process = self.start(self.directory + "/socket")
            self.connection = self.connect(self.directory + "/socket")
        except BaseException:
            self.clean_up()
            raise
        self.stream = self.connection.makefile("rb")
        return self

    def start(self, socket_path):
        root, user, group = self.unpack(), pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
        os.mkdir(self.directory + "/db")
        includes = [f"-I{path}" for path in (f"{root}/usr/share/perl5", *glob.glob(f"{root}/usr/lib/*/perl5/5.*"))]
        options = [f"--unix={socket_path}", f"--dbdir={self.directory}/db", f"--user={user}", f"--group={group}", "--quiet",
                   f"--delay={self.delay_s}", "--whitelist-clients=" + self.list_of("clients", self.exempt),
                   "--whitelist-recipients=" + self.list_of("recipients", ())]
        environment = dict(os.environ, CLOCK=self.clock, POSTGREY=f"{root}/usr/sbin/postgrey", TZ="UTC")
        with open(self.directory + "/log", "wb") as log:
            return subprocess.Popen(["perl", *includes, HERE + "/postgrey.pl", *options], stdin=subprocess.DEVNULL, stdout=log,
                                    stderr=log, env=environment)

    def clean_up(self):
        if self.process:
            self.process.kill()  # once it went on for a minute after SIGTERM
            self.process.wait(PATIENCE_S)
        shutil.rmtree(self.directory)

    def list_of(self, name, lines):
        path = f"{self.directory}/{name}"
        with open(path, "w", encoding="ascii") as out:
            out.write("".join(line + "\n" for line in lines))
        return path

    def unpack(self):
        root = self.directory + "/root"
        os.mkdir(root)
        with open(f"{self.packages}/postgrey.list", encoding="ascii") as names:
            for name in names.read().split():
                subprocess.run(["dpkg-deb", "-x", f"{self.packages}/{name}", root], check=True)
        return root

    def log(self):
        with open(self.directory + "/log", encoding="utf-8", errors="replace") as log:
            return log.read().strip()

    def connect(self, path):
        deadline = time.monotonic() + PATIENCE_S
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(PATIENCE_S)
        while True:
            try:
                connection.connect(path)
                return connection
            except OSError:
                assert self.process.poll() is None and time.monotonic() < deadline, f"postgrey does not run: {self.log()}"
                time.sleep(0.05)

    def set_clock(self, now_s):
        with open(self.clock + ".new", "w", encoding="ascii") as clock:
            clock.write(str(now_s))
        os.rename(self.clock + ".new", self.clock)

    def __exit__(self, *_):
        self.stream.close()
        self.connection.close()
        self.clean_up()

    def defers(self, now_s, client, message):
        self.set_clock(now_s)
        request = {"request": "smtpd_access_policy", "protocol_state": "RCPT", "client_address": client,
                   "client_name": message.helo, "helo_name": message.helo, "sender": message.sender,
                   "recipient": message.recipient, "instance": f"{id(message):x}.{now_s:x}", "etrn_domain": ""}
        self.connection.sendall("".join(f"{key}={value}\n" for key, value in request.items()).encode() + b"\n")
        answer = self.stream.readline().decode()
        assert answer.startswith("action=") and self.stream.readline() == b"\n", f"postgrey: {answer!r} {self.log()}"
        return answer.startswith("action=DEFER_IF_PERMIT")
