# SPDX-License-Identifier: GPL-2.0-or-later
"""Greylisting by the policy service, by both front ends at once, and over reloads while mail goes on."""

import signal
import threading
import time

from cases_both import Postfix
from cases_control import says
from cases_metrics import sample
from cases_policy import serving
from greylist_common import BOUNCE, DELAY_S, FIRST, HELO, NONE, keys, line_with, stored, with_store
from policy_client import PolicyClient
from wire_common import GOOD_IP, Filter, Mta, ZONE, case, check, contains, equal, one, rows

DEFER = f"DEFER_IF_PERMIT {FIRST[4:]}"


def served(binary, config=None):
    """A filter with a policy service and a store."""
    filter_ = serving(binary)
    filter_.write("zone", ZONE)
    filter_.configure({"PolicySocket": filter_.policy, "Metrics": f"unix:{filter_.path('metrics')}",
                       **keys(filter_, config=config)}, None)
    return filter_ if (config or {}).get("Greylist") == "off" else with_store(filter_)


def about(number, sender=NONE, **more):
    return {"instance": f"aa.{number}.0", "sender": sender.strip("<>"), "helo_name": HELO, **more}


@case
def greylist_each_recipient_is_answered_on_its_own(binary):
    with served(binary) as filter_, PolicyClient(filter_.policy) as client:
        equal(client.ask(**about(1)), DEFER, "first contact")
        equal(client.ask(**about(1)), DEFER, "the same recipient, from another list")
        equal(client.ask(**about(1, recipient="carol@example.net")), DEFER, "another recipient")
        equal(stored(filter_), 2, "what is stored")
        time.sleep(DELAY_S + 0.2)
        check(client.ask(**about(2)).startswith("PREPEND"), "not let through")
        equal(client.ask(**about(2, recipient="dave@example.net")), DEFER, "a new one beside one that is known")
        equal(client.ask(**about(2, protocol_state="DATA", queue_id="Q2", recipient="")), "DUNNO", "DATA")
        contains(line_with(filter_, "came-back"), "to=<dave@example.net>, why=greylisted, reply=451 4.7.1, greylist=new, "
                 f"greylist-wait={DELAY_S}, greylist-to=<bob@example.net>, greylist=came-back, greylist-waited=", "line")
        equal(sample(filter_, 'smf_spf_greylist_total{reason="new"}'), 3, "first contacts")
        equal(sample(filter_, 'smf_spf_greylist_total{reason="came-back"}'), 1, "of those that came back")
        equal(sample(filter_, "smf_spf_greylist_deferred_total"), 3, "deferrals")
        equal(sample(filter_, 'smf_spf_policy_requests_total{state="rcpt",action="defer"}'), 4, "answers")


@rows([("mail", "mail"), ("rcpt", "rcpt"), ("eom", "eom")])
def greylist_the_verdict_comes_first(binary, step):
    with served(binary, {"RefuseAt": step}) as filter_, PolicyClient(filter_.policy) as client:
        contains(client.ask(**about(1, "<a@nofrom.example.org>")), "550 5.7.23", "answer")
        equal(stored(filter_), 0, "what is stored")


@rows([("pass", {}, {"sender": "alice@example.org"}), ("auth", {}, {"sasl_username": "joe"}),
       ("whitelisted", {"WhitelistIP": GOOD_IP}, {}), ("whitelisted-to", {"WhitelistTo": "bob@"}, {})])
def greylist_goes_on_and_is_not_stored(binary, config, attributes):
    with served(binary, config) as filter_, PolicyClient(filter_.policy) as client:
        check(client.ask(**{**about(1), **attributes}).startswith(("PREPEND", "DUNNO")), "deferred")
        equal(stored(filter_), 0, "what is stored")


@case
def greylist_a_null_sender_is_deferred_at_data(binary):
    data = {"protocol_state": "DATA", "queue_id": "Q"}
    with served(binary) as filter_, PolicyClient(filter_.policy) as client:
        check(not client.ask(**about(1, BOUNCE)).startswith("DEFER"), "deferred at RCPT")
        equal(stored(filter_), 0, "what is stored")
        equal(client.ask(**about(1, BOUNCE, **data)), DEFER, "DATA")
        equal(client.ask(**about(2, BOUNCE, recipient="carol@example.net", **data)), DEFER, "a recipient that DATA names first")
        time.sleep(DELAY_S + 0.2)
        client.ask(**about(3, BOUNCE))
        check(not client.ask(**about(3, BOUNCE, **data)).startswith("DEFER"), "not let through")
        line_with(filter_, "came-back")


@case
def greylist_what_needs_data_is_named_where_there_is_no_milter(binary):
    text = "the policy service greylists a null sender only where smtpd_data_restrictions ask it"
    with served(binary) as filter_:
        check(text not in filter_.log(), "told beside a milter")
    filter_ = served(binary, {"Socket": "off"})
    try:
        filter_.launch()
        filter_.wait_log(text)
        filter_.stop()
    finally:
        filter_.remove()


@case
def greylist_both_ask_the_store_once(binary):
    with served(binary) as filter_, PolicyClient(filter_.policy) as policy:
        with Postfix(filter_, policy, ip=GOOD_IP, helo=HELO) as postfix:
            postfix.shown["helo_name"] = HELO
            postfix.send(NONE, ["<bob@example.net>", "<carol@example.net>"])
            equal(postfix.answers, [DEFER, DEFER], "answers of the policy service")
            time.sleep(DELAY_S + 0.2)
            outcome = postfix.send(NONE, ["<bob@example.net>", "<carol@example.net>"])
            equal(len(outcome.message.recipients), 2, "recipients")
            postfix.send(BOUNCE)
            equal(postfix.answers, ["DUNNO", DEFER], "answers for the null sender")
            postfix.quit()
        contains(line_with(filter_, "came-back"), "greylist-to=<bob@example.net>, greylist=came-back, ", "line")
        equal(sample(filter_, 'smf_spf_greylist_total{reason="came-back"}'), 2, "of those that came back")
        equal(sample(filter_, 'smf_spf_greylist_store_answers_total{answer="answered"}'), 5, "questions to the store")


@case
def greylist_a_reload_switches_it_on_and_off(binary):
    with served(binary, {"Greylist": "off"}) as filter_:
        equal(one(filter_, NONE).refusal, None, "refusal")
        filter_.reconfigure({"Metrics": f"unix:{filter_.path('metrics')}", **keys(filter_)})
        says(filter_, "reload", 0)
        equal(stored(filter_), 0, "what is stored")
        equal(one(filter_, NONE).refusal.text, FIRST, "reply")
        filter_.reconfigure({"Metrics": f"unix:{filter_.path('metrics')}", **keys(filter_, config={"TTL": "17"})})
        says(filter_, "reload", 0)
        time.sleep(DELAY_S + 0.2)
        equal(one(filter_, NONE).refusal, None, "refusal of one that came back")
        other = keys(filter_, config={"GreylistStore": f"sqlite:{filter_.path('other.db')}"})
        filter_.reconfigure({"Metrics": f"unix:{filter_.path('metrics')}", **other})
        says(filter_, "reload", 0)
        equal(stored(filter_, "other.db"), 0, "what is stored there")
        equal(one(filter_, NONE).refusal.text, FIRST, "reply by another store")
        equal(sample(filter_, 'smf_spf_greylist_store_answers_total{answer="answered"}'), 3, "questions to both stores")
        filter_.reconfigure({"Metrics": f"unix:{filter_.path('metrics')}", **keys(filter_, "off")})
        says(filter_, "reload", 0)
        equal(one(filter_, NONE).refusal, None, "refusal where it is off")


@case
def greylist_reloads_while_mail_goes_on(binary):
    """Each message has the answer of its configuration, and none is lost."""
    with served(binary) as filter_:
        is_over, faults, answered = threading.Event(), [], []

        def send(number):
            while not is_over.is_set():
                with Mta(filter_.address, ip=f"203.0.113.{number}", helo=HELO) as mta:
                    for sender in (NONE, BOUNCE):
                        outcome = mta.send(sender)
                        if outcome.refusal is not None and not outcome.refusal.text.startswith("451 4.7.1 Greylisted: "):
                            faults.append(str(outcome))
                        answered.append(outcome.refusal is None)
                    mta.quit()

        senders = [threading.Thread(target=send, args=(number,)) for number in range(1, 5)]
        for sender in senders:
            sender.start()
        for turn in range(12):
            mode = ("on", "off", "learn", "on")[turn % 4]
            filter_.reconfigure(keys(filter_, mode, {"GreylistStore": f"sqlite:{filter_.path('greylist')}{turn % 3}.db"}))
            filter_.signal(signal.SIGUSR1)
            time.sleep(0.2)
        is_over.set()
        for sender in senders:
            sender.join(60)
        equal(faults, [], "faults")
        check(True in answered and False in answered, f"only one kind of answer among {len(answered)}")
