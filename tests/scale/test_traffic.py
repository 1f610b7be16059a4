from __future__ import annotations

import json
from collections import Counter

import pytest

from plugin.recovery.evidence import Post, Stage
from tests.bench.bodies import FIRST_ORDER, Store
from tests.scale import report
from tests.scale.tables import Table, Told, markdown
from tests.scale.traffic import EACH, Plan, Role, Traffic, is_missed

STORES = [Store("town-1.myshopify.com", "ingest_key_of_town_00000001"), Store("town-2.myshopify.com", "k" * 20)]


@pytest.mark.parametrize("rate", [1, 7.3, 20, 333])
def test_each_order_has_each_of_its_requests_once(rate: float) -> None:
    plan = Plan(rate)
    seen = Counter((place.order, place.role) for place in map(plan.place, range(5 * int(40 * rate) + 5000)))
    assert set(seen.values()) == {1}
    whole = [order for order, _ in seen if all((order, role) in seen for role in Role)]
    assert len(set(whole)) > len(seen) / EACH / 2


def test_posts_are_what_our_pixel_sends_and_missed_orders_have_no_end() -> None:
    traffic = Traffic(STORES, 10)
    ends = Counter[bool]()
    for number, request in enumerate(traffic.requests(0, 2000)):
        place = traffic.plan.place(number)
        head, _, body = request.partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}".encode() in head
        if place.role is Role.WEBHOOK:
            assert json.loads(body)["id"] == FIRST_ORDER + place.order
            continue
        post = Post.from_json(body)
        assert post.consent.allows_ids
        if post.stage is Stage.CHECKOUT_COMPLETED:
            assert post.order_id == FIRST_ORDER + place.order
        if place.role is Role.LAST:
            assert (post.stage is Stage.CHECKOUT_COMPLETED) is not is_missed(place.order)
            ends[is_missed(place.order)] += 1
    assert ends[True] / (ends[True] + ends[False]) == pytest.approx(0.3, abs=0.02)


def test_the_document_gets_the_tables_of_what_was_measured_and_keeps_the_rest() -> None:
    table = Table("How far", ("", "now"))
    table.add("orders", 12.345)
    part = {"tables": [{"title": table.title, "head": table.head, "rows": table.rows}], "faults": ["Too slow."]}
    part |= {"machine": {"cores": 2}, "seconds": 60}
    begin, end = report.marks("fairness")
    document = f"before\n{begin}\nold\n{end}\nafter {report.marks('machines')[0]}\nleft"
    made = report.filled(document, {"fairness": part, "machines": part})
    assert markdown(table) in made
    assert "Too slow." in made
    assert "old" not in made
    assert made.startswith("before")
    assert report.filled(made, {"fairness": part}) == report.filled(made, {"fairness": part})
    assert Told([table], {}).faults == []
