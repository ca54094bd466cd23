"""What a request line must be, one function a rule, in the server's own codes and words.

`Checker` puts the rules to work, for one line at a time or for many: on a file, and on what the demo server was sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from tui.requests import bodies, reading
from tui.requests.endpoints import ENDPOINTS, possible, usual
from tui.requests.ids import Ids, Repeat
from tui.requests.limits import Limits
from tui.requests.problem import Fault, Problem, cut, missing, quote, wrong_type
from tui.requests.reading import Line
from tui.requests.sieve import Sieve

__all__ = ["BOM", "ENDPOINTS", "Checker", "Limits", "Problem", "is_blank"]

BOM: Final = b"\xef\xbb\xbf"


def string_key(line: Line, key: str) -> Fault | None:
    """A key of the line must be there, and a string."""
    kind = reading.kind(getattr(line, key))
    if not kind:
        return missing(key)
    return None if kind == "string" else wrong_type(key, "a string", kind)


def custom_id(line: Line) -> Fault | None:
    """A string with at least one character; that it is unique is for `Checker` to say."""
    fault = string_key(line, "custom_id")
    return missing("custom_id") if fault is None and not reading.text(line.custom_id) else fault


def method(line: Line) -> Fault | None:
    """POST, and nothing else."""
    fault = string_key(line, "method")
    if fault or (value := reading.text(line.method)) == "POST":
        return fault
    return Fault("invalid_method", f"Invalid method: {quote(value)}. Only POST is supported.", "method")


def url(line: Line, endpoint: str | None, *, others: bool = False) -> Fault | None:
    """The batch's endpoint; while that is not known (None), one of `ENDPOINTS`, or with `others` any that can be."""
    fault = string_key(line, "url")
    if fault:
        return fault
    value = reading.text(line.url)
    if _may_be(value, others) if endpoint is None else value == endpoint:
        return None
    if endpoint is None:
        return unknown_endpoint(value, "url")
    message = "The URL provided for this request does not match the batch endpoint."
    return Fault("invalid_url", message, "url", f"It is {quote(value)}, the endpoint is {quote(endpoint)}.")


def _may_be(endpoint: str, others: bool) -> bool:
    return endpoint in ENDPOINTS or (others and possible(endpoint))


def unknown_endpoint(value: str, param: str) -> Fault:
    """No endpoint that takes batches."""
    supported = ", ".join(f"'{endpoint}'" for endpoint in ENDPOINTS)
    return Fault("unknown_endpoint", f"Invalid value: {quote(value)}. Supported values are: {supported}.", param)


def body(line: Line) -> Fault | None:
    """An object."""
    kind = reading.kind(line.body)
    if not kind:
        return missing("body")
    return None if kind == "object" else wrong_type("body", "an object", kind)


def repeated(repeat: Repeat) -> Fault:
    """The custom_id of an earlier line."""
    message = (
        "The custom_id for this request is a duplicate of another request. "
        "The custom_id parameter must be unique for each request in a batch."
    )
    return Fault("duplicate_custom_id", message, "custom_id", f"Line {repeat.first:,} has it too.")


def file_faults(requests: int, inputs: int, size: int | None, limits: Limits) -> Iterator[Fault]:
    """Of a file as a whole: its requests, embeddings inputs and bytes (None: not known) against the limits."""
    if not requests:
        message = "The input file is empty. Please ensure that the batch contains at least one request."
        yield Fault("empty_file", message)
    if requests > limits.max_requests:
        yield Fault("too_many_requests", f"The file has {requests:,} requests; the limit is {limits.max_requests:,}.")
    if inputs > limits.max_embedding_inputs:
        message = f"The file has {inputs:,} embeddings inputs; the limit is {limits.max_embedding_inputs:,}."
        yield Fault("too_many_inputs", message, "body.input")
    if size is not None and size > limits.max_bytes:
        detail = f"It has {size:,} bytes; the limit is {limits.max_bytes:,}."
        yield Fault("file_too_large", "File is too large.", None, detail)


def is_blank(raw: bytes | bytearray) -> bool:
    """Whether a line has nothing but JSON's white space: it is no request, and ignored."""
    return not raw or (raw[0] in b" \t\r\n" and not raw.strip(b" \t\r\n"))


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
        # Where one line is wrong the next often is: then trying the fast way first only costs.
        self._wrong = False
        self._sieve = Sieve()
        self._others = bool(self.limits.other_endpoints)
        self._unknown = endpoint if endpoint is not None and not _may_be(endpoint, self._others) else None

    def check(self, raw: bytes | bytearray, line: int, offset: int | None = None) -> list[Problem]:
        """Everything wrong with one line (without its newline, not blank); `line` counts from 1.

        That an earlier line has the same custom_id is left to `finish`.
        """
        if self.take(raw, line):
            return []
        self.requests += 1
        faults, name = list[Fault](), None
        if line == 1 and raw.startswith(BOM):
            faults.append(Fault("byte_order_mark", "The file starts with a byte order mark; it must be plain UTF-8."))
            raw = raw[len(BOM) :]
        try:
            read = reading.read_line(raw)
        except reading.NotUtf8Error as error:
            faults.append(Fault("invalid_utf8", "This line is not valid UTF-8.", None, f"At {error}."))
        except reading.MalformedError as error:
            reason = str(error)
            detail = f"{reason[:1].upper()}{reason[1:]}."
            faults.append(Fault("invalid_json_line", "This line is not parseable as valid JSON.", None, detail))
        except reading.NotAnObjectError as error:
            faults.append(wrong_type("line", "an object", error.kind)._replace(param=None))
        else:
            faults += self._line_faults(read, line)
            name = reading.text(read.custom_id) if reading.kind(read.custom_id) == "string" else None
        self._wrong = bool(faults)
        cut_name = None if name is None else cut(name, 200)
        return [Problem(line, f.code, f.message, f.param, cut_name, offset, f.detail) for f in faults]

    def take(self, lines: bytes | bytearray, line: int) -> int:
        """Takes whole lines at once, the first being `line`, if all are right; how many, 0 if some may be wrong."""
        if self._wrong or not self.endpoint or not (good := self._sieve.good(lines, self.endpoint)):
            return 0
        models = Counter(good.models)
        if self.limits.one_model and (len(models) > 1 or self.model not in models):
            return 0
        self.requests += len(good.custom_ids)
        self.ids.extend(good.custom_ids, line)
        self.inputs += good.inputs
        for name, number in models.items():
            self._count_model(name, number)
        return len(good.custom_ids)

    def finish(self, size: int | None = None, most: int = 1000) -> list[Problem]:
        """What is wrong with the file as a whole, then up to `most` lines that repeat a custom_id, in line order.

        `size` is that of the file in bytes, if it is to be checked. Two different custom_ids are taken for the same
        with a chance of one in ten billion among 50,000; `validate` looks at the file to be sure.
        """
        faults = list(self.file_faults(size))
        _, repeats = self.ids.repeats(most)
        return [Problem(None, *fault[:3], detail=fault.detail) for fault in faults] + [
            Problem(repeat.line, *fault[:3], detail=fault.detail)
            for repeat, fault in ((repeat, repeated(repeat)) for repeat in repeats)
        ]

    def file_faults(self, size: int | None) -> Iterator[Fault]:
        """Of the file as a whole, once every line was checked."""
        if self._unknown is not None:
            yield unknown_endpoint(self._unknown, "endpoint")
        yield from file_faults(self.requests, self.inputs, size, self.limits)

    @property
    def unusual(self) -> Fault | None:
        """Of an endpoint that is taken for right though OpenAI does not have it."""
        if not self._others or self._unknown is not None or self.endpoint is None or self.endpoint in ENDPOINTS:
            return None
        message = (
            f"{quote(self.endpoint)} is not one of OpenAI's endpoints; whether it is one here, only the server knows."
        )
        return Fault("unknown_endpoint", message, "url")

    def _line_faults(self, read: Line, line: int) -> Iterator[Fault]:
        fault = url(read, self.endpoint, others=self._others)
        if not fault and self.endpoint is None:
            self.endpoint = reading.text(read.url)
        yield from filter(None, (custom_id(read), method(read), fault, body(read)))
        if reading.kind(read.custom_id) == "string" and (name := reading.text(read.custom_id)):
            self.ids.extend([name], line)
        if reading.kind(read.body) == "object":
            # At another endpoint's url nobody can tell which of them the body is meant for: the url is problem enough.
            elsewhere = fault and reading.kind(read.url) == "string" and reading.text(read.url) in ENDPOINTS
            yield from self._body_faults(reading.read_body(read.body), None if elsewhere else self.endpoint)

    def _body_faults(self, read: reading.Body, endpoint: str | None) -> Iterator[Fault]:
        fault = bodies.model(read)
        if not fault:
            name = reading.text(read.model)
            self.model = self.model or name
            self._count_model(name, 1)
            fault = bodies.same_model(name, self.model) if self.limits.one_model else None
        yield from filter(None, (fault, bodies.stream(read, endpoint), bodies.payload(read, endpoint)))
        if usual(endpoint) == "/v1/embeddings":
            self.inputs += bodies.embedding_inputs(read)

    def _count_model(self, name: str, number: int) -> None:
        self.model = self.model or name
        name = cut(name, 200)
        if name in self.models or len(self.models) < 1000:
            self.models[name] += number
