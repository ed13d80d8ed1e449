#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares the families in docs/monitoring.md, their types and labels, with those that the program writes, and looks
whether the expressions there, in the dashboard and in the alerts ask for any other.

usage: check_metrics.py METRICS_PROGRAM [SOURCE DIRECTORY]

METRICS_PROGRAM prints the metrics (tests/unit/session/print_metrics.c).
"""
import re
import subprocess
import sys
from pathlib import Path

NAMES_OF_REASONS = "the names that SIGUSR2 logs", "the same"


def documented(text):
    """Family to (type, label name to its values; None where the table only says where they come from)."""
    families = {}
    for name, kind, cell in re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) ?\| ", text, re.MULTILINE):
        labels = {}
        for label, values in re.findall(r"`(\w+)`(?:: ([^;]*))?", cell):
            labels[label] = None if not values or values in NAMES_OF_REASONS else set(values.split(", "))
        families[name] = (kind, labels)
    return families


def exposed(text):
    """The same as the program has it; all values. What a bucket is called is the format's."""
    families = {}
    for line in text.splitlines():
        kind = re.fullmatch(r"# TYPE (?:smf_spf_)?(\w+?)(?:_total)? (\w+)", line)
        if kind:
            labels = {}
            families[kind[1]] = (kind[2], labels)
        elif not line.startswith("#"):
            for label, value in re.findall(r'(\w+)="([^"]*)"', line):
                if label != "le":
                    labels.setdefault(label, set()).add(value)
    return families


def is_as_documented(program, manual):
    known = {label for label, values in manual[1].items() if values is not None}
    return (program[0], program[1].keys()) == (manual[0], manual[1].keys()) and all(
        program[1][label] == manual[1][label] for label in known)


SUFFIXES = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}


def unknown_samples(program, text):
    """What expressions ask for and the program has not: no error to Prometheus, but an empty panel, a silent alert."""
    samples = {name + suffix for name, (kind, _) in program.items() for suffix in SUFFIXES[kind]}
    return sorted(set(re.findall(r"\bsmf_spf_(\w+)", text)) - samples)


def main():
    root = Path(sys.argv[2] if len(sys.argv) > 2 else ".")
    text = subprocess.run([sys.argv[1]], capture_output=True, text=True, check=True, timeout=20).stdout
    program, manual = exposed(text), documented((root / "docs/monitoring.md").read_text(encoding="utf-8"))
    faults = [f"{name} is not documented" for name in program.keys() - manual.keys()]
    faults += [f"{name} is documented only" for name in manual.keys() - program.keys()]
    for name in program.keys() & manual.keys():
        if not is_as_documented(program[name], manual[name]):
            faults.append(f"{name}: documented as {manual[name]}, exposed as {program[name]}")
    for path in ("docs/monitoring.md", "docs/grafana.json", "docs/alerts.yml", "tests/metrics/alerts_test.yml"):
        text = (root / path).read_text(encoding="utf-8")
        faults += [f"{path}: there is no smf_spf_{name}" for name in unknown_samples(program, text)]
    print("\n".join(faults) if faults else f"{len(program)} families are as documented")
    return 1 if faults or len(program) < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
