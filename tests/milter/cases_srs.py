# SPDX-License-Identifier: GPL-2.0-or-later
"""Bounces to rewritten senders, at RCPT: forged and expired ones are refused, and nobody else is."""

import signal

from policy_client import PolicyClient
from srs_addresses import first
from wire_common import (GOOD_IP, Filter, Mta, case, check, classic, contains, delivered, equal, one, refused,
                         rows, wait_until)

SECRET, DOMAIN = "tops3cr3t", "fwd.example"
WRITTEN = first("alice", "example.com", DOMAIN, secret=SECRET)
EXPIRED = first("alice", "example.com", DOMAIN, days_ago=30, secret=SECRET)
FORGED = first("alice", "example.com", DOMAIN, secret="another")
FORGED_REPLY, EXPIRED_REPLY = "this SRS address was not written by this host", "this SRS address has expired"


def with_srs(filter_, config=None, secrets=SECRET):
    """The filter, with SRS in its configuration."""
    filter_.configure({"SRSDomain": DOMAIN, "SRSSecretFile": filter_.write_secret(secrets), **(config or {})}, None)
    return filter_


def srs_filter(binary, config=None):
    return with_srs(classic(binary, {}), config)


# what, recipient, codes of the reply ("": let through), text
RECIPIENTS = [
    ("written", WRITTEN, "", ""),
    ("in-lower-case", WRITTEN.lower(), "", ""),
    ("of-tomorrow", first("alice", "example.com", DOMAIN, days_ago=-1, secret=SECRET), "", ""),
    ("ordinary", f"bob@{DOMAIN}", "", ""),
    ("elsewhere", FORGED.replace(DOMAIN, "other.example"), "", ""),
    ("forged", FORGED, "550 5.1.1", FORGED_REPLY),
    ("other-user", WRITTEN.replace("alice", "mallory"), "550 5.1.1", FORGED_REPLY),
    ("incomplete", f"SRS0=abcd@{DOMAIN}", "550 5.1.1", "this SRS address is not complete"),
    ("expired", EXPIRED, "550 5.1.1", EXPIRED_REPLY),
    ("wrapped-and-forged", f"SRS1=abcd=hop.example==xyzt=AB=example.com=alice@{DOMAIN}", "550 5.1.1", FORGED_REPLY),
]


@rows(RECIPIENTS)
def srs_recipient(binary, recipient, codes, text):
    with srs_filter(binary) as filter_:
        outcome = one(filter_, "<>", f"<{recipient}>", ip=GOOD_IP, helo="mx.example.org")
        if codes:
            refused(outcome, codes, text)
        else:
            delivered(outcome)


@rows([("strict", {"RelaxedLocalPart": "off"}), ("as-shipped", {})])
def a_bounce_comes_home_to_an_address_too_long(binary, config):
    """Whoever writes one takes it back."""
    long_one = first(64 * "a", "a-rather-long-domain-name.example.com", DOMAIN)
    with srs_filter(binary, config) as filter_:
        delivered(one(filter_, "<>", f"<{long_one}>", ip=GOOD_IP, helo="mx.example.org"))
        codes = "550 5.1.3" if config else "550 5.1.1"
        refused(one(filter_, "<>", f"<{long_one.replace('aa@', 'ab@')}>", ip=GOOD_IP, helo="mx.example.org"), codes)


@rows([("soft-fail", {"SoftFail": "on"}, "450 4.1.1"), ("test-mode", {"TestMode": "on"}, ""),
       ("whitelisted-recipient", {"WhitelistTo": f"@{DOMAIN}"}, ""), ("exempt-null-sender", {"SkipNDR": "on"}, ""),
       ("whitelisted-client", {"WhitelistIP": GOOD_IP}, ""), ("at-the-end", {"RefuseAt": "eom"}, "550 5.1.1"),
       ("settings-of-its-own", {"RecipientPolicy": f"@{DOMAIN} {{\nRefuseMailFrom off\n}}"}, "550 5.1.1"),
       ("exempt-by-its-own", {"RecipientPolicy": f"@{DOMAIN} {{\nSkipNDR on\n}}"}, "")])
def forged_srs_recipient_with(binary, config, codes):
    with srs_filter(binary, config) as filter_:
        outcome = one(filter_, "<>", f"<{FORGED}>", ip=GOOD_IP, helo="mx.example.org")
        if codes:
            refused(outcome, codes, FORGED_REPLY)
        else:
            delivered(outcome)


@case
def srs_refusals_leave_others_alone_and_are_told(binary):
    with srs_filter(binary) as filter_:
        with Mta(filter_.address, ip=GOOD_IP) as mta:
            outcome = mta.send("<alice@example.org>", [f"<{FORGED}>", "<bob@example.net>", f"<{EXPIRED}>"])
            mta.quit()
        check(outcome.delivered, f"not delivered: {outcome}")
        log = filter_.wait_log("verdict=")
        contains(log, "why=srs-forged", "log")
        contains(log, "why=srs-expired", "log")
        contains(log, "5.1.1", "log")


@case
def a_sender_of_the_srs_domain_is_judged_as_any_other(binary):
    zone = f'{DOMAIN}. TXT "v=spf1 ip4:{GOOD_IP} -all"\n'
    with with_srs(Filter(binary, {}, zone=zone)) as filter_:
        delivered(one(filter_, f"<{WRITTEN}>", ip=GOOD_IP))
        refused(one(filter_, f"<{WRITTEN}>", ip="198.51.100.9"), "550 5.7.23")
        refused(one(filter_, f"<{FORGED}>", ip="198.51.100.9"), "550 5.7.23")


@case
def the_policy_service_refuses_them_too(binary):
    filter_ = classic(binary, {})
    policy = f"unix:{filter_.path('policy')}"
    with with_srs(filter_, {"PolicySocket": policy}), PolicyClient(policy) as client:
        equal(client.ask(instance="aa.1", sender="", recipient=FORGED, client_address=GOOD_IP, helo_name="mx.example.org"),
              "550 5.1.1 " + FORGED_REPLY, "a forged one")
        contains(client.ask(instance="aa.2", sender="", recipient=EXPIRED, client_address=GOOD_IP,
                            helo_name="mx.example.org"), EXPIRED_REPLY, "an expired one")
        check("550" not in client.ask(instance="aa.3", sender="", recipient=WRITTEN, client_address=GOOD_IP,
                                      helo_name="mx.example.org"), "one that was written here")


def is_refused(filter_, recipient):
    return one(filter_, "<>", f"<{recipient}>", ip=GOOD_IP, helo="mx.example.org").refusal is not None


@case
def a_reload_takes_on_new_secrets(binary):
    with srs_filter(binary) as filter_:
        check(not is_refused(filter_, WRITTEN), "what the secret signed is refused")
        filter_.write("secret", "newer\n")
        filter_.signal(signal.SIGUSR1)
        wait_until(lambda: is_refused(filter_, WRITTEN), 30, "the new secret")
        filter_.write("secret", "\n")
        filter_.signal(signal.SIGUSR1)
        contains(filter_.wait_log("SRSSecretFile"), "holds no secret", "log")
        newer = first("alice", "example.com", DOMAIN, secret="newer")
        check(not is_refused(filter_, newer), "a reload that failed has changed something")
