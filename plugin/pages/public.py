"""GET /privacy: what the app does with data, for everybody. No token, no cookie, no script, nothing of the database."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from plugin.language import N_, _
from plugin.pages.headers import ALWAYS
from plugin.services import services

blueprint = Blueprint("public", __name__)
SOMEBODY: Final = N_("The operator of this app")
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@blueprint.get("/privacy")
def privacy_statement() -> ResponseReturnValue:
    """Show the statement."""
    return render_template("privacy.html", operator=operator())


def operator() -> str:
    """Return who runs this app and where it is hosted, as far as the settings say so."""
    return services().settings.operator or _(SOMEBODY)


@blueprint.after_request
def guard(response: Response) -> Response:
    """Nobody may frame it, and it loads nothing but our style sheet."""
    response.headers.update(ALWAYS | {"Content-Security-Policy": POLICY, "X-Frame-Options": "DENY"})
    return response
