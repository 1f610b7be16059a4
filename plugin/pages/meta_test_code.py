"""POST /test-code: the code that lets what is sent show in Meta's test tool; a day later it is used no more."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from plugin.language import N_, _
from plugin.pages import settings
from plugin.pages.door import Visit, merchant_only
from plugin.pages.notices import go_on
from plugin.pages.stopped import SHOP_HAS_LEFT, stopped
from plugin.storage import meta_test_code, policy, reading
from plugin.storage.policy import Staff

CODE: Final = re.compile(r"[A-Za-z0-9]{4,32}")
CODE_WRONG: Final = N_(
    "Enter the code as Events Manager shows it, like TEST12345: letters and digits, 4 to 32 of them."
)
NOT_CONNECTED: Final = N_("Connect a dataset first: the code is one of its own.")
NONE: Final = "none"
"""How the log names no code."""


@merchant_only
def use_test_code(visit: Visit) -> ResponseReturnValue:
    """Use `test_code` for a day; with `remove` yes, use none any more."""
    typed = request.form.get("test_code", "").strip()
    wanted = None if request.form.get("remove") == "yes" else typed
    if visit.shop.connection is None:
        return settings.show(visit, errors={"dataset": _(NOT_CONNECTED)})
    if wanted is not None and not CODE.fullmatch(wanted):
        return settings.show(visit, errors={"test_code": _(CODE_WRONG)}, typed={"test_code": typed})
    if not _keep(visit, wanted):
        return stopped(SHOP_HAS_LEFT, HTTPStatus.CONFLICT)
    return go_on("pages.settings", "test_code_removed" if wanted is None else "test_code_used")


def _keep(visit: Visit, code: str | None) -> bool:
    """Keep a code, or none, and record it; False if the shop has left meanwhile."""
    shop, now, new = visit.shop, visit.now, code or NONE
    with visit.given.database.transaction() as conn:
        if not reading.hold(conn, shop):
            return False
        before = meta_test_code.current(conn, shop.id, now)
        old = before.code if before else NONE
        if code is None:
            meta_test_code.drop(conn, shop.id)
        else:
            meta_test_code.keep(conn, shop.id, code, now)
        if old != new:
            policy.record(conn, shop.id, Staff(visit.user_id, settings.PLACE), now, ("test_code", old, new, None))
    return True
