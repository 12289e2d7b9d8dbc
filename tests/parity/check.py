#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares Greenroom's tests with those of CPython's asyncio: every test of theirs has a row in asyncio.txt, with a
test of ours that passes, or a reason why it says nothing about Greenroom. It runs our tests, none of theirs.

Usage: check.py PROGRAM..., the Criterion programs that hold our tests; check.py --list prints their tests' names.

A row is `module.Class.test  suite::test`; or, where ours asserts something else with good reason,
`module.Class.test  suite::test  differs on purpose: why`; or, where there is nothing to assert,
`module.Class.test  reason: what in it`, with a reason from REASONS.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter, namedtuple

import discovery

REASONS = ["Python syntax", "Python object model", "deprecated", "other part of the project"]
DIFFERS = "differs on purpose"
ROWS_MAX = 3  # how many of theirs one test of ours may stand for
TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "asyncio.txt")

Row = namedtuple("Row", "line theirs ours reason differs")


class BadRow(Exception):
    """A line of the table that is no row."""


def read_row(number, line):
    """One line of the table as a Row: `ours` or `reason` is None; `differs` says whether ours asserts something else."""
    theirs, _, rest = line.partition(" ")
    ours, _, remark = rest.strip().partition(" ")
    reason, colon, what = (remark if "::" in ours else rest).strip().partition(":")
    if re.fullmatch(r"\w+::\w+", ours) and reason in ("", DIFFERS):
        if reason and not what.strip():
            raise BadRow(f"line {number}: say why ours asserts something else: {DIFFERS}: ...")
        return Row(number, theirs, ours, None, bool(reason))
    if reason not in REASONS:
        raise BadRow(f"line {number}: neither suite::test, alone or with '{DIFFERS}: ...', nor one of the reasons "
                     f"({', '.join(REASONS)}): {rest.strip()}")
    if not colon or not what.strip():
        raise BadRow(f"line {number}: say what in the test makes it so: {reason}: ...")
    return Row(number, theirs, None, reason, False)


def read_table(text):
    """(rows, complaints)"""
    rows, complaints = [], []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            rows.append(read_row(number, line))
        except BadRow as error:
            complaints.append(str(error))
    return rows, complaints


def run_program(program, wanted):
    """The results of those of the wanted tests that a Criterion program has: {suite::test: passed}. The program's own
    words are shown if one of them fails."""
    suites = sorted({name.split("::")[0] for name in wanted})
    pattern = "@(" + "|".join(suites) + ")/*"  # of suites: Criterion can't take a long one
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        run = subprocess.run([program, "--jobs", "2", "--filter", pattern, f"--json={report}"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             encoding="utf-8", errors="replace")
        if not os.path.exists(report):
            raise RuntimeError(f"{program} wrote no report (exit code {run.returncode}):\n{run.stdout}")
        with open(report, encoding="utf-8") as file:
            found = json.load(file)["test_suites"]
    results = {f"{suite['name']}::{test['name']}": test["status"] == "PASSED"
               for suite in found for test in suite["tests"] if test["status"] != "SKIPPED"}
    if not all(results.values()):
        print(run.stdout)
    return {name: passed for name, passed in results.items() if name in wanted}


def run_ours(programs, wanted):
    """({suite::test: passed} of the wanted ones that exist, complaints)"""
    results, complaints = {}, []
    for program in programs:
        for name, passed in run_program(program, wanted).items():
            if name in results:
                complaints.append(f"{name} is in two programs: a name has to say which test it is")
            results[name] = passed
    return results, complaints


def judge(theirs, rows, results):
    """What is wrong with the rows: [complaint]; and how many of `theirs` are accounted for."""
    complaints, good = [], set()
    known, uses, seen = set(theirs), Counter(row.ours for row in rows if row.ours), set()
    for row in rows:
        if row.theirs not in known:
            wrong = "CPython has no such test"
        elif row.theirs in seen:
            wrong = "has a row already"
        elif row.ours and row.ours not in results:
            wrong = f"we have no test {row.ours}"
        elif row.ours and not results[row.ours]:
            wrong = f"{row.ours} failed"
        elif row.ours and uses[row.ours] > ROWS_MAX:
            wrong = f"{row.ours} stands for {uses[row.ours]} tests, more than {ROWS_MAX}"
        else:
            wrong = None
        seen.add(row.theirs)
        if wrong:
            complaints.append(f"line {row.line}: {row.theirs}: {wrong}")
            good.discard(row.theirs)
        else:
            good.add(row.theirs)
    complaints += [f"{name}: has no row" for name in theirs if name not in seen]
    return complaints, len(good)


def summary(theirs, rows, results):
    """How many tests of theirs ours say the same as, how many differ, and how many have a reason instead."""
    alike = sum(1 for row in rows if row.ours and not row.differs)
    differ = sum(row.differs for row in rows)
    reasons = Counter(row.reason for row in rows if row.reason)
    return (f"{len(theirs)} tests of CPython's; {len(results)} of ours: {alike} alike, {differ} that differ on purpose; "
            "no test: " + ", ".join(f"{reason}: {count}" for reason, count in sorted(reasons.items())))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("programs", nargs="*", metavar="PROGRAM")
    parser.add_argument("--list", action="store_true", help="print the names of CPython's tests")
    options = parser.parse_args()
    try:
        theirs = discovery.discover()
    except discovery.Unusable as error:
        print(error)
        print("parity: 0 passed, 1 failed")
        return 1
    if options.list:
        print("\n".join(theirs))
        return 0
    with open(TABLE, encoding="utf-8") as file:
        rows, complaints = read_table(file.read())
    results, doubles = run_ours(options.programs, {row.ours for row in rows if row.ours})
    wrong, passed = judge(theirs, rows, results)
    complaints += doubles + wrong
    for complaint in complaints:
        print(complaint)
    print(summary(theirs, rows, results))
    print(f"parity: {passed} passed, {len(complaints)} failed")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
