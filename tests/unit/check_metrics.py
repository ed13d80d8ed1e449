#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares the families in docs/monitoring.md, their types and labels, with those that the program writes.

usage: check_metrics.py METRICS_PROGRAM [SOURCE DIRECTORY]

METRICS_PROGRAM prints the metrics (tests/unit/session/print_metrics.c).
"""
import re
import subprocess
import sys
from pathlib import Path

NAMES_OF_REASONS = "the names that SIGUSR2 logs", "the same"


def documented(text):
    """Family to (type, label names, label values; None where the table only says where they come from)."""
    families = {}
    for name, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) ?\| ", text, re.MULTILINE):
        label = re.fullmatch(r"`(\w+)`(?:: (.*))?", labels)
        values = label[2] if label else None
        known = None if values is None or values in NAMES_OF_REASONS else set(values.split(", "))
        families[name] = (kind, label[1] if label else None, known)
    return families


def exposed(text):
    """The same as the program has it; all values."""
    families = {}
    for line in text.splitlines():
        kind = re.fullmatch(r"# TYPE smf_spf_(\w+?)(?:_total)? (\w+)", line)
        if kind:
            name = kind[1]
            families[name] = (kind[2], None, set())
            continue
        sample = re.match(r'smf_spf_\w+\{(\w+)="([^"]*)"', line)
        if sample:
            families[name][2].add(sample[2])
            families[name] = (families[name][0], sample[1], families[name][2])
    return families


def main():
    root = Path(sys.argv[2] if len(sys.argv) > 2 else ".")
    text = subprocess.run([sys.argv[1]], capture_output=True, text=True, check=True, timeout=20).stdout
    program, manual = exposed(text), documented((root / "docs/monitoring.md").read_text(encoding="utf-8"))
    faults = [f"{name} is not documented" for name in program.keys() - manual.keys()]
    faults += [f"{name} is documented only" for name in manual.keys() - program.keys()]
    for name in program.keys() & manual.keys():
        kind, label, values = manual[name]
        if (kind, label) != program[name][:2] or (values is not None and values != program[name][2]):
            faults.append(f"{name}: documented as {manual[name]}, exposed as {program[name]}")
    print("\n".join(faults) if faults else f"{len(program)} families are as documented")
    return 1 if faults or len(program) < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
