from __future__ import annotations

from functools import partial
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from plugin import explaining
from plugin.cli import main
from plugin.explaining import ATTEMPTS, explain
from plugin.meta import sentences
from plugin.meta.codes import Step
from plugin.pages.show import moment
from plugin.recovery.outcomes import Reason
from plugin.services import Services
from plugin.storage import reading
from plugin.storage.settling import Settling, Told
from plugin.storage.shops import Shop
from plugin.wording import LAST_ROW, NO_ROW, ROWS
from tests.builders import ORDER_ID
from tests.conftest import SHOP, MovedClock
from tests.edges.handwork import DOWN, GRACE, Meta, claimed, do, started
from tests.edges.ledger_view import buy, ended, purchase, switch_off, switch_on, tell, work
from tests.edges.servers import reply
from tests.edges.statements import counted
from tests.edges.visits import Merchant, Page

PAGE = f"/orders/{ORDER_ID}"
REFUSED = {"error": {"message": "no", "type": "OAuthException", "code": 100, "error_subcode": 2804050}}


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client)


def text_of(merchant: Merchant) -> str:
    return " ".join(unescape(merchant.get(PAGE).text).split())


def told(services: Services, shop: Shop, zone: str = "Europe/Berlin") -> explaining.Explanation:
    with services.database.transaction() as conn:
        story = reading.order(conn, shop.id, ORDER_ID)
    assert story is not None
    return explain(story, partial(moment, zone=zone))


def titles(explanation: explaining.Explanation) -> list[str]:
    return [step.title for step in explanation.steps]


def test_every_reason_but_an_erasure_stands_in_a_row_of_the_table() -> None:
    assert set(ROWS) == set(Reason) - {Reason.ERASED}
    assert {row for row, _ in ROWS.values()} == set(range(1, LAST_ROW + 1))
    assert explaining.rule(Reason.ERASED) == NO_ROW


def test_every_end_of_a_request_has_a_title() -> None:
    assert ATTEMPTS.keys() == sentences.BY_RESULT.keys()


def test_the_page_and_the_command_line_say_the_same(
    merchant: Merchant,
    services: Services,
    missed: Shop,
    meta: Meta,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    work(services)
    assert ended(services) == ("recovered", "pixel_silent")
    monkeypatch.setattr("plugin.cli.orders.build_services", lambda: services)

    assert main(["orders", "explain", SHOP, str(ORDER_ID)]) == 0

    printed = capsys.readouterr().out
    page, here, there = text_of(merchant), told(services, missed), told(services, missed, "UTC")
    for text in (here.why, here.rule, here.pixel, here.choice, here.basis, here.data):
        assert text in page
    for step in here.steps:
        assert step.title in page
        assert step.text in page
    for text in (there.why, there.rule, there.pixel, there.choice, there.basis, there.sent):
        assert text in printed
    assert [line.partition("  ")[2].partition(". ")[0] for line in printed.splitlines()[8:]] == titles(here)
    assert "example.com" not in printed


def test_a_recovered_order_tells_its_request_its_basis_and_when_its_data_went(
    services: Services, missed: Shop, meta: Meta
) -> None:
    work(services)

    found = told(services, missed)

    assert found.rule.startswith("Rule 13 of 13.")
    assert found.basis == "The buyer's consent, recorded in the checkout"
    assert found.choice == "Marketing allowed, analytics allowed, sale of data allowed; told by the pixel."
    assert f"Purchase as purchase.{ORDER_ID}: Email (hashed)" in found.sent
    assert (found.data_state, found.data) == (
        "erased",
        "Its hashed data was erased 24 Nov 2026, 13:31, when the order was decided.",
    )
    assert titles(found)[-2:] in (["Sent to Meta, and taken", "Recovered"], ["Recovered", "Sent to Meta, and taken"])
    [sent] = [step for step in found.steps if step.title.startswith("Sent")]
    assert "Meta took the request. The order is recovered. The request ended 24 Nov 2026, 13:31. Trace id" in sent.text


def test_each_request_tells_what_meta_answered(services: Services, missed: Shop, meta: Meta, clock: MovedClock) -> None:
    meta.says(DOWN)
    work(services)
    clock.pass_by(minutes=2)
    meta.says(reply(REFUSED, 400))
    work(services)

    found = told(services, missed)

    answers = {step.title: step.text for step in found.steps}
    assert sentences.BY_STEP[Step.TRY_AGAIN].happened in answers["Meta could not take it"]
    assert "Code 2." in answers["Meta could not take it"]
    assert sentences.BY_CODE[(100, 2804050)].happened in answers["Sent to Meta, and refused"]
    assert "Code 100/2804050." in answers["Sent to Meta, and refused"]
    assert found.rule.endswith("Meta refused it for good.")


def test_a_waiting_order_tells_until_when_its_data_is_kept(
    services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    switch_on(services, shop)
    buy(client, clock)
    work(services)

    found = told(services, shop)

    assert found.data_state == "held"
    assert "sealed, until the order is decided: 1 Dec 2026, 11:59 at the latest" in found.data
    assert found.rule.startswith("Rule 5 of 13.")
    assert found.choice == "None on record."
    assert (found.basis, found.sent) == ("", "")


def test_what_the_browser_said_and_an_order_without_a_webhook_are_told(
    services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    buy(client, clock)
    tell(client, shop, clock)
    clock.pass_by(seconds=5)
    purchase(client, shop, clock, "blocked")
    do(services, "UPDATE paid_order SET told_by = 'reconciliation'")

    found = told(services, shop)

    assert found.pixel == "The pixel's request was stopped in the browser."
    by_title = {step.title: step for step in found.steps}
    assert by_title["Last word from the browser"].kind == "bad"
    assert "found by looking through the paid orders" in by_title["Order paid"].text
    assert found.data_state == "none"


def test_a_request_that_is_still_out_at_switching_off_shows_its_end_on_reload(
    merchant: Merchant, services: Services, missed: Shop, meta: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = started(services, claimed(services, missed))
    assert post is not None
    monkeypatch.setattr("plugin.storage.policy.WAIT_FOR_FLIGHT", 0.1)
    assert switch_off(services, missed).still_out
    assert "Sent to Meta, no answer yet" in text_of(merchant)

    with services.database.transaction() as conn:
        Settling(conn, services.vault, post, services.clock.now(), Told(trace_id="Atrace")).recovered()

    page = text_of(merchant)
    assert "Sent to Meta, and taken" in page
    assert "no answer yet" not in page
    assert "The request ended 24 Nov 2026, 13:31." in page


def test_requests_that_are_forgotten_leave_when_the_first_one_went(
    services: Services, missed: Shop, meta: Meta
) -> None:
    work(services)
    do(services, "DELETE FROM attempt")

    assert "Sent to Meta" in titles(told(services, missed))


def test_an_orders_page_takes_at_most_six_statements(
    merchant: Merchant, services: Services, missed: Shop, meta: Meta
) -> None:
    work(services)

    with counted() as seen:
        assert merchant.get(PAGE).status_code == 200

    assert len(seen) <= 6, seen


@pytest.mark.parametrize(
    ("changes", "needs"),
    [({}, True), ({"released": True}, False), ({"reason": "sending"}, False)],
)
def test_a_held_order_asks_for_a_word_until_it_was_given(
    merchant: Merchant,
    services: Services,
    shop: Shop,
    client: FlaskClient,
    clock: MovedClock,
    changes: dict[str, Any],
    needs: bool,  # noqa: FBT001 - one of the cases
) -> None:
    buy(client, clock)
    clock.pass_by(minutes=GRACE)
    values = {"reason": "held", "released": False} | changes
    do(services, "UPDATE paid_order SET reason = %s, released = %s", values["reason"], values["released"])

    assert bool(Page(merchant.get(PAGE)).all("s-section", data_held="1")) is needs
