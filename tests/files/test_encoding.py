"""Files that are not UTF-8: named in one sentence, and UTF-16 converted."""

import gzip
from pathlib import Path

import pytest

from tests.requests.samples import CHAT, lines, request
from tui.files.source import Unreadable
from tui.requests.fix import Unmendable, mend, preview
from tui.requests.split import Unsplittable, split
from tui.requests.validate import validate

TEXT = lines(*[request(str(number), CHAT) for number in range(200)]).decode()


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_utf16_is_one_problem_and_can_be_mended(tmp_path: Path, codec: str, mark: str) -> None:
    path, out = tmp_path / "wide.jsonl", tmp_path / "mended.jsonl"
    path.write_bytes((mark + TEXT).encode(codec))
    report = validate(path)
    assert (report.ok, report.problem_count, report.requests) == (False, 1, 0)
    assert report.encoding is not None
    assert report.problems[0].message.startswith(f"The file is {codec.upper().replace('UTF-16-', 'UTF-16 ')};")
    with pytest.raises(Unsplittable, match="must be UTF-8"):
        split(path)
    assert preview(path).change_count == 1
    assert mend(path, out).counts_by_code == {"wrong_encoding": 1}
    assert out.read_text() == TEXT
    assert validate(out).ok


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (TEXT.encode("utf-32"), "UTF-32"),
        (TEXT.encode("utf-32-be"), "UTF-32"),
        (TEXT.encode("utf-32-le"), "UTF-32"),
        (gzip.compress(TEXT.encode()), "gzip"),
        (b"PK\x03\x04 and more", "zip"),
        (b"\x28\xb5\x2f\xfd and more", "zstd"),
    ],
)
def test_what_is_not_converted_is_named(tmp_path: Path, content: bytes, name: str) -> None:
    path = tmp_path / "other.jsonl"
    path.write_bytes(content)
    report = validate(path)
    assert (report.problem_count, report.requests) == (1, 0)
    assert name in report.problems[0].message
    with pytest.raises(Unmendable, match=name):
        mend(path, tmp_path / "mended.jsonl")
    assert [found.name for found in tmp_path.iterdir()] == ["other.jsonl"]


def test_half_a_character_at_the_end_is_told(tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl"
    path.write_bytes(TEXT.encode("utf-16-le")[:-1])
    with pytest.raises(Unreadable, match="not UTF-16 to its end"):
        mend(path, tmp_path / "mended.jsonl")


def test_a_mark_of_utf8_is_as_before(tmp_path: Path) -> None:
    path = tmp_path / "marked.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    report = validate(path)
    assert (report.requests, dict(report.counts_by_code)) == (200, {"byte_order_mark": 1})
