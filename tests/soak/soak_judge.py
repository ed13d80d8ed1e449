# SPDX-License-Identifier: GPL-2.0-or-later
"""What a soak is judged by: samples of a process over time, and the rule of when they are flat."""

import collections
import contextlib
import os
import re
import statistics
import time

import filter as filter_support


def upper_quartile(values):
    """What a quarter of the values reaches."""
    return sorted(values)[len(values) * 3 // 4]


# The last quarter against the second; the first one is the warm-up. Of memory that is the upper quartile: now and then a
# reload and an outage make new caches while the old ones are still in use, for seconds, which a maximum would be a matter
# of luck by; what is lost raises all. Of what follows the load from moment to moment it is the median. That memory has a
# bound at any moment is for excess to say.
# Sockets to the name server are apart: libunbound keeps up to 64 TCP connections to it open for a while, if so many answers
# at once did not fit into a datagram. What is lost raises the smallest number, too.
GROWTH_ALLOWED = {"rss_kb": (upper_quartile, 0.03, 2048), "descriptors": (statistics.median_high, 0, 8),
                  "dns_sockets": (min, 0, 8), "threads": (statistics.median_high, 0, 8)}
SAMPLES_MIN = 180  # half an hour: a quarter of less has not seen each reload at each moment of the faults
BESIDE_CACHES_KB = 32 * 1024  # memory besides CacheSize and DNSCacheSize


def sample(pid, dns_port):
    kinds = descriptor_kinds(pid, dns_port)
    dns_sockets = sum(count for kind, count in kinds.items() if kind.startswith(("dns", "udp")))
    return {"at_s": time.monotonic(), "rss_kb": int(filter_support.process_status(pid, "VmRSS").split()[0]),
            "descriptors": kinds.total() - dns_sockets, "dns_sockets": dns_sockets,
            "threads": len(os.listdir(f"/proc/{pid}/task")), "kinds": kinds}


def socket_kinds(dns_port):
    """{inode: kind} of the sockets of this network namespace: tcp with its state (and dns with it, if it goes to that port),
    udp, unix."""
    kinds = {}
    for name in ("tcp", "tcp6", "udp", "udp6", "unix"):
        with contextlib.suppress(OSError), open(f"/proc/net/{name}", encoding="ascii", errors="replace") as file:
            for fields in map(str.split, list(file)[1:]):
                if name == "unix":
                    kinds[fields[6]] = f"unix-{fields[5]}"
                else:
                    is_dns = name == "tcp" and int(fields[2].rpartition(":")[2], 16) == dns_port
                    kinds[fields[9]] = f"{'dns-' if is_dns else ''}{name}-{fields[3]}"
    return kinds


def descriptor_kinds(pid, dns_port):
    """Counter of what the descriptors of the process are, to see of which kind are more if they become more."""
    sockets, kinds = socket_kinds(dns_port), collections.Counter()
    for number in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            target = os.readlink(f"/proc/{pid}/fd/{number}")
            inode = re.fullmatch(r"socket:\[(\d+)\]", target)
            kinds[sockets.get(inode[1], "socket") if inode else target.partition(":")[0].rpartition("/")[2]] += 1
    return kinds


def kinds_text(one):
    return " ".join(f"{kind}:{count}" for kind, count in sorted(one["kinds"].items()) if count > 1)


def processor_waits(pid):
    """(seconds that the process was ready to run and did not, how often it ran); nothing where the kernel counts none."""
    try:
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
            _, waited_ns, times = map(int, file.read().split())
    except (OSError, ValueError):
        return 0.0, 0
    return waited_ns / 1e9, times


def mean_wait_s(before, after):
    return (after[0] - before[0]) / max(after[1] - before[1], 1)


def quarter(samples, number):
    """The samples of the quarter `number` (0-3) of the time."""
    begun_s, whole_s = samples[0]["at_s"], samples[-1]["at_s"] - samples[0]["at_s"]
    return [one for one in samples if number <= 4 * (one["at_s"] - begun_s) / whole_s <= number + 1]


def slope(samples, figure):
    """Change of the figure in an hour after the warm-up, by least squares."""
    points = [(one["at_s"] / 3600, one[figure]) for one in samples[len(samples) // 4:]]
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points))
    width = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / width if width else 0.0


def both_quarters(samples, figure):
    """The figure of the second quarter and of the last."""
    return [GROWTH_ALLOWED[figure][0]([one[figure] for one in quarter(samples, number)]) for number in (1, 3)]


def growth(samples):
    """[text], one for each figure that is not flat; none where there are too few samples to tell."""
    if len(samples) < SAMPLES_MIN:
        return []
    found = []
    for figure, (_, share, count) in GROWTH_ALLOWED.items():
        early, late = both_quarters(samples, figure)
        if late > early + max(early * share, count):
            found.append(f"{figure} grew: {early} in the second quarter, {late} in the last "
                         f"({slope(samples, figure):+.0f} in an hour)")
    return found


def excess(samples, caches_kb):
    """[text] where memory went beyond the caches and what the rest may take."""
    most = max(one["rss_kb"] for one in samples)
    allowed = caches_kb + BESIDE_CACHES_KB
    return [f"{most} kB of memory, {allowed} kB allowed"] if most > allowed else []
