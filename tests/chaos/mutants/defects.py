"""The defects: what each changes in which module, and which results are to notice it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.chaos.mutants import keeping, sending, taking
from tests.chaos.mutants.hook import Change


@dataclass(frozen=True, slots=True)
class Mutant:
    """``caught_by``: results, any of which may notice it. ``sql``: done to the database once it is made.

    ``beside``: a harmless change that the run has as well, under which the app itself must pass.
    """

    what: str
    changes: Mapping[str, Change]
    caught_by: tuple[str, ...]
    sql: tuple[str, ...] = ()
    beside: str = ""
    needs_probe: bool = field(default=False)


NO_KEY = "ALTER TABLE paid_order DROP CONSTRAINT pk_paid_order CASCADE"
NO_CHECK = "ALTER TABLE paid_order DROP CONSTRAINT decided_row_holds_no_buyer"
SLOW = "slow_start"

MUTANTS: dict[str, Mutant] = {
    SLOW: Mutant(
        "no defect: three seconds pass between the last check and the request",
        {"plugin.jobs.deliver": sending.slow},
        (),
    ),
    "no_primary_key": Mutant(
        "an order may have two rows", {"plugin.storage.intake": taking.no_upsert}, ("undecided", "lost"), (NO_KEY,)
    ),
    "ack_before_commit": Mutant(
        "200 before the commit", {"webhooks.orders_paid": taking.ack_first}, ("unkept_acks", "lost")
    ),
    "wrong_tenant": Mutant(
        "an order is written to another shop",
        {"plugin.storage.intake": taking.wrong_tenant},
        ("cross_shop", "lost", "wrong_outcome", "unkept_acks"),
    ),
    "wrong_dataset": Mutant(
        "everything goes to one shop's dataset", {"plugin.meta.conversions": sending.one_dataset}, ("cross_shop",)
    ),
    "errors_500": Mutant("500 while PostgreSQL is away", {"plugin.storage.database": taking.no_away}, ("odd_errors",)),
    "no_reconciliation": Mutant(
        "lost webhooks are not looked for", {"plugin.jobs.reconcile": taking.nothing_due}, ("lost",)
    ),
    "refused_token_kept": Mutant(
        "a renewed Shopify token is used and not stored",
        {"plugin.shopify.access": taking.not_kept},
        ("shut_out", "lost"),
    ),
    "no_tombstone": Mutant("an erased order comes back", {"plugin.storage.erasure": taking.no_bury}, ("erased_left",)),
    "refusal_ignored": Mutant(
        "a refusal is taken for consent",
        {"plugin.recovery.evidence": sending.no_refusal},
        ("without_basis", "wrong_outcome"),
    ),
    "delivery_ignored": Mutant(
        "what the pixel reported is sent", {"plugin.recovery.evidence": sending.no_delivery}, ("without_basis",)
    ),
    "no_grace": Mutant(
        "the pixel is not waited for", {"plugin.recovery.verdict": sending.no_grace}, ("without_basis",)
    ),
    "tests_count": Mutant(
        "test orders are no longer set apart", {"plugin.recovery.verdict": sending.no_ignoring}, ("wrong_outcome",)
    ),
    "no_limited_use": Mutant(
        "limited data use is not asked for",
        {"plugin.recovery.purchase": sending.no_ldu},
        ("without_basis", "wrong_outcome"),
    ),
    "no_sending_lock": Mutant(
        "off does not wait for what is under way",
        {"plugin.storage.locks": sending.no_lock, "plugin.jobs.deliver": sending.slow},
        ("after_off",),
        beside=SLOW,
    ),
    "revived": Mutant(
        "on again sends what came in before off",
        {
            "plugin.storage.entries": sending.always_on,
            "plugin.storage.policy": sending.no_erasing,
            "plugin.storage.ledger": sending.keeps_event,
        },
        ("after_off",),
    ),
    "random_event_id": Mutant(
        "each event has an id of its own", {"plugin.recovery.purchase": sending.random_id}, ("wrong_payload",)
    ),
    "other_bytes": Mutant(
        "a repeat has other bytes", {"plugin.meta.conversions": sending.other_bytes}, ("two_payloads",)
    ),
    "settled_first": Mutant(
        "recovered is written before the request", {"plugin.jobs.deliver": sending.settled_first}, ("lost",)
    ),
    "doubt_is_success": Mutant(
        "an answer that never came counts as a good one", {"plugin.jobs.deliver": sending.doubt_is_success}, ("lost",)
    ),
    "doubt_forgotten": Mutant(
        "repeats after doubt are not counted", {"plugin.storage.settling": sending.no_doubt}, ("uncounted",)
    ),
    "gives_up": Mutant(
        "the first failure is the end", {"plugin.storage.settling": sending.gives_up}, ("wrong_outcome", "lost")
    ),
    "no_lease": Mutant(
        "what a worker holds is taken back at once, and anybody may send it",
        {
            "plugin.storage.reclaiming": sending.no_lease,
            "plugin.storage.locks": sending.no_turn,
            "plugin.jobs.deliver": sending.slow,
        },
        ("unexplained_reposts", "uncounted"),
        beside=SLOW,
    ),
    "no_aad": Mutant(
        "sealed values open anywhere", {"plugin.storage.vault": keeping.no_aad}, ("moved_seals",), needs_probe=True
    ),
    "sealed_kept": Mutant(
        "a decided order keeps its event",
        {"plugin.storage.ledger": keeping.keeps_event},
        ("sealed_left",),
        (NO_CHECK,),
    ),
    "broken_rotation": Mutant(
        "wrapping anew destroys keys", {"plugin.storage.vault": keeping.broken_wrap}, ("bad_keys", "lost", "odd_errors")
    ),
    "payload_logged": Mutant("events stand in the log", {"plugin.jobs.deliver": keeping.logs}, ("canary_hits",)),
    "token_in_clear": Mutant(
        "Meta's token stands in clear", {"plugin.storage.connections": keeping.clear_token}, ("canary_hits",)
    ),
    "mail_in_clear": Mutant(
        "an e-mail stands in the ledger", {"plugin.recovery.order": keeping.clear_mail}, ("canary_hits",)
    ),
}
