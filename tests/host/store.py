"""An invented store in the ledger, as its first visit makes one: for a program of the services' settings and user.

`install` prints the key that its pixel would have; `seen` what is kept of the browser that posted last.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta

from plugin.services import Services
from plugin.settings import Settings
from plugin.storage import connections, evidence, installs, policy, shops
from plugin.storage.installs import Details, Tokens
from plugin.storage.policy import Staff

DOMAIN = "lantern.myshopify.com"
SCOPES = "read_orders,write_pixels,read_customer_events"


def install(given: Services) -> str:
    """Install the store, connect it, switch offline tracking on, if that was not done; return its pixel's key."""
    now = datetime.now(UTC)
    with given.database.transaction() as conn:
        if (there := shops.by_domain(conn, given.vault, DOMAIN)) is not None:
            return there.ingest_key
        details = Details("Lantern", f"https://{DOMAIN}", "EUR", "Europe/Berlin", "DE", None)
        shop = shops.by_id(conn, given.vault, installs.install(conn, given.vault, DOMAIN, details, now))
        assert shop is not None
        lives = now + timedelta(hours=1)
        installs.keep_tokens(conn, shop, Tokens("shpat_example", lives, "shprt_example", lives, SCOPES))
        connections.connect(conn, shop, "1234567890123456", "EAAexample", user_id="42", now=now - timedelta(days=30))
        policy.switch_on(conn, shop.id, Staff("42", "settings"), "2026-11", now)
    return shop.ingest_key


def seen(given: Services, token: str) -> str:
    """Return the client's address as the app kept it with a checkout's evidence."""
    with given.database.transaction() as conn:
        shop = shops.by_domain(conn, given.vault, DOMAIN)
        assert shop is not None
        hashed = shop.key.lookup_hash(token)
        browser = evidence.browsers_of(conn, shop, [hashed]).get(hashed)
    return str(browser and browser.ip)


def main() -> None:
    """Do one of the two."""
    settings = Settings.from_env(os.environ)
    given = Services.build(settings, settings.database_url)
    try:
        said = install(given) if sys.argv[1] == "install" else seen(given, sys.argv[2])
    finally:
        given.close()
    sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main()
