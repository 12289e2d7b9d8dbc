#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the samples of the tour and checks what each prints: simulated, where times are exact, from seeds 1 to 20 on
one, two and four loops; and for real, where the order must be right and no time shorter than asked for.

Usage: test_tour.py BUILD_FOLDER [SAMPLE...]
"""
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

LOOPS = [1, 2, 4]
SEEDS = range(1, 21)
AT_ONCE = 8  # programs run for real: they sleep, mostly
TIME = re.compile(r"\d+\.\d{3}(?= s\b)")

# Samples that show a plain thread beside the loops, which no simulation can choose for.
REAL_ONLY = {"a5_blocking_future"}

# What a sample prints. A time, as in "1.000 s", is exact under simulation and a lower bound for real.
TEXTS = {
    "a1_loop_lifecycle": """\
the future's value: 42
stop, from inside
run has returned
stop, from inside
run has returned
run after close: GR_ESTOPPED
run until after close: GR_ESTOPPED
step after close: GR_ESTOPPED
start after close: GR_ESTOPPED
send after close: GR_ESTALE
spawn after close: refused
""",
    "a2_hello": "Hello World!\n",
    "a3_delayed_hello": """\
Hello
tick
tick
World! after 1.000 s
""",
    "a4_future_api": """\
new: pending
fulfilled: finished, value 42
again: GR_ENOTFOUND
cancel: GR_EBUSY
failed: finished, no such number
cancelled: cancelled, cancelled
too late: GR_ENOTFOUND
callback: finished, value 42
callback: finished, no such number
callback: cancelled, cancelled
task: pending
task: running
awaited: GR_OK
task: finished, value 42
task: pending
task: running
awaited: GR_EINVALID
task: finished, 7 is odd
task: pending
task: running
awaited: GR_ECANCELLED
task: cancelled, cancelled
""",
    "a6_task_create": """\
both tasks are started
its value is 42
it failed: GR_EINVALID
after 1.000 s
""",
    "a7_chaining": """\
phase 1 of 4
phase 2 of 5
(5, 50) after 2.000 s
""",
    "a8_wait_all": """\
4 done, 0 pending, after 3.000 s
task 0 slept 0 s
task 1 slept 1 s
task 2 slept 2 s
task 3 slept 3 s
""",
    "a9_wait_timeout_cancel": """\
2 done, 2 pending, after 2.000 s
task 0 slept 0.5 s
task 1 slept 1.5 s
task 0: done
task 1: done
the sleeper of 2.5 s was cancelled
the sleeper of 3.5 s was cancelled
task 2: GR_ECANCELLED
task 3: GR_ECANCELLED
after 2.000 s
""",
    "a10_wait_first": """\
first completed: 1 done after 1.000 s: 0
first failure: 3 done after 3.000 s: 0 1 2 (GR_EINVALID)
""",
    "a11_wait_for": """\
cancelled: cleaning up
cleaned up
GR_ETIMEOUT after 1.100 s
the task: GR_ECANCELLED
""",
    "a12_as_completed": """\
slept 0.1 s: after 0.100 s
slept 0.2 s: after 0.200 s
slept 0.3 s: after 0.300 s
slept 0.4 s: after 0.400 s
""",
    "a13_gather": """\
gathered after 0.400 s: 0.3 0.1 0.4 0.2
GR_EINVALID after 0.100 s: GR_EBUSY GR_EINVALID GR_EBUSY GR_EBUSY
gathered after 0.400 s: 0.3 GR_EINVALID 0.4 0.2
""",
    "a14_sleep_zero_switch": """\
foo runs
bar runs, as foo has switched
foo again, by an explicit switch
bar again, as foo has ended
""",
    "a15_three_tasks": """\
1 sleeps at 0.000 s
2 sleeps at 0.000 s
3 works meanwhile at 0.000 s
3 ends at 1.000 s
1 ends at 2.000 s
2 ends at 2.000 s
""",
    "a17_future_callback_order": """\
the sum to 4 is 10, after 1.000 s
the sum to 10 is 55, after 3.000 s
""",
    "t1_workers": """\
worker 0 is a worker
worker 1 is a worker
worker 2 is a worker
worker 3 is a worker
worker 4 is a worker
service is a service
worker 0 runs with 0
worker 1 runs with 1
worker 2 runs with 2
worker 3 runs with 3
worker 4 runs with 4
service runs
""",
    "t2_daemon": """\
daemon starts
brief daemon starts
non-daemon starts
brief daemon exits after 0.100 s
brief daemon joined: ended
daemon joined: alive
main ends after 0.600 s
non-daemon exits after 1.000 s
""",
    "t12_actor_local": """\
main: 0 and 1000
worker 1: 0 and 1000
worker 2: 0 and 1000
worker 1: 1 and 1001
worker 2: 2 and 1002
main: 42 and 1000
""",
}


def check_text(expected, output, exact):
    """What is wrong with a sample's output, or None."""
    if exact:
        return None if output == expected else f"expected {expected!r}"
    if TIME.sub("?", output) != TIME.sub("?", expected):
        return f"expected, but for the times, {expected!r}"
    for least, time in zip(TIME.findall(expected), TIME.findall(output)):
        if float(time) < float(least):
            return f"{time} s is less than {least} s"
    return None


def check_by_time(naps, exact):
    """Naps in seconds, in order of their ends. For real, those that are close may end in any order."""
    slack = 0 if exact else 0.05
    for n, nap in enumerate(naps):
        if any(nap < earlier - slack for earlier in naps[:n]):
            return f"a nap of {nap} s ended after a longer one"
    return None


def naps_of(pattern, output):
    """(who, seconds) of the lines that match a pattern."""
    return [(int(who), float(time)) for who, time in re.findall(pattern, output, re.M)]


def check_a5(output, exact):
    lines = output.splitlines(keepends=True)
    # The thread's own line may come at any time between; the value comes behind the ticks, by one loop's timers.
    of_thread = [line for line in lines if line.startswith("GR_ETIMEOUT")]
    others = [line for line in lines if line not in of_thread]
    return check_text("GR_ETIMEOUT after 0.200 s: still pending\n", "".join(of_thread), exact) or check_text(
        """\
tick after 0.300 s
tick after 0.600 s
tick after 0.900 s
its value is 42 after 1.000 s
""", "".join(others), exact)


def check_a16(output, exact):
    match = re.fullmatch(r"one by one:\n((?:.*\n){9})together:\n((?:.*\n){9})", output)
    if not match:
        return "expected two headings, each with nine lines"
    first, second = (naps_of(r"^task (\d) ends after (\d\.\d{3}) s$", part) for part in match.groups())
    if [who for who, _ in first] != list(range(1, 10)):
        return "the first nine are not in sequence"
    if sorted(who for who, _ in second) != list(range(1, 10)):
        return "the second nine are not all there"
    return check_by_time([nap for _, nap in second], exact)


def check_t3(output, exact):
    lines = output.splitlines()
    naps = [float(TIME.search(line)[0]) for line in lines if "worker sleeps" in line]
    ends = [float(TIME.search(line)[0]) for line in lines if "worker ends" in line]
    if len(naps) != 3 or sorted(ends) != sorted(naps):
        return "not all three workers slept and ended"
    if lines.count("joining a worker") != 3 or lines[-1:] != ["1 living"]:
        return "not all three workers were listed and joined"
    return check_by_time(ends, exact)


def check_t13(output, exact):
    naps = naps_of(r"^worker (\d) sleeps (\d\.\d{3}) s$", output)
    ends = naps_of(r"^worker (\d) has slept (\d\.\d{3}) s$", output)
    if [who for who, _ in naps] != list(range(5)) or sorted(ends) != naps or len(output.splitlines()) != 10:
        return "not all five workers began in order and slept as long as they said"
    return check_by_time([nap for _, nap in ends], exact)


CHECKS = {"a5_blocking_future": check_a5, "a16_sync_vs_async_order": check_a16, "t3_enumerate": check_t3,
          "t13_random_sleepers": check_t13}


def check(sample, output, exact):
    if sample in TEXTS:
        return check_text(TEXTS[sample], output, exact)
    return CHECKS[sample](output, exact)


def run(build, sample, environment):
    """(name of the run, what is wrong with it or None)."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GR_")}
    name = " ".join([f"{key}={value}" for key, value in environment.items()] + [sample])
    try:
        done = subprocess.run([os.path.join(build, "samples", "tour", sample)], env={**clean, **environment},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    except subprocess.TimeoutExpired:
        return name, "no end within 30 s"
    except OSError as error:
        return name, f"it can't be run: {error}"
    if done.returncode != 0 or done.stderr != "":
        return name, f"exit code {done.returncode}, standard error {done.stderr!r}, output {done.stdout!r}"
    complaint = check(sample, done.stdout, "GR_SEED" in environment)
    return name, complaint and f"{complaint}, got {done.stdout!r}"


def unlisted():
    """(name, what is wrong) of the samples that have no check here or no line in the tour's table."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "samples", "tour")
    with open(os.path.join(folder, "README.md"), encoding="utf-8") as file:
        table = file.read()
    found = {os.path.splitext(name)[0]: os.path.basename(path) + "/" + name
             for path, _, names in os.walk(folder) for name in names if name.endswith(".c")}
    for name in sorted(found.keys() | TEXTS.keys() | CHECKS.keys()):
        if name not in found:
            yield name, "there is no such sample"
        elif name not in TEXTS and name not in CHECKS:
            yield name, "nothing here says what it prints"
        elif f"({found[name]})" not in table:
            yield name, f"{found[name]} is not in samples/tour/README.md"


def main():
    build = os.path.abspath(sys.argv[1])
    samples = sys.argv[2:] or [*TEXTS, *CHECKS]
    simulated = [(sample, {"GR_LOOPS": str(loops), "GR_SEED": str(seed)})
                 for sample in samples if sample not in REAL_ONLY for loops in LOOPS for seed in SEEDS]
    real = [(sample, {"GR_LOOPS": str(loops)}) for sample in samples for loops in LOOPS]
    with ThreadPoolExecutor(2) as few, ThreadPoolExecutor(AT_ONCE) as many:
        results = list(few.map(lambda case: run(build, *case), simulated))
        results += many.map(lambda case: run(build, *case), real)
    results += unlisted()
    failed = [(name, complaint) for name, complaint in results if complaint]
    for name, complaint in failed:
        print(f"FAILED {name}: {complaint}")
    print(f"tour: {len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: test_tour.py BUILD_FOLDER [SAMPLE...]")
    sys.exit(main())
