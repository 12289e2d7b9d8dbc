#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes man pages from the public headers: a page for each header, and for each name in it a page that leads there.

Usage: man.py VERSION OUTPUT_FOLDER HEADER...    writes the pages
       man.py --list HEADER...                   prints their names, one a line, without writing

The headers are the manual; this only sets them: the file's comment, then each comment with what it describes.
"""
import os
import re
import sys
from typing import NamedTuple

COMMENT = re.compile(r"/\*(.*?)\*/[ \t]*\n?", re.DOTALL)
ROW = re.compile(r'\bX\((GR_\w+), ?(?:(-?\d+), ?)?"(.*)"\)')  # of a table of constants
STRING = r'"(?:[^"\\\n]|\\.)*"'
ATTRIBUTES = ("GR_API", "GR_MUST_USE", "GR_PRINTF")  # of base.h: for the headers, not for users


class Entry(NamedTuple):
    """A comment with what stands under it."""
    names: list  # public names, the first one's the heading
    code: str  # the declarations
    text: str  # the comment


class Header(NamedTuple):
    stem: str  # "actor" of actor.h
    about: str  # the file's comment
    entries: list


def unwrap(comment):
    """A comment's text: without its stars, one string, paragraphs and indented lines kept."""
    lines = [re.sub(r"^ ?\* ?", "", line.strip()) if line.strip().startswith("*") else line.strip()
             for line in comment.strip().splitlines()]
    return "\n".join(lines).strip()


def without_comments(code):
    return COMMENT.sub(lambda m: "\n" if m.group(0).endswith("\n") else "", code)


def declared(code):
    """The public names that a piece of a header declares, in order."""
    names = []
    for line in without_comments(code).split("\n"):
        for pattern in (r"#define (gr_\w+|GR_\w+)", r"(?:struct|enum|union) (gr_\w+)(?= \{)", r"^typedef .*\b(gr_\w+);",
                        r"^\} (gr_\w+);", r"^(?:GR_API|static inline)\b[^(]*?\b(gr_\w+)\("):
            names += [name for name in re.findall(pattern, line) if name not in names]
    names += [match.group(1) for match in ROW.finditer(code)]
    for body in re.findall(r"(?m)^enum\b[^{;]*\{([^}]*)\}", without_comments(code)):
        names += re.findall(r"(?:^|,)\s*(GR_\w+)", body)
    return [name for name in names if not name.endswith("_H") and name not in ATTRIBUTES]


def shown(code):
    """The declarations as a reader wants them: no bodies, no linkage, macros by their head."""
    kept, in_macro = [], False
    for line in code.split("\n"):
        was_in_macro, in_macro = in_macro, line.endswith("\\") and (in_macro or line.startswith("#define"))
        head = re.match(r"#define ((?:gr_|GR_)\w+\([^)]*\))", line)
        if was_in_macro and (row := ROW.search(line)):
            kept.append(f"{row.group(1)}: " + " ".join(filter(None, row.group(2, 3))))
        elif head and not was_in_macro:
            kept.append(head.group(1))
        elif not was_in_macro and not re.match(r"#(if|el|end|inc|undef)|#define [Gg][Rr][Ii]_|.*\bGRI_(BEGIN|END)_C", line):
            kept.append(line.removesuffix("\\").rstrip())
    text = re.sub(r"\bGR_API (GR_MUST_USE )?", "", "\n".join(kept))
    return re.sub(r"(?ms)^static inline ([^{]*?)\n\{.*?^\}", r"\1;", text).strip()


def entries_of(body):
    """Each comment that starts a line, with the code under it. Code without a comment belongs to the comment before."""
    entries, lines, at, comment = [], body.split("\n"), 0, ""
    while at < len(lines):
        begin = at
        if lines[at].startswith("/*"):
            while "*/" not in lines[at]:
                at += 1
            at += 1
            comment = unwrap("\n".join(lines[begin:at]).strip().removeprefix("/*").removesuffix("*/"))
        code, at = take_code(lines, at)
        names = declared(code)
        if names and at > begin and entries and entries[-1].text == comment:
            last = entries.pop()
            entries.append(Entry(last.names + names, last.code + "\n" + shown(code), comment))
        elif names:
            entries.append(Entry(names, shown(code), comment))
        at += at == begin or at < len(lines) and not lines[at].strip()
    return entries


def take_code(lines, at):
    """The code from a line on, and the number of the line behind it."""
    begin, depth = at, 0
    while at < len(lines) and (depth > 0 or lines[at].strip() and not lines[at].startswith("/*")):
        bare = re.sub(STRING, "", re.sub(r"/\*.*?(\*/|$)", "", lines[at]))
        depth += bare.count("{") - bare.count("}")
        at += 1
    return "\n".join(lines[begin:at]), at


def read(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"\A/\* SPDX.*?\*/\n", "", text)
    about = COMMENT.match(text)
    return Header(os.path.basename(path).removesuffix(".h"), unwrap(about.group(1)), entries_of(text[about.end():]))


def escape(line):
    line = line.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + line if line.startswith((".", "'")) else line


def paragraphs(text):
    """Running text in troff: an empty line is a paragraph, an indented one stands as it is."""
    out = []
    for line in text.split("\n"):
        if not line.strip():
            out.append(".PP")
        elif line.startswith(("  ", "- ")):
            out += [".br", escape(line.strip())]
        else:
            out.append(re.sub(r"\b(gr_\w+|GR_[A-Z_]+)", r"\\fB\1\\fR", escape(line)))
    return out


def first_sentence(text):
    sentence = re.split(r"(?<=\.)\s", " ".join(text.split()), 1)[0]
    return sentence.rstrip(".")


def title(header):
    return "greenroom" if header.stem == "greenroom" else f"greenroom_{header.stem}"


def page(header, version, titles):
    names = [title(header)] + [name for entry in header.entries for name in entry.names]
    out = [f'.TH {title(header).upper()} 3 "" "Greenroom {version}" "Greenroom"', ".SH NAME",
           escape(", ".join(dict.fromkeys(names))) + " \\- " + escape(first_sentence(header.about)),
           ".SH SYNOPSIS", ".nf", f"\\fB#include <greenroom/{header.stem}.h>\\fR", ".fi",
           ".SH DESCRIPTION"] + paragraphs(header.about)
    for entry in header.entries:
        heading = entry.names if len(entry.names) <= 6 else entry.names[:1] + ["..."]
        out += [".SS " + escape(", ".join(heading)), ".nf"]
        out += [escape(line) for line in entry.code.split("\n")] + [".fi", ".PP"] + paragraphs(entry.text)
    others = [f"\\fB{name}\\fR(3)" for name in titles if name != title(header)]
    return "\n".join(out + [".SH SEE ALSO", ", ".join(others), ""])


def pages(headers, version):
    """File name -> text of every page."""
    titles = sorted(title(header) for header in headers)
    out = {f"{title(header)}.3": page(header, version, titles) for header in headers}
    for header in headers:
        for name in (name for entry in header.entries for name in entry.names):
            out.setdefault(f"{name}.3", f".so man3/{title(header)}.3\n")
    return out


def main(arguments):
    if arguments[:1] == ["--list"]:
        print("\n".join(sorted(pages([read(path) for path in arguments[1:]], ""))))
        return
    version, folder, *paths = arguments
    for name, text in pages([read(path) for path in paths], version).items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
