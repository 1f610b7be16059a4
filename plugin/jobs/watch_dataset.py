"""Watch the dataset: once a day what Meta counts in it is read, and kept beside what the ledger says of the same days.

The connection never depends on it: whatever Meta answers, nothing is broken, mended, paused or sent by it.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

import procrastinate

from plugin.jobs import each
from plugin.meta.errors import MetaError
from plugin.meta.reports import DatasetReader, ReportClient, outcome_of
from plugin.recovery.dataset_report import Counts, Figures, Quality, Report, Told, window_start
from plugin.services import Services
from plugin.storage import connections, reports, shops
from plugin.storage.shops import MetaConnection, Shop
from plugin.storage.vault import Unsealable

log = logging.getLogger(__name__)
NOTHING: Final = Counts(0, 0, 0)


def due(given: Services) -> list[int]:
    """Return the shops whose dataset is to be read."""
    with given.database.transaction() as conn:
        return reports.due(conn, given.clock.now())


def read(given: Services, shop_id: int) -> None:
    """Read a shop's dataset once; whatever comes of it is kept as its report."""
    now = given.clock.now()
    with given.database.transaction() as conn:
        shop = shops.by_id(conn, given.vault, shop_id)
        before = reports.latest(conn, shop_id)
    if shop is None or shop.connection is None:
        return
    report = _report(given, shop, shop.connection, now).after(before[0] if before else None, now)
    with given.database.transaction() as conn:
        kept = reports.keep(conn, shop.id, shop.connection, report, now)
    if kept:
        log.info("dataset read", extra={"shop_id": shop.id, "result": report.told, "reason": report.quality.told})


def _report(given: Services, shop: Shop, connection: MetaConnection, now: datetime) -> Report:
    """Ask Meta. A token that does not open cannot read either; the daily check says so."""
    try:
        reader = _reader(given, shop, connection)
    except Unsealable:
        return Report(Told.NOT_PERMITTED, Quality(Told.NOT_PERMITTED))
    quality = _quality(shop, reader)
    try:
        counted = reader.counts(window_start(now), now)
    except MetaError as fault:
        told, code = outcome_of(fault)
        _tell(shop, fault)
        return Report(told, quality, code)
    with given.database.transaction() as conn:
        ledger = reports.ledger(conn, shop.id, connection.dataset, now)
    figures = Figures(int(now.timestamp()), counted or NOTHING, ledger)
    return Report(Told.NO_DATA if counted is None else Told.COUNTED, quality, figures=figures)


def _reader(given: Services, shop: Shop, connection: MetaConnection) -> DatasetReader:
    settings = given.settings
    client = ReportClient(settings.graph_url, settings.meta_app_id, settings.meta_app_secret)
    of_app = connection.kind == connections.LOGIN
    return DatasetReader(client, connection.dataset, connections.token_of(shop, connection), of_app=of_app)


def _quality(shop: Shop, reader: DatasetReader) -> Quality:
    try:
        return reader.quality()
    except MetaError as fault:
        _tell(shop, fault)
        return Quality(*outcome_of(fault))


def _tell(shop: Shop, fault: MetaError) -> None:
    said = {"shop_id": shop.id, "code": fault.code, "subcode": fault.subcode, "trace_id": fault.trace_id}
    log.info("dataset not readable", extra=said | {"error": type(fault).__name__})


def register(queue: procrastinate.App, given: Services) -> None:
    """Add the tasks: each dataset's reading as a job of its own, one at a time."""

    @queue.task(name="read_dataset", queue="meta")
    def read_one(shop_id: int) -> None:
        read(given, shop_id)

    @queue.periodic(cron="*/10 * * * *")
    @queue.task(name="datasets", queue="sweep", queueing_lock="datasets")
    async def read_all(timestamp: int) -> None:  # noqa: ARG001 - the queue's own argument
        await each.wake(given, due, read_one, lambda _: "dataset")
