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
            vault=Vault(settings.keys),
            meta=ConversionsClient(settings.graph_url),
            admin=AdminClient(settings.admin_url_template),
            tokens=TokenClient(settings.admin_url_template, settings.api_key, settings.shopify_secrets[0]),
        )


def services() -> Services:
    """Return the services of the app that answers this request."""
    found = current_app.extensions["backstop"]
    assert isinstance(found, Services)  # noqa: S101 - `create_app` put it there
    return found
