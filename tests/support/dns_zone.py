# SPDX-License-Identifier: GPL-2.0-or-later
"""Zone data for the DNS test server: the zone file format of smf-spf (a master-file subset, and the pseudo types
TIMEOUT and SERVFAIL), or records given one by one."""

import re

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT

TYPES = ("A", "AAAA", "TXT", "MX", "PTR", "CNAME")
FAILURES = {"TIMEOUT": "drop", "SERVFAIL": "servfail"}
DEFAULT_TTL = 300
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|;[^\n]*|[()]|\n|[ \t\r]+|(?:[^\s";()\\]|\\.)+', re.DOTALL)


class ZoneError(ValueError):
    """A line that is no record; the text names the line."""


def name_key(name):
    """dns.name.Name in the form that names are compared in."""
    return name.canonicalize()


def parse_name(text, origin=dns.name.root):
    """str or bytes (master-file escapes, any octet) -> absolute name."""
    if isinstance(text, dns.name.Name):
        return text
    if isinstance(text, str):
        text = text.encode("utf-8", "surrogateescape")
    return dns.name.from_text("@" if text == b"@" else escaped(text), origin)


def escaped(text):
    """Octets outside ASCII as \\DDD, which dnspython takes as they are."""
    return "".join(chr(octet) if 32 < octet < 127 else f"\\{octet:03d}" for octet in text)


class Zone:
    """name -> type -> [(ttl, rdata)], and name -> failure."""

    def __init__(self):
        self.records = {}
        self.failures = {}

    def add(self, name, kind, *values, ttl=DEFAULT_TTL):
        """One record. TXT takes any number of strings (str or bytes, unescaped, split at 255 octets by itself); the
        other types take the text of a master file."""
        owner = name_key(parse_name(name))
        if kind in FAILURES:
            self.failures[owner] = FAILURES[kind]
            return
        rdata = txt(values) if kind == "TXT" else simple(kind, [str(value) for value in values])
        self.records.setdefault(owner, {}).setdefault(kind, []).append((ttl, rdata))

    def remove(self, name):
        self.records.pop(name_key(parse_name(name)), None)

    def get(self, name, kind):
        return self.records.get(name_key(name), {}).get(kind, [])

    def exists(self, name):
        """True also for a name that only has names below it."""
        key = name_key(name)
        return key in self.records or any(other.is_subdomain(key) for other in self.records)

    def load(self, text):
        """Everything in the text of a zone file."""
        state = {"origin": dns.name.root, "ttl": DEFAULT_TTL, "owner": None}
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
        for line_no, indented, tokens in logical_lines(data):
            try:
                self._line(state, indented, tokens)
            except (ValueError, IndexError, dns.exception.DNSException) as error:
                raise ZoneError(f"line {line_no}: {error}") from error

    def _line(self, state, indented, tokens):
        if tokens[0] == b"$ORIGIN":
            state["origin"] = parse_name(tokens[1], state["origin"])
            return
        if tokens[0] == b"$TTL":
            state["ttl"] = int(tokens[1])
            return
        if not indented:
            state["owner"] = parse_name(tokens.pop(0), state["origin"])
        if state["owner"] is None:
            raise ValueError("a record without a name")
        ttl = state["ttl"]
        while tokens[0].isdigit() or tokens[0].upper() == b"IN":
            word = tokens.pop(0)
            ttl = int(word) if word.isdigit() else ttl
        kind = tokens.pop(0).decode("ascii").upper()
        if kind not in TYPES and kind not in FAILURES:
            raise ValueError(f"type {kind}")
        if kind == "TXT":
            tokens = [unquoted(token) for token in tokens]
        else:
            tokens = [token.decode("ascii") for token in tokens]
        if kind in ("MX", "PTR", "CNAME"):
            tokens[-1] = parse_name(tokens[-1], state["origin"]).to_text()
        self.add(state["owner"], kind, *tokens, ttl=ttl)


def logical_lines(data):
    """(number, starts with a blank, tokens) of each record; parentheses join lines."""
    tokens, line_no, first_no, depth, indented, at_start = [], 1, 1, 0, False, True
    place = 0
    data += b"\n"
    while place < len(data):
        match = TOKEN.match(data, place)
        if not match:
            raise ZoneError(f"line {line_no}: cannot be read")
        token, place = match.group(), match.end()
        if token == b"\n":
            line_no += 1
            if depth == 0:
                if tokens:
                    yield first_no, indented, tokens
                tokens, indented, at_start = [], False, True
            continue
        if token.isspace():
            indented = indented or (at_start and not tokens and depth == 0)
        elif token in (b"(", b")"):
            depth += 1 if token == b"(" else -1
        elif not token.startswith(b";"):
            first_no = line_no if not tokens else first_no
            tokens.append(token)
        at_start = False


def unquoted(token):
    if token.startswith(b'"'):
        token = token[1:-1]
    return re.sub(rb"\\([0-9]{3}|.)", unescape, token, flags=re.DOTALL)


def unescape(match):
    value = match.group(1)
    return bytes([int(value)]) if len(value) == 3 else value


def txt(values):
    """Strings longer than 255 octets are cut into several."""
    pieces = []
    for value in values:
        value = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
        pieces += [value[at:at + 255] for at in range(0, len(value), 255)] or [b""]
    return dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, dns.rdatatype.TXT, pieces)


def simple(kind, values):
    values = [value.encode("ascii").decode("ascii") for value in values]
    return dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(kind), " ".join(values), dns.name.root,
                               relativize=False)
