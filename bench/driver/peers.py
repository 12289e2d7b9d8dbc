# SPDX-License-Identifier: Apache-2.0
"""The programs that Greenroom is compared with: how they are built, started and described. It measures nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[1] / "peers"

CXX_FLAGS = ["-std=c++17", "-O3", "-DNDEBUG"]
ERLC_FLAGS = ["+inline"]


class Peer:
    """One of them. `problem` says why it can't be used, or is None."""

    def __init__(self, name, title, bound):
        self.name, self.title, self.bound = name, title, bound
        self.version = self.flags = ""
        self.program = []
        self.problem = None

    def command(self, benchmark, n, cores):
        return [*self.program, benchmark, "--n", str(n), "--cores", str(cores)]

    def describe(self):
        return f"{self.title} {self.version}: {self.flags}; mailboxes: {self.bound}"


def run(command, **options):
    """The output of a command that has to succeed."""
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, **options)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
        raise OSError(f"{Path(command[0]).name} failed: {lines[0]}")
    return done.stdout.strip()


def need(program, package):
    if shutil.which(program) is None:
        raise OSError(f"{program} is not installed (Debian package {package})")


def is_older(target, sources):
    return not target.exists() or any(s.stat().st_mtime > target.stat().st_mtime for s in sources)


def prepare_go(peer, folder):
    need("go", "golang-go")
    environment = os.environ | {
        "GOCACHE": str(folder / "cache"),
        "GOPATH": str(folder / "path"),
        "GOPROXY": "off",
        "GOFLAGS": "",
        "GOTOOLCHAIN": "local",
    }
    if is_older(folder / "peer", SOURCES.glob("go/*")):
        run(["go", "build", "-trimpath", "-o", str(folder / "peer"), "."], cwd=SOURCES / "go", env=environment)
    peer.version = run(["go", "version"]).split()[2].removeprefix("go")
    peer.flags = "go build, GOMAXPROCS = cores, GOGC as it is"
    peer.program = [str(folder / "peer")]


def prepare_erlang(peer, folder):
    need("erlc", "erlang-base")
    sources = sorted(SOURCES.glob("erlang/*.erl"))
    if is_older(folder / "peer", [*sources, SOURCES / "erlang" / "peer"]):
        run(["erlc", *ERLC_FLAGS, "-o", str(folder), *map(str, sources)])
        shutil.copy(SOURCES / "erlang" / "peer", folder / "peer")
        os.utime(folder / "peer")
    ask = 'io:format("~s ~s ~s", [erlang:system_info(I) || I <- [otp_release, version, emu_flavor]]), halt().'
    release, version, flavor = run(["erl", "-noshell", "-noinput", "-eval", ask]).split()
    peer.version = f"OTP {release} (erts {version}, {flavor})"
    peer.flags = f"erlc {' '.join(ERLC_FLAGS)}, erl +S cores:cores +P 4194304, the counter at high priority"
    peer.program = [str(folder / "peer")]


def prepare_caf(peer, folder):
    need("g++", "g++")
    sources = sorted(SOURCES.glob("caf/*.cpp"))
    if is_older(folder / "peer", [*sources, SOURCES / "caf" / "peer.hpp"]):
        if not Path("/usr/include/caf/all.hpp").exists():
            raise OSError("CAF is not installed (Debian package libcaf-dev)")
        run(["g++", *CXX_FLAGS, "-o", str(folder / "peer"), *map(str, sources), "-lcaf_core", "-lpthread"])
    compiler = run(["g++", "-dumpfullversion"])
    peer.version = run([str(folder / "peer"), "--version"])
    peer.flags = f"g++ {compiler} {' '.join(CXX_FLAGS)}, scheduler.max-threads = cores, work stealing (spawn: sharing)"
    peer.program = [str(folder / "peer")]


def prepare_python(peer, folder):
    peer.version = sys.version.split()[0]
    peer.flags = "asyncio, one core"
    peer.program = [sys.executable, str(SOURCES / "python" / "peer.py")]


PREPARE = {
    "go": (prepare_go, "Go", "channels of 1024 (big 128, mall 100, accounts 16, single messages 1); the sender waits"),
    "erlang": (prepare_erlang, "Erlang", "no bound"),
    "caf": (prepare_caf, "CAF", "no bound"),
    "python": (prepare_python, "Python", "queues of 1024 (timers: no bound); the sender waits"),
}


def prepare(build, progress):
    """Builds all peers into build/bench-peers; one that can't be built has a problem."""
    peers = []
    for name, (prepare_one, title, bound) in PREPARE.items():
        progress(f"building the peer in {title}")
        peer = Peer(name, title, bound)
        folder = build / "bench-peers" / name
        folder.mkdir(parents=True, exist_ok=True)
        try:
            prepare_one(peer, folder.resolve())
        except OSError as error:
            peer.problem = str(error)
        peers.append(peer)
    return peers
