# SPDX-License-Identifier: Apache-2.0
"""What the pages say beside code: that links lead somewhere, that commands, files and names exist, that lists are whole."""
import glob
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../lint"))

from graph import PARTS

NAME = re.compile(r"\b(?:gr|GR|gri|GRI)_\w+\b\*?")
FILE = re.compile(r"^(?:\./)?[\w.-]+(?:/[\w.-]+)*/?$")
SOURCE_ENDINGS = (".c", ".h", ".S", ".py", ".md", ".map")


class Tree:
    """The texts that claims are compared with."""

    def __init__(self, root, pages):
        self.root = root
        self.pages = pages
        self.public = self.read_all(["include/greenroom"])
        self.sources = self.public + self.read_all(sorted(PARTS))
        self.basenames = {name for _, _, names in os.walk(root) for name in names}  # a page may leave out the folder

    def exists(self, path):
        return os.path.exists(os.path.join(self.root, path))

    def read(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            return file.read()

    def read_all(self, folders):
        texts = []
        for folder in filter(self.exists, folders):
            texts += [self.read(f"{folder}/{name}") for name in sorted(os.listdir(os.path.join(self.root, folder)))
                      if name.endswith((".c", ".h"))]
        return "\n".join(texts)


def is_public_page(path):
    return path == "README.md" or path.startswith("docs/guide/")


# ---- each page ----

def broken_links(tree, page):
    for line, target in page.links():
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        path = os.path.normpath(os.path.join(os.path.dirname(page.path), file)) if file else page.path
        if not tree.exists(path):
            yield f"{page.path}:{line}: the link leads to {path}, which is not there"
        elif anchor and anchor not in tree.pages[path].anchors():
            yield f"{page.path}:{line}: {path} has no heading for #{anchor}"


def unknown_names(tree, page):
    """Names of ours in the prose. Pages for users name public things only."""
    texts = tree.public if is_public_page(page.path) else tree.sources
    for line, code in page.code():
        for name in NAME.findall(code):
            known = name[:-1] in texts if name.endswith("*") else re.search(rf"\b{name}\b", texts)
            if not known and not re.search(rf'"{name}"', tree.sources):  # a variable of the environment
                yield f"{page.path}:{line}: there is no {name}"


def missing_files(tree, page):
    if not (page.path == "README.md" or page.path.startswith("docs/")):
        return
    for line, code in page.code():
        if not FILE.match(code) or not code.endswith((*SOURCE_ENDINGS, "/")):
            continue
        if code.startswith("build/samples/"):
            code = code.replace("build/samples/", "samples/", 1)
        places = [code, f"include/greenroom/{code}", os.path.join(os.path.dirname(page.path), code)]
        if not any(map(tree.exists, places)) and code not in tree.basenames:
            yield f"{page.path}:{line}: there is no file {code}"


def unknown_commands(tree, page):
    """Each ./dev of a shell block or of the prose is a command, with options that its help tells."""
    script = tree.read("dev")
    usage = script[script.index("usage()"):script.index("\n}\n")]
    found = [(block.line + number, line) for block in page.blocks if block.info == "sh"
             for number, line in enumerate(block.text.split("\n")) if line.strip()]
    found += [(line, code) for line, code in page.code() if code.startswith("./dev")]
    for line, text in found:
        words = text.split("#")[0].split()
        while words and "=" in words[0]:
            words = words[1:]  # a variable for the command
        if words and words[0] == "./dev":
            command = words[1] if len(words) > 1 else ""
            if not re.search(rf"^cmd_{command}\(\)", script, re.M) and command != "help":
                yield f"{page.path}:{line}: ./dev has no command '{command}'"
            yield from (f"{page.path}:{line}: ./dev help does not tell of {word}"
                        for word in words[2:] if word.startswith("--") and word not in usage)
        elif words and words[0].startswith("build/samples/"):
            folder, name = os.path.split(words[0].removeprefix("build/"))
            if not glob.glob(os.path.join(tree.root, folder, "**", f"{name}.c"), recursive=True):
                yield f"{page.path}:{line}: there is no sample {words[0]}"
        elif words and words[0] not in ("cc", "gdb", "meson", "ldconfig", "apt-get"):
            yield f"{page.path}:{line}: '{words[0]}' is no command of this tree"


EACH_PAGE = {
    "its links lead somewhere": broken_links,
    "the names in it exist": unknown_names,
    "the files that it names exist": missing_files,
    "the commands in it exist": unknown_commands,
}


# ---- the whole ----

def bare(text):
    """A program without comments and white space."""
    return re.sub(r"\s+|/\*.*?\*/", "", text, flags=re.S)


def readme_shows_the_sample(tree):
    programs = [block.text for block in tree.pages["README.md"].blocks if block.info == "c"]
    if len(programs) != 1 or bare(programs[0]) != bare(tree.read("samples/account.c")):
        yield "README.md: its one program is not samples/account.c"


def table(text, name):
    """The constants of an X-macro table of a header."""
    start = text.index(f"#define {name}(X)")
    return re.findall(r"X\((\w+),", text[start:text.index("\n\n", start)])


def list_is_whole(tree, path, wanted):
    """Each of `wanted` opens a row of a table of the page, first in that order."""
    rows = re.findall(r"^\| `(\w+)`", "\n".join(tree.pages[path].prose), re.M)
    if [name for name in dict.fromkeys(rows) if name in wanted] != wanted:
        yield f"{path}: its table should have, in this order: {' '.join(wanted)}"


def errors_are_listed(tree):
    yield from list_is_whole(tree, "docs/guide/errors.md", table(tree.public, "GR_ERROR_TABLE")[1:])


def causes_are_listed(tree):
    yield from list_is_whole(tree, "docs/guide/errors.md", table(tree.public, "GR_DEAD_LETTER_TABLE"))


def variables_are_listed(tree):
    names = re.findall(r'OPTION\("(\w+)"', tree.read("runtime/options.c")) + ["GR_LOG"]
    yield from list_is_whole(tree, "docs/guide/start.md", names)


def guarantees_are_told(tree):
    page = tree.pages["docs/guide/guarantees.md"]
    told = [int(match[1]) for match in (re.match(r"## G(\d+) ", line) for line in page.prose) if match]
    if told != list(range(1, 20)):
        yield f"{page.path}: it has headings for {told}, not for G1 to G19"


def headers_are_linked(tree):
    linked = {os.path.basename(target) for page in tree.pages.values() for _, target in page.links()}
    for name in sorted(os.listdir(os.path.join(tree.root, "include/greenroom"))):
        if name not in linked:
            yield f"no page leads to include/greenroom/{name}"


def graph_is_told(tree):
    """The include graph in the architecture's page is the one that the lint enforces."""
    page = tree.pages["docs/design/0001-architecture.md"]
    told = {}
    for block in page.blocks:
        for line in block.text.split("\n"):
            match = re.match(r"(\w+)/ +-> (.*)$", line)
            if match:
                told[match[1]] = match[2].split()
    for part, below in PARTS.items():
        if not tree.exists(part):
            continue
        wanted = [other for other in below if tree.exists(other) and other != part]
        if sorted(told.get(part, [])) not in (sorted(wanted), ["all"] if part == "runtime" else None):
            yield f"{page.path}: {part}/ -> {' '.join(told.get(part, []))}, but the lint allows {' '.join(wanted)}"


def notes_are_numbered(tree):
    numbers = sorted(int(name[:4]) for name in os.listdir(os.path.join(tree.root, "docs/design")))
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"docs/design: the notes' numbers are {numbers}"


def guide_is_a_chain(tree):
    """Each page of the guide ends with the one to read next; from the first one on they are all there, once."""
    guide = {os.path.basename(path): page for path, page in tree.pages.items() if path.startswith("docs/guide/")}
    name, passed = "start.md", []
    while name in guide and name not in passed:
        passed.append(name)
        last = [line for line in guide[name].prose if line.strip()][-1]
        match = re.fullmatch(r"Next: \[.*\]\((.*)\)\.", last)
        name = match[1] if match else None
    if name is not None:
        yield f"docs/guide/{passed[-1]}: what comes next is {name}, which is not there, or was before"
    for name in sorted(guide.keys() - set(passed)):
        yield f"docs/guide/{name}: no other page says that it is next"


WHOLE = {
    "README shows samples/account.c": readme_shows_the_sample,
    "the guide lists every error": errors_are_listed,
    "the guide lists every cause of dead letters": causes_are_listed,
    "the guide lists every variable of the environment": variables_are_listed,
    "the guide is one chain": guide_is_a_chain,
    "the guide tells all guarantees": guarantees_are_told,
    "a page leads to each public header": headers_are_linked,
    "the architecture's include graph is the lint's": graph_is_told,
    "the design notes are numbered without a gap": notes_are_numbered,
}


def check_claims(root, pages):
    """(case, complaint or None) of everything in this file."""
    tree = Tree(root, pages)
    for path, page in sorted(pages.items()):
        for case, rule in EACH_PAGE.items():
            yield f"{path}: {case}", "\n".join(rule(tree, page)) or None
    for case, rule in WHOLE.items():
        yield case, "\n".join(rule(tree)) or None
