#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs one of the openspf suites (Debian package python3-spf) through the program `conformance` and counts.
"""usage: suite.py PROGRAM SUITE

SUITE is rfc7208, rfc4408 or test. The suites are looked for in $SPF_SUITE_DIR, else where python3-spf puts them. The exit
status is 0 if every case came out right, or is on the list below; 77 if there is no such suite.
"""
import gzip
import os
import re
import subprocess
import sys

import yaml

DIRECTORY = os.environ.get("SPF_SUITE_DIR", "/usr/share/doc/python3-spf")
FILES = {"rfc7208": "rfc7208-tests.yml", "rfc4408": "rfc4408-tests.yml", "test": "test.yml"}
CASES = {"rfc7208": 203, "rfc4408": 191}  # what each must hold
NIBBLES = re.compile(r"\b(?:[0-9A-Fa-f]\.){31}[0-9A-Fa-f]\b")

# Cases whose wanted result is not ours, with the reason.
OTHERWISE = {
    "rfc7208": {},
    "rfc4408": {},
    "test": {
        "default-modifier": "wants the obsolete modifier default= (RFC 7208 13.3: an unknown modifier is ignored)",
        "default-modifier-harsh": "wants the result `ambiguous` of a strict mode that is not in RFC 7208",
    },
}


def read_suite(name):
    """The scenarios of a suite file, packed or not."""
    path = os.path.join(DIRECTORY, FILES[name])
    opener = open
    if not os.path.exists(path):
        path += ".gz"
        opener = gzip.open
    if not os.path.exists(path):
        print(f"{path} is not there; the package python3-spf has it (SPF_SUITE_DIR: another place)")
        sys.exit(77)
    with opener(path, "rb") as file:
        return list(yaml.safe_load_all(file))


def encode(text):
    octets = text if isinstance(text, bytes) else str(text).encode("utf-8")
    return "x" + octets.hex()


def host(name):
    return str(name or "").rstrip(".")


def record_line(name, kind, value):
    preference = 0
    if kind == "MX" and value != "TIMEOUT":
        preference, value = value
    if value == "TIMEOUT":
        kind, value = "TIMEOUT", kind
    elif kind in ("MX", "PTR", "CNAME"):
        value = host(value)
    elif kind in ("TXT", "SPF") and not isinstance(value, str):
        value = "".join(value)  # RFC 7208 3.3
    return f"record {encode(name)} {kind} {preference} {encode(value)}"


def zone_lines(zonedata):
    """The entries of a zone. Records of the obsolete type SPF stand for TXT where a name has none of its own; `TXT: NONE`
    says that it really has none."""
    yield "zone"
    for name, entries in (zonedata or {}).items():
        name = host(name)
        later = []
        has_text = False
        for entry in entries or []:
            if entry == "TIMEOUT":
                yield record_line(name, "ANY", "TIMEOUT")
                continue
            for kind, value in entry.items():
                has_text |= kind == "TXT"
                if kind == "SPF":
                    if value != "NONE":
                        later.append(record_line(name, "TXT", value))
                elif value != "NONE":
                    yield record_line(name, kind, value)
        if not has_text:
            yield from later


def case_line(name, case):
    sender = case.get("mailfrom") or ""
    helo = str(case.get("helo") or "")
    if not sender:
        sender = "postmaster@" + helo  # RFC 7208 2.4
    local, _, domain = sender.rpartition("@")
    fields = [helo, local, domain, case.get("receiver") or ""]
    return " ".join(["case", name, case["host"], *map(encode, fields)])


def decode(field):
    return bytes.fromhex(field[1:]).decode("ascii")


def is_wanted_explanation(case, text):
    """Whether this is the case's explanation. The suite writes the nibbles of IPv6 clients in upper case, RFC 7208
    section 7.4 and we in lower case; the names that they are a part of have no case."""
    def in_lower_case(explanation):
        return NIBBLES.sub(lambda nibbles: nibbles.group().lower(), explanation)

    return in_lower_case(text or "DEFAULT") == in_lower_case(case["explanation"])


def check(case, answer):
    """What is wrong with an answer; None if nothing is."""
    _, result, mechanism, problem, explanation, questions = answer
    wanted = case["result"] if isinstance(case["result"], list) else [case["result"]]
    if result not in wanted:
        return (f"got {result}, wanted {' or '.join(wanted)}"
                f" (mechanism {decode(mechanism)!r}, problem {decode(problem)!r}, {questions} questions)")
    if "explanation" in case and not is_wanted_explanation(case, decode(explanation)):
        return f"got the explanation {decode(explanation)!r}, wanted {case['explanation']!r}"
    return None


def main():
    program, name = sys.argv[1:]
    lines, cases = [], []
    for scenario in read_suite(name):
        lines += zone_lines(scenario.get("zonedata"))
        for case_name, case in scenario["tests"].items():
            lines.append(case_line(case_name, case))
            cases.append((case_name, case))
    done = subprocess.run([program], input="\n".join(lines) + "\n", stdout=subprocess.PIPE, text=True, timeout=100)
    answers = [line.split(" ") for line in done.stdout.splitlines()]
    if done.returncode != 0 or len(answers) != len(cases):
        print(f"{program} ended with {done.returncode} after {len(answers)} of {len(cases)} cases")
        return 1
    right = otherwise = wrong = 0
    for (case_name, case), answer in zip(cases, answers):
        complaint = check(case, answer)
        if complaint is None:
            right += 1
        elif case_name in OTHERWISE[name]:
            otherwise += 1
            print(f"otherwise: {case_name}: {OTHERWISE[name][case_name]}")
        else:
            wrong += 1
            print(f"WRONG: {case_name} (section {case.get('spec', '?')}): {complaint}")
    print(f"{FILES[name]}: {right} of {len(cases)} right, {otherwise} otherwise for a reason, {wrong} wrong")
    return 0 if wrong == 0 and len(cases) == CASES.get(name, len(cases)) else 1


if __name__ == "__main__":
    sys.exit(main())
