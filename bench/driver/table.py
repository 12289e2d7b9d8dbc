# SPDX-License-Identifier: Apache-2.0
"""The table that bench/run prints. It only formats."""

import os
import sys

GOOD, BAD, DIM, BOLD, PLAIN = "\033[32m", "\033[31m", "\033[2m", "\033[1m", "\033[0m"


def count(value):
    """1234567 -> 1.23 M: three digits and a unit."""
    for limit, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= limit * 0.9995:
            return f"{value / limit:.3g}{unit}" if value < limit * 999.5 else f"{value / limit:.0f}{unit}"
    return f"{value:.3g}"


def memory(size):
    for limit, unit in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= limit:
            return f"{size / limit:.3g} {unit}" if size < 999.5 * limit else f"{size / limit:.0f} {unit}"
    return f"{size:.0f} B"


def duration(ns):
    for limit, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "us")):
        if ns >= limit:
            return f"{ns / limit:.3g} {unit}"
    return f"{ns:.3g} ns"


def times(ratio):
    return f"{ratio:.0f}x" if ratio >= 99.5 else f"{ratio:.3g}x" if ratio >= 9.995 else f"{ratio:.2f}x"


class Cell:
    """A text that may be good or bad."""

    def __init__(self, text="", good=None):
        self.text, self.good = text, good


class Table:
    """Rows of cells under a head; the first column is aligned to the left, as is the last, the others to the right."""

    def __init__(self, head, stream):
        self.head, self.stream, self.rows = head, stream, []
        self.colours = stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def add(self, cells):
        self.rows.append([cell if isinstance(cell, Cell) else Cell(cell) for cell in cells])

    def paint(self, text, colour):
        return f"{colour}{text}{PLAIN}" if self.colours and text.strip() else text

    def print(self):
        used = [i for i in range(len(self.head)) if any(row[i].text for row in self.rows)]
        widths = {i: max(len(self.head[i]), *(len(row[i].text) for row in self.rows)) for i in used}

        def align(text, i):
            return text.ljust(widths[i]) if i in (0, len(self.head) - 1) else text.rjust(widths[i])

        print(self.paint("  ".join(align(self.head[i], i) for i in used).rstrip(), BOLD), file=self.stream)
        last = ""
        for row in self.rows:
            cells = []
            for i in used:
                text = align(row[i].text, i)
                if row[i].good is not None:
                    text = self.paint(text, GOOD if row[i].good else BAD)
                elif i == 0 and row[0].text == last:
                    text = self.paint(text, DIM)
                cells.append(text)
            last = row[0].text
            print("  ".join(cells).rstrip(), file=self.stream)


class Progress:
    """One line on stderr that is written over, if that is a terminal."""

    def __init__(self):
        self.shown = sys.stderr.isatty()

    def __call__(self, text):
        if self.shown:
            sys.stderr.write(f"\r\033[K{text[:100]}")
            sys.stderr.flush()

    def clear(self):
        self("")
        if self.shown:
            sys.stderr.write("\r")
