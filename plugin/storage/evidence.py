"""Pixel evidence at rest: what the posts of a checkout said, without ids; browser ids sealed, and only if allowed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum, auto
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from plugin.recovery.evidence import Delivery, Evidence, Post, Stage
from plugin.recovery.purchase import Browser
from plugin.storage.database import Conn
from plugin.storage.shops import Shop
from plugin.storage.vault import Place, ShopKey, Unsealable

MOST_POSTS = 64
"""Posts kept of one checkout and day; an honest checkout makes about twelve. Refusals and deliveries get more room."""

# Appending keeps the statement single and the order of arrival without meaning: readers merge. Browser ids are kept
# only if the switch still stands as it was read, and no post of this checkout, of yesterday's row either, refused.
# Of a checkout whose order was erased nothing is kept any more, and where there is no room none is kept that is new.
_KEEP = """
WITH known AS (SELECT count(*) > 0 AS yes, count(*) FILTER (WHERE day = %(day)s) > 0 AS today,
    count(*) FILTER (WHERE refused) > 0 AS refused FROM evidence
    WHERE shop_id = %(shop_id)s AND token_hash = %(token_hash)s
        AND day BETWEEN %(day)s::date - 1 AND %(day)s::date + 1),
ok AS (SELECT NOT known.refused AND EXISTS (SELECT FROM shop_policy WHERE shop_id = %(shop_id)s AND tracking_on
    AND switch_count = %(switch_count)s) AS yes FROM known),
kept AS (
INSERT INTO evidence (shop_id, token_hash, day, posts, sealed_ids, ids_at, refused)
SELECT %(shop_id)s, %(token_hash)s, %(day)s, %(posts)s,
    CASE WHEN ok.yes THEN %(ids)s::bytea END, CASE WHEN ok.yes THEN %(ids_at)s::timestamptz END, %(refused)s
FROM ok, known
WHERE NOT EXISTS (SELECT FROM tombstone WHERE shop_id = %(shop_id)s AND hash = %(token_hash)s)
    AND (%(has_room)s OR known.yes)
ON CONFLICT (shop_id, token_hash, day) DO UPDATE SET
    posts = CASE WHEN EXISTS (SELECT FROM jsonb_array_elements(evidence.posts) AS old(post)
            WHERE old.post = excluded.posts -> 0) THEN evidence.posts ELSE evidence.posts || excluded.posts END,
    refused = evidence.refused OR excluded.refused,
    sealed_ids = CASE WHEN evidence.refused OR excluded.refused THEN NULL
        WHEN excluded.sealed_ids IS NULL THEN evidence.sealed_ids
        WHEN evidence.ids_at >= excluded.ids_at THEN evidence.sealed_ids ELSE excluded.sealed_ids END,
    ids_at = CASE WHEN evidence.refused OR excluded.refused THEN NULL
        ELSE greatest(evidence.ids_at, excluded.ids_at) END
WHERE jsonb_array_length(evidence.posts) < %(most)s
RETURNING 1)
SELECT known.yes AS known, EXISTS (SELECT FROM kept) AND NOT known.today AS added FROM known
"""
_COUNT = """
SELECT count(*) - count(o.token_hash) AS without_order, count(o.token_hash) AS with_order
FROM evidence e LEFT JOIN (SELECT DISTINCT token_hash FROM paid_order
    WHERE shop_id = %(shop_id)s AND paid_at >= %(since)s) o USING (token_hash)
WHERE e.shop_id = %(shop_id)s AND e.day = %(day)s
"""
NONE = Evidence()


@dataclass(frozen=True, slots=True)
class Arrival:
    """A post as it came in."""

    post: Post
    at: datetime
    browser: Browser | None
    """None: its order is decided, nothing needs it any more."""
    has_room: bool = True
    """Whether it is kept of a checkout that is not known yet, too."""


class Kept(Enum):
    """What became of a post."""

    ADDED = auto()
    """It is the first of its checkout today."""
    JOINED = auto()
    """It is with the others of its checkout, or there was nothing in it to keep."""
    NO_ROOM = auto()


def day_of(at: datetime) -> date:
    """Return the UTC day that a post of this time is kept under."""
    return at.astimezone(UTC).date()


def refuses(post: Post) -> bool:
    """Whether a post by itself refuses what the pixel declares, or opts out of sale."""
    return post.consent.refused or not post.consent.sale_of_data


def settles(post: Post) -> bool:
    """Whether a post can end a waiting order: its Purchase delivered, or a refusal."""
    delivered = post.stage is Stage.CHECKOUT_COMPLETED and post.delivery is Delivery.SENT
    return delivered or refuses(post)


def keep(conn: Conn, shop: Shop, arrival: Arrival) -> Kept:
    """Add a post to its checkout's evidence. Browser ids are kept only while tracking is on and the post allows it.

    A refusal also erases what other days of the checkout kept.
    """
    token_hash = shop.key.lookup_hash(arrival.post.token)
    found = conn.execute(_KEEP, row_of(shop, arrival, token_hash)).fetchone()
    assert found is not None  # noqa: S101 - an aggregate is always one row
    if not (found["known"] or arrival.has_room):
        return Kept.NO_ROOM
    if refuses(arrival.post):
        forget_browsers_of(conn, shop.id, [token_hash])
    return Kept.ADDED if found["added"] else Kept.JOINED


def row_of(shop: Shop, arrival: Arrival, token_hash: bytes) -> dict[str, Any]:
    """Return what of a post is written, by the statement's names."""
    post, browser = arrival.post, arrival.browser
    refused = refuses(post)
    allowed = browser is not None and shop.policy.tracking_on and not refused
    ids = browser.only(shop.fields) if allowed and browser is not None else None
    return {
        "shop_id": shop.id,
        "token_hash": token_hash,
        "day": day_of(arrival.at),
        "posts": Jsonb([post.kept()]),
        "ids": ids and _sealed(shop.key, ids, token_hash),
        "ids_at": (post.at or arrival.at) if allowed else None,
        "refused": refused,
        "switch_count": shop.switch_count,
        "most": MOST_POSTS * (2 if settles(post) else 1),
        "has_room": arrival.has_room,
    }


def count(conn: Conn, shop_id: int, day: date) -> dict[str, int]:
    """Return how many checkouts with evidence of a day came `with_order`, and how many `without_order`."""
    since = datetime.combine(day, time(), UTC) - timedelta(days=1)  # a checkout may end in the next day's first hours
    found = conn.execute(_COUNT, {"shop_id": shop_id, "day": day, "since": since}).fetchone()
    assert found is not None  # noqa: S101 - an aggregate is always one row
    return found


def of(conn: Conn, shop_id: int, token_hashes: Iterable[bytes]) -> dict[bytes, Evidence]:
    """Return the merged evidence of these checkouts; one without posts is not in the answer."""
    rows = conn.execute(
        "SELECT token_hash, posts FROM evidence WHERE shop_id = %s AND token_hash = ANY(%s)",
        (shop_id, list(token_hashes)),
    ).fetchall()
    posts: dict[bytes, list[Post]] = {}
    for row in rows:
        posts.setdefault(bytes(row["token_hash"]), []).extend(Post.from_kept(kept) for kept in row["posts"])
    return {token_hash: Evidence.of(of_one) for token_hash, of_one in posts.items()}


def merged(rows: Iterable[Iterable[Any]] | None) -> Evidence:
    """Return the evidence of one checkout from its rows' posts; None: it has no rows."""
    return Evidence.of(Post.from_kept(kept) for posts in rows for kept in posts) if rows else NONE


def browsers_of(conn: Conn, shop: Shop, token_hashes: Iterable[bytes]) -> dict[bytes, Browser]:
    """Return the browser ids kept of these checkouts, in the clear, for the event that is about to be sent."""
    rows = conn.execute(
        "SELECT token_hash, sealed_ids FROM evidence WHERE shop_id = %s AND token_hash = ANY(%s)"
        " AND sealed_ids IS NOT NULL ORDER BY ids_at",
        (shop.id, list(token_hashes)),
    ).fetchall()
    found: dict[bytes, Browser] = {}
    for row in rows:
        token_hash = bytes(row["token_hash"])
        try:
            found[token_hash] = Browser(**json.loads(shop.key.unseal(row["sealed_ids"], _place(token_hash))))
        except Unsealable:  # of an earlier install, whose key is gone
            continue
    return found


def forget_browsers_of(conn: Conn, shop_id: int, token_hashes: Iterable[bytes]) -> None:
    """Erase the browser ids of these checkouts: their orders are decided, or their buyers refused."""
    conn.execute(
        "UPDATE evidence SET sealed_ids = NULL, ids_at = NULL"
        " WHERE shop_id = %s AND token_hash = ANY(%s) AND sealed_ids IS NOT NULL",
        (shop_id, list(token_hashes)),
    )


def forget_browsers(conn: Conn, shop_id: int) -> None:
    """Erase the browser ids of all checkouts of a shop."""
    conn.execute(
        "UPDATE evidence SET sealed_ids = NULL, ids_at = NULL WHERE shop_id = %s AND sealed_ids IS NOT NULL", (shop_id,)
    )


def forget_late_browsers(conn: Conn) -> None:
    """Erase the browser ids of shops whose switch is off: of posts that were being kept while it went off.

    Such a post does not hold the switch still, for a stream of posts would then hold up switching off.
    """
    conn.execute(
        "UPDATE evidence SET sealed_ids = NULL, ids_at = NULL WHERE sealed_ids IS NOT NULL"
        " AND shop_id IN (SELECT shop_id FROM shop_policy WHERE NOT tracking_on)"
    )


def _sealed(key: ShopKey, browser: Browser, token_hash: bytes) -> bytes:
    return key.seal(msgspec.json.encode(browser), _place(token_hash))


def _place(token_hash: bytes) -> Place:
    return Place("evidence", "sealed_ids", token_hash.hex())
