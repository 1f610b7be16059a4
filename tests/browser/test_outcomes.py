"""What buyers do against what the ledger says of it; the cases are in `busy.py`."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, fields
from itertools import combinations, product
from typing import Any

from tests.browser.busy import CASES, OPT_IN, OPT_OUT, SHOP, Busy
from tests.browser.buyer import Choice, Manner

VALUES = {"choice": tuple(Choice), "region": (OPT_IN, OPT_OUT), "adblock": (False, True), "close_tab": (False, True)}
AT_META = {"tracked": ["browser"], "recovered": ["server"], "withheld": []}


def explained(busy: Busy, order: str) -> tuple[str, str]:
    """What `backstop orders explain` says became of an order."""
    found: dict[str, Any] = json.loads(
        busy.town.stage.command("orders", "explain", f"{SHOP}.myshopify.com", order, "--json")
    )
    return found["outcome"], found["reason"]


def test_the_cases_hold_every_pair_of_circumstances() -> None:
    names = [field.name for field in fields(Manner)]
    for first, second in combinations(names, 2):
        bought = {(astuple(case)[names.index(first)], astuple(case)[names.index(second)]) for case in CASES}
        assert bought == set(product(VALUES[first], VALUES[second])), f"{first} x {second}"


def test_every_way_to_buy_ends_as_the_rules_say(busy: Busy) -> None:
    found = busy.merchant.outcomes()
    assert {manner: found[order] for manner, order in busy.orders.items()} == CASES
    assert found[busy.missed] == ("missed", "tracking_off")


def test_the_command_line_says_of_an_order_what_the_page_says(busy: Busy) -> None:
    """One order for each outcome and reason: every call is a process of its own."""
    found = {outcome: busy.orders[manner] for manner, outcome in CASES.items()}
    with ThreadPoolExecutor(2) as pool:
        said = pool.map(lambda order: explained(busy, order), found.values())
    assert list(said) == list(found)


def test_meta_hears_of_every_order_once_at_most_and_of_no_withheld_one(busy: Busy) -> None:
    wanted = {manner: AT_META[outcome] for manner, (outcome, _) in CASES.items()}
    assert {manner: busy.town.purchases(order) for manner, order in busy.orders.items()} == wanted
    assert busy.town.purchases(busy.missed) == []
