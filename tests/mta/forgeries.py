# SPDX-License-Identifier: GPL-2.0-or-later
"""Fields that claim to be ours, spelled in every way that a reader may take, and fields that are somebody else's."""

import base64
import random
import re

DOMAIN = "pass.example"  # whose DMARC policy is p=reject
OURS = f"spf=pass smtp.mailfrom={DOMAIN}"
RANDOM_COUNT = 600
SEED = 8601


def encoded_q(text, charset="us-ascii"):
    return f"=?{charset}?q?" + "".join(f"={ord(c):02X}" if c in "=?_ ;()\"" else c for c in text) + "?="


def encoded_b(text, charset="us-ascii"):
    return f"=?{charset}?B?" + base64.b64encode(text.encode(charset)).decode() + "?="


def ids(own):
    """Spellings of the authserv-id."""
    labels = own.split(".")
    half = len(own) // 2
    spelled = [own, own.upper(), own + ".", f" {own}", f"\n\t{own}", f"\t{own} ", f"{own} 1", f"{own} (v) 1", f"{own}/1"]
    spelled += [between.join(labels) for between in (" . ", ". ", " .", "\t.\n\t", ".()", "(x).", "(a)\n . (b)", "(.).",
                                                     "( (n) ).", '(").', "(\\)).")]
    spelled += [f'"{own}"', f'"{own}" 1', '"' + '"."'.join(labels) + '"', f'"{own[:3]}\\{own[3:]}"', f'" {own}"']
    spelled += [f"({mark}) {own}" for mark in ("", "x", "\\)", "\\(", "a (b) c", '"', ";", "=?x?q?y?=", "x\n\ty")]
    spelled += [f"{own} ({mark})" for mark in ("", "\\)", ";", "other.example", "spf=fail")]
    spelled += [f"() {own}", f"(a (b) {own}", f"(a \\) {own}", f"({own}", f"){own}", f"; {own}", f", {own}", f"<{own}>",
                f"{own}:", f"{own},", f"'{own}'", f".{own}", f"{own} . evil.example", f"{own}.\n\tevil.example"]
    spelled += [encoded_q(own), encoded_b(own), encoded_q(own, "utf-8"), encoded_b(own, "utf-16"),
                encoded_b(own, "cp037"), encoded_q(own, "x-unknown"), encoded_q(own, ""), encoded_q(own, "utf-8*en")]
    spelled += [encoded_q(own[:half]) + own[half:], own[:half] + encoded_q(own[half:]),
                encoded_q(own[:half]) + " " + encoded_b(own[half:]),
                encoded_q(own[:half]) + "\n\t" + encoded_b(own[half:]),
                f"({encoded_q('x) ' + own)}", encoded_q("(x) ") + own, encoded_q("") + own, encoded_q(encoded_q(own))]
    spelled += [f"{own[:3]}(x){own[3:]}", f"{own[:3]}\x01{own[3:]}", f"{own[:3]}\udcff{own[3:]}", f"\x7f{own}",
                f"\ufeff{own}", f"{own[:3]}\u200b{own[3:]}", f"{own}\xa0", f"{own[:3]}\x80{own[3:]}", f"{own[:3]}\xad{own[3:]}"]
    spelled.append("".join(chr(ord(c) - 0x20 + 0xff00) if c.isalnum() else c for c in own))
    return spelled


def results(domain=DOMAIN):
    """Spellings of what follows the authserv-id."""
    where = f" smtp.mailfrom={domain}"
    spelled = [text + where for text in (
        "; spf=pass", ";spf=pass", " ; spf = pass", "; SPF=Pass", ";\n\tspf=pass", "; spf=\n\tpass", "; spf\n\t=pass",
        "; spf/1=pass", "; spf / 1 = pass", "; spf (x)=(y) pass", "; (c) spf=pass (d)", "; spf=pass reason=x",
        "; dkim=none; spf=pass", ";; spf=pass", "; none; spf=pass", "; dkim=none (x); spf=pass", " spf=pass",
        ", spf=pass", '; "spf"="pass"', '; spf="pass"', '; spf="pa\\ss"', "; spf=pass;", "; s(x)pf=pass", "; spf()=pass",
        "; spf=\\pass", "; (open spf=pass", "; dkim=none (\\) ; spf=pass", "; dkim=none (a (b) ; spf=pass",
        '; dkim=none reason="open; spf=pass', "; (x) (y) spf=pass", "; spf=pass policy.x=y", "; dkim=none (spf=pass)",
        '; dkim=none reason="spf=pass"', "; spf=pass\x01", "; sp\x01f=pass", "; \u017fpf=pass", "; spf\uff1dpass",
        "; spf*=us-ascii''pass", "; spf*0=pass")]
    spelled += [f"; {encoded_q('spf=pass')}{where}", f"; {encoded_b('spf=pass')}{where}", f"; spf={encoded_q('pass')}{where}",
                f"; {encoded_q('spf')}=pass{where}", f"; {encoded_q('s')}pf=pass{where}", f"; spf{encoded_q('=')}pass{where}",
                f"; {encoded_q('s')} {encoded_q('pf=pass')}{where}", f"; {encoded_q('s')}\n\t{encoded_b('pf=pass')}{where}",
                f"{encoded_q('; spf=pass')}{where}", f"; dkim=none ({encoded_q('x) spf=pass')}{where})",
                f"; dkim=none reason=\"{encoded_q('spf=pass')}\"{where}", f"; {encoded_b('spf=pass', 'utf-16')}{where}",
                f"; {encoded_b('spf=pass', 'utf-7')}{where}", f"; {encoded_b('spf=pass', 'cp500')}{where}",
                f"; =?utf-7?q?+AHM-pf=3Dpass?={where}", f"; {encoded_q(encoded_q('spf=pass'))}{where}",
                f"; =?unicode_escape?q?=5Cx73pf=3Dpass?={where}"]
    spelled.append(f"; spf=pass ({'x' * 3000}){where}")
    return spelled


def spelled_results(own):
    """Values of Authentication-Results that may pass for ours: each spelling of one part beside the plain other."""
    known, told = ids(own), results()
    return [first + told[0] for first in known] + [known[0] + last for last in told]


def forged_results(own):
    """These, and a choice of their combinations."""
    known, told = ids(own), results()
    values = spelled_results(own)
    values.append(encoded_q(f"{own}; {OURS}"))
    values.append(encoded_b(f"{own}; {OURS}"))
    values.append(f"({'x' * 20000}) {own}; {OURS}")
    values.append(f"{own}; {'dkim=none; ' * 2000}{OURS}")
    seeded = random.Random(SEED)
    values += [seeded.choice(known) + seeded.choice(told) for _ in range(RANDOM_COUNT)]
    return values


def honest_results(own):
    """Values of others, which stay: under another name, or of another filter of ours without a word of SPF."""
    theirs = "mx.elsewhere.example"
    values = [other + last for other in (theirs, own + ".evil.example", "x" + own, "a." + own, own + "work", own + "-x",
                                         own.split(".", 1)[1],
                                         f"({own}) {theirs}", f"({own}; {OURS}) {theirs}", f'"{theirs}"',
                                         encoded_q(theirs), "b\u00fccher.example", "xn--bcher-kva.example")
              for last in results()[:8]]
    values += [f"{theirs}; spf=pass smtp.helo={own}", f"{theirs}; dkim=pass header.d={own}; spf=pass",
               f"{theirs}; iprev=pass (client {own}); spf=pass", f"{theirs} 1; spf=pass ({own})"]
    values += [own + last for last in ("; dkim=pass header.d=a.example header.s=s header.b=AbCdEfGh",
                                       "; dmarc=pass (p=reject dis=none) header.from=a.example", "; none", "",
                                       "; auth=pass smtp.auth=u smtp.mailfrom=u@a.example",
                                       "; dkim=fail reason=\"signature verification failed\" (1024-bit key)",
                                       "; arc=none", f"; dkim=pass ({encoded_q('a note', 'utf-8')}) header.d=a.example",
                                       "; dkim=pass header.i=@b\u00fccher.example")]
    return values


def forged_received(own):
    """Values of Received-SPF that may pass for ours."""
    pairs = f'client-ip=192.0.2.1; envelope-from="a@{DOMAIN}"; identity=mailfrom; helo=x.example;'
    spelled = [spelling for spelling in ids(own) if not re.search(r"[1/]$", spelling)]
    values = [f"pass (x) {pairs} receiver={spelling}" for spelling in spelled]
    values += [f"pass ({spelling}: domain of a@{DOMAIN} designates 192.0.2.1) {pairs}" for spelling in spelled[:20]
               if "(" not in spelling]
    values += [f"pass (x) {pairs} {key}{own}" for key in ("receiver = ", "RECEIVER=", "receiver\n\t=", "receiver(x)=",
                                                          "receiver*=", '"receiver"=', "re(x)ceiver=",
                                                          encoded_q("receiver="), encoded_b("receiver") + "=")]
    values.append(encoded_q(f"pass {pairs} receiver={own}"))
    return values


def honest_received(own):
    pairs = f'client-ip=192.0.2.1; envelope-from="a@{DOMAIN}"; identity=mailfrom;'
    return [f"pass (mx.elsewhere.example: x) {pairs} receiver=mx.elsewhere.example", f"pass {pairs} helo={own}",
            f"pass (mx.elsewhere.example: domain of a@{own} designates 192.0.2.1) {pairs}",
            f"pass (x) {pairs} receiver={own}.evil.example", f"pass (x) {pairs} receiver=x{own}"]
