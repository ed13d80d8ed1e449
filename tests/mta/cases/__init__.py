# SPDX-License-Identifier: GPL-2.0-or-later
"""The cases, in groups that share one configuration of the filter."""

import importlib
from dataclasses import dataclass, field
from typing import Callable

BOTH = ("postfix", "sendmail")
MODULES = ("results", "senders", "recipients", "replies", "tags", "skips", "decisions", "fields", "dmarc", "failures",
           "stopping", "readme", "changing", "policy", "policy_places", "policy_answers", "srs", "srs_settings", "srs_peer", "srs_sendmail",
           "greylist", "greylist_policy", "greylist_redis")


@dataclass
class Case:
    name: str
    mtas: tuple
    run: Callable


@dataclass
class Group:
    """other_socket: the filter listens where the mail server's second port looks for it. needs: a key without which there
    is nothing to try. setup: called before the cases."""

    name: str
    settings: list
    other_socket: bool = False
    needs: str = ""
    setup: Callable = None
    cases: list = field(default_factory=list)

    def case(self, mtas=BOTH):
        """Decorator: the function is a case of this group, called with the world; AssertionError is a failure."""

        def add(function):
            self.cases.append(Case(function.__name__.replace("_", "-"), mtas, function))
            return function

        return add


def select(mta, only):
    """The groups and their cases for this mail server; only: names of cases or groups, or None for all."""
    selection, names = [], set()
    for module in MODULES:
        for group in importlib.import_module("cases." + module).GROUPS:
            names.update([group.name], (case.name for case in group.cases))
            chosen = [case for case in group.cases if mta in case.mtas]
            if only and group.name not in only:
                chosen = [case for case in chosen if case.name in only]
            if chosen:
                selection.append((group, chosen))
    unknown = set(only or ()) - names
    if unknown:
        raise SystemExit(f"there is no case or group called {' or '.join(sorted(unknown))}")
    return selection
