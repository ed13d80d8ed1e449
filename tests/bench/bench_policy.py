# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures the policy socket: beside a policy server that does nothing, and beside policyd-spf as spawn(8) runs it.

Where this build has no PolicySocket, or the packages of policyd-spf cannot be had, the other one is measured alone."""

import time
from statistics import median

from bench_table import CLIENTS, WARM_UP, complaint, ratios, spread, table, times
from policy_processes import Policyd, PolicyFixed, PolicyLoad, PolicyNothing, PolicySmfSpf, has_policy_socket

NO_SOCKET, NO_PACKAGES = "no PolicySocket in this build", "its packages cannot be had"
SLOW = {"connections": 64, "clients": CLIENTS}
SPAWNED = {"connections": 8, "clients": CLIENTS}  # processes at once

THROUGHPUT = [  # workload, connections, transport, asked at DATA too, goal for requests/s, goal for CPU
    ("hot", 16, "unix", False, "0.85", "1.3"),
    ("hot", 64, "unix", False, "0.85", "1.3"),
    ("hot", 64, "inet", False, "", ""),
    ("hot", 64, "unix", True, "", ""),
    ("zipf", 64, "unix", False, "", ""),
    ("new", 64, "unix", False, "", ""),
]


def alternate(bench, load, base, target, workload, **how):
    """Reports of the two, run after run."""
    reports = [], []
    for _ in range(bench.pairs):
        for server, found in zip((base, target), reports):
            found.append(load.run(server, workload, seconds=bench.seconds, **how))
    return reports


def throughput_row(bench, load, name, target, workload, connections, at_data, goals):
    """Beside the yardstick; `target` None: that alone."""
    how = {"connections": connections, "clients": 1 if workload == "hot" else CLIENTS, "at_data": at_data}
    transport = "inet" if target and target.policy.startswith("inet") else "unix"
    with PolicyNothing(bench.programs, transport) as nothing:
        load.run(nothing, workload, messages=WARM_UP, **how)
        if target is None:
            base = [load.run(nothing, workload, seconds=bench.seconds, **how) for _ in range(bench.pairs)]
            shares, reports, latency = [NO_SOCKET, ""], base, ""
        else:
            with target:
                load.run(target, workload, messages=WARM_UP, **how)
                base, reports = alternate(bench, load, nothing, target, workload, **how)
            shares = [spread(ratios(base, reports, figure)) for figure in ("per_second", "cpu_us")]
            latency = times(reports, "request")
    return [name, str(connections), f"{median(report['per_second'] for report in base):.0f}", shares[0], goals[0],
            f"{median(report['cpu_us'] for report in base):.1f}", shares[1], goals[1], latency,
            f"{max(report['rss_kb'] for report in reports) / 1024:.1f}" + complaint(reports)]


def throughput_rows(bench, load, has_socket):
    noise = PolicyNothing(bench.programs)
    yield throughput_row(bench, load, "(nothing beside itself)", noise, "hot", 64, False, ("", ""))
    for transport in ("unix", "inet"):
        yield throughput_row(bench, load, f"(reads, and has fixed texts, {transport})", PolicyFixed(bench.programs, transport), "hot", 64,
                             False, ("", ""))
    for workload, connections, transport, at_data, *goals in THROUGHPUT:
        target = PolicySmfSpf(bench.smf_spf, bench.dns, transport) if has_socket else None
        name = f"{workload}, {transport}" + (", at DATA too" if at_data else "")
        yield throughput_row(bench, load, name, target, workload, connections, at_data, goals)


def throughput(bench, load, has_socket):
    bench.dns.behave()
    table("Policy requests, DNS without delay",
          ["workload", "connections", "nothing: requests/s", "smf-spf: of that", "goal", "nothing: CPU us a request",
           "smf-spf: of that", "goal", "request ms p50 / p95 / p99", "memory MB"],
          throughput_rows(bench, load, has_socket))


# ---- Beside policyd-spf ----

def each(bench, load, workload, policyd, has_socket, **how):
    """A report of each, the second with the start of all its processes; None for one that is not there."""
    ours = theirs = None
    if has_socket:
        with PolicySmfSpf(bench.smf_spf, bench.dns) as target:
            load.run(target, workload, messages=WARM_UP, connections=16, clients=CLIENTS)
            ours = load.run(target, workload, seconds=bench.seconds, **how)
    if policyd:
        theirs = load.run_spawned(policyd, workload, seconds=bench.seconds, **how)
    return ours, theirs


def per_cpu_second(report):
    return 1e6 / max(report["cpu_us"], 1e-9)


def rate(report, missing):
    return missing if report is None else f"{per_cpu_second(report):.0f}"


def beside_row(bench, load, workload, per_connection, policyd, has_socket):
    runs = [each(bench, load, workload, policyd, has_socket, per_connection=per_connection, **SPAWNED)
            for _ in range(bench.pairs)]
    ours, theirs = runs[len(runs) // 2]
    both = [per_cpu_second(one) / per_cpu_second(other) for one, other in runs if one and other]
    faults = complaint([report for run in runs for report in run if report])
    return [workload, str(per_connection), rate(theirs, NO_PACKAGES), rate(ours, NO_SOCKET), spread(both) if both else "", "20",
            f"{policyd.memory_kb() / 1024:.0f}" if policyd else "", f"{ours['rss_kb'] / 1024:.0f}{faults}" if ours else faults]


def beside_policyd(bench, load, policyd, has_socket):
    bench.dns.behave()
    table(f"Beside policyd-spf, a process for each connection, {SPAWNED['connections']} at once",
          ["workload", "messages a connection", "policyd-spf: requests per CPU second", "smf-spf: the same",
           "smf-spf to policyd-spf", "goal", "policyd-spf: MB of one process", "smf-spf: MB"],
          (beside_row(bench, load, workload, per_connection, policyd, has_socket)
           for workload, per_connection in (("hot", 100), ("new", 100), ("new", 1))))


# ---- Slow senders ----

def beside_slow(bench, load, target, settle_s):
    """Reports of one connection with a known sender, alone and beside others whose senders' DNS takes its time;
    settle_s: until all of those are served."""
    alone, beside = [], []
    for _ in range(bench.pairs):
        alone.append(load.run(target, "hot", seconds=bench.seconds, per_connection=0))
        slow = load.start(target, "tardy", seconds=bench.seconds + settle_s, **SLOW)
        time.sleep(settle_s)
        beside.append(load.run(target, "hot", seconds=bench.seconds, per_connection=0))
        load.finish(slow)
    return alone, beside


def slow_row(name, reports):
    alone, beside = reports
    return [name, times(alone, "request"), times(beside, "request"), spread(ratios(alone, beside, "request_p99_ms")),
            f"{max(report['request_max_ms'] for report in beside):.0f}" + complaint(alone + beside)]


def slow_rows(bench, load, policyd, has_socket):
    if has_socket:
        with PolicySmfSpf(bench.smf_spf, bench.dns, LogLevel="warning") as target:
            load.run(target, "hot", messages=100)
            yield slow_row("smf-spf", beside_slow(bench, load, target, 1))
    else:
        yield ["smf-spf", NO_SOCKET, "", "", ""]
    if policyd:
        yield slow_row("policyd-spf", beside_slow(bench, load, policyd, 10))  # 64 processes start
        policyd.collect()
    else:
        yield ["policyd-spf", NO_PACKAGES, "", "", ""]


def slow_senders(bench, load, policyd, has_socket):
    bench.dns.behave()
    table(f"{SLOW['connections']} connections with senders whose DNS takes 0.9 s, beside them one connection with a known sender",
          ["server", "known sender, alone: request ms p50 / p95 / p99", "beside them", "p99 beside them to p99 alone",
           "longest, ms"], slow_rows(bench, load, policyd, has_socket))


def policy(bench):
    load, has_socket = PolicyLoad(bench.programs), has_policy_socket(bench)
    throughput(bench, load, has_socket)
    theirs = Policyd(bench.dns)
    if not theirs.is_there():
        theirs.remove()
        theirs = None
    if theirs is None:
        both(bench, load, None, has_socket)
    else:
        with theirs:
            both(bench, load, theirs, has_socket)


def both(bench, load, policyd, has_socket):
    beside_policyd(bench, load, policyd, has_socket)
    slow_senders(bench, load, policyd, has_socket)
