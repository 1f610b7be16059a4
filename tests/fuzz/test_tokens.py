"""A few of the tokens of `make fuzz`, and the states of a login."""

from __future__ import annotations

from pathlib import Path
from random import Random
from urllib.parse import urlencode

import pytest
from flask import Flask

from plugin.services import Services
from plugin.storage import logins
from plugin.storage.shops import Shop
from tests.conftest import settings_from
from tests.contract import judges
from tests.edges.logins import row_of
from tests.fuzz import grammar, tokens
from tests.fuzz.asking import Input
from tests.fuzz.hunt import ears
from tests.fuzz.knock import knock
from tests.fuzz.stand import EVERYTHING_ON


def test_we_take_what_the_rules_allow_and_no_more() -> None:
    found = tokens.judged(1, 400)

    assert found["faults"] == []
    assert min(found["counts"].values()) > 50


@pytest.mark.slow
def test_shopifys_javascript_takes_whatever_we_take(tmp_path: Path) -> None:
    dice = Random(1)  # noqa: S311 - the same tokens each time
    made = {str(number): tokens.id_token(dice) for number in range(3_000)}
    ours = {name: token for name, token in made.items() if judges.our_word_on_token(token)}

    theirs = judges.javascript(tmp_path, tokens=ours, webhooks={})["tokens"]

    ours = {name: token for name, token in ours.items() if judges.our_word_on_token(token)}  # some have ended meanwhile
    assert {name for name in ours if not theirs[name]} == set()
    assert len(ours) > 300


def test_of_all_states_one_fits_and_once(flask_app: Flask, services: Services, shop: Shop) -> None:
    object.__setattr__(services, "settings", settings_from(**EVERYTHING_ON))
    with services.database.transaction() as conn:
        opened = logins.of_ticket(conn, logins.start(conn, shop, "42", services.clock.now()), services.clock.now())
        assert opened is not None
        secrets = logins.leave(conn, opened)
    assert secrets is not None
    before, dice = row_of(services, "meta_login"), Random(1)  # noqa: S311 - as above

    with ears() as heard:
        for _ in range(400):
            state = dice.choice((secrets.state, grammar.text_bent(dice, secrets.state)))
            cookie = dice.choice(("", "a" * 43, grammar.header(dice, grammar.text_bent(dice, secrets.browser))))
            if (state, cookie.strip()) != (secrets.state, secrets.browser):
                assert come_back(flask_app, state, cookie) == 303
                assert row_of(services, "meta_login") == before

    assert (heard.unhandled, heard.leaks) == (0, 0)
    assert come_back(flask_app, secrets.state, secrets.browser) == 303
    assert row_of(services, "meta_login")["state_hash"] is None


def come_back(app: Flask, state: str, cookie: str) -> int:
    query = urlencode({"state": state, "code": "a-code"}, errors="surrogatepass")
    return knock(app, Input("", "GET", "/meta/callback", query, {"Cookie": f"facebook-login={cookie}"})).status
