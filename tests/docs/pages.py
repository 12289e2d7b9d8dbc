# SPDX-License-Identifier: Apache-2.0
"""The Markdown pages of the tree, as far as the tests need to read them: fenced blocks, headings, links, names."""
import os
import re
from typing import NamedTuple

LEFT_OUT = {".git", "__pycache__", "node_modules"}
FENCE = re.compile(r"^```(.*)$")
GIVEN = re.compile(r"^<!-- given: (.*) -->$")
HEADING = re.compile(r"^#+ +(.*?) *$")
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")


class Block(NamedTuple):
    """One fenced block."""
    page: str
    line: int  # of its first line of text
    info: str  # what stands behind the opening fence
    given: str  # of a comment `<!-- given: ... -->` on the line before the fence, else empty
    text: str


class Page:
    """One page: its blocks, and its lines with the blocks made blank."""

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8") as file:
            self.lines = file.read().split("\n")
        self.blocks, self.prose = [], []
        self._read()

    def _read(self):
        start = None
        for number, line in enumerate(self.lines, 1):
            fence = FENCE.match(line)
            self.prose.append("" if fence or start else line)
            if fence and start is None:
                before = GIVEN.match(self.lines[number - 2]) if number > 1 else None
                start, info, given = number + 1, fence[1].strip(), before[1] if before else ""
            elif fence:
                text = "".join(line + "\n" for line in self.lines[start - 1:number - 1])
                self.blocks.append(Block(self.path, start, info, given, text))
                start = None
        if start is not None:
            raise ValueError(f"{self.path}:{start - 1}: this block has no end")

    def anchors(self):
        """What a link may name behind a #: each heading, as the usual hosts write it."""
        found = set()
        for line in self.prose:
            heading = HEADING.match(line)
            if heading:
                words = re.sub(r"[^\w\- ]", "", heading[1].lower())
                found.add(words.replace(" ", "-"))
        return found

    def links(self):
        """(line, target) of each link."""
        for number, line in enumerate(self.prose, 1):
            for match in LINK.finditer(line):
                yield number, match[1]

    def code(self):
        """(line, text) of each piece of code in the prose."""
        for number, line in enumerate(self.prose, 1):
            for match in CODE.finditer(line):
                yield number, match[1]


def read_pages(root):
    """All pages of the tree by path, but those in build folders."""
    pages = {}
    for folder, folders, names in os.walk(root):
        place = os.path.relpath(folder, root)
        folders[:] = [name for name in folders if name not in LEFT_OUT
                      and not (place == "." and (name == "build" or name.startswith("build-")))]
        for name in names:
            if name.endswith(".md"):
                path = os.path.normpath(os.path.join(place, name))
                pages[path] = Page(root, path)
    return pages
