"""The privacy notice as it was shown: which version of its text, and in which language.

Its English and its translations are proof of what somebody confirmed. The log keeps `2026-11` for the English text and
`2026-11-de` for the German one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from flask import current_app, render_template
from jinja2 import Environment
from jinja2.ext import extract_from_ast
from markupsafe import Markup

from plugin import language
from plugin.language import in_tongue, tongue
from plugin.pages.locale import in_template
from plugin.pages.words import WARNING_VERSION, WARNINGS
from plugin.tongues import ENGLISH, SOURCE, Tongue

FOLDER: Final = "warnings"


@dataclass(frozen=True, slots=True)
class Notice:
    """One text as somebody confirmed it: its name in the log, its language, and the text itself."""

    name: str
    tongue: Tongue
    text: Markup


def name_now(version: str = WARNING_VERSION) -> str:
    """Return the name under which the log keeps what this request's reader is shown."""
    shown = _shown(version).catalogue
    return version if shown == SOURCE else f"{version}-{shown}"


def is_present(name: str) -> bool:
    """Whether a form's name is one of the present version's text, in a language that the whole of it can be read in."""
    parts = _parts(name)
    return parts is not None and parts[0] == WARNING_VERSION and _is_whole(*parts)


def is_known(name: str | None) -> bool:
    """Whether a name in the log is one of a text that can be shown."""
    return name is not None and _parts(name) is not None


def named(name: str) -> Notice | None:
    """Return the text that the log keeps under a name; None if there is no such text."""
    parts = _parts(name)
    if parts is None:
        return None
    version, said = parts
    with in_tongue(said):
        return Notice(name, said, Markup(render_template(f"{FOLDER}/{version}.html")))  # noqa: S704 - a template's


def notice_in(version: str) -> Callable[..., Markup]:
    """Return what the text of a version is translated by: all of it is in one language."""
    shown = _shown(version)
    if shown is tongue():
        return in_template

    def said(text: str) -> Markup:
        with in_tongue(shown):
            return in_template(text)

    return said


def _shown(version: str) -> Tongue:
    """The reader's language, where the whole text is translated; else English."""
    return tongue() if _is_whole(version, tongue()) else ENGLISH


def _is_whole(version: str, wanted: Tongue) -> bool:
    if wanted.catalogue == SOURCE:
        return True
    known = language.library().texts(wanted.catalogue)
    return all(known.gettext(text) != text for text in texts_of(version))


def _parts(name: str) -> tuple[str, Tongue] | None:
    for version in WARNINGS:
        said = name.removeprefix(version).removeprefix("-") if name.startswith(version) else None
        if said == "" and name == version:
            return version, ENGLISH
        if said and name == f"{version}-{said}" and said in language.library().languages:
            return version, language.library().tongue([said])
    return None


def texts_of(version: str) -> tuple[str, ...]:
    """Return the English sentences of a version, in their order."""
    folder = Path(current_app.root_path) / str(current_app.template_folder)
    return texts_in(folder / FOLDER / f"{version}.html")


@lru_cache(maxsize=16)
def texts_in(file: Path) -> tuple[str, ...]:
    """Return the English sentences of a text's template."""
    found = extract_from_ast(Environment().parse(file.read_text()), ("_",))  # noqa: S701 - it is read, not rendered
    return tuple(text for _line, _name, text in found if isinstance(text, str))
