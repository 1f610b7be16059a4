"""Requests to every address of the app, made by rule: some prove nothing, some are signed and bent before that."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any
from urllib.parse import quote

from flask import Flask

from tests import doors
from tests.builders import ORDER_ID
from tests.fuzz import grammar
from tests.fuzz.asking import Asking, Input, encode_query
from tests.fuzz.grammar import TEXTS
from tests.fuzz.proofs import Proofs, signed_request
from tests.fuzz.vocabulary import (
    BODIES,
    EVIDENCE,
    FORM,
    JSON,
    METHODS,
    STAGES,
    WEBHOOKS,
)


class Maker(Asking):
    """Makes requests for one app: its addresses, its forms' fields."""

    def __init__(self, app: Flask, proofs: Proofs, fields: Mapping[str, Iterable[str]]) -> None:
        """`fields`: values that forms know, by the field's name."""
        super().__init__(app, proofs, fields)
        self.unproven: dict[Callable[[Random], Input], int] = {
            self.noise: 25, self.unsigned: 15, self.stranger: 20, self.lost_post: 12, self.page: 14, self.popup: 7,
            self.not_metas: 4, self.odd_path: 3,
        }  # fmt: skip
        self.proven: dict[Callable[[Random], Input], int] = {
            self.signed: 45,
            self.post: 45,
            self.staff: 8,
            self.person: 2,
        }

    def noise(self, dice: Random) -> Input:
        """Anything at any address."""
        rule, methods = dice.choice(self._rules)
        method = dice.choice(methods) if dice.random() < 0.7 else dice.choice(METHODS)
        body = b"" if dice.random() < 0.5 else self._any_body(dice)
        return self._sent(dice, Input("noise", method, self._path(dice, rule), self._query(dice), {}, body))

    def unsigned(self, dice: Random) -> Input:
        """A webhook that nobody signed, or that changed after it was signed."""
        path, body, headers = self._webhook(dice, self._proofs.target)
        raw = grammar.encoded(dice, body)
        right = doors.signature(raw)
        wrong = (right[:-1], right + "=", right.lower(), "", f"{right}, {right}", doors.signature(raw, "another"), None)
        given = dice.choice(wrong)
        if given is None:
            given, raw = right, raw + dice.choice((b" ", b"\0", b"{}"))
        elif dice.random() < 0.3:
            given = grammar.header(dice, grammar.text_bent(dice, right))
            given = "" if given.strip() == right else given
        headers = headers | {"X-Shopify-Hmac-Sha256": given}
        return self._sent(dice, Input("unsigned", "POST", path, "", headers, raw))

    def stranger(self, dice: Random) -> Input:
        """A well signed webhook, bent before that, of a shop that is not here."""
        return self._signed(dice, "stranger", dice.choice(("nobody.myshopify.com", "x-1.myshopify.com")))

    def signed(self, dice: Random) -> Input:
        """The same of a shop that is here."""
        return self._signed(dice, "signed", self._proofs.target)

    def lost_post(self, dice: Random) -> Input:
        """Evidence that names no shop of ours."""
        return self._post(dice, "lost post", dice.choice(("no-such-key-of-any-shop", "x" * 16, "", "é" * 20)))

    def post(self, dice: Random) -> Input:
        """Evidence for a shop of ours, bent."""
        return self._post(dice, "post", self._proofs.ingest_key)

    def page(self, dice: Random) -> Input:
        """A page or a form of the admin, with a token that is none."""
        rule, methods = dice.choice(self._pages)
        token = self._proofs.bad_token(dice)
        inside = {"id_token": token} if dice.random() < 0.4 else {}
        headers = {} if inside else {"Authorization": grammar.header(dice, f"Bearer {token}")}
        one = Input("page", dice.choice(methods), self._path(dice, rule), self._query(dice, **inside), headers)
        return self._sent(dice, self._with_form(dice, one))

    def staff(self, dice: Random) -> Input:
        """A page or a form with a good token, and fields that no form of ours sends."""
        rule, methods = dice.choice(self._pages)
        headers = {"Authorization": f"Bearer {self._proofs.good_token()}"}
        one = Input("staff", dice.choice(methods), self._path(dice, rule), self._query(dice), headers)
        return self._sent(dice, self._with_form(dice, one), loud=False)

    def popup(self, dice: Random) -> Input:
        """The window of a login: tickets, states and cookies that fit nothing."""
        rule, method = dice.choice((("/facebook/connect", "GET"), ("/facebook/connect", "POST"),
        ("/meta/callback", "GET"),
                                    ("/facebook/ended", "GET")))  # fmt: skip
        state, cookie, ticket = self._proofs.bad_login(dice)
        how = {"state": state, "code": dice.choice(TEXTS), "ticket": ticket, "how": dice.choice(TEXTS)}
        headers = {"Cookie": grammar.header(dice, f"facebook-login={cookie}")}
        if dice.random() < 0.7:
            headers["Origin"] = "http://127.0.0.1:1"
        fields = [pair for pair in how.items() if dice.random() < 0.8]
        if method == "GET":
            return self._sent(dice, Input("popup", method, rule, encode_query(fields), headers))
        headers |= {"Content-Type": FORM}
        return self._sent(dice, Input("popup", method, rule, "", headers, encode_query(fields).encode()))

    def not_metas(self, dice: Random) -> Input:
        """What claims to come from Meta; some is signed, and of somebody unknown."""
        return self._of_meta(dice, "not Meta's", "999999")

    def person(self, dice: Random) -> Input:
        """What Meta says of somebody known."""
        return self._of_meta(dice, "person", self._proofs.meta_user)

    def odd_path(self, dice: Random) -> Input:
        """A path that is none of ours, or nearly one; each of the app's own files too."""
        start = dice.choice(
            ("/static/", "/meta/data-deletion/", "/orders/", "/data-protection/", "/", "//", "/static/..", "*")
        )
        rest = dice.choice((*TEXTS, *self._files))
        raw = quote(rest, errors="surrogatepass", safe=dice.choice(("/", "", "/.%\\")))[:9000]
        return self._sent(dice, Input("odd path", dice.choice(("GET", "HEAD", "POST")), start + raw, self._query(dice)))

    def _signed(self, dice: Random, family: str, shop: str) -> Input:
        path, body, headers = self._webhook(dice, shop)
        raw = b"" if dice.random() < 0.005 else grammar.encoded(dice, body)
        name = dice.choice(("X-Shopify-Hmac-Sha256", "X-Shopify-Hmac-Sha256", "Shopify-Hmac-Sha256"))
        return self._sent(dice, Input(family, "POST", path, "", headers | {name: doors.signature(raw)}, raw))

    def _webhook(self, dice: Random, shop: str) -> tuple[str, Any, dict[str, str]]:
        path, topic = (
            dice.choice([*WEBHOOKS.items()]) if dice.random() < 0.5 else ("/webhooks/orders/paid", "orders/paid")
        )
        topic = topic or dice.choice(("customers/data_request", "customers/redact", "shop/redact"))
        body = json.loads(BODIES[topic])
        if topic == "orders/paid":
            body |= {"id": ORDER_ID + dice.randrange(400), "checkout_token": f"{dice.randrange(400):032x}"}
        if "shop_domain" in body:
            body["shop_domain"] = shop
        for _ in range(dice.choice((0, 1, 1, 1, 2, 5))):
            body = grammar.bent(dice, body)
        headers = {
            "Content-Type": JSON,
            "X-Shopify-Topic": topic,
            "X-Shopify-Shop-Domain": shop,
            "X-Shopify-Webhook-Id": f"{dice.getrandbits(64):016x}",
            "X-Shopify-Triggered-At": self._proofs.now,
        }
        if dice.random() < 0.1:
            headers["X-Shopify-Triggered-At"] = grammar.header(dice, dice.choice(TEXTS))
        return path, body, headers

    def _post(self, dice: Random, family: str, key: str) -> Input:
        body = json.loads(self._proofs.post)
        order = str(ORDER_ID + dice.randrange(400))
        body |= {"key": key, "token": f"{dice.randrange(400):032x}", "order": order, "eid": f"purchase.{order}"}
        body |= {"stage": dice.choice(STAGES), "tr": dice.choice((None, "sent", "blocked", "pending", "timeout"))}
        for _ in range(dice.choice((0, 1, 1, 1, 2, 5))):
            body = grammar.bent(dice, body)
        if family == "lost post" and isinstance(body, dict):
            body["key"] = key  # two changes could make it a good one again
        headers = {"Content-Type": "text/plain", "User-Agent": "Mozilla/5.0"}
        return self._sent(dice, Input(family, "POST", EVIDENCE, "", headers, grammar.encoded(dice, body)))

    def _of_meta(self, dice: Random, family: str, user: str) -> Input:
        path = dice.choice(("/meta/deauthorize", "/meta/data-deletion"))
        claims = {"user_id": user, "algorithm": "HMAC-SHA256", "issued_at": self._proofs.seconds}
        bent = dice.random() < 0.6
        text = signed_request(grammar.bent(dice, claims) if bent else claims, self._proofs.meta_secret)
        text = text if dice.random() < 0.5 else grammar.text_bent(dice, text)
        body = encode_query([("signed_request", text)]).encode()
        return self._sent(dice, Input(family, "POST", path, "", {"Content-Type": FORM}, body))
