# SPDX-License-Identifier: GPL-2.0-or-later
"""What greylisting costs a message whose sender is known, and one whose sender is not; and a store with many entries."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from statistics import median

from bench_processes import Failed, SmfSpf
from bench_table import CLIENTS, WARM_UP, complaint, pairs, ratios, spread, table, times

ENTRIES = 1_000_000
DELAY_S = 1
NO_BOUNCES = {"SkipNDR": "on"}  # null senders are not greylisted, so that no answer to DATA is needed
ROWS = [  # workload, connections, mode, what both have besides, goal for messages/s
    ("regulars", 16, "on", NO_BOUNCES, "0.9"), ("regulars", 64, "on", NO_BOUNCES, "0.9"), ("regulars", 16, "on", {}, ""),
    ("regulars", 64, "on", {}, ""), ("strangers", 16, "learn", {}, ""), ("strangers", 64, "learn", {}, "")]
HEADS = ["workload", "connections", "off: messages/s", "greylisted: of that", "goal", "off: CPU us a message",
         "greylisted: of that", "off: MAIL ms p50 / p95 / p99", "greylisted: the same", "off: transaction ms p50 / p95 / p99",
         "greylisted: the same", "answered by the cache", "answers in time"]


class Greylisting(SmfSpf):
    """A filter with a store of its own. It learns first, since the load takes no deferral for an answer."""

    def __init__(self, binary, dns, **more):
        super().__init__(binary, dns)
        self.keys = {**more, "Nameserver": f"127.0.0.1:{dns.port}", "GreylistDelay": f"{DELAY_S}s",
                     "GreylistStore": "sqlite:" + self.path("greylist.db"), "Metrics": "unix:" + self.path("metrics")}
        self.set_mode("learn")

    def set_mode(self, mode):
        self.reconfigure({**self.keys, "Greylist": mode})

    def change_mode(self, mode):
        self.set_mode(mode)
        done = subprocess.run([self.binary, "reload", "-c", self.config_path], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise Failed(f"reload: {done.stderr}")

    def store_counts(self):
        """Answers of the store by kind, and those of its cache."""
        with socket.socket(socket.AF_UNIX) as client, client.makefile("rw", encoding="utf-8") as stream:
            client.connect(self.path("metrics"))
            stream.write("GET /metrics HTTP/1.0\r\n\r\n")
            stream.flush()
            lines = stream.read().splitlines()
        counts = {}
        for line in lines:
            if line.startswith("smf_spf_greylist_store"):
                name, value = line.rsplit(" ", 1)
                counts[name] = float(value)
        return counts


def learn(bench, target, workload, how):
    """Everybody comes, and comes back."""
    for _ in range(2):
        bench.load.run(target, workload, messages=WARM_UP, **how)
        time.sleep(DELAY_S + 0.5)


def row(bench, workload, connections, mode, more, goal):
    how = {"connections": connections, "clients": CLIENTS}
    with SmfSpf(bench.smf_spf, bench.dns, **more) as off, Greylisting(bench.smf_spf, bench.dns, **more) as target:
        bench.load.run(off, workload, messages=WARM_UP, **how)
        learn(bench, target, workload, how)
        target.change_mode(mode)
        before = target.store_counts()
        base, reports, _ = pairs(bench, off, target, workload, seconds=bench.seconds, **how)
        counts = {name: value - before.get(name, 0) for name, value in target.store_counts().items()}
    answers = {name: value for name, value in counts.items() if "answers_total" in name}
    in_time = sum(value for name, value in answers.items() if '"answered"' in name)
    hits = sum(value for name, value in counts.items() if "cache_hits" in name)
    everything = max(sum(answers.values()), 1)
    return [", ".join([workload, mode, *(f"{key} {value}" for key, value in more.items())]), str(connections), f"{median(report['per_second'] for report in base):.0f}",
            spread(ratios(base, reports, "per_second")), goal, f"{median(report['cpu_us'] for report in base):.0f}",
            spread(ratios(base, reports, "cpu_us")), times(base, "mail"), times(reports, "mail"),
            times(base, "transaction"), times(reports, "transaction"), f"{100 * hits / everything:.1f} %",
            f"{100 * in_time / everything:.2f} %" + complaint(reports)]


def store(bench, entries=ENTRIES):
    """A store by itself, filled and then asked."""
    with tempfile.TemporaryDirectory(prefix="smf-spf-bench.") as place:
        out = subprocess.run([os.path.join(bench.programs, "greylist_load"), f"sqlite:{place}/greylist.db", str(entries)],
                             stdout=subprocess.PIPE, text=True, check=True).stdout
    figures = dict(line.split() for line in out.splitlines())
    if int(figures["answers-answered"]) < entries:
        sys.exit(f"greylist_load: {out}")
    table(f"A store with {entries:,} entries", ["what", "CPU us a decision", "us p50 / p99 / longest"],
          [["first contacts, 2,000 under way", figures["new-cpu-us"], f"{figures['new-per-s']} a second"]] +
          [[text, figures[f"{name}-cpu-us"], " / ".join(figures[f"{name}-us-{p}"] for p in ("p50", "p99", "max"))]
           for name, text in (("new-each", "first contacts, one after the other"), ("back-each", "those that come back"),
                              ("early-each", "those that come too early"), ("known-cached", "those that are known"))])
    print(f"The file has {int(figures['file-kb']) / 1024:.0f} MB, the process {int(figures['end-rss-kb']) / 1024:.0f} MB.\n")


def greylist(bench):
    bench.dns.behave()
    table("Greylisting beside none", HEADS, (row(bench, *each) for each in ROWS))
    store(bench)
