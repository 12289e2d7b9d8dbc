#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Field tables that must not compile, and what the compiler says about them.

Usage: refused_tables.py INCLUDE_DIR (c|c++) COMPILER...
"""
import os
import subprocess
import sys

POINT = "struct point { int x; }; GR_MESSAGE(point, GR_FIELD(point, x)); "

# Name, source, what must stand in a C compiler's output, in a C++ compiler's ("a|b": one of them; None: not
# tried there; "": no error).
CASES = [
    ("good", POINT, "", ""),
    ("good_nested", POINT + "struct t { struct point p, q[2]; };"
     "GR_MESSAGE(t, GR_NESTED(t, p, point), GR_NESTED(t, q, point));", "", ""),
    ("pointer", "struct t { char *p; }; GR_MESSAGE(t, GR_FIELD(t, p));", "a message field cannot be", "cannot be a pointer"),
    ("pointer_as_array", "struct t { char *p; }; GR_MESSAGE(t, GR_ARRAY(t, p));",
     "a message field cannot be", "cannot be a pointer"),
    ("array_as_field", "struct t { int v[2]; }; GR_MESSAGE(t, GR_FIELD(t, v));",
     "a message field cannot be", "a message field cannot be"),
    ("field_as_array", "struct t { int v; }; GR_MESSAGE(t, GR_ARRAY(t, v));",
     "subscripted value", "array subscript|subscripted value"),
    ("two_dimensions", "struct t { int v[2][2]; }; GR_MESSAGE(t, GR_ARRAY(t, v));",
     "a message field cannot be", "a message field cannot be"),
    ("struct_as_field", POINT + "struct t { struct point p; }; GR_MESSAGE(t, GR_FIELD(t, p));",
     "a message field cannot be", "a message field cannot be"),
    ("long_double", "struct t { long double d; }; GR_MESSAGE(t, GR_FIELD(t, d));",
     "a message field cannot be", "a message field cannot be"),
    ("other_nested", POINT + "struct other { int x; }; struct t { struct other p; };"
     "GR_MESSAGE(t, GR_NESTED(t, p, point));", "GR_NESTED names another type", "GR_NESTED names another type"),
    ("nested_pointer", POINT + "struct t { struct point *p; }; GR_MESSAGE(t, GR_NESTED(t, p, point));",
     "GR_NESTED names another type", "GR_NESTED names another type"),
    ("nested_without_table", "struct n { int x; }; struct t { struct n p; };"
     "GR_MESSAGE(t, GR_NESTED(t, p, n));", "n_gr_type", "n_gr_type"),
    ("too_large", "struct t { char v[65537]; }; GR_MESSAGE(t, GR_ARRAY(t, v));", "too large", "too large"),
    ("aligned_too_strictly", "struct t { char v[32] __attribute__((aligned(32))); };"
     "GR_MESSAGE(t, GR_ARRAY(t, v));", "aligned too strictly", "aligned too strictly"),
    ("bit_field", "struct t { int v : 3; }; GR_MESSAGE(t, GR_FIELD(t, v));", "bit-field", "bit-field"),
    ("no_such_field", "struct t { int v; }; GR_MESSAGE(t, GR_FIELD(t, w));", "w", "w"),
    ("constructor", "struct t { int v; t(const t &); }; GR_MESSAGE(t, GR_FIELD(t, v));",
     None, "copied by its bytes"),
]


def main():
    include, language, compiler = sys.argv[1], sys.argv[2], sys.argv[3:]
    standard = "gnu11" if language == "c" else "gnu++17"
    command = compiler + ["-x", language, "-std=" + standard, "-I", include, "-fsyntax-only", "-"]
    passed = failed = 0
    for name, source, in_c, in_cpp in CASES:
        wanted = in_c if language == "c" else in_cpp
        if wanted is None:
            continue
        strict = ["-Wall", "-Wextra", "-Werror"] if wanted == "" else []  # a refusal must be no mere warning
        result = subprocess.run(command + strict, input="#include <greenroom/message.h>\n" + source + "\n",
                                capture_output=True, text=True, check=False,
                                env=dict(os.environ, LC_ALL="C"))
        if wanted == "":
            good = result.returncode == 0
        else:
            good = result.returncode != 0 and any(w in result.stderr for w in wanted.split("|"))
        passed += good
        failed += not good
        if not good:
            print(f"{name}: wanted {wanted or 'no error'!r}, got {result.returncode}:\n{result.stderr}")
    print(f"refused_tables: {passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
