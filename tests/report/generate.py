#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes synthetic logs in each form that smf-spf has had, and what a report about them must say.

    generate.py --messages N --form json|line|old DIRECTORY      writes DIRECTORY/log and DIRECTORY/truth.json
"""

import argparse
import collections
import json
import pathlib
import random
import time

RESULTS = ["none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"]
START = 1_790_000_000
# Domain, client, verified name, HELO, result, reason, verdict: picked with these weights.
KINDS = [
    (30, "pass.example", "192.0.2.1", "mx.pass.example", "mx.pass.example", "pass", "ip4:192.0.2.0/24"),
    (6, "wide.example", "198.51.100.9", "", "pc", "pass", "+all"),
    (5, "slash8.example", "10.9.8.7", "", "pc", "pass", "ip4:10.0.0.0/8"),
    (5, "named.example", "192.0.2.8", "mail.named.example", "mail.named.example", "pass", "mx"),
    (4, "inc.example", "192.0.2.9", "out.inc.example", "out.inc.example", "pass", "include:_spf.inc.example"),
    (8, "bad.example", "203.0.113.66", "", "zombie", "fail", "-all"),
    (3, "pass.example", "203.0.113.5", "", "fw", "fail", "-all"),
    (4, "soft.example", "203.0.113.67", "", "pc", "softfail", "~all"),
    (3, "temp.example", "203.0.113.7", "", "pc", "temperror", "DNS timeout for temp.example TXT"),
    (3, "perm.example", "203.0.113.8", "", "pc", "permerror",
     "record of perm.example: not an IPv4 address at octet 12: v=spf1 ip4:192.0.2.300 -all"),
    (3, "ours.example", "203.0.113.9", "", "pc", "fail", "-all"),
    (6, "norecord.example", "203.0.113.10", "", "pc", "none", ""),
]
VERDICTS = {"fail": "refused", "softfail": "tagged", "temperror": "deferred"}


def forwarded(i):
    """A forwarder whose name verifies, for senders of many owners."""
    return (f"sender{i % 7}.example", "192.0.2.77", "out.forwarder.example", "out.forwarder.example", "fail", "-all")


def messages(count, seed):
    choose = random.Random(seed)
    kinds = [kind[1:] for kind in KINDS for _ in range(kind[0])]
    for i in range(count):
        yield START + i * 40, *(forwarded(i) if i % 20 == 7 else choose.choice(kinds))


def json_line(i, moment, domain, client, name, helo, result, reason, verdict):
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + ".123Z"
    check = {"identity": "mailfrom", "domain": domain, "result": result, "ms": 3, "questions": 1}
    if reason:
        check["reason"] = reason
    line = {"time": stamp, "level": "info", "event": "message", "id": f"Q{i}", "client": client}
    line |= {"name": name} if name else {}
    line |= {"helo": helo, "mail_from": f"user{i}@{domain}", "checks": [check], "verdict": verdict}
    line |= {"code": "550", "enhanced": "5.7.23"} if verdict == "refused" else {}
    return [json.dumps(line | {"recipients": 1, "ms": 4}, separators=(",", ":"))]


def text_lines(form, i, moment, domain, client, name, helo, result, reason, verdict):
    head = time.strftime("%Y-%m-%dT%H:%M:%S+00:00 mail smf-spf[77]: ", time.gmtime(moment))
    who = f"ip={client}, fqdn={name or f'[{client}]'}, helo={helo}, from=<user{i}@{domain}>"
    why = f", reason={reason}" if reason else ""
    reply = {"refused": ", reply=550 5.7.23", "deferred": ", reply=451 4.7.24"}.get(verdict, "")
    if form == "line":
        return [f"{head}SPF {result}: {who}{why}, verdict={verdict}{reply}, id=Q{i}"]
    lines = [f"{head}SPF {result}: {who}{why}"]
    if verdict != "accepted":
        lines.append(f"{head}SPF {verdict}: {who}{reply}")
    return lines


def count_truth(truth, moment, domain, client, name, helo, result, reason, verdict):
    truth["results"][result] += 1
    truth["verdicts"][verdict] += 1
    passed = truth["passed"][domain]
    truth["passed"][domain] += result == "pass"
    if verdict in ("refused", "deferred"):
        truth[verdict][domain] += 1
        truth["after_pass"][domain] += result in ("fail", "softfail") and passed > 0
    if result in ("temperror", "permerror"):
        truth[result][f"{domain}\t{reason}"] += 1
    if result == "pass":
        truth["terms"][f"{domain}\t{reason}"] += 1
    if domain == "ours.example":
        truth["forged"][f"{domain}\t{client}"] += 1
    if client == "192.0.2.77":
        truth["forwarded"] += 1
    if result == "softfail":
        truth["what_if"][domain] += 1
    truth["hours"][moment // 3600] += 1


def write(directory, count, form, seed=1):
    names = ["results", "verdicts", "passed", "refused", "deferred", "after_pass", "temperror", "permerror", "terms",
             "forged", "what_if", "hours"]
    truth = {name: collections.Counter() for name in names} | {"forwarded": 0, "messages": count, "lines": 0}
    with open(directory / "log", "w", encoding="utf-8") as log:
        for i, (moment, *message) in enumerate(messages(count, seed)):
            verdict = VERDICTS.get(message[4], "accepted")
            make = json_line if form == "json" else lambda *rest: text_lines(form, *rest)
            lines = make(i, moment, *message, verdict)
            log.write("\n".join(lines) + "\n")
            truth["lines"] += len(lines)
            count_truth(truth, moment, *message, verdict)
    (directory / "truth.json").write_text(json.dumps(truth, indent=1), encoding="utf-8")
    return truth


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--form", choices=["json", "line", "old"], default="json")
    parser.add_argument("directory", type=pathlib.Path)
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    write(options.directory, options.messages, options.form)


if __name__ == "__main__":
    main()
