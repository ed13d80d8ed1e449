# SPDX-License-Identifier: GPL-2.0-or-later
"""A real resolver, unbound, between the filter and the servers of a test: this machine's, or one that is unpacked."""

import glob
import os
import shutil
import subprocess
import tempfile

import dns.exception
import dns.message
import dns.query

from case_runner import Skip
from filter import wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
FETCH = os.path.join(HERE, "..", "mta", "fetch")
PACKAGES = os.path.join(HERE, "..", "out", "packages")
FETCH_LIMIT_S = 300
START_LIMIT_S = 30

CONFIG = """server:
    interface: {host}
    port: {port}
    chroot: ""
    username: ""
    directory: "{directory}"
    pidfile: ""
    use-syslog: no
    do-daemonize: no
    do-ip6: no
    num-threads: 1
    module-config: "iterator"
    do-not-query-localhost: no
    access-control: 127.0.0.0/8 allow
remote-control:
    control-enable: no
"""


def program():
    """(directory to be removed, command, environment) of unbound; a case that cannot have it is skipped."""
    installed = shutil.which("unbound") or shutil.which("unbound", path="/usr/sbin")
    if installed:
        return None, installed, None
    try:
        done = subprocess.run([FETCH, "--packages", PACKAGES, "unbound"], capture_output=True, timeout=FETCH_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Skip(f"the package of unbound cannot be had: {error}") from error
    if not os.path.exists(f"{PACKAGES}/unbound.list"):
        raise Skip(f"the package of unbound cannot be had: {done.stderr.decode(errors='replace').strip()[-200:]}")
    root = tempfile.mkdtemp(prefix="smf-spf-unbound.")
    with open(f"{PACKAGES}/unbound.list", encoding="ascii") as names:
        for name in names.read().split():
            subprocess.run(["dpkg-deb", "-x", f"{PACKAGES}/{name}", root], check=True, timeout=60)
    libraries = [path for path in glob.glob(f"{root}/usr/lib/*-linux-*") + glob.glob(f"{root}/lib/*-linux-*")]
    return root, f"{root}/usr/sbin/unbound", dict(os.environ, LD_LIBRARY_PATH=":".join(libraries))


class Resolver:
    """zones: {name: (host, port) of its only server}. It answers at host:port while the block lasts."""

    def __init__(self, zones, host="127.0.0.53", port=5353):
        self.zones, self.host, self.port = zones, host, port
        self.directory = self.root = self.process = None

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def __enter__(self):
        self.root, self.command, self.environment = program()
        self.directory = tempfile.mkdtemp(prefix="smf-spf-resolver.")
        text = CONFIG.format(host=self.host, port=self.port, directory=self.directory)
        for name, (host, port) in self.zones.items():
            text += f'stub-zone:\n    name: "{name}"\n    stub-addr: {host}@{port}\n'
        with open(self.directory + "/unbound.conf", "w", encoding="ascii") as file:
            file.write(text)
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc):
        self.stop()
        for directory in (self.directory, self.root):
            if directory:
                shutil.rmtree(directory, ignore_errors=True)

    def start(self):
        with open(self.directory + "/log", "ab") as log:
            self.process = subprocess.Popen([self.command, "-d", "-c", self.directory + "/unbound.conf"], stdout=log,
                                            stdin=subprocess.DEVNULL, stderr=log, env=self.environment)
        wait_until(self._answers, START_LIMIT_S, f"unbound to answer:\n{self.log()}")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def log(self):
        with open(self.directory + "/log", encoding="utf-8", errors="replace") as file:
            return file.read()

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"unbound ended with {self.process.returncode}:\n{self.log()}")
        try:
            dns.query.udp(dns.message.make_query("localhost.", "A"), self.host, timeout=1, port=self.port)
            return True
        except (dns.exception.DNSException, OSError):
            return False
