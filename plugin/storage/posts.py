"""Posts of the pixel, many at once: what `evidence.keep` does for one, for a group of them in one transaction.

Only the plain ones: a post of a checkout that has an order locks that order first, and a refusal erases what other days
of its checkout kept. Those are told `Alone`, and go through `evidence.keep`, the measure of what a row must hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from psycopg.types.numeric import Int4, Int8

from plugin.storage import evidence, known_shops
from plugin.storage.database import Conn
from plugin.storage.evidence import Arrival, Kept
from plugin.storage.grouping import Alone, Made
from plugin.storage.shops import Shop
from plugin.storage.vault import Vault

# Statement by statement what `evidence` asks for one checkout; see there why. Rows in the order of their hashes, in
# which everybody writes several of them. OFFSET 0 keeps each look a look by index.
_WITH_ORDER = """
SELECT r.n FROM unnest(%b::bigint[], %b::bytea[]) WITH ORDINALITY AS r (shop_id, token_hash, n)
WHERE EXISTS (SELECT FROM paid_order o WHERE o.shop_id = r.shop_id AND o.token_hash = r.token_hash OFFSET 0)
"""
_KEEP = """
WITH r AS MATERIALIZED (
    SELECT r.*, known.*, NOT known.refused_before AND EXISTS (SELECT FROM shop_policy p WHERE p.shop_id = r.shop_id
        AND p.tracking_on AND p.switch_count = r.switch_count OFFSET 0) AS ok
    FROM unnest(%(shop_id)b::bigint[], %(token_hash)b::bytea[], %(day)b::date[], %(posts)b::text[], %(ids)b::bytea[],
        %(ids_at)b::timestamptz[], %(switch_count)b::bigint[], %(most)b::int[], %(has_room)b::bool[]) WITH ORDINALITY
        AS r (shop_id, token_hash, day, posts, ids, ids_at, switch_count, most, has_room, n)
    CROSS JOIN LATERAL (SELECT count(*) > 0 AS known, count(*) FILTER (WHERE e.day = r.day) > 0 AS today,
            count(*) FILTER (WHERE e.refused) > 0 AS refused_before
        FROM evidence e WHERE e.shop_id = r.shop_id AND e.token_hash = r.token_hash
            AND e.day BETWEEN r.day - 1 AND r.day + 1) known),
kept AS (
INSERT INTO evidence (shop_id, token_hash, day, posts, sealed_ids, ids_at, refused)
SELECT r.shop_id, r.token_hash, r.day, r.posts::jsonb, CASE WHEN r.ok THEN nullif(r.ids, '') END,
    CASE WHEN r.ok AND r.ids <> '' THEN r.ids_at END, false
FROM r WHERE NOT EXISTS (SELECT FROM tombstone t WHERE t.shop_id = r.shop_id AND t.hash = r.token_hash OFFSET 0)
    AND (r.has_room OR r.known)
ORDER BY r.shop_id, r.token_hash
ON CONFLICT (shop_id, token_hash, day) DO UPDATE SET
    posts = CASE WHEN EXISTS (SELECT FROM jsonb_array_elements(evidence.posts) AS old(post)
            WHERE old.post = excluded.posts -> 0) THEN evidence.posts ELSE evidence.posts || excluded.posts END,
    sealed_ids = CASE WHEN evidence.refused THEN NULL
        WHEN excluded.sealed_ids IS NULL THEN evidence.sealed_ids
        WHEN evidence.ids_at >= excluded.ids_at THEN evidence.sealed_ids ELSE excluded.sealed_ids END,
    ids_at = CASE WHEN evidence.refused THEN NULL ELSE greatest(evidence.ids_at, excluded.ids_at) END
WHERE jsonb_array_length(evidence.posts) < (SELECT r.most FROM r
    WHERE r.shop_id = excluded.shop_id AND r.token_hash = excluded.token_hash)
RETURNING shop_id, token_hash)
SELECT r.n, r.known, kept.shop_id IS NOT NULL AND NOT r.today AS added
FROM r LEFT JOIN kept USING (shop_id, token_hash)
"""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A post as it came in. `has_room`: whether a shop (by its id) has room for a checkout that is not known yet."""

    vault: Vault
    arrival: Arrival
    has_room: Callable[[int], bool]

    def made(self) -> Made[Incoming]:
        """Return it for a group: one checkout must not be twice in one statement."""
        return Made(self, (self.arrival.post.key, self.arrival.post.token))


Ended = tuple[Shop, Kept] | Alone | None
"""Where a post is kept, and how; None: no shop of ours. `Alone` as an answer: this one only."""
NOT_HERE: Final = Alone()


def keep_all(conn: Conn, incoming: Sequence[Incoming]) -> list[Ended]:
    """Keep posts, no two of one key, that refuse nothing."""
    found = known_shops.by_ingest_keys(conn, incoming[0].vault, (one.arrival.post.key for one in incoming))
    ended: list[Ended] = [None] * len(incoming)
    ours = [(n, found[one.arrival.post.key]) for n, one in enumerate(incoming) if one.arrival.post.key in found]
    hashes = [shop.key.lookup_hash(incoming[n].arrival.post.token) for n, shop in ours]
    if not ours:
        return ended
    with_order = _with_order(conn, [shop.id for _, shop in ours], hashes)
    plain = []
    for place, ((n, shop), token_hash) in enumerate(zip(ours, hashes, strict=True)):
        if place in with_order:
            ended[n] = NOT_HERE
        else:
            plain.append((n, shop, token_hash))
    for (n, shop, _), kept in zip(plain, _keep(conn, incoming, plain), strict=True):
        ended[n] = (shop, kept)
    return ended


def _with_order(conn: Conn, shop_ids: list[int], hashes: list[bytes]) -> set[int]:
    rows = conn.execute(_WITH_ORDER, ([Int8(shop_id) for shop_id in shop_ids], hashes)).fetchall()
    return {row["n"] - 1 for row in rows}


def _keep(conn: Conn, incoming: Sequence[Incoming], plain: list[tuple[int, Shop, bytes]]) -> list[Kept]:
    if not plain:
        return []
    rows = [evidence.row_of(shop, incoming[n].arrival, token_hash) for n, shop, token_hash in plain]
    rooms = [incoming[n].has_room(shop.id) for n, shop, _ in plain]
    values = {
        "shop_id": [Int8(row["shop_id"]) for row in rows],
        "token_hash": [row["token_hash"] for row in rows],
        "day": [row["day"] for row in rows],
        "posts": [msgspec.json.encode(row["posts"].obj).decode() for row in rows],
        "ids": [row["ids"] or b"" for row in rows],
        "ids_at": [row["ids_at"] or incoming[n].arrival.at for row, (n, _, _) in zip(rows, plain, strict=True)],
        "switch_count": [Int8(row["switch_count"]) for row in rows],
        "most": [Int4(row["most"]) for row in rows],
        "has_room": rooms,
    }
    kept = [Kept.JOINED] * len(plain)
    for line in conn.execute(_KEEP, values).fetchall():
        at = line["n"] - 1
        if not (line["known"] or rooms[at]):
            kept[at] = Kept.NO_ROOM
        elif line["added"]:
            kept[at] = Kept.ADDED
    return kept
