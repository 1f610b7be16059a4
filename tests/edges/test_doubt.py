from __future__ import annotations

from dataclasses import replace

from flask.testing import FlaskClient

from plugin.jobs import sweep
from plugin.meta.conversions import ConversionsClient
from plugin.services import Services
from plugin.storage.held import Said, Word
from plugin.storage.shops import Shop
from sandbox.ports import free_port
from tests.conftest import MovedClock
from tests.edges.handwork import LATE, MOMENT, TAKEN, Meta, claimed, do, say, started
from tests.edges.ledger_view import ended, purchase, row, switch_off, work
from tests.edges.servers import reply


def test_an_order_in_doubt_is_not_sent_again_past_47_hours_however_late_the_doubt_is_noticed(
    client: FlaskClient, services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    purchase(client, missed, clock, "blocked")
    held = claimed(services, missed, MOMENT)
    assert started(services, held) is not None  # and the worker dies with the answer, as do all others
    do(services, "UPDATE attempt SET deadline = now() - interval '1 second'")
    do(services, "UPDATE paid_order SET lease_until = now() - interval '1 second'")
    object.__setattr__(services, "settings", replace(services.settings, lease=MOMENT))

    clock.pass_by(hours=46)
    sweep.sweep(services)
    clock.pass_by(hours=2)
    work(services)

    assert meta.events() == []
    assert ended(services) == ("waiting", "held")


def test_the_lease_outlives_the_request_that_starts_under_it(services: Services, missed: Shop) -> None:
    held = claimed(services, missed)
    # a minute passes while the sending lock is taken by two who switch off
    do(services, "UPDATE paid_order SET lease_until = lease_until - interval '60 seconds'")

    if started(services, held) is not None:
        with services.database.transaction() as conn:
            found = conn.execute("SELECT deadline FROM attempt").fetchone()
        assert found is not None
        assert row(services)["lease_until"] >= found["deadline"]


def test_reposts_count_requests_that_left_and_no_others(services: Services, missed: Shop, clock: MovedClock) -> None:
    with Meta(LATE) as server:
        object.__setattr__(services, "meta", ConversionsClient(f"{server.url}/v26.0", timeout=(1, 0.5)))
        work(services)
        assert row(services)["in_doubt_since"] is not None
        nobody = ConversionsClient(f"http://127.0.0.1:{free_port()}/v26.0", timeout=(1, 0.5))
        object.__setattr__(services, "meta", nobody)
        clock.pass_by(hours=1)
        work(services)
        server.says(reply(TAKEN))
        object.__setattr__(services, "meta", ConversionsClient(f"{server.url}/v26.0", timeout=(1, 0.5)))
        clock.pass_by(hours=1)
        work(services)

        assert ended(services) == ("recovered", "pixel_silent")
        assert row(services)["reposts"] == len(server.received) - 1


def test_the_merchants_word_outlives_a_request_that_never_left(
    services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    clock.pass_by(hours=48)
    work(services)
    assert ended(services) == ("waiting", "held")
    assert say(services, missed, Said(Word.SEND)) == 1
    able = services.meta
    nobody = ConversionsClient(f"http://127.0.0.1:{free_port()}/v26.0", timeout=(1, 0.5))
    object.__setattr__(services, "meta", nobody)
    work(services)

    object.__setattr__(services, "meta", able)
    clock.pass_by(hours=1)
    work(services)

    assert ended(services) == ("recovered", "pixel_silent")


def test_a_held_order_ends_unconfirmed_also_where_the_connection_broke_meanwhile(
    services: Services, missed: Shop, meta: Meta, clock: MovedClock
) -> None:
    clock.pass_by(hours=48)
    work(services)
    assert ended(services) == ("waiting", "held")
    do(services, "UPDATE meta_connection SET broken = 'token_revoked'")

    clock.pass_by(days=6)
    work(services)

    assert ended(services) == ("failed", "unconfirmed")


def test_an_attempt_that_never_started_is_closed(services: Services, missed: Shop) -> None:
    held = claimed(services, missed)
    switch_off(services, missed)
    assert started(services, held) is None

    with services.database.transaction() as conn:
        found = conn.execute("SELECT count(*) AS n FROM attempt WHERE result IS NULL").fetchone()
    assert found is not None
    assert found["n"] == 0
