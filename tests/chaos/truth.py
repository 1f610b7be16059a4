"""What happened, as those outside the app know it: buyers, merchants, Shopify. The checker judges the app by this."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from tests.chaos.plan import OrderPlan, ShopPlan
from tests.chaos.ways import Said

LAST_NAME = "Kanariowska"
STREET = "Canary Wharf Example Lane 77"
CITY = "Canaryville"
PHONE = "+493023125077"
CLIENT_IP = "93.184.216.77"
USER_AGENT = "CanaryBrowser/77.0 (X11; Linux x86_64)"
FBP = "fb.1.1795514400000.7777777771"
MAIL_DOMAIN = "canary-mail.example.com"
NEVER = float("inf")


@dataclass(slots=True)
class Told:
    """One post of the pixel: unix times of its first try and of its 204; ``at``: its time on the world's clock."""

    said: Said
    at: float
    sent: float
    acked: float = NEVER


@dataclass(slots=True)
class Bought:
    """One order as it was made. Times are unix seconds; ``placed``: on the world's clock."""

    plan: OrderPlan
    shop: ShopPlan
    token: str
    order_id: int = 0
    made: float = 0.0
    placed: float = 0.0
    value: str = ""
    currency: str = ""
    posts: list[Told] = field(default_factory=list)
    erased: float = NEVER
    cancelled: float = NEVER
    """When Shopify was told to cancel it; ``cancel_told``: when the app had answered well to that."""
    cancel_told: float = NEVER

    @property
    def email(self) -> str:
        return f"buyer{self.plan.n}@{MAIL_DOMAIN}"

    @property
    def first_name(self) -> str:
        return f"Canarine{chr(97 + self.plan.n % 26)}"

    @property
    def bad(self) -> bool:
        """Whether Meta refuses it for good."""
        return str(self.order_id).endswith(BAD_ENDING)


BAD_ENDING = "37"
"""Of order ids; one in a hundred."""


@dataclass(slots=True)
class Moved:
    """The merchant moved the switch: asked first at ``began``, was told that it is done at ``done``."""

    on: bool
    began: float
    done: float = NEVER
    one_out: bool = False


@dataclass(slots=True)
class Merchant:
    """One shop's story. ``left``, ``erased``: unix times of Shopify's order to the app, and of its 200."""

    plan: ShopPlan
    key: str = ""
    moves: list[Moved] = field(default_factory=list)
    uninstalled: float = NEVER
    left: float = NEVER
    back: float = NEVER
    shop_erased: float = NEVER


@dataclass(slots=True)
class Acked:
    """Webhooks of an order: when the first was tried, when the first was answered 2xx, and with what else."""

    first_try: float = NEVER
    first_good: float = NEVER
    last_good: float = 0.0
    tries: int = 0


@dataclass(slots=True)
class Truth:
    merchants: list[Merchant] = field(default_factory=list)
    orders: list[Bought] = field(default_factory=list)
    acks: dict[int, Acked] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    """Answers of the app to webhooks and posts, by ``topic status``."""
    odd_errors: list[str] = field(default_factory=list)
    """5xx that were no 503, whenever; and 503s while PostgreSQL and both servers were up."""
    odd_pages: int = 0
    """5xx of pages that were no 503."""
    waits: list[tuple[float, float]] = field(default_factory=list)
    """When a webhook was answered 2xx, and after how many milliseconds."""
    broken_visits: int = 0
    """Of which the rest did not happen, for the stand-in did not answer."""
    turns: int = 0
    failed_turns: int = 0
    """Of master keys; those refused while PostgreSQL was away are not among them: the next turn does their work."""


def checkout_token(seed: int, n: int) -> str:
    """An order's checkout token."""
    return f"canarytoken{Random(f'{seed} {n}').getrandbits(96):024x}"  # noqa: S311 - to be drawn again
