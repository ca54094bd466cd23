"""Signs for every terminal: one cell each, told apart without colour, ASCII where nothing else is understood."""

import os
import subprocess
import sys

import pytest
from rich.cells import cell_len

from tests import ROOT
from tui.batches.batch import Status
from tui.format.glyphs import Glyphs, chosen

BOTH = [chosen({}, "UTF-8"), chosen({}, "ISO-8859-1")]


def signs(glyphs: Glyphs) -> list[str]:
    return [*glyphs.states.values(), *(sign for sign in glyphs if isinstance(sign, str))]


@pytest.mark.parametrize("glyphs", BOTH)
def test_each_is_one_cell_and_states_differ(glyphs: Glyphs) -> None:
    assert {cell_len(sign) for sign in signs(glyphs)} == {1}
    assert set(glyphs.states) == set(Status) - {Status.UNKNOWN}
    assert len({*glyphs.states.values(), glyphs.unknown}) == len(Status)


@pytest.mark.parametrize(
    ("environment", "encoding", "plain"),
    [
        ({}, "UTF-8", False), ({}, "utf8", False), ({}, "ANSI_X3.4-1968", True), ({}, "ISO-8859-15", True),
        ({"LAZYBATCH_ASCII": "1"}, "UTF-8", True), ({"LAZYBATCH_ASCII": "0"}, "UTF-8", False),
        ({"LAZYBATCH_ASCII": ""}, "UTF-8", False),
    ],
)  # fmt: skip
def test_which_set(environment: dict[str, str], encoding: str, plain: bool) -> None:
    glyphs = chosen(environment, encoding)
    assert glyphs.ascii is plain
    assert "".join(signs(glyphs)).isascii() is plain


@pytest.mark.parametrize("variable", [{"LAZYBATCH_ASCII": "1"}, {"LC_ALL": "C"}])
def test_what_reaches_the_terminal_is_ascii(variable: dict[str, str]) -> None:
    code = (
        "from tui.batches.batch import *; from tui.batches import display; from tui.format.glyphs import shown\n"
        "batch = Batch('b', Status.IN_PROGRESS, 'in_progress', counts=Counts(10, 3, 0), created_at=1)\n"
        "cells = [display.status_cell(s) for s in Status] + [display.tally_cell(s, 2) for s in Status]\n"
        "texts = [cell.text for cell in cells] + [display.progress_cell(batch, 15).text]\n"
        "texts += [display.stages_text(batch, 9)]\n"
        "texts += [display.eta_cell(batch, 9).text, shown('prod · key › ⏎ open – “x” ✱ ─ ✓ Reading … abc…')]\n"
        "print(ascii(texts))"
    )
    environment = {key: value for key, value in os.environ.items() if key not in {"LAZYBATCH_ASCII", "LC_ALL"}}
    told = subprocess.run(
        [sys.executable, "-c", code], env=environment | variable, cwd=ROOT, check=True,
        capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert "\\u" not in told and "\\x" not in told
    assert "> running" in told and "x failed" in told and "###" in told and "enter open" in told
    assert "Reading.. abc~" in told
