# SPDX-License-Identifier: GPL-2.0-or-later
"""One message that both the milter and the policy service are asked about, in the order in which Postfix does it."""

import signal

from cases_metrics import sample
from cases_policy import serving
from dns_server import DnsServer
from policy_client import PolicyClient
from wire_common import BAD_IP, GOOD_IP, Mta, case, check, contains, equal, lacks, rows, wait_until

FAIL = "550 5.7.23"


class Postfix(Mta):
    """Asks the policy service in front of the milter at each recipient, and at DATA. What the service refuses the milter
    is not told of."""

    def __init__(self, filter_, policy, **options):
        self.filter, self.policy = filter_, policy
        self.answers, self.early = [], options.pop("early", False)
        self.shown = {"client_address": options.get("ip", GOOD_IP), "client_name": "mx.example.org", "client_port": "40001",
                      "helo_name": "mx.example.org", "sasl_username": options.pop("user", "")}
        if self.shown["sasl_username"]:
            options["macros"] = {"mail": {"{auth_authen}": self.shown["sasl_username"], "{auth_type}": "PLAIN"}}
        super().__init__(filter_.address, port=40001, **options)
        self.mail, self.rcpt, self.data = self.client.mail, self.client.rcpt, self.client.data
        self.client.mail, self.client.rcpt, self.client.data = self._mail, self._rcpt, self._data

    def ask(self, state, recipient="", queue_id=""):
        instance = f"aa.{self.queue_id}.0" if state != "MAIL" else ""
        self.answers.append(self.policy.ask(protocol_state=state, sender=self.sender.strip("<>"), recipient=recipient,
                                            queue_id=queue_id, instance=instance, **self.shown))
        return self.answers[-1]

    def send(self, sender="<alice@example.org>", recipients=("<bob@example.net>",), headers=None, body=b"Hello\r\n"):
        self.sender, self.answers = sender, []
        return super().send(sender, recipients, headers, body)

    def _mail(self, sender, *parameters):
        if self.early:
            wait_until(lambda: sample(self.filter, "smf_spf_connections_open") == 2, 30, "both connections")
            self.ask("MAIL")
        return self.mail(sender, *parameters)

    def _rcpt(self, recipient, *parameters):
        answer = self.ask("RCPT", recipient.strip("<>"))
        if answer[:1] in "45" or answer.startswith("DEFER"):
            return Refusal(answer)
        return self.rcpt(recipient, *parameters)

    def _data(self):
        self.ask("DATA", queue_id=f"QUEUE{self.queue_id}")
        return self.data()


class Refusal:
    """A reply of Postfix's own."""
    kind, refused = "replycode", True

    def __init__(self, text):
        self.text = text


def lines_of(filter_, count):
    wait_until(lambda: filter_.log().count("verdict=") >= count, 30, "the lines")
    lines = [line for line in filter_.log().splitlines() if "verdict=" in line]
    equal(len(lines), count, f"lines: {lines}")
    return lines


def total(filter_, name):
    return sample(filter_, f"smf_spf_{name}_total")


@rows([("mail", {}), ("rcpt", {"RefuseAt": "rcpt"}), ("eom", {"RefuseAt": "eom"}), ("early", {"RefuseAt": "rcpt"})])
def a_pass_has_one_line_and_one_field(binary, config):
    with serving(binary, config) as filter_, PolicyClient(filter_.policy) as policy:
        with Postfix(filter_, policy, ip=GOOD_IP, early=config.get("RefuseAt") == "rcpt") as postfix:
            for number in (1, 2):
                outcome = postfix.send(recipients=["<bob@example.net>", "<carol@example.net>"])
                equal(set(postfix.answers), {"DUNNO"}, "answers of the policy service")
                equal(len(outcome.message.values("Authentication-Results")), 1, "fields")
        for number, line in enumerate(lines_of(filter_, 2), 1):
            contains(line, f"recipients=2, id=QUEUE{number}", "line")
        equal(total(filter_, "messages_begun"), 2, "messages")


@case
def a_recipient_that_is_refused_stands_in_the_line(binary):
    """The milter does not hear of it."""
    config = {"WhitelistTo": "friend@", "AddReceivedHeader": "on"}
    with serving(binary, config) as filter_, PolicyClient(filter_.policy) as policy:
        with Postfix(filter_, policy, ip=BAD_IP) as postfix:
            outcome = postfix.send(recipients=["<bob@example.net>", "<friend@example.net>", "<eve@example.net>"])
            check([answer[:10] for answer in postfix.answers] == [FAIL, "DUNNO", FAIL, "DUNNO"], f"{postfix.answers}")
            equal(len(outcome.message.values("Authentication-Results")), 1, "fields")
        [line] = lines_of(filter_, 1)
        contains(line, "verdict=accepted, to=<bob@example.net>, reply=550 5.7.23, to=<eve@example.net>, reply=550 5.7.23, "
                       "exempt-to=<friend@example.net>, recipients=1, id=QUEUE1", "line")
        equal(sample(filter_, 'smf_spf_replies_total{code="550"}'), 2, "replies")


@case
def a_message_that_is_refused_for_all_has_one_line_with_its_result(binary):
    with serving(binary, {"RefuseAt": "rcpt"}) as filter_, PolicyClient(filter_.policy) as policy:
        with Postfix(filter_, policy, ip=BAD_IP) as postfix:
            postfix.send()
            check(postfix.answers[0].startswith(FAIL), f"{postfix.answers}")
            postfix.quit()
        [line] = lines_of(filter_, 1)
        contains(line, "SPF fail: ", "line")
        contains(line, "reason=-all, verdict=refused, to=<bob@example.net>, reply=550 5.7.23", "line")
        equal(total(filter_, "messages_begun"), 1, "messages")


@case
def what_is_refused_before_the_milter_hears_of_it_is_the_services_own(binary):
    """At MAIL, where Postfix asks there."""
    with serving(binary) as filter_, PolicyClient(filter_.policy) as policy:
        with Postfix(filter_, policy, ip=BAD_IP) as postfix:
            postfix.sender = "<alice@example.org>"
            check(postfix.ask("MAIL").startswith(FAIL), f"{postfix.answers}")
            postfix.quit()
        contains(lines_of(filter_, 1)[0], "verdict=refused", "line")
        equal(total(filter_, "messages_begun"), 1, "messages")


@rows([("address", {"WhitelistIP": BAD_IP}, ""), ("login", {}, "joe")])
def an_exempt_client_has_one_line(binary, config, user):
    with serving(binary, config) as filter_, PolicyClient(filter_.policy) as policy:
        with Postfix(filter_, policy, ip=BAD_IP, user=user) as postfix:
            postfix.send()
            for state in ("RCPT", "DATA"):  # the milter hears of neither
                equal(postfix.ask(state, "bob@example.net", "QUEUE1"), "DUNNO", state)
            postfix.quit()
        contains(lines_of(filter_, 1)[0], "verdict=exempt", "line")


@rows([("rcpt", False), ("early", True)])
def an_exempt_sender_has_one_line_and_one_count(binary, early):
    with serving(binary, {"WhitelistFrom": "alice@", "RefuseAt": "rcpt"}) as filter_, PolicyClient(filter_.policy) as policy:
        with Postfix(filter_, policy, ip=BAD_IP, early=early) as postfix:
            postfix.send()
            postfix.quit()
        contains(lines_of(filter_, 1)[0], "verdict=exempt", "line")
        equal(sample(filter_, 'smf_spf_skipped_total{why="whitelisted-sender"}'), 1, "exempt")
        equal(total(filter_, "messages_begun"), 1, "messages")


@rows([("rcpt", {"RefuseAt": "rcpt"}), ("mail", {"RefuseFail": "off"}), ("test", {"TestMode": "on"}),
       ("exempt", {"WhitelistFrom": "alice@"})])
def a_message_that_ends_early_has_one_line(binary, config):
    """Asked about at MAIL, before the milter has it; then the client goes."""
    with serving(binary, config) as filter_, PolicyClient(filter_.policy) as policy:
        with Postfix(filter_, policy, ip=BAD_IP, early=True) as postfix:
            postfix.sender = "<alice@example.org>"
            postfix.client.mail(postfix.sender)
            postfix.quit()
        policy.close()
        wait_until(lambda: sample(filter_, "smf_spf_connections_open") == 0, 30, "the end of both connections")
        equal(total(filter_, "messages_begun"), 1, "messages")
        lines_of(filter_, 1)


@rows([("milter", {"Socket": "off"}), ("service", {"PolicySocket": "none"})])
def a_reload_that_names_no_socket_closes_none(binary, config):
    with serving(binary) as filter_, PolicyClient(filter_.policy) as policy:
        filter_.configure({"PolicySocket": filter_.policy, "Metrics": f"unix:{filter_.path('metrics')}", **config}, None)
        filter_.signal(signal.SIGUSR1)
        filter_.wait_log("effective only after a restart")
        with Postfix(filter_, policy, ip=GOOD_IP) as postfix:
            equal(len(postfix.send().message.values("Authentication-Results")), 1, "fields")
            equal(set(postfix.answers), {"DUNNO"}, "answers of the policy service")
        lines_of(filter_, 1)


@case
def a_relay_s_message_is_the_milters(binary):
    """The header, which names the client, is out of the service's sight."""
    with serving(binary, {"TrustedRelay": BAD_IP, "AddReceivedHeader": "on"}) as filter_, \
            PolicyClient(filter_.policy) as policy:
        with Postfix(filter_, policy, ip=BAD_IP, early=True) as postfix:
            received = f"from mx.example.org (unknown [{GOOD_IP}])\n\tby mx2.example.net (Postfix) with ESMTP id 4; Sun"
            outcome = postfix.send(headers=[("Received", received)])
            equal(set(postfix.answers), {"DUNNO"}, "answers of the policy service")
            equal(len(outcome.message.values("Received-SPF")), 1, "fields")
        contains(lines_of(filter_, 1)[0], f"SPF pass: ip={GOOD_IP}", "line")
        equal(sample(filter_, 'smf_spf_skipped_total{why="relay-unread"}'), 0, "messages that are not read")


@case
def a_failed_lookup_is_not_asked_for_again(binary):
    """A temperror is in no cache; one evaluation serves both."""
    with DnsServer() as server, serving(binary, {"RefuseAt": "rcpt", "DNSTimeout": "2s"}, servers=server) as filter_, \
            PolicyClient(filter_.policy) as policy:
        server.fault("example.org", "drop")
        with Postfix(filter_, policy, ip=BAD_IP) as postfix:
            outcome = postfix.send()
            contains(outcome.message.value("Authentication-Results"), "spf=temperror", "field")
        equal(sample(filter_, 'smf_spf_checks_total{identity="mailfrom",result="temperror"}'), 1, "checks")


@case
def another_connection_is_another_client(binary):
    """A client of the policy service alone, with the address but not the port of one that the milter has."""
    with serving(binary) as filter_, PolicyClient(filter_.policy) as policy:
        with Postfix(filter_, policy, ip=BAD_IP) as postfix:
            postfix.shown["client_port"] = "40002"
            postfix.sender, postfix.queue_id = "<alice@example.org>", 1
            check(postfix.ask("RCPT", "bob@example.net").startswith(FAIL), f"{postfix.answers}")
            lines_of(filter_, 1)
            postfix.quit()
        lacks(filter_.log(), "verdict=ended", "log")


@case
def a_pass_has_its_action_and_its_field(binary):
    with serving(binary, {"OnPass": "a_class"}) as filter_, PolicyClient(filter_.policy) as policy:
        with Postfix(filter_, policy, ip=GOOD_IP) as postfix:
            outcome = postfix.send()
            equal(postfix.answers, ["a_class", "DUNNO"], "answers")
            equal(len(outcome.message.values("Authentication-Results")), 1, "fields")
        lines_of(filter_, 1)
