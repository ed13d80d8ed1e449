# SPDX-License-Identifier: GPL-2.0-or-later
"""`smf-spf greylist`, `query --recipient` and `report` beside a filter that greylists, and as root after it."""

import json
import os
import pwd
import time

from cases_privileges import attacked
from filter import UNPRIVILEGED
from greylist_common import DELAY_S, FIRST, HELO, NONE, greylisting, keys
from process_common import need_root, prepared, run
from wire_common import GOOD_IP, case, contains, delivered, equal, lacks, one, refused

EX_UNAVAILABLE = 69
USER = {"User": UNPRIVILEGED}  # of the tools that root runs; the filter is started as this account
KEY = "192.0.2.0/24 example.org bob@example.net"


def tool(filter_, *arguments):
    done = run(filter_.binary, "-c", filter_.config_path, *arguments)
    equal((done.returncode, done.stderr), (0, ""), " ".join(arguments))
    return done.stdout


def asked(filter_):
    """What `query` says, whose exit status is the result's."""
    done = run(filter_.binary, "-c", filter_.config_path, "query", "--ip", GOOD_IP, "--sender", NONE.strip("<>"), "--helo", HELO,
               "--recipient", "bob@example.net", "--zone", filter_.path("zone"))
    return next(line for line in done.stdout.splitlines() if line.startswith("greylist: "))


def send(filter_):
    return one(filter_, NONE, ip=GOOD_IP, helo=HELO)


@case
def greylist_tools_beside_a_running_filter(binary):
    with greylisting(binary, USER) as filter_:
        equal(asked(filter_), f"greylist: new (would be deferred {DELAY_S} s)", "before the first contact")
        equal(refused(send(filter_), "451 4.7.1"), FIRST, "reply")
        contains(asked(filter_), "greylist: early (would be deferred ", "after it")
        shown = tool(filter_, "greylist", "show").splitlines()
        equal(len(shown), 2, "lines")
        contains(shown[1], "waiting ", "state")
        equal(shown[1].endswith(KEY), True, f"the key in {shown[1]}")
        time.sleep(DELAY_S + 0.2)
        contains(asked(filter_), "greylist: came-back (would be let through after ", "when its time has come")
        delivered(send(filter_))
        equal(asked(filter_), "greylist: known (would be let through)", "afterwards")
        contains(tool(filter_, "greylist", "known"), "counted ", "its sender")
        counts = json.loads(tool(filter_, "greylist", "stats", "--json"))
        equal([counts[key] for key in ("waiting", "known", "senders_counted", "waits")], [0, 1, 1, 1], "counts")
        contains(tool(filter_, "greylist", "forget", "EXAMPLE.org"), "2 deleted", "forgotten")
        equal(asked(filter_), f"greylist: new (would be deferred {DELAY_S} s)", "after that")
        found = json.loads(tool(filter_, "report", "--json", filter_.log_path))
        equal({row["answer"]: (row["deferred"], row["passed"]) for row in found["greylist"]}, {"new": (1, 0), "came-back": (0, 1)},
              "the report's answers")
        equal({row["outcome"]: row["contacts"] for row in found["greylist_contacts"]}["came back"], 1, "who came back")
        equal(found["greylist_waits"][0]["came_back"], 1, "waits")
        equal(found["refused"], [], "refused domains")


@case
def greylist_tools_of_root_leave_the_store_to_the_account(binary):
    """Also where its journals have to be made anew."""
    need_root()
    with greylisting(binary, USER) as filter_:
        equal(refused(send(filter_), "451 4.7.1"), FIRST, "reply")
        filter_.stop()
        contains(tool(filter_, "greylist", "show"), KEY, "what is stored")
        contains(asked(filter_), "greylist: early", "query")
        owner = pwd.getpwnam(UNPRIVILEGED).pw_uid
        for name in os.listdir(filter_.dir):
            if name.startswith("greylist.db"):
                equal(os.stat(filter_.path(name)).st_uid, owner, f"owner of {name}")


@case
def greylist_tools_of_root_follow_no_link(binary):
    with attacked(binary) as (filter_, victim):
        os.symlink(victim, filter_.path("greylist.db"))
        filter_.configure(keys(filter_, config=USER), True)
        for arguments in (("show",), ("forget", "--all")):
            done = run(filter_.binary, "-c", filter_.config_path, "greylist", *arguments)
            equal((done.returncode, done.stdout), (EX_UNAVAILABLE, ""), "status and output")
            contains(done.stderr, "greylist.db: Permission denied", "reason")


@case
def greylist_tools_without_a_store(binary):
    with prepared(binary) as filter_:
        filter_.configure(keys(filter_, config=USER), True)
        done = run(filter_.binary, "-c", filter_.config_path, "greylist", "stats")
        equal(done.returncode, EX_UNAVAILABLE, "exit status")
        contains(done.stderr, "greylist.db: is not there", "reason")
        lacks(os.listdir(filter_.dir), "greylist.db", "files")
