# SPDX-License-Identifier: GPL-2.0-or-later
"""The filter asks a name server that does each thing wrong that a server can do, and what forgers would."""

import concurrent.futures

from dns_common import (BAD_IP, GOOD_IP, UNCACHED, Skip, asking, case, check, equal, result_after_silence, result_of,
                        rows)
from dns_server import DnsServer
from hostile_dns import BEHAVIOURS, VICTIM, HostileServer
from filter import sanitizer
from hostile_table import EXPECTED, FIELDS, GROUPS, ONCE, ZONE

CONFIG = {**UNCACHED, "DNSTimeout": "4s"}
AT_ONCE = 6


def begin(server, name, kind):
    server.fault(name, kind, times=1 if kind in ONCE else None)


def complaint(binary, kind, ip, results):
    """What is wrong with what the filter makes of one behaviour, None if nothing is."""
    with HostileServer(ZONE) as server, asking(server, binary, CONFIG) as filter_:
        begin(server, "faulty.dns.example", kind)
        found = result_of(filter_, "faulty.dns.example", ip=ip)
        healthy = result_after_silence(filter_, "healthy.dns.example")
        server.clear_faults()
        late = result_after_silence(filter_, "late.dns.example", ip=BAD_IP)
    if found not in results:
        return f"{kind}: {found}, expected {' or '.join(results)}"
    return None if (healthy, late) == ("pass", "fail") else f"{kind}: the names after it: {healthy} {late}"


@rows([(group, group) for group in GROUPS], limit_s=300)
def servers_that(binary, group):
    """What can be known is known, what cannot is a temperror, and the next name is not harmed. Each behaviour has
    a server and a filter of its own; several go on at once, as most of the time is waiting."""
    if group in FIELDS and sanitizer(binary) == "thread":
        raise Skip("the other builds look at these")
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        complaints = list(pool.map(lambda row: complaint(binary, *row), GROUPS[group]))
    equal([text for text in complaints if text], [], f"wrong ones of {len(GROUPS[group])}")


@case
def every_behaviour_of_the_server_has_an_expected_result(_binary):
    equal(sorted({kind for kind, _, _ in EXPECTED} | {"others-in-answer", "others-in-authority", "others-in-additional",
                                                      "addresses-in-additional", "one-alias-at-a-time"}),
          sorted(BEHAVIOURS), "behaviours")


@rows([(section, f"others-in-{section}") for section in ("answer", "authority", "additional")])
def record_of_another_name_is_not_believed(binary, kind):
    """An answer that also holds a record of the victim lets nobody pass who sends as the victim."""
    with HostileServer(ZONE) as server, asking(server, binary) as filter_:
        server.fault("faulty.dns.example", kind)
        equal(result_of(filter_, "faulty.dns.example"), "pass", "the name that was asked for")
        equal(result_of(filter_, VICTIM, ip=BAD_IP), "fail", "the victim")
        check(server.count(VICTIM, "TXT") > 0, "nobody asked for the victim's own record")


@case
def address_beside_a_mail_exchanger_is_not_believed(binary):
    """The server adds an address of the victim to an MX answer; the victim's own address is asked for all the same."""
    with HostileServer(ZONE) as server, asking(server, binary) as filter_:
        server.fault("exchanged.dns.example", "addresses-in-additional", type="MX")
        equal(result_of(filter_, "exchanged.dns.example", ip=BAD_IP), "fail", "the address that was added")
        equal(result_of(filter_, "exchanged.dns.example", ip="192.0.2.66"), "pass", "the address that is the victim's")


@case
def aliases_are_followed(binary):
    with HostileServer(ZONE) as server, asking(server, binary, CONFIG) as filter_:
        for name in ("alias1", "alias5"):
            equal(result_of(filter_, f"{name}.dns.example", ip=BAD_IP), "fail", name)
            equal(result_of(filter_, f"{name}.dns.example", ip=GOOD_IP), "pass", name)


@case
def aliases_given_one_at_a_time_are_followed_or_a_temperror(binary):
    """A resolver gives the whole chain; where one does not, nobody may take it for a name without a record."""
    with HostileServer(ZONE) as server, asking(server, binary, CONFIG) as filter_:
        for number in range(1, 6):
            server.fault(f"alias{number}.dns.example", "one-alias-at-a-time")
        found = result_of(filter_, "alias5.dns.example")
        check(found in ("pass", "temperror"), f"result {found}")


@rows([("of-one", "loop1"), ("of-two", "loop2a"), ("of-three", "loop3a")])
def alias_loop_ends(binary, name):
    with HostileServer(ZONE) as server, asking(server, binary, CONFIG) as filter_:
        found = result_of(filter_, f"{name}.dns.example")
        check(found in ("none", "temperror", "permerror"), f"result {found}")
        equal(result_of(filter_, "healthy.dns.example"), "pass", "a healthy name afterwards")


@case
def hundreds_of_addresses_come_over_tcp(binary):
    with HostileServer(ZONE) as server, asking(server, binary, CONFIG) as filter_:
        for number in range(2000):
            server.add("huge.dns.example", "A", f"10.0.{number // 256}.{number % 256}")
        server.add("huge.dns.example", "TXT", "v=spf1 a -all")
        equal(result_of(filter_, "huge.dns.example", ip="10.0.7.207"), "pass", "the last of the addresses")
        equal(result_of(filter_, "huge.dns.example", ip=BAD_IP), "fail", "none of the addresses")
        check(server.count("huge.dns.example", "A", "tcp") > 0, "not asked over TCP")


@case
def truncated_answer_without_tcp_is_a_temperror(binary):
    """Nobody listens at the TCP port."""
    with HostileServer(ZONE, has_tcp=False) as server, asking(server, binary, CONFIG) as filter_:
        server.fault("faulty.dns.example", "truncate")
        equal(result_of(filter_, "faulty.dns.example"), "temperror", "result")
        equal(result_of(filter_, "healthy.dns.example"), "pass", "a healthy name afterwards")


@rows([("first", 0), ("second", 1)])
def other_server_helps(binary, place):
    """One of two servers says that something is wrong with it; the other one knows the answer."""
    with HostileServer(ZONE) as faulty, DnsServer(ZONE) as good:
        for kind in ("servfail", "refused", "notimp", "edns-silent", "noise", "drop"):
            servers = [good]
            servers.insert(place, faulty)
            with asking(servers, binary) as filter_:
                faulty.clear_faults()
                faulty.fault("faulty.dns.example", kind)
                equal(result_of(filter_, "faulty.dns.example"), "pass", f"{kind} from one of two servers")


@case
def all_at_once(binary):
    """Every behaviour in one filter, with a cache, and healthy names in between."""
    with HostileServer(ZONE) as server, asking(server, binary, {"DNSTimeout": "4s"}) as filter_:
        for number, (kind, ip, results) in enumerate(EXPECTED):
            if results == ("temperror",):
                continue  # each waits for its deadline; alone each has its case
            server.add(f"d{number}.dns.example", "TXT", "v=spf1 ip4:192.0.2.1 -all")
            begin(server, f"d{number}.dns.example", kind)
            found = result_of(filter_, f"d{number}.dns.example", ip=ip)
            check(found in results, f"{kind}: {found}, expected {' or '.join(results)}")
            server.add(f"healthy{number}.dns.example", "TXT", "v=spf1 ip4:192.0.2.1 -all")
            equal(result_of(filter_, f"healthy{number}.dns.example"), "pass", f"a healthy name after {kind}")
