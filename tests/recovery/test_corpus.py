"""The corpus: what people type in 90 countries, and what Meta's written rules make of it."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.recovery.corpus import CORPUS, FIELDS, cleaned

PRINTED = "printed by Meta"


@pytest.mark.parametrize("field", FIELDS)
def test_what_people_type_becomes_what_meta_asks_for(field: str) -> None:
    entries = [entry for entry in CORPUS if entry.field == field]

    assert {str(entry): cleaned(entry) for entry in entries} == {str(entry): entry.clean for entry in entries}


def test_the_corpus_is_wide() -> None:
    fields = Counter(entry.field for entry in CORPUS)

    assert len(CORPUS) >= 600
    assert len({entry.country for entry in CORPUS} - {""}) >= 90
    assert all(fields[field] >= 60 for field in ("name", "phone", "city", "postcode", "region"))


def test_nothing_stands_in_it_twice() -> None:
    typed = Counter((entry.field, entry.country, entry.typed, entry.code) for entry in CORPUS)

    assert [line for line, times in typed.items() if times > 1] == []


def test_every_refusal_that_a_reader_may_wonder_at_has_its_reason() -> None:
    wondrous = [entry for entry in CORPUS if not entry.clean and sum(map(str.isalnum, entry.typed)) >= 8]

    assert [str(entry) for entry in wondrous if not entry.why] == []


def test_the_vectors_that_meta_prints_are_in_it() -> None:
    printed = {(entry.field, entry.typed) for entry in CORPUS if entry.why.startswith(PRINTED)}

    assert printed == {
        ("email", "John_Smith@gmail.com"),
        ("phone", "(650)555-1212"),
        ("name", "Mary"),
        ("name", "정"),
        ("name", "Valéry"),
        ("country", "US"),
    }
