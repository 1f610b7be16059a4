"""Recovering the last 7 days: what the merchant or a customer said before is not taken for what they say now."""

from __future__ import annotations

from typing import Any

import pytest

from plugin.jobs import recover
from plugin.storage import again, held, policy
from plugin.storage.again import Result
from plugin.storage.held import Said, Word
from tests.edges.before_on import Before, grant, limited
from tests.edges.handwork import do
from tests.edges.ledger_view import STAFF
from tests.edges.visits import Page


def offered(town: Before) -> tuple[str, str, str]:
    """What the switch's page says of recovering: orders that would be sent, held, withheld."""
    line = Page(town.merchant().get("/")).one("s-list-item", data_mode="recorded")
    return line["data-sent"], line["data-held"], line["data-withheld"]


@pytest.mark.parametrize("stopped_by", ["switch", "no leave"])
def test_a_worker_that_ends_one_recovery_does_not_end_the_next(
    town: Before, monkeypatch: pytest.MonkeyPatch, stopped_by: str
) -> None:
    order_id = town.sold()
    town.pass_by(hours=1)
    town.judge()
    town.switch_on()
    if stopped_by == "switch":
        town.switch_off()
    else:
        town.shopify.scopes.discard("read_orders")
    end = again.end

    def asked_for_anew(*said: object) -> None:
        monkeypatch.setattr(again, "end", end)
        town.switch_off()
        town.shopify.scopes.add("read_orders")
        town.switch_on()
        end(*said)  # type: ignore[arg-type]

    monkeypatch.setattr(again, "end", asked_for_anew)
    recover.recover(town.services, town.shop().id)

    assert town.recovery().result is None
    assert town.recover().result is Result.DONE
    assert town.ended(order_id) == ("waiting", "sending")


def test_a_recovery_asked_for_while_somebody_switches_off_is_of_the_switch_that_it_was_asked_with(
    town: Before, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = town.sold()
    town.pass_by(hours=1)
    town.judge()
    town.switch_on(recovering=False)
    switch_on = policy.switch_on

    def off_and_on(*said: Any) -> bool:
        monkeypatch.setattr(policy, "switch_on", switch_on)
        town.switch_off()
        return switch_on(*said)

    monkeypatch.setattr(policy, "switch_on", off_and_on)
    town.switch_on()

    recovery = town.recover()

    assert (recovery.result, recovery.looked_at) == (Result.DONE, 1)
    assert town.ended(order_id) == ("waiting", "sending")


def test_a_customer_who_opted_out_since_the_last_answer_is_asked_about_again(town: Before) -> None:
    grant(town)
    town.switch_on(recovering=False)
    order_id = town.sold()
    town.ask_customers()
    assert town.rows()[order_id]["sale_opted_out"] is False
    town.switch_off()
    town.pass_by(hours=1)
    town.judge()
    town.shopify.opted_out.add(town.shopify.orders[order_id]["customer"]["id"])

    town.switch_on()
    town.recover()
    town.send()

    assert town.received() == []
    town.ask_customers()
    assert town.ended(order_id) == ("withheld", "data_sale_opt_out")


def test_a_customer_who_had_opted_out_is_not_forgotten(town: Before) -> None:
    grant(town)
    limited(town)
    town.switch_on(recovering=False)
    order_id = town.sold(buyer={"sale_opt_out": True, "email": "zoe@example.com"})
    town.ask_customers()
    town.switch_off()
    town.pass_by(hours=1)
    town.judge()
    do(town.services, "UPDATE shop SET scopes = 'read_orders'")

    town.switch_on()
    town.recover()
    town.send()

    assert town.ended(order_id) == ("recovered", "pixel_silent")
    assert town.rows()[order_id]["basis"] == "recorded_consent_ldu"


def test_the_word_send_of_before_switching_off_is_not_that_of_now(town: Before) -> None:
    town.switch_on(recovering=False)
    order_id = town.sold()
    do(town.services, "UPDATE meta_connection SET paused_until = now() + interval '30 days'")
    town.pass_by(hours=48)
    town.judge()
    assert town.ended(order_id) == ("waiting", "held")
    held.say(town.services.database, town.shop(), STAFF, town.clock.now(), Said(Word.SEND))
    town.switch_off()
    town.judge()
    assert town.ended(order_id) == ("missed", "tracking_off")
    do(town.services, "UPDATE meta_connection SET paused_until = NULL")
    assert offered(town) == ("0", "1", "0")

    town.switch_on()
    town.recover()
    town.send()

    assert town.ended(order_id) == ("waiting", "held")
    assert town.received() == []


def test_what_is_known_to_be_called_off_is_not_offered_as_what_would_be_sent(town: Before) -> None:
    cancelled, _ = town.sold(), town.sold()
    town.pass_by(hours=1)
    town.judge()
    assert offered(town) == ("2", "0", "0")

    town.shopify.orders[cancelled] |= {"cancelled_at": town.clock.now().isoformat()}
    town.tell(cancelled)

    assert offered(town) == ("1", "0", "0")
