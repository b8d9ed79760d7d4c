"""Accounts are carried to services beside the queue: one that is slow or away holds up neither runs nor other services.

Each connector has workers of its own. They go on while something waits, and look again when its turn comes; the queue
wakes them after a change, and each minute.
"""

from __future__ import annotations

import logging
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx2
from django.db import connections

from hwb.connectors import just2easy, microsoft365, secrets
from hwb.connectors.answers import ServiceAway, ServiceBusy
from hwb.connectors.microsoft365.graph import PATIENCE
from hwb.connectors.service import Service
from hwb.directory.queries import connectors as rows
from hwb.directory.queries.connectors import Working
from hwb.lifecycle.service_accounts import Group, Outcome, PutBack
from hwb.operations import carrying, comparing, connectors
from hwb.operations.carrying import Leased

_LOG = logging.getLogger(__name__)
THREAD = "connector"
ABREAST = 4
ALERT_MINUTES = 60
#: A worker stays for what is due within so many seconds; what is due later waits for the queue's next minute.
_STAYS = timedelta(seconds=60)
#: What is left of a lease must be enough for one more answer.
_MARGIN = timedelta(seconds=PATIENCE + 10)
#: Guards what follows; whoever waits for a connector's next turn is woken through it.
_BELL = threading.Condition()
_AT_IT: Counter[UUID] = Counter()
_WOKEN: Counter[UUID] = Counter()


@dataclass(frozen=True, slots=True)
class Gone:
    """What one go came to. carried: accounts that the service now has as it must; idle: nothing was due."""

    carried: int = 0
    idle: bool = False


def start_carrying() -> None:
    """Wakes the workers of every connector that is not paused, and starts those that are missing."""
    for connector in rows.working():
        with _BELL:
            _WOKEN[connector.connector] += 1
            missing = ABREAST - _AT_IT[connector.connector]
            _AT_IT[connector.connector] = ABREAST
            _BELL.notify_all()
        for _ in range(missing):
            threading.Thread(target=_in_thread, args=(connector,), name=THREAD, daemon=True).start()


def carry_due(connector: Working, *, http: httpx2.Client | None = None) -> int:
    """Carries over all that is due now; returns how many accounts. `http`: how the service is reached."""
    carried = 0
    with _worker(connector, http) as worker:
        while not (gone := worker.go()).idle:
            carried += gone.carried
    return carried


def compare(connector: Working, *, http: httpx2.Client | None = None) -> int:
    """Compares the service with what it must have; returns how many accounts had drifted, who now wait."""
    with _worker(connector, http) as worker:
        return worker.compare()


def warn_of_waiting() -> None:
    """Tells the log, each hour, of a service for which somebody has waited for an hour or longer (F14). Asked each
    minute."""
    for name, since in rows.waiting_since().items():
        waited = int((_now() - since).total_seconds()) // 60
        if waited >= ALERT_MINUTES and waited % ALERT_MINUTES == 0:
            _LOG.error("connector %s: the oldest account has been waiting for %d minutes", name, waited)


def start_comparing() -> None:
    """Compares every connector that is not paused, each in a thread of its own."""
    for connector in rows.working():
        threading.Thread(target=_compare_in_thread, args=(connector,), name=THREAD, daemon=True).start()


def check(connector: Working, *, http: httpx2.Client | None = None) -> None:
    """Whether the service takes our orders. Raises ServiceAway and ServiceBusy."""
    with _worker(connector, http) as worker:
        worker.service.check()


class Worker:
    """One worker of one connector: takes what is due, carries it over, writes down what became of it."""

    def __init__(self, connector: Working, http: httpx2.Client) -> None:
        self.connector, self._http = connector.connector, http
        self._links = connector.links
        self.service = _service(connector, http)

    def go(self) -> Gone:
        """One lease of accounts. Every one of them is settled or put back, whatever happens."""
        leased = carrying.lease(connector=self.connector, at=_now())
        if leased is None:
            return Gone(idle=True)
        began, left, done = _now(), {each.account for each in leased.waiting}, 0

        def settle(outcomes: list[Outcome]) -> None:
            nonlocal done
            done += carrying.settle(leased, outcomes, at=_now(), chance=_chance)
            left.difference_update(each.account for each in outcomes)

        try:
            self.service.carry(
                leased.waiting,
                self._groups(leased),
                in_time=lambda: _now() < leased.until - _MARGIN,
                settle=settle,
            )
            connectors.heard(connector=self.connector, at=_now())
        except ServiceBusy as busy:
            connectors.throttled(connector=self.connector, seconds=busy.seconds, at=_now())
        except ServiceAway as away:
            _LOG.warning("connector %s: the service %s", self.connector, away)
            connectors.away(connector=self.connector, failure=str(away), began=began, at=_now(), chance=_chance())
        finally:
            if left:
                carrying.settle(leased, [PutBack(account) for account in left], at=_now(), chance=_chance)
        return Gone(carried=done)

    def _groups(self, leased: Leased) -> dict[Group, str]:
        """The groups' ids. What was made before the service asked for patience or went away is kept."""
        if not self.service.has_groups:
            return {}
        trouble: list[ServiceAway | ServiceBusy] = []

        def make(missing: dict[str, str]) -> dict[str, str]:
            found: dict[str, str] = {}
            try:
                self.service.find_or_make(missing, found)
            except (ServiceAway, ServiceBusy) as error:
                trouble.append(error)
            return found

        groups = carrying.groups(connector=self.connector, wanted_groups=leased.groups, make=make)
        if trouble:
            raise trouble[0]
        return groups

    def compare(self) -> int:
        """Reads what has changed at the service, and has what differs carried over again."""
        links, drifted = dict(self._links), 0
        for seen in self.service.compare(links):
            drifted += comparing.remake(connector=self.connector, lost=seen.lost_groups)
            drifted += comparing.mend(
                connector=self.connector, remotes=seen.remotes, between=seen.between, groups=seen.group_ids,
                differs=seen.differs,
            )  # fmt: skip
        return comparing.finish(connector=self.connector, drifted=drifted, links=links, at=_now())


def _service(connector: Working, http: httpx2.Client) -> Service:
    def secret() -> str:
        return secrets.read(connector.name)

    if connector.kind == "just2easy":
        told = just2easy.Options(**connector.options)
        return just2easy.Spaces(just2easy.Adapter(told, secret=secret, http=http))
    options = microsoft365.Options(**connector.options)
    return microsoft365.Tenant(microsoft365.Graph(options, secret=secret, http=http))


@contextmanager
def _worker(connector: Working, http: httpx2.Client | None = None) -> Iterator[Worker]:
    with http or httpx2.Client(timeout=PATIENCE, follow_redirects=False) as reached:
        yield Worker(connector, reached)


def _in_thread(connector: Working) -> None:
    """Carries until nothing is due soon. The place is given up under the bell: nobody is woken who is about to go."""
    leaves = False
    try:
        with _worker(connector) as worker:
            while not leaves:
                woken = _WOKEN[connector.connector]
                if worker.go().idle:
                    leaves = _waits_no_more(connector.connector, woken)
    except Exception:  # noqa: BLE001 - a thread has nobody to tell but the log
        _LOG.exception("connector %s: accounts could not be carried over; they wait in the outbox", connector.name)
    finally:
        if not leaves:
            with _BELL:
                _AT_IT[connector.connector] -= 1
        connections.close_all()


def _waits_no_more(connector: UUID, woken: int) -> bool:
    """Waits for the next turn, or until somebody rings. True when there is none soon; the place is given up then."""
    due = carrying.next_due(connector=connector)
    connections.close_all()  # not kept while nothing is to be done
    soon = due is not None and due <= _now() + _STAYS
    with _BELL:
        if _WOKEN[connector] != woken:
            return False
        if due is not None and soon:
            _BELL.wait(max(0.05, (due - _now()).total_seconds()))
            return False
        _AT_IT[connector] -= 1
        return True


def _compare_in_thread(connector: Working) -> None:
    try:
        drifted = compare(connector)
        if drifted:
            _LOG.warning("connector %s: %d accounts had drifted and wait again", connector.name, drifted)
    except (ServiceAway, ServiceBusy) as error:
        _LOG.warning("connector %s was not compared: the service %s", connector.name, error)
    except Exception:  # noqa: BLE001 - a thread has nobody to tell but the log
        _LOG.exception("connector %s could not be compared", connector.name)
    finally:
        connections.close_all()


def _now() -> datetime:
    return datetime.now(UTC)


def _chance() -> float:
    return random.random()  # noqa: S311 - spreads tries, keeps nothing secret
