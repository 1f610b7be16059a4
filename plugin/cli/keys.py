"""Commands about master keys. None of them prints a key that is in use."""

from __future__ import annotations

import base64
import secrets
import time

import click

from plugin.cli.run import build_services
from plugin.services import Services
from plugin.storage import keys as storage
from plugin.values import KEY_BYTES, KEY_NAME


@click.group()
def keys() -> None:
    """Master keys."""


def _new(name: str | None) -> None:
    name = name or f"k{time.strftime('%Y%m%d', time.gmtime())}"
    if not KEY_NAME.fullmatch(name):
        raise click.UsageError("A key's name is 1 to 16 letters and digits.")
    click.echo(f"{name}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}")


@keys.command("new")
@click.option("--name", help="what the key is called; today's date unless said")
def new(name: str | None) -> None:
    """Print the line of a fresh master key for BACKSTOP_KEYS or its file, to be put before older ones."""
    _new(name)


@keys.command("generate", hidden=True)
@click.option("--name", default="k1")
def generate(name: str) -> None:
    """Do what `keys new` does."""
    _new(name)


@keys.command("rotate")
@click.option("--finish", is_flag=True, help="only say whether older master keys may be taken away")
def rotate(finish: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Wrap every store's keys with the newest master key, while everything runs; may be stopped and begun again."""
    given = build_services()
    if not finish:
        _wrap_all(given)
    _finish(given)


def _wrap_all(given: Services) -> None:
    began, done = time.monotonic(), 0
    while True:
        with given.database.transaction() as conn:
            count = storage.wrap_some(conn, given.vault)
        done += count
        if count < storage.BATCH:
            break
        click.echo(f"{done} stores' keys wrapped anew ...")
    click.echo(f"{done} stores' keys wrapped anew with {given.vault.active} in {time.monotonic() - began:.1f} s.")


def _finish(given: Services) -> None:
    with given.database.transaction() as conn:
        used, left = storage.in_use(conn, given.vault), storage.left(conn, given.vault)
    for key in used:
        click.echo(f"{key.name:<16} {key.shops:>8} stores" + ("" if key.is_ours else "  not in the settings"))
    if left:
        raise click.ClickException(
            f"{left} stores' keys are still wrapped with an older master key; keep it, and run `backstop keys rotate`."
            " If that does not help, a process still runs with the old order of keys: start it anew."
        )
    click.echo(f"Only {given.vault.active} is in use: older master keys may be taken out of the settings.")
