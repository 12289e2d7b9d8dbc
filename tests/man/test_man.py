#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the man pages that tools/man/man.py writes from the public headers. Usage: test_man.py"""
import glob
import os
import re
import sys
import unittest

sys.dont_write_bytecode = True
ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
sys.path.insert(0, os.path.join(ROOT, "tools/man"))

import man

HEADERS = sorted(glob.glob(os.path.join(ROOT, "include/greenroom/*.h")))
PAGES = man.pages([man.read(path) for path in HEADERS], "1.2.3")


def public_names():
    """What a user may write, by a reading of its own: exported functions and public macros with parameters."""
    for path in HEADERS:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        yield from re.findall(r"GR_API [^;(]*?\b(gr_\w+)\(", text)
        yield from (name for name in re.findall(r"(?m)^#define (gr_\w+|GR_\w+)\(", text) if name != "GR_PRINTF")


class ManPages(unittest.TestCase):
    def test_every_function_and_macro_has_a_page(self):
        names = set(public_names())
        self.assertGreater(len(names), 70)
        self.assertEqual(sorted(name for name in names if f"{name}.3" not in PAGES), [])

    def test_a_page_that_leads_on_leads_to_a_page(self):
        links = [text.split("/")[1].strip() for text in PAGES.values() if text.startswith(".so ")]
        self.assertGreater(len(links), 70)
        self.assertEqual([link for link in links if PAGES.get(link, ".so").startswith(".so")], [])

    def test_a_page_says_what_the_header_says(self):
        page = PAGES["greenroom_send.3"]
        self.assertIn("Messages from one sender to one receiver arrive in the", page)
        self.assertIn("gr_try_send(self, to, T, ...)", page)
        self.assertNotIn("GRI_LITERAL", page)

    def test_no_page_shows_what_is_internal(self):
        shown = {name: re.findall(r"\b(?:gri_send|gri_spawn|gri_ask|GRI_BEGIN_C|__attribute__)\b", text)
                 for name, text in PAGES.items()}
        self.assertEqual({name: found for name, found in shown.items() if found}, {})

    def test_every_error_has_a_page(self):
        for name in ("GR_ENOMEM", "GR_EFULL", "GR_EDEADLOCK"):
            self.assertEqual(PAGES[f"{name}.3"], ".so man3/greenroom_error.3\n")

    def test_every_constant_of_an_enum_has_a_page(self):
        for name, header in (("GR_WAIT_ALL", "future"), ("GR_POLICY_REJECT", "actor"), ("GR_FUTURE_FINISHED", "future"),
                             ("GR_DEAD_STALE", "send"), ("GR_LOG_WARNING", "log")):
            self.assertEqual(PAGES[f"{name}.3"], f".so man3/greenroom_{header}.3\n")

    def test_a_page_is_summed_up_by_a_sentence(self):
        summaries = {name: text.split(".SH NAME\n")[1].split("\n")[0].split(" \\- ", 1)[1]
                     for name, text in PAGES.items() if not text.startswith(".so ")}
        self.assertEqual({name: text for name, text in summaries.items() if len(text.split()) < 3}, {})
        self.assertIn("outcomes that are on their way", summaries["greenroom_future.3"])

    def test_lines_are_no_troff_requests_by_accident(self):
        known = (".TH", ".SH", ".SS", ".PP", ".nf", ".fi", ".br", ".so")
        odd = [line for text in PAGES.values() for line in text.split("\n")
               if line.startswith((".", "'")) and not line.startswith(known)]
        self.assertEqual(odd, [])


if __name__ == "__main__":
    unittest.main()
