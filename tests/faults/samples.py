#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs each sample with its first allocation failing, its second, and so on: its output whole and exit code 0, or an
exit code with a line on stderr; never a signal, a sanitizer's report or a hang.

Usage: samples.py BUILD_FOLDER SHIM [SAMPLE...]
"""
import os
import subprocess
import sys
import tempfile

HANG_SECONDS = 60
INDEX = "".join(f"Package: p{i}\nMaintainer: M{i % 7} <m@x>\nInstalled-Size: {i}\nSection: s{i % 3}\nDepends: p{i + 1}\n\n"
                for i in range(60)) + "broken\n\n"


def commands(build, index):
    """Name -> command; programs of the shared library only."""
    samples = os.path.join(build, "samples")
    yield "hello", [f"{samples}/hello"]
    yield "account", [f"{samples}/account"]
    yield "ping_pong", [f"{samples}/ping_pong"]
    for loops in ("1", "2"):
        yield f"pkgstat json, {loops} loops", [f"{samples}/pkgstat", "--json", "--loops", loops, index]
    yield "pkgstat text", [f"{samples}/pkgstat", "--loops", "1", index]


def run(command, shim, nth):
    """Exit code (negative: a signal), stdout, stderr, and how many allocations there were."""
    read, write = os.pipe()
    environment = {**os.environ, "LD_PRELOAD": shim, "FAIL_NTH": str(nth), "FAIL_COUNT_FD": str(write),
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
    return None if stable(out) == wanted else "exit code 0 with another output"


def sweep(name, command, shim):
    code, out, err, total = run(command, shim, 0)
    if code != 0 or total == 0:
        print(f"{name}: without a fault: exit code {code}, {total} allocations\n{err}")
        return False
    for nth in range(1, total + 1):
        code, out_n, err, _ = run(command, shim, nth)
        wrong = fault(code, out_n, err, stable(out))
        if wrong:
            print(f"{name}: {wrong}, when allocation {nth} of {total} failed\n{err}")
            return False
    print(f"{name}: {total} allocations, ok")
    return True


def main():
    build, shim, *names = sys.argv[1:]
    with tempfile.NamedTemporaryFile("w", suffix=".index") as index:
        index.write(INDEX)
        index.flush()
        results = [sweep(name, command, shim) for name, command in commands(build, index.name)
                   if not names or any(word in name for word in names)]
    print(f"allocation_sweep_samples: {sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
