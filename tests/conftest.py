"""What every test may use: a real PostgreSQL of our own, the app's services, an installed and connected store."""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from plugin.clock import Clock
from plugin.services import Services
from plugin.settings import Settings
from plugin.storage import connections, installs, orm, schema, shops
from plugin.storage.installs import Details, Tokens
from plugin.storage.postgres import EmbeddedPostgres
from plugin.storage.shops import Shop
from tests import compiled, emptying

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SHOP = "lantern.myshopify.com"
API_KEY = "test-api-key"
GRANTED = "read_orders,write_pixels,read_customer_events"
SECRETS = "newest-secret-of-the-examples-0001,older-secret-of-the-examples-00001"
FOLDER = "BACKSTOP_TEST_PG"
AMBIENT = ("DATABASE_URL", "SHOPIFY_", "BACKSTOP_", "META_")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the server's folder before the workers are born, and let no ambient setting into the tests."""
    compiled.keep()
    for name in [name for name in os.environ if name.startswith(AMBIENT) and name != FOLDER]:
        del os.environ[name]
    if not hasattr(config, "workerinput") and FOLDER not in os.environ:
        folder = tempfile.mkdtemp(prefix="backstop-test-", dir="/var/tmp")
        Path(folder).chmod(0o711)
        os.environ[FOLDER] = folder


def pytest_unconfigure(config: pytest.Config) -> None:
    """The first process of the run takes the server down."""
    folder = os.environ.get(FOLDER)
    if folder and not hasattr(config, "workerinput"):
        EmbeddedPostgres(Path(folder)).stop(immediate=True)
        shutil.rmtree(folder, ignore_errors=True)
        del os.environ[FOLDER]


class MovedClock(Clock):
    """A clock that a test sets and moves."""

    def __init__(self) -> None:
        super().__init__()
        self.at = NOON

    def now(self) -> datetime:
        """Return the moment that the test set."""
        return self.at

    def pass_by(self, **span: float) -> datetime:
        """Let time pass; return the new moment."""
        self.at += timedelta(**span)
        return self.at


@pytest.fixture(scope="session")
def server() -> EmbeddedPostgres:
    """The run's PostgreSQL; not durable, since no test here crashes it."""
    server = EmbeddedPostgres(Path(os.environ[FOLDER]))
    server.start()
    with psycopg.connect(server.url, autocommit=True) as conn:
        conn.execute("ALTER SYSTEM SET fsync = off")
        conn.execute("SELECT pg_reload_conf()")
    return server


@pytest.fixture(scope="session")
def migrated(server: EmbeddedPostgres) -> str:
    """A migrated database of this worker's own; return its address."""
    name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with psycopg.connect(server.url, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        conn.execute(f"CREATE DATABASE {name}")
    url = server.url.replace("@/postgres?", f"@/{name}?")
    schema.upgrade(url)
    return url


@pytest.fixture
def database_url(migrated: str) -> str:
    """An empty database with the newest shape."""
    with psycopg.connect(migrated, autocommit=True) as conn:
        emptying.empty(conn)
    return migrated


def settings_from(**changes: str) -> Settings:
    """Sound settings for a test; it names only what it is about."""
    env = {
        "SHOPIFY_API_KEY": API_KEY,
        "SHOPIFY_API_SECRET": SECRETS,
        "BACKSTOP_URL": "http://127.0.0.1:1",
        "BACKSTOP_KEYS": f"k1:{base64.b64encode(bytes(range(32))).decode()}",
        "META_GRAPH_URL": "http://127.0.0.1:1/meta/v26.0",
        "SHOPIFY_ADMIN_URL_TEMPLATE": "http://127.0.0.1:1/admin/{shop}",
        "BACKSTOP_RETRY_SCALE": "1",
    }
    return Settings.from_env(env | changes)


@pytest.fixture
def settings() -> Settings:
    """Sound settings; nothing outside answers at their addresses."""
    return settings_from()


@pytest.fixture
def flask_app(settings: Settings, database_url: str) -> Iterator[Flask]:
    """The app on the test's database, with the test's clock."""
    app = create_app(settings, database_url)
    object.__setattr__(app.extensions["backstop"], "clock", MovedClock())
    yield app
    app.extensions["backstop"].close()
    orm.close(app)


@pytest.fixture
def services(flask_app: Flask) -> Services:
    """The app's services."""
    given = flask_app.extensions["backstop"]
    assert isinstance(given, Services)
    return given


@pytest.fixture
def clock(services: Services) -> MovedClock:
    """The app's clock, which the test moves."""
    assert isinstance(services.clock, MovedClock)
    return services.clock


@pytest.fixture
def client(flask_app: Flask) -> FlaskClient:
    """Knocks at the app's doors."""
    return flask_app.test_client()


def install(services: Services, domain: str = SHOP) -> Shop:
    """Install a store as its first visit does."""
    details = Details("Lantern", f"https://{domain}", "EUR", "Europe/Berlin", "DE", None)
    now = services.clock.now()
    with services.database.transaction() as conn:
        shop_id = installs.install(conn, services.vault, domain, details, now)
        shop = shops.by_id(conn, services.vault, shop_id)
        assert shop is not None
        tokens = Tokens("shpat_test", now + timedelta(hours=1), "shprt_test", now + timedelta(days=90), GRANTED)
        installs.keep_tokens(conn, shop, tokens)
    return shop


def connect(services: Services, shop: Shop, dataset: str = "1234567890123456", *, ago: timedelta | None = None) -> Shop:
    """Connect a dataset, some time ago."""
    with services.database.transaction() as conn:
        at = services.clock.now() - (ago or timedelta(days=30))
        connected_as = connections.connect(conn, shop, dataset, "EAAtesttoken", user_id="42", now=at)
        connections.works(conn, shop.id, connected_as, services.clock.now())  # its daily check is not due
        connected = shops.by_id(conn, services.vault, shop.id)
    assert connected is not None
    return connected


@pytest.fixture
def shop(services: Services) -> Shop:
    """An installed store, connected to a dataset a month ago; offline tracking is off."""
    return connect(services, install(services))
