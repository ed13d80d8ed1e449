# SPDX-License-Identifier: GPL-2.0-or-later
"""Who a request to the policy socket is about: one client or two, one message or two, exempt or not any more."""

from cases_policy import BAD, FAIL, FIELD, PASS, message, serving
from policy_client import PolicyClient
from wire_common import case, contains, equal, rows, wait_until


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


@rows([("login", {}, {"sasl_username": "joe"}), ("certificate", {"SkipCert": "on"}, {"ccert_subject": "joe", "ccert_issuer": "ca"})])
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
