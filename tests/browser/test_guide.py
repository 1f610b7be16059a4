from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from sandbox.demo import report
from sandbox.stage import Stage
from tests.browser.buyer import Choice, Manner
from tests.browser.merchant import Merchant
from tests.browser.town import Town

DEMO = "lantern"
STEPS = ["install", "connect", "buy_tracked", "buy_missed", "recover", "withheld"]
BLOCKED = Manner(adblock=True)


@pytest.fixture
def counting(stage: Stage) -> Iterator[None]:
    """The ledger's word for the guide, as the demo gives it."""
    with report(stage) as process:
        yield
        process.terminate()
        process.wait(10)


def ticked(merchant: Merchant, number: int) -> None:
    """So many steps are ticked, the first ones."""
    done = merchant.page.locator(f"#steps li[data-step={STEPS[number - 1]}]")
    expect(done).to_have_attribute("data-done", "yes", timeout=10_000)
    assert merchant.steps() == STEPS[:number]
    expect(merchant.page.locator("#guide-count")).to_have_text(f"{number} of {len(STEPS)}")


def test_the_guide_leads_through_its_six_steps_and_ticks_each(town: Town, counting: None) -> None:
    merchant = town.merchant(DEMO)
    merchant.enter()
    assert merchant.steps() == []
    merchant.page.click("#install")
    merchant.is_at("dashboard")
    ticked(merchant, 1)

    merchant.go("Facebook integration", "settings")
    merchant.connect()
    ticked(merchant, 2)

    tracked = town.buy(DEMO)
    merchant.sees(tracked, "tracked")
    ticked(merchant, 3)

    missed = town.buy(DEMO, BLOCKED)
    merchant.forward()
    merchant.sees(missed, "missed")
    ticked(merchant, 4)

    merchant.home()
    merchant.turn_on()
    recovered = town.buy(DEMO, BLOCKED)
    merchant.forward()
    merchant.sees(recovered, "recovered")
    ticked(merchant, 5)

    withheld = town.buy(DEMO, Manner(Choice.DECLINE))
    merchant.forward()
    merchant.sees(withheld, "withheld")
    ticked(merchant, 6)

    came = {order: town.purchases(order) for order in (tracked, missed, recovered, withheld)}
    assert came == {tracked: ["browser"], missed: [], recovered: ["server"], withheld: []}
