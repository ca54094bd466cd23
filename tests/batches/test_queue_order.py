"""Whose turn it is."""

from tui.batches.queue_order import Turn, turns, why
from tui.batches.quota import Amount, Limit, Room


def told(
    amounts: list[Amount],
    rooms: dict[str, Room] | None = None,
    pauses: dict[str, float] | None = None,
    unproved: tuple[str, ...] = (),
) -> list[Turn]:
    found = turns(enumerate(amounts), rooms or {}, pauses or {}, unproved)
    return [found[place].turn for place in range(len(amounts))]


def of(*tokens: int | None, model: str | None = "m") -> list[Amount]:
    return [Amount(model, each, 1) for each in tokens]


def test_as_many_as_there_is_room_for() -> None:
    room = {"m": Room(Limit(tokens=100), tokens=40)}
    assert told(of(30, 30, 30), room) == [Turn.NOW, Turn.NOW, Turn.NO_ROOM]
    assert told(of(30, 31, 1), room) == [Turn.NOW, Turn.NO_ROOM, Turn.BEHIND]
    # A dated name goes by the same limit, another model does not wait for this one.
    assert told([*of(90), *of(5, model="m-2024-07-18"), *of(5, model="n")], room) == [
        Turn.NO_ROOM, Turn.BEHIND, Turn.NOW,
    ]  # fmt: skip


def test_what_never_fits_blocks_nothing() -> None:
    assert told(of(101, 10), {"m": Room(Limit(tokens=100))}) == [Turn.TOO_MUCH, Turn.NOW]


def test_without_a_limit_one_finds_out() -> None:
    assert told(of(5, 5, 5)) == [Turn.NOW, Turn.UNPROVED, Turn.BEHIND]
    assert told(of(5), unproved=("m",)) == [Turn.UNPROVED]
    assert told(of(None, 5), {"m": Room(Limit(tokens=100))}) == [Turn.NOW, Turn.NOW]
    assert told(of(None, None), {"m": Room(Limit(tokens=100))}) == [Turn.NOW, Turn.UNPROVED]
    assert told(of(1, 1, model=None)) == [Turn.NOW, Turn.NOW]


def test_a_pause_holds_the_model_back() -> None:
    assert told([*of(5, 5), *of(5, model="n")], pauses={"m": 60.0}) == [Turn.PAUSED, Turn.BEHIND, Turn.NOW]


def test_the_reason_in_words() -> None:
    rooms = {"m": Room(Limit(tokens=2_000_000), tokens=1_600_000), "p": Room(), "u": Room()}
    amounts = {
        0: Amount("m", 500_000, 9), 1: Amount("m", 5, 1), 2: Amount("m", 3_000_000, 1), 3: Amount("p", 1, 1),
        4: Amount("u", 1, 1), 5: Amount("n", 1, 1),
    }  # fmt: skip
    found = turns(amounts.items(), rooms, {"p": 160.0}, ["u"])
    assert [why(found[key], wanted, 100.0) for key, wanted in amounts.items()] == [
        "no room: 2.0M limit · 1.6M enqueued",
        "waits behind one of the same model",
        "3.0M tokens alone, over the limit of 2.0M: split it into smaller files",
        "was refused; tried again when a batch of the model ends, or in 1m",
        "waits until the provider has taken in the one before",
        "goes out next",
    ]
