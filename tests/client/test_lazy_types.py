"""openai's types as they are used: what is not asked for is not imported, and what is asked for is the same."""

import subprocess
import sys
from pathlib import Path

import pytest

from tui.client.lazy_types import gathered

_MAKE = """
import sys
from tui.client.address import Address
from tui.client.connection import client_of
client_of(Address("http://127.0.0.1:1/v1", "key"))
"""


def ran(program: str) -> list[str]:
    """What `program` prints in an interpreter of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, cwd=Path.cwd()
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


def test_a_client_imports_few_types() -> None:
    count = "print(sum(name.startswith('openai.types.') for name in sys.modules))"
    few, all_of_them = (int(ran(program)[0]) for program in (_MAKE + count, "import openai, sys\n" + count))
    assert few < all_of_them / 3


def test_all_names_are_where_they_were() -> None:
    tell = """
for package in ("openai.types", "openai.types.chat", "openai.types.responses", "openai.types.shared"):
    found = __import__(package, fromlist=["x"])
    for name in sorted(set(vars(found)) | set(getattr(found, "__all__", ()))):
        value = getattr(found, name)
        if not name.startswith("__") and name != "annotations" and type(value) is not type(sys):
            print(package, name, getattr(value, "__module__", ""), getattr(value, "__qualname__", value))
"""
    plain = ran(f"import sys, openai\n{tell}")
    assert len(plain) > 400
    assert ran(_MAKE + tell) == plain


def test_a_name_that_there_is_not() -> None:
    program = _MAKE + "\nfrom openai import types\nprint(hasattr(types, 'Batch'), hasattr(types, 'Bath'))"
    assert ran(program) == ["True False"]


def test_a_star_takes_all() -> None:
    assert ran(_MAKE + "\nfrom openai.types import *\nprint(Batch.__module__)") == ["openai.types.batch"]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("", {}),
        ("from __future__ import annotations\nfrom .batch import Batch as Batch", {"Batch": ("batch", "Batch")}),
        ("from .a import (\n    B,\n    C as D,\n)\nfrom . import shared", {
            "B": ("a", "B"), "D": ("a", "C"), "shared": ("", "shared"),
        }),
        ("from .a import B\nB.x = 1", None),
        ("from .a import *", None),
        ("from ..a import B", None),
        ("from a import B", None),
        ("import a", None),
    ],
)  # fmt: skip
def test_a_package_that_does_more_is_left_alone(source: str, found: dict[str, tuple[str, str]] | None) -> None:
    assert gathered(source) == found


def test_a_package_that_does_more_is_imported_as_it_stands() -> None:
    program = """
import sys
from tui.client import lazy_types
lazy_types.gathered = lambda source: None
""" + _MAKE.replace("import sys", "")
    count = "\nfrom openai import types\nprint('Batch' in vars(types), 'openai.types.image' in sys.modules)"
    assert ran(program + count) == ["True True"]
