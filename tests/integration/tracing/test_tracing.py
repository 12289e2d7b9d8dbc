#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the traces of pkgstat and of the small samples, and the checker itself on traces that are wrong.

Usage: test_tracing.py FOLDER_OF_SAMPLES LOST. Each is traced for real and simulated on one, two and four loops; the sums of
its spans have to agree with the system's counters.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../pkgstat"))

import generate
import trace

SAMPLES = None
LOST = None  # a program that makes dead letters
SPEED = re.compile(rb"[0-9.]+ (?:s|MB/s)\b")  # what differs from run to run


def run(command, environment, **options):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GR_")}
    return subprocess.run(command, env={**clean, **environment}, stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=120, **options)


class Traces(unittest.TestCase):
    def traced(self, command, environment):
        """(text of the trace, what the program did)"""
        with tempfile.TemporaryDirectory(prefix="greenroom-trace-") as folder:
            path = os.path.join(folder, "trace.json")
            done = run(command, {**environment, "GR_TRACE": path})
            with open(path, encoding="utf-8") as file:
                return file.read(), done

    def check(self, command, environment):
        plain = run(command, environment)
        text, done = self.traced(command, environment)
        self.assertEqual((plain.returncode, SPEED.sub(b"", plain.stdout), plain.stderr),
                         (done.returncode, SPEED.sub(b"", done.stdout), done.stderr))
        complaints = trace.check(text, "GR_SEED" not in environment)
        self.assertEqual(complaints[:20], [], f"{command} with {environment}")
        return trace.events_of(text)[0]

    def everywhere(self, command, **environment):
        for loops in ("1", "2", "4"):
            yield self.check(command, {"GR_LOOPS": loops, **environment})
            yield self.check(command, {"GR_LOOPS": loops, "GR_SEED": "7", **environment})

    def test_pkgstat(self):
        with tempfile.TemporaryDirectory(prefix="greenroom-input-") as folder:
            path = os.path.join(folder, "Packages")
            with open(path, "wb") as file:
                for index in range(400):
                    file.write(b"Package: p%d\nVersion: 1.%d\nArchitecture: all\nInstalled-Size: %d\n"
                               b"Maintainer: Some One <one@example.org>\nSection: misc\nDescription: none\n\n"
                               % (index, index, index * 7))
            for events in self.everywhere([os.path.join(SAMPLES, "pkgstat"), path]):
                self.assertGreater(trace.count_spans(events)["handled"], 0)
                self.assertGreater(trace.count_spans(events)["spawned"], 3)

    def test_pkgstat_on_every_generated_input(self):
        with tempfile.TemporaryDirectory(prefix="greenroom-input-") as folder:
            generate.write(3, folder)
            for name in sorted(os.listdir(folder))[:12]:
                self.check([os.path.join(SAMPLES, "pkgstat"), os.path.join(folder, name)], {"GR_LOOPS": "2"})

    def test_ping_pong_over_many_buffers(self):
        """More spans than wait in memory at once: none is lost."""
        for events in self.everywhere([os.path.join(SAMPLES, "ping_pong"), "12000"]):
            self.assertEqual(trace.count_spans(events)["handled"], 24000)
            flows = [event["ph"] for event in events if event["ph"] in "sf"]
            self.assertEqual((flows.count("s"), flows.count("f")), (24000, 24000))

    def test_dead_letters_end_their_arrows(self):
        for events in self.everywhere([LOST], GR_LOG="error"):
            lost = [event for event in events if event.get("cat") == "dead letter"]
            causes = {event["args"]["cause"] for event in lost}
            self.assertLessEqual({"dead: stale", "dead: down", "dead: full", "dead: unhandled"}, causes)
            self.assertGreater(len(lost), 100)

    def test_coroutines_and_requests(self):
        for events in self.everywhere([os.path.join(SAMPLES, "account")]):
            waits = {event["name"] for event in events if event["ph"] == "b"}
            self.assertIn("waits for a future", waits)
            turns = [event for event in events if event.get("cat") == "turn"]
            self.assertGreater(len(turns), 0)

    def test_a_name_with_the_process(self):
        with tempfile.TemporaryDirectory(prefix="greenroom-trace-") as folder:
            done = run([os.path.join(SAMPLES, "account")], {"GR_TRACE": os.path.join(folder, "a-%p.json")})
            self.assertEqual(done.returncode, 0)
            names = os.listdir(folder)
            self.assertEqual(len(names), 1)
            self.assertRegex(names[0], r"^a-[0-9]+\.json$")

    def test_a_full_disk_is_one_line_and_the_program_goes_on(self):
        done = run([os.path.join(SAMPLES, "ping_pong"), "20000"], {"GR_TRACE": "/dev/full", "GR_LOOPS": "2"}, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, "20000 round trips\n"))
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn("the trace /dev/full can't be written: No space left on device; tracing ends", done.stderr)

    def test_a_file_that_can_not_be_created_is_refused(self):
        done = run([os.path.join(SAMPLES, "account")], {"GR_TRACE": "/nowhere/at/all"}, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the trace /nowhere/at/all can't be created: No such file or directory", done.stderr)
        done = run([os.path.join(SAMPLES, "account")], {"GR_TRACE": "x" * 600}, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("the name of the trace is longer", done.stderr)

    def test_an_empty_variable_counts_as_unset(self):
        done = run([os.path.join(SAMPLES, "account")], {"GR_TRACE": ""}, text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "600 cents\n", ""))


def event(**changes):
    """A slice that is right, but for the changes; None takes a key away."""
    whole = {"name": "n", "cat": "handle", "ph": "X", "ts": 1.5, "dur": 2.0, "pid": 1, "tid": 1, "args": {}, **changes}
    return {key: value for key, value in whole.items() if value is not None}


FRAME = [{"name": "thread_name", "ph": "M", "ts": 0, "pid": 1, "tid": 1, "args": {"name": "loop 0"}}]


def end(**counts):
    return event(name="counts", cat="counts", ph="i", s="g", dur=None,
                 args={"spawned": 0, "ended": 0, "sent": 0, "handled": 0, **counts})


class Checker(unittest.TestCase):
    """What the checker must see."""

    def complaints(self, *events, handled=None, ordered=True):
        if handled is None:
            handled = sum(isinstance(one, dict) and one.get("cat") == "handle" and one.get("ph") == "X" for one in events)
        return trace.check(json.dumps([*FRAME, *events, end(handled=handled)]), ordered)

    def refused(self, text, *events, **options):
        found = self.complaints(*events, **options)
        self.assertTrue(any(text in complaint for complaint in found), found)

    def test_right_ones_pass(self):
        flow = {"cat": "flow", "name": "message", "dur": None, "args": None, "id": "0x1"}
        self.assertEqual(self.complaints(event(), event(ts=4.0, dur=1.0)), [])
        self.assertEqual(self.complaints(event(dur=10), event(ts=2.0, dur=1.0)), [])  # nested
        self.assertEqual(self.complaints(event(), event(ts=9), event(ph="s", **flow),
                                         event(ph="f", bp="e", **{**flow, "ts": 9})), [])
        self.assertEqual(trace.check(json.dumps({"traceEvents": [*FRAME, end()]})), [])

    def test_no_json_and_no_array(self):
        self.assertIn("no JSON", trace.check("[{}")[0])
        self.assertIn("neither", trace.check("3")[0])
        self.assertIn("neither", trace.check("{}")[0])

    def test_keys_and_types(self):
        self.refused("no object", 3)
        self.refused("phase", event(ph="Z"))
        self.refused("without ['dur']", event(dur=None))
        self.refused("without ['pid']", event(pid=None))
        self.refused("ts is '1'", event(ts="1"))
        self.refused("ts is -1", event(ts=-1))
        self.refused("dur is True", event(dur=True))
        self.refused("tid is 0", event(tid=0))
        self.refused("name is ''", event(name=""))
        self.refused("scope 'x'", event(ph="i", s="x", dur=None))
        self.refused("id is 3", event(ph="b", id=3, dur=None))
        self.refused("args is no object", event(args=[]))
        self.refused("with ['id']", event(id="0x1"))

    def test_slices_that_cross(self):
        self.refused("crosses", event(ts=1, dur=5), event(ts=3, dur=5))

    def test_pairs(self):
        wait = {"cat": "wait", "id": "0x1", "dur": None}
        self.refused("never ends", event(ph="b", **wait))
        self.refused("had not begun", event(ph="e", **wait))
        self.refused("before it began", event(ph="b", ts=3, **wait), event(ph="e", ts=2, **wait))

    def test_flows(self):
        flow = {"cat": "flow", "name": "message", "dur": None, "args": None, "id": "0x1"}
        self.refused("had not begun", event(), event(ph="f", bp="e", **flow))
        self.refused("no slice around it", event(ph="s", ts=100, **flow))
        self.refused("bp must be e", event(), event(ph="s", **flow), event(ph="f", bp="x", **flow))
        self.refused("more often", event(), event(ph="f", bp="e", **flow), ordered=False)
        self.refused("never ends", event(), event(ph="s", **flow))
        self.refused("never ends", event(), event(ph="s", **flow), ordered=False)
        self.refused("and has not ended", event(), event(ph="s", **flow), event(ph="s", **{**flow, "ts": 2.0}))

    def test_sums_and_tracks(self):
        self.refused("but the counter is 5", event(), handled=5)
        self.refused("has no name", event(tid=2))
        self.assertIn("0 events have the counters", trace.check(json.dumps(FRAME))[0])


if __name__ == "__main__":
    SAMPLES, LOST = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main()
