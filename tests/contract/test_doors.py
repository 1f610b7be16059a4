from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.contract import published

OPEN_TO_ALL = {
    "static": "files that hold nothing of anybody",
    "pages.bounce": "loads App Bridge, nothing else",
    "pixel.take_evidence": "the storefront's pixel proves nothing, and is believed in little",
    "pixel.preflight": "no answer but headers",
    "facebook.ask_leave": "names the shop of a ticket that is good for ten minutes; 404 without an app at Meta",
    "facebook.go_to_facebook": "uses up such a ticket, from our own page only",
    "facebook.say_how_it_ended": "one sentence of a closed list",
    "facebook.callback": "asks for a state and a cookie that fit each other, once",
    "meta.deauthorize": "asks for Meta's signature; 404 without an app at Meta",
    "meta.delete_data": "asks for Meta's signature; 404 without an app at Meta",
    "meta.deletion_status": "asks for a code that we have signed, and says a date",
    "public.privacy_statement": "one text, the same for everybody, and nothing of the database",
    "health.live": "a yes",
    "health.ready": "a yes or a no",
}
"""Every endpoint that asks for neither id token nor signature, and why that is safe."""
CALLS_OUT = {
    "plugin/meta/outgoing.py": "the one way out",
    "plugin/meta/conversions.py": "keeps the session that the way out is walked with",
    "plugin/clock.py": "reads a moved clock, of this machine only",
    "plugin/jobs/mail.py": "hands e-mails to the server that the operator named",
}
"""The files that know an HTTP client."""
CLIENTS = re.compile(
    r"^\s*(?:import|from) (?:requests|urllib3|urllib\.request|httpx|http\.client|smtplib)\b", re.MULTILINE
)
ACTIVE = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc")
UNESCAPED = re.compile(r"\|\s*safe\b|Markup\(|autoescape\s+false|<script(?![^>]* src=)|\son[a-z]+=|\bstyle=")


def test_without_token_or_signature_nothing_opens(client: FlaskClient, flask_app: Flask) -> None:
    guarded = [rule for rule in flask_app.url_map.iter_rules() if rule.endpoint not in OPEN_TO_ALL]

    for rule in guarded:
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            answer = client.open(_address(rule), method=method)
            bounced = answer.status_code == 302 and answer.headers["Location"].startswith("/bounce?")
            assert answer.status_code == 401 or (method == "GET" and bounced), f"{method} {rule.rule}"
    assert len(guarded) > 10


def test_the_list_of_open_doors_is_exact(flask_app: Flask) -> None:
    assert {rule.endpoint for rule in flask_app.url_map.iter_rules()} >= set(OPEN_TO_ALL)


def test_no_other_file_can_call_out() -> None:
    files = [published.ROOT / "app.py"]
    files += [file for folder in ("plugin", "webhooks") for file in (published.ROOT / folder).rglob("*.py")]
    found = {str(file.relative_to(published.ROOT)) for file in files if CLIENTS.search(file.read_text())}

    assert found == set(CALLS_OUT)


@pytest.mark.parametrize(
    ("folder", "pattern"), [("static", ACTIVE), ("extensions/meta-pixel/src", ACTIVE), ("templates", UNESCAPED)]
)
def test_no_text_becomes_markup(folder: str, pattern: re.Pattern[str]) -> None:
    files = [file for file in (published.ROOT / folder).rglob("*") if file.suffix in {".js", ".html"}]

    assert {file.name: found for file in files if (found := pattern.findall(file.read_text()))} == {}
    assert files


def _address(rule: Rule) -> str:
    return re.sub(r"<[^>]+>", "1", rule.rule)
