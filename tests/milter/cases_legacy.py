# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of smf-spf 2.0.2 and 2.5.2: what goes on as it was, and the differences that docs/CHANGES.md names."""

import re

from process_common import EX_CONFIG, prepared, run
from wire_common import (BAD_IP, GOOD_IP, case, check, classic, contains, delivered, equal, one, refused, rows,
                         spf_result)

FAIL = "550 5.7.23"
ERRORS = ["<a@broken.example.org>", "<a@many.example.org>", "<a@servfail.example.org>"]
NONE, NONE_HELO = "<a@none.example.org>", "none.example.org"


@rows([("switch", "RefuseFail off#we only tag"), ("time", "RefuseFail off\nTTL 2h#two hours"),
       ("list", "RefuseFail off\nWhitelistIP 192.0.2.77#office 192.0.2.78")])
def a_number_sign_in_a_value_begins_a_comment(binary, lines):
    """Where the value cannot hold it, as everywhere in earlier versions."""
    with classic(binary) as filter_:
        filter_.stop()
        with open(filter_.config_path, "a", encoding="utf-8") as file:
            file.write(lines + "\n")
        filter_.start()
        contains(delivered(one(filter_, ip=BAD_IP)).value("Subject"), "[SPF:fail]", "subject")


@case
def the_last_line_of_a_switch_holds(binary):
    with classic(binary, {"RefuseFail": ["off", "on"]}) as filter_:
        refused(one(filter_, ip=BAD_IP), FAIL)


@rows([("socket", "Socket unix:smf-spf.sock", "unix:/path"), ("local", "Socket local:run/x", "unix:/path"),
       ("log", "LogTo smf-spf.log", "absolute path")])
def a_path_that_is_not_absolute_is_told(binary, line, words):
    with prepared(binary) as filter_:
        filter_.configure(line + "\n")
        done = run(binary, "-n", "-c", filter_.config_path)
        equal(done.returncode, EX_CONFIG, "exit status")
        contains(done.stderr, words, "message")


@rows([("550", {}, "550 5.7.1"), ("450", {"SoftFail": "on"}, "450 4.7.1")])
def refuse_spf_none_means_no_record(binary, config, code):
    """It is not for domains whose record cannot be had or read, which 2.5.2 took for such without one."""
    with classic(binary, {"RefuseSPFNone": "on"} | config) as filter_:
        refused(one(filter_, NONE), code)
        for sender in ERRORS:
            delivered(one(filter_, sender))
        delivered(one(filter_, "<>", helo=NONE_HELO))
    with classic(binary, {"RefuseSPFNoneHelo": "on"} | config) as filter_:
        refused(one(filter_, "<>", helo=NONE_HELO), code)
        delivered(one(filter_, "<>", helo="broken.example.org"))
        delivered(one(filter_, "<>", helo="servfail.example.org"))
        delivered(one(filter_, NONE))


@case
def a_record_is_guessed_only_where_the_file_says_so(binary):
    for config, result in (({}, "none"), ({"SPFBestGuess": "on"}, "pass")):
        with classic(binary, config) as filter_:
            message = delivered(one(filter_, "<a@guess.example.org>", ip="192.0.2.200"))
            equal(spf_result(message)[0], result, str(config))
            equal("best guess" in message.value("Authentication-Results"), result == "pass", str(config))


@case
def a_whitelisted_recipient_gets_the_result_field(binary):
    """It is the one of the message, which other recipients may get too; neither tag nor quarantine."""
    with classic(binary, {"WhitelistTo": "white@", "RefuseFail": "off", "Quarantine": "off"}) as filter_:
        for recipients in ("<white@example.net>", ["<bob@example.net>", "<white@example.net>", "<eve@example.net>"]):
            message = delivered(one(filter_, recipients=recipients, ip=BAD_IP))
            equal(spf_result(message)[0], "fail", "result")
            equal(message.value("Subject"), "hello", "subject")
    with classic(binary, {"WhitelistTo": "white@"}) as filter_:
        found = one(filter_, recipients=["<bob@example.net>", "<white@example.net>", "<eve@example.net>"], ip=BAD_IP)
        message = delivered(found)
        equal(message.recipients, ["<white@example.net>"], "recipients")
        equal(spf_result(message)[0], "fail", "result")
        check(found.rcpts["<eve@example.net>"].text.startswith(FAIL), "who stands behind the whitelisted one")


@case
def log_lines_begin_as_those_of_earlier_versions(binary):
    """They begin as those of 2.5; what is new stands behind."""
    begin = r"ip=198\.51\.100\.9, fqdn=mx\.example\.org, helo=mx\.example\.org, from=<alice@example\.org>"
    with classic(binary) as filter_:
        refused(one(filter_, ip=BAD_IP), FAIL)
        refused(one(filter_, ip=BAD_IP), FAIL)
        filter_.wait_log("SPF fail (cached): ")
        for line in (rf"SPF fail: {begin}, reason=-all, verdict=refused, reply=550 5\.7\.23",
                     rf"SPF fail \(cached\): {begin}, reason=-all, verdict=refused, reply=550 5\.7\.23"):
            check(re.search(line + "$", filter_.log(), re.MULTILINE), f"{line} in {filter_.log()}")
    with classic(binary, {"SkipNDR": "on"}) as filter_:
        delivered(one(filter_, "<>", ip=GOOD_IP))
        filter_.wait_log("SPF skipped (null sender): ip=192.0.2.1")


@case
def addresses_without_domain_or_brackets_go_on(binary):
    with classic(binary) as filter_:
        delivered(one(filter_, recipients="<postmaster>"))
        delivered(one(filter_, "alice@example.org", "bob@example.net"))


@case
def a_quarantined_recipient_is_kept_without_brackets(binary):
    with classic(binary, {"RefuseFail": "off", "Quarantine": "on"}) as filter_:
        message = delivered(one(filter_, ip=BAD_IP))
        equal((message.recipients, message.value("X-SPF-Original-To")), (["postmaster"], "bob@example.net"), "quarantine")
