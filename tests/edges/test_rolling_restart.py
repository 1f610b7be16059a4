"""A deploy: both web servers and the worker are started anew, one after the other, while orders keep coming."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pytest

from sandbox.ports import free_port
from tests import doors
from tests.builders import paid_payload
from tests.edges.crowd import crowd, open_shop, outcomes
from tests.edges.plant import Plant, plant
from tests.edges.test_deliver_processes import reposts

PATH = "/webhooks/orders/paid"
DOMAIN = "shop-0.myshopify.com"
FIRST = 6_000_000_000_000
CROWD = 500
SENDERS = 3
PAUSE = 0.02
"""Seconds between two orders of one sender."""
STOPS_WITHIN = 12.0
PROMPTLY = 5.0


@pytest.fixture(scope="module")
def built() -> Iterator[Plant]:
    with plant() as made:
        yield made


@pytest.fixture
def site(built: Plant) -> Iterator[Plant]:
    yield built
    built.stop()


class Traffic:
    """Orders at one of two ports, each at the other where one refuses or drops it: as nginx does, and Shopify later."""

    def __init__(self, *ports: int) -> None:
        self.acknowledged: list[int] = []
        self.answers: Counter[object] = Counter()
        self._ports = ports
        self._stop = threading.Event()
        self._crew = [threading.Thread(target=self._send, args=(number,)) for number in range(SENDERS)]

    def __enter__(self) -> Self:
        for one in self._crew:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for one in self._crew:
            one.join(30)

    def _send(self, lane: int) -> None:
        number = 0
        while not self._stop.wait(PAUSE):
            order_id = FIRST + lane * 1_000_000 + number
            number += 1
            status = self._one(order_id, number)
            self.answers[status] += 1
            if status == 200:
                self.acknowledged.append(order_id)

    def _one(self, order_id: int, turn: int) -> object:
        for again in range(len(self._ports)):
            try:
                return _deliver(self._ports[(turn + again) % len(self._ports)], order_id)
            except ConnectionRefusedError:
                self.answers["refused"] += 1
            except (OSError, http.client.HTTPException) as fault:
                self.answers[type(fault).__name__] += 1
        return "nobody took it"


def _deliver(port: int, order_id: int) -> int:
    now = datetime.now(UTC).isoformat()
    named = {"id": order_id, "admin_graphql_api_id": f"gid://shopify/Order/{order_id}", "name": f"#{order_id}"}
    times = dict.fromkeys(("processed_at", "created_at", "updated_at"), now)
    body = json.dumps(paid_payload(checkout_token=f"checkout-{order_id}", **named, **times)).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": "orders/paid",
        "X-Shopify-Hmac-Sha256": doors.signature(body),
        "X-Shopify-Shop-Domain": DOMAIN,
        "X-Shopify-Webhook-Id": f"rolling-{order_id}",
        "X-Shopify-Triggered-At": now,
    }
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        line.request("POST", PATH, body, headers)
        return line.getresponse().status
    finally:
        line.close()


def end(process: subprocess.Popen[bytes]) -> float:
    """Tell a process to end; return the seconds that it took."""
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(STOPS_WITHIN + 10)
    return time.monotonic() - begun


@pytest.mark.slow
def test_a_deploy_loses_no_order_and_sends_none_twice(site: Plant, capsys: pytest.CaptureFixture[str]) -> None:
    shop = open_shop(site.services, site.meta)
    crowd(site.services, shop, CROWD)
    site.meta.fault("meta_slow", delay=1.0)
    ports = free_port(), free_port()
    webs = [site.web(port) for port in ports]
    for port in ports:
        site.until_ready(port)
    begun = time.monotonic()
    with Traffic(*ports) as traffic:
        worker = site.worker(BACKSTOP_LEASE_SECONDS="20")
        stops = []
        for web, port in zip(webs, ports, strict=True):
            time.sleep(0.3)
            stops.append(end(web))
            site.web(port)
            site.until_ready(port)
        site.until(site.meta.received)
        stops.append(end(worker))
        site.worker(BACKSTOP_LEASE_SECONDS="20")
        time.sleep(0.3)
    seconds = time.monotonic() - begun
    site.meta.repair()
    site.until(lambda: outcomes(site.services).get(("recovered", "pixel_silent")) == CROWD)

    with capsys.disabled():
        told = ", ".join(f"{stop:.1f}" for stop in stops)
        sys.stdout.write(f"\ndeploy: {seconds:.1f} s, stops {told} s, answers {dict(traffic.answers)}\n")
    assert {answer for answer in traffic.answers if answer not in {"refused", "ConnectionResetError"}} == {200}
    assert sorted(traffic.acknowledged) == kept(site)
    assert max(stops) < STOPS_WITHIN
    assert len(site.meta.received()) == len(set(site.meta.received())) == CROWD
    assert reposts(site) == 0


def kept(site: Plant) -> list[int]:
    """Return the orders of the traffic that are in the ledger."""
    with site.services.database.transaction() as conn:
        rows = conn.execute(
            "SELECT order_id FROM paid_order WHERE order_id BETWEEN %s AND %s ORDER BY 1", (FIRST, FIRST + 10_000_000)
        ).fetchall()
    return [row["order_id"] for row in rows]


@pytest.mark.slow
def test_a_web_server_whose_processes_have_only_begun_to_start_ends_at_once(site: Plant) -> None:
    for after in (0.1, 0.3, 0.6):
        web = site.web(free_port(), workers=2)
        site.until(lambda: children(web))  # noqa: B023 - asked here and now
        time.sleep(after)

        assert end(web) < PROMPTLY, after


def children(process: subprocess.Popen[bytes]) -> list[str]:
    return Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
