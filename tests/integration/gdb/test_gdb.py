#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program under gdb with tools/gdb/greenroom.py, and looks at what it prints.

Usage: test_gdb.py PROGRAM. It is simulated from one seed on one loop, so what is there is known.
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest

SCRIPT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../tools/gdb/greenroom.py"))
PROGRAM = None


def gdb(*commands, core=None):
    """What gdb prints for these commands, of a program that is to run, or of its core dump."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GR_")}
    arguments = [part for command in (f"source {SCRIPT}", "set breakpoint pending on", "set print thread-events off",
                                      *commands) for part in ("-ex", command)]
    done = subprocess.run(["gdb", "-nx", "-batch", *arguments, PROGRAM, *([core] if core else [])], stdin=subprocess.DEVNULL,
                          env={**clean, "DEBUGINFOD_URLS": ""},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    return done.stdout


class Printers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        looks = ["print *self", "print *future", "print ref", "print text"]
        handler = ["print *self->current", "print *self", "print text", "gr-actors", "gr-actors self->loop->owner"]
        cls.output = gdb("break look", "run", *looks, "continue", *handler, "continue", *looks[1:], "continue",
                         *looks[1:], *["continue", "print *future"] * 5)

    def shows(self, pattern):
        self.assertRegex(self.output, re.compile(pattern, re.M))

    def test_actors(self):
        self.shows(r"^\$1 = actor root 0:\d+ on loop 0: has its turn or waits for it, 0 messages wait$")
        self.shows(r"^\$6 = actor oracle 1024:\d+ on loop 0: has its turn or waits for it, 0 messages wait$")

    def test_futures(self):
        self.shows(r"^\$2 = future of a request to 1:1024:\d+: pending$")
        self.shows(r"^\$8 = future of a request to 1:1024:\d+: answer \{bytes = 3 bytes\}$")
        self.shows(r"^\$11 = future of a request to nobody: GR_ESTALE: a question request was not sent: the reference names no living actor$")

    def test_futures_of_other_things_than_requests(self):
        self.shows(r"^\$14 = future of a promise: pending$")
        self.shows(r"^\$15 = future of blocking work: pending$")
        self.shows(r"^\$16 = future of task slow: pending$")
        self.shows(r"^\$17 = future of task slow: running$")
        self.shows(r"^\$18 = future of task slow: 7: it took too long$")

    def test_references_and_strings(self):
        self.shows(r"^\$3 = 1:1024:\d+$")
        self.shows(r'^\$4 = "pending"$')
        self.shows(r'^\$7 = "a \\"text\\""$')

    def test_a_message_is_printed_by_its_table(self):
        self.shows(r'^\$5 = user question \{number = -7, yes = true, label = "label", text = "a \\"text\\"", '
                   r"who = 1:1024:\d+, inner = inner \{bytes = \[1, 2, 3\]\}, weight = 0\.5\} from 1:0:\d+ to slot 1024, "
                   r"which asks$")

    def test_the_actors_are_listed(self):
        listing = (r"system 1, 1 loops:\n  actor root 0:\d+ on loop 0: waits for a future, 0 messages wait\n"
                   r"  actor oracle 1024:\d+ on loop 0: has its turn or waits for it, 0 messages wait\n")
        self.assertRegex(self.output, listing + listing)


class CoreDump(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            core = os.path.join(folder, "core")
            gdb("break look", "run two", "continue", f"generate-core-file {core}")
            cls.output = gdb("frame function look", "print *self", "print *self->current", "gr-actors", core=core)

    def test_a_core_dump_of_two_loops_tells_the_same(self):
        self.assertRegex(self.output, re.compile(
            r"^\$1 = actor oracle 1024:\d+ on loop 1: has its turn or waits for it, 0 messages wait$", re.M))
        self.assertRegex(self.output, re.compile(r"^\$2 = user question \{number = -7, yes = true, ", re.M))
        self.assertRegex(self.output, r"system 1, 2 loops:\n"
                         r"  actor root 0:\d+ on loop 0: waits for a future, 0 messages wait\n"
                         r"  actor oracle 1024:\d+ on loop 1: has its turn or waits for it, 0 messages wait\n")


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
