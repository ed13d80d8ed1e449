# SPDX-License-Identifier: GPL-2.0-or-later
"""policyd-spf and pyspf-milter, the real ones, unpacked beside the system, and what they and we do with an envelope."""

import os
import re
import subprocess
import tempfile

from filter import Filter, accepts, wait_until
from milter_wire import Closed
from mta import Mta

HERE = os.path.dirname(os.path.abspath(__file__))
DOWNLOADED = os.path.join(HERE, "..", "out", "packages")
FETCH = os.path.join(HERE, "..", "mta", "fetch")
PACKAGES = ("postfix-policyd-spf-python", "pyspf-milter", "python3-spf-engine", "python3-milter")
# Keys that name the old program's place on the host; the test has its own.
PLACE = re.compile(r"^(Socket|SocketMode|SocketGroup|User|PidFile|LogLevel) .*\n", re.MULTILINE)
ANSWER_LIMIT_S = 60

# Runs one of the programs with our name server, and without the system's log.
WRAPPER = """
import sys, syslog
import dns.resolver
syslog.syslog = syslog.openlog = lambda *_: None
own = dns.resolver.Resolver(configure=False)
own.nameservers, own.port = ["127.0.0.1"], int(sys.argv[2])
dns.resolver.default_resolver = own
program, sys.argv = sys.argv[1], [sys.argv[1], sys.argv[3]]
if program == "policyd-spf":
    from spf_engine.policyd_spf import main
else:
    from spf_engine.milter_spf import main
main()
"""

ACCEPTED, REFUSED, DEFERRED = "accepted", "refused", "deferred"


def unpack(packages, directory):
    """Unpacks the programs. False where a package is missing."""
    names = os.listdir(packages) if os.path.isdir(packages) else []
    for package in PACKAGES:
        found = [name for name in names if name.startswith(package + "_") and name.endswith(".deb")]
        if not found:
            return False
        subprocess.run(["dpkg-deb", "-x", os.path.join(packages, found[0]), directory], check=True)
    return True


def get(directory):
    """Unpacks the programs, and downloads their packages first where they are missing. False where they cannot be had."""
    if unpack(DOWNLOADED, directory):
        return True
    subprocess.run([FETCH, "--packages", DOWNLOADED, "spf-engine"], stdout=subprocess.DEVNULL, check=False)
    return unpack(DOWNLOADED, directory)


def convert(binary, file, directory):
    """(exit status, what was written, warnings)"""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=directory, suffix=".conf") as old:
        old.write(file.text)
        old.flush()
        done = subprocess.run([binary, "config", "--from", file.system, old.name], capture_output=True, text=True, timeout=60,
                              check=False)
    return done.returncode, done.stdout, done.stderr


def converted_filter(binary, configuration, dns_port):
    """Ours, by what was written, with a socket and a log of its own."""
    ours = Filter(binary, {"Nameserver": f"127.0.0.1:{dns_port}"})
    with open(ours.config_path, encoding="utf-8") as place:
        own = place.read()
    ours.configure(PLACE.sub("", configuration) + own)
    return ours


def results_in(fields):
    """{(identity, result)} of result fields, [(name, value)]; only of those that have one."""
    found = set()
    for name, value in fields:
        value = " ".join(value.split())
        if name.lower() == "received-spf":
            identity = re.search(r"identity=(\w+)", value)
            found.add((identity[1], value.split()[0].lower()))
        elif name.lower() == "authentication-results":
            for part in re.sub(r"\([^()]*\)", " ", value).split(";"):
                result, identity = re.search(r"spf=(\w+)", part), re.search(r"smtp\.(mailfrom|helo)=", part)
                if result:  # a HELO name that is no host name, smf-spf does not write
                    found.add((identity[1] if identity else "helo", result[1].lower()))
    return found


def of_outcome(outcome):
    """(fate, results) of what a filter did with a message."""
    if outcome.delivered:
        return ACCEPTED, results_in(outcome.message.fields)
    return (REFUSED if outcome.refusal.code.startswith("5") else DEFERRED), set()


def over_milter(socket, envelope):
    """(fate, results) of one message over a connection of its own."""
    host = envelope.host or envelope.helo
    with Mta(socket, ip=envelope.ip, helo=envelope.helo, host=host) as mta:
        try:
            outcome = mta.send(f"<{envelope.sender}>", "<bob@example.net>")
            mta.quit()
        except Closed:
            return DEFERRED, set()
    return of_outcome(outcome)


class Program:
    """One of them, with a configuration, while it runs."""

    def __init__(self, root, system, text, dns_port):
        self.root, self.system, self.dns_port = root, system, dns_port
        self.directory = tempfile.mkdtemp(dir=root)
        self.socket = "unix:" + os.path.join(self.directory, "sock")
        if system == "pyspf-milter":
            text += f"Socket = {self.socket}\nPidFile = {self.directory}/pid\nUserID = {user_name()}\n"
        self.config = os.path.join(self.directory, "conf")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)
        self.process = None
        self.asked = 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        environment = dict(os.environ, PYTHONPATH=os.path.join(self.root, "usr/lib/python3/dist-packages"),
                           PYTHONDONTWRITEBYTECODE="1", LC_ALL="C.UTF-8",
                           PYTHONUNBUFFERED="1")  # not every answer of policyd-spf is flushed
        with open(os.path.join(self.directory, "errors"), "ab") as errors:
            self.process = subprocess.Popen(["/usr/bin/python3", "-c", WRAPPER, self.system, str(self.dns_port),
                                             self.config], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=errors, env=environment, text=True)
        if self.system == "pyspf-milter":
            wait_until(lambda: self.process.poll() is not None or accepts(self.socket), ANSWER_LIMIT_S, self.system)
            if self.process.poll() is not None:
                raise AssertionError(f"{self.system} does not start: {self.errors()}")

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def errors(self):
        with open(os.path.join(self.directory, "errors"), encoding="utf-8") as file:
            return file.read()

    def decide(self, envelope):
        """(fate, results)"""
        return over_milter(self.socket, envelope) if self.system == "pyspf-milter" else self.ask(envelope)

    def ask(self, envelope):
        """The same over the policy protocol."""
        action = self.action(envelope)
        if action is None:
            return DEFERRED, set()
        word, _, rest = action.partition(" ")
        if word == "prepend":
            name, _, value = rest.partition(": ")
            return ACCEPTED, results_in([(name, value)])
        fates = {"550": REFUSED, "defer_if_permit": DEFERRED, "dunno": ACCEPTED}
        return fates[word], set()

    def action(self, envelope):
        """The action of policyd-spf, as it is written; None: it has died. Postfix says 451 then, and starts another."""
        self.asked += 1
        self.process.stdin.write(policy_request(envelope, self.asked))
        self.process.stdin.flush()
        action = self.process.stdout.readline()
        if not action:
            self.stop()
            self.start()
            return None
        self.process.stdout.readline()
        return action.strip().removeprefix("action=")


def policy_request(envelope, number):
    """What Postfix asks about the recipient of a message, which is the one of this number."""
    request = {"request": "smtpd_access_policy", "protocol_state": "RCPT", "protocol_name": "ESMTP",
               "client_address": envelope.ip, "client_name": envelope.host or "unknown", "helo_name": envelope.helo,
               "sender": envelope.sender, "recipient": "bob@example.net", "queue_id": "", "instance": f"i{number}"}
    return "".join(f"{key}={value}\n" for key, value in request.items()) + "\n"


def user_name():
    import pwd  # pylint: disable=import-outside-toplevel
    return pwd.getpwuid(os.geteuid()).pw_name


def differ(theirs, ours):
    """True where the mail fares otherwise with us, or where we do not record what they do. We may record the other
    identity too, but where they record nothing, nothing but a pass."""
    if theirs[0] != ours[0]:
        return True
    if theirs[0] != ACCEPTED:
        return False
    return not theirs[1] <= ours[1] if theirs[1] else any(result != "pass" for _, result in ours[1])
