"""Which batches are read as one."""

from tui.batches.batch import GROUP_KEY, PARENT_KEY, Batch, Status
from tui.batches.family import Family, family_of, with_remainders


def batch(name: str, created_at: int = 1, status: Status = Status.COMPLETED, *pairs: tuple[str, str]) -> Batch:
    return Batch(name, status, str(status), created_at=created_at, metadata=pairs)


def rest(name: str, parent: str, created_at: int = 2) -> Batch:
    return batch(name, created_at, Status.COMPLETED, (PARENT_KEY, parent))


def part(number: int, created_at: int, status: Status = Status.COMPLETED, name: str = "part") -> Batch:
    return batch(f"{name} {number}", created_at, status, ("description", f"docs {number}/12"), (GROUP_KEY, "g"))


def ids(family: Family) -> list[str]:
    return [found.id for found in family.batches]


def test_whoever_is_asked_for_the_whole_is_the_same() -> None:
    known = [rest("c", "b", 5), batch("other", 3), rest("b", "a", 4), batch("a"), rest("d", "a", 6), rest("x", "y")]
    for member in ("a", "b", "c", "d"):
        found = next(one for one in known if one.id == member)
        assert ids(family_of(found, known)) == ["a", "b", "c", "d"]
    assert ids(family_of(batch("other", 3), known)) == ["other"]
    # A parent that is not known leaves the batch to stand for itself.
    assert ids(family_of(known[-1], known)) == ["x"]


def test_with_remainders_looks_ahead_alone() -> None:
    known = [batch("a"), rest("b", "a", 4), rest("c", "b", 5)]
    assert ids(with_remainders(known[1], known)) == ["b", "c"]
    assert with_remainders(known[2], known) == Family((known[2],))


def test_parts_are_in_the_order_of_the_file() -> None:
    other = batch("of another", 1, Status.COMPLETED, (GROUP_KEY, "h"))
    parts = [part(10, 1), part(2, 1), part(1, 2)]
    known = [*parts, other, rest("again", "part 2", 9), part(2, 0, Status.FAILED, "refused")]
    for member in (parts[0], known[4]):
        assert ids(family_of(member, known)) == ["part 1", "part 2", "part 10", "again"]
    unnamed = [batch(name, 1, Status.COMPLETED, (GROUP_KEY, "g")) for name in "abc"]
    assert ids(family_of(unnamed[0], unnamed, {"a": 3.5, "b": 1.5, "c": 2.5})) == ["b", "c", "a"]


def test_a_remainder_is_no_part_though_it_was_given_the_id_of_the_parts() -> None:
    group = (GROUP_KEY, "g")
    known = [batch("a", 1, Status.COMPLETED, group), batch("b", 2, Status.COMPLETED, group, (PARENT_KEY, "a"))]
    assert family_of(known[1], known) == Family((known[0],), (known[1],))


def test_parents_in_a_circle_end_somewhere() -> None:
    known = [rest("a", "b"), rest("b", "a")]
    assert sorted(ids(family_of(known[0], known))) == ["a", "b"]
    assert ids(with_remainders(rest("c", "c"), [rest("c", "c")])) == ["c"]


def test_what_cannot_be_read_takes_along_what_depends_on_it() -> None:
    known = [batch("a"), rest("b", "a", 4), rest("c", "b", 5)]
    family = family_of(known[0], known)
    assert ids(family.without({"b"})) == ["a", "c"]
    assert ids(family.without({"a"})) == []
    assert family.without(set()) == family
    parts = [part(1, 1), part(2, 1), rest("again", "part 1", 9)]
    whole = family_of(parts[0], parts)
    assert not whole.partial and whole.without({"part 2"}).partial
    assert with_remainders(parts[0], parts).partial
