"""Sample input files to try lazybatch on, good or bad."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tui.demo.engine.records import Recipe
from tui.demo.seed import recipes

_CHAT = "/v1/chat/completions"

_GOOD = {
    "reviews-200.jsonl": Recipe("labels", 200, 11, "gpt-4o-mini"),
    "translate-ja-120.jsonl": Recipe("translations", 120, 12, "gpt-4.1-mini"),
    "embed-docs-300.jsonl": Recipe("embeddings", 300, 13, "text-embedding-3-small"),
    "questions-responses-150.jsonl": Recipe("responses", 150, 14, "gpt-5-mini"),
}

_AWKWARD: list[tuple[str, str]] = [
    ("plain", "Repeat this: nothing special here."),
    ("\x1b[31mred\x1b[0m", "Repeat this: \x1b[31mred\x1b[0m \x1b]0;a new title\x07 \x1b[2J \x9b31m, a bell \x07."),
    ("osc-52", "Repeat this: \x1b]52;c;bGF6eWJhdGNo\x07 would set the clipboard."),
    ("[/markup]", "Repeat this: [bold]not bold[/bold] [/markup] [@click=app.quit]do not click[/] [red"),
    ("請求-0001", "Repeat this: 全角文字と絵文字の幅を確かめます。한국어도 있습니다."),
    ("naïve-café-🚀", "Repeat this: 👩‍👩‍👧‍👦 🇯🇵 ✂️ e\u0301 ﷽"),
    ("bidi-\u202eevil", "Repeat this: safe\u202etxt.exe and \u2066isolated\u2069 and \u200b zero width."),
    ("tab\tand\nnewline", "Repeat this: a\tb\r\nc\u2028d\u0000e"),
    ("x" * 400, "Repeat this: " + "a very long line without an end " * 60),
    ('=HYPERLINK("http://127.0.0.1")', "Repeat this: =1+1 and +cmd|' /C calc'!A0"),
    ("two-megabytes", "Write 2 MB of text."),
]


def write_samples(folder: Path) -> list[Path]:
    """Writes the sample files to ``folder``, made if need be; returns their paths, the good ones first.

    Raises OSError from the disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, recipe in _GOOD.items():
        recipes.write(recipe, folder / name)
        made.append(folder / name)
    for name, content in (("awkward.jsonl", awkward()), ("problems.jsonl", problems()), ("empty.jsonl", b"")):
        (folder / name).write_bytes(content)
        made.append(folder / name)
    return made


def awkward() -> bytes:
    """A valid chat file whose custom_ids and answers are hard to show: escapes, markup, wide and joined characters."""
    return b"".join(_line(custom_id, _body(prompt)) for custom_id, prompt in _AWKWARD)


def problems() -> bytes:
    """A chat file with a good first and last line; nearly every other has something that validation refuses."""
    body = _body("Classify the sentiment: The kettle works exactly as described.")
    without_model = {key: value for key, value in body.items() if key != "model"}
    return b"".join(
        [
            _line("review-1", body),
            b'{"custom_id": "review-2", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "gpt-4o",\n',
            _line("review-1", body),
            _line("review-4", body, url="/v1/embeddings"),
            _line("review-5", {**body, "stream": True}),
            _line("review-6", without_model),
            _line(7, body),
            b"\n",
            _line("review-9", body, method="GET"),
            _json({"custom_id": "review-10", "method": "POST", "url": _CHAT}),
            _line("review-11", {"model": "gpt-4o-mini"}),
            _line("review-12", {**body, "model": "gpt-4o"}),
            _json({"method": "POST", "url": _CHAT, "body": body}),
            b'{"custom_id": "review-14", "method": "POST", "note": "caf\xe9"}\n',
            _line("review-15", body),
        ]
    )


def _body(prompt: str) -> dict[str, Any]:
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}]}


def _line(custom_id: object, body: dict[str, Any], *, url: str = _CHAT, method: str = "POST") -> bytes:
    return _json({"custom_id": custom_id, "method": method, "url": url, "body": body})


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"
