# SPDX-License-Identifier: Apache-2.0
"""Sizes and places: how long files and functions are, how full folders, and that each source file has its test."""
import ast
import os
import re
from collections import defaultdict

from c_source import Source
from graph import PARTS
from tree import SOURCES, Issue, top

FILE_LINES_MAX = 700
FUNCTION_LINES_MAX = 70
FOLDER_FILES_MAX = 20
# One header per concept, all in one place: that is the manual's table of contents.
UNBOUNDED_FOLDERS = {"include/greenroom"}

SHELL_FUNCTION = re.compile(r"^(?:function )?([\w-]+) ?\(\) ?\{\n(.*?)^\}", re.M | re.S)


def file_length(tree):
    """files have at most 700 lines"""
    for path in tree.paths:
        if tree.is_source(path):
            lines = len(tree.lines(path)) - 1
            if lines > FILE_LINES_MAX:
                yield Issue(path, lines, f"{lines} lines, more than {FILE_LINES_MAX}: split it; a file has one job")


def functions(tree, path):
    """(name, line, length) of the functions of a C, Python or shell file."""
    text = tree.text(path)
    if path.endswith((".c", ".h", ".cpp", ".cc", ".hpp")):
        yield from Source(text).functions()
    elif path.endswith(".py"):
        try:
            parsed = ast.parse(text)
        except SyntaxError:
            return
        for node in ast.walk(parsed):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield node.name, node.lineno, node.end_lineno - node.lineno + 1
    elif tree.is_shell(path):
        for match in SHELL_FUNCTION.finditer(text):
            yield match[1], text.count("\n", 0, match.start()) + 1, match[2].count("\n") + 2


def function_length(tree):
    """functions have at most 70 lines"""
    for path in tree.paths:
        for name, line, length in functions(tree, path):
            if length > FUNCTION_LINES_MAX:
                yield Issue(path, line, f"{name}: {length} lines, more than {FUNCTION_LINES_MAX}: "
                            "name its steps as functions of their own")


def folder_size(tree):
    """folders have at most 20 source files"""
    counts = defaultdict(int)
    for path in tree.paths:
        if path.endswith(SOURCES):
            counts[os.path.dirname(path)] += 1
    for folder, count in sorted(counts.items()):
        if count > FOLDER_FILES_MAX and folder not in UNBOUNDED_FOLDERS:
            yield Issue(folder or ".", 1, f"{count} source files, more than {FOLDER_FILES_MAX}: "
                        "group those that belong together into folders")


def unit_tests(tree):
    """every source file of the library has a unit test"""
    paths = set(tree.paths)
    for path in tree.ending(".c"):
        if top(path) in PARTS:
            folder, name = os.path.split(path)
            wanted = f"tests/unit/{folder}/test_{name}"
            if wanted not in paths:
                yield Issue(path, 1, f"no unit test: write {wanted}")


RULES = [file_length, function_length, folder_size, unit_tests]
