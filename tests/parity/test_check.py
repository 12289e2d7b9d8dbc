#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the comparison with CPython: what it refuses, and under which names it lists CPython's tests."""
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import check
import discovery


def judged(table, theirs=("m.C.a", "m.C.b"), results=None):
    """What check.py says of a table: its complaints without their line's number, and the count."""
    rows, complaints = check.read_table(table)
    wrong, passed = check.judge(list(theirs), rows, results if results is not None else {"s::x": True})
    return [text.split(": ", 1)[1] if text.startswith("line") else text for text in complaints + wrong], passed


class Table(unittest.TestCase):
    def test_a_test_of_ours_or_a_reason_will_do(self):
        self.assertEqual(judged("# of both\n\nm.C.a  s::x\nm.C.b  deprecated: the loop argument\n"), ([], 2))

    def test_a_row_is_missing(self):
        self.assertEqual(judged("m.C.a s::x"), (["m.C.b: has no row"], 1))

    def test_a_row_is_for_no_test(self):
        table = "m.C.a s::x\nm.C.b s::x\nm.C.c s::x"
        self.assertEqual(judged(table), (["m.C.c: CPython has no such test"], 2))

    def test_a_test_has_two_rows(self):
        self.assertEqual(judged("m.C.a s::x\nm.C.b s::x\nm.C.a s::x"), (["m.C.a: has a row already"], 1))

    def test_our_test_does_not_exist(self):
        self.assertEqual(judged("m.C.a s::x\nm.C.b s::y"), (["m.C.b: we have no test s::y"], 1))

    def test_our_test_failed(self):
        found = judged("m.C.a s::x\nm.C.b s::y", results={"s::x": True, "s::y": False})
        self.assertEqual(found, (["m.C.b: s::y failed"], 1))

    def test_our_test_stands_for_too_many(self):
        theirs = [f"m.C.{letter}" for letter in "abcd"]
        three = "".join(f"{name} s::x\n" for name in theirs[:3])
        self.assertEqual(judged(three, theirs[:3]), ([], 3))
        complaints, passed = judged(three + "m.C.d s::x", theirs)
        self.assertEqual((complaints[0], len(complaints), passed),
                         ("m.C.a: s::x stands for 4 tests, more than 3", 4, 0))

    def test_a_reason_is_not_in_the_list(self):
        complaints, passed = judged("m.C.a s::x\nm.C.b too hard: really")
        self.assertIn("neither suite::test, alone or with", complaints[0])
        self.assertEqual((complaints[1:], passed), (["m.C.b: has no row"], 1))

    def test_a_reason_says_nothing(self):
        complaints, _ = judged("m.C.a s::x\nm.C.b deprecated")
        self.assertIn("say what in the test makes it so", complaints[0])


    def test_a_test_that_differs_says_why_and_is_counted_apart(self):
        table = "m.C.a s::x\nm.C.b  s::x  differs on purpose: ours is counted\n"
        self.assertEqual(judged(table), ([], 2))
        rows, _ = check.read_table(table + "m.C.c deprecated: old\n")
        self.assertEqual(check.summary(["m.C.a", "m.C.b", "m.C.c"], rows, {"s::x": True}),
                         "3 tests of CPython's; 1 of ours: 1 alike, 1 that differ on purpose; no test: deprecated: 1")
        complaints, _ = judged("m.C.a s::x\nm.C.b  s::x  differs on purpose")
        self.assertIn("say why ours asserts something else", complaints[0])
        complaints, _ = judged("m.C.a s::x\nm.C.b  s::x  differs a little: really")
        self.assertIn("neither suite::test", complaints[0])


class Discovery(unittest.TestCase):
    def named(self, class_name, bases):
        return discovery.name(type(class_name, bases, {"__module__": "test.test_asyncio.test_x"})("test_a"))

    def setUp(self):
        self.base = type("BaseTests", (), {"__module__": "test.test_asyncio.test_x", "test_a": lambda self: None})

    def test_implementations_of_one_class_are_one(self):
        for name in ("CTests", "PyTests", "CSubTests", "CTask_PyTests"):
            self.assertEqual(self.named(name, (self.base, unittest.TestCase)), "test_x.BaseTests.test_a")

    def test_other_classes_with_the_same_test_are_not(self):
        for name in ("CoroutineTests", "FutureTests", "PythonTests"):
            self.assertEqual(self.named(name, (self.base, unittest.TestCase)), f"test_x.{name}.test_a")

    def test_cpythons_own_tests_are_found_once_each(self):
        found = discovery.discover()
        self.assertEqual(len(found), len(set(found)))
        self.assertGreater(len(found), 300)
        for name in ("test_futures.BaseFutureTests.test_cancel", "test_tasks.FutureGatherTests.test_success",
                     "test_tasks.CoroutineGatherTests.test_success"):
            self.assertIn(name, found)


class Programs(unittest.TestCase):
    def program(self, folder, text):
        path = os.path.join(folder, "program")
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\nfor a; do case $a in --json=*) out=${a#--json=} ;; esac; done\n" + text)
        os.chmod(path, 0o755)
        return path

    def test_skipped_tests_did_not_pass_and_unwanted_ones_are_left_out(self):
        report = ('{"test_suites": [{"name": "s", "tests": [{"name": "x", "status": "PASSED"}, '
                  '{"name": "y", "status": "SKIPPED"}, {"name": "z", "status": "PASSED"}, '
                  '{"name": "w", "status": "FAILED"}]}]}')
        with check.tempfile.TemporaryDirectory() as folder:
            program = self.program(folder, f"cat >\"$out\" <<'END'\n{report}\nEND\n")
            found, complaints = check.run_ours([program], {"s::x", "s::y", "s::w"})
            self.assertEqual((found, complaints), ({"s::x": True, "s::w": False}, []))
            _, complaints = check.run_ours([program, program], {"s::x"})
            self.assertEqual(len(complaints), 1)

    def test_a_program_without_a_report_is_an_error(self):
        with check.tempfile.TemporaryDirectory() as folder:
            with self.assertRaises(RuntimeError):
                check.run_program(self.program(folder, "exit 3\n"), {"s::x"})


if __name__ == "__main__":
    unittest.main()
