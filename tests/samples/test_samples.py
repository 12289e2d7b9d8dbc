#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the small samples and checks what they print and how they exit: for real and simulated from seeds 1 to 20, each
with one, two and four loops; then with options and arguments that they must refuse.

Usage: test_samples.py BUILD_FOLDER [SAMPLE_LEFT_OUT...]. What a sample computes may not depend on loops or seed. pkgstat,
which reads files, has tests of its own.
"""
import os
import subprocess
import sys

LOOPS = [1, 2, 4]
SEEDS = range(1, 21)

# Sample, arguments, what it prints; LOOPS stands for the number of loops.
SAMPLES = [
    ("hello", [], "Hello from actor 0 on loop 0 of LOOPS\n"),
    ("account", [], "600 cents\n"),
    ("ping_pong", ["20000"], "20000 round trips\n"),
    ("word_count", [], "the: 4\ndog: 2\nbird: 0\n"),
]

# Samples with a main loop of their own, which waits in real time.
EMBEDDED = ["embed_epoll", "embed_libuv"]
SERVED = "5 dishes served, and the program's own timer ticked\n"
NO_DESCRIPTOR = "a simulation has no descriptor to wait for"

# Name, sample, arguments, environment, exit code, standard output, what standard error holds.
OTHERS = [
    ("a_sample_plays_a_million_by_default", "ping_pong", [], {}, 0, "1000000 round trips\n", ""),
    ("a_bad_argument_is_refused", "ping_pong", ["many"], {}, 2, "", "usage: ping_pong [ROUND_TRIPS]"),
    ("no_rounds_are_refused", "ping_pong", ["0"], {}, 2, "", "usage: ping_pong [ROUND_TRIPS]"),
    ("two_arguments_are_refused", "ping_pong", ["1", "2"], {}, 2, "", "usage: ping_pong [ROUND_TRIPS]"),
    ("no_loops_are_refused", "hello", [], {"GR_LOOPS": "0"}, 2, "", "GR_LOOPS=0: must be a whole number from 1 to "),
    ("a_word_for_loops_is_refused", "account", [], {"GR_LOOPS": "two"}, 2, "", "GR_LOOPS=two: must be"),
    ("a_negative_seed_is_refused", "hello", [], {"GR_SEED": "-1"}, 2, "", "GR_SEED=-1: must be"),
    ("an_empty_variable_counts_as_unset", "account", [], {"GR_SEED": "", "GR_LOOPS": ""}, 0, "600 cents\n", ""),
]


def cases():
    """(name, sample, arguments, environment, exit code, standard output, part of standard error)."""
    for sample, arguments, output in SAMPLES:
        for loops in LOOPS:
            expected = output.replace("LOOPS", str(loops))
            environment = {"GR_LOOPS": str(loops)}
            yield f"{sample}_on_{loops}_loops", sample, arguments, environment, 0, expected, ""
            for seed in SEEDS:
                name = f"{sample}_on_{loops}_simulated_loops_from_seed_{seed}"
                yield name, sample, arguments, {**environment, "GR_SEED": str(seed)}, 0, expected, ""
    for sample in EMBEDDED:
        for loops in LOOPS:
            yield f"{sample}_on_{loops}_loops", sample, [], {"GR_LOOPS": str(loops)}, 0, SERVED, ""
        yield f"{sample}_is_not_simulated", sample, [], {"GR_SEED": "1"}, 1, "", NO_DESCRIPTOR
    yield from OTHERS


def run(build, sample, arguments, environment):
    """A sample's (exit code, standard output, standard error), with nothing of ours in its environment but this."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GR_")}
    try:
        done = subprocess.run([os.path.join(build, "samples", sample), *arguments], env={**clean, **environment},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        return "a time-out", "", ""
    return done.returncode, done.stdout, done.stderr


def main():
    build = os.path.abspath(sys.argv[1])
    passed = failed = 0
    for name, sample, arguments, environment, code, output, complaint in cases():
        if sample in sys.argv[2:]:
            continue
        got = run(build, sample, arguments, environment)
        # A sample that goes well says nothing on standard error.
        good = got[:2] == (code, output) and (complaint in got[2] if complaint else got[2] == "")
        passed, failed = passed + good, failed + (not good)
        if not good:
            print(f"FAILED {name}: {sample} {' '.join(arguments)} with {environment}\n"
                  f"  expected exit code {code}, {output!r}, and {complaint!r} on standard error\n  got {got}")
    print(f"samples: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: test_samples.py BUILD_FOLDER [SAMPLE_LEFT_OUT...]")
    sys.exit(main())
