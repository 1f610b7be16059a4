from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract import cases, judges
from tests.contract.judges import JAVASCRIPT, PYTHON, Laxer

BAD_TOKENS, GOOD_TOKENS = cases.bad_tokens(), cases.good_tokens()
BAD_WEBHOOKS, GOOD_WEBHOOKS = cases.bad_webhooks(), cases.good_webhooks()
BOTH = frozenset({PYTHON, JAVASCRIPT})
LAXER_ON_TOKENS: Laxer = {
    **dict.fromkeys(
        [
            "no exp",
            "no nbf",
            "no iat",
            "exp beyond the calendar",
            "iss of another shop",
            "dest of another shop",
            "no iss",
            "no dest",
            "iss is a number",
            "dest with a port",
            "dest with userinfo",
            "dest with a newline",
            "dest over plain http",
            "dest in capitals",
            "dest beyond ASCII",
            "dest of a look-alike",
            "dest of no shop",
            "dest of two labels",
            "no sub",
            "sub is a sentence",
            "no jti",
            "no sid",
            "padding",
            "claims twice",
            "longer than 8 KiB",
        ],
        BOTH,
    ),
    **dict.fromkeys(
        [
            "exp is text",
            "nbf is digits in a text",
            "nbf is true",
            "iat is digits in a text",
            "iat is true",
            "claims with a number that is none",
            "claims in UTF-16",
        ],
        frozenset({PYTHON}),
    ),
    **dict.fromkeys(
        [
            "iat in the future",
            "dest is a list",
            "dest is no address",
            "sub is a number",
            "newline after",
            "letters beyond ASCII",
        ],
        frozenset({JAVASCRIPT}),
    ),
}
LAXER_ON_WEBHOOKS: Laxer = {
    **dict.fromkeys(
        [
            "shop of nobody",
            "shop with a path",
            "topic beyond ASCII",
        ],
        BOTH,
    ),
    **dict.fromkeys(
        [
            "no topic",
            "no shop",
            "no webhook id",
            "empty body",
        ],
        frozenset({PYTHON}),
    ),
}
Verdicts = dict[str, dict[str, bool]]


@pytest.fixture(scope="module")
def javascript(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    """What Shopify's JavaScript library takes, all of it asked in one process."""
    home: Path = tmp_path_factory.mktemp("home")
    return judges.javascript(home, tokens=BAD_TOKENS | GOOD_TOKENS, webhooks=BAD_WEBHOOKS | GOOD_WEBHOOKS)


@pytest.mark.parametrize("name", GOOD_TOKENS)
def test_a_good_token_enters_with_all_three(name: str, javascript: Verdicts) -> None:
    token = GOOD_TOKENS[name]

    assert (judges.our_word_on_token(token), judges.python_on_token(token)) == (True, True)
    assert javascript["tokens"][name]


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_we_let_no_bad_token_in(name: str) -> None:
    assert not judges.our_word_on_token(BAD_TOKENS[name])


def test_the_documented_list_of_what_libraries_let_in_is_exact(javascript: Verdicts) -> None:
    verdicts = {
        PYTHON: {name: judges.python_on_token(token) for name, token in BAD_TOKENS.items()},
        JAVASCRIPT: {name: javascript["tokens"][name] for name in BAD_TOKENS},
    }

    assert judges.laxer(verdicts) == LAXER_ON_TOKENS
    assert judges.table_of("### Id tokens that the libraries let in") == LAXER_ON_TOKENS


@pytest.mark.parametrize("name", GOOD_WEBHOOKS)
def test_a_good_webhook_is_believed_by_all_three(name: str, javascript: Verdicts) -> None:
    webhook = GOOD_WEBHOOKS[name]

    assert (judges.our_word_on_webhook(webhook), judges.python_on_webhook(webhook)) == (True, True)
    assert javascript["webhooks"][name]


@pytest.mark.parametrize("name", BAD_WEBHOOKS)
def test_we_believe_no_bad_webhook(name: str) -> None:
    assert not judges.our_word_on_webhook(BAD_WEBHOOKS[name])


def test_the_documented_list_of_what_libraries_believe_is_exact(javascript: Verdicts) -> None:
    verdicts = {
        PYTHON: {name: judges.python_on_webhook(webhook) for name, webhook in BAD_WEBHOOKS.items()},
        JAVASCRIPT: {name: javascript["webhooks"][name] for name in BAD_WEBHOOKS},
    }

    assert judges.laxer(verdicts) == LAXER_ON_WEBHOOKS
    assert judges.table_of("### Webhooks that the libraries believe") == LAXER_ON_WEBHOOKS
