"""What outlives the process: on disk before the step it announces, readable by its owner alone, told in sentences."""

import os
import resource
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from tests import ROOT
from tests.conftest import ACCOUNT
from tui.batches.cost import Expected
from tui.batches.pace import Sample
from tui.errors import LazybatchError
from tui.store.cache import Cache
from tui.store.database import connect
from tui.store.journal import OPEN, Journal, Stage, Submission, new_id
from tui.store.preferences import Preferences, load, save
from tui.store.samples import Samples

NAME = "lazybatch.sqlite3"


def submission(number: int = 1, **changes: object) -> Submission:
    base = Submission(
        id=f"id{number}", account=ACCOUNT, sha256="a" * 64, path=f"/data/in{number}.jsonl", bytes=10, requests=2,
        endpoint="/v1/embeddings", model="m", metadata={"a": "b"}, upload_name=f"in.id{number}.jsonl",
        stage=Stage.UPLOADING,
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]  # fields of any kind, for brevity


# The store


def test_only_its_owner_reads_the_state(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        with closing(connect(tmp_path / "deep" / "state")) as connection:
            connection.execute("INSERT INTO cancellations (account, batch_id, asked_at) VALUES ('a', 'b', 1)")
            folder = tmp_path / "deep" / "state"
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            names = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    finally:
        os.umask(old)
    assert set(names) == {NAME, f"{NAME}-wal", f"{NAME}-shm"}
    assert set(names.values()) == {0o600}


def test_a_commit_is_on_disk_when_it_returns(database: sqlite3.Connection) -> None:
    assert database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_opening_it_again_changes_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        with closing(connect(tmp_path)) as connection:
            Journal(connection, ACCOUNT, tmp_path).cancel_asked("b")
    with closing(connect(tmp_path)) as connection:
        assert connection.execute("SELECT count(*) FROM cancellations").fetchone() == (2,)


@pytest.mark.parametrize("content", [b"This is no database.", b"SQLite format 3\0" + b"\xff" * 4080])
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(LazybatchError, match=r"^Cannot use the state in .*: .*\. Move it away to start afresh\.$"):
        connect(tmp_path)
    assert (tmp_path / NAME).read_bytes() == content


def test_a_full_disk_is_no_reason_to_move_the_journal_away(tmp_path: Path) -> None:
    connect(tmp_path).close()
    before = (tmp_path / NAME).read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with pytest.raises(LazybatchError, match=r"^Cannot use the state in [^:]*: [^:]*(full\.|Is its disk full\?)$"):
            connect(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with closing(connect(tmp_path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert (tmp_path / NAME).read_bytes() == before


def test_folders_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LazybatchError, match=r"^Cannot use the state folder .*/file/x: Not a directory\.$") as failed:
        connect(tmp_path / "file" / "x")
    assert failed.value.exit_code == 2
    with pytest.raises(LazybatchError, match=r"^Cannot use the state folder .*: File exists\.$"):
        connect(tmp_path / "file")
    with pytest.raises(LazybatchError, match=r"^Cannot use the state folder /proc/lazybatch: "):
        connect(Path("/proc/lazybatch"))
    with pytest.raises(LazybatchError, match=r": File name too long\.$"):
        connect(tmp_path / ("x" * 300))


def test_a_database_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(LazybatchError, match=r"^Cannot use the state in .*: unable to open database file\.$"):
        connect(tmp_path)


START = """
import sys, time
from pathlib import Path
from tui.store.database import connect
folder, when = Path(sys.argv[1]), float(sys.argv[2])
while time.time() < when:
    pass
connection = connect(folder)
connection.execute("INSERT INTO cancellations (account, batch_id, asked_at) VALUES ('a', 'b', 1)")
"""


def test_threads_that_share_a_connection_take_turns(database: sqlite3.Connection) -> None:
    """What one thread takes back is its own, and none is refused because another is at it."""
    cache, samples = Cache(database, ACCOUNT), Samples(database, ACCOUNT)
    journal = Journal(database, ACCOUNT, Path())
    inside, go = Event(), Event()

    def taken_back() -> None:
        with pytest.raises(sqlite3.IntegrityError), database:
            database.execute("BEGIN IMMEDIATE")
            inside.set()
            assert go.wait(30)
            database.execute("INSERT INTO batches VALUES (NULL, NULL, NULL, NULL, NULL, NULL)")

    samples.add("b1", Sample(1.0, 1))
    writers = [
        lambda: journal.open(submission()), lambda: cache.save([("b1", 1, {"id": "b1"})], 1.0), samples.save,
        lambda: save(database, Preferences(sort="cost")),
    ]  # fmt: skip
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(taken_back)
        assert inside.wait(30)
        others = [pool.submit(writer) for writer in writers]
        # None comes in between; what would, has time to.
        assert not wait(others, timeout=0.1).done
        go.set()
        for done in [first, *others]:
            done.result(30)
    again = Samples(database, ACCOUNT)
    again.load()
    assert journal.find("id1") is not None
    assert (cache.answer("b1"), again.of("b1")) == ({"id": "b1"}, (Sample(1.0, 1),))
    assert load(database).sort == "cost"


def test_processes_that_start_at_once(tmp_path: Path) -> None:
    for turn in range(3):
        when = str(time.time() + 0.6)
        started = [
            subprocess.Popen([sys.executable, "-c", START, str(tmp_path / f"s{turn}"), when], cwd=ROOT) for _ in "abcd"
        ]
        assert [process.wait(60) for process in started] == [0, 0, 0, 0]
        with closing(connect(tmp_path / f"s{turn}")) as connection:
            assert connection.execute("SELECT count(*) FROM cancellations").fetchone() == (4,)


# The journal


def test_a_submission_goes_through_its_stages(journal: Journal) -> None:
    before = time.time()
    journal.open(submission())
    first = journal.find("id1")
    assert first is not None
    assert replace(first, opened_at=0.0, changed_at=0.0) == submission()
    assert before <= first.opened_at == first.changed_at <= time.time()
    journal.advance("id1", Stage.UPLOADED, file_id="file-1")
    journal.amend("id1", "/v1/responses", {"c": "d"})
    journal.advance("id1", Stage.CREATING)
    journal.amend("id1", "/v1/completions", {})  # too late: it may be on its way with the other
    creating = journal.find("id1")
    assert creating is not None
    assert (creating.stage, creating.file_id, creating.endpoint) == (Stage.CREATING, "file-1", "/v1/responses")
    assert creating.metadata == {"c": "d"}
    assert creating.open
    journal.advance("id1", Stage.CREATED, batch_id="batch_1")
    created = journal.find("id1")
    assert created is not None
    assert (created.stage, created.file_id, created.batch_id) == (Stage.CREATED, "file-1", "batch_1")
    assert created.opened_at == first.opened_at
    assert not created.open
    assert journal.find("other") is None


def test_a_reason_is_of_its_stage(journal: Journal) -> None:
    journal.open(submission())
    journal.advance("id1", Stage.REFUSED, reason="Too large.")
    assert (found := journal.find("id1")) is not None
    assert found.reason == "Too large."
    journal.advance("id1", Stage.UPLOADED)
    assert (found := journal.find("id1")) is not None
    assert found.reason is None


def test_questions_to_the_journal(journal: Journal) -> None:
    for number, stage in enumerate(Stage, 1):
        journal.open(submission(number, stage=stage, sha256=str(number % 2) * 64))
    journal.advance("id5", Stage.CREATED, batch_id="batch_5")
    journal.open(submission(9, path="/data/in1.jsonl", stage=Stage.CREATED))
    assert [found.id for found in journal.open_ones()] == ["id1", "id2", "id3", "id4"]
    assert all(found.stage in OPEN for found in journal.open_ones())
    assert [found.id for found in journal.open_ones() if found.in_doubt] == ["id3", "id4"]
    assert [found.id for found in journal.of_content("1" * 64)] == ["id7", "id5", "id3", "id1"]
    assert [found.id for found in journal.recent(3)] == ["id9", "id7", "id6"]
    # One a path: the newest.
    assert sum(found.path == "/data/in1.jsonl" for found in journal.recent(100)) == 1
    assert list(journal.by_batch()) == ["batch_5"]


def test_a_file_that_is_withdrawn(journal: Journal) -> None:
    journal.open(submission(stage=Stage.CREATING, file_id="file-1"))
    journal.withdraw("id1", "file-1", "…abcd")
    # What was asked for stays what it was until it is known that nothing came of it.
    journal.amend("id1", "/v1/embeddings", {})
    assert (found := journal.find("id1")) is not None
    assert (found.stage, found.in_doubt, found.file_id) == (Stage.WITHDRAWING, True, "file-1")
    assert found.endpoint == submission().endpoint
    journal.renew("id1")
    assert (found := journal.find("id1")) is not None
    assert (found.stage, found.in_doubt, found.file_id) == (Stage.UPLOADING, False, None)
    assert journal.withdrawn("id1") == {"file-1": "…abcd"}
    assert journal.withdrawn("id2") == {}


def test_a_delete_that_was_refused_is_remembered_for_a_day(
    database: sqlite3.Connection, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for outcome in ("deleted", "refused"):
        journal.delete_told(journal.delete_asked(f"file-{outcome}"), outcome, None)
    journal.delete_asked("file-unheard")
    refused = [name for name in ("deleted", "refused", "unheard") if journal.delete_refused(f"file-{name}")]
    assert refused == ["refused"]
    assert not Journal(database, "another", Path()).delete_refused("file-refused")
    then = time.time()
    monkeypatch.setattr("tui.store.audit_log.time.time", lambda: then + 86_500)
    assert not journal.delete_refused("file-refused")


def test_accounts_do_not_mix(database: sqlite3.Connection, journal: Journal, tmp_path: Path) -> None:
    journal.open(submission())
    other = Journal(database, "another", tmp_path)
    assert other.open_ones() == other.of_content("a" * 64) == other.recent(5) == []
    assert other.find("id1") is None
    assert other.by_batch() == {}


def test_cancellations(database: sqlite3.Connection, journal: Journal) -> None:
    first, second = journal.cancel_asked("batch_1"), journal.cancel_asked("batch_1")
    assert first != second
    journal.cancel_told(second, "refused", "No.")
    rows = database.execute("SELECT batch_id, outcome, message, told_at IS NULL FROM cancellations ORDER BY rowid")
    assert rows.fetchall() == [("batch_1", None, None, 1), ("batch_1", "refused", "No.", 0)]


def test_what_was_written_is_there_for_another_process(tmp_path: Path, journal: Journal) -> None:
    journal.open(submission())
    with closing(sqlite3.connect(tmp_path / "state" / NAME)) as other:
        assert other.execute("SELECT id, stage FROM submissions").fetchall() == [("id1", "uploading")]


def test_odd_text_is_kept(journal: Journal) -> None:
    odd = submission(path=os.fsdecode(b"/tmp/caf\xe9 \n'\".jsonl"), metadata={"é\n": "日本\0\u202e"}, model=None)
    journal.open(odd)
    assert (found := journal.find("id1")) is not None
    assert os.fsencode(found.path) == b"/tmp/caf\xe9 \n'\".jsonl"
    assert (found.metadata, found.model) == (odd.metadata, None)


def test_ids() -> None:
    made = {new_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(identity) == 20 and identity.isalnum() for identity in made)


@pytest.mark.parametrize(
    "act",
    [
        lambda journal: journal.open(submission()),
        lambda journal: journal.advance("id1", Stage.CREATED),
        lambda journal: journal.amend("id1", "e", {}),
        lambda journal: journal.cancel_asked("b"),
        lambda journal: journal.cancel_told(1, "refused", None),
    ],
)
def test_a_journal_that_cannot_be_written(
    database: sqlite3.Connection, journal: Journal, act: Callable[[Journal], object]
) -> None:
    database.execute("PRAGMA query_only=1")
    with pytest.raises(LazybatchError, match=r"^The journal in .*state cannot be used: attempt to write a readonly"):
        act(journal)
    database.execute("PRAGMA query_only=0")
    act(journal)


def test_a_full_disk(database: sqlite3.Connection, journal: Journal) -> None:
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(LazybatchError, match=r"database or disk is full\. Make room on its disk\.$"):
        journal.open(submission(metadata={"a": "x" * 100_000}))
    assert journal.find("id1") is None


def test_a_journal_that_is_damaged_later(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with closing(connect(folder)) as connection:
        journal = Journal(connection, ACCOUNT, folder)
        for number in range(300):
            journal.open(submission(number))
        roots = connection.execute("SELECT rootpage FROM sqlite_master WHERE type = 'table'").fetchall()
        (page,) = connection.execute("PRAGMA page_size").fetchone()
    path = folder / NAME
    content = bytearray(path.read_bytes())
    for (number,) in roots:
        content[(number - 1) * page : number * page] = b"\xff" * page
    path.write_bytes(content)
    with closing(connect(folder)) as connection:
        with pytest.raises(
            LazybatchError, match=r"^The journal in .* cannot be used: database disk image is malformed"
        ):
            Journal(connection, ACCOUNT, folder).open_ones()
        cache = Cache(connection, ACCOUNT)
        cache.save([("b", 1, {})], 1.0)
        assert (cache.load(), cache.seen_at(), cache.answer("b")) == ([], None, None)


# Claims


def test_one_claim_a_content(journal: Journal, tmp_path: Path) -> None:
    other = Journal(sqlite3.connect(":memory:"), ACCOUNT, tmp_path / "state")
    with journal.claim("a" * 64):
        with other.claim("b" * 64):
            pass
        with (
            pytest.raises(LazybatchError, match=r"^Another lazybatch is submitting this very file") as taken,
            other.claim("a" * 64),
        ):
            pass
        assert taken.value.exit_code == 1
        mode = stat.S_IMODE((tmp_path / "state").stat().st_mode)
        assert mode == 0o700
    with other.claim("a" * 64):
        pass
    other._connection.close()
    assert not list((tmp_path / "state").glob("*.lock"))


def test_a_claim_ends_with_an_error(journal: Journal) -> None:
    with pytest.raises(ValueError, match="x"), journal.claim("a" * 64):
        raise ValueError("x")
    with journal.claim("a" * 64):
        pass


def test_a_claim_where_nothing_can_be_written(database: sqlite3.Connection, tmp_path: Path) -> None:
    journal = Journal(database, ACCOUNT, tmp_path / "gone")
    with (
        pytest.raises(LazybatchError, match=r"^Cannot lock .*: No such file or directory\. Nothing was sent\.$"),
        journal.claim("a" * 64),
    ):
        pass


HOLD = """
import sqlite3, sys, time
from pathlib import Path
from tui.store.journal import Journal
with Journal(sqlite3.connect(":memory:"), "a", Path(sys.argv[1])).claim("a" * 64):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_claim_goes_with_its_process(tmp_path: Path, journal: Journal) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "state")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LazybatchError, match="Another lazybatch"), journal.claim("a" * 64):
            pass
        holder.kill()
    with journal.claim("a" * 64):
        pass


TAKE_TURNS = """
import sqlite3, sys, time
from pathlib import Path
from tui.errors import LazybatchError
from tui.store.journal import Journal
folder = Path(sys.argv[1])
journal = Journal(sqlite3.connect(":memory:"), "a", folder)
inside, held = folder / "inside", 0
until = time.time() + 1.5
while time.time() < until:
    try:
        with journal.claim("a" * 64):
            inside.open("x").close()
            time.sleep(0.0005)
            inside.unlink()
            held += 1
    except LazybatchError:
        pass
print(held)
"""


def test_no_two_processes_hold_one_claim(tmp_path: Path, journal: Journal) -> None:
    command = [sys.executable, "-c", TAKE_TURNS, str(tmp_path / "state")]
    started = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in "abc"]
    outputs = [process.communicate(timeout=60)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert sum(map(int, outputs)) > 50


# The cache


def test_the_cache_gives_back_what_the_server_said(cache: Cache) -> None:
    assert (cache.load(), cache.seen_at(), cache.answer("b1")) == ([], None, None)
    answers = [{"id": f"b{number}", "odd": ["é\x1b", None, 1.5, 10**30]} for number in range(5)]
    cache.save([(answer["id"], 100 + place, answer) for place, answer in enumerate(answers)], 50.0)  # type: ignore[misc]  # the ids are texts
    assert cache.load() == answers[::-1]
    assert cache.load(limit=2) == [answers[4], answers[3]]
    assert cache.load(offset=2, limit=2) == [answers[2], answers[1]]
    assert cache.load(offset=4) == [answers[0]]
    assert cache.answer("b3") == answers[3]
    assert cache.seen_at() == 50.0
    cache.save([("b3", 103, {"id": "b3", "new": True})], 60.0)
    assert cache.answer("b3") == {"id": "b3", "new": True}
    assert (len(cache.load()), cache.seen_at()) == (5, 60.0)
    cache.mark_gone(["b3", "b9"])
    assert cache.gone() == {"b3"}
    assert len(cache.load()) == 5
    # The server tells of it again.
    cache.save([("b3", 103, {"id": "b3"})], 70.0)
    assert cache.gone() == set()


def test_the_cache_is_read_one_by_one_while_it_is_written(tmp_path: Path) -> None:
    connection = connect(tmp_path)
    cache = Cache(connection, ACCOUNT)
    cache.save([(f"b{number}", number, {"id": f"b{number}"}) for number in range(500)], 1.0)
    given = cache.each(offset=100)
    assert next(given) == {"id": "b399"}
    cache.save([("b1000", 1000, {"id": "b1000"})], 2.0)
    assert next(given) == {"id": "b398"}
    connection.close()
    # The rest is lost with the state, and nothing else.
    assert len(list(given)) < 398


def test_caches_do_not_mix(database: sqlite3.Connection, cache: Cache) -> None:
    cache.save([("b", 1, {"id": "b"})], 1.0)
    other = Cache(database, "another")
    other.mark_gone(["b"])
    assert cache.gone() == other.gone() == set()
    assert (other.load(), other.seen_at(), other.answer("b")) == ([], None, None)
    assert cache.answer("b") == {"id": "b"}


def test_a_cache_that_cannot_be_written_loses_only_itself(database: sqlite3.Connection, cache: Cache) -> None:
    cache.save([("b", 1, {"id": "b"})], 1.0)
    database.execute("PRAGMA query_only=1")
    cache.save([("c", 1, {"id": "c"})], 2.0)
    cache.mark_gone(["b"])
    assert (cache.load(), cache.gone()) == ([{"id": "b"}], set())
    database.execute("PRAGMA query_only=0")
    cache.mark_gone(["b"])
    assert cache.gone() == {"b"}


def test_what_was_expected_is_known_by_the_batch(journal: Journal) -> None:
    first, second = submission(1), submission(2)
    journal.open(first)
    journal.open(second)
    journal.expect(first.id, Expected(10, 1000))
    journal.expect(first.id, Expected(10, 1200, 300, 0.5, 1.5))
    journal.expect(second.id, Expected(1, 1))
    assert journal.expected() == {}
    journal.advance(first.id, Stage.CREATED, batch_id="batch_1")
    assert journal.expected() == {"batch_1": Expected(10, 1200, 300, 0.5, 1.5)}
