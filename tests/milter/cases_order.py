# SPDX-License-Identifier: GPL-2.0-or-later
"""Order and lifetime: what comes when, what is left out, and that no message knows of the one before."""

import milter_wire as wire
from milter_client import MilterClient
from wire_common import (BAD_IP, GOOD_IP, Mta, case, check, classic, contains, delivered, equal, lacks, one, refused,
                         rows, spf_result, untouched)

FAIL = "550 5.7.23"
STEPS = ["negotiate", "connect", "helo", "mail", "rcpt", "data", "header", "eoh", "body", "eom"]


def walk(client, last, sender="<alice@example.org>", first="connect"):
    """The steps from `first` to `last`; the modifications, if the end of the message is among them."""
    actions = {
        "negotiate": lambda: None, "connect": client.connect, "helo": client.helo,
        "mail": lambda: client.mail(sender), "rcpt": lambda: client.rcpt("<bob@example.net>"), "data": client.data,
        "header": lambda: client.header("Authentication-Results", "mx.example.net; spf=fail"), "eoh": client.eoh,
        "body": lambda: client.body(b"Hello\r\n"), "eom": client.eom,
    }
    result = None
    for step in STEPS[STEPS.index(first):STEPS.index(last) + 1]:
        result = actions[step]()
    return result


@case
def several_messages_on_one_connection(binary):
    table = [("<alice@example.org>", "pass", "example.org"), ("<a@soft.example.org>", "pass", "soft.example.org"),
             ("<a@nofrom.example.org>", None, ""), ("<a@none.example.org>", "none", "none.example.org"),
             ("<>", "pass", ""), ("<alice@example.org>", "pass", "example.org")]
    for style in ("postfix", "sendmail"):
        with classic(binary) as filter_, Mta(filter_.address, style=style) as mta:
            for sender, result, domain in table:
                found = mta.send(sender)
                if result is None:
                    refused(found, FAIL)
                    continue
                equal(spf_result(delivered(found))[0], result, f"{style}: {sender}")
                equal(spf_result(delivered(found))[1].get("smtp.mailfrom", ""), domain, f"{style}: {sender}")
            mta.quit()


@case
def another_helo_counts(binary):
    with classic(binary) as filter_, Mta(filter_.address, helo="nofrom.example.org") as mta:
        refused(mta.send("<>"), FAIL)
        mta.helo("mx.example.org")
        mta.client.abort()
        equal(spf_result(delivered(mta.send("<>"))), ("pass", {"smtp.helo": "mx.example.org"}), "second HELO")
        mta.helo("nofrom.example.org")
        refused(mta.send("<>"), FAIL)
        mta.quit()


@case
def helo_inside_a_transaction(binary):
    with classic(binary) as filter_, MilterClient(filter_.address) as client:
        walk(client, "rcpt", "<>")
        client.helo("nofrom.example.org")
        client.abort()
        check(client.mail("<>").refused, "the new HELO name was not taken")
        client.quit()


@case
def mail_without_helo(binary):
    with classic(binary) as filter_:
        equal(spf_result(delivered(one(filter_, helo=None)))[0], "pass", "result")
        refused(one(filter_, helo=None, ip=BAD_IP), FAIL)
        message = delivered(one(filter_, "<>", helo=None, ip=BAD_IP))
        check(spf_result(message)[0] == "none", f"null sender without HELO: {message.fields}")


@rows([(step, step) for step in STEPS], whole=True)
def close_after(binary, step):
    """The MTA vanishes after any step; the filter goes on and leaks nothing (the sanitizers look)."""
    with classic(binary, {"RefuseFail": "off"}) as filter_:
        for _ in range(3):
            with MilterClient(filter_.address) as client:
                walk(client, step)
        with MilterClient(filter_.address) as client:
            walk(client, step)
            client.quit()
        equal(spf_result(delivered(one(filter_)))[0], "pass", "message afterwards")


@rows([(step, step) for step in STEPS[1:]], whole=True)
def abort_after(binary, step):
    with classic(binary, {"TagSubject": "off"}) as filter_, MilterClient(filter_.address) as client:
        walk(client, step, "<a@soft.example.org>")
        client.abort()
        client.abort()
        if step == "connect":
            client.helo()
        _, changes = walk(client, "eom", first="mail")
        inserted = [change for change in changes if change[0] == "insheader"]
        equal(len(inserted), 1, f"fields after an abort at {step}: {changes}")
        contains(inserted[0][1][2], "smtp.mailfrom=example.org", "field")
        client.abort()
        client.quit()


@case
def abort_forgets_subject_and_forged_fields(binary):
    with classic(binary, {"RefuseFail": "off"}) as filter_, MilterClient(filter_.address) as client:
        client.connect(ip=BAD_IP)
        client.helo()
        client.mail("<a@soft.example.org>")
        client.rcpt("<bob@example.net>")
        client.header("Subject", "one")
        client.header("Authentication-Results", "mx.example.net; spf=pass")
        client.abort()
        client.mail("<a@soft.example.org>")
        client.rcpt("<bob@example.net>")
        client.header("From", "a@soft.example.org")
        _, changes = client.eom()
        for name, arguments in changes:
            check(name != "chgheader" or arguments[0] != 1 or arguments[1].lower() != "authentication-results",
                  f"a field of the aborted message was deleted: {changes}")
            check("one" not in str(arguments), f"the subject of the aborted message came back: {changes}")
        client.quit()


@case
def steps_out_of_order(binary):
    """What no MTA sends must not end the filter; the order itself is libmilter's to police, often by silence."""
    orders = [["rcpt"], ["eom"], ["header"], ["helo", "rcpt", "mail"], ["connect", "rcpt"], ["connect", "eom"],
              ["connect", "helo", "eom"], ["connect", "helo", "mail", "eom"], ["connect", "helo", "mail", "mail"],
              ["connect", "connect"], ["connect", "helo", "header"], ["connect", "helo", "mail", "header", "eom"],
              ["mail"], ["mail", "rcpt", "eom"], ["connect", "helo", "mail", "rcpt", "connect"]]
    with classic(binary) as filter_:
        for order in orders:
            with MilterClient(filter_.address, timeout=0.5) as client:
                try:
                    for step in order:
                        walk(client, step, first=step)
                    client.quit()
                except (wire.Closed, wire.NoAnswer):
                    pass
        delivered(one(filter_))


@case
def eom_without_recipient(binary):
    """libmilter gives no answer to it; the session must survive the abort which an MTA sends then."""
    with classic(binary) as filter_, MilterClient(filter_.address, timeout=0.5) as client:
        walk(client, "mail")
        try:
            reply, _ = client.eom()
            check(not reply.refused, f"answered {reply}")
        except wire.NoAnswer:
            pass
    with classic(binary) as filter_, MilterClient(filter_.address) as client:
        walk(client, "mail")
        client.abort()
        _, changes = walk(client, "eom", first="mail")
        check(changes, "nothing done for the next message")
        client.quit()


@case
def quit_nc_starts_a_new_session(binary):
    with classic(binary) as filter_, MilterClient(filter_.address) as client:
        walk(client, "eom")
        client.quit_nc()
        client.connect(ip=BAD_IP)
        client.helo()
        check(client.mail("<alice@example.org>").refused, "the client of the session before was judged")
        client.abort()
        client.quit()


@case
def accepted_connection_stays_accepted(binary):
    """Whitelisted client: each of its messages goes through, in every negotiation."""
    for steps in (wire.ALL_STEPS, wire.RCPT_REJ, wire.ALL_STEPS & ~wire.NR_CONN):
        with classic(binary, {"WhitelistIP": BAD_IP}) as filter_, Mta(filter_.address, ip=BAD_IP, steps=steps) as mta:
            for _ in range(3):
                untouched(delivered(mta.send()))
            mta.quit()


@case
def local_submission(binary):
    """Postfix's non_smtpd_milters: localhost, 127.0.0.1 port 0, no angle brackets, the null sender is empty."""
    local = {"host": "localhost", "ip": "127.0.0.1", "port": 0, "helo": "localhost"}
    config = {"RefuseFail": "on", "RefuseSPFNone": "on", "RefuseSPFNoneHelo": "on"}
    with classic(binary, config) as filter_:
        for sender in ("alice@example.org", "root", "", "alice@none.example.org", "alice@nofrom.example.org",
                       "x" * 65 + "@example.org"):
            for recipients in (["bob@example.net"], ["bob", "carol@example.net"], ["y" * 65 + "@example.net"]):
                found = one(filter_, sender, recipients, **local)
                for recipient, reply in found.rcpts.items():
                    check(not reply.refused, f"sender {sender!r}: recipient {recipient!r} was refused with {reply}")
                check(not found.mail.refused, f"sender {sender!r} was refused with {found.mail}")
                equal(delivered(found).recipients, recipients, "recipients")


@case
def addresses_without_angle_brackets(binary):
    with classic(binary) as filter_:
        equal(spf_result(delivered(one(filter_, "alice@example.org", "bob@example.net"))),
              ("pass", {"smtp.mailfrom": "example.org"}), "result")
        equal(spf_result(delivered(one(filter_, "", "bob@example.net"))),
              ("pass", {"smtp.helo": "mx.example.org"}), "null sender")


@rows([("unknown", "U", ""), ("unix", "L", "/run/client")])
def no_client_address(binary, family, ip):
    with classic(binary, {"RefuseSPFNone": "on", "RefuseSPFNoneHelo": "on"}) as filter_:
        for sender in ("<alice@example.org>", "<>", "<alice@none.example.org>"):
            message = delivered(one(filter_, sender, family=family, ip=ip, host="localhost", port=0))
            equal(message.values("Authentication-Results"), [], f"fields for {sender}")
            equal(message.values("Subject"), ["hello"], "subject")


@rows([("nonsense", "4", "not-an-address"), ("short", "6", "2001:db8"), ("empty", "4", ""), ("v4-in-6", "6", GOOD_IP)])
def malformed_client_address(binary, family, ip):
    """libmilter may end such a session; the filter lives on, and refuses nothing."""
    with classic(binary) as filter_:
        try:
            found = one(filter_, family=family, ip=ip)
            check(found.refusal is None, f"refused: {found}")
        except wire.Closed:
            pass
        delivered(one(filter_))


@case
def source_routes_spaces_and_parameters(binary):
    with classic(binary) as filter_:
        for sender in ("<@relay.example:alice@example.org>", "<Alice@EXAMPLE.org>", " <alice@example.org>",
                       "<alice@example.org.>", "<\"al ice\"@example.org>", "<alice@example.org> "):
            refused(one(filter_, sender, ip=BAD_IP), FAIL)
            equal(spf_result(delivered(one(filter_, sender)))[0], "pass", sender)
        with Mta(filter_.address) as mta:
            reply = mta.client.mail("<alice@example.org>", "SIZE=100", "BODY=8BITMIME", "SMTPUTF8")
            equal(reply.kind, "continue", "MAIL with parameters")
            mta.quit()


@case
def two_clients_interleaved(binary):
    with classic(binary) as filter_, Mta(filter_.address, ip=GOOD_IP) as good, Mta(filter_.address, ip=BAD_IP) as bad:
        equal(good.client.mail("<alice@example.org>").kind, "continue", "first client")
        check(bad.client.mail("<alice@example.org>").refused, "second client accepted")
        good.client.rcpt("<bob@example.net>")
        reply, changes = good.client.eom()
        equal(reply.kind in ("continue", "accept"), True, "first client's message")
        contains(str(changes), "spf=pass", "first client's field")
        lacks(str(changes), "spf=fail", "first client's field")
