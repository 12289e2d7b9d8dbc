# SPDX-License-Identifier: Apache-2.0
"""The tests of CPython's asyncio, as unittest finds them. It runs none of them and judges nothing."""
import os
import re
import sys
import unittest

VERSION = (3, 11)
MODULES = ["test_futures", "test_futures2", "test_tasks", "test_queues", "test_waitfor", "test_timeouts",
           "test_taskgroups"]

# CPython runs many tests several times: in a class for its C implementation, one for its Python implementation, and
# for subclasses of each. The names of these classes begin with the implementation.
IMPLEMENTATION = re.compile(r"(CSub|C|Py)[A-Z]")


class Unusable(Exception):
    """Why the tests can't be listed here."""


def each(suite):
    """The test cases of a suite, in its order."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from each(test)
        else:
            yield test


def name(test):
    """module.Class.test. A test of a class that stands for one implementation is named by the class that defines it:
    so those that differ in nothing but the implementation have one name. All others keep their own class's."""
    concrete, method = type(test), test._testMethodName
    module = concrete.__module__.rsplit(".", 1)[-1]
    if IMPLEMENTATION.match(concrete.__name__):
        concrete = next(base for base in concrete.__mro__ if method in base.__dict__)
    return f"{module}.{concrete.__name__}.{method}"


def discover():
    """The names of all tests, each once, in the order of discovery."""
    if sys.version_info[:2] != VERSION:
        raise Unusable(f"this is Python {sys.version.split()[0]}, the table is about {VERSION[0]}.{VERSION[1]}: "
                       "use Debian 12's /usr/bin/python3")
    try:
        from test import test_asyncio
    except ImportError as error:
        raise Unusable(f"CPython's own tests are missing ({error}): install libpython3.11-testsuite") from error
    folder = os.path.dirname(test_asyncio.__file__)
    top = os.path.dirname(os.path.dirname(folder))
    names = {}
    for module in MODULES:
        loader = unittest.TestLoader()
        for test in each(loader.discover(folder, pattern=module + ".py", top_level_dir=top)):
            names[name(test)] = None
        if loader.errors:
            raise Unusable(f"{module} can't be loaded:\n" + "\n".join(loader.errors))
    return list(names)
