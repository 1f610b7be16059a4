"""Orders, posts, standings and policies of every kind, for tests that hold for all of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import strategies as st

from plugin.recovery.consent import ConsentMode, RegionRule
from plugin.recovery.evidence import Consent, Delivery, Evidence, Post, Stage
from plugin.recovery.order import PaidOrder, Region
from plugin.recovery.verdict import Policy, Standing
from tests.builders import NOON, ORDER_ID, paid_order

HOUR = timedelta(hours=1)
LIMITS = [
    timedelta(0),
    HOUR,
    timedelta(hours=46),
    timedelta(hours=47),
    timedelta(hours=48),
    timedelta(days=6, hours=23),
]
"""Ages around which the table turns."""
REGIONS = [None, Region("US", "CA"), Region("US"), Region("DE"), Region("FR", "IDF")]
RULES = [
    RegionRule("US", None, consent_required=False, sale_opt_out_required=False),
    RegionRule("US", "CA", consent_required=False, sale_opt_out_required=True),
    RegionRule("DE", None, consent_required=True, sale_opt_out_required=False),
]


def ages() -> st.SearchStrategy[timedelta]:
    around = st.tuples(st.sampled_from(LIMITS), st.sampled_from([-1, 0, 1])).map(
        lambda at: at[0] + at[1] * timedelta(seconds=1)
    )
    return around | st.timedeltas(timedelta(0), timedelta(days=9))


def moments() -> st.SearchStrategy[datetime]:
    return ages().map(lambda age: NOON + age)


def consents() -> st.SearchStrategy[Consent]:
    return st.builds(Consent, st.booleans(), st.booleans(), st.booleans(), st.booleans())


def posts() -> st.SearchStrategy[Post]:
    """Posts of one checkout, of the example order and of another, at few enough times to collide."""
    return st.builds(
        Post,
        stage=st.sampled_from(Stage),
        consent=consents(),
        at=st.none() | st.sampled_from([NOON - HOUR, NOON, NOON + HOUR]),
        delivery=st.none() | st.sampled_from(Delivery),
        order_id=st.sampled_from([None, ORDER_ID, 1]),
    )


def evidences() -> st.SearchStrategy[Evidence]:
    return st.lists(posts(), max_size=3).map(Evidence.of)


def orders() -> st.SearchStrategy[PaidOrder]:
    seldom = st.integers(0, 9).map(lambda drawn: drawn == 0)
    return st.builds(
        lambda paid, **rest: paid_order(paid_at=NOON + paid, **rest),
        paid=st.sampled_from([timedelta(0), HOUR, timedelta(days=7), timedelta(days=7, seconds=1)]),
        test=seldom,
        from_checkout=seldom.map(lambda drawn: not drawn),
        cancelled=seldom,
        billing=st.sampled_from(REGIONS),
        shipping=st.sampled_from(REGIONS),
    )


def standings() -> st.SearchStrategy[Standing]:
    mostly = st.integers(0, 5).map(lambda drawn: drawn > 0)
    return st.builds(
        Standing,
        connected_when_placed=mostly,
        connection_is_current=mostly,
        tracking_on_since_intake=mostly,
        has_match_data=mostly,
        in_doubt_since=st.none() | moments(),
        released=st.booleans(),
        sale_opted_out=st.booleans(),
    )


def policies() -> st.SearchStrategy[Policy]:
    return st.builds(
        Policy,
        tracking_on=st.integers(0, 3).map(lambda drawn: drawn > 0),
        connection_broken=st.integers(0, 3).map(lambda drawn: drawn == 0),
        consent_mode=st.sampled_from(ConsentMode),
        ldu=st.booleans(),
        grace=st.sampled_from([timedelta(minutes=10), timedelta(minutes=30), timedelta(hours=24)]),
        rules=st.none() | st.lists(st.sampled_from(RULES), max_size=3).map(tuple),
    )
