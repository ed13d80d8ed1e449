# SPDX-License-Identifier: GPL-2.0-or-later
"""The policy servers of a measurement, and the load on them."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

from bench_processes import Load, SmfSpf

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "milter"))
from beside_files import Envelope  # noqa: E402
from beside_programs import WRAPPER, get, policy_request  # noqa: E402
from filter import accepts, free_port, process_status, wait_until  # noqa: E402

START_LIMIT_S = 30


class PolicyNothing:
    """The policy server that does nothing."""

    expects_nothing = True

    def __init__(self, programs, transport="unix"):
        self.dir = tempfile.mkdtemp(prefix="smf-spf-bench.")
        self.policy = f"inet:{free_port()}@127.0.0.1" if transport == "inet" else f"unix:{self.dir}/sock"
        self.process = subprocess.Popen([os.path.join(programs, "policy_nothing"), self.policy, *self.more()],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def more(self):
        return []

    def __enter__(self):
        wait_until(lambda: accepts(self.policy), START_LIMIT_S, "the policy server that does nothing")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


class PolicyFixed(PolicyNothing):
    """What each policy service has to do that adds a field and logs: it reads the request, and its texts are fixed."""

    expects_nothing = False

    def more(self):
        return [os.path.join(self.dir, "log")]


class PolicySmfSpf(SmfSpf):
    """The program under test, with a PolicySocket."""

    def __init__(self, binary, dns, transport="unix", **config):
        super().__init__(binary, dns, **config)
        self.policy = f"inet:{free_port()}@127.0.0.1" if transport == "inet" else "unix:" + self.path("policy")
        with open(self.config_path, "a", encoding="utf-8") as file:
            file.write(f"PolicySocket {self.policy}\n")

    def start(self):
        super().start()
        wait_until(lambda: accepts(self.policy), START_LIMIT_S, "the policy socket")
        return self


def has_policy_socket(bench):
    """Whether this build knows the key."""
    target = PolicySmfSpf(bench.smf_spf, bench.dns)
    try:
        return target.takes_configuration()
    finally:
        target.remove()


class Policyd:
    """policyd-spf as spawn(8) of Postfix runs it: a process for each connection, which is its standard input and output,
    until the connection ends. Its configuration is empty: the defaults."""

    expects_nothing = False

    def __init__(self, dns):
        self.dir = tempfile.mkdtemp(prefix="smf-spf-bench.")
        self.policy = f"unix:{self.dir}/sock"
        self.dns, self.children = dns, []
        self.process = None  # there is no single one
        self.listener = socket.socket(socket.AF_UNIX)

    def is_there(self):
        """False where its packages cannot be had."""
        return get(self.dir)

    def __enter__(self):
        open(os.path.join(self.dir, "conf"), "w", encoding="ascii").close()  # pylint: disable=consider-using-with
        self.listener.bind(os.path.join(self.dir, "sock"))
        self.listener.listen(128)
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        for child in self.children:
            child.kill()
        self.collect()
        self.remove()

    def remove(self):
        self.listener.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def _serve(self):
        environment = dict(os.environ, PYTHONPATH=os.path.join(self.dir, "usr/lib/python3/dist-packages"),
                           LC_ALL="C.UTF-8", PYTHONUNBUFFERED="1")
        command = ["/usr/bin/python3", "-c", WRAPPER, "policyd-spf", str(self.dns.port), os.path.join(self.dir, "conf")]
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return  # closed
            with connection:
                self.children.append(subprocess.Popen(command, stdin=connection, stdout=connection,
                                                      stderr=subprocess.DEVNULL, env=environment))

    def collect(self):
        """Waits for all processes so far; what they used: (seconds of CPU, how many)."""
        children, self.children = self.children, []
        used = []
        for child in children:
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            used.append(usage)
        return sum(usage.ru_utime + usage.ru_stime for usage in used), len(used)

    def memory_kb(self):
        """Of one process that has answered. (What wait4 says of a child's memory begins with that of its parent.)"""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.policy.removeprefix("unix:"))
            client.sendall(policy_request(Envelope("someone@d0.hot.test"), 1).encode())
            client.recv(4096)
            rss_kb = int(process_status(self.children[-1].pid, "VmHWM").split()[0])
        self.collect()
        return rss_kb


class PolicyLoad(Load):
    """Runs of the load generator for policy requests. `per_connection` is 100 messages, as an smtpd serves 100 clients
    (max_use of Postfix) over its one connection."""

    def __init__(self, programs):
        super().__init__(programs)
        self.program = os.path.join(programs, "policy_load")

    def start(self, target, workload, *, at_data=False, per_connection=100, **how):
        return super().start(target, workload, per_connection=per_connection, more=["--data"] if at_data else [], **how)

    def arguments_for(self, target):
        pid = target.process.pid if target.process else 0
        return ["--address", target.policy, "--pid", pid]

    def run_spawned(self, policyd, workload, **how):
        """A run on Policyd, whose report has the CPU time of its processes, and their number."""
        report = self.run(policyd, workload, **how)
        cpu_s, processes = policyd.collect()
        return {**report, "cpu_us": cpu_s * 1e6 / max(report["requests"], 1), "processes": processes}
