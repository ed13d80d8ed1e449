# SPDX-License-Identifier: GPL-2.0-or-later
"""Random questions about SPF in which names are odd: local parts, HELO names and the client's names with any octet that
mail and the DNS let through, and records that put them into names to ask for. All comes from one seed."""

import random

from random_zones import CLIENTS, DOMAINS, Question, Zone, explanation, macro, pick

OCTETS = "+=#!*'{}|~^&$%/?`-_"  # beside letters and digits, all that RFC 5322 lets stand in a local part
QUOTED = " @,;:<>()[]\"\\"  # these only between quotes
BEYOND = "\u00e4\u00df\u03b1\u4e2d\U0001f600"
WORDS = ["bob", "tag", "list-owner", "SRS0", "prvs", "x", "2", "a.b", "Very.Long.Name", "%{d}", "%", "xn--bcher-kva"]
LOCALS = ["bob+tag", "prvs=0123abcdef=alice", "SRS0=AbC+/=TT=example.net=bob", "bounce-1234-bob=example.net",
          "first#second", "o'brien", "{curly}|pipe", "!important!", "*", "a*b", "=?x?=", "user%example.net", "{}", "#",
          "''", "+", "=", "|", "j\u00f6rg", "\u4e2d\u6587", "bob+\u00e4", "q w", "at@sign", "back\\slash", 'qu"ote',
          "(comment)", "semi;colon", "a,b", "<angle>", ".".join("label"), "x" * 64]
HELOS = ["[192.0.2.1]", "[IPv6:2001:db8::1]", "[198.51.100.200]", "mail+1.example.net", "o'brien.example.net",
         "under_score.example.org", "a=b.example.org", "{x}.e0.example.org", "p|q.example.org", "#1.example.org", "!",
         "*.example.org", "localhost", "192.0.2.1", "j\u00f6rg.example.org", "mail.example.net.", "x..y.example.org"]
HOSTS = ["a+b.example.net", "x=y.e0.example.org", "q#r.e1.example.org", "it's.e0.example.org", "{x}.e0.example.org",
         "p|q.example.net", "st*r.e2.example.org", "bang!.e3.example.org", "sp ace.e0.example.org",
         "at@x.e1.example.org", "back\\slash.e0.example.org", "semi;colon.e0.example.org",
         'quote"d.e1.example.org', "dollar$.example.net", "(p).e2.example.org", "tab\tx.e0.example.org",
         "0/25.2.0.192.example.net", "plain.e0.example.org", "E1.example.org", "_service._tcp.e0.example.org",
         "-.e3.example.org"]
LITERALS = ["x+y=z", "q#r", "o'b", "{", "}", "a|b", "!", "*", "foo:bar/baz", "%%", "%_", "%-", "~", "\"", "<>", "(",
            "@"]


class OddZone(Zone):
    """Answers at once, without aliases: what is asked for is what matters."""

    def __init__(self, rng):
        super().__init__(rng)
        self.failing, self.missing, self.matching = 0, 0.4, 0.4

    def _answer(self, name, kind):
        self.aliases.setdefault(name.lower(), None)
        return super()._answer(name, kind)

    def _names(self, _name, _kind):
        if self.rng.random() < 0.15:
            return []
        return self.rng.sample(HOSTS, self.rng.choice([1, 1, 2, 3]))

    def _exchangers(self, _name, _kind):
        return [(10 * number, name) for number, name in enumerate(self.rng.sample(HOSTS, self.rng.choice([1, 2, 3])))]

    def _texts(self, name, _kind):
        if self.rng.random() < 0.1:
            return []
        return [explanation(self.rng, self) if name.startswith("why") else record(self.rng, self)]


def spec(rng):
    """A domain-spec with odd names in it."""
    middle = pick(rng, (8, macro(rng, "llsshp")), (2, macro(rng)), (2, rng.choice(LITERALS)), (1, rng.choice(HOSTS)))
    before = pick(rng, (6, ""), (2, rng.choice(LITERALS) + "."), (2, macro(rng, "lhp") + "."), (1, "%{ir}."))
    return before + middle + pick(rng, (6, "._spf." + rng.choice(DOMAINS)), (2, ".%{d}"), (1, "." + macro(rng, "od")))


def term(rng):
    name = pick(rng, (10, "exists"), (3, "a"), (2, "include"), (2, "ptr"), (2, "mx"))
    if name == "ptr":
        text = "ptr" + pick(rng, (1, ""), (2, ":" + rng.choice(DOMAINS)), (1, ":" + rng.choice(HOSTS)))
    else:
        text = f"{name}:{spec(rng)}"
    return pick(rng, (60, ""), (15, "-"), (10, "~"), (10, "?")) + text


def record(rng, _zone):
    """The text of an SPF record."""
    terms = [term(rng) for _ in range(rng.choice([1, 1, 2, 2, 3, 4]))]
    terms.append(pick(rng, (8, "-all"), (2, "~all"), (1, "?all"), (2, "redirect=" + spec(rng))))
    if rng.random() < 0.4:
        terms.append("exp=why." + rng.choice(DOMAINS))
    return " ".join(["v=spf1", *terms])


def local_part(rng):
    if rng.random() < 0.4:
        return rng.choice(LOCALS)
    octets = OCTETS + (QUOTED if rng.random() < 0.2 else "") + (BEYOND if rng.random() < 0.15 else "")
    parts = [rng.choice(WORDS if rng.random() < 0.5 else octets) for _ in range(rng.choice([1, 2, 3, 5, 8]))]
    return "".join(parts)[:64]


def question(rng, zone):
    helo = rng.choice(HELOS) if rng.random() < 0.7 else "mail.example.net"
    return Question(rng.choice(zone.clients), helo, local_part(rng), rng.choice(DOMAINS), "mx.example.com")


def scenarios(seed, questions_each):
    """For ever: (zone, questions), each from the seed and its own number."""
    number = 0
    while True:
        rng = random.Random(f"{seed}/odd/{number}")
        zone = OddZone(rng)
        zone.clients = rng.sample(CLIENTS[:5], 3)
        yield zone, [question(rng, zone) for _ in range(questions_each)]
        number += 1
