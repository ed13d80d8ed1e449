# SPDX-License-Identifier: GPL-2.0-or-later
"""What a refusal says: reasons, explanations, temporary refusals, malformed addresses."""

from cases import Group
from world import BAD, GOOD, USER

EXPLANATIONS = Group("explanations", [])
SOFT = Group("soft-fail", [("SoftFail", "on"), ("RejectReason", '"100% sure: %s is not for %s by %s, naïve %d"')])
STRICT = Group("strict", [("RefuseSPFNone", "on"), ("AcceptTempError", "off")])
STRICT_HELO = Group("strict-helo", [("RefuseSPFNoneHelo", "on")])
SHORT = Group("short-local-parts", [("RelaxedLocalPart", "off")])
GROUPS = [EXPLANATIONS, SOFT, STRICT, STRICT_HELO, SHORT]

MAX_REPLY_LINE = 510
LONG_LOCAL_PART = "l" * 65


@EXPLANATIONS.case()
def explanation_of_the_domain(world):
    explanation = "Mail from exp.example comes from our own servers only, and 203.0.113.66 is none of them."
    world.send("a@exp.example").mail.check(550, "5.7.23", explanation)


@EXPLANATIONS.case()
def explanation_with_line_ends_injects_nothing(world):
    with world.connect(BAD) as connection:
        reply = world.send_on(connection, "a@expcrlf.example").mail.check(550, "5.7.23")
        assert all(line.startswith("550") for line in reply.lines), reply
        world.send_on(connection, "a@neutral.example").delivered()


@EXPLANATIONS.case()
def explanation_longer_than_a_line(world):
    reply = world.send("a@explong.example").mail.check(550, "5.7.23")
    lengths = [len(line) for line in reply.lines]
    assert max(lengths) <= MAX_REPLY_LINE, f"reply lines of {lengths} octets"


@SHORT.case()
def long_local_part_of_a_sender_is_refused(world):
    with world.connect(GOOD) as connection:
        connection.mail(LONG_LOCAL_PART + "@pass.example").check(550, "5.1.7")
        world.send_on(connection, "a@pass.example").delivered()


@SHORT.case()
def long_local_part_of_a_recipient_is_refused(world):
    with world.connect(GOOD) as connection:
        sent = world.send_on(connection, "a@pass.example", recipients=(LONG_LOCAL_PART + "@receiver.example", USER))
        sent.rcpts[0].check(550, "5.1.3")
        sent.delivered([USER])


@EXPLANATIONS.case()
def strange_addresses_do_no_harm(world):
    strange = (
        "a@",
        "@pass.example",
        "a@b@pass.example",
        "a..b@pass.example",
        '"a b"@pass.example',
        '"a>b"@pass.example',
        "a@pass.example.",
        "a@pass..example",
        "@relay.example:a@pass.example",
        "a@[203.0.113.10]",
        "a@[IPv6:2001:db8:1::10]",
        "a",
        "a;b=c@pass.example",
        "a@x;dkim=pass",
        "%s%n@pass.example",
        "a@" + "l" * 63 + ".example",
        "a@" + "l" * 64 + ".example",
        "a@" + ".".join(["label"] * 60),
    )
    with world.connect(GOOD) as connection:
        for address in strange:
            for command in (f"MAIL FROM:<{address}>", f"MAIL FROM:{address}"):
                reply = connection.command(command)
                assert reply.code in (250, 501, 550, 553), f"{command}: {reply}"
                if reply.code == 250:
                    reply = connection.rcpt(address)
                    assert reply.code in (250, 501, 550, 553), f"RCPT {address}: {reply}"
                connection.command("RSET").check(250)
            world.filter.check_is_running()
        world.send_on(connection, "a@pass.example").delivered()


@SOFT.case()
def soft_fail_and_a_reason_with_signs(world):
    reply = world.send("a@fail.example").mail
    reply.check(450, "4.7.23", "100% sure: a@fail.example is not for 203.0.113.66 by mx.receiver.example, na", "ve %d")
    assert all(len(line) <= MAX_REPLY_LINE for line in reply.lines), reply


@STRICT.case()
def none_refused(world):
    world.send("a@none.example").mail.check(550, "5.7.1")


@STRICT.case()
def none_of_a_null_sender_not_refused(world):
    world.send("", GOOD, helo="mail.none.example").delivered()


@STRICT.case()
def temperror_refused_for_now(world):
    world.send("a@served-nowhere.test").mail.check(451, "4.7.24")


@STRICT.case()
def local_submission_under_strict_rules(world):
    for sender in ("a@none.example", "a@served-nowhere.test"):
        world.submit_by_header(sender)
        world.submit_by_pipe(sender)


@STRICT.case()
def permerror_not_refused(world):
    world.send("a@permerror.example").delivered()


@STRICT_HELO.case()
def none_of_a_null_sender_refused(world):
    world.send("", GOOD, helo="mail.none.example").mail.check(550, "5.7.1")


@STRICT_HELO.case()
def none_of_a_sender_not_refused(world):
    world.send("a@none.example").delivered()


@EXPLANATIONS.case()
def long_local_part_passes(world):
    message = world.send(LONG_LOCAL_PART + "@pass.example", GOOD).delivered()
    assert "spf=pass" in message.value("Authentication-Results"), message.fields
