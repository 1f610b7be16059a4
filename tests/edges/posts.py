"""Posts as strangers make them, and a gate that lets few through."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from plugin.flood import Gate
from plugin.services import Services
from tests.builders import wire_post

STRANGER = "a" * 24
"""The ingest key of no shop."""
REFUSED = {"m": False, "a": True, "p": True, "s": True}


class Hand:
    """The gate's clock, which a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def narrow_gate(services: Services, hand: Hand) -> Gate:
    """Give the app a gate with room for 3 checkouts, 2 posts a second for a shop and 1 for an address."""
    gate = Gate(per_address=1, per_shop=2, checkouts=3, clock=hand)
    object.__setattr__(services, "gate", gate)
    return gate


def post(client: FlaskClient, key: str, token: str, address: str = "127.0.0.1", **changes: Any) -> TestResponse:
    """Post evidence of a checkout from an address; by default, of one that goes on."""
    body = wire_post(**{"key": key, "token": token, "tr": None, "order": None, "eid": None} | changes)
    return client.post("/pixel/evidence", data=body, environ_base={"REMOTE_ADDR": address})


def rows(services: Services) -> int:
    """Return how many rows of evidence are kept."""
    with services.database.transaction() as conn:
        found = conn.execute("SELECT count(*) AS n FROM evidence").fetchone()
    assert found is not None
    return int(found["n"])
