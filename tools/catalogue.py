"""The catalogues of the languages: `make catalogues` puts the texts of code and templates into translations/*.po.

A translation that is there stays, for as long as its English does; one whose English is gone stands at the end of the
file, commented out, and comes back with it. Nothing else than texts changes a file: no times, no numbers of lines.
A further language: `make catalogues ADD=fr`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "translations"
SOURCES: Final = (("plugin", "*.py", "python"), ("templates", "*.html", "jinja2.ext:babel_extract"))
KEYWORDS: Final = {**DEFAULT_KEYWORDS, "n_": (1, 2), "N_": None}
OPTIONS: Final = {"silent": "false", "encoding": "utf-8"}
"""A template that cannot be read is an error."""
PLURALS: Final = {"he": (3, "(n == 1 ? 0 : n == 2 ? 1 : 2)")}
"""Where Babel's own table is behind CLDR: Hebrew has a form for two."""
HEAD: Final = """msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals={forms}; plural={rule};\\n"

"""


def extracted() -> Catalog:
    """Return the texts of code and templates, in the order of the files and of their lines."""
    catalogue = Catalog()
    for file, method in _files():
        for _line, text, _comments, context in extract_from_file(method, file, KEYWORDS, options=OPTIONS):
            catalogue.add(text, locations=[(file.relative_to(ROOT).as_posix(), 0)], context=context)
    return catalogue


def updated(file: Path, source: Catalog) -> bytes:
    """Return a language's file with the texts of `source`."""
    old = _read(file)
    known = {_key(message): message for message in (*old.obsolete.values(), *old) if message.id}
    forms, rule = plural_forms(file.stem)
    new = Catalog()
    new.mime_headers = [("Plural-Forms", f"nplurals={forms}; plural={rule};")]
    for message in source:
        if message.id:
            before = known.pop(_key(message), None)
            new[message.id] = _with(message, before)
    new.obsolete = {key: message for key, message in known.items() if any(_forms(message))}
    body = BytesIO()
    write_po(body, new, width=0, omit_header=True, include_lineno=False)
    head = HEAD.format(language=file.stem, forms=forms, rule=rule)
    return head.encode() + body.getvalue()


def plural_forms(language: str) -> tuple[int, str]:
    """Return how many forms a text with a count has in a language, and the rule that chooses (gettext's)."""
    if language in PLURALS:
        return PLURALS[language]
    plural = get_plural(language)
    return plural.num_plurals, plural.plural_expr


def main(*further: str) -> None:
    """Bring all files up to date; make those of further languages."""
    source = extracted()
    FOLDER.mkdir(exist_ok=True)
    files = {*FOLDER.glob("*.po"), *(FOLDER / f"{Locale.parse(language, sep='-')}.po" for language in further)}
    for file in sorted(files):
        file.write_bytes(updated(file, source))
        messages = [message for message in _read(file) if message.id]
        missing = sum(not all(_forms(message)) or message.fuzzy for message in messages)
        print(f"{file.relative_to(ROOT)}: {len(messages)} texts, {missing} to translate")


def _files() -> Iterator[tuple[Path, str]]:
    for folder, pattern, method in SOURCES:
        for file in sorted((ROOT / folder).rglob(pattern)):
            yield file, method


def _read(file: Path) -> Catalog:
    if not file.exists():
        return Catalog()
    with file.open("rb") as lines:
        return read_po(lines)


def _with(message: Message, before: Message | None) -> Message:
    """Return a text of the source with what a file has of it."""
    if before is not None:
        message = message.clone()
        message.string, message.user_comments = before.string, list(before.user_comments)
        message.flags |= before.flags & {"fuzzy"}
    return message


def _forms(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def _key(message: Message) -> object:
    return (message.id[0] if isinstance(message.id, tuple) else message.id), message.context


if __name__ == "__main__":
    main(*sys.argv[1:])
