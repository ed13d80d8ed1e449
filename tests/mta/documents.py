# SPDX-License-Identifier: GPL-2.0-or-later
"""The manuals as a test reads them: commands, what they are to print, settings, and lines of the log.

In README and docs/*.md, a fence says what it holds: `sh` commands, `text` what the commands before it print (`...`: anything),
`conf` lines of smf-spf.conf, `mc` lines of sendmail.mc, `log` lines of the log. A comment `test: mail ADDRESS SENDER` is a
message that arrives there; after `test: begin` what follows finds the machine as at the beginning. In manual pages, commands are the lines that begin with a prompt.
"""

import re
from dataclasses import dataclass
from pathlib import Path

GUIDES = ("../README.md", "first-half-hour.md", "postfix.md", "postfix-policy.md", "sendmail.md", "srs.md", "greylisting.md", "troubleshooting.md")
PAGES = ("smf-spf.8", "smf-spf.conf.5")
KINDS = ("sh", "text", "conf", "mc", "log", "mail", "begin")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$|^<!-- test: (mail|begin)(?: ([^\n]*?))? -->$", re.MULTILINE | re.DOTALL)
PROMPT = re.compile(r"^(?:\.Dl )?[#$] (.+)$", re.MULTILINE)
LITERALS = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
EVENT = re.compile(r"^SPF ([a-z ]+?)(?: \(([^)]*)\))?: (.*)$")
KEY = re.compile(r"(?:^|, )([a-z-]+)=")


@dataclass
class Step:
    """One thing to do, or to look for; where: document and line."""

    where: str
    kind: str
    text: str


def steps_of_guide(path, heading=None):
    """heading: only what stands under it, and before the next one."""
    text = path.read_text(encoding="utf-8")
    if heading:
        text = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL).group(1)
    steps = []
    for match in FENCE.finditer(text):
        where = f"{path.name}:{text.count(chr(10), 0, match.start()) + 1}"
        kind, body = match.group(3, 4) if match.group(3) else match.group(1, 2)
        if kind in KINDS:
            steps.append(Step(where, kind, body or ""))
        elif kind:
            raise ValueError(f"{where}: a fence of no known kind: {kind}")
    return steps


def steps_of_page(path):
    text = path.read_text(encoding="utf-8")
    steps = []
    for match in PROMPT.finditer(text):
        command = match.group(1).replace("\\-", "-").replace("\\(dq", '"').replace("\\&", "").replace("\\e", "\\")
        steps.append(Step(f"{path.name}:{text.count(chr(10), 0, match.start()) + 1}", "sh", command + "\n"))
    return steps


def commands_of(step):
    """The commands of a step, each in one line."""
    return [line for line in step.text.replace("\\\n", " ").splitlines() if line.strip()]


def prints(pattern, output):
    """Whether the output holds the lines of the pattern, in this order and next to each other; a line `...` stands for any
    lines, and `...` in a line for any text."""
    parts = []
    for line in pattern.strip("\n").splitlines():
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(re.escape(line.rstrip()).replace(r"\.\.\.", ".*").replace("...", ".*") + r"\n")
    return re.search("^" + "".join(parts), output + "\n", re.MULTILINE) is not None


class LogWords:
    """What lines of the log are made of, by the sources."""

    def __init__(self, source):
        texts = [path.read_text(encoding="utf-8") for path in sorted(source.rglob("*.[ch]"))]
        self.literals = [re.sub(r'"\s*(?:PRI\w+\s*)?"', "", "".join(LITERALS.findall(line))) for text in texts
                         for line in re.sub(r'"\s*\n\s*"', "", text).splitlines()]
        table = re.search(r"\bkeys\[\] = \{(.*?)\};", (source / "base/log_value.c").read_text(encoding="utf-8"), re.DOTALL)
        self.keys = set(LITERALS.findall(table.group(1)))

    def has(self, words):
        return any(words in literal for literal in self.literals)

    def fault_of(self, line):
        """What in the line no source writes; None: nothing."""
        event = EVENT.match(line)
        if not event:
            words = [part for part in line.split("...") if part.strip()]
            return next((part for part in words if not self.has(part.strip())), None)
        unknown = [key for key in KEY.findall(event.group(3)) if key not in self.keys]
        if unknown:
            return unknown[0] + "="
        return next((part for part in event.groups()[:2] if part and not self.has(part)), None)


def read(docs):
    """(name, steps) of each document."""
    docs = Path(docs)
    return [(Path(name).name, steps_of_guide(docs / name)) for name in GUIDES] + [(name, steps_of_page(docs / name)) for name in PAGES]
