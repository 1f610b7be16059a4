"""The setup guide on the dashboard: four steps, each done when its cause is; POST /guide takes two answers."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from plugin.language import N_, _
from plugin.pages.door import Visit, merchant_only
from plugin.pages.notices import go_on
from plugin.pages.stopped import NO_SUCH_PAGE, SHOP_HAS_LEFT, stopped
from plugin.storage import overview, policy, reading, shops
from plugin.storage.overview import GUIDE, Overview
from plugin.storage.policy import Staff
from plugin.storage.shops import Shop

LEFT_OFF: Final = "left off"
"""The decision not to turn offline tracking on; off is what it is anyway."""
CLOSED: Final = "closed"
ANSWERS: Final = frozenset({LEFT_OFF, CLOSED})
NOT_DONE: Final = N_("The setup guide can be closed when all of its steps are done. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `name` tells it apart, `text` says what it is for or how it stands."""

    name: str
    title: str
    text: str
    is_done: bool


@dataclass(frozen=True, slots=True)
class Guide:
    """The steps, and whether the merchant has put the guide away."""

    steps: tuple[Step, ...]
    is_closed: bool

    @property
    def done(self) -> int:
        """How many steps are done."""
        return sum(step.is_done for step in self.steps)

    @property
    def is_done(self) -> bool:
        """Whether all are."""
        return self.done == len(self.steps)

    @property
    def is_shown(self) -> bool:
        """Whether the page has it: until it is done, and then until it is put away."""
        return not (self.is_done and self.is_closed)


def guide_of(shop: Shop, stands: Overview) -> Guide:
    """Return the guide as a shop stands."""
    is_connected = shop.connection is not None
    is_placed = is_connected and shop.web_pixel_id is not None
    steps = (
        Step(
            "connect",
            _("Connect Facebook"),
            _("It places the Meta pixel in your shop, and sends no order."),
            is_connected,
        ),
        Step(
            "other-pixel",
            _("Say whether another Meta pixel runs"),
            _("Two pixels on the same dataset count every purchase twice."),
            is_connected and shop.other_pixel is not None,
        ),
        Step("pixel", _("See the pixel report its first event"), _pixel(shop, stands), is_placed and stands.heard),
        Step(
            "decide",
            _("Decide on offline conversion tracking"),
            _("On, orders that the pixel missed are sent to Meta. Off, they are only counted; that is how it starts."),
            stands.decided or shop.policy.tracking_on or LEFT_OFF in stands.guide,
        ),
    )
    return Guide(steps, CLOSED in stands.guide)


def _pixel(shop: Shop, stands: Overview) -> str:
    if shop.connection is None:
        return _("It is placed when Facebook is connected.")
    if shop.web_pixel_id is None:
        return _("It is not placed yet; that is done on the settings page.")
    if stands.heard:
        return _("It is placed, and has reported.")
    return _(
        "It is placed. Go through a checkout in your shop, and allow marketing if you are asked; then load this page."
    )


@merchant_only
def answer_guide(visit: Visit) -> ResponseReturnValue:
    """Keep an `answer`: `left off`, the decision; or `closed`, which is taken when all steps are done."""
    answer = request.form.get("answer", "")
    if answer not in ANSWERS:
        return stopped(NO_SUCH_PAGE, HTTPStatus.UNPROCESSABLE_ENTITY)
    with visit.given.database.transaction() as conn:
        shop = shops.by_domain(conn, visit.given.vault, visit.shop.domain) if reading.hold(conn, visit.shop) else None
        stands = None if shop is None else overview.of(conn, shop.id)
        refused = shop is None or stands is None or not _fits(answer, guide_of(shop, stands))
        if stands is not None and not refused and answer not in stands.guide:
            staff = Staff(visit.user_id, "dashboard")
            policy.record(conn, visit.shop.id, staff, visit.now, (GUIDE, "open", answer, None))
    if shop is None:
        return stopped(SHOP_HAS_LEFT, HTTPStatus.CONFLICT)
    if refused:
        return stopped(NOT_DONE, HTTPStatus.CONFLICT)
    return go_on("pages.dashboard", "guide_closed" if answer == CLOSED else "guide_left_off")


def _fits(answer: str, guide: Guide) -> bool:
    return answer != CLOSED or guide.is_done
