#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes the whole programs out of README.md and the guide, for tests/stranger: writes each to NAME.c, and what it must
print to NAME.output. Or prints the shell lines of a page, without their comments.

Usage: programs.py FOLDER    prints one name a line, as futures_37: the page and the line
       programs.py --shell PAGE
"""
import os
import sys

sys.dont_write_bytecode = True

from claims import is_public_page
from pages import Page, read_pages
from snippets import is_program, with_lines

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))


def programs(page):
    """(name, text, output) of each whole program of a page."""
    for block, following in zip(page.blocks, page.blocks[1:]):
        if block.info == "c" and is_program(block.text) and following.info == "output":
            stem = os.path.splitext(os.path.basename(page.path))[0]
            yield f"{stem}_{block.line}", with_lines(block), following.text


def shell_lines(page):
    for block in page.blocks:
        if block.info == "sh":
            yield from (line.split("#")[0].strip() for line in block.text.split("\n") if line.strip())


def main(arguments):
    if arguments[:1] == ["--shell"]:
        print("\n".join(shell_lines(Page(ROOT, arguments[1]))))
        return
    for path, page in sorted(read_pages(ROOT).items()):
        for name, text, output in programs(page) if is_public_page(path) else ():
            for ending, content in ((".c", text), (".output", output)):
                with open(os.path.join(arguments[0], name + ending), "w", encoding="utf-8") as file:
                    file.write(content)
            print(name)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: programs.py FOLDER | --shell PAGE")
    main(sys.argv[1:])
