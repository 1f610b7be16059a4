"""Languages that pages can be read in: one catalogue `translations/<language>.po` each, read when first needed."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.messages import Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

log = logging.getLogger(__name__)

SOURCE: Final = "en"
"""What stands in the code."""
TAG: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")
"""A language tag as far as we read one (RFC 5646)."""
FORMER: Final = {"iw": "he"}
"""Codes that browsers of some age still send."""
PLACE: Final = re.compile(r"%\((\w+)\)[sd]")
"""Where a value stands in a text."""
SCRIPT: Final = 4
"""Letters of a script's code."""


@dataclass(frozen=True, slots=True)
class Tongue:
    """What somebody reads: whose catalogue the texts are from, and by whose habits dates and numbers are written."""

    catalogue: str
    locale: Locale
    tag: str
    """As `<html lang>` names it."""

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return str(self.locale.text_direction)


ENGLISH: Final = Tongue(SOURCE, Locale(SOURCE), SOURCE)


class Library:
    """The catalogues of some folders. Reading one takes a moment, so it waits until somebody wants that language."""

    def __init__(self, *folders: Path) -> None:
        self._files = {file.stem: file for folder in folders for file in sorted(folder.glob("*.po"))}
        self.languages = frozenset((SOURCE, *self._files))
        self._read: dict[str, NullTranslations] = {SOURCE: NullTranslations()}
        self._one_reads = Lock()

    def tongue(self, wanted: Iterable[str]) -> Tongue:
        """Return what fits the first tag that we have a language for, such as `de-CH` or `he`; English for none."""
        found = (_tongue(tag, self.languages) for tag in wanted if TAG.fullmatch(tag))
        return next((tongue for tongue in found if tongue is not None and self._is_whole(tongue.catalogue)), ENGLISH)

    def texts(self, catalogue: str) -> NullTranslations:
        """Return a language's texts. What is not translated in it, or only guessed (fuzzy), stays English."""
        if catalogue not in self._read:
            with self._one_reads:
                if catalogue not in self._read:
                    self._read[catalogue] = _read_if_whole(self._files[catalogue])
        return self._read[catalogue]

    def _is_whole(self, catalogue: str) -> bool:
        return catalogue == SOURCE or type(self.texts(catalogue)) is not NullTranslations


def _read_if_whole(file: Path) -> NullTranslations:
    """Read a catalogue. For one that is no catalogue pages are in English, and the log says so once."""
    try:
        return read(file)
    except Exception as fault:  # noqa: BLE001 - whatever is wrong with a file of the operator's, pages are shown
        told = {"result": file.name, "error": type(fault).__name__}
        log.error("translations cannot be read; English is shown", extra=told)  # noqa: TRY400 - the parser's text quotes the file
        return NullTranslations()


def read(file: Path) -> Translations:
    """Read and compile a catalogue.

    A translation that its values cannot be put into is left out, so that its English is shown.

    Raises:
        Exception: the file is no catalogue; Babel has no error of its own for all that can be wrong.
    """
    with file.open("rb") as lines:
        catalogue = read_po(lines, abort_invalid=True)
    for broken in [message for message in catalogue if not _can_be_filled(message)]:
        log.error("a translation is left out: its places do not fit", extra={"result": file.name})
        catalogue.delete(broken.id)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def _can_be_filled(message: Message) -> bool:
    """Whether every form of a translation takes the values that its English is given."""
    forms = [message.id] if isinstance(message.id, str) else [*message.id]
    names = {name for form in forms for name in PLACE.findall(form)} | ({"num"} if len(forms) > 1 else set())
    said = [message.string] if isinstance(message.string, str) else list(message.string or ())
    try:
        return all(isinstance(text % dict.fromkeys(names, 1), str) for text in said if names)
    except (KeyError, TypeError, ValueError):
        return False


@lru_cache(maxsize=256)
def _tongue(tag: str, languages: frozenset[str]) -> Tongue | None:
    names = _names(tag)
    catalogue = next((name for name in names if name in languages), None)
    locale = next((found for found in map(_locale, names) if found is not None), None)
    if catalogue is None or locale is None:
        return None
    said = catalogue if len(catalogue) > len(str(locale)) else str(locale)
    return Tongue(catalogue, locale, said.replace("_", "-"))


def _names(tag: str) -> list[str]:
    """How a catalogue for a tag may be called, the closest first: `zh_Hant_TW`, `zh_Hant`, `zh`."""
    first, *rest = re.split("[-_]", tag.lower())
    parts = [FORMER.get(first, first), *(part.title() if len(part) == SCRIPT else part.upper() for part in rest)]
    return ["_".join(parts[:n]) for n in range(len(parts), 0, -1)]


@lru_cache(maxsize=256)
def _locale(name: str) -> Locale | None:
    try:
        return Locale.parse(name)
    except (UnknownLocaleError, ValueError):
        return None
