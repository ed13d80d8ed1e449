# SPDX-License-Identifier: GPL-2.0-or-later
"""LeaveToDMARC: which fails are not refused, and what that costs in DNS queries."""

import json

from dns_server import DnsServer
from process_common import run
from wire_common import (BAD_IP, GOOD_IP, ZONE, Filter, case, check, classic, contains, delivered, equal, lacks, one,
                         refused, rows, spf_result)

FAIL = "550 5.7.23"
DMARC = ZONE + r"""
$ORIGIN dmarc.example.
@               TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc          TXT "v=DMARC1; p=reject"
mail            TXT "v=spf1 -all"
a.b.mail        TXT "v=spf1 -all"
soft            TXT "v=spf1 ~all"
many            TXT "v=spf1 -all"
_dmarc.many     TXT "v=DMARC1; p=none"
_dmarc.many     TXT "v=DMARC1; p=reject"
$ORIGIN bare.example.
@               TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc          TXT "no record"
two             TXT "v=spf1 -all"
_dmarc.two      TXT "v=DMARC1; p=none"
_dmarc.two      TXT "v=DMARC1; p=reject"
silent          TXT "v=spf1 -all"
_dmarc.silent   TIMEOUT
broken          TXT "v=spf1 -all"
_dmarc.broken   SERVFAIL
$ORIGIN bank.
own             TXT "v=spf1 -all"
_dmarc.own      TXT "v=DMARC1; p=none"
other           TXT "v=spf1 -all"
_dmarc          TXT "v=DMARC1; p=reject; psd=y"
"""


def leaving(binary, config=None):
    return classic(binary, {"LeaveToDMARC": "on", **(config or {})}, zone=DMARC)


@rows([
    ("itself", "dmarc.example", "dmarc.example"),
    ("below", "mail.dmarc.example", "dmarc.example"),
    ("far-below", "a.b.mail.dmarc.example", "dmarc.example"),
    ("case-and-dot", "MAIL.dmarc.EXAMPLE", "dmarc.EXAMPLE"),
    ("several-are-none-but-the-next-counts", "many.dmarc.example", "dmarc.example"),
    ("none", "bare.example", None),
    ("several-are-none", "two.bare.example", None),
    ("timeout", "silent.bare.example", "unknown (DNS timeout for _dmarc.silent.bare.example TXT)"),
    ("servfail", "broken.bare.example", "unknown (DNS failure for _dmarc.broken.bare.example TXT)"),
    ("under-a-public-suffix", "own.bank", "own.bank"),
    ("of-the-public-suffix-only", "other.bank", None),
])
def dmarc_fail_is_left(binary, domain, publisher):
    """Recorded and tagged as a fail that is not refused, with the reason in the log; others are refused as before."""
    with leaving(binary) as filter_:
        for _ in range(2):  # the second time out of the caches
            found = one(filter_, f"<a@{domain}>", ip=BAD_IP)
            if publisher is None:
                refused(found, FAIL)
                continue
            message = delivered(found)
            equal(spf_result(message)[0], "fail", "result")
            contains(message.value("Subject"), "[SPF:fail]", "subject")
        log = filter_.log()
        if publisher is None:
            lacks(log, "dmarc=", "log")
        else:
            contains(log, f", dmarc={publisher}", "log")
            lacks(log, "verdict=refused", "log")


@case
def dmarc_off_by_default(binary):
    with classic(binary, zone=DMARC) as filter_:
        refused(one(filter_, "<a@dmarc.example>", ip=BAD_IP), FAIL)
        lacks(filter_.log(), "dmarc=", "log")


@rows([(step, {"RefuseAt": step}) for step in ("mail", "rcpt", "eom")] + [
    ("held", {"Quarantine": "hold"}), ("soft", {"SoftFail": "on"}), ("deferred", {"RefuseMailFrom": "off", "Defer": "fail"}),
    ("recipient", {"RefuseFail": "off", "RefuseTo": "bob@example.net fail"}),
    ("sender", {"RefuseFail": "off", "RefuseFor": [".dmarc.example fail", ".bare.example fail", "bare.example fail",
                                                   "dmarc.example fail"]}),
    ("no-lookahead", {"DNSLookahead": "off"}), ("no-cache", {"TTL": "0"}),
])
def dmarc_at_each_step(binary, config):
    with leaving(binary, config) as filter_:
        message = delivered(one(filter_, "<a@dmarc.example>", ip=BAD_IP))
        equal(spf_result(message)[0], "fail", "result")
        code = "450 4.7.23" if "SoftFail" in config else "451 4.7.23" if "Defer" in config else FAIL
        refused(one(filter_, "<a@bare.example>", ip=BAD_IP), code)
        equal(spf_result(delivered(one(filter_, "<a@dmarc.example>", ip=GOOD_IP)))[0], "pass", "result")


@case
def dmarc_each_identity_by_its_own_domain(binary):
    config = {"CheckHelo": "on", "RefuseHelo": "fail", "RefuseMailFrom": "fail softfail"}
    with leaving(binary, config) as filter_:
        delivered(one(filter_, "<>", ip=BAD_IP, helo="mail.dmarc.example"))
        refused(one(filter_, "<>", ip=BAD_IP, helo="bare.example"), FAIL)
        delivered(one(filter_, "<a@dmarc.example>", ip=BAD_IP, helo="mail.dmarc.example"))
        refused(one(filter_, "<a@dmarc.example>", ip=BAD_IP, helo="bare.example"), FAIL)
        refused(one(filter_, "<a@bare.example>", ip=BAD_IP, helo="mail.dmarc.example"), FAIL)
        delivered(one(filter_, "<a@soft.dmarc.example>", ip=BAD_IP, helo="none.example.org"))


@case
def dmarc_test_mode_says_what_would_be(binary):
    with leaving(binary, {"TestMode": "on"}) as filter_:
        delivered(one(filter_, "<a@dmarc.example>", ip=BAD_IP))
        delivered(one(filter_, "<a@bare.example>", ip=BAD_IP))
        refusals = [line for line in filter_.log().splitlines() if "verdict=refused, test=yes" in line]
        equal(len(refusals), 1, "refusals")
        contains(refusals[0], "from=<a@bare.example>", "refusal")


LIVE = """
$TTL 300
$ORIGIN live.example.
@         TXT "v=spf1 include:inc.live.example -all"
inc       TXT "v=spf1 ip4:192.0.2.1 -all"
other     TXT "v=spf1 -all"
slow      TXT "v=spf1 ip4:192.0.2.1 -all"
"""


@case
def dmarc_a_pass_waits_for_none_of_it(binary):
    """The names are asked for before the record's include, so beside the other lookups; a pass does not wait for their
    answers, which never come; and one out of the cache asks for nothing."""
    with DnsServer(LIVE) as server:
        server.fault("live.example", "delay", seconds=0.3)
        server.fault("_dmarc.live.example", "drop")
        server.fault("_dmarc.example", "drop")
        # The 10 minutes are longer than the client waits.
        config = {"Nameserver": server.address, "LeaveToDMARC": "on", "DNSTimeout": "10m"}
        with Filter(binary, config) as filter_:
            equal(spf_result(delivered(one(filter_, "<a@live.example>", ip=GOOD_IP)))[0], "pass", "result")
            order = [str(question.name).lower().rstrip(".") for question in server.questions]
            for name in ("_dmarc.live.example", "_dmarc.example"):
                check(name in order, f"{name} was not asked for: {order}")
                check(order.index(name) < order.index("inc.live.example"), f"{name} came late: {order}")
    with DnsServer(LIVE) as server:
        config = {"Nameserver": server.address, "LeaveToDMARC": "on", "DNSCacheSize": "0"}
        with Filter(binary, config) as filter_:
            equal(spf_result(delivered(one(filter_, "<a@live.example>", ip=GOOD_IP)))[0], "pass", "result")
            asked = server.count("_dmarc.live.example")
            equal(spf_result(delivered(one(filter_, "<b@live.example>", ip=GOOD_IP)))[0], "pass", "cached result")
            equal(server.count("_dmarc.live.example"), asked, "questions after a cached pass")


@case
def dmarc_a_fail_asks_once(binary):
    with DnsServer(LIVE) as server:
        with Filter(binary, {"Nameserver": server.address, "LeaveToDMARC": "on"}) as filter_:
            names = ("_dmarc.live.example", "_dmarc.other.live.example", "_dmarc.example")
            asked = []
            for _ in range(3):
                refused(one(filter_, "<a@live.example>", ip=BAD_IP), FAIL)
                refused(one(filter_, "<a@other.live.example>", ip=BAD_IP), FAIL)
                asked.append([server.count(name, "TXT") for name in names])  # a slow machine repeats a query
            check(all(asked[0]) and asked[0] == asked[2], f"questions after each round: {asked}")


@case
def dmarc_a_fail_waits_until_the_deadline_and_no_longer(binary):
    """A DMARC record that cannot be looked up is no reason to refuse."""
    with DnsServer(LIVE) as server:
        server.fault("_dmarc.live.example", "drop")
        config = {"Nameserver": server.address, "LeaveToDMARC": "on", "DNSTimeout": "1s"}
        with Filter(binary, config) as filter_:
            delivered(one(filter_, "<a@live.example>", ip=BAD_IP))
            contains(filter_.wait_log("SPF fail: "), "dmarc=unknown (DNS timeout for _dmarc.live.example TXT)", "log")


@case
def dmarc_silence_is_not_that_of_the_owner(binary):
    """A DMARC name is often an alias to a service that may be gone; the owner's other names are waited for as before."""
    with DnsServer(LIVE) as server:
        server.fault("_dmarc.live.example", "drop")
        with Filter(binary, {"Nameserver": server.address, "LeaveToDMARC": "on", "DNSTimeout": "3s"}) as filter_:
            delivered(one(filter_, "<a@live.example>", ip=BAD_IP))
            server.fault("slow.live.example", "delay", seconds=1)
            equal(spf_result(delivered(one(filter_, "<a@slow.live.example>", ip=GOOD_IP)))[0], "pass", "result")


@case
def dmarc_nothing_is_asked_where_nothing_is_refused(binary):
    with DnsServer(LIVE) as server:
        with Filter(binary, {"Nameserver": server.address, "LeaveToDMARC": "on", "RefuseFail": "off"}) as filter_:
            delivered(one(filter_, "<a@live.example>", ip=BAD_IP))
            equal([q.name for q in server.questions if "_dmarc" in str(q.name)], [], "questions")


@rows([
    ("published", "mail.dmarc.example", {"published": "yes", "domain": "dmarc.example"},
     "dmarc: dmarc.example publishes a record: not refused, but left to the DMARC filter\n"),
    ("none", "bare.example", {"published": "no"}, "dmarc: no record of the domain or its organizational domain\n"),
    ("unknown", "silent.bare.example",
     {"published": "unknown", "name": "_dmarc.silent.bare.example", "status": "timeout"},
     "dmarc: unknown, DNS timeout for _dmarc.silent.bare.example TXT: not refused, but left to the DMARC filter\n"),
])
def dmarc_query_says_it(binary, domain, members, line):
    with leaving(binary) as filter_:
        command = ["query", "-c", filter_.config_path, "--ip", BAD_IP, "--helo", "h.example", "--sender", f"a@{domain}"]
        contains(run(binary, *command).stdout, line, "report")
        equal(json.loads(run(binary, *command, "--json").stdout)["dmarc"], members, "member dmarc")
        passed = [argument if argument != BAD_IP else GOOD_IP for argument in command]
        if domain == "bare.example":
            lacks(run(binary, *passed).stdout, "dmarc:", "report of a pass")
            check("dmarc" not in json.loads(run(binary, *passed, "--json").stdout), "a pass has the member dmarc")
    with classic(binary, zone=DMARC) as filter_:
        command[2] = filter_.config_path
        lacks(run(binary, *command).stdout, "dmarc:", "report with LeaveToDMARC off")
