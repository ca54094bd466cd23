"""What a request line must be, one function a rule, in the server's own codes and words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tui.files.duplicate_ids import Repeat
from tui.requests import strict_json
from tui.requests.endpoints import ENDPOINTS, possible
from tui.requests.limits import Limits
from tui.requests.problem import Fault, missing, quote, wrong_type
from tui.requests.strict_json import Line

BOM: Final = b"\xef\xbb\xbf"


def read(raw: bytes | bytearray) -> Line | Fault:
    """A line must be an object of JSON, in UTF-8."""
    try:
        return strict_json.read_line(raw)
    except strict_json.NotUtf8Error as error:
        return Fault("invalid_utf8", "This line is not valid UTF-8.", None, f"At {error}.")
    except strict_json.MalformedError as error:
        reason = str(error)
        detail = f"{reason[:1].upper()}{reason[1:]}."
        return Fault("invalid_json_line", "This line is not parseable as valid JSON.", None, detail)
    except strict_json.NotAnObjectError as error:
        return wrong_type("line", "an object", error.kind)._replace(param=None)


def string_key(line: Line, key: str) -> Fault | None:
    """A key of the line must be there, and a string."""
    kind = strict_json.kind(getattr(line, key))
    if not kind:
        return missing(key)
    return None if kind == "string" else wrong_type(key, "a string", kind)


def custom_id(line: Line) -> Fault | None:
    """A string with at least one character; that it is unique is for `Checker` to say."""
    fault = string_key(line, "custom_id")
    return missing("custom_id") if fault is None and not strict_json.text(line.custom_id) else fault


def method(line: Line, *, optional: bool = False) -> Fault | None:
    """POST, and nothing else; where it is `optional`, it may be absent."""
    if optional and not strict_json.kind(line.method):
        return None
    fault = string_key(line, "method")
    if fault or (value := strict_json.text(line.method)) == "POST":
        return fault
    return Fault("invalid_method", f"Invalid method: {quote(value)}. Only POST is supported.", "method")


def url(line: Line, endpoint: str | None, *, others: bool = False, optional: bool = False) -> Fault | None:
    """The batch's endpoint; while that is not known (None), one of `ENDPOINTS`, or with `others` any that can be.

    Where it is `optional`, it may be absent.
    """
    if optional and not strict_json.kind(line.url):
        return None
    fault = string_key(line, "url")
    if fault:
        return fault
    value = strict_json.text(line.url)
    if may_be(value, others) if endpoint is None else value == endpoint:
        return None
    if endpoint is None:
        return unknown_endpoint(value, "url")
    message = "The URL provided for this request does not match the batch endpoint."
    return Fault("invalid_url", message, "url", f"It is {quote(value)}, the endpoint is {quote(endpoint)}.")


def no_endpoint() -> Fault:
    """Of a file whose lines have no url, and need none."""
    message = "The lines have no url, so the endpoint must be given."
    return Fault("missing_endpoint", message, "endpoint", "Give it as --endpoint, or on the screen in its field.")


def may_be(endpoint: str, others: bool) -> bool:
    """Whether it is one of `ENDPOINTS`, or with `others` any that some provider can have."""
    return endpoint in ENDPOINTS or (others and possible(endpoint))


def unknown_endpoint(value: str, param: str) -> Fault:
    """No endpoint that takes batches."""
    supported = ", ".join(f"'{endpoint}'" for endpoint in ENDPOINTS)
    return Fault("unknown_endpoint", f"Invalid value: {quote(value)}. Supported values are: {supported}.", param)


def body(line: Line) -> Fault | None:
    """An object."""
    kind = strict_json.kind(line.body)
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
