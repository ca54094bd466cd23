"""Prices from the list that came with the package."""

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tui.requests.cost.prices import rates

MILLION = 1_000_000
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def test_a_batch_price_of_the_list() -> None:
    found = rates("gpt-4o-mini", when=NOW)
    assert found
    assert (found.input * MILLION, found.output * MILLION) == (Decimal("0.075"), Decimal("0.3"))
    assert 0 < found.cached_input <= found.input
    assert found.basis == "OpenAI's batch price"


def test_half_of_the_list_price_where_openai_has_no_other() -> None:
    found = rates("text-embedding-3-small", when=NOW)
    assert found
    assert found.input * MILLION == Decimal("0.01")
    assert found.output == 0
    assert found.basis == "half of OpenAI's list price"


def test_a_day_before_the_lists_batch_prices_is_half_as_well() -> None:
    found = rates("gpt-4o-mini", when=datetime(2025, 6, 1, tzinfo=UTC))
    assert found
    assert (found.input * MILLION, found.output * MILLION) == (Decimal("0.075"), Decimal("0.3"))
    assert found.basis == "half of OpenAI's list price"


def test_long_requests_cost_more_a_token() -> None:
    short, long = (rates("gpt-5.4", when=NOW, request_tokens=tokens) for tokens in (1000, 300_000))
    assert short
    assert long
    assert long.input == 2 * short.input


def test_others_are_found_by_their_address_and_half_is_not_assumed_of_them() -> None:
    found = rates("llama-3.3-70b-versatile", base_url="https://api.groq.com/openai/v1", when=NOW)
    assert found
    assert found.basis == "Groq's list price, for its batch price is not known"
    assert rates("gpt-4o-mini", base_url="https://api.groq.com/openai/v1", when=NOW) is None


def test_an_unknown_address_is_said() -> None:
    found = rates("gpt-4o-mini", base_url="http://127.0.0.1:8000/v1", when=NOW)
    assert found
    assert found.basis == "OpenAI's batch price (127.0.0.1:8000 may ask another)"


@pytest.mark.parametrize("model", ["", "my-own-model", "sora-2", "ft:gpt-9:acme::x", "\x1b[31m"])
def test_an_unknown_model_has_no_price(model: str) -> None:
    assert rates(model) is None


def test_without_the_price_list_nothing_has_a_price(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("genai_prices", "genai_prices.data_snapshot", "genai_prices.types"):
        monkeypatch.setitem(sys.modules, name, None)
    assert rates("gpt-4o-mini") is None


def test_nothing_is_asked_of_the_network() -> None:
    """Neither at the import nor for a model that the list does not have; no thread is left that might later."""
    program = """
import sys, threading
def watch(event, arguments):
    if event.startswith("socket.") and event not in {"socket.__new__"}:
        raise SystemExit(f"{event} {arguments}")
sys.addaudithook(watch)
from tui.requests.cost.prices import rates
assert rates("gpt-4o-mini") and rates("my-own-model") is None
assert threading.active_count() == 1, threading.enumerate()
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
