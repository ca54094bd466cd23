"""What can go wrong between us and a server: its kind, its sentence, whether the work may have been done."""

import asyncio
import gc
import json
import ssl
import subprocess
import sys
import time
import traceback
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT
from tests.conftest import KEY, OddServer
from tui.client.address import Address
from tui.client.api import Wire
from tui.client.errors import Kind, WireError, ended
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.errors import LazybatchError


async def failure(wire: Wire) -> WireError:
    """Of a read."""
    with pytest.raises(WireError) as failed:
        await wire.retrieve_batch("batch_x")
    return failed.value


def fault(status: int, message: str = "Bad.", code: str | None = None) -> Fault:
    return Fault("batches.retrieve", "status", status=status, message=message, code=code)


@pytest.mark.parametrize(
    ("status", "kind", "exit_code", "unclear", "sentence"),
    [
        (400, Kind.REFUSED, 1, False, "Bad."),
        (403, Kind.FORBIDDEN, 3, False, "This key may not do that at HOST (403). It says: Bad."),
        (404, Kind.NOT_FOUND, 1, False, "Bad."),
        (405, Kind.NOT_FOUND, 1, False, "Bad."),
        (408, Kind.REFUSED, 1, True, "Bad."),
        (409, Kind.CONFLICT, 1, False, "Bad."),
        (410, Kind.NOT_FOUND, 1, False, "Bad."),
        (413, Kind.REFUSED, 1, False, "Bad."),
        (422, Kind.REFUSED, 1, False, "Bad."),
        (429, Kind.RATE_LIMITED, 3, False, "HOST asks for fewer requests (429). It says: Bad."),
        (500, Kind.SERVER, 3, True, "HOST has a problem of its own (500). It says: Bad."),
        (501, Kind.NOT_FOUND, 1, True, "Bad."),
        (503, Kind.SERVER, 3, True, "HOST has a problem of its own (503). It says: Bad."),
    ],
)
async def test_statuses(  # noqa: PLR0917  (a table's columns)
    demo: DemoServer, wire: Wire, status: int, kind: Kind, exit_code: int, unclear: bool, sentence: str
) -> None:
    demo.faults.add(fault(status, code="some_code"))
    error = await failure(wire)
    assert (error.kind, error.exit_code, error.unclear, error.status) == (kind, exit_code, unclear, status)
    assert error.sentence == sentence.replace("HOST", wire.address.host)
    assert (error.message, error.code) == ("Bad.", "some_code")
    assert demo.calls["batches.retrieve"] == 1


async def test_a_wrong_key(demo: DemoServer) -> None:
    key = "demo-a-wrong-key"
    wire = await Wire.connect(Address(demo.base_url, key))
    error = await failure(wire)
    await wire.close()
    assert (error.kind, error.exit_code, error.unclear) == (Kind.UNAUTHORIZED, 3, False)
    assert error.sentence == (
        f"{wire.address.host} does not accept the API key (401). "
        "The key …-key came from OPENAI_API_KEY: check that variable."
    )
    everything = "".join(traceback.format_exception(error)) + repr(error) + repr(wire) + repr(wire.address)
    assert key not in everything


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
async def test_a_server_that_repeats_the_key(odd: OddServer, odd_wire: Wire, status: int) -> None:
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}.", "code": "invalid_api_key"}})
    odd.say(body, f"{status} No")
    error = await failure(odd_wire)
    assert KEY not in "".join(traceback.format_exception(error)) + error.sentence + (error.message or "")
    assert ("Incorrect API key provided: …." in error.sentence) == (status != 401)


@pytest.mark.parametrize("key", ["", "clé-test-key", "test\nkey", "test-key\x7f"])
async def test_a_key_that_is_none(demo: DemoServer, key: str) -> None:
    with pytest.raises(WireError, match=r"^The API key from OPENAI_API_KEY has characters that no key has: ") as wrong:
        await Wire.connect(Address(demo.base_url, key))
    assert (wrong.value.kind, wrong.value.exit_code) == (Kind.UNAUTHORIZED, 3)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"error": {"message": "Bad."}}', "Bad."),
        ('{"error": {"message": "Bad.", "code": 400, "param": 5, "type": []}}', "Bad."),
        ('{"error": "Bad."}', "Bad."),
        ('{"message": "Bad."}', "Bad."),
        ('{"detail": "Bad."}', "Bad."),
        ('{"detail": [{"loc": ["body", "x"], "msg": "Bad."}]}', "x: Bad."),
        ('["Bad."]', "Bad."),
        ('"Bad."', "Bad."),
        ("Bad.", "Bad."),
        ('{"error": {"message": "B\\u001b[2Jad\\nly."}}', "B␛[2Jad␊ly."),
        ('{"error": {"message": "' + "x" * 5000 + '"}}', "x" * 299 + "…"),
        ("<html><h1>400</h1></html>", None),
        (" \n<!doctype html>", None),
        ("", None),
        ("{}", None),
        ("null", None),
        ('{"error": null}', None),
        ('{"error": {"message": null}}', None),
        ("[" * 5000, "[" * 299 + "…"),
        (b"\xff\xfe\x00", "��␀"),
    ],
)
async def test_bodies_of_errors(odd: OddServer, odd_wire: Wire, body: str | bytes, message: str | None) -> None:
    odd.say(body, "400 Bad Request", Content_Type="application/json")
    error = await failure(odd_wire)
    assert error.message == message
    host = odd_wire.address.host
    nothing_said = (
        f"{host} answered 400 without saying why. Check that http://{host}/v1 is the base URL of a Batch API."
    )
    assert error.sentence == (ended(message) if message else nothing_said)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7), ("0.5", 0.5), ("-3", 0), ("0", 0), ("soon", None), ("inf", None), ("nan", None), ("", None),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0), ("Mon, 99 Jan 2001 00:00:00 GMT", None),
        ("Mon, 01 Jan 2001 00:00:00 +99999999999999", None),
    ],
)  # fmt: skip
async def test_retry_after(odd: OddServer, odd_wire: Wire, value: str, seconds: float | None) -> None:
    odd.say("{}", "429 Slow Down", Retry_After=value)
    assert (await failure(odd_wire)).retry_after == seconds


async def test_retry_after_as_a_date(odd: OddServer, odd_wire: Wire) -> None:
    odd.say("{}", "429 Slow Down", Retry_After=formatdate(time.time() + 60, usegmt=True))
    wait = (await failure(odd_wire)).retry_after
    assert wait is not None
    assert 50 < wait <= 60


@pytest.mark.parametrize(
    "body", ["<html>Welcome</html>", "[]", "5", "", "{", '{"id": "\\ud800"}', "[" * 5000, "1" * 5000, b"\xff"]
)
async def test_an_answer_that_is_none(odd: OddServer, odd_wire: Wire, body: str | bytes) -> None:
    odd.say(body)
    error = await failure(odd_wire)
    assert (error.kind, error.exit_code, error.unclear) == (Kind.NOT_AN_API, 3, False)
    host = odd_wire.address.host
    assert (
        error.sentence
        == f"{host} did not answer as a Batch API does. Check that http://{host}/v1 is the base URL of a Batch API."
    )


@pytest.mark.parametrize("body", ["{}", '{"data": 5}', "5", "<html>"])
async def test_a_list_that_is_none(odd: OddServer, odd_wire: Wire, body: str) -> None:
    odd.say(body)
    for call in (odd_wire.list_batches, odd_wire.list_files):
        with pytest.raises(WireError, match="did not answer as a Batch API does"):
            await call()


async def test_an_odd_answer_to_what_changes_something_is_unclear(
    odd: OddServer, odd_wire: Wire, tmp_path: Path
) -> None:
    odd.say("<html>Thanks!</html>")
    path = tmp_path / "a.jsonl"
    path.write_text("{}\n")
    for call in (
        odd_wire.create_batch(input_file_id="f", endpoint="/v1/embeddings", metadata={}),
        odd_wire.cancel_batch("b"),
        odd_wire.upload(path, "a.jsonl", lambda _done, _total: None),
    ):
        with pytest.raises(WireError) as failed:
            await call
        assert (failed.value.kind, failed.value.unclear) == (Kind.NOT_AN_API, True)


async def reach(base_url: str) -> WireError:
    wire = await Wire.connect(Address(base_url, KEY))
    try:
        return await failure(wire)
    finally:
        await wire.close()


async def test_connection_refused() -> None:
    error = await reach("http://127.0.0.1:1/v1")
    assert error.sentence == "Cannot reach 127.0.0.1:1: connection refused."
    assert (error.kind, error.exit_code, error.unclear) == (Kind.UNREACHABLE, 3, False)


async def test_a_host_that_does_not_exist() -> None:
    error = await reach("http://nowhere.invalid/v1")
    assert error.sentence.startswith("Cannot reach nowhere.invalid: ")
    # The resolver's words: "name or service not known", or that it cannot say for the moment.
    assert "name" in error.sentence
    assert "Errno" not in error.sentence
    assert not error.unclear


@pytest.mark.parametrize("host", ["☃.net", "a" * 80, "a..b"])
async def test_a_host_that_no_name_can_be(host: str) -> None:
    try:
        error = await reach(f"http://{host}/v1")
    except WireError as raised:
        error = raised
    assert error.kind is Kind.UNREACHABLE
    assert error.sentence.startswith(f"Cannot reach {host}: ")
    assert not error.unclear


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("socks5://user:secret@127.0.0.1:9", "The proxy 127.0.0.1:9 (ALL_PROXY) is a SOCKS proxy"),
        ("ftp://user:secret@127.0.0.1:9", "ALL_PROXY names a proxy of a kind that is not known: ftp."),
        ("http://user:secret@127.0.0.1:port", "ALL_PROXY names a proxy with an address that cannot be used."),
    ],
)  # fmt: skip
async def test_a_proxy_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, value: str, sentence: str) -> None:
    monkeypatch.setenv("ALL_PROXY", value)
    with pytest.raises(WireError) as failed:
        await Wire.connect(Address("http://127.0.0.1:1/v1", KEY))
    assert failed.value.sentence.startswith(f"Cannot reach 127.0.0.1:1: {sentence}")
    assert "secret" not in failed.value.sentence


@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway"])
async def test_a_proxy_that_refuses(odd: OddServer, monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    place = odd.base_url.removeprefix("http://").removesuffix("/v1")
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:secret@{place}")
    odd.say("<html>Denied</html>", status)
    error = await reach("https://api.example/v1")
    assert error.sentence.startswith(
        f"The proxy {place} (HTTPS_PROXY) does not let us through to api.example: {status}."
    )
    assert (error.kind, error.unclear) == (Kind.UNREACHABLE, False)
    assert "secret" not in error.sentence


async def test_a_proxy_that_refuses_a_call_without_tls(odd: OddServer, monkeypatch: pytest.MonkeyPatch) -> None:
    place = odd.base_url.removeprefix("http://").removesuffix("/v1")
    monkeypatch.setenv("HTTP_PROXY", place)
    odd.say("<html>Denied</html>", "407 Proxy Authentication Required")
    error = await reach("http://api.example/v1")
    assert error.sentence == (
        f"The proxy {place} (HTTP_PROXY) does not let us through to api.example: 407 Proxy Authentication Required. "
        "Put a name and a password into HTTP_PROXY."
    )
    assert (error.kind, error.unclear) == (Kind.UNREACHABLE, False)


@pytest.mark.parametrize("status", [403, 502, 503])
async def test_without_tls_it_may_be_the_proxy_that_answered(
    odd: OddServer, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    place = odd.base_url.removeprefix("http://").removesuffix("/v1")
    monkeypatch.setenv("HTTP_PROXY", f"http://user:secret@{place}")
    odd.say("<html>Denied</html>", f"{status} No")
    error = await reach("http://api.example/v1")
    assert error.sentence == (
        f"{status} was answered by api.example or by the proxy {place} (HTTP_PROXY) on the way. "
        "Check the proxy, or unset HTTP_PROXY."
    )
    odd.answers.clear()
    odd.say('{"error": {"message": "Not for you."}}', f"{status} No")
    error = await reach("http://api.example/v1")
    assert "Not for you." in error.sentence
    assert "proxy" not in error.sentence


async def test_no_proxy_excepts_a_host(odd: OddServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    odd.say("<html>Denied</html>", "403 No")
    error = await reach(odd.base_url)
    assert "proxy" not in error.sentence
    assert "(403)" in error.sentence


async def test_a_proxy_whose_name_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.invalid:8080")
    error = await reach("https://api.example/v1")
    assert error.sentence.startswith(
        "Cannot reach the proxy proxy.invalid:8080 (HTTPS_PROXY), the way to api.example: "
    )


async def test_a_proxy_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "127.0.0.1:1")
    error = await reach("https://api.example/v1")
    assert error.sentence == (
        "Cannot reach the proxy 127.0.0.1:1 (HTTPS_PROXY), the way to api.example: connection refused."
    )


async def test_certificates_that_the_environment_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gone, empty = tmp_path / "gone.pem", tmp_path / "empty.pem"
    empty.touch()
    for path, wrong in (
        (gone, "which does not exist"),
        (empty, "which holds no certificates"),
        (tmp_path, "which is a folder"),
    ):
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        with pytest.raises(WireError) as failed:
            await Wire.connect(Address("https://127.0.0.1:1/v1", KEY))
        assert failed.value.sentence == (
            f"Cannot reach 127.0.0.1:1: SSL_CERT_FILE is {path}, {wrong}: correct it or unset it."
        )


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A folder with a key and a certificate that nobody trusts."""
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1",
         "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("openssl is not there to make a certificate")
    return tmp_path


async def test_a_certificate_that_is_not_trusted(certificate: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    error = await reach(f"https://127.0.0.1:{port}/v1")
    server.close()
    assert "its certificate is not trusted (self-signed certificate)" in error.sentence
    assert not error.unclear


async def test_plain_http_to_a_port_that_speaks_none(odd: OddServer, odd_wire: Wire) -> None:
    odd.answers = [b"SSH-2.0-OpenSSH_9.6\r\n"]
    error = await failure(odd_wire)
    assert (error.kind, error.unclear) == (Kind.UNREACHABLE, True)
    assert error.sentence == f"The connection to {odd_wire.address.host} broke off."


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_resets(demo: DemoServer, wire: Wire, kind: Any) -> None:
    demo.faults.add(Fault("batches.retrieve", kind))
    error = await failure(wire)
    assert (error.kind, error.exit_code, error.unclear) == (Kind.UNREACHABLE, 3, True)
    assert error.sentence == f"The connection to {wire.address.host} broke off."
    assert demo.calls["batches.retrieve"] == 1


async def test_a_connection_closed_without_an_answer(odd: OddServer, odd_wire: Wire) -> None:
    odd.answers = [None]
    error = await failure(odd_wire)
    assert (error.kind, error.unclear) == (Kind.UNREACHABLE, True)


async def test_an_answer_that_does_not_come(odd: OddServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("api._SLOW_TIMEOUT", "connection._READ_TIMEOUT", "connection._UPLOAD_TIMEOUT"):
        monkeypatch.setattr(f"tui.client.{name}", 0.2)
    odd.delay = 2.0
    odd.say("{}")
    path = tmp_path / "a.jsonl"
    path.write_text("{}\n")
    wire = await Wire.connect(Address(odd.base_url, KEY), read_retries=0)
    for call in (
        wire.retrieve_batch("b"),
        wire.create_batch(input_file_id="f", endpoint="/v1/embeddings", metadata={}),
        wire.upload(path, "a.jsonl", lambda _done, _total: None),
    ):
        with pytest.raises(WireError) as failed:
            await call
        error = failed.value
        assert (error.kind, error.exit_code, error.unclear) == (Kind.TIMEOUT, 3, True)
        assert error.sentence == f"Time ran out waiting for {wire.address.host}."
    await wire.close()
    assert len(odd.heads) <= 3  # none was sent twice
    gc.collect()


def test_every_error_is_one_of_ours() -> None:
    error = WireError(Kind.SERVER, "Down.", status=500)
    assert isinstance(error, LazybatchError)
    assert str(error) == error.sentence == "Down."


def test_a_failed_start_says_one_sentence() -> None:
    """As a user sees it: the command line, no server."""
    ran = subprocess.run(
        [sys.executable, "-m", "tui", "list", "--base-url", "http://127.0.0.1:1/v1"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=30,
        env={"OPENAI_API_KEY": KEY, "LAZYBATCH_CONFIG": "/nonexistent", "PATH": "/usr/bin", "HOME": "/nonexistent"},
    )  # fmt: skip
    assert ran.returncode == 3
    assert "Cannot reach 127.0.0.1:1: connection refused." in ran.stderr
    assert "Traceback" not in ran.stderr
