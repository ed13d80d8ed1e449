# SPDX-License-Identifier: GPL-2.0-or-later
"""A week of mail, made up from a seed: who sends what to whom, what SPF says of it, and when and from which address it comes
again if it is deferred.

Measured are the first retry and the number of addresses of ten providers (Pagani et al., DSN 2016). The rest is assumed, and
stands below: how much of each kind there is, that gaps between retries double up to an hour, and that every second address
of a provider is in the /24 of the one before it.
"""

import itertools
import random
from dataclasses import dataclass

START_S = 1736121600  # Monday, 6 January 2025, 0:00 UTC
DAY_S, HOUR_S = 86400, 3600
WEEK_S = 7 * DAY_S
GIVES_UP_S = 5 * DAY_S
LONGEST_GAP_S = HOUR_S
POSTFIX_LONGEST_GAP_S = 4000
LATER_S = 5  # a retry comes up to so much later than it was measured

# Name, seconds until the first retry, addresses; of some, seconds until the second one, and after which they give up.
PROVIDERS = (
    ("gmail", 362, 7, 29 * 60, GIVES_UP_S),
    ("mail-ru", 78, 7, None, GIVES_UP_S),
    ("gmx", 301, 3, None, GIVES_UP_S),
    ("qq", 305, 2, None, GIVES_UP_S),
    ("mail-com", 302, 2, None, GIVES_UP_S),
    ("yahoo", 127, 1, None, GIVES_UP_S),
    ("hotmail", 61, 1, None, GIVES_UP_S),
    ("yandex", 65, 1, None, GIVES_UP_S),
    ("aol", 332, 1, None, 31 * 60),
    ("india", 381, 1, None, GIVES_UP_S),
)
MANY_ADDRESSES = 40  # of a provider that has customers' domains, and retries like hotmail

LARGE, TEN, RECORD, NO_RECORD, LISTS, REPORTS, SPAM = KINDS = (
    "a provider with 40 addresses", "the ten providers", "small hosts with a record", "small hosts without one",
    "lists and forwarders", "reports (null sender)", "spam")


@dataclass(frozen=True)
class Message:
    """retries: (seconds since the first attempt, address) of each attempt, the first one too."""

    kind: str
    at_s: int
    helo: str
    sender: str
    recipient: str
    result: str
    bits: int
    attempts: tuple


@dataclass(frozen=True)
class Host:
    """A sender's servers: one message is tried from several of them."""

    helo: str
    addresses: tuple
    first_s: int
    second_s: int = None
    gives_up_s: int = GIVES_UP_S
    longest_gap_s: int = LONGEST_GAP_S


class Week:
    """scale: how many messages, 1 for the whole week."""

    def __init__(self, seed, scale):
        self.random = random.Random(seed)
        self.scale = scale
        self.networks = itertools.count()
        self.users = [f"user{number}@receiver.example" for number in range(100)]

    def count(self, number):
        return max(1, round(number * self.scale))

    def addresses(self, number):
        """Two of them in each /24; no network is used twice."""
        found = []
        for _ in range((number + 1) // 2):
            network = next(self.networks)
            found += [f"{20 + network // 65536}.{network // 256 % 256}.{network % 256}.{host}" for host in (10, 200)]
        return tuple(found[:number])

    def attempts(self, host):
        """An address is not used twice in a row, if there is another one."""
        at_s, gap_s, address, found = 0, host.first_s, None, []
        while at_s <= host.gives_up_s:
            address = self.random.choice([one for one in host.addresses if one != address] or host.addresses)
            found.append((at_s, address))
            if len(found) == 2 and host.second_s:
                gap_s = host.second_s - at_s
            at_s += gap_s + self.random.randint(0, LATER_S)
            gap_s = min(gap_s * 2, host.longest_gap_s)
        return tuple(found)

    def recipient(self):
        """Some get much more than others."""
        return self.users[min(int(self.random.paretovariate(0.8)) - 1, len(self.users) - 1)]

    def message(self, kind, host, sender, result, bits=32):
        return Message(kind, START_S + self.random.randrange(WEEK_S), host.helo, sender, self.recipient(), result, bits,
                       self.attempts(host))

    def small_host(self, name):
        """A Postfix: its queue is looked through every five minutes."""
        return Host(f"mail.{name}", self.addresses(1), self.random.randint(300, 600), longest_gap_s=POSTFIX_LONGEST_GAP_S)

    def person(self):
        return f"{self.random.choice(('alice', 'bob', 'carol', 'dave'))}{self.random.randrange(8)}"

    # --- The kinds ---

    def large(self):
        host = Host("out.large.example", self.addresses(MANY_ADDRESSES), 61)
        for _ in range(self.count(1500)):
            domain = f"customer{min(int(self.random.paretovariate(0.7)), 60)}.example"
            yield self.message(LARGE, host, f"{self.person()}@{domain}", "pass", 24)

    def ten(self):
        for name, first_s, addresses, second_s, gives_up_s in PROVIDERS:
            host = Host(f"out.{name}.example", self.addresses(addresses), first_s, second_s, gives_up_s)
            for _ in range(self.count(200)):
                yield self.message(TEN, host, f"{self.person()}{self.random.randrange(200)}@{name}.example", "pass", 20)

    def small(self, kind, number, messages, results):
        """results: one of them for each host."""
        names = [f"{kind.split()[-2][0]}{kind.split()[-1][0]}{at}.example" for at in range(number)]
        hosts = [(name, self.small_host(name), self.random.choice(results)) for name in names]
        for _ in range(self.count(messages)):
            name, host, result = hosts[min(int(self.random.paretovariate(0.6)) - 1, number - 1)]
            yield self.message(kind, host, f"{self.person()}@{name}", result)

    def lists(self):
        """With another sender for each message: a number, a tag, or an address of SRS."""
        for at in range(25):
            name = f"list{at}.example"
            host = self.small_host(name)
            for number in range(self.count(72)):
                tag = f"{self.random.randrange(16 ** 8):08x}"
                sender = (f"news-{number}-{at}", f"bounce-{tag}x", f"SRS0={tag[:4]}={tag[4:6]}=a{tag[6]}.example=carol")[at % 3]
                yield self.message(LISTS, host, f"{sender}@{name}", "pass")

    def reports(self):
        hosts = [self.small_host(f"report{at}.example") for at in range(60)]
        for _ in range(self.count(200)):
            yield self.message(REPORTS, self.random.choice(hosts), "", "none")

    def spam(self):
        """From 5,000 machines: one in ten comes back, one in five has a domain with a record of its own, half of which let
        everybody send."""
        bots = [self.addresses(1)[0] for _ in range(self.count(5000))]
        for _ in range(self.count(6000)):
            address = self.random.choice(bots)
            comes_back = self.random.random() < 0.1
            host = Host(f"pc{address}.dsl.example", (address,), self.random.randint(300, 600), None,
                        GIVES_UP_S if comes_back else 0)
            result = self.random.choice(("none", "none", "none", "softfail", "pass"))
            domain = f"{self.random.randrange(36 ** 5):x}.example"
            yield self.message(SPAM, host, f"offer@{domain}", result, self.random.choice((0, 24)))

    def messages(self):
        found = [*self.large(), *self.ten(), *self.small(RECORD, 150, 2000, ("pass",)),
                 *self.small(NO_RECORD, 60, 800, ("none", "none", "neutral", "softfail", "permerror")), *self.lists(),
                 *self.reports(), *self.spam()]
        return sorted(found, key=lambda message: message.at_s)
