"""Texts as people, keyboards and old systems make them, for every field: the corpus, changed at random, and noise."""

from __future__ import annotations

import unicodedata
from typing import Final

from hypothesis import strategies as st

from tests.recovery.corpus import CORPUS, FIELDS, Entry

LETTERS: Final = "aAeEiIsSzZéÉßẞıİłŁøÐñäÖΣσςЖжשםمنकि정東京ーﾀﾞＴｔªŉǅ"  # noqa: RUF001 (they are meant to be confused)
SIGNS: Final = "'’ʼ-–.,·()&/_@+#~\"🌸〒\u20e3"  # noqa: RUF001
BLANKS: Final = " \t\n\u00a0\u3000"
UNSEEN: Final = "\u200b\u200d\u202a\u00ad\ufe0f\x00"
MARKS: Final = "\u0301\u0307\u0308"
DIGITS: Final = "0123456789٣३９"  # noqa: RUF001
WORDS: Final = st.text(LETTERS + SIGNS + BLANKS + UNSEEN + MARKS + DIGITS, max_size=20)
NUMBERS: Final = st.text("+0123456789 ()-./x#" + DIGITS + UNSEEN + BLANKS, max_size=24)
COUNTRIES: Final = st.sampled_from(sorted({entry.country for entry in CORPUS}))
TYPED: Final = {field: sorted({one.typed for one in CORPUS if one.field == field}) for field in FIELDS}
CHANGES: Final = (
    str,
    str.upper,
    str.lower,
    str.title,
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: f" {text}\n",
    lambda text: text.replace("-", "\u2013"),
    lambda text: text.replace(" ", "  "),
    lambda text: text[: len(text) // 2],
)


def _changed(field: str) -> st.SearchStrategy[str]:
    return st.builds(
        lambda typed, change, at, more: change(typed[:at] + more + typed[at:]),
        st.sampled_from(TYPED[field]),
        st.sampled_from(CHANGES),
        st.integers(0, 8),
        st.sampled_from(["", *SIGNS, *BLANKS, *UNSEEN, *DIGITS, *LETTERS]),
    )


def _entries_of(field: str) -> st.SearchStrategy[Entry]:
    noise = NUMBERS if field in {"phone", "postcode"} else WORDS
    return st.builds(Entry, field=st.just(field), country=COUNTRIES, typed=_changed(field) | noise)


TYPED_ENTRIES: Final = st.one_of(list(map(_entries_of, FIELDS)))
"""One field of one address; nothing is known of what it should become."""
