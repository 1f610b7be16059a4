from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from plugin.cli import checks, main
from plugin.cli.checks import Grade
from plugin.cli.run import ROOT
from plugin.jobs.heart import Heart
from plugin.services import Services
from plugin.settings import Settings
from plugin.storage import schema
from plugin.storage.shops import Shop
from sandbox.ports import free_port
from tests.conftest import API_KEY, SECRETS, SHOP, MovedClock, settings_from
from tests.edges.handwork import do
from tests.edges.ledger_view import buy, switch_on, tell
from tests.edges.pooler import pooler
from tests.edges.servers import Server, reply

KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(autouse=True)
def fresh_mark(database_url: str) -> Iterator[None]:
    yield
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(
            "UPDATE ledger_mark SET home = NULL, beats = 0, beaten_at = NULL, seen_at = NULL, paused_at = NULL"
        )


@pytest.fixture
def doctor(
    monkeypatch: pytest.MonkeyPatch, database_url: str, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, dict[str, Any]]]:
    """Run the doctor with some settings changed; return its findings by name. `ends`: 1 if it found a problem."""

    def run(*words: str, ends: int = 0, **changes: str) -> dict[str, dict[str, Any]]:
        env = {
            "SHOPIFY_API_KEY": API_KEY,
            "SHOPIFY_API_SECRET": SECRETS,
            "BACKSTOP_URL": "http://127.0.0.1:1",
            "DATABASE_URL": database_url,
            "BACKSTOP_KEYS": f"k1:{KEY}",
        }
        for name, value in (env | changes).items():
            monkeypatch.setenv(name, value)
        assert main(["doctor", "--json", *words]) == ends
        told = capsys.readouterr()
        assert all(secret not in told.out + told.err for secret in (KEY, *SECRETS.split(","), "EAAtesttoken"))
        return {line["name"]: line for line in json.loads(told.out)}

    return run


@pytest.fixture
def alive(services: Services, shop: Shop) -> Shop:
    """An installation at work: a worker gave a sign of life, the shop was looked through."""
    Heart(services).beat()
    do(services, "UPDATE shop SET reconciled_until = now()")
    return shop


def problems(found: dict[str, dict[str, Any]]) -> set[str]:
    return {name for name, line in found.items() if line["grade"] == Grade.PROBLEM}


def test_a_sound_installation_has_no_problem_but_the_tests_own_server(
    doctor: Callable[..., dict[str, dict[str, Any]]], alive: Shop
) -> None:
    found = doctor(ends=1)

    assert problems(found) == {"durability"}  # the tests' server does not wait for its disk
    assert found["durability"]["said"] == "off: fsync"
    assert found["sessions"]["grade"] == "ok"
    assert found["schema"]["grade"] == "ok"
    assert found["worker"]["said"].startswith("a worker lived ")
    assert found["keys"]["said"] == "k1 (1 stores)"
    assert "6 of 6 subscriptions" in found["webhooks"]["said"]
    assert found["app configuration"]["grade"] == "warning"
    assert SHOP not in str(found)


def test_every_line_says_what_is_so_and_every_bad_one_what_to_do(
    doctor: Callable[..., dict[str, dict[str, Any]]], alive: Shop
) -> None:
    for line in doctor(ends=1).values():
        assert line["said"]
        assert bool(line["todo"]) == (line["grade"] != "ok"), line


def test_it_is_read_by_people_too(
    doctor: Callable[..., dict[str, dict[str, Any]]], alive: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    doctor(ends=1)

    assert main(["doctor"]) == 1

    told = capsys.readouterr()
    assert "ok      sessions: are kept: locks hold\n" in told.out
    assert "PROBLEM durability: off: fsync -> switch fsync" in told.out
    assert told.err.startswith("1 of ")


def test_bad_settings_are_the_first_and_only_finding(doctor: Callable[..., dict[str, dict[str, Any]]]) -> None:
    found = doctor(ends=1, BACKSTOP_URL="gopher://x")

    assert set(found) == {"settings"}
    assert "BACKSTOP_URL" in found["settings"]["said"]


def test_a_database_that_is_away_or_takes_sessions_is_told(
    doctor: Callable[..., dict[str, dict[str, Any]]], database_url: str
) -> None:
    found = doctor(ends=1, DATABASE_URL=f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    assert problems(found) == {"database"}

    words = psycopg.conninfo.conninfo_to_dict(database_url)
    with pooler(str(words["host"]), str(words["dbname"]), keeps_sessions=False) as url:
        assert problems(doctor(ends=1, DATABASE_URL=url)) == {"sessions"}


def test_wrong_keys_a_silent_worker_and_a_pause_are_problems(
    doctor: Callable[..., dict[str, dict[str, Any]]], services: Services, alive: Shop
) -> None:
    do(services, "UPDATE ledger_mark SET beaten_at = now() - interval '1 minute', paused_at = now()")

    found = doctor(ends=1, BACKSTOP_KEYS=f"k2:{KEY}")

    assert problems(found) == {"durability", "keys", "worker", "sending"}
    assert found["keys"]["said"] == "k1 (1 stores); 1 stores' keys do not open"


def test_an_old_master_key_in_use_is_a_warning(
    doctor: Callable[..., dict[str, dict[str, Any]]], services: Services, alive: Shop
) -> None:
    other = base64.b64encode(bytes([5] * 32)).decode()

    found = doctor(ends=1, BACKSTOP_KEYS=f"k2:{other},k1:{KEY}")

    assert (found["key rotation"]["grade"], found["key rotation"]["todo"]) == ("warning", "backstop keys rotate")


@pytest.mark.parametrize(("revision", "grade"), [("0999", Grade.WARNING), ("0007", Grade.PROBLEM)])
def test_a_newer_versions_database_is_a_warning_and_a_missing_migration_a_problem(
    doctor: Callable[..., dict[str, dict[str, Any]]], services: Services, alive: Shop, revision: str, grade: Grade
) -> None:
    newest = schema.newest()
    do(services, "UPDATE alembic_version SET version_num = %s", revision)
    try:
        found = doctor(ends=1)
    finally:
        do(services, "UPDATE alembic_version SET version_num = %s", newest)

    assert (found["schema"]["grade"], "upgrade" in found["schema"]["todo"]) == (grade, grade is Grade.PROBLEM)


OLD, YOUNG = (f"{datetime.now(UTC) - timedelta(days=days):k%Y%m%d}" for days in (400, 300))


@pytest.mark.parametrize("name", [OLD, YOUNG, "k2", "k20201399", "k202011"])
def test_a_master_key_named_after_a_day_more_than_a_year_ago_is_a_warning(
    doctor: Callable[..., dict[str, dict[str, Any]]], alive: Shop, name: str
) -> None:
    found = doctor(ends=1, BACKSTOP_KEYS=f"{name}:{KEY},k1:{KEY}")

    assert ("key age" in found) == (name == OLD)


def test_orders_that_do_not_move_and_what_no_webhook_told_of_are_problems(
    doctor: Callable[..., dict[str, dict[str, Any]]],
    services: Services,
    client: FlaskClient,
    alive: Shop,
    clock: MovedClock,
) -> None:
    switch_on(services, alive)
    tell(client, alive, clock)
    buy(client, clock)
    do(
        services,
        "UPDATE paid_order SET look_at = now() - interval '10 minutes', told_by = 'reconciliation',"
        " paid_at = now() - interval '1 hour'",
    )
    do(services, "UPDATE shop SET reconciled_until = now() - interval '4 hours'")

    found = doctor(ends=1)

    assert problems(found) == {"durability", "orders: grace_period", "reconciliation", "webhooks that came"}
    assert re.match(r"1, the oldest 6[0-3]\d s past its time", found["orders: grace_period"]["said"])
    assert found["webhooks that came"]["said"] == "0.0% of a day's orders"


def test_online_it_knocks_at_both_doors(
    doctor: Callable[..., dict[str, dict[str, Any]]], alive: Shop, services: Services
) -> None:
    with Server(reply({}, 400)) as door:
        found = doctor(
            "--online",
            ends=1,
            META_GRAPH_URL=f"{door.url}/v26.0",
            SHOPIFY_ADMIN_URL_TEMPLATE=f"http://127.0.0.1:{free_port()}/admin/{{shop}}",
        )

    assert found["Meta"]["said"] == "answers (400)"
    assert found["Shopify"]["grade"] == "problem"
    assert not any(name.lower() == "authorization" for asked in door.received for name in asked.headers)


def test_a_configuration_that_lacks_a_subscription_is_a_problem(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "shopify.app.toml"
    assert [check.grade for check in checks.configuration(settings, file)] == [Grade.WARNING]
    file.write_text((ROOT / "shopify.app.toml").read_text().replace('topics = ["orders/paid"]', "topics = []"))

    first = next(checks.configuration(settings_from(), file))

    assert (first.grade, first.todo) == (Grade.PROBLEM, "add orders/paid")


def test_a_breaker_that_is_open_and_a_stalled_job_are_warnings(
    doctor: Callable[..., dict[str, dict[str, Any]]], services: Services, alive: Shop
) -> None:
    do(services, "UPDATE meta_connection SET failures = 5, paused_until = now() + interval '1 hour'")
    do(
        services,
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status, args) VALUES ('meta', 'x', 'doing', '{}')",
    )

    found = doctor(ends=1)

    assert found["breakers"] | {"todo": ""} == {
        "name": "breakers",
        "grade": "warning",
        "said": "1 connections to Meta rest after failures",
        "todo": "",
    }
    assert found["stalled jobs"]["said"] == "1"
