# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures lookups in tables beside PostSRSd, the real one, with a process for each connection.

Where its package cannot be had, smf-spf is measured alone."""

import os
import shutil
import subprocess
import sys
import tempfile
from statistics import median

from bench_processes import Failed, SmfSpf
from bench_table import spread, table, times
from table_processes import SECRET, TableLoad, write_secret

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "support"))
from filter import accepts, free_port, wait_until  # noqa: E402
from table_client import TcpTable  # noqa: E402

DOWNLOADED = os.path.join(HERE, "..", "out", "packages")
FETCH = os.path.join(HERE, "..", "mta", "fetch")
START_LIMIT_S = 30
KEYS = 1000  # senders, of as many domains
GOAL = "5"
EVERY = 0  # lookups of a connection: all
ROWS = [  # table, connections, lookups of each: Postfix ends one with its process, after 100 messages (max_use) or less
    ("forward", 1, EVERY), ("forward", 16, EVERY), ("forward", 64, EVERY), ("forward", 16, 100), ("forward", 16, 10),
    ("reverse", 1, EVERY), ("reverse", 16, EVERY), ("reverse", 16, 10)]
# The same by socketmap over a unix socket, which PostSRSd 1.x has not; it is asked by tcp_table.
MAP_ROWS = [("forward", 1, EVERY), ("forward", 16, EVERY), ("forward", 64, EVERY), ("forward", 16, 10), ("reverse", 16, EVERY)]


def unpack(directory):
    """Unpacks PostSRSd, and downloads its package first where it is missing. Its path, None where it cannot be had."""
    for attempt in range(2):
        packages = os.path.join(DOWNLOADED, "postsrsd.list")
        if os.path.exists(packages):
            with open(packages, encoding="ascii") as file:
                for name in file.read().split():
                    subprocess.run(["dpkg-deb", "-x", os.path.join(DOWNLOADED, name), directory], check=True)
            return os.path.join(directory, "usr/sbin/postsrsd")
        if attempt == 0:
            subprocess.run([FETCH, "postsrsd"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return None


HEADS = ["table", "connections", "lookups on each", "PostSRSd: lookups/s", "smf-spf: the same", "smf-spf to PostSRSd", "goal",
         "nothing to PostSRSd", "PostSRSd: ms p50 / p95 / p99", "smf-spf: the same", "PostSRSd: CPU us a lookup",
         "smf-spf: the same", "nothing: the same"]


class PostSRSd:
    """PostSRSd 1.10."""

    process = None

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="smf-spf-bench.")
        self.forward, self.reverse = (f"inet:{free_port()}@127.0.0.1" for _ in range(2))

    def __enter__(self):
        with open(os.path.join(self.dir, "secret"), "w", encoding="ascii") as file:
            file.write(SECRET)
        ports = [address.removeprefix("inet:").partition("@")[0] for address in (self.forward, self.reverse)]
        self.process = subprocess.Popen([unpack(self.dir), "-d", "fwd.example", "-s", os.path.join(self.dir, "secret"),
                                         "-l", "127.0.0.1", "-f", ports[0], "-r", ports[1]], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: accepts(self.forward), START_LIMIT_S, "PostSRSd")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


class Nothing:
    """A server on one thread that has the same answer for each request: how fast one could be at most."""

    def __init__(self, programs, key):
        self.dir = tempfile.mkdtemp(prefix="smf-spf-bench.")
        self.forward, self.map = f"inet:{free_port()}@127.0.0.1", f"unix:{self.dir}/map"
        self.reverse = self.forward  # it does not look at the request
        answer = f"OK {key}"
        self.processes = [subprocess.Popen([os.path.join(programs, "policy_nothing"), *arguments], stdin=subprocess.DEVNULL,
                                           stdout=subprocess.DEVNULL)
                          for arguments in ((self.forward, "\n", f"200 {key}\n"), (self.map, ",", f"{len(answer)}:{answer},"))]

    def __enter__(self):
        for address in (self.forward, self.map):
            wait_until(lambda address=address: accepts(address), START_LIMIT_S, "the server that does nothing")
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def of(self, socketmap):
        """Where one of the protocols is spoken, as the other servers are handed on."""
        self.process = self.processes[socketmap]
        return self


class TablesSmfSpf(SmfSpf):
    """The program under test, with tables; its outgoing address passes for no sender."""

    def __init__(self, binary, dns):
        super().__init__(binary, dns, SRSDomain="fwd.example", SRSOutgoing="198.51.100.77", SRSClassicHash="on",
                         LogLevel="warning")
        self.forward, self.reverse = (f"inet:{free_port()}@127.0.0.1" for _ in range(2))
        self.map = "unix:" + self.path("map")
        with open(self.config_path, "a", encoding="utf-8") as file:
            file.write(f"SRSSecretFile {write_secret(self)}\nTableSocket socketmap:{self.map}\n"
                       f"TableSocket tcp-forward:{self.forward}\nTableSocket tcp-reverse:{self.reverse}\n")

    def start(self):
        super().start()
        wait_until(lambda: accepts(self.map), START_LIMIT_S, "the tables")
        return self


class Keys:
    """Files of keys: senders, and the addresses that they are rewritten to, by one server or another."""

    def __init__(self, server, count=KEYS):
        self.dir = tempfile.mkdtemp(prefix="smf-spf-bench.")
        senders = [f"user{number}@d{number}.hot.test" for number in range(count)]
        with TcpTable(server.forward) as client:
            rewritten = [client.ask(sender).partition(" ")[2] for sender in senders]
        self.rewritten = rewritten[0]
        for name, keys in (("forward", senders), ("reverse", rewritten)):
            with open(os.path.join(self.dir, name), "w", encoding="ascii") as file:
                file.write("".join(f"{key}\n" for key in keys))

    def path(self, name):
        return os.path.join(self.dir, name)

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def stat_of(pid):
    """From the state on."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rpartition(")")[2].split()


def cpu_s(pid):
    """Of a process and its children, each of which has ended by then, if it is not reaped yet."""
    def children():
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return file.read().split()

    wait_until(lambda: all(stat_of(child)[0] == "Z" for child in children()), START_LIMIT_S, "the end of all connections")
    stats = [stat_of(pid)[11:15]] + [stat_of(child)[11:13] for child in children()]
    return sum(int(ticks) for ticks_of_one in stats for ticks in ticks_of_one) / os.sysconf("SC_CLK_TCK")


def look_up(programs, server, keys, name, how, socketmap=False):
    """The report of a run of the load generator."""
    load = TableLoad(programs, keys.path(name))
    report = load.finish(load.start(server.map if socketmap else getattr(server, name), name if socketmap else None,
                                    "--pid", server.process.pid, *how))
    if report["wrong"] + report["lost"] > 0:
        raise Failed(f"{name}: {report['wrong']} wrong, {report['lost']} lost")
    return report


def run(bench, server, keys, name, connections, per_connection=EVERY, socketmap=False):
    before_s = cpu_s(server.process.pid)
    how = ["--connections", connections, "--per-connection", per_connection, "--seconds", bench.seconds]
    report = look_up(bench.programs, server, keys, name, how, socketmap)
    return {**report, "cpu_us": (cpu_s(server.process.pid) - before_s) / report["lookups"] * 1e6}


def beside_row(bench, servers, keys, name, connections, per_connection, socketmap=False):
    """Of smf-spf, the server that does nothing, and PostSRSd, which may be None, in turns."""
    ours, nothing, theirs = servers
    reports, bounds, others = [], [], []
    for _ in range(bench.pairs):
        if theirs:
            others.append(run(bench, theirs, keys, name, connections, per_connection))
        reports.append(run(bench, ours, keys, name, connections, per_connection, socketmap))
        bounds.append(run(bench, nothing.of(socketmap), keys, name, connections, per_connection, socketmap))

    def ratios(found):
        return spread([one["per_second"] / other["per_second"] for other, one in zip(others, found)]) if theirs else ""

    return [name, str(connections), str(per_connection or "all"), rate(others) if theirs else "its package cannot be had", rate(reports),
            ratios(reports), GOAL, ratios(bounds), times(others, "lookup") if theirs else "", times(reports, "lookup"),
            cpu(others) if theirs else "", cpu(reports), cpu(bounds)]


def cpu(reports):
    return f"{median(report['cpu_us'] for report in reports):.1f}"


def rate(reports):
    return f"{median(report['per_second'] for report in reports):.0f}"


def measure(bench, ours, theirs):
    keys = Keys(ours)
    try:
        for title, socketmap, rows in (("Lookups by tcp_table, beside PostSRSd 1.10; cached verdicts", False, ROWS),
                                       ("The same by socketmap over a unix socket, beside PostSRSd by tcp_table", True, MAP_ROWS)):
            with Nothing(bench.programs, keys.rewritten) as nothing:
                table(title, HEADS, [beside_row(bench, (ours, nothing, theirs), keys, *row, socketmap) for row in rows])
    finally:
        keys.remove()


def tables(bench):
    bench.dns.behave()
    theirs = PostSRSd()
    with TablesSmfSpf(bench.smf_spf, bench.dns) as ours:
        if unpack(theirs.dir) is None:
            measure(bench, ours, None)
        else:
            with theirs:
                measure(bench, ours, theirs)
