from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from plugin import metrics
from plugin.metrics.meters import Meters
from plugin.metrics.page import Page, Sample
from plugin.services import Services
from plugin.settings import Settings
from plugin.storage import gauges, orm
from plugin.storage.database import DatabaseAway
from plugin.storage.shops import Shop
from plugin.storage.vault import Place, Unsealable
from tests import doors
from tests.conftest import NOON, SHOP, MovedClock, settings_from
from tests.edges.handwork import Meta
from tests.edges.ledger_view import work

TOKEN = "a-token-that-nobody-can-guess-0001"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
PROMISED = {
    "webhook_received_total",
    "webhook_ack_seconds",
    "evidence_total",
    "ledger_rows",
    "ledger_oldest_seconds",
    "forward_batches_total",
    "forward_events_total",
    "forward_reposts_total",
    "meta_request_seconds",
    "breaker_open",
    "token_refresh_total",
    "reconcile_lag_seconds",
    "reconcile_found_total",
    "redact_pending_seconds",
    "crypto_fail_total",
    "app_unhandled_total",
    "stalled_jobs",
    "worker_heartbeat_age_seconds",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_from(BACKSTOP_METRICS_TOKEN=TOKEN, BACKSTOP_DATA_DIR=str(tmp_path))


@pytest.fixture(autouse=True)
def none_counted(tmp_path: Path) -> Iterator[None]:
    metrics.end()
    yield
    metrics.end()


def lines(client: FlaskClient) -> dict[str, float]:
    answer = client.get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    told = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in told}


def test_without_a_token_there_is_no_such_page(database_url: str) -> None:
    app = create_app(settings_from(), database_url)
    try:
        assert app.test_client().get("/metrics", headers=BEARER).status_code == 404
    finally:
        app.extensions["backstop"].close()
        orm.close(app)


@pytest.mark.parametrize(
    "shown", [None, "", "Bearer", "Bearer x", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN} "[:-2], "Bearer \u00e9"]
)
def test_without_the_right_token_nothing_is_told(client: FlaskClient, shown: str | None) -> None:
    answer = client.get("/metrics", headers={} if shown is None else {"Authorization": shown})

    assert (answer.status_code, answer.text) == (401, "")


def test_every_promised_figure_is_told_and_no_shop(
    client: FlaskClient, services: Services, missed: Shop, clock: MovedClock, meta: Meta
) -> None:
    doors.webhook(client, "/webhooks/orders/paid", b"garbled")
    client.post("/webhooks/orders/paid", data=b"{}")
    client.post("/webhooks/compliance", data=b"{}")
    doors.evidence(client, b"garbled")
    work(services)
    with pytest.raises(Unsealable):
        missed.key.unseal(missed.key.seal(b"x", Place("a", "b", "c")), Place("a", "b", "d"))
    with pytest.raises(Unsealable):
        missed.key.unseal(b"\xff" + missed.key.seal(b"x", Place("a", "b", "c"))[1:], Place("a", "b", "c"))
    metrics.token_refresh("renewed")
    metrics.reposts("unanswered", 2)
    metrics.unhandled()
    metrics.reconcile_found(3)

    found = lines(client)

    names = {name.partition("{")[0] for name in found}
    assert {name for name in PROMISED if name not in names and f"{name}_count" not in names} == set()
    assert found['webhook_received_total{result="taken",topic="orders/paid"}'] == 1
    assert found['webhook_received_total{result="unreadable",topic="orders/paid"}'] == 1
    assert found['webhook_received_total{result="unsigned",topic="compliance"}'] == 1
    assert found["webhook_ack_seconds_count"] == 4
    assert found['evidence_total{result="taken"}'] == 1
    assert found['evidence_total{result="unreadable"}'] == 1
    assert found['forward_batches_total{result="recovered"}'] == 1
    assert found['forward_events_total{outcome="recovered"}'] == 1
    assert found["crypto_fail_total"] == 2
    assert found["reconcile_found_total"] == 3
    assert SHOP not in str(found)
    assert missed.ingest_key not in str(found)


def test_waiting_orders_are_told_by_why_they_wait(
    client: FlaskClient, services: Services, missed: Shop, clock: MovedClock
) -> None:
    clock.pass_by(seconds=100)

    found = lines(client)

    assert found['ledger_rows{outcome="grace_period"}'] == 1
    assert found['ledger_oldest_seconds{outcome="grace_period"}'] >= 100
    assert found['ledger_rows{outcome="held"}'] == 0
    assert found["stalled_jobs"] == 0


def test_while_the_database_is_away_the_counters_are_told_all_the_same(
    client: FlaskClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics.crypto_failed()
    services.database.close()
    monkeypatch.setattr(type(services.database), "transaction", _away)

    found = lines(client)

    assert found["crypto_fail_total"] == 1
    assert "breaker_open" not in found


def _away(_self: object) -> object:
    raise DatabaseAway("gone")


def test_the_database_is_asked_now_and_then_only(tmp_path: Path) -> None:
    asked = []

    def ask() -> list[Sample]:
        asked.append(1)
        return [Sample("x", "a figure", 7.0)]

    page = Page(tmp_path, ask)
    for _ in range(5):
        assert b"x 7.0" in page.text()

    assert asked == [1]


def test_a_heavy_database_ends_the_asking(services: Services, database_url: str) -> None:
    with services.database.transaction() as conn:
        assert {one.name for one in gauges.figures(conn, NOON)} >= {"ledger_rows", "breaker_open"}
        limit = conn.execute("SHOW statement_timeout").fetchone()
    assert limit == {"statement_timeout": "2s"}


def test_all_processes_of_a_machine_are_added_up_and_an_ended_one_still_counts(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from plugin import metrics; metrics.begin(pathlib.Path(sys.argv[1]));"
        " [metrics.webhook('orders/paid', 'taken', 0.003) for _ in range(10)]; metrics.evidence('taken')"
    )
    for _ in range(3):
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)  # noqa: S603 - our own program
    Meters(tmp_path)  # another one begins: what ended a moment ago stays

    text = Page(tmp_path, list).text().decode()

    assert 'webhook_received_total{result="taken",topic="orders/paid"} 30.0' in text
    assert 'evidence_total{result="taken"} 3.0' in text
    assert 'webhook_ack_seconds_bucket{le="0.005"} 30.0' in text


def test_what_ended_a_day_ago_is_swept_away(tmp_path: Path) -> None:
    old, young, living = (tmp_path / f"counter_{pid}.db" for pid in (4194305, 4194306, 1))
    for file in (old, young, living):
        file.write_bytes(b"")
    os.utime(old, (time.time() - 90_000,) * 2)
    os.utime(living, (time.time() - 90_000,) * 2)

    Meters(tmp_path)

    assert (old.exists(), young.exists(), living.exists()) == (False, True, True)
