"""One request, and what can be wrong with any: its path, its query, a form, headers nobody asked for, its length."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote, urlencode

from flask import Flask

from tests.builders import ORDER_ID
from tests.fuzz import grammar
from tests.fuzz.grammar import HUGE, TEXTS
from tests.fuzz.proofs import Proofs
from tests.fuzz.vocabulary import FORM, HEADERS, LENGTHS, QUERY, VALUES


@dataclass(frozen=True, slots=True)
class Input:
    """One request. `framing`: how much of the body comes, and what is said of its length."""

    family: str
    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    framing: str = "whole"


class Asking:
    """Makes the parts of requests for one app: its addresses, its forms' fields."""

    def __init__(self, app: Flask, proofs: Proofs, fields: Mapping[str, Iterable[str]]) -> None:
        """`fields`: values that forms know, by the field's name."""
        self._rules = [(rule.rule, sorted(rule.methods or ())) for rule in app.url_map.iter_rules()]
        self._pages = [
            (rule.rule, sorted(rule.methods or ()))
            for rule in app.url_map.iter_rules()
            if rule.endpoint.startswith("pages.")
        ]
        self._files = sorted(name for name in fields if "." in name)
        self._fields = {name: tuple(values) for name, values in fields.items() if "." not in name}
        self._proofs = proofs

    def _with_form(self, dice: Random, one: Input) -> Input:
        if one.method != "POST":
            return one
        names = dice.sample([*self._fields], min(len(self._fields), dice.randrange(12)))
        pairs = [(name, self._field(dice, name)) for name in names]
        headers = {**one.headers, "Content-Type": FORM}
        return Input(one.family, one.method, one.path, one.query, headers, encode_query(pairs).encode())

    def _field(self, dice: Random, name: str) -> str:
        known = self._fields[name]
        return dice.choice(known) if known and dice.random() < 0.6 else dice.choice(TEXTS)

    def _path(self, dice: Random, rule: str) -> str:
        def part(_found: re.Match[str]) -> str:
            known = dice.random() < 0.5
            text = str(ORDER_ID + dice.randrange(400)) if known else dice.choice((*TEXTS, *self._proofs.foreign))
            return quote(text, errors="surrogatepass", safe="")[:9000]

        return re.sub(r"<[^>]+>", part, rule)

    def _query(self, dice: Random, **more: str) -> str:
        if dice.random() < 0.4 and not more:
            return ""
        names = [*QUERY, *self._fields]
        pairs = [(dice.choice(names), dice.choice(TEXTS)) for _ in range(dice.randrange(4))]
        text = encode_query([*pairs, *more.items()])
        return (
            text
            if dice.random() < 0.9
            else text + dice.choice(("&&&=", "&a[]=1", "%", "%zz", "&" * 2000, "#x", "\xff"))
        )

    def _any_body(self, dice: Random) -> bytes:
        if dice.random() < 0.001:
            return HUGE
        way = dice.randrange(4)
        if way == 0:
            return grammar.encoded(dice, grammar.value(dice))
        if way == 1:
            return encode_query([(dice.choice([*self._fields]), dice.choice(TEXTS)) for _ in range(4)]).encode()
        if way == 2:
            return (
                b'--x\r\nContent-Disposition: form-data; name="a"; filename="'
                + dice.randbytes(9)
                + b'"\r\n\r\n1\r\n--x--'
            )
        return dice.randbytes(dice.choice((0, 1, 16, 300)))

    def _sent(self, dice: Random, one: Input, *, loud: bool = True) -> Input:
        """Add headers that nobody asked for, and say of the body's length what may not be so."""
        headers = dict(one.headers)
        for _ in range(dice.choice((0, 0, 1, 2, 4)) if loud else 0):
            name = dice.choice(HEADERS)
            if name not in headers:
                headers[name] = grammar.header(dice, dice.choice(VALUES) if dice.random() < 0.6 else dice.choice(TEXTS))
        draw = dice.random()
        framing = "whole" if draw < 0.85 else dice.choice(("chunked", "chunked", "cut", "lie", "silent"))
        if framing == "lie":
            headers["Content-Length"] = dice.choice(LENGTHS)
        return Input(one.family, one.method, one.path, one.query, headers, one.body, framing)


def encode_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Return a query, or a form's body."""
    return urlencode([*pairs], errors="surrogatepass")
