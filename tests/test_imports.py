"""What each part of the program pulls in when it is imported: start-up is paid for by every command."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.bench.bench_start import environment, fill
from tests.terminal import Terminal

SERVER = {"starlette", "uvicorn", "python_multipart"}
CLIENT = {"openai", "httpx2"}
PRICES = {"genai_prices", "splintr"}
ROOMS = ["tui.batches", "tui.requests", "tui.results", "tui.store", "tui.flows", "tui.client", "tui.cli"]

# What is imported when the first frame is on screen: its user waits for each of them at every start.
FIRST_FRAME = {
    "tui": {"actions", "app", "cli", "errors", "settings", "start", "text", "widths"},
    "tui.batches": {"batch", "book", "names", "order", "pace"},
    "tui.ui.terminal": {"canvas", "driver", "frame", "pen", "scroll", "writer"},
    "tui.flows": {"priced", "session"},
    "tui.cli": {"screen"},
    "tui.requests": {"limits"},
    "tui.ui.screens": {
        "home", "home_account", "home_alarms", "home_choice", "home_groups", "home_lines", "home_rows", "home_view",
        "passthrough", "room", "warm_up",
    },
    "tui.store": {"base", "cache", "migrations", "preferences", "samples", "store"},
    "tui.ui.widgets": {
        "bar", "bottom", "column", "glyphs", "line", "lines", "looks", "notice", "roles", "table", "table_line",
        "table_paint", "table_place", "table_rows",
    },
    "tui.client": {"fields", "shapes"},
}  # fmt: skip
# Beside what Textual brings.
FIRST_FRAME_LIBRARIES = {"_json", "_queue", "_sqlite3", "gc", "json", "queue", "rich", "sqlite3", "termios", "tty"}


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
        ("import tui", {"tui.cli.main"}),
        (
            "import tui.cli.main",
            {"textual", "rich", "msgspec", "aiofiles", "sqlite3", "asyncio"} | CLIENT | SERVER | PRICES,
        ),
        ("import tui.ui.app", {"msgspec", "aiofiles", "pydantic"} | CLIENT | SERVER | PRICES),
        ("import tui.client.api, tui.client.errors, tui.client.models, tui.client.upload", {"textual"} | CLIENT),
        ("import tui.demo.process", {"textual", "msgspec"} | CLIENT | SERVER),
        ("import tui.settings.profiles", {"textual", "msgspec", "platformdirs"} | CLIENT | SERVER),
        *((every_module(room), {"textual"} | CLIENT | SERVER) for room in ROOMS),
        (every_module("tui.demo"), {"textual", "tui.client", "tui.flows", "tui.store", "tui.batches"} | CLIENT),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_nothing_more_than_needed(statement: str, unwanted: set[str]) -> None:
    found = pulled_in(statement)
    assert not found & unwanted


def test_the_measure_measures() -> None:
    assert "openai" in pulled_in("import openai")
    assert {"tui.demo.api.app", "starlette"} <= pulled_in(every_module("tui.demo"))


def test_the_version_imports_no_command() -> None:
    statement = (
        "import contextlib, tui.cli.main\nwith contextlib.suppress(SystemExit):\n tui.cli.main.main(['--version'])"
    )
    found = {name for name in pulled_in(statement) if name.startswith(("tui.cli.", "tui.flows", "textual"))}
    assert found <= {"tui.cli.output"}


def at_first_frame(folder: Path) -> set[str]:
    """The modules that the program has imported when the first frame, with batches of the cache, is on screen."""
    env = environment(folder)
    fill(env, 3)
    told = folder / "modules"
    code = (
        "import pathlib, sys\nfrom tui.ui.app import LazybatchApp\n"
        "def on_ready(app):\n pathlib.Path(sys.argv[1]).write_text(' '.join([*sys.modules, 'end']))\n"
        "LazybatchApp.on_ready = on_ready\nfrom tui.cli.main import main\nsys.exit(main([]))"
    )
    with Terminal([sys.executable, "-c", code, str(told)], env=env) as terminal:
        terminal.wait_text("nightly-eval-00000", 60)
        terminal.wait_for(lambda _: told.exists() and told.read_text().endswith("end"))
    return set(told.read_text().split()) - {"end"}


def test_nothing_but_the_first_frame_is_imported_for_it(tmp_path: Path) -> None:
    found = at_first_frame(tmp_path)
    allowed = {*FIRST_FRAME, *(f"{room}.{name}" for room, names in FIRST_FRAME.items() for name in names)}
    ours = {name for name in found if name.partition(".")[0] == "tui"}
    hint = (
        "imported before the first frame. Import it inside the function that needs it, or under TYPE_CHECKING for a "
        "type alone. If the first frame does show it, add it to FIRST_FRAME, and see that the figures of "
        "`python -m tests.bench.bench_start` stay good."
    )
    assert not (more := ours - allowed), f"{', '.join(sorted(more))}: {hint}"
    assert not (less := allowed - ours), f"{', '.join(sorted(less))}: needed no longer; take it out of FIRST_FRAME."
    textual = {name.partition(".")[0] for name in pulled_in("import textual.app")}
    more = {name.partition(".")[0] for name in found} - textual - FIRST_FRAME_LIBRARIES - {"tui"}
    assert not more, f"{', '.join(sorted(more))}: {hint}"
