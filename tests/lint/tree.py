# SPDX-License-Identifier: Apache-2.0
"""The tree under inspection: which files there are, their text, and what an issue is. It knows no rule."""
import os
from typing import NamedTuple

LEFT_OUT = {".git", "__pycache__", "node_modules", ".cache", ".vscode", ".idea"}
SOURCES = (".c", ".h", ".S", ".cpp", ".cc", ".hpp", ".py", ".sh", ".go", ".erl")


class Issue(NamedTuple):
    """One finding: where, and what it is and what to do."""
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


class Tree:
    """All files below `root` but those that git ignores here: build folders and caches."""

    def __init__(self, root):
        self.root = root
        self.texts = {}
        self.sources = {}
        self.paths = sorted(self._walk(""))

    def _walk(self, folder):
        with os.scandir(os.path.join(self.root, folder)) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_symlink() or entry.name in LEFT_OUT:
                    continue
                if entry.is_dir():
                    if not (folder == "" and (entry.name == "build" or entry.name.startswith("build-"))):
                        yield from self._walk(path)
                elif entry.is_file():
                    yield path

    def text(self, path):
        """The file's text; bytes that are no UTF-8 are replaced."""
        if path not in self.texts:
            with open(os.path.join(self.root, path), encoding="utf-8", errors="replace", newline="") as file:
                self.texts[path] = file.read()
        return self.texts[path]

    def lines(self, path):
        return self.text(path).split("\n")

    def ending(self, *suffixes):
        return [path for path in self.paths if path.endswith(suffixes)]

    def is_shell(self, path):
        """Shell scripts are known by their first line."""
        if "." in os.path.basename(path).lstrip(".") and not path.endswith((".sh", ".bash")):
            return False
        return self.text(path)[:40].split("\n")[0].startswith(("#!/usr/bin/env bash", "#!/bin/bash", "#!/bin/sh"))

    def is_source(self, path):
        return path.endswith(SOURCES) or path.endswith(("meson.build", "meson_options.txt", ".map")) \
            or self.is_shell(path)


def top(path):
    """The top-level folder of a path; empty for a file at the root."""
    return path.split("/", 1)[0] if "/" in path else ""
