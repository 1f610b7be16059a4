"""The words of a page in the reader's language: English is what stands in the code, other languages are catalogues."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext as n_

__all__ = ["N_", "_", "n_"]


def N_(text: str) -> str:  # noqa: N802 - the name that tools for catalogues look for
    """Mark a text for the catalogues where it stands; it is translated where it is printed."""
    return text
