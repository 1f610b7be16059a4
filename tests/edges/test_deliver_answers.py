from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from plugin.services import Services
from plugin.storage.attempts import attempts_of
from plugin.storage.shops import Shop
from sandbox.ports import free_port
from tests.conftest import MovedClock, connect
from tests.edges.crowd import FIRST, SandboxMeta, attempts, crowd, open_shop, outcomes, sandbox_meta
from tests.edges.handwork import read_shop
from tests.edges.ledger_view import ended, row, work

RECOVERED, LATER = ("recovered", "pixel_silent"), ("waiting", "meta_unavailable")
BROKEN = ("waiting", "connection_broken")


@pytest.fixture
def meta(services: Services) -> Iterator[SandboxMeta]:
    with sandbox_meta(services, timeout=(0.5, 0.7)) as sandbox:
        yield sandbox


@pytest.fixture
def shop(services: Services, meta: SandboxMeta) -> Shop:
    return open_shop(services, meta)


@dataclass(frozen=True)
class Case:
    fault: str
    becomes: tuple[str, str]
    result: str
    code: str | None = None
    how: dict[str, Any] = field(default_factory=dict)
    stored: bool = False

    @property
    def in_doubt(self) -> bool:
        return self.result == "in_doubt"


CASES = [
    Case("meta_500", LATER, "unavailable", "2"),
    Case("meta_503_html", LATER, "in_doubt"),
    Case("meta_timeout", LATER, "in_doubt", how={"delay": 1.5}, stored=True),
    Case("meta_slow", RECOVERED, "accepted", how={"delay": 0.3}, stored=True),
    Case("meta_reset_early", LATER, "in_doubt"),
    Case("meta_reset_before", LATER, "in_doubt"),
    Case("meta_reset_after", LATER, "in_doubt", stored=True),
    Case("meta_throttle", LATER, "throttled", "4"),
    Case("meta_throttle", LATER, "throttled", "80004", how={"code": 80004}),
    Case("meta_throttle", LATER, "throttled", "368", how={"code": 368}),
    Case("meta_429", LATER, "throttled"),
    Case("meta_revoked", BROKEN, "disconnected", "190"),
    Case("meta_denied", BROKEN, "disconnected", "200"),
    Case("meta_denied", BROKEN, "disconnected", "10", how={"code": 10}),
    Case("meta_200_html", LATER, "in_doubt", stored=True),
    Case("meta_short", LATER, "in_doubt", stored=True),
    Case("meta_drip", LATER, "in_doubt", how={"delay": 0.1}, stored=True),
    Case("meta_bomb", LATER, "in_doubt", stored=True),
    Case("meta_bomb", LATER, "in_doubt", how={"plain": True}, stored=True),
    Case("meta_usage", RECOVERED, "accepted", stored=True),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.fault}-{case.code}")
def test_every_trouble_with_meta_ends_with_the_order_counted_once_and_each_request_explained(
    services: Services, meta: SandboxMeta, shop: Shop, clock: MovedClock, case: Case
) -> None:
    [order] = crowd(services, shop, 1)
    meta.fault(case.fault, **case.how)
    work(services)

    assert ended(services, order) == case.becomes
    assert (row(services, order)["in_doubt_since"] is not None) == case.in_doubt
    assert [(one["result"], one["code"]) for one in attempts(services)] == [(case.result, case.code)]
    assert meta.counted() == int(case.stored)

    meta.repair()
    if case.becomes == BROKEN:
        with services.database.transaction() as conn:
            broken = read_shop(conn, services, shop)
        assert broken.connection is not None
        connect(services, broken, broken.connection.dataset)
    clock.pass_by(days=1 if case.code == "368" else 0, minutes=3)
    work(services)

    assert ended(services, order) == RECOVERED
    assert meta.counted() == 1
    assert row(services, order)["reposts"] == len(meta.received()) - 1 + (case.in_doubt and not case.stored)


def test_every_request_has_a_row_that_explains_it(
    services: Services, meta: SandboxMeta, shop: Shop, clock: MovedClock
) -> None:
    orders = crowd(services, shop, 8)
    meta.fault("meta_500", count=1)
    work(services)
    clock.pass_by(minutes=1)
    meta.fault("meta_reset_after", count=1)
    work(services)
    clock.pass_by(minutes=2)
    meta.fault("meta_reject", order=orders[0], subcode=2804050)
    work(services)

    posts, rows = meta.posts(), attempts(services)
    assert len(posts) == len(rows) == 9
    assert [len(post["event_ids"]) for post in posts] == [one["count"] for one in rows]
    assert all(one["ended_at"] >= one["post_started"] and len(one["digest"]) == 32 for one in rows)
    with services.database.transaction() as conn:
        told = attempts_of(conn, shop.id, orders[0])
        assert attempts_of(conn, shop.id, FIRST - 1) == []
    assert [one.result for one in told] == ["unavailable", "in_doubt", "split", "split", "split", "refused"]
    assert [one.code for one in told] == ["2", None, *["100/2804050"] * 4]
    assert [one.orders for one in told] == [8, 8, 8, 4, 2, 1]
    assert told[1].digest == told[2].digest
    assert {one.dataset for one in told} == {"5550000000000000"}
    assert [bool(one.trace_id) for one in told] == [True, False, True, True, True, True]
    assert outcomes(services) == {RECOVERED: 7, ("failed", "rejected_by_meta"): 1}


def test_a_request_that_never_left_is_explained_as_well(services: Services, meta: SandboxMeta, shop: Shop) -> None:
    crowd(services, shop, 1)
    object.__setattr__(services.meta, "_base_url", f"http://127.0.0.1:{free_port()}/v26.0")

    work(services)

    [one] = attempts(services)
    assert (one["result"], one["code"], one["trace_id"]) == ("not_sent", None, None)


def test_the_digest_is_of_the_bytes_that_left(services: Services, meta: SandboxMeta, shop: Shop) -> None:
    crowd(services, shop, 1)
    sent: list[bytes] = []
    send = services.meta.send

    def listen(dataset: str, token: str, events: tuple[bytes, ...], **more: Any) -> Any:
        sent.extend(events)
        return send(dataset, token, events, **more)

    object.__setattr__(services.meta, "send", listen)
    work(services)

    assert attempts(services)[0]["digest"] == hashlib.sha256(b"\n".join(sent)).digest()
