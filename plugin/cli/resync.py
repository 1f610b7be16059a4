"""Commands for a database that was put back: sending rests until somebody has said how much is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from plugin.cli.run import build_services
from plugin.services import Services
from plugin.storage import resync
from plugin.storage.resync import Loss, State

HELP_TIME = "a time such as 2026-11-24T12:00 (UTC)"


class Moment(click.ParamType[datetime]):
    """A time; without a zone it is UTC."""

    name = "time"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it, or end the command with a sentence."""
        try:
            found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value} is not {HELP_TIME}.", param, ctx)
        return found if found.tzinfo else found.replace(tzinfo=UTC)


@click.command("pause-sending")
def pause_sending() -> None:
    """Let no order be sent from now on; `backstop db resync` ends it."""
    given = build_services()
    with given.database.transaction() as conn:
        resync.pause(conn, given.clock.now())
    click.echo("Sending is paused. Requests that are out end within a minute; `backstop db resync` lets it go on.")


@click.command("resync")
@click.option("--since", type=Moment(), help=f"the last the database knows of: {HELP_TIME}")
@click.option("--until", type=Moment(), help=f"when the lost one sent no more: {HELP_TIME}; else when it was noticed")
@click.option("--nothing-lost", is_flag=True, help="the database was moved, or sending paused, and no write is lost")
def resync_command(since: datetime | None, until: datetime | None, nothing_lost: bool) -> None:  # noqa: FBT001 - click passes it by name
    """After a restore or a failover: hold what may have been sent in the lost time, and let sending go on."""
    given = build_services()
    now = given.clock.now()
    with given.database.transaction() as conn:
        found = resync.state(conn)
    if not found.is_paused and since is None:
        raise click.ClickException("Sending is not paused: there is nothing to do. To name a loss, give --since.")
    loss = None if nothing_lost else _loss(found, since, until or found.paused_at or now)
    with given.database.transaction() as conn:
        held = resync.resume(conn, loss, now)
    for line in _lines(given, loss, held):
        click.echo(line)


def _loss(found: State, since: datetime | None, until: datetime) -> Loss:
    since = since or found.seen_at
    if since is None:
        raise click.UsageError("No worker has noted when this database was last in use: give --since.")
    if since > until:
        raise click.UsageError("The loss ends before it begins: look at --since and --until.")
    return Loss(since, until)


def _lines(given: Services, loss: Loss | None, held: int) -> list[str]:
    if loss is None:
        return ["Sending goes on; nothing was lost."]
    with given.database.transaction() as conn:
        row = conn.execute("SELECT count(*)::int AS n FROM shop WHERE uninstalled_at IS NULL").fetchone()
    back = loss.since - resync.LOOK_BACK
    ends = loss.until + timedelta(days=7)
    return [
        f"The ledger knows nothing of {_utc(loss.since)} to {_utc(loss.until)}.",
        f"{held} waiting orders may have been sent in that time: each is held for its store's word.",
        f"The orders of {row['n'] if row else 0} stores are read again from Shopify, changed since {_utc(back)}.",
        f"Those that may have been sent are held too, as they are found, until {_utc(ends)}.",
        (
            "Switch-offs, erasures, disconnects and uninstalls of that time are lost as well: docs/runbook.md says how"
            " to repeat them. Sending goes on."
        ),
    ]


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
