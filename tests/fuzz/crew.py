"""The processes of a long run, each with a database of its own on one PostgreSQL."""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from plugin.storage import schema
from plugin.storage.postgres import EmbeddedPostgres
from tests.fuzz.hunt import Catch, hunt
from tests.fuzz.stand import stand


@contextmanager
def servers(count: int) -> Iterator[list[str]]:
    """Give each process a database of its own on one PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="backstop-fuzz-", dir="/var/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # the embedded server may run as another user
        postgres = EmbeddedPostgres(folder)
        first = postgres.start()
        try:
            yield [_database(first, f"fuzz_{number}") for number in range(count)]
        finally:
            postgres.stop(immediate=True)


def _database(first: str, name: str) -> str:
    with psycopg.connect(first, autocommit=True) as conn:
        conn.execute("ALTER SYSTEM SET fsync = off")
        conn.execute("SELECT pg_reload_conf()")
        conn.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    url = first.replace("@/postgres?", f"@/{name}?")
    schema.upgrade(url)
    return url


def hunts(urls: list[str], inputs: int, seed: int) -> list[Catch]:
    """Share inputs among as many processes as there are databases."""
    with ProcessPoolExecutor(len(urls), mp_context=multiprocessing.get_context("spawn")) as crew:
        share = inputs // len(urls)
        tasks = [crew.submit(_hunt, url, seed + number, share) for number, url in enumerate(urls)]
        return [task.result() for task in tasks]


def _hunt(url: str, seed: int, count: int) -> Catch:
    with stand(url) as at:
        return hunt(at, seed=seed, count=count, out=_progress)


def _progress(line: str) -> None:
    sys.stderr.write(f"  {os.getpid()}: {line}\n")
