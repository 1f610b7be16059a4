"""The words of a page in the reader's language: English is what stands in the code, other languages are catalogues.

`_` and `n_` translate while a request is answered, and give English everywhere else. `N_` marks a text where it stands,
for one that is translated where it is printed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import flask_babel
from babel.numbers import format_decimal
from babel.support import NullTranslations
from flask import has_request_context, request

from plugin.tongues import ENGLISH, Library, Tongue

__all__ = ["N_", "Count", "Texts", "_", "in_tongue", "library", "n_", "plural", "tongue"]

_INSTEAD: Final[ContextVar[Tongue | None]] = ContextVar("instead", default=None)
ANSWERED_IN: Final = "backstop.tongue"
TEXTS: Final = "backstop.texts"
"""Where a request keeps what was found out for it: a page asks some hundred times."""


def _(text: str, /, **values: object) -> str:
    """Return a text in the reader's language; values stand in it as `%(name)s`. Without any, a `%` is a `%`."""
    said = str(_translations().ugettext(text)) if text else ""
    return said % values if values else said


def n_(one: str, many: str, count: int, /, **values: object) -> str:
    """Return the text for a count. It stands in it as `%(num)s`, written as the reader is used to, or as `%(num)d`."""
    return plural(one, many, count) % ({"num": Count(count)} | values)


def N_(text: str) -> str:  # noqa: N802 - the name that tools for catalogues look for
    """Mark a text for the catalogues where it stands; it is translated where it is printed."""
    return text


def plural(one: str, many: str, count: int) -> str:
    """Return the form of a text that a count asks for, its values not yet in it."""
    return str(_translations().ungettext(one, many, count))


def tongue() -> Tongue:
    """Return what the reader of this request's answer reads; English outside a request."""
    instead = _INSTEAD.get()
    if instead is not None:
        return instead
    if not has_request_context():
        return ENGLISH
    found = request.environ.get(ANSWERED_IN)
    if not isinstance(found, Tongue):
        found = request.environ[ANSWERED_IN] = _texts().spoken()
    return found


def library() -> Library:
    """Return the catalogues of the app that answers this request."""
    return _texts().library


@contextmanager
def in_tongue(other: Tongue) -> Iterator[None]:
    """Say something in another language than the reader's."""
    before = _INSTEAD.set(other)
    try:
        yield
    finally:
        _INSTEAD.reset(before)


class Texts(flask_babel.Domain):  # type: ignore[misc]  # Flask-Babel says nothing of its types
    """Where Flask-Babel finds its texts: in our catalogues, of the language that `spoken` names."""

    def __init__(self, library: Library, spoken: Callable[[], Tongue]) -> None:
        super().__init__()
        self.library, self.spoken = library, spoken

    def get_translations(self) -> NullTranslations:
        """Return the texts of the reader's language."""
        return self.library.texts(tongue().catalogue)


class Count(int):
    """A number that is printed by `%s` as the reader's language writes it."""

    def __str__(self) -> str:
        return format_decimal(int(self), locale=tongue().locale)


def _translations() -> NullTranslations:
    """The texts of this request's language; looked up once, unless something is said in another one meanwhile."""
    is_kept = _INSTEAD.get() is None and has_request_context()
    found = request.environ.get(TEXTS) if is_kept else None
    if isinstance(found, NullTranslations):
        return found
    told = flask_babel.get_translations()
    assert isinstance(told, NullTranslations)  # noqa: S101 - it says nothing of its types
    if is_kept:
        request.environ[TEXTS] = told
    return told


def _texts() -> Texts:
    found = flask_babel.get_babel().instance.domain_instance
    assert isinstance(found, Texts)  # noqa: S101 - `locale.set_up` put it there
    return found
