# SPDX-License-Identifier: GPL-2.0-or-later
"""What a message is worth when the DNS behaves badly in a certain way: the results that are right."""

from dns_common import BAD_IP, GOOD_IP

ZONE = """
$TTL 300
$ORIGIN dns.example.
faulty    TXT "v=spf1 ip4:192.0.2.1 -all"
healthy   TXT "v=spf1 ip4:192.0.2.1 -all"
late      TXT "v=spf1 ip4:192.0.2.1 -all"
victim    TXT "v=spf1 ip4:192.0.2.66 -all"
victim    A 192.0.2.66
exchanged TXT "v=spf1 mx -all"
exchanged MX 10 victim
alias1    CNAME healthy
alias2    CNAME alias1
alias3    CNAME alias2
alias4    CNAME alias3
alias5    CNAME alias4
loop1     CNAME loop1
loop2a    CNAME loop2b
loop2b    CNAME loop2a
loop3a    CNAME loop3b
loop3b    CNAME loop3c
loop3c    CNAME loop3a
"""

RIGHT = ("pass",)
UNKNOWN = ("temperror",)
# The packet is the server's word and can be read, though it is wrong: it says nothing of a record.
NOTHING = ("none", "temperror")
# There is enough to know the answer; whoever does not trust the packet knows nothing.
LENIENT = ("pass", "temperror")
TRUE_FAIL = ("fail",)

# Behaviours that befall the first query alone: those who know id and port of one do not know those of the next.
ONCE = ("forged-question", "forged-question-class")
# Group: (behaviour, client, right results). The record of the name lets GOOD_IP pass and nobody else.
GROUPS = {
    "do-not-know-edns": [
        ("edns-formerr", GOOD_IP, RIGHT),
        ("edns-formerr-bare", GOOD_IP, RIGHT),
        ("edns-notimp", GOOD_IP, RIGHT),
        ("edns-notimp-bare", GOOD_IP, RIGHT),
        ("edns-servfail", GOOD_IP, RIGHT),
        ("edns-silent", GOOD_IP, RIGHT),
        ("edns-badvers", GOOD_IP, LENIENT),
        ("edns-echoed", GOOD_IP, RIGHT),
        ("extended-rcode", GOOD_IP, UNKNOWN),
    ],
    "truncate": [
        ("tc-with-lies", BAD_IP, TRUE_FAIL),
        ("tc-slow", GOOD_IP, RIGHT),
        ("tc-reset", GOOD_IP, UNKNOWN),
        ("tc-hangs", GOOD_IP, UNKNOWN),
        ("tc-in-tcp", GOOD_IP, UNKNOWN),
    ],
    "break-packets": [
        ("short", GOOD_IP, UNKNOWN),
        ("empty", GOOD_IP, UNKNOWN),
        ("header-only", GOOD_IP, UNKNOWN),
        ("cut", GOOD_IP, UNKNOWN),
        ("owner-loop", GOOD_IP, UNKNOWN),
        ("owner-loop-of-two", GOOD_IP, UNKNOWN),
        ("owner-beyond", GOOD_IP, UNKNOWN),
        ("label-type-unknown", GOOD_IP, UNKNOWN),
        ("alias-loop", GOOD_IP, UNKNOWN),
        ("alias-to-itself", GOOD_IP, NOTHING),
        ("too-few-said", BAD_IP, NOTHING),
        ("too-many-said", BAD_IP, UNKNOWN),
        ("two-questions", BAD_IP, UNKNOWN),
        ("trailing-garbage", GOOD_IP, LENIENT),
        ("wrong-class", BAD_IP, NOTHING),
        ("wrong-type", BAD_IP, NOTHING),
        ("other-owner", BAD_IP, NOTHING),
        ("high-ttl", GOOD_IP, RIGHT),
        ("long-record", BAD_IP, UNKNOWN),
        ("long-string", BAD_IP, UNKNOWN),
        ("record-without-string", GOOD_IP, NOTHING),
        ("not-a-response", BAD_IP, UNKNOWN),
        ("wrong-opcode", BAD_IP, UNKNOWN),
        ("echo", GOOD_IP, NOTHING),
        ("noise", GOOD_IP, UNKNOWN),
        ("twice", GOOD_IP, RIGHT),
        ("nxdomain-without-soa", GOOD_IP, ("none",)),
        ("nothing-without-soa", GOOD_IP, ("none",)),
    ],
    # The forged answer lets everybody pass; the true one follows.
    "are-forged": [
        ("forged-port", BAD_IP, TRUE_FAIL),
        ("forged-address", BAD_IP, TRUE_FAIL),
        ("forged-id", BAD_IP, TRUE_FAIL),
        ("forged-question", BAD_IP, TRUE_FAIL),
        ("forged-question-class", BAD_IP, TRUE_FAIL),
    ],
    "change-letter-case": [
        ("lower-case", GOOD_IP, RIGHT),
        ("upper-case", GOOD_IP, RIGHT),
    ],
}
EXPECTED = [row for rows in GROUPS.values() for row in rows]
