"""A worker's heart: a sign of life every few seconds, by which it also notices a database that was put back."""

from __future__ import annotations

import logging

from plugin.services import Services
from plugin.storage import heartbeat
from plugin.storage.heartbeat import Witness

log = logging.getLogger(__name__)


class Heart:
    """Beats for one worker process."""

    def __init__(self, given: Services) -> None:
        self._given = given
        self._witness = Witness(given.settings.witness_file)
        self._was_paused = False

    def beat(self) -> None:
        """Beat once.

        Raises:
            DatabaseAway: it did not.
        """
        with self._given.database.transaction() as conn:
            is_paused = heartbeat.beat(conn, self._witness, self._given.clock.now())
            beats = heartbeat.count(conn)
        self._witness.remember(beats)
        if is_paused and not self._was_paused:
            log.error("sending is paused until `backstop db resync`")
        self._was_paused = is_paused
