"""A downloaded result file, read a line at a time, with the request that each line answers."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from tui.results.lines import LineFile
from tui.results.match import Place, RequestIndex
from tui.results.pretty import pretty
from tui.results.question import question_text
from tui.results.row import Row, answer_text, read_row

# Bytes of a line that are looked at: enough for an embedding of 3,072 numbers, and quick enough to read for a whole
# screen of lines between two frames.
_HEAD = 128 * 1024
_SHOWN = 64 * 1024  # bytes of an answer that are shown


class Opened:
    """One result file. All but `step` and `match_with` are quick enough for the UI's own loop."""

    def __init__(self, file: LineFile) -> None:
        self._file = file
        self._requests: RequestIndex | None = None
        # A screen's worth and some: cells are asked for again at each look at the table.
        self.row: Callable[[int], Row] = lru_cache(256)(self._row)

    @property
    def count(self) -> int:
        """Lines that are known so far."""
        return self._file.count

    @property
    def final(self) -> bool:
        """Whether all lines are known."""
        return self._file.final

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._file.size

    def step(self) -> bool:
        """Look for lines in the next part of the file; False when that was the last. For a thread."""
        more = True
        for _ in range(64):
            more = self._file.step()
            if not more:
                break
        return more

    def match_with(self, input_path: Path) -> None:
        """Find the requests of all lines in the input file. For a thread."""
        self._requests = RequestIndex.build(input_path, lambda _done, _total: None, lambda: False)

    def answer(self, number: int) -> str:
        """The answer of line `number` as text."""
        line, more = self._bytes(number)
        return answer_text(line, _SHOWN) + more

    def pretty(self, number: int) -> str:
        """Line `number` as indented JSON."""
        line, more = self._bytes(number)
        return pretty(line, _SHOWN) + more

    def question(self, number: int) -> str:
        """What line `number` answers, in words; empty as long as that is not known."""
        place = self._places(number)
        return question_text(self._requests.read(place[0], _HEAD), _SHOWN) if place and self._requests else ""

    def request(self, number: int) -> str:
        """The request that line `number` answers, as indented JSON, or why there is none."""
        if self._requests is None:
            return "The input file is not here yet."
        places = self._places(number)
        if not places:
            return "No request in the input file has this custom_id."
        text = pretty(self._requests.read(places[0], _HEAD), _SHOWN)
        return text if len(places) == 1 else f"{len(places)} requests have this custom_id. The first:\n{text}"

    def close(self) -> None:
        self._file.close()

    def _row(self, number: int) -> Row:
        line = self._file.line(number, _HEAD)
        return read_row(line, whole=self._file.span(number).length <= len(line))

    def _places(self, number: int) -> tuple[Place, ...]:
        return self._requests.request_for(self._bytes(number)[0]) if self._requests else ()

    def _bytes(self, number: int) -> tuple[bytes, str]:
        line = self._file.line(number, _HEAD)
        left = self._file.span(number).length - len(line)
        return line, f"\n… and {left:,} bytes more" if left else ""


def open_results(path: Path) -> Opened:
    """Open a result file at its first MiB. For a thread. Raises `LazybatchError` where it cannot be read."""
    return Opened(LineFile(path))
