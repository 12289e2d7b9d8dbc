#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs each sample with its first allocation failing, its second, and so on: its output whole and exit code 0, or an
exit code with a line on stderr; never a signal, a sanitizer's report or a hang. Those of the tour sleep, so they are
simulated; and some show errors that they are given, so another output is fine if it, or a line on stderr, tells of one.

Usage: samples.py BUILD_FOLDER SHIM [SAMPLE...]
"""
import glob
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCES = os.path.join(os.path.dirname(TESTS), "samples", "tour")
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TESTS, "samples"))
import test_tour

HANG_SECONDS = 60
INDEX = "".join(f"Package: p{i}\nMaintainer: M{i % 7} <m@x>\nInstalled-Size: {i}\nSection: s{i % 3}\nDepends: p{i + 1}\n\n"
                for i in range(60)) + "broken\n\n"


def commands(build, index):
    """(name, command, environment); programs of the shared library only."""
    samples = os.path.join(build, "samples")
    for name in ("hello", "account", "ping_pong", "embed_epoll", "embed_libuv"):
        if os.path.exists(f"{samples}/{name}"):
            yield name, [f"{samples}/{name}"], {}
    for loops in ("1", "2"):
        yield f"pkgstat json, {loops} loops", [f"{samples}/pkgstat", "--json", "--loops", loops, index], {}
    yield "pkgstat text", [f"{samples}/pkgstat", "--loops", "1", index], {}
    for path in sorted(glob.glob(os.path.join(SOURCES, "*", "*.c"))):
        name = os.path.splitext(os.path.basename(path))[0]
        if name not in test_tour.REAL_ONLY:
            yield f"tour/{name}", [f"{samples}/tour/{name}"], {"GR_SEED": "1", "GR_LOOPS": "2"}


def run(command, settings, shim, nth):
    """Exit code (negative: a signal), stdout, stderr, and how many allocations there were."""
    read, write = os.pipe()
    environment = {**os.environ, **settings, "LD_PRELOAD": shim, "FAIL_NTH": str(nth), "FAIL_COUNT_FD": str(write),
                   "NO_COLOR": "1", "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
    try:
        done = subprocess.run(command, env=environment, pass_fds=[write], stdin=subprocess.DEVNULL, timeout=HANG_SECONDS,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
        outcome = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired:
        outcome = -1, "", "it hangs"
    os.close(write)
    with os.fdopen(read) as file:
        counted = file.read().split()
    return (*outcome, int(counted[0]) if counted else 0)


def stable(text):
    """Output without what differs from run to run."""
    return "\n".join(line for line in text.split("\n") if "MB/s" not in line and "round trip" not in line)


def fault(code, out, err, wanted):
    """What is wrong with a run, or None."""
    if code < 0 or code >= 124:
        return f"ended with {code}"
    if "Sanitizer" in err or "runtime error" in err:
        return "a sanitizer's report"
    if code != 0:
        return None if err.strip() else f"exit code {code} without a word"
    told = "GR_ENOMEM" in out or " error: " in err
    return None if stable(out) == wanted or told else "exit code 0 with another output"


def sweep(name, command, settings, shim):
    """Whether all runs went well, and what there is to say."""
    code, out, err, total = run(command, settings, shim, 0)
    if code != 0 or total == 0:
        return False, f"{name}: without a fault: exit code {code}, {total} allocations\n{err}"
    for nth in range(1, total + 1):
        code, out_n, err, _ = run(command, settings, shim, nth)
        wrong = fault(code, out_n, err, stable(out))
        if wrong:
            return False, f"{name}: {wrong}, when allocation {nth} of {total} failed\n{err}"
    return True, f"{name}: {total} allocations, ok"


def main():
    build, shim, *names = sys.argv[1:]
    with tempfile.NamedTemporaryFile("w", suffix=".index") as index:
        index.write(INDEX)
        index.flush()
        chosen = [command for command in commands(build, index.name)
                  if not names or any(word in command[0] for word in names)]
        results = []
        with ThreadPoolExecutor(2) as few:
            for good, text in few.map(lambda command: sweep(*command, shim), chosen):
                print(text)
                results.append(good)
    print(f"allocation_sweep_samples: {sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
