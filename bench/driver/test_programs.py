# SPDX-License-Identifier: Apache-2.0
"""Runs each benchmark small, on one loop and spread over two: each checks its own result, and prints one JSON line."""
import json
import subprocess
import sys

SIZES = {
    "ping_pong": 20000, "thread_ring": 20000, "counting": 200000, "counting_burst_a": 200000,
    "counting_burst_b": 200000, "fan_in": 200000, "spawn": 5000, "tree": 4095, "fork_join": 120000,
    "chameneos": 20000, "big": 24000, "banking": 20000, "ask": 5000, "ask_deadline": 5000, "timers": 10000,
    "compute": 5000, "idle": 5000, "coroutines": 5000, "coroutines_gather": 5000, "coroutines_alive": 5000,
}
SPREAD = ["--loops", "2", "--placement", "spread"]


def problem(command):
    """What is wrong with a run, or None."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        return f"exit code {done.returncode}: {done.stderr.strip()}"
    try:
        rates = [json.loads(line)["rate"] for line in done.stdout.splitlines()]
    except (ValueError, KeyError) as error:
        return f"no JSON line: {error}: {done.stdout!r}"
    return None if rates and all(rate >= 0 for rate in rates) else f"no rate: {done.stdout!r}"


def main():
    passed = failed = 0
    for name, size in SIZES.items():
        for placement in ([], SPREAD):
            command = [sys.argv[1], name, "--n", str(size), "--quick", "--gap", "5", *placement]
            wrong = problem(command)
            passed, failed = passed + (wrong is None), failed + (wrong is not None)
            if wrong:
                print(" ".join(command) + ": " + wrong)
    print(f"bench_programs: {passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
