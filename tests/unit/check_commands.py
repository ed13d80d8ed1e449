#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks the command line against its help and the manual: each command and option is explained in both, and each
error is one line on standard error that names the word that is wrong, and the nearest right one where there is one.

    check_commands.py BINARY [SOURCE_DIRECTORY]
"""

import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

SECONDS = 20
EX_OK, EX_USAGE, EX_IOERR = 0, 64, 74

# Arguments, words of the one line.
ERRORS = [
    (["-x"], ["-x"]),
    (["-fx"], ["-x"]),
    (["--nonsense"], ["--nonsense"]),
    (["--versoin"], ["--versoin", "did you mean --version?"]),
    (["--foregrund"], ["did you mean --foreground?"]),
    (["--c"], ["--config or --check"]),
    (["-c"], ["--config needs an argument, FILE"]),
    (["--version=3"], ["--version takes no argument"]),
    (["--\x1b[2J"], ["--\\x1b[2J"]),
    (["querry"], ["there is no command querry", "did you mean query?"]),
    (["zzzzzzzzz"], ["there is no command zzzzzzzzz"]),
    ([""], ['there is no command ""']),
    (["query", "--version=3"], ["--version takes no argument"]),
    (["help", "querry"], ["did you mean query?"]),
    (["-n", "query"], ["-n", '"query"']),
    (["-f", "config"], ["-f", '"config"']),
    (["query"], ["--ip is needed"]),
    (["query", "-q"], ["smf-spf query: ", "-q", "smf-spf query --help"]),
    (["query", "--sendr", "x"], ["--sendr", "did you mean --sender?"]),
    (["query", "--ip"], ["--ip needs an argument, ADDRESS"]),
    (["query", "--ip", "192.0.2.1"], ["--sender is needed"]),
    (["query", "--ip", "192.0.2.1", "--sender", ""], ["null sender", "--helo"]),
    (["query", "--ip", "192.0.2.1", "--identity", "helo"], ["--helo"]),
    (["query", "--ip", "192.0.2.1", "--sender", "a@example.org", "x"], ['"x"']),
    (["query", "--ip", "192.0.2", "--sender", "a@example.org"], ["--ip", '"192.0.2"']),
    (["query", "--ip", "192.0.2.1", "--sender", "a@example.org", "--nameserver", "192.0.2.53#5353"],
     ["--nameserver", "did you mean 192.0.2.53:5353?"]),
    (["query", "--record", "v=spf1 -all"], ["--domain"]),
    (["query", "--ip", "192.0.2.1", "--sender", "", "--helo", "x", "--recipient", "@"], ["--recipient", '"@"']),
    (["query", "--ip", "192.0.2.1", "--identity", "helo", "--helo", "x", "--recipient", "a@b"], ["--recipient has no --identity helo"]),
    (["query", "--record", "v=spf1 -all", "--domain", "example.org", "--recipient", "a@b"], ["--recipient need --ip"]),
    (["query", "--domain", "example.org"], ["--record"]),
    (["config", "--from"], ["--from needs an argument, SYSTEM"]),
    (["config", "--from", "policyd-spf"], ["FILE"]),
    (["config", "--form", "policyd-spf"], ["--form", "did you mean --from?"]),
    (["srs", "forwrad", "a@example.org"], ["not forwrad", "did you mean forward?"]),
    (["srs", ""], ['not ""']),
    (["srs", "forward"], ["an ADDRESS is needed"]),
    (["srs", "reverse", "--explain"], ["an ADDRESS is needed"]),
    (["srs", "reverse", "a@example.org", "b@example.org"], ['"b@example.org"']),
    (["srs", "forward", "--add", "a@example.org"], ["--add goes with secret"]),
    (["srs", "secret", "--explain"], ["--explain goes with forward and reverse"]),
    (["srs", "secret", "--add"], ["--add needs the FILE"]),
    (["srs", "secret", "--adds"], ["did you mean --add?"]),
    (["srs", "secret", "/nonexistent/a", "b"], ['"b"']),
    (["greylist", "shwo"], ["not shwo", "did you mean show?"]),
    (["greylist", ""], ['not ""']),
    (["greylist", "show", "a", "b"], ['"b"']),
    (["greylist", "forget"], ["forget needs a PATTERN, or --all"]),
    (["greylist", "forget", ""], ["forget needs a PATTERN, or --all"]),
    (["greylist", "forget", "--all", "example.org"], ["--all forgets all", '"example.org"']),
    (["greylist", "show", "--all"], ["--all goes with forget"]),
    (["config", "x"], ['"x"']),
    (["config", "-c", "x", "--from", "policyd-spf", "y"], ["exclude"]),
]


def run(binary, *arguments, **how):
    how = {"stdout": subprocess.PIPE, **how}
    return subprocess.run([binary, *arguments], stderr=subprocess.PIPE, text=True, timeout=SECONDS, check=False, **how)


def check_errors(binary, problems):
    for arguments, words in ERRORS:
        done = run(binary, *arguments)
        what = f"smf-spf {' '.join(arguments)!r}"
        if done.returncode != EX_USAGE or done.stdout:
            problems.append(f"{what}: exit {done.returncode}, printed {done.stdout!r}")
        if done.stderr.count("\n") != 1 or "--help tells more" not in done.stderr:
            problems.append(f"{what}: not one line that says where more is: {done.stderr!r}")
        problems.extend(f"{what}: no {word!r} in {done.stderr!r}" for word in words if word not in done.stderr)


def options_of(text):
    """The long options that a help explains."""
    return set(re.findall(r"^\s+(?:-\w, |    )?--([\w-]+)", text, re.MULTILINE))


def helps(binary, problems):
    """Command ("" for the program itself) to its help."""
    texts = {}
    for option in ("--help", "-h"):
        texts[""] = run(binary, option).stdout
    commands = re.findall(r"^  (\w[\w-]*) ", texts[""].partition("\ncommands:\n")[2], re.MULTILINE)
    if "query" not in commands or "config" not in commands:
        problems.append(f"--help lists only these commands: {commands}")
    for command in commands:
        outputs = []
        for arguments in ([command, "--help"], [command, "-h"], ["help", command]):
            done = run(binary, *arguments)
            outputs.append(done.stdout)
            if done.returncode != EX_OK or done.stderr or f"usage: smf-spf {command}" not in done.stdout:
                problems.append(f"smf-spf {' '.join(arguments)}: exit {done.returncode}, {done.stderr!r}")
        if len(set(outputs)) != 1:
            problems.append(f"the helps of {command} differ")
        texts[command] = outputs[0]
        for option in ("--version", "-V"):
            done = run(binary, command, option)
            if (done.returncode, done.stdout) != (EX_OK, run(binary, "--version").stdout) or not done.stdout:
                problems.append(f"smf-spf {command} {option}: exit {done.returncode}, {done.stdout!r}")
    for command, text in texts.items():
        if not {"help"} <= options_of(text):
            problems.append(f"the help of smf-spf {command} does not name --help")
        problems.extend(f"a line of the help of smf-spf {command} has more than 110 columns: {line!r}"
                        for line in text.splitlines() if len(line) > 110)
    return texts


def check_manual(manual, texts, problems):
    """Each option and command of a help stands in the manual, and each option of the manual in a help."""
    explained = set(re.findall(r"^\.It (?:Fl \w.* , )?Fl -([\w-]+)", manual, re.MULTILINE))
    explained |= set(re.findall(r"Fl -([\w-]+)", manual))
    known = set().union(*(options_of(text) for text in texts.values()))
    problems.extend(f"smf-spf(8) does not explain --{name}" for name in sorted(known - explained))
    problems.extend(f"smf-spf(8) has an option --{name} that no help names" for name in sorted(explained - known))
    problems.extend(f"smf-spf(8) does not name the command {name}" for name in texts
                    if name and not re.search(rf"^\.Cm {name}\b", manual, re.MULTILINE))


LOGGED = ("Nov 28 12:00:{:02d} mx smf-spf[99]: SPF fail: ip=203.0.113.{}, fqdn=[203.0.113.{}], helo=pc.example.net, "
          "from=<alice@example{}.org>, reason=-all, verdict=refused, reply=550 5.7.23\n")


def output_errors(binary, arguments, full):
    """What is wrong with an end whose output does not fit on the disk."""
    done = run(binary, *arguments, stdout=full)
    if done.returncode == EX_IOERR and done.stderr.count("\n") == 1 and "cannot write the output" in done.stderr:
        return []
    return [f"smf-spf {' '.join(arguments)} >/dev/full: exit {done.returncode}: {done.stderr!r}"]


def check_output_errors(binary, manual, problems):
    """Short outputs, and those that are longer than the buffer of a stream."""
    with open("/dev/full", "w", encoding="utf-8") as full, tempfile.TemporaryDirectory() as directory:
        log, config = pathlib.Path(directory, "log"), pathlib.Path(directory, "conf")
        log.write_text("".join(LOGGED.format(n % 60, n, n, n) for n in range(200)), encoding="utf-8")
        config.write_text("".join(f"RefuseFor example{n}.org off\n" for n in range(1000)), encoding="utf-8")
        for arguments in (["--help"], ["--version"], ["query", "--help"], ["config", "-c", "/dev/null"],
                          ["config", "-c", str(config)], ["report", str(log)], ["report", "--json", str(log)],
                          ["report", "--html", str(log)]):
            problems += output_errors(binary, arguments, full)
    statuses = set(re.findall(r"^\.It (\d+)$", manual.partition(".Sh EXIT STATUS")[2], re.MULTILINE))
    if not {"0", str(EX_USAGE), str(EX_IOERR)} <= statuses:
        problems.append(f"smf-spf(8) has only these exit statuses: {sorted(statuses)}")


def examples_of(manual):
    """Command and output of each literal block of the manual that begins with a prompt and a query."""
    for block in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", manual, re.MULTILINE | re.DOTALL):
        command, _, output = block.partition("\n")
        if command.startswith("$ smf-spf query "):
            yield command[2:], output.replace("\\e", "\\")


def check_examples(binary, manual, problems):
    """Each prints what the manual says; the DNS, which none of them needs, has nothing."""
    examples = list(examples_of(manual))
    if len(examples) < 2:
        problems.append(f"smf-spf(8) has only {len(examples)} examples of query with their output")
    for command, output in examples:
        done = run(binary, *shlex.split(command)[1:], "--zone", "/dev/null")
        if done.stdout != output:
            problems.append(f"smf-spf(8): {command} prints\n{done.stdout}instead of\n{output}")


def main():
    if len(sys.argv) not in (2, 3):
        print(__doc__.strip(), file=sys.stderr)
        return EX_USAGE
    binary = sys.argv[1]
    source = pathlib.Path(sys.argv[2] if len(sys.argv) == 3 else pathlib.Path(__file__).resolve().parents[2])
    manual = (source / "docs" / "smf-spf.8").read_text(encoding="utf-8")
    problems = []
    check_errors(binary, problems)
    check_manual(manual, helps(binary, problems), problems)
    check_output_errors(binary, manual, problems)
    check_examples(binary, manual, problems)
    print("\n".join(problems) if problems else "the command line, its helps and the manual agree")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
