"""All tables. Constraints carry the rules; every key but the shop's own begins with shop_id (docs/adr/0004)."""

from __future__ import annotations

from plugin.storage.base import Base
from plugin.storage.meta_tables import ConnectionRow, MetaDeletionRow, MetaLoginRow
from plugin.storage.order_tables import AttemptRow, DayTotalRow, EvidenceRow, PaidOrderRow, RecoveryRow
from plugin.storage.privacy_tables import ComplianceRequestRow, TombstoneRow
from plugin.storage.shop_tables import AlertRow, PixelTroubleRow, PolicyChangeRow, PolicyRow, ShopKeyRow, ShopRow

__all__ = [
    "AlertRow",
    "AttemptRow",
    "Base",
    "ComplianceRequestRow",
    "ConnectionRow",
    "DayTotalRow",
    "EvidenceRow",
    "MetaDeletionRow",
    "MetaLoginRow",
    "PaidOrderRow",
    "PixelTroubleRow",
    "PolicyChangeRow",
    "PolicyRow",
    "RecoveryRow",
    "ShopKeyRow",
    "ShopRow",
    "TombstoneRow",
]
