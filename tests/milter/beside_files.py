# SPDX-License-Identifier: GPL-2.0-or-later
"""What the converters are compared on: a zone, envelopes, and configurations of policyd-spf and pyspf-milter."""

from dataclasses import dataclass

CLIENT, CLIENT6 = "192.0.2.99", "2001:db8::99"

ZONE = r"""
$TTL 300
$ORIGIN test.
pass       TXT "v=spf1 +all"
fail       TXT "v=spf1 ip4:203.0.113.77 -all"
nomail     TXT "v=spf1 -all"
softfail   TXT "v=spf1 ip4:203.0.113.77 ~all"
neutral    TXT "v=spf1 ip4:203.0.113.77 ?all"
none       A 203.0.113.77
perm       TXT "v=spf1 ip4:300.1.1.1 -all"
temp       SERVFAIL
listed     TXT "v=spf1 ?all"
deep.above TXT "v=spf1 ~all"
above      TXT "v=spf1 ~all"
friend     A 192.0.2.55
           TXT "v=spf1 -all"
forwarder  TXT "v=spf1 ip4:192.0.2.60 -all"
host.known A 192.0.2.70
           TXT "v=spf1 -all"
prospect   TXT "v=spf1 ip4:192.0.2.200 -all"
$ORIGIN 2.0.192.in-addr.arpa.
70         PTR host.known.test.
"""


@dataclass(frozen=True)
class Envelope:
    """One message: who sends it, and from where."""

    sender: str
    helo: str = "none.test"
    ip: str = CLIENT
    host: str = ""  # the client's name, as the MTA has verified it; that of HELO where none is given


RESULTS = ["pass", "fail", "softfail", "neutral", "none", "perm", "temp"]


def address(domain):
    return f"alice@{domain}" if domain else ""


def envelopes():
    """Name to envelope."""
    found = {}
    for result in RESULTS + ["nomail"]:
        found[f"sender-{result}"] = Envelope(address(f"{result}.test"))
        found[f"null-{result}"] = Envelope("", f"{result}.test")
        found[f"helo-{result}"] = Envelope(address("pass.test"), f"{result}.test")
    for sender, helo in (("fail", "temp"), ("temp", "fail"), ("temp", "temp"), ("softfail", "neutral"), ("none", "pass"),
                         ("none", "fail"), ("none", "softfail"), ("neutral", "temp"), ("fail", "perm"), ("fail", "pass")):
        found[f"both-{sender}-{helo}"] = Envelope(address(f"{sender}.test"), f"{helo}.test")
    found |= {
        "sender-listed": Envelope(address("listed.test")),
        "sender-above": Envelope(address("above.test")),
        "sender-temp-helo-listed": Envelope(address("temp.test"), "listed.test"),
        "helo-listed": Envelope(address("pass.test"), "listed.test"),
        "null-listed": Envelope("", "listed.test"),
        "sender-prospect": Envelope(address("prospect.test")),
        "loopback": Envelope(address("fail.test"), ip="127.0.0.1"),
        "loopback6": Envelope(address("fail.test"), ip="::1"),
        "prospect-loopback": Envelope(address("prospect.test"), ip="127.0.0.1"),
        "client6": Envelope(address("fail.test"), ip=CLIENT6),
        "inside": Envelope(address("fail.test"), "fail.test", ip="10.1.2.3"),
        "friend": Envelope(address("fail.test"), "friend.test", ip="192.0.2.55"),
        "friend-elsewhere": Envelope(address("fail.test"), "friend.test"),
        "forwarder": Envelope(address("fail.test"), ip="192.0.2.60"),
        "forwarder-pass": Envelope(address("pass.test"), ip="192.0.2.60"),
        "known-host": Envelope(address("fail.test"), ip="192.0.2.70", host="host.known.test"),
        "host-fail": Envelope(address("pass.test"), "pass.test", host="fail.test"),
        "host-null": Envelope("", "pass.test", host="fail.test"),
        "literal": Envelope(address("fail.test"), "[192.0.2.99]"),
        "literal-null": Envelope("", "[192.0.2.99]"),
        "one-label": Envelope(address("softfail.test"), "localhost"),
    }
    return found


ENVELOPES = envelopes()


@dataclass(frozen=True)
class File:
    """A configuration. differs: what the converter says (a part of it) to the envelopes that it names: names, or
    beginnings of names with a star behind. warns: what else it says."""

    system: str
    text: str
    differs: dict = None
    warns: tuple = ()


def policyd(text, differs=None, warns=()):
    return File("policyd-spf", text.replace("; ", "\n") + "\n", differs or {}, warns)


def pyspf(text, differs=None, warns=()):
    return File("pyspf-milter", text.replace("; ", "\n") + "\n", differs or {}, warns)


# How the converter names what pyspf-milter does.
HELO_IS_HOST = {"the HELO name is checked": ["known-host", "host-*"]}
NULL_FAILS = {"a null sender fails without a result": ["null-*", "literal-null", "host-null"]}

HELO_WORDS = ("Fail", "Softfail", "SPF_Not_Pass", "Null", "False", "No_Check")
ERRORS = "PermError_reject = True; TempError_Defer = True"
RECORDED = {"is always checked and recorded": ["*"]}
LISTED_HELO = {"a HELO name of Reject_Not_Pass_Domains": ["helo-*", "null-*", "both-*", "sender-temp-helo-listed",
                                                           "friend*", "sender-*"]}

FILES = {
    "empty": policyd(""),
    "errors": policyd(ERRORS),
    "permerror": policyd("PermError_reject = True"),
    "temperror": policyd("TempError_Defer = True"),
    **{f"helo-{word}": policyd(f"HELO_reject = {word}; {ERRORS}") for word in HELO_WORDS},
    **{f"mail-{word}": policyd(f"Mail_From_reject = {word}; {ERRORS}") for word in HELO_WORDS[:3] + ("False",)},
    **{f"helo-{word}-alone": policyd(f"HELO_reject = {word}; Mail_From_reject = False; {ERRORS}")
       for word in HELO_WORDS},
    "mail-unchecked": policyd(f"Mail_From_reject = No_Check; {ERRORS}", RECORDED),
    "nothing-checked": policyd(f"Mail_From_reject = No_Check; HELO_reject = No_Check; {ERRORS}", RECORDED),
    "unknown-word": policyd(f"HELO_reject = fail; Mail_From_reject = Null; {ERRORS}", warns=("a value that is not known",)),
    "helo-not-pass-mail-softfail": policyd("HELO_reject = SPF_Not_Pass; Mail_From_reject = Softfail"),
    "listed": policyd(f"HELO_reject = SPF_Not_Pass; Reject_Not_Pass_Domains = listed.test,deep.above.test; {ERRORS}"),
    "listed-beside-false": policyd("HELO_reject = SPF_Not_Pass; Mail_From_reject = False; "
                                   f"Reject_Not_Pass_Domains = listed.test,temp.test,perm.test; {ERRORS}"),
    "listed-beside-no-check": policyd("HELO_reject = SPF_Not_Pass; Mail_From_reject = No_Check; "
                                      "Reject_Not_Pass_Domains = listed.test", RECORDED),
    "listed-helo": policyd("Reject_Not_Pass_Domains = listed.test,softfail.test", LISTED_HELO),
    "no-mail": policyd(f"No_Mail = True; HELO_reject = Softfail; Mail_From_reject = SPF_Not_Pass; {ERRORS}"),
    "no-mail-false": policyd("No_Mail = False; Mail_From_reject = Softfail"),
    "test-only": policyd("TestOnly = 0", {"gets a field that says so": ["*"]}),
    "results-field": policyd("Header_Type = AR; Authserv_Id = mx.example.net"),
    "no-field": policyd("Header_Type = None"),
    "prospective": policyd("Prospective = 192.0.2.200"),
    "prospective-skipped": policyd("Prospective = 192.0.2.200; skip_addresses = 127.0.0.0/8,::1,192.0.2.128/25"),
    "prospective-lists": policyd("Prospective = 192.0.2.200; Whitelist = 192.0.2.99,10.0.0.0/8"),
    "two-slashes": policyd("skip_addresses = 127.0.0.0/8,::ffff:127.0.0.0//104,::1//128",
                           {"the list ends before": ["loopback6"], "on the loopback network": ["loopback6"]}),
    "skips": policyd("skip_addresses = 127.0.0.0/8,::1,10.0.0.0/8; Whitelist = 192.0.2.99"),
    "skips-no-loopback": policyd("skip_addresses = 10.0.0.0/8", {"on the loopback network": ["loopback*",
                                                                                              "prospect-loopback"]}),
    "skips-with-spaces": policyd("skip_addresses = 127.0.0.0/8,::1, 10.0.0.0/8", {"with a space next to it": ["inside"]}),
    "skips-host-bits": policyd("Whitelist = 10.1.2.3/8", {"the list ends before": ["inside"]}),
    "helo-whitelist": policyd("HELO_Whitelist = friend.test", warns=("the lookup of such a name fails",)),
    "domain-whitelist": policyd("Domain_Whitelist = forwarder.test", warns=("the evaluation of such a domain fails",)),
    "domain-whitelist-down": policyd("Domain_Whitelist = temp.test", {"the evaluation of such a domain fails": ["*"]}),
    "ptr-whitelist": policyd("Domain_Whitelist_PTR = known.test", warns=("a name that the MTA has verified",)),
    "mock": policyd("Mock = False", warns=("nothing is checked",)),
    "reason": policyd("Reason_Message = no: {spf} ({rejectdefer})"),
    "reason-url": policyd("Reason_Message = see {url}", warns=("{url}",)),
    "milter-no-helo": pyspf(f"HELO_reject = No_Check; {ERRORS}", NULL_FAILS),
    "milter": pyspf(ERRORS, HELO_IS_HOST),
    "milter-false": pyspf(f"HELO_reject = False; {ERRORS}", HELO_IS_HOST),
    "milter-mail-false": pyspf(f"Mail_From_reject = False; {ERRORS}", HELO_IS_HOST),
    "milter-null": pyspf(f"HELO_reject = Null; {ERRORS}", HELO_IS_HOST),
    "milter-softfail": pyspf("HELO_reject = No_Check; Mail_From_reject = Softfail; Header_Type = None"),
    "milter-inside": pyspf("HELO_reject = No_Check; Header_Type = None; InternalHosts = 127.0.0.1,10.0.0.0/8"),
    "milter-prospective": pyspf("HELO_reject = No_Check; Prospective = 192.0.2.200", NULL_FAILS),
    "milter-test-only": pyspf("TestOnly = 0; " + ERRORS, {"would be refused fails without a result": ["*"]}),
    "milter-test-only-no-field": pyspf("TestOnly = 0; Header_Type = None; HELO_reject = No_Check",
                                       warns=("gets a field that says so",)),
}
