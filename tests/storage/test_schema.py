from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from plugin.services import Services
from plugin.storage import schema
from plugin.storage.models import Base
from tests.conftest import NOON


def partitions(url: str) -> set[str]:
    with psycopg.connect(url) as conn:
        rows = conn.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'evidence'::regclass"
        ).fetchall()
    return {name for (name,) in rows}


def test_the_migrations_make_what_the_models_say(database_url: str) -> None:
    engine = create_engine(schema.for_sqlalchemy(database_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, kind, _: kind != "table" or name in Base.metadata.tables}
        )
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()

    assert differences == []
    assert schema.is_current(database_url)


def test_upgrading_twice_is_once(database_url: str) -> None:
    schema.upgrade(database_url)

    assert schema.is_current(database_url)


def test_every_key_begins_with_the_shop() -> None:
    for table in Base.metadata.tables.values():
        first = next(iter(table.primary_key.columns))
        assert first.name == ("id" if table.name == "shop" else "shop_id")


def test_evidence_days_come_and_go(database_url: str, services: Services) -> None:
    with services.database.transaction() as conn:
        schema.keep_partitions(conn, NOON)
    assert {"evidence_20261124", "evidence_20261127"} <= partitions(database_url)

    with services.database.transaction() as conn:
        schema.keep_partitions(conn, NOON + timedelta(days=10))

    left = partitions(database_url)
    assert "evidence_20261125" not in left
    assert "evidence_20261126" in left
    assert "evidence_rest" in left


def test_evidence_of_a_day_without_a_partition_is_kept_and_goes_in_its_time(services: Services) -> None:
    far = NOON + timedelta(days=200)
    with services.database.transaction() as conn:
        conn.execute(
            "INSERT INTO evidence (shop_id, token_hash, day, posts, refused) VALUES (1, 'x', %s, '[]', false)",
            (far.date(),),
        )
        schema.keep_partitions(conn, far)
        assert rows(conn) == 1

        schema.keep_partitions(conn, far + timedelta(days=10))

        assert rows(conn) == 0


def rows(conn: Any) -> int:
    return int(conn.execute("SELECT count(*) AS n FROM evidence").fetchone()["n"])


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("outcome = 'recovered', look_at = NULL", "decided_row_holds_no_buyer"),
        ("outcome = 'recovered', sealed_event = NULL", "decided_row_is_at_rest"),
        ("look_at = NULL", "waiting_row_has_its_time"),
        (
            "outcome = 'withheld', look_at = NULL, sealed_event = NULL, in_doubt_since = now()",
            "doubt_never_ends_as_if_nothing_left",
        ),
    ],
)
def test_the_database_itself_refuses_a_row_that_breaks_a_rule(
    services: Services, shop: Any, change: str, constraint: str
) -> None:
    with services.database.transaction() as conn:
        conn.execute(
            "INSERT INTO paid_order (shop_id, order_id, generation, number, placed_at, paid_at, updated_at, day, value,"
            " currency, test, from_checkout, cancelled, has_match_data, switch_count, look_at,"
            " sealed_event) VALUES (%s, 1, 1, '#1', now(), now(), now(), current_date, 1,"
            " 'EUR', false, true, false, true, 0, now(), 'x')",
            (shop.id,),
        )

    statement = f"UPDATE paid_order SET {change}".encode()  # noqa: S608 - the examples above
    with pytest.raises(psycopg.errors.CheckViolation, match=constraint), services.database.transaction() as conn:
        conn.execute(statement)
