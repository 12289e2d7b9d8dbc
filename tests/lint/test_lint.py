#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the lint: each rule is shown a small tree that breaks it, and one that doesn't."""
import os
import sys
import tempfile
import textwrap
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import contracts
import graph
import lint
import outside
import shape
import words
from tree import Tree

OPENING = "/* SPDX-License-Identifier: Apache-2.0 */\n/* A file. */\n"


class LintTest(unittest.TestCase):
    """Builds trees in a temporary folder."""

    def issues(self, rule, files):
        """(path, line) of what `rule` finds in a tree of {path: text}."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                full = os.path.join(root, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8", newline="") as file:
                    file.write(text)
            return [(issue.path, issue.line) for issue in rule(Tree(root))]

    def c(self, body):
        return OPENING + textwrap.dedent(body)


class Includes(LintTest):
    def check(self, path, include, found):
        expected = [(path, 3)] if found else []
        self.assertEqual(self.issues(graph.include_graph, {path: OPENING + f"#include {include}\n"}), expected)

    def test_a_part_may_include_itself(self):
        self.check("mailbox/mailbox.c", '"mailbox/ring_spsc.h"', False)

    def test_a_part_may_include_what_the_table_allows(self):
        self.check("scheduler/loop.c", '"mailbox/mailbox.h"', False)

    def test_a_part_may_not_include_one_above_it(self):
        self.check("mailbox/mailbox.c", '"scheduler/loop.h"', True)

    def test_base_includes_no_other_part(self):
        self.check("base/text.c", '"observe/log.h"', True)

    def test_nothing_includes_the_runtime(self):
        for part in set(graph.PARTS) - {"runtime"}:
            self.check(f"{part}/x.c", '"runtime/run.h"', True)

    def test_the_runtime_includes_every_part(self):
        for part in graph.PARTS:
            self.check("runtime/run.c", f'"{part}/x.h"', False)

    def test_io_does_not_know_nodes(self):
        self.check("io/uv_poller.c", '"nodes/link.h"', True)

    def test_a_header_in_a_nested_folder_counts_as_its_part(self):
        self.check("transports/shm/shm.c", '"actors/spawn.h"', True)

    def test_a_part_names_headers_from_the_root(self):
        self.check("mailbox/mailbox.c", '"mailbox.h"', True)

    def test_an_include_in_a_comment_is_none(self):
        self.check("mailbox/mailbox.c", '<stddef.h>\n/*\n#include "runtime/run.h"\n*/', False)

    def test_a_part_may_include_its_own_public_headers(self):
        self.check("actors/send.c", "<greenroom/send.h>", False)

    def test_a_part_may_not_include_public_headers_of_higher_layers(self):
        self.check("base/error.c", "<greenroom/actor.h>", True)

    def test_no_part_includes_the_umbrella_header(self):
        self.check("runtime/run.c", "<greenroom/greenroom.h>", True)

    def test_a_public_header_without_a_place_is_named(self):
        self.check("actors/send.c", "<greenroom/novel.h>", True)

    def test_a_public_header_includes_public_headers(self):
        self.check("include/greenroom/send.h", "<greenroom/actor.h>", False)

    def test_a_public_header_includes_the_standard(self):
        self.check("include/greenroom/base.h", "<stdint.h>", False)

    def test_a_public_header_includes_no_internal_one(self):
        self.check("include/greenroom/send.h", '"actors/send.h"', True)

    def test_a_public_header_shows_no_other_library(self):
        self.check("include/greenroom/system.h", "<uv.h>", True)

    def test_a_sample_includes_public_headers(self):
        self.check("samples/hello.c", "<greenroom/greenroom.h>", False)

    def test_a_sample_includes_its_own_files(self):
        self.check("samples/pkgstat/main.c", '"report.h"', False)

    def test_a_sample_may_not_look_inside(self):
        self.check("samples/hello.c", '"actors/send.h"', True)

    def test_a_sample_may_not_look_inside_by_angle_brackets(self):
        self.check("samples/hello.c", "<base/atomic.h>", True)

    def test_the_bench_may_not_look_inside(self):
        self.check("bench/big.c", '"base/clock.h"', True)

    def test_a_tool_may_not_look_inside(self):
        self.check("tools/top.c", '"observe/counters.h"', True)

    def test_tests_may_include_anything(self):
        self.check("tests/unit/base/test_x.c", '"runtime/run.h"', False)


class Folders(LintTest):
    def test_a_folder_that_the_table_lacks_is_named(self):
        self.assertEqual(self.issues(graph.known_folders, {"util/x.c": OPENING}), [("util/x.c", 1)])

    def test_a_source_file_at_the_root_is_named(self):
        self.assertEqual(self.issues(graph.known_folders, {"x.c": OPENING}), [("x.c", 1)])

    def test_a_new_public_header_needs_a_place(self):
        self.assertEqual(self.issues(graph.known_folders, {"include/greenroom/novel.h": OPENING}),
                         [("include/greenroom/novel.h", 1)])

    def test_known_folders_pass(self):
        self.assertEqual(self.issues(graph.known_folders, {"base/x.c": OPENING, "include/greenroom/send.h": OPENING}),
                         [])

    def test_the_table_has_no_cycle(self):
        done = set()
        while len(done) < len(graph.PARTS):
            free = [part for part in graph.PARTS if part not in done and set(graph.PARTS[part]) - {part} <= done]
            self.assertTrue(free, f"a cycle among {set(graph.PARTS) - done}")
            done.update(free)


class Sizes(LintTest):
    def test_a_file_of_700_lines_passes(self):
        self.assertEqual(self.issues(shape.file_length, {"base/x.c": "\n" * 700}), [])

    def test_a_file_of_701_lines_fails(self):
        self.assertEqual(self.issues(shape.file_length, {"base/x.c": "\n" * 701}), [("base/x.c", 701)])

    def test_the_length_of_a_document_is_free(self):
        self.assertEqual(self.issues(shape.file_length, {"docs/x.md": "\n" * 2000, "LICENSE": "\n" * 900}), [])

    def function(self, lines):
        return OPENING + "static int f(int a,\n             int b)\n{\n" + "    a++;\n" * (lines - 4) + "}\n"

    def test_a_function_of_70_lines_passes(self):
        self.assertEqual(self.issues(shape.function_length, {"base/x.c": self.function(70)}), [])

    def test_a_function_of_71_lines_fails_at_its_signature(self):
        self.assertEqual(self.issues(shape.function_length, {"base/x.c": self.function(71)}), [("base/x.c", 3)])

    def test_a_table_is_no_function(self):
        table = OPENING + "static const int t[] = {\n" + "    1,\n" * 200 + "};\n"
        self.assertEqual(self.issues(shape.function_length, {"base/x.c": table}), [])

    def test_a_long_shell_function_fails(self):
        script = "#!/usr/bin/env bash\nf() {\n" + "    true\n" * 69 + "}\n"
        self.assertEqual(self.issues(shape.function_length, {"run": script}), [("run", 2)])

    def test_a_long_python_function_fails(self):
        self.assertEqual(self.issues(shape.function_length, {"x.py": "def f():\n" + "    pass\n" * 70}), [("x.py", 1)])

    def test_a_folder_of_20_source_files_passes(self):
        self.assertEqual(self.issues(shape.folder_size, {f"base/{n}.c": "" for n in range(20)}), [])

    def test_a_folder_of_21_source_files_fails(self):
        self.assertEqual(self.issues(shape.folder_size, {f"base/{n}.c": "" for n in range(21)}), [("base", 1)])

    def test_build_folders_are_not_looked_at(self):
        self.assertEqual(self.issues(shape.folder_size, {f"build-thread/{n}.c": "" for n in range(21)}), [])


class UnitTests(LintTest):
    def test_a_source_file_without_a_unit_test_is_named(self):
        self.assertEqual(self.issues(shape.unit_tests, {"base/text.c": ""}), [("base/text.c", 1)])

    def test_a_unit_test_is_found_by_its_name(self):
        self.assertEqual(self.issues(shape.unit_tests, {"base/text.c": "", "tests/unit/base/test_text.c": ""}), [])

    def test_a_unit_test_in_another_folder_does_not_count(self):
        self.assertEqual(self.issues(shape.unit_tests, {"base/text.c": "", "tests/unit/io/test_text.c": ""}),
                         [("base/text.c", 1)])

    def test_nested_folders_are_mirrored(self):
        self.assertEqual(self.issues(shape.unit_tests, {"transports/shm/a.c": "",
                                                        "tests/unit/transports/shm/test_a.c": ""}), [])

    def test_samples_need_none(self):
        self.assertEqual(self.issues(shape.unit_tests, {"samples/hello.c": ""}), [])


class Words(LintTest):
    def test_a_c_file_without_licence_is_named(self):
        self.assertEqual(self.issues(words.licence, {"base/x.c": "int x;\n"}), [("base/x.c", 1)])

    def test_the_licence_comes_first(self):
        self.assertEqual(self.issues(words.licence, {"base/x.c": "/* A file. */\n" + OPENING}), [("base/x.c", 1)])

    def test_the_licence_may_follow_the_line_that_names_the_shell(self):
        self.assertEqual(self.issues(words.licence, {"run": "#!/usr/bin/env bash\n# " + words.LICENCE + "\n"}), [])

    def test_meson_files_have_a_licence(self):
        self.assertEqual(self.issues(words.licence, {"base/meson.build": "x = 1\n"}), [("base/meson.build", 1)])

    def test_a_c_file_says_what_it_is(self):
        text = OPENING.split("\n")[0] + "\n#include <stdio.h>\n"
        self.assertEqual(self.issues(words.opening_comment, {"base/x.c": text}), [("base/x.c", 2)])
        self.assertEqual(self.issues(words.opening_comment, {"base/x.c": OPENING}), [])

    def test_a_tab_is_named(self):
        self.assertEqual(self.issues(words.white_space, {"base/x.c": "int a;\n\tint b;\n"}), [("base/x.c", 2)])

    def test_go_is_written_with_tabs(self):
        self.assertEqual(self.issues(words.white_space, {"bench/x.go": "\tx\n"}), [])

    def test_a_patch_keeps_its_blanks(self):
        self.assertEqual(self.issues(words.white_space, {"tests/mutants/x.patch": " \n\t\n"}), [])

    def test_blanks_at_the_end_are_named(self):
        self.assertEqual(self.issues(words.white_space, {"docs/x.md": "a\nb \n"}), [("docs/x.md", 2)])

    def test_carriage_returns_are_named(self):
        self.assertEqual(self.issues(words.white_space, {"base/x.c": "a;\r\n"}), [("base/x.c", 1)])

    def test_a_missing_last_line_end_is_named(self):
        self.assertEqual(self.issues(words.white_space, {"base/x.c": "a;\nb;"}), [("base/x.c", 2)])

    def atomic(self, path, line):
        return self.issues(words.atomics, {path: OPENING + line + "\n"})

    def test_every_way_to_write_an_atomic_is_named(self):
        for line in ("__atomic_load_n(&x, 0);", "_Atomic int x;", "#include <stdatomic.h>", "__sync_synchronize();",
                     "atomic_store(&x, 1);", "atomic_thread_fence(memory_order_seq_cst);", '__asm__("mfence");'):
            with self.subTest(line):
                self.assertTrue(self.atomic("mailbox/x.c", line))

    def test_our_own_atomics_pass(self):
        self.assertEqual(self.atomic("mailbox/x.c", "gri_atomic_u32 x; gri_load(&x, GRI_ACQUIRE);"), [])

    def test_an_atomic_in_a_comment_passes(self):
        self.assertEqual(self.atomic("mailbox/x.c", "/* as __atomic_load_n does */"), [])

    def test_base_may_use_atomics(self):
        self.assertEqual(self.atomic("base/atomic.h", "__atomic_load_n(&x, 0);"), [])

    def test_tests_may_use_atomics(self):
        self.assertEqual(self.atomic("tests/stress/x.c", "__atomic_load_n(&x, 0);"), [])

    def test_asking_for_a_system_is_named(self):
        text = OPENING + "#ifdef __linux__\n#endif\n"
        self.assertEqual(self.issues(words.systems, {"io/x.c": text}), [("io/x.c", 3)])

    def test_asking_for_a_system_after_a_line_break_is_named(self):
        text = OPENING + "#if defined X || \\\n    defined __APPLE__\n#endif\n"
        self.assertEqual(self.issues(words.systems, {"io/x.c": text}), [("io/x.c", 3)])

    def test_the_platform_file_may_ask(self):
        self.assertEqual(self.issues(words.systems, {"base/platform_futex.c": "#ifdef __linux__\n#endif\n"}), [])

    def test_asking_for_a_processor_passes(self):
        self.assertEqual(self.issues(words.systems, {"scheduler/x.c": "#ifdef __x86_64__\n#endif\n"}), [])

    def test_a_system_header_is_no_question(self):
        self.assertEqual(self.issues(words.systems, {"base/x.c": "#include <linux/futex.h>\n"}), [])

    def test_what_is_outside_the_tree_is_named(self):
        for name in ("../" + "shared/notes.md", "/wo" + "rk/x", "http://deb.deb" + "ian.org/"):
            with self.subTest(name):
                self.assertEqual(self.issues(words.foreign_names, {"docs/x.md": f"a\nsee {name}\n"}), [("docs/x.md", 2)])


class Lines(LintTest):
    def check(self, path, line, found):
        self.assertEqual(self.issues(words.line_length, {path: f"first\n{line}\n"}), [(path, 2)] if found else [])

    def test_125_columns_pass(self):
        self.check("base/x.c", "x" * 125, False)

    def test_126_columns_fail(self):
        for path in ("base/x.h", "x.py", "base/meson.build", "docs/x.md"):
            self.check(path, "x" * 126, True)

    def test_columns_are_characters(self):
        self.check("docs/x.md", "\u00e4" * 125, False)

    def test_a_row_of_a_table_is_free(self):
        self.check("docs/x.md", "| " + "x" * 126 + " |", False)

    def test_a_row_in_a_comment_is_not(self):
        self.check("base/x.c", "| " + "x" * 126 + " |", True)

    def test_a_line_with_an_address_is_free(self):
        self.check("base/x.c", "/* https://example.org/" + "x" * 126 + " */", False)

    def test_data_is_free(self):
        self.check("docs/x.jsonl", "x" * 126, False)

    def test_a_page_that_a_program_writes_is_free(self):
        self.check("docs/performance.md", "x" * 126, False)


class Fields(LintTest):
    def fields(self, body, path="base/x.h"):
        return [line - 2 for _, line in self.issues(contracts.field_comments, {path: self.c(body)})]

    def test_a_field_without_comment_is_named(self):
        self.assertEqual(self.fields("struct s {\n    int a;\n};\n"), [2])

    def test_a_comment_on_the_line_counts(self):
        self.assertEqual(self.fields("struct s {\n    int a; /* what */\n};\n"), [])

    def test_a_comment_on_the_line_above_counts(self):
        self.assertEqual(self.fields("struct s {\n    /* what */\n    int a;\n};\n"), [])

    def test_the_comment_of_the_field_above_does_not_count(self):
        self.assertEqual(self.fields("struct s {\n    int a; /* what\n            * more */\n    int b;\n};\n"), [4])

    def test_one_comment_above_two_fields_counts_for_one(self):
        self.assertEqual(self.fields("struct s {\n    /* what */\n    int a;\n    int b;\n};\n"), [4])

    def test_unions_are_looked_into(self):
        self.assertEqual(self.fields("union u {\n    int a;\n};\n"), [2])

    def test_a_named_inner_struct_and_its_fields_need_comments(self):
        self.assertEqual(sorted(self.fields("struct s {\n    struct {\n        int a;\n    } b;\n};\n")), [2, 3])

    def test_a_nameless_union_needs_none_but_its_members_do(self):
        self.assertEqual(self.fields("struct s {\n    union {\n        int a;\n        int b; /* x */\n    };\n};\n"), [3])

    def test_a_function_pointer_over_two_lines_is_one_field(self):
        self.assertEqual(self.fields("struct s {\n    int (*f)(int a,\n             int b); /* what */\n};\n"), [])

    def test_a_typedef_of_a_struct_is_looked_into(self):
        self.assertEqual(self.fields("typedef struct s {\n    int a;\n} s;\n"), [2])

    def test_an_initialiser_is_no_struct(self):
        self.assertEqual(self.fields("static struct s x = {\n    .a = 1,\n};\n"), [])

    def test_a_struct_in_a_source_file_counts(self):
        self.assertEqual(self.fields("struct s {\n    int a;\n};\n", "actors/x.c"), [2])

    def test_a_struct_of_a_test_is_free(self):
        self.assertEqual(self.fields("struct s {\n    int a;\n};\n", "tests/unit/base/test_x.c"), [])

    def test_what_only_cplusplus_sees_is_free(self):
        body = "#ifdef __cplusplus\nstruct s {\n    int a;\n};\n#else\nstruct s {\n    int b;\n};\n#endif\n"
        self.assertEqual(self.fields(body), [7])


class SymbolMap(LintTest):
    MAP = "X_0 {\nglobal:\n    gr_*;\n    gri_send;\nlocal:\n    *;\n};\n"

    def check(self, header, text=MAP):
        return self.issues(contracts.symbol_map, {"greenroom.map": text, "include/greenroom/send.h": header})

    def test_a_map_that_agrees_passes(self):
        self.assertEqual(self.check("GR_API int gri_send(int a,\n  int b);\nGR_API GR_MUST_USE int gr_x(void);\n"), [])

    def test_an_exported_function_that_the_map_lacks_is_named(self):
        self.assertEqual(self.check("GR_API int gri_send(int a);\nGR_API GR_MUST_USE gr_ref gri_spawn(void);\n"),
                         [("include/greenroom/send.h", 2)])

    def test_a_listed_function_that_nothing_declares_is_named(self):
        self.assertEqual(self.check("GR_API int gr_send(int a);\n"), [("greenroom.map", 4)])

    def test_a_map_without_the_public_names_is_named(self):
        self.assertEqual(self.check("GR_API int gri_send(int a);\n", self.MAP.replace("    gr_*;\n", "")),
                         [("greenroom.map", 1)])


class Outside(LintTest):
    def test_what_clang_format_would_change_is_named(self):
        files = {".clang-format": "BasedOnStyle: LLVM\n", "base/x.c": "int a;\nint   b;\n"}
        self.assertEqual(self.issues(outside.formatting, files), [("base/x.c", 2)])

    def test_what_clang_format_would_keep_passes(self):
        self.assertEqual(self.issues(outside.formatting, {".clang-format": "BasedOnStyle: LLVM\n", "a.c": "int a;\n"}), [])

    def test_a_broken_shell_script_is_named(self):
        self.assertEqual(self.issues(outside.shell_syntax, {"run": "#!/usr/bin/env bash\nif true; then\n"}), [("run", 3)])

    def test_a_working_shell_script_passes(self):
        self.assertEqual(self.issues(outside.shell_syntax, {"run": "#!/usr/bin/env bash\ntrue\n"}), [])

    def test_broken_python_is_named(self):
        self.assertEqual(self.issues(outside.python_syntax, {"x.py": "x = 1\ndef f(:\n"}), [("x.py", 2)])

    PATCH = "# why: x\n--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n"

    def test_a_mutant_that_fits_passes(self):
        self.assertEqual(self.issues(outside.mutants_apply, {"x.c": "one\ntwo\n", "m.patch": self.PATCH}), [])

    def test_a_mutant_of_code_that_has_changed_is_named(self):
        tree = {"x.c": "one\n2\n", "m.patch": self.PATCH}
        self.assertEqual(self.issues(outside.mutants_apply, tree), [("m.patch", 1)])


class Whole(unittest.TestCase):
    def test_every_rule_says_what_holds(self):
        for rule in lint.RULES:
            self.assertTrue(rule.__doc__, rule.__name__)

    def test_an_empty_tree_breaks_no_rule(self):
        with tempfile.TemporaryDirectory() as root:
            for rule in lint.RULES:
                self.assertEqual(list(rule(Tree(root))), [], rule.__name__)


if __name__ == "__main__":
    unittest.main()
