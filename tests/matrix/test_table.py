"""The table of expectations by itself: whole, readable, and what docs/consent.md says."""

from __future__ import annotations

from itertools import product

from plugin.recovery.consent import Basis
from plugin.recovery.evidence import Delivery
from plugin.recovery.outcomes import REASONS, Outcome, Reason
from tests.matrix import document, report
from tests.matrix.table import LDU, MODES, every_way, line_for, lines


def test_every_way_under_every_setting_fits_exactly_one_line() -> None:
    table = lines()
    used = {id(line_for(way, ldu, table)) for way, ldu in product(every_way(), LDU)}

    assert len(list(every_way())) == 180
    assert used == {id(line) for line in table}, "a line is about nothing"


def test_the_table_has_no_words_but_the_products() -> None:
    for case in report.expected():
        fate, known = case.fate, case.known
        assert Reason(fate.reason) in REASONS[Outcome(fate.outcome)]
        assert bool(fate.basis) is (fate.outcome == "recovered")
        assert not fate.basis or Basis(fate.basis)
        assert known.said == "-" or Delivery(known.said)
        assert known.choice in {"-", "allows", "limits", "refuses"}
        assert known.by in {"-", "pixel", "cart"}


def test_what_the_document_promises() -> None:
    cases = report.expected()

    assert report.sent_wrongly(cases) == 0
    for mode in MODES:
        assert report.recovered(cases, mode=mode, block="on").percent >= 95
    assert report.recovered(cases, mode="recorded", block="off").percent < 95


def test_the_document_is_up_to_date() -> None:
    assert document.FILE.read_text() == document.text(), "python -m tests.matrix.document"


def test_who_declined_before_the_pixel_loaded_is_named_as_what_it_is() -> None:
    [row] = [row for row in document.FILE.read_text().splitlines() if "store policy, region without rules" in row]

    assert "may be sent" in row
    assert "recovered" in row
