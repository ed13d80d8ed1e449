# SPDX-License-Identifier: GPL-2.0-or-later
"""What the cases share: the zone they live in, clients, and short ways to send one message and look at it."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

# pylint: disable=wrong-import-position,unused-import
from case_runner import Skip, case, check, contains, equal, lacks, rows  # noqa: E402,F401
from filter import Filter, FilterFailed, free_port, have_ipv6, sanitizer, wait_until  # noqa: E402,F401
from mta import HEADERS, Mta, Outcome  # noqa: E402,F401
from result_fields import authentication_results, received_spf  # noqa: E402,F401

GOOD_IP, GOOD_IP6 = "192.0.2.1", "2001:db8:1::1"
BAD_IP, BAD_IP6 = "198.51.100.9", "2001:db8:9::9"
MX = "mx.example.net"  # what the MTA calls itself (macro j)

ZONE = r"""
$TTL 300
$ORIGIN example.org.
@           TXT "v=spf1 ip4:192.0.2.1 ip6:2001:db8:1::1 -all"
mx          A 192.0.2.1
            TXT "v=spf1 a -all"
soft        TXT "v=spf1 ip4:192.0.2.1 ~all"
neutral     TXT "v=spf1 ip4:192.0.2.1 ?all"
none        A 192.0.2.7
broken      TXT "v=spf1 ip4:192.0.2.999 -all"
timeout     TIMEOUT
servfail    SERVFAIL
guess       A 192.0.2.200
why         TXT "v=spf1 -all exp=text.why.example.org"
text.why    TXT "%{i} may not send as 100%% %{d}"
evil        TXT "v=spf1 -all exp=text.evil.example.org"
text.evil   TXT "first\013\010X-Evil: yes \255\200 %%s%%n"
local       TXT "v=spf1 exists:%{l}.users.example.org -all"
alice.users A 127.0.0.2
\195\164lice.users A 127.0.0.2
helo        TXT "v=spf1 exists:%{h}.hosts.example.org -all"
mx.example.org.hosts A 127.0.0.2
six         TXT "v=spf1 ip6:2001:db8:1::/48 -all"
nofrom      TXT "v=spf1 -all"
xn--bcher-kva TXT "v=spf1 ip4:192.0.2.1 -all"
macros      TXT "v=spf1 exists:%{o}.%{h}.macros.example.org -all"
macros.example.org.xn--bcher-kva.example.org.macros A 127.0.0.2
to          TXT "v=spf1 redirect=example.org"
many        TXT "v=spf1 include:many.example.org"
"""


def classic(binary, config=None, **options):
    """A filter over the zone above."""
    return Filter(binary, config, zone=options.pop("zone", ZONE), **options)


def one(filter_, sender="<alice@example.org>", recipients="<bob@example.net>", headers=None, **client):
    """One message over a connection of its own; client: options of Mta."""
    with Mta(filter_.address, **client) as mta:
        outcome = mta.send(sender, recipients, headers)
        mta.quit()
    return outcome


def delivered(outcome):
    """The message, where it was let through."""
    check(outcome.delivered, f"not delivered: {outcome}")
    return outcome.message


def refused(outcome, code, *parts):
    """The text of the refusal, which begins with `code` and holds the parts."""
    check(outcome.refusal is not None, f"not refused: {outcome}")
    reply = outcome.refusal
    check(reply.kind == "replycode", f"refused without a text: {outcome}")
    check(reply.text.startswith(code + " "), f"reply {reply.text!r} does not begin with {code}")
    for part in parts:
        contains(reply.text, part, "reply")
    return reply.text


def spf_result(message, receiver=MX):
    """(result, properties) of the one Authentication-Results field, which must be ours and hold spf alone."""
    authserv_id, infos = authentication_results(message.value("Authentication-Results"))
    equal(authserv_id, receiver, "authserv-id")
    equal(len(infos), 1, "number of results")
    equal(infos[0][0], "spf", "method")
    return infos[0][1], infos[0][2]


def untouched(message, headers=None):
    """The message went through as it came."""
    equal(message.changes, [], "changes")
    if headers is not None:
        equal(message.fields[1:], list(headers), "fields")


def clean_log(text):
    """No control character and nothing that an attacker put at the start of a line."""
    for line in text.split("\n"):
        check(all(32 <= ord(char) != 127 or char == "\t" for char in line), f"control character in log line {line!r}")
        check(not line.lstrip().startswith("X-Evil"), f"injected log line {line!r}")
