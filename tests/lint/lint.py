#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the rules of this tree that no compiler checks. Each rule is a function tree -> issues; its docstring says
what holds when it finds none. Usage: lint.py [ROOT]"""
import os
import sys

import contracts
import graph
import outside
import shape
import words
from tree import Tree

RULES = [rule for module in (graph, shape, words, contracts, outside) for rule in module.RULES]


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
    tree = Tree(os.path.normpath(root))
    failed = 0
    for rule in RULES:
        issues = sorted(rule(tree))
        for issue in issues:
            print(issue)
        failed += bool(issues)
        if issues:
            print(f"    broken: {rule.__doc__}\n")
    print(f"{len(tree.paths)} files, {len(RULES)} rules")
    print(f"lint: {len(RULES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
