"""Tables of texts, and texts that stand alone: in the reader's language on a page, in English anywhere else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import render_template_string

from plugin import wording
from plugin.jobs.alerts import MAILS, TROUBLES
from plugin.meta import sentences
from plugin.meta.probe import ConnectRefused
from plugin.pages import data_protection, login_ends, reports, stopped, words
from plugin.pages.notices import NOTICES
from plugin.translating import Translated
from tests.edges.bracketed import Bracketed, is_translated, marked, reading, texts_in


@pytest.fixture
def bracketed() -> Iterator[Bracketed]:
    with reading() as found:
        yield found


# --- Tables and constants


TABLES: Mapping[str, Mapping[Any, Any]] = {
    "labels": words.LABELS,
    "why": words.WHY,
    "fields": words.FIELDS,
    "as it is": words.AS_IS,
    "bases": words.BASES,
    "deliveries": words.DELIVERIES,
    "stages": words.STAGES,
    "broken": words.BROKEN,
    "broken login": words.BROKEN_LOGIN,
    "ended": words.ENDED,
    "scopes": words.SCOPES,
    "other pixel": words.OTHER_PIXEL,
    "health": words.HEALTH,
    "causes": sentences.BY_CAUSE,
    "steps": sentences.BY_STEP,
    "codes": sentences.BY_CODE,
    "flaws": sentences.BY_FLAW,
    "results": sentences.BY_RESULT,
    "sent": data_protection.SENT,
    "troubles": TROUBLES,
    "badges": reports.BADGES,
    "empty": reports.EMPTY,
    "no quality": reports.NO_QUALITY,
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
def test_a_table_is_translated_when_it_is_looked_up(table: Mapping[Any, Any], bracketed: Bracketed) -> None:
    assert table
    assert all(is_translated(text) for text in texts_in(list(table.values())))
    first = next(iter(table))
    assert table.get(first) == table[first]


@pytest.mark.parametrize("table", [*TABLES.values(), MAILS], ids=[*TABLES.keys(), "mails"])
def test_without_a_request_it_is_english(table: Mapping[Any, Any]) -> None:
    assert not any("⟦" in text for text in texts_in(list(table.values())))


def test_texts_that_stand_alone_are_translated_where_a_page_prints_them(bracketed: Bracketed) -> None:
    for text in (words.SWITCH, words.SETTINGS, words.LOG_IN_AGAIN, words.NO_DELIVERY, words.ends("now")):
        assert is_translated(text)
    for by_login in (True, False):
        assert is_translated(words.broken("what?", by_login=by_login))
        assert is_translated(words.remedy("dataset_unknown", by_login=by_login))
    assert wording.SWITCH == "Offline conversion tracking"
    with pytest.raises(AttributeError):
        words.__getattr__("SWITSH")


def test_a_text_that_is_looked_up_is_plain_text_and_escaped_like_any(bracketed: Bracketed) -> None:
    told = Translated({"a": "say <b>"})["a"]

    page = render_template_string("{{ told | upper }} {{ told ~ '!' }} {{ told == same }}", told=told, same="⟦say <b>⟧")

    assert page == "⟦SAY &lt;B&gt;⟧ ⟦say &lt;b&gt;⟧! True"
    assert json.dumps(told, ensure_ascii=False) == '"⟦say <b>⟧"'
    assert type(told) is str


# --- What is marked


ALONE = (
    *(
        value
        for value in vars(stopped).values()
        if isinstance(value, str) and value.endswith(".") and value != stopped.__doc__
    ),
    *(sentence for sentence, _status in login_ends.ENDS.values()),
    login_ends.AWAY,
    login_ends.NOT_FROM_HERE,
    login_ends.NOT_OFFERED,
    data_protection.ABOUT,
    data_protection.NO_SUCH_FILE,
    *data_protection.OF_THE_ORDER,
    *(kind.sentence for kind in ConnectRefused.__subclasses__()),
    *(kind.after_login for kind in ConnectRefused.__subclasses__() if kind.after_login),
)


def test_every_text_that_is_looked_up_is_found_by_the_tool_for_catalogues(bracketed: Bracketed) -> None:
    for table in TABLES.values():
        list(table.values())
    for notice in NOTICES.values():
        notice.said(2)

    assert bracketed.asked | set(ALONE) <= marked()
