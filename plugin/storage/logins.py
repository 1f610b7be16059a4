"""Ways through Facebook's login: a ticket, a state and a browser's secret, of which only hashes are kept; then a token.

Each step is taken once: whoever takes it finds the row as the step before left it, or finds nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum, auto

from psycopg.rows import DictRow

from plugin.storage.database import Conn
from plugin.storage.shops import Shop
from plugin.storage.vault import Place, ShopKey, Unsealable

STEPS_WITHIN = timedelta(minutes=10)
"""From the click in the admin to the way back from Facebook."""
KEPT = timedelta(hours=1)
"""From the click in the admin to the choice of a dataset; then the token is gone."""
STATE = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})\.([A-Za-z0-9_-]{43})")
"""Shop, login, and 256 bits."""


class Refusal(StrEnum):
    """Why somebody who came back from Facebook is turned away; nothing was changed."""

    UNKNOWN = auto()
    """No such state, or one that was used already."""
    OTHER_BROWSER = auto()
    EXPIRED = auto()


@dataclass(frozen=True, slots=True)
class Login:
    """A login under way; of a shop that is installed as it was when it began."""

    shop_id: int
    id: int
    domain: str
    shop_name: str


@dataclass(frozen=True, slots=True)
class Secrets:
    """What leaves with the browser: the state in an address of Facebook's, the other in a cookie."""

    state: str = field(repr=False)
    browser: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Granted:
    """What a login has brought: a token of our app, not connected to anything yet."""

    id: int
    token: str = field(repr=False)
    expires_at: datetime | None
    business: str | None
    user_hash: bytes | None


_FOUND = """
SELECT l.*, s.domain, s.name FROM meta_login l JOIN shop s ON s.id = l.shop_id
WHERE s.uninstalled_at IS NULL AND s.generation = l.generation AND
"""


def start(conn: Conn, shop: Shop, user_id: str, now: datetime) -> str:
    """Begin a login, in place of this staff user's earlier one; return its ticket."""
    conn.execute("DELETE FROM meta_login WHERE shop_id = %s AND user_id = %s", (shop.id, user_id))
    ticket = secrets.token_urlsafe(32)
    conn.execute(
        "INSERT INTO meta_login (shop_id, generation, user_id, made_at, ticket_hash) VALUES (%s, %s, %s, %s, %s)",
        (shop.id, shop.generation, user_id, now, _hash(ticket)),
    )
    return ticket


def of_ticket(conn: Conn, ticket: str, now: datetime) -> Login | None:
    """Return the login that a ticket opens, as often as it is looked at; None if it was used or is too old."""
    row = conn.execute(
        f"{_FOUND} l.ticket_hash = %s AND l.state = 'started' AND l.made_at > %s",
        (_hash(ticket), now - STEPS_WITHIN),
    ).fetchone()
    return None if row is None else _login(row)


def leave(conn: Conn, login: Login) -> Secrets | None:
    """Use up a login's ticket; None if somebody was quicker."""
    made = Secrets(f"{login.shop_id}.{login.id}.{secrets.token_urlsafe(32)}", secrets.token_urlsafe(32))
    gone = conn.execute(
        "UPDATE meta_login SET state = 'away', state_hash = %s, browser_hash = %s"
        " WHERE shop_id = %s AND id = %s AND state = 'started'",
        (_hash(made.state), _hash(made.browser), login.shop_id, login.id),
    ).rowcount
    return made if gone else None


def come_back(conn: Conn, state: str, browser: str, now: datetime) -> Login | Refusal:
    """Use up a state, in the browser that left with it. A refusal changes nothing."""
    parts = STATE.fullmatch(state)
    if parts is None:
        return Refusal.UNKNOWN
    row = conn.execute(
        f"{_FOUND} l.shop_id = %s AND l.id = %s AND l.state = 'away' AND l.state_hash IS NOT NULL FOR UPDATE OF l",
        (int(parts[1]), int(parts[2])),
    ).fetchone()
    if row is None or not hmac.compare_digest(bytes(row["state_hash"]), _hash(state)):
        return Refusal.UNKNOWN
    if not hmac.compare_digest(bytes(row["browser_hash"]), _hash(browser)):
        return Refusal.OTHER_BROWSER
    if row["made_at"] <= now - STEPS_WITHIN:
        return Refusal.EXPIRED
    conn.execute(
        "UPDATE meta_login SET state_hash = NULL, browser_hash = NULL WHERE shop_id = %s AND id = %s",
        (row["shop_id"], row["id"]),
    )
    return _login(row)


def grant(conn: Conn, key: ShopKey, login: Login, got: Granted) -> bool:
    """Keep a login's token, sealed, until a dataset is chosen; False if the login is over meanwhile."""
    sealed = key.seal(got.token.encode(), _place(login.id))
    changed = conn.execute(
        "UPDATE meta_login SET state = 'granted', token = %s, token_expires_at = %s, business = %s, meta_user_hash = %s"
        " WHERE shop_id = %s AND id = %s AND state = 'away' AND state_hash IS NULL",
        (sealed, got.expires_at, got.business, got.user_hash, login.shop_id, login.id),
    ).rowcount
    return bool(changed)


def fail(conn: Conn, login: Login, problem: str) -> None:
    """End a login that brought no token, and remember why."""
    conn.execute(
        "UPDATE meta_login SET state = 'ended', problem = %s WHERE shop_id = %s AND id = %s AND state = 'away'",
        (problem, login.shop_id, login.id),
    )


def latest(conn: Conn, shop: Shop, user_id: str, now: datetime) -> tuple[str, str | None]:
    """Return how far a staff user's login has come, and why it ended, if it did: `none`, `started`, `away` ..."""
    row = conn.execute(
        "SELECT state, problem FROM meta_login WHERE shop_id = %s AND generation = %s AND user_id = %s"
        " AND made_at > %s ORDER BY id DESC LIMIT 1",
        (shop.id, shop.generation, user_id, now - KEPT),
    ).fetchone()
    return ("none", None) if row is None else (row["state"], row["problem"])


def granted(conn: Conn, shop: Shop, user_id: str, now: datetime) -> Granted | None:
    """Return what this staff user's login has brought, if it is still theirs to use."""
    row = conn.execute(
        "SELECT * FROM meta_login WHERE shop_id = %s AND generation = %s AND user_id = %s AND state = 'granted'"
        " AND problem IS NULL AND made_at > %s ORDER BY id DESC LIMIT 1",
        (shop.id, shop.generation, user_id, now - KEPT),
    ).fetchone()
    if row is None:
        return None
    try:
        token = shop.key.unseal(row["token"], _place(row["id"])).decode()
    except Unsealable:
        return None
    user_hash = None if row["meta_user_hash"] is None else bytes(row["meta_user_hash"])
    return Granted(row["id"], token, row["token_expires_at"], row["business"], user_hash)


def use(conn: Conn, shop_id: int, login_id: int) -> bool:
    """Use up what a login has brought, and forget it here; False if that was done meanwhile."""
    gone = conn.execute(
        "DELETE FROM meta_login WHERE shop_id = %s AND id = %s AND state = 'granted' AND problem IS NULL",
        (shop_id, login_id),
    )
    return bool(gone.rowcount)


def drop(conn: Conn, shop_id: int, user_id: str | None = None) -> None:
    """Forget a shop's logins, or those of one staff user; not what is to be given back (see `departures`)."""
    conn.execute(
        "DELETE FROM meta_login WHERE shop_id = %s AND (%s::text IS NULL OR user_id = %s)"
        " AND problem IS DISTINCT FROM 'leaving'",
        (shop_id, user_id, user_id),
    )


def drop_old(conn: Conn, now: datetime) -> int:
    """Forget logins that are over by time, their tokens with them; return how many."""
    return conn.execute("DELETE FROM meta_login WHERE made_at <= %s", (now - KEPT,)).rowcount


def _login(row: DictRow) -> Login:
    return Login(row["shop_id"], row["id"], row["domain"], row["name"] or row["domain"])


def _place(login_id: int) -> Place:
    return Place("meta_login", "token", str(login_id))


def _hash(secret: str) -> bytes:
    """Nobody guesses 256 bits, so no key is needed."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()
