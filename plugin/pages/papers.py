"""Wording for a shop's privacy policy, by its present settings: a draft that no lawyer has reviewed.

A shop sells in languages that its staff may not read, so any language of ours can be asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from plugin.language import _, in_tongue, library, tongue
from plugin.pages.identifiers import labels_of
from plugin.recovery.consent import ConsentMode
from plugin.storage.shops import Shop


@dataclass(frozen=True, slots=True)
class Wording:
    """The text, ready to copy, and how it is to be shown.

    `language` is one of `languages`, which are pairs of a catalogue and that language's own name of itself; `tag` and
    `direction` are for `lang` and `dir`.
    """

    text: str
    language: str
    tag: str
    direction: str
    languages: tuple[tuple[str, str], ...]


def wording(shop: Shop, asked: str) -> Wording:
    """Return the wording in a language of ours; in the reader's where `asked` names none."""
    ours = library()
    chosen = ours.tongue([asked]) if asked in ours.languages else tongue()
    with in_tongue(chosen):
        text = "\n\n".join(_paragraphs(shop))
    languages = tuple((each, _own_name(each)) for each in sorted(ours.languages))
    return Wording(text, chosen.catalogue, chosen.tag, chosen.direction, languages)


def _own_name(catalogue: str) -> str:
    locale = library().tongue([catalogue]).locale
    return locale.get_display_name(locale) or catalogue


def _paragraphs(shop: Shop) -> Iterator[str]:
    yield _("Advertising measurement with Meta")
    yield _(
        "Our store uses the Meta pixel, provided by Meta Platforms Ireland Ltd. (for the USA and other countries: Meta "
        "Platforms, Inc.), to measure whether our ads lead to purchases, and to show our ads to people for whom they "
        "are meant, for instance not to those who have already bought. It runs only as far as you have allowed it."
    )
    yield _(
        "If the pixel cannot report a purchase that you have allowed us to report, for example because a program in "
        "your browser stops it, our server reports that purchase to Meta instead. It then sends the order's value, "
        "currency, items and time, and these details about you: %(details)s. Contact details, names, places and the "
        "customer id are sent as hash values (SHA-256) only, from which Meta can tell whether you have an account "
        "there. Your street address is not sent.",
        details=labels_of(",".join(shop.fields)),
    )
    yield " ".join(_grounds(shop))
    yield _(
        "We and Meta are jointly responsible for collecting this data and passing it on; what each does is laid down "
        "in Meta's controller addendum. For what Meta does afterwards for its own purposes, Meta alone is responsible; "
        "see Meta's privacy policy. Meta may process data in the USA. In your Meta account, under “Your activity off "
        "Meta technologies”, you can see and clear what stores have reported about you."
    )
    yield _(
        "A service provider (the app Conversion Backstop) does this for us. It keeps the hash values encrypted and "
        "erases them as soon as an order has been decided, after 7 days at the latest."
    )


def _grounds(shop: Shop) -> Iterator[str]:
    """Yield whole sentences: on what basis, how it ends, and what a refusal does."""
    by_policy = shop.policy.consent_mode is ConsentMode.STORE_POLICY
    if by_policy:
        yield _(
            "We do this on the basis of your consent or, where the law of your region asks for none, our legitimate "
            "interest in measuring our ads."
        )
    else:
        yield _("We do this on the basis of your consent.")
    yield _("You can change your choice at any time in our store's privacy settings, with effect from then on.")
    if by_policy or shop.cart_choices:
        yield _("Where a refusal of yours is on record with our store, nothing is sent.")
    else:
        yield _("If you have declined, nothing is sent.")
    if shop.policy.ldu:
        yield _(
            "If you have opted out of the sale or sharing of your data, it is sent with Meta's limited data use only."
        )
    else:
        yield _("If you have opted out of the sale or sharing of your data, nothing is sent.")
