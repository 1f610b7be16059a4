"""The consent matrix in a real browser: fifteen ways that hold every pair of circumstances; all of it takes long."""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import combinations, product

import pytest
from playwright.sync_api import Browser

from sandbox.stage import Stage
from tests.browser.consent_buyer import Chooser
from tests.browser.town import Town as Browsers
from tests.browser.town import town_of
from tests.matrix.table import LDU, MODES, VALUES, Way, every_way, line_for, lines
from tests.matrix.town import SETTINGS, Setting, Town

PAIRS = """
accept opt_in none closed off recorded no
accept opt_out meta open on store_policy yes
accept free both closed on store_policy no
decline opt_in none closed off store_policy no
decline opt_out meta closed off store_policy yes
decline free both open on recorded no
ignore opt_in meta closed on recorded yes
ignore opt_out both open on store_policy no
ignore free none closed off store_policy yes
withdraw opt_in meta closed on recorded no
withdraw opt_out both closed off recorded yes
withdraw free none open on store_policy yes
sale opt_in both open off recorded no
sale opt_out none open on store_policy yes
sale free meta closed off recorded yes
"""
AT_META = {"tracked": ("browser",), "recovered": ("server",)}
Case = tuple[Way, Setting]


def paired() -> list[Case]:
    """The fifteen."""
    words = [line.split() for line in PAIRS.split("\n") if line]
    return [
        (Way(region, choice, blocker, tab, block), Setting(mode, ldu))
        for choice, region, blocker, tab, block, mode, ldu in words
    ]


def bought(stage: Stage, browsers: Browsers, cases: Iterable[Case]) -> Town:
    """Let each case's buyer buy in a browser of their own, and let all orders be decided."""
    town, listed = Town(stage), list(cases)
    for setting in sorted({setting for _, setting in listed}):
        town.open(setting)
    for way, setting in listed:
        town.embed(setting, on=way.block == "on")
        buyer = Chooser(browsers.page(), browsers.store(setting.shop))
        town.orders[way, setting] = buyer.go(way)
        time.sleep(0.5 if way.tab == "open" else 0)  # what the thank-you page's pixel begins, the tab's end lets go on
        browsers.contexts.remove(buyer.page.context)
        buyer.page.context.close()
    town.decide()
    return town


def not_as_expected(town: Town) -> list[str]:
    """What became of orders otherwise than the table says."""
    table, wrong = lines(), []
    for (way, setting), case in sorted(town.found().items()):
        line = line_for(way, setting.ldu, table)
        wanted = (line.known, line.fates[setting.mode], AT_META.get(line.fates[setting.mode].outcome, ()))
        if (case.known, case.fate, case.at_meta) != wanted:
            wrong.append(f"{way} {setting}: {case}, not {wanted}")
    return wrong


def test_the_fifteen_hold_every_pair_of_circumstances() -> None:
    ways = [(way.choice, way.region, way.blocker, way.tab, way.block, where.mode, where.ldu) for way, where in paired()]
    values = [VALUES[name] for name in ("choice", "region", "blocker", "tab", "block")] + [MODES, LDU]

    assert len(ways) == 15
    for one, other in combinations(range(len(values)), 2):
        assert {(way[one], way[other]) for way in ways} == set(product(values[one], values[other]))


def test_every_pair_of_circumstances_ends_as_the_table_says(stage: Stage, browser: Browser) -> None:
    with town_of(stage, browser) as browsers:
        assert not_as_expected(bought(stage, browsers, paired())) == []


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.shop)
def test_every_way_ends_as_the_table_says(browser: Browser, setting: Setting) -> None:
    with Stage(browser=True) as stage, town_of(stage, browser) as browsers:
        assert not_as_expected(bought(stage, browsers, [(way, setting) for way in every_way()])) == []
