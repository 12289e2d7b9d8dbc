# SPDX-License-Identifier: Apache-2.0
"""Runs programs in turn and keeps what they print. It knows no goals and prints nothing.

Two virtual processors are sometimes near to each other and sometimes far, and that changes within minutes. So the probe
tells the distance before and after each run on several cores: a run in which it changed is dropped and repeated, and of
runs at different distances only those at one of them are kept, the one with the most.

A virtual machine's host takes memory back that lies free for a while. The first touch of such a page costs ten
microseconds instead of one, to whoever happens to get it. So before each run as much memory as its contestant takes is
touched and freed again.
"""

import contextlib
import json
import mmap
import os
import resource
import signal
import statistics
import subprocess
import time

BACKED_FIRST = 1 << 30  # bytes touched before a contestant's first run
BACKED_LEAST = 1 << 28  # and before others
CHANGE = 1.5  # distances that differ by more than this factor are different
KEYS = {"name", "loops", "n", "seconds", "rate", "unit", "rss_bytes", "peer"}


class Contestant:
    """A program that takes part in a row: Greenroom in one placement, or a peer."""

    def __init__(self, peer, loops, placement, command):
        self.peer, self.loops, self.placement, self.command = peer, loops, placement, command
        self.memory = BACKED_FIRST  # bytes that its next run may take
        self.runs = []  # (distance group or None, lines)
        self.failures = []  # texts
        self.moved = []  # texts of runs during which the distance changed

    @property
    def label(self):
        return f"{self.peer} {self.loops} {self.placement}".strip()

    def dropped(self, group):
        """What was not kept, in words; empty if all was."""
        elsewhere = len(self.runs) - len(self.kept(group))
        texts = [f"cores at another distance in {elsewhere}"] if elsewhere else []
        texts += [f"cores moved in {len(self.moved)} ({', '.join(self.moved)})"] if self.moved else []
        return "; ".join(texts)

    def kept(self, group):
        """The lines of the runs at that distance; on one core the distance does not matter."""
        return [lines for at, lines in self.runs if at is None or at == group]


class Machine:
    """What can be told about the machine while it measures."""

    def __init__(self, probe):
        self.probe = probe  # path, or None where there is only one processor
        self.distances = []  # one for each group
        self.others = []  # shares of the machine that others used during a run

    def distance(self):
        if self.probe is None:
            return None
        done = subprocess.run([self.probe, "round_trip"], capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0:
            self.probe = None
            return None
        return json.loads(done.stdout)["ns"]

    def group(self, distance):
        for index, known in enumerate(self.distances):
            if not differs(distance, known):
                return index
        self.distances.append(distance)
        return len(self.distances) - 1


def differs(a, b):
    return max(a, b) > CHANGE * min(a, b)


def busy_seconds():
    """Processor time of the whole machine, with what its host took away."""
    with open("/proc/stat", encoding="ascii") as stat:
        user, nice, system, _, _, irq, soft, stolen = map(int, stat.readline().split()[1:9])
    return (user + nice + system + irq + soft + stolen) / os.sysconf("SC_CLK_TCK")


def child_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Failed(Exception):
    """A run gave no result."""


def parse(text):
    """The JSON lines of a program; each has to be whole."""
    lines = []
    for line in text.splitlines():
        try:
            value = json.loads(line)
        except ValueError as error:
            raise Failed(f"printed what is no JSON: {line[:60]!r}") from error
        if not isinstance(value, dict) or not KEYS <= value.keys():
            raise Failed(f"printed a line without all of {', '.join(sorted(KEYS))}")
        lines.append(value)
    if not lines:
        raise Failed("printed no result")
    return lines


def run_once(command, timeout):
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=timeout, check=False)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"did not end within {timeout} s") from error
    except OSError as error:
        raise Failed(f"could not be started: {error}") from error
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        code = done.returncode
        how = f"exit code {code}" if code >= 0 else f"ended by {signal.Signals(-code).name}"
        raise Failed(f"{how}: {said[-1][:120]}" if said else how)
    return parse(done.stdout)


def back_memory(size):
    """Has the host give this machine what it has taken back, by touching it: in blocks as large as anybody takes."""
    size = min(size, os.sysconf("SC_AVPHYS_PAGES") * mmap.PAGESIZE // 2)
    with mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        with contextlib.suppress(OSError):  # a kernel without huge pages
            memory.madvise(mmap.MADV_HUGEPAGE)
        for page in range(0, size, mmap.PAGESIZE):
            memory[page] = 1


def take_part(contestant, machine, timeout):
    """One run of one contestant."""
    back_memory(contestant.memory)
    before = machine.distance() if contestant.loops > 1 else None
    clock, busy, own = time.monotonic(), busy_seconds(), child_seconds()
    try:
        lines = run_once(contestant.command, timeout)
    except Failed as failed:
        contestant.failures.append(str(failed))
        return
    contestant.memory = max([BACKED_LEAST, *(line["rss_bytes"] * 5 // 4 for line in lines)])
    seconds = time.monotonic() - clock
    others = busy_seconds() - busy - (child_seconds() - own)
    machine.others.append(max(0.0, others) / (seconds * (os.cpu_count() or 1)))
    after = machine.distance() if before is not None else None
    if before is None or after is None:
        contestant.runs.append((None, lines))
    elif differs(before, after):
        contestant.moved.append(f"{before:.0f} -> {after:.0f} ns")
    else:
        for line in lines:
            line["round_trip_ns"] = [before, after]
        contestant.runs.append((machine.group(before), lines))


def best_group(contestants, groups):
    """The distance at which the contestant with the fewest runs has the most."""
    several = [c for c in contestants if c.loops > 1 and not c.failures]
    counts = [(min((len(c.kept(g)) for c in several), default=0), -g) for g in range(groups)]
    return -max(counts)[1] if counts else None


def measure(contestants, machine, runs, timeout, progress):
    """Runs all in turn (A B C A B C ...) until each has `runs` at one distance, in at most twice as many rounds.
    Returns that distance's group. Who failed twice is not asked again."""
    group = None
    for turn in range(2 * runs):
        group = best_group(contestants, len(machine.distances))
        wanting = [c for c in contestants if len(c.kept(group)) < runs and len(c.failures) < 2]
        if not wanting:
            break
        for contestant in wanting:
            progress(f"round {turn + 1}: {contestant.label}")
            take_part(contestant, machine, timeout)
    return best_group(contestants, len(machine.distances))


class Figures:
    """The lines of one result of one contestant, as medians."""

    def __init__(self, lines):
        self.lines = lines
        self.unit = lines[0]["unit"]
        self.rates = [line["rate"] for line in lines]
        self.rate = statistics.median(self.rates)

    def median(self, key):
        """The median of a key that some results have, or None."""
        values = [line[key] for line in self.lines if key in line]
        return statistics.median(values) if values else None


def figures(contestant, group):
    """A dictionary from the result's name, without its placement, to its figures."""
    found = {}
    for lines in contestant.kept(group):
        for line in lines:
            found.setdefault(line["name"].removesuffix("_spread"), []).append(line)
    return {name: Figures(lines) for name, lines in found.items()}
