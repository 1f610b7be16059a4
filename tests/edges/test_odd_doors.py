from __future__ import annotations

import time
from datetime import UTC, datetime

import psycopg
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.storage.shops import Shop
from tests import doors
from tests.builders import paid_payload
from tests.edges.handwork import do


def test_a_webhook_with_a_time_of_the_year_1_is_no_reason_to_fail(
    client: FlaskClient, services: Services, shop: Shop
) -> None:
    do(services, "UPDATE shop SET time_zone = 'America/New_York'")

    long_ago = datetime(1, 1, 1, tzinfo=UTC)
    answer = doors.webhook(client, "/webhooks/orders/paid", paid_payload(), at=long_ago)

    assert answer.status_code == 200


def test_a_database_that_only_reads_is_away(
    client: FlaskClient, services: Services, shop: Shop, database_url: str
) -> None:
    with psycopg.connect(database_url, autocommit=True) as conn:
        name = conn.info.dbname
        conn.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        try:
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            time.sleep(0.2)
            answer = doors.webhook(client, "/webhooks/orders/paid", paid_payload())
        finally:
            conn.execute("SET default_transaction_read_only = off")
            conn.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    assert answer.status_code == 503
