"""How Meta wants each field of a buyer before it is hashed.

Source of all rules: Meta, "Customer Information Parameters", as written. Meta's own libraries disagree with it and with
each other in places; docs/hashing.md names each place, and why we do otherwise.
Everything is Unicode NFC, so that a composed and a decomposed letter give one hash; every function is idempotent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

MAX_TYPED: Final = 256
"""Longer texts are no name, place or address of anybody."""
MIN_POSTCODE: Final = 3
MAX_POSTCODE: Final = 12

_BLANKS: Final = re.compile(r"\s+")
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]+"
)
"""Controls and what Unicode calls default ignorable: pasted along unseen, they would change every hash."""
_ALTERED: Final = re.compile("[\ufb00-\ufdff\ufe30-\ufefc\uff01-\uffee\U0001d400-\U0001d7ff]+")
"""Letters and digits in another shape: full and half width, ligatures, Arabic presentation forms, mathematical styles.

Only these, as Unicode's NFKC would also take apart what is typed so every day (the Thai and Lao vowel am).
"""
_APOSTROPHES: Final = re.compile("[\u02b9-\u02bf]+")
"""Unicode counts these apostrophes as letters; people type them where others type ``'``."""
_KEYCAP: Final = "Me"
"""The one kind of mark that encloses what it follows: the keys of emoji, no part of a letter."""
_LONG_VOWEL: Final = "\u30fc"
"""Japanese keyboards have it where others have the dash."""
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_NOT_IN_NAME: Final = re.compile(r"[^a-z0-9 ]+")
_NOT_IN_PLACE: Final = re.compile(r"[^a-z]+")
_NOT_POSTCODE: Final = re.compile(r"[^0-9a-z]+")
_US_POSTCODE: Final = re.compile(r"([0-9]{5})(?:[0-9]{4})?")
_US_STATE: Final = re.compile(r"[a-z]{2}")
# The usual cases: by the rules, what these match comes out as it went in, but for its case and its blanks.
_LATIN_WORD: Final = re.compile("[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u012f\u0131-\u024f]{1,256}")
_ASCII_WORDS: Final = re.compile("[A-Za-z ]{0,255}[A-Za-z]")
_CAPITALS: Final = re.compile("[A-Z]{2}")
_ZIP_CODE: Final = re.compile("[0-9]{5}(?:-?[0-9]{4})?")
_ISO_3166: Final = """
ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt bv bw by bz
ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh er es et fi fj fk fm fo
fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je
jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mf mg mh mk ml mm mn mo
mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw
py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st sv sx sy sz tc td tf tg th tj tk tl tm
tn to tr tt tv tw tz ua ug um us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw
"""
_COUNTRIES: Final = frozenset({*_ISO_3166.split(), "xk"})  # ISO left Kosovo without a code; Shopify writes this one
_ROMAN: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i", "ħ": "h"}
)
"""What Unicode does not take apart into a letter and its accent."""


def plain_text(typed: str) -> str:
    """Return the text in NFC, its letters in their plain shape, blanks single, none at the ends, nothing invisible.

    Empty if it is longer than ``MAX_TYPED``.
    """
    if len(typed) > MAX_TYPED:
        return ""
    if typed.isascii() and typed.isprintable():  # nothing invisible, no letter in another shape, no blank but spaces
        return " ".join(typed.split())
    text = _INVISIBLE.sub("", typed)
    if not text.isascii():
        text = _composed(_ALTERED.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text))
    text = _BLANKS.sub(" ", text).strip()
    return text if len(text) <= MAX_TYPED else ""


def plain_digits(text: str) -> str:
    """Return the text with the decimal digits of every script as ASCII ones."""
    return text if text.isascii() else "".join(_ascii_digit(letter) for letter in text)


def email_for_meta(typed: str) -> str | None:
    """Return the e-mail address trimmed and in lower case, nothing else changed; None if it is none."""
    address = _lower(plain_text(typed))
    return address if _EMAIL.fullmatch(address) else None


def name_for_meta(typed: str) -> tuple[str, ...]:
    """Return a first or last name in lower case without punctuation; a compound one with and without its blanks.

    Meta names punctuation but not blanks, and takes lists: so both forms are offered. Empty if no letter is left.
    """
    if _LATIN_WORD.fullmatch(typed):
        return (typed.lower(),)
    lower = _lower(plain_text(typed))
    bare = _NOT_IN_NAME.sub("", lower) if lower.isascii() else _composed(_only(lower, "LMNZ"))
    spaced = " ".join(bare.split())
    return tuple(dict.fromkeys((spaced, _composed(spaced.replace(" ", ""))))) if any(map(str.isalpha, spaced)) else ()


def city_for_meta(typed: str) -> tuple[str, ...]:
    """Return a city's letters in lower case, and once more in a to z where they can be. Empty if none is left."""
    if _ASCII_WORDS.fullmatch(typed):
        return (typed.replace(" ", "").lower(),)
    city = _letters(typed)
    folded = "" if city.isascii() else _folded(city)
    return tuple(each for each in (city, folded) if each)


def region_for_meta(name: str | None, code: str | None, country: str | None) -> tuple[str, ...]:
    """Return a region: in the US its two-letter code; elsewhere its name as a city's, and its code if that is letters.

    ``country`` is lower-case ISO 3166-1 alpha-2. Shopify's code may carry the country in front (``JP-13``), and blanks
    (``Q ROO``).
    """
    if country == "us" and code and _CAPITALS.fullmatch(code):
        return (code.lower(),)
    short = _lower(plain_text(code or "")).removeprefix(f"{country}-")
    if country == "us":
        short = short or _lower(plain_text(name or ""))
        return (short,) if _US_STATE.fullmatch(short) else ()
    letters = "" if any(map(str.isnumeric, short)) else _letters(short)
    named = city_for_meta(name or "")
    forms = (*(named if _tells(named[:1]) else ()), *([letters] if _tells(letters) else ()))
    return tuple(dict.fromkeys(forms))


def postcode_for_meta(typed: str, country: str | None) -> str | None:
    """Return a postcode in lower case without blanks or dashes, in the US its first five digits. None if it is none.

    No country's postcodes have letters beyond a to z, or are nothing but zeros.
    """
    if country == "us" and _ZIP_CODE.fullmatch(typed):
        return typed[:5] if typed.strip("0-") else None
    text = _lower(plain_digits(plain_text(typed))).replace(_LONG_VOWEL, "")
    code = _NOT_POSTCODE.sub("", text)
    if not code.strip("0") or not _only(text, "L").isascii():
        return None
    if country == "us":
        zip_code = _US_POSTCODE.fullmatch(code)
        return zip_code[1] if zip_code else None
    return code if MIN_POSTCODE <= len(code) <= MAX_POSTCODE and any(map(str.isdigit, code)) else None


def country_for_meta(typed: str) -> str | None:
    """Return an ISO 3166-1 alpha-2 code in lower case; None if it is none."""
    code = typed.lower()
    if code not in _COUNTRIES:
        code = _lower(plain_text(typed))
    return code if code in _COUNTRIES else None


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _lower(text: str) -> str:
    """Lower the case; what that takes apart is composed again."""
    return _composed(text.lower())


def _only(text: str, kinds: str) -> str:
    """Keep the characters of these Unicode categories; marks belong to letters (Indic vowels, the dot of İ)."""
    bare = _APOSTROPHES.sub("", text)
    return "".join(letter for letter in bare if (kind := unicodedata.category(letter))[0] in kinds and kind != _KEYCAP)


def _letters(typed: str) -> str:
    lower = _lower(plain_text(typed))
    return _NOT_IN_PLACE.sub("", lower) if lower.isascii() else _composed(_only(lower, "LM"))


def _tells(forms: Iterable[str]) -> bool:
    """Say whether more than one letter is there."""
    return sum(map(str.isalpha, "".join(forms))) > 1


def _folded(text: str) -> str:
    """Return the letters in a to z, without accents; nothing if they are not Latin."""
    bare = _only(unicodedata.normalize("NFD", text.translate(_ROMAN)), "L")
    return bare if bare.isascii() else ""


def _ascii_digit(letter: str) -> str:
    return str(unicodedata.decimal(letter)) if letter.isdecimal() else letter
