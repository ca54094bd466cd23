"""States of older versions become today's, once and as a whole; those of newer ones are left alone."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests import ROOT
from tests.conftest import ACCOUNT
from tui.errors import LazybatchError
from tui.store import migrations
from tui.store.cache import Cache
from tui.store.checks import Verdicts
from tui.store.database import connect, memory
from tui.store.journal import Journal, Stage
from tui.store.preferences import load
from tui.store.queue import Queue

NAME = "lazybatch.sqlite3"
TWELFTH = (Path(__file__).parent / "version_12.sql").read_text(encoding="utf-8")
# Of what the first versions had, the tables that a later one changed or that the journal is in.
TENTH = """
CREATE TABLE submissions (id TEXT PRIMARY KEY, account TEXT NOT NULL, sha256 TEXT NOT NULL, path TEXT NOT NULL,
  bytes INTEGER NOT NULL, requests INTEGER NOT NULL, endpoint TEXT NOT NULL, model TEXT, metadata TEXT NOT NULL,
  upload_name TEXT NOT NULL, stage TEXT NOT NULL, file_id TEXT, batch_id TEXT, reason TEXT, opened_at REAL NOT NULL,
  changed_at REAL NOT NULL);
CREATE TABLE withdrawals (submission_id TEXT PRIMARY KEY, key_hint TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE whole_uploads (account TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT INTO submissions VALUES ('s1', 'https://api.example/v1|||', 'aa', '/data/in.jsonl', 10, 2, '/v1/embeddings', 'm',
  '{}', 'in.s1.jsonl', 'withdrawing', 'file-1', NULL, NULL, 1.0, 2.0);
INSERT INTO withdrawals VALUES ('s1', '…abcd');
PRAGMA user_version=10;
"""


@pytest.fixture
def old(tmp_path: Path) -> Callable[[str], Path]:
    """Makes a state folder of an older version."""

    def made(script: str) -> Path:
        with closing(sqlite3.connect(tmp_path / NAME)) as connection:
            connection.executescript(script)
        return tmp_path

    return made


def shape(connection: sqlite3.Connection) -> set[tuple[object, ...]]:
    """Every column of every table, and every index."""
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = {(table, *row[1:]) for table in tables for row in connection.execute(f"PRAGMA table_info({table})")}
    return columns | set(connection.execute("SELECT name, tbl_name FROM sqlite_master WHERE type = 'index'"))


def test_a_state_of_the_last_version(old: Callable[[str], Path]) -> None:
    folder = old(TWELFTH)
    for _ in range(2):
        with closing(connect(folder)) as connection, closing(memory()) as new:
            assert shape(connection) == shape(new)
            assert connection.execute("PRAGMA user_version").fetchone() == (migrations.VERSION,)
            journal = Journal(connection, ACCOUNT, folder)
            first = journal.find("s1")
            assert first is not None
            assert (first.stage, first.batch_id, first.metadata) == (Stage.CREATED, "batch_1", {"a": "b"})
            assert [found.id for found in journal.open_ones()] == ["s2"]
            assert [entry.sha256 for entry in Queue(connection, ACCOUNT).entries()] == ["cc"]
            assert Cache(connection, ACCOUNT).load() == [{"id": "batch_1"}]
            assert Verdicts(connection, ACCOUNT).doubted() == {"batch_1"}
            assert load(connection).sort == "eta"
            assert connection.execute("SELECT batch_id, outcome FROM cancellations").fetchall() == [
                ("batch_1", "refused")
            ]


def test_what_an_older_version_withdrew_is_known(old: Callable[[str], Path]) -> None:
    folder = old(TENTH)
    with closing(connect(folder)) as connection, closing(memory()) as new:
        assert Journal(connection, ACCOUNT, folder).withdrawn("s1") == {"file-1": "…abcd"}
        assert shape(connection) == shape(new)


def test_a_step_that_fails_leaves_the_state_as_it_was(
    old: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE submissions")
        connection.execute("DROP TABLE what_is_not_there")

    folder = old(TWELFTH)
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, fails))
    with pytest.raises(LazybatchError, match=r"^Cannot use the state in .*: no such table: what_is_not_there"):
        connect(folder)
    monkeypatch.undo()
    with closing(sqlite3.connect(folder / NAME)) as untouched:
        assert untouched.execute("PRAGMA user_version").fetchone() == (12,)
    with closing(connect(folder)) as connection:
        assert Journal(connection, ACCOUNT, folder).find("s1") is not None


def test_a_newer_state_is_refused_and_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / NAME)) as connection:
        connection.executescript("CREATE TABLE submissions (everything TEXT); PRAGMA user_version=99;")
    path = tmp_path / NAME
    before = path.read_bytes(), path.stat().st_mtime_ns
    with pytest.raises(LazybatchError, match=r"sqlite3 was written by a newer lazybatch: use that one, or another"):
        connect(tmp_path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [each.name for each in tmp_path.iterdir()] == [NAME]


OPEN = (
    "import sys; from pathlib import Path; from tui.store.database import connect; connect(Path(sys.argv[1])).close()"
)


def test_processes_that_meet_an_older_state_at_once(old: Callable[[str], Path]) -> None:
    folder = old(TWELFTH)
    root = ROOT
    started = [subprocess.Popen([sys.executable, "-c", OPEN, str(folder)], cwd=root) for _ in "abcd"]
    assert [process.wait(60) for process in started] == [0, 0, 0, 0]
    with closing(connect(folder)) as connection:
        assert Journal(connection, ACCOUNT, folder).find("s1") is not None
