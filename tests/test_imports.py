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
PACKAGES = ["tui.batches", "tui.requests", "tui.results", "tui.store", "tui.flows", "tui.client", "tui.cli"]

# Modules of our own that may be imported when the first frame is on screen: its user waits for them at every start.
MOST_AT_FIRST_FRAME = 75
# Beside what Textual brings.
FIRST_FRAME_LIBRARIES = {"_json", "_queue", "_sqlite3", "gc", "json", "queue", "rich", "sqlite3", "termios", "tty"}


def pulled_in(statement: str) -> set[str]:
    """The modules that a fresh interpreter has after `statement`."""
    ran = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys; print(*sys.modules, sep='\\n')"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return set(ran.stdout.split())


def every_module(package: str) -> str:
    """A statement that imports all modules of a package and of those in it."""
    paths = sorted((ROOT / package.replace(".", "/")).rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    return "import " + ", ".join(name.removesuffix(".__init__") for name in names if not name.endswith("__main__"))


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
        *((every_module(package), {"textual"} | CLIENT | SERVER) for package in PACKAGES),
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
    found = {name for name in pulled_in(statement) if name.startswith(("tui.cli.commands", "tui.flows", "textual"))}
    assert not found


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


def test_little_is_imported_before_the_first_frame(tmp_path: Path) -> None:
    found = at_first_frame(tmp_path)
    ours = sorted(name for name in found if name.partition(".")[0] == "tui")
    hint = "Import it inside the function that needs it, or under TYPE_CHECKING for a type alone."
    assert len(ours) <= MOST_AT_FIRST_FRAME, f"{len(ours)} before the first frame: {', '.join(ours)}. {hint}"
    textual = {name.partition(".")[0] for name in pulled_in("import textual.app")}
    more = {name.partition(".")[0] for name in found} - textual - FIRST_FRAME_LIBRARIES - {"tui"}
    assert not more, f"{', '.join(sorted(more))} before the first frame. {hint}"
