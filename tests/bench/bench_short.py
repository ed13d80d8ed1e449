# SPDX-License-Identifier: GPL-2.0-or-later
"""The short form: every workload once, every answer right, every figure there; nothing about time."""

import time

from bench_processes import Nothing, SmfSpf
from policy_processes import PolicyLoad, PolicyNothing, PolicySmfSpf, has_policy_socket

WORKLOADS = ("hot", "zipf", "new", "nested", "sibling", "provider", "mx", "exists", "terms", "large", "soft", "bare",
             "refused", "mixed", "flood", "tardy", "regulars", "strangers")
MESSAGES = 100
FIGURES = ("per_second", "mail_p50_ms", "mail_p95_ms", "mail_p99_ms", "transaction_p50_ms", "transaction_p95_ms",
           "transaction_p99_ms", "rss_kb")
POLICY_WORKLOADS = ("hot", "new", "nested", "soft", "bare", "refused")
POLICY_FIGURES = ("per_second", "request_p50_ms", "request_p95_ms", "request_p99_ms", "rss_kb")
RECOVERY_LIMIT_S = 30


class Wrong(AssertionError):
    """A measurement did not measure what it should."""


def check(name, report, messages=MESSAGES, wrong=0, figures=FIGURES):
    if report["messages"] != messages or report["wrong"] != wrong or report["lost"] != 0:
        raise Wrong(f"{name}: {report}")
    missing = [figure for figure in figures if not report[figure] > 0]
    if missing:
        raise Wrong(f"{name}: no {', '.join(missing)}: {report}")
    print(f"ok  {name}: {messages} messages")


def check_questions(name, counts, at_least):
    """Every new domain was asked for: the answers did not come from elsewhere."""
    if counts["total"] < at_least:
        raise Wrong(f"{name}: {counts}, expected {at_least} questions or more")


def check_workloads(bench, transport):
    with SmfSpf(bench.smf_spf, bench.dns, transport) as target:
        for workload in WORKLOADS:
            bench.dns.reset()
            report = bench.load.run(target, workload, messages=MESSAGES, connections=8)
            check(f"{workload} ({transport})", report)
            if workload not in ("hot", "zipf", "exists", "mixed", "flood", "tardy", "regulars"):
                check_questions(workload, bench.dns.counts(), MESSAGES)


def check_nothing(bench):
    for transport in ("unix", "inet"):
        with Nothing(bench.programs, transport) as target:
            check(f"nothing ({transport})", bench.load.run(target, "hot", messages=MESSAGES, connections=8))
    with Nothing(bench.programs, sleep_ms=20) as target:
        report = bench.load.run(target, "hot", messages=10, connections=2)
        check("nothing that sleeps", report, 10)
        if report["mail_p50_ms"] < 20:
            raise Wrong(f"it did not sleep: {report}")


def check_bad_dns(bench):
    """Delay, loss and silence do what they say, and a wrong answer is seen as one."""
    with SmfSpf(bench.smf_spf, bench.dns, DNSTimeout="1s") as target:
        bench.dns.behave(delay_ms=10)
        report = bench.load.run(target, "new", messages=10, pause_ms=5)
        check("delay", report, 10)
        if report["mail_p50_ms"] < 10:
            raise Wrong(f"the answers were not delayed: {report}")
        bench.dns.behave(silent=True)
        check("silence", bench.load.run(target, "new", messages=8, connections=8), 8, wrong=8)
        bench.dns.behave()
        deadline = time.monotonic() + RECOVERY_LIMIT_S
        while bench.load.run(target, "new", messages=1)["wrong"]:
            if time.monotonic() > deadline:
                raise Wrong("no right answer any more after a silence of the DNS")
        print("ok  after silence")
    with SmfSpf(bench.smf_spf, bench.dns) as target:
        bench.dns.behave(loss_percent=10)
        check("loss", bench.load.run(target, "new", messages=20, connections=20), 20)
        bench.dns.behave()


def check_policy(bench):
    """Both policy servers; a server that says nothing is seen where results are due."""
    load = PolicyLoad(bench.programs)
    for transport in ("unix", "inet"):
        with PolicyNothing(bench.programs, transport) as target:
            report = load.run(target, "hot", messages=MESSAGES, connections=8, per_connection=10, at_data=True)
            check(f"policy: nothing ({transport})", report, figures=POLICY_FIGURES)
            target.expects_nothing = False
            check("policy: nothing where there should be results", load.run(target, "refused", messages=MESSAGES),
                  wrong=MESSAGES, figures=POLICY_FIGURES)
        if not has_policy_socket(bench):
            print(f"skipped  policy ({transport}): no PolicySocket in this build")
            continue
        with PolicySmfSpf(bench.smf_spf, bench.dns, transport) as target:
            for workload in POLICY_WORKLOADS:
                for at_data in (False, True):
                    report = load.run(target, workload, messages=MESSAGES, connections=8, at_data=at_data)
                    check(f"policy: {workload} ({transport}{', at DATA too' if at_data else ''})", report,
                          figures=POLICY_FIGURES)


def run(bench):
    check_nothing(bench)
    check_policy(bench)
    for transport in ("unix", "inet"):
        check_workloads(bench, transport)
    check_bad_dns(bench)
