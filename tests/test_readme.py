"""The README keeps what it promises."""

from tests import ROOT
from tui.ui.actions import key_table

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_of_keys_is_made_from_the_actions() -> None:
    assert key_table() in README, f"put this into README.md:\n{key_table()}"


def test_the_test_command_is_what_ci_runs() -> None:
    command = next(line for line in README.splitlines() if "-m tests" in line and ".venv" in line)
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_every_picture_is_there() -> None:
    shown = {part.split(")")[0] for part in README.split("](")[1:] if part.startswith("screenshots/")}
    assert len(shown) == 4
    for picture in shown:
        assert (ROOT / picture).is_file()
        assert "https://" not in (ROOT / picture).read_text(encoding="utf-8")
