"""A town of shops: installed, connected to a dataset, tracking on; made by PostgreSQL in seconds, however many.

The first shops sell most: the shop of rank r is chosen with a weight of 1/r (Zipf's law).
"""

from __future__ import annotations

import random
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import psycopg
from psycopg.rows import TupleRow

from plugin.storage.shops import token_place
from plugin.storage.vault import ShopKey
from tests.bench.bodies import Store
from tests.bench.site import BIN, Running, Site, environment

CHOICES = 1 << 17
"""Orders after which the choice of shops begins anew."""
SEED = 780
MODEL = "model-0.myshopify.com"
# Nothing is due at Shopify, and the pixel is in place: what is asked there daily or hourly is no part of this.
_MODEL = """
UPDATE shop SET reconciled_until = now(), reconcile_due = now() + interval '1 day',
    upkeep_due = now() + interval '1 day', web_pixel_id = 'gid://shopify/WebPixel/1', pixel_checked_at = now()
WHERE domain = %s
"""
_SHOPS = """
WITH model AS (SELECT * FROM shop WHERE domain = %(model)s), made AS (
INSERT INTO shop (domain, generation, installed_at, scopes, name, url, currency, time_zone, country, ingest_key,
    consent_rules, consent_rules_at, upkeep_due, reconciled_until, reconcile_due, web_pixel_id, pixel_checked_at)
SELECT 'town-' || i || '.myshopify.com', 1, installed_at, scopes, name, url, currency, time_zone, country,
    'ingest_key_of_town_' || lpad(i::text, 8, '0'), consent_rules, now(), upkeep_due, now(), reconcile_due,
    web_pixel_id, now() FROM model, generate_series(1, %(count)s) i ORDER BY i RETURNING id),
chosen AS (INSERT INTO shop_policy (shop_id, tracking_on, switch_count, fields, grace_minutes)
    SELECT made.id, true, p.switch_count, p.fields, p.grace_minutes
    FROM made, shop_policy p JOIN model ON model.id = p.shop_id)
INSERT INTO meta_connection (shop_id, dataset, from_at, token, kind, connected_by, checked_at, report_at)
SELECT made.id, c.dataset, c.from_at, c.token, c.kind, c.connected_by, now(), now()
FROM made, meta_connection c JOIN model ON model.id = c.shop_id
"""
_MEMBERS = """
SELECT s.id, s.domain, s.ingest_key, c.id, p.switch_count FROM shop s
JOIN meta_connection c ON c.shop_id = s.id AND c.until_at IS NULL JOIN shop_policy p ON p.shop_id = s.id
WHERE s.domain LIKE 'town-%' ORDER BY s.id
"""
_KEYS = "COPY shop_key (shop_id, generation, kid, data_key, lookup_key) FROM STDIN"
_TOKENS = """
UPDATE meta_connection c SET token = t.token FROM unnest(%b::bigint[], %b::bytea[]) AS t (shop_id, token)
WHERE c.shop_id = t.shop_id
"""


@dataclass(frozen=True, slots=True)
class Member:
    """A shop of the town, with what its rows are sealed with."""

    id: int
    store: Store
    connection_id: int
    switch_count: int
    key: ShopKey = field(repr=False)


class ScaleSite(Site):
    """A site whose workers may be told how many batches they send at a time."""

    def crew(self, concurrency: int, **more: str) -> int:
        """Start `backstop worker`; return its process id."""
        words = [str(BIN / "backstop"), "worker", "--concurrency", str(concurrency)]
        return self._begin(words, environment(self.url) | more, "worker.log").pid

    @property
    def running(self) -> Running:
        """The servers that were started and not stopped."""
        return self._running


@contextmanager
def scale_site() -> Iterator[ScaleSite]:
    """Build one, and take it down whatever happens; a polite end of this process (SIGTERM) counts as that."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(tempfile.mkdtemp(prefix="backstop-scale-", dir="/var/tmp"))
    folder.chmod(0o711)  # the embedded server may run as another user
    built = ScaleSite(folder)
    try:
        yield built
    finally:
        built.close()


def populate(site: Site, count: int) -> list[Member]:
    """Install `count` shops; return them, the one that sells most first."""
    site.install(1, prefix="model")
    with psycopg.connect(site.url, autocommit=True) as conn:
        conn.execute("SET synchronous_commit = off")
        conn.execute(_MODEL, (MODEL,))
        conn.execute(_SHOPS, {"model": MODEL, "count": count})
        made = [_member(site, row) for row in conn.execute(_MEMBERS).fetchall()]
        _write_keys(site, conn, made)
        tokens = [one.key.seal(b"EAAscale", token_place(one.connection_id)) for one in made]
        conn.execute(_TOKENS, ([one.id for one in made], tokens))
        conn.execute("VACUUM ANALYZE")
        conn.execute("CHECKPOINT")
    return made


def _member(site: Site, row: TupleRow) -> Member:
    shop_id, domain, ingest_key, connection_id, switch_count = row
    _, key = site.vault.new_key(shop_id, 1)
    return Member(shop_id, Store(domain, ingest_key), connection_id, switch_count, key)


def _write_keys(site: Site, conn: psycopg.Connection[TupleRow], members: Sequence[Member]) -> None:
    with conn.cursor() as cursor, cursor.copy(_KEYS) as copy:
        for one in members:
            made = site.vault.wrap(one.key)
            copy.write_row((one.id, made.generation, made.kid, made.data, made.lookup))


def by_size(members: Sequence[Member]) -> list[Member]:
    """Return whose order comes, order after order, the same in every run."""
    weights = list(accumulate(1 / rank for rank in range(1, len(members) + 1)))
    return random.Random(SEED).choices(members, cum_weights=weights, k=CHOICES)  # noqa: S311 - no secret
