# SPDX-License-Identifier: GPL-2.0-or-later
"""The processes of a measurement: the DNS server, the filters, and the load on them."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from filter import Filter, accepts, free_port, wait_until  # noqa: E402

ANSWER_LIMIT_S = 600
RUN_APART = 100_000_000  # messages: runs that far apart share no new domain


class Failed(Exception):
    """A process did not do its part."""


class Dns:
    """The DNS server; its port, and what it can be told while it runs."""

    def __init__(self, programs):
        self.program, self.port = os.path.join(programs, "dns"), "0"
        self.begin()

    def begin(self):
        """At the same port as before, if there was one."""
        self.process = subprocess.Popen([self.program, self.port], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1)
        self.port = self._line("port").split()[1]

    def end(self):
        """Kills the server: its port is closed until `begin`."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def _line(self, expected):
        line = self.process.stdout.readline().strip()
        if not line.startswith(expected):
            raise Failed(f"the DNS server says {line!r} where {expected!r} was due")
        return line

    def _tell(self, order, expected="ok"):
        self.process.stdin.write(order + "\n")
        return self._line(expected)

    def behave(self, delay_ms=0, jitter_ms=0, loss_percent=0, silent=False):
        self._tell(f"delay {delay_ms} {jitter_ms}")
        self._tell(f"loss {loss_percent}")
        self._tell(f"silent {int(silent)}")

    def reset(self):
        self._tell("reset")

    def counts(self):
        """Questions since the last reset, by kind of domain, and `total`."""
        words = self._tell("count", "total").split()
        return dict(zip(words[::2], map(int, words[1::2])))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.process.stdin.close()
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process.stdout.close()
        if kind is None and status != 0:
            raise Failed(f"the DNS server ended with {status}")


class Nothing:
    """The filter that does nothing, or sleeps in MAIL."""

    expects_nothing = True

    def __init__(self, programs, transport="unix", sleep_ms=0):
        self.dir = tempfile.mkdtemp(prefix="smf-spf-bench.")
        self.address = f"inet:{free_port()}@127.0.0.1" if transport == "inet" else f"unix:{self.dir}/sock"
        self.process = subprocess.Popen([os.path.join(programs, "nothing"), self.address, str(sleep_ms)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        env=dict(os.environ, TSAN_OPTIONS="report_bugs=0"))

    def __enter__(self):
        wait_until(lambda: accepts(self.address), 30, "the filter that does nothing")
        return self

    def __exit__(self, *_):
        self.process.kill()  # an idle libmilter takes seconds to end otherwise
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


class SmfSpf(Filter):
    """The filter under test, which asks the DNS server of the measurement."""

    expects_nothing = False

    def __init__(self, binary, dns, transport="unix", **config):
        super().__init__(binary, {"Nameserver": f"127.0.0.1:{dns.port}", **config}, transport=transport)

    def takes_configuration(self):
        """False where this version does not know a key of the configuration."""
        return subprocess.run([self.binary, "-n", "-c", self.config_path], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=60, check=False, **self.identity()).returncode == 0


class Load:
    """Runs of the load generator, each with new domains of its own."""

    def __init__(self, programs):
        self.program = os.path.join(programs, "load")
        self.first = 0

    def start(self, target, workload, *, connections=1, messages=None, seconds=None, per_connection=10, clients=1,
              pause_ms=0, more=()):
        self.first += RUN_APART
        arguments = [self.program, *self.arguments_for(target), "--workload", workload, "--connections", connections,
                     "--per-connection", per_connection, "--clients", clients, "--first", self.first, "--limit-s",
                     ANSWER_LIMIT_S, *more]
        arguments += ["--messages", messages] if messages else ["--seconds", seconds]
        arguments += ["--pause-ms", pause_ms] if pause_ms else []
        arguments += ["--nothing"] if target.expects_nothing else []
        return subprocess.Popen([str(argument) for argument in arguments], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def arguments_for(self, target):
        """Where the load goes, and whose CPU time and memory are read."""
        return ["--address", target.address, "--pid", target.process.pid]

    @staticmethod
    def finish(process):
        """The report of a run, with `complaint`: what went wrong first, or an empty string."""
        report, complaint = process.communicate()
        if process.returncode != 0:
            raise Failed(f"load ended with {process.returncode}: {complaint.strip()}")
        return {**json.loads(report), "complaint": complaint.strip()}

    def run(self, target, workload, **how):
        return self.finish(self.start(target, workload, **how))
