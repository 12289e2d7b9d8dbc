# SPDX-License-Identifier: Apache-2.0
"""What ./dev prove runs: the long forms of tests, each with how much of it is the proof."""
from typing import NamedTuple


class Proof(NamedTuple):
    """One long test. A command that counts is called for shares of `count`, from the seed or round {first} on."""
    what: str  # a sentence for docs/proof.md
    command: str  # {build}, {first} and {count} are filled in; it exits 0 only if all of that held
    unit: str  # what is counted
    count: int  # how many make the proof
    share: int  # how many at a time: what an interruption can lose


PROOFS = {
    "simulation": Proof(
        what="random actor programs keep every guarantee that one process shows",
        command="{build}/tests/systematic/actors/random_programs --first {first} --seeds {count}",
        unit="seeds", count=1_000_000, share=10_000),
    "idle": Proof(
        what="a million idle actors cost no CPU; events after 2 s of silence are handled at once",
        command="/usr/bin/python3 tests/prove/idle.py {build}/bench/bench 1",
        unit="runs", count=1, share=1),
}
