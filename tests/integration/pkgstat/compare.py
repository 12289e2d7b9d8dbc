#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares a C program with the independent one (oracle.py) over many inputs.

    compare.py [--sequential] [--seeds FROM:TO] PROGRAM

PROGRAM is pkgstat or, with --sequential, pkgstat_sequential, which runs the same code without actors. Values, order of
keys, numbers as they are written, and the places of malformed paragraphs must be equal.
"""
import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import generate
import oracle

MALFORMED_MAX = 20
REPORT = re.compile(rb"pkgstat: (.*):([0-9]+): malformed paragraph: .*")


class Pipeline:
    """pkgstat itself, with every number of loops and some of parsers."""

    def __init__(self, program):
        self.program = program

    def settings(self, seed):
        r = random.Random(seed)
        return [["--loops", loops, "--parsers", str(r.choice([1, 2, 3, 4, 7, 30]))] for loops in ("1", "2", "4")]

    def run(self, settings, paths, stdin=b""):
        done = subprocess.run([self.program, "--json", *settings, *paths], input=stdin, capture_output=True, timeout=60)
        names = [b"standard input" if path == "-" else path.encode() for path in paths or ["-"]]
        places, others = [], []
        for line in done.stderr.splitlines():
            match = REPORT.fullmatch(line)
            if match:
                places.append((names.index(match[1]), int(match[2])))
            elif not re.fullmatch(rb"pkgstat: [0-9]+ more malformed paragraphs?", line):
                others.append(line)
        return done.returncode, done.stdout, places, others


class Sequential:
    """The same code without actors, with odd sizes of pieces, numbers of parsers and bounds of their statistics."""

    def __init__(self, program):
        self.program = program

    def settings(self, seed):
        r = random.Random(seed)
        odd = [["--chunk", str(r.choice([7, 13, 100, 1000, 4097])), "--parsers", str(r.choice([1, 2, 3, 7])),
                "--budget", str(r.choice([0, 1, 5000]))] for _ in range(2)]
        return [[], *odd]

    def run(self, settings, paths, stdin=b""):
        done = subprocess.run([self.program, *settings, *paths], input=stdin, capture_output=True, timeout=60)
        places, others = [], []
        for line in done.stderr.splitlines():
            match = re.fullmatch(rb"([0-9]+):([0-9]+):[0-9]+:[0-9]+", line)
            if match:
                places.append((int(match[1]), int(match[2])))
            else:
                others.append(line)
        return done.returncode, done.stdout, places, others


def parsed(text):
    """JSON with nothing lost: pairs in order, numbers as text."""
    return json.loads(text, object_pairs_hook=list, parse_int=str, parse_float=str)


class Comparison:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.passed = self.failed = 0

    def check(self, name, right, settings, paths, stdin=b""):
        expected, malformed = right
        code, out, places, others = self.program.run(settings, paths, stdin)
        problems = []
        if code != 0:
            problems.append("exit code %d" % code)
        if others:
            problems.append("on stderr: %r" % others[:3])
        try:
            if parsed(out) != parsed(expected):
                problems.append("got      %s\n  expected %s" % (out.decode()[:1500], expected[:1500]))
        except ValueError as error:
            problems.append("no JSON (%s): %r" % (error, out[:200]))
        if places != malformed[:MALFORMED_MAX]:
            problems.append("malformed: got %s, expected %s" % (places, malformed[:MALFORMED_MAX]))
        self.passed += not problems
        self.failed += bool(problems)
        if problems:
            print("FAILED %s %s %s\n  %s" % (name, settings, paths, "\n  ".join(problems)))

    def path(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def check_inputs(self, name, inputs, seed=0):
        paths = [self.path("%s-%d" % (name, i), data) for i, data in enumerate(inputs)]
        right = oracle.statistics(inputs)
        for settings in self.program.settings(seed):
            self.check(name, right, settings, paths)
        for path in paths:
            os.remove(path)

    def check_cuts(self, data):
        for size in range(len(data) + 1):
            path = self.path("cut", data[:size])
            self.check("cut at %d" % size, oracle.statistics([data[:size]]), self.program.settings(size)[size % 3], [path])


TRICKY = (b"\r\n \t\r\nPackage: one\r\nMaintainer: J\xc3\xb6rg\xff <\0@x>\r\nSection:\r\n\tadmin \r\nInstalled-Size: 12\r\n"
          b"Depends: a | b:any (>= 1),\r\n c [amd64] <!nocheck>\r\n \t\r\nPACKAGE: two\nSection: \nsection: net\n"
          b"Bad line\r\r\n\n continued\nPackage: three\n\n\nPackage: four\nPre-Depends: a, a\nDepends: a\n"
          b"Description: \xe2\x82\n \xac x\n.\n")


def special_inputs():
    line = b"x" * (1 << 20)
    yield "empty", [b""]
    yield "only-blank", [b"\n \n\t\r\n  "]
    yield "tricky", [TRICKY]
    yield "several", [TRICKY, b"", TRICKY[:100], b"\n", b"\nPackage: x", b"Package: y"]
    yield "long-line", [b"Package: p\nDescription: " + line + b"\nSection: s\n\nPackage: q\nSection: " + line + b"\n"]
    yield "long-key", [line + b": x\nPackage: p\n\n" + line]
    yield "nul", [b"Package: \0\nSection: \0\0\nMaintainer: a\0b\nDepends: \0, a\0, \0\n\0: \0\n"]
    yield "many-blank-lines", [b"\n" * 20000 + b"bad\n"]
    yield "many-malformed", [b"bad\n\n" * 15, b"Package: x\n\n" * 1000 + b"bad\n\n" * 3000]


def dumpavail():
    if shutil.which("apt-cache") is None:
        return b""
    return subprocess.run(["apt-cache", "dumpavail"], capture_output=True, check=True).stdout


def compare(comparison, program, seeds, sequential):
    for name, inputs in special_inputs():
        comparison.check_inputs(name, inputs)
        comparison.check_inputs(name + "-crlf", [data.replace(b"\n", b"\r\n") for data in inputs])
    comparison.check_cuts(TRICKY)
    comparison.check_inputs("dumpavail", [dumpavail()])
    for seed in seeds:
        comparison.check_inputs("seed-%d" % seed, generate.inputs(seed), seed)
    if sequential:
        every_chunk(comparison, program, seeds)
    else:
        comparison.check("stdin", oracle.statistics([TRICKY]), [], ["-"], TRICKY)
        comparison.check("stdin", oracle.statistics([TRICKY]), [], [], TRICKY)


def every_chunk(comparison, program, seeds):
    """The C program compares itself with itself for each size of pieces."""
    small = [(seed, generate.inputs(seed)) for seed in seeds[:40]]
    inputs = [("tricky", [TRICKY])] + [(str(seed), data) for seed, data in small if max(map(len, data)) < 4000]
    for name, datas in inputs:
        paths = [comparison.path("every-%s-%d" % (name, i), data) for i, data in enumerate(datas)]
        done = subprocess.run([program.program, "--every-chunk", *paths], capture_output=True, timeout=60)
        counts = re.search(rb"([0-9]+) passed, ([0-9]+) failed", done.stdout)
        comparison.passed += int(counts[1]) if counts else 0
        comparison.failed += int(counts[2]) if counts else 1
        if done.returncode != 0:
            print("FAILED every chunk size of %s: %r" % (name, done.stderr[:500]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sequential", action="store_true")
    parser.add_argument("--seeds", default="0:300")
    parser.add_argument("program")
    options = parser.parse_args()
    program = (Sequential if options.sequential else Pipeline)(options.program)
    seeds = range(*map(int, options.seeds.split(":")))
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(program, folder)
        compare(comparison, program, seeds, options.sequential)
    print("pkgstat_compare: %d passed, %d failed" % (comparison.passed, comparison.failed))
    sys.exit(comparison.failed > 0)


if __name__ == "__main__":
    main()
