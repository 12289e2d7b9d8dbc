#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One run of the idle row with 2 s without work before each of 200 outside events: at most 1 ms of processor time in
10 s, and a p99 latency of at most 1 ms. Usage: idle.py BENCH_PROGRAM LOOPS"""
import json
import subprocess
import sys

CPU_MAX_NS = 1_000_000
P99_MAX_NS = 1_000_000


def main():
    program, loops = sys.argv[1:]
    out = subprocess.run([program, "idle", "--loops", loops, "--gap", "2000"], check=True, capture_output=True, text=True)
    line = json.loads(out.stdout)
    print(f"{loops} loops: {line['cpu_ns'] / 1e6:.2f} ms of processor time in {line['seconds']:.0f} s, "
          f"p50 {line['p50_ns'] / 1e6:.3f} ms, p99 {line['p99_ns'] / 1e6:.3f} ms")
    return 0 if line["cpu_ns"] <= CPU_MAX_NS and line["p99_ns"] <= P99_MAX_NS else 1


if __name__ == "__main__":
    sys.exit(main())
