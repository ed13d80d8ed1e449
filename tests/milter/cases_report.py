# SPDX-License-Identifier: GPL-2.0-or-later
"""`smf-spf report --dns` with name servers that answer and that do not; DNSSEC without the anchor of the root."""

import json
import os
import subprocess

from dns_server import DnsServer
from process_common import EX_CONFIG, need_root, prepared, run
from wire_common import case, check, contains, equal

ZONE = """
$TTL 300
$ORIGIN example.com.
mended    TXT "v=spf1 ip4:192.0.2.1 -all"
twice     TXT "v=spf1 -all"
twice     TXT "v=spf1 ~all"
broken    TXT "v=spf1 ip4:192.0.2.1 ip4:192.0.2.999 -all"
silent    TXT "v=spf1 -all"
"""
PROBLEM = "{0}.example.com has more than one SPF record"
LINE = "Nov 28 08:00:0{0} mx smf-spf[1]: SPF permerror: ip=192.0.2.9, fqdn=h.example, helo=h.example, " \
       "from=<a@{1}.example.com>, reason=" + PROBLEM.replace("{0}", "{1}") + ", verdict=accepted, id=A{0}\n"
NAMES = ("mended", "twice", "broken", "silent")


def write_log(filter_):
    return filter_.write("old-log", "".join(LINE.format(n, name) for n, name in enumerate(NAMES)))


def advices(done):
    """{domain: advice} of a report in JSON."""
    return {row["domain"]: row["advice"] for row in json.loads(done.stdout)["permerrors"]}


@case
def report_asks_the_name_server_of_the_configuration(binary):
    """What the records say now; where the server is silent, what the log says, after the time limit of an evaluation."""
    with DnsServer(ZONE) as server, prepared(binary, zone=None) as filter_:
        server.fault("silent.example.com", "drop")
        filter_.configure({"Nameserver": server.address, "DNSTimeout": "1s"})
        done = run(binary, "-c", filter_.config_path, "report", "--json", "--dns", write_log(filter_))
        equal(done.returncode, 0, done.stderr)
        found = advices(done)
        equal(found["mended.example.com"], "the record is valid now")
        contains(found["twice.example.com"], "there are several SPF records", "advice")
        contains(found["broken.example.com"], "not an IPv4 address", "advice")
        check(found["silent.example.com"] not in ("", "the record is valid now"), "the log's advice")
        asked = server.count("mended.example.com")
        check(asked > 0, "the server was not asked")
        run(binary, "-c", filter_.config_path, "report", "--json", write_log(filter_))
        equal(server.count("mended.example.com"), asked, "queries without --dns")


@case
def bars_are_as_long_as_their_share(binary):
    """Of the largest count of their table, each in the colour of its result."""
    line = "Nov 28 08:00:0{0} mx smf-spf[1]: SPF {1}: ip=192.0.2.{0}, fqdn=h.example, helo=h.example, " \
           "from=<a@example.com>, reason=mx, verdict=accepted, id=B{0}\n"
    results = ("pass", "pass", "pass", "pass", "neutral", "softfail", "softfail", "softfail")
    with prepared(binary, zone=None) as filter_:
        log = filter_.write("log-of-results", "".join(line.format(n, result) for n, result in enumerate(results)))
        done = run(binary, "report", "--html", log)
    equal(done.returncode, 0, done.stderr)
    for colour, width in (("f-pass", "100.00"), ("f-softfail", "75.00"), ("f-rest", "25.00")):
        contains(done.stdout, f'<rect class="{colour}" width="{width}" height="10"/>', "bars")


@case
def dnssec_without_the_anchor_of_the_root(binary):
    """The start, the check and the report say which package has it; the report is printed all the same."""
    need_root()
    hidden = [path for path in ("/usr/share/dns", "/var/lib/unbound") if os.path.isdir(path)]
    hide = "".join(f"mount -t tmpfs none {path}; " for path in hidden)
    with prepared(binary, zone=None, as_root=True) as filter_:
        filter_.configure({"DNSSEC": "on", "Nameserver": "127.0.0.1"})

        def run_hidden(*arguments):
            command = ["unshare", "--mount", "sh", "-ec", hide + 'exec "$@"', "sh", binary, *arguments]
            return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

        for arguments in (["-f"], ["-n"]):
            done = run_hidden(*arguments, "-c", filter_.config_path)
            equal(done.returncode, EX_CONFIG, f"exit status of {arguments}: {done.stderr}")
            contains(done.stderr, "install dns-root-data", str(arguments))
        done = run_hidden("-c", filter_.config_path, "report", "--json", "--dns", write_log(filter_))
        equal(done.returncode, EX_CONFIG, "exit status of the report")
        contains(done.stderr, "install dns-root-data", "what the report says")
        equal(len(advices(done)), len(NAMES), "domains in the report without the DNS")
