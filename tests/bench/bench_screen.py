"""Bytes, times and memory of what happens on screen, on a real pseudo-terminal at 80×24 in truecolor.

Run it: `python -m tests.bench.bench_screen`. Figures are printed, none is asserted. The table stands beside Textual's
DataTable, our driver beside Textual's; then comes lazybatch itself, with ten thousand batches in its cache and on its
demo server.
"""

import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.bench_start import environment, fill
from tests.bench.screen_apps import ROWS
from tests.terminal import Terminal

_DOWN, _PAGE_DOWN = "\x1b[B", "\x1b[6~"
_TABLE_KEYS = (
    ("one visible cell", "1"),
    ("an off-screen cell", "2"),
    ("a value unchanged", "3"),
    ("cursor down", _DOWN),
    ("page down", _PAGE_DOWN),
    (f"{ROWS:,} rows sorted anew", "4"),
)
_DIALOG_KEYS = (
    ("a dialog opens", "\x1bOQ"),
    ("a dialog closes", "\x1bOQ"),
    ("focus to a field", "\t"),
    ("five characters typed", "hello"),
)
_HOME_KEYS = (
    ("one row in sight changes", "\x1bOP"),
    ("one row out of sight changes", "\x1bOQ"),
    ("all are told as they were", "\x1bOR"),
    ("cursor down", "j"),
    ("page down", _PAGE_DOWN),
    ("the question of cancel opens", "c"),
    ("it closes", "n"),
    ("sorted by name", "s"),
    ("turned round", "S"),
    ("the filter opens", "/"),
    ("its first character", "9"),
    ("its second character", "9"),
    ("it closes, and all are back", "\x1b"),
)
_BEAT, _MANY = "\x1bOS", "\x1b[15~"
_APP_KEYS = (
    ("cursor down", "j"),
    ("page down", _PAGE_DOWN),
    ("help opens", "?"),
    ("help closes", "\x1b"),
    ("a batch opens", "\r"),
    ("a batch closes", "\x1b"),
    ("only what needs attention", "3"),
    ("all again", "1"),
    ("polling pauses", "p"),
)
_WHAT = "bytes (ms by the clock, ms of work)"
_QUIET = 1.5  # seconds: more than the longest silence between a key and what it brings
_SLOW = 16_000  # bytes a second: a line of 128 kbit/s
_DEMO = (sys.executable, "-m", "tui", "--demo")

Figures = dict[str, str]


def pressed(terminal: Terminal, keys: Sequence[tuple[str, str]]) -> Figures:
    """What each of `keys` brings: bytes, milliseconds until the last of them, and those of processors' work."""
    figures = {}
    for action, typed in keys:
        before = work(terminal)
        terminal.send(typed)
        count, seconds = terminal.settle(_QUIET, timeout=20)
        figures[action] = f"{count:,} ({seconds * 1000:.0f}, {(work(terminal) - before) * 1000:.0f})"
    return figures


def work(terminal: Terminal) -> float:
    """The processors' seconds of what runs there, all threads included; 0 where the kernel does not tell."""
    threads = Path(f"/proc/{terminal.process.pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def table(name: str) -> Figures:
    """What the table of one app costs."""
    with Terminal([sys.executable, "-m", "tests.bench.screen_apps", name], synchronized=True) as terminal:
        terminal.wait_text("nightly-eval-00003", timeout=60)
        terminal.settle()
        # Once over, so that what the library does only the first time is out of the way.
        pressed(terminal, _TABLE_KEYS[:4])
        *keys, sort = _TABLE_KEYS
        figures = pressed(terminal, keys)
        # To the last line that is visible, beyond which the view moves.
        for _ in range(30):
            terminal.send(_DOWN)
            terminal.settle(0.06)
        figures |= pressed(terminal, [("scroll one line", _DOWN), sort])
        figures["nothing, for 3 s"] = f"{terminal.pause(3):,}"
    return figures


def playground(driver: str) -> Figures:
    """What a dialog, a field and a slow line cost with one driver."""
    with tempfile.TemporaryDirectory() as folder:
        beats = Path(folder) / "beats"
        command = [sys.executable, "-m", "tests.ui.terminal.playground", driver]
        with Terminal(command, env={"BEATS": str(beats)}, synchronized=True) as terminal:
            terminal.wait_text("nightly-eval 0")
            terminal.settle()
            figures = pressed(terminal, _DIALOG_KEYS)
            terminal.send("\t")
            terminal.settle()
            terminal.send("\x1b[15~")
            count = terminal.crawl(10, _SLOW)
            seen, worst = beats.read_text().split()
        figures["all rows 50 times a second, 128 kbit/s, 10 s"] = f"{count:,}"
        figures["… of 500 turns of the event loop"] = seen
        figures["… its worst delay"] = f"{float(worst):.2f} s"
    return figures


def lazybatch(driver: str | None) -> Figures:
    """What the true app costs; `driver` as Textual's environment variable names one, else the app's own choice."""
    env = {"TEXTUAL_DRIVER": driver} if driver else {}
    with Terminal(_DEMO, env=env, synchronized=True) as terminal:
        terminal.wait_text("STATUS", timeout=30)
        terminal.wait_text("live", timeout=30)
        terminal.settle(1)
        figures = {"nothing done, batches move, 10 s": f"{terminal.pause(10):,}"}
        figures |= pressed(terminal, _APP_KEYS)
        figures["paused, for 10 s"] = f"{terminal.pause(10):,}"
        return figures | {"memory, the client loaded": memory(terminal)}


def home() -> Figures:
    """What home costs with a full cache, all of it in one run."""
    with tempfile.TemporaryDirectory() as folder:
        beats = Path(folder) / "beats"
        env = environment(Path(folder) / "state")
        fill(env, ROWS)
        command = [sys.executable, "-m", "tests.bench.home_app"]
        with Terminal(command, env=env | {"BEATS": str(beats)}, synchronized=True) as terminal:
            terminal.wait_text("live", timeout=60)
            # The rooms that keys open are imported behind the first answer.
            terminal.settle(5, timeout=20)
            figures = {"nothing, running ones in sight, 21 s": f"{terminal.pause(21):,}"}
            terminal.send("G")
            terminal.settle()
            figures["nothing, ended ones in sight, 21 s"] = f"{terminal.pause(21):,}"
            terminal.send("g")
            terminal.settle()
            pressed(terminal, _HOME_KEYS[:3])
            figures |= pressed(terminal, _HOME_KEYS)
            figures["memory, the client loaded"] = memory(terminal)
            terminal.send(_BEAT)
            terminal.crawl(10, _SLOW)
            figures["the event loop's worst delay at rest, 10 s"] = _worst(beats)
            terminal.send(_MANY)
            count = terminal.crawl(10, _SLOW)
        figures["30 rows change each second, 128 kbit/s, 10 s"] = f"{count:,}"
        figures["… the event loop's worst delay"] = _worst(beats)
    return figures


def _worst(beats: Path) -> str:
    return f"{float(beats.read_text().split()[1]) * 1000:.0f} ms"


def memory(terminal: Terminal) -> str:
    """The resident memory of what runs there."""
    status = Path(f"/proc/{terminal.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return f"{int(found[1]) / 1024:.0f} MiB" if found else "?"


def show(title: str, columns: Mapping[str, Figures]) -> None:
    """Print figures side by side."""
    print(f"\n{title:<62}" + "".join(f"{name:>22}" for name in columns))
    for action in next(iter(columns.values())):
        print(f"{action:<62}" + "".join(f"{figures[action]:>22}" for figures in columns.values()))


def main() -> None:
    """Measure all and print it."""
    names = {"stock": "DataTable", "ours": "our table", "driver": "table and driver"}
    show(f"{_WHAT}: one table", {title: table(name) for name, title in names.items()})
    show(f"{_WHAT}: dialogs and fields", {name: playground(name) for name in ("plain", "differing")})
    show(f"{_WHAT}: home with {ROWS:,} batches", {"as it is": home()})
    show(f"{_WHAT}: lazybatch --demo", {"as it is": lazybatch(None)})


if __name__ == "__main__":
    main()
