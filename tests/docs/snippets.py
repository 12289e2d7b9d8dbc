# SPDX-License-Identifier: Apache-2.0
"""Compiles the code of a page and runs its programs.

    ```c        a whole program: compiled, run, and its output compared with the ```output block that follows
    ```c top    what stands at file scope; it sees the earlier blocks of this kind on its page
    ```c body   statements of an actor's function; `<!-- given: int a, int b -->` before it names what it uses
    ```cpp      as `c top`, in C++, on its own
"""
import os
import re
import subprocess

WARNINGS = ["-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror"]
# A fragment is not a program: not everything in it is used.
FRAGMENT = ["-Wno-unused-function", "-Wno-unused-variable", "-Wno-unused-but-set-variable", "-c"]
C = {"gcc": ["gcc", "-std=gnu11"], "clang": ["clang", "-std=gnu11"]}
CPP = {"gxx": ["g++", "-std=gnu++20"], "clangxx": ["clang++", "-std=gnu++20"]}
PRELUDE = ("#include <greenroom/greenroom.h>\n#include <inttypes.h>\n#include <poll.h>\n#include <stdio.h>\n"
           "#include <stdlib.h>\n#include <string.h>\n")
# How a program is run: as itself, and simulated.
RUNS = {"for_real": {}, "on_two_loops": {"GR_LOOPS": "2"},
        **{f"simulated_from_seed_{seed}": {"GR_SEED": str(seed), "GR_LOOPS": "2"} for seed in (1, 2, 3)}}


def is_program(text):
    return re.search(r"^int main\(", text, re.M) is not None


def with_lines(block):
    """The block's text, such that the compiler names the page's lines."""
    return f'#line {block.line} "{block.page}"\n{block.text}'


def fragment(block, before):
    """The source file for a fragment; `before` are the page's earlier blocks of file scope."""
    earlier = "".join(with_lines(other) for other in before)
    if block.info != "c body":
        return PRELUDE + earlier + with_lines(block)
    parameters = ", ".join(filter(None, ["gr_actor *self", block.given]))
    return f"{PRELUDE}{earlier}static int snippet({parameters})\n{{\n{with_lines(block)}    return 0;\n}}\n"


class Compiler:
    """Compiles against the headers and the library of a build folder, in a folder of its own."""

    def __init__(self, root, build, folder):
        self.include = ["-I" + os.path.join(root, "include")]
        self.library = ["-L" + build, "-lgreenroom", "-Wl,-rpath," + build]
        self.folder = folder

    def compile(self, compiler, text, name, flags):
        """None, or what the compiler complained about."""
        source = os.path.join(self.folder, name)
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        library = [] if "-c" in flags else self.library
        done = subprocess.run([*compiler, *WARNINGS, *flags, *self.include, "-o", self.program(), source, *library],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return None if done.returncode == 0 else done.stdout

    def program(self):
        return os.path.join(self.folder, "program")

    def run(self, environment):
        """(exit code, standard output, standard error) of what was compiled last."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GR_")}
        try:
            done = subprocess.run([self.program()], env={**clean, **environment}, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=60)
        except subprocess.TimeoutExpired:
            return "a time-out", "", ""
        return done.returncode, done.stdout, done.stderr


def check_program(compiler, block, expected):
    """(case, complaint or None) of a whole program."""
    for name, command in C.items():
        complaint = compiler.compile(command, with_lines(block), "program.c", [])
        yield f"the program compiles with {name}", complaint
        if complaint:
            return
    for name, environment in RUNS.items():
        got = compiler.run(environment)
        wrong = got != (0, expected, "")
        yield f"the program prints what the page says, {name}", f"expected {expected!r}, got {got}" if wrong else None


def check_page(compiler, page):
    """(case, complaint or None) of each block of a page."""
    before, after = [], page.blocks[1:] + [None]
    output_of = {}  # index of a program's output block
    for index, (block, following) in enumerate(zip(page.blocks, after)):
        place = f"{page.path}:{block.line}"
        if block.info == "c" and is_program(block.text):
            if following is None or following.info != "output":
                yield f"{place}: the program's output follows", "there is no ```output block after it"
                continue
            output_of[index + 1] = True
            for case, complaint in check_program(compiler, block, following.text):
                yield f"{place}: {case}", complaint
        elif block.info in ("c top", "c body"):
            for name, command in C.items():
                yield (f"{place}: the fragment compiles with {name}",
                       compiler.compile(command, fragment(block, before), "fragment.c", FRAGMENT))
            if block.info == "c top":
                before.append(block)
        elif block.info == "cpp":
            for name, command in CPP.items():
                yield (f"{place}: the fragment compiles with {name}",
                       compiler.compile(command, fragment(block, []), "fragment.cpp", FRAGMENT))
        elif block.info == "output" and index not in output_of:
            yield f"{place}: output belongs to a program", "no program stands before it"
        elif block.info not in ("output", "text", "sh"):
            yield f"{place}: the block is of a known kind", f"'{block.info}' is not: see tests/docs/snippets.py"
