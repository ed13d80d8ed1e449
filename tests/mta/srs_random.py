# SPDX-License-Identifier: GPL-2.0-or-later
"""Addresses made up at random, for two programs to be asked about."""

import random

from srs_addresses import first, further, stamp
from srs_programs import HOP1

PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
ODD = "!#$&'*+-/=?^_`{|}~."
HOSTS = ["author.example", "Author.Example", "example.com", "a.b.c.d.example.org", HOP1, "HOP1.example", "sub." + HOP1, "not" + HOP1,
         "[192.0.2.1]", "[IPv6:2001:db8::1]", "with_underscore.example", "pässe.example", "xn--psse-loa.example", "1.2.3.4.example",
         "a" * 63 + ".example", ".".join(["long" * 10] * 5) + ".example"]
BAD_HOSTS = ["", "localhost", "two..dots.example", "-bad-.example", "bl ank.example", "a,b.example", "author.example.", "[192.0.2.1",
             "a" * 64 + ".example", "=.example", "a=b.example"]


class Addresses:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def text(self, alphabet, shortest, longest):
        return "".join(self.random.choice(alphabet) for _ in range(self.random.randint(shortest, longest)))

    def host(self):
        return self.random.choice(BAD_HOSTS if self.random.random() < 0.1 else HOSTS)

    def user(self):
        kind = self.random.choice(("plain", "plain", "odd", "odd", "long", "quoted", "batv", "utf8"))
        if kind == "plain":
            return self.text(PLAIN, 1, 20)
        if kind == "odd":
            return self.text(PLAIN, 1, 3) + self.text(PLAIN + ODD[:-1], 1, 20) + self.text(PLAIN, 1, 1)
        if kind == "long":
            return self.text(PLAIN, 40, 90)
        if kind == "quoted":
            inner = self.text(PLAIN + " @,;:<>()[]" + ODD, 1, 15)
            return '"' + inner + self.random.choice(("", '\\"', "\\\\")) + '"'
        if kind == "batv":
            return "prvs=1234abcdef=" + self.text(PLAIN, 1, 10)
        return self.text(PLAIN + "äöüßéλ", 1, 12) + "é"

    def tag(self):
        return self.random.choice(("SRS0", "SRS1", "srs0", "Srs1")) + self.random.choice("=+-=")

    def day(self):
        return self.random.choice((stamp(), stamp(1), stamp(21), stamp(22), stamp(-1), stamp(-2), "XY", "j1", "AAA"))

    def rewritten(self):
        """Like an SRS address, signed by the right secret or not."""
        user, host, days = self.text(PLAIN + "=+-", 1, 12), self.random.choice(HOSTS[:4]), self.random.choice((0, 0, 1, 21, 22, -1, -2, 400))
        domain = self.random.choice((HOP1, HOP1, "HOP1.EXAMPLE", "other.example", ""))
        secret = self.random.choice(({}, {}, {"secret": "another"}))
        if self.random.random() < 0.5:
            address = first(user, host, domain, days_ago=days, separator=self.random.choice("=+-"), is_classic=True, **secret)
        else:
            rest = f"{self.random.choice('=+-')}abcd={self.day()}={host}={user}"
            address = further(rest, self.random.choice((host, "first.example", HOP1)), domain, is_classic=True, **secret)
        return self.random.choice((address, address, address.lower(), address.upper(), address.replace("=", "", 1)))

    def fields(self):
        """Some of the fields of an SRS address, and some more."""
        words = [self.text(PLAIN, 4, 4), self.day(), self.random.choice(HOSTS[:4]), self.user().strip('"'), "", "x"]
        return self.tag() + "=".join(self.random.sample(words, self.random.randint(0, len(words))))

    def one(self):
        kind = self.random.choice(("address",) * 6 + ("rewritten",) * 3 + ("fields", "bare"))
        if kind == "address":
            return f"{self.user()}@{self.host()}"
        if kind == "rewritten":
            return self.rewritten()
        if kind == "fields":
            return f"{self.fields()}@{self.random.choice((HOP1, 'first.example', self.host()))}"
        return self.random.choice((self.text(PLAIN, 1, 10), "a@", "@b.example", "@", self.user(), '""'))
