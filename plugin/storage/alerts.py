"""E-mails that the merchant asked for: at most one a day for each cause. The address stays sealed until one leaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from plugin.storage import shops
from plugin.storage.database import Conn
from plugin.storage.shops import Shop
from plugin.storage.vault import Place, Unsealable, Vault

MOST_TRIES = 5
PAUSE = timedelta(minutes=2)
"""The tries are 0, 3, 15, 63 and 255 times this from the beginning: a server may be away, or ask us to come later."""
HOLDS = timedelta(days=1)
"""An e-mail that could not leave for this long would be no news."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An e-mail that is to leave."""

    shop: Shop
    cause: str
    made_at: datetime
    address: str = field(repr=False)


def place() -> Place:
    """Where the address is sealed."""
    return Place("shop_policy", "alert_mail", "")


def keep_address(conn: Conn, shop: Shop, address: str | None) -> None:
    """Keep where to write to; None: nowhere any more."""
    sealed = None if address is None else shop.key.seal(address.encode(), place())
    conn.execute("UPDATE shop_policy SET alert_mail = %s WHERE shop_id = %s", (sealed, shop.id))


def address_of(conn: Conn, shop: Shop) -> str | None:
    """Return where to write to; None: nowhere, or it does not open."""
    row = conn.execute("SELECT alert_mail FROM shop_policy WHERE shop_id = %s", (shop.id,)).fetchone()
    return opened(shop, None if row is None else row["alert_mail"])


def opened(shop: Shop, sealed: bytes | None) -> str | None:
    """Return the address that is kept sealed; None: there is none, or it does not open."""
    try:
        return None if sealed is None else shop.key.unseal(bytes(sealed), place()).decode()
    except Unsealable:
        return None


def raise_alert(conn: Conn, shop_id: int, cause: str, now: datetime) -> None:
    """Have an e-mail written about a cause, where the merchant wants any and none left today."""
    conn.execute(
        "INSERT INTO alert (shop_id, cause, day, made_at)"
        " SELECT p.shop_id, %s, (%s AT TIME ZONE 'UTC')::date, %s FROM shop_policy p"
        " WHERE p.shop_id = %s AND p.alert_mail IS NOT NULL ON CONFLICT DO NOTHING",
        (cause, now, now, shop_id),
    )


def waiting(conn: Conn, vault: Vault, now: datetime, limit: int = 50) -> list[Alert]:
    """Return e-mails that have not left, oldest first; each of them counts as tried once more."""
    rows = conn.execute(
        "UPDATE alert SET tries = tries + 1 WHERE (shop_id, cause, day) IN (SELECT shop_id, cause, day FROM alert"
        " WHERE sent_at IS NULL AND tries < %s AND made_at > %s AND made_at + %s * (power(4, tries) - 1) <= %s"
        " ORDER BY made_at LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING shop_id, cause, made_at",
        (MOST_TRIES, now - HOLDS, PAUSE, now, limit),
    ).fetchall()
    found = []
    for row in rows:
        try:
            shop = shops.by_id(conn, vault, row["shop_id"])
        except Unsealable:  # its address does not open either; the other shops' do
            continue
        address = None if shop is None or shop.uninstalled_at is not None else address_of(conn, shop)
        if shop is not None and address is not None:
            found.append(Alert(shop, row["cause"], row["made_at"], address))
    return found


def sent(conn: Conn, alert: Alert, now: datetime) -> None:
    """Remember that an e-mail has left."""
    conn.execute(
        "UPDATE alert SET sent_at = %s WHERE shop_id = %s AND cause = %s AND made_at = %s",
        (now, alert.shop.id, alert.cause, alert.made_at),
    )


def drop_old(conn: Conn, now: datetime) -> int:
    """Forget alerts of more than 90 days ago; return how many."""
    return conn.execute("DELETE FROM alert WHERE made_at < %s", (now - timedelta(days=90),)).rowcount
