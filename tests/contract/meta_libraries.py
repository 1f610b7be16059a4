"""Two libraries of Meta's that hash a buyer's data, one in Python and one in JavaScript."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from facebook_business.adobjects.serverside.normalize import Normalize

from tests.contract import published
from tests.recovery.corpus import Entry, cleaned

SDK = "facebook_business"
BUILDER = "capi-param-builder-nodejs"
SDKS_FIELD = {
    "name": "fn",
    "city": "ct",
    "region": "st",
    "postcode": "zp",
    "email": "em",
    "phone": "ph",
    "country": "country",
}
BUILDERS_KIND = {
    "name": "first_name",
    "city": "city",
    "region": "state",
    "postcode": "zip_code",
    "email": "email",
    "phone": "phone",
    "country": "country",
}


@dataclass(frozen=True, slots=True)
class Question:
    """One text in one field, and the texts that we would hash."""

    field: str
    country: str
    typed: str
    ours: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The text that a library hashes and its hash; None where it has none, or refuses."""

    text: str | None
    hash: str | None


def questions(entries: Iterable[Entry]) -> list[Question]:
    """A region's name and its code are two questions: the libraries take one text."""
    asked = []
    for entry in entries:
        halves = [Entry(field=entry.field, country=entry.country, typed=entry.typed)]
        if entry.code:
            halves.append(Entry(field=entry.field, country=entry.country, typed="", code=entry.code))
        asked += [Question(half.field, half.country, half.code or half.typed, cleaned(half)) for half in halves]
    return asked


def sdks_answer(question: Question) -> Answer:
    field = SDKS_FIELD[question.field]
    try:
        text = Normalize.normalize_field_skip_hashing(field, question.typed)
        return Answer(text, Normalize.normalize_field(field, question.typed))
    except (TypeError, ValueError):  # its words for no
        return Answer(None, None)


def builders_answers(asked: Sequence[Question], home: Path) -> list[Answer]:
    """All of them in one process."""
    published.needed(published.MODULES / BUILDER)
    answers = published.ask("hashing.mjs", [[BUILDERS_KIND[one.field], one.typed] for one in asked], home)
    return [Answer(answer["text"], answer["hash"]) for answer in answers]


def agree(question: Question, answer: Answer) -> bool:
    """Say whether the library's hash is among ours, or neither has any."""
    hashes = {sha256(text.encode()).hexdigest() for text in question.ours}
    return answer.hash in hashes if answer.hash else not hashes
