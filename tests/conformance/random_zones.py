# SPDX-License-Identifier: GPL-2.0-or-later
"""Random questions about SPF, and a zone that makes up its answers when it is first asked, all from one seed."""

import ipaddress
import random
import string
from dataclasses import dataclass

import spf

ALIASES_MAX = 8
DOMAINS = [f"e{number}.example.org" for number in range(4)] + ["Sub.e0.example.org"]
HOSTS = [*(f"h{number}.example.net" for number in range(6)), "mx.e0.example.org", "E1.example.org",
         "odd/:x.example.net"]
CLIENTS = ["192.0.2.1", "192.0.2.77", "198.51.100.200", "2001:db8::1", "2001:db8:1:2::fade", "::ffff:192.0.2.1"]
LOCALS = ["alice", "bob.smith", "a-b+c_d=e/f.g", "", "x y", "strong-bad", "L" * 64, "joe%{d}", "j\u00f6rg", "%",
          ".a.", "m~n!o"]
HELOS = ["mail.example.net", "e0.example.org", "E1.EXAMPLE.org", "", "localhost", "[192.0.2.1]", "bad..name",
         "a_b.e2.example.org", "x." + "y" * 63 + ".example.net", "under score.example.org"]
ODD_DOMAINS = ["org", "bad..example.org", "x" * 64 + ".example.org", "a b.example.org", "e0.example.org:1",
               ".".join(["q" * 40] * 4), "-.e1.example.org", "[192.0.2.1]"]
BROKEN = ["moo", "ip4:192.0.2", "ip4:192.0.2.1/33", "ip4:192.0.2.01", "ip6:2001:db8::g", "ip6:2001:db8::/129", "a:",
          "include:", "include", "exists", "all:x.org", "-all.", "a/33", "mx//129", "a/024", "a:192.0.2.1", "=x",
          "a:example.123", "exists:%{z}.org", "a:%{d", "a:%{d0}.org", "ptr/24", "redirect=", "exp=", "--all", "ip4:",
          "ip6:192.0.2.1", "a:x.example.org,", "include:%{d2x}.org", "exists:%{d:}.org", "exists:%(d).org",
          "a:%%{d}.org",
          "a:x\ty.org", "Redirect=e1.example.org", "EXP=why.example.org", "v=spf1", "a:foo", "a:foo.-bar", "a:foo.b-",
          "1x=y", "x-y.z_1=", "op=%x", "default=%{", "a:%{c}.org", "mx:%{t}", "exists:%%%x.org",
          "a:h0.example.net/24/24",
          "a:h0.example.net.", "ip4:192.0.2.1//32", "ip6:::ffff:192.0.2.1/120", "ip6:::/0", "ip4:0.0.0.0/0", "a//0",
          "a/0",
          "mx/0//0", "ptr:", "all/8", "caf\u00e9", "exists:%{ir}.%{v}._spf.%{d2}", "ip4:1.2.3.4,", "\u00e4=1"]


@dataclass
class Question:
    """One SPF question; `domain` is the sender's."""

    client: str
    helo: str
    local: str
    domain: str
    receiver: str


class Zone:
    """Answers that are made up at the first question for a name and type, and stay."""

    def __init__(self, rng):
        self.rng = rng
        self.clients = []
        # Some zones lead far into their records: little fails, is missing or matches there, and there are many terms.
        self.deep = rng.random() < 0.3
        self.failing, self.missing, self.matching = (0.003, 0.02, 0.12) if self.deep else (0.03, 0.27, 0.4)
        self.answers = {}  # (name, type) -> values, or None for no answer in time
        self.aliases = {}  # name -> name or None
        self.asked = set()  # names, for a reader of the test

    def lookup(self, name, kind):
        """As spf.DNSLookup: [((name, type), value)], along aliases."""
        at = name
        for _ in range(ALIASES_MAX):
            key = at.lower().rstrip(".")
            self.asked.add(key)
            values = self._answer(key, kind)
            if values is None:
                raise spf.TempError("DNS timeout")
            if values or not self.aliases.get(key):
                return [((name, kind), self._pyspf_form(kind, value)) for value in values]
            at = self.aliases[key]
        raise spf.TempError("DNS alias loop")

    @staticmethod
    def _pyspf_form(kind, value):
        return (value.encode("utf-8"),) if kind == "TXT" else value

    def _answer(self, name, kind):
        if len(name) > 253:
            return []
        if name not in self.aliases:
            self.aliases[name] = self.rng.choice(DOMAINS + HOSTS) if self.rng.random() < 0.03 else None
        if (name, kind) not in self.answers:
            maker = {"A": self._addresses, "AAAA": self._addresses, "MX": self._exchangers, "PTR": self._names,
                     "TXT": self._texts}[kind]
            self.answers[name, kind] = [] if self.aliases[name] else maker(name, kind)
        return self.answers[name, kind]

    def _addresses(self, _name, kind):
        chance = self.rng.random() - self.failing
        if chance < 0:
            return None
        if chance < self.missing:
            return []
        return [self._address(kind) for _ in range(self.rng.choice([1, 1, 1, 2, 3]))]

    def _address(self, kind):
        rng = self.rng
        fitting = [client for client in self.clients if (":" in client) == (kind == "AAAA")]
        if fitting and rng.random() < self.matching:
            return rng.choice(fitting)
        if kind == "A":
            return f"192.0.{rng.choice([2, 2, 3])}.{rng.randrange(256)}"
        return str(ipaddress.IPv6Address((0x20010db8 << 96) + rng.randrange(1 << rng.choice([8, 72, 96]))))

    def _exchangers(self, _name, _kind):
        rng = self.rng
        chance = rng.random() - self.failing
        if chance < 0:
            return None
        if chance < self.missing / 2:
            return []
        count = rng.choice([1, 1, 2, 2, 3, 4, 10, 11, 12])
        return [(rng.randrange(30), rng.choice(HOSTS + DOMAINS + [f"m{rng.randrange(12)}.example.net"]))
                for _ in range(count)] if chance < 0.95 else [(0, "")]

    def _names(self, _name, _kind):
        rng = self.rng
        chance = rng.random() - self.failing
        if chance < 0:
            return None
        if chance < self.missing:
            return []
        count = rng.choice([1, 1, 2, 3, 5, 10, 11, 12])
        return [rng.choice(HOSTS + DOMAINS + [f"p{rng.randrange(15)}.e0.example.org"]) for _ in range(count)]

    def _texts(self, name, _kind):
        rng = self.rng
        chance = rng.random() - self.failing
        if chance < 0:
            return None
        if chance < self.missing / 5:
            return []
        make = explanation if name.startswith("why") else record
        texts = [make(rng, self)]
        if chance < self.missing / 3:
            texts.append(make(rng, self))
        if 0.5 < chance < 0.52:
            texts.append(texts[0])  # word for word
        if chance > 0.92 - self.failing:
            texts.insert(rng.randrange(2), rng.choice(["some text", "v=spf10 -all", "spf2.0/pra -all", "v=spf1-all"]))
        if chance > 0.98 - self.failing:
            texts = texts[:1] if not name.startswith("why") else []
        return texts

    def entries(self):
        """(name, type, value) of all that was made up; value None: no answer in time."""
        for (name, kind), values in self.answers.items():
            if values is None:
                yield name, kind, None
            for value in values or []:
                yield name, kind, value
        for name, target in self.aliases.items():
            if target:
                yield name, "CNAME", target


def pick(rng, *weighted):
    """One of (weight, value)."""
    return rng.choices([value for _, value in weighted], [weight for weight, _ in weighted])[0]


def macro(rng, letters="slodiphv"):
    letter = rng.choice(letters + "dil")
    letter = letter.upper() if rng.random() < 0.15 else letter
    digits = pick(rng, (60, ""), (15, "1"), (15, "2"), (5, "3"), (2, "12"), (2, "01"), (1, "0"))
    reverse = pick(rng, (70, ""), (28, "r"), (2, "R"))
    delimiters = "".join(rng.sample(".-+,/_=", rng.choice([1, 1, 2, 3]))) if rng.random() < 0.25 else ""
    junk = rng.choice(["x", "!", "}", " "]) if rng.random() < 0.004 else ""
    return "%{" + letter + digits + reverse + delimiters + junk + "}"


def piece(rng):
    return pick(rng, (50, macro(rng)), (6, "%%"), (4, "%-"), (4, "%_"),
                (30, rng.choice(["a", "_spf", "x-y", "sp", "8"])),
                (2, rng.choice(string.punctuation.replace("%", ""))), (1, "w" * 63), (1, "w" * 64), (0.3, "%{c}"))


def spec(rng):
    """A domain-spec."""
    chance = rng.random()
    if chance < 0.55:
        return rng.choice(DOMAINS + HOSTS)
    if chance < 0.59:
        return "%{p" + rng.choice(["", "2", "r"]) + "}." + rng.choice(["p", "q"]) + ".example.org"
    if chance < 0.61:
        return ".".join(["%{d}"] * rng.choice([8, 15, 20])) + rng.choice(["", ".org"])
    pieces = [piece(rng) for _ in range(rng.choice([1, 1, 2, 3, 4]))]
    joined = pieces[0] + "".join(pick(rng, (85, "."), (10, "-"), (5, "")) + part for part in pieces[1:])
    return joined + pick(rng, (60, "." + rng.choice(DOMAINS)), (25, "." + macro(rng)), (10, ""), (5, "." + "%{d1}."))


def lengths(rng):
    return pick(rng, (70, ""), (8, "/24"), (4, "/0"), (4, "/31"), (4, "//64"), (4, "//0"), (4, "/16//48"),
                (2, "/32//128"))


def network(rng, zone):
    if rng.random() < zone.matching:
        address = rng.choice(zone.clients).replace("::ffff:", "")
        bits = pick(rng, (3, ""), (1, "/24"), (1, "/32"), (1, "/8"))
    else:
        address = rng.choice(["192.0.2.0", "10.0.0.1", "2001:db8:9::", "::1"])
        bits = rng.choice(["", "/24", "/25", "/120"])
    return ("ip6:" if ":" in address else "ip4:") + address + bits


def mechanism(rng, zone):
    name = pick(rng, (22, "a"), (18, "include"), (14, "mx"), (8, "ptr"), (18 if zone.missing > 0.1 else 4, "exists"),
                (20, "ip"))
    if name == "ip":
        return network(rng, zone)
    if name in ("include", "exists"):
        return f"{name}:{spec(rng)}"
    argument = f":{spec(rng)}" if rng.random() < 0.6 else ""
    return name + argument + (lengths(rng) if name != "ptr" else "")


def term(rng, zone):
    if rng.random() < zone.failing:
        return rng.choice(BROKEN)
    if rng.random() < 0.06:
        return pick(rng, (3, "x-tag="), (1, "m="), (1, "Op=")) + pick(rng, (3, "abc"), (1, macro(rng)), (1, "%%/%-"))
    text = mechanism(rng, zone)
    if rng.random() < 0.08:
        text = text.replace(text.split(":")[0], text.split(":")[0].upper(), 1)
    return pick(rng, (62, ""), (4, "+"), (12, "-"), (11, "~"), (11, "?")) + text


def record(rng, zone):
    """The text of an SPF record."""
    terms = [term(rng, zone) for _ in range(rng.choice([3, 5, 8, 12] if zone.deep else [0, 1, 1, 2, 2, 3, 3, 4, 5, 7]))]
    if rng.random() < 0.55:
        terms.append(pick(rng, (10, "-"), (4, "~"), (3, "?"), (1, "")) + "all")
    if rng.random() < 0.25:
        terms.insert(rng.randrange(len(terms) + 1), "redirect=" + spec(rng))
    if rng.random() < 0.4:
        terms.insert(rng.randrange(len(terms) + 1), "exp=why" + pick(rng, (4, ".example.org"), (1, "." + spec(rng))))
    if rng.random() < 0.01:
        terms.append(rng.choice(["exp=why.example.org", "redirect=e1.example.org"]))
    version = pick(rng, (96, "v=spf1"), (4, "V=sPf1"))
    return version + "".join(pick(rng, (95, " "), (5, "  ")) + word for word in terms) + pick(rng, (95, ""), (5, "  "))


def explanation(rng, _zone):
    """The text of an explanation."""
    words = [pick(rng, (40, macro(rng, "slodiphvcr")),
                  (30, rng.choice(["See", "why.", "http://x.example/?s=", "100%%"])),
                  (3, "%_"), (3, "%-"), (1, "%"), (1, "%{x}"), (1, "tab\there"), (1, "caf\u00e9"), (1, "z" * 200))
             for _ in range(rng.choice([1, 2, 3, 5, 8]))]
    return " ".join(words)


def scenarios(seed, questions_each):
    """For ever: (zone, questions), each from the seed and its own number."""
    number = 0
    while True:
        rng = random.Random(f"{seed}/{number}")
        zone = Zone(rng)
        zone.clients = rng.sample(CLIENTS, 3)
        yield zone, [question(rng, zone) for _ in range(questions_each)]
        number += 1


def question(rng, zone):
    client = rng.choice(zone.clients)
    helo = pick(rng, (60, HELOS[0]), (40, rng.choice(HELOS)))
    if rng.random() < 0.12:  # a null sender
        return Question(client, helo, "postmaster", helo, "mx.example.com")
    domain = pick(rng, (95, rng.choice(DOMAINS)), (5, rng.choice(ODD_DOMAINS)))
    return Question(client, helo, rng.choice(LOCALS), domain, pick(rng, (9, "mx.example.com"), (1, "")))
