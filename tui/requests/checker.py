"""Puts the rules to work, for one line at a time or for many: on a file, and on what the demo server was sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from tui.files.duplicate_ids import Ids
from tui.requests import body_rules, rules, strict_json
from tui.requests.endpoints import ENDPOINTS, usual
from tui.requests.fast_path.blocks import Sieve
from tui.requests.fast_path.line_shape import Look, look_at, looked_at
from tui.requests.limits import Limits
from tui.requests.problem import Fault, Problem, Wrong, cut, quote

# Each may take a few hundred bytes.
_MOST_VERDICTS: Final = 1000


class _Verdict(NamedTuple):
    """What the rules say of a line, and what of it counts for the whole file."""

    faults: tuple[Fault, ...]
    model: str | None = None
    inputs: int = 0
    """Of embeddings."""


class Checker:
    """Holds the lines of one file to the rules, in their order, and keeps what the rules about the whole file need.

    Without an `endpoint` it is that of the first line which names one of `ENDPOINTS`; `model` is that of the first line
    that has one. Not safe for threads.
    """

    def __init__(self, endpoint: str | None = None, limits: Limits | None = None) -> None:
        self.endpoint = endpoint
        self.limits = limits or Limits()
        self.model: str | None = None
        self.requests = 0
        """Lines that are not blank, whether right or wrong."""
        self.inputs = 0
        """Embeddings inputs, summed."""
        self.models: Counter[str] = Counter()
        """Requests of each model, of at most 1,000 models; names cut to 200 characters."""
        self.ids = Ids()
        # What was said of lines by what is seen of them.
        self._verdicts: dict[Look, _Verdict] = {}
        # Where one line is wrong the next often is, and so with one that is wrong in an unusual way: then trying a
        # faster way first only costs.
        self._wrong = self._odd = False
        self._sieve = Sieve()
        self._others = bool(self.limits.other_endpoints)
        self._optional = self.limits.optional
        # Whether a line is without a url, which is to say what the endpoint is.
        self._without_url = False
        self._unknown = endpoint if endpoint is not None and not rules.may_be(endpoint, self._others) else None

    def check(self, raw: bytes | bytearray, line: int, offset: int | None = None) -> Wrong:
        """Everything wrong with one line (without its newline, not blank), if anything; `line` counts from 1.

        That an earlier line has the same custom_id is left to `finish`.
        """
        seen = None if self._odd else look_at(raw, self.endpoint)
        if seen is None or self._may_name_it(seen[1]):
            custom_id, verdict = self._judged(raw, line)
            self._odd = bool(verdict.faults)
        else:
            custom_id, look = seen
            verdict = self._verdicts.get(look) or self._learn(look, raw, line)
        self._note(verdict, 1)
        if custom_id:
            self.ids.extend([custom_id], line)
        self._wrong = bool(verdict.faults)
        return Wrong(line, offset, custom_id, verdict.faults)

    def take(self, lines: bytes | bytearray, line: int) -> int:
        """Takes whole lines at once, the first being `line`, if all are right; how many, 0 if some may be wrong."""
        if self._wrong or not self.endpoint or not (good := self._sieve.good(lines, self.endpoint, self.limits)):
            return 0
        models = Counter(good.models)
        if self.limits.one_model and models and (len(models) > 1 or self.model not in models):
            return 0
        self.requests += len(good.custom_ids)
        self.ids.extend(good.custom_ids, line)
        self.inputs += good.inputs
        for name, number in models.items():
            self._count_model(name, number)
        return len(good.custom_ids)

    def sort_out(self, lines: bytes | bytearray, line: int, offset: int) -> tuple[int, list[Wrong]]:
        """Takes whole lines at once, right and wrong, the first being `line` and at `offset`: how many, the wrong ones.

        0 where some must be checked one by one.
        """
        self._odd = False
        seen = looked_at(lines, self.endpoint)
        if seen is None or not seen.looks or any(map(self._may_name_it, {*seen.looks})):
            return 0, []
        wrong, verdicts, start = list[Wrong](), list[_Verdict](), 0
        for number, (name, look) in enumerate(zip(seen.custom_ids, seen.looks, strict=True), line):
            end = lines.find(b"\n", start) + 1 or len(lines)
            verdict = self._verdicts.get(look) or self._learn(look, lines[start:end].removesuffix(b"\n"), number)
            verdicts.append(verdict)
            if name:
                self.ids.extend([name], number)
            if verdict.faults:
                wrong.append(Wrong(number, offset + start, name, verdict.faults))
            start = end
        said = dict(zip(seen.looks, verdicts, strict=True))
        for look, times in Counter(seen.looks).items():
            self._note(said[look], times)
        self._wrong = bool(verdicts[-1].faults)
        return len(seen.looks), wrong

    def finish(self, size: int | None = None, most: int = 1000) -> list[Problem]:
        """What is wrong with the file as a whole, then up to `most` lines that repeat a custom_id, in line order.

        `size` is that of the file in bytes, if it is to be checked. Two different custom_ids are taken for the same
        with a chance of one in ten billion among 50,000; `validate` looks at the file to be sure.
        """
        faults = list(self.file_faults(size))
        _, repeats = self.ids.repeats(most)
        return [Problem(None, *fault[:3], detail=fault.detail) for fault in faults] + [
            Problem(repeat.line, *fault[:3], detail=fault.detail)
            for repeat, fault in ((repeat, rules.repeated(repeat)) for repeat in repeats)
        ]

    def file_faults(self, size: int | None) -> Iterator[Fault]:
        """Of the file as a whole, once every line was checked."""
        if self._unknown is not None:
            yield rules.unknown_endpoint(self._unknown, "endpoint")
        if self.endpoint is None and self._without_url:
            yield rules.no_endpoint()
        yield from rules.file_faults(self.requests, self.inputs, size, self.limits)

    @property
    def unusual(self) -> Fault | None:
        """Of an endpoint that is taken for right though OpenAI does not have it."""
        if not self._others or self._unknown is not None or self.endpoint is None or self.endpoint in ENDPOINTS:
            return None
        message = (
            f"{quote(self.endpoint)} is not one of OpenAI's endpoints; whether it is one here, only the server knows."
        )
        return Fault("unknown_endpoint", message, "url")

    def _may_name_it(self, look: Look) -> bool:
        """Whether the line would say what the endpoint is: what is said of lines is not the same from there on."""
        return self.endpoint is None and isinstance(look.url, str) and rules.may_be(look.url, self._others)

    def _learn(self, look: Look, raw: bytes | bytearray, line: int) -> _Verdict:
        """What is said of all lines that look like this one."""
        if len(self._verdicts) >= _MOST_VERDICTS:
            self._verdicts.clear()
        _, verdict = self._judged(raw, line)
        self._verdicts[look] = verdict
        return verdict

    def _judged(self, raw: bytes | bytearray, line: int) -> tuple[str | None, _Verdict]:
        """The custom_id of one line, if that is a string, and what the rules say of the line."""
        faults = list[Fault]()
        if line == 1 and raw.startswith(rules.BOM):
            faults.append(Fault("byte_order_mark", "The file starts with a byte order mark; it must be plain UTF-8."))
            raw = raw[len(rules.BOM) :]
        read = rules.read(raw)
        if isinstance(read, Fault):
            return None, _Verdict((*faults, read))
        fault = rules.url(read, self.endpoint, others=self._others, optional="url" in self._optional)
        if not fault and not strict_json.kind(read.url):
            self._without_url = True
        elif not fault and self.endpoint is None:
            self.endpoint = strict_json.text(read.url)
            self._verdicts.clear()
        faults += filter(
            None,
            (rules.custom_id(read), rules.method(read, optional="method" in self._optional), fault, rules.body(read)),
        )
        name = strict_json.text(read.custom_id) if strict_json.kind(read.custom_id) == "string" else None
        if strict_json.kind(read.body) != "object":
            return name, _Verdict(tuple(faults))
        # At another endpoint's url nobody can tell which of them the body is meant for: the url is problem enough.
        elsewhere = fault and strict_json.kind(read.url) == "string" and strict_json.text(read.url) in ENDPOINTS
        of_body = self._body_judged(strict_json.read_body(read.body), None if elsewhere else self.endpoint)
        return name, of_body._replace(faults=(*faults, *of_body.faults))

    def _body_judged(self, read: strict_json.Body, endpoint: str | None) -> _Verdict:
        name, fault = None, body_rules.model(read, optional="model" in self._optional)
        if not fault and strict_json.kind(read.model) == "string":
            name = strict_json.text(read.model)
            self.model = self.model or name
            fault = body_rules.same_model(name, self.model) if self.limits.one_model else None
        stream = body_rules.stream(read, endpoint, allowed=self.limits.stream)
        faults = filter(None, (fault, stream, body_rules.payload(read, endpoint)))
        inputs = body_rules.embedding_inputs(read) if usual(endpoint) == "/v1/embeddings" else 0
        return _Verdict(tuple(faults), name, inputs)

    def _note(self, verdict: _Verdict, times: int) -> None:
        """So many lines of this verdict are there."""
        self.requests += times
        self.inputs += times * verdict.inputs
        if verdict.model is not None:
            self._count_model(verdict.model, times)

    def _count_model(self, name: str, number: int) -> None:
        self.model = self.model or name
        name = cut(name, 200)
        if name in self.models or len(self.models) < 1000:
            self.models[name] += number
