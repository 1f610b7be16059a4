"""`backstop doctor` looks at all that an installation needs, a line each, and says what to do. No buyer data."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from urllib.parse import urlsplit

import click

from plugin.cli import checks
from plugin.cli.checks import Check, Grade
from plugin.cli.reach import reach
from plugin.cli.run import ROOT, database_url
from plugin.services import Services
from plugin.settings import Settings, SettingsError
from plugin.storage import sessions
from plugin.storage.database import DatabaseAway
from plugin.storage.postgres import EmbeddedPostgresError

MARKS = {Grade.OK: "ok      ", Grade.WARNING: "warning ", Grade.PROBLEM: "PROBLEM "}


@click.command()
@click.option("--online", is_flag=True, help="also knock at Shopify's and Meta's doors")
@click.option("--json", "as_json", is_flag=True, help="as JSON")
def doctor(online: bool, as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Check settings, keys, database, workers and orders; exit 1 if anything is wrong."""
    found = list(_all(online=online))
    if as_json:
        click.echo(json.dumps([asdict(check) for check in found], default=str))
    else:
        for check in found:
            click.echo(MARKS[check.grade] + f"{check.name}: {check.said}" + (f" -> {check.todo}" if check.todo else ""))
    wrong = sum(check.grade is Grade.PROBLEM for check in found)
    if wrong:
        raise click.ClickException(f"{wrong} of {len(found)} checks found a problem.")


def _all(*, online: bool) -> Iterator[Check]:
    try:
        settings = Settings.from_env(os.environ)
    except SettingsError as fault:
        yield Check("settings", Grade.PROBLEM, str(fault), "docs/settings.md tells what each must be")
        return
    yield Check("settings", Grade.OK, "read, and sound together")
    yield _address(settings)
    yield from checks.configuration(settings, ROOT / "shopify.app.toml")
    yield from _with_database(settings, online=online)


def _address(settings: Settings) -> Check:
    if urlsplit(settings.url).scheme == "https":
        return Check("address", Grade.OK, f"{settings.url} is https")
    return Check("address", Grade.WARNING, f"{settings.url} is on this machine", "for a real store it must be https")


def _with_database(settings: Settings, *, online: bool) -> Iterator[Check]:
    try:
        url = database_url(settings)
        sessions.check(url)
    except sessions.NoSession as fault:
        yield Check("sessions", Grade.PROBLEM, str(fault), "change DATABASE_URL")
        return
    except (DatabaseAway, EmbeddedPostgresError):
        yield Check("database", Grade.PROBLEM, "does not answer", "look at DATABASE_URL and at the server")
        return
    yield Check("sessions", Grade.OK, "are kept: locks hold")
    given = Services.build(settings, url)
    try:
        for look in checks.OF_THE_DATABASE:
            yield from _tried(look, given)
        if online:
            yield from reach(given)
    finally:
        given.close()


def _tried(look: Callable[[Services], Iterator[Check]], given: Services) -> Iterator[Check]:
    try:
        yield from look(given)
    except DatabaseAway:
        name = look.__name__.replace("_", " ")
        yield Check(name, Grade.PROBLEM, "could not be read in time", "look at the database's load")
