"""How fast something goes, by what was seen of it."""

from tui.format.speed import Speed, rate_text


def noted(*seen: tuple[float, int]) -> Speed:
    speed = Speed()
    for now, done in seen:
        speed.note(now, done)
    return speed


def test_nothing_is_told_before_a_second_has_passed() -> None:
    assert rate_text(None, 100) == rate_text(Speed(), 100) == rate_text(noted((5, 10), (5.9, 90)), 100) == ""


def test_what_was_there_at_the_beginning_does_not_count() -> None:
    assert rate_text(noted((0, 128_000_000), (2, 132_000_000)), 200_000_000) == " · 2.0 MB/s · 34s left"


def test_the_last_seconds_count() -> None:
    fast = noted(*((second, second * 1_000_000) for second in range(30)))
    assert fast.rate == 1_000_000
    for second in range(30, 45):
        fast.note(second, 29_000_000)
    assert fast.rate == 0
    assert rate_text(fast, 50_000_000) == " · 0 B/s"


def test_beginning_anew_and_the_end() -> None:
    speed = noted((0, 0), (2, 2_000), (3, 0))
    assert speed.rate is None
    speed.note(5, 4_000)
    assert rate_text(speed, 4_000) == ""
    assert speed.rate == 2_000
