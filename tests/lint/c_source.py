# SPDX-License-Identifier: Apache-2.0
"""Just enough of C to check its style: comments, functions, struct fields. It is no parser: macros stay as written."""
import re
from typing import NamedTuple

TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.M | re.S)
STRUCT = re.compile(r"\b(?:struct|union)\b(?:\s+__attribute__\s*\(\(.*?\)\))?(?:\s+\w+)?\s*\{")
FUNCTION = re.compile(r"^\{$(.*?)^\}", re.M | re.S)


class Function(NamedTuple):
    """A function's name, its first line, and its length from signature to closing brace."""
    name: str
    line: int
    length: int


class Field(NamedTuple):
    """A struct field: first line, text without comments, and whether a comment says what it is.

    A nameless struct or union inside another is no field: its members are."""
    line: int
    text: str
    has_comment: bool


def blank(text):
    """`text` with everything but line ends turned into spaces."""
    return re.sub(r"[^\n]", " ", text)


class Source:
    """A C file: `code` is its text with comments blanked, `bare` also without strings and preprocessor lines."""

    def __init__(self, text):
        self.text = text
        self.comments = [match.span() for match in TOKEN.finditer(text) if match[0].startswith(("//", "/*"))]
        self.code = TOKEN.sub(lambda match: blank(match[0]) if match[0][0] == "/" else match[0], text)
        self.bare = DIRECTIVE.sub(lambda match: blank(match[0]), TOKEN.sub(lambda match: blank(match[0]), text))

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def functions(self):
        """Function definitions in the tree's format: braces at the start of a line."""
        for match in FUNCTION.finditer(self.bare):
            start = max(self.bare.rfind("\n\n", 0, match.start()), self.bare.rfind("\n}", 0, match.start()),
                        self.bare.rfind(";\n", 0, match.start()))
            signature = self.bare[start + 1:match.start()].lstrip("};\n ")
            name = re.search(r"(\w+)\s*\(", signature)
            if name is None:
                continue
            offset = match.start() - len(self.bare[start + 1:match.start()].lstrip("};\n "))
            first, last = self.line_of(offset), self.line_of(match.end() - 1)
            yield Function(name[1], first, last - first + 1)

    def _without_cplusplus(self):
        """`bare` with what only a C++ compiler sees blanked."""
        depth, hidden, result = 0, None, []
        for line, bare in zip(self.code.split("\n"), self.bare.split("\n")):
            directive = re.match(r"\s*#\s*(if|ifdef|ifndef|else|elif|endif)\b(.*)", line)
            if directive:
                if directive[1] in ("if", "ifdef", "ifndef"):
                    depth += 1
                    if hidden is None and directive[1] != "ifndef" and directive[2].strip() == "__cplusplus":
                        hidden = depth
                elif hidden == depth:
                    hidden = None
                if directive[1] == "endif":
                    depth -= 1
            result.append(blank(bare) if hidden is not None else bare)
        return "\n".join(result)

    def _commented_lines(self):
        """(lines that any comment touches, lines of comments that stand alone)."""
        touched, alone = set(), set()
        for start, end in self.comments:
            lines = range(self.line_of(start), self.line_of(end - 1) + 1)
            touched.update(lines)
            line_start = self.text.rfind("\n", 0, start) + 1
            if not self.text[line_start:start].strip():
                alone.update(lines)
        return touched, alone

    def fields(self):
        """The fields of every struct and union definition."""
        code = self._without_cplusplus()
        touched, alone = self._commented_lines()
        for match in STRUCT.finditer(code):
            for start, end in members(code, match.end()):
                if code[start:end].rstrip().endswith("}"):
                    continue
                first, last = self.line_of(start), self.line_of(end)
                yield Field(first, " ".join(code[start:end].split()),
                            first - 1 in alone or first in touched or last in touched)


def members(code, position):
    """The spans of the members of the struct whose body starts at `position`."""
    depth, start = 0, None
    for offset in range(position, len(code)):
        char = code[offset]
        if char == "}" and depth == 0:
            return
        if start is None and not char.isspace() and char != ";":
            start = offset
        depth += (char in "{([") - (char in "})]")
        if char == ";" and depth == 0 and start is not None:
            yield start, offset
            start = None
