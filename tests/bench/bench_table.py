# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole measurement, part by part, each printed as a table."""

import time
from statistics import median

from bench_processes import Nothing, SmfSpf

DELAY_MS = 20
NESTED_DELAYS = 5  # the questions of the nested workload that can only be asked one after the other
CLIENTS = 4
WARM_UP = 4000  # messages


def table(title, heads, rows):
    print(f"### {title}\n")
    print("| " + " | ".join(heads) + " |")
    print("|---" * len(heads) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)
    print(flush=True)


def spread(values):
    """The median, and between which two all are."""
    return f"{median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def times(reports, what):
    return " / ".join(f"{median(report[f'{what}_{p}_ms'] for report in reports):.2f}" for p in ("p50", "p95", "p99"))


def complaint(reports):
    """What was not right in some runs, for the last column."""
    wrong, lost = sum(report["wrong"] for report in reports), sum(report["lost"] for report in reports)
    return "" if wrong + lost == 0 else f"**{wrong} wrong, {lost} lost: {reports[0]['complaint']}**"


def pairs(bench, nothing, target, workload, **how):
    """Reports of the two filters and the questions asked for each message of the second, run after run."""
    reports, questions = ([], []), []
    for _ in range(bench.pairs):
        reports[0].append(bench.load.run(nothing, workload, **how))
        bench.dns.reset()
        reports[1].append(bench.load.run(target, workload, **how))
        questions.append(bench.dns.counts()["total"] / max(reports[1][-1]["messages"], 1))
    return reports[0], reports[1], questions


def ratios(base, reports, figure):
    return [report[figure] / max(other[figure], 1e-9) for other, report in zip(base, reports)]


# ---- Throughput ----

THROUGHPUT = [  # workload, connections, transport, log level, goal for messages/s, goal for CPU
    ("hot", 16, "unix", "info", "0.9", "1.15"),
    ("hot", 64, "unix", "info", "0.9", "1.15"),
    ("hot", 64, "unix", "warning", "", ""),
    ("hot", 64, "inet", "info", "", ""),
    ("zipf", 16, "unix", "info", "0.9", "1.15"),
    ("zipf", 64, "unix", "info", "0.9", "1.15"),
    ("new", 64, "unix", "info", "0.6", ""),
    ("nested", 64, "unix", "info", "", ""),
    ("sibling", 64, "unix", "info", "", ""),
    ("provider", 64, "unix", "info", "", ""),
    ("mx", 64, "unix", "info", "", ""),
    ("exists", 64, "unix", "info", "", ""),
    ("terms", 64, "unix", "info", "", ""),
    ("mixed", 64, "unix", "info", "", ""),
]


def noise_row(bench, connections):
    """The yardstick beside itself: what differs here is the machine's doing."""
    return compare(bench, "hot", connections, Nothing(bench.programs), "(nothing beside itself)", "", "")


def throughput_row(bench, workload, connections, transport, level, goal, cpu_goal):
    target = SmfSpf(bench.smf_spf, bench.dns, transport, LogLevel=level)
    name = f"{workload}, {transport}" + (", no log lines" if level == "warning" else "")
    return compare(bench, workload, connections, target, name, goal, cpu_goal)


def compare(bench, workload, connections, target, name, goal, cpu_goal):
    how = {"connections": connections, "clients": 1 if workload == "hot" else CLIENTS}
    with Nothing(bench.programs, "inet" if target.address.startswith("inet") else "unix") as nothing, target:
        bench.load.run(nothing, workload, messages=WARM_UP, **how)
        bench.load.run(target, workload, messages=WARM_UP, **how)
        base, reports, questions = pairs(bench, nothing, target, workload, seconds=bench.seconds, **how)
    return [name, str(connections),
            f"{median(report['per_second'] for report in base):.0f}", spread(ratios(base, reports, "per_second")), goal,
            f"{median(report['cpu_us'] for report in base):.0f}", spread(ratios(base, reports, "cpu_us")), cpu_goal,
            times(reports, "mail"), times(reports, "transaction"), f"{median(questions):.2f}",
            f"{max(report['rss_kb'] for report in reports) / 1024:.1f}" + complaint(reports)]


def throughput(bench):
    bench.dns.behave()
    rows = [lambda connections=connections: noise_row(bench, connections) for connections in (16, 64)]
    rows += [lambda row=row: throughput_row(bench, *row) for row in THROUGHPUT]
    table("DNS without delay",
          ["workload", "connections", "nothing: messages/s", "smf-spf: of that", "goal", "nothing: CPU us a message",
           "smf-spf: of that", "goal", "MAIL ms p50 / p95 / p99", "transaction ms p50 / p95 / p99",
           "DNS queries a message", "memory MB"],
          (row() for row in rows))


# ---- Beside another build ----

BEFORE = [(workload, connections) for workload, connections, transport, level, *_ in THROUGHPUT
          if (transport, level) == ("unix", "info")]


def before_row(bench, workload, connections):
    how = {"connections": connections, "clients": 1 if workload == "hot" else CLIENTS}
    with SmfSpf(bench.before, bench.dns) as before, SmfSpf(bench.smf_spf, bench.dns) as target:
        bench.load.run(before, workload, messages=WARM_UP, **how)
        bench.load.run(target, workload, messages=WARM_UP, **how)
        base, reports, questions = pairs(bench, before, target, workload, seconds=bench.seconds, **how)
    return [workload, str(connections), f"{median(report['per_second'] for report in base):.0f}",
            spread(ratios(base, reports, "per_second")), f"{median(report['cpu_us'] for report in base):.0f}",
            spread(ratios(base, reports, "cpu_us")), times(base, "mail"), times(reports, "mail"),
            f"{median(questions):.2f}" + complaint(reports)]


def beside_before(bench):
    """Only where another build is given."""
    if not bench.before:
        return
    bench.dns.behave()
    table("Beside another build, DNS without delay",
          ["workload", "connections", "before: messages/s", "smf-spf: of that", "before: CPU us a message",
           "smf-spf: of that", "before: MAIL ms p50 / p95 / p99", "smf-spf: MAIL ms p50 / p95 / p99",
           "DNS queries a message"],
          (before_row(bench, *row) for row in BEFORE))


# ---- Round trips ----

ROUND_TRIPS = [  # workload, fewest delays that are possible, goal
    ("nested", "5", "5.5"),
    ("sibling", "2", "2.5"),
    ("mx", "3", "3.5"),
    ("terms", "3", "3.5"),
    ("provider", "1", "1.5"),
]


def round_trips_row(bench, workload, least, goal):
    with SmfSpf(bench.smf_spf, bench.dns) as target:
        bench.load.run(target, workload, messages=1)
        reports = [bench.load.run(target, workload, messages=20) for _ in range(bench.pairs)]
    delays = [report["mail_p50_ms"] / DELAY_MS for report in reports]
    return [workload, spread(delays), goal, least + complaint(reports)]


def round_trips(bench):
    bench.dns.behave(delay_ms=DELAY_MS)
    table(f"DNS with a delay of {DELAY_MS} ms, one connection, every message a new domain",
          ["workload", "MAIL p50 in delays", "goal", "possible"],
          (round_trips_row(bench, *row) for row in ROUND_TRIPS))


# ---- Concurrency ----

CONCURRENCY_HEADS = ["workload", "connections", "nothing", "smf-spf", "goal for the ratio", "ratio",
                     "nothing: MAIL ms p50 / p95 / p99, longest wait for any answer",
                     "smf-spf: MAIL ms p50 / p95 / p99, longest wait for any answer"]


def concurrency_seconds(bench):
    """Long enough to see whether connections starve."""
    return max(bench.seconds, 4)


def waits(reports):
    return f"{times(reports, 'mail')}, {max(report['wait_max_ms'] for report in reports):.0f}"


def waiting_row(bench, connections):
    """MAIL waits for the DNS, beside a filter that sleeps as long as it has to."""
    sleep_ms = DELAY_MS * NESTED_DELAYS
    possible = connections * 1000 / sleep_ms
    with Nothing(bench.programs, sleep_ms=sleep_ms) as nothing, SmfSpf(bench.smf_spf, bench.dns) as target:
        base, reports, _ = pairs(bench, nothing, target, "nested", connections=connections,
                                 seconds=concurrency_seconds(bench))
    shares = [spread([report["per_second"] / possible for report in some]) for some in (base, reports)]
    return [f"RefuseAt mail, beside one that sleeps {sleep_ms} ms in MAIL: share of the {possible:.0f} messages/s that "
            "are possible", str(connections), *shares, "0.9", spread(ratios(base, reports, "per_second")), waits(base),
            waits(reports) + complaint(reports)]


def late_row(bench, connections, pause_ms=200):
    """Nobody waits at MAIL."""
    name = f"RefuseAt eom, {pause_ms} ms before the data: MAIL p99 in ms"
    with Nothing(bench.programs) as nothing:
        target = SmfSpf(bench.smf_spf, bench.dns, RefuseAt="eom")
        if not target.takes_configuration():
            target.remove()
            return [name, str(connections), "", "not there yet", "1.5", "", "", ""]
        with target:
            base, reports, _ = pairs(bench, nothing, target, "nested", connections=connections,
                                     seconds=concurrency_seconds(bench), pause_ms=pause_ms)
    p99s = [spread([report["mail_p99_ms"] for report in some]) for some in (base, reports)]
    return [name, str(connections), *p99s, "1.5", spread(ratios(base, reports, "mail_p99_ms")), waits(base),
            waits(reports) + complaint(reports)]


def concurrency(bench):
    bench.dns.behave(delay_ms=DELAY_MS)
    table(f"DNS with a delay of {DELAY_MS} ms, many connections, every message a new domain with 4 nested includes, "
          f"runs of {concurrency_seconds(bench):g} s", CONCURRENCY_HEADS,
          (row(bench, connections) for row in (waiting_row, late_row) for connections in (64, 256)))


# ---- Loss ----

LOSS = {"delay_ms": 3, "jitter_ms": 5, "loss_percent": 2}


def loss_row(bench, name, binary):
    with SmfSpf(binary, bench.dns) as target:
        bench.load.run(target, "mixed", messages=WARM_UP, connections=64, clients=CLIENTS)
        reports = [bench.load.run(target, "mixed", seconds=bench.seconds, connections=64, clients=CLIENTS)
                   for _ in range(bench.pairs)]
    return [name, times(reports, "mail"), "150", f"{max(report['mail_max_ms'] for report in reports):.0f}"
            + complaint(reports)]


def loss(bench):
    bench.dns.behave(**LOSS)
    rows = [("smf-spf", bench.smf_spf)] + ([("before", bench.before)] if bench.before else [])
    table("DNS answers after 3 to 8 ms, 2 % of the packets lost, mixed, 64 connections",
          ["", "MAIL ms p50 / p95 / p99", "goal for p99", "longest"], (loss_row(bench, *row) for row in rows))
    bench.dns.behave()


# ---- Silence ----

def recovery_s(bench, target):
    """From the DNS's coming back to the first right answer."""
    bench.dns.behave()
    begun = time.monotonic()
    while bench.load.run(target, "new", messages=1)["wrong"]:
        if time.monotonic() - begun > 60:
            break
    return time.monotonic() - begun


def silence_rows(bench):
    bench.dns.behave()
    with SmfSpf(bench.smf_spf, bench.dns) as target:
        bench.load.run(target, "hot", messages=100)
        bench.dns.behave(silent=True)
        first = bench.load.run(target, "new", messages=64, connections=64)
        others = bench.load.start(target, "new", seconds=10, connections=64)
        known = bench.load.run(target, "hot", seconds=8, connections=4)
        later = bench.load.finish(others)
        back_s = recovery_s(bench, target)
    return [["first 64 messages: MAIL max", f"{first['mail_max_ms'] / 1000:.2f} s", "DNSTimeout, 8 s"],
            ["later, 64 connections: MAIL max", f"{later['mail_max_ms'] / 1000:.2f} s", "1 s"],
            ["later: messages without an answer", str(first["lost"] + later["lost"]), "0"],
            ["beside them, 4 connections, a known sender: MAIL p50 / p95 / p99", f"{times([known], 'mail')} ms",
             "no wrong answer"],
            ["of these answered wrongly", f"{known['wrong']} of {known['messages']}", "0"],
            ["DNS back: first right answer after", f"{back_s:.2f} s", "2 s"]]


def silence(bench):
    table("DNS silent", ["what", "smf-spf", "goal"], silence_rows(bench))


# ---- Attackers ----

OTHERS = {"connections": 8, "pause_ms": 20}


def attacked_reports(bench):
    """Of everybody else, alone and beside 100 attackers, in turn."""
    alone, beside = [], []
    with SmfSpf(bench.smf_spf, bench.dns, LogLevel="warning") as target:
        bench.load.run(target, "new", messages=WARM_UP, connections=16)
        for _ in range(bench.pairs):
            alone.append(bench.load.run(target, "new", seconds=bench.seconds, **OTHERS))
            attackers = [bench.load.start(target, workload, seconds=bench.seconds + 2, connections=50)
                         for workload in ("dead", "tardy")]
            time.sleep(1)  # until all of them wait
            beside.append(bench.load.run(target, "new", seconds=bench.seconds, **OTHERS))
            for attacker in attackers:
                bench.load.finish(attacker)
    return alone, beside


def attackers_rows(bench):
    bench.dns.behave()
    alone, beside = attacked_reports(bench)
    return [["everybody else, alone: MAIL ms p50 / p95 / p99", times(alone, "mail"), ""],
            ["beside the attackers: MAIL ms p50 / p95 / p99", times(beside, "mail") + complaint(beside), "p99 50"],
            ["p99 beside them to p99 alone", spread(ratios(alone, beside, "mail_p99_ms")), ""],
            ["longest", f"{max(report['mail_max_ms'] for report in beside):.0f} ms", ""]]


def attackers(bench):
    table("100 attackers, half of them with names that are never answered, half with such that take 0.9 s; beside them 8 "
          "connections, every message a new domain", ["what", "smf-spf", "goal"], attackers_rows(bench))


# ---- Memory ----

def connections_row(bench, connections=1000):
    bench.dns.behave()
    reports = []
    for target in (Nothing(bench.programs), SmfSpf(bench.smf_spf, bench.dns)):
        with target:
            reports.append(bench.load.run(target, "hot", connections=connections, messages=20 * connections,
                                          per_connection=20, pause_ms=100))
    beyond_kb = (reports[1]["rss_kb"] - reports[0]["rss_kb"]) / connections
    return [[f"{connections} connections: messages lost", str(reports[1]["lost"]) + complaint(reports[1:]), "0"],
            [f"{connections} connections: memory of each beyond the do-nothing filter's", f"{beyond_kb:.1f} kB",
             "64 kB"]]


def keys_row(bench):
    bench.dns.behave()
    bench.dns.reset()
    with SmfSpf(bench.smf_spf, bench.dns, LogLevel="warning") as target:
        report = bench.load.run(target, "flood", messages=bench.keys, connections=64, clients=1)
    counts = bench.dns.counts()
    hits = 1 - counts.get("hot", 0) / max(report["messages"] - counts.get("new", 0), 1)
    return [[f"{bench.keys} messages, nine of ten a new domain: memory", f"{report['rss_kb'] / 1024:.0f} MB",
             "128 MB: CacheSize + DNSCacheSize + 32 MB"],
            ["beside them 100 domains that write often: out of the caches" + complaint([report]), f"{hits:.1%}",
             "90 %"]]


def memory(bench):
    table("Memory", ["what", "smf-spf", "goal"], connections_row(bench) + keys_row(bench))


PARTS = {"throughput": throughput, "before": beside_before, "round-trips": round_trips, "concurrency": concurrency,
         "loss": loss, "silence": silence, "attackers": attackers, "memory": memory}
