"""Sentences that are made for one order, one form, one figure: in the reader's language, and English for commands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from markupsafe import Markup

from plugin import explaining
from plugin.language import in_tongue
from plugin.pages import papers, reports
from plugin.pages.choices import Choices, Form, WrongChoices
from plugin.pages.identifiers import IDENTIFIERS, labels_of
from plugin.pages.notices import NOTICES
from plugin.pages.preview import lines_of
from plugin.recovery.consent import ConsentMode
from plugin.recovery.dataset_report import Counts, Figures, Key, Ledger, Quality, Report, Told
from plugin.recovery.evidence import Delivery, Stage
from plugin.recovery.outcomes import Outcome, Reason
from plugin.recovery.verdict import Policy
from plugin.storage.attempts import Attempt
from plugin.storage.listing import OrderLine
from plugin.storage.reading import OrderStory, Seen
from plugin.storage.shops import Shop
from plugin.tongues import ENGLISH
from plugin.translating import listed
from tests.conftest import NOON
from tests.edges.bracketed import Bracketed, is_translated, marked, reading


@pytest.fixture
def bracketed() -> Iterator[Bracketed]:
    with reading() as found:
        yield found


def when(at: datetime) -> str:
    return f"{at:%d %H:%M}"


def attempt(result: str | None, code: str | None = None) -> Attempt:
    return Attempt(
        attempt="a",
        connection_id=1,
        dataset="1234567890",
        orders=3,
        digest=b"",
        started_at=NOON,
        ended_at=NOON,
        result=result,
        code=code,
        trace_id="Atrace",
    )


def story(**changes: Any) -> OrderStory:
    """An order that was seen, tried in every way, and is over."""
    consent = {"marketing": True, "analytics": False, "preferences": True, "sale_of_data": True}
    stages = (Stage.CHECKOUT_STARTED, Stage.CHECKOUT_COMPLETED)
    told = OrderStory(
        line=OrderLine(1001, "#1001", NOON, Decimal(5), "EUR", Outcome.RECOVERED, Reason.PIXEL_SILENT, None),
        placed_at=NOON,
        decided_at=NOON,
        regions=("DE",),
        first_sent_at=NOON,
        in_doubt_since=NOON,
        basis="store_policy",
        fields_sent=("em", "fbp"),
        code="190",
        trace_id="Atrace",
        holds_event=False,
        kept_event=True,
        told_by_webhook=False,
        needs_word=False,
        again=False,
        sale_opted_out=None,
        seen=Seen(Delivery.BLOCKED, consent, stages, NOON, NOON + timedelta(seconds=5)),
        attempts=(*tuple(attempt(result) for result in explaining.ATTEMPTS), attempt("refused", "local/too_old")),
    )
    return replace(told, **changes)


STORIES: tuple[dict[str, Any], ...] = (
    {},
    {"line": replace(story().line, reason=Reason.ERASED), "seen": Seen(), "code": None},
    {"attempts": (), "trace_id": None, "kept_event": False},
    {"holds_event": True, "decided_at": None, "seen": replace(story().seen, delivery=None, from_cart=True)},
    {"first_sent_at": None, "code": None, "trace_id": None},
)


# --- Sentences


@pytest.mark.parametrize("changes", STORIES)
def test_an_order_is_explained_in_the_readers_language(changes: dict[str, Any], bracketed: Bracketed) -> None:
    told = explaining.explain(story(**changes), when)

    for text in (told.why, told.rule, told.pixel, told.choice, told.data):
        assert is_translated(text), text
    for step in told.steps:
        assert is_translated(step.title), step
        assert is_translated(step.text), step
    for text in (told.basis, told.sent):
        assert not text or is_translated(text), text
    assert bracketed.asked <= marked()


def test_the_command_line_is_told_the_same_in_english(bracketed: Bracketed) -> None:
    with in_tongue(ENGLISH):
        on_a_page = explaining.explain(story(), when)
    lines = on_a_page.lines(when)

    assert "buyer's choice: Marketing allowed, analytics declined, sale of data allowed; told by the pixel." in lines
    assert (
        "sent: Purchase as purchase.1001: Email (hashed), Order value, currency and items, Meta browser id; trace id "
        "Atrace; code 190"
    ) in lines
    assert any("3 orders went together. The request ended 24 12:00. Trace id Atrace." in line for line in lines)
    assert not any("⟦" in line for line in lines)


def test_without_a_request_an_order_is_explained_in_english() -> None:
    lines = explaining.explain(story(), when).lines(when)

    assert "rule: Rule 13 of 13. Nothing stood against it, so the order was sent." in lines


@pytest.mark.parametrize("count", [0, 1, 1200])
def test_what_is_said_of_the_step_before_is_translated(count: int, bracketed: Bracketed) -> None:
    for code, notice in NOTICES.items():
        assert is_translated(notice.said(count)), code


FIGURES = (
    Figures(0, Counts(78, 12, 12), Ledger(sent=1, settled=1, most=12, pixel=1, pixel_settled=1, orders=100)),
    Figures(0, Counts(0, 4, 2), Ledger(sent=12, settled=10, most=1, pixel=80, pixel_settled=70, orders=90)),
    Figures(0, Counts(160, 30, 30), Ledger(sent=12, settled=10, most=12, orders=9)),
)
KEYS = (Key("event_id", 100, 98.5), Key("fbp", 40), Key("external_id", server=1))


@pytest.mark.parametrize("figures", FIGURES)
def test_what_meta_counts_is_said_in_the_readers_language(figures: Figures, bracketed: Bracketed) -> None:
    quality = Quality(Told.COUNTED, score=6.4, coverage=0.5, goal=75, keys=KEYS)
    watch = reports.Watch(Report(Told.ERROR, quality, "80004", figures), NOON)
    without = reports.Watch(Report(Told.NO_DATA, Quality(Told.NOT_PERMITTED, "200")), NOON)

    assert all(is_translated(line.text) for line in (*watch.lines, *watch.quality, *without.quality))
    assert all(is_translated(line.finding) for line in watch.lines if line.finding)
    assert is_translated(watch.empty)
    for told in (watch, without, reports.Watch()):
        assert is_translated(told.badge)
        assert is_translated(told.foreign_words)


def test_what_a_form_got_wrong_is_said_in_the_readers_language(bracketed: Bracketed) -> None:
    with pytest.raises(WrongChoices) as caught:
        Choices.from_form(Form({"grace_minutes": "2"}))

    assert caught.value.errors.keys() == {"consent_mode", "grace_minutes", "content_ids", "fields"}
    assert all(is_translated(text) for text in caught.value.errors.values())


def test_identifiers_are_named_and_explained_in_the_readers_language(bracketed: Bracketed) -> None:
    for each in IDENTIFIERS:
        assert is_translated(each.label)
        assert is_translated(each.use)
    assert is_translated(labels_of("em,ph,fbp"))
    assert all(is_translated(line.shown) for line in lines_of({"fbp": "fb.1"}, frozenset({"em"})))


def test_a_row_of_texts_is_parted_by_the_language(bracketed: Bracketed) -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "⟦⟦a, b⟧, c⟧"
    assert listed([Markup("<b>a</b>"), "<b>"]) == Markup("⟦<b>a</b>, &lt;b&gt;⟧")


# --- The wording for a privacy policy


@dataclass
class Chosen:
    """What the wording depends on."""

    policy: Policy
    fields: frozenset[str] = frozenset({"em", "fbp"})
    cart_choices: bool = False


@pytest.mark.parametrize("mode", ConsentMode)
@pytest.mark.parametrize("ldu", [True, False])
def test_the_wording_is_in_the_language_that_was_asked_for(
    mode: ConsentMode,
    ldu: bool,  # noqa: FBT001 - one of the cases
    bracketed: Bracketed,
) -> None:
    shop = cast("Shop", Chosen(Policy(tracking_on=True, consent_mode=mode, ldu=ldu)))

    other, english = papers.wording(shop, "eo"), papers.wording(shop, "en")

    assert all(is_translated(paragraph) for paragraph in other.text.split("\n\n"))
    assert "⟦" not in english.text
    assert ("legitimate interest" in english.text) is (mode is ConsentMode.STORE_POLICY)
    assert ("limited data use" in english.text) is ldu
    assert "these details about you: Email, Meta browser id." in english.text
    assert (other.language, english.language) == ("eo", "en")
    assert english.languages == (("en", "English"), ("eo", "Esperanto"))


def test_a_language_that_we_have_not_is_the_readers(bracketed: Bracketed) -> None:
    shop = cast("Shop", Chosen(Policy()))

    assert papers.wording(shop, "xx").language == papers.wording(shop, "").language == "eo"
