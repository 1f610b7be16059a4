from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from plugin.services import Services
from plugin.settings import Settings
from plugin.storage import schema
from plugin.storage.database import Database, DatabaseAway
from tests import doors
from tests.builders import paid_body, wire_post

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


@pytest.fixture
def stranded(settings: Settings) -> Iterator[FlaskClient]:
    """The app while its database is away."""
    app = create_app(settings, NOWHERE)
    app.extensions["backstop"].database.close()
    object.__setattr__(app.extensions["backstop"], "database", Database(NOWHERE, patience=0.2))
    yield app.test_client()
    app.extensions["backstop"].database.close()


def test_a_live_process_says_so_without_asking_anyone(stranded: FlaskClient) -> None:
    assert stranded.get("/health/live").status_code == 200


def revised(url: str, revision: str | None) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("DELETE FROM alembic_version")
        if revision is not None:
            conn.execute("INSERT INTO alembic_version VALUES (%s)", (revision,))


@pytest.mark.parametrize(
    ("revision", "status"),
    [
        pytest.param("0007", 503, id="a migration is missing"),
        pytest.param("0001", 503, id="many are missing"),
        pytest.param(None, 503, id="no tables"),
        pytest.param("0999", 200, id="a newer version has run its migration, and this code serves on"),
    ],
)
def test_a_process_is_ready_unless_the_database_lacks_a_migration(
    client: FlaskClient, database_url: str, revision: str | None, status: int
) -> None:
    assert client.get("/health/ready").status_code == 200

    revised(database_url, revision)
    try:
        answer = client.get("/health/ready")
    finally:
        revised(database_url, schema.newest())

    assert answer.status_code == status
    assert ("backstop db upgrade" in answer.text) == (status != 200)


def test_while_the_database_is_away_every_door_says_503_and_when_to_come_again(stranded: FlaskClient) -> None:
    answers = [
        doors.webhook(stranded, "/webhooks/orders/paid", paid_body()),
        doors.webhook(stranded, "/webhooks/app/uninstalled", b"{}"),
        doors.evidence(stranded, wire_post()),
        stranded.get("/health/ready"),
    ]

    assert [answer.status_code for answer in answers] == [503] * 4
    assert all(answer.headers["Retry-After"] for answer in answers)


def test_locks_need_the_database_too() -> None:
    with pytest.raises(DatabaseAway), Database(NOWHERE).own_connection():
        pass


def test_what_nobody_foresaw_gets_a_number_and_tells_nothing(
    flask_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> str:
        raise ValueError("ada@example.com")

    flask_app.add_url_rule("/broken", view_func=broken)

    answer = flask_app.test_client().get("/broken")

    assert answer.status_code == 500
    assert "Number" in answer.text
    assert "ada@example.com" not in answer.text
    assert caplog.records[-1].getMessage() == "unhandled error"


def test_an_address_that_does_not_exist_is_404(client: FlaskClient) -> None:
    assert client.get("/nowhere").status_code == 404


def test_a_store_that_leaves_is_forgotten_and_a_garbled_word_of_it_refused(
    client: FlaskClient, services: Services, shop: object
) -> None:
    assert doors.webhook(client, "/webhooks/app/uninstalled", b"not json").status_code == 400
    assert doors.webhook(client, "/webhooks/app/uninstalled", {"id": 1}).status_code == 200
    assert doors.webhook(client, "/webhooks/app/uninstalled", {"id": 1}).status_code == 200

    with services.database.transaction() as conn:
        left = conn.execute("SELECT access_token, refresh_token, uninstalled_at FROM shop").fetchone()
        tokens = conn.execute("SELECT token FROM meta_connection").fetchone()
    assert left is not None
    assert left["access_token"] is None
    assert left["refresh_token"] is None
    assert left["uninstalled_at"] is not None
    assert tokens == {"token": None}
