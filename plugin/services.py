"""What the app is made of, built once in `app.py` and passed on: the only things that know the outside."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from plugin.clock import Clock
from plugin.flood import Gate
from plugin.meta.conversions import ConversionsClient
from plugin.meta.graph import GraphClient
from plugin.settings import Settings
from plugin.shopify.admin import AdminClient
from plugin.shopify.tokens import TokenClient
from plugin.storage.database import Database
from plugin.storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Services:
    """Settings, clock, database, keys, and one client a vendor."""

    settings: Settings
    clock: Clock
    database: Database
    evidence_database: Database
    """The pixel's posts have connections of their own: however many wait there, webhooks do not wait with them."""
    gate: Gate
    """What a post of the pixel passes before it gets one of those."""
    vault: Vault
    meta: ConversionsClient
    graph: GraphClient
    admin: AdminClient
    tokens: TokenClient

    @classmethod
    def build(cls, settings: Settings, database_url: str) -> Services:
        """Wire the clients to the addresses of the settings. Opens no connection yet."""
        return cls(
            settings=settings,
            clock=Clock(settings.clock_url),
            database=Database(database_url),
            evidence_database=Database(database_url, size=8, patience=2, lock_patience=0.5),
            gate=Gate(
                per_address=settings.posts_per_address,
                per_shop=settings.posts_per_shop,
                checkouts=settings.checkouts_per_day,
            ),
            vault=Vault(settings.keys),
            meta=ConversionsClient(settings.graph_url, app_secret=settings.meta_app_secret),
            graph=GraphClient(settings.graph_url, settings.meta_app_id, settings.meta_app_secret),
            admin=AdminClient(settings.admin_url_template),
            tokens=TokenClient(settings.admin_url_template, settings.api_key, settings.shopify_secrets[0]),
        )

    def close(self) -> None:
        """Close what holds connections."""
        self.database.close()
        self.evidence_database.close()


def services() -> Services:
    """Return the services of the app that answers this request."""
    found = current_app.extensions["backstop"]
    assert isinstance(found, Services)  # noqa: S101 - `create_app` put it there
    return found
