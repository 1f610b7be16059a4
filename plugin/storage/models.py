"""All tables. Constraints carry the rules; every key but the shop's own begins with shop_id (docs/adr/0004)."""

from __future__ import annotations

from plugin.storage.base import Base
from plugin.storage.order_tables import AttemptRow, DayTotalRow, EvidenceRow, PaidOrderRow
from plugin.storage.shop_tables import (
    ComplianceRequestRow,
    ConnectionRow,
    PolicyChangeRow,
    PolicyRow,
    ShopKeyRow,
    ShopRow,
    TombstoneRow,
)

__all__ = [
    "AttemptRow",
    "Base",
    "ComplianceRequestRow",
    "ConnectionRow",
    "DayTotalRow",
    "EvidenceRow",
    "PaidOrderRow",
    "PolicyChangeRow",
    "PolicyRow",
    "ShopKeyRow",
    "ShopRow",
    "TombstoneRow",
]
