# SPDX-License-Identifier: GPL-2.0-or-later
"""config --from: the command, and the converted samples of each system running and behaving as they did there."""

import os
import re

from process_common import EX_CONFIG, EX_USAGE, prepared, run
from wire_common import (BAD_IP, GOOD_IP, ZONE, Filter, Skip, authentication_results, case, check, contains, delivered,
                         equal, lacks, one, refused, rows)

SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "unit", "tools", "convert")
SYSTEMS = ["policyd-spf", "pyspf-milter", "spf-milter"]
EX_DATAERR, EX_NOINPUT = 65, 66
FAIL, SOFTFAIL, PERMERROR, DEFERRED = "550 5.7.23", "550 5.7.1", "550 5.7.24", "451 4.7.24"
SKIPPED_IP = "203.0.113.5"  # in each sample a network that is not checked
# Keys that name the old program's place on the host; the test has its own.
PLACE = re.compile(r"^(Socket|SocketMode|SocketGroup|User|PidFile|LogLevel) .*\n", re.MULTILINE)

GOOD = "<alice@example.org>"            # passes from GOOD_IP, fails from elsewhere
HELO_PASS = "mx.example.org"            # from GOOD_IP
HELO_FAIL = "nofrom.example.org"        # from everywhere
HELO_SOFTFAIL = "soft.example.org"      # from BAD_IP
HELO_NONE = "none.example.org"
NO_RECORD = "<alice@none.example.org>"


def sample(system):
    return os.path.join(SAMPLES, system + ".conf")


def converted(binary, system):
    return run(binary, "config", "--from", system, sample(system))


def needs(done, *keys):
    """Skips where this build lacks one of the keys (any, if none is named)."""
    missing = set(re.findall(r"this smf-spf has no key (\w+)", done.stdout))
    missing = missing & set(keys) if keys else missing
    if missing:
        raise Skip(f"this build has no {', '.join(sorted(missing))}")


def running(binary, system, *keys):
    """A filter with the converted sample."""
    done = converted(binary, system)
    needs(done, *(keys or ["CheckHelo"]))
    filter_ = Filter(binary, {"LogLevel": "debug"}, zone=ZONE)
    with open(filter_.config_path, encoding="utf-8") as file:
        place = file.read()
    filter_.configure(PLACE.sub("", done.stdout) + place)
    return filter_


def behaves(filter_, sender, ip, helo, expected, **options):
    """expected: how the refusal begins, or None where the message goes on, which is returned."""
    found = one(filter_, sender, ip=ip, helo=helo, **options)
    if expected is None:
        return delivered(found)
    refused(found, expected)
    return None


# name, system, sender, client, HELO, how the refusal begins
BEHAVIOUR = [
    ("policyd-pass", "policyd-spf", GOOD, GOOD_IP, HELO_PASS, None),
    ("policyd-fail", "policyd-spf", GOOD, BAD_IP, HELO_NONE, FAIL),
    ("policyd-softfail", "policyd-spf", "<a@soft.example.org>", BAD_IP, HELO_NONE, SOFTFAIL),  # a domain of its own
    ("policyd-neutral", "policyd-spf", "<a@neutral.example.org>", BAD_IP, HELO_NONE, SOFTFAIL),
    ("policyd-none", "policyd-spf", NO_RECORD, BAD_IP, HELO_NONE, None),
    ("policyd-permerror", "policyd-spf", "<a@broken.example.org>", BAD_IP, HELO_NONE, PERMERROR),
    ("policyd-temperror", "policyd-spf", "<a@servfail.example.org>", BAD_IP, HELO_NONE, DEFERRED),
    ("policyd-helo-fail", "policyd-spf", GOOD, GOOD_IP, HELO_FAIL, FAIL),
    ("policyd-helo-softfail", "policyd-spf", NO_RECORD, BAD_IP, HELO_SOFTFAIL, SOFTFAIL),
    ("policyd-whitelist", "policyd-spf", GOOD, "192.0.2.70", HELO_FAIL, None),
    ("pyspf-pass", "pyspf-milter", GOOD, GOOD_IP, HELO_PASS, None),
    ("pyspf-fail", "pyspf-milter", GOOD, BAD_IP, HELO_NONE, FAIL),
    ("pyspf-softfail", "pyspf-milter", "<a@soft.example.org>", BAD_IP, HELO_NONE, SOFTFAIL),
    ("pyspf-neutral", "pyspf-milter", "<a@neutral.example.org>", BAD_IP, HELO_NONE, None),
    ("pyspf-permerror", "pyspf-milter", "<a@broken.example.org>", BAD_IP, HELO_NONE, None),
    ("pyspf-temperror", "pyspf-milter", "<a@servfail.example.org>", BAD_IP, HELO_NONE, None),
    ("pyspf-helo-fail", "pyspf-milter", GOOD, GOOD_IP, HELO_FAIL, None),
    ("rust-pass", "spf-milter", GOOD, GOOD_IP, HELO_PASS, None),
    ("rust-fail", "spf-milter", GOOD, BAD_IP, HELO_NONE, FAIL),
    ("rust-softfail", "spf-milter", "<a@soft.example.org>", BAD_IP, HELO_NONE, None),
    ("rust-permerror", "spf-milter", "<a@broken.example.org>", BAD_IP, HELO_NONE, DEFERRED),
    ("rust-temperror", "spf-milter", "<a@servfail.example.org>", BAD_IP, HELO_NONE, DEFERRED),
    ("rust-helo-fail", "spf-milter", GOOD, GOOD_IP, HELO_FAIL, FAIL),
    ("rust-helo-softfail", "spf-milter", NO_RECORD, BAD_IP, HELO_SOFTFAIL, SOFTFAIL),
    ("rust-skipped-sender", "spf-milter", "<a@below.partner.example>", BAD_IP, HELO_NONE, None),
]


@rows(BEHAVIOUR)
def converted_behaves(binary, system, sender, client, helo, expected):
    own_domains = system == "policyd-spf" and ("soft" in sender or "neutral" in sender)
    with running(binary, system, *(["RefuseFor"] if own_domains else [])) as filter_:
        behaves(filter_, sender, client, helo, expected)


@rows([("policyd", "policyd-spf", False, True), ("pyspf", "pyspf-milter", False, False),
       ("rust", "spf-milter", True, True)])
def converted_fields(binary, system, results, received):
    """Each system's fields, and no tag before the subject."""
    with running(binary, system) as filter_:
        message = behaves(filter_, NO_RECORD, BAD_IP, HELO_NONE, None)
        equal(bool(message.values("Authentication-Results")), results, "Authentication-Results")
        equal(bool(message.values("Received-SPF")), received, "Received-SPF")
        equal(message.value("Subject"), "hello", "subject")
        if results:
            equal(authentication_results(message.values("Authentication-Results")[0])[0], "mx.example.net", "id")


@rows([(system, system) for system in SYSTEMS])
def converted_skips_the_address(binary, system):
    with running(binary, system) as filter_:
        message = behaves(filter_, GOOD, SKIPPED_IP, HELO_FAIL, None)
        equal(message.changes, [], "changes of a message from an address that is skipped")


@rows([("pyspf", "pyspf-milter", False), ("rust", "spf-milter", True)])
def converted_authenticated_sender(binary, system, skipped):
    macros = {"mail": {"{auth_type}": "PLAIN", "{auth_authen}": "fred"}}
    with running(binary, system) as filter_:
        behaves(filter_, GOOD, BAD_IP, HELO_NONE, None if skipped else FAIL, macros=macros)


# The command

@rows([(system, system) for system in SYSTEMS])
def converted_passes_the_check(binary, system):
    done = converted(binary, system)
    check(done.returncode in (0, EX_DATAERR), f"exit status {done.returncode}: {done.stderr}")
    with prepared(binary) as filter_:
        filter_.configure(done.stdout)
        checked = run(binary, "config", "-c", filter_.config_path)  # -n would miss the accounts that it names
        equal(checked.returncode, 0, f"check: {checked.stderr}")


@rows([(system, system) for system in SYSTEMS])
def conversion_of_a_whole_file_ends_with_0(binary, system):
    done = converted(binary, system)
    needs(done)
    equal((done.returncode, done.stderr), (0, ""), "status and warnings")


@case
def conversion_of_a_part_is_told(binary):
    with prepared(binary) as filter_:
        path = filter_.write("old.conf", "Void_Limit = 2\nMilk = yes\nPer_User = file:/etc/users\n")
        done = run(binary, "config", "--from", "policyd-spf", path)
        equal(done.returncode, EX_DATAERR, "exit status")
        contains(done.stderr, f"{path}:2: Milk: ", "warnings")
        contains(done.stderr, f"{path}:3: Per_User: ", "warnings")
        lacks(done.stderr, "Void_Limit", "warnings")
        contains(done.stdout, "# Milk = yes\n#   Not converted", "output")


# PostSRSd's two kinds of files, each with its secrets; name, form
SRS_FILES = [
    ("variables", "SRS_DOMAIN=fwd.example\nSRS_EXCLUDE_DOMAINS='own.example .own.example'\nSRS_SECRET={}\n"
     "SRS_HASHLENGTH=6 # longer\nSRS_HASHMIN=4\nRUN_AS=postsrsd\n"),
    ("confuse", "domains = {{\n  \"fwd.example\", \".fwd.example\", own.example, .own.example\n}} # ours\n"
     "secrets-file = '{}'\nhash-length = 6\nsocketmap = inet:localhost:10003\nsyslog = on\n"),
]


@rows(SRS_FILES)
def postsrsd_rewrites_as_it_did(binary, form):
    """What PostSRSd 1.10 wrote with this secret is read, and the same senders are rewritten and left."""
    with prepared(binary) as filter_:
        secrets = filter_.write("secrets", "tops3cr3t\n")
        os.chmod(secrets, 0o600)
        done = run(binary, "config", "--from", "postsrsd", filter_.write("old", form.format(secrets)))
        equal((done.returncode, done.stderr), (0, ""), "status and warnings")
        filter_.configure(done.stdout)

        def srs(*arguments):
            found = run(binary, "srs", *arguments, "-c", filter_.config_path)
            return found.returncode, found.stdout.strip()

        status, written = srs("forward", "alice@example.com")
        check(status == 0 and re.fullmatch(r"SRS0=[\w-]{6}=\w\w=example\.com=alice@fwd\.example", written), written)
        equal(srs("reverse", written), (0, "alice@example.com"), "and back")
        equal(srs("reverse", "SRS0=UoEz=JQ=example.com=bob@fwd.example")[0], 3, "status of a forged one")
        equal(srs("forward", "alice@own.example"), (1, "alice@own.example"), "a local domain")
        equal(srs("forward", "alice@sub.own.example"), (1, "alice@sub.own.example"), "below a local domain")
        equal(srs("forward", "alice@fwd.example"), (1, "alice@fwd.example"), "the domain itself")


@case
def postsrsd_without_its_domain_is_told(binary):
    with prepared(binary) as filter_:
        path = filter_.write("old", "SRS_SECRET=/etc/postsrsd.secret\nSRS_DOMAIN=`postconf -h mydomain || true`\n")
        done = run(binary, "config", "--from", "postsrsd", path)
        equal(done.returncode, EX_DATAERR, "exit status")
        contains(done.stderr, f"{path}:2: SRS_DOMAIN: the shell makes this value", "warnings")
        contains(done.stdout, "\n#TableSocket tcp-forward:inet:10001@127.0.0.1\n#   Not active: it needs SRSDomain\n", "output")
        equal(run(binary, "config", "-c", filter_.write("new", done.stdout)).returncode, 0, "the output is a configuration")


TREE = {
    "__default__": "SPFSEEDONLY = 0\nGREYLISTTIME = 600 # s\nCHECKERS = spf\nOTHERCONFIGS = envelope_recipient\n",
    f"client_address/{BAD_IP.replace('.', '/')}": "CHECKERS =\n",
    "client_address/203/0/__default__": "CHECKERS =\n",
    "envelope_sender/soft.example.org/__default__": "CHECKERS = spf\n",
    "envelope_sender/example.org/joe%2bx": "SPFSEEDONLY = 1\n",
    "envelope_recipient/tested.example/__default__": "SPFSEEDONLY = 1\n",
    "envelope_recipient/tested.example/boss": "SPFSEEDONLY = 0\n",
    "envelope_recipient/open.example/bob": "CHECKERS =\n",
}


def write_tree(filter_, files):
    for name, text in files.items():
        path = filter_.path("tree/" + name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        filter_.write("tree/" + name, text)
    return filter_.path("tree")


@case
def tumgreyspf_behaves_as_its_tree_says(binary):
    with Filter(binary, {}, zone=ZONE) as filter_:
        done = run(binary, "config", "--from", "tumgreyspf", write_tree(filter_, TREE))
        equal((done.returncode, done.stderr), (0, ""), "status and warnings")
        with open(filter_.config_path, encoding="utf-8") as file:
            filter_.configure(done.stdout + file.read())
        filter_.signal(10)
        filter_.wait_log("reloaded")
        other = "198.51.100.77"  # fails for example.org
        for sender, client, recipient, is_refused in (
                (GOOD, other, "bob@example.net", True), (GOOD, GOOD_IP, "bob@example.net", False),
                (GOOD, BAD_IP, "bob@example.net", False), (GOOD, "203.0.113.9", "bob@example.net", False),
                ("<joe+x@example.org>", other, "bob@example.net", False), ("<joe@example.org>", other, "bob@example.net", True),
                (GOOD, other, "bob@tested.example", False), (GOOD, other, "boss@tested.example", True),
                (GOOD, other, "bob@open.example", False), (GOOD, other, "eve@open.example", True), ("<>", other, "b@x.example", False),
                ("<a@soft.example.org>", other, "bob@example.net", False)):
            found = one(filter_, sender, ip=client, recipients=f"<{recipient}>", helo=HELO_NONE)
            equal(found.refusal is not None, is_refused, f"{sender} from {client} to {recipient}")


@case
def tumgreyspf_trees_that_say_more(binary):
    """Exceptions that cannot be, unknown settings, and what is no file of the tree."""
    files = {"__default__": "CHECKERS = greylist\nMILK = 1\n", "client_address/10/__default__": "CHECKERS = spf\n",
             "client_address/10/x/1": "CHECKERS = spf\n", "client_address/300": "CHECKERS = spf\n",
             "envelope_sender/a.example/joe": "CHECKERS = spf\n", "envelope_sender/b.example/__default__": "CHECKERS = spf\n",
             "envelope_recipient/c.example/bob%0aX": "CHECKERS = spf\n", "envelope_recipient/c.example/eve/x": "CHECKERS = spf\n",
             "envelope_recipient/c.example/%40%41": "CHECKERS = spf\n", "envelope_recipient/c.example/ok": "CHECKERS = spf\n"}
    with prepared(binary) as filter_:
        tree = write_tree(filter_, files)
        done = run(binary, "config", "--from", "tumgreyspf", tree)
        equal(done.returncode, EX_DATAERR, "exit status")
        for part in (f"{tree}/__default__:2: MILK: there is no such setting", "client_address/10/__default__: SPF cannot be",
                     "envelope_sender/a.example/joe: SPF cannot be", "it holds for all domains below"):
            contains(done.stderr, part, "warnings")
        for line in ("RefuseMailFrom off", "Greylist on", "RefuseFor b.example fail", "RecipientPolicy ok@c.example {"):
            contains(done.stdout, line + "\n", "output")
        lacks(done.stdout, "\nX", "output")
        lacks(done.stdout, "eve", "output")
        path = filter_.write("new.conf", done.stdout)
        equal(run(binary, "config", "-c", path).returncode, 0, "the output is a configuration")


GREY_TREE = {
    "__default__": "GREYLISTTIME = 300\nCHECKERS = spf,greylist\nGREYLISTEXPIREDAYS = 20\n",
    "client_address/192/0/2/1": "CHECKERS = spf\n",
    "client_address/192/0/2/2": "CHECKERS = greylist\n",
    "client_address/192/0/2/3": "GREYLISTTIME = 3\n",
    "envelope_sender/a.example/__default__": "CHECKERS = spf\n",
    "envelope_sender/a.example/joe": "CHECKERS = spf,greylist\n",
    "envelope_sender/a.example/jim": "GREYLISTTIME = 0\n",
    "envelope_recipient/b.example/__default__": "GREYLISTTIME = 10\n",
    "envelope_recipient/b.example/jim": "CHECKERS = spf\n",
    "envelope_recipient/b.example/eve": "SPFSEEDONLY = 1\n",
}


@case
def tumgreyspf_greylists_as_its_tree_says(binary):
    with prepared(binary) as filter_:
        done = run(binary, "config", "--from", "tumgreyspf", write_tree(filter_, GREY_TREE))
        needs(done)
        for block in ("Greylist on\nGreylistDelay 300s\nGreylistWindow 479h\nGreylistLife 20d\n", "\nGreylistPass all\n",
                      "\nGreylistKnownAfter 0\n", "\nGreylistExempt 192.0.2.1/32\n", "\nGreylistExempt @a.example\n",
                      "jim@b.example {\n    RefuseMailFrom fail\n    Greylist off\n}\n",
                      "@b.example {\n    RefuseMailFrom fail\n    Greylist on\n    GreylistDelay 10s\n    GreylistWindow 479h\n",
                      "eve@b.example {\n    RefuseMailFrom off\n    Greylist on\n    GreylistDelay 10s\n"):
            contains(done.stdout, block, "output")
        for line in ("192/0/2/2: what is not checked by SPF is not greylisted either",
                     "192/0/2/3: its greylisting has the times of all others",
                     "a.example/joe: greylisting cannot be switched on for one"):
            contains(done.stderr, line, "warnings")
        lacks(done.stderr, "jim", "warnings")
        equal(run(binary, "config", "-c", filter_.write("new", done.stdout)).returncode, 0, "the output is a configuration")


@rows([("delayed", "spf,greylist", "RefuseMailFrom off\nTestMode off\n"), ("not", "spf", "RefuseMailFrom fail\nTestMode on\n"),
       ("no-time", "spf,greylist\nGREYLISTTIME = 0", "RefuseMailFrom fail\nTestMode on\n")])
def tumgreyspf_only_tests(binary, checkers, lines):
    """TestMode would keep mail from being delayed."""
    with prepared(binary) as filter_:
        tree = write_tree(filter_, {"__default__": f"CHECKERS = {checkers}\nSPFSEEDONLY = 1\n"})
        contains(run(binary, "config", "--from", "tumgreyspf", tree).stdout, lines, "output")


@rows([
    ("system", ["--from", "rspamd", sample("spf-milter")], EX_USAGE, "policyd-spf, pyspf-milter, spf-milter, postsrsd, postgrey or tumgreyspf"),
    ("no-system", ["--from"], EX_USAGE, "--from needs an argument"),
    ("no-file", ["--from", "spf-milter"], EX_USAGE, "--from needs the FILE"),
    ("two-files", ["--from", "spf-milter", sample("spf-milter"), "x"], EX_USAGE, 'there is no place for "x"'),
    ("and-c", ["-c", "/dev/null", "--from", "spf-milter", sample("spf-milter")], EX_USAGE, "exclude each other"),
    ("missing", ["--from", "spf-milter", "/nonexistent/old.conf"], EX_NOINPUT, "/nonexistent/old.conf: "),
    ("directory", ["--from", "spf-milter", "/"], EX_NOINPUT, "/: "),
    ("no-tree", ["--from", "tumgreyspf", "/nonexistent"], EX_NOINPUT, "/nonexistent: cannot be read"),
    ("file-for-a-tree", ["--from", "tumgreyspf", "/dev/null"], EX_NOINPUT, "/dev/null: cannot be read"),
    ("endless", ["--from", "spf-milter", "/dev/zero"], EX_NOINPUT, "/dev/zero: "),
    ("long-option", ["--to", "x"], EX_USAGE, "there is no option --to"),
])
def conversion_that_cannot_be(binary, arguments, status, words):
    done = run(binary, "config", *arguments)
    equal((done.returncode, done.stdout), (status, ""), "status and output")
    contains(done.stderr, words, "message")


@case
def a_foreign_file_is_no_configuration(binary):
    """Without the conversion the file stops the start."""
    equal(run(binary, "-n", "-c", sample("policyd-spf")).returncode, EX_CONFIG, "exit status")
