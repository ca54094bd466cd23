"""The guard's rules in the settings, each way to write them and each to get them wrong."""

from pathlib import Path

import pytest

from tests import ROOT
from tui.batches.guard import Rule, Rules
from tui.errors import LazybatchError
from tui.settings import profiles
from tui.settings.profiles import Profile

_README = ROOT / "README.md"


def profile(tmp_path: Path, content: str) -> Profile:
    path = tmp_path / "config.toml"
    path.write_text(f"[profiles.prod]\n{content}")
    return profiles.profile(environ={"LAZYBATCH_CONFIG": str(path)})


def test_nothing_said_is_as_usual_and_cancels_nothing(tmp_path: Path) -> None:
    assert profile(tmp_path, "").guard is None
    assert profile(tmp_path, "guard = {}").guard == Rules()
    assert Rules().auto_cancel == frozenset()
    assert profile(tmp_path, "").notify == ()
    assert profile(tmp_path, "notify = ['a']").guard == Rules()


def test_a_budget_of_a_batch_is_a_rule(tmp_path: Path) -> None:
    assert profile(tmp_path, "budget = {batch = 25}").guard == Rules(budget=25.0)
    assert profile(tmp_path, "budget = {day = 25}").guard is None


def test_every_rule(tmp_path: Path) -> None:
    told = """
    notify = ["notify-send", "--urgency=critical"]
    budget = {batch = 25}
    [profiles.prod.guard]
    grace = 30
    failures = {share = 0.25, after = 100, auto_cancel = true}
    identical = {number = 10}
    budget = {auto_cancel = true}
    size = {factor = 2.5, known = 5, least = 10}
    stalled = {minutes = 45, auto_cancel = false}
    window = {minutes = 20, after = 90}
    cancelling = {minutes = 15}
    """
    found = profile(tmp_path, told)
    assert found.notify == ("notify-send", "--urgency=critical")
    assert found.guard == Rules(
        failed_share=0.25, failed_after=100, identical_failures=10, budget=25, usual_factor=2.5, usual_known=5,
        usual_least=10, stalled_after=2700, missed_by=1200, missed_after=5400, cancelling_after=900,
        auto_cancel=frozenset({Rule.FAILURES, Rule.BUDGET}), grace=30,
    )  # fmt: skip


def test_every_rule_can_be_off(tmp_path: Path) -> None:
    off = "".join(f"{rule} = false\n" for rule in Rule if rule is not Rule.BUDGET)
    assert profile(tmp_path, f"[profiles.prod.guard]\n{off}").guard == Rules(
        failed_share=None, identical_failures=None, budget=None, usual_factor=None, stalled_after=None, missed_by=None,
        cancelling_after=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("guard = 3", "guard must be a table."),
        ("guard = {failure = {}}", "guard: unknown rule 'failure'. There is: grace, failures, identical,"),
        ("guard = {failures = 3}", "guard: failures must be a table, or false."),
        ("guard = {failures = true}", "guard: failures must be a table, or false."),
        ("guard = {failures = {share = 1}}", "guard, failures: share must be a share above 0 and below 1."),
        ("guard = {failures = {share = true}}", "guard, failures: share must be a share above 0 and below 1."),
        ("guard = {failures = {after = 1.5}}", "guard, failures: after must be a whole number above 0."),
        ("guard = {failures = {after = 0}}", "guard, failures: after must be a whole number above 0."),
        ("guard = {failures = {minutes = 3}}", "failures: minutes is unknown. There is: share, after, auto_cancel."),
        ("guard = {failures = {auto_cancel = 1}}", "guard, failures: auto_cancel must be true or false."),
        ("guard = {size = {factor = nan}}", "guard, size: factor must be a number above 0."),
        ("guard = {size = {factor = inf}}", "guard, size: factor must be a number above 0."),
        ("guard = {size = {factor = '9'}}", "guard, size: factor must be a number above 0."),
        ("guard = {budget = {dollars = 9}}", "guard, budget: dollars is unknown. There is: auto_cancel."),
        ("guard = {budget = false}", "guard: budget must be a table."),
        ("guard = {budget = {auto_cancel = true}}", "budget has auto_cancel, but the table budget sets none for a"),
        ("guard = {stalled = {minutes = -3}}", "guard, stalled: minutes must be a number of minutes above 0."),
        ("guard = {cancelling = {auto_cancel = true}}", "cancelling: auto_cancel is unknown. There is: minutes."),
        ("guard = {grace = 0}", "guard: grace must be a number above 0."),
        ("notify = 'notify-send'", 'notify must be a list of texts, a program and its arguments: ["notify-send"].'),
        ("notify = []", "notify must be a list of texts"),
        ("notify = ['a', 3]", "notify must be a list of texts"),
        ("notify = ['']", "notify must be a list of texts"),
    ],
)
def test_every_mistake_has_a_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    with pytest.raises(LazybatchError) as caught:
        profile(tmp_path, content)
    assert sentence in caught.value.sentence
    assert caught.value.sentence.startswith(f"{tmp_path}/config.toml, profile prod")
    assert "\n" not in caught.value.sentence
