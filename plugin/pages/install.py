"""The first visit: a store is installed by the id token that its admin sends along, and by nothing else."""

from __future__ import annotations

import logging
from datetime import datetime
from zlib import crc32
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import request

from plugin.recovery.consent import RegionRule
from plugin.services import Services
from plugin.shopify import access
from plugin.shopify.errors import ShopifyDisconnected, ShopifyError, ShopifyRefused
from plugin.shopify.queries import (
    CONSENT_POLICY,
    SHOP_DETAILS,
    WEB_PIXEL,
    read_consent_policy,
    read_shop_details,
    read_web_pixel,
)
from plugin.shopify.tokens import TokenClient
from plugin.storage import connections, installs, locks, reading, shops
from plugin.storage.database import Conn
from plugin.storage.installs import Details, Tokens
from plugin.storage.shops import Shop
from plugin.storage.vault import Unsealable

log = logging.getLogger(__name__)


def opened(given: Services, domain: str, id_token: str, now: datetime) -> Shop:
    """Return the shop of a verified id token; install it where it is not, and get tokens where none are left.

    Several first visits at once make one install: all but one wait, look again, and find it done. A shop of which
    Shopify took no token any more gets new ones; this one visit still sees it as it was, so that its page can say so.
    If it has left and come back without our being told, it is installed anew.

    Raises:
        IdTokenRefused: Shopify finds the id token too old.
        ShopifyError: by what is to be done next; nothing was installed.
        DatabaseAway: see there.
    """
    with given.database.transaction() as conn:
        shop = _ready(given, conn, domain, now)
        turn = shop.id if shop is not None else reading.known_id(conn, domain)
    if shop is not None and not (_is_loaded_by_admin() and _is_shut_out(given, shop, now)):
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


def _is_loaded_by_admin() -> bool:
    """Whether Shopify's admin loads the app just now, which follows each install; within the app, scripts ask."""
    return "id_token" in request.args


def _has_something_to_lose(shop: Shop) -> bool:
    return shop.policy.tracking_on or shop.connection is not None


def _is_being_renewed(given: Services, shop: Shop) -> bool:
    """Whether a worker is getting new tokens at this moment, which takes as long as Shopify takes to answer."""
    with locks.turn(given.database, shop.id, locks.Lock.TOKENS) as free:
        return not free


def _is_shut_out(given: Services, shop: Shop, now: datetime) -> bool:
    """Whether Shopify turns our token down, as it does after an uninstall: its webhook may have been lost.

    Asked only where something of an earlier installation could go on. Shopify away, or another at its tokens, for
    which no page waits: not known, so no. The next load asks again.
    """
    if not _has_something_to_lose(shop) or _is_being_renewed(given, shop):
        return False
    settings = given.settings
    client = TokenClient(settings.admin_url_template, settings.api_key, settings.shopify_secrets[0], access.QUICK)
    try:
        token = access.access_token(given.database, given.vault, client, shop, now)
    except ShopifyDisconnected:
        return True
    except ShopifyError:
        return False
    if not access.is_shut_out(settings.admin_url_template, shop, token):
        return False
    access.turned_down(given.database, shop, token, now)
    return True


def _let_in(given: Services, domain: str, id_token: str, now: datetime) -> Shop:
    """Get tokens for a visit's id token. A shop whose installation still is the one we knew stays as it is."""
    tokens = access.for_keeping(given.tokens.exchange(domain, id_token, now))
    with given.database.transaction() as conn:
        known = shops.by_domain(conn, given.vault, domain)
    if known is not None and _is_same_installation(given, known, tokens.access):
        access.keep(given.database, known, tokens)
        return known
    return _install(given, domain, tokens, now)


def _is_same_installation(given: Services, shop: Shop, token: str) -> bool:
    """Whether a shop that ran out of tokens is the installation we knew, and not one that left and came back.

    Shopify removes an app's web pixel when the app is uninstalled, so the one that we placed proves it. Without that
    proof it counts as a new one, in which nothing that was chosen in the old one holds.

    Raises:
        ShopifyError: Shopify does not say. Nothing was changed; the next visit asks again.
    """
    if not _has_something_to_lose(shop):
        return True
    try:
        found = read_web_pixel(given.admin.run(shop.domain, token, WEB_PIXEL))
    except ShopifyRefused:  # no pixel, or none that we may see
        return False
    return found is not None and found == shop.web_pixel_id


def _install(given: Services, domain: str, tokens: Tokens, now: datetime) -> Shop:
    details = _details(given, domain, tokens)
    with given.database.transaction() as conn:
        untold = connections.uninstall(conn, domain, now)  # of an installation that ended without our being told
        shop_id = installs.install(conn, given.vault, domain, details, now)
        shop = shops.by_domain(conn, given.vault, domain)
        assert shop is not None  # noqa: S101 - installed a line above, in this transaction
        installs.keep_tokens(conn, shop, tokens)
    log.info("store installed" if untold is None else "store installed anew", extra={"shop_id": shop_id})
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
