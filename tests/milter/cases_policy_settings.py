# SPDX-License-Identifier: GPL-2.0-or-later
"""Each setting that says what is decided, where Postfix asks the policy socket: what it answers, and to nobody's cost."""

import contextlib
import fnmatch

from cases_policy import BAD, FAIL, FIELD, HELO_PASSES, PASS, message, serving
from dns_server import DnsServer
from policy_client import PolicyClient, request
from wire_common import BAD_IP, case, check, rows, wait_until

ZONE = """
$TTL 300
$ORIGIN example.org.
@          TXT "v=spf1 ip4:192.0.2.1 -all"
soft       TXT "v=spf1 ip4:192.0.2.1 ~all"
neutral    TXT "v=spf1 ?all"
broken     TXT "v=spf1 ip4:192.0.2.300 -all"
nomail     TXT "v=spf1 -all"
guess      MX 10 mx.guess
mx.guess   A 198.51.100.9
strict     TXT "v=spf1 -all"
_dmarc.strict TXT "v=DMARC1; p=reject"
explained  TXT "v=spf1 -all exp=why.example.org"
why        TXT "because %{i} is not ours"
$ORIGIN example.net.
@          TXT "v=spf1 ip4:198.51.100.9 -all"
forwarder  TXT "v=spf1 ip4:198.51.100.9 -all"
mail       TXT "v=spf1 ip4:192.0.2.99 -all"
mail       A 192.0.2.99
host       A 198.51.100.9
"""


def sender(domain, **others):
    return {**BAD, "sender": f"alice@{domain}", **others}


SETTINGS = [  # name, configuration, attributes, how the answer begins; *: anything
    ("refuse-softfail", {"RefuseMailFrom": "fail softfail"}, sender("soft.example.org"), "550 5.7.1 SPF: "),
    ("refuse-neutral", {"RefuseMailFrom": "neutral"}, sender("neutral.example.org"), "550 5.7.1 "),
    ("refuse-none", {"RefuseMailFrom": "none"}, sender("nothing.example.org"), "550 5.7."),
    ("refuse-permerror", {"RefuseMailFrom": "permerror"}, sender("broken.example.org"), "550 5.7.24 "),
    ("defer-softfail", {"DeferMailFrom": "softfail"}, sender("soft.example.org"), "DEFER_IF_PERMIT 4.7.1 "),
    ("refuse-helo", {"RefuseHelo": "fail"}, {**sender("nothing.example.org"), "helo_name": "mail.example.net"}, "550 5.7.23 "),
    ("refuse-null-sender", {"RefuseNullSender": "softfail"}, {**BAD, "sender": "", "helo_name": "soft.example.org"},
     "550 5.7.1 "),
    ("refuse-for-a-domain", {"RefuseFor": "soft.example.org softfail"}, sender("soft.example.org"), "550 5.7.1 "),
    ("refuse-to-a-recipient", {"RefuseTo": "bob@example.net off"}, sender("example.org"), FIELD),
    ("no-mail-is-refused", {"RefuseOnlyNoMail": "on"}, sender("nomail.example.org"), "550 5.7.23 "),
    ("only-no-mail-is-refused", {"RefuseOnlyNoMail": "on"}, sender("example.org"), FIELD),
    ("left-to-dmarc", {"LeaveToDMARC": "on"}, sender("strict.example.org"), FIELD),
    ("not-left-to-dmarc", {"LeaveToDMARC": "on"}, sender("example.org"), FAIL),
    ("test-mode", {"TestMode": "on"}, sender("example.org"), FIELD),
    ("reason", {"RejectReason": "not from %{c}"}, sender("example.org"), f"550 5.7.23 not from {BAD_IP}"),
    ("explanation", {}, sender("explained.example.org"), f"550 5.7.23 *because {BAD_IP} is not ours"),
    ("best-guess", {"SPFBestGuess": "on"}, sender("guess.example.org"), FIELD),
    ("helo-is-not-checked", {"CheckHelo": "off"}, {**sender("nothing.example.org"), "helo_name": "mail.example.net"}, FIELD),
    ("null-sender-is-skipped", {"SkipNDR": "on"}, {**BAD, "sender": "", "helo_name": "mail.example.net"}, "DUNNO"),
    ("whitelisted-name", {"WhitelistPTR": "example.net"}, sender("example.org", client_name="mx.example.net"), "DUNNO"),
    ("name-that-is-not-verified", {"WhitelistPTR": "example.net"},
     sender("example.org", reverse_client_name="mx.example.net"), FAIL),
    ("whitelisted-helo-name", {"WhitelistHelo": "host.example.net"},
     sender("example.org", helo_name="host.example.net"), "DUNNO"),
    ("helo-name-of-another", {"WhitelistHelo": "mail.example.net"}, sender("example.org", helo_name="mail.example.net"), FAIL),
    ("forwarder", {"WhitelistSPF": "forwarder.example.net"}, sender("example.org"), "DUNNO"),
    ("no-forwarder", {"WhitelistSPF": "mail.example.net"}, sender("example.org"), FAIL),
    ("fixed-address", {"FixedClientIP": "192.0.2.1"}, sender("example.org"), FIELD + "*; spf=pass"),
    ("translated-address", {"ClientIPNAT": f"{BAD_IP}:192.0.2.1"}, sender("example.org"), FIELD + "*; spf=pass"),
    ("no-field", {"AddHeader": "off"}, PASS, "DUNNO"),
    ("other-field", {"AddHeader": "off", "AddReceivedHeader": "on"}, PASS, "PREPEND Received-SPF: pass"),
    ("name-of-the-field", {"AuthservID": "mx.test.example"}, PASS, "PREPEND Authentication-Results: mx.test.example; spf=pass"),
    ("authenticated-is-checked", {"SkipAuth": "off"}, sender("example.org", sasl_username="joe"), FAIL),
    ("certificate-is-checked", {}, sender("example.org", ccert_subject="joe", ccert_issuer="ca"), FAIL),
]


@rows(SETTINGS)
def settings_work_in_the_policy_service(binary, config, attributes, begin):
    with DnsServer(ZONE) as server, serving(binary, config, servers=server) as filter_, PolicyClient(filter_.policy) as client:
        answer = client.ask(**message(1, **attributes))
        check(fnmatch.fnmatchcase(answer, begin + "*"), f"{answer!r}, expected {begin!r}")


SLOW = [  # name, configuration, a name that is silent, attributes
    ("dmarc", {"LeaveToDMARC": "on"}, "_dmarc.strict.example.org", sender("strict.example.org")),
    ("forwarder", {"WhitelistSPF": "silent.example.net"}, "silent.example.net", sender("example.org")),
    ("whitelisted-helo-name", {"WhitelistHelo": "silent.example.net"}, "silent.example.net",
     sender("example.org", helo_name="silent.example.net")),
    ("helo-name", {"CheckHelo": "on"}, "silent.example.net", sender("example.org", helo_name="silent.example.net")),
    ("explanation", {}, "why.example.org", sender("explained.example.org")),
    ("recipient", {"RefuseTo": "bob@example.net softfail"}, "soft.example.org", sender("soft.example.org")),
]


@rows(SLOW)
def what_else_is_looked_up_holds_up_nobody(binary, config, silent, attributes):
    """Neither at RCPT nor, where nobody was asked before, at DATA."""
    for state in ("RCPT", "DATA"):
        with DnsServer(ZONE) as server, contextlib.ExitStack() as stack:
            filter_ = serving(binary, {**config, "DNSTimeout": "300s"}, servers=server)
            stack.callback(filter_.remove)
            stack.callback(filter_.kill)  # a stop would wait
            filter_.start()
            server.fault(silent, "drop")
            slow = stack.enter_context(PolicyClient(filter_.policy))
            slow.send(request(**message(1, protocol_state=state, **attributes)))
            wait_until(lambda server=server: server.count(silent) > 0, 30, f"the query for {silent} at {state}")
            with PolicyClient(filter_.policy, timeout=20) as client:
                answer = client.ask(**message(2, **PASS))
                check(answer.startswith(FIELD), answer)


ALONE = [  # name, configuration, a recipient without and one with a refusal
    ("whitelisted", {"WhitelistTo": "friend@example.net"}),
    ("own-settings", {"RecipientPolicy": "friend@example.net {\nRefuseMailFrom off\n}"}),
    ("rule", {"RefuseTo": "friend@example.net off"}),
]


@rows(ALONE)
def the_one_recipient_counts_where_nobody_asked_before(binary, config):
    """Postfix names it at DATA and at the end, if there is one only."""
    for state in ("DATA", "END-OF-MESSAGE"):
        with serving(binary, config) as filter_, PolicyClient(filter_.policy) as client:
            for number, recipient, answer in ((1, "friend@example.net", FIELD if state == "DATA" else "DUNNO"),
                                              (2, "bob@example.net", FAIL), (3, "", FAIL)):
                asked = message(number, protocol_state=state, queue_id=f"Q{number}", recipient=recipient, **BAD)
                for answer_now in (answer, answer if answer == FAIL else "DUNNO"):
                    found = client.ask(**asked)
                    check(found.startswith(answer_now), f"{state}, {recipient}: {found!r}")
            log = filter_.log()
            found = [log.count(f"verdict={word}") for word in ("accepted", "refused")]
            check(found == [1, 2] and all(log.count(f"id=Q{number}") == 1 for number in (1, 2, 3)), log)


@case
def fields_follow_each_other_as_there_is_room(binary):
    with serving(binary, {"CheckHelo": "on", "AddReceivedHeader": "on"}) as filter_, PolicyClient(filter_.policy) as client:
        client.ask(**message(1, protocol_state="DATA", **PASS))
        asked = [("RCPT", "DUNNO"), ("DATA", FIELD + "*spf=none *"), ("DATA", FIELD + "*spf=pass smtp.helo=mail.example.org"),
                 ("DATA", "PREPEND Received-SPF: none *"), ("DATA", "PREPEND Received-SPF: pass *"), ("DATA", "DUNNO")]
        for state, answer in asked:
            found = client.ask(**message(2, protocol_state=state, **HELO_PASSES))
            check(fnmatch.fnmatchcase(found, answer), f"{found!r}, expected {answer!r}")
