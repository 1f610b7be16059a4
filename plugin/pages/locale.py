"""In which language a request is answered. Nobody's language is stored: each request says it.

The admin names the merchant's language in the address of a page that it loads, `?locale=de`. What our script then asks
for carries the language of that page in a header. Where neither says anything (a reload of the frame alone, the window
of a login, the public pages), the browser's own languages count.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from babel import Locale
from flask import Flask, request
from flask_babel import Babel
from markupsafe import Markup, escape

from plugin import language
from plugin.language import N_, Texts, tongue
from plugin.tongues import Library, Tongue

HEADER: Final = "X-Locale"
PARAMETER: Final = "locale"
MOST_ASKED: Final = 10
"""Languages of a browser that are looked at."""


def set_up(app: Flask, *further: Path) -> None:
    """Let an app speak the languages of `translations/`, and those of further folders."""
    library = Library(Path(app.root_path) / "translations", *further)
    babel = Babel(app, configure_jinja=False, locale_selector=_locale)
    babel.domain_instance = Texts(library, spoken)
    app.jinja_env.globals |= {
        "_": in_template,
        "gettext": in_template,
        "n_": _count_in_template,
        "ngettext": _count_in_template,
        "N_": N_,
        "tongue": tongue,
    }


def spoken() -> Tongue:
    """Return the language that this request asks its answer in."""
    return language.library().tongue(_asked())


def _asked() -> Iterable[str]:
    """A page's own language decides alone, so that one we do not have is English, and not another of the browser's."""
    said = request.args.get(PARAMETER) or request.headers.get(HEADER)
    if said:
        return [said]
    # a browser may also name what it does not want: `de;q=0` (RFC 9110, 12.4.2)
    return [tag for tag, quality in request.accept_languages if quality > 0][:MOST_ASKED]


def _locale() -> Locale:
    return tongue().locale


def in_template(text: str, /, **values: Any) -> Markup:
    """Translate in a template: the text is escaped like any other, and so are the values that are no markup."""
    said = _escaped(language._(text))
    return said % values if values else said


def _count_in_template(one: str, many: str, count: int, /, **values: Any) -> Markup:
    said = _escaped(language.plural(one, many, count))
    return said % ({"num": language.Count(count)} | values)


@lru_cache(maxsize=4096, typed=True)  # markup and a text that look the same are not
def _escaped(text: str) -> Markup:
    """Escape a text of a catalogue. Our attributes stand in double quotes, so an apostrophe may stay one."""
    return Markup(str(escape(text)).replace("&#39;", "'"))  # noqa: S704 - it was escaped
