#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that the tests can fail: applies each plausible mistake of tests/mutants/*.patch to a copy of the tree and runs
the test that must catch it. Usage: mutants.py [PATCH...]

A patch opens with lines that the patch program skips:
    # guarantee: G1
    # test: NAME [ARGUMENT...]     a meson test; arguments, if given, replace its own
    # why: one sentence that says what the mistake is
It is caught if that test fails, and did not without it. A patch that doesn't apply or compile is an error.
"""
import filecmp
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "../.."))
COPY = os.path.join(ROOT, "build-mutants/tree")
BUILD = os.path.join(ROOT, "build-mutants/build")
HEADER = re.compile(r"^# (guarantee|test|why): *(.+?) *$", re.M)


class Broken(Exception):
    """A patch that can't be judged: it says why."""


class Mutant(NamedTuple):
    """A patch with what its header says."""
    name: str
    path: str
    guarantee: str
    test: str
    arguments: tuple


def read_mutant(path):
    name = os.path.basename(path).removesuffix(".patch")
    with open(path, encoding="utf-8") as file:
        header = dict(HEADER.findall(file.read().split("\n--- ", 1)[0]))
    missing = {"guarantee", "test", "why"} - set(header)
    if missing:
        raise Broken(f"{name}: its header has no '# {sorted(missing)[0]}:' line")
    test, *arguments = header["test"].split()
    return Mutant(name, path, header["guarantee"], test, tuple(arguments))


def copy_tree():
    """Makes COPY equal to the tree, touching only what differs, so that a second run builds little."""
    wanted = set()
    for folder, folders, files in os.walk(ROOT):
        if folder == ROOT:
            folders[:] = [name for name in folders if name not in (".git", "build") and not name.startswith("build-")]
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in files:
            source = os.path.join(folder, name)
            relative = os.path.relpath(source, ROOT)
            target = os.path.join(COPY, relative)
            wanted.add(relative)
            if not os.path.exists(target) or not filecmp.cmp(source, target, shallow=False):
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copy(source, target)
    for folder, _, files in os.walk(COPY):
        for name in files:
            full = os.path.join(folder, name)
            if os.path.relpath(full, COPY) not in wanted:
                os.remove(full)


def run(command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", **options)


def configure():
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        made = run(["meson", "setup", "-Dwerror=false", BUILD, COPY])
        if made.returncode != 0:
            raise Broken("meson setup failed:\n" + made.stdout[-2000:])


def introspect(what):
    """What meson knows of the build folder, brought up to date first."""
    run(["ninja", "-C", BUILD, "build.ninja"])
    with open(os.path.join(BUILD, "meson-info", f"intro-{what}.json"), encoding="utf-8") as file:
        return json.load(file)


def find_test(name):
    """Meson's record of a test, and the files that it needs built."""
    tests = [test for test in introspect("tests") if test["name"] == name]
    if len(tests) != 1:
        raise Broken(f"there is no test '{name}': `meson test --list` lists them")
    files = {target["id"]: target["filename"] for target in introspect("targets")}
    needed = [os.path.relpath(file, BUILD) for target in tests[0]["depends"] for file in files.get(target, [])]
    return tests[0], needed


def build(needed):
    made = run(["ninja", "-C", BUILD, *needed])
    if made.returncode != 0:
        errors = re.findall(r"^.*error:.*$", made.stdout, re.M)
        raise Broken("does not compile: " + (errors[0] if errors else made.stdout[-500:]))


def test_fails(mutant, test):
    """How the test failed, or None if it passed. A test that hangs is ended with all its processes."""
    program = len(test["cmd"]) if not mutant.arguments else 1
    command = test["cmd"][:program] + list(mutant.arguments)
    process = subprocess.Popen(command, cwd=test["workdir"] or BUILD, env={**os.environ, **test["env"]},
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    try:
        code = process.wait(timeout=test["timeout"] or 600)
    except subprocess.TimeoutExpired:
        return f"hung for {test['timeout']} s"
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
    if code == 0:
        return None
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def check(mutant, sound):
    """Applies one patch, runs its test, takes the patch back. `sound` remembers the tests that pass without it."""
    configure()
    test, needed = find_test(mutant.test)
    key = (mutant.test, mutant.arguments)
    if key not in sound:
        build(needed)
        sound[key] = test_fails(mutant, test)
    if sound[key]:
        raise Broken(f"'{mutant.test}' fails without the mistake, too ({sound[key]})")
    patch = ["patch", "-p1", "--batch", "--no-backup-if-mismatch", "-i", mutant.path]
    dry = run([*patch, "--forward", "--dry-run", "--fuzz=0"], cwd=COPY)
    if dry.returncode != 0:
        raise Broken("does not apply: " + dry.stdout.strip().splitlines()[-1])
    run([*patch, "--forward", "--fuzz=0"], cwd=COPY)
    try:
        build(needed)
        return test_fails(mutant, test)
    finally:
        run([*patch, "--reverse"], cwd=COPY)


def main():
    paths = [os.path.join(HERE, os.path.basename(name).removesuffix(".patch") + ".patch") for name in sys.argv[1:]]
    paths = paths or sorted(os.path.join(HERE, name) for name in os.listdir(HERE) if name.endswith(".patch"))
    copy_tree()
    caught, sound = 0, {}
    for path in paths:
        name, started = os.path.basename(path).removesuffix(".patch"), time.monotonic()
        try:
            mutant = read_mutant(path)
            how = check(mutant, sound)
            caught += how is not None
            verdict = f"caught by {mutant.test} ({how})" if how else f"NOT CAUGHT by {mutant.test}"
            print(f"{mutant.guarantee:4} {name}: {verdict}, {time.monotonic() - started:.0f} s", flush=True)
        except (Broken, OSError) as error:
            print(f"ERR  {name}: {error}", flush=True)
    print(f"{caught} passed, {len(paths) - caught} failed")
    return 0 if paths and caught == len(paths) else 1


if __name__ == "__main__":
    sys.exit(main())
