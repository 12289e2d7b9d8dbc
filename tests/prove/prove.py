#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the long form of tests and records the outcome in docs/proof.md.

A proof is of one commit. It is run in shares; after each the state is written to BUILD/prove/, so that an interrupted
proof goes on where it stopped, as long as the commit is the same. Usage: prove.py BUILD [NAME...]
"""
import datetime
import json
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from table import PROOFS

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
RECORD = os.path.join(ROOT, "docs/proof.md")
HEADING = """# Proofs

What `./dev prove NAME` ran, the newest last. Each line is one proof of one commit.

| date | proof | commit | ran | seconds | result |
| --- | --- | --- | --- | --- | --- |
"""


def git(*arguments):
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def commit():
    """The commit under proof; a tree with changes of its own is no commit, and says so."""
    changed = [line for line in git("status", "--porcelain").splitlines() if not line.endswith("docs/proof.md")]
    return git("rev-parse", "--short=12", "HEAD") + ("+changes" if changed else "")


def load(path, now):
    """The state of an interrupted proof of this commit, or a fresh one."""
    try:
        with open(path, encoding="utf-8") as file:
            state = json.load(file)
    except (FileNotFoundError, json.JSONDecodeError):
        state = {}
    if state.get("commit") != now or now.endswith("+changes"):
        state = {"commit": now, "done": 0, "seconds": 0.0}
    return state


def save(path, state):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(state, file)
    os.replace(path + ".new", path)


def record(name, proof, state, result):
    os.makedirs(os.path.dirname(RECORD), exist_ok=True)
    new = not os.path.exists(RECORD)
    with open(RECORD, "a", encoding="utf-8") as file:
        if new:
            file.write(HEADING)
        today = datetime.date.today().isoformat()
        file.write(f"| {today} | {name}: {proof.what} | {state['commit']} | {state['done']:,} of {proof.count:,} "
                   f"{proof.unit} | {state['seconds']:.0f} | {result} |\n")


def call(command):
    """Exit code and output of a command line, which holds no quotes."""
    try:
        run = subprocess.run(command.split(), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace")
    except OSError as error:
        return 127, str(error)
    return run.returncode, run.stdout


def prove(name, build):
    """Runs one proof to its end; whether it held."""
    proof, path = PROOFS[name], os.path.join(build, "prove", name + ".json")
    state = load(path, commit())
    if state["done"]:
        print(f"{name}: goes on after {state['done']:,} {proof.unit}")
    while state["done"] < proof.count:
        count = min(proof.share, proof.count - state["done"])
        command = proof.command.format(build=build, first=state["done"] + 1, count=count)
        started = time.monotonic()
        code, output = call(command)
        state["seconds"] += time.monotonic() - started
        if code != 0:
            print(output[-8000:])
            print(f"{name}: failed (exit code {code}): {command}")
            record(name, proof, state, f"failed: `{command}`")
            save(path, {})
            return False
        state["done"] += count
        save(path, state)
        print(f"{name}: {state['done']:,} of {proof.count:,} {proof.unit}, {state['seconds']:.0f} s", flush=True)
    record(name, proof, state, "held")
    save(path, {})
    return True


def main():
    build, names = sys.argv[1], sys.argv[2:]
    if not names:
        for name, proof in PROOFS.items():
            print(f"{name:12} {proof.count:>9,} {proof.unit}: {proof.what}")
        return 0
    unknown = [name for name in names if name not in PROOFS]
    if unknown:
        print(f"there is no proof {', '.join(unknown)}: ./dev prove lists them", file=sys.stderr)
        return 2
    held = [prove(name, build) for name in names]
    print(f"{sum(held)} passed, {len(held) - sum(held)} failed")
    return 0 if all(held) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("interrupted: the same command goes on from here", file=sys.stderr)
        sys.exit(130)
