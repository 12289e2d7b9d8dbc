#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks README.md and docs/: their code compiles and prints what they say, and what they name exists.

Usage: test_docs.py BUILD_FOLDER. How code is marked in a page stands in snippets.py; the other checks are in claims.py.
"""
import os
import sys
import tempfile

sys.dont_write_bytecode = True

from claims import check_claims, is_public_page
from pages import read_pages
from snippets import Compiler, check_page

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))


def cases(build):
    """(case, complaint or None)."""
    pages = read_pages(ROOT)
    yield from check_claims(ROOT, pages)
    with tempfile.TemporaryDirectory(prefix="greenroom-docs-") as folder:
        compiler = Compiler(ROOT, build, folder)
        for path, page in sorted(pages.items()):
            if is_public_page(path):
                yield from check_page(compiler, page)


def main():
    passed = failed = 0
    for case, complaint in cases(os.path.abspath(sys.argv[1])):
        passed, failed = passed + (complaint is None), failed + (complaint is not None)
        if complaint is not None:
            print(f"FAILED {case}\n{complaint}\n")
    print(f"docs: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: test_docs.py BUILD_FOLDER")
    sys.exit(main())
