"""The first visit: a store is installed by the id token that its admin sends along, and by nothing else."""

from __future__ import annotations

import logging
from datetime import datetime
from zlib import crc32
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from plugin.recovery.consent import RegionRule
from plugin.services import Services
from plugin.shopify import access
from plugin.shopify.errors import ShopifyError
from plugin.shopify.queries import CONSENT_POLICY, SHOP_DETAILS, read_consent_policy, read_shop_details
from plugin.storage import installs, locks, reading, shops
from plugin.storage.database import Conn
from plugin.storage.installs import Details, Tokens
from plugin.storage.shops import Shop
from plugin.storage.vault import Unsealable

log = logging.getLogger(__name__)


def opened(given: Services, domain: str, id_token: str, now: datetime) -> Shop:
    """Return the shop of a verified id token; install it where it is not, and get tokens where none are left.

    Several first visits at once make one install: all but one wait, look again, and find it done. A shop of which
    Shopify took no token any more gets new ones; this one visit still sees it as it was, so that its page can say so.

    Raises:
        IdTokenRefused: Shopify finds the id token too old.
        ShopifyError: by what is to be done next; nothing was installed.
        DatabaseAway: see there.
    """
    with given.database.transaction() as conn:
        shop = _ready(given, conn, domain, now)
        turn = reading.known_id(conn, domain)
    if shop is not None:
        return shop
    # a shop that was never here has no id yet; its name stands in, and if that is another's id, the two take turns
    with locks.tokens(given.database, crc32(domain.encode()) if turn is None else turn):
        with given.database.transaction() as conn:
            shop = _ready(given, conn, domain, now)
            waits = None if shop is not None else shops.by_domain(conn, given.vault, domain)
        try:
            return shop or _let_in(given, domain, id_token, now)
        except ShopifyError as fault:
            if waits is None or waits.reopen_needed is None:
                raise
            log.warning("store still to be opened again", extra={"shop_id": waits.id, "error": type(fault).__name__})
            return waits


def new_token(given: Services, shop: Shop, id_token: str, now: datetime) -> str:
    """Exchange a visit's id token, for Shopify has turned the kept tokens down; return the new access token.

    Raises:
        IdTokenRefused, ShopifyError, DatabaseAway: as `opened` does.
    """
    with locks.tokens(given.database, shop.id):
        tokens = access.for_keeping(given.tokens.exchange(shop.domain, id_token, now))
        access.keep(given.database, shop, tokens)
    return tokens.access


def _ready(given: Services, conn: Conn, domain: str, now: datetime) -> Shop | None:
    """The shop, if it is installed and has tokens that outlive this visit, and that Shopify takes as far as we know."""
    shop = shops.by_domain(conn, given.vault, domain)
    if shop is None or shop.reopen_needed is not None:
        return None
    try:
        tokens = installs.tokens_of(conn, shop)
    except Unsealable:  # of an earlier install
        return None
    return shop if tokens is not None and access.is_usable(tokens, now) else None


def _let_in(given: Services, domain: str, id_token: str, now: datetime) -> Shop:
    tokens = access.for_keeping(given.tokens.exchange(domain, id_token, now))
    with given.database.transaction() as conn:
        shop = shops.by_domain(conn, given.vault, domain)
        if shop is not None:  # it had only run out of tokens
            installs.keep_tokens(conn, shop, tokens)
            return shop
    details = _details(given, domain, tokens)
    with given.database.transaction() as conn:
        shop_id = installs.install(conn, given.vault, domain, details, now)
        shop = shops.by_domain(conn, given.vault, domain)
        assert shop is not None  # noqa: S101 - installed a line above, in this transaction
        installs.keep_tokens(conn, shop, tokens)
    log.info("store installed", extra={"shop_id": shop_id})
    return shop


def _details(given: Services, domain: str, tokens: Tokens) -> Details:
    found = read_shop_details(given.admin.run(domain, tokens.access, SHOP_DETAILS))
    rules = _rules(given, domain, tokens)
    return Details(found.name, found.url, found.currency, known_zone(found.time_zone), found.country, rules)


def _rules(given: Services, domain: str, tokens: Tokens) -> tuple[RegionRule, ...] | None:
    """The shop's consent policy; None where it cannot be read, which no install fails for: it then allows nothing."""
    try:
        return read_consent_policy(given.admin.run(domain, tokens.access, CONSENT_POLICY))
    except ShopifyError as fault:
        log.warning("consent policy not readable", extra={"error": type(fault).__name__})
        return None


def known_zone(name: str) -> str:
    """Return a time zone that can be reckoned with: UTC where ours do not know the name."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError):
        return "UTC"
