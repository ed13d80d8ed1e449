# SPDX-License-Identifier: GPL-2.0-or-later
"""The sender that is judged is the one that the server sends on, however the client wrote it."""

import re

import forms
from cases import Group
from waiting import wait_for
from world import BAD, GOOD, USER

RECORDED = Group("recorded-senders", [("RefuseFail", "off"), ("TagSubject", "off")])
REFUSED = Group("refused-senders", [("WhitelistFrom", "friend@fail.example")])
TESTED = Group("tested-senders", [("TestMode", "on"), ("RelaxedLocalPart", "off")])
GROUPS = [RECORDED, REFUSED, TESTED]

HELO = "bad.fail.example"
PER_CONNECTION = 20


def outermost_at(address):
    """Where the @ stands that is neither in quotes nor after a backslash; -1: nowhere."""
    at, quoted, place = -1, False, 0
    while place < len(address):
        if address[place] == "\\":
            place += 1
        elif address[place] == '"':
            quoted = not quoted
        elif address[place] == "@" and not quoted:
            at = place
        place += 1
    return at


def a_label(label):
    return label if label.isascii() else "xn--" + label.encode("punycode").decode()


def domain_of(sent_on):
    """The domain of an address that a server sent on."""
    if "@" not in sent_on:  # Sendmail takes it for a host's, and has nothing to add
        return "localhost"
    address = sent_on
    if sent_on.endswith("@"):  # what Postfix leaves of <a@x@>: it reads a@x
        address = re.sub(r'^"(.*)"$', r"\1", sent_on.rstrip("@")).rstrip("@")
        if "@" not in address:
            address = re.sub(r"^([^!]+)!(.*)$", r"\2@\1", address)
        if "@" not in address:
            address = re.sub(r"%([^%]*)$", r"@\1", address)
    domain = re.sub(r'["\\]', "", address[outermost_at(address) + 1 :]).strip(".,;").lower()
    return ".".join(map(a_label, domain.split(".")))


def is_name(domain):
    """Whether this is a name that may have a record."""
    return re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+", domain) is not None


def judged(message):
    """The domain that Authentication-Results names, behind the name of the identity."""
    value = message.value("Authentication-Results")
    match = re.search(r'smtp\.(mailfrom|helo)=("(?:[^"\\]|\\.)*"|[^ ;]+)', value)
    return (match[1], match[2].strip('"').lower()) if match else ("mailfrom", "")


def problem(form, message):
    """What is wrong about a delivered message, or None."""
    identity, domain = judged(message)
    if message.sender == "":
        right = identity == "helo"
    else:
        wanted = domain_of(message.sender)
        own = domain == "mx.receiver.example"  # stands for localhost and the like
        right = identity == "mailfrom" and (domain == wanted if is_name(wanted) else own or not is_name(domain))
    return None if right else f"{form} was judged as {identity} {domain!r} and sent on from {message.sender!r}"


def send_forms(world, senders, parameters):
    """Sends a message from each; returns those that the server took, with the token of each."""
    taken = {}
    for start in range(0, len(senders), PER_CONNECTION):
        with world.connect(BAD) as connection:
            for form in senders[start : start + PER_CONNECTION]:
                message, token = world.compose()
                if connection.command(f"MAIL FROM:{form}{parameters(form)}").code != 250:
                    continue
                connection.rcpt(USER).check(250)
                connection.data(message).check(250)
                taken[token] = form
    return taken


def check_forms(world, senders, parameters=lambda form: ""):
    """Checks each sender that the server takes; returns how many these were."""
    taken = send_forms(world, senders, parameters)

    def arrived():
        return {token: message for message in list(world.sink.deliveries) for token in message.values("X-Test-Token")}

    wait_for("the messages to arrive", lambda: taken.keys() <= arrived().keys())
    messages = arrived()
    problems = [problem(form, messages[token]) for token, form in taken.items()]
    problems = [text for text in problems if text]
    assert not problems, f"{len(problems)} of {len(taken)}: {'; '.join(problems)}"
    return len(taken)


@RECORDED.case()
def what_is_sent_on_is_what_was_judged(world):
    assert check_forms(world, forms.SENDERS) > len(forms.SENDERS) // 2


@RECORDED.case()
def whatever_the_form(world):
    utf8 = world.mta.name == "postfix"
    senders = forms.made_up(world.seed, world.forms, bare=True, utf8=utf8)
    try:
        taken = check_forms(world, senders, lambda form: "" if form.isascii() else " SMTPUTF8")
    except AssertionError as failure:
        raise AssertionError(f"--seed {world.seed} --forms {world.forms}: {failure}") from None
    print(f"# seed {world.seed}: {taken} of {world.forms} forms were taken", flush=True)
    assert taken > world.forms // 10, f"only {taken} forms were taken"


def answer(world, form, client=BAD, helo=None):
    """The reply to MAIL with this text."""
    with world.connect(client, helo) as connection:
        return connection.command("MAIL FROM:" + form)


@REFUSED.case()
def nobody_gets_round_a_refusal(world):
    for form in ("<a@fail.example;>", "<a%fail.example>", "<x:a@fail.example;>", "<@pass.example:a%fail.example>"):
        answer(world, form).check(550, "5.7.23")
        answer(world, form, GOOD).check(250)
    if world.mta.name == "postfix":
        answer(world, '<"a@fail.example">').check(550, "5.7.23")
        answer(world, r"<a\@fail.example>").check(550, "5.7.23")


@REFUSED.case()
def nobody_is_whitelisted_by_a_form(world):
    answer(world, "<friend@fail.example;>").check(250)
    answer(world, "<friend%fail.example@local.example>").check(550, "5.7.23", "local.example")
    for form in ("<(friend@fail.example)a@fail.example>", "<@friend:a@fail.example>"):
        answer(world, form).check(550, "5.7.23")


@REFUSED.case()
def null_sender_in_another_form(world):
    for form in ("<;>", "<(c)>"):
        answer(world, form, helo="mail.pass.example").check(550, "5.7.23", "postmaster@mail.pass.example")


@REFUSED.case()
def sender_without_a_domain_is_of_the_server(world):
    for form in ("<alice>", "<postmaster>", "alice"):
        answer(world, form).check(550, "5.7.23", "receiver.example is not permitted")
        answer(world, form, GOOD).check(250)


@REFUSED.case(mtas=("sendmail",))
def localhost_is_the_server(world):
    for form in ("<a@localhost>", "<a%pass.example@localhost>", '<"a@pass.example">', r"<a\@pass.example>"):
        answer(world, form).check(550, "5.7.23", "mx.receiver.example is not permitted")


@REFUSED.case()
def sender_without_a_local_part(world):
    message = world.send('""@pass.example', GOOD).delivered()
    assert "spf=pass" in message.value("Authentication-Results"), message.fields
    answer(world, '<""@fail.example>').check(550, "5.7.23")
    if world.mta.name == "postfix":
        world.send("@pass.example", GOOD).delivered()
        answer(world, "<@fail.example>").check(550, "5.7.23")


@REFUSED.case(mtas=("postfix",))
def names_that_are_no_u_labels(world):
    for name in ("i❤.example", "I❤\ufe0f.example", "a\u200db.example", "xn--i-7iq.example"):
        world.send(f"a@{name}", BAD, parameters=" SMTPUTF8").mail.check(550, "5.7.23")
        world.send(f"a@{name}", GOOD, parameters=" SMTPUTF8").delivered()


@REFUSED.case(mtas=("sendmail",))
def names_of_raw_octets(world):
    for name in ("bü--x.example", "xn--b--x-0ra.example"):
        world.send(f"a@{name}", BAD).mail.check(550, "5.7.23")
        world.send(f"a@{name}", GOOD).delivered()


@TESTED.case()
def long_local_part_in_test_mode(world):
    message = world.send("l" * 65 + "@pass.example", GOOD).delivered()
    for field in ("Authentication-Results", "Received-SPF"):
        assert "test mode: would be refused with 550 5.1.7" in message.value(field), message.fields
    assert "spf=pass" in message.value("Authentication-Results"), message.fields
