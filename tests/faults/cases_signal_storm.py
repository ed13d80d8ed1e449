# SPDX-License-Identifier: GPL-2.0-or-later
"""Signals at every moment: under traffic, at each step of the protocol, while the process is stopped for a while."""

import contextlib
import random
import signal
import threading
import time

import milter_wire as wire
from cases_mta_dies import answer_of, dialogue
from faults_common import (BAD_IP, GOOD_IP, LONG, Mta, Names, asking, case, check, delivered, equal, fresh, metrics,
                           result_of, rows)

SIGNALS = 3000 if LONG else 300
HARMLESS = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGWINCH, signal.SIGCHLD, signal.SIGURG,
            signal.SIGCONT)
STEPS = 15  # frames of one message, after which it has ended


class Traffic:
    """Connections that send messages until the block ends; what went wrong with one is raised then."""

    def __init__(self, filter_, count=3):
        self.filter, self.done, self.wrong, self.sent = filter_, threading.Event(), [], 0
        self.threads = [threading.Thread(target=self.send, args=(number,)) for number in range(count)]

    def send(self, number):
        try:
            while not self.done.is_set():
                with Mta(self.filter.address, ip=BAD_IP if number % 2 else GOOD_IP, timeout=30) as mta:
                    for _ in range(5):
                        self.judge(mta, "fail" if number % 2 else "pass")
                    mta.quit()
        except Exception as error:  # pylint: disable=broad-except
            self.wrong.append(repr(error))

    def judge(self, mta, word):
        outcome = mta.send(f"<a@{fresh(word)}>")
        self.sent += 1
        if word == "fail":
            check(outcome.refusal and outcome.refusal.text.startswith("550 5.7.23"), f"a fail: {outcome}")
        else:
            check("spf=pass" in delivered(outcome).value("Authentication-Results"), f"a pass: {outcome.message.fields}")

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        for thread in self.threads:
            thread.join()
        equal(self.wrong, [], f"wrong among {self.sent} messages")
        check(self.sent > 0, "no message was sent")


@case(limit_s=300)
def storm_of_signals(binary):
    """Reloads, counters and signals of no meaning, hundreds of them, and messages in between."""
    seeded = random.Random(7208)
    with Names() as names, asking(names, binary) as filter_:
        with Traffic(filter_):
            for _ in range(SIGNALS):
                filter_.signal(seeded.choice(HARMLESS))
                time.sleep(seeded.random() * 0.01)
        samples = metrics(filter_)
        check(samples['smf_spf_config_reloads_total{outcome="done"}'] > 0, "there was no reload")
        equal(samples['smf_spf_config_reloads_total{outcome="failed"}'], 0, "reloads that failed")
        equal(result_of(filter_, "pass"), "pass", "after it")


@case(limit_s=300)
def stopped_and_continued(binary):
    """As in a suspend: the process does not run for a moment, longer than a deadline at the end."""
    seeded = random.Random(7208)
    with Names() as names, asking(names, binary, {"DNSTimeout": "4s"}) as filter_:
        with Traffic(filter_):
            for _ in range(60 if LONG else 20):
                filter_.signal(signal.SIGSTOP)
                time.sleep(seeded.random() * 0.05)
                filter_.signal(signal.SIGCONT)
                time.sleep(seeded.random() * 0.05)
        with Mta(filter_.address, ip=GOOD_IP, timeout=30) as mta:
            name = fresh("silent")
            mta.client.macros["mail"]["{mail_addr}"] = f"a@{name}"
            mta.client.ask(wire.MAIL, "mail", f"<a@{name}>\0".encode())
            time.sleep(0.2)
            filter_.signal(signal.SIGSTOP)
            time.sleep(4.5)
            filter_.signal(signal.SIGCONT)
            equal(mta.client.answer().kind, "continue", "answer at MAIL")
        equal(result_of(filter_, "pass"), "pass", "after it")


def told_to_end(binary, names, number, words):
    """Up to step `number` of a message, then those signals; returns what is wrong, "" for nothing."""
    with asking(names, binary, {"DNSTimeout": "2s", "RefuseFail": "off"}) as filter_, \
            contextlib.closing(wire.Wire(filter_.address, 30)) as stream, contextlib.suppress(wire.Closed):
        for step, (frame, answered) in enumerate(dialogue("pass", GOOD_IP)):
            if step == number:
                for word in words:
                    filter_.signal(getattr(signal, word))
            if step == STEPS:
                break
            stream.send_raw(frame)
            kind = answer_of(stream) if answered else b""
            if kind in (b"r", b"y", b"t"):
                return f"{words} before step {step}: refused with {kind}"
    return ""


@rows([("TERM", ["SIGTERM"]), ("HUP", ["SIGHUP"]), ("INT", ["SIGINT"]), ("twice", ["SIGTERM", "SIGTERM"]),
       ("with-reloads", ["SIGUSR1", "SIGTERM", "SIGUSR1", "SIGUSR2"])], whole=True, limit_s=300)
def told_to_end_at_each_step(binary, words):
    """What has begun is answered as ever, or the connection ends: nothing is refused, and the exit status is 0."""
    steps = range(STEPS + 1) if LONG or words == ["SIGTERM"] else (3, 6, 9, 13)
    with Names() as names:
        equal([text for text in (told_to_end(binary, names, step, words) for step in steps) if text], [], "wrong")
