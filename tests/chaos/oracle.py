"""What must become of an order, by product.md and the buyers' truth alone. It knows nothing of the app's code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from tests.chaos.truth import NEVER, Bought, Merchant, Moved, Told

IGNORED = {
    "test": "test_order",
    "pos": "not_from_checkout",
    "draft": "not_from_checkout",
    "renewal": "not_from_checkout",
    "cancelled": "cancelled",
}
SENT, MISSED = "recovered", ("missed", "tracking_off")
UNCONFIRMED, REJECTED = ("failed", "unconfirmed"), ("failed", "rejected_by_meta")
REGION_UNKNOWN = ("withheld", "consent_unknown")
"""Of an order that no webhook told of and that was found while off: its region is not asked for then."""
LAST_CHECK = 5.5
"""Seconds from the last check to the request: what is told within them comes too late for it."""
SETTLES = 2.0
"""Seconds in which what was just answered may cross with the next thing."""
Fate = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Heard:
    """What some posts of a checkout say together: the strictest of the latest choices; whether one was delivered."""

    consent: str | None
    delivered: bool

    @property
    def refused(self) -> bool:
        return self.consent is not None and not {"m", "a"} <= set(self.consent)

    @property
    def no_sale(self) -> bool:
        return self.consent is not None and "s" not in self.consent


def heard(posts: Iterable[Told]) -> Heard:
    """Merge posts that came with the checkout's own token."""
    known = [post for post in posts if not post.said.stray]
    if not known:
        return Heard(None, delivered=False)
    last = max(post.at for post in known)
    latest = [post.said.consent for post in known if post.at == last]
    strictest = "".join(letter for letter in "maps" if all(letter in consent for consent in latest))
    return Heard(strictest, any(post.said.word == "sent" and post.said.named for post in known))


def basis(order: Bought, known: Heard) -> str | None:
    """On what the order may be sent: ``plain`` or ``limited`` (data use); None: it may not."""
    shop = order.shop
    if known.refused or (known.no_sale and not shop.ldu):
        return None
    if known.consent is not None:
        return "limited" if known.no_sale else "plain"
    if shop.mode == "recorded" or order.plan.region == "DE":
        return None
    if order.plan.region == "US-CA":
        return "limited" if shop.ldu else None
    return "plain"


def fate(order: Bought, known: Heard) -> Fate:
    """What becomes of it while the switch is on and Meta takes it."""
    if order.plan.kind in IGNORED:
        return "ignored", IGNORED[order.plan.kind]
    if known.delivered:
        return "tracked", "pixel_delivered"
    if known.refused:
        return "withheld", "consent_declined"
    if known.no_sale and not order.shop.ldu:
        return "withheld", "data_sale_opt_out"
    if basis(order, known) is None:
        return "withheld", "consent_unknown"
    return REJECTED if order.bad else (SENT, "")


def fates(order: Bought) -> set[Fate]:
    """Every fate that the posts allow: those without an answer may have come through or not."""
    sure = [post for post in order.posts if post.acked != NEVER]
    open_yet = [post for post in order.posts if post.acked == NEVER]
    return {
        fate(order, heard([*sure, *some]))
        for count in range(len(open_yet) + 1)
        for some in combinations(open_yet, count)
    }


def moved_since(merchant: Merchant, moment: float) -> bool:
    """Whether the switch was, or may have been, off at any time since then."""
    if not merchant.plan.tracks or not merchant.moves or merchant.moves[0].done > moment:
        return True
    return any(not move.on and _ends(merchant, move) > moment for move in merchant.moves)


def _ends(merchant: Merchant, off: Moved) -> float:
    """When an off was surely over."""
    later = [move.done for move in merchant.moves if move.on and move.began > off.began]
    return min(later, default=NEVER)


def off_spans(merchant: Merchant) -> Iterator[tuple[float, float]]:
    """Times in which no request may begin: from the word that it is off to the next wish to switch on."""
    first = next((move.began for move in merchant.moves if move.on), NEVER)
    yield 0.0, first
    for n, move in enumerate(merchant.moves):
        if not move.on and move.done != NEVER:
            yield move.done, next((later.began for later in merchant.moves[n + 1 :] if later.on), NEVER)
    if merchant.left != NEVER:
        yield merchant.left, merchant.back


def is_lenient(order: Bought, merchant: Merchant) -> bool:
    """Whether its shop left, so that its orders up to the return may end, or vanish, in many ways."""
    if merchant.uninstalled == NEVER:
        return False
    settled = max((move.done for move in merchant.moves if move.on and move.began > merchant.back), default=NEVER)
    return order.made < settled + SETTLES


def may_be(order: Bought, merchant: Merchant, *, at_meta: bool) -> set[Fate]:
    """All ends that are right; ``at_meta``: Meta has it from the server. Reasons of a recovery are not told apart."""
    found = fates(order)
    shaky = moved_since(merchant, order.made) or order.cancelled != NEVER
    if moved_since(merchant, order.made) and (SENT, "") in found | {(SENT, "") if f == REJECTED else f for f in found}:
        found = found | {MISSED}
    if moved_since(merchant, order.made) and heard(p for p in order.posts if p.acked != NEVER).consent is None:
        found = found | {REGION_UNKNOWN}
    if not merchant.plan.tracks:
        found = {MISSED if f in {(SENT, ""), REJECTED} else f for f in found}
    if order.cancelled != NEVER:
        found = found | {("ignored", "cancelled")}
    if shaky or len(found) > 1:
        found = found | {UNCONFIRMED}
    if at_meta:  # whether that was right is judged by the request; nothing may be told as if it had not left
        found = {f for f in found if f[0] not in {"withheld", "missed", "ignored"}} | {(SENT, ""), UNCONFIRMED}
    return found
