"""The filter language: what each term finds, what is told of a bad one, and its normal form."""

import time
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui.batches.batch import Batch, Counts, Status
from tui.batches.query.parse import Fault, Query, complete, parse
from tui.batches.query.text_index import Texts
from tui.format.text import clean_line

NOW = 1_800_000_000.0
DAY = 86400
BATCH = Batch(
    id="batch_68AbC",
    status=Status.IN_PROGRESS,
    raw_status="in_progress",
    created_at=int(NOW) - 2 * DAY,
    endpoint="/v1/embeddings",
    model="gpt-4o-mini",
    counts=Counts(total=10_000, completed=990, failed=10),
    metadata=(("team", "red"), ("Note", 'he said "go", twice')),
)
BARE = Batch(id="b", status=Status.UNKNOWN, raw_status="scheduling")


def found(text: str, batch: Batch = BATCH, name: str = "Nightly eval", cost: float | None = 5.0) -> bool:
    query = parse(text)
    assert not query.faults
    return query.matches(batch, name=name, now=NOW, cost=cost)


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "nightly", "EVAL night", '"nightly eval"', "68abc", "4o-MINI", "embed red", '"said \\"go\\", t"',
        "name:eval", "name:x,night", 'name:"y e"', '"name":night', 'name:="nightly EVAL"', "id:batch_68abc",
        "id:=batch_68abc", "model:gpt-4o", "model:=gpt-4o-mini", "MODEL:o3,gpt", "endpoint:embeddings",
        "meta.team:red", "meta.TEAM:r", "meta.team:blue,red", 'meta.note:"go\\", tw"', "meta.team:=red",
        "status:running", "status:IN_PROGRESS", "status:failed,running", "status:active", "status:running,",
        "!draft", "!name:draft", "!status:done", "!model:=gpt-4o", "!meta.team:blue", "!meta.nothing:x", "!!red",
        "age:>=2d", "age:<=2d", "age:<2d1s", "age:>1d23h59m", "age:2d", "age:=48h", "age:<1.5w", "!age:<2d",
        "failed:>=1%", "failed:<=1%", "failed:1%", "failed:=10", "failed:>9", "failed:<1k", "!failed:>1%",
        "cost:>4.99", "cost:<$5.01", "cost:5", "cost:=5.00", "!cost:6",
        "requests:10k", "requests:=10000", "requests:<1M", "requests:>=10K", "requests:>9.9k",
        "status:running model:gpt age:<3d nightly !draft",
    ],
)  # fmt: skip
def test_terms_that_find_a_batch(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize(
    "text",
    [
        "weekly", "nightly weekly", '"eval nightly"', "done", "team", "name:68abc", "name:=nightly", "id:=68abc",
        "model:=gpt-4o", "endpoint:chat", "meta.team:blue", "meta.team:=re", "meta.red:team", "status:done",
        "status:ended", "status:completed,failed", "!status:active", "!red", "!name:night", "!!draft",
        "age:<2d", "age:>2d", "age:3d", "!age:>=2d", "failed:>1%", "failed:<1%", "failed:0", "failed:>10",
        "cost:>5", "cost:<5", "cost:4.98", "!cost:5", "requests:>10k", "requests:<10k", "status:running weekly",
    ],
)  # fmt: skip
def test_terms_that_pass_a_batch_by(text: str) -> None:
    assert not found(text)


@pytest.mark.parametrize("key", ["age", "failed", "cost", "requests"])
@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "=", ""])
@pytest.mark.parametrize("negation", ["", "!"])
def test_what_is_unknown_matches_no_comparison(key: str, sign: str, negation: str) -> None:
    for value in ("0s", "9w") if key == "age" else ("0", "9M") + ("0%", "100%") * (key == "failed"):
        assert not found(f"{negation}{key}:{sign}{value}", BARE, cost=None)


def test_no_share_without_requests_that_are_over() -> None:
    batch = replace(BARE, counts=Counts(total=5, completed=0, failed=0))
    assert not found("failed:>=0%", batch)
    assert found("failed:0", batch)


def test_texts_that_are_unknown_contain_nothing() -> None:
    assert not found("model:none", BARE)
    assert not found("none", BARE)
    assert found("!model:gpt !endpoint:chat !meta.team:red status:unknown status:active", BARE)


def test_an_age_below_zero_is_none() -> None:
    batch = replace(BARE, created_at=int(NOW) + 5)
    assert found("age:<1m", batch)
    assert found("age:0s", batch)


def test_both_spellings_of_an_accent() -> None:
    assert found("E\u0301VAL", name="pre\u0301-\xe9val")
    assert found('name:="STRASSE"', name="Straße")


def test_a_share_is_compared_as_it_is_written() -> None:
    """0.1 / 100 is not the float nearest to 1 / 1000; a batch that has exactly that share must not be beyond it."""
    for failed in range(1, 1000):
        batch = replace(BARE, counts=Counts(1000, 1000 - failed, failed))
        text = f"{failed // 10}.{failed % 10}%"
        assert found(f"failed:={text}", batch)
        assert not found(f"failed:>{text}", batch)


@pytest.mark.parametrize("status", Status)
def test_every_state_has_its_words(status: Status) -> None:
    batch = replace(BARE, status=status)
    people = {"in_progress": "running", "completed": "done"}.get(status, status.value)
    assert found(f"status:{status}", batch)
    assert found(f"STATUS:{people}", batch)
    assert not found(f"!status:{people}", batch)
    assert found("status:active", batch) is status.active
    assert found("status:ended", batch) is not status.active


@pytest.mark.parametrize(
    ("term", "sentence"),
    [
        ("status:runing", "There is no status 'runing': did you mean running?"),
        ("status:running,xyzzy", "There is no status 'xyzzy': try running, done, failed, active or ended."),
        ("status:>done", "status: cannot be compared by >; quote a text that begins with it."),
        ("status:", "Nothing to look for after status:"),
        ("name:,", "Nothing to look for after name:"),
        ('model:=""', "Nothing to look for after model:="),
        ("name:<5", "name: cannot be compared by <; quote a text that begins with it."),
        ("stats:done", "There is no field 'stats': did you mean status?"),
        ("ft:gpt-4o:acme", "There is no field 'ft': to look for the text, write \"ft:gpt-4o:acme\"."),
        (":x", "There is no field '': to look for the text, write \":x\"."),
        ("metal:x", "There is no field 'metal': did you mean meta.KEY?"),
        ("meta.:x", "There is no field 'meta.': did you mean meta.KEY?"),
        ("age:<2", "age: takes a time with its unit (s m h d w), such as age:<1d, not '2'."),
        ("age:<2M", "age: takes a time with its unit (s m h d w), such as age:<1d, not '2M'."),
        ("age:", "age: takes a time with its unit (s m h d w), such as age:<1d."),
        ("failed:>many", "failed: takes a share or a number, such as failed:>1%, not 'many'."),
        ("cost:>5%", "cost: takes an amount, such as cost:>10, not '5%'."),
        ('cost:">5"', "cost: takes an amount, such as cost:>10, not '>5'."),
        ("requests:>-1", "requests: takes a number, such as requests:>10k, not '-1'."),
        ("requests:>" + "9" * 5000, "requests: takes a number, such as requests:>10k, not '" + "9" * 39 + "…'."),
        ("cost>5", "Write cost:>5 for the field, or quote the text."),
        ("!", "Nothing to look for."),
        ('""', "Nothing to look for."),
        ("status:\x1b[31m", "There is no status '␛[31m': try running, done, failed, active or ended."),
    ],
)
def test_a_bad_term_is_told_in_its_place_and_the_others_filter(term: str, sentence: str) -> None:
    query = parse(f"nightly {term}  !draft")
    assert query.faults == (Fault(term, 8, 8 + len(term), sentence),)
    assert str(query) == "nightly !draft"
    assert query.matches(BATCH, name="Nightly eval", now=NOW)
    assert not query.matches(BATCH, name="Nightly draft", now=NOW)


def test_an_open_quote_is_told_and_reaches_to_the_end() -> None:
    query = parse('red name:"nightly ev')
    assert query.faults == (Fault('name:"nightly ev', 4, 20, "The quote is not closed."),)
    assert str(query) == 'red name:"nightly ev"'
    assert query.matches(BATCH, name="nightly eval", now=NOW)
    assert not query.matches(BATCH, name="ev nightly", now=NOW)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  A   b ", "A b"),
        ("a a A", "a A"),
        ('"plain"', "plain"),
        ('two" words"', '"two words"'),
        ("STATUS:In_Progress,completed,done,canceled", "status:running,done,cancelled"),
        ("status:=done", "status:done"),
        ("META.Team:red", "meta.Team:red"),
        ('meta."a b":x', '"meta.a b":x'),
        ('name:"a,b",c', 'name:"a,b",c'),
        ("cost:$5", "cost:=5"),
        ("!cost:>5 !age:2d", "cost:<=5 !age:=2d"),
        ("!!x !!!y", "x !y"),
        ('"!x" "a:b" "\\"\\\\"', '"!x" "a:b" "\\"\\\\"'),
    ],
)
def test_the_normal_form(text: str, normal: str) -> None:
    query = parse(text)
    assert str(query) == normal
    assert not query.faults
    assert parse(normal).terms == query.terms


def test_a_query_without_terms_is_false_and_matches_all() -> None:
    assert not parse("") and not parse("nope:x")
    assert parse("").matches(BARE, name="", now=NOW) and Query().matches(BARE, name="", now=NOW)
    assert parse("x")


# Laws that hold for any text

_PIECES = st.sampled_from(
    ["status:", "running", "done", "name:", "meta.", "age:", "cost:", "failed:", "requests:", "<", ">=", "=", ",", "!",
     '"', "\\", " ", ":", "2d", "1%", "5", "10k", "a", "Å", "\0", "\n", "$"]
)  # fmt: skip
_TEXTS = st.lists(_PIECES | st.text(max_size=3), max_size=12).map("".join)


@settings(deadline=None)
@given(_TEXTS)
@example('"\\')
@example('!"')
@example("٣:٣ age:<٣d cost:>٣")
def test_no_text_raises_and_the_normal_form_reads_back(text: str) -> None:
    query = parse(text)
    assert parse(str(query)) == replace(query, faults=())
    end = 0
    for fault in query.faults:
        assert end <= fault.start < fault.end
        assert fault.term == text[fault.start : fault.end]
        assert fault.sentence == clean_line(fault.sentence)
        end = fault.end
    assert query.matches(BATCH, name="a", now=NOW) == parse(str(query)).matches(BATCH, name="a", now=NOW)


@settings(deadline=None)
@given(st.text(min_size=1))
def test_any_word_can_be_looked_for_in_quotes(word: str) -> None:
    quoted = word.replace("\\", "\\\\").replace('"', '\\"')
    assert found(f'"{quoted}"', name=f"<{word}>")
    assert found(f'name:="{quoted}"', name=word)
    assert not found(f'!"{quoted}"', name=f"<{word}>")


@settings(deadline=None)
@given(
    _TEXTS.filter(lambda text: '"' not in text),
    _TEXTS.filter(lambda text: '"' not in text),
    st.sampled_from([1.0, 9.0]),
)
def test_all_terms_must_hold(one: str, other: str, cost: float) -> None:
    both = parse(f"{one} {other}").matches(BATCH, name="a", now=NOW, cost=cost)
    each = [parse(text).matches(BATCH, name="a", now=NOW, cost=cost) for text in (one, other)]
    assert both is all(each)


@settings(deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 10**9), st.sampled_from(["<", "<=", ">", ">=", "="]))
def test_a_negated_comparison_is_the_opposite_where_the_value_is_known(total: int, limit: int, sign: str) -> None:
    batch = replace(BARE, counts=Counts(total=total))
    assert found(f"requests:{sign}{limit}", batch) is not found(f"!requests:{sign}{limit}", batch)


# Suggestions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("st", ["status:"]),
        ("!ST", ["!STatus:"]),
        ("me", ["meta."]),
        ("age:<1", ["age:<1h", "age:<1d"]),
        ("red status:run", ["red status:running"]),
        ("status:e", ["status:expired", "status:ended"]),
        ("status:expired,e", ["status:expired,ended"]),
        ("status:Done", []),
        ("requests:>1m", []),
        ("nope:x", []),
        ('"st', []),
        ("model:", []),
    ],
)
def test_suggestions_at_the_end(text: str, expected: list[str]) -> None:
    assert complete(text, len(text)) == expected


def test_suggestions_in_the_midst() -> None:
    assert complete("st red", 2) == ["status: red"]
    assert complete("status red", 2) == []
    assert complete(" red", 0) == [
        f"{key} red"
        for key in ["status:", "name:", "id:", "model:", "endpoint:", "age:", "failed:", "cost:", "requests:", "meta."]
    ]
    assert complete("st", 99) == ["status:"]
    assert complete("", -1)[0] == "status:"


@settings(deadline=None)
@given(_TEXTS, st.integers(-1, 40))
def test_a_suggestion_only_adds(text: str, cursor: int) -> None:
    at = min(max(cursor, 0), len(text))
    for suggestion in complete(text, cursor):
        assert suggestion.startswith(text[:at]) and suggestion.endswith(text[at:])
        assert len(suggestion) > len(text)


@pytest.mark.parametrize("text", ["cost:", "age:", "failed:", "requests:", "status:"])
def test_every_suggestion_for_a_value_is_valid(text: str) -> None:
    suggestions = complete(text, len(text))
    assert suggestions and not any(parse(suggestion).faults for suggestion in suggestions)


def test_ten_thousand_batches() -> None:
    """With -s it prints figures, beside those of a loop that only looks at each status; no time is asserted."""
    states = list(Status)
    batches = [
        replace(BATCH, id=f"batch_{place:032x}", status=states[place % 9], created_at=int(NOW) - place * 60)
        for place in range(10_000)
    ]
    began = time.thread_time()
    plain = sum(batch.status is Status.IN_PROGRESS for batch in batches)
    yardstick = time.thread_time() - began
    texts = Texts()
    for text in (
        "status:running",
        "nightly",
        "nightly eval",
        "model:gpt meta.team:red failed:>=1% cost:>4 nightly !draft",
    ):
        query = parse(text)
        began = time.thread_time()
        shown = len(query.among(batches, lambda _: "nightly eval", NOW, lambda _: 5.0, texts=texts))
        spent = time.thread_time() - began
        print(f"{spent * 1e3:6.1f} ms, {spent / yardstick:5.0f} times the yardstick: {text}")
        assert shown == (plain if text == "status:running" else len(batches))


def test_a_long_text_does_not_hang() -> None:
    query = parse(" ".join(f"word{number}" for number in range(20_000)))
    assert len(query.terms) == 20_000
