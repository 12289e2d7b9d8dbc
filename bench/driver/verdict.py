# SPDX-License-Identifier: Apache-2.0
"""Saved results by row, result and contestant, and how they compare with the goals. It formats nothing."""

from typing import NamedTuple

from . import measure

LEAST_LOCAL = 0.9  # of the rate of one loop, with all actors on one of several
TITLES = {"greenroom": "Greenroom", "go": "Go", "erlang": "Erlang", "caf": "CAF", "python": "Python"}
ORDER = list(TITLES)
LESS_IS_BETTER = ("p50_ns", "p99_ns", "cpu_ns", "bytes_per_actor", "rss_bytes")
NAMES = {"p50_ns": "median latency", "p99_ns": "99th percentile", "cpu_ns": "processor time",
         "bytes_per_actor": "memory of an actor", "rss_bytes": "memory of the process"}


class Judgement(NamedTuple):
    """A goal and what was measured; `share` is how much of the goal was reached."""

    what: str
    field: str
    wanted: float
    measured: float
    share: float
    met: bool


def title(peer):
    return TITLES.get(peer, peer)


def base_name(line):
    return line["name"].removesuffix("_spread")


class Result:
    """One figure of a row (a row has several where it measures several things) for all contestants."""

    def __init__(self, name, goal, main_loops):
        self.name, self.goal, self.main_loops = name, goal, main_loops
        self.by_contestant = {}  # (peer, loops, placement) -> measure.Figures
        self.bases = {}  # loops -> ours on one loop, measured in the same go as those on so many
        self.unit = ""

    def add(self, block_loops, lines):
        """Lines of one block. Where a block on several loops has ours on one too, that is a base for comparison."""
        groups = {}
        for line in lines:
            placement = "spread" if line["name"].endswith("_spread") else "local" if line["peer"] == "greenroom" else ""
            groups.setdefault((line["peer"], line["loops"], placement), []).append(line)
        for key, group in groups.items():
            figures = measure.Figures(group)
            self.unit = figures.unit
            if key == ("greenroom", 1, "local") and block_loops > 1:
                self.bases[block_loops] = figures
                self.by_contestant.setdefault(key, figures)
            else:
                self.by_contestant[key] = figures

    @property
    def has_rate(self):
        return self.unit.endswith("/s")

    @property
    def most_loops(self):
        return max((loops for _, loops, _ in self.by_contestant), default=1)

    def contestants(self):
        def rank(key):
            return ORDER.index(key[0]) if key[0] in ORDER else len(ORDER), key[1], key[2]

        return sorted(self.by_contestant, key=rank)

    def ours(self, loops, placement="local"):
        return self.by_contestant.get(("greenroom", loops, placement))

    def ratios(self, peer, loops):
        """(placement, our rate divided by the peer's) on so many loops."""
        theirs = self.by_contestant.get((peer, loops, ""))
        placements = ["local", "spread"] if loops > 1 else ["local"]
        found = [(placement, self.ours(loops, placement)) for placement in placements]
        return [(placement, ours.rate / theirs.rate) for placement, ours in found if ours and theirs and theirs.rate]

    def peers(self, loops):
        return [peer for peer, count, _ in self.contestants() if peer != "greenroom" and count == loops]

    def fastest(self, loops):
        """(name, rate) of the fastest peer on so many cores, or None."""
        found = [(self.by_contestant[(peer, loops, "")].rate, peer) for peer in self.peers(loops)]
        if not found:
            return None
        rate, peer = max(found)
        return peer, rate

    def judge(self):
        """Each goal of this result that was measured."""
        main = self.ours(self.main_loops) or self.ours(1)
        if main is None:
            return []
        found = []
        one = self.ours(1)
        if "rate" in self.goal and one:
            found.append(at_least("rate on one loop", "rate", self.goal["rate"], one.rate))
        for field in LESS_IS_BETTER:
            value = main.median(field)
            if field in self.goal and value is not None:
                share = self.goal[field] / value if value else 1.0
                found.append(Judgement(NAMES[field], field, self.goal[field], value, share, value <= self.goal[field]))
        return found + list(self.judge_peers()) + list(self.judge_placements())

    def judge_peers(self):
        """Faster than each peer on as many cores, and by the factor that is a goal of its own."""
        counts = sorted({loops for peer, loops, _ in self.by_contestant if peer != "greenroom"})
        for loops in counts:
            for peer in self.peers(loops):
                wanted = self.goal.get("times", {}).get(peer, 1) if loops == 1 else 1
                cores = "1 core" if loops == 1 else f"{loops} cores"
                for placement, ratio in self.ratios(peer, loops)[:1]:
                    where = f", {placement}" if loops > 1 else ""
                    yield at_least(f"times {title(peer)}'s rate on {cores}{where}", "times", wanted, ratio)

    def judge_placements(self):
        """What several loops make of the rate of one, where the rate is what counts."""
        if not self.has_rate:
            return
        for loops, base in sorted(self.bases.items()):
            local, spread = self.ours(loops), self.ours(loops, "spread")
            if local and base.rate:
                yield at_least(f"times one loop's rate on {loops}, local", "times", LEAST_LOCAL, local.rate / base.rate)
            if spread and base.rate and "speedup_spread" in self.goal:
                wanted = self.goal["speedup_spread"]
                yield at_least(f"times one loop's rate on {loops}, spread", "times", wanted, spread.rate / base.rate)


def at_least(what, field, wanted, measured):
    return Judgement(what, field, wanted, measured, measured / wanted, measured >= wanted)


class Results:
    """All results of a row, in the order of its goals, and what failed."""

    def __init__(self, row, goal, blocks):
        self.row = row
        self.failures = []  # (contestant, text)
        by_name = {name: Result(name, goals, goal.get("loops", 1)) for name, goals in goal["results"].items()}
        for place in sorted(blocks):
            if place[0] == row:
                self.add(blocks[place], by_name)
        self.results = [result for result in by_name.values() if result.by_contestant]

    def add(self, block, by_name):
        for line in block.lines:
            if "failed" in line:
                self.failures.append((f"{line['peer']} on {line['loops']}", line["failed"]))
        good = [line for line in block.lines if "failed" not in line]
        for name, result in by_name.items():
            # A peer that has one program where we have several (counting_burst) is compared with each.
            lines = [line for line in good if base_name(line) == name
                     or base_name(line) == self.row and self.row not in by_name and line["peer"] != "greenroom"]
            result.add(block.about["loops"], lines)
