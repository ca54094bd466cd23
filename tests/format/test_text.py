"""Untrusted text made safe, and figures for people, at their borders."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.format import text

ANY_TEXT = st.text(st.characters(), max_size=60)  # lone surrogates among them
ODD_TEXT = st.text(
    st.sampled_from(
        "aé日本ｗ한😀👩👨👧🏽\u200d\ufe0f\u0301\u0308\u20e3🇩🇪⚠️\x1b\x00\x7f\x9b\u202e\u2066\ufeff\ud800\n\t "
    ),
    max_size=40,
)
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def unsafe(character: str, keep: str = "") -> bool:
    """Whether a terminal could take it for anything but a character to show."""
    if character in keep:
        return False
    return unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in BIDI


@pytest.mark.parametrize(
    ("dirty", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x1b]52;c;cm0gLXJm\x07", "␛]52;c;cm0gLXJm␇"),
        ("nul \x00 del \x7f", "nul ␀ del ␡"),
        ("c1 csi \x9b31m", "c1 csi �31m"),
        ("carriage\rreturn", "carriage␍return"),
        ("bidi \u202eevil\u2066", "bidi �evil�"),
        ("lone \ud83d", "lone �"),
        ("\ufeffmark \u2028line", "�mark �line"),
        ("kept\n\ttoo é 日本 😀", "kept\n\ttoo é 日本 😀"),
    ],
)
def test_clean(dirty: str, shown: str) -> None:
    assert text.clean(dirty) == shown


@pytest.mark.parametrize(
    ("dirty", "shown"),
    [
        ("a\nb\tc", "a␊b c"),
        ("é\nb\tc", "é␊b c"),
        ("👩\u200d👩\u200d👧 family", "👩👩👧 family"),
        ("👍🏽", "👍"),
        ("⚠\ufe0f", "⚠"),
        ("🇩🇪", "DE"),
        ("zero\u200bwidth", "zerowidth"),
        ("tag \U000e0041", "tag "),
    ],
)
def test_clean_line(dirty: str, shown: str) -> None:
    assert text.clean_line(dirty) == shown


@given(ANY_TEXT | ODD_TEXT)
def test_nothing_that_a_terminal_obeys_is_left(given_text: str) -> None:
    assert not [character for character in text.clean(given_text) if unsafe(character, "\n\t")]
    line = text.clean_line(given_text)
    assert not [character for character in line if unsafe(character)]
    line.encode()
    assert text.clean_line(line) == line
    assert text.clean(text.clean(given_text)) == text.clean(given_text)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_plain_text_stays_as_it_is(plain: str) -> None:
    assert text.clean(plain) == text.clean_line(plain) == plain


@given(ANY_TEXT | ODD_TEXT, st.integers(0, 50), st.sampled_from(["left", "right"]))
@example("日本", 1, "left")
@example("日本", 3, "right")
@example("e\u0301" * 4, 3, "left")
@example("\u0301abc", 2, "left")
@example("", 0, "left")
def test_fit_is_exactly_as_wide_as_asked_for(given_text: str, width: int, align: str) -> None:
    line = text.clean_line(given_text)
    fitted = text.fit(line, width, "right" if align == "right" else "left")
    assert cell_len(fitted) == width
    if cell_len(line) <= width:
        assert fitted.strip(" ") == line.strip(" ")
    elif width:
        assert fitted.endswith("…")


def test_fit() -> None:
    assert text.fit("abc", 5) == "abc  "
    assert text.fit("abc", 5, "right") == "  abc"
    assert text.fit("abcdef", 5) == "abcd…"
    assert text.fit("abcdef", 5, "right") == "abcd…"
    assert text.fit("日本語", 5) == "日本…"
    assert text.fit("日本語", 4) == "日 …"
    assert text.fit("abc", 3) == "abc"
    assert text.fit("abc", 1) == "…"
    assert text.fit("abc", 0) == ""


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1234, "1.2 kB"), (9_949, "9.9 kB"), (9_950, "10 kB"),
        (99_499, "99 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"), (180_000_000, "180 MB"),
        (999_499_999, "999 MB"), (999_500_000, "1.0 GB"), (2_500_000_000_000, "2.5 TB"),
        (10**18, "1000000 TB"),
    ],
)  # fmt: skip
def test_size(count: int, shown: str) -> None:
    assert text.size(count) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.0k"),
        (48_300, "48k"),
        (999_500, "1.0M"),
        (2_000_000, "2.0M"),
        (10**13, "10000B"),
    ],
)
def test_amount(number: int, shown: str) -> None:
    assert text.amount(number) == shown


@pytest.mark.parametrize(
    ("seconds", "long", "short"),
    [
        (-5, "0s", "0s"), (0, "0s", "0s"), (0.9, "0s", "0s"), (59.9, "59s", "59s"), (60, "1m", "1m"),
        (61, "1m01s", "1m"), (599, "9m59s", "9m"), (600, "10m", "10m"), (659, "10m", "10m"), (3599, "59m", "59m"),
        (3600, "1h", "1h"), (6720, "1h52m", "1h"), (86399, "23h59m", "23h"), (86400, "1d", "1d"),
        (86400 * 3 + 4 * 3600 + 59, "3d4h", "3d"), (86400 * 400, "400d", "400d"),
    ],
)  # fmt: skip
def test_spans(seconds: float, long: str, short: str) -> None:
    assert text.duration(seconds) == long
    assert text.age(seconds) == short


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0, "0%"), (1, "100%"), (1e-9, "<0.1%"), (0.00099, "<0.1%"), (0.001, "0.1%"), (0.004, "0.4%"),
        (0.0994, "9.9%"), (0.0996, "10%"), (0.12, "12%"), (0.29, "29%"), (0.9999, "99%"), (0.995, "99%"),
    ],
)  # fmt: skip
def test_percent(share: float, shown: str) -> None:
    assert text.percent(share) == shown


@given(st.integers(0, 50_000), st.integers(1, 50_000))
def test_a_share_that_is_not_whole_never_reads_as_whole(part: int, total: int) -> None:
    shown = text.percent(min(part, total) / total)
    assert (shown == "0%") == (part == 0)
    assert (shown == "100%") == (part >= total)


def test_counts() -> None:
    assert text.count(32514) == "32,514"
    assert text.plural(1, "request") == "1 request"
    assert text.plural(0, "request") == "0 requests"
    assert text.plural(32514, "request") == "32,514 requests"
    assert text.plural(2, "batch", "batches") == "2 batches"


@pytest.mark.parametrize(
    ("dollars", "shown", "short"),
    [
        (0, "$0.00", "$0"), (0.004, "<$0.01", "$0.00"), (0.42, "$0.42", "$0.42"), (0.996, "$1.00", "$1.00"),
        (3.14, "$3.14", "$3.14"), (9.996, "$10.00", "$10.0"), (12.4, "$12.40", "$12.4"), (99.96, "$99.96", "$100"),
        (1234.5, "$1,234", "$1234"),
        (9999.6, "$10,000", "$10k"), (123_456, "$123,456", "$123k"), (999_600, "$999,600", "$1.0M"),
    ],
)  # fmt: skip
def test_money(dollars: float, shown: str, short: str) -> None:
    assert (text.money(dollars), text.money_short(dollars)) == (shown, short)
    assert len(short) <= 5


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (0.12, 0.4, "$0.12 to $0.40"), (0.12, 0.121, "$0.12"), (0.12, None, "at least $0.12"),
        (0.004, None, "from <$0.01"), (0.001, 0.004, "under $0.01"), (0.004, 0.4, "up to $0.40"), (0, 0, "$0.00"),
    ],
)  # fmt: skip
def test_a_range_of_money(low: float, high: float | None, shown: str) -> None:
    assert text.money_range(low, high) == shown


def test_money_that_is_an_estimate() -> None:
    assert [text.money_estimate(dollars) for dollars in (0, 0.004, 0.2)] == ["~$0.00", "<$0.01", "~$0.20"]
    assert [text.money_estimate(dollars, text.money_short) for dollars in (0.004, 1234.5)] == ["<$0.01", "~$1234"]


def test_money_that_is_not_known_to_the_cent() -> None:
    assert [text.money_about(dollars) for dollars in (0.004, 0.2)] == ["under $0.01", "about $0.20"]
