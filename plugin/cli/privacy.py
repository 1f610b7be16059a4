"""Commands about privacy: what is kept of a store, what was asked for, and erasing all of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import click

from plugin.cli.orders import find_shop
from plugin.cli.run import build_services
from plugin.jobs import compliance
from plugin.services import Services
from plugin.storage import locks
from plugin.storage import privacy as requests
from plugin.storage.privacy import Request

WAIT_FOR_FLIGHT = 35.0
"""Seconds: longer than a request to Meta may take."""

_KEPT = {
    "orders": "SELECT count(*) AS n FROM paid_order WHERE shop_id = %s",
    "orders with a buyer's hashes, sealed": "SELECT count(*) AS n FROM paid_order"
    " WHERE shop_id = %s AND sealed_event IS NOT NULL",
    "checkouts with evidence": "SELECT count(DISTINCT token_hash) AS n FROM evidence WHERE shop_id = %s",
    "checkouts with browser ids, sealed": "SELECT count(DISTINCT token_hash) AS n FROM evidence"
    " WHERE shop_id = %s AND sealed_ids IS NOT NULL",
    "tombstones of erased orders and checkouts": "SELECT count(*) AS n FROM tombstone WHERE shop_id = %s",
}


@click.group()
def privacy() -> None:
    """What is kept, and what was asked for."""


@privacy.command("report")
@click.argument("shop_domain")
def report(shop_domain: str) -> None:
    """Say what is kept of a store and which requests came in; exit 1 if one is overdue. Prints no buyer data."""
    given = build_services()
    shop_id = find_shop(given, shop_domain)
    erased_at = _erased_at(given, shop_id)
    if erased_at is not None:
        click.echo(f"All of {shop_domain} was erased on {erased_at:%Y-%m-%d}.")
        return
    now = given.clock.now()
    with given.database.transaction() as conn:
        for what, statement in _KEPT.items():
            row = conn.execute(statement, (shop_id,)).fetchone()
            click.echo(f"{row['n'] if row else 0:>8}  {what}")
        asked = requests.listed(conn, shop_id)
    for line in _lines(asked, now):
        click.echo(line)
    if any(_is_late(request, now) for request in asked):
        raise click.ClickException("A request is overdue: is a worker running?")


def _lines(asked: list[Request], now: datetime) -> Iterator[str]:
    if not asked:
        yield "No request came in."
    for request in asked:
        state = "overdue" if _is_late(request, now) else request.state
        yield (
            f"request {request.id}: {request.topic}, came in {request.asked_at:%Y-%m-%d},"
            f" due {request.due_at:%Y-%m-%d}, {state}, orders {request.found}"
        )


def _is_late(request: Request, now: datetime) -> bool:
    return request.state == "open" and now > request.due_at


def _erased_at(given: Services, shop_id: int) -> datetime | None:
    with given.database.transaction() as conn:
        row = conn.execute("SELECT erased_at FROM shop WHERE id = %s", (shop_id,)).fetchone()
    return None if row is None else row["erased_at"]


@click.command("erase")
@click.argument("shop_domain")
@click.option("--yes", is_flag=True, help="do it: nothing of the store can be read afterwards")
def erase(shop_domain: str, yes: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Let a store leave, destroy its key and erase all of its rows; its domain, generation and the date stay."""
    if not yes:
        raise click.UsageError("This cannot be undone. Add --yes to erase all of the store.")
    given = build_services()
    shop_id = find_shop(given, shop_domain)
    if (erased_at := _erased_at(given, shop_id)) is not None:
        click.echo(f"All of {shop_domain} was erased on {erased_at:%Y-%m-%d} already.")
        return
    try:
        compliance.erase_shop(given, shop_id, WAIT_FOR_FLIGHT)
    except locks.LockTimeout:
        raise click.ClickException("A request to Meta has not ended yet. Nothing new starts; try again.") from None
    click.echo(f"All of {shop_domain} is erased.")
