# SPDX-License-Identifier: Apache-2.0
"""Rules that other programs check: clang-format, the shells' and Python's own parsers, patch."""
import ast
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from tree import Issue


def clang_format(root, paths):
    """What clang-format would change in some files, as issues."""
    try:
        run = subprocess.run(["clang-format", "--dry-run", "--Werror", "--style=file", *paths], cwd=root,
                             capture_output=True, text=True)
    except FileNotFoundError:
        return [Issue(".clang-format", 1, "clang-format is not installed: run ./dev lint, which installs it")]
    issues = [Issue(match[1], int(match[2]), f"not as clang-format writes it: run clang-format -i {match[1]}")
              for match in re.finditer(r"^(.+?):(\d+):\d+: error:", run.stderr, re.M)]
    if run.returncode != 0 and not issues:
        issues.append(Issue(".clang-format", 1, "clang-format failed: " + run.stderr.strip()[:200]))
    return issues


def formatting(tree):
    """C files are as clang-format writes them"""
    paths = tree.ending(".c", ".h")
    if ".clang-format" not in tree.paths or not paths:
        return
    jobs = os.cpu_count() or 1
    with ThreadPoolExecutor(jobs) as pool:
        shares = [paths[n::jobs] for n in range(jobs)]
        for issues in pool.map(lambda share: clang_format(tree.root, share), filter(None, shares)):
            seen = set()
            for issue in issues:
                if issue.path not in seen:  # the first place of each file is enough to send someone there
                    yield issue
                seen.add(issue.path)


def shell_syntax(tree):
    """shell scripts parse"""
    for path in tree.paths:
        if tree.is_shell(path):
            shell = "sh" if tree.lines(path)[0].endswith("/sh") else "bash"
            run = subprocess.run([shell, "-n", path], cwd=tree.root, capture_output=True, text=True)
            if run.returncode != 0:
                line = re.search(r"line (\d+)|: (\d+): ", run.stderr)
                yield Issue(path, int(next(filter(None, line.groups()), 1)) if line else 1,
                            f"{shell} -n can't read it: {run.stderr.strip().splitlines()[0]}")


def python_syntax(tree):
    """Python files parse"""
    for path in tree.ending(".py"):
        try:
            ast.parse(tree.text(path))
        except SyntaxError as error:
            yield Issue(path, error.lineno or 1, f"Python can't read it: {error.msg}")


def mutants_apply(tree):
    """the mistakes of tests/mutants/ fit the code, as one that doesn't apply shows nothing"""
    for path in tree.ending(".patch"):
        command = ["patch", "-p1", "--batch", "--forward", "--dry-run", "--fuzz=0", "-i", path]
        try:
            run = subprocess.run(command, cwd=tree.root, capture_output=True, text=True)
        except FileNotFoundError:
            yield Issue(path, 1, "patch is not installed: run ./dev lint, which installs it")
            return
        if run.returncode != 0:
            yield Issue(path, 1, "it doesn't apply to the code any more: make it anew, and show that it is still caught "
                                 f"by ./dev mutants {os.path.basename(path).removesuffix('.patch')}")


RULES = [formatting, shell_syntax, python_syntax, mutants_apply]
