"""Commands about shops and their orders. They print no buyer data."""

from __future__ import annotations

import json
import math
import time
from contextlib import suppress
from datetime import UTC, datetime

import click

from plugin import explaining
from plugin.cli.run import build_services
from plugin.services import Services
from plugin.storage import held, policy, reading, shops
from plugin.storage.database import DatabaseAway
from plugin.storage.held import Said, Word
from plugin.storage.policy import Staff
from plugin.storage.shops import Shop

OPERATOR = Staff("", "command line")
"""How the switch log names who acts here."""


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
        row = conn.execute(_FACTS, (shop_id, order_id)).fetchone()
        story = reading.order(conn, shop_id, order_id)
    if row is None or story is None:
        raise click.ClickException(f"There is no order {order_id} of {shop_domain} in the ledger.")
    if as_json:
        click.echo(json.dumps(row, default=str))
        return
    line = story.line
    click.echo(f"Order {line.number} ({line.order_id}): {line.outcome}, {line.reason}")
    click.echo("\n".join(explaining.explain(story, _utc).lines(_utc)))


_FACTS = """
SELECT order_id, number, outcome, reason, placed_at, paid_at, look_at, decided_at, first_sent_at, in_doubt_since,
    reposts, basis, fields_sent, code, trace_id, summary, sealed_event IS NOT NULL AS holds_event
FROM paid_order WHERE shop_id = %s AND order_id = %s
"""


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _held(shop_domain: str, order_id: int | None, word: Word, *, all_held: bool) -> None:
    """Do with held orders what the merchant says, and record it."""
    if all_held == (order_id is not None):
        raise click.UsageError("Name one ORDER, or give --all-held.")
    given = build_services()
    shop_id = find_shop(given, shop_domain)
    with given.database.transaction() as conn:
        shop = shops.by_id(conn, given.vault, shop_id)
        if shop is None:
            raise click.ClickException("The store's keys are gone: nothing of it can be sent or closed.")
    said = Said(word, order_id, patience=math.inf)
    done = held.say(given.database, shop, OPERATOR, given.clock.now(), said)
    if done is None or not done.count:
        raise click.ClickException("No order is held there.")
    worth = ", ".join(f"{value:,.2f} {currency}" for value, currency in done.values)
    click.echo(f"{done.count} worth {worth} {'to be sent' if word is Word.SEND else 'closed as failed, unconfirmed'}.")


@orders.command("send")
@click.argument("shop_domain")
@click.argument("order_id", type=int, required=False)
@click.option("--all-held", is_flag=True, help="all held orders of the store")
def send(shop_domain: str, order_id: int | None, all_held: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Send a held order once more, though Meta might count it twice."""
    _held(shop_domain, order_id, Word.SEND, all_held=all_held)


@orders.command("close")
@click.argument("shop_domain")
@click.argument("order_id", type=int, required=False)
@click.option("--all-held", is_flag=True, help="all held orders of the store")
def close(shop_domain: str, order_id: int | None, all_held: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Close a held order without sending it: it ends failed, unconfirmed."""
    _held(shop_domain, order_id, Word.CLOSE, all_held=all_held)


@shops_group.command("list")
def list_shops() -> None:
    """List the stores."""
    given = build_services()
    with given.database.transaction() as conn:
        rows = conn.execute(
            "SELECT id, domain, generation, installed_at, uninstalled_at FROM shop ORDER BY domain"
        ).fetchall()
    for row in rows:
        state = f"left {row['uninstalled_at']:%Y-%m-%d}" if row["uninstalled_at"] else "installed"
        click.echo(f"{row['domain']}  id {row['id']}  generation {row['generation']}  {state}")


@shops_group.command("off")
@click.argument("shop_domain")
def off(shop_domain: str) -> None:
    """Switch a store's offline conversion tracking off, as its page does; it can be switched on there only."""
    given = build_services()
    shop_id = find_shop(given, shop_domain)
    ended = policy.switch_off(given.database, given.vault, shop_id, OPERATOR, given.clock.now())
    click.echo(f"Off. {ended.dropped} waiting orders were emptied.")
    if ended.still_out:
        raise click.ClickException("One request to Meta has not ended yet. Nothing new starts; try again.")


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
    return [
        f"{shop.domain} (generation {shop.generation})",
        f"Shopify: {_with_shopify(shop)}",
        f"Meta: {meta}",
        f"Offline conversion tracking: {switch}",
    ]


def _with_shopify(shop: Shop) -> str:
    """Whether Shopify takes our tokens, and if not, since when, and what ends that."""
    if shop.uninstalled_at is not None:
        return f"left {shop.uninstalled_at:%Y-%m-%d}"
    if shop.reopen_needed is None:
        return "installed"
    since = f"{shop.reopen_needed:%Y-%m-%d %H:%M} UTC"
    return f"has to be opened again: Shopify takes no token of ours since {since} ({shop.reopen_why})"
