# SPDX-License-Identifier: GPL-2.0-or-later
"""Greylisting over the milter protocol, with the real store in SQLite: who is deferred, for how long, and who never is."""

import contextlib
import time

import milter_wire as wire
from greylist_common import BOUNCE, DELAY_S, FIRST, HELO, NONE, greylisting, keys, line_with, stored
from milter_client import MilterClient
from wire_common import (BAD_IP, GOOD_IP, Mta, case, contains, delivered, equal, free_port, lacks, one, refused, rows)


@rows([("postfix", "postfix"), ("sendmail", "sendmail")])
def greylist_first_contact_early_retry_and_back(binary, style):
    with greylisting(binary) as filter_:
        equal(refused(one(filter_, NONE, style=style), "451 4.7.1"), FIRST, "reply")
        contains(line_with(filter_, "greylist=new"), "verdict=deferred, to=<bob@example.net>, why=greylisted, reply=451 4.7.1, "
                                                     f"greylist=new, greylist-wait={DELAY_S}", "line")
        refused(one(filter_, NONE, style=style), "451 4.7.1", "Greylisted: try again in ")
        line_with(filter_, "greylist=early")
        time.sleep(DELAY_S + 0.2)
        delivered(one(filter_, NONE, style=style))
        contains(line_with(filter_, "greylist=came-back"), "verdict=accepted, greylist-to=<bob@example.net>, "
                                                           "greylist=came-back, greylist-waited=", "line")
        delivered(one(filter_, NONE, style=style))
        line_with(filter_, "greylist=known, ")


@case
def greylist_what_came_back_is_known_after_a_restart(binary):
    filter_ = greylisting(binary)
    with contextlib.ExitStack() as stack:
        stack.callback(filter_.remove)
        filter_.start()
        refused(one(filter_, NONE), "451 4.7.1")
        filter_.stop()
        time.sleep(DELAY_S)
        filter_.start()
        delivered(one(filter_, NONE))
        filter_.stop()
        filter_.start()
        delivered(one(filter_, NONE))
        filter_.stop()


@case
def greylist_a_network_is_one_client_and_its_domain_one_sender(binary):
    with greylisting(binary) as filter_:
        refused(one(filter_, NONE, ip=GOOD_IP), "451 4.7.1")
        time.sleep(DELAY_S + 0.2)
        delivered(one(filter_, "<verp-123=x@soft.none.example.org>", ip="192.0.2.200"))
        equal(refused(one(filter_, NONE, ip="203.0.113.1"), "451 4.7.1"), FIRST, "reply to another network")


@case
def greylist_each_of_five_recipients_has_its_own(binary):
    recipients = [f"<{name}@example.net>" for name in ("ann", "ben", "cat", "dan", "eve")]
    with greylisting(binary, {"GreylistKnownAfter": "0"}) as filter_:
        refused(one(filter_, NONE, recipients[0]), "451 4.7.1")
        time.sleep(DELAY_S + 0.2)
        outcome = one(filter_, NONE, recipients)
        equal(delivered(outcome).recipients, recipients[:1], "recipients")
        equal([outcome.rcpts[recipient].text for recipient in recipients[1:]], [FIRST] * 4, "replies")
        contains(line_with(filter_, "came-back"), "recipients-refused=4, greylist-to=<ann@example.net>", "line")
        equal(stored(filter_), 5, "what is stored")


@rows([("postfix", "postfix"), ("sendmail", "sendmail")])
def greylist_a_null_sender_is_deferred_at_data(binary, style):
    """Whoever asks whether a recipient exists, and goes, is not stored."""
    with greylisting(binary) as filter_:
        with Mta(filter_.address, style=style, helo=HELO) as mta:
            mta.client.mail(BOUNCE)
            equal(mta.client.rcpt("<bob@example.net>").kind, "continue", "answer to a call-out")
            mta.client.abort()
            equal(stored(filter_), 0, "what is stored")
            outcome = mta.send(BOUNCE)
            equal(refused(outcome, "451 4.7.1"), FIRST, "reply")
            equal(outcome.rcpts["<bob@example.net>"].kind, "continue", "answer to the recipient")
            time.sleep(DELAY_S + 0.2)
            delivered(mta.send(BOUNCE))
            mta.quit()
        contains(line_with(filter_, "why=greylisted"), "from=<>, verdict=deferred, why=greylisted, reply=451 4.7.1, greylist=new", "line")
        contains(line_with(filter_, "came-back"), "verdict=accepted, greylist-to=<bob@example.net>", "line")


@rows([("on", {}, True), ("off", {"Greylist": "off"}, False), ("learn", {"Greylist": "learn"}, True),
       ("no-null-senders", {"SkipNDR": "on"}, False)])
def greylist_data_is_asked_for_where_it_is_needed(binary, config, needed):
    with greylisting(binary, config) as filter_, MilterClient(filter_.address) as client:
        equal(not client.steps & wire.NODATA, needed, "DATA is asked for")
        client.quit()


@rows([
    ("pass", {}, {"sender": "<alice@example.org>"}),
    ("auth", {}, {"sender": NONE, "macros": {"mail": {"{auth_type}": "PLAIN", "{auth_authen}": "joe"}}}),
    ("whitelisted-ip", {"WhitelistIP": "192.0.2.0/24"}, {"sender": NONE}),
    ("whitelisted-from", {"WhitelistFrom": "alice@"}, {"sender": NONE}),
    ("whitelisted-to", {"WhitelistTo": "bob@"}, {"sender": NONE}),
    ("loopback", {}, {"sender": NONE, "ip": "127.0.0.1"}),
    ("local", {}, {"sender": NONE, "ip": "127.0.0.1", "port": 0}),
    ("not-to", {"GreylistTo": "carol@"}, {"sender": NONE}),
    ("exempt-network", {"GreylistExempt": "192.0.2.0/24"}, {"sender": NONE}),
    ("exempt-sender", {"GreylistExempt": "@none.example.org"}, {"sender": NONE}),
    ("not-this-result", {"GreylistResults": "softfail"}, {"sender": NONE}),
    ("off", {"Greylist": "off"}, {"sender": NONE}),
    ("null-sender-skipped", {"SkipNDR": "on"}, {"sender": BOUNCE, "helo": HELO}),
])
def greylist_goes_on_and_is_not_stored(binary, config, message):
    with greylisting(binary, config) as filter_:
        delivered(one(filter_, **message))
        lacks(filter_.log(), "greylist=", "log")
        if config.get("Greylist") != "off":
            equal(stored(filter_), 0, "what is stored")


@rows([("mail", {"RefuseAt": "mail"}), ("rcpt", {"RefuseAt": "rcpt"}), ("eom", {"RefuseAt": "eom"}),
       ("to", {"RefuseTo": "bob@example.net fail"})])
def greylist_the_verdict_comes_first(binary, config):
    """Who is refused is not asked about, whatever the step at which it is."""
    with greylisting(binary, config) as filter_:
        refused(one(filter_, "<alice@nofrom.example.org>", ip=BAD_IP), "550 5.7.23")
        equal(stored(filter_), 0, "what is stored")
        equal(refused(one(filter_, NONE), "451 4.7.1"), FIRST, "reply")


@case
def greylist_learn_defers_nobody(binary):
    with greylisting(binary, mode="learn") as filter_:
        delivered(one(filter_, NONE))
        line_with(filter_, "verdict=accepted, greylist-to=<bob@example.net>, greylist=new, recipients=1")
        time.sleep(DELAY_S + 0.2)
        delivered(one(filter_, NONE))
        line_with(filter_, "greylist=came-back")
        delivered(one(filter_, BOUNCE, helo=HELO))


@case
def greylist_test_mode_defers_nobody(binary):
    with greylisting(binary, {"TestMode": "on"}) as filter_:
        delivered(one(filter_, NONE))
        line_with(filter_, "verdict=deferred, test=yes, to=<bob@example.net>, why=greylisted, reply=451 4.7.1, greylist=new")
        delivered(one(filter_, BOUNCE, helo=HELO))
        line_with(filter_, "verdict=deferred, test=yes, why=greylisted, reply=451 4.7.1, greylist=new")


@case
def greylist_test_mode_for_some(binary):
    """Each recipient by its own settings, also where a message from the null sender goes to both kinds."""
    config = {"RecipientPolicy": "carol@ {\nTestMode on\n}"}
    both = ["<bob@example.net>", "<carol@example.net>"]
    with greylisting(binary, config) as filter_:
        outcome = one(filter_, NONE, both)
        equal(delivered(outcome).recipients, both[1:], "recipients")
        contains(line_with(filter_, "greylist=new"), "to=<bob@example.net>, why=greylisted, reply=451 4.7.1, greylist=new", "line")
        contains(filter_.log(), "test-to=<carol@example.net>, test-reply=451 4.7.1, recipients=1", "log")
        refused(one(filter_, BOUNCE, both, helo=HELO), "451 4.7.1")


@case
def greylist_each_recipient_by_its_own_settings(binary):
    config = {"Greylist": "off", "RecipientPolicy": ["carol@ {\nGreylist on\n}", "dave@ {\nGreylist learn\n}"]}
    all_of_them = ["<bob@example.net>", "<carol@example.net>", "<dave@example.net>"]
    with greylisting(binary, config) as filter_:
        outcome = one(filter_, NONE, all_of_them)
        equal(delivered(outcome).recipients, [all_of_them[0], all_of_them[2]], "recipients")
        equal(outcome.rcpts[all_of_them[1]].text, FIRST, "reply")


@rows([("away", "redis://127.0.0.1:{port}/0"), ("no-directory", "sqlite:{dir}/nowhere/greylist.db")])
def greylist_a_store_that_is_not_there_defers_nobody(binary, store):
    filter_ = greylisting(binary, mode="off")
    filter_.reconfigure(keys(filter_, config={"GreylistStore": store.format(port=free_port(), dir=filter_.dir)}))
    with filter_:
        for _ in range(3):
            delivered(one(filter_, NONE))
            delivered(one(filter_, BOUNCE, helo=HELO))
        line_with(filter_, "greylist-to=<bob@example.net>, greylist=away")
        contains(filter_.log(), "greylist: no store: ", "log")
