#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of how bench/run measures: nothing that went wrong may look like a result, and nothing may go on for ever."""

import json
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from driver import measure  # pylint: disable=wrong-import-position

LINE = {"name": "big_spread", "loops": 2, "n": 10, "seconds": 1, "rate": 10, "unit": "messages/s", "rss_bytes": 1}


def program(text, loops=1):
    return measure.Contestant("go", loops, "", [sys.executable, "-c", text])


def printing(loops=1, **changes):
    return program(f"print({json.dumps(LINE | {'peer': 'go'} | changes)!r})", loops)


class Machine(measure.Machine):
    """One whose probe says what the test wants; the last distance again and again."""

    def __init__(self, *distances):
        super().__init__(None)
        self.to_come = list(distances)

    def distance(self):
        return self.to_come.pop(0) if len(self.to_come) > 1 else self.to_come[0]


def run(*contestants, runs=2, machine=None, timeout=60):
    order = []
    group = measure.measure(contestants, machine or Machine(100), runs, timeout, order.append)
    return group, order


class Failures(unittest.TestCase):
    def expect(self, contestant, text, **more):
        run(contestant, runs=5, **more)
        self.assertEqual(len(contestant.failures), 2, "it is asked twice and then left alone")
        self.assertIn(text, contestant.failures[0])
        self.assertEqual(contestant.runs, [])

    def test_a_crash(self):
        self.expect(program("import os; os.abort()"), "SIGABRT")

    def test_a_wrong_result(self):
        self.expect(program("import sys; sys.exit('the sum is 5')"), "exit code 1: the sum is 5")

    def test_no_output(self):
        self.expect(program("pass"), "printed no result")

    def test_a_line_that_is_no_json(self):
        self.expect(program("print('fast')"), "no JSON")

    def test_a_line_without_a_rate(self):
        self.expect(program("print('{\"name\":\"big\"}')"), "rate")

    def test_a_program_that_does_not_end(self):
        self.expect(program("while True: pass"), "did not end within 0.2 s", timeout=0.2)

    def test_a_program_that_is_missing(self):
        self.expect(measure.Contestant("go", 1, "", ["/no/such/program"]), "could not be started")

    def test_the_others_still_get_their_runs(self):
        good = printing()
        run(program("raise SystemExit(1)"), good, runs=3)
        self.assertEqual(len(good.runs), 3)


class Distances(unittest.TestCase):
    def test_a_run_in_which_the_cores_moved_is_dropped_and_repeated(self):
        contestant = printing(loops=2)
        group, _ = run(contestant, machine=Machine(100, 100, 100, 390, 100))
        self.assertEqual(len(contestant.kept(group)), 2)
        self.assertEqual(contestant.dropped(group), "cores moved in 1 (100 -> 390 ns)")

    def test_it_ends_where_the_cores_move_in_every_run(self):
        contestant = printing(loops=2)
        _, order = run(contestant, runs=3, machine=Machine(*[100, 390] * 50))
        self.assertEqual(len(order), 6)
        self.assertEqual(contestant.runs, [])
        self.assertEqual(len(contestant.moved), 6)

    def test_only_runs_at_one_distance_are_kept(self):
        first, second = printing(loops=2), printing(loops=2)
        near_then_far = [100] * 4 + [390]
        group, _ = run(first, second, machine=Machine(*near_then_far))
        self.assertEqual([len(first.kept(group)), len(second.kept(group))], [2, 2])
        self.assertEqual(first.dropped(group), "cores at another distance in 1")

    def test_on_one_core_the_distance_does_not_matter(self):
        contestant = printing()
        group, order = run(contestant, machine=Machine(100, 390))
        self.assertEqual(len(contestant.kept(group)), 2)
        self.assertEqual(len(order), 2)


class Order(unittest.TestCase):
    def test_runs_are_interleaved(self):
        first, second = printing(), measure.Contestant("caf", 1, "", printing().command)
        _, order = run(first, second)
        self.assertEqual(order, ["round 1: go 1", "round 1: caf 1", "round 2: go 1", "round 2: caf 1"])


class Figures(unittest.TestCase):
    def test_the_median_and_the_name_without_placement(self):
        contestant = printing()
        contestant.runs = [(None, [LINE | {"rate": rate, "p99_ns": rate * 2}]) for rate in (30, 10, 20)]
        found = measure.figures(contestant, None)
        self.assertEqual(list(found), ["big"])
        self.assertEqual(found["big"].rate, 20)
        self.assertEqual(found["big"].median("p99_ns"), 40)
        self.assertIsNone(found["big"].median("cpu_ns"))


if __name__ == "__main__":
    unittest.main()
