from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from plugin.recovery.outcomes import REASONS, Outcome, Reason
from plugin.services import Services
from plugin.storage import counting, listing, overview
from plugin.storage.listing import Mark, Wanted
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import NOON, MovedClock, connect, install
from tests.edges.ledger_view import buy, work
from tests.edges.visits import Merchant, Page

DAYS = 400
DAY = date(2026, 11, 10)
AT_MOST = 0.25
"""Seconds for one list, ten times what it takes; a walk through a million rows takes longer."""
LOOKED_FOR: Mapping[str, Wanted] = {
    "all": Wanted(),
    "common": Wanted(outcome=Outcome.TRACKED),
    "rare": Wanted(outcome=Outcome.FAILED),
    "none": Wanted(reason=Reason.PAID_LATE),
    "waiting": Wanted(outcome=Outcome.WAITING),
    "in their grace period": Wanted(reason=Reason.GRACE_PERIOD),
    "day": Wanted(day=DAY),
    "a rare one of a day": Wanted(outcome=Outcome.FAILED, day=DAY),
    "number": Wanted(number="4711"),
    "no such number": Wanted(number="#x"),
    "number and outcome": Wanted(outcome=Outcome.TRACKED, number="4711"),
    "nonsense": Wanted(outcome=Outcome.TRACKED, reason=Reason.HELD),
}
# 90 of 100 tracked, 9 missed, 1 waiting; one of 10,000 failed.
_FILL = """
INSERT INTO paid_order (shop_id, order_id, generation, number, placed_at, paid_at, updated_at, day, value, currency,
    test, from_checkout, cancelled, has_match_data, outcome, reason, decided_at, look_at)
SELECT %(shop_id)s, n, 1, '#' || n, at, at, at, (at AT TIME ZONE 'Europe/Berlin')::date, 10, 'EUR', false, true, false,
    true, CASE WHEN n %% 10000 = 0 THEN 'failed' WHEN n %% 100 = 1 THEN 'waiting' WHEN n %% 100 < 11 THEN 'missed'
        ELSE 'tracked' END,
    CASE WHEN n %% 10000 = 0 THEN 'expired' WHEN n %% 100 = 1 THEN 'held' WHEN n %% 100 < 11 THEN 'tracking_off'
        ELSE 'pixel_delivered' END,
    at, CASE WHEN n %% 100 = 1 AND n %% 10000 <> 0 THEN at END
FROM (SELECT n, %(now)s::timestamptz - (%(rows)s - n) * (interval '1 day' * %(days)s / %(rows)s) AS at
    FROM generate_series(1, %(rows)s) AS n) AS made
"""


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client)


def fill(services: Services, shop: Shop, rows: int) -> None:
    """Make a ledger of 400 days, and let the planner know it."""
    with services.database.transaction() as conn:
        conn.execute(_FILL, {"shop_id": shop.id, "now": NOON, "rows": rows, "days": DAYS})
    with services.database.transaction() as conn:
        conn.execute("ANALYZE paid_order")


def plan_of(services: Services, query: str, asked: Mapping[str, object]) -> str:
    with services.database.transaction() as conn:
        return "\n".join(row["QUERY PLAN"] for row in conn.execute("EXPLAIN " + query, asked).fetchall())


def check(services: Services, shop: Shop) -> None:
    """Every list reads an index and is quick, at its start and deep inside."""
    deep = Mark(NOON - timedelta(days=DAYS - 20), 5)
    for name, wanted in LOOKED_FOR.items():
        for before in (None, deep):
            query, asked = listing.question(shop.id, limit=51, wanted=wanted, before=before)
            plan = plan_of(services, query, asked)
            assert "Seq Scan" not in plan, (name, plan)
            assert "ix_paid_order" in plan, (name, plan)
            assert quick(services, shop, wanted, before) < AT_MOST, (name, before, plan)


def quick(services: Services, shop: Shop, wanted: Wanted, before: Mark | None) -> float:
    """Return the seconds that a list takes, the best of three."""
    took = []
    for _ in range(3):
        with services.database.transaction() as conn:
            began = time.perf_counter()
            listing.latest(conn, shop.id, limit=51, wanted=wanted, before=before)
            took.append(time.perf_counter() - began)
    return min(took)


def test_a_list_of_100_000_orders_reads_an_index(services: Services, shop: Shop) -> None:
    fill(services, shop, 100_000)

    check(services, shop)
    found = found_for(services, shop, Wanted(outcome=Outcome.FAILED))
    assert [order_id for order_id, _ in found] == [n * 10_000 for n in range(10, 0, -1)]
    assert found_for(services, shop, Wanted(number="4711")) == [(4711, "tracked")]
    of_day = found_for(services, shop, Wanted(day=DAY), limit=1000)
    assert 240 < len(of_day) < 260  # 100,000 in 400 days


def test_the_dashboards_statements_walk_through_no_table(services: Services, shop: Shop) -> None:
    fill(services, shop, 100_000)
    last = NOON.date()
    asked = {"shop_id": shop.id, "first": last - timedelta(days=29), "last": last}
    measured = last - timedelta(days=13)

    counted = plan_of(services, counting._COUNTS, asked | {"measured": measured, "since": asked["first"]})  # noqa: SLF001 - its plan is the point
    stands = plan_of(services, overview._OVERVIEW.replace("%s", "%(shop_id)s"), asked)  # noqa: SLF001 - its plan is the point

    assert "Seq Scan on paid_order" not in counted
    assert "Seq Scan on paid_order" not in stands


@pytest.mark.slow
def test_a_list_of_a_million_orders_reads_an_index(services: Services, shop: Shop) -> None:
    fill(services, shop, 1_000_000)

    check(services, shop)


def found_for(services: Services, shop: Shop, wanted: Wanted, limit: int = 50) -> list[tuple[int, str]]:
    with services.database.transaction() as conn:
        lines = listing.latest(conn, shop.id, limit=limit, wanted=wanted)
    return [(line.order_id, str(line.outcome)) for line in lines]


def test_every_outcome_is_found_by_its_reasons() -> None:
    for outcome, reasons in REASONS.items():
        assert set(Wanted(outcome=outcome).reasons) == reasons
        for reason in reasons:
            assert Wanted(outcome=outcome, reason=reason).reasons == [reason]
    assert Wanted(outcome=Outcome.TRACKED, reason=Reason.HELD).reasons == []
    assert not Wanted().is_narrow


# --- The page


@pytest.fixture
def several(services: Services, shop: Shop, client: FlaskClient, clock: MovedClock) -> Shop:
    """Seven orders, the third and the sixth ignored as tests, two of them on the day before the others."""
    clock.at = datetime.fromisoformat("2026-11-23T22:30:00+00:00")  # half past eleven in Berlin
    for n in range(1, 8):
        if n == 3:
            clock.pass_by(minutes=45)
        buy(client, clock, id=ORDER_ID + n, name=f"#{1000 + n}", checkout_token=f"token-{n}", test=n in {3, 6})
        clock.pass_by(seconds=1)
    work(services)
    return shop


def orders(merchant: Merchant, query: str) -> list[int]:
    return Page(merchant.get(f"/orders?{query}")).orders()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("reason=test_order", [6, 3]),
        ("outcome=ignored&reason=test_order", [6, 3]),
        ("outcome=waiting&reason=test_order", []),
        ("reason=anything", [7, 6, 5, 4, 3, 2, 1]),
        ("day=2026-11-23", [2, 1]),
        ("day=2026-11-24", [7, 6, 5, 4, 3]),
        ("day=2026-11-24&reason=test_order", [6, 3]),
        ("day=2026-02-30", [7, 6, 5, 4, 3, 2, 1]),
        ("day=9999-12-31", [7, 6, 5, 4, 3, 2, 1]),
        ("day=2026-11-25", []),
        ("number=1004", [4]),
        ("number=%231004", [4]),
        ("number=+%23+1004", []),
        ("number=+1004+", [4]),
        ("number=1004&outcome=ignored", []),
        ("number=1006&outcome=ignored", [6]),
        ("number=100", []),
        ("number=%23", [7, 6, 5, 4, 3, 2, 1]),
        ("number=%00", [7, 6, 5, 4, 3, 2, 1]),
        ("number=" + "9" * 500, []),
    ],
)
def test_orders_are_found_by_what_is_known_of_them(
    merchant: Merchant, several: Shop, query: str, found: list[int]
) -> None:
    assert orders(merchant, query) == found


def test_a_number_without_hash_or_in_small_letters_is_found(
    merchant: Merchant, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    buy(client, clock, name="DE1001-A")

    assert [orders(merchant, f"number={typed}") for typed in ("de1001-a", "DE1001-A", "1001")] == [[0], [0], []]


def test_paging_keeps_what_is_looked_for(merchant: Merchant, several: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugin.pages.orders.PAGE", 2)

    pages = [Page(merchant.get("/orders?outcome=waiting&day=2026-11-24"))]
    while older := pages[-1].all("s-link", id="older"):
        pages.append(Page(merchant.get(older[0]["href"])))

    assert [page.orders() for page in pages] == [[7, 5], [4]]
    assert all(page.page["data-filtered"] == "yes" for page in pages)
    newest = [link["href"] for link in pages[-1].all("s-link") if link["href"].startswith("/orders?")]
    assert newest == ["/orders?outcome=waiting&day=2026-11-24"]


def test_what_was_looked_for_stands_in_the_form(merchant: Merchant, several: Shop) -> None:
    page = Page(merchant.get("/orders?outcome=ignored&reason=test_order&day=2026-11-24&number=1006"))

    assert page.one("form", id="find")["method"] == "get"
    assert page.one("input", name="outcome")["value"] == "ignored"
    assert page.one("s-option", selected="")["value"] == "test_order"
    assert page.one("s-date-field")["value"] == "2026-11-24"
    assert page.one("s-search-field")["value"] == "1006"
    assert {group["label"] for group in page.all("s-option-group")} == {"Ignored"}


def test_an_empty_list_says_why(merchant: Merchant, several: Shop) -> None:
    filtered = merchant.get("/orders?number=77&day=2026-11-24")
    ended = merchant.get("/orders?day=2026-11-24&before=1-1")

    assert "No order fits" in filtered.text
    assert "number “77”" in filtered.text
    assert Page(filtered).one("s-link", id="everything")["href"] == "/orders"
    assert "No older orders fit" in ended.text


def test_nobody_finds_the_orders_of_another_shop(
    merchant: Merchant, services: Services, several: Shop, client: FlaskClient
) -> None:
    connect(services, install(services, "other.myshopify.com"))
    stranger = Merchant(client, shop="other.myshopify.com")

    for query in ("number=1004", "reason=test_order", "day=2026-11-24", "outcome=ignored"):
        assert orders(stranger, query) == []
