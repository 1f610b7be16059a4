"""A made-up language, in which every text of ours is bracketed and longer: what has no brackets was forgotten.

Only the words of a text are bracketed. What is put into it (a number, a name, another text) stands between brackets of
its own, so a value that was not translated shows, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.pofile import write_po

from tools.catalogue import extracted

PSEUDO = "en_XA"
TAG = "en-XA"
PLACEHOLDER = re.compile(r"(%\(\w+\)[sd])")
LONGER = 0.4
HEAD = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""
OPEN, SHUT = "⟦", "⟧"
BRACKETED = re.compile(f"{OPEN}[^{OPEN}{SHUT}]*{SHUT}")
SHOWN = frozenset(
    ("accessibilitylabel", "alt", "aria-label", "details", "error", "heading", "label", "placeholder", "subheading")
) | {"suffix", "title", "data-failed"}
"""Attributes that somebody reads or hears."""
UNREAD = frozenset({"code", "pre", "script", "style"})
"""Elements whose text is data: ids, a request."""
MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
OURS_ALREADY = re.compile(
    "|".join(
        (
            "Conversion Backstop",
            "Meta|Facebook|Shopify",
            rf"\d{{1,2}} (?:{MONTHS})(?: \d{{4}}(?:, \d\d:\d\d)?)?",
            r"\d[\d,.]* [A-Z]{3}",  # money
            r"2026-11(?:-en_XA)?",  # a version of the privacy notice
        )
    )
)
"""Names, dates and money: the same in this language as in English."""


def pseudo(text: str) -> str:
    """Return a text of the made-up language."""
    parts = PLACEHOLDER.split(text)
    words = "".join(part for part in parts if not PLACEHOLDER.fullmatch(part))
    tail = words.replace("%", "")[: round(len(words) * LONGER)].strip()
    said = "".join(part if PLACEHOLDER.fullmatch(part) or not part else f"{OPEN}{part}{SHUT}" for part in parts)
    return f"{said}{OPEN} {tail}{SHUT}"


def write_pseudo(folder: Path) -> Path:
    """Write the made-up language's catalogue into a folder, for `BACKSTOP_TRANSLATIONS`."""
    path = folder / f"{PSEUDO}.po"
    path.write_bytes(_catalogue())
    return path


@cache
def _catalogue() -> bytes:
    catalogue, file = Catalog(), BytesIO()
    for message in extracted():
        if message.id:
            catalogue[message.id] = _translated(message)
    write_po(file, catalogue, omit_header=True)
    return HEAD.encode() + file.getvalue()


def _translated(message: Message) -> Message:
    forms = texts_of(message)
    said = tuple(map(pseudo, forms))
    return Message(message.id, said if len(said) > 1 else said[0], context=message.context)


def texts_of(message: Message) -> tuple[str, ...]:
    """Return the English of a text: one form, or two where there is a count in it."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


@dataclass(frozen=True)
class Text:
    """What a page says somewhere: in an attribute, or as an element's text."""

    where: str
    text: str

    def left(self, known: re.Pattern[str]) -> str:
        """Return what of it is neither translated nor known."""
        bare = BRACKETED.sub(" ", self.text)
        return " ".join(known.sub(" ", OURS_ALREADY.sub(" ", bare)).split())


class Texts(HTMLParser):
    """All that a page says."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Text] = []
        self.inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside.append(tag)
        said = dict(attrs)
        for name, value in attrs:
            is_text = name in SHOWN or (name == "value" and tag == "s-text-area" and "readonly" in said)
            if is_text or (name == "content" and said.get("name") == "note"):
                self.found.append(Text(f"<{tag} {name}>", value or ""))

    def handle_endtag(self, tag: str) -> None:
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not UNREAD & set(self.inside):
            self.found.append(Text(f"<{self.inside[-1] if self.inside else ''}>", data))


def untranslated(page: str, *known: str) -> list[str]:
    """Return where a page says something in English, and what; `known`: patterns of what somebody else has typed."""
    pattern = re.compile("|".join(known) or "(?!)")
    found = ((text.where, text.left(pattern)) for text in Texts(page).found)
    return [f"{where} {left}" for where, left in found if any(letter.isalpha() for letter in left)]
