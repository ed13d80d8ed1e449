# SPDX-License-Identifier: GPL-2.0-or-later
"""Small wrong changes of one C file, found in its syntax tree (libclang).

Kinds: an operator becomes its neighbour, a constant becomes another, a condition is negated, a statement is removed, a
returned value is another. A change has a key (its function, what it changes, and which of several like it), which does
not depend on line numbers."""

import collections
import functools
import re

from clang.cindex import CursorKind, Index, TokenKind, TypeKind

OPERATORS = {
    "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"], "==": ["!="], "!=": ["=="],
    "+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["*"], "&&": ["||"], "||": ["&&"],
    "&": ["|"], "|": ["&"], "<<": [">>"], ">>": ["<<"],
}
ASSIGNMENTS = {"+=": ["-="], "-=": ["+="], "|=": ["="], "&=": ["="]}
STEPS = {"++": "--", "--": "++"}
WORDS = {"true": "false", "false": "true"}
LOOPS = {CursorKind.WHILE_STMT: 0, CursorKind.DO_STMT: 1}
REMOVABLE = (CursorKind.CALL_EXPR, CursorKind.COMPOUND_ASSIGNMENT_OPERATOR, CursorKind.BINARY_OPERATOR,
             CursorKind.UNARY_OPERATOR, CursorKind.CSTYLE_CAST_EXPR, CursorKind.BREAK_STMT, CursorKind.CONTINUE_STMT)
SHOWN = 100  # characters of the text in a key

Mutant = collections.namedtuple("Mutant", "file function kind line offset end new key")


class Source:
    """A file, and the changes found in it so far."""

    def __init__(self, file, path, arguments):
        self.file = file
        with open(path, "rb") as opened:
            self.octets = opened.read()
        unit = Index.create().parse(path, args=arguments)
        self.found, self.seen = [], collections.Counter()
        for cursor in unit.cursor.get_children():
            if cursor.location.file and cursor.location.file.name == path and "static_assert" not in str(cursor.kind).lower():
                self.visit(cursor, "-")

    def text(self, start, end):
        return self.octets[start:end].decode("utf-8", "replace")

    def add(self, function, kind, start, end, new, line):
        """The octets from start to end become `new`."""
        old = re.sub(r"\s+", " ", self.text(start, end))
        shown = re.sub(r"\s+", " ", self.context(start, end))
        what = f"{shown} : {old} -> {new or 'nothing'}" if old != shown else f"{old} -> {new or 'nothing'}"
        name = f"{self.file} {function}: {kind}: {what if len(what) <= 2 * SHOWN else what[:2 * SHOWN] + '...'}"
        self.seen[name] += 1
        key = name if self.seen[name] == 1 else f"{name} #{self.seen[name]}"
        self.found.append(Mutant(self.file, function, kind, line, start, end, new, key))

    def context(self, start, end):
        """The line of a change that is within one, for its key."""
        begin = self.octets.rfind(b"\n", 0, start) + 1
        stop = self.octets.find(b"\n", end)
        text = self.text(begin, stop if stop >= 0 else len(self.octets)).strip()
        return text if end - start < len(text) else self.text(start, end)

    @staticmethod
    def place(cursor):
        return cursor.extent.start.offset, cursor.extent.end.offset

    def visit(self, cursor, function):
        if cursor.kind == CursorKind.FUNCTION_DECL:
            if not cursor.is_definition():
                return
            function = cursor.spelling
        handler = self.HANDLERS.get(cursor.kind)
        if handler and self.is_written_here(cursor):
            handler(self, cursor, function)
        if cursor.kind == CursorKind.COMPOUND_STMT:
            for child in cursor.get_children():
                self.remove(child, function)
        elif cursor.kind in (CursorKind.IF_STMT, CursorKind.FOR_STMT, CursorKind.WHILE_STMT):
            for child in list(cursor.get_children())[1:]:
                self.remove(child, function)
        for child in cursor.get_children():
            self.visit(child, function)

    def is_written_here(self, cursor):
        """False for what a macro makes: its text is elsewhere."""
        start, end = self.place(cursor)
        return (start < end and cursor.extent.start.file is not None and cursor.extent.end.file is not None
                and cursor.extent.start.file.name == cursor.extent.end.file.name)

    # Operators

    def operator_between(self, cursor, spellings):
        """(start, end, text) of the operator of two operands, None where it is not in plain sight."""
        operands = list(cursor.get_children())
        if len(operands) != 2:
            return None
        begin, stop = operands[0].extent.end.offset, operands[1].extent.start.offset
        found = re.fullmatch(r"[\s)]*?(\S+?)[\s(]*", self.text(begin, stop))
        if not found or found.group(1).strip("()") not in spellings:
            return None
        word = found.group(1).strip("()")
        start = begin + self.octets[begin:stop].find(word.encode())
        return start, start + len(word), word

    def binary(self, cursor, function):
        found = self.operator_between(cursor, OPERATORS)
        if not found:
            return
        start, end, word = found
        for new in OPERATORS[word]:
            self.add(function, "operator", start, end, new, cursor.extent.start.line)

    def compound(self, cursor, function):
        found = self.operator_between(cursor, ASSIGNMENTS)
        if found:
            start, end, word = found
            for new in ASSIGNMENTS[word]:
                self.add(function, "operator", start, end, new, cursor.extent.start.line)

    def unary(self, cursor, function):
        start, end = self.place(cursor)
        text = self.text(start, end)
        for word, new in STEPS.items():
            if text.startswith(word):
                self.add(function, "operator", start, start + 2, new, cursor.extent.start.line)
            elif text.endswith(word):
                self.add(function, "operator", end - 2, end, new, cursor.extent.start.line)
        if text.startswith("!") and not text.startswith("!="):
            self.add(function, "operator", start, start + 1, "", cursor.extent.start.line)

    # Constants

    def literal(self, cursor, function):
        start, end = self.place(cursor)
        text = self.text(start, end)
        if text in WORDS:
            self.add(function, "constant", start, end, WORDS[text], cursor.extent.start.line)
        if not re.fullmatch(r"(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]*", text):
            return
        value = int(text.rstrip("uUlL"), 8 if re.fullmatch(r"0[0-7]+", text.rstrip("uUlL")) else 0)
        for new in ({0: [1], 1: [0, 2]}.get(value) or [value + 1, value - 1]):
            self.add(function, "constant", start, end, str(new), cursor.extent.start.line)

    # Conditions and statements

    def condition(self, cursor, function):
        children = list(cursor.get_children())
        place = LOOPS.get(cursor.kind, 0)
        if place < len(children):
            self.negate(children[place], function)

    def negate(self, cursor, function):
        start, end = self.place(cursor)
        if self.is_written_here(cursor) and not self.text(start, end).startswith("!"):
            self.add(function, "condition", start, end, f"!({self.text(start, end)})", cursor.extent.start.line)

    def remove(self, statement, function):
        if statement.kind not in REMOVABLE or not self.is_written_here(statement):
            return
        start, end = self.place(statement)
        text = self.text(start, end)
        after = re.match(rb"\s*;", self.octets[end:])
        if after and not text.startswith(("assert", "va_")) and "memset" not in text[:6]:
            self.add(function, "statement", start, end, "", statement.extent.start.line)

    def returned(self, cursor, function):
        value = next(iter(cursor.get_children()), None)
        if value is None or not self.is_written_here(value):
            return
        start, end = self.place(value)
        text, kind = self.text(start, end), value.type.get_canonical().kind
        if text in WORDS or re.fullmatch(r"[0-9]+", text):
            return  # as a constant
        if kind == TypeKind.POINTER and text != "NULL":
            self.add(function, "return", start, end, "NULL", cursor.extent.start.line)
        elif "bool" in self.result_of(cursor, function) and not text.startswith("!"):
            self.add(function, "return", start, end, f"!({text})", cursor.extent.start.line)
        elif kind not in (TypeKind.POINTER, TypeKind.RECORD, TypeKind.ELABORATED):
            self.add(function, "return", start, end, "0", cursor.extent.start.line)

    def result_of(self, cursor, function):
        """The words before the function's name."""
        found = re.search(rb"^([\w *]+?)\b" + re.escape(function).encode() + rb"\(", self.octets[:cursor.extent.start.offset],
                          re.MULTILINE)
        return found.group(1).decode() if found else ""

    HANDLERS = {
        CursorKind.BINARY_OPERATOR: binary,
        CursorKind.COMPOUND_ASSIGNMENT_OPERATOR: compound,
        CursorKind.UNARY_OPERATOR: unary,
        CursorKind.INTEGER_LITERAL: literal,
        CursorKind.IF_STMT: condition,
        CursorKind.WHILE_STMT: condition,
        CursorKind.DO_STMT: condition,
        CursorKind.CONDITIONAL_OPERATOR: condition,
        CursorKind.RETURN_STMT: returned,
    }


def of_file(file, path, arguments):
    """All changes of src/FILE, which is at `path`; each offset once for each new text."""
    unique = {}
    for mutant in Source(file, path, arguments).found:
        unique.setdefault((mutant.offset, mutant.end, mutant.new), mutant)
    return sorted(unique.values(), key=lambda mutant: (mutant.offset, mutant.end, mutant.new))
