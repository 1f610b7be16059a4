"""A buyer who goes one of the matrix's ways in the storefront."""

from __future__ import annotations

from tests.browser.buyer import Buyer, Choice, Manner
from tests.matrix.table import Way
from tests.matrix.town import REGIONS

CHOICES = {
    "accept": Choice.ACCEPT,
    "decline": Choice.DECLINE,
    "ignore": Choice.NONE,
    "withdraw": Choice.WITHDRAW,
    "sale": Choice.OPT_OUT,
}


class Chooser(Buyer):
    """Does what the way says, and stays on the cart's page until the theme's block is at rest."""

    def go(self, way: Way) -> str:
        """Buy a mug; return the order's id."""
        manner = Manner(CHOICES[way.choice], REGIONS[way.region], way.blocker == "meta", way.tab == "closed")
        self.arrive(manner)
        self.page.set_checked("[name=adblock_all]", way.blocker == "both")
        self.choose(manner.choice)
        self.page.click("#add")
        self.page.wait_for_url("**/cart")
        self.ready()
        if way.block == "on":
            self.page.wait_for_selector("html[data-block=rest]")
        self.page.click("#to-checkout")
        self.page.wait_for_url("**/information")
        self.ready()
        return self.check_out(manner)
