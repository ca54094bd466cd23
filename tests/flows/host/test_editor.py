"""How an editor is told which line is meant."""

from pathlib import Path

import pytest

from tui.errors import LazybatchError
from tui.flows.host.editor import edit, editor_command


@pytest.mark.parametrize(
    ("variables", "arguments"),
    [
        ({"VISUAL": "vim", "EDITOR": "nano"}, ["vim", "+7", "/d/a b.jsonl"]),
        ({"VISUAL": " ", "EDITOR": "/usr/bin/nano -w"}, ["/usr/bin/nano", "-w", "+7", "/d/a b.jsonl"]),
        ({"EDITOR": "hx"}, ["hx", "/d/a b.jsonl:7"]),
        ({"EDITOR": "code"}, ["code", "--wait", "--goto", "/d/a b.jsonl:7"]),
        ({"EDITOR": "code -w"}, ["code", "-w", "--goto", "/d/a b.jsonl:7"]),
        ({"EDITOR": "'my editor' $HOME;x"}, ["my editor", "$HOME;x", "/d/a b.jsonl"]),
        ({}, ["vi", "+7", "/d/a b.jsonl"]),
    ],
)
def test_the_command(variables: dict[str, str], arguments: list[str]) -> None:
    assert editor_command(Path("/d/a b.jsonl"), 7, variables) == arguments


def test_without_a_line_it_gets_the_file_alone() -> None:
    assert editor_command(Path("/d/-x"), None, {"EDITOR": "vim"}) == ["vim", "/d/-x"]


@pytest.mark.parametrize(
    ("editor", "said"),
    [
        ("no-such-editor-here", "There is no program no-such-editor-here"),
        ("'open", "cannot be read as a command"),
        ("/", "Cannot start /: Permission denied"),
        ("false", "ended with an error"),
    ],
)
def test_what_cannot_be_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, editor: str, said: str) -> None:
    monkeypatch.setenv("VISUAL", editor)
    with pytest.raises(LazybatchError, match=said):
        edit(tmp_path / "x", 1)
