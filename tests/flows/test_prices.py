"""Prices are asked of the price list once, and kept until there is another list."""

import json
import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import MakeInput
from tui.flows import prices
from tui.flows.costs import Costs
from tui.flows.estimate import prepare
from tui.flows.prices import Prices
from tui.requests.cost.prices import Rates, edition, rates
from tui.requests.first_line import first_model

OPENAI = "https://api.openai.com/v1"
DAY = 20_600
MODEL = "gpt-4o-mini"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models that the price list is asked for."""
    found: list[str] = []

    def note(model: str, **more: object) -> Rates | None:
        found.append(model)
        return rates(model, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(prices, "rates", note)
    return found


def test_the_list_is_asked_once(database: sqlite3.Connection, asked: list[str]) -> None:
    first = Prices(database, OPENAI).of(MODEL, day=DAY)
    assert first is not None and first.input == Decimal("7.5e-8")
    assert Prices(database, OPENAI).of(MODEL, day=DAY) == first
    assert Prices(database, OPENAI).of(MODEL, tokens=500, day=DAY) == first, "the size of a short request is no matter"
    assert asked == [MODEL]
    Prices(database, OPENAI).of(MODEL, day=DAY + 1)
    Prices(database, OPENAI).of(MODEL, tokens=50_000, day=DAY)
    Prices(database, "http://127.0.0.1:9/v1").of(MODEL, day=DAY)
    assert len(asked) == 4


def test_that_there_is_no_price_is_kept_too(database: sqlite3.Connection, asked: list[str]) -> None:
    for _ in range(2):
        assert Prices(database, OPENAI).of("a-model-of-our-own", day=DAY) is None
    assert asked == ["a-model-of-our-own"]


def test_another_list_is_asked_again(
    database: sqlite3.Connection, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Prices(database, OPENAI).of(MODEL, day=DAY)
    monkeypatch.setattr(prices, "edition", lambda: "another")
    Prices(database, OPENAI).of(MODEL, day=DAY)
    assert len(asked) == 2
    assert database.execute("SELECT count(*), min(edition) FROM prices").fetchone() == (1, "another")


@pytest.mark.parametrize("answer", ["", "{", "5", "[]", '["x", "1", "1", "b"]', '["1", "1", "1"]', "[1, null, 2, 3]"])
def test_what_cannot_be_read_is_asked_again(database: sqlite3.Connection, asked: list[str], answer: str) -> None:
    before = Prices(database, OPENAI).of(MODEL, day=DAY)
    database.execute("UPDATE prices SET answer = ?", (answer,))
    assert Prices(database, OPENAI).of(MODEL, day=DAY) == before
    assert len(asked) == 2
    assert len(json.loads(database.execute("SELECT answer FROM prices").fetchone()[0])) == 4


def test_without_a_table_the_list_is_asked(database: sqlite3.Connection, asked: list[str]) -> None:
    database.execute("DROP TABLE prices")
    assert Prices(database, OPENAI).of(MODEL, day=DAY) is not None
    assert asked == [MODEL]


def test_the_edition_is_that_of_the_list() -> None:
    assert edition() == edition() != ""


@pytest.mark.parametrize(
    ("content", "model"),
    [
        (b'{"body": {"model": "gpt-4o"}}\n{"body": {"model": "o3"}}\n', "gpt-4o"),
        (b'{"body": {"model": "gpt-4o"}}', "gpt-4o"),
        (b'{"body": {"model": 5}}\n', None),
        (b'{"body": []}\n', None),
        (b"{}\n", None),
        (b"\xff\n", None),
        (b"[" * 100_000 + b"\n", None),
        (b'{"body": {"input": "\\"model\\": \\"o1\\"", "model" : "o3"}}\n', "o3"),
        (b'{"body": {"input": "\\"model\\":"}}\n{"body": {"model": "o3"}}', None),
        (b"", None),
    ],
)
def test_a_glance_at_the_first_request(tmp_path: Path, content: bytes, model: str | None) -> None:
    path = tmp_path / "requests.jsonl"
    path.write_bytes(content)
    assert first_model(path) == model


@pytest.mark.parametrize("path", ["/nowhere/at-all.jsonl", "/dev/null", "/"])
def test_a_glance_at_no_file(path: str) -> None:
    assert first_model(Path(path)) is None


def test_what_was_prepared_need_not_be_asked(make_input: MakeInput, tmp_path: Path, asked: list[str]) -> None:
    costs = Costs(tmp_path / "state", "account", OPENAI)
    prepare(make_input(), costs)
    assert asked == [MODEL]
    assert costs.prices.of(MODEL) is not None
    assert asked == [MODEL]
    prepare(tmp_path / "gone.jsonl", costs)
    costs.close()
