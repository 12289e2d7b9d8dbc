# SPDX-License-Identifier: Apache-2.0
"""What the headers promise: commented fields, and a symbol map that agrees with them."""
import re

from c_source import Source
from graph import PARTS
from tree import Issue, top

EXPORTED = re.compile(r"\bGR_API\b(?:[^;{]*?)\b(gri?_\w+)\s*\(", re.S)
MAP = "greenroom.map"


def field_comments(tree):
    """every struct field of the library has a comment"""
    for path in tree.ending(".c", ".h"):
        if top(path) in PARTS or path.startswith("include/"):
            for field in Source(tree.text(path)).fields():
                if not field.has_comment:
                    yield Issue(path, field.line, f"the field '{field.text[:60]}' has no comment: say what it holds, "
                                "on its line or the line above")


def exported(tree):
    """Function marked GR_API -> (file, line)."""
    found = {}
    for path in tree.ending(".h"):
        if path.startswith("include/"):
            source = Source(tree.text(path))
            for match in EXPORTED.finditer(source.bare):
                found[match[1]] = path, source.line_of(match.start(1))
    return found


def symbol_map(tree):
    """the symbol map lists what the public headers export"""
    if MAP not in tree.paths:
        return
    text = Source(tree.text(MAP)).code
    listed = re.findall(r"^\s*(gri?_[\w*]+);", text, re.M)
    marked = exported(tree)
    for name, (path, line) in sorted(marked.items()):
        if name.startswith("gri_") and name not in listed:
            yield Issue(path, line, f"{name} is GR_API but not in {MAP}: add it there, or drop GR_API")
    for name in listed:
        if name != "gr_*" and name not in marked:
            line = text[:text.index(name + ";")].count("\n") + 1
            yield Issue(MAP, line, f"{name} is listed but no public header marks it GR_API: remove it")
    if "gr_*" not in listed:
        yield Issue(MAP, 1, "the public functions are not exported: list gr_*")


RULES = [field_comments, symbol_map]
