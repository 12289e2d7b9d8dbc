#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of tests/run.py: what counts as a passed case, and what can't pass unnoticed."""
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import run


def record(stdout="", stderr="", result="OK", code=0):
    return {"name": "x", "stdout": stdout, "stderr": stderr, "result": result, "returncode": code, "duration": 1.0}


class Counting(unittest.TestCase):
    def test_a_closing_line_counts(self):
        self.assertEqual(run.count_cases("noise\n12 passed, 3 failed\n"), (12, 3))

    def test_a_word_may_stand_before_it(self):
        self.assertEqual(run.count_cases("ring_spsc: 12 passed, 0 failed\n"), (12, 0))

    def test_the_last_closing_line_counts(self):
        self.assertEqual(run.count_cases("a: 5 passed, 0 failed\nb: 7 passed, 0 failed\n"), (7, 0))

    def test_a_sentence_is_no_closing_line(self):
        self.assertIsNone(run.count_cases("so far 12 passed, 0 failed and more\n"))

    def test_criterion_counts_in_colour(self):
        line = "[\x1b[0;34m====\x1b[0m] Synthesis: Tested: \x1b[1m5\x1b[0m | Passing: 3 | Failing: 2 | Crashing: 1 \n"
        self.assertEqual(run.count_cases(line), (3, 2))

    def test_unittest_counts(self):
        self.assertEqual(run.count_cases("Ran 5 tests in 0.1s\n\nOK\n"), (5, 0))
        self.assertEqual(run.count_cases("Ran 1 test in 0.1s\n\nOK\n"), (1, 0))

    def test_unittest_failures_and_errors_count(self):
        self.assertEqual(run.count_cases("Ran 5 tests in 0.1s\n\nFAILED (failures=1, errors=2)\n"), (2, 3))

    def test_unittest_skips_count_as_failed(self):
        self.assertEqual(run.count_cases("Ran 5 tests in 0.1s\n\nOK (skipped=1)\n"), (4, 1))


class Judging(unittest.TestCase):
    def judge(self, *arguments, **named):
        passed, failed, complaint = run.judge(record(*arguments, **named))
        return passed, failed, complaint is not None

    def test_a_program_that_passes(self):
        self.assertEqual(self.judge("3 passed, 0 failed\n"), (3, 0, False))

    def test_a_program_that_fails(self):
        self.assertEqual(self.judge("3 passed, 1 failed\n", result="FAIL", code=1), (3, 1, False))

    def test_a_silent_program_fails(self):
        self.assertEqual(self.judge(), (0, 1, True))

    def test_a_program_without_cases_fails(self):
        self.assertEqual(self.judge("0 passed, 0 failed\n"), (0, 1, True))

    def test_a_crash_after_the_count_fails(self):
        self.assertEqual(self.judge("3 passed, 0 failed\n", result="FAIL", code=-11), (3, 1, True))

    def test_failed_cases_with_exit_code_0_fail(self):
        self.assertEqual(self.judge("3 passed, 1 failed\n"), (3, 2, True))

    def test_a_bad_exit_code_without_failed_cases_fails(self):
        self.assertEqual(self.judge("3 passed, 0 failed\n", result="FAIL", code=1), (3, 1, True))

    def test_a_timeout_fails(self):
        self.assertEqual(self.judge(result="TIMEOUT", code=-15), (0, 1, True))

    def test_a_skip_fails(self):
        self.assertEqual(self.judge("3 passed, 0 failed\n", result="SKIP", code=77), (3, 1, True))

    def test_a_leak_that_criterion_did_not_see_fails(self):
        self.assertEqual(self.judge("3 passed, 0 failed\n", "==7==ERROR: LeakSanitizer: detected memory leaks\n"),
                         (3, 1, True))

    def test_undefined_behaviour_that_went_on_fails(self):
        self.assertEqual(self.judge("3 passed, 0 failed\n", "x.c:3:5: runtime error: shift exponent 40 is too large\n"),
                         (3, 1, True))


if __name__ == "__main__":
    unittest.main()
