from __future__ import annotations

import gzip
import logging
import traceback
from pathlib import Path

import pytest
import requests

from plugin.meta.outgoing import ANSWER_LIMIT, NoAnswer, NotSent, json_object, post, trusted_base
from sandbox.ports import free_port
from tests.edges.servers import Cut, Reply, Server, full_house

SHORT = (0.2, 0.3)
SECRET = b'{"access_token":"EAAsecretsecret"}'


def test_an_answer_comes_back_as_it_is() -> None:
    with Server(Reply(418, b"short and stout", {"X-Kettle": "tea"})) as server:
        answer = post(f"{server.url}/kettle", SECRET, headers={"X-Cup": "two"})

    assert (answer.status, answer.body, answer.headers["x-kettle"]) == (418, b"short and stout", "tea")
    [received] = server.received
    assert (received.path, received.body, received.headers["X-Cup"]) == ("/kettle", SECRET, "two")
    assert received.headers["Content-Length"] == str(len(SECRET))
    assert received.headers["Content-Type"] == "application/json"


def test_a_large_body_arrives_whole() -> None:
    body = b"x" * 3_000_000
    with Server(Reply()) as server:
        post(server.url, body)

    assert server.received[0].body == body


def test_a_chunked_answer_is_read_whole() -> None:
    with Server(Reply(body=b'{"events_received": 1, "messages": []}', chunked=True)) as server:
        assert post(server.url, b"{}").body == b'{"events_received": 1, "messages": []}'


def test_each_call_has_a_connection_of_its_own() -> None:
    with Server(Reply()) as server:
        post(server.url, b"1")
        post(server.url, b"2")

    assert len({received.peer for received in server.received}) == 2
    assert {received.headers["Connection"] for received in server.received} == {"close"}


def test_a_redirect_is_not_followed() -> None:
    with Server(Reply()) as elsewhere, Server(Reply(307, headers={"Location": elsewhere.url})) as server:
        assert post(server.url, SECRET).status == 307

    assert elsewhere.received == []


def test_the_environment_names_no_proxy_and_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password word")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    with Server(Reply()) as server:
        assert post(server.url, b"{}").status == 200

    assert "Authorization" not in server.received[0].headers


def test_a_session_of_the_callers_is_used() -> None:
    with requests.Session() as session, Server(Reply()) as server:
        session.headers["X-Egress"] = "east"
        post(server.url, b"{}", session=session)

    assert server.received[0].headers["X-Egress"] == "east"


def test_what_is_compressed_is_not_inflated() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    with Server(Reply(body=bomb, headers={"Content-Encoding": "gzip"})) as server:
        assert post(server.url, b"{}").body == bomb

    assert server.received[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}", "http://localhost:{port}", "http://nobody.invalid"])
def test_where_nobody_listens_nothing_is_sent(url: str) -> None:
    with pytest.raises(NotSent):
        post(url.format(port=free_port()), SECRET, timeout=SHORT)


def test_where_no_connection_comes_about_nothing_is_sent() -> None:
    with full_house() as url, pytest.raises(NotSent, match="ConnectTimeout"):
        post(url, SECRET, timeout=SHORT)


def test_where_tls_fails_nothing_is_sent() -> None:
    with Server(Reply()) as server, pytest.raises(NotSent, match="SSLError"):
        post(server.url.replace("http:", "https:"), SECRET, timeout=SHORT)

    assert server.received == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply(cut=Cut.BEFORE_BODY),
        Reply(cut=Cut.AFTER_BODY),
        Reply(cut=Cut.WITHIN_ANSWER, body=b"x" * 100),
        Reply(delay=0.5),
        Reply(body=b"x" * (ANSWER_LIMIT + 1)),
        Reply(body=b"x" * 100, drip=0.1),
    ],
    ids=["reset early", "reset", "cut off", "late", "too long", "dripping"],
)
def test_without_a_whole_answer_the_body_may_have_arrived(reply: Reply) -> None:
    with Server(reply) as server, pytest.raises(NoAnswer):
        post(server.url, SECRET, timeout=SHORT)


@pytest.mark.parametrize("reply", [None, Reply(cut=Cut.AFTER_BODY)], ids=["not sent", "no answer"])
def test_neither_errors_nor_logs_hold_what_was_sent(reply: Reply | None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Server(reply or Reply()) as server, pytest.raises((NotSent, NoAnswer)) as caught:
        post(server.url if reply else f"http://127.0.0.1:{free_port()}", SECRET, timeout=SHORT)

    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert "EAAsecret" not in told
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        "http://graph.example.com/v26.0",
        "ftp://127.0.0.1/",
        "https://",
        "https://user:word@graph.example.com/",
        "https://graph.example.com/?a=b",
        "https://graph.example.com/#a",
        "//graph.example.com/v26.0",
        "",
    ],
)
def test_only_https_and_this_machine_can_be_called(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        trusted_base(url)


@pytest.mark.parametrize(
    "url", ["https://graph.example.com/v26.0/", "http://127.0.0.1:9/v1", "http://meta.localhost:9"]
)
def test_a_base_comes_back_without_its_last_slash(url: str) -> None:
    assert trusted_base(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1]", b'"x"', b"null", b"\xff\xfe", b"[" * 100_000, b'{"a":' + b"9" * 5000 + b"}"]
)
def test_what_is_no_json_object_is_none(body: bytes) -> None:
    assert json_object(body) is None
