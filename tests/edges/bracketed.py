"""A language that was invented to find texts that nobody can translate."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from functools import cache
from typing import cast

from babel import Locale
from babel.support import NullTranslations
from flask import Flask
from flask_babel import Babel

from plugin.language import Texts
from plugin.tongues import Library, Tongue
from tools import catalogue

INVENTED = Tongue("eo", Locale("eo"), "eo")
"""A language in which each text stands in brackets, so that one which was not translated shows."""
BRACKETS = re.compile("⟦[^⟦⟧]*⟧")


class Bracketed(NullTranslations):
    """The catalogue of the invented language; `asked`: the texts that were looked up in it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def ugettext(self, message: str) -> str:
        self.asked.add(message)
        return f"⟦{message}⟧"

    def ungettext(self, one: str, many: str, count: int) -> str:
        self.asked.add(one)
        return f"⟦{one if count == 1 else many}⟧"


class Shelf(Library):
    def __init__(self, bracketed: Bracketed) -> None:
        super().__init__()
        self.languages = frozenset({"en", "eo"})
        self.bracketed = bracketed

    def texts(self, catalogue: str) -> NullTranslations:
        return self.bracketed if catalogue == "eo" else super().texts(catalogue)


@contextmanager
def reading() -> Iterator[Bracketed]:
    """Answer a request whose reader reads the invented language."""
    app, found = Flask(__name__), Bracketed()
    babel = Babel(app, configure_jinja=False)
    babel.domain_instance = Texts(Shelf(found), lambda: INVENTED)
    with app.test_request_context():
        yield found


def is_translated(text: str) -> bool:
    """Whether nothing but space stands outside brackets. What was put into a text may hold brackets itself."""
    left, before = text, ""
    while left != before:
        left, before = BRACKETS.sub("", left), left
    return bool(text) and not left.strip()


def texts_in(said: object) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    elif isinstance(said, Mapping):
        for each in said.values():
            yield from texts_in(each)
    elif isinstance(said, tuple | list):
        for each in said:
            yield from texts_in(each)
    elif is_dataclass(said) and not isinstance(said, type):
        yield from texts_in(list(asdict(said).values()))


@cache
def marked() -> frozenset[str]:
    """Return the texts that the tool for catalogues finds in the code; of those with a count, the form for one."""
    ids = (cast("str | tuple[str, str]", message.id) for message in catalogue.extracted())
    return frozenset(text if isinstance(text, str) else text[0] for text in ids)
