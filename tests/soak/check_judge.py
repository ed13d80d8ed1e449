#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that the soak's rule sees growth, and takes a warm-up and peaks that come again for none."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), HERE]
sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import soak_judge  # noqa: E402

TIMES_S = range(0, 7200, 10)


def series(rss_kb=lambda at: 40000, descriptors=lambda at: 100, threads=lambda at: 30, dns_sockets=lambda at: at % 64):
    return [{"at_s": at, "rss_kb": rss_kb(at), "descriptors": descriptors(at), "dns_sockets": dns_sockets(at),
             "threads": threads(at)} for at in TIMES_S]


CASES = [  # name, samples, what must be found
    ("constant", series(), []),
    ("warm-up", series(rss_kb=lambda at: min(10000 + 50 * at, 60000)), []),
    ("peaks that come again", series(descriptors=lambda at: 300 if at % 600 == 0 else 100), []),
    ("a peak at the end", series(descriptors=lambda at: 500 if at > 7000 else 100), []),
    ("two caches at once, in the last quarter alone",
     series(rss_kb=lambda at: 56000 if at > 5400 and at % 300 == 0 else 36000), []),
    ("caches that fill and are dropped", series(rss_kb=lambda at: 20000 + at % 150 * 100), []),
    ("the same, and a leak", series(rss_kb=lambda at: 20000 + at + at % 150 * 100), ["rss_kb"]),
    ("a leak of a message in a hundred", series(rss_kb=lambda at: 40000 + at), ["rss_kb"]),
    ("steps", series(rss_kb=lambda at: 40000 + 5000 * (at // 3600)), ["rss_kb"]),
    ("a descriptor in two minutes", series(descriptors=lambda at: 100 + at // 120), ["descriptors"]),
    ("a thread that stays, in five minutes", series(threads=lambda at: 30 + at // 300), ["threads"]),
    ("a socket to the name server that stays", series(dns_sockets=lambda at: at // 120 + at % 64), ["dns_sockets"]),
    ("many of them while the DNS is busy", series(dns_sockets=lambda at: 64 if at > 3600 and at % 600 else 5), []),
    ("shrinking", series(rss_kb=lambda at: 60000 - 5 * at, threads=lambda at: 60 - at // 300), []),
    ("too short to tell", series(rss_kb=lambda at: 40000 + at)[:soak_judge.SAMPLES_MIN - 1], []),
]


def main():
    wrong = []
    for name, samples, expected in CASES:
        found = [text.split()[0] for text in soak_judge.growth(samples)]
        if found != expected:
            wrong.append(f"{name}: found {found}, expected {expected}")
    if soak_judge.excess(series(), 8192) or not soak_judge.excess(series(rss_kb=lambda at: 40961), 8192):
        wrong.append("the bound of memory beside the caches")
    if round(soak_judge.slope(series(rss_kb=lambda at: 40000 + at), "rss_kb")) != 3600:
        wrong.append("the slope")
    print("\n".join(wrong) or f"{len(CASES)} series judged")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
