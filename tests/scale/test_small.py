"""The programs in small: nothing that was acknowledged is lost, all that came due is sent. No times are looked at."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.bench import events
from tests.scale import backlog
from tests.scale.highest import Town, listens_at
from tests.scale.network import network
from tests.scale.stream import in_ledger
from tests.scale.town import ScaleSite, by_size, populate, scale_site

pytestmark = pytest.mark.slow


@pytest.fixture
def site() -> Iterator[ScaleSite]:
    with scale_site() as built:
        yield built


def test_what_is_acknowledged_is_in_the_ledger_and_what_comes_due_is_sent(site: ScaleSite) -> None:
    with events.sink(10) as meta:
        pid = listens_at(int(meta.rsplit(":", 1)[1]))
        town = Town(site, 20, (meta, pid), BACKSTOP_SWEEP_SECONDS="1")
        run = town.run(20, 2, pieces=2)
        town.calm(run)
        told = set().union(*(piece.acknowledged() for piece in run.pieces))
        first, last = run.dues
        assert told
        assert in_ledger(site, told) == len(told)
        assert backlog.outcomes(site, first, last) == {"recovered": last - first + 1}
        assert len(backlog.waited(site, first, last)) == last - first + 1


def test_shops_of_a_town_have_keys_and_tokens_of_their_own(site: ScaleSite) -> None:
    members = populate(site, 5)
    assert len({one.key.data for one in members}) == len({one.store.ingest_key for one in members}) == 5
    chosen = [one.id for one in by_size(members)]
    assert chosen.count(members[0].id) > 2 * chosen.count(members[4].id)


def test_a_host_is_reached_at_its_address_and_gone_without_a_trace() -> None:
    with network(2) as net:
        assert len({host.address for host in net.hosts}) == 2
        host = net.hosts[1]
        done = subprocess.run(host.words(["cat", "/proc/self/cgroup"]), capture_output=True, text=True, check=True)  # noqa: S603 - our own words
        assert not host.share.is_there or host.share.folder.name in done.stdout
        if host.namespace:
            knock = ["/bin/bash", "-c", f"echo > /dev/tcp/{host.address}/9"]
            refused = subprocess.run(knock, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603 - as above
            assert "refused" in refused.stderr  # so somebody is there
        folder = host.share.folder
    assert not folder.exists()
