# SPDX-License-Identifier: Apache-2.0
"""Who may include whom. This table is the architecture's picture of itself; the link order in meson.build repeats it."""
import re

from c_source import Source
from tree import Issue, top

EVERYWHERE = ["base", "observe", "messages"]

# Folder of the library -> folders whose headers it may include, beside its own.
PARTS = {
    "base": [],
    "observe": ["base"],
    "messages": ["base", "observe"],
    "mailbox": EVERYWHERE,
    "scheduler": [*EVERYWHERE, "mailbox"],
    "futures": [*EVERYWHERE, "mailbox", "scheduler"],
    "actors": [*EVERYWHERE, "mailbox", "scheduler", "futures"],
    "queues": [*EVERYWHERE, "mailbox", "scheduler", "futures", "actors"],
    "supervisors": [*EVERYWHERE, "mailbox", "scheduler", "futures", "actors"],
    "executors": [*EVERYWHERE, "mailbox", "scheduler", "futures", "actors", "queues", "supervisors"],
    "io": [*EVERYWHERE, "mailbox", "scheduler", "futures", "actors"],
    "transports": [*EVERYWHERE, "mailbox", "scheduler", "io"],
    "nodes": [*EVERYWHERE, "mailbox", "scheduler", "futures", "actors", "io", "transports"],
    "gateways": [*EVERYWHERE, "futures", "actors", "io", "transports"],
    "simulation": [*EVERYWHERE, "scheduler", "io", "transports", "nodes"],
}
PARTS["runtime"] = list(PARTS)  # the composition root: it includes all, nothing includes it

# Public header -> the lowest part that may include it. Higher parts may too.
PUBLIC = {
    "base.h": "base",
    "error.h": "base",
    "time.h": "base",
    "log.h": "observe",
    "ref.h": "messages",
    "buffer.h": "messages",
    "message.h": "messages",
    "actor.h": "messages",  # behaviours are registered by name beside types; it also holds a mailbox's options
    "send.h": "mailbox",  # causes of dead letters
    "monitor.h": "mailbox",  # signals lie in mailboxes
    "system.h": "scheduler",  # limits and options
    "future.h": "futures",
    "ask.h": "futures",
    "promise.h": "actors",
    "task.h": "actors",
    "scope.h": "actors",
    "become.h": "actors",
    "blocking.h": "actors",
    "coroutine.h": "actors",
    "timer.h": "actors",
    "link.h": "actors",
    "name.h": "actors",
    "local.h": "actors",
    "dead_letter.h": "actors",
    "greenroom.h": None,  # for users only: a part names what it needs
}

# What a public header may include beside other public headers.
STANDARD = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "string.h", "type_traits"}

USERS = ["samples", "bench", "tools"]
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)


def includes(tree, path):
    """(line, whether in quotes, name) of each include of a file."""
    source = Source(tree.text(path))
    for match in INCLUDE.finditer(source.code):
        yield source.line_of(match.start(2)), match[1] == '"', match[2]


def check_public_header(path, line, quoted, name):
    if quoted:
        yield Issue(path, line, f'a public header includes "{name}": write <greenroom/...> or leave it out')
    elif not name.startswith("greenroom/") and name not in STANDARD:
        yield Issue(path, line, f"a public header includes <{name}>: users would need it too; hide it behind our own type")


def check_part(path, line, quoted, name):
    part = top(path)
    if name.startswith("greenroom/"):
        header = name.split("/", 1)[1]
        if header not in PUBLIC:
            yield Issue(path, line, f"<{name}> has no place: add it to PUBLIC in tests/lint/graph.py")
        elif PUBLIC[header] is None:
            yield Issue(path, line, f"<{name}> is for users: include the headers of the concepts needed here")
        elif PUBLIC[header] != part and PUBLIC[header] not in PARTS[part]:
            yield Issue(path, line, f"{part}/ may not include <{name}>, which belongs to {PUBLIC[header]}/ and above")
    elif quoted:
        other = top(name)
        if not other:
            yield Issue(path, line, f'"{name}": write it from the tree\'s root, as "{path.rsplit("/", 1)[0]}/{name}"')
        elif other != part and other not in PARTS[part]:
            yield Issue(path, line, f"{part}/ may not include {other}/: see PARTS in tests/lint/graph.py, "
                        "and turn the call round with a vtable or a returned value")


def check_user(tree, path, line, quoted, name):
    if quoted and (top(name) in PARTS or name.startswith(("include/", "tests/"))):
        yield Issue(path, line, f'{top(path)}/ is a user like any other: "{name}" is internal; use <greenroom/...>')
    elif not quoted and top(name) in PARTS:
        yield Issue(path, line, f"{top(path)}/ is a user like any other: <{name}> is internal; use <greenroom/...>")


def include_graph(tree):
    """includes follow the table of parts; public headers are self-contained; samples use public headers only"""
    for path in tree.ending(".c", ".h", ".S", ".cpp", ".cc", ".hpp"):
        folder = top(path)
        for line, quoted, name in includes(tree, path):
            if folder == "include":
                yield from check_public_header(path, line, quoted, name)
            elif folder in PARTS:
                yield from check_part(path, line, quoted, name)
            elif folder in USERS:
                yield from check_user(tree, path, line, quoted, name)


def known_folders(tree):
    """every folder with C code has its place in the table"""
    known = {*PARTS, *USERS, "include", "tests", "docs"}
    for folder in sorted({top(path) for path in tree.ending(".c", ".h", ".S")} - known):
        first = next(path for path in tree.ending(".c", ".h", ".S") if top(path) == folder)
        yield Issue(first, 1, f"{folder or 'the root'} is no part of the library: add it to PARTS in tests/lint/graph.py, "
                    "or move the file")
    for path in tree.ending(".h"):
        if path.startswith("include/greenroom/") and path.split("/")[-1] not in PUBLIC:
            yield Issue(path, 1, "a public header without a place: add it to PUBLIC in tests/lint/graph.py")


RULES = [include_graph, known_folders]
