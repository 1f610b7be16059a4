"""The invariants: what buyers did, what the ledger says and what Meta has, held against each other."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from tests.chaos import oracle
from tests.chaos.case import Case
from tests.chaos.received import Sent
from tests.chaos.truth import NEVER, Bought, Merchant

MONEY = 0.005


def lost(case: Case) -> Iterator[str]:
    """I1: every order has its row; what was to be sent is at Meta; what is told as recovered is there too."""
    for order in case.orders.values():
        row, there = case.row(order), bool(case.by_order.get(order.order_id))
        if row is None:
            if order.erased == NEVER and not oracle.is_lenient(order, case.merchant(order)):
                why = f"shop {order.shop.n}, {order.plan.way.name}, {order.plan.kind}, told at {order.plan.tell}"
                yield f"{order.order_id} has no row ({why})"
        elif row["outcome"] == "recovered" and not there:
            yield f"{order.order_id} is told as recovered, and Meta has nothing"
        elif _must_be_sent(case, order) and not there:
            yield f"{order.order_id} was to be sent, and is {row['outcome']} / {row['reason']}"


def _must_be_sent(case: Case, order: Bought) -> bool:
    merchant = case.merchant(order)
    if oracle.is_lenient(order, merchant) or order.erased != NEVER:
        return False
    return oracle.may_be(order, merchant, at_meta=False) == {(oracle.SENT, "")}


def undecided(case: Case) -> Iterator[str]:
    """I1, I2: no order waits at the end, and each has one row."""
    for (domain, order_id), row in case.rows.items():
        if row["outcome"] == "waiting" and order_id not in case.probes:
            yield f"{order_id} of {domain} waits: {row['reason']}, attempt {row['attempt']}, look at {row['look_at']}"
        if row["copies"] != 1:
            yield f"{order_id} of {domain} has {row['copies']} rows"


def wrong_outcome(case: Case) -> Iterator[str]:
    """I2: the outcome is one that the buyer's and the merchant's truth allow."""
    for order in case.orders.values():
        row, merchant = case.row(order), case.merchant(order)
        if row is None or row["outcome"] == "waiting" or oracle.is_lenient(order, merchant) or order.erased != NEVER:
            continue
        right = oracle.may_be(order, merchant, at_meta=bool(case.by_order.get(order.order_id)))
        told = (row["outcome"], "" if row["outcome"] == "recovered" else row["reason"])
        if told not in right:
            yield f"{order.order_id} ({order.plan.way.name}, {order.plan.kind}) is {told}, right were {sorted(right)}"


def doubles(case: Case) -> Iterator[str]:
    """I3: Meta counts each order once, pixel and server together."""
    counted = Counter(one.order_id for one in case.sent if one.counted)
    for order_id, n in counted.items():
        if n + case.pixel_counted.get(f"purchase.{order_id}", 0) > 1:
            yield f"{order_id} counts more than once"


def two_payloads(case: Case) -> Iterator[str]:
    """I3: one event id, one payload."""
    seen: dict[str, str] = {}
    for one in case.sent:
        if seen.setdefault(one.event_id, one.digest) != one.digest:
            yield f"{one.event_id} came with other bytes"


def unexplained_reposts(case: Case) -> Iterator[str]:
    """I3: a second request only where the end of the first one could not be known."""
    for order_id, all_of in case.by_order.items():
        for first, second in pairwise(all_of):
            if first.request == second.request or not case.requests.unanswered(first.request):
                told = case.requests.story(first.request)
                yield f"{order_id} in request {first.request} and again in {second.request}: {told}"


def uncounted(case: Case) -> Iterator[str]:
    """I3: the ledger counts at least as many repeats as Meta saw."""
    for order in case.orders.values():
        row, copies = case.row(order), len(case.by_order.get(order.order_id, ()))
        if row is not None and copies - 1 > row["reposts"] and row["outcome"] != "waiting":
            yield f"{order.order_id}: {copies} copies at Meta, {row['reposts']} repeats in the ledger"


def after_off(case: Case) -> Iterator[str]:
    """I4: nothing begins while off is confirmed, nor later of an order that came in before."""
    for one, order in case.known():
        merchant, acked = case.merchant(order), case.acks(order).first_good
        for begin, end in oracle.off_spans(merchant):
            if begin < one.began < end:
                yield f"{one.order_id} began at {one.began:.3f}, off from {begin:.3f} to {end:.3f}"
            elif acked < _asked(merchant, begin) and one.began > begin > 0:
                yield f"{one.order_id} came in at {acked:.3f}, off at {begin:.3f}, began at {one.began:.3f}"


def _asked(merchant: Merchant, done: float) -> float:
    """When that was asked for which was done then."""
    if done == merchant.left:
        return merchant.uninstalled
    return next((move.began for move in merchant.moves if move.done == done), 0.0)


def without_basis(case: Case) -> Iterator[str]:
    """I5: paid, from a checkout, allowed by the buyer or the shop's policy, and not reported by the pixel."""
    for one, order in case.known():
        why = _forbidden(one, order)
        if why:
            yield f"{_named(case, one, order)}: {why}"


def _named(case: Case, one: Sent, order: Bought) -> str:
    row = case.rows.get((order.shop.domain, one.order_id))
    paid = f"paid {float(row['paid_at']) - order.placed:.1f} s after it was placed" if row else "no row"
    return f"{one.order_id} ({order.plan.way.name}, {order.plan.region}, {order.shop.mode}, {paid})"


def _forbidden(one: Sent, order: Bought) -> str:
    sure = oracle.heard(post for post in order.posts if post.acked < one.began - oracle.LAST_CHECK)
    any_of = oracle.heard(post for post in order.posts if post.sent < one.began)
    if order.plan.kind != "web" or one.began > order.cancel_told + oracle.LAST_CHECK:
        return f"kind {order.plan.kind}, or cancelled"
    if sure.delivered:
        return "the pixel had reported it"
    if one.at < order.placed + 60 * order.shop.grace - oracle.SETTLES:
        return f"the grace period was not over: {one.at - order.placed:.1f} of {60 * order.shop.grace} s"
    bases = {oracle.basis(order, known) for known in (sure, any_of)}
    if bases == {None}:
        return "no consent allows it"
    if bases == {"limited"} and one.payload.get("data_processing_options") != ["LDU"]:
        return "not limited"
    return ""


def cross_shop(case: Case) -> Iterator[str]:
    """I6: dataset, token, order and page are of one shop."""
    for one in case.sent:
        order = case.orders.get(one.order_id)
        if order is None:
            if one.order_id not in case.probes:
                yield f"{one.event_id} is about no order of anybody's"
            continue
        page = str(one.payload.get("event_source_url"))
        own = (f"https://shop{order.shop.n}.example", f"https://{order.shop.domain}/checkouts")
        if not one.dataset == order.shop.dataset == case.tokens.get(one.token) or page.rstrip("/") not in own:
            yield f"{one.order_id} of {order.shop.domain} went to {one.dataset}, page {page}"


def wrong_payload(case: Case) -> Iterator[str]:
    """I5, I6: what Meta has is this order's, and its buyer's."""
    for one, order in case.known():
        told, money = one.payload.get("user_data", {}), one.payload.get("custom_data", {})
        email = hashlib.sha256(order.email.encode()).hexdigest()
        right = (
            one.event_id == f"purchase.{order.order_id}",
            told.get("em") in (email, [email]),
            abs(float(money.get("value", 0)) - float(order.value)) < MONEY,
            money.get("currency") == order.currency,
            abs(int(one.payload.get("event_time", 0)) - order.placed) < 1,
        )
        if not all(right):
            yield f"{one.order_id}: {right}"


def unkept_acks(case: Case) -> Iterator[str]:
    """I10: what was answered 2xx is there, and by that webhook: not found again by looking for it."""
    for order in case.orders.values():
        row, merchant = case.row(order), case.merchant(order)
        if case.acks(order).first_good == NEVER or order.erased != NEVER or oracle.is_lenient(order, merchant):
            continue
        if row is None or row["told_by"] != "webhook":
            acked = case.acks(order)
            yield (
                f"{order.order_id} of shop {order.shop.n} was acknowledged at {acked.first_good:.2f}, tried from"
                f" {acked.first_try:.2f}, and is {'not there' if row is None else row['told_by']}"
            )


def erased_left(case: Case) -> Iterator[str]:
    """I7: of a buyer who was erased, and of a shop, no row is left."""
    for order in case.orders.values():
        gone = order.erased != NEVER or case.merchant(order).shop_erased != NEVER
        if gone and case.row(order) is not None:
            yield f"{order.order_id} was erased, and has a row"


def sealed_left(case: Case) -> Iterator[str]:
    """I7: a decided row keeps nothing of its buyer."""
    for (domain, order_id), row in case.rows.items():
        if row["sealed"] and row["outcome"] != "waiting":
            yield f"{order_id} of {domain} is {row['outcome']} and still has its event"


def moved_seals(case: Case) -> Iterator[str]:
    """I7: sealed values that changed places do not open."""
    for one in case.sent:
        if one.order_id in case.probes:
            yield f"{one.order_id} was sent with the event of another row"


Check = Callable[[Case], Iterator[str]]
CHECKS: Mapping[str, Check] = {
    "lost": lost,
    "undecided": undecided,
    "wrong_outcome": wrong_outcome,
    "doubles": doubles,
    "two_payloads": two_payloads,
    "unexplained_reposts": unexplained_reposts,
    "uncounted": uncounted,
    "after_off": after_off,
    "without_basis": without_basis,
    "cross_shop": cross_shop,
    "wrong_payload": wrong_payload,
    "unkept_acks": unkept_acks,
    "erased_left": erased_left,
    "sealed_left": sealed_left,
    "moved_seals": moved_seals,
}


def run(case: Case) -> dict[str, list[str]]:
    """Run them all; a list of breaches under each name."""
    return {name: list(check(case)) for name, check in CHECKS.items()}
