# SPDX-License-Identifier: GPL-2.0-or-later
"""pyspf, asked in a zone in memory, and the readings of RFC 7208 in which it differs from smf-spf.

Each reading is written as a change to pyspf. A difference is explained only if pyspf with some of these changes gives
exactly our answer, and pyspf with all of them must give our answer to every question.
"""

import re

import spf

# Name of the reading: RFC 7208 section, what pyspf does, what smf-spf does.
READINGS = {
    "grammar": ("7.1, 12", "lets macros through that are not closed, have other delimiters, other text after their "
                "letter or the number 0, and control characters; refuses %% at the end; does not read default= and op=",
                "a term that does not follow the grammar is a permerror, such an explanation is ignored"),
    "case": ("4.6.1", "knows the modifiers redirect and exp in lower case only",
             "names of modifiers are compared without case, as all literals of the grammar"),
    "repeat": ("6", "permerror where an unknown modifier stands twice",
               "only redirect and exp must not be repeated"),
    "redirect": ("4.6.4, 6.1", "counts redirect among the 10 terms whenever the record has one",
                 "counts it when it is followed"),
    "self": ("5.2", "permerror for an include of the record's own domain, before any term is evaluated",
             "an include is evaluated in its turn, and the limits end the recursion"),
    "domain": ("4.3", "looks for a record at a domain with one label",
               "none, and so a permerror for an include or redirect"),
    "characters": ("4.3", "looks for a record at a domain with blanks, control characters or those that mail addresses "
                   "reserve", "none, and so a permerror for an include or redirect"),
    "ptr": ("4.6.4, 5.5, 7.3", "temperror where the DNS fails in a validation of the client's names; counts void "
            "answers to its questions, also for the macro p in a term that is never reached",
            "a failure gives fewer names; only the PTR question of a ptr term can be void"),
    "name": ("7.3", "chooses the name for the macro p once, for the first domain, and compares it with case",
             "chooses it for the current domain, without case"),
    "join": ("7.3", "joins the parts of a value with the delimiters that separated them, but for l and s",
             "joins them with dots"),
    "reverse": ("7.1", "does not know the transformer r as a capital", "literals of the grammar have no case"),
    "nibbles": ("7.4", "writes the nibbles of an IPv6 client in upper case",
                "writes them in lower case, as the RFC does"),
    "long": ("7.3", "takes one label from a name above 253 octets, and cuts explanations likewise",
             "takes as many labels as are needed, and explanations are no names"),
    "current": ("4.8", "takes the current domain for a macro string where a term names none",
                "takes it as it is"),
    "empty": ("4.8, 7.3", "permerror where a domain-spec expands to nothing",
              "such a name does not exist: the term does not match, an include or redirect is a permerror"),
    "local": ("7.3; RFC 8616 4", "asks for names with octets of the local part beyond US-ASCII",
              "such a term does not match, and a redirect is as if it were not there"),
    "dots": ("7.3", "takes two dots off the end of a name", "takes one: what is left is no name"),
    "mx": ("4.6.4, 5.4", "temperror where the lookup of any mail exchanger fails; counts each void answer to these",
           "the order makes no difference: one that matches is enough, whatever the others are; a term that does not "
           "match counts once as a void lookup, however many of its answers are void"),
    "same": ("4.5", "permerror where a record stands twice in an answer, word for word",
             "an RRset has no duplicates (RFC 2181 5): that is one record"),
    "text": ("6.2", "shows explanations with other than printable US-ASCII, and of any length",
             "ignores them, and those above 511 octets"),
}

NOMATCH, SENTINEL = "nomatch", "!nomatch"
NAME_MAX, EXPLANATION_MAX, NAMES_MAX = 253, 511, 10
UNCOUNTED = -1000  # void lookups, while they are not counted
MACRO = r"%(?:[%_-]|\{[LETTERS](?:0*[1-9][0-9]*)?r?[-.+,/_=]*\})"
NAME_MACRO, TEXT_MACRO = MACRO.replace("LETTERS", "slodiphv"), MACRO.replace("LETTERS", "slodiphvcrt")
ESCAPES = {"%%": "%", "%_": " ", "%-": "%20"}
LITERAL = r"[\x21-\x24\x26-\x7e]"
TOP = r"\.(?:[0-9a-z]*[a-z][0-9a-z]*|[0-9a-z]+-[0-9a-z-]*[0-9a-z])\.?"
SPEC = rf"(?:{LITERAL}|{NAME_MACRO})*(?:{NAME_MACRO}|{TOP})"
TERMS = [(re.compile(start, re.IGNORECASE), re.compile(rf"(?:{whole})\Z", re.IGNORECASE)) for start, whole in (
    (r"(?:redirect|exp)=", rf"(?:redirect|exp)={SPEC}"),
    (r"[a-z][a-z0-9._-]*=", rf"[a-z][a-z0-9._-]*=(?:{LITERAL}|{NAME_MACRO})*"),
    (r"[-+~?]?(?:a|mx)(?![a-z0-9])", rf"[-+~?]?(?:a|mx)(?::{SPEC})?(?:/[0-9]+)?(?://[0-9]+)?"),
    (r"[-+~?]?ptr(?![a-z0-9])", rf"[-+~?]?ptr(?::{SPEC})?"),
    (r"[-+~?]?(?:include|exists)(?![a-z0-9])", rf"[-+~?]?(?:include|exists):{SPEC}"))]
EXPLANATION = re.compile(rf"(?:[ ]|{LITERAL}|{TEXT_MACRO})*\Z", re.IGNORECASE)
DOMAIN_CHARACTERS = re.compile(r'[^\x00-\x20\x7f-\U0010ffff"(),:;<>@\[\\\]]+\Z')
MODIFIER = re.compile(r"([a-z][a-z0-9._-]*)=", re.IGNORECASE)


class Dots(dict):
    """What joins the parts of every macro."""

    def get(self, *_):
        return "."


OWN_JOINERS = spf.JOINERS


def check_term(term):
    """Raise PermError unless the term is well-formed; what is no term of a known form is left to pyspf."""
    for start, whole in TERMS:
        if start.match(term):
            if not whole.match(term):
                raise spf.PermError("grammar", term)
            return


class Query(spf.query):
    """A question to pyspf with some readings changed; `zone` has lookup(name, type)."""

    def __init__(self, zone, question, readings):
        sender = f"{question.local or 'postmaster'}@{question.domain}"
        super().__init__(i=question.client, s=sender, h=question.helo, receiver=question.receiver, strict=True)
        self.l, self.o, self.d = question.local or "postmaster", question.domain, question.domain
        self.i = self.i.lower() if "nibbles" in readings else self.i
        self.zone, self.on, self.quiet, self.including, self.asking = zone, readings, False, False, False
        self.exps[NOMATCH] = self.defexps[NOMATCH] = ""

    def answer(self):
        """(result, explanation)"""
        spf.DNSLookup = lambda name, kind, *_: self.zone.lookup(name, kind)
        spf.JOINERS = Dots() if "join" in self.on else OWN_JOINERS
        self.set_default_explanation("")
        try:
            result, _, text = self.check()
        except Exception as error:  # pylint: disable=broad-except
            return f"pyspf ended with {type(error).__name__}", ""
        return result, text if result == "fail" else ""

    # Records.

    def check0(self, text, recursion):
        if not text:
            return super().check0(text, recursion)
        terms = [term for term in text.split(" ")[1:] if term]
        if "grammar" in self.on:
            for term in terms:
                check_term(term)
        if "case" in self.on:
            terms = [re.sub(r"(?i)^(?:redirect|exp)=", lambda match: match.group().lower(), term) for term in terms]
        if "repeat" in self.on:
            terms = without_repeated(terms)
        redirects = [term for term in terms if term.startswith("redirect=")]
        if "redirect" in self.on and len(redirects) == 1:
            return self.check_redirect(terms, redirects[0], recursion)
        return super().check0(" ".join(["v=spf1", *terms]), recursion)

    def check_redirect(self, terms, redirect, recursion):
        """The record without its redirect; that is counted and followed only where nothing else matched."""
        spec = redirect.partition("=")[2]
        if not spec:
            raise spf.PermError("redirect without a domain")
        self.expand_domain(spec)
        terms = [term for term in terms if term != redirect] + [SENTINEL]
        result = super().check0(" ".join(["v=spf1", *terms]), recursion)
        if result[0] != NOMATCH:
            return result
        self.check_lookups()
        if self.is_foreign(spec):
            return "neutral", 250, self.exps["neutral"]
        self.asking = True
        try:
            domain = self.expand_domain(spec)
        finally:
            self.asking = False
        record = self.dns_spf(domain)
        if not record:
            raise spf.PermError("redirect to no record", domain)
        if not recursion:
            self.exps = dict(self.defexps)
        return self.check1(record, domain, recursion)

    def validate_mechanism(self, mech):
        if mech == SENTINEL:
            return mech, "all", None, 32, NOMATCH
        if "current" in self.on:
            mech = re.sub(r"(?i)^([-+~?]?(?:a|mx|ptr))(/.*)?$", r"\1:%{d}\2", mech)
        self.including = re.match(r"(?i)[-+~?]?include:", mech) is not None  # for expand_domain
        self.asking = True
        try:
            valid = super().validate_mechanism(mech)
        finally:
            self.including = self.asking = False
        if valid[1] == "include" and self.is_foreign(mech):
            return (mech, "exists", "..", *valid[3:])
        return valid

    def is_foreign(self, spec):
        """RFC 8616 4"""
        return "local" in self.on and not self.l.isascii() and uses_local_part(spec)

    def dns_txt(self, domainname, rr="TXT", ignore_void=False):
        texts = super().dns_txt(domainname, rr, ignore_void)
        return list(dict.fromkeys(texts)) if "same" in self.on else texts

    def dns_spf(self, domain):
        if "domain" in self.on and "." not in domain:
            return None
        if "characters" in self.on and not DOMAIN_CHARACTERS.match(domain):
            return None
        return super().dns_spf(domain)

    # Names.

    def expand_domain(self, arg):
        name = super().expand_domain(arg)
        if "empty" in self.on and arg and not name:
            return ".."
        if self.asking and self.is_foreign(arg):
            return ".."
        if "dots" in self.on and name.endswith("."):
            return ".."
        if "self" in self.on and self.including and name == self.d:
            return name.swapcase()
        return name

    def expand(self, s, stripdot=True):
        if "reverse" in self.on:
            s = spf.RE_CHAR.sub(lambda match: re.sub(r"^(%\{[A-Za-z]\d*)R", r"\1r", match.group()), s)
        if not {"long", "grammar"} & self.on:
            return super().expand(s, stripdot)
        if "grammar" not in self.on and spf.RE_INVALID_MACRO.search(s):
            raise spf.PermError("invalid macro", s)
        result, end = "", 0
        for match in spf.RE_CHAR.finditer(s):
            if stripdot and match.group()[1] == "{" and match.group()[2].lower() in "crt":
                raise spf.PermError("c, r, t in a name", s)
            result += s[end:match.start()] + (ESCAPES.get(match.group()) or super().expand(match.group(), False))
            end = match.end()
        result += s[end:]
        if stripdot and result.endswith("."):
            result = result[:-1]
        if "long" not in self.on:
            return result.partition(".")[2] if len(result) > NAME_MAX and "." in result else result
        return shortened(result) if stripdot else result

    # The client's names and mail exchangers.

    def getp(self):
        self.quiet = "ptr" in self.on
        try:
            if "name" not in self.on:
                return super().getp()
            self.p = choose_name(self.validated_ptrs(), self.d.lower())
            return self.p
        finally:
            self.quiet = False

    def validated_ptrs(self):
        if "ptr" not in self.on:
            return super().validated_ptrs()
        name = f"{spf.reverse_dots(self.i)}.{self.v}.arpa"
        names = self.names_or_none(name, "PTR", self.quiet)
        return [name for name in names[:NAMES_MAX]
                if name and self.cidrmatch(self.names_or_none(name, self.A, True), self.cidrmax)]

    def names_or_none(self, name, kind, ignore_void):
        try:
            return self.dns(name, kind, ignore_void=ignore_void)
        except spf.TempError:
            return []

    def dns_mx(self, domainname):
        return self.addresses_of_mx(domainname) if "mx" in self.on else super().dns_mx(domainname)

    def addresses_of_mx(self, domainname):
        """All addresses, before it shows that none matches."""
        names = list(self.dns(domainname, "MX"))
        if len(names) > NAMES_MAX:
            raise spf.PermError("more than 10 mail exchangers", domainname)
        failure, is_void = None, False
        for _, name in names:
            before, self.void_lookups = self.void_lookups, UNCOUNTED
            try:
                found = self.dns_a(name, self.A)
                is_void |= not found and self.void_lookups != UNCOUNTED
            except spf.TempError as error:
                found, failure = [], error
            finally:
                self.void_lookups = before
            yield from found
        if failure:
            raise failure
        if is_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("more than 2 void lookups", domainname)

    def cidrmatch(self, ipaddrs, n):
        return any(super(Query, self).cidrmatch([ip], n) for ip in ipaddrs)

    # Explanations.

    def get_explanation(self, spec):
        texts = self.dns_txt(spec, ignore_void=True)
        if len(texts) != 1:
            return None
        try:
            text = spf.to_ascii(texts[0])
            if "grammar" in self.on and not EXPLANATION.match(text) and is_printable(text):
                return None
            expanded = str(self.expand(text, stripdot=False))
        except spf.PermError:
            return None
        if "text" in self.on and not (is_printable(text) and is_printable(expanded)
                                      and len(expanded) <= EXPLANATION_MAX):
            return None
        return expanded


def uses_local_part(spec):
    """True if one of its macros is s or l."""
    return any(re.match(r"%\{[sl]", match.group(), re.IGNORECASE) for match in spf.RE_CHAR.finditer(spec or ""))


def is_printable(text):
    return all(" " <= char <= "~" for char in text)


def shortened(name):
    while len(name) > NAME_MAX and "." in name:
        name = name.partition(".")[2]
    return name


def choose_name(names, domain):
    """RFC 7208 7.3"""
    for name in names:
        if name.lower() == domain:
            return name
    for name in names:
        if name.lower().endswith("." + domain):
            return name
    return names[0] if names else "unknown"


def without_repeated(terms):
    """Each unknown modifier once."""
    kept, seen = [], set()
    for term in terms:
        match = MODIFIER.match(term)
        name = match.group(1) if match else None
        if name in seen and name not in ("redirect", "exp"):
            continue
        if name:
            seen.add(name)
        kept.append(term)
    return kept
