# SPDX-License-Identifier: GPL-2.0-or-later
"""Forwarding with other settings of the filter: a domain of its own for the addresses, refusals by the milter, several secrets."""

import srs_hosts as hosts
from cases import Group
from cases.srs import KEY, POSTFIX, SRS, install_ours
from srs_addresses import SECRET, first, further, stamp
from srs_hosts import BOB, SRS_DOMAIN, YOU
from srs_programs import HOP1, write_secrets
from srs_traffic import ALICE, bounced_to, forward, refusal, returned_to, sender_at, senders
from world import BAD


def install(*started):
    def setup():
        install_ours()
        for host in started:
            host.start()

    return setup


def changed(**settings):
    return [row for row in SRS if row[0] not in settings] + list(settings.items())


DEDICATED = Group("srs-dedicated", changed(SRSDomain=SRS_DOMAIN, SRSExclude=f"{HOP1} .{HOP1}"), needs=KEY, setup=install(hosts.DEDICATED_HOST))
MILTER = Group("srs-milter", [*SRS, ("RefuseFail", "on")], needs=KEY, setup=install(hosts.MILTER_HOST))
POLICY = Group("srs-policy", changed(SRSDomain=SRS_DOMAIN, SRSExclude=f"{HOP1} .{HOP1}", PolicySocket="inet:10011@127.0.0.1"), needs=KEY,
               setup=install(hosts.POLICY_HOST))
SECRETS = Group("srs-secrets", SRS, needs=KEY, setup=install())
OUTGOING = Group("srs-outgoing", [*SRS, ("SRSOutgoing", "192.0.2.1")], needs=KEY, setup=install())
SHORT = Group("srs-short", [*SRS, ("SRSTooLong", "leave")], needs=KEY, setup=install())
CLASSIC_HASH = Group("srs-classic-hash", [*SRS, ("SRSClassicHash", "on"), ("SRSSeparator", "+")], needs=KEY, setup=install())
GROUPS = [DEDICATED, MILTER, POLICY, SECRETS, OUTGOING, SHORT, CLASSIC_HASH]

EXACT, SIMPLE = hosts.EXACT_HOST.port, hosts.SIMPLE_HOST.port
AT = hosts.DEDICATED_HOST.port


@DEDICATED.case(POSTFIX)
def the_name_has_its_own_domain(world):
    found = senders(world, forward(world, AT, ALICE, "both@" + HOP1), BOB, YOU)
    assert found == {BOB: ALICE, YOU: first("alice", "author.example", SRS_DOMAIN)}, found


@DEDICATED.case(POSTFIX)
def a_bounce_comes_home_by_an_alias(world):
    for user in ("Alice.B", '"a b"', '"a@b"', '"a,b@far.example"'):
        sent = forward(world, AT, f"{user}@author.example", "gone@" + HOP1)
        assert bounced_to(world, sent) == [f"{user}@author.example"]


@DEDICATED.case(POSTFIX)
def a_wrapped_address_leaves_by_an_alias(world):
    rest = f"=abcd={stamp()}=orig.example=bob"
    assert returned_to(world, AT, further(rest, "first.example", SRS_DOMAIN)) == [f"SRS0{rest}@first.example"]


@DEDICATED.case(POSTFIX)
def what_is_no_alias_is_unknown(world):
    for wrong in (first("alice", "author.example", SRS_DOMAIN, days_ago=22), first("alice", "author.example", SRS_DOMAIN, secret="x"),
                  "SRS0=@" + SRS_DOMAIN, "bob@" + SRS_DOMAIN):
        refusal(world, AT, wrong).check(550, "5.1.1", "User unknown in virtual alias table")


@DEDICATED.case(POSTFIX)
def the_fields_of_a_message_stay(world):
    address = first("alice", "author.example", SRS_DOMAIN)
    sent = forward(world, AT, "", address, fields=[("Cc", address), ("Reply-To", address)])
    message = sent.delivered([ALICE])
    assert message.value("Cc") == message.value("Reply-To") == address, message.fields


AT_MILTER = hosts.MILTER_HOST.port


def wrong_addresses(domain):
    """Each with words of the refusal."""
    right = first("alice", "author.example", domain)
    return ((first("alice", "author.example", domain, days_ago=22), "expired"), (first("alice", "author.example", domain, secret="x"), "not written by this host"),
            (right.replace("alice", "mallory"), "not written by this host"), (right.lower().replace("alice", "mallory"), "not written by this host"),
            ("SRS0=abcd@" + domain, "not complete"))


@MILTER.case(POSTFIX)
def the_milter_says_what_is_wrong(world):
    for wrong, words in wrong_addresses(HOP1):
        for sender in ("", "you@pass.example"):
            refusal(world, AT_MILTER, wrong, sender).check(550, "5.1.1", words)


@MILTER.case(POSTFIX)
def the_milter_lets_pass_what_is_right(world):
    for address in (first("alice", "author.example", HOP1), first("alice", "author.example", HOP1).lower(),
                    first("alice", "author.example", HOP1, days_ago=21)):
        for sender in ("", "you@pass.example"):
            assert returned_to(world, AT_MILTER, address, sender) == [ALICE]


@MILTER.case(POSTFIX)
def the_milter_refuses_one_recipient_of_several(world):
    wrong = first("alice", "author.example", HOP1, secret="x")
    sent = forward(world, AT_MILTER, "a@pass.example", "list@" + HOP1, wrong)
    sent.rcpts[1].check(550, "5.1.1")
    assert senders(world, sent, YOU) == {YOU: first("a", "pass.example", HOP1)}


@MILTER.case(POSTFIX)
def the_milter_still_judges_senders(world):
    """Also one of our own name, from elsewhere."""
    for sender in ("alice@author.example", first("alice", "author.example", HOP1), "x@" + HOP1):
        sent = world.send(sender, BAD, port=AT_MILTER, recipients=("list@" + HOP1,))
        sent.mail.check(550, "5.7.23")


@MILTER.case(POSTFIX)
def other_addresses_are_not_the_milters(world):
    """People whose names begin so."""
    for address in ("SRS0@" + HOP1, "srs0x=y@" + HOP1, "nobody@" + HOP1):
        assert forward(world, AT_MILTER, "a@pass.example", address).end.code == 250, address


AT_POLICY = hosts.POLICY_HOST.port


@POLICY.case(POSTFIX)
def the_policy_service_says_what_is_wrong(world):
    for wrong, words in wrong_addresses(SRS_DOMAIN):
        for sender in ("", "you@pass.example"):
            refusal(world, AT_POLICY, wrong, sender).check(550, "5.1.1", words)
    for user in ("SRS0", "nobody"):
        refusal(world, AT_POLICY, f"{user}@{SRS_DOMAIN}").check(550, "5.1.1", "User unknown")


@POLICY.case(POSTFIX)
def the_policy_service_lets_pass_what_is_right(world):
    for sender in ("", "you@pass.example"):
        assert returned_to(world, AT_POLICY, first("alice", "author.example", SRS_DOMAIN), sender) == [ALICE]


@SECRETS.case(POSTFIX)
def a_secret_is_replaced_without_losing_a_bounce(world):
    old = first("alice", "author.example", HOP1)
    write_secrets("new-secret", SECRET)
    reload(world)
    for port in (SIMPLE, EXACT):
        found = sender_at(world, port, ALICE, "list@" + HOP1, YOU)
        assert found == first("alice", "author.example", HOP1, secret="new-secret"), found
        assert returned_to(world, port, old) == returned_to(world, port, found) == [ALICE]
    write_secrets("new-secret")
    reload(world)
    refusal(world, SIMPLE, old).check(550, "5.1.1")
    assert returned_to(world, SIMPLE, found) == [ALICE]


def reload(world):
    start = len(world.filter.log())
    world.filter.reload()
    world.filter.wait_for_log("configuration", start)


@OUTGOING.case(POSTFIX)
def senders_that_let_us_send_keep_their_name(world):
    for port in (SIMPLE, EXACT):
        for sender in ("a@lets-us-send.example", "alice@lets-alice-send.example"):
            assert sender_at(world, port, sender, "list@" + HOP1, YOU) == sender
        for user, host in (("bob", "lets-alice-send.example"), ("alice", "author.example"), ("a", "none.example"), ("a", "permerror.example"),
                           ("a", "broken.test")):
            found = sender_at(world, port, f"{user}@{host}", "list@" + HOP1, YOU)
            assert found == first(user, host, HOP1), found


@OUTGOING.case(POSTFIX)
def senders_are_renamed_while_the_dns_is_silent(world):
    """Unsure is not permitted."""
    world.name_server.freeze()
    try:
        sent = forward(world, SIMPLE, "new@lets-us-send-too.example", "bob@" + HOP1)
        found = senders(world, sent, BOB)
    finally:
        world.name_server.thaw()
    assert found == {BOB: first("new", "lets-us-send-too.example", HOP1)}, found


@SHORT.case(POSTFIX)
def a_name_that_would_be_too_long_is_left(world):
    fits = "a" * (64 - len("SRS0=aaaa=TT=author.example="))
    for port in (SIMPLE, EXACT):
        found = sender_at(world, port, fits + "@author.example", "list@" + HOP1, YOU)
        assert found == first(fits, "author.example", HOP1), found
        assert sender_at(world, port, fits + "a@author.example", "list@" + HOP1, YOU) == fits + "a@author.example"


@CLASSIC_HASH.case(POSTFIX)
def the_old_alphabet_is_written(world):
    """For hosts that share the secret with PostSRSd before 2.2.6."""
    users = [f"user{n}" for n in range(40)]
    addresses = [first(user, "author.example", HOP1, separator="+", is_classic=True) for user in users]
    chosen = [n for n, address in enumerate(addresses) if set("+/") & set(address[5:9])][:3]
    assert chosen
    for n in chosen:
        found = sender_at(world, SIMPLE, users[n] + "@author.example", "list@" + HOP1, YOU)
        assert found == addresses[n], found
        assert returned_to(world, SIMPLE, found) == [users[n] + "@author.example"]
