"""By what an answer of Meta's libraries shows why it is not ours. Each is given the question and the library's text.

The text is empty where the library has none, or refuses.
"""

from __future__ import annotations

import re
import unicodedata

from plugin.recovery.normalise import plain_digits, plain_text
from tests.contract.meta_libraries import Question
from tests.recovery.corpus import Entry, cleaned

APOSTROPHES = frozenset("\u02b9\u02ba\u02bb\u02bc\u02bd\u02be\u02bf")
SHAPES = re.compile("[\ufb00-\ufdff\ufe30-\ufefc\uff01-\uffee\U0001d400-\U0001d7ff]")
UNSEEN = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
EXTENSION = re.compile(r"(?i)(?:ext\.?|[x#~,]|;ext=)\s*[0-9]+$")
SIGMAS = ("\u03c2", "\u03c3")
A_CODE = 2
"""Letters of a code."""
TAIL = 6
"""Digits at the end that tell one number of the corpus from another."""


def _cleaned_less(question: Question, text: str) -> bool:
    """Say whether our rules make of the library's text what they make of the typed one."""
    again = cleaned(Entry(field=question.field, country=question.country, typed=text))
    return bool(question.ours) and _alike(again) == _alike(question.ours)


def _alike(forms: tuple[str, ...]) -> list[str]:
    """Return the last form with one sigma for both: which of them it is depends on what stood beside it."""
    return [form.replace(*SIGMAS) for form in forms[-1:]]


def _letters(text: str) -> list[str]:
    return [letter for letter in plain_text(text) if letter.isalpha() and letter not in APOSTROPHES]


def punctuation(question: Question, text: str) -> bool:
    """Everything counts that is no letter, mark, digit or blank."""
    kinds = {unicodedata.category(letter) for letter in text}
    strange = {kind for kind in kinds if kind[0] not in "LMNZ" or kind == "Me"}
    return bool(strange or APOSTROPHES & set(text)) and _cleaned_less(question, text)


def unseen(question: Question, text: str) -> bool:
    """A library that checks a text refuses it for these."""
    kinds = {unicodedata.category(letter) for letter in question.typed}
    found = bool(kinds & {"Cf", "Cc"}) or UNSEEN.search(question.typed) is not None
    return found and bool(question.ours) and (not text or _cleaned_less(question, text))


def shapes(question: Question, text: str) -> bool:
    """Decomposed letters, and those of another width or font."""
    looked_at = text if len(text) >= A_CODE else question.typed
    found = unicodedata.normalize("NFC", looked_at) != looked_at or SHAPES.search(looked_at) is not None
    return found and bool(question.ours) and (len(text) < A_CODE or _cleaned_less(question, text))


def blanks(question: Question, text: str) -> bool:
    return re.search(r"\s\s|[^\S ]", text) is not None and _cleaned_less(question, text)


def sigma(question: Question, text: str) -> bool:
    """Of the two words one has the sigma that ends words, the other the one inside them."""
    return "Σ" in question.typed and _cleaned_less(question, text)


def nobody(question: Question, text: str) -> bool:
    """A region of letters has differences of its own."""
    return not question.ours and bool(text) and (question.field != "region" or not _letters(text))


def of_nothing(question: Question, text: str) -> bool:
    return not question.ours and not text


def looks_hashed(question: Question, _text: str) -> bool:
    return re.fullmatch("[0-9a-f]{64}|[0-9a-f]{32}", question.typed.strip().lower()) is not None


def refused(question: Question, text: str) -> bool:
    return bool(question.ours) and not text


def beyond_a_to_z(question: Question, text: str) -> bool:
    roman = re.sub(r"[^a-zA-Z0-9]", "", question.typed).lower()
    letters = re.sub(r"[^a-z]", "", question.typed.lower())
    return not question.typed.isascii() and text in ("", roman, letters[:A_CODE])


def digits_in_place(question: Question, text: str) -> bool:
    """A text that begins with one is refused."""
    roman = re.sub(r"[^a-zA-Z0-9]", "", question.typed)
    return _cleaned_less(question, text) if any(map(str.isdigit, text)) else not text and roman[:1].isdigit()


def cut_region(question: Question, text: str) -> bool:
    return len(text) == A_CODE and any(len(form) > A_CODE for form in question.ours)


def state_by_name(question: Question, text: str) -> bool:
    return question.country == "US" and not question.ours and len(text) > 1


def country_before_code(question: Question, text: str) -> bool:
    home = question.country.lower()
    return question.typed.lower().startswith(f"{home}-") and text.startswith(home)


def one_letter(question: Question, text: str) -> bool:
    return not question.ours and len(_letters(text)) < A_CODE


def cut_at_dash(question: Question, text: str) -> bool:
    """What is left may be too short to be taken."""
    before, dash, _ = question.typed.lower().partition("-")
    left = "".join(before.split())
    return bool(dash) and (left == "".join(text.split()) or (len(left) < A_CODE and not text))


def blanks_in_postcode(question: Question, text: str) -> bool:
    return re.search(r"\s", text) is not None and _cleaned_less(question, text)


def signs_in_postcode(question: Question, text: str) -> bool:
    return re.search(r"[^0-9a-z\s]", text) is not None and _cleaned_less(question, text)


def uncut_zip(question: Question, text: str) -> bool:
    digits = re.sub("[^0-9]", "", plain_digits(text))
    return question.country == "US" and bool(question.ours) and digits.startswith(question.ours[0])


def other_digits(question: Question, text: str) -> bool:
    """They go, and the others stay; or they are hashed as they are."""
    found = bool(question.ours) and plain_digits(question.typed) != question.typed
    left = re.sub(r"[^0-9]", "", question.typed).lstrip("0")
    return found and (not text.isascii() or text in ("", left))


def _same_tail(question: Question, text: str) -> bool:
    return bool(question.ours) and bool(text) and question.ours[0].endswith(text[-TAIL:])


def no_calling_code(question: Question, text: str) -> bool:
    """The text begins with the area, or with what is dialled at home before it."""
    typed_in_full = plain_text(question.typed).startswith("+")
    return _same_tail(question, text) and not typed_in_full and not text.endswith(question.ours[0])


def dialled_prefix(question: Question, text: str) -> bool:
    """The calling code is there; so is what is dialled at home after it, or on the way out before it."""
    typed_in_full = plain_text(question.typed).startswith(("+", "0", "1", "52"))
    return _same_tail(question, text) and typed_in_full and len(text) > len(question.ours[0])


def extension(question: Question, text: str) -> bool:
    found = EXTENSION.search(question.typed) is not None and bool(question.ours)
    return found and question.ours[0][-TAIL:] in text


def keys(question: Question, text: str) -> bool:
    digits = re.sub(r"[^0-9]", "", question.typed).lstrip("0")
    return bool(question.ours) and re.search("[A-Za-z]", question.typed) is not None and text == digits
