from __future__ import annotations

from datetime import timedelta

from flask.testing import FlaskClient

from plugin.recovery.consent import ConsentMode, RegionRule
from plugin.recovery.evidence import Evidence
from plugin.recovery.order import PaidOrder
from plugin.recovery.verdict import Policy, Reason, Standing, decide
from plugin.services import Services
from plugin.storage.shops import Shop
from tests.builders import NOON, PAID, paid_payload
from tests.conftest import MovedClock
from tests.edges.handwork import DOWN, GRACE, OPTED_OUT, REFUSED, TAKEN, Meta, do
from tests.edges.ledger_view import buy, ended, row, switch_on, tell, work
from tests.edges.servers import reply


def test_a_buyer_who_opts_out_of_sale_between_two_tries_is_sent_with_limited_data_use(
    client: FlaskClient, services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    do(services, "UPDATE shop_policy SET ldu = true")
    meta.says(DOWN)  # declined: not in doubt
    work(services)
    assert row(services)["in_doubt_since"] is None

    tell(client, missed, clock, stage="consent_updated", consent=OPTED_OUT)
    meta.says(reply(TAKEN))
    clock.pass_by(hours=1)
    work(services)

    sent = meta.events()[-1][0]
    assert row(services)["basis"] == "recorded_consent_ldu"
    assert sent.get("data_processing_options") == ["LDU"]
    assert "fbp" not in sent["user_data"]


def test_a_refusal_counts_however_many_posts_came_before(
    client: FlaskClient, services: Services, shop: Shop, meta: Meta, clock: MovedClock
) -> None:
    switch_on(services, shop)
    buy(client, clock)
    for _ in range(64):
        clock.pass_by(seconds=1)
        tell(client, shop, clock, stage="payment_info_submitted")

    clock.pass_by(seconds=1)
    tell(client, shop, clock, stage="consent_withdrawn", consent=REFUSED)
    clock.pass_by(minutes=GRACE)
    work(services)

    assert ended(services) == ("withheld", "consent_declined")
    assert meta.events() == []


def test_a_refusal_without_a_readable_time_counts_though_an_earlier_one_had_a_time(
    client: FlaskClient, services: Services, shop: Shop, meta: Meta, clock: MovedClock
) -> None:
    switch_on(services, shop)
    tell(client, shop, clock, stage="consent_withdrawn", consent=REFUSED)
    clock.pass_by(seconds=10)
    tell(client, shop, clock, stage="consent_updated")
    buy(client, clock)

    tell(client, shop, clock, stage="consent_withdrawn", consent=REFUSED, ts=None)
    clock.pass_by(minutes=GRACE)
    work(services)

    assert ended(services) == ("withheld", "consent_declined")
    assert meta.events() == []


def test_under_store_policy_an_address_in_an_unknown_country_withholds() -> None:
    unknown = {"first_name": "Zoë", "address1": "1 Example Street", "city": "Nowhere", "country_code": "ZZ"}
    order = PaidOrder.from_payload(paid_payload(billing_address=unknown), paid_at=PAID)
    rules = (RegionRule("US", None, consent_required=False, sale_opt_out_required=False),)
    chosen = Policy(tracking_on=True, consent_mode=ConsentMode.STORE_POLICY, rules=rules)

    verdict = decide(order, Standing(), Evidence.of([]), chosen, NOON + timedelta(hours=1))

    assert verdict.reason is Reason.CONSENT_UNKNOWN
