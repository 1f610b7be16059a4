"""Commands about shops and their orders. They print no buyer data."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import click

from plugin.cli.run import build_services
from plugin.services import Services
from plugin.storage import held, shops
from plugin.storage.database import DatabaseAway
from plugin.storage.shops import Shop


@click.group()
def orders() -> None:
    """Paid orders and what became of them."""


@click.group("shops")
def shops_group() -> None:
    """Installed stores."""


def find_shop(given: Services, domain: str) -> int:
    """Return the id of a store that is or was installed.

    Raises:
        click.ClickException: there is none.
    """
    with given.database.transaction() as conn:
        row = conn.execute("SELECT id FROM shop WHERE domain = %s", (domain,)).fetchone()
    if row is None:
        raise click.ClickException(f"No store {domain} was ever installed here.")
    return int(row["id"])


@orders.command("counts")
@click.argument("shop_domain")
@click.option("--json", "as_json", is_flag=True, help="as JSON")
@click.option("--every", type=click.FloatRange(0.5), help="count again after so many seconds, until stopped")
def counts(shop_domain: str, as_json: bool, every: float | None) -> None:  # noqa: FBT001 - click passes it by name
    """Count a store's orders by outcome and reason."""
    given = build_services()
    while every is not None:
        with suppress(click.ClickException, DatabaseAway):  # not installed yet, or away: the next look may find more
            _count(given, shop_domain, as_json=as_json)
        time.sleep(every)
    _count(given, shop_domain, as_json=as_json)


def _count(given: Services, shop_domain: str, *, as_json: bool) -> None:
    shop_id = find_shop(given, shop_domain)
    with given.database.transaction() as conn:
        rows = conn.execute(
            "SELECT outcome, reason, count(*) AS n FROM paid_order WHERE shop_id = %s GROUP BY 1, 2 ORDER BY 1, 2",
            (shop_id,),
        ).fetchall()
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["outcome"], {})[row["reason"]] = row["n"]
    if as_json:
        click.echo(json.dumps(found))  # echo flushes, so a reader gets each line at once
        return
    for row in rows:
        click.echo(f"{row['outcome']:<10} {row['reason']:<20} {row['n']:>8}")


@orders.command("explain")
@click.argument("shop_domain")
@click.argument("order_id", type=int)
@click.option("--json", "as_json", is_flag=True, help="as JSON")
def explain(shop_domain: str, order_id: int, as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Say what became of an order, and why."""
    given = build_services()
    shop_id = find_shop(given, shop_domain)
    with given.database.transaction() as conn:
        row = conn.execute(
            "SELECT order_id, number, outcome, reason, placed_at, paid_at, look_at, decided_at, first_sent_at,"
            " in_doubt_since, reposts,"
            " basis, fields_sent, code, trace_id, summary, sealed_event IS NOT NULL AS holds_event"
            " FROM paid_order WHERE shop_id = %s AND order_id = %s",
            (shop_id, order_id),
        ).fetchone()
    if row is None:
        raise click.ClickException(f"There is no order {order_id} of {shop_domain} in the ledger.")
    click.echo(json.dumps(row, default=str) if as_json else "\n".join(_lines(row)))


def _held(shop_domain: str, order_id: int | None, *, all_held: bool, send: bool) -> None:
    """Do with held orders what the merchant says."""
    if all_held == (order_id is not None):
        raise click.UsageError("Name one ORDER, or give --all-held.")
    given = build_services()
    shop_id = find_shop(given, shop_domain)
    with given.database.transaction() as conn:
        shop = shops.by_id(conn, given.vault, shop_id)
        if shop is None:
            raise click.ClickException("The store's keys are gone: nothing of it can be sent or closed.")
        act = held.send if send else held.close
        count = act(conn, shop, given.clock.now(), order_id)
    if not count:
        raise click.ClickException("No order is held there.")
    click.echo(f"{count} {'to be sent' if send else 'closed as failed, unconfirmed'}.")


@orders.command("send")
@click.argument("shop_domain")
@click.argument("order_id", type=int, required=False)
@click.option("--all-held", is_flag=True, help="all held orders of the store")
def send(shop_domain: str, order_id: int | None, all_held: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Send a held order once more, though Meta might count it twice."""
    _held(shop_domain, order_id, all_held=all_held, send=True)


@orders.command("close")
@click.argument("shop_domain")
@click.argument("order_id", type=int, required=False)
@click.option("--all-held", is_flag=True, help="all held orders of the store")
def close(shop_domain: str, order_id: int | None, all_held: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Close a held order without sending it: it ends failed, unconfirmed."""
    _held(shop_domain, order_id, all_held=all_held, send=False)


def _lines(row: dict[str, Any]) -> list[str]:
    """The explanation in plain lines: what, why, when, on what evidence, what was sent."""
    known = row["summary"] or {}
    lines = [
        f"Order {row['number']} ({row['order_id']}): {row['outcome']}, {row['reason']}",
        f"placed {row['placed_at']:%Y-%m-%d %H:%M} UTC, paid {row['paid_at']:%Y-%m-%d %H:%M} UTC",
        f"pixel: {known.get('delivery') or 'no word'}; stages seen: {', '.join(known.get('stages') or []) or 'none'}",
        f"consent: {_consent(known.get('consent'))}",
    ]
    if row["look_at"]:
        lines.append(f"looked at again {row['look_at']:%Y-%m-%d %H:%M} UTC")
    if row["first_sent_at"]:
        lines.append(
            f"sent {row['first_sent_at']:%Y-%m-%d %H:%M} UTC on {row['basis']}, again {row['reposts']} times,"
            f" trace {row['trace_id'] or '-'}, fields {', '.join(row['fields_sent'] or [])}"
        )
    lines.append(
        "The buyer's hashes are kept, sealed, until it is decided."
        if row["holds_event"]
        else "Nothing of the buyer is kept."
    )
    return lines


def _consent(consent: dict[str, bool] | None) -> str:
    if consent is None:
        return "none recorded"
    return ", ".join(f"{purpose} {'yes' if given else 'no'}" for purpose, given in consent.items())


@shops_group.command("list")
def list_shops() -> None:
    """List the stores."""
    given = build_services()
    with given.database.transaction() as conn:
        rows = conn.execute(
            "SELECT domain, generation, installed_at, uninstalled_at FROM shop ORDER BY domain"
        ).fetchall()
    for row in rows:
        state = f"left {row['uninstalled_at']:%Y-%m-%d}" if row["uninstalled_at"] else "installed"
        click.echo(f"{row['domain']}  generation {row['generation']}  {state}")


@shops_group.command("show")
@click.argument("shop_domain")
def show(shop_domain: str) -> None:
    """Show a store's connection and switch."""
    given = build_services()
    shop_id = find_shop(given, shop_domain)
    with given.database.transaction() as conn:
        shop = shops.by_id(conn, given.vault, shop_id)
    for line in _shop_lines(shop):
        click.echo(line)


def _shop_lines(shop: Shop | None) -> list[str]:
    if shop is None:
        return ["The store's keys are gone: nothing of it can be read any more."]
    link = shop.connection
    meta = f"dataset {link.dataset} since {link.from_at:%Y-%m-%d}" if link else "not connected"
    if link and link.broken:
        meta += f", broken: {link.broken}"
    switch = "on" if shop.policy.tracking_on else "off"
    return [f"{shop.domain} (generation {shop.generation})", f"Meta: {meta}", f"Offline conversion tracking: {switch}"]
