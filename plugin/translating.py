"""Texts that stand in tables, in the reader's language: English in the code, translated when they are looked up.

A table of texts is a `Translated`: its values are marked with `N_`, and each look-up returns them in the language of
the page that is being made - plain strings, which templates print, compare and escape like any other. A constant that
stands alone stays English and is given to `_` where it is printed. Outside a request all of it is English.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import reduce
from typing import Any, Generic, TypeVar, cast

from markupsafe import Markup, escape

from plugin.language import _

K = TypeVar("K")
V = TypeVar("V")


class Translated(Mapping[K, V], Generic[K, V]):
    """A table of texts, or of dataclasses whose strings are all texts."""

    def __init__(self, english: Mapping[K, V]) -> None:
        self._english = english

    def __getitem__(self, key: K) -> V:
        return translated(self._english[key])

    def __iter__(self) -> Iterator[K]:
        return iter(self._english)

    def __len__(self) -> int:
        return len(self._english)


def translated(said: V) -> V:
    """Return a text, or a dataclass with each of its strings, in the reader's language; anything else as it is."""
    if isinstance(said, str):
        return cast("V", _(said))
    if not is_dataclass(said) or isinstance(said, type):
        return said
    values: dict[str, Any] = {field.name: translated(getattr(said, field.name)) for field in fields(said)}
    return cast("V", replace(said, **values))


def listed(texts: Iterable[str]) -> str:
    """Return texts in a row, parted as the reader's language parts them: `Email, Phone, City`.

    Where one of them is markup, as a template's texts are, the row is too, with the others escaped.
    """
    several = list(texts)
    frame = _("%(row)s, %(next)s")
    if any(isinstance(each, Markup) for each in several):
        frame = escape(frame)
    return reduce(lambda row, one: frame % {"row": row, "next": one}, several) if several else ""
