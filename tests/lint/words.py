# SPDX-License-Identifier: Apache-2.0
"""What a file's text may hold: licence line, opening comment, white space, length of lines, atomics, systems, and
foreign names."""
import re

from c_source import DIRECTIVE, Source
from graph import PARTS
from tree import Issue, top

LICENCE = "SPDX-License-Identifier: Apache-2.0"
ATOMIC = re.compile(r"__atomic_\w+|__sync_\w+|\b_Atomic\b|<stdatomic\.h>|\batomic_\w+ *\(|\bmemory_order\w*"
                    r"|\bstd::atomic\w*|\b[ml]fence\b")
SYSTEM = re.compile(r"\b(__linux__|__linux|linux|__gnu_linux__|__APPLE__|__MACH__|_WIN32|_WIN64|__unix__|__unix"
                    r"|__FreeBSD__|__NetBSD__|__OpenBSD__|__DragonFly__|__sun|__ANDROID__|__CYGWIN__|__GLIBC__)\b")
COLUMNS_MAX = 125  # a few more than the 120 at which comments are wrapped, for an edit within a paragraph
# Written by a program.
FREE_LINES = {"docs/performance.md"}
# Written in pieces, so that this file passes its own rule.
FOREIGN = re.compile("|".join(["\\.\\./" + "shared", "/wo" + "rk/",
                               "shared/(?:desi" + "gn|verifi" + "cation|bench" + "marks)",
                               "deb\\.deb" + "ian\\.org", "snapshot\\.deb" + "ian\\.org", "registry\\.np" + "mjs"]))


def matches(tree, path, pattern, text):
    for match in pattern.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match[0]


def licence(tree):
    """every source file opens with its licence"""
    for path in tree.paths:
        if not tree.is_source(path):
            continue
        lines = tree.lines(path)
        first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
        if LICENCE not in first:
            yield Issue(path, 1, f"the first line is not '{LICENCE}' in a comment: add it")


def opening_comment(tree):
    """every C file says what it is, right after its licence"""
    for path in tree.ending(".c", ".h", ".S"):
        rest = "\n".join(tree.lines(path)[1:]).lstrip()
        if not rest.startswith(("/*", "//")):
            yield Issue(path, 2, "no comment that says what this file is (and is not): add it under the licence")


def white_space(tree):
    """no tabs, blanks at the end of a line, or missing end of the last line"""
    for path in tree.paths:
        if path.endswith(".patch") or not (tree.is_source(path) or path.endswith((".md", ".txt"))):
            continue
        text = tree.text(path)
        if not path.endswith(".go"):
            for line, _ in matches(tree, path, re.compile("\t"), text):
                yield Issue(path, line, "a tab: use spaces")
        for line, _ in matches(tree, path, re.compile(r"[ \r]+$", re.M), text):
            yield Issue(path, line, "blanks at the end of the line: remove them")
        if text and not text.endswith("\n"):
            yield Issue(path, text.count("\n") + 1, "the last line has no end: add a newline")


def line_length(tree):
    """lines have at most 125 columns"""
    for path in tree.paths:
        if path in FREE_LINES or not (tree.is_source(path) or path.endswith(".md")):
            continue
        for line, text in enumerate(tree.lines(path), 1):
            is_row = path.endswith(".md") and text.startswith("|")
            if len(text) > COLUMNS_MAX and not is_row and "://" not in text:
                yield Issue(path, line, f"{len(text)} columns, more than {COLUMNS_MAX}: wrap it; a comment at 120")


def atomics(tree):
    """atomics only through base/"""
    for path in tree.ending(".c", ".h", ".S"):
        if top(path) in PARTS and top(path) != "base":
            for line, found in matches(tree, path, ATOMIC, Source(tree.text(path)).code):
                yield Issue(path, line, f"{found}: atomics go through base/atomic.h, where the explorer can drive them")


def systems(tree):
    """only base/platform knows operating systems"""
    for path in tree.ending(".c", ".h", ".S"):
        if top(path) not in PARTS or path.startswith("base/platform"):
            continue
        source = Source(tree.text(path))
        for directive in DIRECTIVE.finditer(source.code):
            found = SYSTEM.search(directive[0])
            if found and re.match(r"\s*#\s*(?:if|el)", directive[0]):
                yield Issue(path, source.line_of(directive.start() + directive[0].index("#")),
                            f"{found[0]}: only base/platform asks which system this is; add a function there")


def foreign_names(tree):
    """the tree names nothing outside itself"""
    for path in tree.paths:
        for line, found in matches(tree, path, FOREIGN, tree.text(path)):
            yield Issue(path, line, f"'{found}' is outside the tree, and its readers don't have it: say it here instead")


RULES = [licence, opening_comment, white_space, line_length, atomics, systems, foreign_names]
