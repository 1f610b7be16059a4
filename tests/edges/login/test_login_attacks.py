"""Everything that can go wrong on the way back from Facebook: one plain sentence, and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from plugin.services import Services
from sandbox.world import World
from tests.conftest import MovedClock
from tests.edges import logins, visits
from tests.edges.logins import OTHER_SHOP, Window, away, changed, refused, row_of
from tests.edges.visits import Merchant, shop_of


@pytest.fixture
def sandbox() -> Iterator[World]:
    with logins.sandbox() as world:
        visits.add_shop(world, OTHER_SHOP)
        yield world


def is_still_away(services: Services) -> bool:
    """Whether the way back is open as it was: it was not used up, and nothing was granted."""
    row = row_of(services, "meta_login")
    return row["state"] == "away" and row["state_hash"] is not None and row["token"] is None


def test_a_no_at_facebook_connects_nothing(merchant: Merchant, services: Services) -> None:
    window = away(merchant)

    refused(window.come_back(window.answer("no")), words="was not allowed to let us in", status=200)

    state = merchant.get("/facebook/state").json or {}
    assert state["state"] == "ended"
    assert "was not allowed" in merchant.get(state["go"]).text
    assert shop_of(services).connection is None


def test_a_state_comes_back_once(merchant: Merchant, services: Services, sandbox: World) -> None:
    window = away(merchant)
    back = window.answer()
    cookie = merchant.client.get_cookie("facebook-login")
    assert cookie is not None
    assert window.come_back(back).status_code == 200
    kept = row_of(services, "meta_login")
    merchant.client.set_cookie("facebook-login", cookie.value)

    refused(window.come_back(back), words="can be used once")

    assert row_of(services, "meta_login") == kept
    assert len(sandbox.people.grants) == 1


def test_of_two_ways_back_at_once_one_is_gone(
    flask_app: Flask, merchant: Merchant, sandbox: World, crew: ThreadPoolExecutor
) -> None:
    window = away(merchant)
    back = window.answer()
    cookie = merchant.client.get_cookie("facebook-login")
    assert cookie is not None

    def follow() -> int:
        browser = flask_app.test_client()
        browser.set_cookie("facebook-login", cookie.value)
        return Window(browser).come_back(back).status_code

    statuses = sorted(task.result(20) for task in [crew.submit(follow) for _ in range(4)])

    assert statuses == [200, 400, 400, 400]
    assert len(sandbox.people.grants) == 1


def test_after_ten_minutes_the_way_back_is_closed(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    window = away(merchant)
    back = window.answer()
    clock.pass_by(minutes=10)

    refused(window.come_back(back), words="that is over")

    assert row_of(services, "meta_login")["token"] is None
    assert sandbox.people.grants == {}


def test_another_browser_cannot_end_it(flask_app: Flask, merchant: Merchant, services: Services) -> None:
    window = away(merchant)
    back = window.answer()
    stranger = Window(flask_app.test_client())

    refused(stranger.come_back(back), words="This browser did not begin this login")
    stranger.browser.set_cookie("facebook-login", "a" * 43)
    refused(stranger.come_back(back), words="This browser did not begin this login")

    assert is_still_away(services)
    assert window.come_back(back).status_code == 200  # whose login it is has lost nothing


def test_another_shops_state_does_not_fit_this_browser(
    merchant: Merchant, other: Merchant, services: Services, sandbox: World
) -> None:
    mine, theirs = away(merchant), away(other)

    refused(mine.come_back(theirs.answer()), words="This browser did not begin this login")

    assert sandbox.people.grants == {}
    assert is_still_away(services)


def test_a_code_of_ones_own_with_anothers_state_is_of_no_use(
    merchant: Merchant, other: Merchant, sandbox: World
) -> None:
    mine, theirs = away(merchant), away(other)
    (state,) = parse_qs(urlsplit(theirs.dialog).query)["state"]

    refused(mine.come_back(changed(mine.answer(), state=state)), words="This browser did not begin this login")

    assert sandbox.people.grants == {}


@pytest.mark.parametrize(
    "state",
    ["", "x", "1.1." + "a" * 43, "1.1." + "a" * 42, "0.0." + "a" * 43, "9" * 40, "1.1.\x00", "1.1." + "ä" * 43],
)
def test_an_invented_state_opens_nothing(merchant: Merchant, services: Services, state: str) -> None:
    window = away(merchant)

    refused(window.come_back(changed(window.answer(), state=state)), words="can be used once")

    assert is_still_away(services)


def test_one_letter_of_the_state_is_enough(merchant: Merchant, services: Services) -> None:
    window = away(merchant)
    back = window.answer()
    (state,) = parse_qs(urlsplit(back).query)["state"]
    last = "A" if state[-1] != "A" else "B"

    refused(window.come_back(changed(back, state=state[:-1] + last)), words="can be used once")

    assert is_still_away(services)
