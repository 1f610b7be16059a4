"""What a backup opens: one of before an erasure, with its own copy of the wrapped key; one of after, nothing."""

from __future__ import annotations

import re
import subprocess
from typing import Any

from flask.testing import FlaskClient

from plugin.services import Services
from plugin.storage.postgres import binaries
from plugin.storage.shops import Shop
from plugin.storage.vault import Place, Vault, WrappedKey
from tests import doors
from tests.builders import ORDER_ID
from tests.conftest import SHOP, MovedClock
from tests.edges.handwork import UNINSTALLED
from tests.edges.ledger_view import row
from tests.edges.privacy import redact_shop, upkeep

KEY = ("generation", "kid", "data_key", "lookup_key")


def stored_keys(services: Services) -> list[dict[str, Any]]:
    with services.database.transaction() as conn:
        return conn.execute("SELECT * FROM shop_key").fetchall()


def dump(services: Services) -> str:
    """Return the database as PostgreSQL's own tool writes it into a backup."""
    words = [str(binaries() / "pg_dump"), services.database.url]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own words


def long_bytes(text: str) -> set[str]:
    """Return all values of bytes that no two rows have by chance: keys, sealed values, hashes."""
    return set(re.findall(r"\\\\x([0-9a-f]{32,})", text))


def test_a_dump_of_after_an_erasure_has_nothing_by_which_a_value_of_before_could_open(
    client: FlaskClient, services: Services, waiting: Shop, clock: MovedClock
) -> None:
    sealed, (wrapped,) = row(services)["sealed_event"], stored_keys(services)
    before = dump(services)
    assert doors.webhook(client, UNINSTALLED, {"myshopify_domain": SHOP}, at=clock.now()).status_code == 200
    clock.pass_by(hours=48)
    redact_shop(client)
    upkeep(services)
    after = dump(services)

    of_shop = {bytes(sealed).hex(), bytes(wrapped["data_key"]).hex(), bytes(wrapped["lookup_key"]).hex()}
    assert of_shop <= long_bytes(before)
    assert "COPY public.shop_key" in after
    assert long_bytes(before) & long_bytes(after) == set()
    # what a backup of before still has, as long as it is kept, opens with its own copy of the wrapped key
    found = Vault(services.settings.keys).open(waiting.id, WrappedKey(*(wrapped[name] for name in KEY)))
    assert found.unseal(sealed, Place("paid_order", "sealed_event", str(ORDER_ID)))
