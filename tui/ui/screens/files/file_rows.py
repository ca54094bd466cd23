"""A stored file as a row of the files screen."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tui.batches.batch import Batch
from tui.batches.stored_files import Standing, StoredFile, Uses, kind, shown_name
from tui.format.cell import Cell
from tui.format.glyphs import GLYPHS
from tui.format.text import age, count, duration, size
from tui.ui.widgets.table.column import Column, unseen

_SOON: Final = 3 * 86400.0  # seconds: what is to be kept should be saved by then
_COLUMNS: Final = (
    Column("name", "FILE", 20, flex=3),
    Column("kind", "KIND", 6, priority=2),
    Column("size", "SIZE", 7, align="right"),
    Column("age", "AGE", 4, align="right", priority=1),
    Column("left", "LEFT", 5, align="right"),
    Column("used", "USED BY", 24, flex=2),
    Column("id", "ID", 30, priority=5),
)
_LARGEST_FIRST: Final = frozenset({"size"})
_WORDS: Final = ("orphan", "input", "output", "errors", "results")


@dataclass(frozen=True, slots=True)
class Row:
    """A file with what is known of it: its batches, the newest first, and what it is to them, in words."""

    file: StoredFile
    users: tuple[Batch, ...]
    standing: Standing
    name: str
    kind: str
    used_by: str

    @property
    def batch(self) -> Batch | None:
        """The newest batch that refers to it."""
        return self.users[0] if self.users else None

    @property
    def words(self) -> str:
        """What a filter looks for its words in."""
        return f"{self.name} {self.kind} {self.used_by} {self.standing} {self.file.id}".casefold()


@dataclass(frozen=True, slots=True)
class Sums:
    """What files hold, in words: all of them, those that are shown, and the orphans, which are so many."""

    all: str = ""
    shown: str = ""
    orphans: int = 0
    orphaned: str = ""

    @classmethod
    def of(cls, everything: Collection[Row], shown: Collection[Row]) -> "Sums":
        """The sums over rows; for a thread."""
        orphans = [row for row in everything if row.standing is Standing.ORPHAN]
        return cls(held(everything), held(shown), len(orphans), held(orphans))


def held(rows: Iterable[Row]) -> str:
    """What the files of `rows` hold, `at least` so much where that is not known of each."""
    sizes = [row.file.bytes for row in rows]
    told = size(sum(filter(None, sizes)))
    return f"at least {told}" if None in sizes else told


def rows(files: Iterable[StoredFile], uses: Uses, now: float, name_of: Callable[[Batch], str]) -> dict[str, Row]:
    """A row for each of `files`, by id; for a thread. `now` in Unix seconds of the server's clock."""
    found = {}
    for file in files:
        users = uses.of(file)
        standing = uses.standing(file, now)
        found[file.id] = Row(
            file, users, standing, shown_name(file.filename or file.id), kind(file, users),
            _used_by(users, standing, name_of),
        )  # fmt: skip
    return found


def cells(row: Row, now: float) -> Mapping[str, Cell]:
    """The cells of a row."""
    file = row.file
    return {
        "name": Cell(row.name),
        "kind": Cell(row.kind, "dim"),
        "size": Cell("?", "warn") if file.bytes is None else Cell(size(file.bytes)),
        "age": Cell("?", "warn") if file.created_at is None else Cell(age(now - file.created_at), "dim"),
        "left": _left(row, now),
        "used": Cell(row.used_by, _role(row)),
        "id": Cell(file.id, "dim"),
    }


def complete(text: str, cursor: int) -> list[str]:
    """What the word of a filter that ends at `cursor` may become: whole texts."""
    before, after = text[:cursor], text[cursor:]
    begun = before.rpartition(" ")[2].casefold()
    return [f"{before}{word[len(begun) :]}{after}" for word in _WORDS if begun and word.startswith(begun)]


@dataclass(frozen=True, slots=True)
class Order:
    """A column to sort by, and whether against its natural direction."""

    column: str = "age"
    reverse: bool = False

    def next(self, shown: Iterable[str]) -> "Order":
        """The next column of those shown, in its natural direction."""
        choices = [column for column in shown if column in _VALUES]
        place = choices.index(self.column) + 1 if self.column in choices else 0
        return Order(choices[place % len(choices)])

    def apply(self, found: Iterable[Row]) -> list[str]:
        """The ids in this order; what is unknown comes last, and ids decide between equals."""
        value = _VALUES[self.column]
        known = sorted((row for row in found if value(row) is not None), key=lambda row: row.file.id)
        known.sort(key=lambda row: value(row) or 0, reverse=self.descending)
        there = {row.file.id for row in known}
        return [row.file.id for row in known] + sorted(row.file.id for row in found if row.file.id not in there)

    @property
    def descending(self) -> bool:
        """Whether the largest value stands first."""
        return (self.column in _LARGEST_FIRST) != self.reverse

    def unseen(self, shown: Sequence[Column]) -> list[Cell]:
        """What the rows are sorted by, where no title in the table tells."""
        title = next(column.title for column in self.columns() if column.key == self.column)
        return unseen(title, self.column, shown)

    def columns(self) -> list[Column]:
        """The columns, with an arrow at the one that the rows are sorted by."""
        arrow = GLYPHS.descending if self.descending else GLYPHS.ascending
        return [
            column._replace(title=column.title + arrow) if column.key == self.column else column for column in _COLUMNS
        ]


_VALUES: Final[Mapping[str, Callable[[Row], float | str | None]]] = {
    "name": lambda row: row.name.casefold(),
    "kind": lambda row: row.kind,
    "size": lambda row: row.file.bytes,
    "age": lambda row: None if row.file.created_at is None else -row.file.created_at,
    "left": lambda row: row.file.expires_at,
    "used": lambda row: row.used_by.casefold(),
}


def _used_by(users: tuple[Batch, ...], standing: Standing, name_of: Callable[[Batch], str]) -> str:
    told = [f"{GLYPHS.states.get(users[0].status, GLYPHS.unknown)} {name_of(users[0])}"] if users else []
    if len(users) > 1:
        told.append(f"+{count(len(users) - 1)}")
    if standing is Standing.ORPHAN:
        told.insert(0, f"orphan {GLYPHS.dot}" if told else "orphan")
    elif not users:
        told.append({Standing.IN_USE: "a submission", Standing.UNKNOWN: "?"}.get(standing, GLYPHS.none))
    return " ".join(told)


def _role(row: Row) -> str:
    if row.standing is Standing.ORPHAN:
        return "warn"
    return "running" if row.standing is Standing.IN_USE else "dim"


def _left(row: Row, now: float) -> Cell:
    if row.file.expires_at is None:
        return Cell(GLYPHS.none, "dim")
    left = row.file.expires_at - now
    if left <= 0:
        return Cell("none", "warn")
    return Cell(duration(left), "warn") if left <= _SOON else Cell(age(left))
