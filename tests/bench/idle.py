"""Start and rest: seconds to serving, CPU of imports, memory, and CPU of doing nothing for 20,000 shops."""

from __future__ import annotations

import resource
import subprocess
import sys
import time

import psycopg
from psycopg.rows import TupleRow

from sandbox.ports import free_port
from tests.bench.bodies import Orders
from tests.bench.clients import Load, ready
from tests.bench.figures import Figure, median_of
from tests.bench.machine import cpu_seconds, kill, memory, resident
from tests.bench.site import ROOT, Site

SHOPS = 20_000
CALMS_WITHIN = 8.0
"""Seconds after a start before the rest is measured."""
# Copies of one installed and connected store, with nothing due: what Shopify is asked for daily or hourly is no rest.
_SHOPS = """
WITH model AS (SELECT * FROM shop WHERE domain = 'rest-0.myshopify.com'), made AS (
INSERT INTO shop (domain, generation, installed_at, scopes, name, url, currency, time_zone, country, ingest_key,
    consent_rules, consent_rules_at, upkeep_due, reconciled_until, reconcile_due, access_token, access_expires_at,
    refresh_token, refresh_expires_at, web_pixel_id, pixel_checked_at)
SELECT 'many-' || i || '.myshopify.com', 1, installed_at, scopes, name, url, currency, time_zone, country,
    'bench_ingest_key_' || lpad(i::text, 8, '0'), consent_rules, now(), now() + interval '1 day', now(),
    now() + interval '1 day', access_token, now() + interval '9 days', refresh_token, now() + interval '90 days',
    web_pixel_id, now() FROM model, generate_series(1, %s) i RETURNING id),
chosen AS (INSERT INTO shop_policy (shop_id, tracking_on, fields, grace_minutes)
    SELECT made.id, true, p.fields, p.grace_minutes FROM made, shop_policy p JOIN model ON model.id = p.shop_id)
INSERT INTO meta_connection (shop_id, dataset, from_at, token, kind, connected_by, checked_at, report_at)
SELECT made.id, c.dataset, c.from_at, c.token, c.kind, c.connected_by, now(), now()
FROM made, meta_connection c JOIN model ON model.id = c.shop_id
"""


_COPY_KEYS = "COPY shop_key (shop_id, generation, kid, data_key, lookup_key) FROM STDIN"


def _import_seconds(module: str) -> float:
    """Return the CPU of importing a module in a fresh interpreter, the interpreter's own start taken away."""
    spent = []
    for line in (f"import {module}", "pass"):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", line], cwd=ROOT, check=True)  # noqa: S603 - our own program
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return spent[0] - spent[1]


def _starts(site: Site, rounds: int) -> tuple[list[float], list[float]]:
    """Return seconds from the command to the first good answer, and the CPU that they took."""
    waits, costs = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        web = site.web(free_port())
        waits.append(time.perf_counter() - began)
        costs.append(cpu_seconds([web.pid]))
        kill(web.pid)
        site.stop(web)
    return waits, costs


def _many_shops(site: Site) -> None:
    stores = site.install(1, prefix="rest")
    assert stores
    with psycopg.connect(site.url, autocommit=True) as conn:
        conn.execute(
            "UPDATE shop SET reconciled_until = now(), reconcile_due = now() + interval '1 day',"
            " upkeep_due = now() + interval '1 day', web_pixel_id = 'gid://shopify/WebPixel/1',"
            " pixel_checked_at = now()"
        )
        conn.execute(_SHOPS, (SHOPS,))
        _keys(site, conn)
        conn.execute("VACUUM ANALYZE")


def _keys(site: Site, conn: psycopg.Connection[TupleRow]) -> None:
    """Give each of the copies keys of its own: a start of the app tries some."""
    without = conn.execute("SELECT id FROM shop WHERE NOT EXISTS (SELECT FROM shop_key WHERE shop_id = id)").fetchall()
    with conn.cursor() as cursor, cursor.copy(_COPY_KEYS) as copy:
        for (shop_id,) in without:
            made, _ = site.vault.new_key(shop_id, 1)
            copy.write_row((shop_id, made.generation, made.kid, made.data, made.lookup))


def _busy_web(site: Site, web: subprocess.Popen[bytes], port: int, seconds: float) -> None:
    """Let it answer some orders, so that its memory is that of a process at work."""
    stores = site.install(1, prefix="busy")
    ready(Load(port, Orders(stores).requests, 16, seconds, 4000, 20_000_000)).run()
    assert web.poll() is None


def _at_rest(site: Site, roots: dict[str, int], seconds: float) -> dict[str, float]:
    """Return the share of a core that each uses."""
    before = {name: cpu_seconds([pid]) for name, pid in roots.items()}
    began = time.monotonic()
    time.sleep(seconds)
    span = time.monotonic() - began
    return {name: (cpu_seconds([pid]) - before[name]) / span for name, pid in roots.items()}


def measure(site: Site, *, rounds: int, seconds: float) -> list[Figure]:
    """Run all of it on a database of its own. `seconds`: how long the rest is watched."""
    own = site.sibling("rest")
    waits, costs = _starts(own, rounds)
    figures = [
        median_of("start s", waits),
        median_of("start cpu s", costs),
        *(
            median_of(f"import {name} cpu s", [_import_seconds(name) for _ in range(3)])
            for name in ("app", "plugin.cli")
        ),
    ]
    _many_shops(own)
    port = free_port()
    web, worker = own.web(port), own.worker()
    try:
        time.sleep(CALMS_WITHIN)
        rest = _at_rest(own, {"web": web.pid, "worker": worker.pid, "postgres": own.postmaster}, seconds)
        _busy_web(own, web, port, 2)
        figures += [Figure(f"idle {name} %", share * 100) for name, share in rest.items()]
        figures += [*_memory("web", web.pid), *_memory("worker", worker.pid)]
        assert worker.poll() is None
    finally:
        own.stop(worker)
        own.stop(web)
    return figures


def _memory(name: str, pid: int) -> list[Figure]:
    """The largest process of a tree, and all of it."""
    return [
        Figure(f"memory {name} MB", max(resident(pid).values())),
        Figure(f"memory {name} private MB", sum(memory(pid).values())),
    ]
