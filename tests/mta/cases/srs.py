# SPDX-License-Identifier: GPL-2.0-or-later
"""Mail that a host forwards, and its bounces: real Postfixes, with the filter's tables or with those of PostSRSd 1.x."""

import dkim_signature
import srs_addresses
import srs_hosts as hosts
from cases import Group
from srs_addresses import first, further, quoted
from srs_hosts import BOB, YOU
from srs_programs import (FORWARD, HOP1, HOP2, OTHER_FORWARD, OTHER_REVERSE, OTHER_SECRET, OTHER_SECRET_FILE, REVERSE, SECRET_FILE,
                          SOCKETMAP, OtherFilter, PostSrsd, write_secrets)
from srs_traffic import ALICE, bounced_to, forward, refusal, returned_to, sender_at, senders
from world import GOOD

POSTFIX = ("postfix",)
KEY = "TableSocket"

PEER_PROGRAM = PostSrsd(HOP1, options=["-X.hop1.example"])
TABLES = [("TableSocket", f"tcp-forward:inet:{FORWARD}@127.0.0.1"), ("TableSocket", f"tcp-reverse:inet:{REVERSE}@127.0.0.1"),
          ("TableSocket", f"socketmap:inet:{SOCKETMAP}@127.0.0.1")]
SRS = [*TABLES, ("SRSDomain", HOP1), ("SRSSecretFile", SECRET_FILE), ("SRSExclude", "." + HOP1)]


def install_ours():
    PEER_PROGRAM.stop()
    write_secrets()
    for host in (hosts.CLASSIC_HOST, hosts.SIMPLE_HOST, hosts.EXACT_HOST):
        host.start()


def install_peer():
    PEER_PROGRAM.start()
    for host in (hosts.CLASSIC_HOST, hosts.EXACT_TCP_HOST):
        host.start()


OURS = Group("srs", SRS, needs=KEY, setup=install_ours)
PEER = Group("srs-postsrsd", [], setup=install_peer)
GROUPS = [OURS, PEER]

# The ports of the hosts, by the program: what forwards all under new names, and what forwards only what leaves.
EVERYTHING = {"srs": (hosts.CLASSIC_HOST.port, hosts.SIMPLE_HOST.port), "srs-postsrsd": (hosts.CLASSIC_HOST.port,)}
LEAVING = {"srs": (hosts.EXACT_HOST.port,), "srs-postsrsd": (hosts.EXACT_TCP_HOST.port,)}


class Way:
    """How a case is run: by which program, and through which hosts."""

    def __init__(self, group):
        self.is_ours = group is OURS
        self.everything, self.leaving = EVERYTHING[group.name], LEAVING[group.name]
        self.all = self.everything + self.leaving

    def first(self, user, host, **how):
        return first(user, host, HOP1, is_classic=not self.is_ours, **how)

    def further(self, rest, host, **how):
        return further(rest, host, HOP1, is_classic=not self.is_ours, **how)


def for_both(function):
    """Decorator: a case with each of the two programs, called with the world and the way."""
    for group in (OURS, PEER):

        def run(world, group=group):
            if group is PEER and PEER_PROGRAM.program is None:
                PEER_PROGRAM.start()  # or the case is skipped
            function(world, Way(group))

        run.__name__ = function.__name__ + ("" if group is OURS else "_by_postsrsd")
        group.case(POSTFIX)(run)
    return function


@for_both
def what_is_forwarded_has_our_name(world, way):
    for port in way.all:
        found = sender_at(world, port, ALICE, "list@" + HOP1, YOU)
        assert found == way.first("alice", "author.example"), found


@for_both
def what_stays_has_it_too_with_canonical_maps(world, way):
    """They know nothing of the recipients."""
    for port in way.everything:
        found = senders(world, forward(world, port, ALICE, "both@" + HOP1), BOB, YOU)
        assert set(found.values()) == {way.first("alice", "author.example")}, found


@for_both
def what_stays_keeps_its_sender_with_a_second_cleanup(world, way):
    for port in way.leaving:
        found = senders(world, forward(world, port, ALICE, "both@" + HOP1), BOB, YOU)
        assert found == {BOB: ALICE, YOU: way.first("alice", "author.example")}, found


@for_both
def the_case_of_a_sender_is_kept(world, way):
    for port in way.all:
        found = sender_at(world, port, "Alice.B@Author.Example", "list@" + HOP1, YOU)
        assert found == way.first("Alice.B", "Author.Example"), found


@for_both
def the_null_sender_stays(world, way):
    for port in way.all:
        assert sender_at(world, port, "", "list@" + HOP1, YOU) == ""


@for_both
def own_senders_stay(world, way):
    """Of the domain, of what is below it, and an address that was written before: it came round in a loop."""
    own = ("bob@" + HOP1, "bob@HOP1.Example", "double-bounce@mx." + HOP1, way.first("alice", "author.example"))
    for port in way.all:
        for sender in own:
            found = sender_at(world, port, sender, "list@" + HOP1, YOU)
            assert found.lower() == sender.lower(), found


@for_both
def what_was_forwarded_before_is_wrapped(world, way):
    """By another host, whose signature we cannot judge; with each of the separators, and by a third one."""
    tail = "abcd=XY=orig.example=bob"
    for port in way.all:
        for separator in "=+-":
            found = sender_at(world, port, f"SRS0{separator}{tail}@first.example", "list@" + HOP1, YOU)
            assert found == way.further(separator + tail, "first.example"), found
        found = sender_at(world, port, f"SRS1=wxyz=first.example=={tail}@second.example", "list@" + HOP1, YOU)
        assert found == way.further("=" + tail, "first.example"), found


@for_both
def other_senders_with_such_names_are_ordinary(world, way):
    for port in way.all:
        for user in ("SRS0abc", "SRS2=abc", "srs", "a=b+c", "prvs=1234abcdef=alice"):
            found = sender_at(world, port, user + "@author.example", "list@" + HOP1, YOU)
            assert found == way.first(user, "author.example"), found


@for_both
def a_bounce_comes_home(world, way):
    for port in way.all:
        sent = forward(world, port, "Alice.B@author.example", "gone@" + HOP1)
        assert bounced_to(world, sent) == ["Alice.B@author.example"]


def check_two_hops(world, way, second):
    hosts.HOP2_HOST.start()
    with second:
        for port in way.all:
            found = sender_at(world, port, ALICE, "chain@" + HOP1, YOU)
            user = way.first("alice", "author.example").rpartition("@")[0].removeprefix("SRS0")
            assert found == further(user, HOP1, HOP2, secret=OTHER_SECRET, is_classic=isinstance(second, PostSrsd)), found
            assert bounced_to(world, forward(world, port, "Alice.B@author.example", "chain-gone@" + HOP1)) == ["Alice.B@author.example"]


@for_both
def a_bounce_comes_home_over_two_hosts(world, way):
    """The other one has PostSRSd."""
    check_two_hops(world, way, PostSrsd(HOP2, OTHER_FORWARD, OTHER_REVERSE, secret_file=OTHER_SECRET_FILE))


@OURS.case(POSTFIX)
def a_bounce_comes_home_over_two_hosts_with_the_filter(world):
    check_two_hops(world, Way(OURS), OtherFilter(HOP2))


@for_both
def a_bounce_whose_address_lost_its_case_comes_home(world, way):
    for port in way.all:
        address = way.first("Alice", "author.example")
        for smashed in (address, address.lower(), address.upper()):
            found = returned_to(world, port, smashed)
            assert [to.lower() for to in found] == [ALICE], (smashed, found)


@for_both
def a_reply_of_a_person_comes_home(world, way):
    """A note of absence has a sender."""
    for port in way.all:
        assert returned_to(world, port, way.first("alice", "author.example"), sender="you@pass.example") == [ALICE]


@for_both
def every_separator_is_read(world, way):
    for port in way.all:
        for separator in "=+-":
            assert returned_to(world, port, way.first("alice", "author.example", separator=separator)) == [ALICE]


@for_both
def a_forged_address_is_refused(world, way):
    address = way.first("alice", "author.example")
    forged = (address.replace("alice", "mallory"), address.replace("author.example", "other.example"),
              address.replace("SRS0=", "SRS0=x"), first("alice", "author.example", HOP1, secret="another"),
              further("=abcd=XY=orig.example=bob", "first.example", HOP1, secret="another"), "SRS0=@" + HOP1, "SRS0@" + HOP1)
    for port in way.all:
        for wrong in forged:
            refusal(world, port, wrong).check(550, "5.1.1")


@for_both
def an_address_lives_three_weeks(world, way):
    for port in way.all:
        assert returned_to(world, port, way.first("alice", "author.example", days_ago=21)) == [ALICE]
        refusal(world, port, way.first("alice", "author.example", days_ago=22)).check(550, "5.1.1")


@for_both
def an_address_of_tomorrow(world, way):
    """Where hosts share a secret, the clock of one of them is first. PostSRSd loses such a bounce."""
    for port in way.all:
        address = way.first("alice", "author.example", days_ago=-1)
        if way.is_ours:
            assert returned_to(world, port, address) == [ALICE]
        else:
            refusal(world, port, address).check(550, "5.1.1")
        refusal(world, port, way.first("alice", "author.example", days_ago=-2)).check(550, "5.1.1")


@for_both
def a_bounce_to_another_host_leaves_as_its_address(world, way):
    """What another host wrote is for that one to read."""
    day = srs_addresses.stamp()
    for port in way.all:
        rest = f"=abcd={day}=orig.example=bob"
        assert returned_to(world, port, way.further(rest, "first.example")) == [f"SRS0{rest}@first.example"]


@for_both
def an_address_of_another_host_is_not_touched(world, way):
    """PostSRSd does not look whose it is: it reverses it, if the secret is the same."""
    for port in way.all:
        address = first("alice", "author.example", "far.example", is_classic=not way.is_ours)
        with world.connect("127.0.0.1", port=port) as connection:
            sent = world.send_on(connection, "you@pass.example", (address,))
        found = world.sink.wait_for(sent.token, [address if way.is_ours else ALICE])
        assert found, sent.replies()


QUOTED_USERS = ("a b", "a,b", 'a"b', "a\\b", "a..b", ".a", "a:b;", "<a>")
# Postfix takes a recipient with one of these in its name for one of another host that is to be reached by this one.
ROUTED_USERS = ("a@b", "a%b", "a!b", "a@far.example,b", "a b@far.example")


@OURS.case(POSTFIX)
def quoted_senders_stay_one_address(world):
    way = Way(OURS)
    for port in way.all:
        for user in QUOTED_USERS:
            sender = quoted(user) + "@author.example"
            found = sender_at(world, port, sender, "list@" + HOP1, YOU)
            assert found == way.first(user, "author.example"), (sender, found)
            assert returned_to(world, port, found) == [sender], found


@OURS.case(POSTFIX)
def senders_that_look_routed_do_not_come_back(world):
    way = Way(OURS)
    for port in way.all:
        for user in ROUTED_USERS:
            found = sender_at(world, port, quoted(user) + "@author.example", "list@" + HOP1, YOU)
            assert found == way.first(user, "author.example"), found
            refusal(world, port, found).check(554, "5.7.1", "Relay access denied")


@PEER.case(POSTFIX)
def quoted_senders_are_lost_by_postsrsd(world):
    """Why ours does otherwise: what it writes is no address."""
    found = sender_at(world, hosts.CLASSIC_HOST.port, '"a b"@author.example', "list@" + HOP1, YOU)
    assert "a b" not in found and "a%20b" not in found, found


@for_both
def long_senders_are_forwarded_all_the_same(world, way):
    """The name does not fit into the 64 octets of a local part: most hosts do not mind."""
    user, host = "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg", "a.rather.long.domain.name.of.the.author.example"
    for port in way.all:
        found = sender_at(world, port, f"{user}@{host}", "list@" + HOP1, YOU)
        assert found == way.first(user, host), found
        assert returned_to(world, port, found) == [f"{user}@{host}"]


@OURS.case(POSTFIX)
def senders_beyond_ascii(world):
    way = Way(OURS)
    for port in way.all:
        sender = "jürgen@pässe.example"
        found = sender_at(world, port, sender, "list@" + HOP1, YOU, parameters=" SMTPUTF8")
        assert found == way.first("jürgen", "xn--psse-loa.example"), found
        assert returned_to(world, port, found, parameters=" SMTPUTF8") == ["jürgen@xn--psse-loa.example"]


def signature_holds(world, way, port, client, to):
    """Whether the signature of a message to this address, as its field To has it, holds where it was forwarded to."""
    signer = dkim_signature.Signer()
    message, token = world.compose()
    message = signer.sign(message.replace(b"To: you@example", b"To: " + to.encode()))
    assert signer.holds(message)
    dkim_signature.send(world, port, ALICE, "list@" + HOP1, message, client)
    world.sink.wait_for(token, [YOU])
    delivery = world.sink.with_token(token)[-1]
    assert delivery.sender == way.first("alice", "author.example"), delivery.sender
    return signer.holds(delivery.data)


@for_both
def a_signature_holds(world, way):
    """Also where the field To has an address of ours, or none with a domain."""
    for port in way.all:
        for to in ("you@example", "you", way.first("bob", "author.example")):
            assert signature_holds(world, way, port, GOOD, to), (port, to)


@for_both
def header_recipients_are_replaced_in_mail_of_this_host_alone(world, way):
    """Postfix does so where canonical maps are for them, and rewrites no fields of other clients' mail."""
    address = way.first("bob", "author.example")
    for port in way.all:
        assert signature_holds(world, way, port, "127.0.0.1", address) == (port != hosts.CLASSIC_HOST.port), port
