from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.edges.before_on import REFUSED, Before
from tests.edges.visits import Page

ANOTHER = "9876543210987654"


def test_the_preview_counts_by_mode_from_the_ledger_alone(town: Before) -> None:
    town.sold()
    town.sold(delivery="blocked")
    town.pass_by(hours=48)
    town.sold(consent=None)
    town.sold(consent=REFUSED)
    town.sold()
    town.pass_by(hours=1)
    town.judge()
    town.sold()
    town.judge()
    asked = len(town.shopify.documents)

    pages = [Page(town.merchant().get(path)) for path in ("/", "/settings")]

    for page in pages:
        shown = page.one("s-stack", data_recover_total="5")
        assert shown["data-recover-undecided"] == "1"
        recorded = page.one("s-list-item", data_mode="recorded")
        assert [recorded[f"data-{name}"] for name in ("sent", "held", "withheld")] == ["2", "1", "1"]
        assert page.one("s-checkbox", name="recover").get("checked") is None
    assert "Such orders lack browser ids and user agent, which were never stored" in town.merchant().get("/").text
    assert len(town.shopify.documents) == asked


def test_where_there_is_nothing_to_recover_no_tick_is_offered(town: Before) -> None:
    town.sold(consent=REFUSED)
    town.judge()

    assert Page(town.merchant().get("/")).all("s-checkbox", name="recover") == []
    town.switch_on(recovering=False)
    assert Page(town.merchant().get("/")).all("s-checkbox", name="recover") == []


def test_who_asked_is_in_the_log_and_the_pages_say_how_far_it_is(town: Before, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugin.jobs.recover.ORDERS_PAGE", 2)
    for _ in range(5):
        town.sold()
    town.pass_by(hours=1)
    town.judge()
    town.switch_on()
    turns = iter([0.0, 0.0, 1.0] * 9)  # a turn ends as soon as it has read one page
    monkeypatch.setattr("plugin.jobs.recover.time", SimpleNamespace(monotonic=lambda: 100 * next(turns)))
    seen = []
    for _ in range(4):
        town.recover()
        shown = [e for e in Page(town.merchant().get("/")).elements if "data-recovery" in e.attributes]
        seen += [(e["data-recovery"], e["data-looked-at"], e["data-of"], e["data-to-send"]) for e in shown]

    assert seen == [
        ("going-on", "2", "5", "2"),
        ("going-on", "4", "5", "4"),
        ("going-on", "5", "5", "5"),
        ("done", "5", "5", "5"),
    ]
    assert "5 orders read again" in " ".join(town.merchant().get("/settings").text.split())
    log = Page(town.merchant().get("/switch-log"))
    assert [row["data-user"] for row in log.all("s-table-row", data_what="recover_last_days")] == ["42"]
    town.pass_by(days=8)
    assert [e for e in Page(town.merchant().get("/")).elements if "data-recovery" in e.attributes] == []
