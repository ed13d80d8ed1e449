# SPDX-License-Identifier: GPL-2.0-or-later
"""The log: one line for each message, as text and as JSON, however it ends."""

import json
import os
import re
import time

from greylist_common import BOUNCE, DELAY_S, HELO, NONE, greylisting
from log_lines import parse
from wire_common import (BAD_IP, GOOD_IP, ZONE, Mta, case, check, classic, contains, delivered, equal, one, refused, rows,
                         wait_until)

FAIL = "550 5.7.23"
VERDICTS = {"accepted", "tagged", "quarantined", "held", "refused", "deferred", "exempt", "ended"}
ORDER = ["time", "level", "event", "id", "client", "name", "relay", "helo", "mail_from", "checks", "verdict", "test", "why",
         "code", "enhanced", "greylist", "greylist_wait", "exemption_unknown", "to", "recipients_refused", "exempt_to", "test_to", "test_code", "greylisted",
         "recipients", "forged", "ms"]


def message_lines(filter_, count):
    """The lines of messages, once there are so many; one more would be an error."""
    def found():
        return [parsed for parsed in map(parse, filter_.log().splitlines()) if parsed]
    wait_until(lambda: len(found()) >= count, 30, f"{count} lines")
    equal(len(found()), count, filter_.log())
    return found()


def objects(filter_, count):
    """The same, of a log of JSON objects; each line of it is one."""
    def found():
        entries = [json.loads(line) for line in filter_.log().splitlines()]
        return [entry for entry in entries if entry["event"] == "message"]
    wait_until(lambda: len(found()) >= count, 30, f"{count} objects")
    equal(len(found()), count, filter_.log())
    return found()


def accept(mta):
    delivered(mta.send())


def refuse(mta):
    refused(mta.send("<alice@nofrom.example.org>"), FAIL)


def abort(mta):
    mta.client.mail("<alice@example.org>")
    mta.client.rcpt("<bob@example.net>")
    mta.client.abort()


def hang_up(mta):
    mta.client.mail("<alice@example.org>")
    mta.client.close()


def begin_another(mta):
    mta.client.mail("<alice@example.org>")
    delivered(mta.send())


@rows([
    ("accepted", accept, ["accepted"]), ("refused", refuse, ["refused"]), ("aborted", abort, ["ended"]),
    ("connection-lost", hang_up, ["ended"]), ("another-mail", begin_another, ["ended", "accepted"]),
])
def each_message_has_one_line(binary, end, verdicts):
    with classic(binary) as filter_:
        mta = Mta(filter_.address, ip=GOOD_IP)
        end(mta)
        equal([pairs["verdict"] for _, pairs in message_lines(filter_, len(verdicts))], verdicts, "verdicts")


@rows([
    ("whitelisted", {"WhitelistFrom": "alice@"}, "skipped (whitelisted sender)", "exempt"),
    ("whitelisted-recipient", {"WhitelistTo": "bob@"}, "fail", "accepted"),
    ("refused-recipient", {"WhitelistTo": "postmaster@"}, "fail", "refused"),
    ("test-mode", {"TestMode": "on"}, "fail", "refused"),
    ("refused-at-the-end", {"RefuseAt": "eom"}, "fail", "refused"),
    ("quarantined", {"RefuseFail": "off", "Quarantine": "on"}, "fail", "quarantined"),
    ("tagged", {"RefuseFail": "off"}, "fail", "tagged"),
])
def each_verdict_has_its_word(binary, config, event, verdict):
    with classic(binary, config) as filter_:
        one(filter_, ip=BAD_IP)
        [(found, pairs)] = message_lines(filter_, 1)
        equal((found, pairs["verdict"]), (event, verdict), filter_.log())
        check(verdict in VERDICTS, verdict)


@case
def first_mail_from_the_host_itself_says_why_it_is_not_checked(binary):
    """At the default level."""
    with classic(binary) as filter_:
        one(filter_, ip="127.0.0.1")
        contains(filter_.wait_log("SPF skipped (loopback client): ip=127.0.0.1"), "verdict=exempt", "line")


@case
def queue_id_comes_with_the_line(binary):
    """The MTA of the test gives one at the end, as Postfix does."""
    with classic(binary) as filter_, Mta(filter_.address, ip=GOOD_IP) as mta:
        for _ in range(3):
            delivered(mta.send())
        ids = [pairs.get("id") for _, pairs in message_lines(filter_, 3)]
        check(all(ids), f"ids {ids}")
        mta.quit()


@case
def json_lines_keep_their_promise(binary):
    with classic(binary, {"LogFormat": "json", "CheckHelo": "on", "WhitelistTo": "white@"}) as filter_:
        one(filter_, ip=GOOD_IP)
        one(filter_, ip=BAD_IP, recipients=["<bob@example.net>", "<white@example.net>", "<eve@example.net>"])
        one(filter_, "<>", ip=GOOD_IP)
        one(filter_, ip="127.0.0.1")
        found = objects(filter_, 4)
        for entry in found:
            equal([key for key in ORDER if key in entry], list(entry), "members in their order")
        passed, mixed, null, loopback = found
        equal((passed["client"], passed["mail_from"], passed["verdict"]), (GOOD_IP, "alice@example.org", "accepted"))
        equal([(entry["identity"], entry["result"]) for entry in passed["checks"]],
              [("mailfrom", "pass"), ("helo", "pass")], "checks")
        equal((mixed["verdict"], mixed["recipients_refused"], mixed["exempt_to"], mixed["recipients"]),
              ("accepted", 2, "white@example.net", 1), str(mixed))
        equal([(entry["address"], entry["code"], entry["why"]) for entry in mixed["to"]],
              [("bob@example.net", "550", "result"), ("eve@example.net", "550", "result")], "refused")
        equal((null["mail_from"], null["checks"][0]["identity"]), ("", "helo"), str(null))
        equal((loopback["verdict"], loopback["why"]), ("exempt", "loopback"), str(loopback))
        others = [json.loads(line) for line in filter_.log().splitlines() if '"event":"log"' in line]
        check(any("listens on" in entry["text"] for entry in others), "other lines are objects, too")


DOCUMENTED = re.compile(r"^\| `([^`]+)` \| (\w+) \|", re.MULTILINE)
TYPES = {str: "string", bool: "boolean", int: "integer", list: "array"}
MANUAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "json.md")
EVERY_MEMBER = {"LogFormat": "json", "CheckHelo": "on", "WhitelistTo": "white@", "SPFBestGuess": "on", "LeaveToDMARC": "on",
                "ClientIPNAT": "192.0.2.77:192.0.2.66", "WhitelistSPF": "slow.example.org"}
EVERY_MEMBER_ZONE = ZONE + """
_dmarc.soft TXT "v=DMARC1; p=reject"
slow        TXT "v=spf1 a:timeout.example.org -all"
"""


def documented_members():
    """{name: type} of the section on the log, in its order."""
    with open(MANUAL, encoding="utf-8") as file:
        return dict(DOCUMENTED.findall(file.read().partition("\n## Lines of the log\n")[2]))


def note_members(entry, found):
    for key, value in entry.items():
        found.setdefault(key, set()).add(TYPES[type(value)])
        for inner in value if isinstance(value, list) else ():
            for name, single in inner.items():
                found.setdefault(f"{key}[].{name}", set()).add(TYPES[type(single)])


def messages_of_every_kind(filter_):
    one(filter_, ip=GOOD_IP, headers=[("Received-SPF", "pass (mx.example.net)")])
    one(filter_, ip=GOOD_IP)
    one(filter_, "<alice@guess.example.org>", ip="192.0.2.200")
    one(filter_, "<alice@soft.example.org>", ip="192.0.2.77")
    one(filter_, ip=BAD_IP, recipients=["<bob@example.net>", "<white@example.net>"])
    one(filter_, ip="127.0.0.1")


def greylisted_messages(binary):
    """Log entries of a recipient and a message that are deferred, and of one that came back."""
    with greylisting(binary, {"LogFormat": "json"}) as filter_:
        one(filter_, NONE)
        one(filter_, BOUNCE, helo=HELO)
        time.sleep(DELAY_S + 0.2)
        delivered(one(filter_, NONE))
        objects(filter_, 3)
        return [json.loads(line) for line in filter_.log().splitlines()]


@case
def json_members_are_the_documented_ones(binary):
    """Both ways, with their types and in their order."""
    documented, found = documented_members(), {}
    check("mail_from" in documented, "the manual has the members of a message")
    tested = {"RecipientPolicy": "bob@example.net {\nTestMode on\n}"}
    entries = greylisted_messages(binary)
    for config in ({"RefuseMailFrom": "fail, softfail"}, {"TestMode": "on"}, {"WhitelistTo": []}, tested):
        with classic(binary, {**EVERY_MEMBER, **config}, zone=EVERY_MEMBER_ZONE) as filter_:
            messages_of_every_kind(filter_)
            objects(filter_, 6)
            entries += [json.loads(line) for line in filter_.log().splitlines()]
    for entry in entries:
        equal([name for name in documented if name in entry], list(entry), "members in their order")
        note_members(entry, found)
    equal({name: "/".join(sorted(types)) for name, types in found.items()}, documented, "members and types")


@rows([
    ("quotes", '<"a\\"b, verdict=accepted"@none.example.org>', "h"), ("helo", "<a@none.example.org>", 'x","verdict":"y'),
    ("controls", "<a@none.example.org>", "x\x01\x1b[31m\x7f"), ("utf-8", "<bücher@none.example.org>", "bücher\u2028x\u202e"),
    ("not-utf-8", "<a@none.example.org>", "x\udcff\udcc3"), ("long", "<a@none.example.org>", "x" * 900),
])
def json_of_hostile_values(binary, sender, helo):
    with classic(binary, {"LogFormat": "json"}) as filter_:
        one(filter_, sender, ip=BAD_IP, helo=helo)
        [entry] = objects(filter_, 1)
        equal(entry["verdict"], "accepted", str(entry))
        equal(entry["checks"][0]["result"], "none", str(entry))
        text = filter_.log()
        check(all(char == "\n" or ord(char) >= 32 for char in text), "a control character in the log")
        check(not set("\u2028\u202e\x7f") & set(text), "what ends a line or turns it around in the log")


@case
def format_changes_with_a_reload(binary):
    with classic(binary) as filter_:
        one(filter_)
        filter_.wait_log("SPF pass")
        filter_.reconfigure({"LogFormat": "json"})
        filter_.signal(10)
        filter_.wait_log('"event":"log"')
        one(filter_)
        filter_.wait_log('"event":"message"')
