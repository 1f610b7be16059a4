"""The daily check: what it finds broken, what it mends, and what it leaves as it is."""

from __future__ import annotations

import html
import re

import pytest

from plugin.jobs import connecting
from plugin.pages import words
from plugin.services import Services
from sandbox.meta_store import DEFAULT_DATASET
from sandbox.world import World
from tests.conftest import MovedClock
from tests.edges import logins, visits
from tests.edges.logins import checked, connect, later, row_of
from tests.edges.visits import Merchant, shop_of

CAUSES = ("token_revoked", "permission_lost", "dataset_unknown")


def banner(merchant: Merchant) -> tuple[str, str]:
    """The dashboard's word on the connection: its sentence, and its one button."""
    text = merchant.get("/").text.partition("<s-section")[0]
    (found,) = re.findall(r"<s-banner.*?</s-banner>", text, re.DOTALL)
    (sentence,) = re.findall(r"<s-paragraph>(.*?)</s-paragraph>", found)
    ((target, label),) = re.findall(r'<s-button slot="secondary-actions" href="(.*?)">(.*?)</s-button>', found)
    assert target == "/settings"
    return html.unescape(sentence), label


def test_each_connection_is_tried_once_a_day(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    connect(merchant)
    assert connecting.due(services) == []
    later(clock, sandbox, hours=23)
    assert connecting.due(services) == []
    later(clock, sandbox, hours=1)
    assert connecting.due(services) == [shop_of(services).id]

    assert checked(services) is None

    assert connecting.due(services) == []
    assert row_of(services, "meta_connection")["checked_at"] == clock.now()
    assert sandbox.meta.events_json() == []  # Meta recorded nothing of it


@pytest.mark.parametrize("by_login", [True, False])
@pytest.mark.parametrize(("fault", "cause"), [("meta_revoked", "token_revoked"), ("meta_denied", "permission_lost")])
def test_what_meta_turns_down_is_broken_with_its_cause(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock, *, by_login: bool, fault: str, cause: str
) -> None:
    connect(merchant) if by_login else visits.connect(merchant)
    later(clock, sandbox, days=1)
    sandbox.faults.put({"name": fault})

    assert checked(services) == cause

    sentence, button = banner(merchant)
    assert sentence == words.broken(cause, by_login=by_login)
    assert button == ("Log in with Facebook again" if by_login else "Connect with a new token")
    assert sentence in merchant.get("/settings").text


@pytest.mark.parametrize("by_login", [True, False])
def test_a_dataset_that_is_gone_is_known(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock, *, by_login: bool
) -> None:
    connect(merchant) if by_login else visits.connect(merchant)
    later(clock, sandbox, days=1)
    sandbox.meta.remove(DEFAULT_DATASET)

    assert checked(services) == "dataset_unknown"


def test_a_permission_that_was_taken_back_is_known_without_a_trial(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    connect(merchant)
    later(clock, sandbox, days=1)
    sandbox.people.remove(logins.USER)

    assert checked(services) == "token_revoked"


def test_a_login_without_its_scopes_has_lost_its_permission(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    connect(merchant)
    later(clock, sandbox, days=1)
    for grant in sandbox.people.grants.values():
        grant.scopes = ("public_profile",)

    assert checked(services) == "permission_lost"


def test_the_end_of_a_login_is_told_a_week_before_and_when_it_comes(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    connect(merchant, lasts="60")
    later(clock, sandbox, days=52)
    assert checked(services) is None
    assert "ends soon" not in merchant.get("/").text
    later(clock, sandbox, days=1, minutes=1)
    assert checked(services) is None
    sentence, button = banner(merchant)
    assert "ends on 23 Jan 2027" in sentence
    assert button == "Log in with Facebook again"
    assert "ends on 23 Jan 2027" in merchant.get("/settings").text

    later(clock, sandbox, days=7)

    assert checked(services) == "token_expired"
    assert "given for a limited time" in banner(merchant)[0]


def test_every_cause_has_its_own_sentence_and_button() -> None:
    for by_login, causes in ((True, (*CAUSES, connecting.EXPIRED)), (False, CAUSES)):
        sentences = {words.broken(cause, by_login=by_login) for cause in causes}
        assert len(sentences) == len(causes)
        assert words.BROKEN_SOMEHOW not in sentences
        assert all(words.remedy(cause, by_login=by_login) for cause in causes)
