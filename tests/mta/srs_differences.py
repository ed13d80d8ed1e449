# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the filter answers otherwise than PostSRSd 1.10, and why: each reason looks at the address and at both answers.

An answer is the address, or None for "not found". In each reason `key` is what was asked.
"""

import re
import urllib.parse

import srs_addresses
from srs_programs import HOP1

ATEXT = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*")
LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
SRS = re.compile(r"SRS([01])[=+-](.*)", re.IGNORECASE | re.DOTALL)
FIELDS0 = re.compile(r"[^=]+=[A-Z2-7]{2}=[^=]+=.+", re.IGNORECASE | re.DOTALL)
FIELDS1 = re.compile(r"[^=]+=[^=]+=[=+-](.+)", re.DOTALL)


def read_answer(code, text, decode):
    """decode: tcp_table(5) has it that an answer is encoded, which PostSRSd does not do."""
    if code == 200:
        return urllib.parse.unquote(text) if decode else text
    assert code == 500, (code, text)
    return None


def split(key):
    """Local part without quotes, whether it needs them, and domain; the last @ counts that is not in quotes."""
    quoted = re.fullmatch(r'"((?:[^"\\]|\\.)*)"@([^@]*)', key, re.DOTALL)
    if quoted:
        local = re.sub(r"\\(.)", r"\1", quoted.group(1), flags=re.DOTALL)
        return local, True, quoted.group(2)
    local, _, domain = key.rpartition("@")
    return local, not ATEXT.fullmatch(local), domain


def is_host(domain):
    if re.fullmatch(r"\[[\d.]+\]|\[IPv6:[0-9a-f:]+\]", domain, re.IGNORECASE):
        return True
    labels = domain.encode("idna").decode().split(".") if not domain.isascii() else domain.split(".")
    return len(labels) > 1 and all(LABEL.fullmatch(label) for label in labels)


def is_whole(local):
    """Whether an SRS address has all of its fields."""
    kind, rest = SRS.fullmatch(local).groups()
    if kind == "0":
        return FIELDS0.fullmatch(rest) is not None
    inner = FIELDS1.fullmatch(rest)
    return inner is not None and FIELDS0.fullmatch(inner.group(1)) is not None


def wrapped_stamp(local):
    """The day of what an SRS1 wraps; None: there is none."""
    found = re.match(r"SRS1[=+-][^=]+=[^=]+=[=+-][^=]+=([A-Z2-7]{2})=", local, re.IGNORECASE)
    return found and found.group(1).upper()


DAYS = [srs_addresses.stamp(days_ago) for days_ago in range(-1, 22)]


class Forward:
    """Reasons for what is written."""

    @staticmethod
    def quotes(key, ours, theirs):
        """Theirs takes quotes, blanks and a second @ for parts of names, and writes no address; ours writes one in quotes."""
        return key.startswith('"') or (split(key)[1] and (ours is None or split(ours)[1]))

    @staticmethod
    def own_domain(key, ours, theirs):
        """A sender of the own domain stays with both: theirs says so by the address itself, ours by "not found"."""
        return ours is None and theirs is not None and urllib.parse.unquote(theirs) == key and split(key)[2].lower() == HOP1

    @staticmethod
    def literal(key, ours, theirs):
        """Brackets and colons of an address literal stand in a local part in quotes only, which theirs leaves out."""
        return ours is not None and theirs is not None and split(key)[2].startswith("[") and ours.replace('"', "") == urllib.parse.unquote(theirs)

    @staticmethod
    def encoding(key, ours, theirs):
        """Theirs does not decode what tcp_table(5) encodes: octets that are not US-ASCII, blanks and the percent sign."""
        return ours is not None and theirs is not None and urllib.parse.unquote(theirs) == ours

    @staticmethod
    def no_host(key, ours, theirs):
        """Ours leaves a sender whose domain is no host name: nobody could send a bounce there."""
        return ours is None and theirs is not None and not is_host(split(key)[2])

    @staticmethod
    def a_labels(key, ours, theirs):
        """Ours writes U-labels as A-labels, so that any host can read them."""
        domain = split(key)[2]
        return not domain.isascii() and ours is not None and domain.encode("idna").decode().lower() in ours.lower()

    @staticmethod
    def too_long(key, ours, theirs):
        """Ours leaves a sender whose new address would exceed the 254 octets of RFC 5321."""
        return ours is None and theirs is not None and len(theirs.encode()) > 254

    @staticmethod
    def not_whole(key, ours, theirs):
        """A user whose name begins like an SRS address and has not all of its fields is an ordinary one for ours; theirs wraps what
        has no date, and gives up on what has no host."""
        local = split(key)[0]
        return SRS.fullmatch(local) is not None and not is_whole(local) and ours is not None and "SRS0" in ours[:5]

    @staticmethod
    def signed_by_us_elsewhere(key, ours, theirs):
        """Theirs leaves an address of another domain that the own secret signed; ours wraps it, as a bounce comes to ours."""
        local, _, domain = split(key)
        return theirs is None and ours is not None and SRS.fullmatch(local) is not None and "SRS1" in ours[:5]


class Reverse:
    """Reasons for what is read."""

    def __init__(self, domain):
        self.domain = domain

    def foreign(self, key, ours, theirs):
        """Theirs reverses an address of any domain."""
        return ours is None and theirs is not None and split(key)[2].lower() != self.domain

    @staticmethod
    def quotes(key, ours, theirs):
        """As above: theirs does not read what is in quotes."""
        return split(key)[1]

    @staticmethod
    def expired_inside(key, ours, theirs):
        """Theirs knows no end of what SRS1 wraps."""
        stamp = wrapped_stamp(split(key)[0])
        return ours is None and theirs is not None and stamp is not None and stamp not in DAYS

    @staticmethod
    def not_whole(key, ours, theirs):
        """Theirs makes an SRS0 without a date of an SRS1 that wraps one."""
        local = split(key)[0]
        return ours is None and theirs is not None and SRS.fullmatch(local) is not None and not is_whole(local)

    @staticmethod
    def tomorrow(key, ours, theirs):
        """Theirs refuses the day after its own."""
        return theirs is None and ours is not None and f"={srs_addresses.stamp(-1)}=" in key.upper()

    @staticmethod
    def own_inside(key, ours, theirs):
        """An SRS1 that wraps an address of our own: ours says who is behind it, if somebody is; theirs says the address."""
        return theirs is not None and SRS.match(theirs) is not None and split(theirs)[2].lower() == HOP1

    @staticmethod
    def encoding(key, ours, theirs):
        """As above."""
        return ours is not None and theirs is not None and urllib.parse.unquote(theirs) == ours

    @staticmethod
    def bad_answer(key, ours, theirs):
        """Theirs gives back what is no address: a domain that is no host name."""
        return ours is None and theirs is not None and not is_host(split(theirs)[2])


def reasons_of(table):
    names = [name for name in vars(type(table)) if not name.startswith("_")]
    return {name: getattr(table, name) for name in names}
