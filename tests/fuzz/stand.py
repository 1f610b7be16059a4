"""The shipped app, on a database of its own, with two shops: proven inputs may change one, nothing the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from flask import Flask
from psycopg import sql

from app import create_app
from plugin.meta import login
from plugin.services import Services
from plugin.storage import connections, installs, logins, orm, policy, schema, shops
from plugin.storage.database import Conn
from plugin.storage.installs import Details, Tokens
from plugin.storage.policy import Staff
from plugin.storage.shops import Shop
from tests import doors
from tests.builders import ORDER_ID, paid_payload, wire_post
from tests.conftest import GRANTED, settings_from
from tests.fuzz.inputs import Maker
from tests.fuzz.proofs import Proofs

ROOT: Final = Path(__file__).resolve().parents[2]
TARGET: Final = "lantern.myshopify.com"
BYSTANDER: Final = "bystander.myshopify.com"
META_SECRET: Final = "invented-meta-app-secret-0123456789"
META_USER: Final = "5550001"
DATASET: Final = "1234567890123456"
DATASET_OF_BYSTANDER: Final = "6543210987654321"
NUMBER_OF_BYSTANDER: Final = "998871"
"""Printed on its orders."""
SECRET_OF_BYSTANDER: Final = "EAAbystander0token0000000"
NO_LIMITS: Final = {
    "BACKSTOP_POSTS_PER_SHOP": "100000",
    "BACKSTOP_POSTS_PER_ADDRESS": "100000",
    "BACKSTOP_CHECKOUTS_PER_DAY": "9999999",
}
"""Floods have tests of their own; here every input is to be read."""
EVERYTHING_ON: Final = {
    "META_APP_ID": "555000111",
    "META_APP_SECRET": META_SECRET,
    "META_CONFIG_ID": "555000222",
    "META_DIALOG_URL": "http://127.0.0.1:1/dialog/oauth",
    "BACKSTOP_TRUSTED_PROXIES": "1",
}
FIELD: Final = re.compile(r"""name="(\w+)"|(?:form|args)(?:\.get|\.getlist)?[\[(]["'](\w+)["']""")
KNOWN: Final = re.compile(r"""value="(\w[\w.-]*)"|["'](\w{2,20})["']""")


@dataclass
class Stand:
    """What a hunt runs at."""

    app: Flask
    services: Services
    bystander: Shop
    proofs: Proofs

    def maker(self) -> Maker:
        """Return what makes inputs for this app."""
        return Maker(self.app, self.proofs, form_fields())

    def renew(self) -> None:
        """Put the target back where an input took it away: installed, connected, switched on."""
        with self.services.database.transaction() as conn:
            shop = shops.by_domain(conn, self.services.vault, TARGET)
            if shop is None or shop.connection is None:
                shop = settle(conn, self.services, TARGET, "EAAtarget")
            self.proofs.ingest_key = shop.ingest_key

    def whole(self) -> str:
        """Return one digest of every row of every table."""
        return self._digest(sql.SQL("TRUE"))

    def of_bystander(self) -> str:
        """Return one digest of every row of the shop that nothing here may touch."""
        return self._digest(sql.SQL("shop_id = {}").format(sql.Literal(self.bystander.id)), keyed=True)

    def shop_count(self) -> int:
        """Return how many shops there are."""
        return int(self._one("SELECT count(*) AS n FROM shop")["n"])

    def _digest(self, where: sql.Composable, *, keyed: bool = False) -> str:
        parts = []
        for name in self._tables(keyed=keyed):
            column = where if name != "shop" else sql.SQL(where.as_string().replace("shop_id", "id"))
            text = sql.SQL(
                "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS n FROM {} t WHERE {}"
            )
            parts.append(f"{name} {self._one(text.format(sql.Identifier(name), column))['n']}")
        return "\n".join(parts)

    def _tables(self, *, keyed: bool) -> list[str]:
        asked = (
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'"
            " AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND (NOT %s OR c.relname = 'shop' OR EXISTS (SELECT"
            " FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'shop_id')) ORDER BY 1"
        )
        with self.services.database.transaction() as conn:
            return [row["relname"] for row in conn.execute(asked, (keyed,))]

    def _one(self, text: str | sql.Composed) -> dict[str, Any]:
        with self.services.database.transaction() as conn:
            found = conn.execute(text).fetchone()
        assert found is not None
        return found


def settle(
    conn: Conn, given: Services, domain: str, token: str, at_meta: tuple[str, str] = (META_USER, DATASET)
) -> Shop:
    """Install a shop, connect it by somebody's login, and switch offline tracking on."""
    now = datetime.now(UTC)
    details = Details(domain.partition(".")[0], f"https://{domain}", "EUR", "Europe/Berlin", "DE", ())
    shop = shops.by_id(
        conn, given.vault, installs.install(conn, given.vault, domain, details, now - timedelta(days=40))
    )
    assert shop is not None
    tokens = Tokens(f"shpat_{token}", now + timedelta(days=9), f"shprt_{token}", now + timedelta(days=90), GRANTED)
    installs.keep_tokens(conn, shop, tokens)
    by = connections.ByLogin(token, user_hash=login.user_hash(META_SECRET, at_meta[0]))
    begun = connections.connect(conn, shop, at_meta[1], by, user_id="42", now=now - timedelta(days=30))
    connections.works(conn, shop.id, begun, now)
    policy.switch_on(conn, shop.id, Staff("42", "settings"), "2026-11", now - timedelta(days=29))
    found = shops.by_id(conn, given.vault, shop.id)
    assert found is not None
    return found


@contextmanager
def stand(url: str, **changes: str) -> Iterator[Stand]:
    """Build it on a migrated, empty database."""
    app = create_app(settings_from(**NO_LIMITS | EVERYTHING_ON | changes), url)
    given: Services = app.extensions["backstop"]
    try:
        with given.database.transaction() as conn:
            schema.keep_partitions(conn, datetime.now(UTC))
            bystander = settle(conn, given, BYSTANDER, SECRET_OF_BYSTANDER, ("5550002", DATASET_OF_BYSTANDER))
            target = settle(conn, given, TARGET, "EAAtarget")
            ticket = logins.start(conn, bystander, "41", datetime.now(UTC) + timedelta(days=1))
            begun = logins.start(conn, bystander, "42", datetime.now(UTC) + timedelta(days=1))
            opened = logins.of_ticket(conn, begun, datetime.now(UTC))
            left = None if opened is None else logins.leave(conn, opened)
        assert left is not None
        proofs = Proofs(TARGET, target.ingest_key, META_USER, META_SECRET, left.state, ticket)
        proofs.foreign = _live(app, bystander)
        yield Stand(app, given, bystander, proofs)
    finally:
        given.close()
        orm.close(app)


def _live(app: Flask, shop: Shop) -> tuple[str, ...]:
    """Let a shop have orders, evidence and requests; return their ids."""
    client, now = app.test_client(), datetime.now(UTC).isoformat()
    numbers = [ORDER_ID + 900_000 + number for number in range(3)]
    times = dict.fromkeys(("processed_at", "created_at", "updated_at"), now)
    for number in numbers:
        named = {
            "id": number,
            "checkout_token": f"bystander{number}",
            "order": str(number),
            "eid": f"purchase.{number}",
        }
        body = paid_payload(
            **times | {"id": number, "checkout_token": named["checkout_token"], "name": f"#{NUMBER_OF_BYSTANDER}"}
        )
        assert doors.webhook(client, "/webhooks/orders/paid", body, shop=shop.domain).status_code == 200
        post = wire_post(
            key=shop.ingest_key, token=named["checkout_token"], order=named["order"], eid=named["eid"], ts=now
        )
        assert doors.evidence(client, post).status_code == 204
    asked = {"shop_id": 1, "shop_domain": shop.domain, "orders_requested": numbers, "data_request": {"id": 7}}
    headers = {"X-Shopify-Topic": "customers/data_request"}
    answer = doors.webhook(
        client, "/webhooks/compliance", asked | {"customer": {"id": 5}}, shop=shop.domain, headers=headers
    )
    assert answer.status_code == 200
    return (*map(str, numbers), NUMBER_OF_BYSTANDER, "1", "2")


def form_fields() -> dict[str, set[str]]:
    """Return the fields that forms and views name, and words that the code knows as values; files by their names."""
    texts = [file.read_text() for file in (ROOT / "templates").glob("*.html")]
    texts += [file.read_text() for folder in ("plugin/pages", "webhooks") for file in (ROOT / folder).glob("*.py")]
    names = {first or second for text in texts for first, second in FIELD.findall(text)}
    words = {first or second for text in texts for first, second in KNOWN.findall(text)} | {"1", "30", DATASET}
    files: dict[str, set[str]] = {file.name: set() for file in (ROOT / "static").iterdir() if "." in file.name}
    return dict.fromkeys(sorted(names), words) | files
