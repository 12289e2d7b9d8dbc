#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stages an install and uses it as a user would: by pkg-config, in C and C++, with gcc and clang.

Usage: test_install.py BUILD_FOLDER. The program is account.c; its wrong variants must be refused with a message that
names what is wrong and where.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "../.."))
sys.path.insert(0, os.path.join(ROOT, "tests/lint"))

import contracts
from tree import Tree

WARNINGS = ["-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror"]
COMPILERS = {
    "gcc": ["gcc", "-std=gnu11"],
    "clang": ["clang", "-std=gnu11"],
    "gxx": ["g++", "-std=gnu++20", "-x", "c++"],
    "clangxx": ["clang++", "-std=gnu++20", "-x", "c++"],
}
HEADERS_ONLY = {
    **COMPILERS,
    "gxx_17": ["g++", "-std=gnu++17", "-x", "c++"],
    "clangxx_17": ["clang++", "-std=gnu++17", "-x", "c++"],
}

# What is wrong: (text of account.c, its replacement, the line that must be named, an error that must be said).
FUNCTION = r"error: .*this function must be of the type that the macro asks for"
RESULT = r"error: .*the result must go into a struct of the type that answers this request"
WRONG = {
    "handler_type": ("GR_ON(deposit, on_deposit)", "GR_ON(balance, on_deposit)", "GR_ON(balance, on_deposit)",
                     FUNCTION),
    "state_type": ("GR_ACTOR(account, struct account,", "GR_ACTOR(account, struct balance,", "GR_ON(deposit,",
                   FUNCTION),
    "field": ("deposit, .cents = 500", "deposit, .dollars = 5", ".dollars", r"error: .*dollars.*"),
    "reply_type": ("struct balance b;", "struct deposit b;", "gr_call(",
                   RESULT),
    "pointer_field": ("struct deposit {\n    int64_t cents;", "struct deposit {\n    char *cents;",
                      "GR_MESSAGE(deposit,", r"error: .*a message field cannot be"),
    "type_without_gr_message": ("gr_send(self, alice, deposit, .cents = 500)",
                                "struct note { int64_t cents; };\n    gr_send(self, alice, note, .cents = 5)",
                                "gr_send(self, alice, note", r"error: .*note_gr_(?:type|struct)"),
}


def run(command, **options):
    """Runs a command; its result with all output as text."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", **options.pop("env", {})}
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
                          stdin=subprocess.DEVNULL, **options)


class InstallTest(unittest.TestCase):
    """One staged install for all tests."""

    @classmethod
    def setUpClass(cls):
        cls.stage = tempfile.mkdtemp(prefix="greenroom-install-")
        cls.addClassCleanup(shutil.rmtree, cls.stage)
        installed = run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", cls.stage])
        if installed.returncode != 0:
            raise RuntimeError("meson install failed:\n" + installed.stdout)
        cls.files = {os.path.relpath(os.path.join(folder, name), cls.stage): os.path.join(folder, name)
                     for folder, _, names in os.walk(cls.stage) for name in names}
        described = cls.find("greenroom.pc")
        cls.prefix = os.path.dirname(os.path.dirname(cls.find("greenroom.h")))
        cls.library = os.path.dirname(cls.find("libgreenroom.so"))
        cls.env = {"PKG_CONFIG_PATH": os.path.dirname(described), "PKG_CONFIG_SYSROOT_DIR": cls.stage,
                   "LD_LIBRARY_PATH": cls.library}
        with open(os.path.join(HERE, "account.c"), encoding="utf-8") as file:
            cls.program = file.read()

    @classmethod
    def find(cls, name):
        """The full path of the one installed file of this name."""
        found = [full for path, full in cls.files.items() if os.path.basename(path) == name]
        if len(found) != 1:
            raise RuntimeError(f"{len(found)} files named {name} were installed: {sorted(cls.files)}")
        return found[0]

    def pkg_config(self, *arguments):
        result = run(["pkg-config", *arguments, "greenroom"], env=self.env)
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout.split()

    def compile(self, compiler, text, *arguments):
        """Compiles `text`; (exit code, messages, the program's path)."""
        folder = tempfile.mkdtemp(dir=self.stage)
        source, program = os.path.join(folder, "app.c"), os.path.join(folder, "app")
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        result = run([*compiler, *WARNINGS, "-o", program, source, "-x", "none", *arguments], env=self.env)
        return result.returncode, result.stdout, program

    def builds_and_runs(self, compiler, flags):
        code, messages, program = self.compile(compiler, self.program, *flags)
        self.assertEqual((code, messages), (0, ""))
        result = run([program], env=self.env, timeout=60)
        self.assertEqual((result.returncode, result.stdout), (0, "600 cents\n"))

    def refuses(self, compiler, old, new, place, error):
        self.assertEqual(self.program.count(old), 1, "account.c has changed: adapt WRONG")
        text = self.program.replace(old, new)
        line = text[:text.index(place)].count("\n") + 1
        code, messages, _ = self.compile(compiler, text, "-fsyntax-only", *self.pkg_config("--cflags"))
        self.assertNotEqual(code, 0, "it compiled")
        self.assertRegex(messages, error)
        self.assertRegex(messages, rf"app\.c:{line}:\d+: ", f"line {line} is not named")

    def headers_compile(self, compiler):
        """Each public header alone, twice."""
        folder = tempfile.mkdtemp(dir=self.stage)
        sources = []
        for name in sorted(os.listdir(os.path.join(self.prefix, "greenroom"))):
            sources.append(os.path.join(folder, name[:-2] + ".c"))
            with open(sources[-1], "w", encoding="utf-8") as file:
                file.write(f"#include <greenroom/{name}>\n" * 2)
        result = run([*compiler, *WARNINGS, "-fsyntax-only", *sources, *self.pkg_config("--cflags")], env=self.env)
        self.assertEqual((result.returncode, result.stdout), (0, ""))

    def test_everything_a_user_needs_is_installed(self):
        names = {os.path.basename(path) for path in self.files}
        headers = set(os.listdir(os.path.join(ROOT, "include/greenroom")))
        self.assertLessEqual({"libgreenroom.so", "libgreenroom.so.0", "libgreenroom.a", "greenroom.pc", "LICENSE",
                              *headers}, names)

    def test_the_library_has_its_soname(self):
        self.assertIn("[libgreenroom.so.0]", run(["readelf", "-d", self.find("libgreenroom.so")]).stdout)

    def test_pkg_config_knows_the_version(self):
        with open(os.path.join(ROOT, "meson.build"), encoding="utf-8") as file:
            version = re.search(r"version: '([\d.]+)'", file.read())[1]
        self.assertEqual(self.pkg_config("--modversion"), [version])

    def test_a_user_links_nothing_but_greenroom(self):
        libraries = [flag for flag in self.pkg_config("--libs") if flag.startswith("-l")]
        self.assertEqual(libraries, ["-lgreenroom"])

    def test_exactly_the_declared_functions_are_exported(self):
        listed = run(["nm", "-D", "--defined-only", self.find("libgreenroom.so")]).stdout
        functions = {line.split()[2].split("@")[0] for line in listed.splitlines() if " A " not in line}
        declared = set(contracts.exported(Tree(ROOT)))
        self.assertEqual(sorted(declared - functions), [], "declared, but not in the library")
        self.assertEqual(sorted(functions - declared), [], "in the library, but not declared")

    def test_a_program_links_statically(self):
        flags = self.pkg_config("--static", "--cflags", "--libs")
        flags = ["-l:libgreenroom.a" if flag == "-lgreenroom" else flag for flag in flags]
        self.builds_and_runs(COMPILERS["gcc"], flags)


def add_tests():
    """One test for each compiler, and for each wrong variant and compiler."""
    for name, compiler in COMPILERS.items():
        setattr(InstallTest, f"test_the_program_builds_and_runs_with_{name}",
                lambda self, compiler=compiler: self.builds_and_runs(compiler, self.pkg_config("--cflags", "--libs")))
        for variant, wrong in WRONG.items():
            setattr(InstallTest, f"test_a_wrong_{variant}_is_refused_by_{name}",
                    lambda self, compiler=compiler, wrong=wrong: self.refuses(compiler, *wrong))
    for name, compiler in HEADERS_ONLY.items():
        setattr(InstallTest, f"test_each_header_stands_alone_with_{name}",
                lambda self, compiler=compiler: self.headers_compile(compiler))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: test_install.py BUILD_FOLDER")
    BUILD = os.path.abspath(sys.argv.pop(1))
    add_tests()
    unittest.main()
