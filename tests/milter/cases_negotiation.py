# SPDX-License-Identifier: GPL-2.0-or-later
"""What the filter asks of the MTA: few round trips where they are offered, and none presumed where they are not."""

import milter_wire as wire
from milter_client import MilterClient, plain
from wire_common import BAD_IP, Mta, case, check, classic, contains, delivered, equal, refused, rows, spf_result

FAIL = "550 5.7.23"
WANTED = {"NOBODY": wire.NOBODY, "NOUNKNOWN": wire.NOUNKNOWN, "NODATA": wire.NODATA, "NOEOH": wire.NOEOH,
          "NR_CONN": wire.NR_CONN, "NR_HELO": wire.NR_HELO, "NR_HDR": wire.NR_HDR}

# Per stage: what must be asked for, and what else may be. Each macro costs its octets in every transaction.
MACROS = {
    "connect": ({"j", "v"}, {"_", "daemon_name", "client_name", "client_ptr", "client_addr", "if_name"}),
    "helo": (set(), set()),
    "mail": ({"auth_authen", "mail_addr"}, {"i", "auth_type"}),
    "rcpt": (set(), set()),
    "data": (set(), {"i"}),
    "eoh": (set(), {"i"}),
    "eom": ({"i"}, set()),
}


@case
def asks_for_every_saving(binary):
    with classic(binary) as filter_, MilterClient(filter_.address) as client:
        equal(client.version, 6, "version")
        for name, bit in WANTED.items():
            check(client.steps & bit, f"{name} was offered and not taken: {client.steps:#x}")
        for name, bit in {"NOCONNECT": wire.NOCONNECT, "NOMAIL": wire.NOMAIL, "NORCPT": wire.NORCPT,
                          "NR_MAIL": wire.NR_MAIL, "NR_RCPT": wire.NR_RCPT, "RCPT_REJ": wire.RCPT_REJ}.items():
            check(not client.steps & bit, f"{name} was taken")
        client.quit()


@case
def leaves_the_header_out_where_nothing_looks_at_it(binary):
    for config in ({}, {"TagSubject": "off"}, {"RemoveForgedHeaders": "off"}):
        with classic(binary, config) as filter_, MilterClient(filter_.address) as client:
            check(not client.steps & wire.NOHDRS, f"the header is declined, though {config} needs it")
            client.quit()
    with classic(binary, {"TagSubject": "off", "RemoveForgedHeaders": "off"}) as filter_:
        with MilterClient(filter_.address) as client:
            check(client.steps & wire.NOHDRS, "the header is asked for, though nothing needs it")
            client.quit()
        with Mta(filter_.address) as mta:
            equal(spf_result(delivered(mta.send()))[0], "pass", "result")
            mta.quit()


@case
def asks_for_the_actions_it_needs(binary):
    with classic(binary) as filter_, MilterClient(filter_.address) as client:
        for name, bit in {"ADDHDRS": wire.ADDHDRS, "CHGHDRS": wire.CHGHDRS}.items():
            check(client.actions & bit, f"{name} was not asked for: {client.actions:#x}")
        check(not client.actions & (wire.CHGBODY | wire.CHGFROM), f"actions never used: {client.actions:#x}")
        client.quit()
    with classic(binary, {"Quarantine": "on"}) as filter_, MilterClient(filter_.address) as client:
        check(client.actions & wire.DELRCPT and client.actions & (wire.ADDRCPT | wire.ADDRCPT_PAR),
              f"a quarantine without changes of recipients: {client.actions:#x}")
        client.quit()


@case
def asks_for_the_macros_it_uses(binary):
    with classic(binary) as filter_, MilterClient(filter_.address) as client:
        for stage, (needed, allowed) in MACROS.items():
            asked = {plain(symbol) for symbol in client.symbols.get(stage, [])}
            if stage == "mail" and "auth_type" in asked:
                needed = needed - {"auth_authen"}
            check(needed <= asked, f"{stage}: {sorted(needed - asked)} not asked for")
            check(asked <= needed | allowed | {"auth_authen"}, f"{stage}: asks for {sorted(asked)}")
        client.quit()
    with classic(binary, {"SkipCert": "on"}) as filter_, MilterClient(filter_.address) as client:
        for stage in ("helo", "mail"):
            check("verify" in {plain(symbol) for symbol in client.symbols.get(stage, [])}, f"{stage}: verify")
        client.quit()


@rows([("whitelist", {"WhitelistTo": "bob@example.net"}), ("rule", {"RefuseTo": "bob@example.net none"}),
       ("quarantine", {"Quarantine": "on"})])
def asks_what_the_mta_makes_of_recipients(binary, config):
    with classic(binary, config) as filter_, MilterClient(filter_.address) as client:
        equal({plain(symbol) for symbol in client.symbols.get("rcpt", [])}, {"rcpt_addr"}, "macros at RCPT")
        client.quit()


@rows([
    ("everything", 6, wire.ALL_ACTIONS, wire.ALL_STEPS),
    ("v6-without-steps", 6, wire.ALL_ACTIONS, 0),
    ("v6-one-step", 6, wire.ALL_ACTIONS, wire.RCPT_REJ),
    ("v6-without-noreply", 6, wire.ALL_ACTIONS, 0x7F | wire.NOUNKNOWN | wire.NODATA | wire.SKIP),
    ("v6-noreply-only", 6, wire.ALL_ACTIONS, wire.NR_CONN | wire.NR_HELO | wire.NR_HDR),
    ("v6-half-of-it", 6, wire.ALL_ACTIONS, wire.NR_HELO | wire.NOBODY),
    ("v4", 4, 0x3F, 0x7F),
    ("v2", 2, 0x1F, 0x7F),
    ("v2-without-steps", 2, 0x1F, 0),
    ("larger-than-known", 6, wire.ALL_ACTIONS, 0x3FFFFFFF),
    ("leading-space-only", 6, wire.ALL_ACTIONS, wire.HDR_LEADSPC),
])
def works_with(binary, version, actions, steps):
    with classic(binary) as filter_:
        options = {"version": version, "actions": actions, "steps": steps}
        with Mta(filter_.address, **options) as mta:
            equal(spf_result(delivered(mta.send()))[0], "pass", "result")
            equal(spf_result(delivered(mta.send()))[0], "pass", "result of the second message")
            mta.quit()
        with Mta(filter_.address, ip=BAD_IP, **options) as mta:
            refused(mta.send(), FAIL)
            message = delivered(mta.send("<a@soft.example.org>"))
            contains(message.value("Subject"), "[SPF:fail]", "subject")
            mta.quit()


@rows([("no-changes", 0x0), ("add-only", wire.ADDHDRS), ("no-quarantine", wire.ADDHDRS | wire.CHGHDRS)])
def mta_without_actions(binary, actions):
    """Fewer actions than wanted: the filter does without them, and refuses as ever (zero means the first four)."""
    with classic(binary, {"Quarantine": "on"}) as filter_:
        try:
            with Mta(filter_.address, actions=actions, ip=BAD_IP) as mta:
                delivered(mta.send("<a@soft.example.org>"))
                mta.quit()
        except wire.Closed:
            pass  # libmilter ends the session where a needed action is missing; the MTA's default action follows
        delivered(one_plain(filter_))


@case
def mta_that_cannot_hold(binary):
    actions = wire.ALL_ACTIONS & ~wire.QUARANTINE
    with classic(binary, {"Quarantine": "hold"}) as filter_, Mta(filter_.address, actions=actions, ip=BAD_IP) as mta:
        message = delivered(mta.send("<a@soft.example.org>"))
        equal(message.quarantine, "", "quarantine")
        contains(message.value("Subject"), "[SPF:fail]", "subject")
        mta.quit()
        filter_.wait_log("did not take a change of the queue")


@case
def recipients_that_cannot_be_replaced_stay(binary):
    """An MTA that lets recipients be taken but not given: a quarantine would lose the message."""
    actions = wire.ALL_ACTIONS & ~(wire.ADDRCPT | wire.ADDRCPT_PAR)
    with classic(binary, {"Quarantine": "on"}) as filter_, Mta(filter_.address, actions=actions, ip=BAD_IP) as mta:
        message = delivered(mta.send("<a@soft.example.org>", "<bob@example.net>"))
        equal(message.recipients, ["<bob@example.net>"], "recipients")
        mta.quit()


def one_plain(filter_):
    with Mta(filter_.address) as mta:
        found = mta.send()
        mta.quit()
    return found


@case
def macros_of_defaults_do_no_harm(binary):
    """An MTA that ignores the lists and sends all it has, with odd values."""
    with classic(binary) as filter_, Mta(filter_.address) as mta:
        mta.client.symbols = {}
        mta.client.macros["mail"].update({"{mail_addr}": "x" * 4000, "{mail_host}": "", "{unknown}": "\x01\xff",
                                          "{auth_ssf}": "0"})
        mta.client.macros["rcpt"].update({"{rcpt_addr}": "bob@example.net", "j": "late.example.net"})
        equal(spf_result(delivered(mta.send()))[0], "pass", "result")
        mta.quit()
