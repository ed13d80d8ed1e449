# SPDX-License-Identifier: GPL-2.0-or-later
"""Allocation n fails, for every n over a greylisted message, with either store and by either front end: nobody is lost or
deferred who comes back or is known, and the next message is greylisted as ever."""

import contextlib
import itertools
import time
from http.client import HTTPException

import policy_client
from cases_alloc import OWN_SOCKET, OWN_STORE, Reload, run_trial
from faults_common import LONG, Mta, metrics, rows, wait_until
from milter_wire import Closed
from redis_server import RedisServer

DELAY_S = 1
POOL = 40  # contacts that are prepared at once, as all of them wait for DELAY_S
SETTLE_S = 20  # a store that was given up is tried again after a second
DEFERRED, DELIVERED = "deferred", "delivered"
REASON = 'smf_spf_greylist_total{reason="'
PEOPLE = itertools.count(1)

GREYLIST = {"Greylist": "on", "GreylistDelay": f"{DELAY_S}s", "GreylistKnownAfter": "1", "PolicySocket": OWN_SOCKET,
            "GreylistStore": f"sqlite:{OWN_STORE}"}


def newcomer():
    """A domain (one below example.org would be known with that), a recipient, and the address of a network, all of them
    of nobody else."""
    number = next(PEOPLE)
    return f"none-{number}.org", f"bob-{number}@example.net", f"10.{number // 256}.{number % 256}.1"


def reasons(filter_):
    """How often greylisting came to which end."""
    while True:  # the allocation that fails may be one of the metrics
        with contextlib.suppress(OSError, HTTPException):
            return {name[len(REASON):-2]: count for name, count in metrics(filter_).items() if name.startswith(REASON)}


def is_open(filter_):
    with contextlib.suppress(OSError, HTTPException):
        return metrics(filter_)["smf_spf_greylist_store_away"] == 0
    return False


class Contact:
    """A message of somebody who was here `before` so often, each time after the delay. elsewhere: the last time for
    another recipient. expected: what becomes of it, and what greylisting calls it."""

    def __init__(self, name, expected, *, before=0, null=False, elsewhere=False):
        self.name, self.expected, self.before, self.null, self.elsewhere = name, expected, before, null, elsewhere
        self.filter, self.pool, self.counted = None, [], {}

    def prepare(self, filter_):
        """What comes before the message itself, and has memory."""
        if self.filter is not filter_:
            self.filter, self.pool = filter_, []
        wait_until(lambda: is_open(filter_), SETTLE_S, "the store")
        if self.before and not self.pool:
            self.pool = [newcomer() for _ in range(POOL)]
            for time_ in range(self.before):
                self.visit_all(DELIVERED if time_ else DEFERRED)
                time.sleep(DELAY_S + 0.2)
        self.counted = reasons(filter_)

    def visit_all(self, fate):
        for who in self.pool:  # one that waited for too long was not deferred: it is once more the first time
            wait_until(lambda who=who: self.fate(self.visit(self.filter, *who)) == fate, SETTLE_S, f"one that is {fate}")

    def send(self, filter_):
        domain, recipient, address = self.pool.pop() if self.before else newcomer()
        return self.visit(filter_, domain, f"ann-{next(PEOPLE)}@example.net" if self.elsewhere else recipient, address)

    def visit(self, filter_, domain, recipient, address):
        raise NotImplementedError

    def fate(self, outcome):
        raise NotImplementedError

    def found(self, outcome):
        now = reasons(self.filter)
        names = [name for name, count in now.items() if count != self.counted.get(name, 0)]
        return f"{self.fate(outcome)} {' '.join(names)}"

    def settle(self, _):
        """False: it has nothing to wait for."""
        wait_until(lambda: is_open(self.filter), SETTLE_S, "the store")
        return True


class MilterContact(Contact):
    """By the milter."""

    def visit(self, filter_, domain, recipient, address):
        with Mta(filter_.address, ip=address, timeout=30, helo=domain) as mta:
            outcome = mta.send("<>" if self.null else f"<a@{domain}>", [f"<{recipient}>"])
            with contextlib.suppress(Closed):
                mta.quit()
        return outcome

    def fate(self, outcome):
        return DELIVERED if outcome.delivered else DEFERRED

    def wrong(self, outcome):
        if outcome.delivered:
            return "" if outcome.message.recipients else "vanished: no recipient"
        reply = outcome.refusal  # without memory for the text the MTA has one of its own
        if not self.expected.startswith(DEFERRED):
            return f"deferred: {reply}"
        return "" if reply.kind == "tempfail" or reply.text.startswith("451 4.7.1 ") else f"refused: {reply}"


class PolicyContact(Contact):
    """By the policy service, on a connection of its own. Without memory it may be closed: Postfix asks again."""

    def visit(self, filter_, domain, recipient, address):
        shown = {"client_address": address, "sender": "" if self.null else f"a@{domain}", "helo_name": domain,
                 "instance": f"aa.{next(PEOPLE)}.0", "recipient": recipient}
        answers = []
        with contextlib.suppress(policy_client.Closed, OSError), \
                policy_client.PolicyClient(filter_.policy, timeout=30) as client:
            answers.append(client.ask(**shown))
            if not answers[0].startswith("DEFER"):
                answers.append(client.ask(**{**shown, "protocol_state": "DATA"}))
        return answers

    def fate(self, answers):
        return DEFERRED if any(answer.startswith("DEFER_IF_PERMIT") for answer in answers) else DELIVERED

    def wrong(self, answers):
        good = ("DUNNO", "PREPEND Authentication-Results: ")
        if self.expected.startswith(DEFERRED):
            good += ("DEFER_IF_PERMIT 4.7.1 ",)
        return "" if all(answer.startswith(good) for answer in answers) else f"answered {answers}"


class StoreReload(Reload):
    """A reload that goes to another store."""

    name = "other-store"

    def prepare(self, filter_):
        with open(filter_.config_path, encoding="utf-8") as file:
            text = file.read()
        first, second = filter_.path("greylist.db"), filter_.path("second.db")
        filter_.configure(text.replace(first, second) if first in text else text.replace(second, first))

    def settle(self, _):
        return False


BOTH = [
    MilterContact("first", f"{DEFERRED} new"), MilterContact("back", f"{DELIVERED} came-back", before=1),
    MilterContact("known", f"{DELIVERED} known-sender", before=2, elsewhere=True),
    MilterContact("null-first", f"{DEFERRED} new", null=True),
    PolicyContact("policy-first", f"{DEFERRED} new"), PolicyContact("policy-back", f"{DELIVERED} came-back", before=1),
    PolicyContact("policy-null-first", f"{DEFERRED} new", null=True)]
SQLITE = [MilterContact("cached", f"{DELIVERED} known-sender", before=2),
          MilterContact("null-back", f"{DELIVERED} came-back", before=1, null=True),
          PolicyContact("policy-known", f"{DELIVERED} known-sender", before=2, elsewhere=True), StoreReload()]
SHORT_LASTING = ("first", "policy-first")
EACH = [(f"{store}-{kind.name}", store, kind) for store, kinds in (("sqlite", BOTH + SQLITE), ("redis", BOTH))
        for kind in kinds]


@rows([(name, store, kind, False) for name, store, kind in EACH] +
      [(f"{name}-and-all-that-follow", store, kind, True) for name, store, kind in EACH
       if not isinstance(kind, Reload) and (LONG or kind.name in SHORT_LASTING)],
      whole=True, limit_s=900)
def allocation_greylist(binary, store, kind, lasts):
    if store == "sqlite":
        run_trial(binary, GREYLIST, kind, lasts)
        return
    with RedisServer() as server:
        run_trial(binary, {**GREYLIST, "GreylistStore": f"redis+unix:{server.path}"}, kind, lasts)
