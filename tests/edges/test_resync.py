"""A database that was put back: it forgot what was sent, and nothing is sent again blindly."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient

from plugin.cli import main
from plugin.jobs.heart import Heart
from plugin.services import Services
from plugin.storage import heartbeat, resync
from plugin.storage.heartbeat import Witness
from plugin.storage.held import Said, Word
from plugin.storage.shops import Shop
from tests.conftest import MovedClock, settings_from
from tests.edges.handwork import GRACE, Meta, buy_another, do, say
from tests.edges.ledger_view import buy, ended, row, switch_on, tell, work

SENT = ("recovered", "pixel_silent")
HELD = ("waiting", "held")


@pytest.fixture(autouse=True)
def fresh_mark(database_url: str) -> Iterator[None]:
    """The mark is one row of the whole installation: no test leaves anything in it."""
    forget = (
        "UPDATE ledger_mark SET home = NULL, beats = 0, beaten_at = NULL, seen_at = NULL, paused_at = NULL,"
        " lost_from = NULL, lost_until = NULL"
    )
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(forget)
    yield
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(forget)


@pytest.fixture
def operator(
    monkeypatch: pytest.MonkeyPatch, services: Services, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Run `backstop db ...` by the test's clock and return what it says."""

    def run(*words: str, ends: int = 0) -> str:
        monkeypatch.setattr("plugin.cli.resync.build_services", lambda: services)
        assert main(["db", *words]) == ends
        told = capsys.readouterr()
        return told.out + told.err

    return run


def put_back(services: Services, to: dict[str, object], beats: int) -> None:
    """Let an order and the count of beats be as they were, as a copy put back does."""
    columns = [name for name in to if name not in {"shop_id", "order_id"}]
    changes = ", ".join(f"{name} = %s" for name in columns)
    values = [psycopg.types.json.Jsonb(to[name]) if name == "summary" else to[name] for name in columns]
    do(services, f"UPDATE paid_order SET {changes} WHERE order_id = %s", *values, to["order_id"])  # noqa: S608 - columns
    do(services, "UPDATE ledger_mark SET beats = %s", beats)


def test_a_worker_notices_a_copy_that_was_put_back_and_what_was_sent_is_not_sent_again(
    client: FlaskClient, services: Services, missed: Shop, clock: MovedClock, meta: Meta, operator: Callable[..., str]
) -> None:
    heart = Heart(services)
    heart.beat()
    backup = row(services)
    for _ in range(3):
        heart.beat()
    work(services)
    assert (ended(services), len(meta.received)) == (SENT, 1)
    clock.pass_by(minutes=5)

    put_back(services, backup, beats=1)
    heart.beat()
    work(services)
    assert (ended(services)[0], len(meta.received)) == ("waiting", 1)
    told = operator("resync")
    work(services)

    assert "Sending goes on." in told
    assert (ended(services), len(meta.received)) == (HELD, 1)
    assert row(services)["in_doubt_since"] is not None

    later = buy_another(client, missed, clock, 7)
    clock.pass_by(minutes=GRACE)
    work(services)
    assert (ended(services, later), len(meta.received)) == (SENT, 2)


def test_the_merchant_sends_or_closes_what_was_held(
    services: Services, missed: Shop, clock: MovedClock, meta: Meta, operator: Callable[..., str]
) -> None:
    Heart(services).beat()
    operator("pause-sending")
    clock.pass_by(minutes=5)
    operator("resync")
    work(services)
    assert (ended(services), len(meta.received)) == (HELD, 0)

    say(services, missed, Said(Word.SEND))
    work(services)

    assert (ended(services), len(meta.received)) == (SENT, 1)


def test_an_order_whose_grace_period_was_not_over_cannot_have_been_sent(
    client: FlaskClient,
    services: Services,
    shop: Shop,
    clock: MovedClock,
    meta: Meta,
    operator: Callable[..., str],
) -> None:
    Heart(services).beat()
    switch_on(services, shop)
    clock.pass_by(minutes=20)
    tell(client, shop, clock)
    buy(client, clock)
    clock.pass_by(minutes=5)
    operator("pause-sending")
    operator("resync")

    clock.pass_by(minutes=GRACE)
    work(services)

    assert (ended(services), len(meta.received)) == (SENT, 1)


def test_a_pause_stops_all_sending_and_nothing_lost_lets_all_go_on(
    services: Services, missed: Shop, meta: Meta, operator: Callable[..., str]
) -> None:
    operator("pause-sending")
    work(services)
    work(services)
    assert (ended(services), len(meta.received)) == (("waiting", "sending"), 0)

    assert "nothing was lost" in operator("resync", "--nothing-lost")
    work(services)

    assert ended(services) == SENT
    assert "Sending is not paused" in operator("resync", ends=1)


def test_in_another_home_nothing_is_sent(
    services: Services, missed: Shop, clock: MovedClock, meta: Meta, operator: Callable[..., str]
) -> None:
    work_of_a_beat(services)
    do(services, "UPDATE ledger_mark SET home = replace(home, '/0', '/9')")  # as after a failover: another timeline

    work(services)
    assert (ended(services), len(meta.received)) == (("waiting", "sending"), 0)
    with services.database.transaction() as conn:
        assert resync.state(conn).was_moved
    clock.pass_by(minutes=1)
    operator("resync")
    work(services)

    assert (ended(services), len(meta.received)) == (HELD, 0)


def work_of_a_beat(services: Services) -> None:
    with services.database.transaction() as conn:
        heartbeat.beat(conn, Witness(None), services.clock.now())


def test_a_copy_of_the_database_knows_that_it_is_one(services: Services, database_url: str) -> None:
    work_of_a_beat(services)
    services.database.close()
    services.evidence_database.close()
    name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
    server = database_url.replace(f"/{name}?", "/postgres?")
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute("DROP DATABASE IF EXISTS copied")
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        conn.execute(f"CREATE DATABASE copied TEMPLATE {name}".encode())
    copied = Services.build(settings_from(), server.replace("/postgres?", "/copied?"))
    try:
        with copied.database.transaction() as conn:
            assert resync.state(conn).is_paused
    finally:
        copied.close()
        with psycopg.connect(server, autocommit=True) as conn:
            conn.execute("DROP DATABASE copied")


def test_a_witness_leaves_nothing_beside_its_file_and_takes_away_what_killed_workers_left(tmp_path: Path) -> None:
    file = tmp_path / "witness"
    old, fresh, foreign = (tmp_path / name for name in ("witness.4711", "witness.4712", "witness.txt"))
    for one in (old, fresh, foreign):
        one.write_text("7")
    for one in (old, foreign):
        os.utime(one, (1, 1))

    Witness(file).remember(40)

    assert sorted(one.name for one in tmp_path.iterdir()) == ["witness", "witness.4712", "witness.txt"]


def test_a_witness_that_cannot_be_written_leaves_nothing_either(tmp_path: Path) -> None:
    file = tmp_path / "witness"
    file.mkdir()

    Witness(file).remember(40)

    assert [one.name for one in tmp_path.iterdir()] == ["witness"]


def test_a_witness_outlives_its_worker(services: Services, tmp_path: Path) -> None:
    witness = Witness(tmp_path / "witness")
    witness.remember(40)
    (tmp_path / "garbled").write_text("no number")

    assert Witness(tmp_path / "witness").known == 40
    assert Witness(tmp_path / "garbled").known == 0
    with services.database.transaction() as conn:
        assert heartbeat.beat(conn, Witness(tmp_path / "witness"), services.clock.now())
        assert heartbeat.count(conn) == 41


def test_a_worker_that_is_late_to_commit_is_no_loss(services: Services) -> None:
    hearts = [Heart(services), Heart(services)]
    for heart in hearts * 3:
        heart.beat()

    with services.database.transaction() as conn:
        assert not resync.state(conn).is_paused
        assert heartbeat.count(conn) == 6


def test_a_loss_needs_its_times(operator: Callable[..., str], services: Services) -> None:
    operator("pause-sending")

    assert "give --since" in operator("resync", ends=2)
    assert "is not a time" in operator("resync", "--since", "yesterday", ends=2)
    assert "ends before it begins" in operator(
        "resync", "--since", "2026-11-24T12:00", "--until", "2026-11-24T11:00", ends=2
    )
    assert "2026-11-24 10:00 UTC to" in operator("resync", "--since", "2026-11-24T10:00")


def test_shopify_is_asked_again_from_a_day_before_the_loss(
    services: Services, shop: Shop, clock: MovedClock, operator: Callable[..., str]
) -> None:
    do(
        services,
        "UPDATE shop SET reconciled_until = %s, reconcile_due = %s",
        clock.now(),
        clock.now() + timedelta(hours=1),
    )
    since = clock.now() - timedelta(minutes=10)

    operator("resync", "--since", since.isoformat())

    with services.database.transaction() as conn:
        found = conn.execute("SELECT reconciled_until, reconcile_due FROM shop").fetchone()
    assert found == {"reconciled_until": since - timedelta(days=1), "reconcile_due": clock.now()}
