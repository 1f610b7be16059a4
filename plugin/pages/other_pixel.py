"""POST /other-pixel: whether another Meta pixel reports to the connected dataset, as the merchant says."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from plugin.language import N_, _
from plugin.pages import settings
from plugin.pages.choices import CHOOSE_ONE
from plugin.pages.door import Visit, merchant_only
from plugin.pages.notices import go_on
from plugin.pages.stopped import SHOP_HAS_LEFT, stopped
from plugin.storage import policy, reading, shops
from plugin.storage.policy import Staff
from plugin.storage.shops import OtherPixel, Shop

NOT_CONNECTED: Final = N_("Connect a dataset first: the question is about other pixels that report to it.")
OTHER_DATASET: Final = N_("Another dataset was connected since this page was loaded. Please answer for that one.")


@merchant_only
def answer_other_pixel(visit: Visit) -> ResponseReturnValue:
    """Keep `answer`, one of `none`, `removed` and `running`, and record it; `dataset` is the one it was given for."""
    form = request.form
    with visit.given.database.transaction() as conn:
        held = reading.hold(conn, visit.shop)
        shop = shops.by_domain(conn, visit.given.vault, visit.shop.domain) if held else None
        fault = None if shop is None else _fault(shop, form)
        if shop is not None and fault is None:
            staff = Staff(visit.user_id, settings.PLACE)
            policy.answer_other_pixel(conn, shop, OtherPixel(form["answer"]), staff, visit.now)
    if shop is None:
        return stopped(SHOP_HAS_LEFT, HTTPStatus.CONFLICT)
    return go_on("pages.settings", "other_pixel_answered") if fault is None else settings.show(visit, errors=fault)


def _fault(shop: Shop, form: Mapping[str, str]) -> dict[str, str] | None:
    """Return why a form is no answer for this shop, at the field where it is shown; None if it is one."""
    if shop.connection is None:
        return {"dataset": _(NOT_CONNECTED)}
    if form.get("answer") not in set(OtherPixel):
        return {"answer": _(CHOOSE_ONE)}
    if form.get("dataset", shop.connection.dataset) != shop.connection.dataset:
        return {"answer": _(OTHER_DATASET)}
    return None
