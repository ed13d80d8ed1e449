# SPDX-License-Identifier: GPL-2.0-or-later
"""What the cases of greylisting share: a filter with the real store in SQLite, and a look into it."""

import contextlib
import os
import sqlite3

from wire_common import Filter, ZONE, contains, wait_until

DELAY_S = 2
FIRST = f"451 4.7.1 Greylisted: try again in {DELAY_S} seconds"
NONE = "<alice@none.example.org>"
BOUNCE = "<>"
HELO = "none.example.org"  # has no policy


def greylisting(binary, config=None, mode="on"):
    """A filter whose store is beside its other files."""
    filter_ = Filter(binary, {}, zone=ZONE)
    filter_.configure(keys(filter_, mode, config), None)
    policies = str((config or {}).get("RecipientPolicy", ""))
    is_off = {"Greylist": mode, **(config or {})}["Greylist"] == "off" and "Greylist" not in policies
    return filter_ if is_off else with_store(filter_)


def with_store(filter_):
    """The filter, which has begun only when its store is there: to make that may take longer than a message waits."""
    start = filter_.start

    def start_both():
        start()
        stored(filter_)
        return filter_

    filter_.start = start_both
    return filter_


def keys(filter_, mode="on", config=None):
    return {"Greylist": mode, "GreylistDelay": f"{DELAY_S}s", "GreylistStore": f"sqlite:{filter_.path('greylist.db')}",
            **(config or {})}


def stored(filter_, name="greylist.db"):
    """How many entries and senders the store has, once it is there."""
    wait_until(lambda: os.path.exists(filter_.path(name)), 30, "the store")
    with contextlib.closing(sqlite3.connect(f"file:{filter_.path(name)}?mode=ro", uri=True, timeout=30)) as store:
        wait_until(lambda: store.execute("SELECT count(*) FROM sqlite_master WHERE name = 'seen'").fetchone()[0], 30, "its table")
        return store.execute("SELECT count(*) FROM seen").fetchone()[0]


def line_with(filter_, text):
    line = filter_.wait_log(text)
    contains(line, "SPF ", "line")
    return line
