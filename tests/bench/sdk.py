"""Meta's own library, used as its manual shows it: the yardstick of building events and of sending them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from facebook_business.adobjects.serverside.action_source import ActionSource
from facebook_business.adobjects.serverside.content import Content
from facebook_business.adobjects.serverside.custom_data import CustomData
from facebook_business.adobjects.serverside.event import Event
from facebook_business.adobjects.serverside.event_request import EventRequest
from facebook_business.adobjects.serverside.user_data import UserData
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession


def event_of(order: dict[str, Any]) -> Event:
    """Build the event of an order of `bodies.Orders`."""
    address, client = order["billing_address"], order["client_details"]
    lines = [
        Content(product_id=str(line["product_id"]), quantity=line["quantity"], item_price=float(line["price"]))
        for line in order["line_items"]
    ]
    user = UserData(
        emails=[order["email"]],
        phones=[address["phone"]],
        first_names=[address["first_name"]],
        last_names=[address["last_name"]],
        cities=[address["city"]],
        states=[address["province_code"]],
        zip_codes=[address["zip"]],
        country_codes=[address["country_code"].lower()],
        external_ids=[str(order["customer"]["id"])],
        client_ip_address=client["browser_ip"],
        client_user_agent=client["user_agent"],
    )
    bought = CustomData(
        currency=order["currency"].lower(),
        value=float(order["total_price"]),
        order_id=str(order["id"]),
        content_type="product",
        contents=lines,
    )
    return Event(
        event_name="Purchase",
        event_time=1764000000,
        event_id=f"purchase.{order['id']}",
        action_source=ActionSource.WEBSITE,
        event_source_url="https://store.example",
        user_data=user,
        custom_data=bought,
    )


def built(order: dict[str, Any]) -> bytes:
    """Build one event and make JSON of it."""
    return json.dumps(event_of(order).normalize()).encode()


def connect(base: str) -> None:
    """Let the library call this address instead of Meta's."""
    FacebookSession.GRAPH = base
    FacebookAdsApi.init(access_token="EAAbench", crash_log=False)


def send(orders: Sequence[dict[str, Any]]) -> None:
    """Build the events of these orders and send them as one request."""
    answer = EventRequest(pixel_id="1234567890123456", events=[event_of(order) for order in orders]).execute()
    assert answer.events_received == 1000
