"""Master keys are changed while everything runs."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from plugin.cli import main
from plugin.services import Services
from plugin.storage import keys, shops
from plugin.storage.keys import WrongKeys
from plugin.storage.shops import Shop
from plugin.storage.vault import Place, Vault
from tests.conftest import API_KEY, SHOP

OLD = ("k1", bytes(range(32)))
NEW = ("k2", bytes([9] * 32))
PLACE = Place("shop", "access_token", "")
MANY = 10_000


def crowd(services: Services, count: int) -> None:
    """Install so many shops, each with keys of its own under the old master key."""
    old = Vault([OLD])
    with services.database.transaction() as conn:
        conn.execute(
            "INSERT INTO shop (domain, generation, installed_at, name, url, currency, time_zone, ingest_key, scopes)"
            " SELECT 'crowd-' || n || '.myshopify.com', 1, now(), 'x', 'https://x', 'EUR', 'UTC', 'crowd' || n, ''"
            " FROM generate_series(1, %s) n",
            (count,),
        )
        ids = [row["id"] for row in conn.execute("SELECT id FROM shop WHERE domain LIKE 'crowd-%'").fetchall()]
        with (
            conn.cursor() as cursor,
            cursor.copy("COPY shop_key (shop_id, generation, kid, data_key, lookup_key) FROM STDIN") as copy,
        ):
            for shop_id in ids:
                wrapped, _ = old.new_key(shop_id, 1)
                copy.write_row((shop_id, 1, wrapped.kid, wrapped.data, wrapped.lookup))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, database_url: str, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run `backstop keys ...` with both master keys, and return what it says."""
    monkeypatch.setenv("SHOPIFY_API_KEY", API_KEY)
    monkeypatch.setenv("SHOPIFY_API_SECRET", "secret")
    monkeypatch.setenv("BACKSTOP_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("DATABASE_URL", database_url)

    def run(*words: str, ends: int = 0, order: tuple[tuple[str, bytes], ...] = (NEW, OLD)) -> str:
        lines = [f"{name}:{base64.b64encode(key).decode()}" for name, key in order]
        monkeypatch.setenv("BACKSTOP_KEYS", ",".join(lines))
        assert main(["keys", *words]) == ends
        told = capsys.readouterr()
        assert all(line[3:] not in told.out + told.err for line in lines)
        return told.out + told.err

    return run


def test_a_fresh_key_line_is_printed(said: Callable[..., str]) -> None:
    name, _, secret = said("new", "--name", "k9").strip().partition(":")

    assert (name, len(base64.b64decode(secret))) == ("k9", 32)
    assert "letters and digits" in said("new", "--name", "k-9", ends=2)


def test_after_a_rotation_the_old_key_may_go_and_what_was_sealed_opens(
    services: Services, shop: Shop, said: Callable[..., str]
) -> None:
    sealed = shop.key.seal(b"token", PLACE)
    hashed = shop.key.lookup_hash("checkout")

    told = said("rotate", "--finish", ends=1)
    assert "k1                      1 stores" in told
    assert "still wrapped with an older master key" in told
    assert "1 stores' keys wrapped anew with k2" in said("rotate")
    assert "0 stores' keys wrapped anew" in said("rotate")
    assert "Only k2 is in use" in said("rotate", "--finish")

    with services.database.transaction() as conn:
        again = shops.by_domain(conn, Vault([NEW]), SHOP)
        keys.check(conn, Vault([NEW]))
    assert again is not None
    assert again.key.unseal(sealed, PLACE) == b"token"
    assert again.key.lookup_hash("checkout") == hashed


def test_without_the_old_key_nothing_is_wrapped_anew(services: Services, shop: Shop, said: Callable[..., str]) -> None:
    assert "the master key k1, which the database needs, is not in the settings" in said(
        "rotate", ends=78, order=(NEW,)
    )
    assert "k1                      1 stores  not in the settings" in said("rotate", "--finish", ends=1, order=(NEW,))

    with services.database.transaction() as conn:
        keys.check(conn, services.vault)


def test_a_row_that_was_changed_stops_the_rotation_and_is_left_as_it_is(
    services: Services, shop: Shop, said: Callable[..., str]
) -> None:
    crowd(services, 3)
    with services.database.transaction() as conn:
        conn.execute("UPDATE shop_key SET data_key = set_byte(data_key, 20, 0) WHERE shop_id = %s", (shop.id,))
        before = conn.execute("SELECT * FROM shop_key ORDER BY shop_id").fetchall()

    assert "do not open" in said("rotate", ends=78)

    with services.database.transaction() as conn:
        assert conn.execute("SELECT * FROM shop_key ORDER BY shop_id").fetchall() == before


def test_a_rotation_that_was_cut_off_goes_on_where_it_was(services: Services, said: Callable[..., str]) -> None:
    crowd(services, 25)
    both = Vault([NEW, OLD])
    with services.database.transaction() as conn:
        assert keys.wrap_some(conn, both, 10) == 10
    with suppress(WrongKeys), services.database.transaction() as conn:  # cut off before its commit
        assert keys.wrap_some(conn, both, 10) == 10
        raise WrongKeys

    assert "15 stores' keys wrapped anew" in said("rotate")


def test_ten_thousand_shops_are_rotated_in_seconds_and_no_reader_fails(
    services: Services, shop: Shop, said: Callable[..., str], record_property: Callable[[str, object], None]
) -> None:
    crowd(services, MANY)
    sealed = shop.key.seal(b"token", PLACE)
    done, faults, reads = threading.Event(), [], [0]

    def read() -> None:
        both = Vault([NEW, OLD])
        while not done.is_set():
            with services.database.transaction() as conn:
                found = shops.by_domain(conn, both, SHOP)
            reads[0] += 1
            if found is None or found.key.unseal(sealed, PLACE) != b"token":
                faults.append("a reader failed")

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    began = time.monotonic()
    told = said("rotate")
    seconds = time.monotonic() - began
    done.set()
    for reader in readers:
        reader.join()

    record_property("rotation_seconds", round(seconds, 2))
    record_property("reads_meanwhile", reads[0])
    assert f"{MANY + 1} stores' keys wrapped anew" in told
    assert (faults, reads[0] > 0) == ([], True)
    assert "Only k2 is in use" in told
