"""What the buyer allows: a recorded choice first, else, where the merchant chose so, the shop's rule for the region."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from plugin.recovery.evidence import Evidence
from plugin.recovery.order import Region
from plugin.recovery.outcomes import Reason


class ConsentMode(StrEnum):
    """What the merchant chose for orders without a record of the buyer's choice."""

    RECORDED = "recorded"
    """Send none of them."""
    STORE_POLICY = "store_policy"
    """Follow the shop's Customer Privacy settings for the buyer's regions."""


class Basis(StrEnum):
    """On what an order may be sent; ``_ldu``: only with Meta's limited data use."""

    RECORDED_CONSENT = "recorded_consent"
    RECORDED_CONSENT_LDU = "recorded_consent_ldu"
    STORE_POLICY = "store_policy"
    STORE_POLICY_LDU = "store_policy_ldu"

    @property
    def ldu(self) -> bool:
        """Whether the event must ask Meta for limited data use."""
        return self in {Basis.RECORDED_CONSENT_LDU, Basis.STORE_POLICY_LDU}


@dataclass(frozen=True, slots=True)
class RegionRule:
    """One line of the shop's Customer Privacy settings; ``subdivision`` None: the whole country."""

    country: str
    subdivision: str | None
    consent_required: bool
    sale_opt_out_required: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """The merchant's side of consent: mode, limited data use chosen or not, rules (None: could not be read)."""

    mode: ConsentMode = ConsentMode.RECORDED
    ldu: bool = False
    rules: tuple[RegionRule, ...] | None = None


def refusal(evidence: Evidence, terms: Terms, *, sale_opted_out: bool = False) -> Reason | None:
    """Return why a recorded choice forbids sending, None if none does. Such a refusal does not wait.

    ``sale_opted_out``: the customer's own setting in the shop; the checkout's stands in the evidence.
    """
    if evidence.refused:
        return Reason.CONSENT_DECLINED
    if (sale_opted_out or evidence.sale_opted_out) and not terms.ldu:
        return Reason.DATA_SALE_OPT_OUT
    return None


def permission(
    evidence: Evidence, regions: Iterable[Region | None], terms: Terms, *, sale_opted_out: bool = False
) -> Basis | Reason:
    """Return the basis on which an order may be sent, or the reason why it is withheld.

    ``regions``: of the billing and of the shipping address; None where the order has no such address.
    """
    if declined := refusal(evidence, terms, sale_opted_out=sale_opted_out):
        return declined
    limited = sale_opted_out or evidence.sale_opted_out
    if evidence.consent is not None:
        return Basis.RECORDED_CONSENT_LDU if limited else Basis.RECORDED_CONSENT
    if terms.mode is ConsentMode.RECORDED:
        return Reason.CONSENT_UNKNOWN
    return _by_store_policy(regions, terms, limited=limited)


def _by_store_policy(regions: Iterable[Region | None], terms: Terms, *, limited: bool) -> Basis | Reason:
    """Follow the strictest rule of all regions known; a region without a rule, or no region at all, forbids."""
    known = [region for region in regions if region is not None]
    rules = [_rule_for(region, terms.rules or ()) for region in known]
    if not rules or any(rule is None or rule.consent_required for rule in rules):
        return Reason.CONSENT_UNKNOWN
    if any(rule is not None and rule.sale_opt_out_required for rule in rules):
        limited = True
        if not terms.ldu:
            return Reason.CONSENT_UNKNOWN
    return Basis.STORE_POLICY_LDU if limited else Basis.STORE_POLICY


def _rule_for(region: Region, rules: tuple[RegionRule, ...]) -> RegionRule | None:
    """Return the rule of the subdivision, else of the country; with the subdivision unknown, the strictest of both.

    Several rules for one place count as the strictest of them.
    """
    country = [rule for rule in rules if rule.country == region.country]
    exact = [rule for rule in country if rule.subdivision == region.subdivision]
    applying = country if region.subdivision is None else exact or [r for r in country if r.subdivision is None]
    if not applying:
        return None
    return RegionRule(
        region.country,
        region.subdivision,
        consent_required=any(rule.consent_required for rule in applying),
        sale_opt_out_required=any(rule.sale_opt_out_required for rule in applying),
    )
