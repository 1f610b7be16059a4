"""P11: jobs for each order, and what a page costs beside its template alone."""

from __future__ import annotations

import statistics
import time
from typing import Any

from flask import Flask, before_render_template, template_rendered

from app import create_app
from plugin.services import Services
from plugin.storage import orm
from tests.bench import events
from tests.bench.figures import Figure, median_of
from tests.bench.ledger_rows import make_due
from tests.bench.machine import cpu_seconds, kill
from tests.bench.site import Site
from tests.bench.sizes import id_token

TURNS = 60
ORDERS = 4000
TOLD_WITHIN = 1.5
"""Seconds until PostgreSQL's statistics hold what was written."""
SENT_WITHIN = 60.0
PAGES = {"settings": "/settings", "dashboard": "/"}


class _Stopwatch:
    """Sums up the CPU that goes into templates."""

    def __init__(self) -> None:
        self.spent = 0.0
        self._since = 0.0

    def start(self, _app: Flask, **_: Any) -> None:
        self._since = time.process_time()

    def stop(self, _app: Flask, **_: Any) -> None:
        self.spent += time.process_time() - self._since


def _page(app: Flask, domain: str, path: str) -> tuple[float, float]:
    """Return the CPU of one page in microseconds: all of it, and its template."""
    watch, client = _Stopwatch(), app.test_client()
    headers = {"Authorization": f"Bearer {id_token(domain)}"}
    assert client.get(path, headers=headers).status_code == 200
    with before_render_template.connected_to(watch.start, app), template_rendered.connected_to(watch.stop, app):
        before = time.process_time()
        for _ in range(TURNS):
            assert client.get(path, headers=headers).status_code == 200
        whole = time.process_time() - before
    return whole / TURNS * 1e6, watch.spent / TURNS * 1e6


def _pages(site: Site, domain: str, rounds: int) -> list[Figure]:
    app = create_app(site.settings, site.url)
    given = app.extensions["backstop"]
    assert isinstance(given, Services)
    figures = []
    try:
        for name, path in PAGES.items():
            pairs = [_page(app, domain, path) for _ in range(rounds)]
            figures.append(median_of(f"P11 {name} page", [whole / template for whole, template in pairs]))
            figures.append(Figure(f"{name} page us", statistics.median(whole for whole, _ in pairs)))
    finally:
        given.close()
        orm.close(app)
    return figures


def _number(site: Site, statement: bytes) -> int:
    with site.connect() as conn:
        row = conn.execute(statement).fetchone()
    assert row is not None
    return int(row["n"])


def _jobs(site: Site, meta: str) -> list[Figure]:
    """Let a shipped worker send some thousand orders of one store; count the jobs made, its own rounds included."""
    store = site.install(1, prefix="jobs")[0]
    given = site.services(META_GRAPH_URL=f"{meta}/v26.0")
    try:
        make_due(given, store, ORDERS, 4_000_000_000_000)
    finally:
        given.close()
    left = b"SELECT count(*) AS n FROM paid_order WHERE outcome = 'waiting' AND reason = 'sending'"
    jobs = b"SELECT n_tup_ins AS n FROM pg_stat_user_tables WHERE relname = 'procrastinate_jobs'"
    before, base = _number(site, jobs), cpu_seconds([site.postmaster])
    worker = site.worker(META_GRAPH_URL=f"{meta}/v26.0")
    end = time.monotonic() + SENT_WITHIN
    while _number(site, left) and time.monotonic() < end:
        time.sleep(0.2)
    cost = cpu_seconds([worker.pid]) + cpu_seconds([site.postmaster]) - base
    kill(worker.pid)
    site.stop(worker)
    assert not _number(site, left)
    time.sleep(TOLD_WITHIN)
    made = _number(site, jobs) - before
    return [Figure("P11 jobs", made * 1000 / ORDERS), Figure("worker us", cost / ORDERS * 1e6)]


def measure(site: Site, *, rounds: int) -> list[Figure]:
    """Run both on a database of their own."""
    own = site.sibling("pages")
    store = own.install(1, prefix="pages")[0]
    with events.sink(0) as meta:
        return _pages(own, store.domain, rounds) + _jobs(own, meta)
