#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Compares our results with those of pyspf, an independent implementation, on random zones and records.
"""usage: random_cases.py PROGRAM COUNT [SEED]

Each case has a zone made from its own seed (SEED, SEED + 1, ...), so one that went wrong is repeated with COUNT 1 and its
seed, which prints the zone too. Every difference must be one of the readings of RFC 7208 listed here; the exit status is 1
if one is not, and 77 if pyspf is not there.
"""
import collections
import random
import socket
import subprocess
import sys

import suite

try:
    import spf
except ImportError:
    print("pyspf is not there; the package is python3-spf")
    sys.exit(77)

# Differences by pyspf's message, with our reading.
READINGS = {
    "include has trivial recursion": "an include of its own domain is an error only if it is evaluated, by the term limit"
                                     " (5.2, 4.6.4)",
    "Too many DNS lookups": "a redirect counts where it is followed, not where it stands (4.6.4)",
    "MUST appear at most once": "only redirect and exp must not be repeated (6)",
    "zero parts": "a macro must not keep 0 parts (7.3)",
    "explanation": "an explanation with a macro error is left out (6.2)",
    "cut": "names are cut to 253 octets, explanations are not (7.3)",
}

NAMES = [f"{letter}.example" for letter in "abcdefgh"] + ["x.a.example", "mx.b.example"]
MISSING = ["none1.example", "none2.example", "none3.example"]
MACROS = ["%{d}", "%{o}", "%{l}.a.example", "%{d2}", "%{h}", "%{ir}.%{v}.c.example", "%{l1r-}.b.example", "x.%{d}",
          "%{d1r}.example", "%{p}", "%{i}.c.example", "%{s}", "%{dr}.example", "%{L-+}.a.example", "%{o1}.example",
          "a%%b.example", "%{p2}", "%{O2}", "%{ir-+,/_=.}.c.example", "%{d99}"]
BAD_DOMAINS = ["museum", "a..example", "%{z}", "%", "1.2.3.4", "a.example.", "a_b.example", "%{d}x", "%{c}.example",
               "%{d0}.example", "%{d", "a.example-"]
NETWORKS = ["10.0.0.1", "10.0.0.0/24", "10.0.1.0/23", "192.0.2.0/25", "0.0.0.0/0", "10.0.0.1/33", "1.2.3",
            "192.0.2.77/32"] + ["10.0.0.9", "10.3.0.0/16"] * 5
NETWORKS_V6 = ["2001:db8::/32", "2001:db8::1", "::/0", "2001:db8::1/129", "::1.2.3.4"] + ["2001:db9::/32"] * 5
LENGTHS = ["/24", "/8", "/0", "/32", "//64", "//0", "/24//64", "/33", "//129", "/01"] + [""] * 25
MODIFIERS = ["foo=bar", "x=%{d}", "moo.a-b_c=", "exp=e.example", "exp=x.a.example"]
BROKEN = ["foo", "all:", "ptr/3", "a:", "ip4", "-", "=", "include", "redirect:a.example", "+exp=a.example", "exists",
          "mx:/24", "moo=%"]
ENDS = ["", " -all", " ~all", " redirect=h.example", " "]
REVERSED = ["1.0.0.10.in-addr.arpa", "1.2.0.192.in-addr.arpa",
            "1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa"]
CLIENTS = ["10.0.0.1", "192.0.2.1", "2001:db8::1"]
SENDERS = ["user@a.example", "foo-bar@a.example", "@a.example", "user@x.a.example", ""]


def domain(rng):
    kind = rng.random()
    if kind < 0.55:
        return rng.choice(NAMES)
    if kind < 0.65:
        return rng.choice(MISSING)
    return rng.choice(MACROS if kind < 0.93 else BAD_DOMAINS)


def term(rng):
    """A mechanism or modifier, with the weights of records that reach far before they end."""
    kind = rng.choices(["a", "mx", "ptr", "include", "exists", "ip4", "ip6", "all", "redirect", "modifier", "broken"],
                       [15, 12, 8, 18, 10, 12, 8, 7, 5, 4, 1])[0]
    qualifier = rng.choice(["", "", "", "-", "~", "?", "+"])
    if kind in ("a", "mx"):
        target = ":" + domain(rng) if rng.random() < 0.75 else ""
        return qualifier + rng.choice([kind, kind, kind.upper()]) + target + rng.choice(LENGTHS)
    if kind == "ptr":
        return qualifier + kind + (":" + domain(rng) if rng.random() < 0.7 else "")
    if kind in ("include", "exists"):
        return f"{qualifier}{kind}:{domain(rng)}"
    if kind in ("ip4", "ip6"):
        return f"{qualifier}{kind}:{rng.choice(NETWORKS if kind == 'ip4' else NETWORKS_V6)}"
    if kind == "all":
        return qualifier + kind
    if kind == "redirect":
        return "redirect=" + domain(rng)
    return rng.choice(MODIFIERS if kind == "modifier" else BROKEN)


def policy(rng):
    terms = [term(rng) for _ in range(rng.choice([0, 1, 2, 2, 3, 3, 4, 5, 6, 12]))]
    return "v=spf1 " + rng.choice([" ", " ", "  "]).join(terms) + rng.choice(ENDS)


def entries(rng):
    """What one name has."""
    if rng.random() < 0.04:
        return ["TIMEOUT"]
    found = []
    if rng.random() < 0.85:
        found.append({"TXT": policy(rng)})
    if rng.random() < 0.05:
        found.append({"TXT": "v=spf1 -all"})
    if rng.random() < 0.2:
        found.append({"TXT": "because of %{i} at %{d}"})
    for _ in range(rng.choice([0, 1, 1, 2])):
        found.append({"A": rng.choice(["10.0.0.1", "10.0.0.7", "192.0.2.1", "10.9.0.1"])})
    if rng.random() < 0.4:
        found.append({"AAAA": rng.choice(["2001:db8::1", "2001:db8:1::1"])})
    for _ in range(rng.choice([0, 0, 0, 0, 1, 2, 11])):
        found.append({"MX": [10, rng.choice(NAMES + MISSING[:1])]})
    return found


def make_zone(rng):
    zone = {name: entries(rng) for name in NAMES}
    if rng.random() < 0.5:
        zone["e.example"] = [{"TXT": "because %{c} is not %{d}, %{S}"}]
    for name in REVERSED:
        kind = rng.random()
        if kind < 0.6:
            zone[name] = [{"PTR": rng.choice(NAMES)} for _ in range(rng.choice([1, 1, 2, 12]))]
        elif kind < 0.65:
            zone[name] = ["TIMEOUT"]
    for name in ("user.a.example", "1.0.0.10.in-addr.c.example", "10.0.0.1.c.example", "foo.b.example", "user.b.example"):
        if rng.random() < 0.5:
            zone[name] = [{"A": "127.0.0.2"}]
    return zone


def make_case(rng):
    return {"host": rng.choice(CLIENTS), "helo": rng.choice(["b.example", "mail.example.org", "x"]),
            "mailfrom": rng.choice(SENDERS)}


class MailExchangers(list):
    """The names of an mx term, in the place of their addresses."""


class Query(spf.query):
    """pyspf with our readings of RFC 7208 where its own would hide all that comes after them."""

    def validated_ptrs(self):
        """5.5: errors of the DNS are no match, and what the names' questions find has a limit of its own: no void lookups.
        The PTR question of a ptr term counts, that of a p macro does not."""
        in_macro = sys._getframe(1).f_code.co_name == "getp"
        try:
            names = self.dns(f"{spf.reverse_dots(self.i)}.{self.v}.arpa", "PTR", ignore_void=in_macro)
        except spf.TempError:
            return []
        validated = []
        for name in names[:10]:
            try:
                if self.cidrmatch(self.dns(name, self.A, ignore_void=True), self.cidrmax):
                    validated.append(name)
            except spf.TempError:
                pass
        return validated

    def dns_mx(self, domainname):
        return MailExchangers(name for _, name in self.dns(domainname, "MX"))

    def cidrmatch(self, ipaddrs, n):
        """5.4, 4.6.4: the first 10 names of an mx term are tried in turn before their number is an error."""
        if not isinstance(ipaddrs, MailExchangers):
            return super().cidrmatch(ipaddrs, n)
        for name in ipaddrs[:10]:
            if super().cidrmatch(self.dns_a(name, self.A), n):
                return True
        if len(ipaddrs) > 10:
            raise spf.PermError("more than 10 mail exchangers")
        return False


class Zone:
    """Answers the questions of pyspf."""

    def __init__(self, zone):
        self.entries = {name.lower(): found for name, found in zone.items()}

    def lookup(self, name, qtype, *_):
        for entry in self.entries.get(name.lower(), ()):
            if entry == "TIMEOUT":
                raise spf.TempError("DNS timeout")
            for kind, value in entry.items():
                if kind == "AAAA":
                    value = socket.inet_pton(socket.AF_INET6, value)
                elif kind == "TXT":
                    value = (value.encode(),)
                elif kind == "MX":
                    value = tuple(value)
                yield (name.lower(), kind), value


def ask_pyspf(zone, case):
    """Its result, explanation and message."""
    spf.DNSLookup = Zone(zone).lookup
    sender = "postmaster" * case["mailfrom"].startswith("@") + case["mailfrom"]  # 4.3; pyspf leaves it out of %{s}
    query = Query(i=case["host"], s=sender, h=case["helo"], strict=True, receiver="", querytime=0)
    query.set_default_explanation("")
    result, _, explanation = query.check()
    return result, explanation if result == "fail" else "", str(query.perm_error or explanation)


def explains_badly(zone):
    """True if a name that exp leads to (MODIFIERS) has a text with a macro error."""
    found = zone["e.example"] + zone["x.a.example"]
    texts = [entry["TXT"] for entry in found if entry != "TIMEOUT" and "TXT" in entry]
    return any(bad in text for text in texts for bad in BAD_DOMAINS if "%" in bad)


def reading_of(zone, ours, theirs):
    """The reading that two different outcomes (result, explanation, message) come from; None if there is none."""
    for text in READINGS:
        if text in theirs[2]:
            return text
    if ours[0] == theirs[0] == "fail" and not ours[1] and explains_badly(zone):
        return "explanation"
    if ours[0] == theirs[0] == "fail" and len(ours[1]) > 253 and ours[1].endswith(theirs[1]):
        return "cut"
    return "zero parts" if "keeps 0 parts" in ours[2] else None


def main():
    program, count = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    cases, lines = [], []
    for number in range(seed, seed + count):
        rng = random.Random(number)
        zone, case = make_zone(rng), make_case(rng)
        cases.append((number, zone, case))
        lines += [*suite.zone_lines(zone), suite.case_line(str(number), case)]
    done = subprocess.run([program], input="\n".join(lines) + "\n", stdout=subprocess.PIPE, text=True, timeout=1000)
    answers = [line.split(" ") for line in done.stdout.splitlines()]
    if done.returncode != 0 or len(answers) != count:
        print(f"{program} ended with {done.returncode} after {len(answers)} of {count} cases")
        return 1
    equal, results, readings, wrong = 0, collections.Counter(), collections.Counter(), 0
    for (number, zone, case), answer in zip(cases, answers):
        mechanism, problem, explanation = map(suite.decode, answer[2:5])
        ours, theirs = (answer[1], explanation, problem), ask_pyspf(zone, case)
        results[ours[0]] += 1
        reading = reading_of(zone, ours, theirs)
        if ours[:2] == theirs[:2]:
            equal += 1
        elif reading:
            readings[reading] += 1
        else:
            wrong += 1
            print(f"WRONG: seed {number}: {case}: ours {ours} by {mechanism}, pyspf {theirs}")
            if count == 1:
                for name, found in zone.items():
                    print("   ", name, found)
    print("our results:", ", ".join(f"{name} {number}" for name, number in results.most_common()))
    for reading, number in readings.items():
        print(f"by reading: {number}: {READINGS[reading]}")
    print(f"{count} random cases: {equal} equal, {sum(readings.values())} by reading, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
