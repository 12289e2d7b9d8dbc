# SPDX-License-Identifier: Apache-2.0
"""The file of saved results, and what is said there about how they came to be. It measures and judges nothing.

The file has JSON lines. A line {"about": ...} opens a block: one row, measured in one interleaved go on some number of
loops; the lines of its runs follow, as `--json` prints them. Saving a row again replaces its block, so that one row can
be measured anew without the others.
"""

import datetime
import json
import os
import platform
import shlex
import subprocess
from pathlib import Path


class Block:
    """One row on some number of loops: what is said about the run, and its lines."""

    def __init__(self, about, lines):
        self.about, self.lines = about, lines

    @property
    def place(self):
        return self.about["row"], self.about["loops"]

    def text(self):
        return "".join(
            json.dumps(line, separators=(",", ":")) + "\n" for line in ({"about": self.about}, *self.lines)
        )


def read(path):
    """The blocks of a file by (row, loops); none if there is no file."""
    blocks = {}
    block = None
    if not path.exists():
        return blocks
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            line = json.loads(text)
            if "about" in line:
                block = Block(line["about"], [])
                blocks[block.place] = block
            else:
                block.lines.append(line)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SystemExit(f"{path}:{number}: this is no line of saved results: {text[:60]!r}") from error
    return blocks


def save(path, block, order):
    """Puts a block into the file, in the order of the rows, so that an interrupted measurement keeps what it has."""
    blocks = read(path) | {block.place: block}
    rank = {row: index for index, row in enumerate(order)}
    text = "".join(blocks[place].text() for place in sorted(blocks, key=lambda p: (rank.get(p[0], len(rank)), p)))
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def said(command, **options):
    """The first line that a command prints, or empty."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    except OSError:
        return ""
    return done.stdout.split("\n", 1)[0].strip() if done.returncode == 0 else ""


def field(path, name):
    """The value of the first `name : value` of a file below /proc, or empty."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            key, _, value = line.partition(":")
            if key.strip() == name:
                return value.strip()
    return ""


def machine():
    """What the measurement ran on, in words that name no host."""
    hypervisor = "hypervisor" in field("/proc/cpuinfo", "flags").split()
    count = os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": field("/proc/cpuinfo", "model name") or platform.machine(),
        "processors": f"{count}, virtual" if hypervisor else str(count),
        "memory": f"{memory / (1 << 30):.1f} GiB",
        "system": f"{platform.system()} {platform.release()}",
    }


def built(build):
    """The compiler of a build folder with its version, and how it optimises."""
    parts = []
    commands = build / "compile_commands.json"
    if commands.exists():
        text = commands.read_text(encoding="utf-8")
        words = shlex.split(json.loads(text)[0]["command"])
        first_option = next(index for index, word in enumerate(words) if word.startswith("-"))
        parts.append(said([words[first_option - 1], "--version"]))
        parts.append(" ".join(option for option in ("-O0", "-O1", "-O2", "-O3") if f" {option} " in text))
        parts.append("the library as a whole" if "-flto" in text else "file by file")
    return parts


def greenroom(build, root):
    """What was measured: commit and build."""
    parts = []
    commit = said(["git", "rev-parse", "--short", "HEAD"], cwd=root)
    if commit:
        changed = said(["git", "status", "--porcelain", "--untracked-files=no", "--", ":!docs"], cwd=root)
        parts.append(f"commit {commit}{' with changes' if changed else ''}")
    return ", ".join(filter(None, parts + built(build))) + "; default options: bounds on, monitors working"


def about(row, loops, runs, command, build, others, peers):
    """The opening line of a block. `others` is the largest share of the machine that others used during a run."""
    root = Path(__file__).resolve().parents[2]
    return {
        "row": row,
        "loops": loops,
        "runs": runs,
        "command": command,
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "machine": machine(),
        "greenroom": greenroom(build, root),
        "peers": {peer.name: peer.describe() for peer in peers if peer.problem is None},
        "left_out": {peer.name: peer.problem for peer in peers if peer.problem is not None},
        "others": round(others, 3),
    }
