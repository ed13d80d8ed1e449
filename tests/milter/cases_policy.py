# SPDX-License-Identifier: GPL-2.0-or-later
"""Postfix's policy delegation protocol: what is answered in which state, to which recipient, and to what is no request."""

import contextlib
import resource
import signal
import socket

from cases_metrics import ask, sample
from dns_server import DnsServer
from policy_client import Closed, PolicyClient, request
from process_common import run
from reload_common import reload_and_stop
from wire_common import (BAD_IP, GOOD_IP, Filter, Skip, case, check, contains, equal, rows, sanitizer,
                         wait_until)

ZONE = """
$TTL 300
$ORIGIN example.org.
@     TXT "v=spf1 ip4:192.0.2.1 -all"
soft  TXT "v=spf1 ip4:192.0.2.1 ~all"
quoted TXT "v=spf1 exists:%{l}.users.example.org -all"
joe.users A 127.0.0.2
mail  TXT "v=spf1 ip4:192.0.2.1 -all"
$ORIGIN example.net.
@     TXT "v=spf1 ip4:192.0.2.1 -all"
other TXT "v=spf1 ip4:192.0.2.99 -all"
"""
FAIL = "550 5.7.23 SPF: mail from alice@example.org is not permitted"
PASS = {"client_address": GOOD_IP}
BAD = {"client_address": BAD_IP, "client_name": "unknown"}
FIELD = "PREPEND Authentication-Results: "


def serving(binary, config=None, **options):
    """A filter with a policy service, at filter_.policy."""
    filter_ = Filter(binary, {}, **({"zone": ZONE} if "servers" not in options else {}))
    servers = options.pop("servers", None)
    filter_.policy = f"unix:{filter_.path('policy')}"
    asks = {"Nameserver": servers.address} if servers else {}
    filter_.configure({"PolicySocket": filter_.policy, "Metrics": f"unix:{filter_.path('metrics')}", **asks,
                       **(config or {})}, None)
    return filter_


def message(number=1, **attributes):
    return {"instance": f"aa.{number}.0", **attributes}


def ask_about_four(client):
    contains(client.ask(**message(1, **PASS)), FIELD, "the first answer")
    contains(client.ask(**message(2, **PASS)), "spf=pass smtp.mailfrom=example.org", "another message")
    equal(client.ask(**message(2, **PASS)), "DUNNO", "the same recipient again, from another list")
    equal(client.ask(**message(2, recipient="carol@example.net", **PASS)), "DUNNO", "another recipient")
    for recipient in ("bob@example.net", "bob@example.net", "carol@example.net"):
        contains(client.ask(**message(3, recipient=recipient, **BAD)), FAIL, recipient)
    contains(client.ask(**message(4, **PASS)), FIELD, "the next message of another client")


@rows([("usual", {}, "TagSubject, RemoveForgedHeaders"), ("nothing", {"TagSubject": "off", "RemoveForgedHeaders": "off"}, None),
       ("all", {"TrustedRelay": "192.0.2.9", "Quarantine": "on", "RefuseAt": "eom"},
        "TagSubject, RemoveForgedHeaders, TrustedRelay, Quarantine on (QuarantineBox has no domain), RefuseAt eom"),
       ("redirected", {"Quarantine": "on", "QuarantineBox": "box@example.net"}, "TagSubject, RemoveForgedHeaders")])
def what_it_cannot_do_is_named_at_the_start_and_before(binary, config, keys):
    with serving(binary, config) as filter_:
        checked = run(binary, "-n", "-c", filter_.config_path)
        for text in (filter_.log(), checked.stdout + checked.stderr):
            lines = [line for line in text.splitlines() if "not done for it" in line]
            equal([line.partition("not done for it: ")[2] for line in lines], [keys] if keys else [], "lines")


@rows([("both", {"OnPass": "permit", "OnHeloPass": "a_class"}, True, ["OnPass, OnHeloPass"]),
       ("one", {"OnHeloPass": "permit"}, True, ["OnHeloPass"]), ("none", {}, True, []),
       ("served", {"OnPass": "permit"}, False, [])])
def what_only_it_can_do_is_named_where_there_is_none(binary, config, is_away, keys):
    with Filter(binary, config, zone=ZONE) if is_away else serving(binary, config) as filter_:
        checked = run(binary, "-n", "-c", filter_.config_path)
        for text in (filter_.log(), checked.stdout + checked.stderr):
            lines = [line for line in text.splitlines() if "has no use for" in line]
            equal([line.partition("has no use for: ")[2] for line in lines], keys, "lines")


@case
def it_serves_without_a_milter(binary):
    """Reload, metrics and an orderly stop as ever."""
    filter_ = serving(binary, {"Socket": "off"})
    with contextlib.ExitStack() as stack:
        stack.callback(filter_.remove)
        filter_.launch()
        stack.callback(filter_.kill)
        contains(filter_.wait_log("listens on"),
                 f"listens on Metrics unix:{filter_.path('metrics')}, PolicySocket {filter_.policy}", "log")
        with PolicyClient(filter_.policy) as client:
            ask_about_four(client)
        filter_.signal(signal.SIGUSR1)
        filter_.wait_log("reloaded")
        contains(ask(filter_)[2], 'smf_spf_config_reloads_total{outcome="done"} 1', "metrics")
        filter_.stop()
        filter_.configure({"Socket": "off"})
        refused = run(binary, "-n", "-c", filter_.config_path)
        contains(refused.stdout + refused.stderr, "Socket: it can be off only where there is a PolicySocket", "-n")


@case
def a_pass_gets_its_field_once_and_a_fail_its_refusal(binary):
    with serving(binary) as filter_:
        with PolicyClient(filter_.policy) as client:
            ask_about_four(client)
        wait_until(lambda: filter_.log().count("verdict=accepted") == 3, 30, "the line of the last message")
        equal(filter_.log().count("verdict=refused"), 1, "lines of the refused message")


@case
def fields_come_at_data_where_the_service_is_asked_there(binary):
    with serving(binary, {"AddReceivedHeader": "on"}) as filter_, PolicyClient(filter_.policy) as client:
        contains(client.ask(**message(1, **PASS)), FIELD, "the first message of a connection, at RCPT")
        contains(client.ask(**message(1, protocol_state="DATA", queue_id="Q1", recipient="", **PASS)),
                 "PREPEND Received-SPF: pass", "what is left of it, at DATA")
        equal(client.ask(**message(1, protocol_state="END-OF-MESSAGE", queue_id="Q1", **PASS)), "DUNNO", "at the end")
        equal(client.ask(**message(2, **PASS)), "DUNNO", "the second message, at RCPT")
        contains(client.ask(**message(2, protocol_state="DATA", queue_id="Q2", **PASS)), FIELD, "at DATA")
        contains(client.ask(**message(2, protocol_state="DATA", queue_id="Q2", **PASS)), "PREPEND Received-SPF: pass",
                 "at DATA, for another list")
        equal(client.ask(**message(2, protocol_state="DATA", queue_id="Q2", **PASS)), "DUNNO", "nothing is left")
        for queue_id in ("Q1", "Q2"):
            equal(filter_.log().count(f"id={queue_id}"), 1, f"lines of {queue_id}")


@case
def states_as_they_come_without_delay_reject(binary):
    """No instance before RCPT; each list in its own state."""
    with serving(binary) as filter_, PolicyClient(filter_.policy) as client:
        for number, answers in ((1, PASS), (2, BAD), (3, BAD)):
            early = {"instance": "", **answers}
            equal(client.ask(protocol_state="CONNECT", helo_name="", sender="", recipient="", **early), "DUNNO", "CONNECT")
            equal(client.ask(protocol_state="EHLO", sender="", recipient="", **early), "DUNNO", "EHLO")
            at_mail = client.ask(protocol_state="MAIL", recipient="", **early)
            at_rcpt = client.ask(**message(number, **answers))
            if answers is PASS:
                equal(at_mail, "DUNNO", "MAIL of a pass")
                contains(at_rcpt, FIELD, "RCPT of a pass")
            else:
                contains(at_mail, FAIL, "MAIL of a fail")
                contains(at_rcpt, FAIL, "RCPT of a fail")
        equal(filter_.log().count("SPF fail"), 2, "lines of refused messages")


@case
def recipients_have_their_own_answers(binary):
    config = {"WhitelistTo": "friend@example.net", "RefuseAt": "rcpt"}
    with serving(binary, config) as filter_, PolicyClient(filter_.policy) as client:
        contains(client.ask(**message(1, **BAD)), FAIL, "a recipient")
        contains(client.ask(**message(1, recipient="friend@example.net", **BAD)), FIELD, "a whitelisted one")
        contains(client.ask(**message(1, recipient="other@example.net", **BAD)), FAIL, "a third one")
        equal(client.ask(**message(1, protocol_state="DATA", queue_id="Q", recipient="friend@example.net", **BAD)), "DUNNO",
              "DATA")
        contains(filter_.log(), "id=Q", "log")


@rows([("mail", {}), ("rcpt", {"RefuseAt": "rcpt"})])
def a_service_that_is_asked_at_data_alone(binary, config):
    with serving(binary, config) as filter_, PolicyClient(filter_.policy) as client:
        for number in (1, 2):
            contains(client.ask(**message(number, protocol_state="DATA", queue_id=f"F{number}", **BAD)), FAIL, "a fail")
            contains(client.ask(**message(number, protocol_state="DATA", queue_id=f"F{number}", **BAD)), FAIL, "once more")
        for number in (3, 4):
            contains(client.ask(**message(number, protocol_state="DATA", queue_id=f"P{number}", **PASS)), FIELD, "a pass")
        log = filter_.log()
        equal((log.count("verdict=refused"), log.count("verdict=accepted")), (2, 2), "lines")


@case
def what_nobody_refused_is_not_called_refused(binary):
    """With RefuseAt rcpt, a service that is asked before there is a recipient refuses nothing."""
    with serving(binary, {"RefuseAt": "rcpt"}) as filter_:
        with PolicyClient(filter_.policy) as client:
            for number in (1, 2):
                equal(client.ask(protocol_state="MAIL", instance="", recipient="", sender=f"u{number}@example.org", **BAD),
                      "DUNNO", "MAIL")
        wait_until(lambda: sample(filter_, "smf_spf_connections_open") == 0, 30, "the end of the connection")
        equal(filter_.log().count("verdict=refused"), 0, "lines of refusals")


@rows([("softfail-is-let-through", "carol@soft.example.org", "PREPEND"), ("null-sender", "", FAIL[:10]),
       ("a-local-part-with-a-space", "joe smith@example.net", FAIL[:10]),
       ("a-local-part-that-a-macro-uses", "joe@quoted.example.org", "PREPEND"),
       ("no-domain", "joe", "PREPEND"), ("no-such-domain", "joe@nowhere.example.org", "PREPEND")])
def senders(binary, sender, begin):
    with serving(binary) as filter_, PolicyClient(filter_.policy) as client:
        answer = client.ask(**message(1, sender=sender, **BAD))
        check(answer.startswith(begin), f"{answer}, expected {begin}")


@rows([("whitelisted-address", {"WhitelistIP": BAD_IP}, {}), ("authenticated", {}, {"sasl_username": "joe"}),
       ("certificate", {"SkipCert": "on"}, {"ccert_subject": "joe", "ccert_issuer": "ca"}),
       ("loopback", {}, {"client_address": "127.0.0.1", "client_name": "localhost"}),
       ("whitelisted-sender", {"WhitelistFrom": "alice@example.org"}, {})])
def who_is_exempt_gets_dunno_in_each_state(binary, config, attributes):
    with serving(binary, config) as filter_, PolicyClient(filter_.policy) as client:
        for number in (1, 2):
            for state in ("RCPT", "RCPT", "DATA", "END-OF-MESSAGE"):
                equal(client.ask(**{**message(number, protocol_state=state, **BAD), **attributes}), "DUNNO", state)


@case
def a_certificate_that_nobody_vouches_for_exempts_nobody(binary):
    """Postfix gives the fingerprint of any certificate, and its names where it trusts the authority only."""
    with serving(binary, {"SkipCert": "on"}) as filter_, PolicyClient(filter_.policy) as client:
        contains(client.ask(**message(1, ccert_fingerprint="aa:bb", ccert_pubkey_fingerprint="cc:dd", **BAD)), FAIL, "the answer")


@case
def temperror_is_a_deferral_only_if_nothing_refuses(binary):
    with DnsServer() as server, serving(binary, {"AcceptTempError": "off"}, servers=server) as filter_, \
            PolicyClient(filter_.policy) as client:
        server.fault("example.org", "servfail")
        contains(client.ask(**message(1, **BAD)), "DEFER_IF_PERMIT 4.7.24 ", "temperror")


@case
def a_held_message_is_held_at_its_first_recipient_or_at_data(binary):
    with serving(binary, {"Quarantine": "hold", "RefuseFail": "off"}) as filter_, PolicyClient(filter_.policy) as client:
        contains(client.ask(**message(1, **BAD)), "HOLD SPF fail", "RCPT")
        contains(client.ask(**message(1, **BAD)), FIELD, "RCPT again")
        equal(client.ask(**message(1, protocol_state="DATA", queue_id="Q1", **BAD)), "DUNNO", "DATA")
        equal(client.ask(**message(2, **BAD)), "DUNNO", "RCPT of the next message")
        contains(client.ask(**message(2, protocol_state="DATA", queue_id="Q2", **BAD)), "HOLD SPF fail", "DATA")
        equal(filter_.log().count("verdict=held"), 2, "lines of held messages")


@rows([("hold", {"Quarantine": "hold"}, "HOLD SPF fail"),
       ("redirect", {"Quarantine": "on", "QuarantineBox": "box@example.net"}, "REDIRECT box@example.net")])
def what_is_asked_about_at_its_end_alone_is_quarantined_there(binary, config, action):
    """Postfix holds and redirects there, too; it prepends nothing."""
    with serving(binary, {"RefuseFail": "off", **config}) as filter_, PolicyClient(filter_.policy) as client:
        for number in (1, 2):
            end = message(number, protocol_state="END-OF-MESSAGE", queue_id=f"Q{number}", **BAD)
            equal(client.ask(**end), action, "the end")
            equal(client.ask(**end), "DUNNO", "the end, for another list")
        equal(client.ask(**message(3, protocol_state="END-OF-MESSAGE", queue_id="Q3", **PASS)), "DUNNO", "a pass")


@case
def a_redirected_message_is_redirected_once(binary):
    config = {"Quarantine": "on", "QuarantineBox": "box@example.net", "RefuseFail": "off", "WhitelistTo": "friend@"}
    with serving(binary, config) as filter_, PolicyClient(filter_.policy) as client:
        equal(client.ask(**message(1, **BAD)), "REDIRECT box@example.net", "RCPT")
        contains(client.ask(**message(1, **BAD)), FIELD, "RCPT again")
        contains(client.ask(**message(2, **PASS)), FIELD, "a pass")
        contains(client.ask(**message(3, recipient="friend@example.net", **BAD)), FIELD, "a whitelisted recipient")
        equal(client.ask(**message(3, **BAD)), "DUNNO", "beside whom nobody else's mail is taken away")
        equal(client.ask(**message(3, protocol_state="DATA", queue_id="Q3", **BAD)), "DUNNO", "DATA")
        equal(filter_.log().count("verdict=quarantined"), 1, "lines of quarantined messages")


@rows([("held", {"Quarantine": "hold"}, "HOLD SPF fail"),
       ("quarantined", {"Quarantine": "on", "QuarantineBox": "box@example.net"}, "REDIRECT box@example.net")])
def who_is_exempt_too_late_is_logged_as_what_was_done(binary, config, answer):
    """Postfix was told at the first recipient, and takes nothing back."""
    with serving(binary, {"RefuseFail": "off", "WhitelistTo": "friend@", **config}) as filter_, \
            PolicyClient(filter_.policy) as client:
        equal(client.ask(**message(1, **BAD)), answer, "RCPT")
        contains(client.ask(**message(1, recipient="friend@example.net", **BAD)), FIELD, "the exempt one")
        contains(client.ask(**message(2, **PASS)), FIELD, "the next message")
        contains(filter_.log(), f"verdict={'held' if answer[0] == 'H' else 'quarantined'}, exempt-to=<friend@", "log")


HELO_PASSES = {"helo_name": "mail.example.org", "sender": "joe@nowhere.example.org", "client_address": GOOD_IP}


@case
def a_pass_has_the_action_of_its_identity(binary):
    """The field waits for DATA; the other identity's refusal still holds."""
    config = {"OnPass": "sender_class, permit_dnswl_client list.example", "OnHeloPass": "helo_class"}
    with serving(binary, config) as filter_, PolicyClient(filter_.policy) as client:
        for number, attributes, action in ((1, PASS, config["OnPass"]), (2, HELO_PASSES, "helo_class"),
                                           (3, {**PASS, "helo_name": "mail.example.org"}, config["OnPass"]),
                                           (4, {**HELO_PASSES, "sender": ""}, "helo_class")):
            for recipient in ("bob@example.net", "bob@example.net", "carol@example.net"):
                equal(client.ask(**message(number, recipient=recipient, **attributes)), action, f"{attributes}")
            contains(client.ask(**message(number, protocol_state="DATA", queue_id=f"Q{number}", **attributes)), FIELD, "DATA")
        fail = {"helo_name": "mail.example.org", "client_address": "192.0.2.1", "sender": "joe@other.example.net"}
        contains(client.ask(**message(5, **fail)), "550 5.7.23 SPF: mail from joe@other.example.net", "a sender that fails")
        contains(client.ask(**message(6, **BAD)), FAIL, "both fail")
        equal(client.ask(**message(7, sender="joe@nowhere.example.org", helo_name="nowhere.example.org", **PASS)), "DUNNO", "none")
        found = {line.split("{")[1].split("}")[0]: int(line.split()[-1]) for line in ask(filter_)[2].splitlines()
                 if line.startswith("smf_spf_policy_requests_total{")}
        equal(found['state="rcpt",action="pass"'], 12, "counted")


@case
def recipients_have_their_own_settings(binary):
    """A refusal, a pass and an exemption, each of one; where all who were asked about are exempt, there is no field."""
    config = {"OnPass": "class_of_all", "RecipientPolicy": [
        "boss@example.net {\nRefuseMailFrom fail softfail\nOnPass class_of_boss\n}", f"own@example.net {{\nWhitelistIP {BAD_IP}\n}}"]}
    boss, own = {"recipient": "boss@example.net"}, {"recipient": "own@example.net"}
    soft = {**BAD, "sender": "alice@soft.example.org"}
    with serving(binary, config) as filter_, PolicyClient(filter_.policy) as client:
        equal(client.ask(**message(1, **PASS)), "class_of_all", "a pass")
        equal(client.ask(**message(1, **boss, **PASS)), "class_of_boss", "a pass for the boss")
        contains(client.ask(**message(2, **boss, **soft)), "550 5.7.1 SPF: mail from alice@soft", "a softfail for the boss")
        equal(client.ask(**message(3, **own, **BAD)), "DUNNO", "an exempt recipient")
        equal(client.ask(**message(3, protocol_state="DATA", queue_id="Q3", **own, **BAD)), "DUNNO", "DATA")
        equal(client.ask(**message(4, **own, **BAD)), "DUNNO", "an exempt recipient")
        contains(client.ask(**message(4, **BAD)), FAIL, "another")
        contains(filter_.log(), "verdict=exempt, exempt-to=<own@example.net>, recipients=1, id=Q3", "log")


@case
def a_message_refused_to_all_is_logged_while_its_connection_is_idle(binary):
    """One that has a recipient is not ended before DATA, and a late recipient of the other has its own answer."""
    def verdicts():
        return [line for line in filter_.log().splitlines() if "verdict=" in line]

    config = {"RefuseFail": "off", "RecipientPolicy": "bob@example.net {\n    RefuseMailFrom fail\n}"}
    with serving(binary, config) as filter_, PolicyClient(filter_.policy) as client, \
            PolicyClient(filter_.policy) as other:
        contains(client.ask(**message(1, client_port="4711", **BAD)), FAIL, "its only recipient")
        contains(other.ask(**message(2, client_port="4712", **BAD)), FAIL, "the first of two")
        contains(other.ask(**message(2, client_port="4712", recipient="carol@example.net", **BAD)), FIELD, "the second")
        wait_until(verdicts, 30, "the line of the refused message")
        equal(len(verdicts()), 1, "lines")
        contains(verdicts()[0], "verdict=refused", "its line")
        contains(client.ask(**message(1, client_port="4711", **BAD)), FAIL, "the same recipient, later")
        contains(client.ask(**message(1, client_port="4711", recipient="dora@example.net", **BAD)), FIELD,
                 "another recipient, later")
        equal(other.ask(**message(2, client_port="4712", recipient="dora@example.net", **BAD)), "DUNNO",
              "a third one of the other, which has its field")


@case
def lookups_for_some_recipients_hold_up_nobody_else(binary):
    """What one recipient's WhitelistSPF needs is awaited without a thread, and not at all for others."""
    config = {"RecipientPolicy": "boss@example.net {\nWhitelistSPF silent.example\n}", "DNSTimeout": "300s"}
    with DnsServer(ZONE) as server, contextlib.ExitStack() as stack:
        filter_ = serving(binary, config, servers=server)
        stack.callback(filter_.remove)
        stack.callback(filter_.kill)  # a stop would wait
        filter_.start()
        server.fault("silent.example", "drop")
        slow = stack.enter_context(PolicyClient(filter_.policy))
        slow.send(request(**message(1, recipient="boss@example.net", **BAD)))
        wait_until(lambda: server.count("silent.example") > 0, 30, "the query for the boss")
        with PolicyClient(filter_.policy) as client:
            contains(client.ask(**message(2, **BAD)), FAIL, "another recipient")


@rows([("test-mode", {"TestMode": "on"}, PASS), ("quarantined", {"RefuseFail": "off", "Quarantine": "hold"},
       {"helo_name": "mail.example.org", "client_address": "192.0.2.1", "sender": "joe@other.example.net"}),
       ("exempt", {"WhitelistIP": GOOD_IP}, PASS)])
def a_pass_has_no_action(binary, config, attributes):
    with serving(binary, {"OnPass": "sender_class", "OnHeloPass": "helo_class", **config}) as filter_, \
            PolicyClient(filter_.policy) as client:
        answer = client.ask(**message(1, **attributes))
        check("_class" not in answer, answer)


@case
def slow_names_hold_up_nobody_else(binary):
    """An evaluation that waits for the DNS holds no thread: while many wait, others are answered, on a connection each."""
    waiting = 64
    with DnsServer(ZONE) as server, contextlib.ExitStack() as stack:
        filter_ = serving(binary, {"DNSTimeout": "300s"}, servers=server)
        stack.callback(filter_.remove)
        stack.callback(filter_.kill)  # a stop would wait for the slow ones
        filter_.start()
        server.fault("silent.example", "drop")
        for number in range(waiting):
            server.fault(f"d{number}.silent.example", "drop")
            client = stack.enter_context(PolicyClient(filter_.policy))
            client.send(request(**message(number, sender=f"joe@d{number}.silent.example", **BAD)))
        wait_until(lambda: sample(filter_, "smf_spf_evaluations_in_flight") >= waiting, 60, "the slow ones")
        with PolicyClient(filter_.policy) as quick:
            for number in range(20):
                contains(quick.ask(**message(100 + number, **PASS)), FIELD, "somebody else")


@case
def connections_that_ask_about_one_client_share_its_message(binary):
    """As lists do that name the service in different ways; and where one of them waits, the other is not mixed up."""
    with DnsServer(ZONE) as server, serving(binary, {"DNSTimeout": "3s"}, servers=server) as filter_:
        with PolicyClient(filter_.policy) as first, PolicyClient(filter_.policy) as second:
            contains(first.ask(**message(1, **PASS)), FIELD, "the first connection")
            equal(second.ask(**message(1, **PASS)), "DUNNO", "the second")
            contains(second.ask(**message(2, **PASS)), FIELD, "the second, of the next message")
            equal(first.ask(**message(2, **PASS)), "DUNNO", "the first")
            server.fault("silent.example", "drop")
            first.send(request(**message(3, sender="joe@silent.example", **PASS)))
            wait_until(lambda: server.count("silent.example") > 0, 30, "the query of the first")
            for number in (4, 5):
                contains(second.ask(**message(number, **PASS)), FIELD, "the second, while the first one waits")
            contains(first.answer(), "temperror", "the first one at last")
        wait_until(lambda: filter_.log().count("verdict=accepted") == 5, 30, "a line for each message")


BROKEN = [
    ("empty-line", b"\n"), ("no-type", b"protocol_state=RCPT\n\n"), ("other-type", b"request=junk\n\n"),
    ("no-value", b"request=smtpd_access_policy\nsender\n\n"), ("nul", b"request=smtpd_access_policy\nsender=a\0b\n\n"),
    ("cr", b"request=smtpd_access_policy\r\nsender=a\r\n\r\n\n\n"), ("too-long", b"x=" + b"y" * 70000),
    ("too-many-lines", b"request=smtpd_access_policy\n" + b"a=b\n" * 300 + b"\n"), ("http", b"GET / HTTP/1.0\r\n\r\n\n\n"),
]


@rows(BROKEN)
def broken_requests_have_no_answer(binary, octets):
    """Whole or octet by octet: the connection is closed, a line says why, and others are served."""
    with serving(binary) as filter_:
        for step in (len(octets), 1 if len(octets) < 500 else 4999):
            with PolicyClient(filter_.policy) as client, contextlib.suppress(OSError):
                for begin in range(0, len(octets), step):
                    client.send(octets[begin:begin + step])
                try:
                    found = client.answer()
                    raise AssertionError(f"answered with {found}")
                except Closed as closed:
                    equal(closed.args[0], b"", "octets before the end")
            with PolicyClient(filter_.policy) as client:
                contains(client.ask(**message(1, **BAD)), FAIL, "afterwards")
        contains(filter_.log(), "PolicySocket: a request that cannot be read", "log")
        equal(sample(filter_, "smf_spf_policy_requests_broken_total"), 2, "counted")


@case
def a_request_without_its_end_is_broken(binary):
    """Its client has gone; one that has asked nothing is no fault."""
    whole = request(**message(1, **BAD))
    with serving(binary) as filter_:
        for octets in (b"", whole, whole[:-1], whole + whole[:9]):
            with PolicyClient(filter_.policy) as client:
                client.send(octets)
                client.socket.shutdown(socket.SHUT_WR)
                try:
                    while True:
                        contains(client.answer(), FAIL, "a whole one")
                except Closed as closed:
                    equal(closed.args[0], b"", "octets before the end")
        equal(filter_.log().count("PolicySocket: a request that cannot be read (it ends too early)"), 2, "lines")
        equal(sample(filter_, "smf_spf_policy_requests_broken_total"), 2, "counted")


@case
def requests_come_in_any_pieces(binary):
    whole = request(**message(1, **BAD)) + request(**message(2, **BAD))
    with serving(binary) as filter_:
        for step in (1, 7, 500, len(whole)):
            with PolicyClient(filter_.policy) as client:
                for begin in range(0, len(whole), step):
                    client.send(whole[begin:begin + step])
                for _ in range(2):
                    contains(client.answer(), FAIL, f"in pieces of {step}")


@case
def who_reads_no_answers_holds_up_nobody(binary):
    with serving(binary) as filter_, PolicyClient(filter_.policy, timeout=5) as deaf:
        octets = b"".join(request(**message(number, **BAD)) for number in range(200))
        with contextlib.suppress(OSError):
            for _ in range(500):
                deaf.send(octets)
        with PolicyClient(filter_.policy, timeout=20) as client:
            contains(client.ask(**message(1, **BAD)), FAIL, "somebody else")


@case
def requests_are_counted_by_state_and_action(binary):
    with serving(binary) as filter_, PolicyClient(filter_.policy) as client:
        client.ask(protocol_state="VRFY")
        client.ask(**message(1, **BAD))
        client.ask(**message(2, **PASS))
        client.ask(**message(2, **PASS))
        found = {line.split("{")[1].split("}")[0]: int(line.split()[-1]) for line in ask(filter_)[2].splitlines()
                 if line.startswith("smf_spf_policy_requests_total{")}
    equal({labels: count for labels, count in found.items() if count},
          {'state="other",action="dunno"': 1, 'state="rcpt",action="refuse"': 1, 'state="rcpt",action="prepend"': 1,
           'state="rcpt",action="dunno"': 1}, "requests")
    equal(len(found), 49, "combinations")


@rows([("asked-at-data", ("RCPT", "DATA"), {}), ("asked-at-rcpt", ("RCPT",), {"AddReceivedHeader": "on", "CheckHelo": "on"})])
def an_idle_connection_costs_little(binary, states, config):
    """Also after it has asked about a message, which without DATA goes on."""
    if sanitizer(binary):
        raise Skip("a sanitizer's allocator takes more")
    count = 1000  # and as many again
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 8 * count:
        raise Skip("too few descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (8 * count, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with serving(binary, config) as filter_, contextlib.ExitStack() as stack:
        clients = []
        for _ in range(2):
            clients += [stack.enter_context(PolicyClient(filter_.policy)) for _ in range(count)]
            for number, client in enumerate(clients):
                for state in states:
                    client.ask(**message(1, protocol_state=state, client_port=str(10000 + number), **PASS))
            before = filter_.rss_kb() if len(clients) == count else before
        check(filter_.rss_kb() - before < count * 8, f"{(filter_.rss_kb() - before) / count:.1f} kB each")


@case
def reloads_and_a_stop_lose_no_request(binary):
    def ask(client, text):
        for kind, envelope, answer in (("pass", PASS, FIELD), ("fail", BAD, FAIL)):
            found = client.ask(**message(f"{text}.{kind}", **envelope))
            if not found.startswith(answer):
                return found
        return None

    with serving(binary) as filter_:
        reload_and_stop(filter_, lambda: PolicyClient(filter_.policy), ask)
