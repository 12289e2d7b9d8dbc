#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of how results are saved and docs/performance.md is written: the same from the same, and what it says is so."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from xml.etree import ElementTree

sys.dont_write_bytecode = True
BENCH = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(BENCH))
from driver import page, results, verdict  # pylint: disable=wrong-import-position

SVG = "{http://www.w3.org/2000/svg}"
ABOUT = {
    "runs": 3, "command": "./dev bench --peers --save", "date": "2026-01-02", "greenroom": "commit abc",
    "machine": {"processor": "one of <ours>", "processors": "2"}, "others": 0.25,
    "peers": {"go": "Go 1.19: flags", "caf": "CAF 0.17: flags"}, "left_out": {"erlang": "not installed"},
}
GOALS = {
    "hops": {"work": "A ball hops.", "n": 10, "results": {"hops": {"rate": 100e6, "times": {"go": 4}}}},
    "waits": {"work": "It waits.", "n": 10, "results": {"waits": {"p99_ns": 2e6}, "waits_cold": {}}},
    "later": {"work": "Not yet.", "n": 10, "results": {"later": {"rate": 1}}},
}


def line(name, rate, peer="greenroom", loops=1, **more):
    numbers = {"n": 10, "seconds": 1, "rate": rate, "unit": "messages/s", "rss_bytes": 1 << 20}
    return {"name": name, "loops": loops, "peer": peer, **numbers, **more}


def block(row, loops, *lines):
    return results.Block(ABOUT | {"row": row, "loops": loops}, list(lines))


def blocks():
    found = [
        block("hops", 1, line("hops", 50e6), line("hops", 40e6), line("hops", 80e6),
              line("hops", 10e6, "go"), line("hops", 25e6, "caf")),
        block("hops", 2, line("hops", 60e6), line("hops", 45e6, loops=2, round_trip_ns=[98.4, 101.2]),
              line("hops_spread", 30e6, loops=2), line("hops", 90e6, "go", 2),
              line("hops", 0, "caf", 2, failed="exit code 1: the <sum> is 5")),
        block("waits", 1, line("waits", 5, p50_ns=1e3, p99_ns=1e6), line("waits", 1, "go", p50_ns=3e3, p99_ns=4e6),
              line("waits_cold", 7)),
    ]
    return {each.place: each for each in found}


def lines_with(text, *words):
    return [each for each in text.splitlines() if all(word in each for word in words)]


class Page(unittest.TestCase):
    def setUp(self):
        self.text, self.pictures, self.short = page.write(blocks(), GOALS, {"waits": "The clock."})

    def one(self, *words):
        found = lines_with(self.text, *words)
        self.assertEqual(len(found), 1, (words, found))
        return found[0]

    def test_a_contestant_has_its_median_least_most_and_range(self):
        self.assertIn("| 1 | 10 | 3 | 50 M | 40 M | 80 M | 80 % |", self.one("| **Greenroom** | 1 | 10 | 3 | 50 M"))

    def test_a_peer_is_compared_on_as_many_loops_in_both_placements(self):
        self.assertIn("| 5.00x |", self.one("| Go | 1 | 10 | 1 | 10 M"))
        self.assertIn("| 0.50x / 0.33x |", self.one("| Go | 2 | 10 | 1 | 90 M"))

    def test_each_goal_is_told_with_what_was_measured(self):
        rate = self.one("| rate on one loop | 100 M messages/s | 50 M messages/s |")
        self.assertTrue(rate.endswith("**50 % of it** |"))
        self.assertTrue(self.one("times Go's rate on 1 core", "4.00x", "5.00x").endswith("met |"))
        self.assertTrue(self.one("times Go's rate on 2 cores, local").endswith("**50 % of it** |"))
        self.assertTrue(self.one("99th percentile", "2 ms", "1 ms").endswith("met |"))

    def test_several_loops_are_compared_with_one_loop_of_the_same_go(self):
        self.assertIn("| 0.75x |", self.one("times one loop's rate on 2, local"))

    def test_the_summary_names_the_fastest_peer(self):
        self.assertIn("CAF 25 M, ours is 2.00x", self.one("[hops](#hops)"))

    def test_what_failed_is_told(self):
        self.one("FAILED, caf on 2: exit code 1")
        self.assertFalse(lines_with(self.text, "| CAF | 2 |"))

    def test_a_row_without_results_says_so(self):
        self.assertIn("## later\n\nNot yet.\n\nNot measured yet.\n", self.text)

    def test_the_note_stands_in_its_row(self):
        after = self.text[self.text.index("## waits"):self.text.index("## later")]
        self.assertIn("What limits it: The clock.", after)

    def test_rows_short_of_a_goal_without_a_note_are_named(self):
        self.assertEqual(self.short, ["hops"])

    def test_machine_versions_commands_and_what_was_left_out(self):
        for words in ("one of <ours>", "- Go 1.19: flags", "erlang is left out: not installed", "98 to 101 ns",
                      "measured on 2026-01-02", "at most 25 %"):
            self.one(words)
        self.assertIn("```sh\n./dev bench --peers --save\n./dev bench --report\n```", self.text)

    def test_each_picture_on_the_page_is_drawn_and_the_other_way_round(self):
        shown = {each.split("(performance/")[1].rstrip(")") for each in lines_with(self.text, "![")}
        self.assertEqual(shown, set(self.pictures))

    def test_bars_are_in_proportion_and_the_goal_is_marked(self):
        tree = ElementTree.fromstring(self.pictures["hops.svg"])
        bars = [float(rect.get("width")) for rect in tree.iter(f"{SVG}rect")][1:]
        texts = [text.text for text in tree.iter(f"{SVG}text")]
        self.assertEqual(len(bars), 6)
        self.assertAlmostEqual(bars[0] / bars[3], 5, delta=0.05)
        self.assertIn("goal 100 M", texts)
        self.assertIn("Greenroom, 2 loops, spread", texts)

    def test_a_picture_of_a_time_goal_has_its_own_bars(self):
        titles = [text.text for text in ElementTree.fromstring(self.pictures["waits.svg"]).iter(f"{SVG}text")]
        self.assertIn("waits: p99, less is better", titles)


class Sameness(unittest.TestCase):
    def write(self, seed):
        """The page and its pictures as another process writes them."""
        program = "import sys; sys.path[:0] = sys.argv[1:3]; from driver import page; import json, test_page as t; " \
                  "print(json.dumps(page.write(t.blocks(), t.GOALS, {'waits': 'The clock.'})))"
        command = [sys.executable, "-B", "-c", program, str(BENCH), str(BENCH / "driver")]
        environment = os.environ | {"PYTHONHASHSEED": str(seed), "TZ": f"UTC+{seed}", "COLUMNS": str(40 + seed)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    def test_the_same_lines_make_the_same_page(self):
        first = self.write(1)
        self.assertIn("Performance", first)
        self.assertEqual(first, self.write(2))

    def test_the_order_of_the_blocks_does_not_matter(self):
        turned = dict(reversed(blocks().items()))
        self.assertEqual(page.write(turned, GOALS, {}), page.write(blocks(), GOALS, {}))

    def test_the_page_of_the_tree_is_what_its_results_make(self):
        folder = BENCH.parent / "docs" / "performance"
        written = folder.with_suffix(".md")
        has_results = (folder / "results.jsonl").exists()
        self.assertEqual(written.exists(), has_results, "the page and its results come together")
        if not written.exists():
            return
        goals = json.loads((BENCH / "goals.json").read_text(encoding="utf-8"))
        text, pictures, _ = page.write(results.read(folder / "results.jsonl"), goals,
                                       page.read_limits(BENCH / "limits.txt", goals))
        again = "run ./dev bench --report again"
        self.assertTrue(text == written.read_text(encoding="utf-8"), again)
        drawn = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.svg")}
        self.assertTrue(drawn == pictures, again)


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="greenroom-bench-")
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "performance" / "results.jsonl"

    def test_saving_a_row_again_replaces_its_block_only(self):
        for each in (block("waits", 1, line("waits", 1)), block("hops", 2), block("hops", 1, line("hops", 1)),
                     block("waits", 1, line("waits", 2), line("waits", 3))):
            results.save(self.path, each, GOALS)
        found = results.read(self.path)
        self.assertEqual(list(found), [("hops", 1), ("hops", 2), ("waits", 1)])
        self.assertEqual([each["rate"] for each in found["waits", 1].lines], [2, 3])
        self.assertEqual([each["rate"] for each in found["hops", 1].lines], [1])
        self.assertEqual(found["hops", 1].about["date"], "2026-01-02")

    def test_a_file_that_is_none_of_ours_is_refused(self):
        self.path.parent.mkdir()
        for text in ("no JSON\n", '{"name":"a line before its block"}\n', "5\n"):
            self.path.write_text(text, encoding="utf-8")
            with self.assertRaises(SystemExit):
                results.read(self.path)

    def test_notes_are_read_by_row(self):
        path = self.path.parent / "limits.txt"
        path.parent.mkdir()
        path.write_text("How to write this.\n\n[hops]\nTwo\nlines.\n\n[later]\n\n", encoding="utf-8")
        self.assertEqual(page.read_limits(path, GOALS), {"hops": "Two\nlines."})
        path.write_text("[hop]\nNothing.\n", encoding="utf-8")
        with self.assertRaises(SystemExit):
            page.read_limits(path, GOALS)


class Peers(unittest.TestCase):
    def test_one_program_of_a_peer_is_compared_with_each_of_ours(self):
        goal = {"work": "", "results": {"burst_a": {}, "burst_b": {}}}
        found = verdict.Results("burst", goal, {("burst", 1): block("burst", 1, line("burst_a", 4), line("burst_b", 6),
                                                                    line("burst", 2, "go"))})
        self.assertEqual([each.ratios("go", 1) for each in found.results], [[("local", 2)], [("local", 3)]])


if __name__ == "__main__":
    unittest.main()
