"""A shop's access token for the Admin API: as it is kept, renewed shortly before its end, by one at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus

from plugin import metrics
from plugin.shopify.admin import API_VERSION, TOKEN_HEADER
from plugin.shopify.endpoint import AdminEndpoint
from plugin.shopify.errors import ShopifyDisconnected, ShopifyError, ShopifyUnavailable
from plugin.shopify.queries import WEB_PIXEL
from plugin.shopify.tokens import ShopTokens, TokenClient
from plugin.storage import installs, locks, reading, shops, upkeep
from plugin.storage.database import Conn, Database
from plugin.storage.installs import Tokens
from plugin.storage.shops import Shop
from plugin.storage.upkeep import Refusal
from plugin.storage.vault import Unsealable, Vault

EARLY = timedelta(seconds=60)
"""Before its end a token counts as over: a request takes a while, and two clocks differ."""
OPEN_AGAIN = "the shop has to be opened again"
QUICK = (1.0, 2.0)
"""Seconds to connect and to be answered, where a page waits for what it can do without."""


def access_token(database: Database, vault: Vault, tokens_client: TokenClient, shop: Shop, now: datetime) -> str:
    """Return an access token that is good for the next minute at least.

    A refreshed pair is stored before its first use; until then Shopify takes the old one, so a crash loses nothing.

    Raises:
        ShopifyDisconnected: no token is left that Shopify takes; it gets one when a member of the staff opens the app.
            The shop is marked so.
        ShopifyUnavailable, ShopifyForbidden, ShopifyRefused: see there.
    """
    _, held = _read(database, vault, shop.domain)
    if held is not None and is_fresh(held, now):
        return held.access
    with locks.tokens(database, shop.id):
        current, held = _read(database, vault, shop.domain)  # another may have been quicker
        if held is not None and is_fresh(held, now):
            return held.access
        if current is None:
            raise ShopifyDisconnected(OPEN_AGAIN)
        return _renewed(database, tokens_client, current, held, now)


def another_token(
    database: Database, vault: Vault, tokens_client: TokenClient, shop: Shop, now: datetime, *, refused: str
) -> str:
    """Return an access token in place of one that Shopify turned down before its time: clocks may differ.

    Raises:
        ShopifyDisconnected: no other is to be had. The shop is marked so.
        ShopifyUnavailable, ShopifyForbidden, ShopifyRefused: see there; nobody knows yet.
    """
    with locks.tokens(database, shop.id):
        current, held = _read(database, vault, shop.domain)
        if held is not None and held.access != refused and is_fresh(held, now):
            return held.access
        if current is None:
            raise ShopifyDisconnected(OPEN_AGAIN)
        return _renewed(database, tokens_client, current, held, now, why=Refusal.ACCESS)


def _renewed(
    database: Database,
    tokens_client: TokenClient,
    shop: Shop,
    held: Tokens | None,
    now: datetime,
    *,
    why: Refusal = Refusal.REFRESH,
) -> str:
    """Take the refresh token to Shopify and keep what comes; marked with `why` where that is the end."""
    if held is None or held.refresh is None or not is_usable(held, now):
        _mark(database, shop, why, now)
        raise ShopifyDisconnected(OPEN_AGAIN)
    try:
        renewed = for_keeping(tokens_client.refresh(shop.domain, held.refresh, now))
    except ShopifyError as fault:
        metrics.token_refresh("refused" if isinstance(fault, ShopifyDisconnected) else "away")
        if not isinstance(fault, ShopifyDisconnected):
            raise
        keep(database, shop, _spent(held, now))
        _mark(database, shop, why, now)
        raise
    keep(database, shop, renewed)
    metrics.token_refresh("renewed")
    return renewed.access


def turned_down(database: Database, shop: Shop, token: str, now: datetime) -> None:
    """Mark a shop whose access token Shopify did not take, unless it has got another one meanwhile."""
    with database.transaction() as conn:
        if reading.hold(conn, shop) and _held(conn, shop) == token:
            upkeep.need_reopening(conn, shop, Refusal.ACCESS, now)


def is_shut_out(url_template: str, shop: Shop, token: str) -> bool:
    """Say whether Shopify turns an access token down at this moment; while it does not answer, nobody knows: no."""
    body = {"query": WEB_PIXEL.document, "operationName": WEB_PIXEL.name, "variables": {}}
    path = f"api/{API_VERSION}/graphql.json"
    try:
        answer = AdminEndpoint(url_template, QUICK).post(shop.domain, path, body, {TOKEN_HEADER: token})
    except ShopifyUnavailable:
        return False
    return answer.status == HTTPStatus.UNAUTHORIZED


def _held(conn: Conn, shop: Shop) -> str | None:
    try:
        tokens = installs.tokens_of(conn, shop)
    except Unsealable:
        return None
    return None if tokens is None else tokens.access


def _mark(database: Database, shop: Shop, why: Refusal, now: datetime) -> None:
    with database.transaction() as conn:
        upkeep.need_reopening(conn, shop, why, now)


def keep(database: Database, shop: Shop, tokens: Tokens) -> None:
    """Store a shop's tokens.

    Raises:
        ShopifyDisconnected: the shop has left since it was read; nothing was stored.
    """
    with database.transaction() as conn:
        if not reading.hold(conn, shop):
            raise ShopifyDisconnected(OPEN_AGAIN)
        installs.keep_tokens(conn, shop, tokens)


def is_fresh(tokens: Tokens, now: datetime) -> bool:
    """Whether the access token can be used as it is."""
    return tokens.access_expires_at - EARLY > now


def is_usable(tokens: Tokens, now: datetime) -> bool:
    """Whether there is a way to an access token without the staff."""
    ends = tokens.refresh_expires_at
    return tokens.refresh is not None and ends is not None and ends - EARLY > now


def for_keeping(tokens: ShopTokens) -> Tokens:
    """Return Shopify's answer in the form that is stored."""
    return Tokens(
        access=tokens.access_token,
        access_expires_at=tokens.expires_at,
        refresh=tokens.refresh_token,
        refresh_expires_at=tokens.refresh_expires_at,
        scopes=tokens.scope,
    )


def _spent(tokens: Tokens, now: datetime) -> Tokens:
    """The same tokens as what they are: over, with nothing to renew them by."""
    return Tokens(tokens.access, min(now, tokens.access_expires_at), None, None, tokens.scopes)


def _read(database: Database, vault: Vault, domain: str) -> tuple[Shop | None, Tokens | None]:
    """Return the installed shop and its tokens; tokens sealed under the key of an earlier install are none."""
    with database.transaction() as conn:
        shop = shops.by_domain(conn, vault, domain)
        try:
            return shop, None if shop is None else installs.tokens_of(conn, shop)
        except Unsealable:
            return shop, None
