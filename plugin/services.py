"""What the app is made of, built once in `app.py` and passed on: the only things that know the outside."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from plugin.clock import Clock
from plugin.meta.conversions import ConversionsClient
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
    vault: Vault
    meta: ConversionsClient
    admin: AdminClient
    tokens: TokenClient

    @classmethod
    def build(cls, settings: Settings, database_url: str) -> Services:
        """Wire the clients to the addresses of the settings. Opens no connection yet."""
        return cls(
            settings=settings,
            clock=Clock(settings.clock_url),
            database=Database(database_url),
            evidence_database=Database(database_url, size=8, lock_patience=0.5),
            vault=Vault(settings.keys),
            meta=ConversionsClient(settings.graph_url),
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
