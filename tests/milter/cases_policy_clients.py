# SPDX-License-Identifier: GPL-2.0-or-later
"""Who a request to the policy socket is about: one client or two, one message or two, exempt or not any more."""

import contextlib
import random
import re
import socket

from cases_policy import BAD, FAIL, FIELD, PASS, message, serving
from policy_client import PolicyClient
from process_common import run
from wire_common import BAD_IP, case, check, contains, equal, rows, wait_until


@rows([("unknown", "unknown"), ("zero", "0"), ("none", "")])
def clients_without_a_port_are_not_taken_for_one(binary, port):
    """XCLIENT PORT=[UNAVAILABLE] is "unknown". Two connections ask in turn about two messages from one address."""
    with serving(binary) as filter_:
        with PolicyClient(filter_.policy) as first, PolicyClient(filter_.policy) as second:
            about = {"client_port": port, **PASS}
            contains(first.ask(**message(1, **about)), FIELD, "the first client")
            contains(second.ask(**message(2, **about)), FIELD, "the second")
            for number, client in ((1, first), (2, second)):
                equal(client.ask(**message(number, recipient="carol@example.net", **about)), "DUNNO", "another recipient")
                equal(client.ask(**message(number, recipient="", protocol_state="DATA", **about)), "DUNNO", "DATA")
        wait_until(lambda: filter_.log().count("verdict=accepted") >= 2, 30, "the lines")
        equal(filter_.log().count("verdict=accepted"), 2, "lines")


@rows([("login", {}, {"sasl_username": "joe"}),
       ("certificate", {"SkipCert": "on"}, {"ccert_subject": "joe", "ccert_issuer": "ca"})])
def who_authenticates_after_a_refusal_is_exempt(binary, config, attributes):
    """Without delay_reject the first MAIL is refused; after AUTH or STARTTLS the same sender is named again."""
    with serving(binary, config) as filter_, PolicyClient(filter_.policy) as client:
        early = {"instance": "", "recipient": "", "protocol_state": "MAIL", **BAD}
        contains(client.ask(**early), FAIL, "MAIL")
        contains(client.ask(**early), FAIL, "MAIL again")
        equal(client.ask(**{**early, **attributes}), "DUNNO", "MAIL of somebody known")
        equal(client.ask(**message(1, **BAD, **attributes)), "DUNNO", "RCPT")


@case
def a_client_whose_name_is_found_later_is_exempt_by_it(binary):
    with serving(binary, {"WhitelistPTR": "example.net"}) as filter_, PolicyClient(filter_.policy) as client:
        contains(client.ask(**message(1, **BAD)), FAIL, "no name")
        equal(client.ask(**message(2, **{**BAD, "client_name": "mx.example.net"})), "DUNNO", "a name")
        contains(client.ask(**message(3, **BAD)), FAIL, "no name")


ANSWER = re.compile(r"DUNNO|[45]\d\d [45]\.\d\.\d{1,2} \S.*|DEFER_IF_PERMIT 4\.\d\.\d{1,2} \S.*|"
                    r"PREPEND [A-Za-z-]+: \S.*|HOLD \S.*|REDIRECT \S+@\S+|a_class")
ANYTHING = {
    "protocol_state": ("CONNECT", "EHLO", "HELO", "MAIL", "RCPT", "RCPT", "DATA", "BDAT", "END-OF-MESSAGE", "VRFY", "ETRN",
                       "rcpt", ""),
    "client_address": ("192.0.2.1", BAD_IP, "127.0.0.1", "2001:db8::1", "::ffff:192.0.2.1", "unknown", "1.2.3", ""),
    "client_port": ("40000", "40001", "0", "unknown", "99999999999999999999", "-1", ""),
    "client_name": ("unknown", "mx.example.net", "x" * 300, ""),
    "helo_name": ("mail.example.org", "example.net", "[192.0.2.1]", "x" * 3000, "ä", ""),
    "sender": ("alice@example.org", "a@soft.example.org", '"a b"@example.org', "a@b@example.org", "a" * 70 + "@example.org",
               "ä@example.org", "x" * 20000 + "@example.org", "a\tb@example.org", "<>", "joe", "@", "a@", "@b", ""),
    "recipient": ("bob@example.net", "friend@example.net", "postmaster", "@", "x" * 9000, "a b@c", ""),
    "instance": ("aa.1", "aa.2", ""), "queue_id": ("Q1", "Q2", "x" * 2000, ""), "sasl_username": ("joe", "", "", ""),
    "ccert_subject": ("joe", "", "", ""),
}


@rows([("usual", {"AddReceivedHeader": "on", "SkipCert": "on", "WhitelistPTR": "example.net"}),
       ("held", {"RefuseFail": "off", "Quarantine": "hold", "OnPass": "a_class", "WhitelistTo": "friend@",
                 "RecipientPolicy": "bob@example.net {\n    RefuseMailFrom fail\n}"}),
       ("redirected", {"RefuseFail": "off", "Quarantine": "on", "QuarantineBox": "box@example.net", "RefuseAt": "rcpt"})])
def requests_in_any_order_have_answers_that_postfix_knows(binary, config):
    """About some clients and messages at once, by several connections, with whatever may stand in an attribute."""
    choose = random.Random(1)
    with serving(binary, config) as filter_, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(PolicyClient(filter_.policy)) for _ in range(4)]
        for _ in range(1500):
            attributes = {name: choose.choice(values) for name, values in ANYTHING.items()}
            answer = choose.choice(clients).ask(**attributes)
            check(ANSWER.fullmatch(answer) and len(answer) < 2040, f"{answer} to {attributes}")


@rows([("unset", {}, "." not in socket.gethostname()), ("set", {"AuthservID": "mx.example.org"}, False),
       ("not-served", {"PolicySocket": "none"}, False)])
def a_short_name_in_the_fields_is_named_at_the_start_and_before(binary, config, is_named):
    """OpenDMARC reads no results under the name of another host."""
    with serving(binary, config) as filter_:
        checked = run(binary, "-n", "-c", filter_.config_path)
        for text in (filter_.log(), checked.stdout + checked.stderr):
            lines = [line for line in text.splitlines() if "Postfix does not tell its name" in line]
            equal([line.partition("this host's: ")[2].partition(";")[0] for line in lines],
                  [socket.gethostname()] if is_named else [], "lines")


@case
def an_action_for_a_pass_of_some_recipients_is_named_where_nobody_asks(binary):
    with serving(binary, {"PolicySocket": "none", "RecipientPolicy": "bob@example.net {\n    OnHeloPass permit\n}"}) as filter_:
        contains(filter_.log(), "PolicySocket: there is none, and a milter has no use for: OnHeloPass", "log")
