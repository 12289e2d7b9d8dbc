#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of a build folder with `meson test` and counts their cases.

Each program says how many of its cases passed: Criterion and Python's unittest in their own closing lines, all others
by a last line "N passed, N failed" (a word and a colon may stand before it). A program that crashes, runs out of time,
is skipped, says nothing, ran no case, or whose exit code contradicts its count is one more failure. The last line
printed is the sum.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import time

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
CLOSING = re.compile(r"^(?:[\w./-]+: )?(\d+) passed, (\d+) failed$", re.M)
CRITERION = re.compile(r"^\[====\] Synthesis: Tested: (\d+) \| Passing: (\d+) \|", re.M)
REPORT = re.compile(r"^.*(?:ERROR: \w+Sanitizer|WARNING: \w+Sanitizer|runtime error:)", re.M)
UNITTEST = re.compile(r"^Ran (\d+) tests? in .*\n\n(?:OK|FAILED)(?: \((.*)\))?$", re.M)

# Suites that check files, not programs of ours: the same under a sanitizer.
WITHOUT_SANITIZER = ["install", "lint", "docs", "parity"]

SANITIZER_ENVIRONMENT = {
    "address": {},
    "undefined": {"UBSAN_OPTIONS": "print_stacktrace=1"},
    "thread": {"TSAN_OPTIONS": "second_deadlock_stack=1"},
    "memory": {"MSAN_OPTIONS": "exitcode=86"},  # its own default, 77, means "skipped" to meson
}
# Criterion tests that expect a signal: it must reach the program as the signal it is.
LEAVE_SIGNALS = "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0"


def count_cases(output):
    """The (passed, failed) that a program printed last, or None."""
    output = COLOUR.sub("", output)
    found = []
    for match in CLOSING.finditer(output):
        found.append((match.start(), int(match[1]), int(match[2])))
    for match in CRITERION.finditer(output):
        found.append((match.start(), int(match[2]), int(match[1]) - int(match[2])))
    for match in UNITTEST.finditer(output):
        numbers = dict(re.findall(r"([\w ]+?)=(\d+)", (match[2] or "").replace(", ", " ")))
        bad = sum(int(number) for number in numbers.values())  # failures, errors, skipped, unexpected successes
        found.append((match.start(), int(match[1]) - bad, bad))
    return max(found)[1:] if found else None


def judge(test):
    """One record of meson's log -> (passed, failed, complaint or None)."""
    output = test.get("stdout", "") + "\n" + test.get("stderr", "")
    counted = count_cases(output)
    report = REPORT.search(output)
    passed, failed = counted or (0, 0)
    result, code = test["result"], test["returncode"]
    if result == "TIMEOUT":
        complaint = f"ran out of time after {test['duration']:.0f} s"
    elif result == "SKIP":
        complaint = "was skipped: a test that can't run here has to fail"
    elif code < 0 or code > 128:
        complaint = f"was ended by signal {-code if code < 0 else code - 128}"
    elif counted is None:
        complaint = f"printed no count (exit code {code})"
    elif passed + failed == 0:
        complaint = "ran no case"
    elif code == 0 and failed:
        complaint = "exited 0 though cases failed"
    elif code != 0 and not failed:
        complaint = f"exited {code} though no case failed"
    elif report and not failed:
        # A leak found when a Criterion test's process ends comes too late for Criterion to see.
        complaint = "passed, but a sanitizer reported:\n" + output[report.start():report.start() + 4000]
    else:
        complaint = None
    return passed, failed + (complaint is not None), complaint


def meson_passes(sanitizer, wanted):
    """The calls of `meson test` that a run takes: (name, arguments, environment)."""
    if not sanitizer:
        return [("dev-test", wanted, {})]
    base = SANITIZER_ENVIRONMENT[sanitizer]
    if wanted or sanitizer in ("thread", "memory"):
        return [("dev-test", wanted, base)]
    others = [f"--no-suite={suite}" for suite in WITHOUT_SANITIZER + ["unit"]]
    variable = "ASAN_OPTIONS" if sanitizer == "address" else "UBSAN_OPTIONS"
    unit = {**base, variable: ":".join(filter(None, [base.get(variable), LEAVE_SIGNALS]))}
    return [("dev-unit", ["--suite=unit"], unit), ("dev-rest", others, base)]


def run_pass(build, name, arguments, environment, slower):
    """Runs `meson test` once; its records, and whether it got to its end."""
    log = os.path.join(build, "meson-logs", name + ".json")
    if os.path.exists(log):
        os.remove(log)
    command = ["meson", "test", "-C", build, "--no-rebuild", "--print-errorlogs", "--logbase", name,
               "--timeout-multiplier", str(slower), *arguments]
    merged = dict(os.environ)
    for key, value in environment.items():
        merged[key] = ":".join(filter(None, [value, os.environ.get(key)]))
    code = subprocess.run(command, env=merged, stdin=subprocess.DEVNULL).returncode
    records = []
    if os.path.exists(log):
        with open(log, encoding="utf-8", errors="replace") as lines:
            records = [json.loads(line) for line in lines]
    failing = any(record["result"] not in ("OK", "SKIP") for record in records)
    return records, bool(records) and (code == 0 or failing)


def read_suites(build):
    """Test name -> suite, as the build folder has them."""
    with open(os.path.join(build, "meson-info", "intro-tests.json"), encoding="utf-8") as file:
        return {test["name"]: test["suite"][0].split(":")[-1] for test in json.load(file) if test["suite"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build")
    parser.add_argument("--sanitizer", choices=sorted(SANITIZER_ENVIRONMENT))
    options, wanted = parser.parse_known_args()
    started = time.monotonic()
    passed = failed = programs = 0
    suites, complaints = {}, []
    suite_of = read_suites(options.build)
    for name, arguments, environment in meson_passes(options.sanitizer, wanted):
        slower = 5 if options.sanitizer else 1
        records, whole = run_pass(options.build, name, arguments, environment, slower)
        if not whole:
            complaints.append(f"meson test {' '.join(arguments)}: ran no test, or broke off")
            failed += 1
        for record in records:
            good, bad, complaint = judge(record)
            passed, failed, programs = passed + good, failed + bad, programs + 1
            if complaint:
                complaints.append(f"{record['name']}: {complaint}")
            suite = suite_of.get(record["name"].split(" / ")[-1], "other")
            suites[suite] = suites.get(suite, 0) + good + bad
    print()
    for complaint in complaints:
        print(complaint)
    listing = ", ".join(f"{suite} {cases}" for suite, cases in sorted(suites.items()))
    print(f"{programs} programs in {time.monotonic() - started:.0f} s; cases by suite: {listing or 'none'}")
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
