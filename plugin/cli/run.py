"""Commands that start something: database, web, worker, story."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import click

from plugin import counting, jobs, logs
from plugin.cli import starting
from plugin.flood import AT_ONCE
from plugin.services import Services
from plugin.settings import Settings
from plugin.storage import schema
from plugin.storage.postgres import EmbeddedPostgres, default_folder

THREADS = 2 * AT_ONCE
"""Of a process: nearly all of them wait for a group's commit, which costs nothing, and makes groups large."""
FINISH_WITHIN = 15
"""Seconds in which a stop waits for requests; what has not come whole by then is cut, and Shopify tells it again."""
ROOT = Path(__file__).resolve().parent.parent.parent


def database_url(settings: Settings) -> str:
    """Return the database's address, starting the embedded server where none was given."""
    return settings.database_url or EmbeddedPostgres(default_folder(settings.data_dir)).start()


def build_services() -> Services:
    """Return the services for a command; they close with it."""
    settings = Settings.from_env(os.environ)
    given = Services.build(settings, database_url(settings))
    click.get_current_context().call_on_close(given.close)
    return given


@click.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@click.option(
    "--lock-timeout",
    default=schema.LOCK_TIMEOUT,
    show_default=True,
    type=click.FloatRange(0.1, 600),
    help="seconds to wait for a table that is in use; others wait behind it",
)
def upgrade(lock_timeout: float) -> None:
    """Bring the database to the shape that this version needs. What fails changes nothing."""
    if schema.upgrade(database_url(Settings.from_env(os.environ)), lock_timeout=lock_timeout):
        click.echo("The database is up to date.")
    else:
        click.echo("The database is of a newer version already; nothing was changed.")


@db.command("stop")
def stop() -> None:
    """Stop the embedded database; a server named in DATABASE_URL is left alone."""
    settings = Settings.from_env(os.environ)
    if settings.database_url:
        raise click.ClickException("DATABASE_URL names a server of your own: stop it there.")
    EmbeddedPostgres(default_folder(settings.data_dir)).stop()


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=lambda: os.cpu_count() or 1, type=click.IntRange(1, 64), help="processes")
def web(host: str, port: int, workers: int) -> None:
    """Serve the app."""
    settings = Settings.from_env(os.environ)
    url = database_url(settings)  # before the fork, so that its faults are told once
    starting.check(settings, url)
    server = [
        sys.executable,
        "-P",  # whatever lies in the folder that it is started from is not this program
        "-m",
        "plugin.serving",
        "--interface",
        "wsgi",
        "--host",
        host,
        "--port",
        str(port),
    ]
    server += ["--workers", str(workers), "--blocking-threads", str(THREADS), "--no-ws", "--log-level", "warning"]
    server += ["--workers-kill-timeout", str(FINISH_WITHIN), "--respawn-failed-workers"]
    server += ["--working-dir", str(ROOT), "--factory", "app:served"]
    os.environ["DATABASE_URL"] = url
    os.execv(server[0], server)  # noqa: S606 - the same process becomes the server: signals reach it


@click.command()
@click.option("--concurrency", default=4, show_default=True, type=click.IntRange(1, 64), help="jobs at a time")
def worker(concurrency: int) -> None:
    """Judge orders and send the missed ones."""
    given = build_services()
    starting.check(given.settings, given.database.url)
    logs.set_up()
    counting.begin(given.settings)
    asyncio.run(jobs.work(given, concurrency=concurrency))


@click.command()
def story() -> None:
    """The main job end to end against the sandbox; exit 0 only if all is as promised."""
    done = subprocess.run([sys.executable, "-m", "sandbox.story"], cwd=ROOT, check=False)
    if done.returncode:
        raise click.ClickException("The story did not end as promised.")


@click.command()
@click.option(
    "--port", default=9400, show_default=True, type=click.IntRange(1024, 65534), help="the app takes the next"
)
def demo(port: int) -> None:
    """The main job in a browser, against the sandbox; Ctrl-C stops all of it."""
    words = [sys.executable, "-m", "sandbox.demo", "--port", str(port)]
    os.chdir(ROOT)
    os.execv(words[0], words)  # noqa: S606 - the same process, so that Ctrl-C reaches it once
