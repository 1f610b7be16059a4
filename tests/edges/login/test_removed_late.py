"""Meta's word that the app was removed may come late, or again: it ends nothing that began after it was said."""

from __future__ import annotations

from plugin.services import Services
from sandbox.world import World
from tests.conftest import MovedClock
from tests.edges import logins
from tests.edges.login.test_meta_callbacks import told
from tests.edges.logins import connect, count, later, log_in
from tests.edges.visits import Merchant, shop_of

REMOVED = "/meta/deauthorize"


def test_it_does_not_undo_a_new_login_to_the_same_dataset(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    connect(merchant)
    later(clock, sandbox, minutes=10)
    removed = sandbox.clock.now()
    sandbox.people.remove(logins.USER)
    later(clock, sandbox, minutes=10)
    connect(merchant)  # renews the connection, which began long before the removal

    assert told(merchant.client, sandbox, REMOVED, at=removed).status_code == 200

    assert shop_of(services).connection is not None


def test_it_does_not_end_a_login_that_began_later(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    connect(merchant)
    removed = sandbox.clock.now()
    assert told(merchant.client, sandbox, REMOVED, at=removed).status_code == 200
    later(clock, sandbox, minutes=10)
    log_in(merchant)

    assert told(merchant.client, sandbox, REMOVED, at=removed).status_code == 200

    assert count(services, "meta_login") == 1


def test_it_does_end_a_connection_that_has_not_worked_since(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    connect(merchant)
    later(clock, sandbox, days=1)
    removed = sandbox.clock.now()
    sandbox.people.remove(logins.USER)
    later(clock, sandbox, minutes=10)
    assert logins.checked(services) == "token_revoked"

    assert told(merchant.client, sandbox, REMOVED, at=removed).status_code == 200

    assert shop_of(services).connection is None
