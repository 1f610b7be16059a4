from __future__ import annotations

import pytest

from tests.chaos import oracle, static
from tests.chaos.__main__ import size_from
from tests.chaos.mutants.defects import MUTANTS
from tests.chaos.plan import OrderPlan, ShopPlan, plan_for
from tests.chaos.truth import NEVER, Bought, Merchant, Moved, Told
from tests.chaos.ways import WAYS

SHOPS = {
    "recorded": ShopPlan(0, "recorded", ldu=False, grace=30, tracks=True),
    "store_policy": ShopPlan(1, "store_policy", ldu=False, grace=30, tracks=True),
    "limited": ShopPlan(2, "store_policy", ldu=True, grace=30, tracks=True),
}


def bought(way: str, shop: str = "recorded", region: str = "DE", kind: str = "web", acked: float = 1.0) -> Bought:
    plan = OrderPlan(5, 0, 0, kind, WAYS[way], region, (0.0,), erased=False, cancelled_later=False)
    order = Bought(plan, SHOPS[shop], "token", 1001, made=100, placed=100)
    order.posts = [Told(said, 100 + said.seconds, 99, acked) for said in WAYS[way].posts]
    return order


def always_on(shop: str = "recorded") -> Merchant:
    return Merchant(SHOPS[shop], moves=[Moved(on=True, began=1, done=2)])


@pytest.mark.parametrize(
    ("way", "shop", "region", "end"),
    [
        ("delivered", "recorded", "DE", ("tracked", "pixel_delivered")),
        ("blocked", "recorded", "DE", ("recovered", "")),
        ("forged", "recorded", "DE", ("recovered", "")),
        ("declined", "store_policy", "JP", ("withheld", "consent_declined")),
        ("withdrawn", "recorded", "DE", ("withheld", "consent_declined")),
        ("no_sale", "recorded", "DE", ("withheld", "data_sale_opt_out")),
        ("no_sale", "limited", "DE", ("recovered", "")),
        ("unheard", "recorded", "JP", ("withheld", "consent_unknown")),
        ("unheard", "store_policy", "JP", ("recovered", "")),
        ("unheard", "store_policy", "US-CA", ("withheld", "consent_unknown")),
        ("unheard", "limited", "US-CA", ("recovered", "")),
        ("unheard", "limited", "DE", ("withheld", "consent_unknown")),
    ],
)
def test_each_way_has_one_end_while_all_is_known(way: str, shop: str, region: str, end: tuple[str, str]) -> None:
    assert oracle.may_be(bought(way, shop, region), always_on(shop), at_meta=False) == {end}


def test_posts_without_an_answer_may_have_come_through_or_not() -> None:
    ends = oracle.may_be(bought("delivered", acked=NEVER), always_on(), at_meta=False)
    assert {("tracked", "pixel_delivered"), ("recovered", ""), ("withheld", "consent_unknown")} <= ends


def test_what_meta_has_is_never_told_as_if_it_had_not_left() -> None:
    ends = oracle.may_be(bought("declined"), always_on(), at_meta=True)
    assert {outcome for outcome, _ in ends} == {"recovered", "failed"}


def test_nothing_may_begin_from_the_word_off_to_the_wish_on() -> None:
    merchant = Merchant(SHOPS["recorded"], moves=[Moved(True, 1, 2), Moved(False, 5, 6), Moved(True, 8, 9)])
    assert list(oracle.off_spans(merchant)) == [(0.0, 1), (6, 8)]
    assert oracle.moved_since(merchant, 4)
    assert not oracle.moved_since(merchant, 9.5)


def test_a_seed_gives_the_same_plan_again_and_another_one_another() -> None:
    env = {"CHAOS_ORDERS": "200", "CHAOS_SEED": "5"}
    assert plan_for(size_from(env)) == plan_for(size_from(env))
    assert plan_for(size_from(env)).orders != plan_for(size_from(env | {"CHAOS_SEED": "6"})).orders


def test_the_usual_and_the_long_run_have_their_size() -> None:
    usual, long = size_from({"CHAOS_SEED": "1"}), size_from({"CHAOS_ORDERS": "100000", "CHAOS_MINUTES": "60"})
    assert (usual.orders, usual.kills, usual.database_stops) == (10_000, 60, 5)
    assert (long.shops, long.kills, long.database_stops, long.flips) == (500, 1000, 20, 200)
    assert usual.seconds + usual.drain < 8 * 60


def test_there_are_defects_enough_and_secrets_are_compared_fairly() -> None:
    assert sum(bool(mutant.caught_by) for mutant in MUTANTS.values()) >= 20
    assert static.findings() == []
    assert static.caught() == {"hmac_by_equals": True}
