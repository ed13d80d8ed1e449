# SPDX-License-Identifier: GPL-2.0-or-later
"""Allocation n fails, for every n over a whole message of each kind, in the program and in its libraries: nothing
crashes, no message is lost or wrongly refused, and the next one is judged as ever."""

import contextlib
import os
import signal
import time
from http.client import HTTPException

import policy_client
import table_client
from faults_alloc import ALL, Allocations, owner, story
from faults_common import (BAD_IP, GOOD_IP, LONG, Mta, Names, asking, check, equal, fresh, metrics, rows, wait_until)
from milter_wire import Closed

STEP = 1 if LONG else int(os.environ.get("SMF_FAULTS_STEP", "12"))  # the short form fails each twelfth
LASTING, SHORT_LASTING = 5, ("fail", "quarantine", "forwarder")  # one in so many; the kinds of the short form
COUNTED_LIMIT_S = 20
TRIES = 5  # of a kind whose store comes back within a second
ENDING_S = 1
RELAY, FORWARDER = "203.0.113.50", "198.51.100.77"
PLAIN = [("From", "a@example.org"), ("Subject", "hello")]
FORGED = PLAIN + [("Authentication-Results", "mx.example.net; spf=pass smtp.mailfrom=example.org"),
                  ("Received-SPF", "pass (mx.example.net: domain of a@example.org) receiver=mx.example.net")]
RELAYED = [("Received", "from client.example.org (client.example.org [198.51.100.9]) by relay.example.net (Postfix) "
            "with ESMTP id 4; Sat, 28 Nov 2026 10:00:00 +0000 (UTC)")] + PLAIN
FAIL, SOFT = "550 5.7.23", "550 5.7.1"

STRICT = {"CheckHelo": "on", "AddReceivedHeader": "on", "WhitelistIP": "203.0.113.99/32",
          "WhitelistTo": "free@example.net"}
HOLDING = {"RefuseFail": "off", "Quarantine": "on", "LogFormat": "json", "RefuseAt": "eom",
           "TrustedRelay": RELAY + "/32", "RefuseTo": "strict@example.net softfail"}
OWN_SOCKET, OWN_STORE = "unix:/of/its/own", "/of/its/own/greylist.db"
POLICY = {"PolicySocket": OWN_SOCKET, "CheckHelo": "on", "OnPass": "a_class", "RecipientPolicy": [
    "boss@example.net {\nRefuseMailFrom fail softfail\nOnPass none\n}",
    f"own@example.net {{\nWhitelistIP {BAD_IP} {GOOD_IP}\n}}"]}
OWN_SECRET = "/of/its/own/secret"
TABLES = {"TableSocket": "socketmap:" + OWN_SOCKET, "SRSDomain": "srs.example", "SRSSecretFile": OWN_SECRET,
          "SRSOutgoing": [GOOD_IP, BAD_IP]}
EXEMPTING = {"LeaveToDMARC": "on", "WhitelistSPF": "i-0.example.org", "WhitelistHelo": ".example.net",
             "RefuseAt": "rcpt"}


class Kind:
    """A kind of message. word: the record of its domain. code: what may refuse it, None where nothing may. expected:
    the result in Authentication-Results, or the code, of one to which nothing happens."""

    def __init__(self, name, word, ip, expected, *, code=None, sender=None, headers=None,
                 recipients="<bob@example.net>", **client):
        self.name, self.word, self.ip, self.expected, self.code = name, word, ip, expected, code
        self.sender, self.headers, self.recipients, self.client = sender, headers or PLAIN, recipients, client

    def send(self, filter_):
        sender = f"<a@{fresh(self.word)}>" if self.sender is None else self.sender
        helo = fresh(self.word) if self.client.get("helo") is None else self.client["helo"]
        with Mta(filter_.address, ip=self.ip, timeout=30, **{**self.client, "helo": helo}) as mta:
            outcome = mta.send(sender, self.recipients, self.headers)
            with contextlib.suppress(Closed):
                mta.quit()
        return outcome

    def wrong(self, outcome):
        """What must not become of it, whatever failed; an empty string where nothing is wrong."""
        if outcome.delivered:
            return "" if outcome.message.recipients else "vanished: no recipient"
        reply = outcome.refusal.text
        if self.code and outcome.refusal.kind == "reject":
            return ""  # libmilter had no memory for the text: the MTA has one of its own
        return "" if self.code and reply.startswith(self.code) else f"refused: {reply!r}"

    def found(self, outcome):
        """What `expected` is compared with."""
        if not outcome.delivered:
            return outcome.refusal.text[:len(self.code or "") or None]
        if self.expected == "box":
            return "box" if outcome.message.recipients == ["postmaster"] else outcome.message.recipients
        values = outcome.message.values("Authentication-Results")
        words = [value.split("spf=")[1].split()[0] for value in values if "spf=" in value]
        return words[0] if words else "unchecked"


class Scrape:
    """Metrics, asked for while memory is short."""

    name, expected = "metrics", "messages"

    def send(self, filter_):
        try:
            return metrics(filter_)
        except (OSError, ValueError, HTTPException):
            return None

    def wrong(self, _):
        return ""

    def found(self, samples):
        return "messages" if "smf_spf_messages_open" in (samples or {}) else samples


class Reload:
    """A reload while memory is short: it is done, or everything stays as it was."""

    name, expected = "reload", "done"

    def counted(self, filter_):
        samples = None
        while not samples:  # the allocation that fails may be one of the metrics
            with contextlib.suppress(OSError, HTTPException):
                samples = metrics(filter_)
        return {outcome: samples[f'smf_spf_config_reloads_total{{outcome="{outcome}"}}']
                for outcome in ("done", "failed")}

    def send(self, filter_):
        """The line that tells the end may be what there is no memory for, so the counters, which follow it, have the
        last word."""
        size, until = len(filter_.log()), time.monotonic() + 2
        filter_.signal(signal.SIGUSR1)
        wait_until(lambda: "reloaded" in filter_.log()[size:] or "as it was" in filter_.log()[size:]
                   or time.monotonic() > until, 30, "the end of the reload")
        before, until = getattr(filter_, "reloads", {"done": 0, "failed": 0}), time.monotonic() + COUNTED_LIMIT_S
        now = self.counted(filter_)
        while now == before and time.monotonic() < until:
            time.sleep(0.01)
            now = self.counted(filter_)
        filter_.reloads = now
        return [outcome for outcome, count in now.items() if count != before[outcome]]

    def wrong(self, ends):
        return "" if len(ends) == 1 else f"ended as {ends}"

    def found(self, ends):
        return " ".join(ends)


class Policy:
    """A message that the policy service is asked about, on a connection of its own: at each recipient, and at DATA. An
    answer is whole, or there is none, and the connection is closed: Postfix asks again."""

    def __init__(self, name, word, ip, expected, code=None):
        self.name, self.word, self.ip, self.expected, self.code = name, word, ip, expected, code

    def send(self, filter_):
        shown = {"client_address": self.ip, "sender": f"a@{fresh(self.word)}", "helo_name": fresh(self.word)}
        answers = []
        with contextlib.suppress(policy_client.Closed, OSError), \
                policy_client.PolicyClient(filter_.policy, timeout=30) as client:
            for recipient in ("bob@example.net", "boss@example.net", "own@example.net"):
                answers.append(client.ask(recipient=recipient, **shown))
            answers.append(client.ask(protocol_state="DATA", recipient="", **shown))
        return answers

    def wrong(self, answers):
        fields = [answer for answer in answers if answer.startswith("PREPEND Authentication-Results: ")]
        good = [answer for answer in answers if answer in ("DUNNO", "a_class") or (self.code and answer.startswith(self.code))]
        if len(fields) + len(good) != len(answers):
            return f"answered {answers}"
        return f"a field twice: {answers}" if len(set(fields)) < len(fields) else ""

    def found(self, answers):
        return " ".join(answer.split()[0] for answer in answers)


class Lookup:
    """A sender that is looked up in `forward`, or what it became in `reverse`. Not found is right for neither here; but a
    sender may stay as it is, and a bounce may be looked up later. A connection that is closed is opened again by an MTA."""

    def __init__(self, name, table, expected):
        self.name, self.table, self.expected = name, table, expected
        self.ours = None  # of the first lookup, which has memory

    def send(self, filter_):
        with contextlib.suppress(table_client.Closed, OSError), \
                table_client.Socketmap(filter_.policy, timeout=30) as client:
            if self.ours is None:
                self.ours = client.ask("forward", f"a@{fresh('fail')}").partition(" ")[2]
            return client.ask(self.table, self.ours if self.table == "reverse" else f"a@{fresh('fail')}")
        return "closed"

    def wrong(self, answer):
        good = ("OK SRS0=", "NOTFOUND ") if self.table == "forward" else ("OK a@", "TEMP ")
        return "" if answer == "closed" or answer.startswith(good) else f"answered {answer}"

    def found(self, answer):
        return answer[:len(self.expected)]


KINDS = {
    "tables": (TABLES, [Lookup("forward", "forward", "OK SRS0="), Lookup("reverse", "reverse", "OK a@")]),
    "policy": (POLICY, [
        Policy("policy-pass", "pass", GOOD_IP, "a_class PREPEND PREPEND DUNNO"),
        Policy("policy-fail", "fail", BAD_IP, "550 550 DUNNO DUNNO", code=FAIL),
        Policy("policy-softfail", "soft", BAD_IP, "PREPEND 550 PREPEND DUNNO", code=SOFT), Reload()]),
    "strict": (STRICT, [
        Kind("pass", "pass", GOOD_IP, "pass"), Kind("fail", "fail", BAD_IP, FAIL, code=FAIL),
        Kind("softfail-tagged", "soft", BAD_IP, "softfail"), Kind("temperror", "temp", GOOD_IP, "temperror"),
        Kind("forged-fields", "pass", GOOD_IP, "pass", headers=FORGED),
        Kind("null-sender", "pass", GOOD_IP, "pass", sender="<>"),
        Kind("whitelisted", "fail", "203.0.113.99", "unchecked"),
        Kind("whitelisted-recipient", "fail", BAD_IP, "fail", recipients="<free@example.net>")]),
    "holding": (HOLDING, [
        Kind("quarantine", "fail", BAD_IP, "box"),
        Kind("refused-late", "soft", BAD_IP, SOFT, code=SOFT, recipients="<strict@example.net>"),
        Kind("relayed", "soft", RELAY, "softfail", headers=RELAYED), Scrape(), Reload()]),
    "exempting": (EXEMPTING, [
        Kind("left-to-dmarc", "dmarc", BAD_IP, "fail", code=FAIL, helo="any.example.com"),
        Kind("forwarder", "dmarc", FORWARDER, "unchecked", helo="any.example.com")]),
}


def prepare(kind, filter_):
    """Has the kind bring about what its message needs, while there is memory."""
    if hasattr(kind, "prepare"):
        kind.prepare(filter_)


def settle(kind, filter_):
    """Waits until the filter has got over it. False: there is nothing to wait for."""
    return hasattr(kind, "settle") and kind.settle(filter_)


class Trial:
    """One filter whose memory fails, and what went wrong with it."""

    def __init__(self, names, binary, config):
        self.names, self.binary, self.config = names, binary, config
        self.filter = self.memory = None
        self.failed, self.foreign, self.lasts = [], {}, False

    def start(self):
        self.filter = asking(self.names, self.binary, self.config)
        self.filter.policy = "unix:" + self.filter.path("policy")
        with open(self.filter.config_path, encoding="utf-8") as file:
            text = file.read()
        secret = self.filter.write_secret("a secret of this test")
        self.filter.configure(text.replace(OWN_SOCKET, self.filter.policy).replace(OWN_SECRET, secret)
                              .replace(OWN_STORE, self.filter.path("greylist.db")))
        self.filter.libspf2_may_fail = True
        self.memory = Allocations(self.filter)
        self.filter.start()
        self.memory.remember_maps()

    def note(self, what):
        self.failed.append(f"{what}: {story(self.memory.frames())}")

    def fail(self, kind, number):
        """One message while that allocation fails, or it and all that follow. False if it makes fewer."""
        if self.ended():
            self.filter.check_interpretations()
            self.filter.remove()
            self.start()
            self.judges(kind, number)  # so that the resolver has its sockets, as any that runs
        prepare(kind, self.filter)
        self.memory.arm(number, ALL if self.lasts else 1)
        try:
            what = kind.wrong(kind.send(self.filter))
        except (Closed, OSError, AssertionError) as error:
            what = f"{type(error).__name__} {error}"
        happened = self.memory.disarm()
        if self.ended() or (what.startswith("Closed") and self.is_ending()):
            what = f"the filter died in {story(self.memory.death(), 12)} {self.filter.stderr()[-300:]}"
        what = self.without_foreign(what)
        if what:
            self.note(f"{kind.name} {number}: {what}")
        return happened

    def ended(self):
        """True if the process has died, or is about to."""
        if self.memory.death():
            self.filter.process.wait(30)
        return self.filter.process.poll() is not None

    def is_ending(self):
        """The same, where its connections are closed: a process that ends closes them before it can be seen to have."""
        deadline_s = time.monotonic() + ENDING_S
        while not self.ended() and time.monotonic() < deadline_s:
            time.sleep(0.01)
        return self.ended()

    def without_foreign(self, what):
        """Nothing, where a library is to blame that cannot be kept from it; that is counted."""
        who = "any" if self.lasts else owner(self.memory.frames()).partition(".")[0]
        place = owner(self.memory.death())
        if "died in" in what and who in ("libunbound", "any") and place.startswith(("libunbound", "libevent")):
            blame = f"libunbound died in {story(self.memory.death()[1:2])}"
        elif what.startswith("Closed") and "died in" not in what and who in ("libmilter", "any"):
            blame = "libmilter closed the connection"
        else:
            return what
        self.foreign[blame] = self.foreign.get(blame, 0) + 1
        return ""

    def judges(self, kind, number):
        """One message while there is memory: it is judged as ever."""
        if self.ended():
            return  # told before
        try:
            found = self.find(kind)
            if found != kind.expected:
                self.note(f"{kind.name} after {number}: {found}, expected {kind.expected}")
        except (Closed, OSError, AssertionError) as error:
            what = f"{kind.name} after {number}: {error!r}"
            if self.ended():
                what = f"{kind.name} after {number}: Closed, died in {story(self.memory.death(), 12)}"
            what = self.without_foreign(what)
            if what:
                self.note(what)

    def find(self, kind):
        """What becomes of one message; of several, where that was only a store's second without memory."""
        for _ in range(TRIES):
            prepare(kind, self.filter)
            found = kind.found(kind.send(self.filter))
            if found == kind.expected or not settle(kind, self.filter):
                break
        return found

    def run(self, kind, step=STEP):
        """Every allocation of a message of this kind, or each STEPth; returns how many there are."""
        self.judges(kind, 0)
        number = 1
        while self.fail(kind, number):
            self.judges(kind, number)
            number += step
        return number

    def end(self):
        if self.filter.process.poll() is None:
            self.filter.stop()
        self.filter.remove()


EACH = [(f"{name}-{kind.name}", config, kind) for name, (config, kinds) in KINDS.items() for kind in kinds]


@rows([(name, config, kind, False) for name, config, kind in EACH] +
      [(f"{name}-and-all-that-follow", config, kind, True) for name, config, kind in EACH
       if kind.name != "reload" and (LONG or kind.name in SHORT_LASTING)],
      whole=True, limit_s=900)
def allocation(binary, config, kind, lasts):
    run_trial(binary, config, kind, lasts)


def run_trial(binary, config, kind, lasts):
    with Names() as names:
        trial = Trial(names, binary, config)
        trial.lasts = lasts
        trial.start()
        try:
            count = trial.run(kind, STEP * (LASTING if lasts else 1))
            print(f"# {kind.name}: {count} allocations; {trial.foreign}")
            equal(sorted(trial.failed), [], f"wrong at allocations of {count}")
            check(count > 1, "no allocation failed")
            trial.end()
        finally:
            trial.filter.remove()
