"""Catalogues: whole, up to date, holding what their English holds; and what the privacy notice says in each."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.pofile import read_po

from plugin.pages.notice import texts_in
from plugin.pages.words import WARNINGS
from plugin.tongues import read
from tests.edges.languages import texts_of
from tools.catalogue import FOLDER, ROOT, extracted, plural_forms, updated

FILES = sorted(FOLDER.glob("*.po"))
NOTICES = ROOT / "templates" / "warnings"
CONFIRMED = {
    "2026-11": {
        "en": "f227cc169ee4a72f024309a3a857545cdb2a2f39caffc88cc98b60492e6f0f5f",
        "de": "34804ca686b9308ccc124a8c14ba2da246b54700fd3606de6b980a6cd89e235e",
        "he": "2fc7da7678fb25275931bf4c10d705acd1277006be98d3dee95fa3bb3f560e14",
    },
}
"""SHA-256 of the privacy notice's sentences, by version and language. One that was ever shown is never changed."""


@pytest.fixture(scope="session")
def source() -> Catalog:
    return extracted()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_catalogue_has_the_texts_of_code_and_templates_and_no_others(file: Path, source: Catalog) -> None:
    assert updated(file, source) == file.read_bytes(), f"{file.name} is not up to date: run make catalogues"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_text_is_translated(file: Path) -> None:
    messages = _messages(file)
    forms, _rule = plural_forms(file.stem)

    assert [message.id for message in messages if message.fuzzy or not all(_said(message, forms))] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_translation_holds_what_its_english_holds(file: Path) -> None:
    wrong = {}
    for message in _messages(file):
        forms = texts_of(message)
        may, must = set.union(*map(_placeholders, forms)), set.intersection(*map(_placeholders, forms))
        said = [_placeholders(text) for text in _said(message) if text]
        if not all(must <= found | ({"num"} if len(forms) > 1 else set()) and found <= may for found in said):
            wrong[message.id] = message.string

    assert wrong == {}


@pytest.mark.parametrize("language", ["en", *(file.stem for file in FILES)])
@pytest.mark.parametrize("version", WARNINGS)
def test_a_privacy_notice_that_was_confirmed_is_never_changed(version: str, language: str) -> None:
    english = texts_in(NOTICES / f"{version}.html")
    said = english if language == "en" else tuple(map(read(FOLDER / f"{language}.po").gettext, english))
    is_whole = language == "en" or not set(english) & set(said)
    assert is_whole, f"the notice {version} is not translated: {language}.po"

    digest = hashlib.sha256("\n".join(said).encode()).hexdigest()

    assert CONFIRMED[version].get(language) == digest, f'add to CONFIRMED["{version}"]: "{language}": "{digest}",'


def test_a_translation_stays_and_one_that_has_lost_its_english_comes_back_with_it(tmp_path: Path) -> None:
    file, full, less = tmp_path / "de.po", Catalog(), Catalog()
    for text in ("Orders", "Settings"):
        full.add(text)
    less.add("Orders")
    file.write_bytes(updated(file, full).replace(b'"Settings"\nmsgstr ""', b'"Settings"\nmsgstr "Einstellungen"'))

    for catalogue in (less, less):
        file.write_bytes(updated(file, catalogue))
        assert '#~ msgstr "Einstellungen"' in file.read_text()
    file.write_bytes(updated(file, full))

    assert read(file).gettext("Settings") == "Einstellungen"
    assert "#~" not in file.read_text()


def test_hebrew_has_a_form_for_two() -> None:
    assert "nplurals=3; plural=(n == 1 ? 0 : n == 2 ? 1 : 2);" in (FOLDER / "he.po").read_text()


def _messages(file: Path) -> list[Message]:
    with file.open("rb") as lines:
        return [message for message in read_po(lines) if message.id]


def _said(message: Message, forms: int = 1) -> tuple[str, ...]:
    said = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
    return said if isinstance(message.id, str) else (*said, *[""] * (forms - len(said)))


def _placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)[sd]", text))
