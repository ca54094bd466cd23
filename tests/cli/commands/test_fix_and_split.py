"""`mend` and `split`."""

import hashlib
from pathlib import Path

from tests.cli.conftest import Cli, MakeFile, request


def test_mend_writes_a_copy_and_says_what_it_changed(bare: Cli, home: Path) -> None:
    path = home / "bad.jsonl"
    content = b"\xef\xbb\xbf" + request(1) + b"\n" + request(2, stream=True) + request(3).replace(b"POST", b"post")
    path.write_bytes(content)
    ran = bare("mend", path, "-o", "good.jsonl", "--json")
    assert ran.code == 0
    assert set(ran.json) == {"changes", "out", "ok"}
    assert (ran.json["out"], ran.json["ok"]) == ("good.jsonl", True)
    assert [(change["line"], change["code"]) for change in ran.json["changes"]] == [
        (1, "byte_order_mark"), (2, "blank_line"), (3, "streaming_unsupported"), (4, "invalid_method"),
    ]  # fmt: skip
    assert path.read_bytes() == content
    assert bare("validate", "good.jsonl").code == 0


def test_mend_of_what_it_cannot_put_right_is_exit_1(bare: Cli, home: Path) -> None:
    (home / "bad.jsonl").write_bytes(b"\n" + request(1, model=7))
    ran = bare("mend", "bad.jsonl", "-o", "copy.jsonl", "--json")
    assert (ran.code, ran.json["ok"], len(ran.json["changes"])) == (1, False, 1)
    assert "invalid_type" in ran.err
    plain = bare("mend", "bad.jsonl", "-o", "copy.jsonl")
    assert "line 1  A blank line was left out." in plain.out


def test_mend_never_touches_its_file(bare: Cli, home: Path) -> None:
    (home / "bad.jsonl").write_bytes(b"\n" + request(1))
    ran = bare("mend", "bad.jsonl", "-o", "bad.jsonl")
    assert (ran.code, ran.out) == (2, "")
    assert (home / "bad.jsonl").read_bytes() == b"\n" + request(1)
    assert bare("mend", "none.jsonl", "-o", "x.jsonl").code == 2
    assert bare("mend", "bad.jsonl", "-o", "no/such/folder.jsonl").code == 2


def test_split_writes_parts_within_the_limits(bare: Cli, make_file: MakeFile, home: Path) -> None:
    path = make_file(10)
    ran = bare("split", path, "-o", "parts/deep", "--max-requests", "4", "--json")
    assert ran.code == 0
    assert set(ran.json) == {"parts"}
    parts = ran.json["parts"]
    assert all(set(part) == {"file", "requests", "bytes", "sha256"} for part in parts)
    assert [part["requests"] for part in parts] == [4, 4, 2]
    contents = [(home / part["file"]).read_bytes() for part in parts]
    assert b"".join(contents) == path.read_bytes()
    assert [part["bytes"] for part in parts] == [len(content) for content in contents]
    assert [part["sha256"] for part in parts] == [hashlib.sha256(content).hexdigest() for content in contents]
    assert all(part["file"].startswith("parts/deep/") for part in parts)
    half = bare("split", path, "--max-bytes", path.stat().st_size // 2 + 100, "--json").json["parts"]
    assert len(half) == 2
    assert Path(half[0]["file"]).parent == home


def test_split_under_a_token_budget(bare: Cli, make_file: MakeFile, home: Path) -> None:
    path = make_file(12)
    whole = bare("validate", path, "--json").json["estimate"]["input_tokens"]
    ran = bare("split", path, "--max-tokens", whole // 3, "--json")
    assert ran.code == 0
    files = [part["file"] for part in ran.json["parts"]]
    assert len(files) > 2
    assert b"".join((home / file).read_bytes() for file in files) == path.read_bytes()
    for file in files:
        assert bare("validate", file, "--json").json["estimate"]["input_tokens"] <= whole // 3
    ran = bare("split", path, "--max-tokens", "3")
    assert ran.code == 1
    assert "Line 1 alone has " in ran.err


def test_split_takes_the_profiles_limits(bare: Cli, make_file: MakeFile, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[profiles.a.limits]\nmax_requests = 3\n")
    assert len(bare("split", make_file(7), "--json").json["parts"]) == 3


def test_what_cannot_be_split(bare: Cli, make_file: MakeFile, home: Path) -> None:
    ran = bare("split", make_file(3), "--max-bytes", "50")
    assert ran.code == 1
    assert "Line 1 alone" in ran.err
    (home / "taken").touch()
    assert bare("split", make_file(3), "-o", "taken").code == 2
    assert bare("split", "none.jsonl").code == 2
