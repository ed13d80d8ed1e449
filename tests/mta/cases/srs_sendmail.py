# SPDX-License-Identifier: GPL-2.0-or-later
"""A Sendmail that forwards: it asks the tables in the rule set of its mailers, for each delivery."""

import time

from cases import Group
from cases.srs import KEY, SRS
from srs_addresses import first, further, quoted, stamp
from srs_hosts import YOU
from srs_programs import HOP1, write_secrets
from srs_sendmail import PORT, QUEUE_RUN_S, USER, ForwardingSendmail, wait_for_kept
from srs_traffic import ALICE, bounced_to, forward, refusal, returned_to, sender_at, senders

SENDMAIL = ("sendmail",)
HOST = ForwardingSendmail()


def install():
    write_secrets()
    HOST.start()


SRS_GROUP = Group("srs-sendmail", SRS, needs=KEY, setup=install)
GROUPS = [SRS_GROUP]


def at_far(world, sender, **how):
    return sender_at(world, PORT, sender, "list@" + HOP1, YOU, **how)


@SRS_GROUP.case(SENDMAIL)
def only_what_leaves_has_our_name(world):
    sent = forward(world, PORT, ALICE, "both@" + HOP1)
    sent.delivered([YOU])
    assert world.sink.with_token(sent.token)[-1].sender == first("alice", "author.example", HOP1)
    assert wait_for_kept(sent.token) == [(ALICE, USER)]


@SRS_GROUP.case(SENDMAIL)
def the_case_of_a_sender_is_kept(world):
    found = at_far(world, "Alice.B@author.example")
    assert found == first("Alice.B", "author.example", HOP1), found


@SRS_GROUP.case(SENDMAIL)
def the_null_sender_stays(world):
    assert at_far(world, "") == ""


@SRS_GROUP.case(SENDMAIL)
def own_senders_stay(world):
    for sender in ("bob@" + HOP1, "bob@mx." + HOP1, first("alice", "author.example", HOP1)):
        assert at_far(world, sender).lower() == sender.lower()


@SRS_GROUP.case(SENDMAIL)
def what_was_forwarded_before_is_wrapped(world):
    tail = "abcd=XY=orig.example=bob"
    for separator in "=+-":
        found = at_far(world, f"SRS0{separator}{tail}@first.example")
        assert found == further(separator + tail, "first.example", HOP1), found
    found = at_far(world, f"SRS1=wxyz=first.example=={tail}@second.example")
    assert found == further("=" + tail, "first.example", HOP1), found


@SRS_GROUP.case(SENDMAIL)
def a_bounce_comes_home(world):
    assert bounced_to(world, forward(world, PORT, "Alice.B@author.example", "gone@" + HOP1)) == ["Alice.B@author.example"]


@SRS_GROUP.case(SENDMAIL)
def a_bounce_whose_address_lost_its_case_comes_home(world):
    address = first("Alice", "author.example", HOP1)
    for smashed in (address, address.lower(), address.upper()):
        found = returned_to(world, PORT, smashed)
        assert [to.lower() for to in found] == [ALICE], (smashed, found)


@SRS_GROUP.case(SENDMAIL)
def a_bounce_to_another_host_leaves_as_its_address(world):
    rest = f"=abcd={stamp()}=orig.example=bob"
    assert returned_to(world, PORT, further(rest, "first.example", HOP1)) == [f"SRS0{rest}@first.example"]


@SRS_GROUP.case(SENDMAIL)
def a_forged_or_old_address_is_refused(world):
    address = first("alice", "author.example", HOP1)
    for wrong in (address.replace("alice", "mallory"), first("alice", "author.example", HOP1, secret="another"),
                  first("alice", "author.example", HOP1, days_ago=22), "SRS0=@" + HOP1):
        refusal(world, PORT, wrong).check(550, "5.1.1")


@SRS_GROUP.case(SENDMAIL)
def quoted_senders_stay_one_address(world):
    for user in ("a b", "a,b", 'a"b', "a\\b", "a..b", "a:b;", "a b@far.example"):
        sender = quoted(user) + "@author.example"
        found = at_far(world, sender)
        assert found == first(user, "author.example", HOP1), (sender, found)
        assert returned_to(world, PORT, found) == [sender], found


@SRS_GROUP.case(SENDMAIL)
def some_quoted_senders_are_forwarded_and_do_not_come_back(world):
    """Sendmail takes a recipient with an @ in quotes for one of another host that is to be reached by this one, and asks without
    quotes for one that has brackets in them."""
    for user in ("a@b", "<a>"):
        found = at_far(world, quoted(user) + "@author.example")
        assert found == first(user, "author.example", HOP1), found
        assert refusal(world, PORT, found).code == 550


@SRS_GROUP.case(SENDMAIL)
def mail_waits_for_the_tables(world):
    """What comes back, and what only passes, is to come again; of what is here, the copy that leaves waits in the queue."""
    world.filter.stop()
    refusal(world, PORT, first("alice", "author.example", HOP1)).check(451, "4.3.0")
    refusal(world, PORT, YOU, ALICE, client="127.0.0.1").check(451, "4.3.0")
    sent = forward(world, PORT, ALICE, "both@users." + HOP1)
    assert wait_for_kept(sent.token) == [(ALICE, USER)]
    time.sleep(QUEUE_RUN_S * 2)
    assert not world.sink.with_token(sent.token)
    world.filter.start()
    assert senders(world, sent, YOU)[YOU] == first("alice", "author.example", HOP1)
    assert wait_for_kept(sent.token) == [(ALICE, USER)]
