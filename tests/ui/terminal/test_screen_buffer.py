"""The differing output against the plain one, cell for cell in a terminal emulator."""

import random
from collections.abc import Iterator

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.ui.terminal.frame_parser import parse
from tui.ui.terminal.screen_buffer import Canvas
from tui.ui.terminal.sgr import DEFAULT, change, look_of, on_blank

WIDTH, HEIGHT = 24, 10
_LOOKS = (
    "",
    "0",
    "1",
    "1;31",
    "3;4;32;44",
    "7",
    "2;37",
    "38;2;1;2;3;48;2;9;8;7",
    "38;2;1;2;3",
    "38;5;200;1",
    "9;48;5;3",
    "97;104",
)


def emulator() -> tuple[pyte.Screen, pyte.Stream]:
    """A terminal without automatic wrapping, as Textual sets it."""
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.Stream(screen)
    stream.feed("\x1b[?7l")
    return screen, stream


def seen(screen: pyte.Screen) -> list[list[object]]:
    """What can be seen of each cell: of a blank without lines through it only the ground."""
    rows: list[list[object]] = []
    for y in range(HEIGHT):
        row = [screen.buffer[y][x] for x in range(WIDTH)]
        rows.append(
            [
                (cell.data, cell.bg)
                if cell.data == " " and not (cell.reverse or cell.underscore or cell.strikethrough)
                else cell
                for cell in row
            ]
        )
    return rows


def text(choose: random.Random, cells: int) -> str:
    """Text of so many cells; wide characters begin in even columns, as none is ever cut in half on purpose."""
    kinds = {"blank": " ", "latin": "ab", "wide": "日本", "mark": "é"}
    kind = choose.choice([*kinds])
    if kind == "wide":
        return "".join(choose.choice(kinds[kind]) for _ in range(cells // 2))
    if kind == "mark":
        return "e\u0301" * cells
    return "".join(choose.choice(kinds[kind]) for _ in range(cells))


def line(choose: random.Random, cells: int) -> str:
    """Runs of text in some look, as the compositor writes them."""
    parts = []
    while cells:
        size = choose.randrange(2, cells + 1, 2)
        look = choose.choice(_LOOKS)
        parts.append(f"\x1b[{look}m{text(choose, size)}\x1b[0m" if look else text(choose, size))
        cells -= size
    return "".join(parts)


def frames(choose: random.Random, number: int) -> Iterator[str]:
    """Frames of whole screens, the first among them, of parts of them, and of screens that scrolled."""
    lines: list[str] = []
    for frame in range(number):
        kind = choose.choice(["all", "part", "part", "scroll", "scroll", "same"]) if frame else "all"
        if kind == "part":
            # Downwards, as the compositor writes: a newline in the last line would scroll the plain terminal.
            places = sorted(choose.sample(range(HEIGHT), choose.randrange(1, 5)))
            yield "\n".join(part(choose, y) for y in places) + cursor(choose)
            continue
        if kind == "all":
            lines = [line(choose, WIDTH) for _ in range(HEIGHT)]
        elif kind == "scroll":
            top, by = choose.randrange(4), choose.choice([-3, -1, 1, 2, 5])
            band = lines[top:]
            fresh = [line(choose, WIDTH) for _ in range(abs(by))]
            lines[top:] = (band[by:] + fresh if by > 0 else fresh + band[:by])[: len(band)]
            lines[choose.randrange(HEIGHT)] = line(choose, WIDTH)
        yield "\n".join(f"\x1b[{y + 1};1H{row}" for y, row in enumerate(lines)) + cursor(choose)


def part(choose: random.Random, y: int) -> str:
    x = choose.randrange(0, WIDTH, 2)
    return f"\x1b[{y + 1};{x + 1}H{line(choose, choose.randrange(2, WIDTH - x + 1, 2))}"


def cursor(choose: random.Random) -> str:
    return f"\x1b[{choose.randrange(HEIGHT) + 1};{choose.randrange(WIDTH) + 1}H"


@pytest.mark.parametrize("seed", range(20))
def test_hundreds_of_frames_look_as_written_in_full(seed: int) -> None:
    choose = random.Random(seed)
    canvas = Canvas()
    (plain, plain_stream), (ours, ours_stream) = emulator(), emulator()
    written = given_bytes = 0
    for number, frame in enumerate(frames(choose, 60)):
        plain_stream.feed(frame)
        spans = parse(frame)
        assert spans is not None
        canvas.take(spans, WIDTH)
        given_bytes += len(frame)
        if choose.random() < 0.2:
            continue  # the line is busy: this frame goes into the next one's changes
        changes = canvas.changes()
        written += len(changes)
        ours_stream.feed(changes)
        assert seen(ours) == seen(plain), f"frame {number}"
        assert (ours.cursor.y, ours.cursor.x) == (plain.cursor.y, plain.cursor.x)
        assert canvas.changes() == ""
        if choose.random() < 0.1:
            canvas.forget()
            ours_stream.feed("\x1b[2J\x1b[5;5Hgarbage")
    assert written < given_bytes / 2


def test_a_scrolled_list_is_moved_by_the_terminal() -> None:
    canvas = Canvas()
    screen, stream = emulator()
    rows = [f"\x1b[38;2;1;2;{n}m{chr(97 + n) * WIDTH}\x1b[0m" for n in range(20)]
    sizes = []
    for top in (0, 1, 2, 1):
        frame = "\n".join(f"\x1b[{y + 1};1H{row}" for y, row in enumerate(rows[top : top + HEIGHT])) + "\x1b[1;1H"
        canvas.take(parse(frame) or [], WIDTH)
        changes = canvas.changes()
        sizes.append(len(changes))
        stream.feed(changes)
        assert [row[0] for row in screen.display] == [chr(97 + top + y) for y in range(HEIGHT)]
    assert max(sizes[1:]) < sizes[0] / 3


def test_a_line_that_was_not_drawn_again_stays_while_others_move() -> None:
    canvas = Canvas()
    screen, stream = emulator()
    for letters in ("abcdSefghi", "bcde-fghij"):
        # The line in the middle looks as before, so the second frame leaves it out.
        lines = [(y, letter) for y, letter in enumerate(letters) if letter != "-"]
        canvas.take(parse("\n".join(f"\x1b[{y + 1};1H{letter * WIDTH}" for y, letter in lines)) or [], WIDTH)
        stream.feed(canvas.changes())
    assert "".join(row[0] for row in screen.display) == "bcdeSfghij"


def test_half_of_a_wide_character_is_not_left_behind() -> None:
    canvas = Canvas()
    screen, stream = emulator()
    for frame in ("\x1b[1;1Habc日本z\x1b[1;1H", "\x1b[1;5HX\x1b[1;1H", "\x1b[1;6HY\x1b[1;1H"):
        canvas.take(parse(frame) or [], WIDTH)
        stream.feed(canvas.changes())
    assert screen.display[0].rstrip() == "abc XY z"


def test_another_width_drops_all_memory() -> None:
    canvas = Canvas()
    frame = "\x1b[1;1Habcdefgh\x1b[1;1H"
    canvas.take(parse(frame) or [], WIDTH)
    first = canvas.changes()
    canvas.take(parse(frame) or [], WIDTH)
    assert canvas.changes() == ""
    canvas.take(parse(frame) or [], WIDTH + 1)
    assert canvas.changes() == first


@pytest.mark.parametrize(
    "data",
    [
        "",
        "plain",
        "\x1b[?1049h",
        "\x1b[1;1H\x1b]8;id=1;http://x\x1b\\link\x1b]8;;\x1b\\",
        "\x1b[1;1Ha\x07",
        "\x1b[1;1H\x1b[2Ja",
        "\x1b[1;1H\x1b[99mx",
        "\x1b[1;1Ha\nb",
        "x\x1b[1;1Ha",
    ],
)
def test_what_is_no_frame_is_not_taken_for_one(data: str) -> None:
    assert parse(data) is None


@given(st.sampled_from(_LOOKS), st.sampled_from(_LOOKS), st.booleans())
def test_any_look_is_reached_from_any_other(before: str, after: str, blank: bool) -> None:
    look, pen = look_of(after), look_of(before)
    assert look is not None
    assert pen is not None
    code, left = change(pen, look, blank)
    assert left is (pen if blank and on_blank(pen) is on_blank(look) else look)
    shown = []
    for codes in (f"\x1b[{before}m{code}", f"\x1b[0m\x1b[{after}m"):
        screen, stream = emulator()
        stream.feed(f"{codes}{' ' if blank else 'x'}\x1b[m")
        shown.append(seen(screen))
    assert shown[0] == shown[1]


def test_the_terminals_own_look_needs_no_bytes() -> None:
    assert look_of("0") is look_of("") is look_of("39;49") is DEFAULT
    assert change(DEFAULT, DEFAULT, False) == ("", DEFAULT)
