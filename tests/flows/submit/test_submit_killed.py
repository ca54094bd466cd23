"""Processes that die of SIGKILL, or whose connection is cut, at any byte of what they send and hear: one batch each.

Where it ends is told to a proxy between the real client and the real server, so that every strike is the same in each
run; none depends on how long something takes.
"""

import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.flows.submit.cutting import Strike, Way
from tests.flows.submit.once import Driver, check_once, driver, listed, make, submissions, suffer
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.store.journal import Stage

BUSY = "Another lazybatch is submitting this very file right now."
# How often each call comes where nothing goes wrong: of a file, of one in three parts, of one uploaded in four pieces.
WHOLE = {"POST /v1/files": 1, "POST /v1/batches": 1}
WITHDRAWN = WHOLE | {"DELETE /v1/files/": 1, "GET /v1/files/": 1, "GET /v1/batches": 3}
PARTS = {"POST /v1/files": 3, "POST /v1/batches": 3}
PIECES = {"POST /v1/uploads HTTP": 1, "POST /v1/uploads/upload_": 5, "POST /v1/batches": 1}
STAGES = ("uploading", "uploaded", "creating", "created")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def way(demo: DemoServer, state: Path) -> Iterator[Way]:
    with Way(demo.base_url, state.with_suffix(".pid")) as made:
        yield made


@pytest.fixture
def mortal(way: Way, state: Path) -> Iterator[Driver]:
    with driver(way.base_url, state) as made:
        yield made


def test_killed_at_each_stage(demo: DemoServer, mortal: Driver, state: Path, tmp_path: Path) -> None:
    names = [f"{when} {stage}" for stage in STAGES for when in ("before", "after")]
    for number, die in enumerate(names):
        path = make(tmp_path, die)
        mortal.ask(path, die=die)
        assert mortal.told() == "", die
        # Twice the same death, where it can be died twice; the second time the screen's start has looked first.
        mortal.ask(path, die=die, settle=True)
        mortal.told()
        mortal.ask(path)
        assert mortal.told().startswith("batch_"), die
        assert len(listed(demo, "batches")) == number + 1, die
    check_once(demo, state, names)


@pytest.mark.parametrize("until", ["files.delete", "batches.create"])
def test_killed_while_a_file_is_withdrawn(
    demo: DemoServer, mortal: Driver, state: Path, tmp_path: Path, until: str
) -> None:
    """The create that nobody answered is carried out just before the file is deleted, or after the next was sent."""
    deaths = ("before withdrawing", "after withdrawing", "before told", "before renewed", "after renewed")
    names = [f"{until} {die}" for die in deaths]
    for name, die in zip(names, deaths, strict=True):
        path = make(tmp_path, name)
        demo.faults.add(Fault("batches.create", "late", until=until))
        for settle in (False, True):
            mortal.ask(path, die=die, settle=settle)
            said = mortal.told()
            # As long as what was made just before the deletion is validated, nothing more is sent.
            assert not said or "still validating" in said or settle, (die, said)
        for _ in range(2):
            demo.clock.jump(10)
            mortal.ask(path)
            said = mortal.told()
        assert said.startswith("batch_"), (die, said)
    assert demo.calls["files.delete"] >= len(names)
    check_once(demo, state, names)


def strikes(seed: int, number: int, calls: Mapping[str, int]) -> list[list[Strike]]:
    """`number` times one strike at each of `calls`, and one more.

    At both ends of what is sent and heard, and at any byte between them.
    """
    chance = random.Random(seed)
    return [
        [
            Strike(
                call=call,
                share=chance.choice((0.0, 1.0, chance.random(), chance.random())),
                request=chance.random() < 0.5,
                kill=chance.random() < 0.5,
                nth=chance.randint(1, calls[call]),
            )
            for call in (*calls, chance.choice(list(calls)))
        ]
        for _ in range(number)
    ]


@pytest.mark.parametrize("seed", range(4))
def test_struck_at_any_byte(  # noqa: PLR0917  (fixtures, and a table's column)
    demo: DemoServer, way: Way, mortal: Driver, state: Path, tmp_path: Path, seed: int
) -> None:
    names = []
    for number, several in enumerate(strikes(seed, 23, WHOLE)):
        names.append(f"{seed}-{number}")
        path = make(tmp_path, names[-1], size=(10, 5_000, 300_000)[number % 3])
        said = suffer(way, mortal, path, several, settle=number % 2 == 0)
        assert said.startswith("batch_"), (said, *map(str, several))
    # Of four: two hundred.
    assert way.struck >= 50
    check_once(demo, state, names)


@pytest.mark.parametrize("validating", [0.0, 4.0])
def test_late_creates_struck_at_any_byte(  # noqa: PLR0917  (fixtures, and a table's column)
    demo: DemoServer, way: Way, mortal: Driver, state: Path, tmp_path: Path, validating: float
) -> None:
    """What nobody heard of is carried out before the file is deleted, when its batch runs or fails, or much later."""
    demo.knobs.validating_s = validating
    names = []
    for number, several in enumerate(strikes(int(validating), 7, WITHDRAWN)):
        names.append(f"{validating:g}-{number}")
        path = make(tmp_path, names[-1], size=(10, 5_000)[number % 2])
        demo.faults.add(Fault("batches.create", "late", until=("files.delete", "batches.create")[number % 2]))
        said = suffer(way, mortal, path, several, settle=number % 3 == 0)
        if not said.startswith("batch_"):
            # What was made before the deletion is validated yet.
            demo.clock.jump(10)
            mortal.ask(path)
            said = mortal.told()
        assert said.startswith("batch_"), (said, *map(str, several))
        demo.faults.clear()
    assert way.struck >= 15
    assert demo.calls["files.delete"] >= 7
    check_once(demo, state, names)


@pytest.mark.parametrize("seed", range(2))
def test_parts_struck_at_any_byte(  # noqa: PLR0917  (fixtures, and a table's column)
    demo: DemoServer, way: Way, mortal: Driver, state: Path, tmp_path: Path, seed: int
) -> None:
    names = []
    for number, several in enumerate(strikes(seed, 9, PARTS)):
        names.append(f"{seed}-{number}")
        path = make(tmp_path, names[-1], requests=5, size=(10, 50_000)[number % 2])
        said = suffer(way, mortal, path, several, most=2, settle=number % 2 == 0)
        assert len(said.split()) == 3, (said, *map(str, several))
    assert way.struck >= 20
    check_once(demo, state, names, parts=3)


@pytest.mark.parametrize("seed", range(2))
def test_an_upload_in_pieces_struck_at_any_byte(  # noqa: PLR0917  (fixtures, and a table's column)
    demo: DemoServer, way: Way, mortal: Driver, state: Path, tmp_path: Path, seed: int
) -> None:
    """Of five calls on an upload four bring a piece, and the last completes it."""
    names = []
    for number, several in enumerate(strikes(seed, 9, PIECES)):
        names.append(f"{seed}-{number}")
        path = make(tmp_path, names[-1], size=10_000)
        said = suffer(way, mortal, path, several, piece=path.stat().st_size // 4 + 1, settle=number % 2 == 0)
        assert said.startswith("batch_"), (said, *map(str, several))
    assert way.struck >= 20
    assert "files.create" not in demo.calls
    check_once(demo, state, names)


def test_two_processes_at_once(demo: DemoServer, way: Way, state: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        both = [stack.enter_context(driver(way.base_url, state)) for _ in range(2)]
        for number, mortal in enumerate(both):
            mortal.ask(make(tmp_path, f"warm{number}"))
        for mortal in both:
            assert mortal.told().startswith("batch_")
        demo.faults.add(Fault("*.create", "slow", delay_s=0.3, times=None))
        path = make(tmp_path, "both")
        for mortal in both:
            mortal.ask(path)
        said = {mortal.told() for mortal in both}
        assert BUSY in said
        assert len(said) == 2
        assert len(listed(demo, "batches")) == 3
        assert demo.calls["batches.create"] == 3
        both[0].ask(path)
        assert {both[0].told(), BUSY} == said
    assert [submission.stage for submission in submissions(state)] == [Stage.CREATED] * 3
