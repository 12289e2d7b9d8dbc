#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What pkgstat --json must print, computed plainly: whole files in memory, no concern for speed. It was written from the
specification, not from the C program.

    oracle.py FILE...

Where the specification leaves something open, both programs read it so:
- White space is ASCII's: space, tab, LF, VT, FF, CR. A CR that no LF follows is no line end; a line with one is not blank.
- A continuation is a line that starts with space or tab and is not blank. The value that it continues gets one space and
  the trimmed line, even where either is empty, and is not trimmed again.
- A repeated key starts a new value, also an empty one, and continuations belong to it.
- A paragraph's bytes are those of its lines with their ends, without the blank lines around it.
- A decimal number is digits 0-9 alone; leading zeros are fine.
- A dependency list is parted at every comma and bar; a name ends before white space, `:`, `(`, `[` or `<`; no name counts
  as none.
- A malformed paragraph is reported with the line that it starts at.
"""
import json
import re
import sys

LIMIT = 8 * 1024 * 1024
KEY = re.compile(rb"([^:\s]+):(.*)", re.DOTALL)
NAME = re.compile(rb"[^\s:(\[<]*")


def lines(data):
    """Yields each line's text without its end, and its size with it."""
    pieces = data.split(b"\n")
    last = pieces.pop()
    for piece in pieces:
        yield (piece[:-1] if piece.endswith(b"\r") else piece), len(piece) + 1
    if last:
        yield last, len(last)


def paragraphs(data):
    """Yields each paragraph's first line number, its lines and its size."""
    texts, size, start = [], 0, 0
    for number, (text, length) in enumerate(lines(data), 1):
        if text.strip(b" \t") == b"":
            if texts:
                yield start, texts, size
            texts, size = [], 0
        else:
            if not texts:
                start = number
            texts.append(text)
            size += length
    if texts:
        yield start, texts, size


def fields(texts, size):
    """The fields by lower-case key, or None for a malformed paragraph."""
    if size > LIMIT:
        return None
    pieces, key = {}, None
    for text in texts:
        if text[:1] in (b" ", b"\t"):
            if key is None:
                return None
            pieces[key].append(text.strip())
            continue
        match = KEY.fullmatch(text)
        if match is None:
            return None
        key = match[1].lower()
        pieces[key] = [match[2].strip()]
    found = {key: b" ".join(values) for key, values in pieces.items()}
    return found if found.get(b"package") else None


def number(value):
    if not re.fullmatch(rb"[0-9]+", value):
        return 0
    digits = value.lstrip(b"0")
    if len(digits) > 19:
        return 0
    result = int(digits or b"0")
    return result if result < 2**63 else 0


def repaired(name):
    return name.decode("utf-8", "replace")


def dependencies(found):
    names = set()
    for key in (b"depends", b"pre-depends"):
        for alternative in re.split(rb"[,|]", found.get(key, b"")):
            names.add(repaired(NAME.match(alternative.strip())[0]))
    names.discard("")
    return names


def top(counts):
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0].encode()))
    return [list(item) for item in ranked[:10]]


def mean(total, count):
    if count == 0:
        return "0.00"
    hundredths = (total * 100 * 2 + count) // (count * 2)
    return "%d.%02d" % divmod(hundredths, 100)


def add(counts, name, amount):
    counts[name] = counts.get(name, 0) + amount


def statistics(inputs):
    """Takes the bytes of each input. Returns the JSON, and (input's index, line) of every malformed paragraph."""
    packages, total, malformed = 0, 0, []
    by_packages, by_size, sections, depended = {}, {}, {}, {}
    for index, data in enumerate(inputs):
        for line, texts, size in paragraphs(data):
            found = fields(texts, size)
            if found is None:
                malformed.append((index, line))
                continue
            kib = number(found.get(b"installed-size", b""))
            packages += 1
            total += kib
            maintainer = repaired(found.get(b"maintainer", b""))
            add(by_packages, maintainer, 1)
            add(by_size, maintainer, kib)
            add(sections, repaired(found.get(b"section", b"")), 1)
            for name in dependencies(found):
                add(depended, name, 1)

    def text(value):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    in_order = sorted(sections.items(), key=lambda item: item[0].encode())
    result = '{"packages":%d,"malformed":%d,"bytes":%d' % (packages, len(malformed), sum(map(len, inputs)))
    result += ',"installed_size_kib":{"total":%d,"mean":%s}' % (total, mean(total, packages))
    result += ',"maintainers_by_packages":%s,"maintainers_by_size":%s' % (text(top(by_packages)), text(top(by_size)))
    result += ',"sections":%s,"depended_upon":%s}' % (text(dict(in_order)), text(top(depended)))
    return result, malformed


def main():
    inputs = [sys.stdin.buffer.read() if path == "-" else open(path, "rb").read() for path in sys.argv[1:]]
    result, _ = statistics(inputs)
    sys.stdout.buffer.write(result.encode() + b"\n")


if __name__ == "__main__":
    main()
