"""The command `backstop`. Exit 0 good, 1 a problem found, 2 wrong usage, 78 wrong set-up that a new start keeps wrong.

Errors are one sentence, never a traceback.
"""

from __future__ import annotations

from collections.abc import Sequence

import click

from plugin.cli import doctor, keys, orders, privacy, resync, run
from plugin.cli.starting import NO_CONFIG, NotReady
from plugin.settings import SettingsError
from plugin.storage.database import DatabaseAway
from plugin.storage.keys import WrongKeys
from plugin.storage.postgres import EmbeddedPostgresError
from plugin.storage.schema import NotUpgraded
from plugin.storage.sessions import NoSession

PROBLEMS = (SettingsError, EmbeddedPostgresError, DatabaseAway, NotUpgraded)
REFUSALS = (WrongKeys, NoSession, NotReady)
"""What a process does not start with: starting it again changes nothing."""


@click.group()
def cli() -> None:
    """Conversion Backstop: the fail-over behind your Meta pixel."""


cli.add_command(keys.keys)
cli.add_command(run.db)
cli.add_command(doctor.doctor)
cli.add_command(run.web)
cli.add_command(run.worker)
cli.add_command(run.story)
cli.add_command(run.demo)
cli.add_command(orders.orders)
cli.add_command(orders.shops_group)
cli.add_command(privacy.privacy)
orders.shops_group.add_command(privacy.erase)
run.db.add_command(resync.pause_sending)
run.db.add_command(resync.resync_command)


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
    except REFUSALS as fault:
        click.echo(str(fault), err=True)
        return NO_CONFIG
    except PROBLEMS as fault:
        text = "The database does not answer." if isinstance(fault, DatabaseAway) else str(fault)
        click.echo(text, err=True)
        return 1
    return 0
