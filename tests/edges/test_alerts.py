"""E-mails: one shop's trouble is no other's, none is sent twice or too late, and none says more than it should."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from plugin.jobs import alerts, compliance, mail
from plugin.meta.errors import Cause
from plugin.pages import alert_address
from plugin.services import Services
from plugin.storage import alerts as mailbox
from plugin.storage import connections
from plugin.storage.shops import Shop
from tests.conftest import MovedClock, install
from tests.edges.handwork import do, read_shop
from tests.edges.post_office import PostOffice

ADDRESS = "owner@lantern.example"
OTHER_SHOP = "harbour.myshopify.com"
ODD = ["=?utf-8?q??=@example.com", "=?utf-8?q?a=2Cother=40example.com=2C?=@example.com", "a\x00b@example.com",
       "a..b@example.com", ".a@example.com", "a.@example.com", "\x7f@example.com", "a@-.-"]  # fmt: skip


@pytest.fixture
def office(services: Services) -> Iterator[PostOffice]:
    with PostOffice() as server:
        object.__setattr__(services.settings, "smtp_url", server.url)
        yield server


def wanted(services: Services, shop: Shop, address: str = ADDRESS, cause: str = "pixel_blocked") -> None:
    with services.database.transaction() as conn:
        mailbox.keep_address(conn, shop, address)
        alerts.raise_alert(conn, shop.id, cause, services.clock.now())


def waiting(services: Services) -> int:
    with services.database.transaction() as conn:
        found = conn.execute("SELECT count(*) AS n FROM alert WHERE sent_at IS NULL").fetchone()
    assert found is not None
    return int(found["n"])


@pytest.mark.parametrize("address", ODD)
def test_what_a_mail_could_read_otherwise_is_no_address(address: str) -> None:
    assert alert_address.ADDRESS.fullmatch(address) is None


@pytest.mark.parametrize("address", [ADDRESS, "first.last+tag@mail.lantern.example", "o'neil_1@xn--bcher-kva.example"])
def test_usual_addresses_are_taken(address: str) -> None:
    assert alert_address.ADDRESS.fullmatch(address)


@pytest.mark.parametrize("address", ODD[:3])
def test_an_address_that_makes_no_mail_holds_up_no_other(
    services: Services, shop: Shop, clock: MovedClock, office: PostOffice, address: str
) -> None:
    wanted(services, shop, address)
    clock.pass_by(seconds=1)
    wanted(services, install(services, OTHER_SHOP))

    alerts.send_waiting(services)

    assert ADDRESS in [letter["To"] for letter in office.letters]


def test_a_shop_whose_key_does_not_open_holds_up_no_other(
    services: Services, shop: Shop, clock: MovedClock, office: PostOffice
) -> None:
    wanted(services, shop)
    clock.pass_by(seconds=1)
    wanted(services, install(services, OTHER_SHOP))
    do(services, "UPDATE shop_key SET kid = 'gone', data_key = '\\x00' WHERE shop_id = %s", shop.id)
    services.vault.forget(shop.id)

    assert alerts.send_waiting(services) == 1
    assert OTHER_SHOP in office.letters[0]["Subject"]


def test_two_workers_send_one_e_mail(
    services: Services, shop: Shop, clock: MovedClock, crew: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    object.__setattr__(services.settings, "smtp_url", "smtp://127.0.0.1:1")
    wanted(services, shop)
    clock.pass_by(hours=1)  # no pause keeps the second worker from it
    sent: list[str] = []
    both, first = threading.Event(), threading.Event()

    def slowly(_url: str, letter: mail.Mail) -> None:
        sent.append(letter.address)
        first.set()
        both.wait(2)

    monkeypatch.setattr(mail, "send", slowly)
    one = crew.submit(alerts.send_waiting, services)
    assert first.wait(5)
    assert alerts.send_waiting(services) == 0
    both.set()
    one.result(10)

    assert sent == [ADDRESS]


def test_an_hour_without_the_server_costs_no_e_mail(
    services: Services, shop: Shop, clock: MovedClock, office: PostOffice
) -> None:
    wanted(services, shop)
    office.closed = True
    for _ in range(60):
        alerts.send_waiting(services)
        clock.pass_by(minutes=1)
    office.closed = False
    for _ in range(120):
        alerts.send_waiting(services)
        clock.pass_by(minutes=1)

    assert len(office.letters) == 1


def test_a_shop_that_has_left_gets_none(services: Services, shop: Shop, office: PostOffice) -> None:
    wanted(services, shop)
    with services.database.transaction() as conn:
        connections.uninstall(conn, shop.domain, services.clock.now())

    assert alerts.send_waiting(services) == 0


@pytest.mark.parametrize("by_check", [True, False])
def test_a_broken_connection_is_told_once(
    services: Services, shop: Shop, clock: MovedClock, office: PostOffice, *, by_check: bool
) -> None:
    with services.database.transaction() as conn:
        mailbox.keep_address(conn, shop, ADDRESS)
    for _ in range(3):
        with services.database.transaction() as conn:
            connection = read_shop(conn, services, shop).connection
            assert connection is not None
            now, cause = clock.now(), Cause.TOKEN_REVOKED
            if by_check:
                connections.turned_down(conn, shop.id, connection.id, cause, now)
            else:
                connections.mark_broken(conn, shop.id, connection, cause, now)
        alerts.send_waiting(services)
        clock.pass_by(days=1)

    assert [letter["Subject"] for letter in office.letters] == [f"Meta turns the connection down ({shop.domain})"]


def test_what_was_told_is_forgotten_after_90_days(services: Services, shop: Shop, clock: MovedClock) -> None:
    wanted(services, shop)
    clock.pass_by(days=91)

    compliance.drop_old(services)

    assert waiting(services) == 0


def test_a_server_without_encryption_gets_neither_password_nor_e_mail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []

    class Plain(smtplib.SMTP):
        def connect(self, *_: object) -> tuple[int, bytes]:
            return 220, b"ready"

        def docmd(self, cmd: str, *_: object) -> tuple[int, bytes]:
            said.append(cmd)
            return 250, b"ok"

        def ehlo(self, *_: object) -> tuple[int, bytes]:
            self.esmtp_features, self.does_esmtp, self.ehlo_resp = {"auth": " PLAIN"}, True, b"ok"
            return 250, b"ok"

    monkeypatch.setattr(smtplib, "SMTP", Plain)
    with pytest.raises(mail.NotMailed):
        mail.send("smtp://user:password@mail.example:587", mail.Mail(ADDRESS, "s", "t"))

    assert not {"AUTH", "mail", "data"} & set(said)


def test_no_e_mail_is_news_after_a_day(services: Services, shop: Shop, clock: MovedClock, office: PostOffice) -> None:
    wanted(services, shop)
    clock.pass_by(hours=24)

    assert alerts.send_waiting(services) == 0
    assert timedelta(days=1) == mailbox.HOLDS
