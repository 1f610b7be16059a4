"""Settings forms that no page of ours would send: nothing is kept of them."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.storage.shops import Shop
from tests.edges.handwork import read_shop
from tests.edges.ledger_view import policy_changes
from tests.edges.settings_form import save
from tests.edges.visits import Merchant


@pytest.mark.parametrize(
    "form",
    [
        {"fields": ["em", "em", "\x00"]},
        {"fields": ["em' OR 1=1"]},
        {"fields": ["country", "st", "ct", "zp"]},
        {"grace_minutes": "\uff11\uff10"},
        {"grace_minutes": "+30"},
        {"consent_mode": "store_policy\x00"},
        {"content_ids": "variant,product"},
        {"seen": "{" * 5000},
        {"seen": "[" * 100_000},
        {"seen": '{"a":1}'},
        {"seen": "9" * 6000},
    ],
)
def test_a_hostile_form_changes_nothing(
    services: Services, shop: Shop, client: FlaskClient, form: dict[str, str | list[str]]
) -> None:
    answer = save(Merchant(client), **form)

    assert answer.status_code in {409, 413, 422}
    with services.database.transaction() as conn:
        now = read_shop(conn, services, shop)
    assert (now.fields, now.policy, now.content_ids) == (shop.fields, shop.policy, shop.content_ids)
    assert policy_changes(services, shop) == []
