"""What Meta's answers mean to a merchant: what happened, what we did, what they can do. Words only, no values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from plugin.language import N_
from plugin.meta.codes import Step, known
from plugin.meta.errors import Cause
from plugin.recovery.soundness import Flaw
from plugin.translating import Translated


@dataclass(frozen=True, slots=True)
class Sentence:
    """Three sentences for a page: ``happened``, ``did``, ``can``; the last is empty where there is nothing to do."""

    happened: str
    did: str
    can: str = ""


NOTHING_TO_DO: Final = N_("There is nothing for you to do.")
STOPPED: Final = N_(
    "We stopped sending over this connection. The orders wait, for up to 7 days after they were placed, and are sent "
    "once Facebook is connected again."
)
LEFT_OUT: Final = N_("We left this order out and sent the others. It is not tried again.")
NEW_TOKEN: Final = N_("Connect Facebook again on the page Facebook integration settings.")

_BY_CAUSE: Final[Mapping[Cause, Sentence]] = {
    Cause.TOKEN_REVOKED: Sentence(
        N_("Meta no longer accepts the access token. It was revoked, has expired, or a password was changed."),
        STOPPED,
        NEW_TOKEN,
    ),
    Cause.PERMISSION_LOST: Sentence(
        N_("The access token may no longer send events to this dataset."),
        STOPPED,
        N_("Ask whoever manages your business at Meta to let you use the dataset, then connect Facebook again."),
    ),
    Cause.DATASET_UNKNOWN: Sentence(
        N_("Meta does not find the dataset, or does not show it to this access token."),
        STOPPED,
        N_("Check in Events Manager that the dataset still exists, then connect Facebook again."),
    ),
}
BY_CAUSE: Final = Translated(_BY_CAUSE)
_BY_STEP: Final[Mapping[Step, Sentence]] = {
    Step.TRY_AGAIN: Sentence(
        N_("Meta had a passing trouble of its own."),
        N_("We wait and try again: after seconds at first, then minutes, then hours, for about 38 hours in all."),
        NOTHING_TO_DO,
    ),
    Step.SLOW_DOWN: Sentence(
        N_("Meta asked for fewer requests."),
        N_("We paused this connection for as long as Meta said, and go on then."),
        N_("If it stays like this, look in Events Manager for another app that sends a lot with the same access."),
    ),
    Step.WAIT_A_DAY: Sentence(
        N_("Meta has blocked this access for a while, because of one of its policies."),
        N_("We paused this connection, and try once a day."),
        N_("Look in Meta's Account Quality for what it objects to."),
    ),
    Step.NEW_TOKEN: _BY_CAUSE[Cause.TOKEN_REVOKED],
    Step.NEW_PERMISSION: _BY_CAUSE[Cause.PERMISSION_LOST],
    Step.OTHER_DATASET: _BY_CAUSE[Cause.DATASET_UNKNOWN],
    Step.GIVE_UP: Sentence(
        N_("Meta read this order's event and refused it for good."),
        LEFT_OUT,
        N_("Tell our support the code, if it happens to more than a few orders."),
    ),
    Step.FIND_OUT: Sentence(
        N_("Meta refused this order's event with a code that we do not know."),
        N_("We sent the others, and tried this one alone a few more times before we gave it up."),
        N_("Tell our support the code: it is kept with the order."),
    ),
}
BY_STEP: Final = Translated(_BY_STEP)
_BY_CODE: Final[Mapping[tuple[int, int], Sentence]] = {
    (100, 2804003): Sentence(
        N_("Meta takes no event of a purchase that is more than 7 days old, and this one was."), LEFT_OUT, NOTHING_TO_DO
    ),
    (100, 2804009): Sentence(
        N_("Meta found no value or no currency in this order's event that it could read."),
        LEFT_OUT,
        N_("Tell our support the order's number."),
    ),
    (100, 2804050): Sentence(
        N_("What is known of this buyer is too little for Meta to match anybody by."),
        LEFT_OUT,
        N_(
            "If you left out identifiers on the page Facebook integration settings, more of them would help future "
            "orders."
        ),
    ),
}
BY_CODE: Final = Translated(_BY_CODE)
_BY_FLAW: Final[Mapping[Flaw, Sentence]] = {
    Flaw.WRONG_SHAPE: Sentence(
        N_("The event that we made of this order is damaged."),
        N_("We noticed before anything was sent, and sent nothing of this order."),
        N_("Tell our support the order's number."),
    ),
    Flaw.TOO_OLD: Sentence(
        N_("By the time this order could be sent it was more than 7 days old, and Meta takes none so old."),
        N_("We sent nothing of this order."),
        NOTHING_TO_DO,
    ),
    Flaw.WRONG_CURRENCY: Sentence(
        N_("This order's currency is none that Meta knows."),
        N_("We noticed before anything was sent, and sent nothing of this order."),
        N_("Tell our support the order's number."),
    ),
    Flaw.WRONG_VALUE: Sentence(
        N_("This order's value is not an amount that Meta takes."),
        N_("We noticed before anything was sent, and sent nothing of this order."),
        N_("Tell our support the order's number."),
    ),
    Flaw.NOT_HASHED: Sentence(
        N_("Something in this order's event was not hashed as Meta asks."),
        N_("We noticed before anything was sent: nothing unhashed has left."),
        N_("Tell our support the order's number."),
    ),
    Flaw.TOO_BROAD: Sentence(
        N_("What is known of this buyer is too little for Meta to match anybody by."),
        N_("We noticed before anything was sent, and sent nothing of this order."),
        N_(
            "If you left out identifiers on the page Facebook integration settings, more of them would help future "
            "orders."
        ),
    ),
}
BY_FLAW: Final = Translated(_BY_FLAW)
_BY_RESULT: Final[Mapping[str | None, Sentence]] = {
    None: Sentence(N_("A request with this order is under way."), N_("We wait for Meta's answer."), NOTHING_TO_DO),
    "accepted": Sentence(N_("Meta took the request."), N_("The order is recovered."), NOTHING_TO_DO),
    "refused": _BY_STEP[Step.GIVE_UP],
    "split": Sentence(
        N_("Meta refused the orders that went together, for one of them."),
        N_("We sent them again in parts until the one was found."),
        NOTHING_TO_DO,
    ),
    "disconnected": Sentence(N_("Meta turned the connection down."), STOPPED, NEW_TOKEN),
    "throttled": _BY_STEP[Step.SLOW_DOWN],
    "unavailable": _BY_STEP[Step.TRY_AGAIN],
    "not_sent": Sentence(N_("Meta could not be reached; nothing left."), N_("We try again soon."), NOTHING_TO_DO),
    "in_doubt": Sentence(
        N_("A request with this order went out, and its answer never came: Meta may have it or not."),
        N_("We send it again with the same event id, so that Meta counts it once; after 47 hours only if you say so."),
        NOTHING_TO_DO,
    ),
}
BY_RESULT: Final = Translated(_BY_RESULT)
"""By how an attempt ended."""


def for_code(code: str) -> Sentence:
    """Return the sentence of a code as it is kept: ``100/2804050``, ``190``, or one of ours, ``local/too_old``."""
    place, _, name = code.partition("/")
    if place == "local" and name in set(Flaw):
        return BY_FLAW[Flaw(name)]
    numbers = re.fullmatch(r"([0-9]{1,9})(?:/([0-9]{1,9}))?", code)
    if numbers is None:
        return BY_STEP[Step.FIND_OUT]
    number, subcode = int(numbers[1]), int(numbers[2] or 0)
    return BY_CODE.get((number, subcode)) or BY_STEP[known(number, subcode or None) or Step.FIND_OUT]
