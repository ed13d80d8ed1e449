# SPDX-License-Identifier: GPL-2.0-or-later
"""Strict readers of the two fields that a filter writes: Received-SPF (RFC 7208 9.1) and Authentication-Results
(RFC 8601 2.2). What the grammar does not allow is an error; comments and folds are taken where it allows them."""

import re

RESULTS = ("none", "pass", "fail", "softfail", "neutral", "temperror", "permerror")
SPF_KEYS = ("client-ip", "envelope-from", "helo", "problem", "receiver", "identity", "mechanism")
ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
DOT_ATOM = re.compile(rf"{ATEXT}+(?:\.{ATEXT}+)*")
QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e\t]|\\[\x20-\x7e\t])*)"')
TOKEN = re.compile(r"[!#$%&'*+.0-9A-Z^_`a-z{|}~-]+")
KEYWORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
PVALUE = re.compile(r"[^\s;()\"]+")


class FieldError(AssertionError):
    """The field does not follow its grammar."""


class Reader:
    """A place in a field's value."""

    def __init__(self, value):
        self.value, self.at = value, 0

    def fail(self, wanted):
        raise FieldError(f"{wanted} expected at {self.value[self.at:self.at + 40]!r} of {self.value!r}")

    def done(self):
        return self.at == len(self.value)

    def take(self, pattern, wanted):
        match = pattern.match(self.value, self.at)
        if not match:
            self.fail(wanted)
        self.at = match.end()
        return match.group()

    def literal(self, text):
        if not self.value.startswith(text, self.at):
            self.fail(repr(text))
        self.at += len(text)

    def starts(self, text):
        return self.value.startswith(text, self.at)

    def blanks(self):
        """FWS; True where there was some."""
        match = re.compile(r"(?:[ \t]|\r?\n[ \t])*").match(self.value, self.at)
        moved, self.at = match.end() > self.at, match.end()
        return moved

    def comment(self):
        """A comment, nested ones included; returns its text."""
        begin, depth = self.at, 0
        while True:
            if self.done():
                self.fail("the end of a comment")
            octet = self.value[self.at]
            if octet == "\\":
                self.at += 1
            elif octet in "()":
                depth += 1 if octet == "(" else -1
            elif ord(octet) < 32 and octet != "\t" and not re.match(r"\r?\n[ \t]", self.value[self.at:]):
                self.fail("no control character")
            self.at += 1
            if depth == 0:
                return self.value[begin + 1:self.at - 1]

    def cfws(self):
        while self.blanks() or self.starts("("):
            if self.starts("("):
                self.comment()

    def word(self, bare, wanted):
        """quoted-string or what `bare` matches; returns the meaning."""
        if self.starts('"'):
            return re.sub(r"\\(.)", r"\1", QUOTED.match(self.take(QUOTED, "a quoted-string")).group(1))
        return self.take(bare, wanted)


def received_spf(value):
    """(result, comment, {key: value}) of a Received-SPF value."""
    reader = Reader(value)
    reader.blanks()
    result = reader.take(re.compile("[a-z]+"), "a result in lower case")
    if result not in RESULTS:
        raise FieldError(f"result {result!r}")
    if not reader.blanks() and not reader.done():
        reader.fail("a blank after the result")
    comment = ""
    if reader.starts("("):
        comment = reader.comment()
        if not reader.blanks() and not reader.done():
            reader.fail("a blank after the comment")
    pairs = {}
    while not reader.done():
        key = reader.take(KEYWORD, "a key")
        if key in pairs:
            raise FieldError(f"key {key} twice in {value!r}")
        if key not in SPF_KEYS and not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", key):
            raise FieldError(f"key {key!r}")
        reader.cfws()
        reader.literal("=")
        reader.cfws()
        pairs[key] = reader.word(DOT_ATOM, "dot-atom or quoted-string")
        reader.blanks()
        if reader.starts(";"):
            reader.literal(";")
            reader.blanks()
        elif not reader.done():
            reader.fail("';'")
    return result, comment, pairs


def authentication_results(value):
    """(authserv-id, [(method, result, {ptype.property: value})]) of an Authentication-Results value."""
    reader = Reader(value)
    reader.cfws()
    authserv_id = reader.word(TOKEN, "an authserv-id")
    reader.cfws()
    if not reader.done() and not reader.starts(";"):
        reader.take(re.compile("[0-9]+"), "a version")
        reader.cfws()
    infos = []
    while not reader.done():
        reader.literal(";")
        reader.cfws()
        if reader.value[reader.at:].strip().lower() == "none" and not infos:
            return authserv_id, []
        infos.append(resinfo(reader))
    if not infos:
        raise FieldError(f"no result in {value!r}")
    return authserv_id, infos


def resinfo(reader):
    method = reader.take(KEYWORD, "a method")
    reader.cfws()
    reader.literal("=")
    reader.cfws()
    result = reader.take(KEYWORD, "a result")
    properties = {}
    while True:
        before = reader.at
        reader.cfws()
        if reader.done() or reader.starts(";"):
            return method, result, properties
        if reader.at == before:
            reader.fail("a blank before a property")
        name = reader.take(KEYWORD, "a ptype")
        if reader.starts("."):
            reader.literal(".")
            name += "." + reader.take(KEYWORD, "a property")
        elif name != "reason":
            reader.fail("a property")
        reader.literal("=")
        if name in properties:
            raise FieldError(f"{name} twice in {reader.value!r}")
        properties[name] = reader.word(PVALUE, "a value")
