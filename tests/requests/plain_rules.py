"""The rules once more, as plainly as can be: what the fast validator is held against."""

import json
from typing import Any

NEEDS = {
    "/v1/responses": ("input", (str, list)),
    "/v1/chat/completions": ("messages", (list,)),
    "/v1/embeddings": ("input", (str, list)),
    "/v1/completions": ("prompt", (str, list)),
    "/v1/moderations": ("input", (str, list)),
    "/v1/images/generations": ("prompt", (str,)),
    "/v1/images/edits": ("prompt", (str,)),
    "/v1/videos": ("prompt", (str,)),
}


def loads(raw: bytes) -> Any:
    """Strict JSON; ValueError otherwise."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        # Also the values that a key had before.
        json.dumps(pairs, ensure_ascii=False).encode()
        return dict(pairs)

    value = json.loads(raw.decode(), parse_constant=refuse, object_pairs_hook=unique)
    json.dumps(value, ensure_ascii=False).encode()
    return value


class Plain:
    """Codes of the problems of a file, as a set of (line, code, param), None being the line of the whole file."""

    def __init__(
        self,
        content: bytes,
        endpoint: str | None = None,
        one_model: bool = True,
        optional: frozenset[str] = frozenset(),
        stream: bool = False,
    ) -> None:
        self.endpoint, self.one_model, self.optional, self.stream = endpoint, one_model, optional, stream
        self.without_url = False
        self.model: str | None = None
        self.found: list[tuple[int | None, str, str | None]] = []
        self.requests = self.blank = self.inputs = 0
        self.seen: set[str] = set()
        for number, raw in enumerate(content.removesuffix(b"\n").split(b"\n") if content else [], 1):
            if not raw.strip(b" \t\r"):
                self.blank += 1
                continue
            self.requests += 1
            self.line = number
            self.check(raw)
        if self.without_url and self.endpoint is None:
            self.found.append((None, "missing_endpoint", "endpoint"))
        if not self.requests:
            self.found.append((None, "empty_file", None))

    def say(self, code: str, param: str | None = None) -> None:
        self.found.append((self.line, code, param))

    def check(self, raw: bytes) -> None:
        if self.line == 1 and raw.startswith(b"\xef\xbb\xbf"):
            self.say("byte_order_mark")
            raw = raw[3:]
        try:
            value = loads(raw)
        except UnicodeDecodeError:
            return self.say("invalid_utf8")
        except ValueError:
            return self.say("invalid_json_line")
        if not isinstance(value, dict):
            return self.say("invalid_type")
        for key, wanted in (("custom_id", str), ("method", str), ("url", str), ("body", dict)):
            if key in self.optional and key not in value:
                self.without_url |= key == "url"
            elif key not in value or (key == "custom_id" and value[key] == ""):
                self.say("missing_required_parameter", key)
            elif type(value[key]) is not wanted:
                self.say("invalid_type", key)
        custom_id = value.get("custom_id")
        if isinstance(custom_id, str) and custom_id:
            if custom_id in self.seen:
                self.say("duplicate_custom_id", "custom_id")
            self.seen.add(custom_id)
        if isinstance(value.get("method"), str) and value["method"] != "POST":
            self.say("invalid_method", "method")
        self.url(value.get("url"))
        if isinstance(value.get("body"), dict):
            self.body(value["body"], value.get("url"))
        return None

    def url(self, url: Any) -> None:
        if not isinstance(url, str):
            return
        if self.endpoint is None:
            if url in NEEDS:
                self.endpoint = url
            else:
                self.say("unknown_endpoint", "url")
        elif url != self.endpoint:
            self.say("invalid_url", "url")

    def body(self, body: dict[str, Any], url: Any) -> None:
        model = body.get("model")
        if model is None and "model" in self.optional:
            pass
        elif model is None or model == "":
            self.say("invalid_request", "body.model")
        elif not isinstance(model, str):
            self.say("invalid_type", "body.model")
        else:
            self.model = self.model or model
            if self.one_model and model != self.model:
                self.say("mismatched_model", "body.model")
        stream = body.get("stream")
        if stream is True and self.stream:
            pass
        elif stream is True:
            self.say("streaming_unsupported", "body.stream")
        elif stream not in (None, False) or type(stream) in (int, float):
            self.say("invalid_type", "body.stream")
        elsewhere = isinstance(url, str) and url in NEEDS and url != self.endpoint
        if self.endpoint in NEEDS and not elsewhere:
            self.payload(body, self.endpoint)

    def payload(self, body: dict[str, Any], endpoint: str) -> None:
        name, kinds = NEEDS[endpoint]
        value = body.get(name)
        if endpoint == "/v1/embeddings":
            counted = isinstance(value, list) and not (value and type(value[0]) in (int, float))
            self.inputs += len(value) if counted and isinstance(value, list) else 1
        if value is None:
            instead = ("prompt", "conversation", "previous_response_id") if endpoint == "/v1/responses" else ()
            if all(body.get(other) is None for other in instead):
                self.say("invalid_request", f"body.{name}")
        elif not isinstance(value, kinds):
            self.say("invalid_type", f"body.{name}")
        elif not value and endpoint != "/v1/completions":
            self.say("invalid_request", f"body.{name}")
        elif name == "messages":
            wrong = [index for index, message in enumerate(value) if not isinstance(message, dict)]
            if wrong:
                self.say("invalid_type", f"body.messages[{wrong[0]}]")
