"""A flood of posts against the real web process: webhooks are acknowledged all the same."""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plugin.flood import AT_ONCE
from plugin.services import Services
from plugin.storage.shops import Shop
from sandbox.ports import free_port
from tests import doors
from tests.builders import ORDER_ID, paid_payload, wire_post
from tests.conftest import SHOP
from tests.edges.posts import STRANGER

BACKSTOP = str(Path(sys.executable).with_name("backstop"))
POSTS = 4_000
SENDERS = 24
WEBHOOKS, MOST_WEBHOOKS = 60, 2_000
SECRET = "newest-secret-of-the-examples-0001"
PATH = "/pixel/evidence"


@contextmanager
def web(database_url: str, **changes: str) -> Iterator[int]:
    """One `backstop web` process on the test's database, behind one proxy; its port."""
    port = free_port()
    env = os.environ | {
        "DATABASE_URL": database_url,
        "SHOPIFY_API_KEY": "test-api-key",
        "SHOPIFY_API_SECRET": SECRET,
        "BACKSTOP_URL": f"http://127.0.0.1:{port}",
        "BACKSTOP_KEYS": "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "BACKSTOP_TRUSTED_PROXIES": "1",
    }
    words = [BACKSTOP, "web", "--port", str(port), "--workers", "1"]
    process = subprocess.Popen(words, env=env | changes, start_new_session=True)  # noqa: S603 - our own command
    try:
        _wait(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def port(migrated: str) -> Iterator[int]:
    """A web process that lets 50 posts a second through for a shop."""
    with web(migrated, BACKSTOP_POSTS_PER_SHOP="50") as found:
        yield found


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(400):  # 40 seconds
        assert process.poll() is None
        try:
            if ask(port, "GET", "/health/ready")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError("the web process does not answer")


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str]]:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
        answer = connection.getresponse()
        answer.read()
        return answer.status, dict(answer.getheaders())
    finally:
        connection.close()


def deliver(port: int, number: int) -> tuple[int, float]:
    """Deliver one paid order as Shopify does; return the status, and the milliseconds to the answer."""
    now = datetime.now(UTC).isoformat()
    named = {"id": ORDER_ID + number, "name": f"#{number}", "checkout_token": f"checkout-{number}"}
    body = json.dumps(paid_payload(**named, processed_at=now, created_at=now, updated_at=now)).encode()
    headers = {
        "Content_Type": "application/json",
        "X_Shopify_Topic": "orders/paid",
        "X_Shopify_Hmac_Sha256": doors.signature(body, SECRET),
        "X_Shopify_Shop_Domain": SHOP,
        "X_Shopify_Webhook_Id": f"flood-{number}",
        "X_Shopify_API_Version": "2026-10",
        "X_Shopify_Triggered_At": now,
    }
    begun = time.perf_counter()
    status, _ = ask(port, "POST", "/webhooks/orders/paid", body, **headers)
    return status, (time.perf_counter() - begun) * 1000


def told(times: list[float]) -> str:
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return f"p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms, most {max(times):.0f} ms"


def flood(dice: random.Random, key: str) -> tuple[bytes, dict[str, str]]:
    """One post: an invented checkout or key, rubbish, too much, or compressed; from one address of few or many."""
    body = wire_post(
        key=dice.choice((key, key, f"{STRANGER}{dice.getrandbits(64)}")),
        token=f"{dice.getrandbits(128):032x}",
        tr=dice.choice((None, "sent", "pending")),
    )
    kind = dice.randrange(10)
    body = {0: b"[" * 5000, 1: b"x" * 17_000}.get(kind, body)
    spread = f"81.2.{dice.randrange(256)}.{dice.randrange(256)}"
    headers = {"X_Forwarded_For": dice.choice((spread, spread, spread, "81.2.69.160"))}
    return body, headers | ({"Content_Encoding": "gzip"} if kind == 2 else {})


def sender(port: int, key: str, seed: int) -> Callable[[], Counter[int]]:
    def send() -> Counter[int]:
        dice, answers = random.Random(seed), Counter[int]()  # noqa: S311 - the same flood each time
        for _ in range(POSTS // SENDERS):
            body, headers = flood(dice, key)
            status, given = ask(port, "POST", PATH, body, **headers)
            assert given["access-control-allow-origin"] == "*"
            answers[status] += 1
        return answers

    return send


def test_webhooks_are_acknowledged_through_a_flood(
    port: int, services: Services, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    with ThreadPoolExecutor(SENDERS) as crowd:
        idle = [deliver(port, number) for number in range(WEBHOOKS)]
        begun = time.perf_counter()
        posting = [crowd.submit(sender(port, shop.ingest_key, seed)) for seed in range(SENDERS)]
        busy = list[tuple[int, float]]()
        while not all(one.done() for one in posting) and len(busy) < MOST_WEBHOOKS:
            busy.append(deliver(port, WEBHOOKS + len(busy)))
        answers = sum((one.result(120) for one in posting), Counter[int]())
        seconds = time.perf_counter() - begun

    with capsys.disabled():
        sys.stdout.write(
            f"\nflood: {answers.total()} posts in {seconds:.1f} s, answered {dict(sorted(answers.items()))};\n"
            f"webhooks before: {told([ms for _, ms in idle])}; {len(busy)} during: {told([ms for _, ms in busy])}\n"
        )
    assert {status for status, _ in idle + busy} == {200}
    assert set(answers) == {204, 400, 413, 415, 429}
    with services.database.transaction() as conn:
        found = conn.execute("SELECT count(*) AS n FROM paid_order").fetchone()
    assert found == {"n": len(idle) + len(busy)}


def test_the_real_server_bounds_what_it_reads(port: int, shop: Shop) -> None:
    large = ask(port, "POST", PATH, b"x" * 16_385)
    endless = chunked(port, b"x" * 1024, 2000)
    small = chunked(port, wire_post(key=shop.ingest_key), 1)
    wrong = ask(port, "PUT", PATH, b"{}")

    assert large[0] == 413
    assert endless == 413
    assert small == 204
    assert (wrong[0], wrong[1]["access-control-allow-origin"]) == (405, "*")


def test_bodies_that_never_come_hold_up_no_webhook(port: int, shop: Shop) -> None:
    with ExitStack() as stalled:
        _stall(port, shop.ingest_key, stalled)
        delivered = [deliver(port, number)[0] for number in range(5)]
        post, _ = ask(port, "POST", PATH, wire_post(key=shop.ingest_key))

    assert delivered == [200] * 5
    assert post == 429


def _stall(port: int, key: str, stalled: ExitStack) -> None:
    """Open posts whose bodies never come until a whole one finds no place; each of ours takes one for a moment."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: app\r\nContent-Length: 500\r\n\r\n{{".encode()
    for number in range(4 * AT_ONCE):
        stalled.enter_context(socket.create_connection(("127.0.0.1", port))).sendall(head)
        if number >= AT_ONCE and ask(port, "POST", PATH, wire_post(key=key))[0] == 429:
            return
        time.sleep(0.02)


def chunked(port: int, part: bytes, parts: int) -> int:
    """Post without saying how much comes; return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", PATH, iter([part] * parts), {"Transfer-Encoding": "chunked"}, encode_chunked=True)
        return connection.getresponse().status
    except (BrokenPipeError, ConnectionResetError):
        return 413
    finally:
        connection.close()
