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
    # A field of a truthful answer is wrong.
    "lie-in-the-header": [
        ("no-recursion", GOOD_IP, LENIENT),
        ("z-bit", GOOD_IP, LENIENT),
        ("authentic", GOOD_IP, RIGHT),
        ("nxdomain-with-answer", GOOD_IP, ("pass", "none", "temperror")),
        ("servfail-with-answer", GOOD_IP, UNKNOWN),
        ("refused-with-answer", GOOD_IP, UNKNOWN),
        ("rcode-without-name", GOOD_IP, UNKNOWN),
        ("tc-with-all", GOOD_IP, RIGHT),
        ("no-ttl", GOOD_IP, RIGHT),
        ("many-questions-said", BAD_IP, UNKNOWN),
        ("many-answers-said", BAD_IP, UNKNOWN),
        ("many-authorities-said", GOOD_IP, LENIENT),
        ("many-additional-said", GOOD_IP, LENIENT),
        ("no-question", BAD_IP, UNKNOWN),
        ("forged-question-type", BAD_IP, UNKNOWN),
    ],
    "lie-in-records": [
        ("owner-too-long", BAD_IP, NOTHING),
        ("owner-without-end", BAD_IP, NOTHING),
        ("owner-in-header", BAD_IP, NOTHING),
        ("record-shorter-than-said", BAD_IP, NOTHING),
        ("record-longer-than-said", BAD_IP, NOTHING),
        ("strings-without-text", BAD_IP, NOTHING),
        ("string-of-nuls", BAD_IP, ("none", "temperror", "permerror")),
        ("data-of-one-octet", BAD_IP, NOTHING),
        ("data-of-three-octets", BAD_IP, NOTHING),
        ("data-of-five-octets", BAD_IP, NOTHING),
        ("data-is-a-loop", BAD_IP, NOTHING),
        ("data-leads-out", BAD_IP, NOTHING),
    ],
    "lie-about-edns": [
        ("edns-left-out", GOOD_IP, RIGHT),
        ("edns-refused", GOOD_IP, RIGHT),
        ("edns-formerr-with-options", GOOD_IP, RIGHT),
        ("edns-twice", GOOD_IP, LENIENT),
        ("edns-of-a-name", GOOD_IP, LENIENT),
        ("edns-version-255", GOOD_IP, LENIENT),
        ("edns-all-flags", GOOD_IP, LENIENT),
        ("edns-size-0", GOOD_IP, LENIENT),
        ("edns-too-long", GOOD_IP, LENIENT),
        ("edns-cut", GOOD_IP, LENIENT),
        ("edns-cookie-of-another", GOOD_IP, RIGHT),
    ],
    "break-streams": [
        ("tcp-length-0", BAD_IP, UNKNOWN),
        ("tcp-length-short", BAD_IP, UNKNOWN),
        ("tcp-length-long", BAD_IP, UNKNOWN),
        ("tcp-half-a-length", BAD_IP, UNKNOWN),
        ("tcp-closed-mid-answer", BAD_IP, UNKNOWN),
        ("tcp-closed-at-once", BAD_IP, UNKNOWN),
        ("tcp-and-more", BAD_IP, TRUE_FAIL),
    ],
    "change-letter-case": [
        ("lower-case", GOOD_IP, RIGHT),
        ("upper-case", GOOD_IP, RIGHT),
    ],
}
# They differ in octets that no two threads share.
FIELDS = ("lie-in-the-header", "lie-in-records", "lie-about-edns")
EXPECTED = [row for rows in GROUPS.values() for row in rows]
