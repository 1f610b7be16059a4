from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from plugin.recovery.buyer import Buyer
from plugin.recovery.order import Receipt, Region
from plugin.shopify.changed_orders import Page, query_for, read_page, variables
from plugin.shopify.errors import ShopifyUnavailable
from tests.builders import ADDRESS, BUYERS_ADDRESS, CHECKOUT_TOKEN, ORDER_ID, paid_payload

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
SEEN = {
    "firstName": ADDRESS["first_name"],
    "lastName": ADDRESS["last_name"],
    "city": ADDRESS["city"],
    "zip": ADDRESS["zip"],
    "province": ADDRESS["province"],
    "provinceCode": ADDRESS["province_code"],
    "countryCodeV2": ADDRESS["country_code"],
    "phone": ADDRESS["phone"],
}
NODE: dict[str, Any] = {
    "id": f"gid://shopify/Order/{ORDER_ID}",
    "legacyResourceId": str(ORDER_ID),
    "name": "#1001",
    "test": False,
    "cancelledAt": None,
    "createdAt": "2026-11-24T12:00:02Z",
    "processedAt": "2026-11-24T12:00:00Z",
    "updatedAt": "2026-11-24T12:01:00Z",
    "displayFinancialStatus": "PAID",
    "fullyPaid": True,
    "sourceName": "web",
    "checkoutToken": CHECKOUT_TOKEN,
    "totalPriceSet": {"presentmentMoney": {"amount": "115.9", "currencyCode": "EUR"}},
    "transactions": [{"kind": "SALE", "status": "SUCCESS", "processedAt": "2026-11-24T12:01:00Z"}],
}
WITH_BUYER = NODE | {
    "email": "zoe@example.com",
    "phone": None,
    "clientIp": BUYERS_ADDRESS,
    "billingAddress": SEEN,
    "shippingAddress": SEEN,
}


def payment(kind: str, status: str, at: str | None) -> dict[str, Any]:
    return {"kind": kind, "status": status, "processedAt": at}


def page_of(*nodes: Any, more: bool = False) -> Page:
    info = {"hasNextPage": more, "endCursor": "c" if nodes else None}
    return read_page({"orders": {"nodes": list(nodes), "pageInfo": info}}, NOW)


def receipt_of(node: dict[str, Any]) -> Receipt:
    (found,) = page_of(node).receipts
    return found


def test_an_order_is_read_as_if_its_webhook_had_come() -> None:
    told = paid_payload(customer=None, contact_email=None, line_items=[], client_details=None)

    assert receipt_of(WITH_BUYER) == Receipt.from_payload(told, paid_at=datetime(2026, 11, 24, 12, 1, tzinfo=UTC))


def test_without_the_buyer_the_order_is_the_same_and_holds_none() -> None:
    without, with_buyer = receipt_of(NODE), receipt_of(WITH_BUYER)

    assert without.buyer == Buyer()
    assert (without.client_ip, without.order.billing) == (None, None)
    assert with_buyer.order.billing == Region("US", "CA")
    assert (without.order.id, without.order.value, without.order.currency) == (ORDER_ID, Decimal("115.9"), "EUR")
    assert (without.checkout_token, without.order.from_checkout) == (CHECKOUT_TOKEN, True)


def test_what_is_hidden_from_us_is_absent() -> None:
    hidden = dict.fromkeys(("firstName", "lastName", "zip", "phone"))
    found = receipt_of(WITH_BUYER | {"email": None, "billingAddress": SEEN | hidden, "shippingAddress": None})

    assert found.buyer.em == found.buyer.fn == found.buyer.zp == ()
    assert found.order.billing == Region("US", "CA")


@pytest.mark.parametrize(
    ("payments", "minute"),
    [
        ([payment("AUTHORIZATION", "SUCCESS", "2026-11-24T12:01:00Z")], 0),
        ([payment("SALE", "FAILURE", "2026-11-24T12:01:00Z"), payment("SALE", "SUCCESS", "2026-11-24T12:02:00Z")], 2),
        (
            [
                payment("AUTHORIZATION", "SUCCESS", "2026-11-24T12:01:00Z"),
                payment("CAPTURE", "SUCCESS", "2026-11-24T12:09:00Z"),
            ],
            9,
        ),
        ([payment("SALE", "SUCCESS", "2026-11-24T12:01:00Z"), payment("REFUND", "SUCCESS", "2026-11-24T12:30:00Z")], 1),
        ([payment("SALE", "SUCCESS", "2026-11-24T11:00:00Z")], 0),
        ([payment("SALE", "SUCCESS", "2027-11-24T11:00:00Z")], 180),
        ([payment("SALE", "SUCCESS", None), "odd"], 0),
        ([], 0),
        (None, 0),
    ],
)
def test_an_order_was_paid_by_its_last_good_payment(payments: Any, minute: int) -> None:
    expected = datetime(2026, 11, 24, 12, tzinfo=UTC) + timedelta(minutes=minute)

    assert receipt_of(NODE | {"transactions": payments}).order.paid_at == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"legacyResourceId": None},
        {"totalPriceSet": None},
        {"name": "#1\x00"},
        {"name": "\ud800"},
        {"processedAt": "yesterday"},
    ],
)
def test_an_order_that_cannot_be_read_is_counted_and_passed_over(changes: dict[str, Any]) -> None:
    page = page_of(NODE | changes, NODE)

    assert (len(page.receipts), page.unreadable) == (1, 1)


def test_a_page_tells_how_far_it_went_and_where_the_next_begins() -> None:
    unpaid = NODE | {"fullyPaid": False, "updatedAt": "2026-11-24T12:30:00Z"}
    page = page_of(NODE, unpaid, more=True)

    assert (len(page.receipts), page.next_cursor) == (1, "c")
    assert page.last_change == datetime(2026, 11, 24, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize("more", [True, False])
def test_a_page_without_orders_is_the_last(more: bool) -> None:  # noqa: FBT001 - pytest's way
    page = page_of(more=more)

    assert (page.receipts, page.last_change, page.next_cursor) == ((), None, None)


@pytest.mark.parametrize("data", [{}, {"orders": None}, {"orders": {"nodes": {}}}])
def test_an_answer_without_orders_is_asked_for_again(data: dict[str, Any]) -> None:
    with pytest.raises(ShopifyUnavailable):
        read_page(data, NOW)


def test_the_search_asks_for_paid_states_since_a_whole_second_in_utc() -> None:
    since = datetime(2026, 11, 24, 13, 0, 0, 999999, tzinfo=timezone(timedelta(hours=1)))

    assert variables(since, None)["wanted"] == (
        "(financial_status:paid OR financial_status:partially_refunded OR financial_status:refunded"
        " OR financial_status:partially_paid)"
        " updated_at:>='2026-11-24T12:00:00Z'"
    )


def test_the_document_without_buyers_names_no_field_of_theirs() -> None:
    assert query_for(with_buyer=True).document != query_for(with_buyer=False).document
    assert not {"email", "phone", "clientIp", "billingAddress"} & set(query_for(with_buyer=False).document.split())
