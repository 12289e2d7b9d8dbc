#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program under gdb with tools/gdb/greenroom.py, and looks at what it prints.

Usage: test_gdb.py PROGRAM SAMPLE. It is simulated from one seed on one loop, so what is there is known. The sample is
the one of docs/guide/debugging.md, which has to be what gdb really prints.
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.."))
SCRIPT = os.path.join(ROOT, "tools/gdb/greenroom.py")
PAGE = os.path.join(ROOT, "docs/guide/debugging.md")
PROGRAM = SAMPLE = None
MARK = "(gdb) "  # what the page has before each command, and gdb in a batch leaves out


def run_gdb(*arguments, environment={}):
    """What gdb prints, at the root of the tree."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GR_")}
    done = subprocess.run(["gdb", "-nx", "-batch", *arguments], stdin=subprocess.DEVNULL, cwd=ROOT,
                          env={**clean, **environment, "DEBUGINFOD_URLS": ""},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    return done.stdout


def gdb(*commands, core=None):
    """What gdb prints for these commands, of a program that is to run, or of its core dump."""
    arguments = [part for command in (f"source {SCRIPT}", "set breakpoint pending on", "set print thread-events off",
                                      *commands) for part in ("-ex", command)]
    return run_gdb(*arguments, PROGRAM, *([core] if core else []))


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
        self.shows(r"^\$11 = future of a request to nobody: GR_ESTALE: a question request was not sent: "
                   r"the reference names no living actor$")

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
                   r"who = 1:1024:\d+, inner = inner \{bytes = \[1, 2, 3\]\}, weight = 0\.5\} from 1:0:\d+, which asks$")

    def test_the_actors_are_listed(self):
        listing = (r"system 1, 1 loops:\n  actor root 0:\d+ on loop 0: waits for a future, 0 messages wait\n"
                   r"  actor oracle 1024:\d+ on loop 0: has its turn or waits for it, 0 messages wait\n")
        self.assertRegex(self.output, listing + listing)


class Sends(unittest.TestCase):
    """A send within a loop stores no receiver in the envelope, so none is told; a reply's is known."""
    @classmethod
    def setUpClass(cls):
        cls.output = gdb("break oracle_note", "run", "print *self->current", "print *self->mailbox.head",
                         "print *self->mailbox.head->reply")

    def test_an_ordinary_send_has_no_receiver(self):
        self.assertRegex(self.output, re.compile(r"^\$1 = user note \{number = 3\} from 1:0:\d+$", re.M))

    def test_nor_has_a_request_that_waits(self):
        self.assertRegex(self.output, re.compile(r"^\$2 = user question \{.*\} from 1:0:\d+, which asks$", re.M))

    def test_a_reply_is_for_the_one_who_asked(self):
        self.assertRegex(self.output, re.compile(r"^\$3 = reply to slot 0: ", re.M))


class Guide(unittest.TestCase):
    def transcript(self):
        """The environment, the program, and (command, what gdb prints) of the page's session."""
        with open(PAGE, encoding="utf-8") as file:
            text = file.read()
        start, session = re.search(r"```sh\n([^\n]* gdb [^\n]*)\n```\n\n```text\n(.*?)```", text, re.S).groups()
        *settings, _, program = start.split()
        parts = session.split(MARK)[1:]
        return (dict(setting.split("=") for setting in settings), program,
                [(part.split("\n")[0], part.split("\n")[1:-1]) for part in parts])

    def test_the_session_of_the_page_is_what_gdb_prints(self):
        environment, program, steps = self.transcript()
        self.assertEqual(program, "build/samples/account")
        self.assertTrue(any(expected for _, expected in steps))
        commands = [part for command, _ in steps for part in ("-ex", f"echo {MARK}{command}\\n", "-ex", command)]
        output = run_gdb(*commands, SAMPLE, environment=environment)
        printed = [part.splitlines() for part in output.split(MARK)[1:]]
        self.assertEqual([lines[0] for lines in printed], [command for command, _ in steps], output)
        for (command, expected), lines in zip(steps, printed):
            if expected != ["..."]:
                self.assertEqual(lines[1:], expected, command)


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
    PROGRAM, SAMPLE = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
    unittest.main()
