# SPDX-License-Identifier: GPL-2.0-or-later
"""A strict reader of the filter's log: `SPF event: key=value, key=value`. What the form does not allow is an error."""

import re
from urllib.parse import unquote_to_bytes

KEYS = ("ip", "fqdn", "helo", "from", "client", "reason", "dmarc", "helo-result", "helo-reason",
        "helo-dmarc", "verdict", "test", "identity",
        "why", "reply", "exemption-unknown", "to", "recipients-refused", "exempt-to", "test-to", "test-reply",
        "greylist", "greylist-wait", "greylist-to", "greylist-waited", "recipients", "forged", "id")
REPEATED = ("to", "why", "reply", "greylist", "greylist-wait", "greylist-to", "greylist-waited")  # one of each for each recipient that was refused; the first counts here
EVENT = re.compile(r"SPF ([a-z][A-Za-z ]*?(?: \([A-Za-z ]+\))?): (?=ip=)")
PAIR = re.compile(r'([a-z][a-z-]*)=(<[^<>]*>|"[^"]*"|[^"<>]*?)(?:, (?=[a-z][a-z-]*=)|$)')
PREFIX = re.compile(r"^\w{3} [ \d]\d \d\d:\d\d:\d\d [\w.-]+\[\d+\]: ")


class LogError(AssertionError):
    """The line does not follow its form."""


def value_of(text):
    """What a value means: without its marks, its quotes and its escapes."""
    text = re.sub(r"^<(.*)>$", r"\1", text)
    quoted = re.fullmatch(r'"(.*)"', text)
    return unquote_to_bytes(quoted.group(1)).decode("utf-8", "replace") if quoted else text


def parse(line):
    """(event, {key: value}) of a line with or without its head; None where it is no line about a connection."""
    text = PREFIX.sub("", line)
    event = EVENT.match(text)
    if not event:
        return None
    pairs, at = {}, event.end()
    while at < len(text):
        pair = PAIR.match(text, at)
        if not pair or pair.group(1) not in KEYS or (
                pair.group(1) in pairs and pair.group(1) not in REPEATED):
            raise LogError(f"not a key and its value at {text[at:at + 80]!r} of {line!r}")
        pairs.setdefault(pair.group(1), value_of(pair.group(2)))
        at = pair.end()
    return event.group(1), pairs


def by_search(line):
    """{key: the last value} as a tool finds it that searches and knows no quotes."""
    return {key: re.findall(rf"(?i).*{key}=<?([^\s,<>]*)", line)[-1] for key in KEYS
            if re.search(rf"(?i){key}=", line)}
