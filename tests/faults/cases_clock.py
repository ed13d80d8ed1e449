# SPDX-License-Identifier: GPL-2.0-or-later
"""The clock on the wall jumps, both ways and far: caches, deadlines and the log go on."""

import mmap
import os
import struct
import time

import milter_wire as wire
from faults_common import (BAD_IP, GOOD_IP, Mta, Names, Skip, asking, check, delivered, equal, fresh, library, one,
                           result_of, rows)

MINUTE, DAY, YEAR = 60, 86400, 31557600
TTL_S, STALE_S = 300, 3600  # of the test's zone; how long stale answers are used


def can_be(jump):
    """Whether this system has such a time: one whose time_t has 32 bits has none after January 2038."""
    try:
        return time.gmtime(time.time() + jump) is not None
    except OverflowError:
        return False


class Clock:
    """What a filter takes for the time, once it is started."""

    def __init__(self, filter_):
        preload = library(filter_.binary, "faults_clock")
        if not preload:
            raise Skip("a sanitizer is loaded before any clock of the test's")
        path = filter_.write("clock", "\0" * 8)
        os.chmod(path, 0o666)
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 8)
        filter_.environment.update(SMF_FAULTS_CLOCK=path, LD_PRELOAD=preload)

    def jump_to(self, seconds):
        """So far from the truth, from now on."""
        self.memory[0:8] = struct.pack("=q", seconds)


def same_results(filter_, known, when):
    """A name that is cached, one that is new, one that fails."""
    for domain in known:
        found = delivered(one(filter_, f"<a@{domain}>")).value("Authentication-Results")
        check("spf=pass" in found, f"{domain} {when}: {found}")
    known.append(fresh("pass"))
    found = delivered(one(filter_, f"<a@{known[-1]}>")).value("Authentication-Results")
    check("spf=pass" in found, f"a new name {when}: {found}")
    equal(result_of(filter_, "fail", ip=BAD_IP), "fail", when)
    del known[:-4]


@rows([("minutes", [MINUTE, -MINUTE, TTL_S + 1, 0]), ("days", [DAY, -DAY, 0, -30 * DAY, 30 * DAY]),
       ("stale", [STALE_S + TTL_S + 1, 0]), ("years", [10 * YEAR, 13 * YEAR, -50 * YEAR, 0, 90 * YEAR]),
       ("before-1970", [-60 * YEAR, 0])], whole=True)
def clock_jumps(binary, jumps):
    with Names() as names:
        filter_ = asking(names, binary, {"RefuseFail": "off", "DNSTimeout": "4s", "LogFormat": "json"})
        clock = Clock(filter_)
        with filter_:
            known = []
            same_results(filter_, known, "before")
            for jump in filter(can_be, jumps):
                clock.jump_to(jump)
                year = time.gmtime(time.time() + jump).tm_year
                same_results(filter_, known, f"{jump} s from the truth, in {year}")
                last = filter_.log().splitlines()[-1]
                check(f'"time":"{year}-' in last, f"no line of {year}: {last}")


@rows([("forwards", DAY), ("backwards", -DAY), ("to-2040", 14 * YEAR)], whole=True)
def clock_jumps_while_a_message_waits(binary, jump):
    """The deadline is that of the clock that never jumps."""
    if not can_be(jump):
        raise Skip("this system's time ends in 2038")
    with Names() as names:
        filter_ = asking(names, binary, {"DNSTimeout": "2s"})
        clock = Clock(filter_)
        with filter_, Mta(filter_.address, ip=GOOD_IP, timeout=20) as mta:
            equal(result_of(filter_, "pass"), "pass", "before")
            name = fresh("silent")
            mta.client.macros["mail"]["{mail_addr}"] = f"a@{name}"
            mta.client.ask(wire.MAIL, "mail", f"<a@{name}>\0".encode())
            time.sleep(0.3)
            clock.jump_to(jump)
            equal(mta.client.answer().kind, "continue", "answer at MAIL")
            mta.client.abort()
            check("spf=temperror" not in str(delivered(mta.send(f"<a@{fresh('pass')}>")).fields), "the next message")
            filter_.wait_log("SPF")
