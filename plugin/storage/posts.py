"""Posts of the pixel, many at once: what `evidence.keep` does for one, for a group of them in one statement.

Only the plain ones: a post of a checkout that has an order locks that order first, and a refusal erases what other days
of its checkout kept. Those are told `Alone`, and go through `evidence.keep`, the measure of what a row must hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from psycopg.types.numeric import Int4, Int8

from plugin.storage import evidence, known_shops
from plugin.storage.database import Conn
from plugin.storage.evidence import Arrival, Kept
from plugin.storage.grouping import Alone, Made
from plugin.storage.known_shops import INSTALLED, VERSION, Known
from plugin.storage.shops import Shop
from plugin.storage.vault import Vault

# What `evidence` asks for one checkout; see there why. A shop whose rows are not of the version that was read is asked
# for again, and the switch with it. Rows in the order of their hashes, in which everybody writes several of them.
# OFFSET 0 keeps each look a look by index.
_KEEP = f"""
WITH r AS MATERIALIZED (
    SELECT r.*, known.*,
        EXISTS (SELECT FROM {INSTALLED}
            WHERE s.id = r.shop_id AND s.uninstalled_at IS NULL AND {VERSION} = r.version OFFSET 0) AS is_current,
        EXISTS (SELECT FROM paid_order o
            WHERE o.shop_id = r.shop_id AND o.token_hash = r.token_hash
                AND substring(o.token_hash, 1, 7) = substring(r.token_hash, 1, 7) OFFSET 0) AS has_order
    FROM unnest(%(shop_id)b::bigint[], %(version)b::text[], %(token_hash)b::bytea[], %(day)b::date[],
        %(posts)b::text[], %(ids)b::bytea[], %(ids_at)b::timestamptz[], %(most)b::int[], %(has_room)b::bool[])
        WITH ORDINALITY AS r (shop_id, version, token_hash, day, posts, ids, ids_at, most, has_room, n)
    CROSS JOIN LATERAL (SELECT count(*) > 0 AS known, count(*) FILTER (WHERE e.day = r.day) > 0 AS today,
            count(*) FILTER (WHERE e.refused) > 0 AS refused_before
        FROM evidence e WHERE e.shop_id = r.shop_id AND e.token_hash = r.token_hash
            AND e.day BETWEEN r.day - 1 AND r.day + 1) known),
kept AS (
INSERT INTO evidence (shop_id, token_hash, day, posts, sealed_ids, ids_at, refused)
SELECT r.shop_id, r.token_hash, r.day, r.posts::jsonb, CASE WHEN NOT r.refused_before THEN nullif(r.ids, '') END,
    CASE WHEN NOT r.refused_before AND r.ids <> '' THEN r.ids_at END, false
FROM r WHERE r.is_current AND NOT r.has_order AND (r.has_room OR r.known)
    AND NOT EXISTS (SELECT FROM tombstone t WHERE t.shop_id = r.shop_id AND t.hash = r.token_hash OFFSET 0)
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
SELECT r.n, r.is_current, r.has_order, r.known, kept.shop_id IS NOT NULL AND NOT r.today AS added
FROM r LEFT JOIN kept USING (shop_id, token_hash)
"""  # noqa: S608 - nothing from outside


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
    vault = incoming[0].vault
    known = known_shops.remembered(vault, "ingest_key", (one.arrival.post.key for one in incoming))
    ended = _kept(conn, incoming, known)
    left = {n: one for n, one in enumerate(incoming) if n not in ended}
    if left:
        fresh = known_shops.read(conn, vault, "ingest_key", (one.arrival.post.key for one in left.values()))
        places = list(left)
        again = _kept(conn, list(left.values()), fresh)
        ended |= {place: again.get(n, _not_kept(left[place], fresh)) for n, place in enumerate(places)}
    return [ended[n] for n in range(len(incoming))]


def _not_kept(one: Incoming, fresh: Mapping[str, Known]) -> Ended:
    """A stranger's, or of a shop that has changed once more since it was read."""
    return NOT_HERE if one.arrival.post.key in fresh else None


def _kept(conn: Conn, incoming: Sequence[Incoming], known: Mapping[str, Known]) -> dict[int, Ended]:
    """Keep those of the posts whose shop is known; of the others, and of changed shops, nothing is returned."""
    ours = [(n, known[one.arrival.post.key]) for n, one in enumerate(incoming) if one.arrival.post.key in known]
    if not ours:
        return {}
    rows = [_row(shop, incoming[n]) for n, shop in ours]
    ended: dict[int, Ended] = {}
    for line in conn.execute(_KEEP, {name: [row[name] for row in rows] for name in rows[0]}).fetchall():
        at = line["n"] - 1
        n, found = ours[at]
        if line["is_current"]:
            ended[n] = NOT_HERE if line["has_order"] else (found.shop, _how(line, has_room=rows[at]["has_room"]))
    return ended


def _how(line: Mapping[str, Any], *, has_room: bool) -> Kept:
    if not (line["known"] or has_room):
        return Kept.NO_ROOM
    return Kept.ADDED if line["added"] else Kept.JOINED


def _row(known: Known, one: Incoming) -> dict[str, Any]:
    """Return a post's columns. Empty stands for NULL, since a column of nothing but NULLs has no type."""
    shop, arrival = known.shop, one.arrival
    row = evidence.row_of(shop, arrival, shop.key.lookup_hash(arrival.post.token))
    return {
        "shop_id": Int8(shop.id),
        "version": known.version,
        "token_hash": row["token_hash"],
        "day": row["day"],
        "posts": msgspec.json.encode(row["posts"].obj).decode(),
        "ids": row["ids"] or b"",
        "ids_at": row["ids_at"] or arrival.at,
        "most": Int4(row["most"]),
        "has_room": one.has_room(shop.id),
    }
