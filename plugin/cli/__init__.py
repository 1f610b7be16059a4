"""The command `backstop`. Exit 0 good, 1 a problem found, 2 wrong usage; errors are one sentence, never a traceback."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence

import click

from plugin.cli import orders, privacy, run
from plugin.settings import SettingsError
from plugin.storage.database import DatabaseAway
from plugin.storage.postgres import EmbeddedPostgresError

PROBLEMS = (SettingsError, EmbeddedPostgresError, DatabaseAway)


@click.group()
def cli() -> None:
    """Conversion Backstop: the fail-over behind your Meta pixel."""


@cli.group()
def keys() -> None:
    """Master keys."""


@keys.command("generate")
@click.option("--name", default="k1", show_default=True, help="what the key is called in BACKSTOP_KEYS")
def generate(name: str) -> None:
    """Print a fresh master key for BACKSTOP_KEYS (put it before older ones)."""
    click.echo(f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}")


cli.add_command(run.db)
cli.add_command(run.web)
cli.add_command(run.worker)
cli.add_command(run.story)
cli.add_command(run.demo)
cli.add_command(orders.orders)
cli.add_command(orders.shops_group)
cli.add_command(privacy.privacy)
orders.shops_group.add_command(privacy.erase)


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    try:
        cli.main(args=None if words is None else list(words), prog_name="backstop", standalone_mode=False)
    except click.UsageError as fault:
        click.echo(fault.format_message(), err=True)
        return 2
    except click.ClickException as fault:
        click.echo(fault.format_message(), err=True)
        return 1
    except (click.Abort, KeyboardInterrupt):
        return 1
    except PROBLEMS as fault:
        text = "The database does not answer." if isinstance(fault, DatabaseAway) else str(fault)
        click.echo(text, err=True)
        return 1
    return 0
