"""Whether Shopify and Meta can be reached from here: knocks without a token, and takes any answer for one."""

from __future__ import annotations

from collections.abc import Iterator

from plugin.cli.checks import Check, Grade
from plugin.meta import outgoing
from plugin.services import Services

QUICK = (3.0, 5.0)
"""Seconds to connect and to be answered."""


def reach(given: Services) -> Iterator[Check]:
    """Knock at Meta's Graph API, and at the admin of the store that was installed last."""
    yield _knock("Meta", given.settings.graph_url)
    with given.database.transaction() as conn:
        row = conn.execute(
            "SELECT domain FROM shop WHERE uninstalled_at IS NULL ORDER BY installed_at DESC LIMIT 1"
        ).fetchone()
    if row is None:
        yield Check("Shopify", Grade.OK, "no store is installed, so none was asked")
    else:
        yield _knock("Shopify", given.settings.admin_url_template.replace("{shop}", row["domain"]))


def _knock(name: str, url: str) -> Check:
    try:
        answer = outgoing.ask("GET", url, timeout=QUICK)
    except outgoing.NoAnswer as fault:
        todo = "let this machine's firewall and name server allow it; the app uses no proxy"
        return Check(name, Grade.PROBLEM, f"no answer ({fault})", todo)
    return Check(name, Grade.OK, f"answers ({answer.status})")
