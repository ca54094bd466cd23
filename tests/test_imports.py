"""What each part of the program pulls in when it is imported: start-up is paid for by every command."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

SERVER = {"starlette", "uvicorn", "python_multipart"}
CLIENT = {"openai", "httpx2"}
PRICES = {"genai_prices", "splintr"}
ROOMS = ["tui.batches", "tui.requests", "tui.results", "tui.state", "tui.flows", "tui.wire", "tui.headless"]


def pulled_in(statement: str) -> set[str]:
    """The modules that a fresh interpreter has after `statement`."""
    ran = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys; print(*sys.modules, sep='\\n')"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return set(ran.stdout.split())


def every_module(room: str) -> str:
    """A statement that imports all modules of a room."""
    folder = ROOT / room.replace(".", "/")
    names = [room, *(f"{room}.{path.stem}" for path in sorted(folder.glob("*.py")) if not path.stem.startswith("__"))]
    return "import " + ", ".join(names)


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import tui", {"tui.cli"}),
        ("import tui.cli", {"textual", "rich", "msgspec", "aiofiles", "sqlite3", "asyncio"} | CLIENT | SERVER | PRICES),
        ("import tui.app", {"msgspec", "aiofiles", "pydantic"} | CLIENT | SERVER | PRICES),
        ("import tui.wire.client, tui.wire.errors, tui.wire.shapes, tui.wire.upload", {"textual"} | CLIENT),
        ("import tui.demo.process", {"textual", "msgspec"} | CLIENT | SERVER),
        ("import tui.settings", {"textual", "msgspec", "platformdirs"} | CLIENT | SERVER),
        *((every_module(room), {"textual"} | CLIENT | SERVER) for room in ROOMS),
        (every_module("tui.demo"), {"textual", "tui.wire", "tui.flows", "tui.state", "tui.batches"} | CLIENT),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_nothing_more_than_needed(statement: str, unwanted: set[str]) -> None:
    found = pulled_in(statement)
    assert not found & unwanted


def test_the_measure_measures() -> None:
    assert "openai" in pulled_in("import openai")
    assert {"tui.demo.app", "starlette"} <= pulled_in(every_module("tui.demo"))


def test_the_version_imports_no_command() -> None:
    statement = "import contextlib, tui.cli\nwith contextlib.suppress(SystemExit):\n tui.cli.main(['--version'])"
    found = {name for name in pulled_in(statement) if name.startswith(("tui.headless.", "tui.flows", "textual"))}
    assert found <= {"tui.headless.printing"}
