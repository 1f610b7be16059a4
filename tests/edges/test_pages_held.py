from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient

from plugin.cli import main
from plugin.services import Services
from plugin.settings import Settings
from plugin.storage import held
from plugin.storage.held import Said, Word
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import API_KEY, SECRETS, SHOP, MovedClock, connect, install
from tests.edges.handwork import TAKEN, Meta, buy_another, do, say
from tests.edges.ledger_view import buy, ended, policy_changes, row, switch_on, tell, work
from tests.edges.servers import reply
from tests.edges.visits import Merchant, Page

ONE = f"/orders/{ORDER_ID}"
ANY = "0" * 32  # some orders that a page may have shown


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client, sub="7001")


@pytest.fixture
def three(client: FlaskClient, services: Services, missed: Shop, meta: Meta, clock: MovedClock) -> Shop:
    """A shop with three orders that Meta may have had for more than 47 hours, one of them in yen."""
    for number in (1, 2):
        buy_another(client, missed, clock, number)
    do(services, "UPDATE paid_order SET currency = 'JPY', value = 1200 WHERE order_id = %s", ORDER_ID + 2)
    clock.pass_by(hours=48)
    work(services)
    assert {ended(services, ORDER_ID + n) for n in range(3)} == {("waiting", "held")}
    return missed


def shown(merchant: Merchant) -> str:
    """Return which held orders the list's form names."""
    return Page(merchant.get("/orders")).all("input", name="shown")[0]["value"]


def log_of(services: Services, shop: Shop) -> list[tuple[str, str, str, str]]:
    changes = [change for change in policy_changes(services, shop) if change["what"] == held.WHAT]
    return [(change["user_id"], change["place"], change["old"], change["new"]) for change in reversed(changes)]


def test_the_list_says_how_many_need_a_word_and_what_they_are_worth(merchant: Merchant, three: Shop) -> None:
    answer = merchant.load("/orders")

    section = Page(answer).one("s-section", data_held="3")
    text = " ".join(answer.text.split())
    assert section["heading"] == "Orders that need your word"
    assert "3 orders, 231.80 EUR and 1,200 JPY" in text
    assert "Meta drops a second copy of a purchase for 48 hours only" in text
    assert "counts twice" in text


def test_a_list_without_held_orders_asks_for_nothing(
    merchant: Merchant, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    buy(client, clock)

    for path in ("/orders", ONE):
        assert [e for e in Page(merchant.load(path)).elements if "data-held" in e.attributes] == []


def test_a_list_that_is_empty_says_of_what(merchant: Merchant, shop: Shop) -> None:
    assert "No orders under “Failed”" in merchant.get("/orders?outcome=failed").text
    assert "No older orders under “Failed”" in merchant.get("/orders?outcome=failed&before=1-1").text
    assert "No older orders" in merchant.get("/orders?before=1-1").text


def test_all_are_sent_by_one_word_which_is_recorded(
    merchant: Merchant, services: Services, three: Shop, meta: Meta
) -> None:
    meta.says(reply(TAKEN | {"events_received": 3}))
    page = Page(merchant.go("/orders/held", word="send", shown=shown(merchant)))
    work(services)

    assert page.one("meta", name="note")["content"] == "3 held orders are sent now."
    assert {ended(services, ORDER_ID + n) for n in range(3)} == {("recovered", "pixel_silent")}
    assert len(meta.events()[0]) == 3
    assert log_of(services, three) == [("7001", "orders", "3 held", "sent")]


def test_one_is_sent_or_closed_on_its_own_page(merchant: Merchant, services: Services, three: Shop, meta: Meta) -> None:
    assert Page(merchant.load(ONE)).one("s-section", data_held="1")["heading"] == "This order needs your word"

    sent = merchant.go(f"{ONE}/held", word="send", shown=ANY)
    closed = merchant.go(f"/orders/{ORDER_ID + 1}/held", word="close", shown=ANY)

    assert Page(sent).all("s-paragraph", data_released="")
    assert Page(closed).page["data-reason"] == "unconfirmed"
    work(services)
    assert [ended(services, ORDER_ID + n) for n in range(3)] == [
        ("recovered", "pixel_silent"),
        ("failed", "unconfirmed"),
        ("waiting", "held"),
    ]
    assert log_of(services, three) == [
        ("7001", "order", f"order {ORDER_ID} held", "sent"),
        ("7001", "order", f"order {ORDER_ID + 1} held", "closed"),
    ]
    assert "Orders that needed your word" in merchant.get("/switch-log").text


def test_all_are_closed_by_one_word(merchant: Merchant, services: Services, three: Shop, meta: Meta) -> None:
    page = Page(merchant.go("/orders/held", word="close", shown=shown(merchant)))

    assert "3 held orders were closed" in page.one("meta", name="note")["content"]
    assert {ended(services, ORDER_ID + n) for n in range(3)} == {("failed", "unconfirmed")}
    assert meta.events() == []


@pytest.mark.parametrize("word", ["send", "close"])
def test_more_than_were_seen_are_not_meant(merchant: Merchant, services: Services, three: Shop, word: str) -> None:
    do(services, "UPDATE paid_order SET reason = 'sending' WHERE order_id = %s", ORDER_ID)
    seen = shown(merchant)
    do(services, "UPDATE paid_order SET reason = 'held' WHERE order_id = %s", ORDER_ID)

    answer = merchant.go("/orders/held", word=word, shown=seen)

    assert "other orders need your word than when that page was loaded" in answer.text
    assert {ended(services, ORDER_ID + n) for n in range(3)} == {("waiting", "held")}
    assert log_of(services, three) == []


def test_as_many_others_as_were_seen_are_not_meant(merchant: Merchant, services: Services, three: Shop) -> None:
    do(services, "UPDATE paid_order SET reason = 'sending' WHERE order_id = %s", ORDER_ID)
    seen = shown(merchant)
    merchant.go(f"/orders/{ORDER_ID + 1}/held", word="close", shown=ANY)
    do(services, "UPDATE paid_order SET reason = 'held' WHERE order_id = %s", ORDER_ID)
    answer = merchant.go("/orders/held", word="send", shown=seen)

    assert "other orders need your word than when that page was loaded" in answer.text
    assert not any(row(services, ORDER_ID + n)["released"] for n in range(3))


@pytest.mark.parametrize(
    "form", [{}, {"word": "send"}, {"word": "burn", "shown": ANY}, {"word": "send", "shown": "x"}, {"shown": ANY}]
)
def test_a_form_that_says_nothing_changes_nothing(
    merchant: Merchant, services: Services, three: Shop, form: dict[str, str]
) -> None:
    assert merchant.post("/orders/held", **form).status_code == 422
    assert log_of(services, three) == []


@pytest.mark.parametrize("path", ["/orders/x/held", "/orders/0/held", f"/orders/{10**19 - 1}/held"])
def test_an_order_that_cannot_be_is_not_found(merchant: Merchant, shop: Shop, path: str) -> None:
    assert merchant.post(path, word="send", shown=ANY).status_code == 404


def test_an_order_that_is_not_held_is_left_alone(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    buy(client, clock)
    work(services)

    answer = merchant.go(f"{ONE}/held", word="close", shown=ANY)

    assert "No order needs your word any more" in answer.text
    assert ended(services) == ("waiting", "grace_period")
    assert log_of(services, shop) == []


def test_a_shop_that_has_left_meanwhile_changes_nothing(
    merchant: Merchant, services: Services, three: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.storage.reading.hold", lambda *_: False)

    assert merchant.post("/orders/held", word="close", shown=ANY).status_code == 409
    assert {ended(services, ORDER_ID + n) for n in range(3)} == {("waiting", "held")}


def test_a_word_said_twice_counts_once(
    merchant: Merchant, services: Services, three: Shop, crew: ThreadPoolExecutor
) -> None:
    def said() -> int:
        return say(services, three, Said(Word.SEND))

    assert sum(future.result(20) for future in [crew.submit(said) for _ in range(4)]) == 3
    assert len(log_of(services, three)) == 1


def test_another_shops_orders_cannot_be_sent(services: Services, three: Shop, client: FlaskClient) -> None:
    stranger = Merchant(client, shop="other.myshopify.com")
    connect(services, install(services, "other.myshopify.com"))

    stranger.post("/orders/held", word="close", shown=ANY)
    stranger.post(f"{ONE}/held", word="close", shown=ANY)

    assert {ended(services, ORDER_ID + n) for n in range(3)} == {("waiting", "held")}


def test_the_command_says_how_many_and_what_they_are_worth(
    services: Services,
    settings: Settings,
    three: Shop,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, key = settings.keys[0]
    env = {
        "SHOPIFY_API_KEY": API_KEY,
        "SHOPIFY_API_SECRET": SECRETS,
        "BACKSTOP_URL": "http://127.0.0.1:1",
        "DATABASE_URL": database_url,
        "BACKSTOP_KEYS": f"{name}:{base64.b64encode(key).decode()}",
    }
    for variable, value in env.items():
        monkeypatch.setenv(variable, value)

    assert main(["orders", "close", SHOP, str(ORDER_ID)]) == 0
    assert main(["orders", "send", SHOP, "--all-held"]) == 0

    assert capsys.readouterr().out.splitlines() == [
        "1 worth 115.90 EUR closed as failed, unconfirmed.",
        "2 worth 115.90 EUR, 1,200.00 JPY to be sent.",
    ]
    assert main(["orders", "send", SHOP, "--all-held"]) == 1
    assert [change[1:] for change in log_of(services, three)] == [
        ("command line", f"order {ORDER_ID} held", "closed"),
        ("command line", "2 held", "sent"),
    ]


def test_a_checkout_that_was_seen_but_not_its_purchase_is_told_without_contradiction(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    switch_on(services, shop)
    tell(client, shop, clock)
    clock.pass_by(minutes=1)
    tell(client, shop, clock, stage="payment_info_submitted")
    buy(client, clock)

    text = merchant.load(ONE).text

    assert "Last word from the browser" in text
    assert "Nothing came after it: the browser did not say what became of the purchase." in text
