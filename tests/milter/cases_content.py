# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done to a message that goes on: tags in the subject, and the quarantine."""

from email.header import decode_header, make_header

from wire_common import BAD_IP, HEADERS, Mta, case, check, classic, contains, delivered, equal, one, rows, untouched

SOFT = "<alice@soft.example.org>"
TAG = "[SPF:fail]"
TO = ("To", "bob@example.net")


def tagged(filter_, headers, sender=SOFT, **client):
    return delivered(one(filter_, sender, headers=headers, ip=BAD_IP, **client))


@rows([
    ("plain", "hello", "[SPF:fail] hello"),
    ("empty", "", "[SPF:fail]"),
    ("blanks", "   ", "[SPF:fail]"),
    ("tagged", "[SPF:fail] hello", "[SPF:fail] hello"),
    ("tagged-reply", "Re: [SPF:fail] hello", None),
    ("percent", "100% %s %n", "[SPF:fail] 100% %s %n"),
    ("utf8", "größer", "[SPF:fail] größer"),
    ("latin1", "gr\udcf6\udcdfer", "[SPF:fail] gr\udcf6\udcdfer"),
    ("long", "x" * 900, "[SPF:fail] " + "x" * 900),
])
def subject(binary, before, after):
    with classic(binary) as filter_:
        found = tagged(filter_, [TO, ("Subject", before)]).value("Subject")
        if after is None:
            check(found in (before, f"{TAG} {before}"), f"subject {found!r}")
        else:
            equal(found.strip(), after, "subject")


@rows([
    ("base64", "=?utf-8?B?Z3LDtsOfZXI=?=", "größer"),
    ("quoted-printable", "=?iso-8859-1?Q?gr=F6=DFer_als?=", "größer als"),
    ("two-words", "=?utf-8?Q?gr=C3=B6?= =?utf-8?Q?=C3=9Fer?=", "größer"),
    ("word-later", "mehr: =?utf-8?Q?gr=C3=B6=C3=9Fer?=", "mehr: größer"),
])
def subject_encoded(binary, before, meaning):
    with classic(binary) as filter_:
        found = tagged(filter_, [TO, ("Subject", before)]).value("Subject")
        equal(str(make_header(decode_header(found))), f"{TAG} {meaning}", f"meaning of {found!r}")


@case
def subject_encoded_and_tagged_already(binary):
    before = "[SPF:fail] =?utf-8?Q?gr=C3=B6=C3=9Fer?="
    with classic(binary) as filter_:
        equal(tagged(filter_, [TO, ("Subject", before)]).value("Subject"), before, "subject")


@case
def subject_folded(binary):
    with classic(binary) as filter_:
        found = tagged(filter_, [TO, ("Subject", "one\n\ttwo\n three")]).value("Subject")
        equal(" ".join(found.split()), f"{TAG} one two three", "subject")
        found = tagged(filter_, [TO, ("Subject", "[SPF:fail]\n\ttwo")]).value("Subject")
        equal(" ".join(found.split()), f"{TAG} two", "subject tagged already")


@case
def subject_missing(binary):
    with classic(binary) as filter_:
        equal(tagged(filter_, [TO]).value("Subject"), TAG, "subject")


@case
def subject_in_any_case_and_place(binary):
    with classic(binary) as filter_:
        message = tagged(filter_, [("SUBJECT", "hello"), TO, ("X-Subject", "other")])
        equal(message.value("Subject"), f"{TAG} hello", "subject")
        equal(message.value("X-Subject"), "other", "another field")


@case
def which_results_are_tagged(binary):
    table = [("example.org", True), ("soft.example.org", True), ("neutral.example.org", False),
             ("none.example.org", False), ("broken.example.org", False), ("servfail.example.org", False)]
    with classic(binary, {"RefuseFail": "off"}) as filter_:
        for domain, expected in table:
            found = tagged(filter_, HEADERS, f"<a@{domain}>").value("Subject")
            equal(found, f"{TAG} hello" if expected else "hello", domain)
        equal(delivered(one(filter_)).value("Subject"), "hello", "pass")


@case
def tag_switched_off_and_other_tag(binary):
    with classic(binary, {"TagSubject": "off"}) as filter_:
        equal(tagged(filter_, HEADERS).value("Subject"), "hello", "subject")
    with classic(binary, {"Tag": '"*** 100% SPF # ***"'}) as filter_:
        equal(tagged(filter_, HEADERS).value("Subject"), "*** 100% SPF # *** hello", "subject")


@case
def whitelisted_recipient_gets_it_as_it_came(binary):
    """Neither tag nor quarantine; the result is recorded."""
    for config in ({}, {"Quarantine": "on"}):
        with classic(binary, {"WhitelistTo": "postmaster@", **config}) as filter_:
            message = delivered(one(filter_, recipients="<postmaster@example.net>", ip=BAD_IP))
            equal(message.value("Subject"), "hello", "subject")
            equal(message.recipients, ["<postmaster@example.net>"], "recipients")
            contains(message.value("Authentication-Results"), "spf=fail", "field")


@case
def quarantine(binary):
    recipients = ["<bob@example.net>", "<Carol@Example.NET>", "dave@example.net", '<"odd one"@example.net>']
    with classic(binary, {"Quarantine": "on", "QuarantineBox": "spam@example.net"}) as filter_:
        message = delivered(one(filter_, SOFT, recipients, ip=BAD_IP))
        equal([address.strip("<>") for address in message.recipients], ["spam@example.net"], "recipients")
        kept = " ".join(message.values("X-SPF-Original-To"))
        for recipient in recipients:
            contains(kept, recipient.strip("<>"), "X-SPF-Original-To")
        contains(message.value("Authentication-Results"), "spf=softfail", "field")


@case
def quarantine_of_a_fail_and_default_box(binary):
    with classic(binary, {"Quarantine": "on", "RefuseFail": "off"}) as filter_:
        message = delivered(one(filter_, ip=BAD_IP))
        equal([address.strip("<>") for address in message.recipients], ["postmaster"], "recipients")
        contains(" ".join(message.values("X-SPF-Original-To")), "bob@example.net", "X-SPF-Original-To")


@case
def quarantine_hold(binary):
    with classic(binary, {"Quarantine": "hold", "RefuseFail": "off"}) as filter_:
        for sender, result in ((SOFT, "softfail"), ("<alice@example.org>", "fail")):
            message = delivered(one(filter_, sender, ["<bob@example.net>", "<carol@example.net>"], ip=BAD_IP))
            equal(message.quarantine, f"SPF {result}", "reason")
            equal(message.recipients, ["<bob@example.net>", "<carol@example.net>"], "recipients")
            contains(message.value("Authentication-Results"), f"spf={result}", "field")
        for sender, client in (("<alice@example.org>", "192.0.2.1"), ("<a@none.example.org>", BAD_IP)):
            equal(delivered(one(filter_, sender, ip=client)).quarantine, "", f"quarantine of {sender}")
        filter_.wait_log("verdict=held")
    with classic(binary, {"Quarantine": "hold", "WhitelistTo": "carol@"}) as filter_:
        message = delivered(one(filter_, SOFT, ["<bob@example.net>", "<carol@example.net>"], ip=BAD_IP))
        equal(message.quarantine, "", "quarantine beside a whitelisted recipient")
    with classic(binary, {"Quarantine": "on"}) as filter_:
        equal(delivered(one(filter_, SOFT, ip=BAD_IP)).quarantine, "", "quarantine by a mailbox")


@case
def quarantine_leaves_others_alone(binary):
    with classic(binary, {"Quarantine": "on"}) as filter_:
        for sender, client in (("<alice@example.org>", "192.0.2.1"), ("<a@neutral.example.org>", BAD_IP),
                               ("<a@none.example.org>", BAD_IP), ("<a@servfail.example.org>", BAD_IP)):
            message = delivered(one(filter_, sender, ip=client))
            equal(message.recipients, ["<bob@example.net>"], f"recipients of {sender}")
            equal(message.values("X-SPF-Original-To"), [], "X-SPF-Original-To")
    with classic(binary, {"Quarantine": "off"}) as filter_:
        equal(delivered(one(filter_, SOFT, ip=BAD_IP)).recipients, ["<bob@example.net>"], "switched off")


@case
def quarantine_of_many_and_of_the_next_message(binary):
    recipients = [f"<user{number}@example.net>" for number in range(300)]
    with classic(binary, {"Quarantine": "on"}) as filter_, Mta(filter_.address, ip=BAD_IP) as mta:
        for names in (recipients, ["<bob@example.net>"]):
            message = delivered(mta.send(SOFT, names))
            equal(len(message.recipients), 1, "recipients")
            kept = " ".join(message.values("X-SPF-Original-To"))
            for recipient in names:
                contains(kept, recipient.strip("<>"), "X-SPF-Original-To")
            check(len(names) > 1 or "user1@" not in kept, "recipients of the message before came back")
        mta.quit()


@case
def quarantine_keeps_what_was_refused_out(binary):
    """A recipient that another filter or the MTA refused is not resurrected: only accepted ones are kept."""
    with classic(binary, {"Quarantine": "on", "RefuseFail": "on", "WhitelistTo": "postmaster@"}) as filter_:
        message = delivered(one(filter_, recipients=["<bob@example.net>", "<postmaster@example.net>"], ip=BAD_IP))
        check("bob@example.net" not in " ".join(message.values("X-SPF-Original-To")), f"{message.fields}")


@case
def pass_changes_nothing_but_adds_its_field(binary):
    with classic(binary) as filter_:
        message = delivered(one(filter_))
        equal([name for name, _ in message.changes], ["insheader"], "changes")
    with classic(binary, {"AddHeader": "off"}) as filter_:
        untouched(delivered(one(filter_)))
