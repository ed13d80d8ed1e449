# SPDX-License-Identifier: GPL-2.0-or-later
"""What a soak is judged by: samples of a process over time, and the rule of when they are flat."""

import os
import time

import filter as filter_support

# The last quarter's maximum against that of the second quarter; the first one is the warm-up.
GROWTH_ALLOWED = {"rss_kb": (0.03, 2048), "descriptors": (0, 8), "threads": (0, 8)}
SAMPLES_MIN = 24  # fewer say nothing about a trend
BESIDE_CACHES_KB = 32 * 1024  # memory besides CacheSize and DNSCacheSize


def sample(pid):
    return {"at_s": time.monotonic(), "rss_kb": int(filter_support.process_status(pid, "VmRSS").split()[0]),
            "descriptors": len(os.listdir(f"/proc/{pid}/fd")), "threads": len(os.listdir(f"/proc/{pid}/task"))}


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


def growth(samples):
    """[text], one for each figure that is not flat; none where there are too few samples to tell."""
    if len(samples) < SAMPLES_MIN:
        return []
    found = []
    for figure, (share, count) in GROWTH_ALLOWED.items():
        early, late = (max(one[figure] for one in quarter(samples, number)) for number in (1, 3))
        if late > early + max(early * share, count):
            found.append(f"{figure} grew: at most {early} in the second quarter, {late} in the last "
                         f"({slope(samples, figure):+.0f} in an hour)")
    return found


def excess(samples, caches_kb):
    """[text] where memory went beyond the caches and what the rest may take."""
    most = max(one["rss_kb"] for one in samples)
    allowed = caches_kb + BESIDE_CACHES_KB
    return [f"{most} kB of memory, {allowed} kB allowed"] if most > allowed else []
